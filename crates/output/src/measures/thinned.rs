//! Estimates means over a tail, and over all paths, of which only some paths are known: what a path costs to know may be a hundred
//! times what it cost to run.
//!
//! All of the far tail is known, then every second path by rank, then every fourth, each standing for as many. The error counts it as if
//! each had been picked by chance (Horvitz and Thompson 1952), which is never too small for picks that are spread evenly.

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

/// Picks at most about `most` of `n` ranks: all of the first, then every second of as many more, then every fourth of twice as many,
/// and so on.
pub(crate) fn picks(n: usize, most: usize) -> Vec<Pick> {
    let mut whole = most.max(2);
    while whole > 2 && n_picked(n, whole) > most {
        whole -= whole.div_ceil(8);
    }
    let mut picks: Vec<Pick> =
        (0..n.min(whole)).map(|rank| Pick { rank, stands_for: 1.0 }).collect();
    let (mut first, mut step) = (whole, 2);
    while first < n {
        let end = n.min(2 * first);
        // Those in the middle of what they stand for.
        let own: Vec<usize> = (first + step / 2..end).step_by(step).collect();
        let own = if own.is_empty() { vec![first] } else { own };
        let stands_for = (end - first) as f64 / own.len() as f64;
        picks.extend(own.into_iter().map(|rank| Pick { rank, stands_for }));
        (first, step) = (end, 2 * step);
    }
    picks
}

/// How many ranks are picked when the first `whole` are picked all.
fn n_picked(n: usize, whole: usize) -> usize {
    let (mut first, mut step, mut picked) = (whole, 2, whole.min(n));
    while first < n {
        let end = n.min(2 * first);
        picked += (end - first).div_ceil(step);
        (first, step) = (end, 2 * step);
    }
    picked
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
        let spread = Spread::of(distances.into_iter(), self.calibration());
        let found = spread.estimate(at_edge, self.n_paths(), self.mass());
        if !self.is_replicated() {
            return found;
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
        Distance { mass: mass * by, square: square * by * by, cube: cube * by * by * by, x }
    }
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
        let cube = square * path.weight * by * by * by;
        Distance { mass, square: square * by * by, cube, x: path.value }
    };
    let spread = Spread::of(sampled.iter().map(distance), sums.calibration());
    let n = sums.n_paths();
    let found = spread.estimate(0.0, n, n as f64);
    if !sums.is_replicated() {
        return found;
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

    /// Every rank is stood for once, whatever is asked for.
    #[test]
    fn picks_stand_for_all() {
        for n in [0, 1, 2, 5, 64, 100, 1_000, 50_000] {
            for most in [1, 2, 30, 100, 1_000, 100_000] {
                let picks = picks(n, most);
                let stood_for: f64 = picks.iter().map(|pick| pick.stands_for).sum();
                assert!((stood_for - n as f64).abs() < 1e-6, "{n} {most}: {stood_for}");
                assert!(picks.is_sorted_by(|a, b| a.rank < b.rank), "{n} {most}");
                assert!(most < 30 || picks.len() <= most, "{n} {most}: {}", picks.len());
                assert!(n > most || picks.len() == n, "{n} {most}");
            }
        }
    }

    /// With every path picked it is the contribution of the component, error and interval too.
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
        for (a, b) in [
            (Some(found.value), Some(twin.value)),
            (found.std_err, twin.std_err),
            (found.ci_low, twin.ci_low),
            (found.ci_high, twin.ci_high),
        ] {
            assert!((a.unwrap() / b.unwrap() - 1.0).abs() < 1e-9, "{found:?}, not {twin:?}");
        }
    }
}
