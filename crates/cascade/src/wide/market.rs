//! The market's day, and prices in the pools, of the paths of a group (the twin of `market.rs` and
//! `backing.rs`).

use pulp::Simd;

use super::block::AssetLanes;
use super::lanes::{Truth, Wide, from_slice, wide};
use super::pieces::NearLanes;
use super::{Noise, Together};
use crate::backing::{LEAST_SUPPLY, ROUNDING};
use crate::market::{DISCOUNT_MIN, MovingBase, Pools, mood};
use crate::number::{NOTHING, Number};
use crate::setting::{Normals, PathInput};

impl AssetLanes {
    #[inline(always)]
    pub(super) fn mood<S: Simd>(&self, simd: S) -> Wide<S> {
        mood(self.discount.load(simd), self.panic.load(simd))
    }

    #[inline(always)]
    pub(super) fn price_factor<S: Simd>(&self, simd: S) -> Wide<S> {
        self.mood(simd) * self.pool_price.load(simd)
    }

    #[inline(always)]
    pub(super) fn free_units<S: Simd>(&self, simd: S) -> Wide<S> {
        let free = self.outside_units.load(simd)
            - self.queued_units.load(simd)
            - self.pledged_units.load(simd);
        free.positive_part()
    }

    #[inline(always)]
    pub(super) fn stand<S: Simd>(&mut self, stands: Truth<S>, sold: Wide<S>, price: Wide<S>) {
        self.sold_units.store_where(stands, sold);
        self.pool_price.store_where(stands, price);
        self.open.store_where(stands, sold.like(1.0));
    }

    /// Price in the pools when these units have been sold net since day 0.
    #[inline(always)]
    pub(super) fn price_of<S: Simd>(
        &self,
        (pools, near): (Pools<'_>, &mut NearLanes),
        sold_units: Wide<S>,
        wanted: Truth<S>,
    ) -> Wide<S> {
        let mut place = sold_units;
        if self.is_thin {
            let depth = self.depth.load(sold_units.simd());
            place = sold_units.gt(sold_units.like(0.0)).choose(sold_units / depth, sold_units);
        }
        pools.curve.price_wide(place * place.like(pools.nav_0), wanted, near)
    }

    /// Inverse of [`Self::price_of`].
    #[inline(always)]
    pub(super) fn sold_at<S: Simd>(
        &self,
        (pools, near): (Pools<'_>, &mut NearLanes),
        price: Wide<S>,
        wanted: Truth<S>,
    ) -> Wide<S> {
        let place = pools.curve.sold_at_wide(price, wanted, near) / price.like(pools.nav_0);
        if !self.is_thin {
            return place;
        }
        let (depth, zero) = (self.depth.load(price.simd()), price.like(0.0));
        (place.gt(zero) & depth.gt(zero)).choose(place * depth, place.smaller(zero))
    }

    /// Sells units, but only until the price is the share `of_nav` of nav; gives how many.
    #[inline(always)]
    pub(super) fn sell_down_to<S: Simd>(
        &mut self,
        (pools, near): (Pools<'_>, &mut NearLanes),
        of_nav: f64,
        units: Wide<S>,
        wanted: Truth<S>,
    ) -> Wide<S> {
        let simd = units.simd();
        let (mood, of_nav, before) =
            (self.mood(simd), wide(simd, of_nav), self.sold_units.load(simd));
        let too_low = (self.pool_price.load(simd) * mood).le(of_nav);
        let sells = wanted & !(units.le(units.like(0.0)) | too_low);
        if !sells.any() {
            return units.like(0.0);
        }
        let sold_units = before + units;
        let price = self.price_of((pools, near), sold_units, sells);
        let ends_above = sells & (price * mood).ge(of_nav);
        self.stand(ends_above, sold_units, price);
        let ends_below = sells & !ends_above;
        if !ends_below.any() {
            return ends_above.or_nothing(units);
        }
        let room = self.sold_at((pools, near), of_nav / mood, ends_below) - before;
        let room = room.positive_part().smaller(units);
        let sold_units = before + room;
        let price = self.price_of((pools, near), sold_units, ends_below);
        self.stand(ends_below, sold_units, price);
        ends_above.choose(units, ends_below.or_nothing(room))
    }
}

impl Together<'_> {
    /// Reads the day's normals of the paths; false where they have none.
    #[inline(always)]
    pub(super) fn read_noise<S: Simd>(
        &mut self,
        simd: S,
        noise: Noise<'_>,
        inputs: &[PathInput<'_>],
        day: u32,
    ) -> bool {
        let lanes = &mut self.block.z;
        let from = (day as usize - 1) * lanes.len();
        match noise {
            Noise::OfAll(Normals { z, n_paths, first }) => {
                let z = z.chunks_exact(n_paths).skip(from);
                lanes
                    .iter_mut()
                    .zip(z)
                    .for_each(|(lanes, z)| lanes.store(from_slice(simd, &z[first..])));
                true
            }
            Noise::OfEach if inputs[0].noise.len() >= from + lanes.len() => {
                for (lane, input) in inputs.iter().enumerate() {
                    let z = &input.noise[from..];
                    lanes.iter_mut().zip(z).for_each(|(lanes, z)| lanes.0[lane] = *z);
                }
                true
            }
            Noise::OfEach => false,
        }
    }

    #[inline(always)]
    pub(super) fn step_market<S: Simd>(&mut self, simd: S, has_noise: bool) {
        let n_base = self.plan.n_base;
        for (index, noise) in self.setting.parameters.noise.iter().enumerate() {
            let asset = &mut self.block.assets[index];
            asset.panic.store(asset.panic.load(simd) * wide(simd, noise.panic_decay));
            if noise.sigma_daily > 0.0 && has_noise {
                let z = self.block.z[n_base + index].load(simd);
                let d = asset.discount.load(simd) * wide(simd, noise.discount_decay)
                    + wide(simd, noise.sigma_daily) * z;
                asset.discount.store(d.larger(wide(simd, DISCOUNT_MIN)));
            }
            if asset.is_thin {
                let (one, depth) = (wide(simd, 1.0), asset.depth.load(simd));
                let is_thin = depth.lt(one);
                let deeper = one - (one - depth) * wide(simd, noise.depth_decay);
                asset.depth.store_where(is_thin, deeper);
                if let Some(pools) = self.plan.assets[index].pools {
                    let sold_units = asset.sold_units.load(simd) + wide(simd, 0.0);
                    let near = &mut self.block.near[index];
                    let price = asset.price_of((pools, near), sold_units, is_thin);
                    asset.stand(is_thin, sold_units, price);
                }
                asset.is_thin = asset.depth.load(simd).lt(one).any();
            }
        }
        if has_noise {
            self.move_base_prices(simd);
        }
    }

    #[inline(always)]
    fn move_base_prices<S: Simd>(&mut self, simd: S) {
        let mut is_held = false;
        for MovingBase { asset, drift_daily, vol_daily, columns } in &self.setting.moving {
            let before = self.block.nav[*asset].load(simd);
            let mut factors = self.block.z[*asset];
            for x in &mut factors.0 {
                *x = (drift_daily + vol_daily * *x).exp();
            }
            let after = before * factors.load(simd);
            self.block.nav[*asset].store(after);
            self.note_fall(simd, after / before);
            let mut held = wide(simd, NOTHING);
            for &(column, holder) in columns {
                let units = self.block.columns[column].load(simd);
                held = held
                    + match self.plan.wrapped(holder) {
                        Some(index) => units * self.block.assets[index].active.load(simd),
                        None => units,
                    };
            }
            self.block.paths.base_fall.add(held * (before - after));
            is_held |= !columns.is_empty();
        }
        if is_held {
            self.book_base_prices(simd);
        }
    }

    /// Marks anew those who hold what has moved, and books the fall.
    #[inline(always)]
    fn book_base_prices<S: Simd>(&mut self, simd: S) {
        let mut fall_eth = wide(simd, 0.0);
        for number in 0..self.plan.marked.len() {
            let index = self.plan.marked[number];
            let before = self.block.nav[self.plan.n_base + index].load(simd);
            let nav = self.back(simd, index);
            self.note_fall(simd, nav / before);
            self.block.nav[self.plan.n_base + index].store(nav);
            fall_eth =
                fall_eth + self.block.assets[index].outside_units.load(simd) * (before - nav);
        }
        let mut direct_eth = wide(simd, 0.0);
        if self.plan.marks_direct {
            let exact = self.columns_eth(simd, self.plan.assets.len());
            let day_0 = wide(simd, self.states[0].direct_eth_0);
            let direct = is_near(exact, day_0).choose(day_0, exact);
            direct_eth = self.block.paths.direct_eth.load(simd) - direct;
            self.block.paths.direct_eth.store(direct);
        }
        self.block.paths.base_price_eth.add(fall_eth + direct_eth);
    }

    /// Nav of the `index`-th wrapped asset by the marks of those that back it.
    #[inline(always)]
    fn back<S: Simd>(&mut self, simd: S, index: usize) -> Wide<S> {
        let plan = &self.plan.assets[index];
        let held_eth = self.columns_eth(simd, index);
        let asset = &mut self.block.assets[index];
        asset.held_eth.store(held_eth);
        let nav_0 = wide(simd, plan.leaver.nav_0);
        let supply_units = asset.supply_units.load(simd);
        let is_empty = supply_units.lt(wide(simd, LEAST_SUPPLY * plan.supply_0));
        let backing = asset.buffer_eth.load(simd) + asset.active.load(simd) * held_eth;
        let exact = backing / supply_units;
        let is_nothing = exact.le(wide(simd, ROUNDING * plan.leaver.nav_0));
        let nav = is_nothing.choose(wide(simd, 0.0), exact);
        let nav = is_near(exact, nav_0).choose(nav_0, nav);
        is_empty.choose(self.block.nav[self.plan.n_base + index].load(simd), nav)
    }

    #[inline(always)]
    fn columns_eth<S: Simd>(&self, simd: S, holder: usize) -> Wide<S> {
        let mut value = wide(simd, NOTHING);
        for &(column, asset) in &self.setting.columns_of[holder] {
            let units = self.block.columns[column].load(simd);
            value = value + units * self.block.nav[asset].load(simd);
        }
        value
    }

    /// Notes that some ratios that security hangs on may have changed by this factor.
    #[inline(always)]
    pub(super) fn note_fall<S: Simd>(&mut self, simd: S, factor: Wide<S>) {
        let (least, one) = (self.block.paths.least.load(simd), wide(simd, 1.0));
        self.block.paths.least.store(least * factor.lt(one).choose(factor, one));
    }

    #[inline(always)]
    pub(super) fn note_discounts<S: Simd>(&mut self, simd: S) {
        for asset in &mut self.block.assets {
            let discount = wide(simd, 1.0) - asset.price_factor(simd);
            asset.worst_discount.store(asset.worst_discount.load(simd).larger(discount));
        }
    }
}

/// True where they differ by rounding alone.
#[inline(always)]
fn is_near<S: Simd>(exact: Wide<S>, day_0: Wide<S>) -> Truth<S> {
    let (difference, rounding) = (exact - day_0, day_0 * day_0.like(ROUNDING));
    difference.le(rounding) & (day_0 - exact).le(rounding)
}
