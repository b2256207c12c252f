//! Measures the body of the losses: mean, spread, how often and how much at worst.

use super::spread::Spread;
use super::{Estimate, SortedLosses, Sum, interval};

impl SortedLosses {
    /// Mean over all paths, in the unit of the losses, with the skewness-corrected interval of the `spread` module.
    ///
    /// Without an error where fewer than two paths lost or gained anything or all paths lost the same, without an interval below five:
    /// such a sample says nothing about its own spread.
    #[must_use]
    pub fn mean(&self) -> Estimate {
        let mean = self.plain_mean();
        let moved = self.n_paths() - self.n_zero();
        let distances = self.runs().map(|(count, loss)| (count, loss - mean));
        let spread = Spread::of(distances).with_informative(moved as f64);
        spread.estimate(mean, self.n_paths(), self.n())
    }

    /// Standard deviation, `sqrt(sum (L - mean)^2 / (n - 1))`, in the unit of the losses.
    ///
    /// Its error is `sqrt((m4 - s^4) / n) / (2 s)` (delta method, m4 the fourth central moment); the interval is normal
    /// in `ln s`. Where the fourth moment is infinite (tail index above 1/4) both are too small.
    #[must_use]
    pub fn std(&self) -> Estimate {
        let (n, mean) = (self.n(), self.plain_mean());
        let square = |power| {
            let terms = self.runs().map(|(count, loss)| count * (loss - mean).powi(power));
            Sum::from_iter(terms).value()
        };
        let variance = if n > 1.0 { square(2) / (n - 1.0) } else { 0.0 };
        let std = variance.sqrt();
        let std_err =
            (square(4) / n - variance * variance).max(0.0).sqrt() / (2.0 * std * n.sqrt());
        let supported = variance > 0.0 && std_err > 0.0;
        let factor = (interval::Z_975 * std_err / std).exp();
        Estimate {
            value: std,
            std_err: supported.then_some(std_err),
            ci_low: supported.then_some(std / factor),
            ci_high: supported.then_some(std * factor),
            n_eff: n,
        }
    }

    /// Probability that a path loses anything, with its exact interval.
    #[must_use]
    pub fn probability_positive(&self) -> Estimate {
        interval::probability(self.n_positive(), self.n_paths())
    }

    /// The worst loss of the sample. It grows with the number of paths and estimates nothing, so it has no error.
    #[must_use]
    pub fn max(&self) -> Estimate {
        Estimate::bare(self.at_rank(1).unwrap_or(0.0), self.n())
    }

    fn n(&self) -> f64 {
        self.n_paths() as f64
    }

    fn plain_mean(&self) -> f64 {
        Sum::from_iter(self.runs().map(|(count, loss)| count * loss)).value() / self.n()
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
