//! The uniform behind each source and path, so made that those of them that are small can be found
//! without looking at the others.
//!
//! Time must grow with what happens. A source that fires on one path in a million has a million
//! uniforms of which one matters; so its small ones are drawn first, as points along the paths with
//! geometric gaps, and the rest of them only where a path asks. For each level, of bound `b`, and
//! each block of 4,096 paths the points are an independent Bernoulli set; a path takes the rarest
//! level that it is a point of, and else lies above all levels:
//!
//! ```text
//! level 3   u = b3 w                     with probability b3
//! level 2   u = b3 + (b2 - b3) w         else with probability (b2 - b3) / (1 - b3)
//! level 1   u = b2 + (b1 - b2) w         else with probability (b1 - b2) / (1 - b2)
//! else      u = b1 + (1 - b1) v
//! ```
//!
//! with `w`, `v` uniform. The law of `u` is uniform, and independent over sources and paths. It is one
//! function of (seed, source, path): who needs only the paths with `u` below a bound looks at as many
//! levels as the bound asks for, and finds the same `u`.

use crate::kernels::{Philox, TWO_52, ln};
use crate::keys::{place, uniform_from_bits};

/// Paths over which the points of a level are strung, aligned.
pub(crate) const BLOCK: u64 = 4_096;
pub(crate) const BLOCK_LEN: usize = 4_096;
/// Bounds of the levels, the coarsest first.
pub(crate) const BOUNDS: [f64; 3] = [1.0 / 256.0, 1.0 / 4_096.0, 1.0 / 65_536.0];
/// Paths that share a word of the cipher above all levels: a byte each.
pub(crate) const GROUP: u64 = 16;
pub(crate) const GROUP_LEN: usize = 16;

/// Rows of a source's stream: first bytes of `v` a group, further bits a path, points a level.
const BYTES_ROW: u64 = 0;
const FURTHER_ROW: u64 = 1;
const LEVELS_ROW: u64 = 2;

/// A level: its points and where its uniforms lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    /// Uniforms of its points lie from here on.
    low: f64,
    /// As far as this.
    width: f64,
    /// `1 / ln(1 - q)` where q is the probability of a point.
    per_ln_miss: f64,
    row: u64,
}

impl Level {
    /// All of them, the coarsest first.
    pub(crate) fn all() -> [Self; BOUNDS.len()] {
        std::array::from_fn(|index| {
            let low = BOUNDS.get(index + 1).copied().unwrap_or(0.0);
            let width = BOUNDS[index] - low;
            let chance = width / (1.0 - low);
            let row = LEVELS_ROW + index as u64;
            Self { low, width, per_ln_miss: 1.0 / (-chance).ln_1p(), row }
        })
    }

    /// Its uniforms lie above this.
    #[inline(always)]
    pub(crate) fn low(&self) -> f64 {
        self.low
    }

    /// Where the `number`-th point of a block stands in the source's stream: a word for the gap before
    /// it and one for the uniform within the level.
    #[inline(always)]
    pub(crate) fn place(&self, block: u64, number: u64) -> u64 {
        place(self.row, block * BLOCK + number)
    }

    /// Paths between the point before and this one, by the first word; as many as a block has stand for
    /// more.
    #[inline(always)]
    pub(crate) fn gap(&self, word: u64) -> u32 {
        let gap = (ln(uniform_from_bits(word)) * self.per_ln_miss).floor();
        let gap = if gap < BLOCK as f64 { gap } else { BLOCK as f64 };
        // A whole number added to 2^52 stands in the low bits, and is there without a conversion.
        #[expect(clippy::cast_possible_truncation, reason = "at most 4,096")]
        let low = (gap + TWO_52).to_bits() as u32;
        low
    }

    /// The uniform of a point, by the second word.
    #[inline(always)]
    pub(crate) fn uniform(&self, word: u64) -> f64 {
        self.low + self.width * uniform_from_bits(word)
    }
}

/// Where the bytes of a group of paths stand in the stream of a source.
#[inline(always)]
pub(crate) fn bytes_place(group: u64) -> u64 {
    place(BYTES_ROW, group)
}

/// Where the further bits of a path stand.
#[inline(always)]
pub(crate) fn further_place(path: u64) -> u64 {
    place(FURTHER_ROW, path)
}

/// What of the chance that `u` is below `probability` is left above all levels, by `v`.
#[inline(always)]
pub(crate) fn above_levels(probability: f64) -> f64 {
    (probability - BOUNDS[0]) * (1.0 / (1.0 - BOUNDS[0]))
}

/// The uniform of a path that is a point of no level, by its byte and its further word.
#[inline(always)]
pub(crate) fn uniform_above(byte: u8, further: u64) -> f64 {
    let bits = (u64::from(byte) << 56) | (further >> 8);
    BOUNDS[0] + (1.0 - BOUNDS[0]) * uniform_from_bits(bits)
}

/// The points of a level in a block that one source has, in path order: number of the path in the
/// block, word of the uniform. Taken from `drawn` (gap and word each) and then from the stream.
pub(crate) fn points<'a>(
    cipher: Philox,
    stream: u64,
    level: &'a Level,
    block: u64,
    drawn: impl Iterator<Item = (u32, u64)> + 'a,
) -> impl Iterator<Item = (usize, u64)> + 'a {
    let mut number = 0;
    let mut next = 0;
    let mut drawn = drawn;
    std::iter::from_fn(move || {
        let (gap, word) = drawn.next().unwrap_or_else(|| {
            let [gap, word] = cipher.words(stream, level.place(block, number));
            (level.gap(gap), word)
        });
        number += 1;
        let path = next + gap as usize;
        next = path + 1;
        (path < BLOCK_LEN).then_some((path, word))
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::keys::{Purpose, Seed, StreamKey};

    /// The slow twin: the uniform of one source on one path, by the definition.
    pub(crate) fn uniform(seed: Seed, key: StreamKey, path: u64) -> f64 {
        let (cipher, block) = (seed.cipher(), path / BLOCK);
        for level in Level::all().iter().rev() {
            let mut all = points(cipher, key.0, level, block, std::iter::empty());
            let own = all.find(|(at, _)| *at as u64 == path % BLOCK);
            if let Some((_, word)) = own {
                return level.uniform(word);
            }
        }
        let [a, b] = cipher.words(key.0, bytes_place(path / GROUP));
        let byte = (u128::from(a) | (u128::from(b) << 64)).to_le_bytes()
            [usize::try_from(path % GROUP).unwrap()];
        uniform_above(byte, cipher.words(key.0, further_place(path))[0])
    }

    fn kolmogorov_smirnov(mut u: Vec<f64>) -> f64 {
        u.sort_by(f64::total_cmp);
        let n = u.len() as f64;
        let distance = u.iter().enumerate().map(|(i, u)| {
            let (low, high) = (i as f64 / n, (i as f64 + 1.0) / n);
            (u - low).abs().max((high - u).abs())
        });
        distance.fold(0.0, f64::max) * n.sqrt()
    }

    /// Uniform as a whole, and below each bound and above all of them; 1.95 is the 0.1 % point.
    #[test]
    fn the_law_is_uniform() {
        let (seed, n_sources, n_paths) = (Seed(5), 40u64, 12 * BLOCK);
        let mut u = Vec::new();
        for source in 0..n_sources {
            let key = StreamKey::new(Purpose::Source, &format!("source {source}"));
            for block in 0..n_paths / BLOCK {
                u.extend(block_of_uniforms(seed, key, block));
            }
        }
        assert!(kolmogorov_smirnov(u.clone()) < 1.95);
        let edges = [0.0, BOUNDS[2], BOUNDS[1], BOUNDS[0], 1.0];
        for edge in edges.windows(2) {
            let width = edge[1] - edge[0];
            let inside = u.iter().filter(|u| (edge[0]..edge[1]).contains(*u));
            let inside: Vec<f64> = inside.map(|u| (u - edge[0]) / width).collect();
            let (found, expected) = (inside.len() as f64, width * u.len() as f64);
            let std_err = (expected * (1.0 - width)).sqrt();
            assert!((found - expected).abs() < 4.0 * std_err, "{edge:?}: {found}, not {expected}");
            assert!(kolmogorov_smirnov(inside) < 1.95, "{edge:?}");
        }
    }

    /// All uniforms of a block at once, to save the twin its walks.
    fn block_of_uniforms(seed: Seed, key: StreamKey, block: u64) -> Vec<f64> {
        let cipher = seed.cipher();
        let mut u: Vec<f64> = (0..BLOCK)
            .map(|offset| {
                let path = block * BLOCK + offset;
                let [a, b] = cipher.words(key.0, bytes_place(path / GROUP));
                let bytes = (u128::from(a) | (u128::from(b) << 64)).to_le_bytes();
                let further = cipher.words(key.0, further_place(path))[0];
                uniform_above(bytes[usize::try_from(path % GROUP).unwrap()], further)
            })
            .collect();
        for level in &Level::all() {
            for (at, word) in points(cipher, key.0, level, block, std::iter::empty()) {
                u[at] = level.uniform(word);
            }
        }
        for offset in [0, 1, 77, 4_095] {
            let twin = uniform(seed, key, block * BLOCK + offset as u64);
            assert_eq!(u[offset].to_bits(), twin.to_bits());
        }
        u
    }

    /// Neighbouring paths and different sources are small together as often as chance has it.
    #[test]
    fn small_uniforms_are_independent() {
        let seed = Seed(6);
        let blocks = 400;
        let key = |name: &str| StreamKey::new(Purpose::Source, name);
        let below = |key| -> Vec<bool> {
            let all = (0..blocks).flat_map(|block| block_of_uniforms(seed, key, block));
            all.map(|u| u < 0.02).collect()
        };
        let (a, b) = (below(key("a")), below(key("b")));
        let n = a.len() as f64;
        let expected = n * 0.02 * 0.02;
        for (what, count) in [
            ("sources", a.iter().zip(&b).filter(|(a, b)| **a && **b).count()),
            ("neighbours", a.windows(2).filter(|pair| pair[0] && pair[1]).count()),
            ("groups", a.iter().zip(&a[16..]).filter(|(a, b)| **a && **b).count()),
        ] {
            assert!((count as f64 - expected).abs() < 4.0 * expected.sqrt(), "{what}: {count}");
        }
    }
}
