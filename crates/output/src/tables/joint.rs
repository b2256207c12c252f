//! `joint`: what two scopes lose together.

use crate::joint::Joint;
use crate::schema::{Cell, Table};

/// Adds the pairs of a scenario.
pub fn push_joint(table: &mut Table, scenario: &str, pairs: &[Joint<'_>]) {
    for pair in pairs {
        table.push([
            Cell::Text(scenario),
            Cell::Text(pair.a.kind.name()),
            Cell::Text(&pair.a.name),
            Cell::Text(pair.b.kind.name()),
            Cell::Text(&pair.b.name),
            Cell::Float(pair.level.get()),
            Cell::Float(pair.both.value),
            Cell::Maybe(pair.both.std_err),
            Cell::Float(pair.covar.value),
            Cell::Maybe(pair.covar.std_err),
            Cell::Maybe(pair.covar.ci_low),
            Cell::Maybe(pair.covar.ci_high),
            Cell::Float(pair.mes.value),
            Cell::Maybe(pair.mes.std_err),
            Cell::Maybe(pair.mes.ci_low),
            Cell::Maybe(pair.mes.ci_high),
        ]);
    }
}
