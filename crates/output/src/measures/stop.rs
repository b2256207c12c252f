//! Decides when a figure is known well enough for a run to end, as a rule that stops at the first small error stops on luck.
//!
//! Losses and the error estimated from them rise and fall together: the sample that happens to lack its large losses has the smaller
//! mean and the smaller error, and a rule that asks often enough finds it. Four things keep the interval of what is left honest: looks
//! are few (a geometric grid); what is compared is the longest arm of the interval and not the standard error alone, so that skewness
//! counts; a hundred paths stand behind the figure; and two looks in a row have to agree.

use serde::{Deserialize, Serialize};
use slashfall_sampling::config::{StopMetric, StopRule};

use super::{Estimate, Level, LossColumn, interval};

/// Paths at which a rule first looks; it looks again whenever there are half as many more.
const FIRST_LOOK: u64 = 16_384;
/// Paths that must stand behind a figure, of a tail those in the tail.
const MIN_PATHS_BEHIND: f64 = 100.0;

/// Follows the figure of a stop rule through a run: run up to the next look, look, end when the look says so or at `max_paths`.
#[derive(Clone, Copy, Debug)]
pub struct StopWatch {
    metric: StopMetric,
    level: f64,
    relative_error: f64,
    max_paths: u64,
    /// Whether looks are at twice as many paths each.
    is_doubling: bool,
    looks: Looks,
}

/// What a stop rule has seen so far, as far as it matters to what comes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    /// Paths of the next look.
    next: u64,
    /// Paths at which the last look expected the figure to be known; none before the first.
    expected: Option<f64>,
}

impl StopWatch {
    /// Before the first path.
    #[must_use]
    pub fn new(rule: &StopRule) -> Self {
        Self::of(rule.metric, rule.level, rule.relative_error, rule.max_paths)
    }

    pub(super) fn of(metric: StopMetric, level: f64, relative_error: f64, max_paths: u64) -> Self {
        let looks = Looks { next: FIRST_LOOK.min(max_paths), expected: None };
        Self { metric, level, relative_error, max_paths, is_doubling: false, looks }
    }

    /// The same for Sobol points: looks are at powers of two of paths, at which the points of each replicate lie most evenly.
    #[must_use]
    pub fn doubling(self) -> Self {
        Self { is_doubling: true, ..self }
    }

    /// What it has seen.
    #[must_use]
    pub fn looks(&self) -> Looks {
        self.looks
    }

    /// The same once this has been seen: a run that was interrupted looks where it would have looked.
    #[must_use]
    pub fn after(self, looks: Looks) -> Self {
        Self { looks, ..self }
    }

    /// Paths after which to look next, a fixed sequence that ends at `max_paths`: so the result
    /// depends on nothing but the run file.
    #[must_use]
    pub fn next_look(&self) -> u64 {
        self.looks.next
    }

    /// Whether the figure is known well enough, of losses that have reached [`Self::next_look`] paths.
    ///
    /// It is when neither its standard error nor an arm of its 95 % interval over 1.96 exceeds `relative_error` of its value, and the
    /// look before expected no less: its error, falling as the root of the paths, was to be small enough by now. At `max_paths` a run
    /// ends whatever is seen, so luck has no say, and the look there stands alone.
    pub fn look(&mut self, losses: &LossColumn) -> bool {
        let n_paths = losses.n_paths();
        let needed =
            self.estimate(losses).and_then(|estimate| self.paths_needed(n_paths, &estimate));
        self.is_settled(n_paths, needed)
    }

    /// What a look at `n_paths` says that thinks `needed` paths enough.
    pub(super) fn is_settled(&mut self, n_paths: u64, needed: Option<f64>) -> bool {
        let n = n_paths as f64;
        let is_enough = |needed: Option<f64>| needed.is_some_and(|needed| needed <= n);
        let is_expected = is_enough(self.looks.expected) || n_paths >= self.max_paths;
        let more = if self.is_doubling { n_paths } else { n_paths / 2 };
        let next = (n_paths + more).clamp(1, self.max_paths);
        self.looks = Looks { next, expected: needed };
        is_enough(needed) && is_expected
    }

    pub(super) fn estimate(&self, losses: &LossColumn) -> Option<Estimate> {
        let losses = losses.sorted()?;
        let level = Level::new(self.level)?;
        Some(match self.metric {
            StopMetric::Mean => losses.mean(),
            StopMetric::ValueAtRisk => losses.value_at_risk(level),
            StopMetric::ExpectedShortfall => losses.expected_shortfall(level),
        })
    }

    /// Paths at which the figure will be known as well as asked, going by an estimate from `n_paths`; none where that has no interval.
    pub(super) fn paths_needed(&self, n_paths: u64, estimate: &Estimate) -> Option<f64> {
        let n = n_paths as f64;
        let arm = (estimate.value - estimate.ci_low?).max(estimate.ci_high? - estimate.value);
        let error = estimate.std_err?.max(arm / interval::Z_975);
        let allowed = self.relative_error * estimate.value.abs();
        // An error of 0 is that of a quantile in an atom, which may be 0 itself.
        let excess = if error > 0.0 { error / allowed } else { 0.0 };
        Some((n * excess * excess).max(n * MIN_PATHS_BEHIND / estimate.n_eff))
    }
}
