//! The worst paths of a sample up to a mass: what a tail is the mean of.

use std::cmp::Ordering;

use crate::sample::Sample;

/// The worst rows by value up to a mass, and how much of the mass of each counts: all of it, but of the last. In no order; ties
/// are broken by row.
pub(crate) fn worst(sample: &Sample, values: &[f64], mass: f64) -> Vec<(usize, f64)> {
    let mut ranked: Vec<(f64, usize)> =
        values.iter().enumerate().map(|(row, &value)| (value, row)).collect();
    if sample.weights.is_empty() {
        let n = ceiling(mass).min(ranked.len());
        if n == 0 {
            return Vec::new();
        }
        if n < ranked.len() {
            ranked.select_nth_unstable_by(n - 1, worse);
        }
        let last = ranked[..n].iter().enumerate().max_by(|a, b| worse(a.1, b.1)).map(|(at, _)| at);
        let part = 1.0 - (n as f64 - mass).max(0.0);
        let counts = |at: usize| if Some(at) == last { part } else { 1.0 };
        return ranked[..n].iter().enumerate().map(|(at, (_, row))| (*row, counts(at))).collect();
    }
    ranked.sort_unstable_by(worse);
    let mut left = mass;
    let counted = ranked.iter().map_while(|&(_, row)| {
        let own = sample.mass(row).min(left);
        left -= own;
        (own > 0.0).then_some((row, own))
    });
    counted.collect()
}

/// Mean value of such rows, which have this mass.
pub(crate) fn mean_of(values: &[f64], counted: &[(usize, f64)], mass: f64) -> f64 {
    counted.iter().map(|(row, own)| values[*row] * own).sum::<f64>() / mass
}

/// The larger value first, the earlier row first.
fn worse(a: &(f64, usize), b: &(f64, usize)) -> Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of paths, at least 0"
)]
fn ceiling(mass: f64) -> usize {
    mass.ceil() as usize
}
