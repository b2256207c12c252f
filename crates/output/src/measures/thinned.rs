//! Estimates means over a tail, and over all paths, of which only some paths are known: what a path costs to know may be a hundred
//! times what it cost to run.
//!
//! All of the far tail is known, further in fewer and fewer paths by rank, each standing for those about it. What that leaves open adds
//! to the error of the mean by differences of neighbours, as of every systematic sample (Wolter 2007, "Introduction to Variance
//! Estimation", section 8.2): what grows evenly with the rank is hardly left open, what is noise is in full.

use super::replicates::{N_REPLICATES, Support, replicate_of, sectioned};
use super::run::Distance;
use super::spread::Spread;
use super::tail::Tail;
use super::{Estimate, Sum, WeightSums};

/// A path of a tail that is known, and for how many it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pick {
    /// Rank in the tail, the worst being 0.
    pub(crate) rank: usize,
    /// Paths that it stands for, itself among them.
    pub(crate) stands_for: f64,
}

/// Picks at most `most` of `n` ranks: all of the first, then each stands for as many as the root of its rank has it, the one in their
/// middle. So a tail within the tail has a part of the picks that grows with the root of its own.
pub(crate) fn picks(n: usize, most: usize) -> Vec<Pick> {
    let mut picks = Vec::with_capacity(n.min(most));
    let mut first = 0;
    for number in 1..=most {
        if first >= n {
            break;
        }
        let end = end_of_pick(n, number, most).clamp(first + 1, n);
        picks.push(Pick { rank: first.midpoint(end - 1), stands_for: (end - first) as f64 });
        first = end;
    }
    picks
}

/// Where the ranks end that the first `number` of `most` picks stand for: `n (number / most)^2`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most n")]
fn end_of_pick(n: usize, number: usize, most: usize) -> usize {
    if n <= most {
        return number;
    }
    (n as f64 * (number as f64 / most as f64).powi(2)).round() as usize
}

impl Tail {
    /// The mean over the tail of what is `values` on the paths picked and 0 on paths with a loss of 0. `at_edge` is its mean at the edge of
    /// the tail, by which the error counts that the edge is estimated (see [`Tail::contribution`]).
    pub(crate) fn thinned(&self, picks: &[Pick], values: &[f64], at_edge: f64) -> Estimate {
        let mut rest = self.mass();
        let mut distances = Vec::with_capacity(picks.len() + 1);
        for (pick, value) in self.own(picks).zip(values) {
            let distance = self.distance(pick, value - at_edge);
            rest -= distance.mass;
            distances.push(distance);
        }
        let all_of_it = rest.max(0.0);
        distances.push(Distance { mass: rest, square: all_of_it, cube: all_of_it, x: -at_edge });
        let spread = Spread::of(distances.into_iter(), self.calibration()).of_differences();
        let found = spread.estimate(at_edge, self.n_paths(), self.mass());
        if !self.is_replicated() {
            let terms = self.own(picks).zip(values);
            let terms = terms.map(|(pick, value)| {
                (pick.stands_for, self.powers(pick.rank)[0] * (value - at_edge))
            });
            return found.with_variance(left_open(terms) / (self.mass() * self.mass()));
        }
        let mut sums = [Sum::default(); N_REPLICATES];
        for (pick, value) in self.own(picks).zip(values) {
            let distance = self.distance(pick, value - at_edge);
            sums[replicate_of(self.paths()[pick.rank].path)].add(distance.mass * distance.x);
        }
        let share = self.mass() / N_REPLICATES as f64;
        let at_zeros = self.zero_mass() * at_edge / self.mass();
        let values = sums.iter().map(|sum| at_edge - at_zeros + sum.value() / share);
        sectioned(found, values, Support::of_tail(self.mass()).and(&found))
    }

    /// The mean of `values` over the picks nearest the edge, as many as the root of their number.
    pub(crate) fn thinned_at_edge(&self, picks: &[Pick], values: &[f64]) -> f64 {
        let own: Vec<_> = self.own(picks).zip(values).collect();
        let near = (own.len() as f64).sqrt().ceil();
        let (mut sum, mut mass) = (0.0, 0.0);
        for (pick, value) in own
            .into_iter()
            .rev()
            .zip(1..)
            .take_while(|(_, n)| f64::from(*n) <= near)
            .map(|(own, _)| own)
        {
            let own = self.distance(pick, 0.0).mass;
            sum += own * value;
            mass += own;
        }
        if mass > 0.0 { sum / mass } else { 0.0 }
    }

    /// Those picks of a longer tail that are in this one.
    fn own<'p>(&self, picks: &'p [Pick]) -> impl Iterator<Item = &'p Pick> {
        let n = self.paths().len();
        picks.iter().take_while(move |pick| pick.rank < n)
    }

    fn distance(&self, pick: &Pick, x: f64) -> Distance {
        let ([mass, square, cube], by) = (self.powers(pick.rank), pick.stands_for);
        Distance { mass: mass * by, square: square * by, cube: cube * by, x }
    }
}

/// Variance of a sum that is left open by terms that stand for others, neighbours side by side.
fn left_open(terms: impl Iterator<Item = (f64, f64)>) -> f64 {
    let mut last = None;
    let variance = terms.map(|(stands_for, term)| {
        let step = last.replace(term).map_or(term, |last| term - last);
        0.5 * stands_for * (stands_for - 1.0) * step * step
    });
    Sum::from_iter(variance).value()
}

/// A path that stands for others in a mean over all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sampled {
    pub(crate) path: u64,
    /// Its likelihood ratio.
    pub(crate) weight: f64,
    /// Paths that it stands for.
    pub(crate) stands_for: f64,
    pub(crate) value: f64,
}

/// The mean over all paths of what is 0 on those that no sampled path stands for.
pub(crate) fn sampled_mean(sums: WeightSums, sampled: &[Sampled]) -> Estimate {
    let distance = |path: &Sampled| {
        let (square, by) = (path.weight * path.weight, path.stands_for);
        let mass = sums.mass(path.weight, square) * by;
        let cube = square * path.weight * by;
        Distance { mass, square: square * by, cube, x: path.value }
    };
    let spread = Spread::of(sampled.iter().map(distance), sums.calibration()).of_differences();
    let n = sums.n_paths();
    let found = spread.estimate(0.0, n, n as f64);
    if !sums.is_replicated() {
        let term = |path: &Sampled| {
            (path.stands_for, sums.mass(path.weight, path.weight * path.weight) * path.value)
        };
        return found.with_variance(left_open(sampled.iter().map(term)) / (n as f64).powi(2));
    }
    let mut by_replicate = [Sum::default(); N_REPLICATES];
    for path in sampled {
        by_replicate[replicate_of(path.path)].add(distance(path).mass * path.value);
    }
    let share = n as f64 / N_REPLICATES as f64;
    let values = by_replicate.iter().map(|sum| sum.value() / share);
    let n_carriers = sampled.iter().filter(|path| path.value.abs() > 0.0).count() as f64;
    sectioned(found, values, Support::of_paths(n_carriers).and(&found))
}

#[cfg(test)]
mod tests {
    use super::super::testing::sorted;
    use super::super::{Level, LossColumn};
    use super::*;

    /// Over random tails of which a tenth is picked, the error is as large as it shows itself: of values that are noise, and of
    /// values that grow with the rank.
    #[test]
    fn errors_are_those_of_the_picks() {
        let uniform = |i: u64, j: u64| {
            let x = (i * 7_919 + j + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            ((x ^ (x >> 32)) >> 11) as f64 / 2f64.powi(53)
        };
        let level = Level::new(0.5).unwrap();
        let n_runs = 300_u32;
        for (noise, start) in [(1.0, 1_000), (0.0, 0)] {
            let (mut z2, mut widths) = (0.0, 0.0);
            for run in 0..n_runs {
                let run = u64::from(run) + start;
                let losses: Vec<f64> = (0..2_000).map(|i| 1.0 + uniform(run, i)).collect();
                let tail = sorted(&losses).tail(level);
                let picks = picks(tail.paths().len(), 100);
                let value = |pick: &Pick| {
                    let path = &tail.paths()[pick.rank];
                    path.loss + noise * (uniform(run + 500_000, path.path) - 0.5)
                };
                let values: Vec<f64> = picks.iter().map(value).collect();
                let at_edge = tail.thinned_at_edge(&picks, &values);
                let found = tail.thinned(&picks, &values, at_edge);
                // The upper half of uniform numbers on (1, 2).
                z2 += ((found.value - 1.75) / found.std_err.unwrap()).powi(2);
                widths += found.std_err.unwrap();
            }
            let (z2, width) = (z2 / f64::from(n_runs), widths / f64::from(n_runs));
            // A mean of squares of 300 normal numbers, within 4 standard errors of 0.082.
            assert!((z2 - 1.0).abs() < 0.33, "{noise}: {z2}");
            assert!(noise > 0.0 || width < 0.015, "{width}");
        }
    }

    /// Every rank is stood for once, whatever is asked for.
    #[test]
    fn picks_stand_for_all() {
        for n in [0, 1, 2, 5, 64, 100, 1_000, 50_000] {
            for most in [1, 2, 30, 100, 1_000, 100_000] {
                let picks = picks(n, most);
                let stood_for: f64 = picks.iter().map(|pick| pick.stands_for).sum();
                assert!((stood_for - n as f64).abs() < 1e-6, "{n} {most}: {stood_for}");
                assert!(picks.is_sorted_by(|a, b| a.rank < b.rank), "{n} {most}");
                assert!(picks.len() <= most, "{n} {most}: {}", picks.len());
                assert!(n > most || picks.len() == n, "{n} {most}");
            }
        }
    }

    /// With every path picked it is the contribution of the component with its error, and neither limit is nearer.
    #[test]
    fn all_paths_give_the_contribution() {
        let losses: Vec<f64> = (0..400_u32).map(|i| f64::from(i * 7 % 401) + 0.5).collect();
        let parts: Vec<f64> = losses.iter().map(|loss| (loss * 1.7).sin() + 0.01 * loss).collect();
        let level = Level::new(0.9).unwrap();
        let tail = sorted(&losses).tail(level);
        let mut column = LossColumn::new();
        (0..).zip(&parts).for_each(|(path, part)| column.push(path, *part));
        let picks = picks(tail.paths().len(), 1_000);
        let of = |path: u64| parts[usize::try_from(path).unwrap()];
        let values: Vec<f64> = tail.paths().iter().map(|path| of(path.path)).collect();
        let at_edge = tail.thinned_at_edge(&picks, &values);
        let (found, twin) = (tail.thinned(&picks, &values, at_edge), tail.contribution(&column));
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(close(found.value, twin.value), "{found:?}, not {twin:?}");
        assert!(close(found.std_err.unwrap(), twin.std_err.unwrap()), "{found:?}, not {twin:?}");
        assert!(found.ci_low <= twin.ci_low && found.ci_high >= twin.ci_high);
    }
}
