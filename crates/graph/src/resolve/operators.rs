//! Checks operators and finds the companies behind them.

use std::collections::BTreeSet;

use super::names::Names;
use super::report::{Report, cell};
use crate::ids::{EntityId, OperatorId};
use crate::network::Operator;
use crate::read::Unread;
use crate::spec::{OperatorRow, Table};

/// The operators in order of name.
pub(super) struct Operators<'a> {
    pub(super) operators: Vec<Operator>,
    pub(super) names: Names<'a>,
    entities: Vec<&'a str>,
}

impl Operators<'_> {
    /// Companies in order of name.
    pub(super) fn entity_names(&self) -> Vec<String> {
        self.entities.iter().map(|&name| name.to_owned()).collect()
    }

    /// The operators of each company in turn.
    pub(super) fn by_entity(&self) -> impl Iterator<Item = (&str, Vec<OperatorId>)> {
        let mut of_each = vec![Vec::new(); self.entities.len()];
        for (index, operator) in self.operators.iter().enumerate() {
            of_each[operator.entity.index()].push(OperatorId::new(index));
        }
        self.entities.iter().copied().zip(of_each)
    }

    /// True for the name of a company.
    pub(super) fn is_entity(&self, name: &str) -> bool {
        self.entities.binary_search(&name).is_ok()
    }
}

pub(super) fn resolve<'a>(
    table: &'a Table<OperatorRow>,
    unread: &'a Unread,
    report: &mut Report,
) -> Operators<'a> {
    let repeated =
        report.repeated(table, "operator", |row| &row.operator, |row| row.operator.clone());
    let mut rows: Vec<&OperatorRow> = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        report.good_name(cell(table, index, "operator"), &row.operator);
        report.good_name(cell(table, index, "entity"), &row.entity);
        if !repeated[index] {
            rows.push(row);
        }
    }
    rows.sort_by(|a, b| a.operator.cmp(&b.operator));
    let entities: BTreeSet<&str> = rows.iter().map(|row| row.entity.as_str()).collect();
    let entities: Vec<&str> = entities.into_iter().collect();
    let entity = |name: &str| EntityId::new(entities.partition_point(|&other| other < name));
    let operators = rows
        .iter()
        .map(|row| Operator { name: row.operator.clone(), entity: entity(&row.entity) })
        .collect();
    let names = rows.iter().map(|row| row.operator.as_str());
    let names = Names::new("an operator", names, unread, ("operators", "operator"));
    Operators { operators, names, entities }
}
