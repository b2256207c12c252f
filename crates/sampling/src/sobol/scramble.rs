//! Owen's scrambling of a dimension, for all replicates at once: the digits of a point are flipped at
//! random, each by a flip that belongs to the digits before it.
//!
//! Owen 1995, "Randomly permuted (t,m,s)-nets and (t,s)-sequences". A point then is uniform, points
//! keep lying as evenly as those of a net do, and the replicates are independent. The flips are bits
//! of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"),
//! whose word number `k` is a function of key and `k`: one word has the flips of six digits, 63
//! of them, one for each way that the digits before can be. Below the digits of an index no two
//! points of a replicate have the same digits before, so there one word is enough for all the rest.

use super::REPLICATES;
use super::directions::{Directions, INDEX_BITS};
use crate::kernels::vectorised;
use crate::keys::{Purpose, Seed, StreamKey, place};

/// Digits whose flips are in one word.
const CHUNK: usize = 6;
/// Replicates, scrambled side by side.
pub(super) const LANES: usize = 32;
/// The odd number nearest 2^64 over the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Keys of the replicates of a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scramble([u64; LANES]);

impl Scramble {
    /// Keys by seed, name of the dimension and replicate.
    pub(super) fn new(seed: Seed, name: &str) -> Self {
        let key = StreamKey::new(Purpose::Sobol, name);
        let cipher = seed.cipher();
        Self(std::array::from_fn(|replicate| cipher.words(key.0, place(0, replicate as u64))[0]))
    }

    /// The 64 bits of consecutive paths from `first` on. Path `p` is point `p / REPLICATES` of
    /// replicate `p % REPLICATES`.
    pub(super) fn fill(&self, directions: &Directions, first: u64, bits: &mut [u64]) {
        vectorised(
            #[inline(always)]
            || {
                let (mut path, mut left) = (first, bits);
                while !left.is_empty() {
                    let words = self.words(directions.point(path / REPLICATES));
                    let lane = lane(path);
                    let n = left.len().min(LANES - lane);
                    let (now, next) = left.split_at_mut(n);
                    now.copy_from_slice(&words[lane..lane + n]);
                    (path, left) = (path + n as u64, next);
                }
            },
        );
    }

    /// A point in every replicate.
    #[inline(always)]
    fn words(&self, point: u32) -> [u64; LANES] {
        let mut flips = [0; LANES];
        for chunk in 0..INDEX_BITS / CHUNK {
            let after = INDEX_BITS - CHUNK * (chunk + 1);
            let own = (point >> after) as usize & ((1 << CHUNK) - 1);
            let node = node(point, CHUNK * chunk);
            for (flips, key) in flips.iter_mut().zip(&self.0) {
                let word = split_mix(*key, node);
                for digit in 0..CHUNK {
                    // The digits of the chunk before this one, behind a leading 1.
                    let at = (1 << digit) | (own >> (CHUNK - digit));
                    *flips = (*flips << 1) | (word >> at & 1);
                }
            }
        }
        let rest = node(point, INDEX_BITS);
        let mut words = [0; LANES];
        for ((word, flips), key) in words.iter_mut().zip(&flips).zip(&self.0) {
            let high = (u64::from(point) ^ flips) << (64 - INDEX_BITS);
            *word = high | (split_mix(*key, rest) >> INDEX_BITS);
        }
        words
    }
}

/// Which of the replicates a path belongs to.
#[inline(always)]
fn lane(path: u64) -> usize {
    (path % REPLICATES) as usize
}

/// The first digits of a point, behind a leading 1, so that no two beginnings are one number.
#[inline(always)]
fn node(point: u32, digits: usize) -> u64 {
    (1 << digits) | (u64::from(point) >> (INDEX_BITS - digits))
}

/// Word `number` of the generator.
#[inline(always)]
fn split_mix(key: u64, number: u64) -> u64 {
    let z = key.wrapping_add(number.wrapping_mul(STEP));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(seed: u64, name: &str, dimension: usize, first: u64, n: usize) -> Vec<u64> {
        let mut bits = vec![0; n];
        let directions = Directions::of(dimension).unwrap();
        Scramble::new(Seed(seed), name).fill(&directions, first, &mut bits);
        bits
    }

    /// The points of one replicate.
    fn replicate(all: &[u64], replicate: usize) -> Vec<u64> {
        all.iter().skip(replicate).step_by(LANES).copied().collect()
    }

    /// The slow twin: digit by digit.
    fn twin(key: u64, point: u32) -> u64 {
        let digit = |at: usize| u64::from(point >> (INDEX_BITS - 1 - at) & 1);
        let mut word = 0;
        for at in 0..INDEX_BITS {
            let start = at / CHUNK * CHUNK;
            let beginning = (0..start).fold(1, |all, at| all << 1 | digit(at));
            let within = (start..at).fold(1, |all, at| all << 1 | digit(at));
            word = word << 1 | digit(at) ^ (split_mix(key, beginning) >> within & 1);
        }
        let all = (0..INDEX_BITS).fold(1, |all, at| all << 1 | digit(at));
        word << (64 - INDEX_BITS) | split_mix(key, all) >> INDEX_BITS
    }

    #[test]
    fn many_at_a_time_are_those_digit_by_digit() {
        let scramble = Scramble::new(Seed(5), "x");
        for dimension in [0, 3, 63] {
            let directions = Directions::of(dimension).unwrap();
            for (first, n) in [(0, 100), (7, 90), (31, 2), (1 << 33, 40)] {
                let found = bits(5, "x", dimension, first, n);
                for (path, found) in (first..).zip(found) {
                    let point = directions.point(path / REPLICATES);
                    assert_eq!(found, twin(scramble.0[lane(path)], point), "path {path}");
                }
            }
        }
    }

    /// Published: the first words of SplitMix64 with seed 1234567.
    #[test]
    fn words_are_those_of_split_mix() {
        let words = [1, 2, 3].map(|number| split_mix(1_234_567, number));
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(words, published);
    }

    /// What was even stays even: in one dimension one point in each of 2^m intervals, in the first
    /// two dimensions one in each box of area 2^-m, of whatever form.
    #[test]
    fn scrambled_points_are_nets() {
        let m = 10;
        let n = LANES << m;
        let all: Vec<Vec<u64>> = (0..64).map(|d| bits(9, &format!("{d}"), d, 0, n)).collect();
        for number in [0, 1, 17, 31] {
            for (dimension, all) in all.iter().enumerate() {
                let mut cells = replicate(all, number);
                cells.iter_mut().for_each(|bits| *bits >>= 64 - m);
                cells.sort_unstable();
                assert!(cells.into_iter().eq(0..1 << m), "dimension {dimension}");
            }
            let pair = [0, 1].map(|dimension| replicate(&all[dimension], number));
            for across in 1..m {
                let cell = |(a, b): (&u64, &u64)| {
                    (a >> (64 - across)) << (m - across) | b >> (64 - m + across)
                };
                let mut cells: Vec<u64> = pair[0].iter().zip(&pair[1]).map(cell).collect();
                cells.sort_unstable();
                assert!(cells.into_iter().eq(0..1 << m), "2^{across} across");
            }
        }
    }

    /// Over seeds and replicates one and the same point is uniform: 4,096 of each of several points in
    /// 64 cells, by chi-square with 63 degrees of freedom, whose 0.01 % point is 112; by the upper
    /// digits, by the lowest that an index reaches and by those below.
    #[test]
    fn every_point_is_uniform() {
        for index in [0, 1, 5, 1_000_003] {
            for shift in [58, 64 - INDEX_BITS, 20, 0] {
                let mut counts = [0.0; 64];
                for seed in 0..128 {
                    for bits in bits(seed, "u", 2, index * REPLICATES, LANES) {
                        counts[(bits >> shift & 63) as usize] += 1.0;
                    }
                }
                let square: f64 =
                    counts.iter().map(|count| (count - 64.0_f64).powi(2) / 64.0).sum();
                assert!(square < 112.0, "point {index}, digits above {shift}: {square}");
            }
        }
    }

    /// Two points of one replicate are as far apart as Owen's law has it: where they first differ a
    /// digit is flipped for both alike, and below it they are independent.
    #[test]
    fn digits_after_the_first_that_differ_are_independent() {
        let (mut same, n) = ([0_u32; 64], 128 * LANES);
        for seed in 0..128 {
            // Points 0 and 4 of the first dimension: their digits differ from the third on.
            let [a, b] = [0, 4].map(|index| bits(seed, "u", 0, index * REPLICATES, LANES));
            for (a, b) in a.iter().zip(&b) {
                assert_eq!((a ^ b) >> 61, 1);
                (0..61).for_each(|at| same[at] += u32::from((a ^ b) >> at & 1 == 0));
            }
        }
        let half = n as f64 / 2.0;
        for (at, count) in same[..61].iter().enumerate() {
            let z = (f64::from(*count) - half) / (half / 2.0).sqrt();
            assert!(z.abs() < 4.5, "digit {at}: {z}");
        }
    }

    /// Replicates, dimensions and seeds have nothing to do with each other: correlations of the same
    /// point under 512 seeds, within 4.5 standard errors.
    #[test]
    fn replicates_and_dimensions_are_independent() {
        let points = |seed: u64, name: &str| -> Vec<f64> {
            let bits = bits(seed, name, 1, 77 * REPLICATES, LANES);
            bits.iter().map(|bits| *bits as f64 * 2f64.powi(-64) - 0.5).collect()
        };
        let mut sums = [("replicates", 0.0, 0.0), ("names", 0.0, 0.0), ("seeds", 0.0, 0.0)];
        for seed in 0..512 {
            let (a, b, next) = (points(seed, "a"), points(seed, "b"), points(seed + 1, "a"));
            for (sum, (x, y)) in sums.iter_mut().zip([(&a[1..], &a[..]), (&b, &a), (&next, &a)]) {
                sum.1 += 12.0 * x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
                sum.2 += x.len() as f64;
            }
        }
        for (what, sum, n) in sums {
            let z: f64 = sum / f64::sqrt(n);
            assert!(z.abs() < 4.5, "{what}: {z}");
        }
    }
}
