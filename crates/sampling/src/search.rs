//! Finds the uniforms of a class of sources that are below what their paths ask for, and looks at no
//! more of them than it must: points of the levels first, then single bytes, then the bits that
//! follow.

use std::ops::Range;

use crate::kernels::{Philox, vectorised};
use crate::keys::StreamKey;
use crate::levels::{
    BLOCK, BLOCK_LEN, BOUNDS, GROUP, GROUP_LEN, Level, above_levels, bytes_place, further_place,
    points, uniform_above,
};
use crate::model::Model;
use crate::source::Class;

/// Sources whose first points are drawn together.
const SOURCES: usize = 64;
/// Points drawn at once a source and level, the coarsest first: about as many as a block has.
const FIRST_POINTS: [usize; BOUNDS.len()] = [18, 2, 1];

/// A source whose uniform on a path is below what the path asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    /// The uniform.
    pub(crate) uniform: f64,
    /// Path, counted from the first of those searched.
    pub(crate) offset: u32,
    /// Number of the source in the model.
    pub(crate) source: u32,
}

/// Bytes that do not say no, by column.
#[derive(Clone, Debug, Default)]
struct Undecided {
    offsets: Vec<u32>,
    sources: Vec<u32>,
    bytes: Vec<u8>,
    streams: Vec<u64>,
    places: Vec<u64>,
}

/// The search and its scratch.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    levels: [Level; BOUNDS.len()],
    found: Vec<Found>,
    /// Points of the levels drawn at once: gaps and words.
    first_points: [FirstPoints; BOUNDS.len()],
    /// By level: paths of the block that ask for more than lies below it, a bit each.
    asking: [[u64; BLOCK_LEN / 64]; BOUNDS.len()],
    /// Of those, the points of the source in hand.
    taken: [u64; BLOCK_LEN / 64],
    points: Vec<u16>,
    dense: Dense,
}

#[derive(Clone, Debug, Default)]
struct FirstPoints {
    gap_bits: Vec<u64>,
    gaps: Vec<u32>,
    words: Vec<u64>,
}

/// What is looked at path by path: the groups in which some path asks for more than the levels have.
#[derive(Clone, Debug, Default)]
struct Dense {
    /// Groups, counted from the first of the block.
    groups: Vec<u16>,
    /// By path of these groups: the highest byte that does not say no, and whether it asks at all.
    highest: Vec<u8>,
    asks: Vec<u8>,
    first: Vec<u64>,
    second: Vec<u64>,
    bytes: Vec<u8>,
    flags: Vec<u8>,
    /// The flags as bits.
    words: Vec<u64>,
    /// Flags that are raised, by position.
    hits: Vec<u16>,
    undecided: Undecided,
    further: Vec<u64>,
    unused: Vec<u64>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            levels: Level::all(),
            found: Vec::new(),
            first_points: Default::default(),
            asking: [[0; BLOCK_LEN / 64]; BOUNDS.len()],
            taken: [0; BLOCK_LEN / 64],
            points: Vec::new(),
            dense: Dense::default(),
        }
    }
}

/// The paths searched, all of one block.
#[derive(Clone, Copy)]
struct Paths<'p> {
    block: u64,
    /// Of the first of them in the block.
    start: usize,
    /// What each asks for.
    probability: &'p [f64],
}

impl Paths<'_> {
    /// What the path at `at` in the block asks for, and its number among those searched.
    fn asked(&self, at: usize) -> Option<(u32, f64)> {
        let offset = at.checked_sub(self.start)?;
        #[expect(clippy::cast_possible_truncation, reason = "less than the length of a block")]
        self.probability.get(offset).map(|&probability| (offset as u32, probability))
    }
}

impl Search {
    /// What the last search found.
    pub(crate) fn found(&self) -> &[Found] {
        &self.found
    }

    /// Searches the sources of a class on the paths from `first` on, all of one block, each of which
    /// asks for the uniforms below its `probability`.
    #[expect(clippy::cast_possible_truncation, reason = "less than the length of a block")]
    pub(crate) fn find(
        &mut self,
        model: &Model<'_>,
        class: &Class,
        first: u64,
        probability: &[f64],
    ) {
        self.found.clear();
        let highest = maximum(probability);
        if highest <= 0.0 {
            return;
        }
        let paths = Paths { block: first / BLOCK, start: (first % BLOCK) as usize, probability };
        let cipher = model.seed.cipher();
        self.dense.ask(paths, highest);
        // The rarest level is always looked at, a coarser one if a path asks for more than it has.
        let n_levels = BOUNDS.iter().skip(1).filter(|bound| highest <= **bound).count();
        let levels = n_levels..BOUNDS.len();
        for index in levels.clone() {
            let low = self.levels[index].low();
            self.asking[index] = [0; BLOCK_LEN / 64];
            for (at, _) in (paths.start..).zip(probability).filter(|(_, asked)| **asked > low) {
                self.asking[index][at / 64] |= 1 << (at % 64);
            }
        }
        for start in class.sources.clone().step_by(SOURCES) {
            let sources = start..class.sources.end.min(start + SOURCES);
            let stream = |source: usize| model.sources[source].key;
            self.draw_first_points(cipher, paths.block, levels.clone(), sources.clone(), stream);
            for (number, source) in sources.enumerate() {
                let stream = stream(source).0;
                self.points_of(cipher, paths, levels.clone(), number, (source as u32, stream));
                if !self.dense.groups.is_empty() {
                    self.dense.bytes_of(cipher, paths.block, stream);
                    self.dense.collect(paths, &self.taken, (source as u32, stream));
                }
                for at in self.points.drain(..) {
                    self.taken[usize::from(at) / 64] = 0;
                }
            }
            self.dense.decide(cipher, paths, &mut self.found);
        }
    }

    fn draw_first_points(
        &mut self,
        cipher: Philox,
        block: u64,
        levels: Range<usize>,
        sources: Range<usize>,
        stream: impl Fn(usize) -> StreamKey,
    ) {
        let mut streams = [0; SOURCES];
        for (key, source) in streams.iter_mut().zip(sources.clone()) {
            *key = stream(source).0;
        }
        for index in levels {
            let (level, n) = (self.levels[index], FIRST_POINTS[index]);
            let first = &mut self.first_points[index];
            let len = n * sources.len();
            first.gap_bits.resize(len, 0);
            first.words.resize(len, 0);
            first.gaps.resize(len, 0);
            cipher.fill((&mut first.gap_bits, &mut first.words), |i| {
                (streams[i / n], level.place(block, (i % n) as u64))
            });
            let FirstPoints { gap_bits, gaps, .. } = first;
            vectorised(
                #[inline(always)]
                || {
                    for (gap, &bits) in gaps.iter_mut().zip(&*gap_bits) {
                        *gap = level.gap(bits);
                    }
                },
            );
        }
    }

    /// Walks the points of the `number`-th of the sources drawn, the rarest level first.
    fn points_of(
        &mut self,
        cipher: Philox,
        paths: Paths<'_>,
        levels: Range<usize>,
        number: usize,
        (source, stream): (u32, u64),
    ) {
        let needs_taken = levels.len() > 1 || !self.dense.groups.is_empty();
        for index in levels.rev() {
            let (level, n) = (&self.levels[index], FIRST_POINTS[index]);
            let first = &self.first_points[index];
            let own = number * n..(number + 1) * n;
            let drawn = first.gaps[own.clone()].iter().copied();
            let drawn = drawn.zip(first.words[own].iter().copied());
            for (at, word) in points(cipher, stream, level, paths.block, drawn) {
                // Who asks for nothing here asks for nothing at coarser levels either.
                let bit = 1 << (at % 64);
                if self.asking[index][at / 64] & !self.taken[at / 64] & bit == 0 {
                    continue;
                }
                if needs_taken {
                    self.taken[at / 64] |= bit;
                    #[expect(clippy::cast_possible_truncation, reason = "less than 4,096")]
                    self.points.push(at as u16);
                }
                if let Some((offset, probability)) = paths.asked(at) {
                    let uniform = level.uniform(word);
                    if uniform < probability {
                        self.found.push(Found { uniform, offset, source });
                    }
                }
            }
        }
    }
}

impl Dense {
    /// Notes which paths ask for more than the levels have.
    fn ask(&mut self, paths: Paths<'_>, highest: f64) {
        self.groups.clear();
        self.highest.clear();
        self.asks.clear();
        if highest <= BOUNDS[0] {
            return;
        }
        let end = paths.start + paths.probability.len();
        for group in paths.start / GROUP_LEN..end.div_ceil(GROUP_LEN) {
            let asked = |at| paths.asked(at).map_or(0.0, |(_, probability)| probability);
            let all: [f64; GROUP_LEN] = std::array::from_fn(|i| asked(group * GROUP_LEN + i));
            if all.iter().any(|probability| *probability > BOUNDS[0]) {
                #[expect(clippy::cast_possible_truncation, reason = "less than 256")]
                self.groups.push(group as u16);
                self.asks.extend(all.iter().map(|p| if *p > BOUNDS[0] { u8::MAX } else { 0 }));
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the cast saturates, as it should"
                )]
                self.highest.extend(all.iter().map(|p| (above_levels(*p) * 256.0) as u8));
            }
        }
    }

    /// Flags the paths on which the byte of a source does not say no.
    fn bytes_of(&mut self, cipher: Philox, block: u64, stream: u64) {
        let n = self.groups.len();
        for words in [&mut self.first, &mut self.second] {
            words.resize(n, 0);
        }
        self.bytes.resize(n * GROUP_LEN, 0);
        self.flags.resize(n * GROUP_LEN, 0);
        let first = block * (BLOCK / GROUP);
        let groups = &self.groups;
        cipher.fill((&mut self.first, &mut self.second), |i| {
            (stream, bytes_place(first + u64::from(groups[i])))
        });
        self.words.resize(self.flags.len().div_ceil(WORD), 0);
        let Self { first, second, bytes, flags, words, highest, asks, .. } = self;
        vectorised(
            #[inline(always)]
            || {
                let (halves, _) = bytes.as_chunks_mut::<GROUP_LEN>();
                for ((bytes, a), b) in halves.iter_mut().zip(&*first).zip(&*second) {
                    *bytes = (u128::from(*a) | (u128::from(*b) << 64)).to_le_bytes();
                }
                let bounds = highest.iter().zip(&*asks);
                for ((flag, byte), (highest, asks)) in flags.iter_mut().zip(&*bytes).zip(bounds) {
                    *flag = if byte <= highest { asks & 1 } else { 0 };
                }
                for (word, flags) in words.iter_mut().zip(flags.chunks(WORD)) {
                    *word = word_of_flags(flags);
                }
            },
        );
    }

    /// Notes what the bytes leave undecided, except on paths that are points of a level.
    fn collect(
        &mut self,
        paths: Paths<'_>,
        taken: &[u64; BLOCK_LEN / 64],
        (source, stream): (u32, u64),
    ) {
        self.hits.resize(self.flags.len(), 0);
        let mut n_hits = 0;
        let words = self.words.iter().zip(self.groups.chunks(WORD / GROUP_LEN));
        for (number, (flags, groups)) in words.enumerate() {
            let mut left = flags & !word_of_groups(taken, groups);
            while left != 0 {
                #[expect(clippy::cast_possible_truncation, reason = "less than 4,096")]
                let hit = (number * WORD) as u16 + left.trailing_zeros() as u16;
                self.hits[n_hits] = hit;
                n_hits += 1;
                left &= left - 1;
            }
        }
        let Undecided { offsets, sources, bytes, streams, places } = &mut self.undecided;
        let hits = self.hits[..n_hits].iter().map(|&hit| usize::from(hit));
        let groups = &self.groups;
        let at = |hit: usize| usize::from(groups[hit / GROUP_LEN]) * GROUP_LEN + hit % GROUP_LEN;
        let first = paths.block * BLOCK;
        #[expect(clippy::cast_possible_truncation, reason = "less than 4,096")]
        offsets.extend(hits.clone().map(|hit| (at(hit) - paths.start) as u32));
        places.extend(hits.clone().map(|hit| further_place(first + at(hit) as u64)));
        bytes.extend(hits.map(|hit| self.bytes[hit]));
        sources.resize(offsets.len(), source);
        streams.resize(offsets.len(), stream);
    }

    /// Draws the bits that follow, and decides.
    fn decide(&mut self, cipher: Philox, paths: Paths<'_>, found: &mut Vec<Found>) {
        let Undecided { offsets, sources, bytes, streams, places } = &mut self.undecided;
        for words in [&mut self.further, &mut self.unused] {
            words.resize(offsets.len(), 0);
        }
        cipher.fill((&mut self.further, &mut self.unused), |i| (streams[i], places[i]));
        let at = offsets.iter().zip(&*sources).zip(&*bytes).zip(&self.further);
        for (((&offset, &source), &byte), &further) in at {
            let uniform = uniform_above(byte, further);
            if uniform < paths.probability[offset as usize] {
                found.push(Found { uniform, offset, source });
            }
        }
        offsets.clear();
        sources.clear();
        bytes.clear();
        streams.clear();
        places.clear();
    }
}

/// Flags looked at together.
const WORD: usize = 64;

/// Flags, a byte each that is 0 or 1, as bits, the first the lowest.
#[inline(always)]
fn word_of_flags(flags: &[u8]) -> u64 {
    // Bit 8 k of the factor's product with flag k is bit 56 + k of the whole.
    let bits =
        |flags: &[u8; 8]| u64::from_le_bytes(*flags).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let (eights, _) = flags.as_chunks::<8>();
    if let Ok(eights) = <&[[u8; 8]; 8]>::try_from(eights) {
        let shifted: [u64; 8] = std::array::from_fn(|k| bits(&eights[k]) << (8 * k));
        return shifted.iter().fold(0, |word, bits| word | bits);
    }
    eights.iter().enumerate().fold(0, |word, (k, flags)| word | (bits(flags) << (8 * k)))
}

/// The paths of groups that are taken, in the order of the groups.
fn word_of_groups(taken: &[u64; BLOCK_LEN / 64], groups: &[u16]) -> u64 {
    if let [first, _, _, last] = *groups
        && first % 4 == 0
        && last == first + 3
    {
        return taken[usize::from(first) / 4];
    }
    let bits = |group: u16| {
        let first = usize::from(group) * GROUP_LEN;
        (taken[first / 64] >> (first % 64)) & 0xffff
    };
    groups.iter().enumerate().fold(0, |word, (k, &group)| word | (bits(group) << (GROUP_LEN * k)))
}

fn maximum(values: &[f64]) -> f64 {
    vectorised(
        #[inline(always)]
        || values.iter().fold(0.0, |most, &x| if x > most { x } else { most }),
    )
}
