//! `convergence`: how figures and their errors settle as paths are added.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::collect::{Collector, ScopeLosses};
use crate::measures::{Estimate, Level, LossColumn};
use crate::schema::{Cell, Table};
use crate::scope::ScopeKind;

/// The figures of some scopes after some number of paths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waypoint {
    n_paths: u64,
    figures: Vec<WaypointFigure>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct WaypointFigure {
    scope_kind: ScopeKind,
    scope: String,
    metric: Cow<'static, str>,
    level: Option<f64>,
    estimate: Estimate,
}

/// True of numbers of paths at which figures are noted on the way: powers of two from 4,096 on.
#[must_use]
pub fn is_waypoint(n_paths: u64) -> bool {
    n_paths >= 4_096 && n_paths.is_power_of_two()
}

impl Waypoint {
    /// Takes the mean and the tails of the system, of each asset by nav and of each portfolio.
    #[must_use]
    pub fn take(collector: &Collector, levels: &[Level]) -> Self {
        let of_losses = |losses: &LossColumn, _: &[&ScopeLosses]| {
            let losses = losses.sorted()?;
            let mut figures = vec![("mean", None, losses.mean())];
            for &level in levels {
                figures.push(("var", Some(level.get()), losses.value_at_risk(level)));
                figures.push(("es", Some(level.get()), losses.expected_shortfall(level)));
            }
            Some(figures)
        };
        let mut figures = Vec::new();
        let split = |scope: &crate::scope::Scope| scope.is_split();
        for (kept, taken) in collector.by_losses(split, of_losses) {
            let own = taken.into_iter().flatten();
            figures.extend(own.map(|(metric, level, estimate)| WaypointFigure {
                scope_kind: kept.scope.kind,
                scope: kept.scope.name.clone(),
                metric: Cow::Borrowed(metric),
                level,
                estimate,
            }));
        }
        Self { n_paths: collector.n_paths(), figures }
    }
}

/// Adds the waypoints of a scenario, in order of their number of paths.
pub fn push_convergence(table: &mut Table, scenario: &str, waypoints: &[Waypoint]) {
    for waypoint in waypoints {
        for figure in &waypoint.figures {
            table.push([
                Cell::Text(scenario),
                Cell::Text(figure.scope_kind.name()),
                Cell::Text(&figure.scope),
                Cell::Text(&figure.metric),
                Cell::Maybe(figure.level),
                Cell::Count(waypoint.n_paths),
                Cell::Float(figure.estimate.value),
                Cell::Maybe(figure.estimate.std_err),
                Cell::Maybe(figure.estimate.ci_low),
                Cell::Maybe(figure.estimate.ci_high),
            ]);
        }
    }
}
