//! Holds figures of columns that had no room for all losses to those of columns that had.

use super::testing::{Uniform, close, column};
use super::*;

const ROOM: Room = Room { most: 1_200, worst: 1_000 };
const N_PATHS: u64 = 60_000;

/// A loss from uniform draws.
type Draw = fn(&mut Uniform) -> f64;

/// Samples that have broken estimators: heavy tails, atoms, gains, tiny losses, one value only, rounding around one value.
const SAMPLES: [(&str, Draw); 7] = [
    ("heavy", |u| if u.draw() < 0.4 { u.draw().powf(-1.5) - 1.0 } else { 0.0 }),
    ("atoms", |u| if u.draw() < 0.7 { (6.0 * u.draw()).floor() * 0.1 } else { 0.0 }),
    ("gains", |u| 3.0 * u.draw() - 2.0),
    ("mixed", |u| if u.draw() < 0.3 { 0.0 } else { -u.draw().ln() - 0.7 }),
    ("tiny", |u| 1e-290 * u.draw().powi(3)),
    ("equal", |_| 0.3),
    ("nearly equal", |u| 7.0 * (1.0 + 1e-15 * (3.0 * u.draw()).floor())),
];

/// Samples many losses of which are in one bin.
const ATOMS: [&str; 3] = ["atoms", "equal", "nearly equal"];

fn levels() -> impl Iterator<Item = Level> {
    [0.05, 0.3, 0.5, 0.9, 0.95, 0.98, 0.99, 0.999].into_iter().filter_map(Level::new)
}

fn sample(draw: Draw) -> Vec<f64> {
    let mut uniform = Uniform(44);
    (0..N_PATHS).map(|_| draw(&mut uniform)).collect()
}

/// The losses in a column with little room; weighted by `weights` where there are any.
fn squeezed(losses: &[f64], weights: &[f64]) -> LossColumn {
    let mut column = LossColumn::with_room(ROOM);
    for (path, loss) in (0..).zip(losses) {
        match weights.get(usize::try_from(path).unwrap()) {
            None => column.push(path, *loss),
            Some(weight) => column.push_weighted(path, *loss, *weight),
        }
    }
    let mut sums = WeightSums::default();
    sums.add(losses.len() as u64, weights);
    column.weigh(sums);
    column
}

/// Holds every figure of `found` to that of `exact`, within what `found` says of its resolution and rounding.
#[track_caller]
fn compare(name: &str, found: &SortedLosses, exact: &SortedLosses) {
    let scale = exact.mean().value.abs() + exact.std().value;
    let near = |what: &str, found: f64, exact: f64, resolution: f64| {
        let room = resolution + 1e-11 * scale;
        assert!(
            (found - exact).abs() <= room,
            "{name}, {what}: {found}, not {exact} +- {resolution}"
        );
    };
    near("mean", found.mean().value, exact.mean().value, 0.0);
    near("std", found.std().value, exact.std().value, found.resolution_of_std());
    assert!(found.resolution_of_std() <= 1e-6 * scale, "{name}");
    let [a, b] = [found, exact].map(|losses| losses.probability_positive().value);
    assert!((a - b).abs() < 1e-12, "{name}");
    for loss in [0.0, 1e-291, 0.05, 0.1, 0.3, 0.7, 2.0, 7.0, 20.0] {
        let [a, b] = [found, exact].map(|losses| losses.probability_beyond(loss).value);
        let resolution = found.resolution_of_probability_beyond(loss);
        assert!((a - b).abs() <= resolution + 1e-12, "{name}, beyond {loss}: {a}, not {b}");
        // Losses of a bin differ by a thousandth, so a bin holds few of a smooth law.
        assert!(resolution <= 2e-3 || ATOMS.contains(&name), "{name}, beyond {loss}: {resolution}");
    }
    near("max", found.max().value, exact.max().value, 0.0);
    for level in levels() {
        let what = format!("level {}", level.get());
        let [a, b] = [found, exact].map(|losses| losses.value_at_risk(level));
        let resolution = found.resolution_of_var(level);
        assert!(resolution <= 5e-4 * b.value.abs(), "{name}, {what}: {resolution}");
        near(&what, a.value, b.value, resolution);
        let [a, b] = [found, exact].map(|losses| losses.expected_shortfall(level));
        near(&what, a.value, b.value, found.resolution_of_es(level));
        assert!(found.resolution_of_es(level) <= 5e-4 * b.value.abs(), "{name}, {what}");
        // All distances to the edge move with it.
        let mass = (1.0 - level.get()) * N_PATHS as f64;
        if let Some((a, b)) = a.std_err.zip(b.std_err) {
            near("error", a, b, 2.0 * resolution / mass.sqrt() + 1e-6 * b);
        }
    }
}

#[test]
fn figures_are_within_their_resolution() {
    for (name, draw) in SAMPLES {
        let losses = sample(draw);
        let (all, few) = (column(&losses), squeezed(&losses, &[]));
        let n_kept = few.entries().len();
        assert!((ROOM.worst..ROOM.most).contains(&n_kept), "{name}: {n_kept} kept");
        assert_eq!(few.worst(ROOM.worst), all.worst(ROOM.worst), "{name}");
        let [few, all] = [few, all].map(|column| column.sorted().unwrap());
        compare(name, &few, &all);
        // The worst thousand of 60,000 are kept: beyond, figures are the same to the bit.
        for level in [0.99, 0.999].into_iter().filter_map(Level::new) {
            assert_eq!(
                few.value_at_risk(level).value.to_bits(),
                all.value_at_risk(level).value.to_bits()
            );
            assert_eq!(few.expected_shortfall(level), all.expected_shortfall(level), "{name}");
            assert_eq!(few.tail(level), all.tail(level), "{name}");
        }
    }
}

#[test]
fn weighted_figures_are_too() {
    let mut uniform = Uniform(45);
    let weights: Vec<f64> = (0..N_PATHS).map(|_| 0.2 + 1.6 * uniform.draw()).collect();
    for (name, draw) in SAMPLES {
        let losses = sample(draw);
        let mut all = column(&[]);
        let mut sums = WeightSums::default();
        sums.add(N_PATHS, &weights);
        let paths = (0..).zip(losses.iter().zip(&weights));
        paths.for_each(|(path, (loss, weight))| all.push_weighted(path, *loss, *weight));
        all.weigh(sums);
        let [few, all] = [squeezed(&losses, &weights), all].map(|column| column.sorted().unwrap());
        compare(name, &few, &all);
    }
}

/// What is kept of a hundred thousand equal losses is the first of them, and bins do not know their number from the rest.
#[test]
fn an_atom_is_exact() {
    let losses = squeezed(&vec![14.0; 100_000], &[]).sorted().unwrap();
    for level in levels() {
        assert_eq!(losses.value_at_risk(level).value.to_bits(), 14.0_f64.to_bits());
        assert!(losses.resolution_of_var(level) <= 0.0 && losses.resolution_of_es(level) <= 0.0);
        close(losses.expected_shortfall(level).value, 14.0, 1e-15);
    }
    close(losses.mean().value, 14.0, 1e-15);
    assert!(losses.resolution_of_std() <= 0.0);
}

#[test]
#[should_panic(expected = "was not kept path by path")]
fn a_tail_that_was_not_kept_is_not_made_up() {
    let losses = sample(SAMPLES[0].1);
    let _ = squeezed(&losses, &[]).sorted().unwrap().tail(Level::new(0.9).unwrap());
}
