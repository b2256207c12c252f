//! Prices: the noise of the days, what has been sold into the pools, and how much more would go
//! (sections 3.5 and 6.6).

use super::{Twin, pools};

impl Twin<'_> {
    /// What moves by itself.
    pub(super) fn market_moves(&mut self) {
        let z = self.case.z.get(self.today as usize - 1);
        for asset in &mut self.assets {
            let Some(noise) = self.case.noise.get(&asset.name) else { continue };
            let shock = z.map_or(0.0, |z| noise.sigma_daily * z[&asset.name]);
            asset.discount = (asset.discount * noise.discount_decay + shock).max(-0.02);
            asset.panic *= noise.panic_decay;
            asset.depth = 1.0 - (1.0 - asset.depth) * noise.depth_decay;
        }
        let Some(z) = z else { return };
        self.booked("base_price", |twin| {
            for index in 0..twin.assets.len() {
                let asset = &twin.assets[index];
                let (before, vol) = (asset.price, asset.vol_annual);
                let gain = -vol * vol / 730.0 + vol / 365f64.sqrt() * z[&asset.name];
                let after = before * gain.exp();
                let held = twin.holdings.iter().filter(|h| h.asset == index);
                let fall: f64 = held.map(|h| twin.units(h) * (before - after)).sum();
                twin.books.base_fall_eth += fall;
                twin.assets[index].price = after;
            }
        });
    }

    pub(super) fn has_pool(&self, asset: usize) -> bool {
        !self.assets[asset].pools.is_empty()
    }

    /// `max(0, 1 - d - j)`.
    pub(super) fn calm(&self, asset: usize) -> f64 {
        (1.0 - self.assets[asset].discount - self.assets[asset].panic).max(0.0)
    }

    /// `m / nav`.
    pub(super) fn price_factor(&self, index: usize) -> f64 {
        let asset = &self.assets[index];
        if asset.pools.is_empty() {
            return self.calm(index);
        }
        let price = if asset.sold_units > 0.0 && asset.depth <= 0.0 {
            Some(0.0)
        } else {
            pools::price(&asset.pools, self.place(index, asset.sold_units))
        };
        // A price that the text does not give is not played on: `Twin::see_prices` takes note.
        self.calm(index) * price.unwrap_or(1.0)
    }

    /// `q nav_0 / l` where something has been sold, `q nav_0` where more was bought.
    fn place(&self, index: usize, units: f64) -> f64 {
        let asset = &self.assets[index];
        let depth = if units > 0.0 { asset.depth } else { 1.0 };
        units * asset.nav_0 / depth
    }

    /// `m`.
    pub(super) fn market_price(&self, asset: usize) -> f64 {
        if self.is_base(asset) {
            self.assets[asset].price
        } else {
            self.nav(asset) * self.price_factor(asset)
        }
    }

    /// Units that can be sold before the price is `x` of nav.
    pub(super) fn room(&self, index: usize, x: f64) -> f64 {
        let (asset, calm) = (&self.assets[index], self.calm(index));
        if calm <= 0.0 || asset.pools.is_empty() || x.is_infinite() {
            return 0.0;
        }
        if x <= 0.0 {
            return f64::INFINITY;
        }
        let s = pools::sold_at(&asset.pools, x / calm);
        let deep = if s > 0.0 { asset.depth * s } else { s };
        (deep / asset.nav_0 - asset.sold_units).max(0.0)
    }

    /// Sells units into the pools.
    pub(super) fn sell(&mut self, asset: usize, units: f64) {
        if self.has_pool(asset) {
            self.assets[asset].sold_units += units;
            self.see_price(asset);
        }
    }

    /// What selling units would bring after fees, in ETH.
    pub(super) fn proceeds(&self, index: usize, units: f64) -> f64 {
        let asset = &self.assets[index];
        let (before, after) = (asset.sold_units, asset.sold_units + units);
        let part = |from: f64, to: f64, depth: f64| {
            let s = |units: f64| units * asset.nav_0 / depth;
            if to <= from || depth <= 0.0 {
                return 0.0;
            }
            depth * pools::paid_out(&asset.pools, s(from), s(to)).unwrap_or(0.0)
        };
        let paid = part(before.min(0.0), after.min(0.0), 1.0)
            + part(before.max(0.0), after.max(0.0), asset.depth);
        paid * self.nav(index) / asset.nav_0 * self.calm(index)
    }

    /// Takes note of a price beyond the end of the pools.
    pub(super) fn see_price(&mut self, index: usize) {
        let asset = &self.assets[index];
        let s = asset.sold_units * asset.nav_0;
        if s < 0.0 && pools::price(&asset.pools, s).is_none() {
            self.beyond_the_text = true;
        }
    }

    /// Sells what is due of all loot.
    pub(super) fn sell_loot(&mut self) {
        for loot in self.loot.clone() {
            if (loot.first_day..=loot.last_day).contains(&self.today) {
                self.sell(loot.asset, loot.units_a_day);
            }
        }
    }

    pub(super) fn note_discounts(&mut self) {
        for asset in self.wrapped.clone() {
            let discount = 1.0 - self.price_factor(asset);
            self.assets[asset].worst_discount = self.assets[asset].worst_discount.max(discount);
        }
    }
}
