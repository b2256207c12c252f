//! Counts say how often something happens, and how sure one can be: the posterior that the engine
//! draws from (section 3.2 of `docs/model.md`), and whether counts that are pooled agree.

mod dispersion;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use slashfall_graph::import::{RawCells, RawTable};
use slashfall_graph::{Problem, Problems};
use statrs::distribution::{ContinuousCDF, Gamma};

use crate::text::{comment, number, quoted};
use dispersion::dispersion;
pub use dispersion::{Dispersion, Method};

/// What is known of the rate of one label.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Label.
    pub label: String,
    /// Events in all.
    pub events: u64,
    /// Years in all.
    pub exposure_years: f64,
    /// Rows that were added up.
    pub rows: usize,
    /// Mean of the posterior, events a year.
    pub mean: f64,
    /// Its standard deviation.
    pub std_dev: f64,
    /// Its 2.5 % and 97.5 % quantiles.
    pub interval: [f64; 2],
    /// Whether the rows agree, where there are several.
    pub dispersion: Option<Dispersion>,
}

/// Below this p-value rows of one label do not look like one rate.
pub const DOUBTFUL_BELOW: f64 = 0.05;

/// Reads counts (`label`, `events`, `exposure_years`; rows of one label add up) and gives the posterior
/// of each label, in order of labels.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn rates(path: &Path) -> Result<Vec<Evidence>, Problems> {
    let mut problems = Problems::default();
    let mut counts: BTreeMap<String, Vec<(u64, f64)>> = BTreeMap::new();
    if let Some(table) = RawTable::read(path, &mut problems) {
        for row in table.select(["label", "events", "exposure_years"], &mut problems) {
            if let Some((label, count)) = read_row(&row, &mut problems) {
                counts.entry(label).or_default().push(count);
            }
        }
    }
    if counts.is_empty() && problems.is_empty() {
        problems.push(Problem::new(path.display().to_string(), "at least one row was expected"));
    }
    problems.or_ok(counts.into_iter().filter_map(|(label, rows)| evidence(label, &rows)).collect())
}

fn read_row(row: &RawCells<'_, 3>, problems: &mut Problems) -> Option<(String, (u64, f64))> {
    let label = row.cells[0];
    if label.is_empty() {
        problems.push(row.problem(0, "a label was expected"));
    }
    let events = row.cells[1].parse().ok().filter(|events| *events <= MAX_EVENTS);
    if events.is_none() {
        problems.push(row.problem(1, "a whole number of events, 0 or more, was expected"));
    }
    let years = row.cells[2].parse().ok().filter(|years: &f64| years.is_finite() && *years > 0.0);
    if years.is_none() {
        problems.push(row.problem(2, "a number of years above 0 was expected"));
    }
    Some((label.to_owned(), (events?, years?)))
}

/// More events than this are no count of incidents, and would no longer be exact as a float.
const MAX_EVENTS: u64 = 1 << 50;

fn evidence(label: String, rows: &[(u64, f64)]) -> Option<Evidence> {
    let events: u64 = rows.iter().map(|(events, _)| events).sum();
    let exposure_years: f64 = rows.iter().map(|(_, years)| years).sum();
    let shape = events as f64 + 0.5;
    let posterior = Gamma::new(shape, exposure_years).ok()?;
    Some(Evidence {
        label,
        events,
        exposure_years,
        rows: rows.len(),
        mean: shape / exposure_years,
        std_dev: shape.sqrt() / exposure_years,
        interval: [0.025, 0.975].map(|level| posterior.inverse_cdf(level)),
        dispersion: dispersion(rows),
    })
}

/// A table of rates as a run file takes them, one a label.
#[must_use]
pub fn fragment(evidence: &[Evidence]) -> String {
    let mut text = String::from(
        "# Written by slashfall calibrate rates; each value is for the key `rate` of a [[source]].\n\
         [rates]\n",
    );
    for one in evidence {
        let label = quoted(&one.label);
        let [low, high] = one.interval.map(number);
        let mean = number(one.mean);
        let _ = writeln!(
            text,
            "# {}: mean {mean} a year, 95 % of it in {low} to {high}",
            comment(&one.label)
        );
        if let Some(note) = one.dispersion.as_ref().and_then(|d| doubt(one, d)) {
            let _ = writeln!(text, "# Note: {}.", comment(&note));
        }
        let _ = writeln!(
            text,
            "{label} = {{ events = {}, exposure_years = {}, label = {label} }}",
            one.events,
            float(one.exposure_years),
        );
    }
    text
}

/// A float with all of its digits, as TOML has floats.
fn float(x: f64) -> String {
    format!("{x:?}")
}

/// What to say where rows of one label do not look like one rate.
#[must_use]
pub fn doubt(evidence: &Evidence, dispersion: &Dispersion) -> Option<String> {
    (dispersion.p_value < DOUBTFUL_BELOW).then(|| {
        format!(
            "pooling is doubtful: the {} rows of {} differ by more than one rate explains (p = {:.4})",
            evidence.rows, evidence.label, dispersion.p_value
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice a Gamma(k + 1/2, 1) is chi-squared with 2 k + 1 degrees of freedom, whose quantiles are in
    /// every table: 0.000982, 5.024 of one, and 1.690, 16.013 of seven.
    #[test]
    fn intervals_are_those_of_the_chi_squared_table() {
        for (events, years, low, high) in
            [(0, 0.5, 0.000_982_069, 5.023_886), (3, 2.0, 1.689_869 / 4.0, 16.012_764 / 4.0)]
        {
            let found = evidence("x".into(), &[(events, years)]).unwrap();
            assert!((found.interval[0] / low - 1.0).abs() < 1e-6, "{found:?}");
            assert!((found.interval[1] / high - 1.0).abs() < 1e-6, "{found:?}");
            assert!((found.mean - (events as f64 + 0.5) / years).abs() < 1e-15);
        }
    }
}
