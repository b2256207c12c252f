//! `dependence`: what the paths have done beside what is asked of them.

use crate::dependence::Realised;
use crate::schema::{Cell, Table};

/// Adds what came of a scenario.
pub fn push_dependence(table: &mut Table, scenario: &str, all: &[Realised]) {
    for found in all {
        table.push([
            Cell::Text(scenario),
            Cell::Text(found.kind),
            Cell::Text(&found.a),
            Cell::Text(&found.b),
            Cell::Float(found.requested),
            Cell::Float(found.realised.value),
            Cell::Maybe(found.realised.std_err),
            Cell::Maybe(found.z()),
        ]);
    }
}
