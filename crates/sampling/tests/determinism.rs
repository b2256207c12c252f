//! An outcome is a pure function of network, model, seed and path: not of threads, batches, order
//! of rows, or what else is in the network.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use slashfall_graph::spec::{AssetKind, LoanRow, Oracle, PoolRow, ReserveRow, Sharing};
use slashfall_graph::{Network, Sketch, Yields};
use slashfall_sampling::{Model, event_times, replay};
use support::{model, run};

const RUN: &str = r#"
name = "everything"
network = "."
[run]
seed = 20261120
paths = 1
horizon_days = 30
levels = [0.99]
[dependence]
copula = "student_t"
df = 4
factors = ["market", "code"]
[[source]]
kind = "avs_fault"
target = { avs = "*", operator = "*" }
rate = { events = 3, exposure_years = 4.0 }
severity = { beta = { mean = 0.2, concentration = 4.0 } }
loadings = { code = 0.5 }
[[source]]
kind = "avs_incident"
target = { avs = "*" }
rate = 1.0
participation = 0.5
severity = { generalized_pareto = { threshold = 0.01, shape = 0.5, scale = 0.1 } }
loadings = { code = 0.3, market = 0.3 }
[[source]]
kind = "operator_compromise"
target = { operator = "*" }
rate = 0.5
reach = "all"
severity = { mixture = { at_one = 0.2, else = { uniform = [0.0, 0.4] } } }
[[source]]
kind = "validator_incident"
target = { operator = "*" }
rate = 1.0
severity = { empirical = [0.01, 0.1, 0.5] }
[[source]]
kind = "group_incident"
target = { group_kind = "entity" }
effect = "validator_incident"
background = 0.01
rate = 0.5
participation = 0.7
severity = 0.2
[[source]]
kind = "client_outage"
target = { group_kind = "client" }
rate = 0.5
epochs = { uniform = [100, 5000] }
[[source]]
kind = "exploit"
target = { asset = "*" }
rate = 0.3
severity = 0.1
sale_days = 2
[[source]]
kind = "unbacked_mint"
target = { asset = "*" }
rate = 0.3
severity = 0.1
pledge_share = 0.5
[[source]]
kind = "reserve_withdrawal"
target = { reserve = "*" }
rate = 1.0
severity = 0.3
[[source]]
kind = "depeg"
target = { asset = "*" }
rate = 2.0
severity = 0.1
flight = 0.5
[noise.default]
sigma_daily = 0.001
beta_market = 0.5
[redemption.default]
base = 0.001
on_loss = 0.5
on_discount = 0.1
on_yield_drop = 0.01
tolerance = 0.003
max = 0.2
arbitrage_eth_per_day = 5.0
[security]
security_slack = 0.1
attack_prob = 0.2
loss_given_attack = 0.5
[beacon]
exit_queue_eth = 100_000
[lending]
run_on_bad_debt = 1.0
run_max = 0.3
unwind_on_carry = 0.5
unwind_max = 0.2
[yield]
incentives = 0.5
from_day = 10
"#;

fn sketch() -> Sketch {
    Sketch::new()
        .asset("BTC", AssetKind::Base)
        .with(|asset| asset.vol_annual = 0.5)
        .asset("stETH", AssetKind::Lst)
        .with(|asset| asset.redemption_days = 2.0)
        .yields(Yields { staking: 0.03, ..Yields::default() })
        .asset("eETH", AssetKind::Lrt)
        .with(|asset| asset.cover_eth = 3.0)
        .yields(Yields { staking: 0.03, incentives: 0.01, ..Yields::default() })
        .asset("bridged", AssetKind::Bridged)
        .operator("a", "A")
        .operator("b", "B")
        .operator("c", "B")
        .avs("x", Sharing::Unique)
        .avs("y", Sharing::Unique)
        .with_avs(|avs| (avs.redistributes, avs.secured_value_eth) = (true, 50.0))
        .holding("stETH", "a", "ETH", 300.0)
        .holding("stETH", "b", "ETH", 300.0)
        .holding("eETH", "a", "ETH", 100.0)
        .holding("eETH", "b", "stETH", 50.0)
        .holding("eETH", "c", "BTC", 50.0)
        .holding("bridged", "", "eETH", 20.0)
        .holding("direct", "c", "ETH", 70.0)
        .holding("direct", "c", "stETH", 7.0)
        .allocation("x", "*", "*", 0.3)
        .allocation("y", "*", "*", 0.4)
        .group("prysm", "client", "a", 0.6)
        .group("prysm", "client", "b", 0.4)
        .pool(PoolRow::stableswap("curve", "stETH", 30.0, 25.0))
        .pool(PoolRow::constant_product("uniswap", "stETH", 10.0, 10.0))
        .pool(PoolRow::stableswap("balancer", "eETH", 12.0, 10.0))
        .reserve(ReserveRow::new("weth", "ETH", 100.0))
        .loan(lent("steth", "stETH", 1.02, 40.0))
        .loan(lent("steth", "stETH", 1.10, 40.0))
        .loan(LoanRow { oracle: Oracle::Market, ..LoanRow::new("eeth", "eETH", 1.03, 20.0) })
        .levered("loop", "steth", 10.0)
}

fn lent(market: &str, collateral: &str, health_factor: f64, eth: f64) -> LoanRow {
    LoanRow {
        reserve: Some("weth".to_owned()),
        ..LoanRow::new(market, collateral, health_factor, eth)
    }
}

fn on_threads(threads: usize, work: impl Fn() -> Vec<f64> + Send + Sync) -> Vec<f64> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn bits(figures: &[f64]) -> Vec<u64> {
    figures.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn threads_and_batches_change_nothing() {
    let network = sketch().network().unwrap();
    let model = model(&network, RUN);
    let expected = bits(&on_threads(1, || run(&model, 2_000, 512)));
    for (threads, batch) in [(1, 2_000), (2, 512), (2, 77), (3, 1), (3, 4_096)] {
        let found = bits(&on_threads(threads, || run(&model, 2_000, batch)));
        assert!(found == expected, "{threads} threads, batches of {batch}");
    }
}

#[test]
fn a_path_replayed_alone_is_the_same() {
    let network = sketch().network().unwrap();
    let model = model(&network, RUN);
    let all = run(&model, 3_000, 1_000);
    let paths: Vec<u64> = (0..3_000).filter(|path| path % 13 == 5 || path % 100 < 3).collect();
    let width = model.layout().width();
    for record in replay(&model, &paths, |record| record) {
        let start = usize::try_from(record.path).unwrap() * width;
        assert_eq!(bits(&record.figures), bits(&all[start..start + width]), "path {}", record.path);
    }
}

/// Entries of a recorded path add up to its losses: by asset and for the system.
#[test]
fn recorded_losses_add_up() {
    let network = sketch().network().unwrap();
    let model = model(&network, RUN);
    let layout = model.layout();
    let paths: Vec<u64> = (0..3_000).collect();
    let (mut n_with_losses, mut n_with_contagion) = (0, 0);
    for record in replay(&model, &paths, |record| record) {
        let mut total = 0.0;
        for (index, id) in network.wrapped_assets().enumerate() {
            let asset = network.asset(id);
            let fall: f64 =
                record.record.losses.iter().map(|entry| entry.nav_fall[id.index()]).sum();
            let loss = record.figures[layout.asset(index, slashfall_cascade::AssetFigure::NavLoss)];
            assert!((fall - loss * asset.nav_0).abs() < 1e-12, "path {}", record.path);
        }
        for entry in &record.record.losses {
            total += entry.asset_eth.iter().sum::<f64>() + entry.direct_eth + entry.users_eth;
        }
        let expected = record.figures[layout.system(slashfall_cascade::Figure::Total)];
        assert!((total - expected).abs() < 1e-9, "path {}: {total}, not {expected}", record.path);
        let books = record.figures[layout.system(slashfall_cascade::Figure::BooksError)];
        assert!(books.abs() < 1e-12, "path {}: books are off by {books}", record.path);
        n_with_losses += u32::from(expected.abs() > 1e-6);
        let contagion = record.figures[layout.system(slashfall_cascade::Figure::Contagion)];
        n_with_contagion += u32::from(contagion > 1e-6);
    }
    assert!(n_with_losses > 1_500 && n_with_contagion > 300, "{n_with_contagion}");
}

fn events(model: &Model<'_>) -> Vec<(u64, String, u64)> {
    let sources = model.sources();
    event_times(model, 0..2_000)
        .map(|(path, source, tau)| (path, sources[source].name().to_owned(), tau.to_bits()))
        .collect()
}

/// Another operator, AVS and asset change no draw of those that were there.
#[test]
fn what_else_is_there_changes_no_draw() {
    let small = sketch().network().unwrap();
    let large = sketch()
        .asset("aaa", AssetKind::Lrt)
        .operator("0", "Zero")
        .avs("0", Sharing::Unique)
        .holding("aaa", "0", "ETH", 10.0)
        .allocation("0", "0", "*", 0.5)
        .network()
        .unwrap();
    let (before, after) = (events(&model(&small, RUN)), events(&model(&large, RUN)));
    let names: Vec<String> =
        model(&small, RUN).sources().iter().map(|s| s.name().to_owned()).collect();
    let kept: Vec<_> = after.into_iter().filter(|(_, name, _)| names.contains(name)).collect();
    // An outage's default background is a share of the network, and moves no draw either.
    assert_eq!(before, kept);
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let network = sketch().network().unwrap();
    let mut spec = sketch().0;
    spec.assets.rows.reverse();
    spec.operators.rows.reverse();
    spec.holdings.rows.reverse();
    spec.allocations.rows.rotate_left(3);
    let shuffled: Network = slashfall_graph::resolve(&spec).unwrap().network;
    let (a, b) = (run(&model(&network, RUN), 500, 100), run(&model(&shuffled, RUN), 500, 100));
    assert_eq!(bits(&a), bits(&b));
}

/// Value stability: a change here changes every stored result, and is a change of version.
#[test]
fn results_keep_their_values() {
    let network = sketch().network().unwrap();
    let model = model(&network, RUN);
    let total = model.layout().system(slashfall_cascade::Figure::Total);
    let figures = run(&model, 1_000, 1_000);
    let sum: f64 = figures.chunks_exact(model.layout().width()).map(|row| row[total]).sum();
    assert!((sum - 42_175.126_353_641_834).abs() < 1e-6, "{sum}");
}
