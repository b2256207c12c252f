//! How often a source fires: a number, or evidence that says how well the number is known.

use crate::copula::DAYS_PER_YEAR;
use crate::gamma::GammaLaw;
use crate::keys::{Seed, StreamKey};
use crate::sobol::Dimension;

/// Rate of a class of sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rate {
    /// Events a year, known.
    Known(f64),
    /// The posterior of that number in the model's list, times `scale`.
    Drawn {
        /// Which.
        evidence: usize,
        /// Multiplies the drawn rate.
        scale: f64,
    },
}

/// The posterior of a rate after `events` in `exposure_years`: Gamma(events + 1/2, exposure),
/// from Jeffreys' prior. Drawn anew on every path, one draw for all sources that share it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    events: f64,
    exposure_years: f64,
    posterior: GammaLaw,
    key: StreamKey,
}

impl Evidence {
    /// None when the figures give no distribution: negative events, or no exposure.
    pub(crate) fn new(events: f64, exposure_years: f64, key: StreamKey) -> Option<Self> {
        let posterior = GammaLaw::new(events + 0.5)?;
        (exposure_years > 0.0).then_some(Self { events, exposure_years, posterior, key })
    }

    /// Probability of an event within the horizon, over the posterior:
    /// `1 - (1 + scale t / T)^-(events + 1/2)`.
    pub(crate) fn mean_probability(&self, scale: f64, horizon_days: f64) -> f64 {
        let years = scale * horizon_days / DAYS_PER_YEAR;
        -(-(self.events + 0.5) * (years / self.exposure_years).ln_1p()).exp_m1()
    }

    /// The posterior's shape, and its rate in years.
    pub(crate) fn shape_and_rate(&self) -> (f64, f64) {
        (self.events + 0.5, self.exposure_years)
    }

    /// The stream of its draws.
    pub(crate) fn key(&self) -> StreamKey {
        self.key
    }

    /// The rates of consecutive paths from `first` on, events a year.
    pub(crate) fn draw(&self, seed: Seed, first: u64, rates: &mut [f64]) {
        self.posterior.draw(seed, self.key, first, rates);
        rates.iter_mut().for_each(|rate| *rate /= self.exposure_years);
    }

    /// The same from a dimension whose law is the posterior of exposure 1.
    pub(crate) fn draw_from(&self, dimension: &Dimension, first: u64, rates: &mut [f64]) {
        dimension.draw(first, rates);
        rates.iter_mut().for_each(|rate| *rate /= self.exposure_years);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Purpose;

    /// Mean (k + 1/2) / T and variance (k + 1/2) / T^2, each within 4 standard errors.
    #[test]
    fn posterior_has_the_moments_of_jeffreys() {
        let (events, years, n) = (2.0, 400.0, 200_000u32);
        let key = StreamKey::new(Purpose::Evidence, "slashes");
        let evidence = Evidence::new(events, years, key).unwrap();
        let mut draws = vec![0.0; n as usize];
        evidence.draw(Seed(1), 0, &mut draws);
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let var = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
        let (shape, sd) = (events + 0.5, (events + 0.5).sqrt() / years);
        assert!((mean - shape / years).abs() < 4.0 * sd / f64::from(n).sqrt());
        // Kurtosis of a Gamma is 3 + 6/shape.
        let var_error = sd * sd * ((2.0 + 6.0 / shape) / f64::from(n)).sqrt();
        assert!((var - sd * sd).abs() < 4.0 * var_error);
    }
}
