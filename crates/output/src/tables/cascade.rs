//! `cascade`: how many rounds paths took, and what those cost.

use crate::collect::Collector;
use crate::schema::{Cell, Table};

/// Adds the histogram of a scenario.
pub fn push_cascade(table: &mut Table, scenario: &str, collector: &Collector) {
    for (rounds, bin) in (0..).zip(&collector.rounds) {
        if bin.n_paths() == 0 {
            continue;
        }
        let (total, direct) = (bin.mean_total(), bin.mean_direct());
        table.push([
            Cell::Text(scenario),
            Cell::Count(rounds),
            Cell::Count(bin.n_paths()),
            Cell::Float(bin.probability(collector.weights()).value),
            Cell::Float(direct),
            Cell::Float(total.value - direct),
            Cell::Float(total.value),
            Cell::Maybe(total.std_err),
        ]);
    }
}
