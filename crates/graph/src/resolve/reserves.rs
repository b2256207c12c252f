//! Checks what lends to the lending markets, and that nothing lends more than it was given.

use super::allocations::ROUNDING;
use super::assets::Assets;
use super::names::Names;
use super::report::{Report, cell};
use super::supply::Worths;
use crate::ids::{AssetId, ReserveId};
use crate::read::Unread;
use crate::spec::{NetworkSpec, ReserveRow, Table};
use crate::venues::{Market, Reserve};

/// The reserves in order of name.
pub(super) struct Reserves<'a> {
    pub(super) names: Names<'a>,
    /// Number of the row of each.
    rows: Vec<usize>,
    /// None where the row is wrong: its name is a name all the same.
    reserves: Vec<Option<Reserve>>,
}

impl Reserves<'_> {
    /// What a reserve lends, where that is known.
    pub(super) fn asset(&self, id: ReserveId) -> Option<AssetId> {
        self.reserves[id.index()].as_ref().map(|reserve| reserve.asset)
    }

    /// All of them; every id is good when no problem was reported.
    pub(super) fn into_reserves(self) -> Vec<Reserve> {
        self.reserves.into_iter().flatten().collect()
    }
}

pub(super) fn resolve<'a>(
    table: &'a Table<ReserveRow>,
    unread: &'a Unread,
    assets: &Assets<'_>,
    report: &mut Report,
) -> Reserves<'a> {
    let repeated = report.repeated(table, "reserve", |row| &row.reserve, |row| row.reserve.clone());
    let mut found: Vec<(usize, Option<Reserve>)> = Vec::new();
    for (index, repeated) in repeated.into_iter().enumerate() {
        let reserve = resolve_row(table, index, assets, report);
        if !repeated {
            found.push((index, reserve));
        }
    }
    found.sort_by_key(|&(index, _)| &table.rows[index].reserve);
    let (rows, reserves): (Vec<usize>, Vec<Option<Reserve>>) = found.into_iter().unzip();
    let names = rows.iter().map(|&index| table.rows[index].reserve.as_str());
    let names = Names::new("a reserve", names, unread, ("reserves", "reserve"));
    Reserves { names, rows, reserves }
}

fn resolve_row(
    table: &Table<ReserveRow>,
    index: usize,
    assets: &Assets<'_>,
    report: &mut Report,
) -> Option<Reserve> {
    let row = &table.rows[index];
    let numbers = [
        ("supplied_eth", row.supplied_eth),
        ("other_borrowed_eth", row.other_borrowed_eth),
        ("optimal_utilization", row.optimal_utilization),
        ("base_rate", row.base_rate),
        ("slope_1", row.slope_1),
        ("slope_2", row.slope_2),
    ];
    let mut good = report.in_range(table, index, &numbers);
    good &= report.good_name(cell(table, index, "reserve"), &row.reserve);
    let here = cell(table, index, "asset");
    let asset = AssetId::new(assets.names.find(here, &row.asset, report)?);
    if !assets.is_base(asset) {
        let expected = "a base asset such as ETH or USD was expected";
        report.problem(here.problem(&row.asset, expected));
        return None;
    }
    // A base asset is worth 1 ETH a unit at day 0.
    good.then(|| Reserve {
        name: row.reserve.clone(),
        asset,
        supplied_units: row.supplied_eth,
        other_borrowed_units: row.other_borrowed_eth,
        optimal_utilization: row.optimal_utilization,
        base_rate: row.base_rate,
        slope_1: row.slope_1,
        slope_2: row.slope_2,
    })
}

/// Reports reserves that have lent more than they were given, and warns of those that lend to no
/// market.
pub(super) fn check_debts(
    spec: &NetworkSpec,
    reserves: &Reserves<'_>,
    (markets, worths): (&[Market], &Worths),
    report: &mut Report,
) {
    let table = &spec.reserves;
    let mut lent: Vec<Vec<&Market>> = vec![Vec::new(); reserves.reserves.len()];
    for market in markets {
        market.reserve.iter().for_each(|id| lent[id.index()].push(market));
    }
    for (id, (reserve, &index)) in reserves.reserves.iter().zip(&reserves.rows).enumerate() {
        let Some(reserve) = reserve else { continue };
        let lent = std::mem::take(&mut lent[id]);
        if lent.is_empty() {
            let expected = "a market of the table loans that names this reserve was expected: it \
                            lends to none";
            report.warn(cell(table, index, "reserve").problem(&reserve.name, expected));
        }
        let debts: f64 = lent.into_iter().map(|market| debt_eth(market, worths)).sum();
        let borrowed = reserve.other_borrowed_units + debts;
        if borrowed > reserve.supplied_units * (1.0 + ROUNDING) {
            let expected = format!(
                "at least {borrowed} was expected: {debts} is what the loans of its markets owe, \
                 and {} what others have borrowed",
                reserve.other_borrowed_units
            );
            let here = cell(table, index, "supplied_eth");
            report.problem(here.problem(reserve.supplied_units, expected));
        }
    }
}

/// What the loans of a market owe at day 0, at the nav of their collateral.
fn debt_eth(market: &Market, worths: &Worths) -> f64 {
    let nav = worths.of(market.collateral).nav_0;
    let ratios = market.loans.iter().map(|loan| loan.collateral_units / loan.health_factor);
    market.liquidation_threshold * nav * ratios.sum::<f64>()
}
