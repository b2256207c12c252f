//! Names what every estimator walks over: paths of one loss, with what they count for.

/// Paths of one loss, or of nearly the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    /// Paths of the model that they stand for: their number where each weighs 1.
    pub(super) mass: f64,
    /// Sum of the squares of their weights.
    pub(super) square: f64,
    /// Sum of the cubes.
    pub(super) cube: f64,
    /// Their mean loss.
    pub(super) loss: f64,
    /// The least of their losses.
    pub(super) low: f64,
    /// The greatest.
    pub(super) high: f64,
}

impl Run {
    /// `count` paths of weight 1 and one loss.
    pub(super) fn plain(count: f64, loss: f64) -> Self {
        Self { mass: count, square: count, cube: count, loss, low: loss, high: loss }
    }

    /// One path of a mass and a weight.
    pub(super) fn weighted(mass: f64, weight: f64, loss: f64) -> Self {
        let square = weight * weight;
        Self { mass, square, cube: square * weight, loss, low: loss, high: loss }
    }

    /// A part of it.
    pub(super) fn share(self, share: f64) -> Self {
        let [mass, square, cube] = [self.mass, self.square, self.cube].map(|sum| sum * share);
        Self { mass, square, cube, ..self }
    }

    /// The loss that stands for all: half way between the least and the greatest, so never off by more than half of what they differ.
    pub(super) fn middle(self) -> f64 {
        f64::midpoint(self.low, self.high)
    }

    /// How far [`Run::middle`] can be off.
    pub(super) fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// The same paths by the distance of their loss to a reference.
    pub(super) fn from(self, reference: f64) -> Distance {
        let Self { mass, square, cube, loss, .. } = self;
        Distance { mass, square, cube, x: loss - reference }
    }
}

/// Paths at one distance from a reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Distance {
    pub(super) mass: f64,
    pub(super) square: f64,
    pub(super) cube: f64,
    pub(super) x: f64,
}

impl From<(f64, f64)> for Distance {
    /// A number of paths of weight 1 and their distance.
    fn from((count, x): (f64, f64)) -> Self {
        Self { mass: count, square: count, cube: count, x }
    }
}
