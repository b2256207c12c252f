//! Confidence limits that stay exact at fifty million paths, where a library's incomplete beta function stops converging.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::Estimate;
use super::level::whole;

/// Standard normal quantile of 0.975.
pub(super) const Z_975: f64 = 1.959_963_984_540_054;
/// Probability left out on either side.
pub(super) const SIDE: f64 = 0.025;
/// Binomial terms below this share of the largest are dropped; all of them together stay below 1e-18.
const NEGLIGIBLE: f64 = 1e-24;

/// Probability `count / n_paths` with the exact interval of Clopper and Pearson (1934) and the binomial standard error.
///
/// With none (or all) of the paths the error is `None`, the far limit stays: "none in a million" still bounds the probability.
/// The caller holds `count <= n_paths` and `n_paths > 0`.
#[must_use]
pub fn probability(count: u64, n_paths: u64) -> Estimate {
    let n = n_paths as f64;
    let value = count as f64 / n;
    let std_err = (value * (1.0 - value) / n).sqrt();
    Estimate {
        value,
        std_err: (std_err > 0.0).then_some(std_err),
        ci_low: Some(clopper_pearson_low(count, n_paths)),
        ci_high: Some(1.0 - clopper_pearson_low(n_paths - count, n_paths)),
        n_eff: n,
    }
}

/// The `p` at which `count` or more of `n_paths` have probability 0.025.
///
/// Newton steps for `ln P(B >= count)` against `ln p`, of slope `count P(B = count) / P(B >= count)`, from the score interval (Wilson 1927).
fn clopper_pearson_low(count: u64, n_paths: u64) -> f64 {
    if count == 0 {
        return 0.0;
    }
    let mut p = wilson_low(count as f64, n_paths as f64);
    for _ in 0..100 {
        let mass = BinomialMass::new(n_paths, p);
        let beyond = mass.from(count);
        let slope = count as f64 * mass.at(count) / beyond;
        let step = (SIDE / beyond).ln() / slope;
        p = (p * step.exp()).min(f64::midpoint(p, 1.0));
        if step.abs() < 1e-12 {
            break;
        }
    }
    p
}

/// Lower limit of the score interval.
fn wilson_low(count: f64, n: f64) -> f64 {
    let z2 = Z_975 * Z_975;
    let half = Z_975 * (count * (n - count) / n + z2 / 4.0).sqrt();
    (count + z2 / 2.0 - half) / (n + z2)
}

/// Counts between which a binomial number lies with 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CountRange {
    /// Fewer than this have probability at most 0.025.
    pub(super) fewest: u64,
    /// More than this have probability at most 0.025.
    pub(super) most: u64,
}

/// Range of a binomial (n, p) count that leaves at most 0.025 on either side.
pub(super) fn count_range(n: u64, p: f64) -> CountRange {
    let mass = BinomialMass::new(n, p);
    CountRange { fewest: mass.quantile(SIDE), most: mass.quantile(1.0 - SIDE) }
}

/// The binomial mass function where it matters: summed outward from its mode, so no gamma function loses digits.
struct BinomialMass {
    first: u64,
    probabilities: Vec<f64>,
}

impl BinomialMass {
    /// For `n` trials of probability `0 < p <= 1`; some ten standard deviations to either side.
    fn new(n: u64, p: f64) -> Self {
        let n_f64 = n as f64;
        let odds = p / (1.0 - p);
        let mode = whole((n_f64 + 1.0) * p).min(n);
        let up = |x: u64| (n_f64 - x as f64) / (x as f64 + 1.0) * odds;
        let mut terms = descend(mode, |x| 1.0 / up(x - 1), |x| x.checked_sub(1));
        let first = mode + 1 - terms.len() as u64;
        terms.reverse();
        let above = descend(mode, up, |x| (x < n).then_some(x + 1));
        terms.extend_from_slice(&above[1..]);
        let total: f64 = terms.iter().sum();
        terms.iter_mut().for_each(|term| *term /= total);
        Self { first, probabilities: terms }
    }

    /// `P(B = k)`.
    fn at(&self, k: u64) -> f64 {
        self.index(k).and_then(|at| self.probabilities.get(at)).copied().unwrap_or(0.0)
    }

    /// `P(B >= k)`.
    fn from(&self, k: u64) -> f64 {
        let skipped = self.index(k).unwrap_or(0);
        self.probabilities.iter().skip(skipped).rev().sum()
    }

    /// The smallest `k` with `P(B <= k) >= q`.
    fn quantile(&self, q: f64) -> u64 {
        let mut below = 0.0;
        let reached = self.probabilities.iter().position(|term| {
            below += term;
            below >= q
        });
        self.first + reached.unwrap_or(self.probabilities.len() - 1) as u64
    }

    fn index(&self, k: u64) -> Option<usize> {
        usize::try_from(k.checked_sub(self.first)?).ok()
    }
}

/// Terms from the mode (1) outward by their ratios, until there is no next or it is negligible.
fn descend(mode: u64, ratio: impl Fn(u64) -> f64, next: impl Fn(u64) -> Option<u64>) -> Vec<f64> {
    let mut terms = vec![1.0];
    let (mut x, mut term) = (mode, 1.0);
    while let Some(to) = next(x) {
        term *= ratio(x);
        if term < NEGLIGIBLE {
            break;
        }
        terms.push(term);
        x = to;
    }
    terms
}

/// Quantile 0.975 of Student's t, `df >= 1`.
///
/// Beyond 1,000 degrees the first terms of the Cornish-Fisher expansion, as statrs does not return for very many.
pub(super) fn t_975(df: f64) -> f64 {
    if df > 1000.0 {
        return Z_975 + (Z_975.powi(3) + Z_975) / (4.0 * df);
    }
    StudentsT::new(0.0, 1.0, df).map_or(f64::INFINITY, |t| t.inverse_cdf(1.0 - SIDE))
}

/// Inverse of Hall's transformation `x = ((1 + a t / 3)^3 - 1) / a + a / 6`, `a` the skewness over the square root of n.
pub(super) fn unskew(x: f64, a: f64) -> f64 {
    if a.abs() < 1e-6 {
        return x - a / 6.0 - a * x * x / 3.0;
    }
    3.0 / a * ((1.0 + a * (x - a / 6.0)).cbrt() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;

    /// Limits from statrs' Beta quantiles, where it converges.
    fn check_interval(count: u64, n_paths: u64, low: f64, high: f64) {
        let found = probability(count, n_paths);
        close(found.ci_low.unwrap(), low, 1e-8);
        close(found.ci_high.unwrap(), high, 1e-8);
    }

    #[test]
    fn limits_are_beta_quantiles() {
        check_interval(3, 10, 6.673_951_117_773_43e-2, 6.524_528_500_599_973e-1);
        check_interval(1, 1000, 2.531_748_749_131_502e-5, 5.558_924_279_779_331_5e-3);
        check_interval(4_000, 20_000, 1.944_752_932_851_154e-1, 2.056_120_480_552_401_4e-1);
        check_interval(500_000, 1_000_000, 4.990_195_191_954_583_4e-1, 5.009_804_808_045_417e-1);
    }

    #[test]
    fn all_or_none_of_the_paths_leave_one_side() {
        let side = 1.0 - 0.025_f64.powf(0.1);
        check_interval(0, 10, 0.0, side);
        check_interval(10, 10, 1.0 - side, 1.0);
        assert_eq!(probability(10, 10).std_err, None);
    }

    #[test]
    fn fifty_million_paths_are_no_trouble() {
        for count in [1, 10, 1_000, 25_000_000, 49_999_990] {
            let found = probability(count, 50_000_000);
            let low = BinomialMass::new(50_000_000, found.ci_low.unwrap()).from(count);
            let high = BinomialMass::new(50_000_000, found.ci_high.unwrap()).from(count + 1);
            close(low, 0.025, 1e-6);
            close(1.0 - high, 0.025, 1e-6);
        }
    }

    #[test]
    fn range_of_a_count() {
        // P(B <= 39) = 0.0176, P(B <= 40) = 0.0284 of 100 fair coins.
        assert_eq!(count_range(100, 0.5), CountRange { fewest: 40, most: 60 });
        assert_eq!(count_range(10, 0.01).fewest, 0);
        assert_eq!(count_range(7, 1.0), CountRange { fewest: 7, most: 7 });
    }

    #[test]
    fn student_quantiles() {
        close(t_975(1.0), 12.706_204_736_174_69, 1e-9);
        close(t_975(10.0), 2.228_138_851_986_274, 1e-9);
        close(t_975(1000.0), t_975(1000.1), 2e-6);
        close(t_975(5e7), Z_975, 1e-7);
    }

    #[test]
    fn unskew_inverts_the_transformation() {
        for (t, a) in [(1.5, 0.3), (-2.0, 0.4), (2.0, -0.1), (1.96, 1e-5), (1.96, 1e-7)] {
            let x = t + a * t * t / 3.0 + a * a * t * t * t / 27.0 + a / 6.0;
            assert!((unskew(x, a) - t).abs() < 1e-9);
        }
    }
}
