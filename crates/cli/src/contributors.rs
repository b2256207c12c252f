//! Who contributes to the expected shortfall of the system, falls of base-asset prices apart: the
//! largest few of each kind.

use std::io::Write;

use slashfall_jobs::number::{level, percent, with_error};
use slashfall_jobs::plain_table;
use slashfall_output::measures::Level;
use slashfall_output::{ComponentKind, Contribution, WITHOUT_PRICES};

/// Kinds shown, and how many of each.
const SHOWN: [(ComponentKind, &str, usize); 4] = [
    (ComponentKind::SourceKind, "source", 4),
    (ComponentKind::Asset, "asset", 5),
    (ComponentKind::Entity, "company", 5),
    (ComponentKind::Avs, "AVS", 5),
];

/// Prints the largest contributors at the highest level at which there are any.
pub(crate) fn print(out: &mut impl Write, contributions: &[Contribution]) -> std::io::Result<()> {
    // What restaking did says more than that bitcoin moved, wherever the two differ.
    let system = |c: &&Contribution| c.scope == WITHOUT_PRICES;
    let highest = contributions.iter().filter(system).map(|c| c.level.get()).fold(0.0, f64::max);
    let Some(highest) = Level::new(highest) else { return Ok(()) };
    let at_highest: Vec<&Contribution> =
        contributions.iter().filter(system).filter(|c| c.level == highest).collect();
    let es = format!("of ES {}", level(highest.get()));
    let header = [
        format!("{WITHOUT_PRICES}, by"),
        "component".to_owned(),
        "ETH ± standard error".to_owned(),
        es,
    ];
    let mut table = plain_table(&header);
    for (kind, title, n) in SHOWN {
        let mut of_kind: Vec<&Contribution> =
            at_highest.iter().copied().filter(|c| c.component_kind == kind).collect();
        of_kind.sort_by(|a, b| b.estimate.value.total_cmp(&a.estimate.value));
        for contribution in of_kind.into_iter().take(n) {
            table.add_row([
                title.to_owned(),
                contribution.component.clone(),
                with_error(&contribution.estimate),
                contribution.share().map_or_else(String::new, percent),
            ]);
        }
    }
    writeln!(out, "{}", table.trim_fmt())
}
