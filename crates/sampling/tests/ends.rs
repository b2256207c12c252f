//! Ends of paths agree with their figures, change none of them, and depend on nothing that paths do
//! not depend on: neither batches, nor who is played with whom.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use slashfall_cascade::{
    AssetEnd, AssetFigure, Events, Figure, MarketEnd, PathInput, PortfolioFigure, PriceCurve,
    State, run_path,
};
use slashfall_graph::spec::{PortfolioItem, PortfolioRow};
use slashfall_graph::{Network, Position, read_network, resolve};
use slashfall_sampling::{Batch, Model, simulate_to_ends};
use support::everything::{RUN, sketch};
use support::{bits, equal_names, model, run, scenarios, year};

/// Figures and ends of the first `n` paths.
fn to_ends(model: &Model<'_>, n: u64, batch_paths: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut figures, mut ends) = (Vec::new(), Vec::new());
    let flow = simulate_to_ends(model, 0..n, batch_paths, |batch: &Batch| {
        assert_eq!(batch.ends.len(), batch.n_paths() * model.end_layout().width());
        figures.extend_from_slice(&batch.figures);
        ends.extend_from_slice(&batch.ends);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    (figures, ends)
}

/// The reference network, with a portfolio levered in each of its markets, and the baseline.
fn reference() -> (Network, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut spec = read_network(&root.join("data/networks/reference")).unwrap();
    let markets: BTreeSet<String> = spec.loans.rows.iter().map(|row| row.market.clone()).collect();
    spec.portfolios.rows.extend(markets.into_iter().map(|market| PortfolioRow {
        portfolio: format!("levered in {market}"),
        holds: PortfolioItem::Market(market),
        amount_eth: 1_000.0,
    }));
    let network = resolve(&spec).unwrap().network;
    (network, std::fs::read_to_string(root.join("configs/baseline.toml")).unwrap())
}

/// Price in all pools over nav as the row of an end has it.
fn pool_price(curve: Option<&PriceCurve>, end: impl Fn(AssetEnd) -> f64) -> f64 {
    let (sold, depth) = (end(AssetEnd::SoldEth), end(AssetEnd::Depth));
    let place = if sold > 0.0 { sold / depth } else { sold };
    curve.map_or(1.0, |curve| curve.price(place))
}

/// How much an end differs from the figures of its path: navs and prices, as fractions, and losses of
/// portfolios that are one position in a market, over its collateral.
fn differences(model: &Model<'_>, row: &[f64], ends: &[f64]) -> [f64; 3] {
    let (setting, network) = (model.setting(), model.network());
    let (layout, end_layout) = (model.layout(), model.end_layout());
    let mut worst = [0.0_f64; 3];
    for (index, asset) in network.wrapped_assets().enumerate() {
        let end = |end| ends[end_layout.asset(index, end)];
        let nav_loss = row[layout.asset(index, AssetFigure::NavLoss)];
        worst[0] = worst[0].max((1.0 - end(AssetEnd::Nav) - nav_loss).abs());
        let curve = setting.curve(asset);
        let price_over_nav = end(AssetEnd::Mood) * pool_price(curve, end);
        let ratio = setting.price_0(asset) / setting.nav_0(asset);
        let left = end(AssetEnd::Nav) * price_over_nav / ratio;
        let market_loss = row[layout.asset(index, AssetFigure::MarketLoss)];
        worst[1] = worst[1].max((1.0 - left - market_loss).abs());
    }
    for (index, portfolio) in network.portfolios().iter().enumerate() {
        if let [Position::Levered { market, units }] = portfolio.positions[..] {
            let collateral_eth = units * setting.price_0(network.market(market).collateral);
            let share = collateral_eth / setting.market_collateral_0(market);
            let end = |end| ends[end_layout.market(market.index(), end)];
            let loss = share * (end(MarketEnd::Loss) - end(MarketEnd::Carry));
            let figure = row[layout.portfolio(index, PortfolioFigure::Loss)];
            worst[2] = worst[2].max((loss - figure).abs() / collateral_eth);
        }
    }
    worst
}

/// Compares ends of the first `n` paths with their figures, and with those of a run that asks for none;
/// gives the least share of a market's collateral that was left, and on how many paths pools had net sales.
fn check(model: &Model<'_>, n: u64, batch_paths: usize) -> (f64, usize) {
    let (figures, ends) = to_ends(model, n, batch_paths);
    assert_eq!(bits(&figures), bits(&run(model, n, batch_paths)));
    let (layout, end_layout) = (model.layout(), model.end_layout());
    let rows = figures.chunks_exact(layout.width()).zip(ends.chunks_exact(end_layout.width()));
    let (mut least_pledged, mut n_sold) = (1.0_f64, 0);
    for (path, (row, ends)) in rows.enumerate() {
        let [nav, price, levered] = differences(model, row, ends);
        assert!(nav < 4e-15, "path {path}: navs differ by {nav:e}");
        assert!(price < 1e-12, "path {path}: prices differ by {price:e}");
        assert!(levered < 1e-9, "path {path}: losses differ by {levered:e}");
        for market in 0..model.network().markets().len() {
            let pledged = ends[end_layout.market(market, MarketEnd::Pledged)];
            assert!((0.0..=1.0).contains(&pledged), "path {path}: {pledged} pledged");
            least_pledged = least_pledged.min(pledged);
        }
        let sold = |index| ends[end_layout.asset(index, AssetEnd::SoldEth)];
        n_sold += usize::from((0..model.network().n_wrapped()).any(|index| sold(index) > 0.0));
    }
    (least_pledged, n_sold)
}

/// Each scenario of the baseline.
#[test]
fn ends_of_the_reference_network_are_those_of_its_figures() {
    let (network, toml) = reference();
    let mut least_pledged = 1.0_f64;
    for scenario in scenarios(&network, &toml).unwrap() {
        let (pledged, n_sold) = check(&scenario.model, 2_000, 1_024);
        least_pledged = least_pledged.min(pledged);
        let moves = scenario.model.setting().parameters().cascade.enabled;
        assert!(n_sold > 100 || !moves, "{}: sales on {n_sold} paths", scenario.name);
    }
    assert!(least_pledged < 0.9, "no loan was touched, {least_pledged}");
}

#[test]
fn ends_of_a_small_network_are_those_of_its_figures() {
    let network = sketch().network().unwrap();
    let (least_pledged, n_sold) = check(&model(&network, RUN), 3_000, 1_024);
    assert!(least_pledged < 0.01 && n_sold > 100, "{least_pledged}, {n_sold}");
}

/// Paths of a batch of one are played alone, others as many at once as the machine can.
#[test]
fn batches_change_no_end() {
    let (reference, toml) = reference();
    let small = sketch().network().unwrap();
    for (model, n) in [(model(&reference, &toml), 500), (model(&small, RUN), 1_500)] {
        let (figures, ends) = to_ends(&model, n, 4_096);
        for batch_paths in [1, 77] {
            let (other_figures, other_ends) = to_ends(&model, n, batch_paths);
            assert_eq!(bits(&figures), bits(&other_figures), "batches of {batch_paths}");
            assert_eq!(bits(&ends), bits(&other_ends), "batches of {batch_paths}");
        }
    }
}

/// How a path ends on which no source fires and nothing moves.
fn quiet_end(model: &Model<'_>) -> Vec<f64> {
    let mut state = State::new(model.setting());
    let nothing = PathInput { events: &Events::default(), noise: &[], attack_uniform: &|_| 0.5 };
    run_path(&mut state, &nothing, &mut vec![0.0; model.layout().width()]);
    let mut row = vec![f64::NAN; model.end_layout().width()];
    state.write_ends(model.end_layout(), &mut row);
    row
}

/// Without noise, paths without events are one, which is copied; those with events are not.
#[test]
fn paths_without_events_end_as_one_does() {
    let mut sketch = sketch();
    sketch.0.assets.rows.iter_mut().for_each(|row| row.vol_annual = 0.0);
    let network = sketch.network().unwrap();
    let toml = RUN
        .replace("[noise.default]\nsigma_daily = 0.001\nbeta_market = 0.5\n", "")
        .replace("attack_prob = 0.2", "attack_prob = 0.0")
        .replace("rate = ", "rate = 0.2 # ");
    let model = model(&network, &toml);
    check(&model, 2_000, 1_024);
    let (figures, ends) = to_ends(&model, 2_000, 1_024);
    let quiet = quiet_end(&model);
    let rows = figures.chunks_exact(model.layout().width());
    let (mut n_quiet, mut n_other) = (0, 0);
    for (row, end) in rows.zip(ends.chunks_exact(quiet.len())) {
        if row[model.layout().system(Figure::Events)] > 0.0 {
            n_other += usize::from(bits(end) != bits(&quiet));
        } else {
            assert_eq!(bits(end), bits(&quiet));
            n_quiet += 1;
        }
    }
    assert!(n_quiet > 200 && n_other > 200, "{n_quiet} quiet paths, {n_other} others");
}

/// Portfolios of stake are played without days, by sums where the order of slashes does not matter and
/// otherwise one after the other: 57,600 ETH leave the chain each day all the same.
#[test]
fn ends_of_stake_are_the_exit_queue() {
    let network = equal_names(20);
    let queue = "[beacon]\nexit_queue_eth = 30_000_000\n";
    for severity in ["1.0", "0.3", "{ uniform = [0.1, 0.9] }"] {
        let severity = format!("severity = {severity}");
        let toml = year(0.05, "copula = \"gaussian\"", 0.3).replace("severity = 1.0", &severity);
        let model = model(&network, &format!("{toml}{queue}"));
        let (figures, ends) = to_ends(&model, 5_000, 1_024);
        assert_eq!(bits(&figures), bits(&run(&model, 5_000, 1_024)));
        assert_eq!(ends.len(), 5_000);
        let expected = 30_000_000.0 - 365.0 * 57_600.0;
        assert!(ends.iter().all(|eth| (eth - expected).abs() < 1e-6), "{severity}");
    }
}
