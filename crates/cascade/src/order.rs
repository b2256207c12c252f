//! The larger and the smaller of two numbers, neither of them NaN: one instruction each, where the
//! standard library's care for NaN takes five, and days are made of little else.

/// The larger of two numbers.
#[inline(always)]
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The smaller of two numbers.
#[inline(always)]
pub(crate) fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// A number where it is positive, else 0.
#[inline(always)]
pub(crate) fn positive_part(x: f64) -> f64 {
    larger(x, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_the_standard_library() {
        let numbers = [f64::NEG_INFINITY, -1.5, -0.0, 0.0, 1e-300, 2.0, f64::INFINITY];
        for a in numbers {
            for b in numbers {
                assert!(larger(a, b) >= f64::max(a, b) && smaller(a, b) <= f64::min(a, b));
                assert!(larger(a, b) <= f64::max(a, b) && smaller(a, b) >= f64::min(a, b));
            }
            assert!(positive_part(a) >= 0.0 && positive_part(a) <= a.max(0.0));
        }
    }
}
