//! `contagion`: what each node sets off, and how often it is hit.

use super::SummaryRow;
use crate::contagion::{NodeFigures, NodeKind};
use crate::measures::Estimate;
use crate::schema::{Cell, Table};
use crate::scope::ScopeKind;

/// Adds the nodes of a scenario. How often the nav of an asset falls its `summary` says.
pub fn push_contagion(
    table: &mut Table,
    scenario: &str,
    nodes: &[NodeFigures],
    summary: &[SummaryRow],
) {
    for node in nodes {
        let falls = |row: &&SummaryRow| {
            row.scenario == scenario
                && row.scope_kind == ScopeKind::Asset
                && row.scope == node.name
                && row.metric == "probability_positive"
        };
        let fell = (node.kind == NodeKind::Asset).then(|| summary.iter().find(falls)).flatten();
        let hit = node.hit.or(fell.map(|row| row.estimate));
        let value = |found: Option<Estimate>| Cell::Maybe(found.map(|found| found.value));
        let error = |found: Option<Estimate>| Cell::Maybe(found.and_then(|found| found.std_err));
        table.push([
            Cell::Text(scenario),
            Cell::Text(node.kind.name()),
            Cell::Text(&node.name),
            Cell::Float(node.trigger.value),
            Cell::Maybe(node.trigger.std_err),
            value(hit),
            error(hit),
            value(node.loss),
            error(node.loss),
            Cell::Maybe(node.loss.and_then(|loss| loss.ci_low)),
            Cell::Maybe(node.loss.and_then(|loss| loss.ci_high)),
            value(node.amplification),
            error(node.amplification),
            value(node.rounds),
            error(node.rounds),
            Cell::Maybe(node.debtrank),
        ]);
    }
}
