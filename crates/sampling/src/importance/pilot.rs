//! The pilot: finds the loss to aim at and the tilt for it, and tries whether that helps.
//!
//! All of it is a function of network, model and seed, so a path of a run can be played again by
//! its number: whoever has the run file finds the same tilt.

use std::ops::{ControlFlow, Range};

use super::check::{Check, Contradiction};
use super::costs::costs_alone;
use super::shift::Shift;
use super::twist::{N_STRATA, Twist, stratum_probability};
use super::{PlainShare, Tilt};
use crate::model::Model;
use crate::simulate::simulate;

/// Paths of a trial.
const TRIAL_PATHS: u64 = 4_096;
/// Paths beyond a loss below which no trial is asked for it.
const LEAST_BEYOND: f64 = 32.0;
/// Trials at most, each at a loss that the one before has found.
const TRIALS: u64 = 6;
/// A loss that is found within this of the one that was aimed at was aimed at well enough.
const NEAR: f64 = 0.1;
/// Batches of a trial.
const BATCH_PATHS: usize = 256;

/// What a run is to know well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aim {
    /// Which losses.
    pub goal: Goal,
    /// Share of paths that are drawn from the model itself, in (0, 1].
    pub defensive_share: f64,
}

/// Losses to know well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Those beyond the value at risk at this level.
    Level(f64),
    /// Those above this many ETH.
    Loss(f64),
}

/// What the pilot found; [`Model::with_importance`] says what for.
#[derive(Clone, Debug, PartialEq)]
pub struct Pilot {
    /// The loss aimed at, in ETH.
    pub loss_eth: f64,
    /// Share of paths that are drawn from the model itself.
    pub defensive_share: f64,
    /// Probability of more than that loss, as the last trial has it.
    pub probability: f64,
    /// Variance of a plain path over that of a path here, in the last trial: of that probability.
    pub gain_probability: f64,
    /// The same of the mean excess over that loss, on which expected shortfall rests.
    pub gain_excess: f64,
    /// Paths of equal weight that would know the tail of the last trial as well.
    pub effective_tail_paths: f64,
    /// Paths of all trials.
    pub paths: u64,
    /// Mean of each factor, in the order of the run file.
    pub factor_means: Vec<f64>,
    /// Standard deviation of the factors along their mean.
    pub factor_deviation: f64,
    /// Mean of the mixing variable over that in the model; none where there is no such variable.
    pub mixing_mean_ratio: Option<f64>,
    /// Mean of each drawn rate over that in the model.
    pub rate_mean_ratios: Vec<f64>,
}

/// Why a run should not be tilted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// No source that fires alone costs anything, so making sources likelier makes no loss likelier.
    NothingCosts,
    /// The loss at the level is none, so there is nothing rare to aim at.
    NoLoss,
    /// Weighted paths know the tail no better than plain ones.
    NoGain {
        /// Variance of a plain path over that of a weighted one.
        gain: f64,
    },
    /// Weights and plain paths do not agree.
    Contradiction(Contradiction),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NothingCosts => {
                write!(f, "no source that fires alone costs this scope anything")
            }
            Self::NoLoss => write!(f, "the loss at that level is 0: a higher level is needed"),
            Self::NoGain { gain } => write!(
                f,
                "in its trial a plain path tells as much of the tail as {gain:.2} weighted ones"
            ),
            Self::Contradiction(contradiction) => write!(f, "{contradiction}"),
        }
    }
}

impl<'n> Model<'n> {
    /// The same model, whose paths are drawn where `loss_eth` (from the figures of a path) is as
    /// large as `aim` says, and weigh accordingly; and what the pilot found.
    ///
    /// Works on the current rayon pool. A function of network, model and seed. Points that the model has
    /// give way to its streams.
    ///
    /// # Errors
    /// When that would not help or mislead.
    pub fn with_importance(
        &self,
        aim: Aim,
        loss_eth: impl Fn(&[f64]) -> f64 + Sync,
    ) -> Result<(Self, Pilot), Refusal> {
        let mut search = Search::new(self, aim, &loss_eth)?;
        let check = search.run()?;
        let (gain_probability, gain_excess) = check.gains();
        if let Some(contradiction) = check.contradiction() {
            return Err(Refusal::Contradiction(contradiction));
        }
        let gain = gain_probability.min(gain_excess);
        if gain < 1.0 {
            return Err(Refusal::NoGain { gain });
        }
        let tilt = search.tilt;
        let pilot = Pilot {
            loss_eth: tilt.loss_eth,
            defensive_share: tilt.plain.get(),
            probability: check.probability(),
            gain_probability,
            gain_excess,
            effective_tail_paths: check.effective_tail_paths(),
            paths: search.next_path,
            factor_means: tilt.shift.mean.clone(),
            factor_deviation: tilt.shift.deviation,
            mixing_mean_ratio: tilt.shift.mixing.map(|bent| bent.mean_ratio()),
            rate_mean_ratios: tilt.shift.rates.iter().map(|bent| bent.mean_ratio()).collect(),
        };
        Ok((Self { tilt: Some(tilt), sobol: None, ..self.clone() }, pilot))
    }
}

/// The pilot at work.
struct Search<'s, 'n, F> {
    goal: Goal,
    loss_eth: &'s F,
    /// The model under a seed of the pilot's own, so that no path of the run has chosen its tilt.
    model: Model<'n>,
    /// What the loss is where nothing fires.
    still_eth: f64,
    costs: Vec<[f64; N_STRATA]>,
    tilt: Tilt,
    next_path: u64,
}

impl<'s, 'n, F: Fn(&[f64]) -> f64 + Sync> Search<'s, 'n, F> {
    fn new(model: &Model<'n>, aim: Aim, loss_eth: &'s F) -> Result<Self, Refusal> {
        let mut model = model.clone();
        (model.tilt, model.sobol) = (None, None);
        model.seed = model.seed.of_pilot();
        let (still_eth, costs) = costs_alone(&model, loss_eth);
        let typical_eth = typical_loss(&model, &costs).ok_or(Refusal::NothingCosts)?;
        let plain = PlainShare::new(aim.defensive_share);
        let mut search = Self {
            goal: aim.goal,
            loss_eth,
            still_eth,
            costs,
            tilt: Tilt {
                plain,
                loss_eth: 0.0,
                twist: Twist::default(),
                shift: Shift::none(&model),
            },
            model,
            next_path: 0,
        };
        let first_eth = match aim.goal {
            Goal::Loss(loss_eth) => loss_eth,
            Goal::Level(level) => search.first_loss(level).unwrap_or(still_eth + typical_eth),
        };
        search.aim_at(first_eth);
        Ok(search)
    }

    /// A loss that plain paths pass often enough, at the level or below it; none where that is 0.
    fn first_loss(&mut self, level: f64) -> Option<f64> {
        let mut trial = self.play();
        trial.losses.sort_by(|a, b| b.0.total_cmp(&a.0));
        let beyond = ((1.0 - level) * TRIAL_PATHS as f64).max(LEAST_BEYOND);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let (loss, _) = trial.losses[beyond as usize];
        (loss > self.still_eth.max(0.0)).then_some(loss)
    }

    fn aim_at(&mut self, loss_eth: f64) {
        let classes: Vec<usize> = self.model.sources.iter().map(|source| source.class).collect();
        let twist = Twist::new(&classes, &self.costs, loss_eth - self.still_eth);
        self.tilt.shift = Shift::find(&self.model, &twist);
        self.tilt.twist = twist;
        self.tilt.loss_eth = loss_eth;
    }

    /// Trials until the loss found is the one aimed at; the last of them.
    fn run(&mut self) -> Result<Check, Refusal> {
        for _ in 0..TRIALS {
            if self.tilt.twist.is_idle() {
                return Err(Refusal::NothingCosts);
            }
            self.model.tilt = Some(self.tilt.clone());
            let mut trial = self.play();
            let Goal::Level(level) = self.goal else {
                return Ok(trial.check);
            };
            let found_eth = trial.quantile(level);
            if found_eth <= 0.0 {
                return Err(Refusal::NoLoss);
            }
            if (found_eth / self.tilt.loss_eth - 1.0).abs() <= NEAR {
                return Ok(trial.check);
            }
            self.aim_at(found_eth);
        }
        self.model.tilt = Some(self.tilt.clone());
        Ok(self.play().check)
    }

    /// Plays the next paths of the pilot's model.
    fn play(&mut self) -> Trial {
        let paths = self.next_path..self.next_path + TRIAL_PATHS;
        self.next_path = paths.end;
        Trial::play(&self.model, paths, &self.tilt, self.loss_eth)
    }
}

/// Losses and weights of some paths.
struct Trial {
    losses: Vec<(f64, f64)>,
    check: Check,
}

impl Trial {
    fn play(
        model: &Model<'_>,
        paths: Range<u64>,
        tilt: &Tilt,
        loss_eth: &(impl Fn(&[f64]) -> f64 + Sync),
    ) -> Self {
        let mut check = Check::of(tilt.plain, tilt.loss_eth);
        let mut losses = Vec::new();
        let flow = simulate(model, paths, BATCH_PATHS, |batch| {
            let weights = batch.weights.iter().copied().chain(std::iter::repeat(1.0));
            for ((path, row), weight) in batch.rows().zip(weights) {
                let loss = loss_eth(row);
                check.add(path, loss, weight);
                losses.push((loss, weight));
            }
            ControlFlow::Continue(())
        });
        debug_assert!(flow.is_continue());
        Self { losses, check }
    }

    /// Weighted lower quantile.
    fn quantile(&mut self, level: f64) -> f64 {
        self.losses.sort_by(|a, b| b.0.total_cmp(&a.0));
        let beyond = (1.0 - level) * self.losses.len() as f64;
        let mut mass = 0.0;
        let mut worst = self.losses.iter();
        worst
            .find_map(|(loss, weight)| {
                mass += weight;
                (mass > beyond).then_some(*loss)
            })
            .unwrap_or(0.0)
    }
}

/// Half of what the dearer sources cost when they fire alone, by how likely each is; none where no
/// source costs anything.
fn typical_loss(model: &Model<'_>, costs: &[[f64; N_STRATA]]) -> Option<f64> {
    let probabilities: Vec<f64> =
        model.classes.iter().map(|class| model.mean_probability(class)).collect();
    let (mut sum, mut mass) = (0.0, 0.0);
    for (source, costs) in model.sources.iter().zip(costs) {
        for (stratum, &cost) in costs.iter().enumerate().filter(|(_, cost)| **cost > 0.0) {
            let probability = probabilities[source.class] * stratum_probability(stratum);
            sum += probability * cost;
            mass += probability;
        }
    }
    (mass > 0.0).then(|| 0.5 * sum / mass)
}
