//! Ranks the losses of a scope once, because quantile, shortfall and exceedance all read the same order.

use super::level::Cut;
use super::spread::Spread;
use super::{Estimate, Level, PathLoss, interval};

/// Losses from worst to best, ties by path, the paths without a loss a block between losses and gains.
#[derive(Debug, Clone, PartialEq)]
pub struct SortedLosses {
    n_paths: u64,
    /// Descending losses, none of them 0.
    entries: Vec<PathLoss>,
    /// Entries that are losses; gains follow them.
    n_positive: usize,
}

impl SortedLosses {
    /// Ranks `entries`, the losses that are not 0 among `n_paths`; the caller holds `0 < n_paths >= entries.len()`.
    pub(super) fn new(n_paths: u64, mut entries: Vec<PathLoss>) -> Self {
        entries.sort_unstable_by(|a, b| b.loss.total_cmp(&a.loss).then(a.path.cmp(&b.path)));
        let n_positive = entries.partition_point(|entry| entry.loss > 0.0);
        Self { n_paths, entries, n_positive }
    }

    /// Quantile `inf{x : F(x) >= level}`: the ascending order statistic `ceil(level n)`, in the unit of the losses.
    ///
    /// The interval lies between two order statistics and needs no distribution (David and Nagaraja 2003, section 7.1):
    /// the number of paths beyond the true quantile is binomial (n, 1 - level), exact here for every n. It covers at least 95 %,
    /// more where losses tie. The standard error is half its width over 1.96, the normal reading of it.
    #[must_use]
    pub fn value_at_risk(&self, level: Level) -> Estimate {
        let cut = level.cut(self.n_paths);
        let beyond = interval::count_range(self.n_paths, cut.mass / self.n_paths as f64);
        let ci_low = self.at_rank(beyond.most + 1);
        let ci_high = self.at_rank(beyond.fewest);
        let std_err = ci_low.zip(ci_high).map(|(low, high)| (high - low) / (2.0 * interval::Z_975));
        Estimate { value: self.quantile(cut), std_err, ci_low, ci_high, n_eff: cut.mass }
    }

    /// Mean of the worst `1 - level` of the mass, `VaR + sum (L - VaR)^+ / (n (1 - level))`, so never below the value at risk
    /// (Acerbi and Tasche 2002, "On the coherence of expected shortfall"; Rockafellar and Uryasev 2002).
    ///
    /// The standard error is `sqrt((Var(L | tail) + level (ES - VaR)^2) / (n (1 - level)))` (Manistre and Hancock 2005, "Variance
    /// of the CTE estimator"); for the interval see the `spread` module. Both need paths beyond the value at risk:
    /// the error two, the interval five.
    #[must_use]
    pub fn expected_shortfall(&self, level: Level) -> Estimate {
        let cut = level.cut(self.n_paths);
        let value_at_risk = self.quantile(cut);
        let beyond = self.runs().take_while(|run| run.1 > value_at_risk);
        let excess = beyond.map(|(count, loss)| (count, loss - value_at_risk));
        Spread::of(excess).estimate(value_at_risk, self.n_paths, cut.mass)
    }

    /// Paths run.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.n_paths
    }

    /// Paths with a loss above 0.
    #[must_use]
    pub fn n_positive(&self) -> u64 {
        self.n_positive as u64
    }

    /// The worst paths, at most `count`, worst first; paths without a loss are not among them.
    #[must_use]
    pub fn worst(&self, count: usize) -> &[PathLoss] {
        &self.positive()[..count.min(self.n_positive)]
    }

    /// The loss at `rank` from the worst, which is 1; `None` outside the sample.
    pub(super) fn at_rank(&self, rank: u64) -> Option<f64> {
        let at = rank.checked_sub(1)?;
        let first_gain = self.n_positive() + self.n_zero();
        let entry = match at {
            _ if at < self.n_positive() => at,
            _ if at < first_gain => return Some(0.0),
            _ => at - self.n_zero(),
        };
        self.entries.get(usize::try_from(entry).ok()?).map(|entry| entry.loss)
    }

    /// The loss at the rank that `cut` names.
    pub(super) fn quantile(&self, cut: Cut) -> f64 {
        self.at_rank(cut.rank).unwrap_or(0.0)
    }

    /// Paths that lost exactly 0.
    pub(super) fn n_zero(&self) -> u64 {
        self.n_paths - self.entries.len() as u64
    }

    /// Entries above 0, worst first.
    pub(super) fn positive(&self) -> &[PathLoss] {
        &self.entries[..self.n_positive]
    }

    /// Entries below 0, the smallest gain first.
    pub(super) fn negative(&self) -> &[PathLoss] {
        &self.entries[self.n_positive..]
    }

    /// Every path in rank order as (number of paths, loss), the paths without a loss as one run.
    pub(super) fn runs(&self) -> impl Iterator<Item = (f64, f64)> {
        let single = |entry: &PathLoss| (1.0, entry.loss);
        let zeros = std::iter::once((self.n_zero() as f64, 0.0));
        self.positive().iter().map(single).chain(zeros).chain(self.negative().iter().map(single))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{close, sorted};
    use super::*;

    fn level(level: f64) -> Level {
        Level::new(level).unwrap()
    }

    fn check(losses: &[f64], at: f64, value_at_risk: f64, expected_shortfall: f64) {
        let losses = sorted(losses);
        let found = losses.value_at_risk(level(at)).value;
        assert!((found - value_at_risk).abs() < 1e-12, "VaR at {at}: {found}");
        let found = losses.expected_shortfall(level(at)).value;
        assert!((found - expected_shortfall).abs() < 1e-12, "ES at {at}: {found}");
    }

    #[test]
    fn hand_worked() {
        let ten = [3.0, 9.0, 1.0, 7.0, 5.0, 10.0, 2.0, 8.0, 4.0, 6.0];
        check(&ten, 0.8, 8.0, 9.5);
        check(&ten, 0.75, 8.0, (10.0 + 9.0 + 0.5 * 8.0) / 2.5);
        check(&ten, 0.99, 10.0, 10.0);
        check(&ten, 1e-9, 1.0, 5.5 + 4.5e-9);
        check(&[4.0], 0.3, 4.0, 4.0);
    }

    #[test]
    fn zeros_lie_between_losses_and_gains() {
        let mixed = [0.0, -4.0, 6.0, 0.0, -2.0];
        check(&mixed, 0.7, 0.0, 6.0 / 1.5);
        check(&mixed, 0.6, 0.0, 6.0 / 2.0);
        check(&mixed, 0.4, -2.0, 6.0 / 3.0);
        check(&mixed, 0.3, -2.0, (6.0 - 0.5 * 2.0) / 3.5);
        check(&mixed, 0.1, -4.0, (6.0 - 2.0 - 0.5 * 4.0) / 4.5);
        check(&[0.0; 50], 0.95, 0.0, 0.0);
    }

    #[test]
    fn error_is_that_of_manistre_and_hancock() {
        let ten = sorted(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 12.0]);
        let es = ten.expected_shortfall(level(0.7));
        close(es.value, 29.0 / 3.0, 1e-15);
        let variance_of_tail = (64.0 + 81.0 + 144.0) / 3.0 - (29.0_f64 / 3.0).powi(2);
        let edge = 0.7 * (29.0_f64 / 3.0 - 7.0).powi(2);
        // The estimator divides by n - 1 where the asymptotic formula divides by n.
        close(es.std_err.unwrap(), ((variance_of_tail + edge) / 3.0 * 10.0 / 9.0).sqrt(), 1e-12);
        assert_eq!((es.ci_low, es.ci_high), (None, None));
    }

    #[test]
    fn beyond_the_sample_there_is_no_limit() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let extreme = sorted(&hundred).value_at_risk(level(0.99));
        assert_eq!((extreme.std_err, extreme.ci_high), (None, None));
        close(extreme.ci_low.unwrap(), 97.0, 1e-15);
        // Median of 100: P(B <= 39) = 0.0176 and P(B <= 40) = 0.0284 of 100 fair coins.
        let median = sorted(&hundred).value_at_risk(level(0.5));
        assert_eq!((median.ci_low, median.ci_high), (Some(40.0), Some(61.0)));
    }

    #[test]
    fn one_path_has_no_error() {
        let one = sorted(&[2.0]);
        let es = one.expected_shortfall(level(0.99));
        assert_eq!((es.std_err, es.ci_low, es.ci_high), (None, None, None));
        assert_eq!(one.value_at_risk(level(0.99)).ci_high, None);
    }

    #[test]
    fn ties_break_by_path() {
        let tied = sorted(&[1.0, 2.0, 1.0, 2.0, 1.0]);
        let paths: Vec<u64> = tied.worst(9).iter().map(|entry| entry.path).collect();
        assert_eq!(paths, [1, 3, 0, 2, 4]);
        assert_eq!(tied.worst(2).len(), 2);
    }

    /// The definitions, on a list with its zeros written out.
    fn slow_twin(losses: &[f64], at: f64) -> (f64, f64) {
        let mut ranked = losses.to_vec();
        ranked.sort_by(|a, b| b.total_cmp(a));
        let mut left = losses.len() as f64 * (1.0 - at);
        let (mass, mut sum, mut edge) = (left, 0.0, ranked[0]);
        for loss in ranked {
            edge = if left > -1e-9 { loss } else { edge };
            sum += loss * left.clamp(0.0, 1.0);
            left -= 1.0;
        }
        (edge, sum / mass)
    }

    proptest! {
        #[test]
        fn agrees_with_the_definitions(
            steps in prop::collection::vec(-3_i32..6, 1..60),
            at in 0.01_f64..0.99,
            scale in 0.1_f64..1e6,
        ) {
            let losses: Vec<f64> = steps.iter().map(|&step| f64::from(step.max(-2)) * scale).collect();
            let ranked = sorted(&losses);
            let value_at_risk = ranked.value_at_risk(level(at)).value;
            let shortfall = ranked.expected_shortfall(level(at)).value;
            let (edge, mean) = slow_twin(&losses, at);
            prop_assert!((value_at_risk - edge).abs() <= 1e-9 * scale);
            prop_assert!((shortfall - mean).abs() <= 1e-9 * scale);
            prop_assert!(shortfall >= value_at_risk);
        }
    }

    #[test]
    fn scaling_losses_scales_figures() {
        let losses = [5.0, 0.0, -1.0, 3.0, 0.0, 8.0, 2.0, 1.0, 9.0, 4.0];
        let eightfold = losses.map(|loss| loss * 8.0);
        for at in [0.1, 0.35, 0.5] {
            let (a, b) = (sorted(&losses), sorted(&eightfold));
            let (a, b) = (a.expected_shortfall(level(at)), b.expected_shortfall(level(at)));
            close(b.value, 8.0 * a.value, 1e-15);
            close(b.std_err.unwrap(), 8.0 * a.std_err.unwrap(), 1e-15);
            close(b.ci_high.unwrap(), 8.0 * a.ci_high.unwrap(), 1e-12);
        }
    }
}
