//! Numbers at the ends of their ranges: whatever is asked, figures are finite, the books balance, and more of a
//! cause is not less of its effect.

#![expect(clippy::unwrap_used, reason = "a test stops where its own networks fail")]

mod support;

use proptest::prelude::{ProptestConfig, Strategy, TestCaseError, prop_assert};
use proptest::test_runner::{RngSeed, TestRunner};
use slashfall_cascade::{AssetFigure, Figure, PortfolioFigure};
use slashfall_graph::spec::{AssetKind, LoanRow, Oracle, PoolRow, ReserveRow, Sharing};
use slashfall_graph::{Network, Sketch};
use slashfall_sampling::Model;
use support::{equal_names, events, model, run, year};

/// Of the stake: sums of a path may be off by so much, however many terms and however unlike they are.
const BOOKS: f64 = 1e-9;
const PATHS: u64 = 300;
/// In ETH: there is no less.
const WEI: f64 = 1e-18;

fn check<T: std::fmt::Debug>(
    cases: u32,
    strategy: impl Strategy<Value = T>,
    property: impl Fn(T) -> Result<(), TestCaseError>,
) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_130),
        ..ProptestConfig::default()
    };
    if let Err(failure) = TestRunner::new(config).run(&strategy, property) {
        panic!("{failure}");
    }
}

/// Numbers of all magnitudes between two.
fn magnitudes(low: f64, high: f64) -> impl Strategy<Value = f64> {
    (low.ln()..=high.ln()).prop_map(f64::exp)
}

/// A network with every mechanism: holders of `eth`, one small one beside them, markets of `depth`, and loans at
/// `health`.
fn village(eth: f64, small: f64, depth: f64, health: f64) -> Network {
    village_with_pools(eth, small, (1.2 * depth, depth), health)
}

/// The same with pools that have so much of either side.
fn village_with_pools(eth: f64, small: f64, sides: (f64, f64), health: f64) -> Network {
    sketched(eth, small, sides, health).network().unwrap()
}

fn sketched(eth: f64, small: f64, (asset, base): (f64, f64), health: f64) -> Sketch {
    let lent = |collateral: &str, oracle| LoanRow {
        oracle,
        reserve: Some("weth".to_owned()),
        ..LoanRow::new(&format!("on {collateral}"), collateral, health, 0.05 * eth)
    };
    Sketch::new()
        .asset("stETH", AssetKind::Lst)
        .with(|asset| asset.redemption_days = 2.0)
        .asset("eETH", AssetKind::Lrt)
        .with(|asset| asset.cover_eth = 0.001 * eth)
        .asset("tiny", AssetKind::Lrt)
        .asset("bridged", AssetKind::Bridged)
        .operator("a", "A")
        .operator("b", "B")
        .operator("c", "C")
        .avs("x", Sharing::Unique)
        .avs("y", Sharing::Unique)
        .with_avs(|avs| (avs.redistributes, avs.secured_value_eth) = (true, 0.1 * eth))
        .holding("stETH", "a", "ETH", eth)
        .holding("stETH", "b", "ETH", 0.7 * eth)
        .holding("eETH", "a", "ETH", 0.4 * eth)
        .holding("eETH", "b", "stETH", 0.2 * eth)
        .holding("bridged", "", "eETH", 0.1 * eth)
        .holding("direct", "b", "stETH", 0.01 * eth)
        .holding("tiny", "c", "ETH", small)
        .allocation("x", "*", "*", 0.3)
        .allocation("y", "*", "*", 0.4)
        .pool(PoolRow::stableswap("curve", "stETH", asset, base))
        .pool(PoolRow::constant_product("uniswap", "eETH", base, base))
        .reserve(ReserveRow::new("weth", "ETH", 0.2 * eth))
        .loan(lent("stETH", Oracle::ExchangeRate))
        .loan(lent("eETH", Oracle::Market))
}

/// A run file of faults at this rate a year, over so many days, with markets that move and holders who leave.
fn faults(rate: f64, horizon_days: u32) -> String {
    format!(
        "name = \"extremes\"\nnetwork = \".\"\n\
         [run]\nseed = 5\npaths = 1\nhorizon_days = {horizon_days}\nlevels = [0.99]\n\
         [dependence]\ncopula = \"student_t\"\ndf = 4\nfactors = [\"f\"]\n\
         [[source]]\nkind = \"avs_fault\"\ntarget = {{ avs = \"*\", operator = \"*\" }}\nrate = {rate:?}\n\
         severity = {{ beta = {{ mean = 0.3, concentration = 2.0 }} }}\nloadings = {{ f = 0.5 }}\n\
         [[source]]\nkind = \"exploit\"\ntarget = {{ asset = \"eETH\" }}\nrate = {rate:?}\nseverity = 0.2\n\
         [noise.default]\nsigma_daily = 0.001\nbeta_market = 0.5\n\
         [redemption.default]\nbase = 0.001\non_loss = 0.5\non_discount = 0.1\ntolerance = 0.003\n\
         [security]\nsecurity_slack = 0.1\nattack_prob = 0.2\nloss_given_attack = 0.5\n\
         [beacon]\nexit_queue_eth = 100_000\ntotal_active_eth = 1e16\n"
    )
}

/// The rows of paths, each finite and in range, with books that balance.
fn sound(model: &Model<'_>, n_paths: u64) -> Result<Vec<Vec<f64>>, TestCaseError> {
    let (layout, network) = (model.layout(), model.network());
    let stake: f64 = network.holdings().iter().map(|holding| holding.units).sum();
    let rows: Vec<Vec<f64>> =
        run(model, n_paths, 64).chunks_exact(layout.width()).map(<[f64]>::to_vec).collect();
    for (path, row) in rows.iter().enumerate() {
        prop_assert!(row.iter().all(|figure| figure.is_finite()), "path {path}: {row:?}");
        let figure = |figure| row[layout.system(figure)];
        let books = figure(Figure::BooksError);
        prop_assert!(books.abs() <= BOOKS, "path {path}: books are off by {books:e}");
        let (total, direct) = (figure(Figure::Total), figure(Figure::Direct));
        let rest = total - direct - figure(Figure::Contagion);
        prop_assert!(rest.abs() <= BOOKS * stake, "path {path}: {rest:e} of {total}");
        for figure in [Figure::Burned, Figure::Redistributed, Figure::Stolen, Figure::BadDebt] {
            prop_assert!(row[layout.system(figure)] >= 0.0, "path {path}: {}", figure.name());
        }
        for index in 0..network.wrapped_assets().count() {
            let loss = row[layout.asset(index, AssetFigure::NavLoss)];
            prop_assert!(loss <= 1.0 + 1e-12, "path {path}: asset {index} lost {loss} of itself");
        }
    }
    Ok(rows)
}

/// The falls of nav of an asset.
fn nav_losses(model: &Model<'_>, rows: &[Vec<f64>], asset: &str) -> Vec<f64> {
    let network = model.network();
    let is_it = |id: &_| network.asset(*id).name == asset;
    let index = network.wrapped_assets().position(|id| is_it(&id)).unwrap();
    let column = model.layout().asset(index, AssetFigure::NavLoss);
    rows.iter().map(|row| row[column]).collect()
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

/// A holder of a billionth of an ETH beside holders of a trillion loses the fractions that it would lose alone.
#[test]
fn stakes_of_all_magnitudes_side_by_side() {
    // Attacks hang on how many leave, and that on the exit queue of the chain, which does not grow with the stake.
    let run = faults(3.0, 30).replace("attack_prob = 0.2", "attack_prob = 0.0");
    let even = village(1e3, 1e-6, 1e2, 1.5);
    let even = model(&even, &run);
    let expected = nav_losses(&even, &sound(&even, PATHS).unwrap(), "tiny");
    assert!(mean(&expected) > 0.01);
    check(40, (magnitudes(1e-9, 1e12), magnitudes(1e-9, 1e12)), |(eth, small)| {
        let network = village(eth, small, 0.1 * eth, 1.5);
        let model = model(&network, &run);
        let found = nav_losses(&model, &sound(&model, PATHS)?, "tiny");
        for (path, (found, expected)) in found.iter().zip(&expected).enumerate() {
            prop_assert!((found - expected).abs() <= 1e-9, "path {path}: {found}, not {expected}");
        }
        Ok(())
    });
}

/// At rate 0 nothing fires; at a million a year all that can fire does; between, more of it does the more often.
#[test]
fn rates_from_none_to_a_million_a_year() {
    let network = village(1e3, 1.0, 1e2, 1.5);
    let fired = |rate: f64| -> Result<f64, TestCaseError> {
        let model = model(&network, &faults(rate, 30));
        let events = model.layout().system(Figure::Events);
        let rows = sound(&model, PATHS)?;
        Ok(mean(&rows.iter().map(|row| row[events]).collect::<Vec<_>>()))
    };
    let n_sources = model(&network, &faults(1.0, 30)).sources().len() as f64;
    assert!(n_sources > 5.0);
    assert!(fired(0.0).unwrap().abs() < 1e-15);
    assert!((fired(1e6).unwrap() - n_sources).abs() < 1e-12);
    check(25, (magnitudes(1e-9, 1e6), 1.0..100.0), |(rate, more)| {
        let (few, many) = (fired(rate)?, fired(f64::min(rate * more, 1e6))?);
        prop_assert!(few <= many, "{few} events at {rate}, {many} at {more} times it");
        Ok(())
    });
}

/// Names that hang on one factor alone fail together or not at all, as often as each does.
#[test]
fn loadings_of_exactly_one() {
    const NAMES: usize = 7;
    let network = equal_names(NAMES);
    for dependence in ["copula = \"gaussian\"", "copula = \"student_t\"\ndf = 4"] {
        check(6, 0.02..0.6, |p| {
            let model = model(&network, &year(p, dependence, 1.0));
            let slashed = model.layout().system(Figure::OperatorsSlashed);
            let rows = sound(&model, 4_000)?;
            let n_all = rows.iter().filter(|row| row[slashed] > 0.5).count();
            let all = NAMES as f64;
            let is_all = |row: &&Vec<f64>| (row[slashed] - all).abs() < 0.5;
            prop_assert!(rows.iter().filter(is_all).count() == n_all, "some fail alone at {p}");
            let share = n_all as f64 / rows.len() as f64;
            let std_err = (p * (1.0 - p) / rows.len() as f64).sqrt();
            prop_assert!((share - p).abs() < 4.5 * std_err, "{share}, not {p}");
            Ok(())
        });
    }
}

/// Pools that nobody can sell into are all the same to holders, however little is in them; and from a wei to
/// all that there is to sell, on either side, books balance.
#[test]
fn pools_down_to_one_wei() {
    let run = faults(3.0, 30);
    let eth = 1e3;
    let falls = |depth: f64| -> Result<Vec<f64>, TestCaseError> {
        let network = village(eth, 1.0, depth, 3.0);
        let model = model(&network, &run);
        Ok(nav_losses(&model, &sound(&model, PATHS)?, "eETH"))
    };
    let of_a_wei = falls(WEI).unwrap();
    assert!(mean(&of_a_wei) > 0.01);
    check(30, magnitudes(WEI, 1e-9), |depth| {
        for (path, (found, expected)) in falls(depth)?.iter().zip(&of_a_wei).enumerate() {
            prop_assert!((found - expected).abs() <= 1e-9, "path {path}: {found}, not {expected}");
        }
        Ok(())
    });
    // Further out of balance no pool may be.
    check(40, (magnitudes(WEI, 4e-4), magnitudes(1e-6, 1e6)), |(asset, ratio)| {
        let sides = (asset.max(WEI / ratio), ratio * asset.max(WEI / ratio));
        let network = village_with_pools(eth, 1.0, sides, 3.0);
        sound(&model(&network, &run), PATHS).map(|_| ())
    });
}

/// A share of a market loses in proportion to what it is of the market, down to a market of one wei and up to all ETH.
#[test]
fn shares_of_markets_down_to_one_wei() {
    let run = faults(3.0, 30);
    let falls = |collateral: f64, held: f64| -> Result<Vec<f64>, TestCaseError> {
        let network = sketched(1e3, 1.0, (120.0, 100.0), 1.5)
            .loan(LoanRow::new("small", "eETH", 1.2, collateral))
            .levered("fund", "small", held)
            .network()
            .unwrap();
        let model = model(&network, &run);
        let column = model.layout().portfolio(0, PortfolioFigure::Loss);
        Ok(sound(&model, PATHS)?.iter().map(|row| row[column] / held).collect())
    };
    let of_a_wei = falls(WEI, 1.0).unwrap();
    assert!(mean(&of_a_wei) > 0.01);
    check(30, (magnitudes(WEI, 1e-10), magnitudes(1e-9, 1e15)), |(collateral, held)| {
        for (path, (found, expected)) in falls(collateral, held)?.iter().zip(&of_a_wei).enumerate()
        {
            prop_assert!((found - expected).abs() <= 1e-9, "path {path}: {found}, not {expected}");
        }
        Ok(())
    });
}

/// A loan whose health factor is exactly 1 stands while nothing falls; a hair below it does not.
#[test]
fn health_factors_of_exactly_one() {
    let quiet = faults(0.0, 1).replace("sigma_daily = 0.001", "sigma_daily = 0.0");
    let liquidated = |health: f64, run: &str| -> Result<f64, TestCaseError> {
        let network = village(1e3, 1.0, 1e2, health);
        let model = model(&network, run);
        let column = model.layout().system(Figure::Liquidated);
        Ok(mean(&sound(&model, PATHS)?.iter().map(|row| row[column]).collect::<Vec<_>>()))
    };
    assert!(liquidated(1.0, &quiet).unwrap().abs() < 1e-15);
    let run = faults(3.0, 30);
    check(20, (1.0..1.2, 1.0..1.2), |(health, better)| {
        let (weak, strong) = (liquidated(health, &run)?, liquidated(health * better, &run)?);
        prop_assert!(weak >= strong, "{weak} seized at {health}, {strong} at {better} times");
        Ok(())
    });
    assert!(liquidated(1.0, &run).unwrap() > 0.0);
}

/// Of a hundred thousand operators with stakes of all magnitudes every slash is in the books.
#[test]
fn a_hundred_thousand_operators() {
    let mut sketch = Sketch::new().avs("avs", Sharing::Unique).asset("lrt", AssetKind::Lrt);
    for number in 0..100_000 {
        let name = format!("op{number:06}");
        // From a billionth to a trillion, and all in between.
        let eth = 10f64.powf(f64::from(number % 22) - 9.0);
        let holder = if number % 2 == 0 { "lrt" } else { "direct" };
        sketch = sketch.operator(&name, &name).holding(holder, &name, "ETH", eth);
    }
    let network = sketch.allocation("avs", "*", "*", 1.0).network().unwrap();
    let run = year(0.3, "copula = \"gaussian\"", 0.5) + "[beacon]\ntotal_active_eth = 1e17\n";
    let model = model(&network, &run);
    let rows = sound(&model, 12).unwrap();
    let layout = model.layout();
    let stake: f64 = network.holdings().iter().map(|holding| holding.units).sum();
    for row in &rows {
        let (burned, total) =
            (row[layout.system(Figure::Burned)], row[layout.system(Figure::Total)]);
        assert!((burned - total).abs() <= 1e-12 * stake, "{burned} burned, {total} lost");
        assert!(row[layout.system(Figure::OperatorsSlashed)] > 100.0);
    }
}

/// What fires within a day fires within ten years, at the same time; and more does.
#[test]
fn horizons_of_a_day_and_of_ten_years() {
    let network = village(1e3, 1.0, 1e2, 1.5);
    check(6, magnitudes(0.1, 300.0), |rate| {
        let (day, decade) = (faults(rate, 1), faults(rate, 3_650));
        let (day, decade) = (model(&network, &day), model(&network, &decade));
        sound(&day, PATHS)?;
        sound(&decade, 40)?;
        let (within_day, within_decade) = (events(&day), events(&decade));
        prop_assert!(within_day.len() < within_decade.len());
        let all: std::collections::BTreeSet<_> = within_decade.into_iter().collect();
        for event in within_day {
            prop_assert!(all.contains(&event), "{event:?} is of a day and not of ten years");
        }
        Ok(())
    });
}
