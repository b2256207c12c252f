//! Puts errors on figures whose paths are not independent: by the figures of replicates, which are.
//!
//! Paths of Sobol points depend on one another within a replicate, and replicates do not. A figure `T` of all paths is told, and its
//! error is that of the figures `T_r` of each replicate's paths about it, `sqrt(sum (T_r - T)^2 / (R (R - 1)))`, with Student's t of
//! R - 1 degrees of freedom for the interval (sectioning: Asmussen and Glynn 2007, "Stochastic Simulation", section III.5; Nakayama 2014,
//! "Confidence intervals for quantiles using sectioning when applying variance-reduction techniques"). About `T` and not about the mean
//! of the `T_r`: what few paths put a figure of a replicate off counts as error and never shortens an interval.
//!
//! 32 figures say nothing of their skewness, which rare and heavy losses have. So an arm of the interval of a mean, of an expected
//! shortfall, of a contribution or of a probability is longer than Student's by the factor by which that of as many independent paths is
//! longer than the normal one; never shorter.

use slashfall_sampling::REPLICATES;

use super::{Estimate, Level, SortedLosses, Sum, interval};

#[expect(clippy::cast_possible_truncation, reason = "a few dozen")]
pub(crate) const N_REPLICATES: usize = REPLICATES as usize;
/// Paths that a tail must hold in each replicate for its figures to have an error.
const MIN_TAIL_PATHS: f64 = 2.0;
/// Paths that must carry a figure for it to have an interval: of a probability those of the rarer of event and complement.
const MIN_FOR_INTERVAL: f64 = 10.0;

/// Number of the replicate that a path belongs to.
pub(crate) fn replicate_of(path: u64) -> usize {
    usize::try_from(path % REPLICATES).unwrap_or_default()
}

/// Paths of a replicate among the first `n_paths`.
pub(super) fn n_paths_of(replicate: u64, n_paths: u64) -> u64 {
    (n_paths + REPLICATES - 1 - replicate) / REPLICATES
}

/// How far a sample can be trusted to show the error of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Support {
    error: bool,
    interval: bool,
    /// Whether either arm of the interval is as much longer than Student's as that of independent paths is.
    is_skewed: bool,
}

impl Support {
    /// By the number of paths that carry the figure.
    pub(crate) fn of_paths(n_carriers: f64) -> Self {
        Self { error: n_carriers >= 2.0, interval: n_carriers >= MIN_FOR_INTERVAL, is_skewed: true }
    }

    /// As far as the same figure of independent paths would have an error, too.
    pub(super) fn and(self, found: &Estimate) -> Self {
        Self {
            error: self.error && found.std_err.is_some(),
            interval: self.interval && found.ci_low.is_some() && found.ci_high.is_some(),
            ..self
        }
    }

    /// By the mass of the tail that the figure is of.
    pub(super) fn of_tail(mass: f64) -> Self {
        let is_enough = mass / REPLICATES as f64 >= MIN_TAIL_PATHS;
        Self { error: is_enough, interval: is_enough, is_skewed: true }
    }

    /// Both arms alike: of figures whose interval of independent paths is no mean's.
    pub(super) fn symmetric(self) -> Self {
        Self { is_skewed: false, ..self }
    }
}

/// The figure `found` with the error that its `values` in the replicates show.
///
/// Where all are the same, the error of an atom, 0, stays what it is, and any other is `None`: the replicates say nothing about it.
pub(crate) fn sectioned(
    found: Estimate,
    values: impl Iterator<Item = f64>,
    support: Support,
) -> Estimate {
    let (mut squares, mut n) = (Sum::default(), 0.0);
    for value in values {
        squares.add((value - found.value).powi(2));
        n += 1.0;
    }
    let std_err = (squares.value() / (n * (n - 1.0))).sqrt();
    let is_atom = found.std_err.is_some_and(|std_err| std_err <= 0.0);
    if std_err <= 0.0 && is_atom {
        return found;
    }
    if std_err.is_nan() || std_err <= 0.0 || !support.error {
        return Estimate::bare(found.value, found.n_eff);
    }
    let reach = interval::t_975(n - 1.0) * std_err;
    // How much longer an arm is than a normal one, where paths are independent.
    let longer = |limit: Option<f64>| {
        let arm = limit.map(|limit| (limit - found.value).abs() / interval::Z_975);
        let ratio = arm.zip(found.std_err).map_or(1.0, |(arm, own)| arm / own);
        if support.is_skewed && ratio.is_finite() { ratio.max(1.0) } else { 1.0 }
    };
    let limit = |limit: f64| support.interval.then_some(limit);
    Estimate {
        std_err: Some(std_err),
        ci_low: limit(found.value - longer(found.ci_low) * reach),
        ci_high: limit(found.value + longer(found.ci_high) * reach),
        ..found
    }
}

/// The same of a probability, which stays between 0 and 1.
pub(crate) fn sectioned_probability(
    (count, n_paths): (u64, u64),
    values: impl Iterator<Item = f64>,
) -> Estimate {
    let found = interval::probability(count, n_paths);
    let support = Support::of_paths(count.min(n_paths - count) as f64).and(&found);
    sectioned(found, values, support).within(0.0, 1.0)
}

impl Estimate {
    /// The interval as far as it is possible.
    pub(crate) fn within(self, least: f64, most: f64) -> Self {
        let clamp = |limit: Option<f64>| limit.map(|limit| limit.clamp(least, most));
        Self { ci_low: clamp(self.ci_low), ci_high: clamp(self.ci_high), ..self }
    }
}

impl SortedLosses {
    /// A figure of all paths with its error: its own where paths are independent, else that of the replicates.
    pub(super) fn over_replicates(
        &self,
        figure: impl Fn(&Self) -> Estimate,
        support: impl Fn(&Self) -> Support,
    ) -> Estimate {
        let found = figure(self);
        if self.replicates().is_empty() {
            return found;
        }
        let values = self.replicates().iter().map(|part| figure(part).value);
        sectioned(found, values, support(self).and(&found))
    }

    /// What the sample says of figures of the tail at `level`.
    pub(super) fn support_of_tail(&self, level: Level) -> Support {
        Support::of_tail(level.cut(self.n_paths()).mass)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, column};
    use super::super::{LossColumn, PairedLosses, Tally, WeightSums};
    use super::*;

    /// Losses `r + 32 i` on point i of replicate r, 16 points each.
    fn by_replicate() -> LossColumn {
        let losses: Vec<f64> = (0..512).map(f64::from).collect();
        let mut column = column(&losses);
        let mut sums = WeightSums::of_replicates();
        sums.add(512, &[]);
        column.weigh(sums);
        column
    }

    #[test]
    fn errors_are_those_of_the_replicates() {
        let losses = by_replicate().sorted().unwrap();
        let mean = losses.mean();
        close(mean.value, 255.5, 1e-15);
        // Means 240 + r: variance 32 x 33 / 12 = 88, over 32 replicates.
        close(mean.std_err.unwrap(), (88.0_f64 / 32.0).sqrt(), 1e-14);
        let reach = 2.039_513_446_396_408 * (88.0_f64 / 32.0).sqrt();
        // Student's t of 511 degrees for as many independent paths, over the normal 1.96, and no skewness.
        let longer = interval::t_975(511.0) / interval::Z_975;
        close(mean.ci_low.unwrap(), 255.5 - longer * reach, 1e-9);
        close(mean.ci_high.unwrap(), 255.5 + longer * reach, 1e-9);
        // Half of each replicate, from its ninth worst: values at risk r + 32 x 7, that of all 255.
        let half = losses.value_at_risk(Level::new(0.5).unwrap());
        close(half.value, 255.0, 1e-15);
        let squares: f64 = (0..32).map(|r| (f64::from(r) + 224.0 - 255.0).powi(2)).sum();
        close(half.std_err.unwrap(), (squares / (32.0 * 31.0)).sqrt(), 1e-14);
    }

    #[test]
    fn tails_of_few_paths_a_replicate_have_no_error() {
        let losses = by_replicate().sorted().unwrap();
        for (level, has_error) in [(0.6, true), (0.87, true), (0.88, false), (0.99, false)] {
            let level = Level::new(level).unwrap();
            let figures = [losses.value_at_risk(level), losses.expected_shortfall(level)];
            for figure in figures {
                assert_eq!(figure.std_err.is_some(), has_error, "{level:?}");
                assert_eq!(figure.ci_high.is_some(), has_error, "{level:?}");
            }
        }
    }

    /// An arm is longer where independent paths have it so, and never shorter than Student's.
    #[test]
    fn skewness_makes_an_arm_longer() {
        let found = Estimate {
            value: 10.0,
            std_err: Some(1.0),
            ci_low: Some(9.0),
            ci_high: Some(13.92),
            n_eff: 9.0,
        };
        let values = || (0..32).map(|r| if r % 2 == 0 { 8.0 } else { 12.0 });
        let own = sectioned(found, values(), Support::of_paths(10.0));
        let std_err = (128.0_f64 / 992.0).sqrt();
        close(own.std_err.unwrap(), std_err, 1e-14);
        let reach = interval::t_975(31.0) * std_err;
        close(own.ci_low.unwrap(), 10.0 - reach, 1e-12);
        close(own.ci_high.unwrap(), 10.0 + reach * 3.92 / interval::Z_975, 1e-12);
        let even = sectioned(found, values(), Support::of_paths(10.0).symmetric());
        close(even.ci_high.unwrap(), 10.0 + reach, 1e-12);
        assert_eq!(sectioned(found, values(), Support::of_paths(9.0)).ci_high, None);
    }

    #[test]
    fn probabilities_stay_within_their_bounds() {
        let mut sums = WeightSums::of_replicates();
        sums.add(3_200, &[]);
        let tally = |count: u64| {
            let mut tally = Tally::default();
            // All in one replicate of a hundred paths.
            (0..count).for_each(|i| tally.add(32 * i));
            tally.probability(sums)
        };
        assert_eq!((tally(0).std_err, tally(0).ci_high), (None, None));
        assert!(tally(9).std_err.is_some() && tally(9).ci_low.is_none());
        let found = tally(64);
        close(found.value, 0.02, 1e-15);
        let squares = (0.64_f64 - 0.02).powi(2) + 31.0 * 0.02 * 0.02;
        close(found.std_err.unwrap(), (squares / 992.0).sqrt(), 1e-13);
        assert_eq!(found.ci_low, Some(0.0));
    }

    #[test]
    fn an_atom_has_an_error_of_0_and_what_never_varies_none() {
        let mut column = LossColumn::new();
        let mut sums = WeightSums::of_replicates();
        sums.add(6_400, &[]);
        column.weigh(sums);
        let nothing = column.sorted().unwrap();
        let level = Level::new(0.9).unwrap();
        assert_eq!(nothing.value_at_risk(level).std_err, Some(0.0));
        assert_eq!(nothing.mean().std_err, None);
        assert_eq!(nothing.expected_shortfall(level).std_err, None);
        assert_eq!(nothing.max(), Estimate::bare(0.0, 6_400.0));
    }

    /// B loses one more on every path of the first replicate.
    #[test]
    fn differences_are_those_of_the_replicates() {
        let a = by_replicate();
        let more = |path: u32| f64::from(path) + f64::from(u8::from(path.is_multiple_of(32)));
        let mut b = column(&(0..512).map(more).collect::<Vec<_>>());
        b.weigh_as(&a);
        let pairs = PairedLosses::new(a, b).unwrap();
        let mean = pairs.mean().estimate;
        close(mean.value, 1.0 / 32.0, 1e-14);
        // One replicate differs by 1: variance 1/32 over 32 replicates.
        close(mean.std_err.unwrap(), 1.0 / 32.0, 1e-12);
        let half = pairs.value_at_risk(Level::new(0.5).unwrap()).estimate;
        assert!(half.value.abs() < 1e-300);
        close(half.std_err.unwrap(), (1.0_f64 / (32.0 * 31.0)).sqrt(), 1e-12);
        // Path 0 alone loses something where A loses nothing.
        let positive = pairs.probability_positive().estimate;
        assert_eq!((positive.std_err, positive.ci_low), (None, None));
    }

    #[test]
    fn replicates_share_the_paths() {
        for n in [0, 1, 31, 32, 33, 100] {
            assert_eq!((0..REPLICATES).map(|r| n_paths_of(r, n)).sum::<u64>(), n);
        }
        assert_eq!((n_paths_of(0, 33), n_paths_of(1, 33), replicate_of(33)), (2, 1, 1));
    }
}
