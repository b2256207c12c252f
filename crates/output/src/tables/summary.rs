//! `summary`: every metric of every scope, with its error.

use rayon::prelude::*;
use serde::Serialize;

use super::exceedance::Curve;
use super::return_period_years;
use crate::collect::{Collector, DEPEGS, ScopeLosses};
use crate::measures::{Estimate, Level, SortedLosses, WeightSums};
use crate::schema::{Cell, Table};
use crate::scope::ScopeKind;

/// One figure of the summary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SummaryRow {
    /// Scenario.
    pub scenario: String,
    /// Kind of scope.
    pub scope_kind: ScopeKind,
    /// Scope.
    pub scope: String,
    /// Metric.
    pub metric: &'static str,
    /// Level, of tail figures.
    pub level: Option<f64>,
    /// Return period of the level.
    pub return_period_years: Option<f64>,
    /// Value with its error, in `unit`.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// How far it may be off because losses were counted by bin, in `unit`; 0 where it is exact.
    pub resolution: f64,
    /// `eth` or `probability`.
    pub unit: &'static str,
}

/// What is estimated of a scenario, scope by scope.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Every metric.
    pub rows: Vec<SummaryRow>,
    /// The loss distributions as curves.
    pub curves: Vec<Curve>,
}

/// Ranks the losses of each scope and takes all figures of them, on the threads of the current rayon pool.
#[must_use]
pub fn measure(
    scenario: &str,
    collector: &Collector,
    levels: &[Level],
    horizon_days: u32,
) -> Measured {
    let of_scope = |kept: &ScopeLosses| {
        let losses = kept.losses.sorted()?;
        let figures = figures(kept, &losses, levels, collector.weights());
        let row = |figure: Figure| SummaryRow {
            scenario: scenario.to_owned(),
            scope_kind: kept.scope.kind,
            scope: kept.scope.name.clone(),
            metric: figure.metric,
            level: figure.level.map(Level::get),
            return_period_years: figure
                .level
                .map(|level| return_period_years(horizon_days, 1.0 - level.get())),
            estimate: figure.estimate,
            resolution: figure.resolution,
            unit: figure.unit,
        };
        let rows: Vec<SummaryRow> = figures.into_iter().map(row).collect();
        Some((rows, Curve::new(&kept.scope, &losses)))
    };
    let all: Vec<_> = collector.scopes.par_iter().filter_map(of_scope).collect();
    let mut measured = Measured::default();
    for (rows, curve) in all {
        measured.rows.extend(rows);
        measured.curves.push(curve);
    }
    measured
}

/// Adds figures to the table.
pub fn push_summary(table: &mut Table, rows: &[SummaryRow]) {
    for row in rows {
        table.push([
            Cell::Text(&row.scenario),
            Cell::Text(row.scope_kind.name()),
            Cell::Text(&row.scope),
            Cell::Text(row.metric),
            Cell::Maybe(row.level),
            Cell::Maybe(row.return_period_years),
            Cell::Float(row.estimate.value),
            Cell::Maybe(row.estimate.std_err),
            Cell::Maybe(row.estimate.ci_low),
            Cell::Maybe(row.estimate.ci_high),
            Cell::Float(row.estimate.n_eff),
            Cell::Float(row.resolution),
            Cell::Text(row.unit),
        ]);
    }
}

struct Figure {
    metric: &'static str,
    level: Option<Level>,
    estimate: Estimate,
    resolution: f64,
    unit: &'static str,
}

fn figures(
    kept: &ScopeLosses,
    losses: &SortedLosses,
    levels: &[Level],
    weights: WeightSums,
) -> Vec<Figure> {
    let eth = |metric, level, estimate, resolution| Figure {
        metric,
        level,
        estimate,
        resolution,
        unit: "eth",
    };
    let chance = |metric, estimate| Figure {
        metric,
        level: None,
        estimate,
        resolution: 0.0,
        unit: "probability",
    };
    let (mean, of_mean) = (losses.mean(), losses.resolution_of_mean());
    let mut figures = vec![
        eth("mean", None, mean, of_mean),
        eth("std", None, losses.std(), losses.resolution_of_std()),
    ];
    for &level in levels {
        let [of_var, of_es] = [losses.resolution_of_var(level), losses.resolution_of_es(level)];
        figures.push(eth("var", Some(level), losses.value_at_risk(level), of_var));
        figures.push(eth("es", Some(level), losses.expected_shortfall(level), of_es));
    }
    figures.push(chance("probability_positive", losses.probability_positive()));
    let depegs = DEPEGS.into_iter().zip(kept.depegs.into_iter().flatten());
    figures.extend(depegs.map(|((metric, _), tally)| chance(metric, tally.probability(weights))));
    figures.push(eth("max", None, losses.max(), 0.0));
    if let Some(earned) = kept.return_eth {
        let certain = Estimate::certain(earned, mean.n_eff);
        figures.push(eth("expected_return", None, certain, 0.0));
        figures.push(eth("expected_return_net", None, mean.taken_from(earned), of_mean));
    }
    figures
}
