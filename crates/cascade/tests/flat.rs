//! Paths on which direct restakers are slashed and nothing else happens are played without their
//! days; their figures are those of the general engine to the bit.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::cell::Cell;

use proptest::prelude::{Strategy, any, prop};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use slashfall_cascade::{
    AssetFigure, Effect, EndLayout, Event, Events, Figure, Hit, Layout, Parameters, PathInput,
    Setting, State, StrikeSum, Strikes, Target, run_path, run_path_recorded,
};
use slashfall_graph::spec::{AssetKind, Sharing};
use slashfall_graph::{AvsId, MemberId, Network, OperatorId, Sketch};

const OPERATORS: [&str; 4] = ["a", "b", "c", "d"];

/// Stake of ETH and BTC at four operators under unique AVSs or shared ones; with an LRT that nobody
/// slashes nothing is flat.
fn network(amounts: &[f64], sharing: Sharing, with_lrt: bool) -> Network {
    let mut sketch = Sketch::new().asset("BTC", AssetKind::Base);
    for (avs, fraction) in [("x", 0.3), ("y", 0.6)] {
        sketch = sketch.avs(avs, sharing).with_avs(|row| row.redistributes = avs == "y");
        sketch = sketch.allocation(avs, "*", "*", fraction);
    }
    for (name, amount) in OPERATORS.iter().zip(amounts) {
        sketch = sketch.operator(name, name).holding("direct", name, "ETH", *amount);
        sketch = sketch.holding("direct", name, "BTC", 10.0 / amount);
    }
    if with_lrt {
        sketch = sketch.asset("lrt", AssetKind::Lrt).holding("lrt", "a", "ETH", 3.0);
    }
    sketch.network().unwrap()
}

/// An event: what, when, how hard, whom it hits.
type Drawn = (u8, f64, f64, [bool; 4]);

fn events(network: &Network, drawn: &[Drawn]) -> Events {
    let mut drawn = drawn.to_vec();
    drawn.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut events = Events::default();
    for (number, (kind, tau_days, severity, who)) in (0..).zip(drawn) {
        let operators = (0..4).filter(|&i| who[i]).map(OperatorId::new);
        let members = network.avs_members(AvsId::new(0)).iter().zip(who);
        let members = members.filter(|(_, hit)| *hit).map(|(&member, _)| Target::Member(member));
        let (effect, targets): (Effect, Vec<Target>) = match kind {
            0 => (Effect::SlashByAvs, members.collect()),
            1 => {
                let effect = Effect::SlashOperator { reach_all: severity > 0.5 };
                (effect, operators.map(Target::Operator).collect())
            }
            _ => {
                let effect = Effect::SlashValidators { background: 0.01 };
                (effect, operators.map(Target::Operator).collect())
            }
        };
        let hits = targets.into_iter().map(|target| Hit { target, share: 0.9 });
        events.push((tau_days, number), severity, effect, hits);
    }
    events
}

fn paths() -> impl Strategy<Value = Vec<Vec<Drawn>>> {
    let event = |kinds| (0..kinds, 0.0..30.0, 0.0..1.0, any::<[bool; 4]>());
    let path = (2u8..=3).prop_flat_map(move |kinds| prop::collection::vec(event(kinds), 0..6));
    prop::collection::vec(path, 1..6)
}

fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|x| x.to_bits()).collect()
}

/// How things stand at the end of the path that a state played last.
fn end(state: &State<'_>, network: &Network) -> Vec<f64> {
    let layout = EndLayout::new(network);
    let mut row = vec![f64::NAN; layout.width()];
    state.write_ends(layout, &mut row);
    row
}

/// The events as sources of their own, that slash those whom they hit.
fn strikes(setting: &Setting<'_>, events: &Events) -> Option<Strikes> {
    let hits = |event: &Event| events.hits(event).to_vec();
    let are_slashes = events.as_slice().iter().all(|event| event.effect == Effect::SlashByAvs);
    are_slashes.then(|| Strikes::new(setting, events.as_slice().iter().map(hits)))?
}

#[test]
fn flat_paths_are_those_of_the_general_engine() {
    let config = Config { cases: 3_000, rng_seed: RngSeed::Fixed(7), ..Config::default() };
    let struck = Cell::new(0);
    let case = (prop::array::uniform4(1.0..100.0), any::<bool>(), any::<bool>(), paths());
    let outcome = TestRunner::new(config).run(&case, |(amounts, shared, with_lrt, paths)| {
        let sharing = if shared { Sharing::Shared } else { Sharing::Unique };
        let network = network(&amounts, sharing, with_lrt);
        let mut parameters = Parameters::absent(30, network.n_wrapped());
        // Longer than 30 days work off, shorter, or left alone.
        parameters.beacon.exit_queue_eth = amounts[0].mul_add(1e5, 0.1);
        parameters.cascade.enabled = amounts[1] > 20.0;
        let setting = Setting::new(&network, parameters);
        let layout = Layout::new(&network);
        let mut row = vec![0.0; layout.width()];
        let mut general = row.clone();
        // One state plays all of them in turn, flat and not.
        let mut state = State::new(&setting);
        for path in &paths {
            let events = events(&network, path);
            let input = PathInput { events: &events, noise: &[], attack_uniform: &|_| 0.5 };
            run_path(&mut state, &input, &mut row);
            let mut other = State::new(&setting);
            run_path_recorded(&mut other, &input, &mut general);
            assert_eq!(bits(&row), bits(&general), "{path:?}");
            assert_eq!(bits(&end(&state, &network)), bits(&end(&other, &network)), "{path:?}");
            let fired = (0..).zip(events.as_slice().iter().map(|event| event.severity));
            let mut strikes = strikes(&setting, &events);
            if strikes.as_mut().is_some_and(|strikes| strikes.play(fired, &mut row)) {
                assert_eq!(bits(&row), bits(&general), "{path:?}");
                struck.set(struck.get() + events.as_slice().len());
            }
            assert!(row[layout.system(Figure::BooksError)].abs() < 1e-12);
            if with_lrt {
                assert!(row[layout.asset(0, AssetFigure::NavLoss)] >= 0.0);
            }
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(struck.get() > 500, "{} events without their days", struck.get());
}

/// Whole amounts of stake at operators whom one AVS each slashes in full or by half.
fn whole(amounts: &[u32], fraction: f64) -> Network {
    let mut sketch = Sketch::new();
    for (avs, redistributes) in [("x", false), ("y", true)] {
        sketch = sketch.avs(avs, Sharing::Unique).with_avs(|row| row.redistributes = redistributes);
    }
    for (number, amount) in amounts.iter().enumerate() {
        let name = format!("op{number}");
        sketch = sketch.operator(&name, &name);
        sketch = sketch.holding("direct", &name, "ETH", f64::from(*amount));
        sketch = sketch.allocation(["x", "y"][number % 2], &name, "*", fraction);
    }
    sketch.network().unwrap()
}

/// One source a member, all of the same severity.
fn one_source_a_member(setting: &Setting<'_>, share: f64) -> Strikes {
    let members = setting.network().members().len();
    let hit = |number| Hit { target: Target::Member(MemberId::new(number)), share };
    Strikes::new(setting, (0..members).map(|number| [hit(number)])).unwrap()
}

#[test]
fn whole_amounts_are_added_up_in_any_order() {
    let config = Config { cases: 1_000, rng_seed: RngSeed::Fixed(9), ..Config::default() };
    let amounts = prop::collection::vec(1..4_000_000_u32, 1..7);
    let case = (amounts, prop::collection::vec((any::<bool>(), 0.0..30.0), 7), 0..3_usize);
    let outcome = TestRunner::new(config).run(&case, |(amounts, fires, kind)| {
        let (fraction, severity, share) =
            [(1.0, 1.0, 1.0), (0.5, 1.0, 0.25), (1.0, 0.5, 1.0)][kind];
        let network = whole(&amounts, fraction);
        let setting = Setting::new(&network, Parameters::absent(30, 0));
        let strikes = one_source_a_member(&setting, share);
        let sums = strikes.sums(amounts.iter().map(|_| severity)).unwrap();
        let (mut row, mut general) = (vec![0.0; 1], vec![0.0; Layout::new(&network).width()]);
        row.resize(general.len(), 0.0);
        let mut fired: Vec<(f64, u32)> = (0..)
            .zip(&fires[..amounts.len()])
            .filter(|(_, (fires, _))| *fires)
            .map(|(source, (_, tau_days))| (*tau_days, source))
            .collect();
        let mut sum = StrikeSum::default();
        fired.iter().for_each(|(_, source)| sum.add(sums.of(*source)));
        sums.write(&sum, &mut row);
        fired.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut events = Events::default();
        for at in fired {
            let target = Target::Member(MemberId::new(at.1 as usize));
            events.push(at, severity, Effect::SlashByAvs, [Hit { target, share }]);
        }
        let input = PathInput { events: &events, noise: &[], attack_uniform: &|_| 0.5 };
        run_path_recorded(&mut State::new(&setting), &input, &mut general);
        assert_eq!(bits(&row), bits(&general));
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn amounts_whose_order_matters_are_not_added_up() {
    let sums = |network: &Network, share: f64, severity: f64| {
        let setting = Setting::new(network, Parameters::absent(30, 0));
        let strikes = one_source_a_member(&setting, share);
        strikes.sums([severity; 2]).is_some()
    };
    let network = whole(&[10, 20], 1.0);
    assert!(sums(&network, 1.0, 1.0));
    // A tenth, and a third of ten to two digits, are no sums of few powers of two.
    assert!(!sums(&network, 1.0, 0.01) && !sums(&network, 0.33, 1.0));
    assert!(!sums(&whole(&[10, 20], 0.33), 1.0, 1.0));
    // Two AVSs slash the same stake.
    let both = Sketch::new().avs("x", Sharing::Unique).avs("y", Sharing::Unique);
    let both = both.operator("a", "A").holding("direct", "a", "ETH", 8.0);
    let both = both.allocation("x", "a", "*", 0.5).allocation("y", "a", "*", 0.5);
    assert!(!sums(&both.network().unwrap(), 1.0, 1.0));
}
