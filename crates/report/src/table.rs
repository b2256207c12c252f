//! Tables of the page: sortable, each number with the cell that it is from.

use maud::{Markup, html};

use crate::figure::At;

/// A column of a table on the page.
pub(crate) struct Head {
    pub(crate) title: &'static str,
    /// Shown under the title; empty where there is none.
    pub(crate) unit: &'static str,
    pub(crate) cell: Cell,
}

/// What stands in a column.
pub(crate) enum Cell {
    /// The text of a column.
    Text(&'static str),
    /// The text of a column, put into words.
    Words(&'static str, fn(&str) -> String),
    /// The number of a column.
    Number(&'static str),
    /// A number and its standard error.
    WithError(&'static str, &'static str),
    /// Both limits of an interval.
    Interval(&'static str, &'static str),
}

impl Head {
    pub(crate) const fn text(title: &'static str, column: &'static str) -> Self {
        Self { title, unit: "", cell: Cell::Text(column) }
    }

    pub(crate) const fn words(
        title: &'static str,
        column: &'static str,
        words: fn(&str) -> String,
    ) -> Self {
        Self { title, unit: "", cell: Cell::Words(column, words) }
    }

    pub(crate) const fn number(
        title: &'static str,
        unit: &'static str,
        column: &'static str,
    ) -> Self {
        Self { title, unit, cell: Cell::Number(column) }
    }

    pub(crate) const fn with_error(
        title: &'static str,
        unit: &'static str,
        column: &'static str,
        std_err: &'static str,
    ) -> Self {
        Self { title, unit, cell: Cell::WithError(column, std_err) }
    }

    pub(crate) const fn interval(unit: &'static str) -> Self {
        Self { title: "95 % interval", unit, cell: Cell::Interval("ci_low", "ci_high") }
    }

    fn is_text(&self) -> bool {
        matches!(self.cell, Cell::Text(_) | Cell::Words(..))
    }

    /// What the column is sorted by; empty where the cell is null.
    fn sort_key(&self, at: At<'_>) -> String {
        let number = |column| at.number(column).map_or_else(String::new, |x| x.to_string());
        match self.cell {
            Cell::Text(column) | Cell::Words(column, _) => at.text(column).to_owned(),
            Cell::Number(column) | Cell::WithError(column, _) | Cell::Interval(column, _) => {
                number(column)
            }
        }
    }

    fn show(&self, at: At<'_>) -> Markup {
        match self.cell {
            Cell::Text(column) => html! { (at.text(column)) },
            Cell::Words(column, words) => html! { (words(at.text(column))) },
            Cell::Number(column) => at.show(column),
            Cell::WithError(column, std_err) => at.show_with_error(column, std_err),
            Cell::Interval(low, high) => {
                if at.number(low).is_none() && at.number(high).is_none() {
                    return html! { "–" };
                }
                html! { (at.show(low)) " to " (at.show(high)) }
            }
        }
    }
}

/// A table of some cells' rows.
pub(crate) fn table<'r>(
    caption: &str,
    heads: &[Head],
    rows: impl IntoIterator<Item = At<'r>>,
) -> Markup {
    html! {
        div.scroll {
            table.sortable {
                caption { (caption) }
                thead { tr {
                    @for head in heads {
                        th scope="col" class=(if head.is_text() { "text" } else { "number" }) aria-sort="none" {
                            button type="button" { (head.title) }
                            @if !head.unit.is_empty() { span.unit { (head.unit) } }
                        }
                    }
                } }
                tbody {
                    @for at in rows {
                        tr {
                            @for head in heads {
                                td class=(if head.is_text() { "text" } else { "number" }) data-sort=(head.sort_key(at)) {
                                    (head.show(at))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The same behind a line that opens it, under a chart that shows it.
pub(crate) fn folded<'r>(
    caption: &str,
    heads: &[Head],
    rows: impl IntoIterator<Item = At<'r>>,
) -> Markup {
    html! { details.figures { summary { "Figures: " (caption) } (table(caption, heads, rows)) } }
}
