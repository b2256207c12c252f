//! Raw tables are other people's: their columns are found by name and what does not fit is said
//! with its line.

use std::path::Path;

use slashfall_bounded::open_file;

use crate::problem::{Place, Problem, Problems};

/// One raw CSV table, cells trimmed.
#[derive(Clone, Debug)]
pub struct RawTable {
    pub(super) file: String,
    header: Vec<String>,
    rows: Vec<RawRow>,
}

#[derive(Clone, Debug)]
struct RawRow {
    line: Option<usize>,
    cells: Vec<String>,
}

/// One cell of each column asked for, and where they stand.
#[derive(Clone, Debug)]
pub struct RawCells<'a, const N: usize> {
    file: &'a str,
    columns: [&'a str; N],
    place: Place,
    /// The cells, in the order in which their columns were asked for.
    pub cells: [&'a str; N],
}

impl<const N: usize> RawCells<'_, N> {
    /// A problem of the `column`-th of these cells.
    #[must_use]
    pub fn problem(&self, column: usize, expected: &str) -> Problem {
        Problem::new(self.file, expected)
            .at(self.place.clone())
            .key(self.columns[column])
            .value(self.cells[column])
    }
}

impl RawTable {
    /// Reads a whole file; none when it cannot be read at all, which is a problem like any other.
    #[must_use]
    pub fn read(path: &Path, problems: &mut Problems) -> Option<Self> {
        let file = path.display().to_string();
        let mut reader = match open_file(path) {
            Ok(opened) => csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(opened),
            Err(error) => {
                problems.push(Problem::new(file, format!("a CSV table was expected: {error}")));
                return None;
            }
        };
        let header: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(unmarked).collect(),
            Err(error) => {
                problems.push(Problem::new(file, format!("a header was expected: {error}")));
                return None;
            }
        };
        let rows = read_rows(&mut reader, &file, problems);
        Some(Self { file, header, rows })
    }

    /// The first of `names` that is a column.
    #[must_use]
    pub fn find<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().copied().find(|name| self.header.iter().any(|column| column == name))
    }

    /// The cells of `columns` of every row; no rows when a column is missing, which is a problem.
    #[must_use]
    pub fn select<'a, const N: usize>(
        &'a self,
        columns: [&'a str; N],
        problems: &mut Problems,
    ) -> Vec<RawCells<'a, N>> {
        let positions = columns.map(|name| self.header.iter().position(|column| column == name));
        for (name, _) in columns.iter().zip(positions).filter(|(_, position)| position.is_none()) {
            problems.push(self.missing(name));
        }
        let found: Vec<usize> = positions.into_iter().flatten().collect();
        let Ok(found) = <[usize; N]>::try_from(found) else {
            return Vec::new();
        };
        let cells_of = |(index, row): (usize, &'a RawRow)| RawCells {
            file: &self.file,
            columns,
            place: Place::Row { row: index + 1, line: row.line },
            cells: found.map(|at| row.cells[at].as_str()),
        };
        self.rows.iter().enumerate().map(cells_of).collect()
    }

    fn missing(&self, column: &str) -> Problem {
        let mut problem = Problem::new(
            &self.file,
            format!("a column of this name was expected; there are {}", self.header.join(", ")),
        );
        problem.nearest = crate::problem::nearest(column, self.header.iter().map(String::as_str));
        problem.key(column)
    }
}

/// A header without the byte-order mark that spreadsheets put first.
fn unmarked(name: &str) -> String {
    name.trim_start_matches('\u{feff}').to_owned()
}

fn read_rows(
    reader: &mut csv::Reader<std::fs::File>,
    file: &str,
    problems: &mut Problems,
) -> Vec<RawRow> {
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => rows.push(RawRow {
                line: record.position().and_then(|at| usize::try_from(at.line()).ok()),
                cells: record.iter().map(str::to_owned).collect(),
            }),
            Err(error) => problems.push(Problem::new(
                file,
                format!("a row as long as the header was expected: {error}"),
            )),
        }
    }
    rows
}
