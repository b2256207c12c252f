//! Groups of loans have the collateral and the debt of their positions, whatever the groups.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use slashfall_calibrate::loans::{LoanRequest, Loans, group_loans, table};
use slashfall_graph::spec::Oracle;

const MARKETS: &str = "market,collateral,debt_asset,ltv,liquidation_threshold,liquidation_bonus,\
                       oracle,close_factor,reserve
core,weETH,WETH,0.78,0.8,0.05,exchange_rate,0.5,weth
isolated,ezETH,WETH,0.7,0.75,0.1,market,1,
";
const POSITIONS: &str = "market,collateral_eth,debt_eth
core,100,76
core,50,38.5
core,200,100
core,30,0
isolated,10,7.6
";

fn group(dir: &Path, edges: &[f64]) -> Loans {
    let file = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let request = LoanRequest {
        markets: file("markets.csv", MARKETS),
        positions: file("positions.csv", POSITIONS),
        oracle: None,
        close_factor: None,
        edges: edges.to_vec(),
        rename: vec![("WETH".into(), "ETH".into())],
    };
    group_loans(&request).unwrap()
}

/// By hand: 80/76 and 40/38.5 are between 1 and 1.1, and together owe 114.5 against 150; 160/100 is
/// beyond; 7.5/7.6 is due.
#[test]
fn groups_are_those_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let loans = group(dir.path(), &[1.0, 1.1]);
    let rows: Vec<(&str, f64, f64)> = loans
        .rows
        .iter()
        .map(|row| (row.market.as_str(), row.health_factor, row.collateral_eth))
        .collect();
    let expected =
        [("core", 120.0 / 114.5, 150.0), ("core", 1.6, 200.0), ("isolated", 7.5 / 7.6, 10.0)];
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!(row.0, expected.0);
        assert!(
            (row.1 - expected.1).abs() < 1e-12 && (row.2 - expected.2).abs() < 1e-12,
            "{row:?}"
        );
    }
    let first = &loans.rows[0];
    assert_eq!((first.debt_asset.as_str(), first.oracle), ("ETH", Oracle::ExchangeRate));
    assert_eq!(first.reserve.as_deref(), Some("weth"));
    assert_eq!(loans.rows[2].reserve, None);
    assert!((loans.spread - (1.0 - (40.0 / 38.5) / (120.0 / 114.5))).abs() < 1e-12);
    assert_eq!(loans.notes.len(), 2, "{:?}", loans.notes);
    let csv = String::from_utf8(table(&loans).unwrap()).unwrap();
    assert_eq!(csv.lines().count(), 4);
}

#[test]
fn totals_do_not_depend_on_the_groups() {
    let dir = tempfile::tempdir().unwrap();
    for edges in [&[][..], &[1.0], &[1.0, 1.05, 1.1, 2.0]] {
        let loans = group(dir.path(), edges);
        let collateral: f64 = loans.rows.iter().map(|row| row.collateral_eth).sum();
        let debt: f64 = loans
            .rows
            .iter()
            .map(|row| row.liquidation_threshold * row.collateral_eth / row.health_factor)
            .sum();
        assert!((collateral - 360.0).abs() < 1e-9 && (debt - 222.1).abs() < 1e-9, "{edges:?}");
        assert!((loans.debt_eth - 222.1).abs() < 1e-9 && loans.positions == 4);
    }
}

/// Morpho's one number: at an LLTV of 0.86 liquidators get 1 / (0.3 x 0.86 + 0.7), 4.38 % more.
#[test]
fn terms_of_morpho_follow_from_its_one_number() {
    let dir = tempfile::tempdir().unwrap();
    let markets = dir.path().join("m.csv");
    std::fs::write(&markets, "market_id,collateral,loan,lltv,oracle\n0xe7,wstETH,USDT,0.86,0x95\n")
        .unwrap();
    let positions = dir.path().join("p.csv");
    std::fs::write(&positions, "market_id,collateral_eth,debt_eth\n0xe7,100,50\n").unwrap();
    let mut request = LoanRequest {
        markets,
        positions,
        oracle: Some(Oracle::ExchangeRate),
        close_factor: Some(1.0),
        edges: Vec::new(),
        rename: vec![("USDT".into(), "USD".into())],
    };
    let row = group_loans(&request).unwrap().rows.remove(0);
    assert!((row.liquidation_bonus - 0.043_841_336_116_910_2).abs() < 1e-12, "{row:?}");
    assert!((row.health_factor - 1.72).abs() < 1e-12 && row.debt_asset == "USD");
    // An address says nothing of the price that is believed.
    request.oracle = None;
    request.close_factor = None;
    let problems = group_loans(&request).unwrap_err().to_string();
    assert!(problems.contains("an oracle was expected") && problems.contains("a close factor"));
}
