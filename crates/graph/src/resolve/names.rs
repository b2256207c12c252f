//! Looks names up, and says of an unknown one what was perhaps meant.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{Cell, Report};
use crate::read::Unread;

/// The names of one kind of thing and the dense number of each.
pub(super) struct Names<'a> {
    /// What a name was expected to be, as "an operator of operators.csv".
    expected: String,
    ids: BTreeMap<&'a str, usize>,
    unread: BTreeSet<&'a str>,
    /// True when there may be names that could not be read.
    incomplete: bool,
}

impl<'a> Names<'a> {
    /// `names` in order of their numbers; `table` and `column` say where they come from.
    pub(super) fn new(
        what: &str,
        names: impl IntoIterator<Item = &'a str>,
        unread: &'a Unread,
        (table, column): (&str, &str),
    ) -> Self {
        let unread = unread.table(table);
        let failed = unread.iter().flat_map(|table| &table.rows);
        let cells = || failed.clone().map(|row| row.get(column).map_or("", String::as_str));
        Self {
            expected: format!("{what} of the table {table} was expected"),
            ids: names.into_iter().enumerate().map(|(id, name)| (name, id)).collect(),
            unread: cells().collect(),
            incomplete: unread.is_some_and(|table| table.whole) || cells().any(str::is_empty),
        }
    }

    /// The number of a name, without a report.
    pub(super) fn get(&self, name: &str) -> Option<usize> {
        self.ids.get(name).copied()
    }

    /// True when `name` may be one of those that could not be read.
    pub(super) fn may_be_unread(&self, name: &str) -> bool {
        self.incomplete || self.unread.contains(name)
    }

    /// The number of a name; an unknown one is reported.
    pub(super) fn find(&self, cell: Cell<'_>, name: &str, report: &mut Report) -> Option<usize> {
        let id = self.get(name);
        if id.is_none() && !self.may_be_unread(name) {
            let names = self.ids.keys().chain(&self.unread).copied();
            report.problem_near(cell.problem(name, &*self.expected), names);
        }
        id
    }
}
