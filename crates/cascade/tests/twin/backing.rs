//! What everything is worth, who bears a hit, and who pays for it (sections 6.4, 7 and 8).

use slashfall_graph::spec::AssetKind;

use super::{Holding, Twin};

impl Twin<'_> {
    pub(super) fn is_base(&self, asset: usize) -> bool {
        self.assets[asset].kind == AssetKind::Base
    }

    /// True when an AVS may slash what `direct` or an LRT has of the asset at the operator.
    pub(super) fn is_restaked(&self, operator: usize, asset: usize) -> bool {
        let mut here =
            self.holdings.iter().filter(|h| (h.operator, h.asset) == (Some(operator), asset));
        here.any(|h| self.bears_slashes(h))
    }

    pub(super) fn bears_slashes(&self, holding: &Holding) -> bool {
        let restakes = holding.holder.is_none_or(|k| self.assets[k].kind == AssetKind::Lrt);
        restakes && holding.operator.is_some()
    }

    pub(super) fn is_native(&self, holding: &Holding) -> bool {
        holding.operator.is_some() && self.assets[holding.asset].name == "ETH"
    }

    pub(super) fn active(&self, holding: &Holding) -> f64 {
        holding.holder.map_or(1.0, |k| self.assets[k].active)
    }

    /// `active x units x l`, what there is before any AVS slashed.
    pub(super) fn unslashed_units(&self, holding: &Holding) -> f64 {
        let beacon = match holding.operator {
            Some(operator) if self.is_native(holding) => self.beacon[operator],
            _ => 1.0,
        };
        self.active(holding) * holding.units * beacon
    }

    /// `active x units x M x l`, at work or idle.
    pub(super) fn units(&self, holding: &Holding) -> f64 {
        let magnitude = match holding.operator {
            Some(operator) if self.bears_slashes(holding) => {
                self.magnitude[operator][holding.asset]
            }
            _ => 1.0,
        };
        self.unslashed_units(holding) * magnitude
    }

    /// What an asset has at work and idle, in ETH.
    pub(super) fn working_eth(&self, asset: usize) -> f64 {
        let own = self.holdings.iter().filter(|h| h.holder == Some(asset));
        own.map(|h| self.units(h) * self.nav(h.asset)).sum()
    }

    /// `B_k / S_k` of a wrapped asset, the price of a base asset.
    pub(super) fn nav(&self, index: usize) -> f64 {
        let asset = &self.assets[index];
        if asset.kind == AssetKind::Base {
            return asset.price;
        }
        if asset.supply_units < 1e-9 * asset.supply_units_0 {
            return asset.last_nav;
        }
        let nav = (asset.buffer_eth + self.working_eth(index)) / asset.supply_units;
        if (nav - asset.nav_0).abs() <= 1e-13 * asset.nav_0 {
            asset.nav_0
        } else if nav <= 1e-13 * asset.nav_0 {
            0.0
        } else {
            nav
        }
    }

    pub(super) fn navs(&self) -> Vec<f64> {
        (0..self.assets.len()).map(|asset| self.nav(asset)).collect()
    }

    pub(super) fn mark(&mut self) {
        self.marks = self.navs();
    }

    /// What outside holders and direct restakers have at the prices given.
    pub(super) fn wealth(&self, prices: &[f64]) -> f64 {
        let outside: f64 = self.assets.iter().zip(prices).map(|(a, p)| a.outside_units * p).sum();
        let direct = self.holdings.iter().filter(|h| h.holder.is_none());
        outside + direct.map(|h| self.units(h) * prices[h.asset]).sum::<f64>()
    }

    /// What a change costs the holders, booked to a channel.
    pub(super) fn booked(&mut self, channel: &'static str, change: impl FnOnce(&mut Self)) {
        let before = self.wealth(&self.navs());
        change(self);
        let after = self.wealth(&self.navs());
        *self.books.channels.entry(channel).or_insert(0.0) += before - after;
    }

    /// Something takes from holdings and buffers; covers pay for it.
    pub(super) fn hit(
        &mut self,
        channel: &'static str,
        taker: &'static str,
        change: impl FnOnce(&mut Self),
    ) {
        let units: Vec<f64> = self.holdings.iter().map(|h| self.units(h)).collect();
        let buffers: Vec<f64> = self.assets.iter().map(|asset| asset.buffer_eth).collect();
        self.booked(channel, change);
        let mut own_loss = vec![0.0; self.assets.len()];
        for (holding, before) in self.holdings.clone().iter().zip(units) {
            let lost = before - self.units(holding);
            if self.is_base(holding.asset) {
                let eth = lost * self.assets[holding.asset].price;
                *self.books.taken_eth.entry((channel, taker)).or_insert(0.0) += eth;
            } else {
                let units = self.books.taken_units.entry((channel, taker, holding.asset));
                *units.or_insert(0.0) += lost;
            }
            if let Some(holder) = holding.holder {
                own_loss[holder] += lost * self.marks[holding.asset];
            }
        }
        for (asset, before) in buffers.into_iter().enumerate() {
            let lost = before - self.assets[asset].buffer_eth;
            *self.books.taken_eth.entry((channel, taker)).or_insert(0.0) += lost;
            own_loss[asset] += lost;
        }
        self.booked("cover", |twin| {
            for (asset, loss) in twin.assets.iter_mut().zip(own_loss) {
                let paid = loss.min(asset.cover_eth);
                asset.cover_eth -= paid;
                asset.cover_paid_eth += paid;
                asset.buffer_eth += paid;
                *twin.books.cover_paid_eth.entry(channel).or_insert(0.0) += paid;
            }
        });
    }
}
