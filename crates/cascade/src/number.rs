//! A number of one path, or the same number of several paths in a vector register: formulas that both
//! share are written once, and give each path the same bits.
//!
//! Sums, differences, products and quotients of IEEE 754, compared and chosen, never contracted.

use std::ops::{Add, Div, Mul, Sub};

/// What formulas of the day are about.
pub(crate) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// Yes or no, for each path.
    type Truth: Copy;

    /// The same constant for all.
    fn like(self, constant: f64) -> Self;

    /// True where `self > other`.
    fn above(self, other: Self) -> Self::Truth;

    /// The one where it is true, the other where not.
    fn choose(truth: Self::Truth, one: Self, other: Self) -> Self;

    /// `if self > other { self } else { other }`.
    fn larger(self, other: Self) -> Self;

    /// `if self < other { self } else { other }`.
    fn smaller(self, other: Self) -> Self;

    /// The number where it is positive, else 0.
    #[inline(always)]
    fn positive_part(self) -> Self {
        self.larger(self.like(0.0))
    }
}

/// What the standard library's sums of numbers start from: the first is itself, -0 or not.
pub(crate) const NOTHING: f64 = -0.0;

impl Number for f64 {
    type Truth = bool;

    #[inline(always)]
    fn like(self, constant: f64) -> Self {
        constant
    }

    #[inline(always)]
    fn above(self, other: Self) -> bool {
        self > other
    }

    #[inline(always)]
    fn choose(truth: bool, one: Self, other: Self) -> Self {
        if truth { one } else { other }
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        crate::order::larger(self, other)
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        crate::order::smaller(self, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_start_from_nothing() {
        let sum: f64 = std::iter::empty::<f64>().sum();
        assert_eq!(sum.to_bits(), NOTHING.to_bits());
    }
}
