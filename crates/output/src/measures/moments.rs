//! Measures the body of the losses: mean, spread, how often and how much at worst.

use super::mass::weighted_probability;
use super::replicates::{Support, sectioned_probability};
use super::run::Run;
use super::spread::Spread;
use super::{Estimate, SortedLosses, Sum, interval};

impl SortedLosses {
    /// Mean over all paths, in the unit of the losses, with the skewness-corrected interval of the `spread` module.
    ///
    /// Without an error where fewer than two paths lost or gained anything or all paths lost the same, without an interval below five:
    /// such a sample says nothing about its own spread.
    #[must_use]
    pub fn mean(&self) -> Estimate {
        self.over_replicates(Self::mean_of_paths, |all| Support::of_paths(all.n_moved()))
    }

    fn mean_of_paths(&self) -> Estimate {
        let mean = self.plain_mean();
        let distances = self.runs().map(|run| run.from(mean));
        let spread = Spread::of(distances, self.calibration()).with_informative(self.n_moved());
        let found = spread.estimate(mean, self.n_paths(), self.n());
        Estimate { n_eff: self.sums().effective(), ..found }
    }

    /// Paths that lost or gained anything; of weighted ones what they are worth.
    fn n_moved(&self) -> f64 {
        let (zeros, _) = self.zeros();
        if self.calibration().is_none() {
            return (self.n_paths() - self.n_zero()) as f64;
        }
        let square = self.sums().power(2) - zeros.square;
        if square > 0.0 { (self.n() - zeros.mass).powi(2) / square } else { 0.0 }
    }

    /// Standard deviation, `sqrt(sum (L - mean)^2 / (n - 1))`, in the unit of the losses.
    ///
    /// Its error is `sqrt((m4 - s^4) / n) / (2 s)` (delta method, m4 the fourth central moment), of weighted paths that of a mean of
    /// `((L - mean)^2 - s^2) / (2 s)`; the interval is normal in `ln s`. Where the fourth moment is infinite (tail index above 1/4) both are
    /// too small.
    #[must_use]
    pub fn std(&self) -> Estimate {
        let support = |all: &Self| Support::of_paths(all.n_moved()).symmetric();
        self.over_replicates(Self::std_of_paths, support).within(0.0, f64::INFINITY)
    }

    fn std_of_paths(&self) -> Estimate {
        let (n, mean) = (self.n(), self.plain_mean());
        let moment = |power, count: fn(Run) -> f64| {
            let terms = self.runs().map(|run| count(run) * (run.loss - mean).powi(power));
            Sum::from_iter(terms).value()
        };
        let sum = moment(2, |run| run.mass);
        let variance = if n > 1.0 { sum / (n - 1.0) } else { 0.0 };
        let std = variance.sqrt();
        let mut spread = moment(4, |run| run.square) / n - variance * variance;
        if let Some(calibration) = self.calibration() {
            // The mean of w^2 ((L - mean)^2 - s^2)^2, less what the weights explain.
            let (second, all) = (moment(2, |run| run.square), self.sums().power(2));
            spread += variance * (variance * (all / n - 1.0) - 2.0 * (second - sum) / n);
            spread -= calibration.explained(0.0, (second - variance * all) / n);
        }
        let std_err = spread.max(0.0).sqrt() / (2.0 * std * n.sqrt());
        let supported = variance > 0.0 && std_err > 0.0;
        let factor = (interval::Z_975 * std_err / std).exp();
        Estimate {
            value: std,
            std_err: supported.then_some(std_err),
            ci_low: supported.then_some(std / factor),
            ci_high: supported.then_some(std * factor),
            n_eff: self.sums().effective(),
        }
    }

    /// How far bins can put the standard deviation off: what it lacks is the spread within bins (Popoviciu 1935).
    #[must_use]
    pub fn resolution_of_std(&self) -> f64 {
        if self.is_exact() {
            return 0.0;
        }
        let within = self.runs().map(|run| run.mass * run.half_width().powi(2));
        let within = Sum::from_iter(within).value() / (self.n() - 1.0).max(1.0);
        let std = self.std().value;
        within / ((std * std + within).sqrt() + std).max(f64::MIN_POSITIVE)
    }

    /// Probability that a path loses anything: with its exact interval where every path weighs 1.
    #[must_use]
    pub fn probability_positive(&self) -> Estimate {
        self.probability_beyond(0.0)
    }

    /// Probability that a path loses more than `loss`, which is at least 0: with its exact interval where every path weighs 1.
    #[must_use]
    pub fn probability_beyond(&self, loss: f64) -> Estimate {
        let losses = self.runs().take_while(|run| run.loss > loss);
        let sums = losses.fold([Sum::default(); 2], |[mut mass, mut square], run| {
            mass.add(run.mass);
            square.add(run.square);
            [mass, square]
        });
        let [mass, square] = sums.map(Sum::value);
        match self.calibration() {
            None if !self.replicates().is_empty() => {
                let share = |part: &Self| part.probability_beyond(loss).value;
                let counts = (super::level::whole(mass), self.n_paths());
                sectioned_probability(counts, self.replicates().iter().map(share))
            }
            None => interval::probability(super::level::whole(mass), self.n_paths()),
            Some(_) => weighted_probability(mass, square, self.sums()),
        }
    }

    /// How far bins can put that probability off: what counts of the losses whose bin has `loss` in it.
    #[must_use]
    pub fn resolution_of_probability_beyond(&self, loss: f64) -> f64 {
        if self.is_exact() {
            return 0.0;
        }
        let losses = self.runs().take_while(|run| run.high > loss);
        let mass = losses.filter(|run| run.low <= loss).map(|run| run.mass);
        Sum::from_iter(mass).value() / self.n()
    }

    /// The worst loss of the sample. It grows with the number of paths and estimates nothing, so it has no error.
    #[must_use]
    pub fn max(&self) -> Estimate {
        Estimate::bare(self.at_mass(0.0).map_or(0.0, |spot| spot.run.high), self.sums().effective())
    }

    fn plain_mean(&self) -> f64 {
        Sum::from_iter(self.runs().map(|run| run.mass * run.loss)).value() / self.n()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, sorted};
    use super::*;

    #[test]
    fn hand_worked() {
        let losses = sorted(&[2.0, 0.0, 4.0, 0.0, -1.0]);
        close(losses.mean().value, 1.0, 1e-15);
        close(losses.mean().std_err.unwrap(), (4.0_f64 / 5.0).sqrt(), 1e-15);
        close(losses.std().value, 2.0, 1e-15);
        for (loss, share) in [(0.0, 0.4), (1.9, 0.4), (2.0, 0.2), (3.9, 0.2), (4.0, 0.0)] {
            close(losses.probability_beyond(loss).value, share, 1e-15);
        }
        close(losses.resolution_of_probability_beyond(2.0), 0.0, 0.0);
        // Fourth central moment (1 + 1 + 81 + 1 + 16) / 5 = 20.
        close(losses.std().std_err.unwrap(), (4.0_f64 / 5.0).sqrt() / 4.0, 1e-15);
        close(losses.probability_positive().value, 0.4, 1e-15);
        assert_eq!(losses.max(), Estimate::bare(4.0, 5.0));
    }

    #[test]
    fn nothing_happened() {
        let losses = sorted(&[0.0; 1000]);
        assert_eq!(losses.mean(), Estimate::bare(0.0, 1000.0));
        assert_eq!(losses.std(), Estimate::bare(0.0, 1000.0));
        assert_eq!(losses.max(), Estimate::bare(0.0, 1000.0));
        let probability = losses.probability_positive();
        assert_eq!(probability.std_err, None);
        close(probability.ci_high.unwrap(), 1.0 - 0.025_f64.powf(1e-3), 1e-12);
    }

    #[test]
    fn one_path() {
        let losses = sorted(&[3.0]);
        assert_eq!(losses.mean(), Estimate::bare(3.0, 1.0));
        assert_eq!(losses.std(), Estimate::bare(0.0, 1.0));
        assert_eq!(sorted(&[-3.0]).max(), Estimate::bare(-3.0, 1.0));
    }

    #[test]
    fn equal_losses_have_no_spread() {
        assert_eq!(sorted(&[0.1; 7]).std().std_err, None);
        assert_eq!(sorted(&[0.5; 8]).mean(), Estimate::bare(0.5, 8.0));
    }
}
