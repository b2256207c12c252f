//! What the expected shortfall is at other rates of AVSs' slashes: no record says what the rate is, so
//! every summary says how much it matters.

use std::io::Write;

use slashfall_jobs::number::{count, level, percent, with_error};
use slashfall_jobs::plain_table;
use slashfall_output::{AvsRate, WITHOUT_PRICES};

/// Prints the expected shortfall of the system, falls of base-asset prices apart, at each rate.
pub(crate) fn print(out: &mut impl Write, rows: &[AvsRate]) -> std::io::Result<()> {
    let of_system: Vec<&AvsRate> = rows.iter().filter(|row| row.scope == WITHOUT_PRICES).collect();
    let Some(first) = of_system.first() else {
        return writeln!(
            out,
            "No source of kind avs_fault or avs_incident, so no rate of AVSs' slashes to vary.\n"
        );
    };
    let header = [
        format!("rate a year of each {}", first.source_kind.name()),
        format!("ES {} of {WITHOUT_PRICES}, ETH ± standard error", level(first.level.get())),
    ];
    let mut table = plain_table(&header);
    for row in &of_system {
        table.add_row([percent(row.rate), with_error(&row.es)]);
    }
    writeln!(out, "{}", table.trim_fmt())?;
    let n_paths = count(first.n_paths);
    writeln!(
        out,
        "All else as it is, {n_paths} paths a rate; the rate itself is known to nobody.\n"
    )
}
