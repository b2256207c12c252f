//! Backing that is stolen and units that are minted without it (sections 6.4 and 6.5 of
//! `docs/model.md`), and what the thief does with them.

use slashfall_graph::{AssetId, Holder};

use crate::attribution::{Cause, Channel};
use crate::ledger::Taker;
use crate::record::Happened;
use crate::state::State;

/// Stolen units of a wrapped asset that are sold day by day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Loot {
    asset: AssetId,
    units_a_day: f64,
    days_left: u32,
}

impl Loot {
    /// True while some of it is to be sold.
    pub(crate) fn is_left(&self) -> bool {
        self.days_left > 0
    }
}

impl State<'_> {
    /// The fraction `f` of an asset's buffer, idle and delegated backing is stolen.
    pub(crate) fn exploit(&mut self, asset: AssetId, f: f64, sale_days: u32, source: u32) {
        if f <= 0.0 {
            return;
        }
        let network = self.network;
        let sale_days = sale_days.max(1);
        let buffer = self.wrapped[self.wrapped_index(asset)].buffer_eth;
        self.take_buffer(asset, f * buffer, Taker::Stolen);
        for &id in network.holder_holdings(Holder::Wrapped(asset)) {
            let stolen = f * self.units_at_work(id);
            self.take(id, stolen, Taker::Stolen);
            let units = self.units.get(id.index());
            self.units.set(id.index(), (1.0 - f) * units);
            let holding = network.holding(id);
            if self.is_traded(holding.asset) {
                let units_a_day = stolen / f64::from(sale_days);
                self.loot.push(Loot { asset: holding.asset, units_a_day, days_left: sale_days });
            }
            if let Some(stake) = holding.stake {
                self.note_claims_of_stake(stake);
            }
        }
        self.settle(Channel::Theft, from(source));
    }

    /// Sells today's part of what was stolen.
    pub(crate) fn sell_loot(&mut self) {
        for number in 0..self.loot.len() {
            let loot = &mut self.loot[number];
            if !loot.is_left() {
                continue;
            }
            loot.days_left -= 1;
            let Loot { asset, units_a_day, .. } = *loot;
            let index = self.wrapped_index(asset);
            self.sell(index, units_a_day);
            let eth = units_a_day * self.nav[asset.index()];
            self.tell(|| Happened::LootSold { asset, eth });
        }
    }

    /// The supply grows by the fraction `f` with nothing behind it; old holders are diluted. Part
    /// of the new units is pledged for loans, the rest sold.
    pub(crate) fn mint_unbacked(&mut self, asset: AssetId, f: f64, pledge_share: f64, source: u32) {
        if f <= 0.0 {
            return;
        }
        let index = self.wrapped_index(asset);
        // Once everybody has left, what is there of an asset is what subtractions have left: nothing, or just below.
        let minted = f * self.wrapped[index].supply_units.max(0.0);
        let pledged = self.pledge(asset, pledge_share * minted);
        self.wrapped[index].supply_units += minted;
        self.ledger.book_mint(asset.index(), minted);
        self.sell(index, minted - pledged);
        self.stale[index] = true;
        self.book_fall(Channel::Dilution, from(source));
    }
}

fn from(source: u32) -> Cause {
    Cause { source: Some(source), avs: None, operator: None }
}
