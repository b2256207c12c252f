//! Puts an error on the difference of two figures whose paths share their draws, as it is known far better than either figure.
//!
//! Path p of A and path p of B are one pair; pairs are independent of each other. Every figure is, to first order, its true value plus
//! a mean over the paths of its influence function (Hampel 1974, "The influence curve and its role in robust estimation"), so the
//! difference of two is a mean over the pairs of the difference of their influences, and its error that of a mean: what both paths of
//! a pair have in common cancels (common random numbers; Glasserman 2003, section 4.1 and 7.1). Intervals are those of the `spread` module.

use super::replicates::{Support, sectioned};
use super::spread::Spread;
use super::{Estimate, Level, LossColumn, PairedCounts, PathLoss, SortedLosses, Sum};

/// A figure of A, the same of B, and B less A with an error of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The figure of A.
    pub a: f64,
    /// The figure of B.
    pub b: f64,
    /// B less A.
    pub estimate: Estimate,
}

impl Difference {
    /// Standard errors that the difference is away from 0; none where the error is none or 0.
    #[must_use]
    pub fn z(&self) -> Option<f64> {
        let std_err = self.estimate.std_err.filter(|std_err| *std_err > 0.0)?;
        Some(self.estimate.value / std_err)
    }
}

/// Amounts of this size, relative to the largest loss on either side, are rounding.
const ROUNDING: f64 = 1e-12;

/// Losses of one scope on two sides, pair by pair and ranked.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedLosses {
    columns: [LossColumn; 2],
    ranked: [SortedLosses; 2],
    /// B as it was, rounding and all: whose figures are told.
    b_as_read: SortedLosses,
    n_paths: u64,
    /// Pairs of which neither path lost or gained anything.
    n_zero: u64,
    /// Pairs whose paths lost different amounts: only these say anything about a difference.
    n_differing: u64,
    /// Losses no further apart than this are the same.
    tolerance: f64,
}

impl PairedLosses {
    /// Pairs the paths of A and B; `None` where there are none or one side has more. Where the paths of a pair differ by rounding,
    /// a difference takes both to be the loss of A.
    #[must_use]
    pub fn new(a: LossColumn, b: LossColumn) -> Option<Self> {
        let n_paths = a.n_paths();
        if b.n_paths() != n_paths {
            return None;
        }
        let tolerance = ROUNDING * largest(&a).max(largest(&b));
        let b_as_read = b.sorted()?;
        let b = without_rounding(&a, b, tolerance);
        let ranked = [a.sorted()?, b.sorted()?];
        let (mut n_moved, mut n_differing) = (0, 0);
        for (_, a, b) in moved(a.entries(), b.entries()) {
            n_moved += 1;
            n_differing += u64::from((b - a).abs() > 0.0);
        }
        let n_zero = n_paths - n_moved;
        Some(Self { columns: [a, b], ranked, b_as_read, n_paths, n_zero, n_differing, tolerance })
    }

    /// Pairs.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.n_paths
    }

    /// Difference of the means: the mean of the differences.
    #[must_use]
    pub fn mean(&self) -> Difference {
        let [a, b] = self.told(|side| side.mean().value);
        let mean = self.mean_of(|a, b| b - a);
        let estimate = self.influenced(mean, self.n_differing as f64, |a, b| b - a);
        let figure = |side: &SortedLosses| side.mean().value;
        Difference { a, b, estimate: self.over_replicates(estimate, figure, self.support()) }
    }

    /// Difference of the standard deviations; influence `((L - mean)^2 - s^2) / (2 s)`.
    ///
    /// Without an error where either is 0, as such a sample says nothing about its own spread.
    #[must_use]
    pub fn std(&self) -> Difference {
        let told = self.told(|side| side.std().value);
        let [a, b] = self.ranked.each_ref().map(|side| side.std().value);
        let value = b - a;
        if a <= 0.0 || b <= 0.0 {
            let estimate = Estimate::bare(value, self.n_paths as f64);
            return Difference { a: told[0], b: told[1], estimate };
        }
        let [mean_a, mean_b] = self.ranked.each_ref().map(|side| side.mean().value);
        let influence = |loss_a: f64, loss_b: f64| {
            (loss_b - mean_b).powi(2) / (2.0 * b) - (loss_a - mean_a).powi(2) / (2.0 * a)
        };
        let estimate = self.influenced(value, self.n_differing as f64, influence);
        let figure = |side: &SortedLosses| side.std().value;
        let estimate = self.over_replicates(estimate, figure, self.support().symmetric());
        Difference { a: told[0], b: told[1], estimate }
    }

    /// Difference of the values at risk; influence `(1{L > VaR} - (1 - level)) / f(VaR)` (Serfling 1980, section 2.5).
    ///
    /// The density `f` at the quantile is read from the interval of each side, whose standard error is
    /// `sqrt(level (1 - level) / n) / f`. An interval no wider than rounding means an atom, where the influence is 0: if both sides lie
    /// in one, the difference has an error of 0; if one does, the density of the pair is that of neither and the error is `None`.
    #[must_use]
    pub fn value_at_risk(&self, level: Level) -> Difference {
        let sides = self.ranked.each_ref().map(|side| side.value_at_risk(level));
        let [a, b] = sides.map(|side| side.value);
        let n_eff = sides[0].n_eff;
        let value = if (b - a).abs() <= self.tolerance { 0.0 } else { b - a };
        // Losses that rounding alone tells apart are one atom.
        let std_err = |side: Estimate| {
            let width = side.ci_high.zip(side.ci_low).map(|(high, low)| high - low);
            let is_atom = width.is_some_and(|width| width <= self.tolerance);
            if is_atom { Some(0.0) } else { side.std_err }
        };
        let estimate = match sides.map(std_err) {
            [Some(std_err_a), Some(std_err_b)] if std_err_a > 0.0 && std_err_b > 0.0 => {
                let mass = n_eff / self.n_paths as f64;
                let scale = (self.n_paths as f64 / (mass * (1.0 - mass))).sqrt();
                let (step_a, step_b) = (std_err_a * scale, std_err_b * scale);
                let tolerance = self.tolerance;
                let above = |loss: f64, edge: f64| if loss > edge + tolerance { 1.0 } else { 0.0 };
                let influence =
                    |loss_a, loss_b| step_b * above(loss_b, b) - step_a * above(loss_a, a);
                let informative = self.count(|a, b| influence(a, b).abs() > 0.0);
                self.influenced(value, informative, influence)
            }
            [Some(std_err_a), Some(std_err_b)] if std_err_a.max(std_err_b) <= 0.0 => {
                Estimate::certain(value, n_eff)
            }
            _ => Estimate::bare(value, n_eff),
        };
        let [a, b] = self.told(|side| side.value_at_risk(level).value);
        let estimate = Estimate { n_eff, ..estimate };
        let figure = |side: &SortedLosses| side.value_at_risk(level).value;
        let support = self.ranked[0].support_of_tail(level).symmetric();
        Difference { a, b, estimate: self.over_replicates(estimate, figure, support) }
    }

    /// Difference of the expected shortfalls; influence `(L - VaR)^+ / (1 - level) + VaR - ES` (the variance of which is that of
    /// Manistre and Hancock 2005), so that the quantiles enter through the edge of each tail alone.
    #[must_use]
    pub fn expected_shortfall(&self, level: Level) -> Difference {
        let [a, b] = self.told(|side| side.expected_shortfall(level).value);
        let cut = level.cut(self.n_paths);
        let [edge_a, edge_b] = self.ranked.each_ref().map(|side| side.quantile(cut));
        let excess = |(count, loss_a, loss_b): (f64, f64, f64)| {
            (count, (loss_b - edge_b).max(0.0) - (loss_a - edge_a).max(0.0))
        };
        let spread = Spread::of(self.pairs().map(excess), None).of_differences();
        let estimate = spread.estimate(edge_b - edge_a, self.n_paths, cut.mass);
        let figure = |side: &SortedLosses| side.expected_shortfall(level).value;
        let support = self.ranked[0].support_of_tail(level);
        Difference { a, b, estimate: self.over_replicates(estimate, figure, support) }
    }

    /// Difference of the probabilities of any loss.
    #[must_use]
    pub fn probability_positive(&self) -> Difference {
        let mut counts = PairedCounts::default();
        for (_, a, b) in moved(self.columns[0].entries(), self.columns[1].entries()) {
            counts.add(a > 0.0, b > 0.0);
        }
        counts.advance(self.n_paths);
        let [a, b] = self.told(|side| side.probability_positive().value);
        let estimate = counts.difference().estimate;
        let figure = |side: &SortedLosses| side.probability_positive().value;
        let support = Support::of_paths(counts.n_discordant() as f64);
        let estimate = self.over_replicates(estimate, figure, support).within(-1.0, 1.0);
        Difference { a, b, estimate }
    }

    /// Difference of the worst losses, which estimates nothing and has no error.
    #[must_use]
    pub fn max(&self) -> Difference {
        let [a, b] = self.ranked.each_ref().map(|side| side.max().value);
        let estimate = Estimate::bare(b - a, self.n_paths as f64);
        let [a, b] = self.told(|side| side.max().value);
        Difference { a, b, estimate }
    }

    /// What pairs that differ say of a difference, where paths are dealt out to replicates.
    fn support(&self) -> Support {
        Support::of_paths(self.n_differing as f64)
    }

    /// A difference with the error of the differences that the replicates have, where only these are independent; else as it was found.
    fn over_replicates(
        &self,
        found: Estimate,
        figure: impl Fn(&SortedLosses) -> f64,
        support: Support,
    ) -> Estimate {
        let [a, b] = self.ranked.each_ref().map(SortedLosses::replicates);
        if a.is_empty() {
            return found;
        }
        let value = |(a, b): (&SortedLosses, &SortedLosses)| {
            let difference = figure(b) - figure(a);
            if difference.abs() <= self.tolerance { 0.0 } else { difference }
        };
        sectioned(found, a.iter().zip(b).map(value), support)
    }

    /// A figure of either side as it is told.
    fn told(&self, figure: impl Fn(&SortedLosses) -> f64) -> [f64; 2] {
        [&self.ranked[0], &self.b_as_read].map(figure)
    }

    /// Error of the difference of two figures if their paths had nothing to do with each other.
    #[cfg(test)]
    pub(super) fn unpaired(&self, figure: impl Fn(&SortedLosses) -> Estimate) -> Option<f64> {
        let [a, b] = self.ranked.each_ref().map(|side| figure(side).std_err);
        a.zip(b).map(|(a, b)| a.hypot(b))
    }

    /// Every pair as (number of pairs, loss in A, loss in B), those without any as one run at the end.
    fn pairs(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let moved = moved(self.columns[0].entries(), self.columns[1].entries());
        moved.map(|(_, a, b)| (1.0, a, b)).chain(std::iter::once((self.n_zero as f64, 0.0, 0.0)))
    }

    /// `value` with the error of a mean over the pairs of `influence`, of which only the spread counts.
    fn influenced(
        &self,
        value: f64,
        n_informative: f64,
        influence: impl Fn(f64, f64) -> f64,
    ) -> Estimate {
        let mean = self.mean_of(&influence);
        let distances = self.pairs().map(|(count, a, b)| (count, influence(a, b) - mean));
        let spread = Spread::of(distances, None).with_informative(n_informative).of_differences();
        spread.estimate(value, self.n_paths, self.n_paths as f64)
    }

    fn mean_of(&self, figure: impl Fn(f64, f64) -> f64) -> f64 {
        let terms = self.pairs().map(|(count, a, b)| count * figure(a, b));
        Sum::from_iter(terms).value() / self.n_paths as f64
    }

    fn count(&self, holds: impl Fn(f64, f64) -> bool) -> f64 {
        self.pairs().filter(|(_, a, b)| holds(*a, *b)).map(|(count, ..)| count).sum()
    }
}

/// The largest loss or gain of a column.
fn largest(column: &LossColumn) -> f64 {
    column.entries().iter().map(|entry| entry.loss.abs()).fold(0.0, f64::max)
}

/// B with the losses of A where the two are the same but for rounding.
fn without_rounding(a: &LossColumn, b: LossColumn, tolerance: f64) -> LossColumn {
    let is_same = |a: f64, b: f64| (b - a).abs() <= tolerance;
    let is_rounding = |(_, a, b): (u64, f64, f64)| is_same(a, b) && a.to_bits() != b.to_bits();
    if !moved(a.entries(), b.entries()).any(is_rounding) {
        return b;
    }
    let mut cleared = LossColumn::new();
    for (path, loss_a, loss_b) in moved(a.entries(), b.entries()) {
        cleared.push(path, if is_same(loss_a, loss_b) { loss_a } else { loss_b });
    }
    cleared.advance(b.n_paths());
    cleared.weigh_as(&b);
    cleared
}

/// Paths that lost or gained anything in A or B, in order, with the losses of either.
fn moved<'l>(a: &'l [PathLoss], b: &'l [PathLoss]) -> impl Iterator<Item = (u64, f64, f64)> + 'l {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    std::iter::from_fn(move || {
        let heads = [a.peek(), b.peek()].into_iter().flatten();
        let path = heads.map(|entry| entry.path).min()?;
        let loss_a = a.next_if(|entry| entry.path == path).map_or(0.0, |entry| entry.loss);
        let loss_b = b.next_if(|entry| entry.path == path).map_or(0.0, |entry| entry.loss);
        Some((path, loss_a, loss_b))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, column};
    use super::*;

    fn paired(a: &[f64], b: &[f64]) -> PairedLosses {
        PairedLosses::new(column(a), column(b)).unwrap()
    }

    fn level(level: f64) -> Level {
        Level::new(level).unwrap()
    }

    #[test]
    fn pairs_meet_by_path() {
        let losses = paired(&[0.0, 2.0, 0.0, -1.0, 0.0], &[3.0, 2.5, 0.0, 0.0, 0.0]);
        let pairs: Vec<_> = losses.pairs().collect();
        let expected = [(1.0, 0.0, 3.0), (1.0, 2.0, 2.5), (1.0, -1.0, 0.0), (2.0, 0.0, 0.0)];
        assert_eq!(pairs, expected);
        assert!((losses.n_differing, losses.n_zero) == (3, 2));
    }

    #[test]
    fn hand_worked() {
        let (a, b) = ([1.0, 2.0, 0.0, 4.0, 3.0], [1.0, 2.0, 1.0, 6.0, 5.0]);
        let losses = paired(&a, &b);
        // Differences 0, 0, 1, 2, 2: mean 1, variance 4 / 5, standard error sqrt(4 / 5 / 4).
        let mean = losses.mean();
        assert!((mean.a - 2.0).abs() < 1e-15 && (mean.b - 3.0).abs() < 1e-15);
        close(mean.estimate.value, 1.0, 1e-15);
        close(mean.estimate.std_err.unwrap(), 0.2_f64.sqrt(), 1e-14);
        assert_eq!(mean.estimate.ci_low, None, "three pairs that differ are too few for a limit");
        close(mean.z().unwrap(), 5.0_f64.sqrt(), 1e-14);
        // Level 0.6: the tails are two paths, edges 2 and 2, excesses 0, 0, 0, 2 - 4, 1 - 3 the other way round.
        let es = losses.expected_shortfall(level(0.6));
        assert!((es.a, es.b) == (3.5, 5.5));
        close(es.estimate.value, 2.0, 1e-15);
        // Z = 0, 0, 0, 2 x 5 / 2, 2 x 5 / 2: variance 6 over the square root of n - 1.
        close(es.estimate.std_err.unwrap(), (6.0_f64 / 4.0).sqrt(), 1e-14);
        assert!((losses.max().estimate.value - 2.0).abs() < 1e-15);
        assert_eq!((losses.max().estimate.std_err, losses.max().z()), (None, None));
        close(losses.probability_positive().estimate.value, 0.2, 1e-15);
    }

    #[test]
    fn identical_sides_differ_by_nothing() {
        let losses: Vec<f64> = (0..5000).map(|i| f64::from(i % 97).powi(2) / 7.0 - 40.0).collect();
        let same = paired(&losses, &losses);
        let figures = [
            same.mean(),
            same.std(),
            same.value_at_risk(level(0.95)),
            same.expected_shortfall(level(0.95)),
            same.probability_positive(),
            same.max(),
        ];
        for figure in figures {
            assert_eq!(figure.a.to_bits(), figure.b.to_bits());
            assert_eq!(figure.estimate.value.to_bits(), 0.0_f64.to_bits(), "{figure:?}");
            assert!(figure.estimate.std_err.is_none() && figure.z().is_none(), "{figure:?}");
        }
    }

    #[test]
    fn rounding_is_no_difference() {
        let a: Vec<f64> = (0..5000).map(|i| f64::from((i % 97 - 60).max(0)) / 7.0).collect();
        let jitter = |i: usize| if i.is_multiple_of(3) { 1e-17 } else { 0.0 };
        let b: Vec<f64> =
            a.iter().enumerate().map(|(i, loss)| loss * (1.0 + 1e-15) + jitter(i)).collect();
        let same = paired(&a, &b);
        assert_eq!(same.n_differing, 0);
        let tail = [same.value_at_risk(level(0.95)), same.expected_shortfall(level(0.95))];
        let others = [same.mean(), same.std(), same.probability_positive(), same.max()];
        for figure in tail.into_iter().chain(others) {
            assert_eq!(figure.estimate.value.to_bits(), 0.0_f64.to_bits(), "{figure:?}");
            assert!(figure.z().is_none(), "{figure:?}");
        }
    }

    /// Every path loses 3, or 3 and a little rounding; B loses 5 in the same way.
    #[test]
    fn losses_that_rounding_tells_apart_are_one_atom() {
        let around = |size: f64| -> Vec<f64> {
            (0..1000).map(|i| size * (1.0 + f64::from(i % 7) * 1e-16)).collect()
        };
        let atom = paired(&around(3.0), &around(5.0)).value_at_risk(level(0.9)).estimate;
        close(atom.value, 2.0, 1e-12);
        assert_eq!(atom.std_err, Some(0.0));
    }

    #[test]
    fn an_atom_on_one_side_leaves_no_error() {
        let few: Vec<f64> = (0..1000).map(|i| f64::from((i - 900).max(0))).collect();
        let many: Vec<f64> = (0..1000).map(f64::from).collect();
        let of = |a: &[f64], b: &[f64]| paired(a, b).value_at_risk(level(0.5)).estimate;
        let both = of(&few, &few.iter().map(|loss| 2.0 * loss).collect::<Vec<_>>());
        assert_eq!((both.std_err, both.ci_low, both.ci_high), (Some(0.0), Some(0.0), Some(0.0)));
        let one = of(&few, &many);
        assert_eq!(one, Estimate::bare(499.0, 500.0));
        assert!(of(&many, &many.iter().rev().copied().collect::<Vec<_>>()).std_err.is_some());
    }

    #[test]
    fn sides_of_different_length_are_no_pairs() {
        assert!(PairedLosses::new(column(&[1.0]), column(&[1.0, 2.0])).is_none());
        assert!(PairedLosses::new(LossColumn::new(), LossColumn::new()).is_none());
    }

    #[test]
    fn exchanging_the_sides_changes_the_sign() {
        let a: Vec<f64> = (0..4000).map(|i| f64::from(i * 7919 % 4001)).collect();
        let b: Vec<f64> = a.iter().map(|loss| (1.2 * loss - 300.0).max(0.0)).collect();
        let (ab, ba) = (paired(&a, &b), paired(&b, &a));
        let figures = |pair: &PairedLosses| {
            let tail = [pair.value_at_risk(level(0.9)), pair.expected_shortfall(level(0.9))];
            [pair.mean(), pair.std(), pair.probability_positive(), tail[0], tail[1]]
        };
        for (there, back) in figures(&ab).into_iter().zip(figures(&ba)) {
            close(there.estimate.value, -back.estimate.value, 1e-9);
            close(there.estimate.std_err.unwrap(), back.estimate.std_err.unwrap(), 1e-9);
            close(there.estimate.ci_low.unwrap(), -back.estimate.ci_high.unwrap(), 1e-9);
        }
    }
}
