//! Adds floating-point numbers so that a million small losses beside one large one keep their digits.

/// A compensated sum: `add` in a fixed order, then [`Sum::value`].
///
/// The error is about one rounding of the result plus `n eps^2 sum |x|` (Neumaier 1974, "Rundungsfehleranalyse
/// einiger Verfahren zur Summation endlicher Summen").
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    /// Adds `x`, keeping what the addition rounds away.
    pub fn add(&mut self, x: f64) {
        let total = self.total + x;
        self.lost += if self.total.abs() >= x.abs() {
            (self.total - total) + x
        } else {
            (x - total) + self.total
        };
        self.total = total;
    }

    /// The sum so far.
    #[must_use]
    pub fn value(self) -> f64 {
        self.total + self.lost
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|x| sum.add(x));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_large_term_swallows_comes_back() {
        assert_eq!(Sum::from_iter([1.0, 1e100, 1.0, -1e100]).value().to_bits(), 2.0_f64.to_bits());
        let tenths = Sum::from_iter(std::iter::repeat_n(0.1, 10_000_000)).value();
        assert!((tenths - 1e6).abs() < 1e-9, "{tenths}");
    }
}
