//! How the paths of a scenario were drawn, for the manifest: from the model itself or from a law
//! under which losses that matter are frequent, and how far the weights can be believed.

use serde::Serialize;
use slashfall_sampling::importance::{Check, Pilot};
use slashfall_sampling::{REPLICATES, Sobol};

/// How the paths of a scenario were drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sampling {
    /// `plain`, `importance` or `sobol`: what was done, whatever was asked for.
    pub method: &'static str,
    /// Why paths are plain where `auto` was asked for; null elsewhere.
    pub reason: Option<String>,
    /// What they aim at; null where paths are plain.
    pub importance: Option<Importance>,
    /// The points that they are made of; null where they are none.
    pub sobol: Option<SobolPoints>,
}

/// What scrambled Sobol points are spread over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SobolPoints {
    /// Independent scramblings; path `p` is one of number `p % replicates`.
    pub replicates: u64,
    /// Points of each.
    pub points: u64,
    /// The largest index of a point, from 0: path `p` is point `p / replicates`.
    pub max_index: u64,
    /// Draws that have a dimension, in order.
    pub dimensions: Vec<String>,
    /// Draws that all sources of a path share and for which no dimension was left.
    pub pseudo_random: Vec<String>,
}

/// The law that weighted paths were drawn from, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    /// Whose losses it aims at.
    pub scope: String,
    /// It aims at losses above this.
    pub loss_eth: f64,
    /// Share of paths drawn from the model itself.
    pub defensive_share: f64,
    /// Paths of the pilot that found it; none of them is one of the run.
    pub pilot_paths: u64,
    /// Variance of a plain path over that of a weighted one, in the pilot: of the probability to lose
    /// more than `loss_eth`.
    pub pilot_gain_probability: f64,
    /// The same of the mean excess over it, on which expected shortfall rests.
    pub pilot_gain_excess: f64,
    /// Mean of each factor on tilted paths, in the order of the run file; 0 in the model.
    pub factor_means: Vec<f64>,
    /// Standard deviation of the factors along their mean; 1 in the model.
    pub factor_deviation: f64,
    /// Mean of the mixing variable of the t copula on tilted paths over that in the model.
    pub mixing_mean_ratio: Option<f64>,
    /// Mean of each drawn rate on tilted paths over that in the model, in the order in which entries
    /// first name it.
    pub rate_mean_ratios: Vec<f64>,
    /// Probability to lose more than `loss_eth`, in the run.
    pub probability: f64,
    /// Its standard error.
    pub probability_std_err: f64,
    /// Variance of a plain path over that of a weighted one, in the run: of the probability.
    pub gain_probability: f64,
    /// The same of the mean excess.
    pub gain_excess: f64,
    /// Paths of equal weight that would know the losses above `loss_eth` as well (Kish).
    pub effective_tail_paths: f64,
    /// Part of their weight that the heaviest path has.
    pub largest_share: f64,
}

impl Sampling {
    /// Paths of the model itself; the reason, where something else was asked for.
    #[must_use]
    pub fn plain(reason: Option<String>) -> Self {
        Self { method: "plain", reason, importance: None, sobol: None }
    }

    /// Paths whose shared draws are the points of `sobol`, `n_paths` of them.
    #[must_use]
    pub fn sobol(sobol: &Sobol, n_paths: u64) -> Self {
        let points = n_paths.div_ceil(REPLICATES);
        let sobol = SobolPoints {
            replicates: REPLICATES,
            points,
            max_index: points.saturating_sub(1),
            dimensions: sobol.dimensions().to_vec(),
            pseudo_random: sobol.pseudo_random().to_vec(),
        };
        Self { method: "sobol", reason: None, importance: None, sobol: Some(sobol) }
    }

    /// Weighted paths.
    #[must_use]
    pub fn importance(scope: &str, pilot: &Pilot, check: &Check) -> Self {
        let (gain_probability, gain_excess) = check.gains();
        let importance = Importance {
            scope: scope.to_owned(),
            loss_eth: pilot.loss_eth,
            defensive_share: pilot.defensive_share,
            pilot_paths: pilot.paths,
            pilot_gain_probability: pilot.gain_probability,
            pilot_gain_excess: pilot.gain_excess,
            factor_means: pilot.factor_means.clone(),
            factor_deviation: pilot.factor_deviation,
            mixing_mean_ratio: pilot.mixing_mean_ratio,
            rate_mean_ratios: pilot.rate_mean_ratios.clone(),
            probability: check.probability(),
            probability_std_err: check.probability_std_err(),
            gain_probability,
            gain_excess,
            effective_tail_paths: check.effective_tail_paths(),
            largest_share: check.largest_share(),
        };
        Self { method: "importance", reason: None, importance: Some(importance), sobol: None }
    }
}
