//! What the days of a group need of its setting: the same on every path.

use super::lanes::Wide;
use crate::market::Pools;
use crate::number::Number;
use crate::redemption::{EXIT_ETH_PER_DAY, Leaver, Redeemable};
use crate::setting::Setting;
use pulp::Simd;
use slashfall_graph::Holder;

/// What holds of the wrapped assets and their holders on every path.
#[derive(Clone, Debug)]
pub(super) struct Plan<'s> {
    pub(super) n_base: usize,
    /// One more than the horizon.
    pub(super) n_days: usize,
    pub(super) assets: Vec<AssetPlan<'s>>,
    /// Wrapped assets that are marked anew when base prices move, base to wrapped.
    pub(super) marked: Vec<usize>,
    /// True where direct restakers are marked anew too.
    pub(super) marks_direct: bool,
    /// True where some oracle reads market prices.
    pub(super) reads_market: bool,
    pub(super) attacks_happen: bool,
}

/// What holds of one wrapped asset on every path.
#[derive(Clone, Debug)]
pub(super) struct AssetPlan<'s> {
    pub(super) leaver: &'s Leaver,
    pub(super) pools: Option<Pools<'s>>,
    pub(super) redeemable: Redeemable,
    pub(super) supply_0: f64,
}

impl<'s> Plan<'s> {
    pub(super) fn new(setting: &'s Setting<'s>) -> Self {
        let network = setting.network;
        let assets = network.wrapped_assets().enumerate().map(|(index, id)| AssetPlan {
            leaver: &setting.leavers[index],
            pools: setting.pools(index),
            redeemable: Redeemable::new(network, id),
            supply_0: network.asset(id).supply_units,
        });
        let marked = marked(setting);
        let direct = network.n_wrapped();
        Self {
            n_base: network.n_base(),
            n_days: setting.parameters.horizon_days as usize + 1,
            assets: assets.collect(),
            marked: (0..direct).filter(|&holder| marked[holder]).collect(),
            marks_direct: marked[direct],
            reads_market: setting.lenders.iter().any(|lender| lender.reads_market),
            attacks_happen: setting.parameters.security.attack_prob > 0.0,
        }
    }
}

impl Plan<'_> {
    /// Position of a holder among wrapped assets; none of direct restakers, who are not paid out.
    #[inline(always)]
    pub(super) fn wrapped(&self, holder: Holder) -> Option<usize> {
        match holder {
            Holder::Wrapped(asset) => Some(asset.index() - self.n_base),
            Holder::Direct => None,
        }
    }
}

impl AssetPlan<'_> {
    /// Days that a request waits.
    #[inline(always)]
    pub(super) fn wait_days<S: Simd>(&self, exit_eth: Wide<S>) -> Wide<S> {
        let redemption_days = exit_eth.like(self.redeemable.redemption_days);
        if self.redeemable.has_validators {
            redemption_days.larger(exit_eth / exit_eth.like(EXIT_ETH_PER_DAY))
        } else {
            redemption_days
        }
    }
}

/// Holders who are marked anew when base prices move.
fn marked(setting: &Setting<'_>) -> Vec<bool> {
    let n_base = setting.network.n_base();
    let mut marked = vec![false; setting.network.n_wrapped() + 1];
    let mark = |asset: usize, marked: &mut Vec<bool>| {
        setting.holders_of[asset].iter().for_each(|&holder| marked[holder] = true);
    };
    setting.moving.iter().for_each(|base| mark(base.asset, &mut marked));
    for index in 0..setting.network.n_wrapped() {
        if marked[index] {
            mark(n_base + index, &mut marked);
        }
    }
    marked
}
