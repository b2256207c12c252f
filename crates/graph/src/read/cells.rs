//! From cells of text to typed values: what a column may hold, said to whoever wrote otherwise.

use std::collections::BTreeMap;

use super::text::{TextRow, TextTable};
use super::{Read, UnreadTable};
use crate::problem::{Place, Problem, Problems};
use crate::resolve::Quantity;
use crate::spec::Table;

/// The columns of a table of a network folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableShape {
    /// Name; the file is this with `.csv` or `.parquet`.
    pub name: &'static str,
    /// True when a network cannot do without it.
    pub required: bool,
    /// Columns that must be there.
    pub columns: &'static [&'static str],
    /// Columns that may be.
    pub optional: &'static [&'static str],
    /// True when it may have any further column.
    pub open: bool,
}

impl TableShape {
    fn knows(&self, column: &str) -> bool {
        self.columns.contains(&column) || self.optional.contains(&column)
    }
}

/// Parses a table row by row; rows with a fault are reported and left out.
pub(super) fn parse_table<R>(
    shape: &TableShape,
    text: &TextTable,
    read: &mut Read,
    parse: fn(&mut Cells<'_>) -> R,
) -> Table<R> {
    let mut table = Table::new(&text.file, Vec::new());
    let header_faults = header_problems(shape, text);
    let complete = shape.columns.iter().all(|column| text.header.iter().any(|h| h == column));
    let unread = read.unread.tables.entry(shape.name).or_default();
    header_faults.into_iter().for_each(|problem| read.problems.push(problem));
    if text.rows.is_empty() && shape.required {
        unread.whole = true;
        read.problems.push(Problem::new(&text.file, "at least one row was expected"));
    }
    unread.whole |= !complete;
    for row in &text.rows {
        let mut cells = Cells { text, row, problems: Problems::default() };
        let parsed = (complete && !row.broken).then(|| parse(&mut cells));
        match parsed {
            Some(parsed) if cells.problems.is_empty() => {
                table.rows.push(parsed);
                table.row_numbers.push(row.row);
                table.lines.extend(row.line);
            }
            _ => keep_names(unread, text, row),
        }
        read.problems.append(cells.problems);
    }
    table
}

fn keep_names(unread: &mut UnreadTable, text: &TextTable, row: &TextRow) {
    let cells: BTreeMap<String, String> =
        text.header.iter().cloned().zip(row.cells.iter().cloned()).collect();
    unread.rows.push(cells);
}

fn header_problems(shape: &TableShape, text: &TextTable) -> Vec<Problem> {
    let header: Vec<&str> = text.header.iter().map(String::as_str).collect();
    if let [only] = header.as_slice()
        && only.contains(';')
    {
        return vec![Problem::new(&text.file, "commas between columns were expected").value(*only)];
    }
    let mut problems = Vec::new();
    for (index, column) in header.iter().enumerate() {
        if header[..index].contains(column) {
            problems.push(Problem::new(&text.file, "a column once was expected").key(*column));
        } else if column.is_empty() || !(shape.open || shape.knows(column)) {
            let valid = shape.columns.iter().chain(shape.optional).copied();
            let list: Vec<&str> = valid.clone().collect();
            let expected = format!("one of the columns {} was expected", list.join(", "));
            let problem = Problem::new(&text.file, expected).value(*column);
            problems.push(Problem { key: Some((*column).to_owned()), ..problem.nearest_of(valid) });
        }
    }
    for column in shape.columns.iter().filter(|column| !header.contains(column)) {
        let others = header.iter().copied().filter(|other| !shape.knows(other));
        let mut problem = Problem::new(&text.file, "this column was expected and is missing")
            .value(*column)
            .nearest_of(others)
            .key(*column);
        problem.value = None;
        problems.push(problem);
    }
    problems
}

/// The cells of one row; what cannot be parsed is reported and given a stand-in, since the row is
/// then left out.
pub(super) struct Cells<'a> {
    text: &'a TextTable,
    row: &'a TextRow,
    problems: Problems,
}

impl Cells<'_> {
    /// The text of a cell; none when it is empty or its column absent.
    pub(super) fn get(&self, column: &str) -> Option<&str> {
        let index = self.text.header.iter().position(|name| name == column)?;
        self.row.cells.get(index).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The non-empty cells of all columns that are not of `shape`.
    pub(super) fn further(&self, shape: &TableShape) -> BTreeMap<String, String> {
        let named = self.text.header.iter().zip(&self.row.cells);
        named
            .filter(|(name, cell)| !shape.knows(name) && !cell.is_empty())
            .map(|(name, cell)| (name.clone(), cell.clone()))
            .collect()
    }

    /// Reports a cell.
    pub(super) fn fault(&mut self, column: &str, expected: impl Into<String>) {
        let problem = self.problem(column, expected);
        self.problems.push(problem);
    }

    fn problem(&self, column: &str, expected: impl Into<String>) -> Problem {
        let place = Place::Row { row: self.row.row, line: self.row.line };
        let problem = Problem::new(&self.text.file, expected).at(place).key(column);
        problem.value(self.get(column).unwrap_or_default())
    }

    /// A name that must be there.
    pub(super) fn name(&mut self, column: &str) -> String {
        match self.get(column) {
            Some(text) => text.to_owned(),
            None => {
                self.fault(column, "a name was expected, and the cell is empty");
                String::new()
            }
        }
    }

    /// A number that must be there.
    pub(super) fn number(&mut self, column: &str) -> f64 {
        if self.get(column).is_none() {
            let expected = Quantity::of_column(column).expected();
            self.fault(column, format!("{expected} was expected, and the cell is empty"));
        }
        self.number_or(column, f64::NAN)
    }

    /// A number, or what an empty cell means.
    pub(super) fn number_or(&mut self, column: &str, default: f64) -> f64 {
        self.optional_number(column).unwrap_or(default)
    }

    /// A number, if there is one.
    pub(super) fn optional_number(&mut self, column: &str) -> Option<f64> {
        let number = self.get(column)?.parse().ok();
        if number.is_none() {
            let expected = Quantity::of_column(column).expected();
            self.fault(column, format!("{expected} was expected"));
        }
        number
    }

    /// One of the named values of a kind.
    pub(super) fn choice<T: Copy>(&mut self, column: &str, choices: &[(&'static str, T)]) -> T {
        let text = self.get(column).unwrap_or_default();
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
            return *value;
        }
        let names = choices.iter().map(|(name, _)| *name);
        let list: Vec<&str> = names.clone().collect();
        let problem = self.problem(column, format!("one of {} was expected", list.join(", ")));
        self.problems.push(problem.nearest_of(names));
        choices[0].1
    }

    /// A truth value; an empty cell is false.
    pub(super) fn flag(&mut self, column: &str) -> bool {
        match self.get(column).map(str::to_lowercase).as_deref() {
            Some("true" | "1") => true,
            None | Some("false" | "0") => false,
            Some(_) => {
                self.fault(column, "true or false was expected");
                false
            }
        }
    }
}
