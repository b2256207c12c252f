//! `sensitivities` and `avs_rate`: how figures would move if something were otherwise.

use crate::avs_rate::AvsRate;
use crate::measures::Level;
use crate::schema::{Cell, Table};
use crate::sensitivities::Sensitivity;

/// Adds the sensitivities of a scenario.
pub fn push_sensitivities(table: &mut Table, scenario: &str, sensitivities: &[Sensitivity]) {
    for own in sensitivities {
        table.push([
            Cell::Text(scenario),
            Cell::Text(own.scope_kind.name()),
            Cell::Text(&own.scope),
            Cell::Text(own.metric),
            Cell::Maybe(own.level.map(Level::get)),
            Cell::Text(&own.parameter),
            Cell::Text(own.method.name()),
            Cell::Maybe(own.derivative.map(|found| found.value)),
            Cell::Maybe(own.derivative.and_then(|found| found.std_err)),
            Cell::Maybe(own.derivative.and_then(|found| found.ci_low)),
            Cell::Maybe(own.derivative.and_then(|found| found.ci_high)),
            Cell::Float(own.step),
            Cell::Maybe(own.change().map(|change| change.value)),
            Cell::Maybe(own.elasticity()),
            Cell::Text("eth"),
        ]);
    }
}

/// Adds what expected shortfalls are at other rates of AVSs' slashes.
pub fn push_avs_rates(table: &mut Table, scenario: &str, rows: &[AvsRate]) {
    for row in rows {
        table.push([
            Cell::Text(scenario),
            Cell::Text(row.source_kind.name()),
            Cell::Float(row.rate),
            Cell::Text(row.scope_kind.name()),
            Cell::Text(&row.scope),
            Cell::Float(row.level.get()),
            Cell::Float(row.es.value),
            Cell::Maybe(row.es.std_err),
            Cell::Maybe(row.es.ci_low),
            Cell::Maybe(row.es.ci_high),
            Cell::Count(row.n_paths),
            Cell::Text("eth"),
        ]);
    }
}
