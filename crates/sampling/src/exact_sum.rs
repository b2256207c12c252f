//! Adds floating-point numbers so that the sum does not hang on their order: parts of a run that were
//! added up on different machines add up to what one machine finds, to the last bit.

use serde::{Deserialize, Serialize};

/// Binary digits of a chunk.
const CHUNK_BITS: u32 = 32;
/// Digits of a chunk as it stands between two settlings of carries.
const CHUNK_MASK: i64 = (1 << CHUNK_BITS) - 1;
/// Chunks that one term touches: 53 digits from anywhere in the first.
const TOUCHED: usize = 3;
/// Terms after which carries are settled: a chunk has room for `2^31` of at most `2^32` each.
const MOST_PENDING: u32 = 1 << 30;
/// Binary digits of the fraction of a number, and the weight of the least of them there is: `2^-1074`.
const FRACTION_BITS: u32 = 52;
const LEAST_EXPONENT: i32 = -1074;

/// An exact sum: the same whatever the order of [`ExactSum::add`] and [`ExactSum::join`], and rounded
/// once, to the nearest number, where [`ExactSum::value`] is asked for.
///
/// The digits are kept in fixed point, in chunks of 32 with room for carries (a small superaccumulator:
/// Neal 2015, "Fast exact summation using small and large superaccumulators"), as many as the terms so
/// far need. An addition takes a few integer operations.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Settled", into = "Settled")]
pub struct ExactSum {
    /// Place of the first chunk: its least digit weighs `2^(32 base - 1074)`.
    base: u32,
    /// Terms since carries were settled.
    pending: u32,
    /// Signed, the least first.
    chunks: Vec<i64>,
}

impl ExactSum {
    /// Adds a number.
    ///
    /// # Panics
    /// If it is not finite: a bug of the caller.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "places are below 64, and parts are masked"
    )]
    pub fn add(&mut self, x: f64) {
        let bits = x.to_bits();
        let exponent = (bits >> FRACTION_BITS) & 0x7ff;
        assert!(exponent < 0x7ff, "{x} has no place in a sum");
        let fraction = bits & ((1 << FRACTION_BITS) - 1);
        let is_normal = u64::from(exponent > 0);
        let digits = fraction | is_normal << FRACTION_BITS;
        if digits == 0 {
            return;
        }
        let place = exponent - is_normal;
        let (chunk, shift) = (place / u64::from(CHUNK_BITS), place % u64::from(CHUNK_BITS));
        let first = self.room_for(chunk as u32);
        let wide = u128::from(digits) << shift;
        let parts = [0, 32, 64].map(|from| (wide >> from) as i64 & CHUNK_MASK);
        let own = self.chunks[first..first + TOUCHED].iter_mut().zip(parts);
        if x < 0.0 {
            own.for_each(|(chunk, part)| *chunk -= part);
        } else {
            own.for_each(|(chunk, part)| *chunk += part);
        }
        self.pending += 1;
        if self.pending >= MOST_PENDING {
            self.settle();
        }
    }

    /// Adds all terms of another sum.
    pub fn join(&mut self, other: &Self) {
        let mut other = other.clone();
        other.settle();
        self.settle();
        if other.chunks.is_empty() {
            return;
        }
        let first = self.room_for(other.base);
        self.chunks.resize(self.chunks.len().max(first + other.chunks.len()), 0);
        let own = &mut self.chunks[first..];
        own.iter_mut().zip(&other.chunks).for_each(|(own, other)| *own += other);
        self.settle();
    }

    /// The sum, rounded to the nearest number; infinite where it is beyond all of them.
    #[must_use]
    pub fn value(&self) -> f64 {
        let mut own = self.clone();
        own.settle();
        let is_negative = own.chunks.last().is_some_and(|last| *last < 0);
        if is_negative {
            own.chunks.iter_mut().for_each(|chunk| *chunk = -*chunk);
            own.settle();
        }
        // Four chunks hold more digits than a number has; what lies below only breaks ties.
        let n = own.chunks.len();
        let (below, top) = own.chunks.split_at(n.saturating_sub(4));
        let digits = top
            .iter()
            .rev()
            .fold(0, |digits: u128, chunk| digits << CHUNK_BITS | u128::from(chunk.unsigned_abs()));
        let sticky = u128::from(below.iter().any(|chunk| *chunk != 0));
        let place = own.base as usize + below.len();
        let exponent = i32::try_from(CHUNK_BITS as usize * place).unwrap_or(i32::MAX / 2);
        let size = libm::scalbn((digits | sticky) as f64, LEAST_EXPONENT + exponent);
        if is_negative { -size } else { size }
    }

    /// Number of the chunk at a place, which is there with those that a term needs beside it.
    #[inline]
    fn room_for(&mut self, place: u32) -> usize {
        let first = place.wrapping_sub(self.base) as usize;
        if first.saturating_add(TOUCHED) <= self.chunks.len() {
            return first;
        }
        self.widen(place)
    }

    #[cold]
    #[inline(never)]
    fn widen(&mut self, place: u32) -> usize {
        if self.chunks.is_empty() {
            self.base = place;
        }
        let before = self.base.saturating_sub(place);
        self.chunks.splice(0..0, std::iter::repeat_n(0, before as usize));
        self.base -= before;
        let first = (place - self.base) as usize;
        self.chunks.resize(self.chunks.len().max(first + TOUCHED), 0);
        first
    }

    /// Settles carries, so that sums of the same amount are the same chunk by chunk: all but the last
    /// from 0 to `2^32 - 1`, the last of at most as many digits and with the sign, none at either end 0.
    fn settle(&mut self) {
        let mut carry = 0;
        for chunk in &mut self.chunks {
            let own = *chunk + carry;
            (*chunk, carry) = (own & CHUNK_MASK, own >> CHUNK_BITS);
        }
        if carry != 0 {
            self.chunks.push(carry);
        }
        while self.chunks.last() == Some(&0) {
            self.chunks.pop();
        }
        // A last chunk of -1 says the same as the sign of the one below it.
        while let [.., below, -1] = self.chunks[..] {
            self.chunks.pop();
            if let Some(last) = self.chunks.last_mut() {
                *last = below - (1 << CHUNK_BITS);
            }
        }
        let zeros = self.chunks.iter().take_while(|chunk| **chunk == 0).count();
        self.chunks.drain(..zeros);
        let zeros = u32::try_from(zeros).unwrap_or_default();
        self.base = if self.chunks.is_empty() { 0 } else { self.base + zeros };
        self.pending = 0;
    }
}

/// A sum as it is stored: carries settled, so that the same amount is the same bytes.
#[derive(Serialize, Deserialize)]
struct Settled {
    base: u32,
    chunks: Vec<i64>,
}

impl From<ExactSum> for Settled {
    fn from(mut sum: ExactSum) -> Self {
        sum.settle();
        Self { base: sum.base, chunks: sum.chunks }
    }
}

/// Chunks of the largest number, and of as many of them as there may be.
const MOST_CHUNKS: usize = 72;

impl TryFrom<Settled> for ExactSum {
    type Error = &'static str;

    fn try_from(Settled { base, chunks }: Settled) -> Result<Self, Self::Error> {
        let is_settled = chunks.iter().all(|chunk| chunk.unsigned_abs() <= 1 << CHUNK_BITS);
        let fits = base as usize <= MOST_CHUNKS && chunks.len() <= MOST_CHUNKS - base as usize;
        if is_settled && fits {
            Ok(Self { base, chunks, pending: 0 })
        } else {
            Err("a sum of numbers was expected")
        }
    }
}

/// Sums of the same amount are the same, whatever came of them on the way.
impl PartialEq for ExactSum {
    fn eq(&self, other: &Self) -> bool {
        let [mut own, mut other] = [self.clone(), other.clone()];
        own.settle();
        other.settle();
        (own.base, own.chunks) == (other.base, other.chunks)
    }
}

impl FromIterator<f64> for ExactSum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|x| sum.add(x));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random, by a linear congruence (Knuth's MMIX constants).
    fn numbers(n: usize) -> impl Iterator<Item = u64> {
        let next = |x: &u64| {
            Some(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
        };
        std::iter::successors(Some(7), next).skip(1).take(n).map(|x| x ^ x >> 29)
    }

    fn value(terms: &[f64]) -> u64 {
        ExactSum::from_iter(terms.iter().copied()).value().to_bits()
    }

    #[test]
    fn rounds_once_and_to_even() {
        let [half, least] = [2.0_f64.powi(-53), f64::from_bits(1)];
        let above = 1.0 + f64::EPSILON;
        assert_eq!(value(&[1.0, half]), 1.0_f64.to_bits());
        assert_eq!(value(&[above, half]), (above + f64::EPSILON).to_bits());
        assert_eq!(value(&[1.0, half, least]), above.to_bits());
        assert_eq!(value(&[1.0, half, -least]), 1.0_f64.to_bits());
        assert_eq!(value(&[-1.0, -half, -least]), (-above).to_bits());
        assert_eq!(value(&[1.0, 1e100, 1.0, -1e100]), 2.0_f64.to_bits());
        assert_eq!(value(&[f64::MAX, f64::MAX, -f64::MAX]), f64::MAX.to_bits());
        assert_eq!(value(&[f64::MAX, f64::MAX]), f64::INFINITY.to_bits());
        assert_eq!(value(&[least, least]), f64::from_bits(2).to_bits());
        assert_eq!(value(&[3.0, -3.0]), 0.0_f64.to_bits());
        assert_eq!(value(&[]), 0.0_f64.to_bits());
    }

    /// Terms that are whole multiples of `2^-40` have a sum that integers know.
    #[test]
    fn is_the_sum_in_integers() {
        let (mut sum, mut whole) = (ExactSum::default(), 0_i128);
        for x in numbers(20_000) {
            let digits = (x >> 11) as i64 >> (x % 50);
            let digits = if x % 3 == 0 { digits } else { -digits };
            sum.add(digits as f64 * 2.0_f64.powi(-40));
            whole += i128::from(digits);
            let expected = whole as f64 * 2.0_f64.powi(-40);
            assert_eq!(sum.value().to_bits(), expected.to_bits());
        }
    }

    /// Any number at all, in any order, in any parts.
    #[test]
    fn neither_order_nor_parts_matter() {
        let finite = |x: u64| f64::from_bits(x & !(1 << 62));
        let terms: Vec<f64> = numbers(3_000).map(finite).collect();
        let whole = ExactSum::from_iter(terms.iter().copied());
        let backwards = ExactSum::from_iter(terms.iter().rev().copied());
        assert_eq!(whole, backwards);
        assert_eq!(whole.value().to_bits(), backwards.value().to_bits());
        for n in [1, 7, 100, 2_999] {
            let mut joined = ExactSum::default();
            for part in terms.chunks(n).rev() {
                joined.join(&ExactSum::from_iter(part.iter().copied()));
            }
            assert_eq!(joined, whole);
            assert_eq!(joined.value().to_bits(), whole.value().to_bits());
        }
        let mut nothing = whole;
        terms.iter().for_each(|x| nothing.add(-x));
        assert_eq!(nothing, ExactSum::default());
    }

    #[test]
    fn carries_find_room() {
        let mut sum = ExactSum::default();
        let largest = (1_u64 << 53) as f64 - 1.0;
        for n in 1..=100_000_u32 {
            sum.add(largest);
            if n % 10_000 == 0 {
                sum.settle();
            }
        }
        assert_eq!(sum.value().to_bits(), (100_000.0 * largest).to_bits());
        (0..=100_000).for_each(|_| sum.add(-largest));
        assert_eq!(sum.value().to_bits(), (-largest).to_bits());
    }

    #[test]
    #[should_panic(expected = "inf has no place")]
    fn terms_are_finite() {
        ExactSum::default().add(f64::INFINITY);
    }
}
