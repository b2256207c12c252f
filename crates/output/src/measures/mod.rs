//! Turns losses path by path into figures with errors, so that no tail figure leaves the engine without saying how far to trust it.
//!
//! [`LossColumn`] collects the losses of one scope in path order; [`LossColumn::sorted`] ranks them once;
//! [`SortedLosses`] answers every question of the summary; [`Tail`] splits an expected shortfall into components;
//! [`PairedLosses`] compares two columns path by path.
//! Intervals are two-sided at 95 %. A limit or an error that the sample cannot support is `None`, never a guess.

#[cfg(test)]
mod binned_tests;
mod bins;
mod column;
#[cfg(test)]
mod coverage_tests;
mod density;
mod discordant;
mod exceedance;
mod given;
mod interval;
mod level;
mod mass;
mod moments;
mod paired;
#[cfg(test)]
mod paired_tests;
mod replicates;
#[cfg(test)]
mod replicates_tests;
mod run;
mod shortfall;
mod sorted;
mod spread;
pub(crate) mod stand_ins;
mod stop;
#[cfg(test)]
mod stop_tests;
mod sum;
mod tail;
#[cfg(test)]
mod testing;
mod thin;
mod thinned;
#[cfg(test)]
mod weighted_tests;
mod weights;

use serde::{Deserialize, Serialize};

pub(crate) use column::StoredColumn;
pub use column::{LossColumn, PathLoss, Room};
pub(crate) use density::QuantileSlope;
pub use discordant::PairedCounts;
pub use exceedance::ExceedanceRow;
pub use given::{Given, Outcome};
pub use interval::probability;
pub use level::Level;
pub use mass::Tally;
pub use paired::{Difference, PairedLosses};
pub(crate) use replicates::{N_REPLICATES, Support, replicate_of, sectioned};
pub use sorted::SortedLosses;
pub use stop::{Looks, StopWatch};
pub use sum::Sum;
pub use tail::{Tail, TailPath};
pub use thin::TailSample;
pub(crate) use thinned::{Pick, Sampled, picks, sampled_mean};
pub use weights::WeightSums;
pub(crate) use weights::WeightTally;

/// A figure with its sampling error, in the unit of the losses (probabilities: in 1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its standard error, `None` where the sample does not support one.
    pub std_err: Option<f64>,
    /// Lower limit of the 95 % interval, `None` where it is beyond the sample.
    pub ci_low: Option<f64>,
    /// Upper limit of the 95 % interval, `None` where it is beyond the sample.
    pub ci_high: Option<f64>,
    /// Paths behind the figure: all of them, or `n (1 - level)` for a figure of the tail.
    pub n_eff: f64,
}

impl Estimate {
    /// A figure that no draw changes.
    pub(crate) fn certain(value: f64, n_eff: f64) -> Self {
        Self { std_err: Some(0.0), ci_low: Some(value), ci_high: Some(value), value, n_eff }
    }

    /// What is left of a certain amount after this estimate.
    pub(crate) fn taken_from(self, amount: f64) -> Self {
        Self {
            value: amount - self.value,
            std_err: self.std_err,
            ci_low: self.ci_high.map(|high| amount - high),
            ci_high: self.ci_low.map(|low| amount - low),
            n_eff: self.n_eff,
        }
    }

    /// The estimate times a factor.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        let by = |x: Option<f64>| x.map(|x| factor * x);
        let (low, high) = (by(self.ci_low), by(self.ci_high));
        let (ci_low, ci_high) = if factor < 0.0 { (high, low) } else { (low, high) };
        let std_err = self.std_err.map(|std_err| factor.abs() * std_err);
        Self { value: factor * self.value, std_err, ci_low, ci_high, n_eff: self.n_eff }
    }

    /// The estimate times something of mean 1 that is known with a variance of its own.
    pub(crate) fn with_relative_variance(self, variance: f64) -> Self {
        self.with_variance(self.value * self.value * variance)
    }

    /// The estimate with another error that has nothing to do with its own, of this variance.
    pub(crate) fn with_variance(self, variance: f64) -> Self {
        let Some(own) = self.std_err.filter(|std_err| *std_err > 0.0) else { return self };
        let std_err = own.hypot(variance.sqrt());
        let longer = |limit: Option<f64>| {
            limit.map(|limit| self.value + (limit - self.value) * std_err / own)
        };
        let (ci_low, ci_high) = (longer(self.ci_low), longer(self.ci_high));
        Self { std_err: Some(std_err), ci_low, ci_high, ..self }
    }

    /// A figure whose error the sample cannot support.
    pub(crate) fn bare(value: f64, n_eff: f64) -> Self {
        Self { value, std_err: None, ci_low: None, ci_high: None, n_eff }
    }
}
