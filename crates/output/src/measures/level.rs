//! Says which paths a level's tail is made of, once, so that quantile, shortfall and contributions cannot disagree.

/// A probability strictly between 0 and 1: 0.99 asks about the worst hundredth of the paths.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Level(f64);

/// The worst `mass` of `n` paths: `n_full` of them whole, then the boundary path by `boundary_weight`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    /// Paths in the tail, `n (1 - level)`, in general not whole; positive.
    pub(super) mass: f64,
    /// Paths that belong to the tail entirely.
    pub(super) n_full: u64,
    /// Share of the boundary path that belongs to the tail, in `[0, 1)`.
    pub(super) boundary_weight: f64,
    /// Rank of the value at risk, the worst path being 1.
    pub(super) rank: u64,
}

impl Level {
    /// `None` unless `0 < level < 1`.
    #[must_use]
    pub fn new(level: f64) -> Option<Self> {
        (level > 0.0 && level < 1.0).then_some(Self(level))
    }

    /// The level as a number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Paths of `n_paths` that are in its tail in whole.
    pub(crate) fn tail_paths(self, n_paths: u64) -> u64 {
        self.cut(n_paths).n_full
    }

    /// Mass of its tail among `n_paths`: `n (1 - level)`, a whole number where that is within rounding of one.
    #[must_use]
    pub fn mass(self, n_paths: u64) -> f64 {
        self.cut(n_paths).mass
    }

    /// Cuts `n_paths` ranked paths: ascending order statistic `ceil(level n)`, that is `floor(n (1 - level)) + 1` from the worst.
    ///
    /// `level n` within rounding of a whole number is that number (0.55 * 100 is 55.00000000000001 as floats go).
    pub(super) fn cut(self, n_paths: u64) -> Cut {
        let n = n_paths as f64;
        let below = snap_to_whole(self.0 * n, n);
        let mass = if below < n { n - below } else { n * (1.0 - self.0) };
        let n_full = whole(mass);
        Cut { mass, n_full, boundary_weight: mass - n_full as f64, rank: (n_full + 1).min(n_paths) }
    }
}

/// The nearest whole number if `x`, a product with the exact count `n`, is within its rounding error of it.
fn snap_to_whole(x: f64, n: f64) -> f64 {
    let nearest = x.round();
    if (x - nearest).abs() <= 4.0 * f64::EPSILON * n { nearest } else { x }
}

/// The whole part of a number of paths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of paths are neither negative nor near 2^53"
)]
pub(super) fn whole(x: f64) -> u64 {
    x as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(level: f64, n_paths: u64, rank: u64, n_full: u64, boundary_weight: f64) {
        let cut = Level::new(level).unwrap().cut(n_paths);
        assert_eq!((cut.rank, cut.n_full), (rank, n_full), "{level} of {n_paths}");
        assert!((cut.boundary_weight - boundary_weight).abs() < 1e-9, "{level} of {n_paths}");
        assert!(cut.mass > 0.0);
    }

    #[test]
    fn ranks_count_from_the_worst() {
        check(0.55, 100, 46, 45, 0.0);
        check(0.75, 10, 3, 2, 0.5);
        check(0.99, 20_000, 201, 200, 0.0);
        check(0.999, 50_000_000, 50_001, 50_000, 0.0);
        check(0.99, 10, 1, 0, 0.1);
        check(0.5, 1, 1, 0, 0.5);
        check(1e-300, 10, 10, 10, 0.0);
        check(1.0 - f64::EPSILON / 2.0, 10, 1, 0, 0.0);
    }

    #[test]
    fn every_thousandth_is_exact() {
        for i in 1..1000_u32 {
            let cut = Level::new(f64::from(i) / 1000.0).unwrap().cut(1000);
            assert_eq!(cut.n_full, u64::from(1000 - i));
        }
    }

    #[test]
    fn levels_are_probabilities() {
        for wrong in [0.0, 1.0, 99.0, -0.1, f64::NAN] {
            assert_eq!(Level::new(wrong), None);
        }
    }
}
