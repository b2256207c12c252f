//! Where all checks write to: problems, warnings, and the cell that each is about.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::quantity::Quantity;
use crate::printable::is_unprintable;
use crate::problem::{Place, Problem, Problems};
use crate::spec::Table;

/// Bytes of a name, of which many others are made.
const MOST_NAME: usize = 200;

/// What the checks have found so far.
#[derive(Default)]
pub(super) struct Report {
    problems: Problems,
    warnings: Problems,
}

impl Report {
    pub(super) fn starting_with(problems: Problems) -> Self {
        Self { problems, warnings: Problems::default() }
    }

    /// Adds what makes the network wrong.
    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Adds what makes the network wrong, with the valid name that is nearest.
    pub(super) fn problem_near<'a>(
        &mut self,
        problem: Problem,
        valid: impl IntoIterator<Item = &'a str>,
    ) {
        self.problems.push_near(problem, valid);
    }

    /// The valid name nearest to one that is not.
    pub(super) fn nearest<'a>(
        &mut self,
        name: &str,
        valid: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        self.problems.nearest(name, valid)
    }

    /// Adds what is seldom meant; as problems are, only the first are listed.
    pub(super) fn warn(&mut self, problem: Problem) {
        self.warnings.push(problem);
    }

    /// The warnings, or the problems where there are any.
    pub(super) fn into_warnings(self) -> Result<Vec<Problem>, Problems> {
        self.problems.or_ok(self.warnings.as_slice().to_vec())
    }

    /// Reports numbers of a row that are out of range; true when none is.
    pub(super) fn in_range<R>(
        &mut self,
        table: &Table<R>,
        index: usize,
        numbers: &[(&'static str, f64)],
    ) -> bool {
        let mut good = true;
        for &(column, x) in numbers {
            let quantity = Quantity::of_column(column);
            if !quantity.admits(x) {
                good = false;
                let expected = format!("{} was expected", quantity.expected());
                self.problem(cell(table, index, column).problem(x, expected));
            }
        }
        good
    }

    /// Reports rows that say again what an earlier one said; `shown` are its key columns.
    pub(super) fn repeated<'a, R, K: Ord>(
        &mut self,
        table: &'a Table<R>,
        column: &'static str,
        key: impl Fn(&'a R) -> K,
        shown: impl Fn(&'a R) -> String,
    ) -> Vec<bool> {
        let mut first: BTreeMap<K, usize> = BTreeMap::new();
        let mut repeated = vec![false; table.rows.len()];
        for (index, row) in table.rows.iter().enumerate() {
            let earlier = *first.entry(key(row)).or_insert(index);
            if earlier == index {
                continue;
            }
            repeated[index] = true;
            let Place::Row { row: number, .. } = table.place(earlier) else {
                continue;
            };
            let expected = format!("one row for each was expected, and row {number} is the same");
            self.problem(cell(table, index, column).problem(shown(row), expected));
        }
        repeated
    }

    /// Reports a name that is no name or means something else; true when it is good.
    pub(super) fn good_name(&mut self, cell: Cell<'_>, name: &str) -> bool {
        let expected = match name {
            "" => "a name was expected, and the cell is empty",
            "*" | "direct" => "another name was expected: `direct` and `*` have a meaning",
            // One of them parts the names of random streams, and none can be read in a table.
            _ if name.contains(is_unprintable) => {
                "a name without control or invisible characters was expected"
            }
            _ if name.len() > MOST_NAME => "a name of at most 200 bytes was expected",
            _ => return true,
        };
        self.problem(cell.problem(name, expected));
        false
    }
}

/// One cell of a table.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    file: &'a str,
    row: usize,
    line: Option<usize>,
    column: &'static str,
}

/// The cell of `column` in the `index`-th row.
pub(super) fn cell<'a, R>(table: &'a Table<R>, index: usize, column: &'static str) -> Cell<'a> {
    let (row, line) = match table.place(index) {
        Place::Row { row, line } => (row, line),
        Place::File | Place::Line(_) => (index + 1, None),
    };
    Cell { file: &table.file, row, line, column }
}

impl Cell<'_> {
    /// A problem of this cell.
    pub(super) fn problem(&self, value: impl Display, expected: impl Into<String>) -> Problem {
        Problem::new(self.file, expected)
            .at(Place::Row { row: self.row, line: self.line })
            .key(self.column)
            .value(value.to_string())
    }
}
