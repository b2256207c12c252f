//! Backing that is stolen and units that are minted without it (kinds `exploit` and
//! `unbacked_mint` of section 4 of `docs/model.md`), as far as backing goes.

use slashfall_graph::{AssetId, Holder};

use crate::attribution::{Cause, Channel};
use crate::ledger::Taker;
use crate::state::State;

impl State<'_> {
    /// The fraction `f` of an asset's buffer, idle and delegated backing is stolen.
    pub(crate) fn exploit(&mut self, asset: AssetId, f: f64, source: u32) {
        if f <= 0.0 {
            return;
        }
        let network = self.network;
        let buffer = self.wrapped[self.wrapped_index(asset)].buffer_eth;
        self.take_buffer(asset, f * buffer, Taker::Stolen);
        for &holding in network.holder_holdings(Holder::Wrapped(asset)) {
            self.take(holding, f * self.units_at_work(holding), Taker::Stolen);
            let units = self.units.get(holding.index());
            self.units.set(holding.index(), (1.0 - f) * units);
        }
        self.settle(Channel::Theft, from(source));
    }

    /// The supply grows by the fraction `f` with nothing behind it; old holders are diluted.
    pub(crate) fn mint_unbacked(&mut self, asset: AssetId, f: f64, source: u32) {
        if f <= 0.0 {
            return;
        }
        let index = self.wrapped_index(asset);
        let minted = f * self.wrapped[index].supply_units;
        self.wrapped[index].supply_units += minted;
        self.ledger.book_mint(asset.index(), minted);
        self.book_fall(Channel::Dilution, from(source));
    }
}

fn from(source: u32) -> Cause {
    Cause { source: Some(source), avs: None, operator: None }
}
