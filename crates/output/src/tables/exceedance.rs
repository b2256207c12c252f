//! `exceedance`: the loss distribution of every scope as a curve.

use super::return_period_years;
use crate::collect::Collector;
use crate::schema::{Cell, Table};

/// Adds the curves of a scenario.
pub fn push_exceedance(
    table: &mut Table,
    scenario: &str,
    collector: &Collector,
    horizon_days: u32,
) {
    for kept in &collector.scopes {
        let Some(losses) = kept.losses.sorted() else { continue };
        for row in losses.exceedance() {
            table.push([
                Cell::Text(scenario),
                Cell::Text(kept.scope.kind.name()),
                Cell::Text(&kept.scope.name),
                Cell::Float(row.loss),
                Cell::Float(row.probability),
                Cell::Float(return_period_years(horizon_days, row.probability)),
                Cell::Maybe(row.ci_low),
                Cell::Maybe(row.ci_high),
                Cell::Float(row.es_beyond),
            ]);
        }
    }
}
