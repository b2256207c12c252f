//! `summary`: every metric of every scope, with its error.

use serde::Serialize;

use super::exceedance::Curve;
use super::return_period_years;
use crate::collect::{Collector, DEPEGS, ScopeLosses};
use crate::measures::{Estimate, Level, LossColumn, SortedLosses, WeightSums};
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
    let of_losses = |losses: &LossColumn| {
        losses
            .sorted()
            .map(|losses| rayon::join(|| figures(&losses, levels), || losses.exceedance()))
    };
    let all = collector.by_losses(of_losses);
    let mut measured = Measured::default();
    for (kept, taken) in collector.scopes.iter().zip(all) {
        let Some((of_losses, curve)) = taken else { continue };
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
        let figures = with_those_of_scope(kept, of_losses, collector.weights());
        measured.rows.extend(figures.into_iter().map(row));
        measured.curves.push(Curve::new(&kept.scope, curve));
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

#[derive(Clone)]
struct Figure {
    metric: &'static str,
    level: Option<Level>,
    estimate: Estimate,
    resolution: f64,
    unit: &'static str,
}

impl Figure {
    fn eth(
        metric: &'static str,
        level: Option<Level>,
        estimate: Estimate,
        resolution: f64,
    ) -> Self {
        Self { metric, level, estimate, resolution, unit: "eth" }
    }

    fn chance(metric: &'static str, estimate: Estimate) -> Self {
        Self { metric, level: None, estimate, resolution: 0.0, unit: "probability" }
    }
}

/// What is estimated from losses alone: the mean first, the worst last.
fn figures(losses: &SortedLosses, levels: &[Level]) -> Vec<Figure> {
    let mut figures = vec![
        Figure::eth("mean", None, losses.mean(), losses.resolution_of_mean()),
        Figure::eth("std", None, losses.std(), losses.resolution_of_std()),
    ];
    for &level in levels {
        let [of_var, of_es] = [losses.resolution_of_var(level), losses.resolution_of_es(level)];
        figures.push(Figure::eth("var", Some(level), losses.value_at_risk(level), of_var));
        figures.push(Figure::eth("es", Some(level), losses.expected_shortfall(level), of_es));
    }
    figures.push(Figure::chance("probability_positive", losses.probability_positive()));
    figures.push(Figure::eth("max", None, losses.max(), 0.0));
    figures
}

/// Adds what is known of the scope beside its losses: depegs before the worst loss, returns after it.
fn with_those_of_scope(
    kept: &ScopeLosses,
    mut figures: Vec<Figure>,
    weights: WeightSums,
) -> Vec<Figure> {
    let worst = figures.pop();
    let depegs = DEPEGS.into_iter().zip(kept.depegs.into_iter().flatten());
    figures.extend(
        depegs.map(|((metric, _), tally)| Figure::chance(metric, tally.probability(weights))),
    );
    figures.extend(worst);
    if let (Some(earned), Some(mean)) = (kept.return_eth, figures.first().cloned()) {
        let certain = Estimate::certain(earned, mean.estimate.n_eff);
        let net = mean.estimate.taken_from(earned);
        figures.push(Figure::eth("expected_return", None, certain, 0.0));
        figures.push(Figure::eth("expected_return_net", None, net, mean.resolution));
    }
    figures
}
