//! Randomness by key: a draw is a pure function of (seed, purpose, entity, path).
//!
//! The seed is the key of a ChaCha8 cipher, purpose and entity name its stream, the path its
//! position in the stream. So no draw depends on threads, batches, the order of rows or what else
//! is in the network, and any path can be drawn alone.

use std::hash::Hasher;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use siphasher::sip::SipHasher24;

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
}

/// Distinguishes these streams from any other use of the same seed; a new version is a new law.
const DOMAIN: [u8; 24] = *b"slashfall streams v1\0\0\0\0";

/// Names a stream: hash of what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamKey(u64);

impl StreamKey {
    /// The stream of an entity for a purpose. The name is the entity's id, never its row number.
    pub(crate) fn new(purpose: Purpose, name: &str) -> Self {
        let mut hasher = SipHasher24::new_with_keys(purpose as u64, 0);
        hasher.write(name.as_bytes());
        Self(hasher.finish())
    }

    /// The stream of the factor that the market's days add up to.
    pub(crate) fn market_factor() -> Self {
        Self::new(Purpose::Factor, "market")
    }

    /// The stream of this entity with another, such as a source with a member it may hit.
    pub(crate) fn with(self, name: &str) -> Self {
        let mut hasher = SipHasher24::new_with_keys(self.0, 1);
        hasher.write(name.as_bytes());
        Self(hasher.finish())
    }
}

/// The seed of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// The seed of a run's pilot, whose paths are not those of the run.
    pub(crate) fn of_pilot(self) -> Self {
        let mut hasher = SipHasher24::new_with_keys(Purpose::Pilot as u64, 2);
        hasher.write_u64(self.0);
        Self(hasher.finish())
    }

    /// The generator of a stream, placed at the window of a path. A path's window has `words`
    /// 32-bit words; a draw that needs more reads on into the next window, which is harmless for
    /// streams of variable length as long as that is rare.
    pub(crate) fn rng(self, key: StreamKey, path: u64, words: u32) -> ChaCha8Rng {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.0.to_le_bytes());
        bytes[8..].copy_from_slice(&DOMAIN);
        let mut rng = ChaCha8Rng::from_seed(bytes);
        rng.set_stream(key.0);
        rng.set_word_pos(u128::from(path) * u128::from(words));
        rng
    }

    /// The uniform of a stream that has one a path, in (0, 1).
    pub(crate) fn uniform(self, key: StreamKey, path: u64) -> f64 {
        use rand::Rng;
        uniform_from_bits(self.rng(key, path, WORDS_PER_UNIFORM).next_u64())
    }
}

/// 32-bit words that one uniform takes.
pub(crate) const WORDS_PER_UNIFORM: u32 = 2;

/// The middle of the 2^-64 wide cell that 64 random bits name: never 0, and 1 only by rounding.
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
        assert_eq!(u.to_bits(), 0x3fee_8e26_ee1d_3684, "{u} {:#x}", u.to_bits());
    }

    #[test]
    fn extreme_bits_stay_inside() {
        assert!(uniform_from_bits(0) > 0.0);
        assert!(uniform_from_bits(u64::MAX) <= 1.0);
    }
}
