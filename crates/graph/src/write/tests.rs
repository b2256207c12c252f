//! Whatever is written is read again as it was, and nothing is overwritten or left half-written.

use std::collections::BTreeMap;

use super::*;
use crate::spec::{
    AllocationRow, AssetKind, AssetRow, AvsRow, GroupRow, HoldingRow, Invariant, LoanRow, Oracle,
    PoolRow, PortfolioItem, PortfolioRow, ReserveRow, Sharing, Yields,
};

/// Every table, awkward names and numbers, empty optional cells.
fn full() -> NetworkSpec {
    let mut spec = small();
    spec.assets.rows.push(asset("rs,ETH \"x\"", AssetKind::Lrt, Some(0.1 + 0.2)));
    spec.operators.rows.push(operator("b", &[("cloud", "a, b"), ("tier", "2")]));
    spec.operators.rows.push(operator("=HYPERLINK(\"//e.com\")", &[("@x", "+1-2"), ("=y", "-1")]));
    spec.operators.rows.push(operator("'@kiln", &[]));
    spec.avs.rows = vec![
        avs("EigenDA", Sharing::Unique, 1.0 / 3.0, None, true),
        avs("ünïcode ✓", Sharing::Shared, f64::EPSILON, Some(1e21), false),
    ];
    spec.allocations.rows = vec![AllocationRow {
        avs: "EigenDA".into(),
        operator: "b".into(),
        asset: "*".into(),
        fraction: 1.0 / 7.0,
    }];
    spec.groups.rows = vec![GroupRow {
        group: "g".into(),
        kind: "client".into(),
        operator: "b".into(),
        share: 0.5,
    }];
    spec.pools.rows = vec![pool(Invariant::Stableswap), pool(Invariant::ConstantProduct)];
    spec.loans.rows = vec![loan(Oracle::ExchangeRate), loan(Oracle::Market)];
    spec.reserves.rows = vec![
        ReserveRow::new("weth, \"core\"", "ETH", 2.5e6),
        ReserveRow { other_borrowed_eth: 0.1 + 0.2, ..ReserveRow::new("usd", "USD", 1e-12) },
    ];
    spec.portfolios.rows = vec![
        portfolio(PortfolioItem::Asset("stETH".into())),
        portfolio(PortfolioItem::Market("aave".into())),
    ];
    spec
}

/// The three required tables only.
fn small() -> NetworkSpec {
    NetworkSpec {
        meta: MetaSpec {
            name: "a \"name\"".into(),
            as_of: "2024-10-31".into(),
            source: "back\\slash".into(),
            synthetic: true,
            notes: "two\nlines, 'quoted'".into(),
        },
        assets: Table::new("", vec![asset("stETH", AssetKind::Lst, None)]),
        operators: Table::new("", vec![operator("a", &[("cloud", "c")]), operator("c", &[])]),
        holdings: Table::new("", vec![holding(None, 1e-18), holding(Some("a"), 1.0 / 3.0)]),
        ..Default::default()
    }
}

fn asset(name: &str, kind: AssetKind, supply_eth: Option<f64>) -> AssetRow {
    AssetRow {
        asset: name.into(),
        kind,
        supply_eth,
        buffer_eth: 1e-300,
        cover_eth: 123_456_789.123_456_79,
        redemption_days: 7.0,
        vol_annual: 0.0,
        beta_market: -0.25,
        yields: Yields { staking: 0.029, avs_fees: 1e-9, incentives: 1.0 / 3.0, campaign: 0.0 },
    }
}

fn operator(name: &str, attributes: &[(&str, &str)]) -> OperatorRow {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    OperatorRow {
        operator: name.into(),
        entity: "A; B".into(),
        attributes: attributes.iter().map(owned).collect::<BTreeMap<_, _>>(),
    }
}

fn holding(operator: Option<&str>, amount_eth: f64) -> HoldingRow {
    HoldingRow {
        holder: "stETH".into(),
        operator: operator.map(str::to_owned),
        asset: "ETH".into(),
        amount_eth,
    }
}

fn avs(
    name: &str,
    sharing: Sharing,
    attack_threshold: f64,
    profit_from_corruption_eth: Option<f64>,
    redistributes: bool,
) -> AvsRow {
    AvsRow {
        avs: name.into(),
        sharing,
        attack_threshold,
        profit_from_corruption_eth,
        secured_value_eth: 5e-324,
        redistributes,
    }
}

fn pool(invariant: Invariant) -> PoolRow {
    PoolRow {
        pool: format!("{invariant:?}"),
        asset: "stETH".into(),
        invariant,
        reserve_asset_eth: 524_839.79,
        reserve_eth: f64::MAX,
        amplification: 50.0,
        fee: 0.000_4,
    }
}

fn loan(oracle: Oracle) -> LoanRow {
    LoanRow {
        market: "aave".into(),
        collateral: "stETH".into(),
        debt_asset: "ETH".into(),
        oracle,
        ltv: 0.9,
        liquidation_threshold: 0.95,
        liquidation_bonus: 0.01,
        health_factor: 1.05,
        collateral_eth: 1e6,
        close_factor: 0.5,
        reserve: (oracle == Oracle::Market).then(|| "weth, \"core\"".into()),
    }
}

fn portfolio(holds: PortfolioItem) -> PortfolioRow {
    PortfolioRow { portfolio: "fund".into(), holds, amount_eth: 1.5 }
}

/// The rows alone: files and lines are of the folder read.
fn without_places(mut spec: NetworkSpec) -> NetworkSpec {
    fn strip<R>(table: &mut Table<R>) {
        *table = Table::new("", std::mem::take(&mut table.rows));
    }
    strip(&mut spec.assets);
    strip(&mut spec.operators);
    strip(&mut spec.avs);
    strip(&mut spec.holdings);
    strip(&mut spec.allocations);
    strip(&mut spec.groups);
    strip(&mut spec.pools);
    strip(&mut spec.loans);
    strip(&mut spec.reserves);
    strip(&mut spec.portfolios);
    spec
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[track_caller]
fn check(spec: NetworkSpec) {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("new").join("network");
    write_network(&spec, &dir).unwrap();
    let read = crate::read_network(&dir).unwrap();
    assert_eq!(without_places(read), without_places(spec));
}

#[test]
fn what_is_written_is_read_again() {
    check(full());
    check(small());
}

#[test]
fn only_required_tables_are_written_without_rows() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("network");
    write_network(&NetworkSpec::default(), &dir).unwrap();
    let names = ["assets.csv", "holdings.csv", "network.toml", "operators.csv"];
    assert_eq!(names_in(&dir), names);
    assert_eq!(names_in(parent.path()), ["network"]);
}

#[test]
fn what_is_there_is_left_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("network");
    fs::create_dir(&dir).unwrap();
    let error = write_network(&full(), &dir).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert!(error.to_string().contains(dir.to_str().unwrap()), "{error}");
    assert!(names_in(&dir).is_empty());
    assert_eq!(names_in(parent.path()), ["network"]);
}

#[test]
fn a_path_without_a_name_is_refused() {
    let error = write_network(&full(), Path::new("..")).unwrap_err();
    assert!(matches!(error.kind(), io::ErrorKind::AlreadyExists), "{error}");
    let error = write_network(&full(), Path::new("no-such/..")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}
