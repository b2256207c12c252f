//! `summary`: every metric of every scope, with its error.

use serde::Serialize;

use super::return_period_years;
use crate::collect::{Collector, DEPEGS, ScopeLosses};
use crate::measures::{Estimate, Level, SortedLosses, probability};
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
    /// `eth` or `probability`.
    pub unit: &'static str,
}

/// The figures of a scenario, scope by scope.
#[must_use]
pub fn summary_rows(
    scenario: &str,
    collector: &Collector,
    levels: &[Level],
    horizon_days: u32,
) -> Vec<SummaryRow> {
    let mut rows = Vec::new();
    for kept in &collector.scopes {
        let Some(losses) = kept.losses.sorted() else { continue };
        rows.extend(figures(kept, &losses, levels).into_iter().map(|figure| SummaryRow {
            scenario: scenario.to_owned(),
            scope_kind: kept.scope.kind,
            scope: kept.scope.name.clone(),
            metric: figure.metric,
            level: figure.level.map(Level::get),
            return_period_years:
                figure.level.map(|level| return_period_years(horizon_days, 1.0 - level.get())),
            estimate: figure.estimate,
            unit: figure.unit,
        }));
    }
    rows
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
            Cell::Text(row.unit),
        ]);
    }
}

struct Figure {
    metric: &'static str,
    level: Option<Level>,
    estimate: Estimate,
    unit: &'static str,
}

fn figures(kept: &ScopeLosses, losses: &SortedLosses, levels: &[Level]) -> Vec<Figure> {
    let eth = |metric, level, estimate| Figure { metric, level, estimate, unit: "eth" };
    let chance = |metric, estimate| Figure { metric, level: None, estimate, unit: "probability" };
    let mut figures = vec![eth("mean", None, losses.mean()), eth("std", None, losses.std())];
    for &level in levels {
        figures.push(eth("var", Some(level), losses.value_at_risk(level)));
        figures.push(eth("es", Some(level), losses.expected_shortfall(level)));
    }
    figures.push(chance("probability_positive", losses.probability_positive()));
    let depegs = DEPEGS.into_iter().zip(kept.depegs.into_iter().flatten());
    figures.extend(depegs.map(|((metric, _), n)| chance(metric, probability(n, losses.n_paths()))));
    figures.push(eth("max", None, losses.max()));
    if let Some(earned) = kept.return_eth {
        let n = losses.mean().n_eff;
        figures.push(eth("expected_return", None, Estimate::certain(earned, n)));
        figures.push(eth("expected_return_net", None, losses.mean().taken_from(earned)));
    }
    figures
}
