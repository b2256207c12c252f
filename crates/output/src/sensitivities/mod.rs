//! What a figure hangs on: its derivatives by rates and loadings, from the scores of the paths that were
//! run (likelihood ratios), and by severities, cover and depth of pools, from paths run again with a little
//! more and a little less of them (common random numbers).
//!
//! To first order a figure `T` is a mean over paths of its influence, so `dT / dtheta = E[IF(L) S]`, `S` the
//! score (Glasserman 2003, section 7.3); and where `theta` moves the loss of each path and not its density,
//! `dES / dtheta = E[dL / dtheta | tail]` (Hong and Liu 2009, "Simulating sensitivities of conditional value at
//! risk"). Either is a mean over a tail, and has the error of one.

mod bumps;
mod design;
mod ratios;

use rayon::prelude::*;
use slashfall_sampling::{Model, PathScore, Scorer};

use crate::collect::Collector;
use crate::measures::{Estimate, Level};
use crate::scope::{Scope, ScopeKind};

use bumps::Bumps;
use design::{Design, designs};

/// How a derivative is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// From the scores of the paths that were run.
    LikelihoodRatio,
    /// From paths run again, the same but for the parameter.
    CommonNumbers,
}

impl Method {
    /// Name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LikelihoodRatio => "likelihood_ratio",
            Self::CommonNumbers => "common_numbers",
        }
    }
}

/// The derivative of a figure by a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// Kind of scope.
    pub scope_kind: ScopeKind,
    /// Whose figure.
    pub scope: String,
    /// `mean`, `var` or `es`.
    pub metric: &'static str,
    /// Level of `var` and `es`.
    pub level: Option<Level>,
    /// Key of the parameter in a run file, or `cover` or `depth`.
    pub parameter: String,
    /// How it was found.
    pub method: Method,
    /// ETH for each unit of relative change of the parameter, of a loading for each unit of it; none where the
    /// sample supports none.
    pub derivative: Option<Estimate>,
    /// A step to judge it by.
    pub step: f64,
    /// The figure itself, in ETH.
    figure: f64,
}

/// Step of rates and amounts, relative to them.
const RELATIVE_STEP: f64 = 0.1;
/// Step of loadings.
const LOADING_STEP: f64 = 0.05;
/// Paths scored between two looks at whether anybody waits.
const PATHS_AT_ONCE: usize = 16_384;

impl Sensitivity {
    /// How far the figure moves with the step, to first order, in ETH.
    #[must_use]
    pub fn change(&self) -> Option<Estimate> {
        self.derivative.map(|found| found.scaled(self.step))
    }

    /// Per cent by which the figure moves for a per cent of the parameter; none of loadings, and where the figure is 0.
    #[must_use]
    pub fn elasticity(&self) -> Option<f64> {
        let is_relative = self.step >= RELATIVE_STEP && self.figure.abs() > 0.0;
        self.derivative.filter(|_| is_relative).map(|found| found.value / self.figure)
    }
}

/// All derivatives of a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sensitivities {
    /// By scope, parameter, metric and level.
    pub rows: Vec<Sensitivity>,
    /// Kinds and ids of sources without derivatives by rate and loadings, as some load on factors alone.
    pub without: Vec<String>,
}

/// Derivatives of mean, value at risk and expected shortfall of the scopes that are split, at every level
/// (ascending). Paths that are scored and run again are bounded by the number of paths of the run: of the far tail
/// all, further in fewer and fewer. None when `stop` says that nobody waits for them any more.
#[must_use]
pub fn sensitivities(
    model: &Model<'_>,
    collector: &Collector,
    levels: &[Level],
    stop: impl Fn() -> bool,
) -> Option<Sensitivities> {
    let designs = designs(collector, levels);
    if designs.is_empty() {
        return Some(Sensitivities::default());
    }
    let bumps = Bumps::new(model, collector, &designs);
    let scorer = Scorer::new(model);
    let mut paths: Vec<u64> = designs.iter().flat_map(Design::paths_to_score).collect();
    paths.extend(bumps.paths());
    paths.extend(0..collector.n_head());
    paths.sort_unstable();
    paths.dedup();
    let mut scored = Vec::with_capacity(paths.len());
    for some in paths.chunks(PATHS_AT_ONCE) {
        if stop() {
            return None;
        }
        scored.extend(scorer.score(some));
    }
    let moved = bumps.play(&scored, &stop)?;
    let of_design = |(number, design): (usize, &Design<'_>)| {
        let mut own = ratios::rows(design, collector, &scorer, &scored);
        own.extend(bumps.rows(number, design, collector, &scored, &moved));
        let of_scope = |scope: &&Scope| {
            let of_scope = |row: &Sensitivity| Sensitivity {
                scope_kind: scope.kind,
                scope: scope.name.clone(),
                ..row.clone()
            };
            own.iter().map(of_scope).collect::<Vec<Sensitivity>>()
        };
        design.scopes.iter().flat_map(of_scope).collect::<Vec<Sensitivity>>()
    };
    let rows: Vec<Vec<Sensitivity>> = designs.par_iter().enumerate().map(of_design).collect();
    Some(Sensitivities { rows: rows.concat(), without: scorer.without().to_vec() })
}

/// The score of a path.
fn scored_path(scored: &[PathScore], path: u64) -> Option<&PathScore> {
    scored.get(scored.binary_search_by_key(&path, |own| own.path).ok()?)
}
