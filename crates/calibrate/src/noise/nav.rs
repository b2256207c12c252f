//! The nav of a token that accrues, where nobody gives it: a line in time through the logarithm of
//! its price, fitted together with the noise.

/// `exp(level + growth s)`, `s` from 0 on the first day to 1 on the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trend {
    pub(super) level: f64,
    pub(super) growth: f64,
}

impl Trend {
    /// Least squares through the logarithms of `values`, at least two: where the search for the line
    /// that fits best together with the noise begins.
    pub(super) fn through(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let s = |t: usize| t as f64 / (n - 1.0) - 0.5;
        let mean = values.iter().map(|value| value.ln()).sum::<f64>() / n;
        let sums = values.iter().enumerate().map(|(t, value)| (s(t) * value.ln(), s(t) * s(t)));
        let (sy, ss) = sums.fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
        let growth = sy / ss;
        Self { level: mean - 0.5 * growth, growth }
    }

    /// Nav by day, of so many days.
    pub(super) fn navs(self, days: usize) -> impl Iterator<Item = f64> {
        let per_day = self.growth / (days as f64 - 1.0);
        (0..days).map(move |t| (self.level + per_day * t as f64).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found() {
        let values: Vec<f64> = (0..100).map(|t| (0.1 + 8e-5 * f64::from(t)).exp()).collect();
        let trend = Trend::through(&values);
        assert!((trend.growth - 99.0 * 8e-5).abs() < 1e-12, "{trend:?}");
        let off = trend.navs(100).zip(&values).map(|(nav, value)| (nav - value).abs());
        assert!(off.fold(0.0, f64::max) < 1e-12, "{trend:?}");
    }
}
