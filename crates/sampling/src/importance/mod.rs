//! Importance sampling, for losses that plain paths are too rarely like: paths are drawn from a law
//! under which they are frequent, and each says how much it weighs (section 11 of `docs/model.md`).
//!
//! Glasserman and Li (2005), "Importance Sampling for Portfolio Credit Risk": factors are shifted,
//! and given the factors each source's probability is twisted until the loss aimed at is what is
//! expected. Some paths stay plain, and the weight is the ratio to the mixture of both laws (the
//! balance heuristic of Veach and Guibas 1995; Owen and Zhou 2000, "Safe and Effective Importance
//! Sampling"), so that no weight exceeds one over the share of plain paths.
//!
//! What guides the tilt (costs of sources, moments of factors) changes how precise the figures are,
//! and never what they estimate: weights are exact for whatever tilt was used.

mod check;
mod costs;
mod draw;
mod gamma;
mod pilot;
mod shift;
mod twist;

pub use check::{Check, CheckSums, Contradiction};
pub use pilot::{Aim, Goal, Pilot, Refusal};

pub(crate) use draw::{Bend, Paths, bend};
pub(crate) use shift::Shared;

use shift::{Shift, Streams};
use twist::Twist;

use crate::model::Model;

/// The law that paths are drawn from.
#[derive(Clone, Debug)]
pub(crate) struct Tilt {
    plain: PlainShare,
    /// The loss aimed at.
    loss_eth: f64,
    /// Of factors, mixing variable and rates.
    shift: Shift,
    /// Of sources, given these.
    twist: Twist,
}

impl Tilt {
    /// True of paths that are drawn from the model itself.
    pub(crate) fn is_plain(&self, path: u64) -> bool {
        self.plain.has(path)
    }

    /// What all sources of a path share where it is tilted; none of a path that is drawn from the model.
    pub(crate) fn shared(&self, model: &Model<'_>, path: u64) -> Option<Shared> {
        let is_tilted = !self.is_plain(path);
        is_tilted.then(|| self.shift.draw(model.seed, &Streams::of_paths(model), path))
    }

    /// The uniform of a source's severity on a path, made of the one that it has in the model.
    pub(crate) fn severity_uniform(&self, source: u32, bend: Bend, u: f64) -> f64 {
        self.twist.severity_uniform(source, bend.theta, u)
    }
}

/// How many paths of a thousand are drawn from the model itself; evenly spread, by number alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainShare {
    per_mille: u16,
}

impl PlainShare {
    /// The nearest share that is a whole number of thousandths, at least one of them.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 1..=1000")]
    pub(crate) fn new(share: f64) -> Self {
        Self { per_mille: (1_000.0 * share).round().clamp(1.0, 1_000.0) as u16 }
    }

    pub(crate) fn get(self) -> f64 {
        f64::from(self.per_mille) / 1_000.0
    }

    /// True of paths that are drawn from the model itself.
    pub(crate) fn has(self, path: u64) -> bool {
        let per_mille = u64::from(self.per_mille);
        (path % 1_000) * per_mille % 1_000 < per_mille
    }

    /// Density of the model over that of the mixture, where the tilted density over that of the
    /// model has this logarithm.
    pub(crate) fn weight(self, ln_ratio: f64) -> f64 {
        // Beyond e^700 the weight is 0 for every purpose, and a number all the same.
        let share = self.get();
        1.0 / (share + (1.0 - share) * ln_ratio.min(700.0).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_spread_evenly() {
        for (share, of_1000) in [(0.1, 100), (0.25, 250), (0.37, 370), (0.001, 1), (1.0, 1_000)] {
            let plain = PlainShare::new(share);
            assert!((plain.get() - share).abs() < 1e-12);
            for start in [0, 1_000, 7_000] {
                let count = (start..start + 1_000).filter(|&path| plain.has(path)).count();
                assert_eq!(count, of_1000);
            }
            let in_100 = (0..100).filter(|&path| plain.has(path)).count();
            assert!(in_100.abs_diff(of_1000 / 10) <= 1, "{share}: {in_100}");
        }
    }

    #[test]
    fn weights_are_bounded() {
        let plain = PlainShare::new(0.2);
        assert!((plain.weight(0.0) - 1.0).abs() < 1e-15);
        assert!((plain.weight(f64::NEG_INFINITY) - 5.0).abs() < 1e-12);
        assert!(plain.weight(1e6) > 0.0);
    }
}
