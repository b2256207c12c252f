//! Says what a path counts for that was not drawn from the model, so that figures of weighted paths are figures of the model.
//!
//! A path drawn with density `q` instead of the model's `p` has the likelihood ratio `w = p / q`, of mean 1. Its mass among `n` paths is
//! `v = w (1 + c (m - w))`, `m` the mean of the ratios, `s^2` their variance and `c = (m - 1) / s^2`: the regression estimator with the known
//! mean of the ratios as control (Hesterberg 1995, "Weighted average importance sampling and defensive mixture distributions"; Owen and
//! Zhou 2000). Masses add up to `n`, so probabilities and constants are what they must be; and the error of a figure is that of the
//! better of `sum w f / n`, which suits tails, and `sum w f / sum w`, which suits the body, or smaller.

use serde::{Deserialize, Serialize};
use slashfall_sampling::ExactSum;

use super::Sum;

/// How far apart the weights of paths lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Extent {
    least: f64,
    most: f64,
    /// Whether only paths of different replicates are independent.
    is_replicated: bool,
}

impl Extent {
    fn new(is_replicated: bool) -> Self {
        Self { least: 1.0, most: 1.0, is_replicated }
    }

    /// Takes the next paths and hands on `w, w^2, w^3` of each, or their number for all where each weighs 1.
    ///
    /// # Panics
    /// If a weight is not positive and finite: a bug of the sampler.
    fn add(&mut self, n_paths: u64, weights: &[f64], mut add: impl FnMut([f64; 3])) {
        if weights.is_empty() {
            add([n_paths as f64; 3]);
        }
        for &weight in weights {
            assert!(weight > 0.0 && weight.is_finite(), "a path weighs {weight}");
            self.least = self.least.min(weight);
            self.most = self.most.max(weight);
            add([weight, weight * weight, weight * weight * weight]);
        }
    }
}

/// Sums over the weights of all paths, those without a loss included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightSums {
    n_paths: u64,
    powers: [Sum; 3],
    extent: Extent,
}

impl Default for WeightSums {
    fn default() -> Self {
        Self { n_paths: 0, powers: [Sum::default(); 3], extent: Extent::new(false) }
    }
}

impl WeightSums {
    /// Before the first of paths that are dealt out to replicates (see the `replicates` module): each weighs 1, and errors are those of
    /// the replicates.
    #[must_use]
    pub fn of_replicates() -> Self {
        Self { extent: Extent::new(true), ..Self::default() }
    }

    /// Whether only paths of different replicates are independent.
    #[must_use]
    pub fn is_replicated(self) -> bool {
        self.extent.is_replicated
    }

    /// Adds the next paths: their weights, or nothing where each of the `n_paths` weighs 1.
    ///
    /// # Panics
    /// If a weight is not positive and finite: a bug of the sampler.
    pub fn add(&mut self, n_paths: u64, weights: &[f64]) {
        self.n_paths += n_paths;
        let powers = &mut self.powers;
        self.extent.add(n_paths, weights, |terms| {
            powers.iter_mut().zip(terms).for_each(|(power, term)| power.add(term));
        });
    }

    /// Sums over `n_paths` that weigh 1 each.
    pub(super) fn plain(n_paths: u64) -> Self {
        let mut sums = Self::default();
        sums.add(n_paths, &[]);
        sums
    }

    /// Paths.
    #[must_use]
    pub fn n_paths(self) -> u64 {
        self.n_paths
    }

    /// Whether every path weighs exactly 1.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self.extent.least >= 1.0 && self.extent.most <= 1.0
    }

    /// Paths that all of them are worth (Kish 1965): `(sum w)^2 / sum w^2`; their number where each weighs 1.
    #[must_use]
    pub fn effective(self) -> f64 {
        if self.is_plain() { self.n_paths() as f64 } else { self.power(1).powi(2) / self.power(2) }
    }

    /// Mass of some of the paths, whose weights and squares of weights have these sums.
    #[must_use]
    pub fn mass(self, weight: f64, square: f64) -> f64 {
        self.calibration().map_or(weight, |calibration| calibration.mass(weight, square))
    }

    /// `sum w^k`, k from 1 to 3.
    pub(super) fn power(self, k: usize) -> f64 {
        self.powers[k - 1].value()
    }

    /// The largest weight.
    pub(super) fn most(self) -> f64 {
        self.extent.most
    }

    /// How weights become masses; `None` where every path weighs 1.
    ///
    /// Where the regression would give a path a mass below 0, which takes a sample of a few paths, masses are `w n / sum w` instead.
    pub(super) fn calibration(self) -> Option<Calibration> {
        if self.is_plain() {
            return None;
        }
        let n = self.n_paths() as f64;
        let mean = self.power(1) / n;
        let variance = self.power(2) / n - mean * mean;
        let slope = (mean - 1.0) / variance;
        let calibration = Calibration { gain: 1.0 + slope * mean, slope, mean, variance };
        let factor = |weight: f64| calibration.gain - slope * weight;
        let is_usable = factor(self.extent.least) > 0.0 && factor(self.extent.most) > 0.0;
        let ratio = Calibration { gain: mean.recip(), slope: 0.0, mean, variance: f64::INFINITY };
        Some(if is_usable { calibration } else { ratio })
    }
}

/// Adds up weights so that neither order nor parts matter to the [`WeightSums`] that come of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WeightTally {
    n_paths: u64,
    powers: [ExactSum; 3],
    extent: Extent,
}

impl WeightTally {
    /// Before the first path; `is_replicated` as for [`WeightSums::of_replicates`].
    pub(crate) fn new(is_replicated: bool) -> Self {
        Self { n_paths: 0, powers: Default::default(), extent: Extent::new(is_replicated) }
    }

    /// As [`WeightSums::add`].
    ///
    /// # Panics
    /// If a weight is not positive and finite: a bug of the sampler.
    pub(crate) fn add(&mut self, n_paths: u64, weights: &[f64]) {
        self.n_paths += n_paths;
        let powers = &mut self.powers;
        self.extent.add(n_paths, weights, |terms| {
            powers.iter_mut().zip(terms).for_each(|(power, term)| power.add(term));
        });
    }

    /// Whether others have added up paths of the same kind.
    pub(crate) fn can_join(&self, other: &Self) -> bool {
        let Extent { least, most, is_replicated } = other.extent;
        least > 0.0
            && least <= most
            && most.is_finite()
            && is_replicated == self.extent.is_replicated
    }

    /// Adds paths that others have added up.
    pub(crate) fn join(&mut self, other: &Self) {
        self.n_paths += other.n_paths;
        self.extent.least = self.extent.least.min(other.extent.least);
        self.extent.most = self.extent.most.max(other.extent.most);
        self.powers.iter_mut().zip(&other.powers).for_each(|(own, other)| own.join(other));
    }

    pub(crate) fn n_paths(&self) -> u64 {
        self.n_paths
    }

    pub(crate) fn is_replicated(&self) -> bool {
        self.extent.is_replicated
    }

    pub(crate) fn sums(&self) -> WeightSums {
        let powers = self.powers.each_ref().map(|power| Sum::from_iter([power.value()]));
        WeightSums { n_paths: self.n_paths, powers, extent: self.extent }
    }
}

/// From weights to masses, and what an error owes to the weights having a known mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Calibration {
    gain: f64,
    slope: f64,
    mean: f64,
    /// Infinite where nothing is owed.
    variance: f64,
}

impl Calibration {
    /// Mass of paths whose weights and squares of weights have these sums; of amounts times these, the sum of the amounts times masses.
    pub(super) fn mass(self, weight: f64, square: f64) -> f64 {
        self.gain * weight - self.slope * square
    }

    /// Variance of the mass of an event, over the draws of `n` paths: of the mean of `w 1{event}`, less what the control explains.
    pub(super) fn variance_of_mass(self, mass: f64, square: f64, n: f64) -> f64 {
        let (mean, with_weight) = (mass / n, square / n);
        (n * (with_weight - mean * mean - self.explained(mean, with_weight))).max(0.0)
    }

    /// What the control takes from the variance of a figure `Z` of mean `mean` and `E[Z w] = with_weight`: `Cov(Z, w)^2 / Var w`.
    pub(super) fn explained(self, mean: f64, with_weight: f64) -> f64 {
        (with_weight - mean * self.mean).powi(2) / self.variance
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Uniform, close};
    use super::*;

    fn sums(weights: &[f64]) -> WeightSums {
        let mut sums = WeightSums::default();
        sums.add(weights.len() as u64, weights);
        sums
    }

    #[test]
    fn masses_add_up_to_the_paths() {
        let mut uniform = Uniform(2);
        let weights: Vec<f64> = (0..1000).map(|_| 2.0 * uniform.draw()).collect();
        let calibration = sums(&weights).calibration().unwrap();
        let masses = weights.iter().map(|w| calibration.mass(*w, w * w));
        close(Sum::from_iter(masses).value(), 1000.0, 1e-12);
        // Three weights whose mean is far from 1: the regression would make the last mass negative.
        let few = sums(&[2.0, 2.1, 4.0]).calibration().unwrap();
        close(few.mass(4.0, 16.0), 4.0 * 3.0 / 8.1, 1e-12);
        assert!(few.explained(1.0, 5.0).abs() < 1e-300);
    }

    /// The same weights in parts, in whatever order, are the same sums.
    #[test]
    fn a_tally_is_the_same_in_parts() {
        let mut uniform = Uniform(3);
        let weights: Vec<f64> = (0..1000).map(|_| (2.0 * uniform.draw()).exp()).collect();
        let tally = |weights: &[f64]| {
            let mut tally = WeightTally::new(false);
            tally.add(weights.len() as u64, weights);
            tally
        };
        let whole = tally(&weights);
        let mut joined = tally(&weights[700..]);
        joined.join(&tally(&weights[..700]));
        assert_eq!(joined, whole);
        assert_eq!(joined.sums(), whole.sums());
        let expected = sums(&weights);
        for k in 1..=3 {
            close(whole.sums().power(k), expected.power(k), 1e-15);
        }
        assert_eq!(whole.sums().effective().to_bits(), {
            let [first, second] = [1, 2].map(|k| whole.sums().power(k));
            (first.powi(2) / second).to_bits()
        });
    }

    #[test]
    fn weights_of_one_are_plain() {
        assert_eq!(sums(&[1.0; 7]), WeightSums::plain(7));
        assert!(sums(&[1.0; 7]).calibration().is_none());
        close(sums(&[1.0; 7]).effective(), 7.0, 1e-15);
        close(sums(&[1.0, 3.0]).effective(), 1.6, 1e-15);
    }

    #[test]
    #[should_panic(expected = "a path weighs 0")]
    fn weights_are_positive() {
        sums(&[1.0, 0.0]);
    }
}
