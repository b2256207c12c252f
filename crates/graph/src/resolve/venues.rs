//! Checks where wrapped assets are traded, pledged and owned: pools, loans, portfolios.

use std::collections::BTreeMap;

use super::assets::Assets;
use super::names::Names;
use super::pools;
use super::report::{Report, cell};
use super::reserves::Reserves;
use super::supply::Worths;
use crate::ids::{AssetId, MarketId, ReserveId};
use crate::network::Network;
use crate::read::Unread;
use crate::spec::{LoanRow, PoolRow, PortfolioItem, PortfolioRow, Table};
use crate::venues::{Loan, Market, Pool, Portfolio, Position};

/// Reports an asset that is not known or not wrapped.
fn wrapped<R>(
    table: &Table<R>,
    (index, column): (usize, &'static str),
    name: &str,
    assets: &Assets<'_>,
    report: &mut Report,
) -> Option<AssetId> {
    let here = cell(table, index, column);
    let asset = AssetId::new(assets.names.find(here, name, report)?);
    if assets.is_base(asset) {
        let expected = "a wrapped asset (lst, lrt or bridged) was expected, not a base asset";
        report.problem(here.problem(name, expected));
        return None;
    }
    Some(asset)
}

/// The pools in order of name.
pub(super) fn resolve_pools(
    table: &Table<PoolRow>,
    assets: &Assets<'_>,
    worths: &Worths,
    report: &mut Report,
) -> Vec<Pool> {
    report.repeated(table, "pool", |row| &row.pool, |row| row.pool.clone());
    let mut pools = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        let numbers = [
            ("reserve_asset_eth", row.reserve_asset_eth),
            ("reserve_eth", row.reserve_eth),
            ("amplification", row.amplification),
            ("fee", row.fee),
        ];
        let mut good = report.in_range(table, index, &numbers);
        good = good && pools::comparable(table, index, report);
        good &= report.good_name(cell(table, index, "pool"), &row.pool);
        let asset = wrapped(table, (index, "asset"), &row.asset, assets, report);
        if good {
            pools::warn_of_price(table, index, report);
        }
        pools.extend(asset.filter(|_| good).map(|asset| Pool {
            name: row.pool.clone(),
            asset,
            invariant: row.invariant,
            reserve_units: worths.units(asset, row.reserve_asset_eth),
            reserve_eth: row.reserve_eth,
            amplification: row.amplification,
            fee: row.fee,
        }));
    }
    pools.sort_by(|a, b| a.name.cmp(&b.name));
    pools
}

/// The lending markets in order of name.
pub(super) struct Markets<'a> {
    pub(super) markets: Vec<Market>,
    names: Names<'a>,
}

pub(super) fn resolve_markets<'a>(
    table: &'a Table<LoanRow>,
    unread: &'a Unread,
    (assets, worths, reserves): (&Assets<'_>, &Worths, &Reserves<'_>),
    report: &mut Report,
) -> Markets<'a> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut markets: BTreeMap<&str, Market> = BTreeMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        let start = *first.entry(&row.market).or_insert(index);
        report_other_terms(table, start, index, report);
        let Some(market) = resolve_loan_row(table, (start, index), (assets, reserves), report)
        else {
            continue;
        };
        let collateral_units = worths.units(market.collateral, row.collateral_eth);
        let market = markets.entry(&row.market).or_insert(market);
        if collateral_units > 0.0 {
            market.loans.push(Loan { health_factor: row.health_factor, collateral_units });
        } else {
            let expected = "collateral above 0 was expected, and the row is left out";
            report.warn(cell(table, index, "collateral_eth").problem(row.collateral_eth, expected));
        }
    }
    for (name, market) in &mut markets {
        market.loans.sort_by(|a, b| {
            let health = a.health_factor.total_cmp(&b.health_factor);
            health.then_with(|| a.collateral_units.total_cmp(&b.collateral_units))
        });
        if market.loans.is_empty() {
            let expected = "a row with collateral above 0 was expected in this market";
            report.problem(cell(table, first[name], "market").problem(name, expected));
        }
    }
    // A market whose rows are all wrong has a name all the same: its id is never used.
    let names = first.keys().copied();
    let names = Names::new("a market", names, unread, ("loans", "market"));
    Markets { markets: markets.into_values().collect(), names }
}

/// Reports terms of a row that are not those of the first row of its market.
fn report_other_terms(table: &Table<LoanRow>, start: usize, index: usize, report: &mut Report) {
    let (first, row) = (&table.rows[start], &table.rows[index]);
    let as_text = |row: &LoanRow| {
        let oracle = crate::spec::Oracle::NAMES.iter().find(|(_, oracle)| *oracle == row.oracle);
        [
            ("collateral", row.collateral.clone()),
            ("debt_asset", row.debt_asset.clone()),
            ("oracle", oracle.map_or("", |(name, _)| name).to_owned()),
            ("ltv", row.ltv.to_string()),
            ("liquidation_threshold", row.liquidation_threshold.to_string()),
            ("liquidation_bonus", row.liquidation_bonus.to_string()),
            ("close_factor", row.close_factor.to_string()),
            ("reserve", row.reserve.clone().unwrap_or_default()),
        ]
    };
    for ((column, other), (_, value)) in as_text(first).into_iter().zip(as_text(row)) {
        if other != value {
            let other = if other.is_empty() { "nothing" } else { &other };
            let expected = format!(
                "{other} was expected, as in the first row of the market {}: all rows of a market \
                 have the same terms",
                row.market
            );
            report.problem(cell(table, index, column).problem(value, expected));
        }
    }
}

/// The market that one row describes, without loans; `start` is the first row of that market.
fn resolve_loan_row(
    table: &Table<LoanRow>,
    (start, index): (usize, usize),
    (assets, reserves): (&Assets<'_>, &Reserves<'_>),
    report: &mut Report,
) -> Option<Market> {
    let row = &table.rows[index];
    let mut good = good_terms(table, index, report);
    let collateral = wrapped(table, (index, "collateral"), &row.collateral, assets, report);
    let debt_asset = base(table, index, assets, report);
    let reserve = lender(table, index, reserves, report);
    if let (Some(Some(reserve)), Some(owed)) = (reserve, debt_asset)
        && start == index
    {
        good &= lends(table, index, (reserve, owed), (assets, reserves), report);
    }
    if good && row.health_factor < 1.0 {
        let expected = "loans below 1 are liquidated on the first day; at least 1 was expected";
        report.warn(cell(table, index, "health_factor").problem(row.health_factor, expected));
    }
    let (collateral, debt_asset, reserve) = (collateral?, debt_asset?, reserve?);
    good.then(|| Market {
        name: row.market.clone(),
        collateral,
        debt_asset,
        oracle: row.oracle,
        ltv: row.ltv,
        liquidation_threshold: row.liquidation_threshold,
        liquidation_bonus: row.liquidation_bonus,
        close_factor: row.close_factor,
        reserve,
        loans: Vec::new(),
    })
}

/// Reports numbers and names of a row that cannot be; true when there are none.
fn good_terms(table: &Table<LoanRow>, index: usize, report: &mut Report) -> bool {
    let row = &table.rows[index];
    let numbers = [
        ("ltv", row.ltv),
        ("liquidation_threshold", row.liquidation_threshold),
        ("liquidation_bonus", row.liquidation_bonus),
        ("health_factor", row.health_factor),
        ("collateral_eth", row.collateral_eth),
        ("close_factor", row.close_factor),
    ];
    let mut good = report.in_range(table, index, &numbers);
    good &= report.good_name(cell(table, index, "market"), &row.market);
    if good && row.ltv > row.liquidation_threshold {
        good = false;
        let expected = format!(
            "at most the liquidation threshold, {}, was expected",
            row.liquidation_threshold
        );
        report.problem(cell(table, index, "ltv").problem(row.ltv, expected));
    }
    good
}

fn base(
    table: &Table<LoanRow>,
    index: usize,
    assets: &Assets<'_>,
    report: &mut Report,
) -> Option<AssetId> {
    let name = table.rows[index].debt_asset.as_str();
    let here = cell(table, index, "debt_asset");
    let asset = AssetId::new(assets.names.find(here, name, report)?);
    if !assets.is_base(asset) {
        let expected = "a base asset such as ETH or USD was expected";
        report.problem(here.problem(name, expected));
        return None;
    }
    let entry = &assets.entries[asset.index()];
    if asset != Network::ETH && entry.row.is_none_or(|(_, row)| row.vol_annual <= 0.0) {
        let expected = "this debt never moves against ETH: a vol_annual of its asset was expected";
        report.warn(here.problem(name, expected));
    }
    Some(asset)
}

/// The reserve that a row names, if it names any; none when there is no such reserve.
fn lender(
    table: &Table<LoanRow>,
    index: usize,
    reserves: &Reserves<'_>,
    report: &mut Report,
) -> Option<Option<ReserveId>> {
    let Some(name) = table.rows[index].reserve.as_deref() else { return Some(None) };
    let found = reserves.names.find(cell(table, index, "reserve"), name, report);
    found.map(|id| Some(ReserveId::new(id)))
}

/// Reports a reserve that lends something else than what a market owes; true when it does not.
fn lends(
    table: &Table<LoanRow>,
    index: usize,
    (reserve, owed): (ReserveId, AssetId),
    (assets, reserves): (&Assets<'_>, &Reserves<'_>),
    report: &mut Report,
) -> bool {
    let Some(lent) = reserves.asset(reserve).filter(|&lent| lent != owed) else { return true };
    let [owed, lent] = [owed, lent].map(|asset| assets.entries[asset.index()].name);
    let expected =
        format!("a reserve of {owed}, the debt asset, was expected: this one lends {lent}");
    let name = table.rows[index].reserve.as_deref().unwrap_or_default();
    report.problem(cell(table, index, "reserve").problem(name, expected));
    false
}

/// The portfolios in order of name.
pub(super) fn resolve_portfolios(
    table: &Table<PortfolioRow>,
    assets: &Assets<'_>,
    worths: &Worths,
    markets: &Markets<'_>,
    report: &mut Report,
) -> Vec<Portfolio> {
    let item = |row: &PortfolioRow| match &row.holds {
        PortfolioItem::Asset(name) | PortfolioItem::Market(name) => name.clone(),
    };
    report.repeated(
        table,
        "portfolio",
        |row| (&row.portfolio, matches!(row.holds, PortfolioItem::Market(_)), item(row)),
        |row| format!("{}, {}", row.portfolio, item(row)),
    );
    let mut portfolios: BTreeMap<&str, Vec<Position>> = BTreeMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        let mut good = report.in_range(table, index, &[("amount_eth", row.amount_eth)]);
        good &= report.good_name(cell(table, index, "portfolio"), &row.portfolio);
        let position = resolve_position(table, index, (assets, worths, markets), report);
        let positions = portfolios.entry(&row.portfolio).or_default();
        positions.extend(position.filter(|_| good));
    }
    let portfolio = |(name, mut positions): (&str, Vec<Position>)| {
        positions.sort_by_key(|position| match position {
            Position::Asset { asset, .. } => (0, asset.index()),
            Position::Levered { market, .. } => (1, market.index()),
        });
        Portfolio { name: name.to_owned(), positions }
    };
    portfolios.into_iter().map(portfolio).collect()
}

fn resolve_position(
    table: &Table<PortfolioRow>,
    index: usize,
    (assets, worths, markets): (&Assets<'_>, &Worths, &Markets<'_>),
    report: &mut Report,
) -> Option<Position> {
    let row = &table.rows[index];
    match &row.holds {
        PortfolioItem::Asset(name) => {
            let asset = assets.names.find(cell(table, index, "asset"), name, report)?;
            let asset = AssetId::new(asset);
            Some(Position::Asset { asset, units: worths.units(asset, row.amount_eth) })
        }
        PortfolioItem::Market(name) => {
            markets.names.find(cell(table, index, "market"), name, report)?;
            let market = markets.markets.binary_search_by(|market| market.name.cmp(name)).ok()?;
            let units = worths.units(markets.markets[market].collateral, row.amount_eth);
            Some(Position::Levered { market: MarketId::new(market), units })
        }
    }
}
