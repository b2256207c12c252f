//! Paths that are played together have the figures that each has alone, to the bit, on registers of
//! any width.

#[expect(dead_code, reason = "properties.rs uses the rest")]
mod twin;

use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof};
use proptest::strategy::Just;
use proptest::test_runner::{RngSeed, TestRunner};
use slashfall_cascade::{EndLayout, Group, PathInput, State};
use twin::case::{Case, cases};
use twin::engine::Engine;

/// Paths of one network and scenario, each with some of the events, harder or softer, and its own noise.
fn paths(case: &Case, n: usize, kept: &[bool]) -> Vec<Engine> {
    let path = |number: usize| {
        let mut case = case.clone();
        let mut keeps = kept.iter().cycle().skip(3 * number);
        case.happenings.retain(|_| *keeps.next().unwrap_or(&true));
        let factor = [1.0, 0.3, 0.9, 0.01, 0.6][number % 5];
        case.happenings.iter_mut().for_each(|happening| happening.severity *= factor);
        let n_days = case.z.len().max(1);
        case.z.rotate_left(number % n_days);
        let larger = 1.0 + 0.2 * number as f64;
        case.z.iter_mut().flat_map(|z| z.values_mut()).for_each(|z| *z *= larger);
        case.attack_uniform.values_mut().for_each(|u| *u = (*u + 0.1 * number as f64).fract());
        Engine::new(&case)
    };
    (0..n).map(path).collect()
}

/// Plays the paths that are left together with those that are there already.
fn together(paths: &[Engine], others: &[PathInput<'_>], group: &mut Group<'_>, rows: &mut [f64]) {
    let Some((path, paths)) = paths.split_first() else {
        group.run_paths(others, rows);
        return;
    };
    path.with_input(|input| {
        let inputs: Vec<_> = others.iter().chain([input]).copied().collect();
        together(paths, &inputs, group, rows);
    });
}

/// How things stand at the end of the path that a state played last.
fn end(state: &State<'_>, path: &Engine) -> Vec<f64> {
    let layout = EndLayout::new(&path.network);
    let mut row = vec![f64::NAN; layout.width()];
    state.write_ends(layout, &mut row);
    row
}

/// The same of paths that a group has just played, at most as many as it plays at once.
fn ends_of(group: &mut Group<'_>, paths: &[Engine]) -> Vec<f64> {
    if paths.len() == group.width() && group.width() > 1 {
        let states = paths.iter().enumerate();
        let ends = states.map(|(place, path)| Some(end(group.state_of(place)?, path)));
        return ends.flatten().flatten().collect();
    }
    let ends = paths.iter().map(|path| {
        path.play_on(group.state());
        end(group.state(), path)
    });
    ends.flatten().collect()
}

fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|x| x.to_bits()).collect()
}

fn check(cases: impl Strategy<Value = Case>, n_cases: u32, seed: u64) {
    let config = ProptestConfig {
        cases: n_cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..ProptestConfig::default()
    };
    let how = (prop_oneof![4 => Just(8), 1 => 1..8_usize, 1 => Just(17)], any::<[bool; 7]>());
    let outcome = TestRunner::new(config).run(&(cases, how), |(case, (n, kept))| {
        let paths = paths(&case, n, &kept);
        let setting = paths[0].setting();
        let names = paths[0].columns();
        let mut state = State::new(&setting);
        let (mut alone, mut ends_alone) = (Vec::new(), Vec::new());
        for path in &paths {
            alone.extend(path.play_on(&mut state));
            ends_alone.extend(end(&state, path));
        }
        for width in [8, 4, 1] {
            let mut group = Group::at_most(&setting, width);
            // The second time nothing may be left of the first, and the states can be asked.
            for at_once in [n, group.width()] {
                let mut rows = vec![f64::NAN; alone.len()];
                let mut ends = Vec::new();
                let parts = paths.chunks(at_once).zip(rows.chunks_mut(at_once * names.len()));
                for (paths, rows) in parts {
                    together(paths, &[], &mut group, rows);
                    ends.extend(ends_of(&mut group, paths));
                }
                if at_once == group.width() {
                    assert_eq!(bits(&ends), bits(&ends_alone), "ends of {n}, width {width}");
                }
                for (index, (a, b)) in alone.iter().zip(&rows).enumerate() {
                    let (path, figure) = (index / names.len(), &names[index % names.len()].1);
                    let same = a.to_bits() == b.to_bits();
                    assert!(
                        same,
                        "path {path} of {n}, width {width}: {figure} is {b:e}, not {a:e}"
                    );
                }
            }
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// Mechanisms on and off, in random networks.
#[test]
fn paths_played_together_are_those_played_alone() {
    std::thread::scope(|scope| {
        for shard in 0..2 {
            scope.spawn(move || check(cases(), 600, 20_261_129 + shard));
        }
    });
}

/// Quiet paths, most of whose days are played side by side.
#[test]
fn quiet_paths_played_together_are_those_played_alone() {
    let quiet = cases().prop_map(|mut case| {
        case.happenings.truncate(1);
        case.without_attacks();
        case
    });
    check(quiet, 400, 7);
}

#[test]
fn paths_of_a_day_and_of_a_year_are_those_played_alone() {
    for horizon_days in [1, 365] {
        let cases = cases().prop_map(move |mut case| {
            case.horizon_days = horizon_days;
            let days = case.z.clone();
            case.z =
                days.into_iter().cycle().take(if case.z.is_empty() { 0 } else { 365 }).collect();
            case.z.truncate(horizon_days as usize);
            case
        });
        check(cases, 40, u64::from(horizon_days));
    }
}
