//! What would lower the headline figure most if it were gone, as a table.

use std::io::Write;

use slashfall_output::measures::{Estimate, Level};
use slashfall_output::{WITHOUT_PRICES, Without};

use crate::number::{level, percent, with_error};
use crate::summary::plain_table;

/// Rows on a terminal; the file has all.
const N_SHOWN: usize = 5;

/// Something without which an expected shortfall is lower.
pub(crate) struct Removed {
    /// Kind and name.
    name: [String; 2],
    level: Level,
    es: f64,
    change: Estimate,
}

impl Removed {
    /// Those of the headline figure, the largest fall first.
    pub(crate) fn of(found: &[Without<'_>]) -> Vec<Self> {
        let own = found.iter().filter(|without| without.scope.name == WITHOUT_PRICES);
        let removed = |without: &Without<'_>| Self {
            name: [without.kind.name().to_owned(), without.removed.clone()],
            level: without.level,
            es: without.es,
            change: without.change,
        };
        own.map(removed).collect()
    }
}

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
        let [kind, name] = removed.name.clone();
        let share = percent(removed.change.value / removed.es);
        table.add_row([kind, name, with_error(&removed.change), share]);
    }
    writeln!(out, "\n{}\n", table.trim_fmt())
}
