//! How hard a source hits, as a quantile function of one uniform: a severity takes exactly one
//! draw whatever its form, so scenarios that change the form still share their numbers.

use statrs::distribution::{Beta, ContinuousCDF};
use statrs::function::beta::ln_beta;

/// The law of a severity, checked when read.
#[derive(Clone, Debug, PartialEq)]
pub enum Severity {
    /// Always the same.
    Fixed(f64),
    /// Beta.
    Beta(Beta),
    /// Uniform between two bounds.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Generalised Pareto above a threshold, cut at `cap` (`min(x, cap)`).
    GeneralizedPareto {
        /// Location.
        threshold: f64,
        /// Shape xi; 0 is exponential.
        shape: f64,
        /// Scale.
        scale: f64,
        /// Everything above counts as this.
        cap: f64,
    },
    /// One with probability `at_one`, else another law.
    Mixture {
        /// Probability of 1.
        at_one: f64,
        /// The law otherwise.
        otherwise: Box<Self>,
    },
    /// One of a list, each as likely, ascending.
    Empirical(Vec<f64>),
    /// Another law times a factor, cut at `cap`.
    Scaled {
        /// What it is multiplied by.
        factor: f64,
        /// Everything above counts as this.
        cap: f64,
        /// The other law.
        of: Box<Self>,
    },
}

impl Severity {
    /// The severity where it is always the same: it needs no draw.
    pub(crate) fn fixed(&self) -> Option<f64> {
        match self {
            Self::Fixed(value) => Some(*value),
            _ => None,
        }
    }

    /// The share of draws of the law as it is written that are more than its cap, and count as that.
    pub(crate) fn share_cut(&self) -> f64 {
        match self {
            Self::GeneralizedPareto { threshold, shape, scale, cap } => {
                let z = ((cap - threshold) / scale).max(0.0);
                if *shape == 0.0 {
                    (-z).exp()
                } else {
                    (-(shape * z).max(-1.0).ln_1p() / shape).exp()
                }
            }
            Self::Mixture { at_one, otherwise } => (1.0 - at_one) * otherwise.share_cut(),
            _ => 0.0,
        }
    }

    /// The law times a factor, which is positive, cut at `cap`.
    pub(crate) fn scaled(&self, factor: f64, cap: f64) -> Self {
        match self {
            Self::Fixed(value) => Self::Fixed((factor * value).min(cap)),
            law => Self::Scaled { factor, cap, of: Box::new(law.clone()) },
        }
    }

    /// The severity below which a share `u` of them lies; grows with `u` in (0, 1).
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "u is in [0, 1]")]
    pub fn quantile(&self, u: f64) -> f64 {
        match self {
            Self::Fixed(value) => *value,
            Self::Beta(beta) => beta_quantile(beta, u),
            Self::Uniform { low, high } => low + (high - low) * u,
            Self::GeneralizedPareto { threshold, shape, scale, cap } => {
                let excess = -(-u).ln_1p();
                let x = if *shape == 0.0 { excess } else { (shape * excess).exp_m1() / shape };
                (threshold + scale * x).min(*cap)
            }
            Self::Mixture { at_one, otherwise } => {
                let below = 1.0 - at_one;
                if u >= below { 1.0 } else { otherwise.quantile(u / below) }
            }
            Self::Empirical(values) => {
                values[((u * values.len() as f64) as usize).min(values.len() - 1)]
            }
            Self::Scaled { factor, cap, of } => (factor * of.quantile(u)).min(*cap),
        }
    }
}

/// The quantile of a beta law: Newton's method held inside a bracket that shrinks at every step, so
/// that it ends for every law. The library's own inverse does not for the most extreme ones.
///
/// Below the mean it is Newton's method on logarithms: near 0 the distribution is the power
/// `x^a / (a B(a, b))`, a straight line there, and plain steps leave the bracket time and again.
fn beta_quantile(beta: &Beta, u: f64) -> f64 {
    let (a, b) = (beta.shape_a(), beta.shape_b());
    let mean = a / (a + b);
    let is_low = u <= beta.cdf(mean);
    let ln_beta = ln_beta(a, b);
    let power = || ((u.ln() + a.ln() + ln_beta) / a).exp();
    let (mut low, mut high, mut x) =
        if is_low { (0.0, mean, power().min(mean)) } else { (mean, 1.0, mean) };
    for _ in 0..QUANTILE_STEPS {
        let (cdf, by_ln_x) = beta_cdf(beta, x, ln_beta);
        if cdf > u {
            high = x;
        } else {
            low = x;
        }
        let newton = if is_low {
            x * ((u / cdf).ln() * (cdf / by_ln_x)).exp()
        } else {
            x - x * (cdf - u) / by_ln_x
        };
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        let done = (next - x).abs() <= QUANTILE_PRECISION * next;
        x = next;
        if done || high - low <= f64::EPSILON * QUANTILE_PRECISION {
            break;
        }
    }
    x
}

/// The distribution function of a beta law and its derivative by `ln x`, which is x times the density.
///
/// `I_x(a, b) = x^a (1 - x)^b / (a B(a, b)) sum_n (a + b)_n / (a + 1)_n x^n` (NIST's Digital Library of
/// Mathematical Functions, 8.17.8), whose terms are all positive; where it is short, it takes a tenth
/// of the time of the library's continued fraction.
fn beta_cdf(beta: &Beta, x: f64, ln_beta: f64) -> (f64, f64) {
    let (a, b) = (beta.shape_a(), beta.shape_b());
    let ln_rest = (-x).ln_1p();
    let by_ln_x = (a * x.ln() + (b - 1.0) * ln_rest - ln_beta).exp();
    if x > SERIES_MAX_X || a + b > SERIES_MAX_SHAPES {
        return (beta.cdf(x), by_ln_x);
    }
    let (mut sum, mut term, mut n) = (1.0, 1.0, 0.0);
    while term > sum * f64::EPSILON * 0.1 {
        term *= x * (a + b + n) / (a + 1.0 + n);
        sum += term;
        n += 1.0;
    }
    (by_ln_x * (1.0 - x) * sum / a, by_ln_x)
}

/// Up to these the series has some fifty terms.
const SERIES_MAX_X: f64 = 0.5;
const SERIES_MAX_SHAPES: f64 = 50.0;
/// Bisection alone is down to the last digits by then.
const QUANTILE_STEPS: u32 = 200;
/// Relative precision of a quantile.
const QUANTILE_PRECISION: f64 = 1e-13;

#[cfg(test)]
mod tests {
    use statrs::distribution::Continuous;

    use super::*;

    fn mean(severity: &Severity) -> f64 {
        let n = 20_000;
        (0..n).map(|i| severity.quantile((f64::from(i) + 0.5) / f64::from(n))).sum::<f64>()
            / f64::from(n)
    }

    /// Midpoint integration of the quantile function gives the mean that the law has in closed form.
    #[test]
    fn each_form_has_its_mean() {
        let gpd = |threshold, shape, scale, cap| Severity::GeneralizedPareto {
            threshold,
            shape,
            scale,
            cap,
        };
        let cases = [
            (Severity::Fixed(0.3), 0.3),
            (Severity::Beta(Beta::new(0.2, 3.8).unwrap()), 0.05),
            (Severity::Uniform { low: 0.1, high: 0.4 }, 0.25),
            (gpd(0.02, 0.25, 0.03, f64::INFINITY), 0.02 + 0.03 / 0.75),
            (gpd(0.0, 0.0, 0.1, f64::INFINITY), 0.1),
            // Exponential cut at 1: (1 - e^-10) / 10.
            (gpd(0.0, 0.0, 0.1, 1.0), 0.1 * (1.0 - (-10f64).exp())),
            (Severity::Empirical(vec![0.1, 0.2, 0.6]), 0.3),
            (
                Severity::Mixture {
                    at_one: 0.1,
                    otherwise: Box::new(Severity::Uniform { low: 0.0, high: 0.2 }),
                },
                0.1 + 0.9 * 0.1,
            ),
        ];
        for (severity, expected) in cases {
            let mean = mean(&severity);
            assert!((mean / expected - 1.0).abs() < 2e-3, "{severity:?}: {mean}, not {expected}");
        }
    }

    #[test]
    fn what_is_cut_of_a_pareto_is_what_its_quantile_says() {
        for (threshold, shape, scale) in [(0.0, 0.5, 0.2), (0.1, 0.0, 0.3), (0.2, -0.4, 0.5)] {
            let law = Severity::GeneralizedPareto { threshold, shape, scale, cap: 1.0 };
            let share = law.share_cut();
            assert!(share > 1e-3, "{law:?}: {share}");
            assert!(law.quantile(1.0 - 0.999 * share) >= 1.0, "{law:?}: {share}");
            assert!(law.quantile(1.0 - 1.001 * share) < 1.0, "{law:?}: {share}");
            let half = Severity::Mixture { at_one: 0.5, otherwise: Box::new(law) };
            assert!((half.share_cut() / share - 0.5).abs() < 1e-12);
        }
        // Its longest tail ends below the cut.
        let short =
            Severity::GeneralizedPareto { threshold: 0.0, shape: -0.5, scale: 0.3, cap: 1.0 };
        assert!(short.share_cut().abs() < 1e-300);
    }

    #[test]
    fn the_quantile_of_a_cut_pareto_never_passes_the_cut() {
        let severity =
            Severity::GeneralizedPareto { threshold: 0.5, shape: 1.0, scale: 1.0, cap: 1.0 };
        assert_eq!(severity.quantile(0.999_999).to_bits(), 1f64.to_bits());
    }

    #[test]
    fn a_scaled_law_is_cut_where_its_range_ends() {
        let law = Severity::Uniform { low: 0.5, high: 1.0 }.scaled(1.5, 1.0);
        assert!((law.quantile(0.1) - 0.825).abs() < 1e-15);
        assert_eq!(law.quantile(0.9).to_bits(), 1f64.to_bits());
        assert_eq!(Severity::Fixed(0.5).scaled(1.5, 1.0), Severity::Fixed(0.75));
        assert_eq!(Severity::Fixed(3.0).scaled(0.5, f64::INFINITY), Severity::Fixed(1.5));
    }

    #[test]
    fn the_series_is_the_distribution_of_the_library() {
        for (a, b) in [(0.2, 3.8), (0.05, 0.9), (1.0, 1.0), (3.0, 0.5), (7.5, 40.0), (1e-3, 2.0)] {
            let beta = Beta::new(a, b).unwrap();
            for x in [1e-12, 1e-5, 0.01, 0.2, 0.499] {
                let (cdf, by_ln_x) = beta_cdf(&beta, x, ln_beta(a, b));
                assert!((cdf / beta.cdf(x) - 1.0).abs() < 1e-12, "{a} {b} {x}: {cdf}");
                assert!((by_ln_x / (x * beta.pdf(x)) - 1.0).abs() < 1e-12, "{a} {b} {x}");
            }
        }
    }

    /// The quantile of a beta law finds an end, and inverts, for every law that a run file may give.
    #[test]
    fn quantiles_of_extreme_beta_laws_come_to_an_end() {
        for mean in [1e-9, 1e-6, 1e-4, 0.01, 0.05, 0.5, 0.999, 1.0 - 1e-9] {
            for concentration in [1e-3, 0.1, 1.0, 10.0, 1e3, 1e5] {
                let beta = Beta::new(mean * concentration, (1.0 - mean) * concentration).unwrap();
                for u in [1e-19, 1e-9, 0.01, 0.3, 0.7, 0.99, 1.0 - 1e-12] {
                    let x = Severity::Beta(beta).quantile(u);
                    let what = format!("mean {mean}, concentration {concentration}, u {u}: {x}");
                    assert!((0.0..=1.0).contains(&x), "{what}");
                    let (below, above) = (beta.cdf(x * (1.0 - 1e-9)), beta.cdf(x * (1.0 + 1e-9)));
                    let inverts = below <= u + 1e-9 && above >= u - 1e-9;
                    let at_an_end = !(1e-15..=1.0 - 1e-9).contains(&x);
                    assert!(inverts || at_an_end, "{what}");
                }
            }
        }
    }
}
