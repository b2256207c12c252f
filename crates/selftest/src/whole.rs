//! What holds of every run, on a network with every kind of thing in it: quiet paths cost nothing, the
//! books balance, contributions add up, and a path is the same however it is played.

use slashfall_cascade::Figure;
use slashfall_graph::spec::{AssetKind, LoanRow, Oracle, PoolRow, ReserveRow, Sharing};
use slashfall_graph::{Sketch, Yields};
use slashfall_output::{CloseUps, Contribution, Looks, contributions, scopes};
use slashfall_sampling::{Model, replay};

use crate::outcome::Check;
use crate::play::{BATCH_PATHS, collect, each_batch, level, ranked, resolve, run_file};
use crate::{Answer, Problem, Size, Unsolvable};

pub(crate) const PROBLEMS: [Problem; 4] = [
    Problem {
        name: "nothing happens",
        source: "no source and no noise: no loss, to the bit",
        is_quick: false,
        solve: nothing_happens,
    },
    Problem {
        name: "books",
        source: "double entry (docs/model.md, section 7)",
        is_quick: false,
        solve: books,
    },
    Problem {
        name: "contributions",
        source: "Euler's theorem (Tasche 1999): components add up to the whole",
        is_quick: false,
        solve: contributions_add_up,
    },
    Problem {
        name: "replay",
        source: "a path is a function of its number alone, to the bit",
        is_quick: true,
        solve: replay_agrees,
    },
];

/// An LST, an LRT on both and on ETH, a bridged token; two AVSs, pools, loans, a reserve.
fn sketch() -> Sketch {
    let lent = |market: &str, collateral: &str, health_factor: f64| LoanRow {
        reserve: Some("weth".to_owned()),
        ..LoanRow::new(market, collateral, health_factor, 40.0)
    };
    Sketch::new()
        .asset("BTC", AssetKind::Base)
        .with(|asset| asset.vol_annual = 0.5)
        .asset("stETH", AssetKind::Lst)
        .with(|asset| asset.redemption_days = 2.0)
        .yields(Yields { staking: 0.03, ..Yields::default() })
        .asset("eETH", AssetKind::Lrt)
        .with(|asset| asset.cover_eth = 3.0)
        .asset("bridged", AssetKind::Bridged)
        .operator("a", "A")
        .operator("b", "B")
        .avs("x", Sharing::Unique)
        .avs("y", Sharing::Unique)
        .with_avs(|avs| (avs.redistributes, avs.secured_value_eth) = (true, 50.0))
        .holding("stETH", "a", "ETH", 600.0)
        .holding("eETH", "a", "ETH", 100.0)
        .holding("eETH", "b", "stETH", 50.0)
        .holding("eETH", "b", "BTC", 50.0)
        .holding("bridged", "", "eETH", 20.0)
        .holding("direct", "b", "ETH", 70.0)
        .allocation("x", "*", "*", 0.3)
        .allocation("y", "*", "*", 0.4)
        .pool(PoolRow::stableswap("curve", "stETH", 30.0, 30.0))
        .pool(PoolRow::constant_product("uniswap", "stETH", 10.0, 10.0))
        .pool(PoolRow::stableswap("balancer", "eETH", 12.0, 12.0))
        .reserve(ReserveRow::new("weth", "ETH", 100.0))
        .loan(lent("steth", "stETH", 1.02))
        .loan(LoanRow { oracle: Oracle::Market, ..LoanRow::new("eeth", "eETH", 1.03, 20.0) })
}

const BEHAVIOUR: &str = r"
[redemption.default]
on_loss = 0.5
on_discount = 0.1
tolerance = 0.003
arbitrage_eth_per_day = 5.0
[security]
security_slack = 0.1
attack_prob = 0.2
loss_given_attack = 0.5
[lending]
run_on_bad_debt = 1.0
unwind_on_carry = 0.5
";

const SOURCES: &str = r#"
[[source]]
kind = "avs_fault"
target = { avs = "*", operator = "*" }
rate = { events = 3, exposure_years = 4.0 }
severity = { beta = { mean = 0.2, concentration = 4.0 } }
loadings = { f = 0.5 }
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
kind = "exploit"
target = { asset = "*" }
rate = 0.5
severity = 0.1
sale_days = 2
[[source]]
kind = "unbacked_mint"
target = { asset = "*" }
rate = 0.5
severity = 0.1
pledge_share = 0.5
[[source]]
kind = "depeg"
target = { asset = "*" }
rate = 2.0
severity = 0.1
flight = 0.5
[noise.default]
sigma_daily = 0.001
beta_market = 0.5
"#;

const DEPENDENCE: &str = "copula = \"student_t\"\ndf = 4\nfactors = [\"f\"]";

/// A month in which much happens.
fn eventful() -> String {
    run_file(30, DEPENDENCE, &format!("{BEHAVIOUR}{SOURCES}"))
}

/// The largest loss or gain of any scope on any path.
fn nothing_happens(_: Size) -> Answer {
    let mut still = sketch();
    still.0.assets.rows[0].vol_annual = 0.0;
    let network = still.network()?;
    let model = resolve(&network, &run_file(30, DEPENDENCE, BEHAVIOUR))?.model;
    let scopes = scopes(model.setting());
    let mut largest = 0.0f64;
    each_batch(&model, 64, 64, |batch| {
        for (_, row) in batch.rows() {
            let sizes = scopes.iter().map(|scope| scope.loss_eth(row).abs());
            largest = sizes.fold(largest, f64::max);
        }
    });
    Ok(vec![Check::exact(format!("largest loss of {} scopes", scopes.len()), 0.0, largest, 0.0)])
}

/// What holders lost against who got it, and total against its two parts.
fn books(_: Size) -> Answer {
    let network = sketch().network()?;
    let model = resolve(&network, &eventful())?.model;
    let collector = collect(&model, 16_384);
    let mean = |scope: &str| ranked(&collector, scope).map(|losses| losses.mean().value);
    let parts = mean("system_direct")? + mean("system_contagion")?;
    Ok(vec![
        Check::exact("worst imbalance, of the stake", 0.0, collector.books_error_max(), 1e-12),
        Check::exact("direct and contagion", mean("system")?, parts, 1e-11),
    ])
}

/// The largest gap, over scopes, levels and kinds of component, between an expected shortfall and the
/// sum of its components, relative to it.
fn contributions_add_up(_: Size) -> Answer {
    let network = sketch().network()?;
    let model = resolve(&network, &eventful())?.model;
    let collector = collect(&model, 8_192);
    let levels = [level(0.99)?, level(0.999)?];
    // Fewer than there are in a tail, so that some stand for others.
    let looked = CloseUps::take(&model, &collector, &levels, Looks::of(40), || false);
    let looked = looked.ok_or(Unsolvable::Missing("contribution"))?;
    let all = contributions(&model, &looked, &levels);
    let mut gaps: Vec<f64> = Vec::new();
    let same = |a: &Contribution, b: &Contribution| {
        (&a.scope, a.scope_kind, a.level, a.component_kind)
            == (&b.scope, b.scope_kind, b.level, b.component_kind)
    };
    for group in all.chunk_by(same) {
        let sum: f64 = group.iter().map(|component| component.estimate.value).sum();
        let losses = ranked(&collector, &group[0].scope)?;
        let es = losses.expected_shortfall(group[0].level).value;
        gaps.push((sum / es - 1.0).abs());
    }
    let largest = gaps.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        Check::exact(format!("largest gap of {} sums", gaps.len()), 0.0, largest, 1e-9),
        // Seven kinds of component, two levels; two scopes of the system, which have origins too, and
        // three assets.
        Check::exact("sums", 74.0, gaps.len() as f64, 0.0),
    ])
}

/// Figures of all paths, in batches of a length.
fn figures(model: &Model<'_>, n: u64, batch_paths: usize) -> Vec<f64> {
    let mut all = Vec::new();
    each_batch(model, n, batch_paths, |batch| all.extend_from_slice(&batch.figures));
    all
}

/// Number of figures that differ in any bit.
fn n_different(a: &[f64], b: &[f64]) -> f64 {
    let differ = a.iter().zip(b).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    (differ + a.len().abs_diff(b.len())) as f64
}

/// Paths played together, in registers and on all cores, against the same replayed alone and told, and
/// against batches of another length.
fn replay_agrees(size: Size) -> Answer {
    let network = sketch().network()?;
    let model = resolve(&network, &eventful())?.model;
    let n = size.paths(32, 4_096);
    let together = figures(&model, n, BATCH_PATHS);
    let paths: Vec<u64> = (0..n).collect();
    let alone = replay(&model, &paths, |path| path.figures).concat();
    let short = figures(&model, n, 60);
    let (layout, width) = (model.layout(), model.layout().width());
    let books =
        together.chunks_exact(width).map(|row| row[layout.system(Figure::BooksError)].abs());
    Ok(vec![
        Check::exact("worst imbalance of the books", 0.0, books.fold(0.0, f64::max), 1e-12),
        Check::exact("figures that differ when replayed", 0.0, n_different(&together, &alone), 0.0),
        Check::exact("in batches of 60 paths", 0.0, n_different(&together, &short), 0.0),
    ])
}
