//! Whether the weights of a run can be believed: the plain paths in it are drawn from the model
//! itself, and what they say of the tail is set beside what the weights say.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::{gamma_lr, gamma_ur};

use super::PlainShare;
use crate::exact_sum::ExactSum;
use crate::model::Model;
use crate::simulate::Batch;

/// Probability below which a coincidence is not believed.
const DISBELIEF: f64 = 1e-6;
/// Standard errors by which the mean weight may miss 1.
const MEAN_WEIGHT_ERRORS: f64 = 5.0;

/// Sums over the paths of a run, for the loss that its tilt aims at.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    plain: PlainShare,
    loss_eth: f64,
    sums: CheckSums,
}

/// What a [`Check`] has added up: sums of parts of a run add up to those of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckSums {
    n: u64,
    n_plain: u64,
    plain_hits: u64,
    weight: ExactSum,
    weight_squared: ExactSum,
    tail: Tail,
}

/// Sums over the paths that lose more than the loss aimed at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tail {
    weight: ExactSum,
    weight_squared: ExactSum,
    largest: f64,
    excess: ExactSum,
    excess_squared: ExactSum,
    weighted_excess_squared: ExactSum,
}

/// Why the weighted figures of a run are not to be believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Contradiction {
    /// Plain paths lose that much more, or less, often than the weights say.
    PlainPaths {
        /// Plain paths that lose more than the loss aimed at.
        seen: f64,
        /// How many the weights make expected.
        expected: f64,
    },
    /// Weights do not average 1.
    MeanWeight {
        /// Their mean.
        mean: f64,
        /// Its standard error.
        std_err: f64,
    },
}

impl std::fmt::Display for Contradiction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PlainPaths { seen, expected } => write!(
                f,
                "{seen:.0} of the plain paths lose more than the loss aimed at, and the weights say {expected:.1}"
            ),
            Self::MeanWeight { mean, std_err } => {
                write!(f, "weights average {mean:.4}, {std_err:.4} give or take, and not 1")
            }
        }
    }
}

impl Check {
    /// Before the first path; none where paths are not weighted.
    #[must_use]
    pub fn new(model: &Model<'_>) -> Option<Self> {
        let tilt = model.tilt.as_ref()?;
        Some(Self::of(tilt.plain, tilt.loss_eth))
    }

    pub(super) fn of(plain: PlainShare, loss_eth: f64) -> Self {
        Self { plain, loss_eth, sums: CheckSums::default() }
    }

    /// Adds the next batch; `loss_eth` gives the loss aimed at from the figures of a path.
    pub fn absorb(&mut self, batch: &Batch, loss_eth: impl Fn(&[f64]) -> f64) {
        for ((path, row), &weight) in batch.rows().zip(&batch.weights) {
            self.add(path, loss_eth(row), weight);
        }
    }

    pub(super) fn add(&mut self, path: u64, loss_eth: f64, weight: f64) {
        let excess = loss_eth - self.loss_eth;
        let sums = &mut self.sums;
        sums.n += 1;
        sums.weight.add(weight);
        sums.weight_squared.add(weight * weight);
        let is_plain = self.plain.has(path);
        sums.n_plain += u64::from(is_plain);
        if excess <= 0.0 {
            return;
        }
        sums.plain_hits += u64::from(is_plain);
        let tail = &mut sums.tail;
        tail.weight.add(weight);
        tail.weight_squared.add(weight * weight);
        tail.largest = tail.largest.max(weight);
        tail.excess.add(weight * excess);
        tail.excess_squared.add(weight * excess * excess);
        tail.weighted_excess_squared.add((weight * excess).powi(2));
    }

    /// What has been added up since this was last asked.
    pub fn take_sums(&mut self) -> CheckSums {
        std::mem::take(&mut self.sums)
    }

    /// Adds what has been added up over other paths.
    pub fn join(&mut self, other: &CheckSums) {
        let own = &mut self.sums;
        own.n += other.n;
        own.n_plain += other.n_plain;
        own.plain_hits += other.plain_hits;
        own.weight.join(&other.weight);
        own.weight_squared.join(&other.weight_squared);
        own.tail.join(&other.tail);
    }

    /// Paths so far.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.sums.n
    }

    fn n(&self) -> f64 {
        self.sums.n as f64
    }

    /// Estimate of the probability to lose more than the loss aimed at.
    #[must_use]
    pub fn probability(&self) -> f64 {
        self.sums.tail.weight.value() / self.n()
    }

    /// Its standard error.
    #[must_use]
    pub fn probability_std_err(&self) -> f64 {
        let variance =
            self.sums.tail.weight_squared.value() / self.n() - self.probability().powi(2);
        (variance.max(0.0) / self.n()).sqrt()
    }

    /// Paths of equal weight that would know the tail as well (Kish).
    #[must_use]
    pub fn effective_tail_paths(&self) -> f64 {
        let tail = &self.sums.tail;
        let weight = tail.weight.value();
        if weight > 0.0 { weight.powi(2) / tail.weight_squared.value() } else { 0.0 }
    }

    /// Part of the tail's weight that the heaviest of its paths has.
    #[must_use]
    pub fn largest_share(&self) -> f64 {
        let weight = self.sums.tail.weight.value();
        if weight > 0.0 { self.sums.tail.largest / weight } else { 1.0 }
    }

    /// Variance that a plain path has in an estimate over that of a path here: of the probability to
    /// lose more than the loss aimed at, and of the mean excess over it.
    #[must_use]
    pub fn gains(&self) -> (f64, f64) {
        let tail = &self.sums.tail;
        let mean = |sum: &ExactSum| sum.value() / self.n();
        let (p, excess) = (self.probability(), mean(&tail.excess));
        let ratio = |plain: f64, own: f64| if own > 0.0 { plain / own } else { 0.0 };
        (
            ratio(p * (1.0 - p), mean(&tail.weight_squared) - p * p),
            ratio(
                mean(&tail.excess_squared) - excess * excess,
                mean(&tail.weighted_excess_squared) - excess * excess,
            ),
        )
    }

    /// What says that the weights are wrong, if something does.
    #[must_use]
    pub fn contradiction(&self) -> Option<Contradiction> {
        let sums = &self.sums;
        let mean = sums.weight.value() / self.n();
        let square = sums.weight_squared.value() / self.n();
        let std_err = ((square - mean * mean).max(0.0) / self.n()).sqrt();
        if (mean - 1.0).abs() > MEAN_WEIGHT_ERRORS * std_err + 1e-9 {
            return Some(Contradiction::MeanWeight { mean, std_err });
        }
        let (seen, n_plain) = (sums.plain_hits as f64, sums.n_plain as f64);
        let expected = n_plain * self.probability();
        // The expectation is an estimate too: the coincidence is judged at the end of its interval
        // that makes it likeliest.
        let room = 4.0 * n_plain * self.probability_std_err();
        let unlikely = if seen > expected {
            at_least(seen, expected + room) < DISBELIEF
        } else {
            at_most(seen, (expected - room).max(0.0)) < DISBELIEF
        };
        unlikely.then_some(Contradiction::PlainPaths { seen, expected })
    }
}

impl Tail {
    fn join(&mut self, other: &Self) {
        self.weight.join(&other.weight);
        self.weight_squared.join(&other.weight_squared);
        self.largest = self.largest.max(other.largest);
        self.excess.join(&other.excess);
        self.excess_squared.join(&other.excess_squared);
        self.weighted_excess_squared.join(&other.weighted_excess_squared);
    }
}

/// `P(N >= k)` of a Poisson variable.
fn at_least(k: f64, mean: f64) -> f64 {
    if k <= 0.0 || mean <= 0.0 { f64::from(u8::from(k <= 0.0)) } else { gamma_lr(k, mean) }
}

/// `P(N <= k)` of a Poisson variable.
fn at_most(k: f64, mean: f64) -> f64 {
    if mean <= 0.0 { 1.0 } else { gamma_ur(k + 1.0, mean) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(weight: f64, plain_hits: usize) -> Check {
        let mut check = Check::of(PlainShare::new(0.5), 10.0);
        let mut hits = 0;
        for path in 0..10_000 {
            let is_plain = PlainShare::new(0.5).has(path);
            if is_plain && hits < plain_hits {
                hits += 1;
                check.add(path, 11.0, weight);
            } else if !is_plain && path % 10 == 1 {
                check.add(path, 11.0, weight);
            } else {
                let rest = 10_000.0 - weight * (1_000.0 + plain_hits as f64);
                check.add(path, 0.0, rest / (9_000.0 - plain_hits as f64));
            }
        }
        check
    }

    #[test]
    fn plain_paths_may_differ_by_luck_alone() {
        // About 10 are expected.
        assert_eq!(check(0.02, 10).contradiction(), None);
        assert_eq!(check(0.02, 18).contradiction(), None);
        let found = check(0.02, 60).contradiction();
        assert!(matches!(found, Some(Contradiction::PlainPaths { .. })), "{found:?}");
        let found = check(0.2, 10).contradiction();
        assert!(matches!(found, Some(Contradiction::PlainPaths { .. })), "{found:?}");
    }

    #[test]
    fn parts_join_to_the_whole() {
        let weight = |path: u64| 0.4 + (path % 13) as f64 / 10.0;
        let part = |check: &mut Check, paths: std::ops::Range<u64>| {
            paths.for_each(|path| check.add(path, (path % 40) as f64, weight(path)));
        };
        let empty = || Check::of(PlainShare::new(0.5), 10.0);
        let (mut whole, mut parts, mut joined) = (empty(), empty(), empty());
        part(&mut whole, 0..2_000);
        for paths in [700..2_000, 0..1, 1..700] {
            part(&mut parts, paths);
            joined.join(&parts.take_sums());
        }
        assert_eq!(joined, whole);
        assert!(joined.effective_tail_paths() > 100.0);
    }

    #[test]
    fn weights_average_one() {
        let mut check = Check::of(PlainShare::new(0.5), 10.0);
        (0..1_000).for_each(|path| check.add(path, 0.0, 0.8 + 0.1 * f64::from(path % 2 == 0)));
        assert!(matches!(check.contradiction(), Some(Contradiction::MeanWeight { .. })));
    }

    #[test]
    fn a_gain_is_a_ratio_of_variances() {
        let check = check(0.02, 10);
        let p = 0.02 * 1_010.0 / 1e4;
        assert!((check.probability() - p).abs() < 1e-12);
        let own = 0.02f64.powi(2) * 1_010.0 / 1e4 - p * p;
        assert!((check.gains().0 - p * (1.0 - p) / own).abs() < 1e-9);
        assert!((check.effective_tail_paths() - 1_010.0).abs() < 1e-6);
        assert!((check.largest_share() - 1.0 / 1_010.0).abs() < 1e-12);
    }
}
