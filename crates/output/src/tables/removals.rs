//! `removals`: expected shortfalls without the largest contributors.

use crate::measures::Estimate;
use crate::removals::Without;
use crate::schema::{Cell, Table};

/// Adds what is known of a scenario.
pub fn push_removals(table: &mut Table, scenario: &str, all: &[Without<'_>]) {
    for of_scope in all.chunk_by(|a, b| a.scope == b.scope) {
        for (rank, without) in (1..).zip(of_scope) {
            let Estimate { value, std_err, ci_low, ci_high, .. } = without.change;
            table.push([
                Cell::Text(scenario),
                Cell::Text(without.scope.kind.name()),
                Cell::Text(&without.scope.name),
                Cell::Float(without.level.get()),
                Cell::Count(rank),
                Cell::Text(without.kind.name()),
                Cell::Text(&without.removed),
                Cell::Float(without.es),
                Cell::Float(without.es + value),
                Cell::Float(value),
                Cell::Maybe(std_err),
                Cell::Maybe(ci_low),
                Cell::Maybe(ci_high),
                Cell::Count(without.n_rerun as u64),
            ]);
        }
    }
}
