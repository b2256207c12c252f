//! Backing and nav (section 4.3 of the model): what a unit of a wrapped asset is worth.
//!
//! `B_k = buffer + sum over holdings units M l nav(asset)`, `nav_k = B_k / S_k`, base to wrapped.

use slashfall_graph::{AssetId, Holder};

use crate::state::State;

impl State<'_> {
    /// Nav of the `index`-th wrapped asset when those that back it have the navs given.
    pub(crate) fn backed_nav(&self, index: usize, nav: &[f64]) -> f64 {
        let wrapped = &self.wrapped[index];
        let holder = Holder::Wrapped(AssetId::new(self.network.n_base() + index));
        (wrapped.buffer_eth + self.columns_eth(holder, nav)) / wrapped.supply_units
    }
}
