//! Checks who holds what where, and finds the stake that is restaked.

use std::collections::BTreeSet;

use super::assets::Assets;
use super::names::Names;
use super::operators::Operators;
use super::report::{Report, cell};
use crate::ids::{AssetId, OperatorId};
use crate::network::{Holder, Stake};
use crate::read::Unread;
use crate::spec::{AssetKind, HoldingRow, NetworkSpec, Table};

/// All holdings whose row is right.
pub(super) struct Held {
    /// In order of holder, operator, asset.
    pub(super) rows: Vec<HeldRow>,
    /// For each asset: false when some of what it holds is not known.
    pub(super) complete: Vec<bool>,
    /// True when some row names no holder there is: it may be of an asset that now holds nothing.
    pub(super) has_strangers: bool,
}

/// One holding, still as value.
#[derive(Clone, Copy)]
pub(super) struct HeldRow {
    pub(super) holder: Holder,
    pub(super) operator: Option<OperatorId>,
    pub(super) asset: AssetId,
    pub(super) amount_eth: f64,
    /// True for what an AVS may slash: what `direct` or an LRT has at an operator.
    pub(super) restaked: bool,
}

pub(super) fn resolve(
    spec: &NetworkSpec,
    unread: &Unread,
    assets: &Assets<'_>,
    operators: &Operators<'_>,
    report: &mut Report,
) -> Held {
    let table = &spec.holdings;
    let repeated = report.repeated(
        table,
        "holder",
        |row| (&row.holder, &row.operator, &row.asset),
        |row| format!("{}, {}, {}", row.holder, place_name(row), row.asset),
    );
    let complete = unread_holders(unread, assets);
    let mut held = Held { rows: Vec::new(), complete, has_strangers: false };
    for (index, row) in table.rows.iter().enumerate() {
        let found = resolve_row(table, index, assets, &operators.names, report);
        match found.filter(|_| !repeated[index]) {
            Some(found) if found.amount_eth > 0.0 => held.rows.push(found),
            Some(_) => {
                let left_out = "an amount above 0 was expected, and the row is left out";
                report.warn(cell(table, index, "amount_eth").problem(row.amount_eth, left_out));
            }
            None => mark_incomplete(&mut held, &row.holder, assets, report),
        }
    }
    held.rows.sort_by_key(|row| (row.holder, row.operator, row.asset));
    held
}

/// Notes that a row is left out which adds to what `holder`, or whoever was meant, holds.
fn mark_incomplete(held: &mut Held, holder: &str, assets: &Assets<'_>, report: &mut Report) {
    let known = assets.names.get(holder).filter(|&id| id >= assets.n_base);
    held.has_strangers |= known.is_none() && holder != "direct";
    let mut meant = || assets.names.get(&report.nearest(holder, assets.wrapped_names())?);
    if let Some(id) = known.or_else(&mut meant) {
        held.complete[id] = false;
    }
}

fn place_name(row: &HoldingRow) -> &str {
    row.operator.as_deref().unwrap_or("idle")
}

/// For each asset, false when a row of what it holds could not be read.
fn unread_holders(unread: &Unread, assets: &Assets<'_>) -> Vec<bool> {
    let mut complete: Vec<bool> = assets.entries.iter().map(|entry| entry.sound).collect();
    let Some(table) = unread.table("holdings") else {
        return complete;
    };
    for row in &table.rows {
        match row.get("holder").map(String::as_str) {
            Some("direct") => {}
            name => match name.and_then(|name| assets.names.get(name)) {
                Some(id) => complete[id] = false,
                None => complete.fill(false),
            },
        }
    }
    if table.whole {
        complete.fill(false);
    }
    complete
}

fn resolve_row(
    table: &Table<HoldingRow>,
    index: usize,
    assets: &Assets<'_>,
    operators: &Names<'_>,
    report: &mut Report,
) -> Option<HeldRow> {
    let row = &table.rows[index];
    let in_range = report.in_range(table, index, &[("amount_eth", row.amount_eth)]);
    let holder = resolve_holder(table, index, assets, report);
    let operator = match row.operator.as_deref() {
        None => Some(None),
        Some(name) => {
            let id = operators.find(cell(table, index, "operator"), name, report);
            id.map(|id| Some(OperatorId::new(id)))
        }
    };
    let asset = assets.names.find(cell(table, index, "asset"), &row.asset, report);
    if !in_range {
        return None;
    }
    let (holder, operator, asset) = (holder?, operator?, AssetId::new(asset?));
    let restakes = match holder {
        Holder::Direct => true,
        Holder::Wrapped(holder) => assets.kind(holder) == AssetKind::Lrt,
    };
    let restaked = restakes && operator.is_some();
    Some(HeldRow { holder, operator, asset, amount_eth: row.amount_eth, restaked })
}

fn resolve_holder(
    table: &Table<HoldingRow>,
    index: usize,
    assets: &Assets<'_>,
    report: &mut Report,
) -> Option<Holder> {
    let name = table.rows[index].holder.as_str();
    if name == "direct" {
        return Some(Holder::Direct);
    }
    let id = assets.names.get(name).map(AssetId::new);
    let wrapped = id.filter(|&id| !assets.is_base(id));
    if wrapped.is_none() && (id.is_some() || !assets.names.may_be_unread(name)) {
        let expected = "a wrapped asset of the table assets, or `direct`, was expected";
        let problem = cell(table, index, "holder").problem(name, expected);
        let valid = assets.wrapped_names().chain(["direct"]);
        match id {
            Some(_) => report.problem(problem),
            None => report.problem_near(problem, valid),
        }
    }
    wrapped.map(Holder::Wrapped)
}

/// The (operator, asset) cells with restaked stake, in order.
pub(super) fn stakes(held: &Held) -> Vec<Stake> {
    let cells: BTreeSet<(OperatorId, AssetId)> = held
        .rows
        .iter()
        .filter(|row| row.restaked)
        .filter_map(|row| Some((row.operator?, row.asset)))
        .collect();
    cells.into_iter().map(|(operator, asset)| Stake { operator, asset }).collect()
}
