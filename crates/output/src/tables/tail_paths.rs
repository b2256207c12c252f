//! `tail_paths`: the worst paths of every scope by number, so that each can be replayed.

use crate::collect::Collector;
use crate::schema::{Cell, Table};

/// Adds the worst paths of a scenario, at most `count` a scope; paths without a loss are not among
/// them.
pub fn push_tail_paths(table: &mut Table, scenario: &str, collector: &Collector, count: usize) {
    for kept in &collector.scopes {
        for (rank, (path, weight)) in (1..).zip(collector.losses_of(kept).worst(count)) {
            table.push([
                Cell::Text(scenario),
                Cell::Text(kept.scope.kind.name()),
                Cell::Text(&kept.scope.name),
                Cell::Count(rank),
                Cell::Count(path.path),
                Cell::Float(weight),
                Cell::Float(path.loss),
            ]);
        }
    }
}
