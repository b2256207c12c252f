//! What the expected shortfall of the system hangs on most, falls of base-asset prices apart: the largest few
//! changes, each with a bar.

use std::io::Write;

use slashfall_jobs::number::{level, with_error};
use slashfall_jobs::plain_table;
use slashfall_output::measures::{Estimate, Level};
use slashfall_output::{Sensitivities, Sensitivity, WITHOUT_PRICES};

/// Parameters shown.
const SHOWN: usize = 8;
/// Characters of the longest bar.
const BAR: f64 = 24.0;
/// Steps below this are of loadings.
const LEAST_RELATIVE: f64 = 0.1;

/// Prints the largest changes of the expected shortfall at a level, and what has none.
pub(crate) fn print(
    out: &mut impl Write,
    sensitivities: &Sensitivities,
    at: Level,
) -> std::io::Result<()> {
    let of_headline = |row: &&Sensitivity| {
        row.scope == WITHOUT_PRICES && row.metric == "es" && row.level == Some(at)
    };
    let changes = sensitivities.rows.iter().filter(of_headline);
    let changes = changes.filter_map(|row| Some((row, row.change()?)));
    let mut changes: Vec<(&Sensitivity, Estimate)> =
        changes.filter(|(_, change)| change.value.abs() > 0.0).collect();
    changes.sort_by(|(_, a), (_, b)| b.value.abs().total_cmp(&a.value.abs()));
    changes.truncate(SHOWN);
    let Some(largest) = changes.first().map(|(_, change)| change.value.abs()) else {
        return Ok(());
    };
    let header = [
        format!("ES {} of {WITHOUT_PRICES}, for", level(at.get())),
        "by".to_owned(),
        "change, ETH ± standard error".to_owned(),
    ];
    let mut table = plain_table(&header);
    for (row, change) in changes {
        let step = if row.step >= LEAST_RELATIVE { "+10 %" } else { "+0.05" };
        let shown = format!("{}  {}", with_error(&change), bar(change.value.abs() / largest));
        table.add_row([row.parameter.clone(), step.to_owned(), shown]);
    }
    writeln!(out, "{}", table.trim_fmt())?;
    if !sensitivities.without.is_empty() {
        let names = sensitivities.without.join(", ");
        writeln!(
            out,
            "Without derivatives by rate and loadings, as some load on factors alone: {names}"
        )?;
    }
    writeln!(out)
}

/// A bar of a part of the longest, padded to its length.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the longest")]
fn bar(part: f64) -> String {
    let n = (BAR * part).round().max(1.0) as usize;
    format!("{:<width$}", "█".repeat(n), width = BAR as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_parts_of_the_longest() {
        let lengths = [1.0, 0.5, 1e-9].map(|part| bar(part).trim_end().chars().count());
        assert_eq!(lengths, [24, 12, 1]);
        assert_eq!(bar(0.1).chars().count(), 24);
    }
}
