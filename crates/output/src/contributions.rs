//! Who contributes to an expected shortfall, and what each would cost by itself.

use rayon::prelude::*;
use slashfall_sampling::Model;

use crate::close_ups::{CloseUps, Split};
use crate::measures::{Estimate, Level, LossColumn, WeightSums};
use crate::scope::ScopeKind;
use crate::split::{Component, ComponentKind, name_of};

/// What a component contributes to the expected shortfall of a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// Kind of scope.
    pub scope_kind: ScopeKind,
    /// Scope.
    pub scope: String,
    /// Level.
    pub level: Level,
    /// Kind of component.
    pub component_kind: ComponentKind,
    /// Component; in brackets what has no name.
    pub component: String,
    /// Its contribution, in ETH.
    pub estimate: Estimate,
    /// Expected shortfall of the component by itself, at the same level, in ETH.
    pub standalone: Estimate,
    es: f64,
}

impl Contribution {
    /// Part of the expected shortfall; none when that is 0.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.es.abs() > 0.0).then(|| self.estimate.value / self.es)
    }

    /// Part of what it would cost by itself that goes because not all goes wrong at once; none when it costs nothing by itself.
    #[must_use]
    pub fn diversification(&self) -> Option<f64> {
        (self.standalone.value > 0.0).then(|| 1.0 - self.estimate.value / self.standalone.value)
    }
}

/// Contributions to the expected shortfall of each scope that was looked at, at every level (ascending), on the threads of the current
/// rayon pool. Components that contribute nothing are left out.
#[must_use]
pub fn contributions(
    model: &Model<'_>,
    close_ups: &CloseUps<'_>,
    levels: &[Level],
) -> Vec<Contribution> {
    let of_split = |split: &Split<'_>| {
        let alone = Alone::new(close_ups, split, model.sobol().is_some());
        let at_level = |&level: &Level| at_level(model, split, &alone, level);
        levels.iter().flat_map(at_level).collect::<Vec<_>>()
    };
    close_ups.splits.par_iter().flat_map_iter(of_split).collect()
}

fn at_level(
    model: &Model<'_>,
    split: &Split<'_>,
    alone: &Alone,
    level: Level,
) -> Vec<Contribution> {
    let (tail, es) = (split.tail(level), split.losses.expected_shortfall(level).value);
    let contribution = |(component, losses): (&Component, &LossColumn)| {
        let estimate = tail.contribution(losses);
        (estimate.value.abs() > 0.0).then(|| Contribution {
            scope_kind: split.scope.kind,
            scope: split.scope.name.clone(),
            level,
            component_kind: component.kind,
            component: name_of(model.network(), *component),
            estimate,
            standalone: alone.expected_shortfall(losses, level),
            es,
        })
    };
    split.components.iter().filter_map(contribution).collect()
}

/// The paths looked at as a sample of all: those picked of the widest tail for all of it, those of all paths for the rest.
struct Alone {
    /// Path, ascending, and how many paths it stands for, 1 on average.
    weights: Vec<(u64, f64)>,
    sums: WeightSums,
    is_replicated: bool,
}

impl Alone {
    fn new(close_ups: &CloseUps<'_>, split: &Split<'_>, is_replicated: bool) -> Self {
        let mut weights = close_ups.stand_ins(split);
        let n = weights.len() as f64;
        let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
        weights.iter_mut().for_each(|(_, weight)| *weight *= n / all);
        let mut sums = WeightSums::default();
        let only: Vec<f64> = weights.iter().map(|(_, weight)| *weight).collect();
        sums.add(weights.len() as u64, &only);
        Self { weights, sums, is_replicated }
    }

    /// Expected shortfall of the losses of one component.
    fn expected_shortfall(&self, losses: &LossColumn, level: Level) -> Estimate {
        let mut own = LossColumn::new();
        let mut entries = losses.entries().iter().peekable();
        for (number, &(path, weight)) in (0..).zip(&self.weights) {
            while entries.next_if(|entry| entry.path < path).is_some() {}
            if let Some(entry) = entries.next_if(|entry| entry.path == path) {
                own.push_weighted(number, entry.loss, weight);
            }
        }
        own.weigh(self.sums);
        let found = own.sorted().map(|losses| losses.expected_shortfall(level));
        let found = found.unwrap_or_else(|| Estimate::bare(0.0, 0.0));
        // Paths of Sobol points are not independent, and a replicate has too few of those looked at.
        if self.is_replicated { Estimate::bare(found.value, found.n_eff) } else { found }
    }
}
