//! How a number of a table stands on the page: rounded for people, with the cell that it is from and its full value beside it.

use maud::{Markup, html};
use slashfall_output::number;

use crate::rows::Rows;

/// Which result of the page a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The result that the page is of.
    Own,
    /// The one that it is set beside.
    Versus,
    /// The answer of `caps`.
    Caps,
}

impl Side {
    /// What stands before the name of a table.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Own => "",
            Self::Versus => "vs/",
            Self::Caps => "caps/",
        }
    }
}

/// A cell of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'r> {
    pub(crate) side: Side,
    pub(crate) rows: &'r Rows,
    pub(crate) row: usize,
}

impl<'r> At<'r> {
    pub(crate) fn own(rows: &'r Rows, row: usize) -> Self {
        Self { side: Side::Own, rows, row }
    }

    /// The number of a column.
    pub(crate) fn number(self, column: &str) -> Option<f64> {
        self.rows.number(self.row, column)
    }

    /// The text of a column.
    pub(crate) fn text(self, column: &str) -> &'r str {
        self.rows.text(self.row, column)
    }

    /// The cell as it is written of it in the page: `table:row:column`.
    fn place(self, column: &str) -> String {
        format!("{}{}:{}:{column}", self.side.prefix(), self.rows.name, self.row)
    }

    /// A number, rounded by its unit; a dash where it is null.
    pub(crate) fn show(self, column: &str) -> Markup {
        match self.number(column) {
            None => html! { span title="the sample does not support it" { "–" } },
            Some(value) => {
                let text = if self.rows.is_count(column) {
                    rounded(value, "count")
                } else {
                    rounded(value, self.rows.unit(self.row, column))
                };
                html! { data value=(value) data-at=(self.place(column)) { (text) } }
            }
        }
    }

    /// A number with its standard error.
    pub(crate) fn show_with_error(self, column: &str, std_err: &str) -> Markup {
        html! { (self.show(column)) " ± " (self.show(std_err)) }
    }

    /// The 95 % interval, in words: `a to b`.
    pub(crate) fn show_interval(self, low: &str, high: &str) -> Markup {
        if self.number(low).is_none() && self.number(high).is_none() {
            return html! { "no interval: the sample does not support one" };
        }
        html! { "95 %: " (self.show(low)) " to " (self.show(high)) }
    }
}

/// A number as people read it, by the unit of its column.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole, not negative and far below 2^53"
)]
pub(crate) fn rounded(value: f64, unit: &str) -> String {
    match unit {
        "probability" | "fraction" => number::percent(value),
        "count" => number::count(value as u64),
        _ => number::eth(value),
    }
}
