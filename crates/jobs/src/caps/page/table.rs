//! Tables as GitHub shows them.

use std::fmt::{self, Display};

/// A table in the making; its first column to the left, the others to the right.
pub(super) struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    pub(super) fn new<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row; cells that are missing at its end stay empty.
    pub(super) fn push<T: Into<String>>(&mut self, row: impl IntoIterator<Item = T>) {
        let mut row: Vec<String> = row.into_iter().map(Into::into).collect();
        row.resize(self.header.len(), String::new());
        self.rows.push(row);
    }
}

impl Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, cells: &[String]| {
            // A bar would end the cell.
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', r"\|")).collect();
            writeln!(f, "| {} |", cells.join(" | "))
        };
        line(f, &self.header)?;
        writeln!(f, "|---|{}", "--:|".repeat(self.header.len().saturating_sub(1)))?;
        self.rows.iter().try_for_each(|row| line(f, row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_markdown() {
        let mut grid = Grid::new(["a", "b|c", "d"]);
        grid.push(["1", "2"]);
        assert_eq!(grid.to_string(), "| a | b\\|c | d |\n|---|--:|--:|\n| 1 | 2 |  |\n");
    }
}
