//! Amounts that several facts share, so that they cannot differ between two of them.

use crate::ids::{AvsId, OperatorId, StakeId};
use crate::network::{Allocation, Holder, Holding, Network};

/// `part / whole`, 0 where there is no whole.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// ETH in each cell, by [`StakeId`].
pub(super) fn stake_values(network: &Network) -> Vec<f64> {
    stake_ids(network).map(|id| network.stake_eth(id)).collect()
}

/// Ids of all cells.
pub(super) fn stake_ids(network: &Network) -> impl Iterator<Item = StakeId> + use<> {
    (0..network.stakes().len()).map(StakeId::new)
}

/// Ids of all AVSs.
pub(super) fn avs_ids(network: &Network) -> impl Iterator<Item = AvsId> + use<> {
    (0..network.avss().len()).map(AvsId::new)
}

/// Ids of all operators.
pub(super) fn operator_ids(network: &Network) -> impl Iterator<Item = OperatorId> + use<> {
    (0..network.operators().len()).map(OperatorId::new)
}

/// Restaked stake at each operator in ETH, over all assets.
pub(super) fn restaked_by_operator(network: &Network) -> Vec<f64> {
    weighted_by_operator(network, &vec![1.0; network.assets().len()])
}

/// The part of it that is ETH once wrapped assets are looked through.
pub(super) fn restaked_ether_by_operator(network: &Network) -> Vec<f64> {
    weighted_by_operator(network, &ether_shares(network))
}

fn weighted_by_operator(network: &Network, weights: &[f64]) -> Vec<f64> {
    let mut eth = vec![0.0; network.operators().len()];
    for (stake, value) in network.stakes().iter().zip(stake_values(network)) {
        eth[stake.operator.index()] += weights[stake.asset.index()] * value;
    }
    eth
}

/// ETH that backs a holder; of `direct`, all that it holds.
pub(super) fn backing_eth(network: &Network, holder: Holder) -> f64 {
    let held: f64 = network.holder_holdings(holder).iter().map(|&h| network.holding_eth(h)).sum();
    held + buffer_eth(network, holder)
}

/// ETH that a holder pays out at once.
pub(super) fn buffer_eth(network: &Network, holder: Holder) -> f64 {
    match holder {
        Holder::Wrapped(asset) => network.asset(asset).buffer_eth,
        Holder::Direct => 0.0,
    }
}

/// The share of each asset that is ETH when wrapped assets are looked through.
pub(super) fn ether_shares(network: &Network) -> Vec<f64> {
    let mut shares = vec![0.0; network.assets().len()];
    shares[Network::ETH.index()] = 1.0;
    for asset in network.wrapped_assets() {
        let holder = Holder::Wrapped(asset);
        let ether: f64 = network
            .holder_holdings(holder)
            .iter()
            .map(|&id| shares[network.holding(id).asset.index()] * network.holding_eth(id))
            .sum();
        let all = backing_eth(network, holder);
        shares[asset.index()] = ratio(ether + buffer_eth(network, holder), all);
    }
    shares
}

/// Wrapped assets, each after all that backs it, then `direct`.
pub(super) fn holders(network: &Network) -> impl Iterator<Item = Holder> + use<> {
    network.wrapped_assets().map(Holder::Wrapped).chain([Holder::Direct])
}

/// True where a holding is lost with its operator: restaked, or native ETH. A wrapped token that
/// merely sits with an operator bears neither a magnitude nor a beacon factor.
pub(super) fn bears_operator(holding: &Holding) -> bool {
    holding.stake.is_some() || holding.is_native()
}

/// The allocations of an AVS that can slash something.
pub(super) fn avs_allocations(
    network: &Network,
    avs: AvsId,
) -> impl Iterator<Item = &Allocation> + use<'_> {
    network
        .avs_members(avs)
        .iter()
        .flat_map(|&member| network.member_allocations(member))
        .map(|id| network.allocation(id))
        .filter(|allocation| allocation.fraction > 0.0)
}

/// The share of each cell that an AVS can slash at day 0, by [`StakeId`].
pub(super) fn slashable_fractions(network: &Network, avs: AvsId) -> Vec<f64> {
    let mut fractions = vec![0.0; network.stakes().len()];
    for allocation in avs_allocations(network, avs) {
        let fraction: &mut f64 = &mut fractions[allocation.stake.index()];
        *fraction = (*fraction + allocation.fraction).min(1.0);
    }
    fractions
}

/// What an AVS can slash at each of its operators at day 0, in ETH and in order of operator.
pub(super) fn slashable_by_operator(
    network: &Network,
    stake_eth: &[f64],
    avs: AvsId,
) -> Vec<(OperatorId, f64)> {
    let mut slashable: Vec<(OperatorId, f64)> = Vec::new();
    for allocation in avs_allocations(network, avs) {
        let operator = network.stakes()[allocation.stake.index()].operator;
        let eth = allocation.fraction.min(1.0) * stake_eth[allocation.stake.index()];
        match slashable.last_mut() {
            Some((last, sum)) if *last == operator => *sum += eth,
            _ => slashable.push((operator, eth)),
        }
    }
    slashable
}
