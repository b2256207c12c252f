//! Holds what is made of each asset against how much of it there is, and what corrupting a service
//! yields against what it costs.

use super::allocations::ROUNDING;
use super::assemble::Parts;
use super::assets::Assets;
use super::report::{Report, cell};
use super::supply::Worths;
use crate::ids::{AssetId, AvsId};
use crate::spec::NetworkSpec;
use crate::venues::Position;

pub(super) fn check(
    spec: &NetworkSpec,
    (assets, worths): (&Assets<'_>, &Worths),
    parts: &Parts,
    report: &mut Report,
) {
    for asset in assets.ids().filter(|&asset| !assets.is_base(asset)) {
        check_supply(spec, asset, (assets, worths), parts, report);
    }
    warn_of_attackable(spec, parts, report);
}

/// Reports an asset of which more is held or used than there is.
fn check_supply(
    spec: &NetworkSpec,
    asset: AssetId,
    (assets, worths): (&Assets<'_>, &Worths),
    parts: &Parts,
    report: &mut Report,
) {
    let entry = &assets.entries[asset.index()];
    let Some((index, _)) = entry.row else { return };
    let worth = worths.of(asset);
    let most = worth.supply_units * (1.0 + ROUNDING);
    let too_much = |units: f64, users: &str| {
        let expected = format!(
            "a supply of at least {units} was expected: so much of {} is in {users}",
            entry.name
        );
        cell(&spec.assets, index, "supply_eth").problem(worth.supply_units, expected)
    };
    if worth.nested_units > most {
        let holders = parts.held.iter().filter(|row| row.asset == asset);
        let mut names: Vec<&str> = holders.map(|row| assets.holder_name(row.holder)).collect();
        names.dedup();
        let users = format!("the holdings of {}", names.join(", "));
        report.problem(too_much(worth.nested_units, &users));
        return;
    }
    let uses = [
        (pledged(parts, asset), "holdings and loans"),
        (owned(parts, asset), "holdings and portfolios"),
        (pooled(parts, asset), "holdings and pools"),
    ];
    for (units, users) in uses {
        let units = worth.nested_units + units;
        if units > most {
            report.problem(too_much(units, users));
        }
    }
}

fn pledged(parts: &Parts, asset: AssetId) -> f64 {
    let markets = parts.markets.iter().filter(|market| market.collateral == asset);
    markets.flat_map(|market| &market.loans).map(|loan| loan.collateral_units).sum()
}

fn pooled(parts: &Parts, asset: AssetId) -> f64 {
    let pools = parts.pools.iter().filter(|pool| pool.asset == asset);
    pools.map(|pool| pool.reserve_units).sum()
}

fn owned(parts: &Parts, asset: AssetId) -> f64 {
    let positions = parts.portfolios.iter().flat_map(|portfolio| &portfolio.positions);
    let units = positions.map(|position| match position {
        Position::Asset { asset: held, units } if *held == asset => *units,
        _ => 0.0,
    });
    units.sum()
}

/// Warns of services that are worth attacking before anything has happened.
fn warn_of_attackable(spec: &NetworkSpec, parts: &Parts, report: &mut Report) {
    let mut stake_eth = vec![0.0; parts.stakes.len()];
    for (row, stake) in parts.restaked() {
        stake_eth[stake.index()] += row.amount_eth;
    }
    let mut secured = vec![0.0; parts.avss.len()];
    for allocation in &parts.allocations {
        secured[allocation.avs.index()] +=
            allocation.fraction * stake_eth[allocation.stake.index()];
    }
    for (index, row) in spec.avs.rows.iter().enumerate() {
        let found = parts.avss.binary_search_by(|avs| avs.name.cmp(&row.avs)).map(AvsId::new);
        let (Ok(avs), Some(profit)) = (found, row.profit_from_corruption_eth) else {
            continue;
        };
        let cost = row.attack_threshold * secured[avs.index()];
        if profit > cost {
            let expected = format!(
                "at most {cost} was expected, the attack threshold times the stake: {} can be \
                 attacked from day 0",
                row.avs
            );
            let here = cell(&spec.avs, index, "profit_from_corruption_eth");
            report.warn(here.problem(profit, expected));
        }
    }
}
