//! Checks groups of operators with a common cause, and makes those of companies.

use std::collections::BTreeMap;

use super::allocations::ROUNDING;
use super::operators::Operators;
use super::report::{Report, cell};
use crate::ids::OperatorId;
use crate::network::{Group, GroupMember};
use crate::spec::{GroupRow, Table};

/// The kind whose groups follow from the operators.
const ENTITY: &str = "entity";
/// Kinds of group that an operator is in with one part of itself at a time; it may be wholly in
/// several of another kind, such as `code`.
const PARTITIONS: [&str; 3] = ["client", "cloud", "region"];

/// The groups in order of kind, name.
pub(super) fn resolve(
    table: &Table<GroupRow>,
    operators: &Operators<'_>,
    report: &mut Report,
) -> Vec<Group> {
    let repeated = report.repeated(
        table,
        "group",
        |row| (&row.group, &row.operator),
        |row| format!("{}, {}", row.group, row.operator),
    );
    let names_entities = table.rows.iter().any(|row| row.kind == ENTITY);
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut groups: BTreeMap<(&str, &str), Vec<GroupMember>> = BTreeMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        let in_range = report.in_range(table, index, &[("share", row.share)]);
        report.good_name(cell(table, index, "group"), &row.group);
        report.good_name(cell(table, index, "kind"), &row.kind);
        let kind = *kinds.entry(&row.group).or_insert(&row.kind);
        if kind != row.kind {
            let expected = format!("{kind} was expected: {} is of that kind", row.group);
            report.problem(cell(table, index, "kind").problem(&row.kind, expected));
        } else if !names_entities && operators.is_entity(&row.group) {
            let expected =
                "another name was expected: the table operators has an entity of this name";
            report.problem(cell(table, index, "group").problem(&row.group, expected));
        }
        let operator = operators.names.find(cell(table, index, "operator"), &row.operator, report);
        if let (Some(operator), true, false) = (operator, in_range, repeated[index]) {
            let member = GroupMember { operator: OperatorId::new(operator), share: row.share };
            groups.entry((&row.kind, &row.group)).or_default().push(member);
        }
    }
    check_shares(table, &repeated, report);
    if !names_entities {
        for (name, members) in operators.by_entity() {
            let member = |operator| GroupMember { operator, share: 1.0 };
            groups.insert((ENTITY, name), members.into_iter().map(member).collect());
        }
    }
    let group = |((kind, name), mut members): ((&str, &str), Vec<GroupMember>)| {
        members.sort_by_key(|member| member.operator);
        Group { name: name.to_owned(), kind: kind.to_owned(), members }
    };
    groups.into_iter().map(group).collect()
}

/// Reports operators that are more than wholly in the groups of one kind.
fn check_shares(table: &Table<GroupRow>, repeated: &[bool], report: &mut Report) {
    let mut sums: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        let counts = (0.0..=1.0).contains(&row.share)
            && PARTITIONS.contains(&row.kind.as_str())
            && !repeated[index];
        if !counts {
            continue;
        }
        let sum = sums.entry((&row.kind, &row.operator)).or_insert(0.0);
        let before = *sum;
        *sum += row.share;
        if before <= 1.0 + ROUNDING && *sum > 1.0 + ROUNDING {
            let expected = format!(
                "the shares of {} in groups of kind {} come to {sum}; at most 1 was expected",
                row.operator, row.kind
            );
            report.problem(cell(table, index, "share").problem(row.share, expected));
        }
    }
}
