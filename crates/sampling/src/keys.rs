//! Randomness by key: a draw is a pure function of (seed, purpose, entity, path).
//!
//! The seed is the key of a Philox cipher, purpose and entity name its stream, the path its place in
//! the stream. So no draw depends on threads, batches, the order of rows or what else is in the
//! network, any path can be drawn alone, and many can be drawn in vector registers.

use std::convert::Infallible;
use std::hash::Hasher;

use rand::TryRng;
use siphasher::sip::SipHasher24;

use crate::kernels::{Philox, quantile, quantiles, vectorised};

/// What a stream is for; each purpose has its own streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Systematic factors, one normal a path.
    Factor = 1,
    /// The mixing variable of the t copula.
    Mixing = 2,
    /// Rates drawn from their posterior.
    Evidence = 3,
    /// The idiosyncratic part of a source, one uniform a path.
    Source = 4,
    /// How hard a source that fired hits, one uniform a path.
    Severity = 5,
    /// Whether a member takes part, one uniform a path.
    Participation = 6,
    /// Days of the market.
    MarketNoise = 7,
    /// Days of one asset.
    AssetNoise = 8,
    /// On which attackable day an AVS is attacked, one uniform a path.
    Attack = 9,
    /// All sources of a path that importance sampling has tilted.
    Tilted = 10,
    /// The pilot of importance sampling.
    Pilot = 11,
    /// The scrambling of a dimension of Sobol points, one key a replicate.
    Sobol = 12,
}

/// Version of the streams, a key of their names: under another version every draw is another.
pub const STREAMS_VERSION: u64 = 2;
/// Bits of a place that number the path; those above number the rows of the path.
const PATH_BITS: u32 = 48;

/// Names a stream: hash of what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamKey(pub(crate) u64);

impl StreamKey {
    /// The stream of an entity for a purpose. The name is the entity's id, never its row number.
    pub(crate) fn new(purpose: Purpose, name: &str) -> Self {
        let mut hasher = SipHasher24::new_with_keys(purpose as u64, STREAMS_VERSION);
        hasher.write(name.as_bytes());
        Self(hasher.finish())
    }

    /// The stream of the factor that the market's days add up to.
    pub(crate) fn market_factor() -> Self {
        Self::new(Purpose::Factor, "market")
    }

    /// The stream of this entity with another, such as a source with a member it may hit.
    pub(crate) fn with(self, name: &str) -> Self {
        let mut hasher = SipHasher24::new_with_keys(self.0, !STREAMS_VERSION);
        hasher.write(name.as_bytes());
        Self(hasher.finish())
    }
}

/// Where in a stream row `row` of a path (or of a block of paths) stands.
#[inline(always)]
pub(crate) fn place(row: u64, path: u64) -> u64 {
    (row << PATH_BITS) | path
}

/// The seed of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// The seed of a run's pilot, whose paths are not those of the run.
    pub(crate) fn of_pilot(self) -> Self {
        let mut hasher = SipHasher24::new_with_keys(Purpose::Pilot as u64, STREAMS_VERSION);
        hasher.write_u64(self.0);
        Self(hasher.finish())
    }

    /// The cipher that all streams of the run come from.
    pub(crate) fn cipher(self) -> Philox {
        Philox(self.0)
    }

    /// The generator of a path in a stream, for draws that take words until they are content.
    pub(crate) fn rng(self, key: StreamKey, path: u64) -> PathRng {
        PathRng { cipher: self.cipher(), stream: key.0, path, row: 0, kept: None }
    }

    /// The uniform of a stream that has one a path, in (0, 1).
    pub(crate) fn uniform(self, key: StreamKey, path: u64) -> f64 {
        uniform_from_bits(self.cipher().words(key.0, place(0, path))[0])
    }

    /// The normal of a stream that has one a path: the upper quantile of its uniform.
    pub(crate) fn normal(self, key: StreamKey, path: u64) -> f64 {
        quantile(self.uniform(key, path))
    }

    /// The normals of consecutive paths from `first` on.
    pub(crate) fn normals(self, key: StreamKey, first: u64, normals: &mut [f64]) {
        let n = normals.len();
        let (mut bits, mut unused) = (vec![0; n], vec![0; n]);
        self.cipher().fill((&mut bits, &mut unused), |i| (key.0, place(0, first + i as u64)));
        uniforms(&bits, normals);
        quantiles(normals);
    }
}

/// The words of one path in a stream, row by row.
#[derive(Clone, Debug)]
pub(crate) struct PathRng {
    cipher: Philox,
    stream: u64,
    path: u64,
    row: u64,
    kept: Option<u64>,
}

impl TryRng for PathRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| (word >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        if let Some(word) = self.kept.take() {
            return Ok(word);
        }
        let [word, next] = self.cipher.words(self.stream, place(self.row, self.path));
        self.row += 1;
        self.kept = Some(next);
        Ok(word)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

/// [`uniform_from_bits`] of many.
pub(crate) fn uniforms(bits: &[u64], uniforms: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || {
            for (uniform, &bits) in uniforms.iter_mut().zip(bits) {
                *uniform = uniform_from_bits(bits);
            }
        },
    );
}

/// The middle of the 2^-64 wide cell that 64 random bits name: never 0, and 1 only by rounding.
#[inline(always)]
pub(crate) fn uniform_from_bits(bits: u64) -> f64 {
    (bits as f64 + 0.5) * 2f64.powi(-64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_key_and_path_alone() {
        let key = StreamKey::new(Purpose::Source, "avs_fault||EigenDA/p2p");
        let seed = Seed(7);
        let all: Vec<f64> = (0..100).map(|path| seed.uniform(key, path)).collect();
        assert_eq!(all[63].to_bits(), seed.uniform(key, 63).to_bits());
        let others = [
            Seed(8).uniform(key, 63),
            seed.uniform(key.with("x"), 63),
            seed.uniform(StreamKey::new(Purpose::Severity, "avs_fault||EigenDA/p2p"), 63),
        ];
        assert!(others.iter().all(|u| u.to_bits() != all[63].to_bits()));
    }

    /// Value stability: a change here changes every result ever stored and is a change of version.
    #[test]
    fn streams_keep_their_values() {
        let u = Seed(20_261_120).uniform(StreamKey::new(Purpose::Factor, "market"), 1_000_000);
        assert_eq!(u.to_bits(), 0x3fd1_e26f_181c_96dd, "{u} {:#x}", u.to_bits());
    }

    #[test]
    fn extreme_bits_stay_inside() {
        assert!(uniform_from_bits(0) > 0.0);
        assert!(uniform_from_bits(u64::MAX) <= 1.0);
    }
}
