//! `slashfall selftest`: proves on the user's own machine that the program computes right.

use std::io::Write;

use slashfall_jobs::{plain_table, said_in_manifests};
use slashfall_selftest::{Outcome, Report, Size, selftest as work_out};

use crate::Ending;
use crate::args::Selftest;
use crate::streams::stdout;

/// Digits of a figure that are printed.
const DIGITS: usize = 9;

pub(crate) fn selftest(args: &Selftest) -> anyhow::Result<Ending> {
    let (full, quick) = (work_out(Size::Full), work_out(Size::Quick));
    let mut out = stdout();
    if args.json {
        let document = serde_json::json!({
            "problems": full.problems().len(),
            "failed": full.failed(),
            "quick": said_in_manifests(&quick),
            "outcomes": full.outcomes,
        });
        writeln!(out, "{document:#}")?;
    } else {
        print(&mut out, &full, &quick)?;
    }
    full.verdict()?;
    quick.verdict()?;
    Ok(Ending::Done)
}

fn print(out: &mut impl Write, full: &Report, quick: &Report) -> std::io::Result<()> {
    let header = ["problem", "tested", "expected", "got", "error", "bound", "z", ""];
    let mut table = plain_table(&header.map(str::to_owned));
    if let Some(tested) = table.column_mut(1) {
        tested.set_cell_alignment(comfy_table::CellAlignment::Left);
    }
    for problem in by_problem(full) {
        for (number, outcome) in problem.iter().enumerate() {
            table.add_row(cells(outcome, number == 0));
        }
    }
    writeln!(out, "{}", table.trim_fmt())?;
    writeln!(out, "\nwhat is expected comes from")?;
    for outcome in by_problem(full).filter_map(<[Outcome]>::first) {
        writeln!(out, "  {}: {}", outcome.problem, outcome.source)?;
    }
    let (n, failed) = (full.problems().len(), full.failed());
    match failed.len() {
        0 => writeln!(out, "\n{n} problems, {} figures: all right", full.outcomes.len())?,
        wrong => writeln!(out, "\n{wrong} of {n} problems went wrong: {}", failed.join(", "))?,
    }
    writeln!(out, "digest of the quick part, as in manifests: {}", quick.sha256())
}

fn by_problem(report: &Report) -> impl Iterator<Item = &[Outcome]> {
    report.outcomes.chunk_by(|a, b| a.problem == b.problem)
}

fn cells(outcome: &Outcome, is_first: bool) -> [String; 8] {
    let problem = if is_first { outcome.problem } else { "" };
    [
        problem.to_owned(),
        outcome.what.clone(),
        figure(outcome.expected),
        figure(outcome.got),
        distance(outcome.error),
        distance(outcome.bound),
        outcome.z.map(|z| format!("{z:.2}")).unwrap_or_default(),
        if outcome.passed { "ok" } else { "WRONG" }.to_owned(),
    ]
}

fn distance(x: f64) -> String {
    if x == 0.0 { "0".to_owned() } else { format!("{x:.1e}") }
}

/// A figure to [`DIGITS`] digits, without zeros at its end.
fn figure(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    let scientific = format!("{x:.*e}", DIGITS - 1);
    let Ok(rounded) = scientific.parse::<f64>() else { return scientific };
    if (1e-3..1e9).contains(&x.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_to_nine_digits() {
        for (x, text) in [
            (0.0, "0"),
            (14.0, "14"),
            (18.422_865_123_4, "18.4228651"),
            (9_980.241_398_4, "9980.2414"),
            (9.661_443_1e-4, "9.6614431e-4"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(figure(x), text);
        }
    }
}
