//! What holds on every path, whatever the network and whatever happens; and the engine against its
//! slow twin.

mod twin;

use std::cell::Cell;

use proptest::prelude::{
    ProptestConfig, Strategy, TestCaseError, any, prop_assert, prop_assert_eq,
};
use proptest::test_runner::{RngSeed, TestRunner};
use slashfall_cascade::{AssetFigure, Channel, Figure, Happened, PortfolioFigure, State};
use slashfall_graph::spec::{Oracle, Sharing};
use twin::agreement::agree;
use twin::case::{Case, What, cases};
use twin::engine::{Engine, loss_eth};

/// Of the stake, where sums of the engine must agree with one another.
const BOOKS_TOLERANCE: f64 = 1e-12;
/// Of the stake: rounding, as pools and rounds magnify it.
const SCALING_TOLERANCE: f64 = 1e-9;
const SEED: u64 = 20_261_120;

type Checked = Result<(), TestCaseError>;

fn check<T: std::fmt::Debug>(
    n_cases: u32,
    strategy: impl Strategy<Value = T>,
    property: impl Fn(T) -> Checked,
) {
    check_from(SEED, n_cases, strategy, property);
}

fn check_from<T: std::fmt::Debug>(
    seed: u64,
    n_cases: u32,
    strategy: impl Strategy<Value = T>,
    property: impl Fn(T) -> Checked,
) {
    let config = ProptestConfig {
        cases: n_cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..ProptestConfig::default()
    };
    if let Err(failure) = TestRunner::new(config).run(&strategy, property) {
        panic!("{failure}");
    }
}

/// The largest number seen.
#[derive(Default)]
struct Worst(Cell<f64>);

impl Worst {
    fn see(&self, x: f64) -> f64 {
        self.0.set(self.0.get().max(x));
        x
    }
}

fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|figure| figure.to_bits()).collect()
}

/// Every figure, by name.
#[test]
fn the_engine_agrees_with_its_slow_twin() {
    std::thread::scope(|scope| {
        for shard in 0..4 {
            scope.spawn(move || agreement(SEED + shard, 2_500));
        }
    });
}

#[expect(clippy::print_stdout, reason = "how near they are says more than that they are near")]
fn agreement(seed: u64, n_cases: u32) {
    let (worst, beyond) = (Worst::default(), Cell::new(0));
    check_from(seed, n_cases, cases(), |case| {
        match agree(&case) {
            Ok(Some(error)) => {
                worst.see(error);
            }
            Ok(None) => beyond.set(beyond.get() + 1),
            Err(difference) => prop_assert!(false, "{difference}"),
        }
        Ok(())
    });
    let (worst, beyond) = (worst.0.get(), beyond.get());
    assert!(100 * beyond <= n_cases, "{beyond} of {n_cases} cases are beyond the text");
    println!("worst difference from the twin: {worst:.2e}; {beyond} cases beyond the text");
}

/// Nothing in a round but arbitrage, which has a budget, gives anything back; without it, loans and
/// attacks alone act, and both sell or slash: prices and stake only fall.
#[test]
fn the_rounds_of_a_day_end() {
    check(1_500, (cases(), any::<bool>()), |(mut case, arbitrage)| {
        case.cascade.max_rounds = 1_000_000;
        if !arbitrage {
            case.redemption.values_mut().for_each(|how| how.arbitrage_eth_per_day = 0.0);
        }
        let engine = Engine::new(&case);
        let (row, record) = engine.record();
        prop_assert_eq!(row[engine.layout.system(Figure::TruncatedDays)].to_bits(), 0);
        let in_rounds = record.steps.iter().filter(|step| step.round > 0);
        for step in in_rounds {
            let falls =
                matches!(step.happened, Happened::Liquidated { .. } | Happened::Attacked { .. });
            prop_assert!(arbitrage || falls, "{step:?}");
        }
        Ok(())
    });
}

#[test]
fn the_books_balance_and_losses_split_without_remainder() {
    let (books, channels, entries) = (Worst::default(), Worst::default(), Worst::default());
    check(5_000, cases(), |case| {
        let engine = Engine::new(&case);
        let (row, record) = engine.record();
        let (layout, stake) = (engine.layout, engine.stake_eth());
        let total = row[layout.system(Figure::Total)];
        let error = books.see(row[layout.system(Figure::BooksError)].abs());
        prop_assert!(error <= BOOKS_TOLERANCE, "books error {error:e}");
        let mut split = 0.0;
        for &channel in Channel::ALL {
            let through = row[layout.channel(channel)];
            split += through;
            let owed = record.losses.iter().filter(|entry| entry.channel == channel);
            let owed: f64 = owed.map(loss_eth).sum();
            let error = entries.see((owed - through).abs() / stake);
            prop_assert!(error <= BOOKS_TOLERANCE, "{}: {owed}, not {through}", channel.name());
        }
        let error = channels.see((split - total).abs() / stake);
        prop_assert!(error <= BOOKS_TOLERANCE, "channels sum to {split}, the total is {total}");
        let owed: f64 = record.losses.iter().map(loss_eth).sum();
        let error = entries.see((owed - total).abs() / stake);
        prop_assert!(error <= BOOKS_TOLERANCE, "entries sum to {owed}, the total is {total}");
        Ok(())
    });
    let [books, channels, entries] = [books, channels, entries].map(|worst| worst.0.get());
    println!("worst of books {books:.2e}, channels {channels:.2e}, entries {entries:.2e}");
}

#[test]
fn a_path_is_the_same_recorded_and_after_others() {
    check(600, (cases(), any::<proptest::sample::Index>()), |(case, cut)| {
        let engine = Engine::new(&case);
        let fresh = bits(&engine.play());
        prop_assert_eq!(&fresh, &bits(&engine.record().0), "recording changed the path");
        // Other paths of the same network: some of the events harder, with and without noise.
        let mut other = case.clone();
        let n_kept = cut.index(case.happenings.len() + 1);
        other.happenings.truncate(n_kept);
        other.happenings.iter_mut().for_each(|happening| happening.severity = 1.0);
        let noisy = Engine::new(&other);
        other.z.clear();
        let quiet = Engine::new(&other);
        let setting = engine.setting();
        let mut state = State::new(&setting);
        for path in [&noisy, &quiet, &engine] {
            path.play_on(&mut state);
        }
        prop_assert_eq!(&fresh, &bits(&engine.play_on(&mut state)), "a path left a trace");
        Ok(())
    });
}

#[test]
fn figures_stay_in_range() {
    check(1_500, cases(), |case| {
        let engine = Engine::new(&case);
        let (row, layout) = (engine.play(), engine.layout);
        for (x, (_, name)) in row.iter().zip(engine.columns()) {
            prop_assert!(x.is_finite(), "{name} is {x}");
        }
        for (index, id) in engine.network.wrapped_assets().enumerate() {
            let asset = engine.network.asset(id);
            let figure = |figure| row[layout.asset(index, figure)];
            let nav_loss = figure(AssetFigure::NavLoss);
            prop_assert!(nav_loss <= 1.0, "the nav of {} fell below 0: {nav_loss}", asset.name);
            prop_assert!(figure(AssetFigure::MarketLoss) <= 1.0);
            prop_assert!((0.0..=1.0).contains(&figure(AssetFigure::WorstDiscount)));
            prop_assert!((0.0..=1.0 + 1e-12).contains(&figure(AssetFigure::Queued)));
            prop_assert!((0.0..=asset.cover_eth).contains(&figure(AssetFigure::CoverUsed)));
        }
        let never_negative = [
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
        for figure in never_negative {
            let x = row[layout.system(figure)];
            prop_assert!(x >= 0.0, "{} is {x}", figure.name());
        }
        let slashed = row[layout.system(Figure::OperatorsSlashed)];
        prop_assert!(slashed <= engine.network.operators().len() as f64);
        Ok(())
    });
}

/// With sound loans and nobody who leaves. What pools that are out of balance make of prices on day
/// 0 is no loss, but a discount; and what portfolios earn is a gain.
#[test]
fn nothing_happens_and_nothing_is_lost_anywhere() {
    check(500, cases(), |mut case| {
        case.happenings.clear();
        case.z.clear();
        case.without_redemptions();
        case.spec.avs.rows.iter_mut().for_each(|row| row.profit_from_corruption_eth = None);
        for row in &mut case.spec.loans.rows {
            row.oracle = Oracle::ExchangeRate;
            row.health_factor = row.health_factor.max(1.01);
        }
        let engine = Engine::new(&case);
        let (row, layout) = (engine.play(), engine.layout);
        let known = [
            "bad_debt_open_market",
            "worst_discount",
            "longest_wait",
            "depegs",
            "loss of",
            "carry of",
        ];
        for (x, (_, name)) in row.iter().zip(engine.columns()) {
            let counts = !known.iter().any(|start| name.starts_with(start));
            prop_assert!(!counts || x.abs() <= 0.0, "{name} is {x}");
        }
        for index in 0..engine.network.portfolios().len() {
            let figure = |figure| row[layout.portfolio(index, figure)];
            let fall = figure(PortfolioFigure::Loss) + figure(PortfolioFigure::Carry);
            prop_assert!(fall.abs() <= BOOKS_TOLERANCE * engine.stake_eth(), "{fall}");
        }
        Ok(())
    });
}

#[test]
fn without_the_cascade_all_is_direct() {
    check(500, cases(), |mut case| {
        case.cascade.enabled = false;
        let engine = Engine::new(&case);
        let row = engine.play();
        let figure = |figure| row[engine.layout.system(figure)];
        prop_assert_eq!(figure(Figure::Total).to_bits(), figure(Figure::Direct).to_bits());
        let follows = [
            Figure::Contagion,
            Figure::BadDebt,
            Figure::BadDebtOpen,
            Figure::AvsUsersLoss,
            Figure::Liquidated,
            Figure::Redeemed,
            Figure::Rounds,
        ];
        for name in follows {
            prop_assert!(figure(name).abs() <= 0.0, "{} is {}", name.name(), figure(name));
        }
        Ok(())
    });
}

/// Names in the same order, rows in another.
#[test]
fn names_and_the_order_of_rows_change_nothing() {
    check(500, cases(), |case| {
        let row = bits(&Engine::new(&case).play());
        prop_assert_eq!(&row, &bits(&Engine::new(&case.renamed("n")).play()), "names");
        prop_assert_eq!(&row, &bits(&Engine::new(&case.upside_down()).play()), "order");
        Ok(())
    });
}

/// What the parts of a network have in common is the chain, and attackers with one stake.
#[test]
fn a_network_in_two_parts_loses_what_its_parts_lose() {
    check(150, (cases(), cases()), |(mut one, mut other)| {
        for case in [&mut one, &mut other] {
            case.without_the_chain();
            case.without_attacks();
            case.z.clear();
            case.cascade.max_rounds = 50;
        }
        (one.horizon_days, one.total_active_eth) = (45, 1e9);
        (other.horizon_days, other.total_active_eth) = (45, 1e9);
        (other.cascade, other.lending, other.yields) = (one.cascade, one.lending, one.yields);
        let both = Engine::new(&one.beside(&other));
        let (one, other) = (Engine::new(&one), Engine::new(&other));
        let rows = [one.play(), other.play(), both.play()];
        for &figure in Figure::ALL.iter().filter(|figure| figure.unit() == "eth") {
            let [a, b, all] = [0, 1, 2].map(|index| rows[index][both.layout.system(figure)]);
            let error = (all - a - b).abs() / both.stake_eth();
            prop_assert!(error <= BOOKS_TOLERANCE, "{}: {a} and {b}, not {all}", figure.name());
        }
        Ok(())
    });
}

/// Losses know no unit. What does know one is left out: the chain (rewards go with the root of all
/// stake, and the exit queue is worked off in ETH); and networks are large, so that trades of a
/// billionth of an ETH, at which markets rest, are nothing. (Of rounds they may still make one more.)
#[test]
fn losses_scale_with_all_amounts() {
    check(600, (cases(), 0.1..10.0), |(mut case, factor)| {
        case.without_the_chain();
        let large = case.scaled(1e4);
        let engine = Engine::new(&large);
        let (row, columns) = (engine.play(), engine.columns());
        // Covers may be larger than what they cover, and what is left of them is rounded as they are.
        let covers: f64 = large.spec.assets.rows.iter().map(|row| row.cover_eth).sum();
        let stake = factor * (engine.stake_eth() + covers);
        let scaled = Engine::new(&large.scaled(factor)).play();
        for (index, (unit, name)) in columns.iter().enumerate() {
            let (by, scale) = if *unit == "eth" { (factor, stake) } else { (1.0, 1.0) };
            let error = (by * row[index] - scaled[index]).abs() / scale;
            let counted = !["rounds", "truncated_days"].contains(&name.as_str());
            prop_assert!(!counted || error <= SCALING_TOLERANCE, "{name} is off by {error:e}");
        }
        Ok(())
    });
}

/// One event alone, of any kind. Where an LRT restakes a wrapped asset its cover is left out: it
/// pays for slashed units at the marks before the event, and so for some of what the nested asset
/// loses in the same event. A harder slash then draws more of it than it costs.
#[test]
fn a_harder_event_never_costs_less() {
    check(1_500, (cases(), 0.0..1.0), |(mut case, softer)| {
        case.z.clear();
        case.without_contagion();
        if restakes_wrapped(&case) {
            weaken_covers(&mut case, 0.0);
        }
        for happening in case.happenings.clone() {
            case.happenings = vec![happening];
            never_cheaper(&case, 0, softer)?;
        }
        Ok(())
    });
}

/// Slashes by AVSs alone, one of them harder: any of them where all stake is unique, the last where
/// some is shared. (An AVS that has slashed shared stake may slash so much less of it later. Take
/// `a` with .9 and `c` with .2 of the same stake, and a compromise of both by .9: it leaves .019 of
/// 1, and .08 when `c` had slashed all of its own before.)
#[test]
fn a_harder_slash_among_others_never_costs_less() {
    check(1_000, (cases(), 0.0..1.0), |(mut case, softer)| {
        case.without_contagion();
        weaken_covers(&mut case, 0.0);
        let slash =
            |what: &What| matches!(what, What::SlashByAvs { .. } | What::SlashOperator { .. });
        case.happenings.retain(|happening| slash(&happening.what));
        let n = case.happenings.len();
        let shared = case.spec.avs.rows.iter().any(|row| row.sharing == Sharing::Shared);
        for index in if shared { n.saturating_sub(1) } else { 0 }..n {
            never_cheaper(&case, index, softer)?;
        }
        Ok(())
    });
}

fn never_cheaper(case: &Case, index: usize, softer: f64) -> Checked {
    let harder = Engine::new(case);
    let mut case = case.clone();
    case.happenings[index].severity *= softer;
    let (softer, harder, stake) = (Engine::new(&case).total(), harder.total(), harder.stake_eth());
    prop_assert!(softer <= harder + BOOKS_TOLERANCE * stake, "{softer} and then {harder}");
    Ok(())
}

fn restakes_wrapped(case: &Case) -> bool {
    let rows = &case.spec.holdings.rows;
    rows.iter().any(|row| row.operator.is_some() && !["ETH", "BTC"].contains(&&*row.asset))
}

fn weaken_covers(case: &mut Case, factor: f64) {
    case.spec.assets.rows.iter_mut().for_each(|row| row.cover_eth *= factor);
}

/// Of all assets while nothing is stolen; of an asset that backs no other whatever happens.
/// (Cover that is paid is in the buffer, where it can be stolen: what a better covered nested asset
/// makes its holder's cover pay early may be worth more later.)
#[test]
fn weaker_cover_never_costs_less() {
    check(1_500, (cases(), 0.0..1.0), |(mut case, factor)| {
        case.without_contagion();
        let mut weak = case.clone();
        for row in &mut weak.spec.assets.rows {
            if !case.spec.holdings.rows.iter().any(|held| held.asset == row.asset) {
                row.cover_eth *= factor;
            }
        }
        costs_no_less(&case, &weak)?;
        case.happenings.retain(|happening| !matches!(happening.what, What::Exploit { .. }));
        let mut weak = case.clone();
        weaken_covers(&mut weak, factor);
        costs_no_less(&case, &weak)
    });
}

fn costs_no_less(case: &Case, weak: &Case) -> Checked {
    let engine = Engine::new(case);
    let (strong, weak) = (engine.total(), Engine::new(weak).total());
    prop_assert!(strong <= weak + BOOKS_TOLERANCE * engine.stake_eth(), "{strong}, weak {weak}");
    Ok(())
}
