//! Reads the density of the losses at a quantile, which says how far the quantile moves when the probability beyond it does.

use super::mass::mass_range;
use super::{Level, SortedLosses, interval};

/// Losses no further apart than this, relative to their size, are one.
const ROUNDING: f64 = 1e-12;

/// How a quantile moves with the probability left beyond it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct QuantileSlope {
    /// One over the density, in the unit of the losses.
    pub(crate) loss_per_probability: f64,
    /// Paths between the losses that it is read from, or what they are worth: its relative variance is one over this.
    pub(crate) n_between: f64,
}

impl SortedLosses {
    /// The slope at the value at risk, between the limits of its interval. `None` where there is no density to read: in an atom, or
    /// beyond the sample.
    pub(crate) fn quantile_slope(&self, level: Level) -> Option<QuantileSlope> {
        let cut = level.cut(self.n_paths());
        let (fewest, most, worth) = match self.calibration() {
            None => {
                let beyond = interval::count_range(self.n_paths(), cut.mass / self.n());
                (beyond.fewest.checked_sub(1)? as f64, beyond.most as f64, 1.0)
            }
            Some(calibration) => {
                let square = self.square_beyond(cut.mass);
                let variance = calibration.variance_of_mass(cut.mass, square, self.n());
                let (fewest, most) = mass_range(cut.mass, variance);
                (fewest?, most, cut.mass / square)
            }
        };
        let at = |mass: f64| Some(self.at_mass(mass)?.run.middle());
        let (step, gap) = (at(fewest)? - at(most)?, most - fewest);
        let is_slope = step > 0.0 && gap > 0.0 && !self.is_tied_at(level);
        is_slope.then(|| QuantileSlope {
            loss_per_probability: step * self.n() / gap,
            n_between: gap * worth,
        })
    }

    /// Whether other paths lose what the path at the value at risk does.
    fn is_tied_at(&self, level: Level) -> bool {
        let spot = self.spot_of(level.cut(self.n_paths()));
        let own = spot.run.middle();
        let (after, before) = (spot.before + spot.run.mass, spot.before - 0.5 * spot.run.mass);
        let is_tied = |mass: f64| {
            let other = self.at_mass(mass).map(|spot| spot.run.middle());
            other.is_some_and(|other| (other - own).abs() <= ROUNDING * own.abs())
        };
        is_tied(after) || (before > 0.0 && is_tied(before))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::sorted;
    use super::*;

    /// Exponential losses at the middle of each rank: the density beyond which there is `p` is `p`.
    #[test]
    fn the_slope_is_one_over_the_density() {
        let losses: Vec<f64> =
            (0..20_000).map(|i| -((f64::from(i) + 0.5) / 20_000.0).ln()).collect();
        for at in [0.5, 0.9, 0.99] {
            let slope = sorted(&losses).quantile_slope(Level::new(at).unwrap()).unwrap();
            let expected = 1.0 / (1.0 - at);
            assert!((slope.loss_per_probability / expected - 1.0).abs() < 0.02, "{at}: {slope:?}");
            let between = 2.0 * 1.96 * (20_000.0 * at * (1.0 - at)).sqrt();
            assert!((slope.n_between / between - 1.0).abs() < 0.03, "{at}: {slope:?}");
        }
    }

    #[test]
    fn an_atom_has_no_density() {
        let losses: Vec<f64> = (0..20_000).map(|i| f64::from(i / 100)).collect();
        assert_eq!(sorted(&losses).quantile_slope(Level::new(0.99).unwrap()), None);
        assert_eq!(sorted(&[1.0, 2.0, 3.0]).quantile_slope(Level::new(0.99).unwrap()), None);
    }
}
