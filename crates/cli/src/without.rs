//! What would lower the headline figure most if it were gone, as a table.

use std::io::Write;

use slashfall_jobs::Removed;
use slashfall_jobs::number::{level, percent, with_error};
use slashfall_jobs::plain_table;
use slashfall_output::WITHOUT_PRICES;

/// Rows on a terminal; the file has all.
const N_SHOWN: usize = 5;

/// Prints the largest falls; nothing where nothing would lower it.
pub(crate) fn print(out: &mut impl Write, found: &[Removed]) -> std::io::Result<()> {
    let lower: Vec<&Removed> =
        found.iter().filter(|removed| removed.change.value < 0.0).take(N_SHOWN).collect();
    let Some(first) = lower.first() else { return Ok(()) };
    let header = [
        format!("ES {} of {WITHOUT_PRICES} without", level(first.level.get())),
        String::new(),
        "change, ETH ± standard error".to_owned(),
        "of it".to_owned(),
    ];
    let mut table = plain_table(&header);
    for removed in lower {
        let share = percent(removed.change.value / removed.es);
        table.add_row([
            removed.kind.to_owned(),
            removed.name.clone(),
            with_error(&removed.change),
            share,
        ]);
    }
    writeln!(out, "\n{}\n", table.trim_fmt())
}
