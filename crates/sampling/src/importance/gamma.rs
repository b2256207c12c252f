//! Gamma laws that take the place of a Gamma law: what mixing variable and rates are drawn from on
//! tilted paths, and the density of the one over that of the other.

use rand_distr::{Distribution, Gamma};
use statrs::function::gamma::{digamma, ln_gamma};

/// A Gamma law by shape and rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ScaledGamma {
    pub(crate) shape: f64,
    pub(crate) rate: f64,
    sampler: Gamma<f64>,
}

impl ScaledGamma {
    /// None when the figures give no law.
    pub(crate) fn new(shape: f64, rate: f64) -> Option<Self> {
        Some(Self { shape, rate, sampler: Gamma::new(shape, 1.0 / rate).ok()? })
    }

    /// The law whose variable and whose logarithm have these means: `mean` and `mean_ln`.
    ///
    /// `digamma(shape) - ln(shape) = mean_ln - ln(mean)`, by bisection of `ln(shape)`.
    pub(crate) fn of_moments(mean: f64, mean_ln: f64) -> Option<Self> {
        let gap = mean_ln - mean.ln();
        let (mut low, mut high) = (MIN_SHAPE.ln(), MAX_SHAPE.ln());
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            // Grows with the shape, from minus infinity to 0.
            if digamma(middle.exp()) - middle < gap {
                low = middle;
            } else {
                high = middle;
            }
        }
        let shape = low.exp();
        Self::new(shape, shape / mean)
    }

    pub(crate) fn sample(&self, rng: &mut impl rand::Rng) -> f64 {
        self.sampler.sample(rng)
    }

    fn ln_density(&self, x: f64, ln_x: f64) -> f64 {
        self.shape * self.rate.ln() - ln_gamma(self.shape) + (self.shape - 1.0) * ln_x
            - self.rate * x
    }
}

/// Beyond these a moment was no moment.
const MIN_SHAPE: f64 = 1e-2;
const MAX_SHAPE: f64 = 1e4;

/// `ln(tilted density / plain density)` as a function of the variable: `constant + a ln x - b x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GammaRatio {
    constant: f64,
    a: f64,
    b: f64,
}

impl GammaRatio {
    pub(crate) fn new(tilted: &ScaledGamma, plain: &ScaledGamma) -> Self {
        Self {
            constant: tilted.ln_density(1.0, 0.0) + tilted.rate
                - plain.ln_density(1.0, 0.0)
                - plain.rate,
            a: tilted.shape - plain.shape,
            b: tilted.rate - plain.rate,
        }
    }

    pub(crate) fn ln_at(&self, x: f64) -> f64 {
        // A Gamma draw of small shape may underflow to 0.
        self.constant + self.a * x.max(f64::MIN_POSITIVE).ln() - self.b * x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_is_found_by_its_moments() {
        for (shape, rate) in [(0.5, 400.0), (1.5, 3.0), (40.0, 2.0)] {
            let law =
                ScaledGamma::of_moments(shape / rate, digamma(shape) - f64::ln(rate)).unwrap();
            assert!((law.shape / shape - 1.0).abs() < 1e-6, "{law:?}");
            assert!((law.rate / rate - 1.0).abs() < 1e-6, "{law:?}");
        }
    }

    #[test]
    fn the_ratio_is_that_of_the_densities() {
        let (plain, tilted) =
            (ScaledGamma::new(2.0, 2.0).unwrap(), ScaledGamma::new(1.3, 7.0).unwrap());
        let ratio = GammaRatio::new(&tilted, &plain);
        for x in [1e-3, 0.4, 1.0, 5.0_f64] {
            let exact = tilted.ln_density(x, x.ln()) - plain.ln_density(x, x.ln());
            assert!((ratio.ln_at(x) - exact).abs() < 1e-12);
        }
        // The tilted density integrates to 1 under the plain law.
        let step = 1e-4;
        let mass: f64 = (0..400_000)
            .map(|i| (f64::from(i) + 0.5) * step)
            .map(|x| (plain.ln_density(x, x.ln()) + ratio.ln_at(x)).exp() * step)
            .sum();
        assert!((mass - 1.0).abs() < 1e-4, "{mass}");
    }
}
