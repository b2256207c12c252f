//! The columns of each table as a folder is written, and the cells of its rows: every column is
//! there, whether or not the format asks for it, so that a written folder hides no default.

use crate::spec::{
    AllocationRow, AssetKind, AssetRow, AvsRow, GroupRow, HoldingRow, Invariant, LoanRow, Oracle,
    PoolRow, PortfolioItem, PortfolioRow, ReserveRow, Sharing,
};

pub(super) const ASSETS: [&str; 12] = [
    "asset",
    "kind",
    "supply_eth",
    "buffer_eth",
    "cover_eth",
    "redemption_days",
    "vol_annual",
    "beta_market",
    "yield_staking",
    "yield_avs_fees",
    "yield_incentives",
    "yield_campaign",
];

pub(super) fn asset_cells(row: &AssetRow) -> Vec<String> {
    vec![
        row.asset.clone(),
        name_of(&AssetKind::NAMES, row.kind),
        optional(row.supply_eth),
        row.buffer_eth.to_string(),
        row.cover_eth.to_string(),
        row.redemption_days.to_string(),
        row.vol_annual.to_string(),
        row.beta_market.to_string(),
        row.yields.staking.to_string(),
        row.yields.avs_fees.to_string(),
        row.yields.incentives.to_string(),
        row.yields.campaign.to_string(),
    ]
}

pub(super) const HOLDINGS: [&str; 4] = ["holder", "operator", "asset", "amount_eth"];

pub(super) fn holding_cells(row: &HoldingRow) -> Vec<String> {
    vec![
        row.holder.clone(),
        row.operator.clone().unwrap_or_default(),
        row.asset.clone(),
        row.amount_eth.to_string(),
    ]
}

pub(super) const AVS: [&str; 6] = [
    "avs",
    "sharing",
    "attack_threshold",
    "profit_from_corruption_eth",
    "secured_value_eth",
    "redistributes",
];

pub(super) fn avs_cells(row: &AvsRow) -> Vec<String> {
    vec![
        row.avs.clone(),
        name_of(&Sharing::NAMES, row.sharing),
        row.attack_threshold.to_string(),
        optional(row.profit_from_corruption_eth),
        row.secured_value_eth.to_string(),
        row.redistributes.to_string(),
    ]
}

pub(super) const ALLOCATIONS: [&str; 4] = ["avs", "operator", "asset", "fraction"];

pub(super) fn allocation_cells(row: &AllocationRow) -> Vec<String> {
    vec![row.avs.clone(), row.operator.clone(), row.asset.clone(), row.fraction.to_string()]
}

pub(super) const GROUPS: [&str; 4] = ["group", "kind", "operator", "share"];

pub(super) fn group_cells(row: &GroupRow) -> Vec<String> {
    vec![row.group.clone(), row.kind.clone(), row.operator.clone(), row.share.to_string()]
}

pub(super) const POOLS: [&str; 7] =
    ["pool", "asset", "invariant", "reserve_asset_eth", "reserve_eth", "amplification", "fee"];

pub(super) fn pool_cells(row: &PoolRow) -> Vec<String> {
    vec![
        row.pool.clone(),
        row.asset.clone(),
        name_of(&Invariant::NAMES, row.invariant),
        row.reserve_asset_eth.to_string(),
        row.reserve_eth.to_string(),
        row.amplification.to_string(),
        row.fee.to_string(),
    ]
}

pub(super) const LOANS: [&str; 11] = [
    "market",
    "collateral",
    "debt_asset",
    "oracle",
    "ltv",
    "liquidation_threshold",
    "liquidation_bonus",
    "health_factor",
    "collateral_eth",
    "close_factor",
    "reserve",
];

pub(super) fn loan_cells(row: &LoanRow) -> Vec<String> {
    vec![
        row.market.clone(),
        row.collateral.clone(),
        row.debt_asset.clone(),
        name_of(&Oracle::NAMES, row.oracle),
        row.ltv.to_string(),
        row.liquidation_threshold.to_string(),
        row.liquidation_bonus.to_string(),
        row.health_factor.to_string(),
        row.collateral_eth.to_string(),
        row.close_factor.to_string(),
        row.reserve.clone().unwrap_or_default(),
    ]
}

pub(super) const RESERVES: [&str; 8] = [
    "reserve",
    "asset",
    "supplied_eth",
    "other_borrowed_eth",
    "optimal_utilization",
    "base_rate",
    "slope_1",
    "slope_2",
];

pub(super) fn reserve_cells(row: &ReserveRow) -> Vec<String> {
    vec![
        row.reserve.clone(),
        row.asset.clone(),
        row.supplied_eth.to_string(),
        row.other_borrowed_eth.to_string(),
        row.optimal_utilization.to_string(),
        row.base_rate.to_string(),
        row.slope_1.to_string(),
        row.slope_2.to_string(),
    ]
}

pub(super) const PORTFOLIOS: [&str; 4] = ["portfolio", "asset", "market", "amount_eth"];

pub(super) fn portfolio_cells(row: &PortfolioRow) -> Vec<String> {
    let (asset, market) = match &row.holds {
        PortfolioItem::Asset(asset) => (asset.clone(), String::new()),
        PortfolioItem::Market(market) => (String::new(), market.clone()),
    };
    vec![row.portfolio.clone(), asset, market, row.amount_eth.to_string()]
}

fn name_of<T: Copy + PartialEq>(names: &[(&'static str, T)], value: T) -> String {
    names.iter().find(|(_, named)| *named == value).map_or_else(String::new, |(n, _)| (*n).into())
}

/// `Display` of an `f64` is the shortest text that reads back as the same number.
fn optional(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
