//! The ledger of a path: what its days come to is what its figures say.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use slashfall_cascade::{Channel, Figure, Happened};
use slashfall_graph::spec::{AssetKind, Invariant, LoanRow, PoolRow, ReserveRow, Sharing};
use slashfall_graph::{Network, Sketch, Yields};
use slashfall_output::DaySums;
use slashfall_sampling::{Node, RunSpec, replay};

/// Loops on a token that takes ten years to redeem: where a panic keeps liquidators away from loans
/// that a slash has left worth less than their debt, borrowers close them at a loss.
fn network() -> Network {
    let loan = |market: &str, health: f64| LoanRow {
        ltv: 0.9,
        liquidation_threshold: 0.95,
        reserve: Some("weth".to_owned()),
        ..LoanRow::new(market, "lrt", health, 400.0)
    };
    Sketch::new()
        .asset("lst", AssetKind::Lst)
        .asset("lrt", AssetKind::Lrt)
        .with(|asset| (asset.cover_eth, asset.redemption_days) = (3.0, 3_650.0))
        .yields(Yields { staking: 0.03, ..Yields::default() })
        .asset("USD", AssetKind::Base)
        .with(|asset| asset.vol_annual = 0.6)
        .operator("a", "A")
        .operator("b", "B")
        .avs("x", Sharing::Unique)
        .holding("lst", "a", "ETH", 300.0)
        .holding("lrt", "a", "ETH", 2_000.0)
        .holding("lrt", "b", "lst", 50.0)
        .holding("direct", "b", "USD", 70.0)
        .allocation("x", "*", "*", 0.6)
        .pool(PoolRow {
            pool: "p".to_owned(),
            asset: "lrt".to_owned(),
            invariant: Invariant::Stableswap,
            reserve_asset_eth: 600.0,
            reserve_eth: 600.0,
            amplification: 100.0,
            fee: 0.0,
        })
        .reserve(ReserveRow {
            other_borrowed_eth: 200.0,
            ..ReserveRow::new("weth", "ETH", 1_000.0)
        })
        .loan(loan("tight", 1.02))
        .loan(loan("loose", 1.3))
        .levered("loop", "tight", 100.0)
        .network()
        .unwrap()
}

const RUN: &str = r#"name = "ledger"
network = "."
[run]
seed = 11
paths = 10
horizon_days = 40
levels = [0.9]
[dependence]
copula = "independent"
[[source]]
kind = "avs_fault"
target = { avs = "x", operator = "*" }
rate = 8.0
severity = { uniform = [0.0, 0.5] }
[[source]]
kind = "validator_incident"
target = { operator = "*" }
rate = 5.0
severity = { uniform = [0.0, 0.3] }
[[source]]
kind = "exploit"
target = { asset = "lrt" }
rate = 2.0
severity = 0.2
[[source]]
kind = "unbacked_mint"
target = { asset = "lrt" }
rate = 2.0
severity = 0.2
pledge_share = 0.5
[[source]]
kind = "reserve_withdrawal"
target = { reserve = "weth" }
rate = 8.0
severity = 0.9
[[source]]
kind = "depeg"
target = { asset = "lrt" }
rate = 8.0
severity = { uniform = [0.0, 0.2] }
[noise.default]
sigma_daily = 0.001
beta_market = 0.5
[redemption.default]
base = 0.002
on_loss = 1.0
max_sale_discount = 0.9
[security]
security_slack = 0.3
[lending]
unwind_on_carry = 1000.0
unwind_max = 1.0
run_on_bad_debt = 1.0
run_max = 0.5
"#;

/// What the days lost, falls of base prices and debt open at the horizon are all that is lost.
#[test]
fn the_days_lose_what_the_path_loses() {
    let network = network();
    let root = Node::parse("run.toml", RUN).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap_or_else(|problems| panic!("{problems}"));
    let scenario = spec.resolve("run.toml", &root, &network);
    let model = scenario.unwrap_or_else(|problems| panic!("{problems}")).swap_remove(0).model;
    let layout = model.layout();
    let paths: Vec<u64> = (0..2_000).collect();
    let (mut n_lossy, mut left_by_loops) = (0, 0.0);
    for record in replay(&model, &paths, |record| record) {
        let days = DaySums::of(&record.record);
        let figure = |figure| record.figures[layout.system(figure)];
        let total = figure(Figure::Total);
        let in_days: f64 = days.iter().map(|day| day.lost_eth).sum();
        let prices = record.figures[layout.channel(Channel::BasePrice)];
        let sum = in_days + prices + figure(Figure::BadDebtOpen);
        let (path, size) = (record.path, in_days.abs().max(prices.abs()).max(1.0));
        assert!((sum - total).abs() < 1e-9 * size, "path {path}: {sum}, not {total}");
        let bad_debt: f64 = days.iter().map(|day| day.bad_debt_eth).sum();
        assert!((bad_debt - figure(Figure::BadDebt)).abs() < 1e-9 * size, "path {path}: bad debt");
        n_lossy += u32::from(total > 1.0);
        left_by_loops += record.record.steps.iter().fold(0.0, |sum, step| match step.happened {
            Happened::Unwound { bad_debt_eth, .. } => sum + bad_debt_eth,
            _ => sum,
        });
    }
    assert!(n_lossy > 500, "{n_lossy} paths lost anything");
    assert!(left_by_loops > 0.0, "no loop left a debt");
}
