//! What holds on every path, whatever the network and whatever happens; and the engine against its
//! slow twin.

mod twin;

use std::cell::Cell;

use proptest::prelude::{
    ProptestConfig, Strategy, TestCaseError, any, prop_assert, prop_assert_eq,
};
use proptest::test_runner::{RngSeed, TestRunner};
use slashfall_cascade::{
    AssetFigure, BeaconParameters, Channel, Effect, Events, Figure, Hit, Layout, LossEntry,
    Parameters, PathInput, Setting, State, Target, run_path, run_path_recorded,
};
use slashfall_graph::spec::Sharing;
use slashfall_graph::{AssetId, Network, OperatorId, resolve};
use twin::case::{Case, Happening, Hits, What, cases};

/// Of the stake, where the twin must agree with the engine.
const TWIN_TOLERANCE: f64 = 1e-9;
/// Of the stake, where sums of the engine must agree with one another.
const BOOKS_TOLERANCE: f64 = 1e-12;

type Checked = Result<(), TestCaseError>;

fn check<T: std::fmt::Debug>(
    n_cases: u32,
    strategy: impl Strategy<Value = T>,
    property: impl Fn(T) -> Checked,
) {
    let config = ProptestConfig {
        cases: n_cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_120),
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

/// A case as the engine takes it.
struct Engine {
    network: Network,
    parameters: Parameters,
    events: Events,
    z: Vec<f64>,
    layout: Layout,
}

impl Engine {
    fn new(case: &Case) -> Self {
        let network = match resolve(&case.spec) {
            Ok(resolved) => resolved.network,
            Err(problems) => panic!("the generator made a wrong network: {problems}"),
        };
        let noise = network.wrapped_assets().map(|id| case.noise[&network.asset(id).name]);
        let z = case.z.iter().flat_map(|z| network.assets().iter().map(|asset| z[&asset.name]));
        let mut events = Events::default();
        for (source, happening) in (0..).zip(&case.happenings) {
            push_event(&network, source, happening, &mut events);
        }
        Self {
            parameters: Parameters {
                beacon: BeaconParameters {
                    total_active_eth: case.total_active_eth,
                    ..BeaconParameters::ABSENT
                },
                noise: noise.collect(),
                ..Parameters::absent(case.horizon_days, network.n_wrapped())
            },
            z: z.collect(),
            layout: Layout::new(&network),
            events,
            network,
        }
    }

    fn play(&self) -> Vec<f64> {
        self.play_on(&mut State::new(&self.setting()))
    }

    fn setting(&self) -> Setting<'_> {
        Setting::new(&self.network, self.parameters.clone())
    }

    fn input(&self) -> PathInput<'_> {
        PathInput { events: &self.events, noise: &self.z, attack_uniform: &|_| 0.0 }
    }

    fn play_on(&self, state: &mut State<'_>) -> Vec<f64> {
        let mut row = vec![f64::NAN; self.layout.width()];
        run_path(state, &self.input(), &mut row);
        row
    }

    fn record(&self) -> (Vec<f64>, Vec<LossEntry>) {
        let mut row = vec![f64::NAN; self.layout.width()];
        let setting = self.setting();
        let entries = run_path_recorded(&mut State::new(&setting), &self.input(), &mut row);
        (row, entries)
    }

    fn stake_eth(&self) -> f64 {
        State::new(&self.setting()).stake_eth_0()
    }

    fn total(&self) -> f64 {
        self.play()[self.layout.system(Figure::Total)]
    }

    /// What an entry costs the holders.
    fn loss(&self, entry: &LossEntry) -> f64 {
        let falls = self.network.assets().iter().zip(&entry.nav_fall);
        entry.direct_eth + falls.map(|(asset, fall)| asset.outside_units * fall).sum::<f64>()
    }

    /// What each number of a row is: its unit and its name.
    fn columns(&self) -> Vec<(&'static str, String)> {
        let mut columns = vec![("eth", "a portfolio".to_owned()); self.layout.width()];
        for &figure in Figure::ALL {
            columns[self.layout.system(figure)] = (figure.unit(), figure.name().to_owned());
        }
        for channel in Channel::ALL {
            columns[self.layout.channel(channel)].1 = channel.name().to_owned();
        }
        for (index, id) in self.network.wrapped_assets().enumerate() {
            for &figure in AssetFigure::ALL {
                let name = format!("{} of {}", figure.name(), self.network.asset(id).name);
                columns[self.layout.asset(index, figure)] = (figure.unit(), name);
            }
        }
        columns
    }
}

fn push_event(network: &Network, source: u32, happening: &Happening, events: &mut Events) {
    let asset = |name: &str| {
        let position = network.assets().iter().position(|asset| asset.name == name);
        AssetId::new(position.expect("an asset of this network"))
    };
    let operator = |name: &str| {
        let position = network.operators().iter().position(|operator| operator.name == name);
        OperatorId::new(position.expect("an operator of this network"))
    };
    let whole = |hits: &Hits| -> Vec<Hit> {
        let hit = |(name, share): &(String, f64)| Hit {
            target: Target::Operator(operator(name)),
            share: *share,
        };
        hits.iter().map(hit).collect()
    };
    let (effect, hits) = match &happening.what {
        What::SlashByAvs { avs, hits } => {
            // Those that the AVS has no allocation with are no members, and nobody can hit them.
            let hit = |(name, share): &(String, f64)| {
                let mut members = network.operator_members(operator(name)).iter();
                let by_avs = |m| network.avs(network.member(m).avs).name == *avs;
                let member = members.find(|&&m| by_avs(m))?;
                Some(Hit { target: Target::Member(*member), share: *share })
            };
            (Effect::SlashByAvs, hits.iter().filter_map(hit).collect())
        }
        What::SlashOperator { reach_all, hits } => {
            (Effect::SlashOperator { reach_all: *reach_all }, whole(hits))
        }
        What::SlashValidators { background, hits } => {
            (Effect::SlashValidators { background: *background }, whole(hits))
        }
        What::Outage { background, hits } => {
            (Effect::Outage { background: *background }, whole(hits))
        }
        What::Exploit { asset: name } => {
            (Effect::Exploit { asset: asset(name), sale_days: 1 }, Vec::new())
        }
        What::UnbackedMint { asset: name } => {
            (Effect::UnbackedMint { asset: asset(name), pledge_share: 0.0 }, Vec::new())
        }
        What::Depeg { asset: name, flight } => {
            (Effect::Depeg { asset: asset(name), flight: *flight }, Vec::new())
        }
    };
    events.push((happening.tau_days, source), happening.severity, effect, hits);
}

fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|figure| figure.to_bits()).collect()
}

/// Every figure but the numbers of events and rounds, which the twin does not count.
#[test]
fn the_engine_agrees_with_its_slow_twin() {
    let worst = Worst::default();
    check(10_000, cases(), |case| agree(&case, &worst));
    println!("worst difference from the twin: {:.2e}", worst.0.get());
}

fn agree(case: &Case, worst: &Worst) -> Checked {
    let engine = Engine::new(case);
    let (row, layout) = (engine.play(), engine.layout);
    let twin = twin::play(case);
    let stake = twin.stake_eth_0;
    let compare = |name: &str, unit: &str, found: f64, expected: f64| {
        let scale = if unit == "eth" { stake } else { 1.0 };
        let error = worst.see((found - expected).abs() / scale);
        let close = error <= TWIN_TOLERANCE;
        prop_assert!(close, "{name}: the engine has {found}, the twin {expected}, stake {stake}");
        Ok(())
    };
    compare("stake", "eth", engine.stake_eth(), stake)?;
    for &figure in Figure::ALL {
        if !matches!(figure, Figure::Events | Figure::Rounds) {
            let expected = twin.figures[figure.name()];
            compare(figure.name(), figure.unit(), row[layout.system(figure)], expected)?;
        }
    }
    for channel in Channel::ALL {
        let expected = twin.channels.get(channel.name()).unwrap_or(&0.0);
        compare(channel.name(), "eth", row[layout.channel(channel)], *expected)?;
    }
    for (index, id) in engine.network.wrapped_assets().enumerate() {
        let asset = &engine.network.asset(id).name;
        for &figure in AssetFigure::ALL {
            let name = format!("{} of {asset}", figure.name());
            let expected = twin.assets[asset][figure.name()];
            compare(&name, figure.unit(), row[layout.asset(index, figure)], expected)?;
        }
    }
    for (index, portfolio) in engine.network.portfolios().iter().enumerate() {
        let expected = twin.portfolios[&portfolio.name];
        compare(&portfolio.name, "eth", row[layout.portfolio(index)], expected)?;
    }
    Ok(())
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
        for channel in Channel::ALL {
            let through = row[layout.channel(channel)];
            split += through;
            let owed = record.iter().filter(|entry| entry.channel == channel);
            let owed: f64 = owed.map(|entry| engine.loss(entry)).sum();
            let error = entries.see((owed - through).abs() / stake);
            prop_assert!(error <= BOOKS_TOLERANCE, "{}: {owed}, not {through}", channel.name());
        }
        let error = channels.see((split - total).abs() / stake);
        prop_assert!(error <= BOOKS_TOLERANCE, "channels sum to {split}, the total is {total}");
        let owed: f64 = record.iter().map(|entry| engine.loss(entry)).sum();
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

#[test]
fn nothing_happens_and_nothing_is_lost_anywhere() {
    check(500, cases(), |mut case| {
        case.happenings.clear();
        case.z.clear();
        let row = Engine::new(&case).play();
        prop_assert!(row.iter().all(|figure| figure.to_bits() == 0), "{row:?}");
        Ok(())
    });
}

/// Losses know no unit. A factor of 4 changes no mantissa, so it must hold to the bit. (Beacon
/// penalties know one: rewards go with the root of all stake.)
#[test]
fn losses_scale_with_all_amounts() {
    check(600, (cases(), 0.1..10.0), |(mut case, factor)| {
        case.happenings.retain(|happening| !hits_validators(&happening.what));
        let engine = Engine::new(&case);
        let (row, columns) = (engine.play(), engine.columns());
        let exact = Engine::new(&scaled(&case, 4.0)).play();
        // Covers may be larger than what they cover, and what is left of them is rounded as they are.
        let covers: f64 = case.spec.assets.rows.iter().map(|row| row.cover_eth).sum();
        let stake = factor * (engine.stake_eth() + covers);
        let near = Engine::new(&scaled(&case, factor)).play();
        for (index, (unit, name)) in columns.iter().enumerate() {
            let (by_4, by_factor, scale) =
                if *unit == "eth" { (4.0, factor, stake) } else { (1.0, 1.0, 1.0) };
            prop_assert_eq!((by_4 * row[index]).to_bits(), exact[index].to_bits(), "{}", name);
            let error = (by_factor * row[index] - near[index]).abs() / scale;
            prop_assert!(error <= BOOKS_TOLERANCE, "{name} is off by {error:e}");
        }
        Ok(())
    });
}

fn hits_validators(what: &What) -> bool {
    matches!(what, What::SlashValidators { .. } | What::Outage { .. })
}

fn scaled(case: &Case, factor: f64) -> Case {
    let mut case = case.clone();
    case.total_active_eth *= factor;
    for row in &mut case.spec.assets.rows {
        row.supply_eth = row.supply_eth.map(|eth| factor * eth);
        row.buffer_eth *= factor;
        row.cover_eth *= factor;
    }
    for row in &mut case.spec.holdings.rows {
        row.amount_eth *= factor;
    }
    for row in &mut case.spec.portfolios.rows {
        row.amount_eth *= factor;
    }
    case
}

/// One event alone, of any kind. Where an LRT restakes a wrapped asset its cover is left out: it
/// pays for slashed units at the marks before the event, and so for some of what the nested asset
/// loses in the same event. A harder slash then draws more of it than it costs.
#[test]
fn a_harder_event_never_costs_less() {
    check(1_500, (cases(), 0.0..1.0), |(mut case, softer)| {
        case.z.clear();
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
    check(1_500, (cases(), 0.0..1.0), |(case, factor)| {
        let mut weak = case.clone();
        for row in &mut weak.spec.assets.rows {
            if !case.spec.holdings.rows.iter().any(|held| held.asset == row.asset) {
                row.cover_eth *= factor;
            }
        }
        costs_no_less(&case, &weak)?;
        let mut case = case;
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
