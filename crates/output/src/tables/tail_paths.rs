//! `tail_paths`: the worst paths of every scope by number, so that each can be replayed, and of those that were looked at what happened.

use slashfall_cascade::Channel;
use slashfall_sampling::Model;

use crate::close_ups::{CloseUp, CloseUps};
use crate::collect::Collector;
use crate::schema::{Cell, Table};

/// Sources that are named of a path.
const N_NAMED: usize = 5;

/// Adds the worst paths of a scenario, at most `count` a scope; paths without a loss are not among them.
pub fn push_tail_paths(
    table: &mut Table,
    (scenario, model): (&str, &Model<'_>),
    collector: &Collector,
    close_ups: Option<&CloseUps<'_>>,
    count: usize,
) {
    for kept in &collector.scopes {
        for (rank, (path, weight)) in (1..).zip(collector.losses_of(kept).worst(count)) {
            let looked = close_ups.and_then(|close_ups| close_ups.find(path.path));
            let own = [
                Cell::Text(scenario),
                Cell::Text(kept.scope.kind.name()),
                Cell::Text(&kept.scope.name),
                Cell::Count(rank),
                Cell::Count(path.path),
                Cell::Float(weight),
                Cell::Float(path.loss),
            ];
            push(table, model, own, looked);
        }
    }
}

fn push(table: &mut Table, model: &Model<'_>, own: [Cell<'_>; 7], looked: Option<&CloseUp>) {
    let first = looked.map(|looked| &looked.fired[..looked.fired.len().min(N_NAMED)]);
    let names: Option<Vec<&str>> = first
        .map(|fired| fired.iter().map(|(at, _)| model.sources()[*at as usize].name()).collect());
    let days: Option<Vec<f64>> = first.map(|fired| fired.iter().map(|(_, days)| *days).collect());
    let channel = |channel: &Channel| {
        Cell::Maybe(looked.map(|looked| looked.channels[channel.index()] + 0.0))
    };
    let mut row = own.to_vec();
    row.push(Cell::Maybe(looked.map(|looked| looked.fired.len() as f64)));
    row.extend([Cell::Texts(names.as_deref()), Cell::Floats(days.as_deref())]);
    row.extend(Channel::ALL.iter().filter(|own| **own != Channel::Discount).map(channel));
    table.push_row(&row);
}
