//! A number of several paths, one a lane, in memory and in a vector register.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Not, Sub};
use std::slice::from_ref;

use pulp::Simd;
use pulp::bytemuck::cast_slice;

use crate::number::Number;

/// The most lanes that any register has.
pub(crate) const LANES: usize = 8;

/// A number of each path of a group. Registers of four lanes use the first four.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Lanes(pub(crate) [f64; LANES]);

impl Lanes {
    pub(crate) const ZERO: Self = Self::all(0.0);

    pub(crate) const fn all(x: f64) -> Self {
        Self([x; LANES])
    }

    #[inline(always)]
    pub(crate) fn load<S: Simd>(&self, simd: S) -> Wide<S> {
        Wide { simd, x: S::as_simd_f64s(&self.0).0[0] }
    }

    #[inline(always)]
    pub(crate) fn store<S: Simd>(&mut self, wide: Wide<S>) {
        S::as_mut_simd_f64s(&mut self.0).0[0] = wide.x;
    }

    /// Stores where it is true, and leaves the rest.
    #[inline(always)]
    pub(crate) fn store_where<S: Simd>(&mut self, truth: Truth<S>, wide: Wide<S>) {
        let before = self.load(wide.simd);
        self.store(truth.choose(wide, before));
    }

    #[inline(always)]
    pub(crate) fn add<S: Simd>(&mut self, wide: Wide<S>) {
        let sum = self.load(wide.simd) + wide;
        self.store(sum);
    }
}

/// A number of each path in a register.
#[derive(Clone, Copy)]
pub(crate) struct Wide<S: Simd> {
    simd: S,
    x: S::f64s,
}

/// Yes or no for each path in a register.
#[derive(Clone, Copy)]
pub(crate) struct Truth<S: Simd> {
    simd: S,
    x: S::m64s,
}

#[inline(always)]
pub(crate) fn wide<S: Simd>(simd: S, constant: f64) -> Wide<S> {
    Wide { simd, x: simd.splat_f64s(constant) }
}

/// The first numbers of a slice, one a path.
#[inline(always)]
pub(crate) fn from_slice<S: Simd>(simd: S, numbers: &[f64]) -> Wide<S> {
    Wide { simd, x: S::as_simd_f64s(&numbers[..S::F64_LANES]).0[0] }
}

macro_rules! operators {
    ($($operator:ident, $function:ident, $instruction:ident;)+) => {
        $(impl<S: Simd> $operator for Wide<S> {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                Self { x: self.simd.$instruction(self.x, other.x), ..self }
            }
        })+
    };
}

operators! {
    Add, add, add_f64s;
    Sub, sub, sub_f64s;
    Mul, mul, mul_f64s;
    Div, div, div_f64s;
}

impl<S: Simd> Wide<S> {
    #[inline(always)]
    pub(crate) fn lt(self, other: Self) -> Truth<S> {
        Truth { simd: self.simd, x: self.simd.less_than_f64s(self.x, other.x) }
    }

    #[inline(always)]
    pub(crate) fn le(self, other: Self) -> Truth<S> {
        Truth { simd: self.simd, x: self.simd.less_than_or_equal_f64s(self.x, other.x) }
    }

    #[inline(always)]
    pub(crate) fn gt(self, other: Self) -> Truth<S> {
        other.lt(self)
    }

    #[inline(always)]
    pub(crate) fn ge(self, other: Self) -> Truth<S> {
        other.le(self)
    }

    #[inline(always)]
    pub(crate) fn simd(self) -> S {
        self.simd
    }

    /// The number, for each path.
    #[inline(always)]
    pub(crate) fn lanes(self) -> Lanes {
        let mut lanes = Lanes::ZERO;
        lanes.store(self);
        lanes
    }
}

impl<S: Simd> Truth<S> {
    #[inline(always)]
    pub(crate) fn any(self) -> bool {
        let truth = from_ref(&self.x);
        if size_of::<S::m64s>() == 1 {
            return cast_slice::<_, u8>(truth)[0] != 0;
        }
        cast_slice::<_, u64>(truth).iter().fold(0, |any, lane| any | lane) != 0
    }

    #[inline(always)]
    pub(crate) fn choose(self, one: Wide<S>, other: Wide<S>) -> Wide<S> {
        Wide { simd: self.simd, x: self.simd.select_f64s(self.x, one.x, other.x) }
    }

    /// The number where it is true, 0 where not.
    #[inline(always)]
    pub(crate) fn or_nothing(self, one: Wide<S>) -> Wide<S> {
        self.choose(one, wide(self.simd, 0.0))
    }

    /// A bit for each path.
    #[inline(always)]
    pub(crate) fn bits(self) -> Bits {
        let truth = from_ref(&self.x);
        if size_of::<S::m64s>() == 1 {
            return Bits(u32::from(cast_slice::<_, u8>(truth)[0]));
        }
        let lanes = cast_slice::<_, u64>(truth).iter().enumerate();
        Bits(lanes.fold(0, |bits, (lane, &x)| bits | u32::from(x != 0) << lane))
    }
}

impl<S: Simd> BitAnd for Truth<S> {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self { x: self.simd.and_m64s(self.x, other.x), ..self }
    }
}

impl<S: Simd> BitOr for Truth<S> {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self { x: self.simd.or_m64s(self.x, other.x), ..self }
    }
}

impl<S: Simd> Not for Truth<S> {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        let one = wide(self.simd, 1.0);
        let all = one.le(one);
        Self { x: self.simd.xor_m64s(self.x, all.x), ..self }
    }
}

/// The paths of which something is true.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits(pub(crate) u32);

impl Iterator for Bits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let lane = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(lane)
    }
}

impl<S: Simd> Number for Wide<S> {
    type Truth = Truth<S>;

    #[inline(always)]
    fn like(self, constant: f64) -> Self {
        wide(self.simd, constant)
    }

    #[inline(always)]
    fn above(self, other: Self) -> Truth<S> {
        self.gt(other)
    }

    #[inline(always)]
    fn choose(truth: Truth<S>, one: Self, other: Self) -> Self {
        truth.choose(one, other)
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        Self { x: self.simd.max_f64s(self.x, other.x), ..self }
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        Self { x: self.simd.min_f64s(self.x, other.x), ..self }
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;

    const NUMBERS: [f64; 8] = [f64::NEG_INFINITY, -1.5, -0.0, 0.0, 1e-300, 0.1, 2.0, f64::INFINITY];

    /// Every operation on numbers and on the same turned by `shift`.
    struct AllOperations {
        shift: usize,
    }

    impl WithSimd for AllOperations {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            if S::F64_LANES < 4 {
                return; // nobody plays on it
            }
            let mut turned = NUMBERS;
            turned.rotate_left(self.shift);
            let (a, b) = (Lanes(NUMBERS), Lanes(turned));
            let (x, y) = (a.load(simd), b.load(simd));
            let check = |wide: Wide<S>, scalar: fn(f64, f64) -> f64| {
                for (lane, found) in wide.lanes().0.iter().enumerate().take(S::F64_LANES) {
                    let expected = scalar(NUMBERS[lane], turned[lane]);
                    // What is no number has many bit patterns, and none of them goes anywhere.
                    let same = expected.to_bits() == found.to_bits() || expected.is_nan();
                    assert!(same && expected.is_nan() == found.is_nan(), "{expected}, not {found}");
                }
            };
            check(x + y, |a, b| a + b);
            check(x - y, |a, b| a - b);
            check(x * y, |a, b| a * b);
            check(x / y, |a, b| a / b);
            check(x.larger(y), <f64 as Number>::larger);
            check(x.smaller(y), <f64 as Number>::smaller);
            check(x.positive_part(), |a, _| a.positive_part());
            check(x.lt(y).choose(x, y), |a, b| if a < b { a } else { b });
            check(x.ge(y).choose(x, y), |a, b| if a >= b { a } else { b });
            check((!x.le(y)).or_nothing(x), |a, b| if a <= b { 0.0 } else { a });
            check((x.gt(y) | y.le(x)).or_nothing(y), |a, b| if a >= b { b } else { 0.0 });
            check((x.gt(y) & y.lt(y.like(1.0))).or_nothing(x), |a, b| {
                if a > b && b < 1.0 { a } else { 0.0 }
            });
            let below: Vec<usize> = x.lt(y).bits().collect();
            let lanes = (0..S::F64_LANES).filter(|&lane| NUMBERS[lane] < turned[lane]);
            assert_eq!(below, lanes.collect::<Vec<_>>());
            assert_eq!(x.lt(y).any(), !below.is_empty());
            let mut stored = a;
            stored.store_where(x.lt(y), y);
            check(stored.load(simd), |a, b| if a < b { b } else { a });
        }
    }

    #[test]
    fn operations_on_registers_are_those_on_numbers() {
        for shift in 0..NUMBERS.len() {
            Arch::new().dispatch(AllOperations { shift });
            #[cfg(target_arch = "x86_64")]
            if let Some(narrow) = pulp::x86::V3::try_new() {
                Arch::V3(narrow).dispatch(AllOperations { shift });
            }
        }
    }
}
