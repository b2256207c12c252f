//! Daily series out of other people's tables: one value a day, no day missing, or every reason why
//! not.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use slashfall_graph::import::{RawCells, RawTable};
use slashfall_graph::{Problem, Problems};

/// The days that are looked at, each bound included; none where there is no bound.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

/// Fewest days that a law is fitted to: with fewer the error of `kappa` is as large as it is.
pub(crate) const MIN_DAYS: usize = 60;

/// A table with a column `date`.
pub(crate) struct Daily {
    table: RawTable,
    file: String,
    window: Window,
}

/// Values of consecutive days.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) first: NaiveDate,
    pub(crate) values: Vec<f64>,
}

impl Daily {
    /// Reads a file and checks its dates.
    pub(crate) fn read(path: &Path, window: Window, problems: &mut Problems) -> Option<Self> {
        let table = RawTable::read(path, problems)?;
        let daily = Self { table, file: path.display().to_string(), window };
        let mut last = None;
        for row in daily.table.select(["date"], problems) {
            let date = date(row.cells[0]);
            if date.is_none() {
                problems.push(row.problem(0, "a day, YYYY-MM-DD, was expected"));
            }
            if date.zip(last).is_some_and(|(date, last)| date <= last) {
                problems.push(row.problem(0, "a day after that of the row before was expected"));
            }
            last = date.or(last);
        }
        Some(daily)
    }

    /// Whether there is such a column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.table.find(&[column]).is_some()
    }

    /// Values of a column by day, those of the window; empty cells are left out.
    pub(crate) fn column(&self, column: &str, problems: &mut Problems) -> BTreeMap<NaiveDate, f64> {
        let rows = self.table.select(["date", column], problems);
        rows.iter().filter_map(|row| self.value(row, problems)).collect()
    }

    fn value(&self, row: &RawCells<'_, 2>, problems: &mut Problems) -> Option<(NaiveDate, f64)> {
        let day = date(row.cells[0])?;
        let Window { from, to } = self.window;
        if from.is_some_and(|from| day < from) || to.is_some_and(|to| day > to) {
            return None;
        }
        if row.cells[1].is_empty() {
            return None;
        }
        let value = row.cells[1].parse().ok().filter(|x: &f64| x.is_finite() && *x > 0.0);
        if value.is_none() {
            problems.push(row.problem(1, "a number above 0 was expected"));
        }
        Some((day, value?))
    }

    /// A problem of a column as a whole.
    pub(crate) fn problem(&self, column: &str, expected: impl Into<String>) -> Problem {
        Problem::new(&self.file, expected).key(column)
    }

    /// The values of consecutive days, of a column that has enough of them without a gap.
    pub(crate) fn whole(
        &self,
        column: &str,
        by_day: &BTreeMap<NaiveDate, f64>,
        problems: &mut Problems,
    ) -> Option<Series> {
        let days: Vec<NaiveDate> = by_day.keys().copied().collect();
        let gaps = days.windows(2).filter(|pair| pair[0].succ_opt() != Some(pair[1]));
        let gaps: Vec<String> = gaps.map(|pair| format!("{} and {}", pair[0], pair[1])).collect();
        if let Some(first) = gaps.first() {
            problems.push(self.problem(
                column,
                format!(
                    "a value every day was expected; there is none between {first}{}",
                    others(gaps.len() - 1)
                ),
            ));
            return None;
        }
        if days.len() < MIN_DAYS {
            let expected = format!("at least {MIN_DAYS} days were expected");
            problems.push(self.problem(column, expected).value(days.len().to_string()));
            return None;
        }
        Some(Series { first: days[0], values: by_day.values().copied().collect() })
    }
}

fn others(n: usize) -> String {
    match n {
        0 => String::new(),
        1 => ", and in one more place".to_owned(),
        n => format!(", and in {n} more places"),
    }
}

impl Series {
    /// The values of another column on the same days; a day without one is a problem.
    pub(crate) fn beside(
        &self,
        daily: &Daily,
        column: &str,
        by_day: &BTreeMap<NaiveDate, f64>,
        problems: &mut Problems,
    ) -> Option<Vec<f64>> {
        let days = self.first.iter_days().take(self.values.len());
        let missing: Vec<NaiveDate> =
            days.clone().filter(|day| !by_day.contains_key(day)).collect();
        if let Some(day) = missing.first() {
            let rest = others(missing.len() - 1);
            problems.push(daily.problem(column, format!("a value on {day} was expected{rest}")));
            return None;
        }
        Some(days.filter_map(|day| by_day.get(&day).copied()).collect())
    }

    /// The last day.
    pub(crate) fn last(&self) -> NaiveDate {
        self.first.iter_days().nth(self.values.len() - 1).unwrap_or(self.first)
    }
}

/// A day as written; none where it is none.
fn date(cell: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(cell, "%Y-%m-%d").ok().filter(|day| day.to_string() == cell)
}
