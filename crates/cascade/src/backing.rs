//! Backing and nav (section 6.4 of `docs/model.md`): what a unit of a wrapped asset is worth.
//!
//! `B_k = buffer + active sum over holdings units M l nav(asset)`, `nav_k = B_k / S_k`, base to
//! wrapped.

use slashfall_graph::{AssetId, Holder};

use crate::state::State;

impl State<'_> {
    /// Nav of the `index`-th wrapped asset by the marks of those that back it; notes what all it
    /// holds is worth by them.
    ///
    /// What differs from day 0 by rounding alone is day 0: a loss that cover has paid in full leaves
    /// none, not 1e-16 of one that would count as a path with a loss. So is what differs from
    /// nothing: what holders then do must not hang on the last bit.
    pub(crate) fn back(&mut self, index: usize) -> f64 {
        let n_base = self.network.n_base();
        let holder = Holder::Wrapped(AssetId::new(n_base + index));
        let held_eth = self.columns_eth(holder, &self.shadow);
        let wrapped = &mut self.wrapped[index];
        wrapped.held_eth = held_eth;
        let nav_0 = self.nav_0[n_base + index];
        let supply_0 = self.network.asset(AssetId::new(n_base + index)).supply_units;
        if wrapped.supply_units < LEAST_SUPPLY * supply_0 {
            return self.shadow[n_base + index]; // everybody has been paid: what is left is rounding
        }
        let exact = (wrapped.buffer_eth + wrapped.active * held_eth) / wrapped.supply_units;
        if (exact - nav_0).abs() <= ROUNDING * nav_0 {
            nav_0
        } else if exact <= ROUNDING * nav_0 {
            0.0
        } else {
            exact
        }
    }
}

/// An amount, or that of day 0 where the two differ by rounding alone.
#[inline(always)]
pub(crate) fn or_day_0(exact: f64, of_day_0: f64) -> f64 {
    let is_day_0 = (exact - of_day_0).abs() <= ROUNDING * of_day_0;
    if is_day_0 { of_day_0 } else { exact }
}

/// Differences of this relative size are rounding.
pub(crate) const ROUNDING: f64 = 1e-13;
/// Share of the supply of day 0 below which nobody is left.
pub(crate) const LEAST_SUPPLY: f64 = 1e-9;
