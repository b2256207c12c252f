//! Paths played again with some of their events: the part is the path that the others would have left.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use slashfall_graph::Network;
use slashfall_sampling::{Model, Parts, first_events, replay_parts};
use support::everything::{RUN, sketch};
use support::{bits, model, run};

const N_PATHS: u64 = 400;

fn network() -> Network {
    sketch().network().unwrap()
}

/// The run file with the rates of all entries at 0 but that of one, or of none.
fn only(entry: Option<usize>) -> String {
    let mut n_entries = 0;
    let line = |line: &str| {
        n_entries += usize::from(line == "[[source]]");
        let is_other = n_entries > 0 && entry.is_none_or(|entry| entry + 1 != n_entries);
        if is_other && line.starts_with("rate = ") {
            "rate = 0.0".to_owned()
        } else {
            line.to_owned()
        }
    };
    RUN.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn rows(figures: &[f64], model: &Model<'_>) -> Vec<Vec<u64>> {
    figures.chunks_exact(model.layout().width()).map(bits).collect()
}

#[test]
fn all_events_are_the_path_itself() {
    let network = network();
    let model = model(&network, RUN);
    let expected = rows(&run(&model, N_PATHS, 100), &model);
    let paths: Vec<u64> = (0..N_PATHS).step_by(3).collect();
    let played = replay_parts(&model, &paths, |parts| {
        // What was played before leaves nothing behind.
        parts.play(|_| false);
        (parts.path(), parts.weight().to_bits(), bits(parts.play(|_| true)))
    });
    assert!(played.iter().map(|(path, ..)| path).eq(&paths));
    for (path, weight, found) in played {
        assert_eq!(weight, 1.0_f64.to_bits());
        assert_eq!(found, expected[usize::try_from(path).unwrap()], "path {path}");
    }
}

/// The twin has no other events to leave out: their rates are 0.
#[test]
fn a_part_is_the_path_on_which_nothing_else_fires() {
    let network = network();
    let whole = model(&network, RUN);
    let n_entries = whole.source_entries().len();
    let paths: Vec<u64> = (0..N_PATHS).collect();
    let mut n_fired = 0;
    for entry in (0..n_entries).map(Some).chain([None]) {
        let toml = only(entry);
        let twin = model(&network, &toml);
        let expected = rows(&run(&twin, N_PATHS, 100), &twin);
        let is_kept = |source: u32| Some(whole.entry_of(source as usize)) == entry;
        let found = replay_parts(&whole, &paths, |parts| {
            let n = parts.sources().into_iter().filter(|source| is_kept(*source)).count();
            (n, bits(parts.play(is_kept)))
        });
        for (path, ((n, found), expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found, expected, "path {path}, entry {entry:?}");
            n_fired += n;
        }
    }
    assert!(n_fired > 500, "{n_fired}");
}

/// On every path: they lead there, no event of them can be left out, and no event before the last of
/// them has led there already.
#[test]
fn first_events_are_enough_and_needed() {
    let network = network();
    let model = model(&network, RUN);
    let total = model.layout().system(slashfall_cascade::Figure::Total);
    let paths: Vec<u64> = (0..2_000).collect();
    let mut sizes = [0; 5];
    for at_least in [30.0, 60.0, 120.0] {
        let found = replay_parts(&model, &paths, |parts| enough_and_needed(parts, total, at_least));
        found.into_iter().flatten().for_each(|size| sizes[size.min(4)] += 1);
    }
    assert!(sizes[0] > 100 && sizes[1] > 500 && sizes[2] > 50 && sizes[3] > 5, "{sizes:?}");
}

/// Checks the first events of a path; gives their number, if the path loses as much.
fn enough_and_needed(parts: &mut Parts<'_, '_, '_>, total: usize, at_least: f64) -> Option<usize> {
    let whole = parts.play(|_| true)[total];
    let Some(found) = first_events(parts, at_least, |row| row[total]) else {
        assert!(whole < at_least);
        return None;
    };
    assert_eq!(found.loss_eth.to_bits(), whole.to_bits());
    let all = parts.sources();
    let mut loss_of = |kept: &[u32]| parts.play(|source| kept.contains(&source))[total];
    assert!(loss_of(&found.sources) >= at_least);
    for left_out in &found.sources {
        let rest: Vec<u32> = found.sources.iter().copied().filter(|own| own != left_out).collect();
        assert!(loss_of(&rest) < at_least, "path {}: {left_out}", found.path);
    }
    let place = |source| all.iter().position(|own| own == source).unwrap();
    let places: Vec<usize> = found.sources.iter().map(place).collect();
    assert!(places.is_sorted());
    if let Some(last) = places.last() {
        assert!((0..=*last).all(|n| loss_of(&all[..n]) < at_least), "path {}", found.path);
    }
    Some(found.sources.len())
}
