//! What is asked of a page, and how names and levels of it are found in the result.

use std::path::PathBuf;

use slashfall_graph::{Problem, Problems};
use slashfall_output::WITHOUT_PRICES;

use crate::tables::{Subject, Tables, distinct};

/// What is asked of a page.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Folder of the result.
    pub result: PathBuf,
    /// Folder of a result to set beside it.
    pub versus: Option<PathBuf>,
    /// Folder that `caps` wrote.
    pub caps: Option<PathBuf>,
    /// Scenario; none: `base`, or the first.
    pub scenario: Option<String>,
    /// Whose losses; none: the system's without falls of base-asset prices.
    pub scope: Option<String>,
    /// Of an asset the loss at market prices instead of that by nav.
    pub market: bool,
    /// Level of the tail, in (0, 1); none: the highest whose tail has a hundred paths.
    pub level: Option<f64>,
    /// Share of what the scope has that should not be lost, in (0, 1]; none: the first that the result has.
    pub budget: Option<f64>,
}

/// Paths that a tail should have for its level to be the house's.
const MIN_TAIL_PATHS: f64 = 100.0;

impl Ask {
    /// Finds what is asked for in the result.
    ///
    /// # Errors
    /// Every name, level and budget that the result does not have.
    pub(crate) fn resolve(&self, tables: &Tables) -> Result<Subject, Problems> {
        let mut problems = Problems::default();
        let scenario = self.scenario(tables, &mut problems);
        let (scope_kind, scope) = self.scope(tables, &mut problems);
        let mut subject = Subject { scenario, scope_kind, scope, level: 0.0, budget: None };
        if problems.is_empty() {
            self.level(tables, &mut subject, &mut problems);
            self.budget(tables, &mut subject, &mut problems);
        }
        problems.or_ok(subject)
    }

    fn scenario(&self, tables: &Tables, problems: &mut Problems) -> String {
        let all = tables.scenarios();
        let Some(name) = &self.scenario else {
            let base = all.iter().find(|name| **name == "base").or(all.first());
            return base.map_or_else(String::new, |name| (*name).to_owned());
        };
        if !all.contains(&name.as_str()) {
            let problem = Problem::new("--scenario", "a scenario of the result was expected");
            problems.push(problem.value(name.as_str()).nearest_of(all.iter().copied()));
        }
        name.clone()
    }

    fn scope(&self, tables: &Tables, problems: &mut Problems) -> (String, String) {
        let summary = &tables.summary;
        let is_kind = |kind: &str| (kind == "asset_market") == self.market;
        let name = self.scope.as_deref().unwrap_or(WITHOUT_PRICES);
        let of_name = summary.filter(|row| {
            summary.text(row, "scope") == name && is_kind(summary.text(row, "scope_kind"))
        });
        if let Some(&row) = of_name.first() {
            return (summary.text(row, "scope_kind").to_owned(), name.to_owned());
        }
        let expected = if self.market {
            "a wrapped asset was expected, since --market is of its price"
        } else {
            "a scope of the result was expected"
        };
        let all = distinct(summary, "scope", |row| is_kind(summary.text(row, "scope_kind")));
        let problem = Problem::new("--scope", expected).value(name);
        problems.push(problem.nearest_of(all.iter().copied()));
        Default::default()
    }

    fn level(&self, tables: &Tables, subject: &mut Subject, problems: &mut Problems) {
        let summary = &tables.summary;
        let shortfalls: Vec<(f64, f64)> = subject
            .rows(summary)
            .into_iter()
            .filter(|&row| summary.text(row, "metric") == "es")
            .filter_map(|row| Some((summary.number(row, "level")?, summary.number(row, "n_eff")?)))
            .collect();
        let Some(asked) = self.level else {
            let is_known = |(_, n_eff): &&(f64, f64)| *n_eff >= MIN_TAIL_PATHS;
            let house = shortfalls.iter().rev().find(is_known).or(shortfalls.first());
            subject.level = house.map_or(0.0, |(level, _)| *level);
            return;
        };
        subject.level = asked;
        if !shortfalls.iter().any(|(level, _)| level.total_cmp(&asked).is_eq()) {
            let all: Vec<String> = shortfalls.iter().map(|(level, _)| level.to_string()).collect();
            let expected = format!("a level of the result was expected: {}", all.join(", "));
            problems.push(Problem::new("--level", expected).value(asked.to_string()));
        }
    }

    fn budget(&self, tables: &Tables, subject: &mut Subject, problems: &mut Problems) {
        let summary = &tables.summary;
        let own = subject.rows(summary).into_iter();
        let all: Vec<f64> = own.filter_map(|row| summary.number(row, "budget")).collect();
        subject.budget = self.budget.or(all.first().copied());
        let Some(asked) = self.budget else { return };
        if !all.iter().any(|budget| budget.total_cmp(&asked).is_eq()) {
            let known: Vec<String> = all.iter().map(f64::to_string).collect();
            let expected = format!(
                "a budget of the result was expected: {}; others need a run with `run.budgets`",
                if known.is_empty() { "it has none".to_owned() } else { known.join(", ") }
            );
            problems.push(Problem::new("--budget", expected).value(asked.to_string()));
        }
    }
}
