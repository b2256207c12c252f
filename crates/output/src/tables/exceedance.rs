//! `exceedance`: the loss distribution of every scope as a curve.

use super::return_period_years;
use crate::measures::ExceedanceRow;
use crate::schema::{Cell, Table};
use crate::scope::{Scope, ScopeKind};

/// The curve of a scope.
#[derive(Clone, Debug)]
pub struct Curve {
    scope_kind: ScopeKind,
    scope: String,
    points: Vec<ExceedanceRow>,
}

impl Curve {
    /// The curve of a scope.
    pub(super) fn new(scope: &Scope, points: Vec<ExceedanceRow>) -> Self {
        Self { scope_kind: scope.kind, scope: scope.name.clone(), points }
    }
}

/// Adds the curves of a scenario.
pub fn push_exceedance(table: &mut Table, scenario: &str, curves: &[Curve], horizon_days: u32) {
    for curve in curves {
        for point in &curve.points {
            table.push([
                Cell::Text(scenario),
                Cell::Text(curve.scope_kind.name()),
                Cell::Text(&curve.scope),
                Cell::Float(point.loss),
                Cell::Float(point.probability),
                Cell::Float(return_period_years(horizon_days, point.probability)),
                Cell::Maybe(point.ci_low),
                Cell::Maybe(point.ci_high),
                Cell::Float(point.es_beyond),
                Cell::Float(point.resolution),
            ]);
        }
    }
}
