//! The nav of a token that accrues, where nobody gives it: a line in time through the logarithm of
//! its price, with the errors that the noise has.

/// `exp(level + growth t)`, `t` in days from the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trend {
    level: f64,
    pub(super) growth: f64,
}

impl Trend {
    /// The line through the logarithms of `values` whose deviations are an AR(1) with `phi`:
    /// generalised least squares by quasi-differences (Prais and Winsten 1954).
    pub(super) fn fit(values: &[f64], phi: f64) -> Self {
        let first = (1.0 - phi * phi).sqrt();
        let row = |t: usize| {
            let y = values[t].ln();
            if t == 0 {
                return (first, 0.0, first * y);
            }
            let before = values[t - 1].ln();
            (1.0 - phi, t as f64 - phi * (t as f64 - 1.0), y - phi * before)
        };
        let mut s = [0.0; 5];
        for (one, day, y) in (0..values.len()).map(row) {
            let products = [one * one, one * day, day * day, one * y, day * y];
            s.iter_mut().zip(products).for_each(|(s, x)| *s += x);
        }
        let determinant = s[0] * s[2] - s[1] * s[1];
        Self {
            level: (s[2] * s[3] - s[1] * s[4]) / determinant,
            growth: (s[0] * s[4] - s[1] * s[3]) / determinant,
        }
    }

    pub(super) fn at(self, day: usize) -> f64 {
        (self.level + self.growth * day as f64).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_whatever_the_correlation() {
        let values: Vec<f64> = (0..100).map(|t| (0.1 + 8e-5 * f64::from(t)).exp()).collect();
        for phi in [0.0, 0.5, 0.99] {
            let trend = Trend::fit(&values, phi);
            assert!((trend.growth - 8e-5).abs() < 1e-12, "{trend:?}");
            assert!((trend.at(50) - values[50]).abs() < 1e-11, "{trend:?}");
        }
    }
}
