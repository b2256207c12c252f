//! Mutations from a seed, for those who have no fuzzer: what breaks readers is mostly simple.

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// Numbers that are seldom expected.
const ODD: [&str; 12] = [
    "nan",
    "inf",
    "-0",
    "1e308",
    "-1e308",
    "5e-324",
    "9223372036854775807",
    "-1",
    "0",
    "1e16",
    "",
    "*",
];

/// An input made from `seeds` by a few mutations; the same of the same `number`.
#[must_use]
pub fn mutated(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(number);
    let mut bytes = seeds.choose(&mut rng).cloned().unwrap_or_default();
    for _ in 0..rng.random_range(1..=4) {
        mutate(&mut bytes, seeds, &mut rng);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], rng: &mut ChaCha8Rng) {
    let at = rng.random_range(0..=bytes.len());
    let len = rng.random_range(0..=(bytes.len() - at).min(64));
    match rng.random_range(0..8) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..at + len)),
        2 => {
            let copied = bytes[at..at + len].to_vec();
            bytes.splice(at..at, copied);
        }
        3 => {
            let other = seeds.choose(rng).map_or(&[][..], Vec::as_slice);
            let from = rng.random_range(0..=other.len());
            bytes.splice(at..at + len, other[from..].iter().take(256).copied());
        }
        4 => replace_cell(bytes, at, rng),
        5 => {
            let number: u32 = rng.random();
            bytes.splice(at..at, number.to_le_bytes());
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte =
                    if rng.random() { *byte ^ (1 << rng.random_range(0..8)) } else { rng.random() };
            }
        }
    }
}

/// Puts an odd number in the place of what stands between two marks of CSV or TOML.
fn replace_cell(bytes: &mut Vec<u8>, at: usize, rng: &mut ChaCha8Rng) {
    let is_mark = |byte: &u8| b",\n= []{}".contains(byte);
    let from = bytes[..at].iter().rposition(is_mark).map_or(0, |found| found + 1);
    let until = bytes[at..].iter().position(is_mark).map_or(bytes.len(), |found| at + found);
    let odd = ODD.choose(rng).copied().unwrap_or_default();
    bytes.splice(from..until, odd.bytes());
}
