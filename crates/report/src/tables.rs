//! The tables of a result as the page reads them, and the rows of what the page is of.

use std::path::{Path, PathBuf};

use serde_json::Value;
use slashfall_graph::{Problem, Problems, read_text};
use slashfall_output::check_version;

use crate::rows::Rows;

/// A result that has been read.
pub(crate) struct Tables {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Value,
    pub(crate) summary: Rows,
    pub(crate) exceedance: Rows,
    pub(crate) contributions: Rows,
    pub(crate) removals: Rows,
    pub(crate) sensitivities: Rows,
    pub(crate) avs_rate: Rows,
    pub(crate) contagion: Rows,
    pub(crate) joint: Rows,
    pub(crate) dependence: Rows,
    pub(crate) convergence: Rows,
    pub(crate) tail_paths: Rows,
    pub(crate) cascade: Rows,
}

impl Tables {
    /// Reads a result; tables that its detail left out have no rows.
    ///
    /// # Errors
    /// When it is no result of a run, or a file of it cannot be read.
    pub(crate) fn read(folder: &Path) -> Result<Self, Problems> {
        let path = folder.join("manifest.json");
        let text = read_text(&path).map_err(|_| no_result(folder))?;
        let manifest: Value = serde_json::from_str(&text).map_err(|error| {
            let expected = format!("the manifest of a run was expected ({error})");
            Problems::from(Problem::new(path.display().to_string(), expected))
        })?;
        check_version(&path.display().to_string(), &manifest)?;
        let read = |name| Rows::read(folder, name);
        let tables = Self {
            folder: folder.to_owned(),
            manifest,
            summary: read("summary")?,
            exceedance: read("exceedance")?,
            contributions: read("contributions")?,
            removals: read("removals")?,
            sensitivities: read("sensitivities")?,
            avs_rate: read("avs_rate")?,
            contagion: read("contagion")?,
            joint: read("joint")?,
            dependence: read("dependence")?,
            convergence: read("convergence")?,
            tail_paths: read("tail_paths")?,
            cascade: read("cascade")?,
        };
        if tables.summary.is_there() { Ok(tables) } else { Err(no_result(folder)) }
    }

    /// A text of the manifest; empty where there is none.
    pub(crate) fn of_manifest(&self, key: &str) -> &str {
        self.manifest[key].as_str().unwrap_or_default()
    }

    /// Days of the horizon.
    pub(crate) fn horizon_days(&self) -> u64 {
        self.manifest["horizon_days"].as_u64().unwrap_or_default()
    }

    /// Its scenarios, in order of the summary.
    pub(crate) fn scenarios(&self) -> Vec<&str> {
        distinct(&self.summary, "scenario", |_| true)
    }
}

fn no_result(folder: &Path) -> Problems {
    let expected =
        "a result of `slashfall run` was expected, with manifest.json and summary.parquet";
    Problem::new(folder.display().to_string(), expected).into()
}

/// The different texts of a column, in the order in which they come.
pub(crate) fn distinct<'r>(
    rows: &'r Rows,
    column: &str,
    is_wanted: impl Fn(usize) -> bool,
) -> Vec<&'r str> {
    let mut all: Vec<&str> = Vec::new();
    for row in rows.filter(is_wanted) {
        let text = rows.text(row, column);
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

/// What the page is of.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) scenario: String,
    pub(crate) scope_kind: String,
    pub(crate) scope: String,
    pub(crate) level: f64,
    /// Share of what the scope has that should not be lost; `None` where the result gives no such probability.
    pub(crate) budget: Option<f64>,
}

impl Subject {
    /// Whether a row is of the scope, whatever its scenario.
    pub(crate) fn is_scope(&self, rows: &Rows, row: usize) -> bool {
        rows.text(row, "scope") == self.scope && rows.text(row, "scope_kind") == self.scope_kind
    }

    /// Whether a row is of the scenario.
    pub(crate) fn is_scenario(&self, rows: &Rows, row: usize) -> bool {
        rows.text(row, "scenario") == self.scenario
    }

    /// Rows of the scenario and the scope.
    pub(crate) fn rows(&self, rows: &Rows) -> Vec<usize> {
        rows.filter(|row| self.is_scope(rows, row) && self.is_scenario(rows, row))
    }

    /// The same at the level.
    pub(crate) fn rows_at_level(&self, rows: &Rows) -> Vec<usize> {
        let mut own = self.rows(rows);
        own.retain(|&row| self.is_level(rows, row));
        own
    }

    /// Parts of the expected shortfall of one kind that carry any of it, the largest first.
    pub(crate) fn components(&self, parts: &Rows, kind: &str) -> Vec<usize> {
        let mut own = self.rows_at_level(parts);
        let contribution = |row: usize| parts.number(row, "es_contribution").unwrap_or(0.0);
        own.retain(|&row| {
            parts.text(row, "component_kind") == kind && contribution(row).abs() > 0.0
        });
        own.sort_by(|a, b| contribution(*b).total_cmp(&contribution(*a)));
        own
    }

    /// Whether a row is of the level.
    pub(crate) fn is_level(&self, rows: &Rows, row: usize) -> bool {
        rows.number(row, "level").is_some_and(|level| level.total_cmp(&self.level).is_eq())
    }

    /// The row of the summary that has a figure of the scope in a scenario.
    pub(crate) fn figure(&self, summary: &Rows, scenario: &str, metric: &str) -> Option<usize> {
        let is_tail = matches!(metric, "var" | "es");
        let is_budget = metric == "probability_beyond";
        let budget = |row| summary.number(row, "budget");
        summary
            .filter(|row| {
                summary.text(row, "scenario") == scenario
                    && self.is_scope(summary, row)
                    && summary.text(row, "metric") == metric
                    && (!is_tail || self.is_level(summary, row))
                    && (!is_budget
                        || budget(row)
                            .zip(self.budget)
                            .is_some_and(|(a, b)| a.total_cmp(&b).is_eq()))
            })
            .first()
            .copied()
    }

    /// The scope as it is spoken of.
    pub(crate) fn name(&self) -> String {
        match (self.scope_kind.as_str(), self.scope.as_str()) {
            ("system", "system") => "the system".to_owned(),
            ("system", "system_ex_price") => {
                "the system (falls of base-asset prices left out)".to_owned()
            }
            ("system", name) => name.to_owned(),
            ("asset", name) => format!("{name} (by nav)"),
            ("asset_market", name) => format!("{name} (at the market)"),
            (kind, name) => format!("{kind} {name}"),
        }
    }
}
