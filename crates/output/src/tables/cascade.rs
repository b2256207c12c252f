//! `cascade`: how many rounds paths took, and what those cost.

use crate::collect::{Collector, RoundsBin};
use crate::schema::{Cell, Table};

/// Adds the histogram of a scenario.
pub fn push_cascade(table: &mut Table, scenario: &str, collector: &Collector) {
    let n_all = collector.n_paths() as f64;
    for (rounds, bin) in &collector.rounds {
        let n = bin.n_paths as f64;
        table.push([
            Cell::Text(scenario),
            Cell::Count(*rounds),
            Cell::Count(bin.n_paths),
            Cell::Float(n / n_all),
            Cell::Float(bin.direct.value() / n),
            Cell::Float(bin.contagion.value() / n),
            Cell::Float(bin.total.value() / n),
            Cell::Maybe(std_err_of_mean(bin)),
        ]);
    }
}

fn std_err_of_mean(bin: &RoundsBin) -> Option<f64> {
    let n = bin.n_paths as f64;
    let mean = bin.total.value() / n;
    let variance = (bin.total_squared.value() / n - mean * mean).max(0.0);
    (bin.n_paths > 1).then(|| (variance / (n - 1.0)).sqrt())
}
