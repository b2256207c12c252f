//! `summary`: every metric of every scope, with its error.

use std::collections::BTreeMap;

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
    /// Of the probability of a loss beyond a budget, the budget: a share of what the scope has on day 0.
    pub budget: Option<f64>,
    /// The same in ETH.
    pub budget_eth: Option<f64>,
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

/// What is asked of the losses of every scope.
#[derive(Clone, Copy, Debug)]
pub struct Measuring<'a> {
    /// Levels of value at risk and expected shortfall.
    pub levels: &'a [Level],
    /// Losses whose probability of being passed is asked, as shares of what a scope has on day 0.
    pub budgets: &'a [f64],
    /// Days of the horizon.
    pub horizon_days: u32,
}

/// Ranks the losses of each scope and takes all figures of them, on the threads of the current rayon pool.
#[must_use]
pub fn measure(scenario: &str, collector: &Collector, asked: Measuring<'_>) -> Measured {
    let of_losses = |losses: &LossColumn, alike: &[&ScopeLosses]| {
        let losses = losses.sorted()?;
        let (figures, curve) =
            rayon::join(|| figures(&losses, asked.levels), || losses.exceedance());
        Some((figures, beyond_budgets(&losses, alike, asked.budgets), curve))
    };
    let mut measured = Measured::default();
    for (kept, taken) in collector.by_losses(|_| true, of_losses) {
        let Some((figures, beyond, curve)) = taken else { continue };
        let return_period =
            |level: Level| return_period_years(asked.horizon_days, 1.0 - level.get());
        let row = |figure: Figure| SummaryRow {
            scenario: scenario.to_owned(),
            scope_kind: kept.scope.kind,
            scope: kept.scope.name.clone(),
            metric: figure.metric,
            level: figure.level.map(Level::get),
            return_period_years: figure.level.map(return_period),
            budget: figure.budget.map(|budget| budget.share),
            budget_eth: figure.budget.map(|budget| budget.eth),
            estimate: figure.estimate,
            resolution: figure.resolution,
            unit: figure.unit,
        };
        let beyond = beyond.get(&kept.value_eth.to_bits()).cloned().unwrap_or_default();
        let figures = with_those_of_scope(kept, (figures, beyond), collector.weights());
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
            Cell::Maybe(row.budget),
            Cell::Maybe(row.budget_eth),
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
    budget: Option<Budget>,
    estimate: Estimate,
    resolution: f64,
    unit: &'static str,
}

/// A loss that somebody would not have.
#[derive(Clone, Copy)]
struct Budget {
    /// Share of what the scope has on day 0.
    share: f64,
    eth: f64,
}

impl Figure {
    fn eth(
        metric: &'static str,
        level: Option<Level>,
        estimate: Estimate,
        resolution: f64,
    ) -> Self {
        Self { metric, level, budget: None, estimate, resolution, unit: "eth" }
    }

    fn chance(metric: &'static str, estimate: Estimate) -> Self {
        let unit = "probability";
        Self { metric, level: None, budget: None, estimate, resolution: 0.0, unit }
    }
}

/// What is estimated from losses alone: the mean first, the worst last.
fn figures(losses: &SortedLosses, levels: &[Level]) -> Vec<Figure> {
    let mut figures = vec![
        Figure::eth("mean", None, losses.mean(), 0.0),
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

/// The probabilities of losses beyond the budgets of scopes that have lost the same, by the bits of what a scope has.
/// What a channel takes is no loss of anything that it has, and of what is worth nothing there are no shares.
fn beyond_budgets(
    losses: &SortedLosses,
    alike: &[&ScopeLosses],
    budgets: &[f64],
) -> BTreeMap<u64, Vec<Figure>> {
    let has_budgets =
        |kept: &&&ScopeLosses| kept.scope.kind != ScopeKind::Channel && kept.value_eth > 0.0;
    let of_value = |value_eth: f64| {
        let figure = |&share: &f64| {
            let eth = share * value_eth;
            let figure = Figure::chance("probability_beyond", losses.probability_beyond(eth));
            let resolution = losses.resolution_of_probability_beyond(eth);
            Figure { budget: Some(Budget { share, eth }), resolution, ..figure }
        };
        budgets.iter().map(figure).collect()
    };
    let values = alike.iter().filter(has_budgets).map(|kept| kept.value_eth);
    values.map(|value_eth| (value_eth.to_bits(), of_value(value_eth))).collect()
}

/// Adds what is known of the scope beside its losses: budgets and depegs before the worst loss, returns after it.
fn with_those_of_scope(
    kept: &ScopeLosses,
    (mut figures, beyond): (Vec<Figure>, Vec<Figure>),
    weights: WeightSums,
) -> Vec<Figure> {
    let worst = figures.pop();
    if kept.scope.kind != ScopeKind::Channel {
        figures.extend(beyond);
    }
    let depegs = DEPEGS.into_iter().zip(kept.depegs.iter().flatten());
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
