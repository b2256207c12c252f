//! From cells of text to typed values: what a column may hold, said to whoever wrote otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::Read;
use super::text::{TextRow, TextTable};
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

/// Parses a table row by row; rows with a fault are reported and left out. Once no more problems are listed
/// the rest is not read.
pub(super) fn parse_table<R>(
    shape: &TableShape,
    text: TextTable,
    read: &mut Read,
    parse: fn(&mut Cells<'_>) -> R,
) -> Table<R> {
    let (file, header) = (text.file.clone(), text.header.clone());
    let mut table = Table::new(&file, Vec::new());
    let Read { unread, problems, .. } = read;
    header_problems(shape, &file, &header, problems);
    let complete = shape.columns.iter().all(|column| header.iter().any(|h| h == column))
        && header.iter().all(|column| column.len() <= MOST_NAME);
    let unread = unread.tables.entry(shape.name).or_default();
    unread.whole |= !complete;
    let mut n_rows = 0;
    let outcome = text.each_row(|row| {
        n_rows += 1;
        let mut cells = Cells { file: &file, header: &header, row, problems: Problems::default() };
        let parsed = (complete && row.fault.is_none()).then(|| parse(&mut cells));
        row.fault.iter().for_each(|fault| cells.problems.push(fault.clone()));
        match parsed {
            Some(parsed) if cells.problems.is_empty() => {
                table.rows.push(parsed);
                table.row_numbers.push(row.row);
                table.lines.extend(row.line);
            }
            _ if unread.whole => {}
            _ => unread.rows.push(names_of(shape, &cells)),
        }
        problems.append(cells.problems);
        if problems.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Err(unreadable) = outcome {
        unread.whole = true;
        problems.append(unreadable);
    }
    unread.whole |= problems.is_full();
    if n_rows == 0 && shape.required && !unread.whole {
        unread.whole = true;
        problems.push(Problem::new(&file, "at least one row was expected"));
    }
    table
}

/// The cells of a row that cannot be parsed: what they name must not be called unknown.
fn names_of(shape: &TableShape, cells: &Cells<'_>) -> BTreeMap<&'static str, String> {
    let cell = |column: &&'static str| (*column, cells.get(column).unwrap_or_default().to_owned());
    shape.columns.iter().map(cell).collect()
}

/// Bytes of the name of a column.
const MOST_NAME: usize = 200;

fn header_problems(shape: &TableShape, file: &str, header: &[String], problems: &mut Problems) {
    if let [only] = header
        && only.contains(';')
    {
        let problem = Problem::new(file, "commas between columns were expected").value(only);
        problems.push(problem);
        return;
    }
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for column in header {
        if !known.insert(column) {
            problems.push(Problem::new(file, "a column once was expected").key(column));
        } else if column.is_empty() || !(shape.open || shape.knows(column)) {
            let valid = shape.columns.iter().chain(shape.optional).copied();
            let list: Vec<&str> = valid.clone().collect();
            let expected = format!("one of the columns {} was expected", list.join(", "));
            let problem = Problem::new(file, expected).value(column).key(column);
            problems.push_near(problem, valid);
        } else if column.len() > MOST_NAME {
            let expected = format!("the name of a column, at most {MOST_NAME} bytes, was expected");
            problems.push(Problem::new(file, expected).key(column));
        }
    }
    for column in shape.columns.iter().filter(|column| !known.contains(*column)) {
        let others = known.iter().copied().filter(|other| !shape.knows(other));
        let nearest = problems.nearest(column, others);
        let expected = "this column was expected and is missing";
        problems.push(Problem { nearest, ..Problem::new(file, expected).key(*column) });
    }
}

/// The cells of one row; what cannot be parsed is reported and given a stand-in, since the row is
/// then left out.
pub(super) struct Cells<'a> {
    file: &'a str,
    header: &'a [String],
    row: &'a TextRow,
    problems: Problems,
}

impl Cells<'_> {
    /// The text of a cell; none when it is empty or its column absent.
    pub(super) fn get(&self, column: &str) -> Option<&str> {
        let index = self.header.iter().position(|name| name == column)?;
        self.row.cells.get(index).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The non-empty cells of all columns that are not of `shape`.
    pub(super) fn further(&self, shape: &TableShape) -> BTreeMap<String, String> {
        let named = self.header.iter().zip(&self.row.cells);
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
        let problem = Problem::new(self.file, expected).at(place).key(column);
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
        self.problems.push_near(problem, names);
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
