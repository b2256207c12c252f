//! What each table of a network looks like: its columns, and what an absent cell means.

use super::Read;
use super::cells::{Cells, TableShape, parse_table};
use super::folder::Folder;
use super::text;
use crate::problem::Problem;
use crate::spec::{
    AllocationRow, AssetKind, AssetRow, AvsRow, GroupRow, HoldingRow, Invariant, LoanRow,
    OperatorRow, Oracle, PoolRow, PortfolioItem, PortfolioRow, ReserveRow, Sharing, Table, Yields,
};

/// All tables of a network folder.
pub const TABLE_SHAPES: [&TableShape; 10] = [
    &ASSETS,
    &OPERATORS,
    &AVS,
    &HOLDINGS,
    &ALLOCATIONS,
    &GROUPS,
    &POOLS,
    &LOANS,
    &RESERVES,
    &PORTFOLIOS,
];

const ASSETS: TableShape = TableShape {
    name: "assets",
    required: true,
    columns: &["asset", "kind", "supply_eth"],
    optional: &[
        "buffer_eth",
        "cover_eth",
        "redemption_days",
        "vol_annual",
        "beta_market",
        "yield_staking",
        "yield_avs_fees",
        "yield_incentives",
        "yield_campaign",
    ],
    open: false,
};

const OPERATORS: TableShape = TableShape {
    name: "operators",
    required: true,
    columns: &["operator", "entity"],
    optional: &[],
    open: true,
};

const AVS: TableShape = TableShape {
    name: "avs",
    required: false,
    columns: &["avs", "sharing"],
    optional: &[
        "attack_threshold",
        "profit_from_corruption_eth",
        "secured_value_eth",
        "redistributes",
    ],
    open: false,
};

const HOLDINGS: TableShape = TableShape {
    name: "holdings",
    required: true,
    columns: &["holder", "operator", "asset", "amount_eth"],
    optional: &[],
    open: false,
};

const ALLOCATIONS: TableShape = TableShape {
    name: "allocations",
    required: false,
    columns: &["avs", "operator", "asset", "fraction"],
    optional: &[],
    open: false,
};

const GROUPS: TableShape = TableShape {
    name: "groups",
    required: false,
    columns: &["group", "kind", "operator", "share"],
    optional: &[],
    open: false,
};

const POOLS: TableShape = TableShape {
    name: "pools",
    required: false,
    columns: &["pool", "asset", "invariant", "reserve_asset_eth", "reserve_eth"],
    optional: &["amplification", "fee"],
    open: false,
};

const LOANS: TableShape = TableShape {
    name: "loans",
    required: false,
    columns: &[
        "market",
        "collateral",
        "debt_asset",
        "oracle",
        "ltv",
        "liquidation_threshold",
        "liquidation_bonus",
        "health_factor",
        "collateral_eth",
    ],
    optional: &["close_factor", "reserve"],
    open: false,
};

const RESERVES: TableShape = TableShape {
    name: "reserves",
    required: false,
    columns: &[
        "reserve",
        "asset",
        "supplied_eth",
        "optimal_utilization",
        "base_rate",
        "slope_1",
        "slope_2",
    ],
    optional: &["other_borrowed_eth"],
    open: false,
};

const PORTFOLIOS: TableShape = TableShape {
    name: "portfolios",
    required: false,
    columns: &["portfolio", "amount_eth"],
    optional: &["asset", "market"],
    open: false,
};

/// Reads one table of a folder.
fn table<R>(
    folder: &Folder,
    read: &mut Read,
    shape: &TableShape,
    parse: fn(&mut Cells<'_>) -> R,
) -> Table<R> {
    let Some(path) = folder.get(shape.name) else {
        let file = format!("{}.csv", shape.name);
        if shape.required {
            let expected = format!("this table, or {}.parquet, was expected", shape.name);
            read.problems.push(Problem::new(&file, expected));
            read.unread.tables.entry(shape.name).or_default().whole = true;
        }
        return Table::new(&file, Vec::new());
    };
    match text::open(path, &mut read.room) {
        Ok(text) => parse_table(shape, text, read, parse),
        Err(problems) => {
            read.problems.append(problems);
            read.unread.tables.entry(shape.name).or_default().whole = true;
            Table::new(&path.file_name().unwrap_or_default().to_string_lossy(), Vec::new())
        }
    }
}

pub(super) fn assets(folder: &Folder, read: &mut Read) -> Table<AssetRow> {
    table(folder, read, &ASSETS, |cells| AssetRow {
        asset: cells.name("asset"),
        kind: cells.choice("kind", &AssetKind::NAMES),
        supply_eth: cells.optional_number("supply_eth"),
        buffer_eth: cells.number_or("buffer_eth", 0.0),
        cover_eth: cells.number_or("cover_eth", 0.0),
        redemption_days: cells.number_or("redemption_days", 0.0),
        vol_annual: cells.number_or("vol_annual", 0.0),
        beta_market: cells.number_or("beta_market", 0.0),
        yields: yields(cells),
    })
}

fn yields(cells: &mut Cells<'_>) -> Yields {
    Yields {
        staking: cells.number_or("yield_staking", 0.0),
        avs_fees: cells.number_or("yield_avs_fees", 0.0),
        incentives: cells.number_or("yield_incentives", 0.0),
        campaign: cells.number_or("yield_campaign", 0.0),
    }
}

pub(super) fn operators(folder: &Folder, read: &mut Read) -> Table<OperatorRow> {
    table(folder, read, &OPERATORS, |cells| OperatorRow {
        operator: cells.name("operator"),
        entity: cells.name("entity"),
        attributes: cells.further(&OPERATORS),
    })
}

pub(super) fn avs(folder: &Folder, read: &mut Read) -> Table<AvsRow> {
    table(folder, read, &AVS, |cells| AvsRow {
        avs: cells.name("avs"),
        sharing: cells.choice("sharing", &Sharing::NAMES),
        attack_threshold: cells.number_or("attack_threshold", 1.0 / 3.0),
        profit_from_corruption_eth: cells.optional_number("profit_from_corruption_eth"),
        secured_value_eth: cells.number_or("secured_value_eth", 0.0),
        redistributes: cells.flag("redistributes"),
    })
}

pub(super) fn holdings(folder: &Folder, read: &mut Read) -> Table<HoldingRow> {
    table(folder, read, &HOLDINGS, |cells| HoldingRow {
        holder: cells.name("holder"),
        operator: cells.get("operator").map(str::to_owned),
        asset: cells.name("asset"),
        amount_eth: cells.number("amount_eth"),
    })
}

pub(super) fn allocations(folder: &Folder, read: &mut Read) -> Table<AllocationRow> {
    table(folder, read, &ALLOCATIONS, |cells| AllocationRow {
        avs: cells.name("avs"),
        operator: cells.name("operator"),
        asset: cells.name("asset"),
        fraction: cells.number("fraction"),
    })
}

pub(super) fn groups(folder: &Folder, read: &mut Read) -> Table<GroupRow> {
    table(folder, read, &GROUPS, |cells| GroupRow {
        group: cells.name("group"),
        kind: cells.name("kind"),
        operator: cells.name("operator"),
        share: cells.number("share"),
    })
}

pub(super) fn pools(folder: &Folder, read: &mut Read) -> Table<PoolRow> {
    table(folder, read, &POOLS, |cells| PoolRow {
        pool: cells.name("pool"),
        asset: cells.name("asset"),
        invariant: cells.choice("invariant", &Invariant::NAMES),
        reserve_asset_eth: cells.number("reserve_asset_eth"),
        reserve_eth: cells.number("reserve_eth"),
        amplification: cells.number_or("amplification", 100.0),
        fee: cells.number_or("fee", 0.0),
    })
}

pub(super) fn loans(folder: &Folder, read: &mut Read) -> Table<LoanRow> {
    table(folder, read, &LOANS, |cells| LoanRow {
        market: cells.name("market"),
        collateral: cells.name("collateral"),
        debt_asset: cells.name("debt_asset"),
        oracle: cells.choice("oracle", &Oracle::NAMES),
        ltv: cells.number("ltv"),
        liquidation_threshold: cells.number("liquidation_threshold"),
        liquidation_bonus: cells.number("liquidation_bonus"),
        health_factor: cells.number("health_factor"),
        collateral_eth: cells.number("collateral_eth"),
        close_factor: cells.number_or("close_factor", 0.5),
        reserve: cells.get("reserve").map(str::to_owned),
    })
}

pub(super) fn reserves(folder: &Folder, read: &mut Read) -> Table<ReserveRow> {
    table(folder, read, &RESERVES, |cells| ReserveRow {
        reserve: cells.name("reserve"),
        asset: cells.name("asset"),
        supplied_eth: cells.number("supplied_eth"),
        other_borrowed_eth: cells.number_or("other_borrowed_eth", 0.0),
        optimal_utilization: cells.number("optimal_utilization"),
        base_rate: cells.number("base_rate"),
        slope_1: cells.number("slope_1"),
        slope_2: cells.number("slope_2"),
    })
}

pub(super) fn portfolios(folder: &Folder, read: &mut Read) -> Table<PortfolioRow> {
    table(folder, read, &PORTFOLIOS, |cells| PortfolioRow {
        portfolio: cells.name("portfolio"),
        holds: portfolio_item(cells),
        amount_eth: cells.number("amount_eth"),
    })
}

fn portfolio_item(cells: &mut Cells<'_>) -> PortfolioItem {
    let (asset, market) = (cells.get("asset"), cells.get("market"));
    match (asset.map(str::to_owned), market.map(str::to_owned)) {
        (Some(asset), None) => return PortfolioItem::Asset(asset),
        (None, Some(market)) => return PortfolioItem::Market(market),
        (None, None) => {
            cells.fault("asset", "an asset, or a market in the column `market`, was expected");
        }
        (Some(_), Some(_)) => {
            cells.fault("market", "an asset or a market was expected, not both in one row");
        }
    }
    PortfolioItem::Asset(String::new())
}
