//! Copulas of event times (section 3.1 of `docs/model.md`; Li 2000): factors make sources fire together.
//!
//! `X_i = (a_i . F + sqrt(1 - |a_i|^2) eps_i) / sqrt(W)`, `tau_i = -365 log1p(-SF(X_i)) / lambda_i`.
//! Everything is in survival functions, because what matters is the far tail.

use std::ops::RangeInclusive;

use statrs::function::beta::{beta_reg, inv_beta_reg, ln_beta};

use crate::gaussian;

pub(crate) const DAYS_PER_YEAR: f64 = 365.0;

/// How sources depend on one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Copula {
    /// Not at all.
    Independent,
    /// Through normal factors.
    Gaussian,
    /// Through normal factors over a common chi-square with `df` degrees of freedom.
    StudentT {
        /// Degrees of freedom.
        df: f64,
    },
}

impl Copula {
    /// `P(X >= x)` of one source's latent variable.
    #[must_use]
    pub fn survival(self, x: f64) -> f64 {
        match self {
            Self::Independent | Self::Gaussian => gaussian::survival(x),
            Self::StudentT { df } => student_survival(df, x),
        }
    }

    /// The value above which the latent variable lies with probability `p`; none where it never does.
    pub(crate) fn threshold(self, p: f64) -> Option<f64> {
        match p {
            p if p <= 0.0 => None,
            p if p >= 1.0 => Some(f64::NEG_INFINITY),
            p => Some(self.upper_quantile(p)),
        }
    }

    /// The `x` with `P(X >= x) = p`.
    #[must_use]
    pub fn upper_quantile(self, p: f64) -> f64 {
        match self {
            Self::Independent | Self::Gaussian => gaussian::upper_quantile(p),
            Self::StudentT { df } => student_upper_quantile(df, p),
        }
    }
}

/// `P(T >= x)` of Student's t, by the incomplete beta function.
fn student_survival(df: f64, x: f64) -> f64 {
    let beyond = 0.5 * beta_reg(0.5 * df, 0.5, df / (df + x * x));
    if x >= 0.0 { beyond } else { 1.0 - beyond }
}

/// Degrees of freedom and probabilities for which the library's inverse comes to an end, and near to the truth:
/// beyond, it panics, runs for ever or is off by its first digit.
const INVERTED: (RangeInclusive<f64>, f64) = (3.0..=300.0, 1e-20);

/// Inverse of [`student_survival`]; two Newton steps polish the library's inverse.
fn student_upper_quantile(df: f64, p: f64) -> f64 {
    if p > 0.5 {
        return -student_upper_quantile(df, 1.0 - p);
    }
    if !INVERTED.0.contains(&df) || p < INVERTED.1 {
        return student_upper_quantile_of_any(df, p);
    }
    let y = inv_beta_reg(0.5 * df, 0.5, 2.0 * p);
    let mut x = (df * (1.0 - y) / y).sqrt();
    for _ in 0..2 {
        x += (student_survival(df, x) - p) / student_density(df, x);
    }
    x
}

fn student_density(df: f64, x: f64) -> f64 {
    let ln_density =
        -0.5 * (df + 1.0) * (x * x / df).ln_1p() - ln_beta(0.5 * df, 0.5) - 0.5 * df.ln();
    ln_density.exp()
}

/// The same where the library's inverse is of no use, for p of at most a half: Newton's method on logarithms, where
/// a tail is nearly a straight line, held inside a bracket that shrinks at every step.
fn student_upper_quantile_of_any(df: f64, p: f64) -> f64 {
    // Of x, whose square is still a number.
    let (mut low, mut high) = (-45.0, 354.0);
    let mut ln_x = 0.0_f64;
    for _ in 0..QUANTILE_STEPS {
        let x = ln_x.exp();
        let survival = student_survival(df, x);
        if survival > p {
            low = ln_x;
        } else {
            high = ln_x;
        }
        let newton = ln_x + (survival / p).ln() * survival / (x * student_density(df, x));
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        let is_done = (next - ln_x).abs() <= f64::EPSILON;
        ln_x = next;
        if is_done {
            break;
        }
    }
    ln_x.exp()
}

/// Bisection alone is down to the last digits by then.
const QUANTILE_STEPS: u32 = 100;

/// Lower bounds of the upper quantile, by table: rates that are drawn anew on every path need one
/// for every path and class, and the exact inverse of Student's t takes microseconds.
///
/// A bound that is a little low lets a few sources too many through the comparison; their time,
/// which is exact, then throws them out.
#[derive(Clone, Debug)]
pub(crate) struct ThresholdTable {
    /// Quantiles at `exp(-step * STEP)`, ascending.
    quantiles: Vec<f64>,
    copula: Copula,
}

/// Steps at the start of the table over which the quantile bends too much for a cubic.
const CURVED: f64 = 150.0;

impl ThresholdTable {
    /// Steps of ln p: the bound is the quantile of a probability at most 1 % larger.
    const STEP: f64 = 0.01;
    /// The table ends at probabilities of 1e-13; below, its last entry is a bound too.
    const N: u16 = 3_000;

    pub(crate) fn new(copula: Copula) -> Self {
        let quantile = |step: u16| match step {
            0 => f64::NEG_INFINITY,
            _ => copula.upper_quantile((-Self::STEP * f64::from(step)).exp()),
        };
        Self { quantiles: (0..=Self::N).map(quantile).collect(), copula }
    }

    /// The upper quantile of `p`, for p in (0, 1): to some 1e-11 by cubic interpolation, exactly where
    /// the table is too coarse for that.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the table")]
    pub(crate) fn quantile(&self, p: f64) -> f64 {
        let position = -p.ln() / Self::STEP;
        if !(CURVED..f64::from(Self::N - 2)).contains(&position) {
            return self.copula.upper_quantile(p);
        }
        let step = position as usize;
        let t = position - step as f64;
        let [a, b, c, d] = [-1, 0, 1, 2].map(|k| self.quantiles[step.saturating_add_signed(k)]);
        a * t * (t - 1.0) * (2.0 - t) / 6.0
            + b * (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0
            + c * t * (t + 1.0) * (2.0 - t) / 2.0
            + d * t * (t + 1.0) * (t - 1.0) / 6.0
    }

    /// A value at most the upper quantile of `p`, for p in (0, 1], by `-ln p`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, as it should"
    )]
    pub(crate) fn at_most_quantile(&self, minus_ln_p: f64) -> f64 {
        let step = (minus_ln_p / Self::STEP) as usize;
        self.quantiles[step.min(self.quantiles.len() - 1)]
    }
}

/// The probability of an event within the horizon.
pub(crate) fn event_probability(rate_per_year: f64, horizon_days: f64) -> f64 {
    -(-rate_per_year * horizon_days / DAYS_PER_YEAR).exp_m1()
}

/// When a source of that rate fires, in days, given the survival function at its latent variable.
pub(crate) fn event_time_days(survival: f64, rate_per_year: f64) -> f64 {
    -DAYS_PER_YEAR * (-survival).ln_1p() / rate_per_year
}

/// What a path has drawn for all of a class: enough to say how likely each of them fires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Systematic {
    /// `a . F`.
    pub(crate) factor: f64,
    /// `sqrt(W)`; 1 unless the copula is a t.
    pub(crate) mixing_sqrt: f64,
    /// `sqrt(1 - |a|^2)`.
    pub(crate) residual: f64,
}

impl Systematic {
    /// Probability that a source fires, given the systematic part, when `X >= threshold` fires it.
    pub(crate) fn conditional_probability(&self, threshold: f64) -> f64 {
        let distance = threshold * self.mixing_sqrt - self.factor;
        if self.residual > 0.0 {
            gaussian::survival(distance / self.residual)
        } else {
            f64::from(u8::from(distance <= 0.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn student_quantiles_invert() {
        for df in [1.5, 4.0, 30.0] {
            for p in [1e-9, 1e-4, 0.02, 0.4, 0.7] {
                let x = student_upper_quantile(df, p);
                let back = student_survival(df, x);
                assert!((back / p - 1.0).abs() < 1e-10, "df {df} p {p} back {back}");
            }
        }
    }

    /// Where the library's inverse is left, and far beyond, where it panics or never ends.
    #[test]
    fn student_quantiles_of_any_law_come_to_an_end_and_invert() {
        for df in [0.5, 1.0, 2.9, 3.0, 4.0, 300.0, 301.0, 1e4, 1e7] {
            for p in [1e-300, 1e-160, 1e-31, 1e-21, 1e-19, 1e-10, 1e-3, 0.3, 0.49] {
                let x = student_upper_quantile(df, p);
                let back = student_survival(df, x);
                // With very many degrees of freedom rounding of `x^2 / df` is all that is left of x.
                let precision = (1e-11_f64).max(1e-14 * df);
                let is_far = x >= 1e153;
                assert!(is_far || (back / p - 1.0).abs() < precision, "df {df} p {p} back {back}");
            }
        }
        // Cauchy's law: the quantile of 1e-300 is 1 / (pi 1e-300).
        let cauchy = student_upper_quantile(1.0, 1e-150) * std::f64::consts::PI * 1e-150;
        assert!((cauchy - 1.0).abs() < 1e-12, "{cauchy}");
    }

    /// Published: the 99 % point of t with 4 degrees of freedom is 3.746947387979197.
    #[test]
    fn student_quantile_matches_the_table() {
        assert!((student_upper_quantile(4.0, 0.01) - 3.746_947_387_979_197).abs() < 1e-11);
    }

    #[test]
    fn interpolated_quantiles_are_the_quantiles() {
        for copula in [Copula::Gaussian, Copula::StudentT { df: 3.0 }, Copula::StudentT { df: 4.0 }]
        {
            let table = ThresholdTable::new(copula);
            for p in [0.999, 0.7, 0.23, 0.222, 0.2, 0.012_345, 3.3e-7, 1e-12, 1e-15] {
                let back = copula.survival(table.quantile(p));
                assert!((back / p - 1.0).abs() < 1e-9, "{copula:?} {p}: {back}");
            }
        }
    }

    #[test]
    fn tabled_thresholds_are_bounds() {
        for copula in [Copula::Gaussian, Copula::StudentT { df: 4.0 }] {
            let table = ThresholdTable::new(copula);
            for p in [1.0f64, 0.999, 0.5, 0.37, 0.012_345, 3.3e-7, 1e-12, 1e-15] {
                let bound = table.at_most_quantile(-p.ln());
                let exact = if p < 1.0 { copula.upper_quantile(p) } else { f64::NEG_INFINITY };
                assert!(bound <= exact + 1e-12, "{p}");
                let tabled = (1e-13..0.99).contains(&p);
                assert!(!tabled || copula.survival(bound) < 1.011 * p, "{p}");
            }
        }
    }

    #[test]
    fn time_and_probability_are_one_law() {
        let p = event_probability(0.3, 30.0);
        assert!((event_time_days(p, 0.3) - 30.0).abs() < 1e-12);
    }
}
