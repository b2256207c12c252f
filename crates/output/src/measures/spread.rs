//! Puts an error on a mean over a tail, the one estimator behind mean, expected shortfall and contributions.
//!
//! A tail mean is `reference + sum w x / mass` with `x` the distance to a reference at the tail's edge. To first order it is the mean
//! over all n paths of `Z = w x n / mass`: the paths outside contribute 0, the choice of the edge nothing. So its error is that of a mean.
//! Of weighted paths `w` is the likelihood ratio in `Z` and the mass in the mean, and what the ratios explain is no error (see `weights`).

use super::run::Distance;
use super::weights::Calibration;
use super::{Estimate, Sum, interval};

/// Paths that must differ from the reference for an interval: with fewer, measured intervals miss the truth too often.
const MIN_FOR_INTERVAL: f64 = 5.0;

/// The same of paths that stand for others.
const MIN_STAND_INS: f64 = 10.0;

/// Power sums of the distances, weights included, and how many distances are not 0.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread {
    powers: [Sum; 3],
    /// Mass that is not at the reference, and the sum of its squared weights.
    informative: [f64; 2],
    of_differences: bool,
    calibration: Option<Calibration>,
    /// Sum of the distances times the square of the weight; where there are weights.
    with_weight: Sum,
    /// Variance and third central moment of the mean beside those of the distances.
    further: [f64; 2],
}

impl Spread {
    /// Of distances to the reference, in a fixed order; of weighted paths how their weights become masses.
    pub(super) fn of<D: Into<Distance>>(
        distances: impl Iterator<Item = D>,
        calibration: Option<Calibration>,
    ) -> Self {
        let mut spread = Self { calibration, ..Self::default() };
        for distance in distances {
            spread.add(distance.into());
        }
        spread
    }

    /// Of sums over distances that are not at hand one by one: of `mass x`, `square x^2` and `cube x^3`, and the paths that carry them.
    pub(super) fn of_moments(moments: [f64; 3], carriers: Distance) -> Self {
        let mut spread = Self::default();
        spread.powers.iter_mut().zip(moments).for_each(|(power, moment)| power.add(moment));
        Self { informative: [carriers.mass, carriers.square], ..spread }
    }

    fn add(&mut self, Distance { mass, square, cube, x }: Distance) {
        self.powers[0].add(mass * x);
        self.powers[1].add(square * x * x);
        self.powers[2].add(cube * x * x * x);
        if self.calibration.is_some() {
            self.with_weight.add(square * x);
        }
        if x.abs() > 0.0 {
            self.informative[0] += mass;
            self.informative[1] += square;
        }
    }

    /// Adds what else moves the mean, independent of the distances: its variance and third central moment.
    pub(super) fn with_further(self, further: [f64; 2]) -> Self {
        Self { further, ..self }
    }

    /// Says how many paths carry the information, where distances that are not 0 would say too many.
    pub(super) fn with_informative(self, n_informative: f64) -> Self {
        Self { informative: [n_informative; 2], ..self }
    }

    /// Says that most distances are stood for by others, and what those count for together and in squares that carry the information. How
    /// skewed they are is hardly known: neither limit is nearer than that of the plain interval.
    pub(super) fn of_few(self, carriers: [f64; 2]) -> Self {
        let [mass, square] = carriers;
        let worth = mass * (mass / square);
        // There is no interval of so few.
        let informative =
            if worth >= MIN_STAND_INS { self.informative } else { [worth.min(4.0); 2] };
        Self { informative, ..self.of_differences() }
    }

    /// Says that the distances are those of pairs: of both signs, and most of them 0 where little differs.
    ///
    /// The skewness of a few large distances of either sign is noise, and to correct for it can only move a limit nearer by chance:
    /// where ten pairs differ, Hall's interval holds the truth in 87 % of the runs. So neither limit is nearer than that of the plain
    /// interval, which makes it 94 % and more.
    pub(super) fn of_differences(self) -> Self {
        Self { of_differences: true, ..self }
    }

    /// The tail mean with its error from two paths on, and its interval from five.
    ///
    /// The interval is Hall's: a cubic transformation takes the skewness out of the studentised mean (Hall 1992, "On the removal of
    /// skewness by transformation", after Johnson 1978), then quantiles are Student's with n - 1 degrees of freedom. The plain normal
    /// interval is too short on its upper side: on heavy tails of ten paths it holds the truth in fewer than 90 % of the runs, Hall's in
    /// 92 to 98 %. Degrees of freedom of the tail alone on top of the transformation cover too much.
    pub(super) fn estimate(&self, reference: f64, n_paths: u64, mass: f64) -> Estimate {
        let n = n_paths as f64;
        let value = reference + self.powers[0].value() / mass;
        let [variance, third] = self.central(n, mass);
        let (variance, third) =
            (variance + self.further[0] * (n - 1.0), third + self.further[1] * n * n);
        let n_informative = self.informative[0] * (self.informative[0] / self.informative[1]);
        // No distance at all is 0 over 0.
        if n_informative.is_nan() || n_informative < 2.0 || variance <= 0.0 {
            return Estimate::bare(value, mass);
        }
        let std_err = (variance / (n - 1.0)).sqrt();
        let skewness = third / (variance * variance.sqrt());
        let t = interval::t_975(n - 1.0);
        let limit = |t: f64| {
            let hall = interval::unskew(t, skewness / n.sqrt());
            let is_nearer = self.of_differences && hall.abs() < t.abs();
            let reach = if is_nearer { t } else { hall };
            (n_informative >= MIN_FOR_INTERVAL).then_some(value - std_err * reach)
        };
        Estimate {
            value,
            std_err: Some(std_err),
            ci_low: limit(t),
            ci_high: limit(-t),
            n_eff: mass,
        }
    }

    /// Second and third central moment of `Z` over all n paths.
    fn central(&self, n: f64, mass: f64) -> [f64; 2] {
        let share = mass / n;
        let [s1, s2, s3] = self.powers.map(Sum::value);
        let (m1, m2, m3) = (s1 / mass, s2 / (mass * share), s3 / (mass * share * share));
        let explained = self
            .calibration
            .map_or(0.0, |calibration| calibration.explained(m1, self.with_weight.value() / mass));
        [m2 - m1 * m1 - explained, m3 - 3.0 * m1 * m2 + 2.0 * m1.powi(3)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;

    #[test]
    fn of_a_symmetric_sample_it_is_the_t_interval() {
        let sample = [-2.0, -1.0, 0.5, -0.5, 1.0, 2.0];
        let mean = Spread::of(sample.into_iter().map(|x| (1.0, x)), None).estimate(3.0, 6, 6.0);
        let half_width = 2.570_581_835_636_314 * (10.5_f64 / 30.0).sqrt();
        close(mean.ci_low.unwrap(), 3.0 - half_width, 1e-9);
        close(mean.ci_high.unwrap(), 3.0 + half_width, 1e-9);
    }

    #[test]
    fn the_reference_of_a_whole_sample_does_not_matter() {
        let about = |reference: f64| {
            let sample = [0.0, 0.0, 1.0, 2.0, 3.0, 9.0, 4.0, 5.0];
            let distances = sample.into_iter().map(|x| (1.0, x - reference));
            Spread::of(distances, None).with_informative(6.0).estimate(reference, 8, 8.0)
        };
        let (near, far) = (about(3.0), about(-20.0));
        close(far.value, near.value, 1e-13);
        close(far.std_err.unwrap(), near.std_err.unwrap(), 1e-11);
        close(far.ci_high.unwrap(), near.ci_high.unwrap(), 1e-10);
        assert!(near.ci_high.unwrap() - near.value > near.value - near.ci_low.unwrap());
    }
}
