//! Exponential and logarithm as plain arithmetic, so that a loop over them becomes vector code and
//! gives the same bits on every instruction set: no call, no branch, no fused multiply-add.

use std::f64::consts::LOG2_E;

/// A polynomial by Horner's rule, the highest power first, written out: a loop in here would keep the
/// loop around it from becoming vector code.
macro_rules! polynomial {
    ($x:expr; $first:expr, $($next:expr,)+) => {{
        let (x, sum) = ($x, $first);
        $(let sum = sum * x + $next;)+
        sum
    }};
}
pub(super) use polynomial;

/// High part of ln 2, of which small multiples are exact, and the rest.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Bits of sqrt(1/2), and their distance from those of 1.
const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
const SHIFT_BITS: u64 = 0x3ff0_0000_0000_0000 - SQRT_HALF_BITS;
const MANTISSA: u64 = (1 << 52) - 1;
/// 2^52: the low bits of what is added to it are a whole number.
pub(crate) const TWO_52: f64 = 4_503_599_627_370_496.0;
/// 1.5 x 2^52: adding it rounds to a whole number, which the low bits then hold.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// `atanh(s) / s` by powers of `s^2`, for `s^2` up to .0294373: Chebyshev interpolation, relative
/// error below 2e-18.
#[inline(always)]
fn atanh_over_s(x: f64) -> f64 {
    polynomial!(
        x;
        0.0740485647479694,
        0.07656263950402402,
        0.09091815844736635,
        0.11111098528278048,
        0.14285714380321635,
        0.19999999999651166,
        0.33333333333333826,
        1.0,
    )
}

/// `exp(r)` for |r| up to ln 2 / 2: the series, which ends below 1e-17.
#[inline(always)]
fn exp_near_0(x: f64) -> f64 {
    polynomial!(
        x;
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
        1.0,
        1.0,
    )
}

/// Natural logarithm of a positive normal number, to 3 units in the last place.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits().wrapping_add(SHIFT_BITS);
    let exponent = f64::from_bits(TWO_52.to_bits() | (bits >> 52)) - (TWO_52 + 1_023.0);
    let mantissa = f64::from_bits((bits & MANTISSA) + SQRT_HALF_BITS);
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let ln_mantissa = 2.0 * s * atanh_over_s(s * s);
    exponent * LN_2_HIGH + (ln_mantissa + exponent * LN_2_LOW)
}

/// `ln(1 - x)` for x in [0, 1], to 9 units in the last place; of 1 it is minus infinity.
#[inline(always)]
pub(crate) fn ln_1m(x: f64) -> f64 {
    let y = 1.0 - x;
    let rounded = 1.0 - y;
    let scaled = ln(y) * (x / rounded);
    if rounded <= 0.0 {
        -x
    } else if y <= 0.0 {
        f64::NEG_INFINITY
    } else {
        scaled
    }
}

/// Exponential of x in [-700, 700], to 2 units in the last place.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let rounded = x * LOG2_E + ROUNDER;
    let k = rounded - ROUNDER;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let power_of_2 = f64::from_bits(rounded.to_bits().wrapping_add(1_023) << 52);
    exp_near_0(r) * power_of_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_library() {
        for i in -200_000..200_000 {
            let x = 1.000_1f64.powi(i / 10) * (1.0 + f64::from(i % 10) * 1e-5);
            let (found, exact) = (ln(x), x.ln());
            assert!((found - exact).abs() <= 7e-16 * exact.abs() + 1e-300, "{x}: {found}, {exact}");
        }
    }

    #[test]
    fn logarithms_of_what_is_missing_to_1() {
        assert!(ln_1m(0.0).abs() < 1e-300 && ln_1m(1.0) == f64::NEG_INFINITY);
        for i in 2..100_000 {
            for x in [f64::from(i) / 100_000.0, 1.001f64.powi(-i / 2)] {
                let exact = (-x).ln_1p();
                assert!((ln_1m(x) - exact).abs() <= 2e-15 * exact.abs(), "{x}");
            }
        }
    }

    #[test]
    fn exponentials_are_those_of_the_library() {
        for i in -70_000..70_000 {
            let x = f64::from(i) / 100.0 + 1e-3;
            assert!((exp(x) / x.exp() - 1.0).abs() < 5e-16, "{x}");
        }
    }
}
