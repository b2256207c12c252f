//! What must hold of every path of every model.

use std::ops::ControlFlow;

use rayon::ThreadPool;
use slashfall_cascade::{AssetFigure, Channel, Figure, Layout, State};
use slashfall_sampling::{Model, Scenario, replay, simulate};

/// Paths that are run.
const PATHS: u64 = 50;
/// Of the stake, where sums of the engine must agree with one another.
const BOOKS_TOLERANCE: f64 = 1e-12;
/// Of an asset's units of day 0: with less left, it keeps the nav it had (section 6.4 of `docs/model.md`), and the books miss what that was off by.
const LEAST_SUPPLY: f64 = 1e-9;
/// By how much a fraction may pass its end by rounding.
const ROUNDING: f64 = 1e-12;

/// Holds a scenario to all of it.
///
/// # Panics
/// When something does not hold.
pub(super) fn hold(scenario: &Scenario<'_>, pools: &[ThreadPool; 2]) {
    let model = &scenario.model;
    let [one, three] = pools;
    let rows = one.install(|| rows(model, 4_096));
    let same = three.install(|| self::rows(model, 7)) == rows;
    assert!(same, "threads and batches change a figure of scenario {}", scenario.name);
    for record in replay(model, &[0, 7, PATHS - 1], |record| record) {
        let number = usize::try_from(record.path).unwrap_or(usize::MAX);
        let same = bits(&record.figures) == rows[number];
        assert!(same, "path {number} of scenario {} is another one alone", scenario.name);
    }
    for row in &rows {
        let row: Vec<f64> = row.iter().map(|bits| f64::from_bits(*bits)).collect();
        check(model, &row);
    }
}

/// Every figure of every path, as bits.
fn rows(model: &Model<'_>, batch_paths: usize) -> Vec<Vec<u64>> {
    let mut rows = Vec::new();
    let flow = simulate(model, 0..PATHS, batch_paths, |batch| {
        rows.extend(batch.rows().map(|(_, row)| bits(row)));
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue(), "nobody stopped it");
    rows
}

fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|figure| figure.to_bits()).collect()
}

/// Books, splits and ranges of one path.
fn check(model: &Model<'_>, row: &[f64]) {
    let layout = model.layout();
    let stake_eth = State::new(model.setting()).stake_eth_0();
    let figure = |figure| row[layout.system(figure)];
    for (position, x) in row.iter().enumerate() {
        assert!(x.is_finite(), "figure {position} is {x}");
    }
    let books = figure(Figure::BooksError);
    let redeemed = figure(Figure::Redeemed) > 0.0;
    let left_eth = if redeemed { LEAST_SUPPLY * supplies_eth(model) } else { 0.0 };
    let most = BOOKS_TOLERANCE + left_eth / stake_eth;
    assert!(books.abs() <= most, "the books are off by {books:e}, more than {most:e}");
    let total = figure(Figure::Total);
    let near = |sum: f64| (sum - total).abs() <= BOOKS_TOLERANCE * stake_eth;
    let (direct, contagion) = (figure(Figure::Direct), figure(Figure::Contagion));
    assert!(near(direct + contagion), "{direct} and {contagion} are not {total}");
    let split: f64 = Channel::ALL.iter().map(|channel| row[layout.channel(*channel)]).sum();
    assert!(near(split), "channels sum to {split}, not to {total}");
    never_negative(layout, row);
    in_range(model, row);
}

/// What all units of wrapped assets are worth on day 0.
fn supplies_eth(model: &Model<'_>) -> f64 {
    let assets = model.network().wrapped_assets().map(|id| model.network().asset(id));
    assets.map(|asset| asset.supply_units * asset.nav_0).sum()
}

fn never_negative(layout: Layout, row: &[f64]) {
    let figures = [
        Figure::Burned,
        Figure::Redistributed,
        Figure::Stolen,
        Figure::Beacon,
        Figure::Leak,
        Figure::Minted,
        Figure::CoverPaid,
        Figure::BadDebt,
        Figure::BadDebtOpen,
        Figure::BadDebtOpenMarket,
        Figure::AvsUsersLoss,
        Figure::Liquidated,
        Figure::Redeemed,
    ];
    for figure in figures {
        let x = row[layout.system(figure)];
        assert!(x >= 0.0, "{} is {x}", figure.name());
    }
}

/// No asset loses more than all that it has.
fn in_range(model: &Model<'_>, row: &[f64]) {
    let (network, layout) = (model.network(), model.layout());
    for (index, id) in network.wrapped_assets().enumerate() {
        let asset = network.asset(id);
        let figure = |figure| row[layout.asset(index, figure)];
        let name = &asset.name;
        let nav_loss = figure(AssetFigure::NavLoss);
        assert!(nav_loss <= 1.0, "the nav of {name} fell below 0: {nav_loss}");
        let market = figure(AssetFigure::MarketLoss);
        assert!(market <= 1.0, "the price of {name} fell below 0: {market}");
        let discount = figure(AssetFigure::WorstDiscount);
        assert!((0.0..=1.0).contains(&discount), "{name} stood {discount} below nav");
        let queued = figure(AssetFigure::Queued);
        assert!((0.0..=1.0 + ROUNDING).contains(&queued), "{queued} of {name} are queued");
        let cover = figure(AssetFigure::CoverUsed);
        assert!((0.0..=asset.cover_eth).contains(&cover), "{name} has paid {cover}");
    }
    let slashed = row[layout.system(Figure::OperatorsSlashed)];
    assert!(slashed <= network.operators().len() as f64, "{slashed} operators are slashed");
}

/// Holds a scenario in which nothing happens to lose nothing, to the bit.
///
/// # Panics
/// When something is lost.
pub(super) fn nothing_is_lost(scenario: &Scenario<'_>) {
    let layout = scenario.model.layout();
    for row in rows(&scenario.model, 4_096) {
        let lost =
            [Figure::Total, Figure::Direct, Figure::Contagion, Figure::BadDebt, Figure::Redeemed];
        for figure in lost {
            let x = f64::from_bits(row[layout.system(figure)]);
            assert!(x.abs() <= 0.0, "{} is {x} where nothing happens", figure.name());
        }
    }
}
