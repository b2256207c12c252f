//! Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"):
//! random words as a function of key and counter alone, several counters at a time in vector
//! registers, with the same bits on every instruction set.

use super::vectorised;

const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
const KEY_STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: usize = 10;
const LOW: u64 = 0xffff_ffff;
/// Counters worked on together: two registers of 512 bits, or four of 256, hide the latency.
const LANES: usize = 16;

/// The cipher under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Philox(pub(crate) u64);

impl Philox {
    /// The 128 bits of a place in a stream, in two words.
    pub(crate) fn words(self, stream: u64, place: u64) -> [u64; 2] {
        let [[a], [b]] = rounds(self.0, [place], [stream]);
        [a, b]
    }

    /// The words of places that `at` names as (stream, place), by position: first words and second
    /// words, as many as `first` and `second` both take.
    #[inline(always)]
    pub(crate) fn fill(
        self,
        (first, second): (&mut [u64], &mut [u64]),
        at: impl Fn(usize) -> (u64, u64),
    ) {
        vectorised(
            #[inline(always)]
            || {
                let (chunks_1, rest_1) = first.as_chunks_mut::<LANES>();
                let (chunks_2, rest_2) = second.as_chunks_mut::<LANES>();
                let mut done = 0;
                for (a, b) in chunks_1.iter_mut().zip(chunks_2) {
                    [*a, *b] = lanes(self.0, |lane| at(done + lane));
                    done += LANES;
                }
                let n = rest_1.len();
                let [a, b] = lanes(self.0, |lane| if lane < n { at(done + lane) } else { (0, 0) });
                rest_1.copy_from_slice(&a[..n]);
                rest_2.copy_from_slice(&b[..n]);
            },
        );
    }
}

#[inline(always)]
fn lanes(key: u64, at: impl Fn(usize) -> (u64, u64)) -> [[u64; LANES]; 2] {
    let (mut streams, mut places) = ([0; LANES], [0; LANES]);
    for lane in 0..LANES {
        (streams[lane], places[lane]) = at(lane);
    }
    rounds(key, places, streams)
}

/// Ten rounds on `N` counters, each made of a place (its low half) and a stream.
#[inline(always)]
fn rounds<const N: usize>(key: u64, places: [u64; N], streams: [u64; N]) -> [[u64; N]; 2] {
    let (mut c0, mut c1, mut c2, mut c3) = (places, [0; N], streams, [0; N]);
    for i in 0..N {
        (c1[i], c3[i]) = (places[i] >> 32, streams[i] >> 32);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the key")]
    let (mut k0, mut k1) = (key as u32, (key >> 32) as u32);
    for _ in 0..ROUNDS {
        // Of each word the low 32 bits count; what stands above is dropped where it is multiplied.
        for i in 0..N {
            let p0 = (c0[i] & LOW) * MULTIPLIERS[0];
            let p1 = (c2[i] & LOW) * MULTIPLIERS[1];
            c0[i] = (p1 >> 32) ^ c1[i] ^ u64::from(k0);
            c2[i] = (p0 >> 32) ^ c3[i] ^ u64::from(k1);
            c1[i] = p1;
            c3[i] = p0;
        }
        k0 = k0.wrapping_add(KEY_STEPS[0]);
        k1 = k1.wrapping_add(KEY_STEPS[1]);
    }
    let (mut a, mut b) = ([0; N], [0; N]);
    for i in 0..N {
        a[i] = (c0[i] & LOW) | (c1[i] << 32);
        b[i] = (c2[i] & LOW) | (c3[i] << 32);
    }
    [a, b]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(low: u64, high: u64) -> u64 {
        low | (high << 32)
    }

    /// Published: `kat_vectors` of Random123, counter, key and result of `philox4x32 10`.
    #[test]
    fn known_answers_of_random123() {
        let cases: [([u64; 4], [u64; 2], [u64; 4]); 3] = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([LOW; 4], [LOW; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (c, k, expected) in cases {
            let found = Philox(join(k[0], k[1])).words(join(c[2], c[3]), join(c[0], c[1]));
            assert_eq!(found, [join(expected[0], expected[1]), join(expected[2], expected[3])]);
        }
    }

    #[test]
    fn many_at_a_time_are_those_one_by_one() {
        let cipher = Philox(0x0123_4567_89ab_cdef);
        let at = |i: usize| (i as u64 * i as u64 * 0x1_0001_0001, (1 << (i % 60)) + i as u64);
        for n in [0, 1, 15, 16, 17, 1_000] {
            let (mut first, mut second) = (vec![0; n], vec![0; n]);
            cipher.fill((&mut first, &mut second), at);
            for (i, (first, second)) in first.iter().zip(&second).enumerate() {
                let (stream, place) = at(i);
                assert_eq!([*first, *second], cipher.words(stream, place));
            }
        }
    }
}
