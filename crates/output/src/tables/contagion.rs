//! `contagion`: what each node sets off, and how often it is hit.

use slashfall_graph::Network;

use crate::collect::Collector;
use crate::contagion::{NodeFigures, NodeKind};
use crate::measures::Estimate;
use crate::schema::{Cell, Table};

/// Adds the nodes of a scenario. How often an asset is hit the `collector` says.
pub fn push_contagion(
    table: &mut Table,
    scenario: &str,
    network: &Network,
    nodes: &[NodeFigures],
    collector: &Collector,
) {
    for node in nodes {
        let is_wrapped = |name: &str| {
            let mut wrapped = network.wrapped_assets();
            node.kind == NodeKind::Asset && wrapped.any(|id| network.asset(id).name == name)
        };
        let fell = is_wrapped(&node.name).then(|| collector.losses(&node.name)).flatten();
        let fell = fell.and_then(|losses| Some(losses.sorted()?.probability_positive()));
        let hit = node.hit.or(fell);
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
