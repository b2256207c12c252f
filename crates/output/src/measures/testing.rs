//! Builds samples for the tests from a fixed seed or by hand.

use super::{LossColumn, SortedLosses};

/// SplitMix64 (Steele, Lea and Flood 2014): enough for tests, and no dependency.
pub(super) struct Uniform(pub(super) u64);

impl Uniform {
    /// A number in (0, 1).
    pub(super) fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }
}

pub(super) fn column(losses: &[f64]) -> LossColumn {
    let mut column = LossColumn::new();
    losses.iter().zip(0..).for_each(|(&loss, path)| column.push(path, loss));
    column
}

pub(super) fn sorted(losses: &[f64]) -> SortedLosses {
    column(losses).sorted().unwrap()
}

#[track_caller]
pub(super) fn close(found: f64, expected: f64, relative: f64) {
    let scale = expected.abs().max(1e-300);
    assert!((found - expected).abs() <= relative * scale, "{found} is not {expected}");
}
