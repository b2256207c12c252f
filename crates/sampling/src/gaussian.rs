//! The standard normal's upper tail and its inverse, exact where it is small.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

/// `P(Z >= x)` of a standard normal, by libm's `erfc`: relative error near 1e-15 far into the tail.
#[must_use]
pub fn survival(x: f64) -> f64 {
    0.5 * libm::erfc(x * FRAC_1_SQRT_2)
}

/// The `x` with `P(Z >= x) = p`, for p in (0, 1).
///
/// statrs' inverse is good to about 1e-10; one Newton step on the survival function takes it to
/// the last digits.
#[must_use]
pub fn upper_quantile(p: f64) -> f64 {
    let x = SQRT_2 * statrs::function::erf::erfc_inv(2.0 * p);
    let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
    if x.is_finite() && density > 0.0 { x + (survival(x) - p) / density } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_invert_the_survival_function() {
        for p in [1e-18, 1e-12, 1e-6, 0.01, 0.3, 0.5, 0.9, 0.999_999] {
            let back = survival(upper_quantile(p));
            assert!((back / p - 1.0).abs() < 1e-12, "{p} {back}");
        }
    }

    /// Published values: Abramowitz and Stegun, table 26.5.
    #[test]
    fn quantiles_match_the_tables() {
        for (p, x) in [(0.025, 1.959_963_984_540_054), (0.001, 3.090_232_306_167_813_5)] {
            assert!((upper_quantile(p) - x).abs() < 1e-13);
        }
    }
}
