//! Confidence limits of the mass of an event among weighted paths, where binomial limits do not hold.
//!
//! Such a mass is a sum of weights over a random number of paths. It is taken to be gamma with its own mean and variance, as for
//! weighted sums of Poisson numbers (Fay and Feuer 1997, "Confidence intervals for directly standardized rates"), which keeps the
//! skewness that rare events have.

use serde::{Deserialize, Serialize};
use slashfall_sampling::{ExactSum, REPLICATES};
use statrs::distribution::{ContinuousCDF, Gamma};

use super::interval::{SIDE, Z_975, probability};
use super::replicates::{N_REPLICATES, n_paths_of, replicate_of, sectioned_probability};
use super::{Estimate, WeightSums};

/// Shapes from which the cube of a normal number is as good as the gamma quantile (Wilson and Hilferty 1931).
const LARGE_SHAPE: f64 = 100.0;
/// Effective paths below which an event may have none of them with 2.5 %: `-ln 0.025`.
const MIN_FOR_FEWEST: f64 = 3.688_879_454_113_936;

/// Differences of this size, relative to what they are of, are rounding.
const ROUNDING: f64 = 1e-12;

/// How often something happened, and what the paths weighed on which it did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    count: u64,
    /// The same by replicate, where paths are dealt out to such.
    by_replicate: [u64; N_REPLICATES],
    /// Sums of the weights and of their squares, where paths are weighted.
    weighted: Option<Box<[ExactSum; 2]>>,
}

impl Tally {
    /// Counts a path of weight 1, by its number.
    pub fn add(&mut self, path: u64) {
        self.count += 1;
        self.by_replicate[replicate_of(path)] += 1;
    }

    /// Counts paths of weight 1 that are of no replicate.
    pub(super) fn add_many(&mut self, n_paths: u64) {
        self.count += n_paths;
    }

    /// Counts a weighted path.
    pub fn add_weighted(&mut self, weight: f64) {
        self.count += 1;
        let [sum, square] = &mut **self.weighted.get_or_insert_default();
        sum.add(weight);
        square.add(weight * weight);
    }

    /// How often it happened.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether that much can have happened on so many paths.
    pub(crate) fn is_possible(&self, n_paths: u64) -> bool {
        self.count <= n_paths && self.by_replicate.iter().all(|count| *count <= n_paths)
    }

    /// Adds what others have counted.
    pub(crate) fn join(&mut self, other: &Self) {
        self.count += other.count;
        let counts = self.by_replicate.iter_mut().zip(other.by_replicate);
        counts.for_each(|(own, other)| *own += other);
        if let Some(other) = &other.weighted {
            let own = self.weighted.get_or_insert_default().iter_mut();
            own.zip(&**other).for_each(|(own, other)| own.join(other));
        }
    }

    /// The probability of it, among paths that weigh `sums` in all.
    #[must_use]
    pub fn probability(&self, sums: WeightSums) -> Estimate {
        match sums.calibration() {
            None if sums.is_replicated() && sums.n_paths() >= REPLICATES => {
                self.over_replicates(sums.n_paths())
            }
            None => probability(self.count, sums.n_paths()),
            Some(calibration) => {
                let weighted = self.weighted.as_deref();
                let weighted = weighted.map(|sums| sums.each_ref().map(ExactSum::value));
                let [weight, square] = weighted.unwrap_or_default();
                weighted_probability(calibration.mass(weight, square), square, sums)
            }
        }
    }
}

impl Tally {
    /// The probability among the first `n_paths`, with the error of the replicates.
    fn over_replicates(&self, n_paths: u64) -> Estimate {
        let of_replicate =
            |(replicate, count): (u64, &u64)| *count as f64 / n_paths_of(replicate, n_paths) as f64;
        let values = (0..).zip(&self.by_replicate).map(of_replicate);
        sectioned_probability((self.count, n_paths), values)
    }
}

/// Probability of an event of a mass and a sum of squared weights.
///
/// The standard error is that of the mass; `n_eff` is the number of plain paths that would have the same. The limits are those of
/// Fay and Feuer, but beyond the paths with the event lies one of their mean weight (Tiwari, Clegg and Zou 2006, "Efficient interval
/// estimation for age-adjusted cancer rates"), and one of the largest weight of all where there are none; of the rarer of event and
/// complement.
pub(super) fn weighted_probability(mass: f64, square: f64, sums: WeightSums) -> Estimate {
    let n = sums.n_paths() as f64;
    if mass > n / 2.0 {
        // What is left of all after nearly all is rounding.
        let rest = |all: f64, part: f64| if all - part > ROUNDING * all { all - part } else { 0.0 };
        let other = weighted_probability(rest(n, mass), rest(sums.power(2), square), sums);
        return other.taken_from(1.0);
    }
    let value = mass.max(0.0) / n;
    let variance = sums.calibration().map_or(0.0, |by| by.variance_of_mass(mass, square, n));
    let step = if square > 0.0 && mass > 0.0 { square / mass } else { sums.most() };
    let low = if variance > 0.0 { gamma(mass, variance, SIDE) } else { 0.0 };
    let high = gamma(mass + step, variance + step * step, 1.0 - SIDE);
    let n_eff = if variance > 0.0 { mass * (n - mass) / variance } else { sums.effective() };
    Estimate {
        value,
        std_err: (variance > 0.0).then_some(variance.sqrt() / n),
        ci_low: Some((low / n).min(value)),
        ci_high: Some((high / n).clamp(value, 1.0)),
        n_eff,
    }
}

/// Masses between which that beyond a quantile lies with 95 %, given its mean and variance; no least where there may be no path.
pub(super) fn mass_range(mass: f64, variance: f64) -> (Option<f64>, f64) {
    if variance <= 0.0 {
        return (Some(mass), mass);
    }
    let has_fewest = mass * mass / variance >= MIN_FOR_FEWEST;
    (has_fewest.then(|| gamma(mass, variance, SIDE)), gamma(mass, variance, 1.0 - SIDE))
}

/// The lower or upper 2.5 % quantile of the gamma distribution of a mean and a variance.
fn gamma(mean: f64, variance: f64, side: f64) -> f64 {
    let shape = mean * mean / variance;
    if shape < LARGE_SHAPE
        && let Ok(law) = Gamma::new(shape, mean / variance)
    {
        return law.inverse_cdf(side);
    }
    let z = if side < 0.5 { -Z_975 } else { Z_975 };
    let ninth = 1.0 / (9.0 * shape);
    mean * (1.0 - ninth + z * ninth.sqrt()).powi(3)
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;

    #[test]
    fn quantiles_of_the_gamma() {
        // Half of chi-square quantiles: of 4 degrees 0.4844186 and 11.14329, of 200 degrees 162.7280 and 241.0579.
        close(gamma(2.0, 2.0, SIDE), 0.242_209_3, 1e-6);
        close(gamma(2.0, 2.0, 1.0 - SIDE), 5.571_643, 1e-6);
        close(gamma(100.0, 100.0, SIDE), 81.364_0, 1e-4);
        close(gamma(100.0, 100.0, 1.0 - SIDE), 120.529, 1e-4);
        close(gamma(50.0, 500.0, SIDE) / 10.0, gamma(5.0, 5.0, SIDE), 1e-9);
    }

    #[test]
    fn events_that_never_happen_have_a_bound() {
        let mut sums = WeightSums::default();
        sums.add(1000, &[[0.5; 500], [1.5; 500]].concat());
        let never = Tally::default().probability(sums);
        assert_eq!((never.value, never.std_err, never.ci_low), (0.0, None, Some(0.0)));
        close(never.ci_high.unwrap(), 1.5 * MIN_FOR_FEWEST / 1000.0, 1e-6);
        let mut always = Tally::default();
        for weight in [[0.5; 500], [1.5; 500]].concat() {
            always.add_weighted(weight);
        }
        let always = always.probability(sums);
        close(always.value, 1.0, 1e-15);
        close(always.ci_low.unwrap(), 1.0 - never.ci_high.unwrap(), 1e-12);
    }
}
