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
    let uses = uses(parts, assets.ids().count());
    for asset in assets.ids().filter(|&asset| !assets.is_base(asset)) {
        check_supply(spec, (asset, uses[asset.index()]), (assets, worths), parts, report);
    }
    warn_of_attackable(spec, parts, report);
}

/// Reports an asset of which more is held or used than there is.
fn check_supply(
    spec: &NetworkSpec,
    (asset, uses): (AssetId, Uses),
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
        (uses.pledged, "holdings and loans"),
        (uses.owned, "holdings and portfolios"),
        (uses.pooled, "holdings and pools"),
    ];
    for (units, users) in uses {
        let units = worth.nested_units + units;
        if units > most {
            report.problem(too_much(units, users));
        }
    }
}

/// Units of an asset that are used, by what for.
#[derive(Clone, Copy, Default)]
struct Uses {
    pledged: f64,
    owned: f64,
    pooled: f64,
}

/// The uses of each asset.
fn uses(parts: &Parts, n_assets: usize) -> Vec<Uses> {
    let mut uses = vec![Uses::default(); n_assets];
    for market in &parts.markets {
        let units: f64 = market.loans.iter().map(|loan| loan.collateral_units).sum();
        uses[market.collateral.index()].pledged += units;
    }
    for position in parts.portfolios.iter().flat_map(|portfolio| &portfolio.positions) {
        if let Position::Asset { asset, units } = position {
            uses[asset.index()].owned += units;
        }
    }
    for pool in &parts.pools {
        uses[pool.asset.index()].pooled += pool.reserve_units;
    }
    uses
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
