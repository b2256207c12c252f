//! Checks assets and puts them in an order in which each comes after all that backs it.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Names;
use super::report::{Report, cell};
use crate::ids::AssetId;
use crate::network::Holder;
use crate::read::Unread;
use crate::spec::{AssetKind, AssetRow, HoldingRow, NetworkSpec, Table};

/// The assets in their final order.
pub(super) struct Assets<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) n_base: usize,
    pub(super) names: Names<'a>,
}

/// One asset.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) kind: AssetKind,
    /// Its row, and the number of that; ETH and USD need none.
    pub(super) row: Option<(usize, &'a AssetRow)>,
    /// False when a number of it is wrong.
    pub(super) sound: bool,
}

impl Assets<'_> {
    pub(super) fn kind(&self, asset: AssetId) -> AssetKind {
        self.entries[asset.index()].kind
    }

    pub(super) fn is_base(&self, asset: AssetId) -> bool {
        asset.index() < self.n_base
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = AssetId> + use<> {
        (0..self.entries.len()).map(AssetId::new)
    }

    pub(super) fn holder_name(&self, holder: Holder) -> &str {
        match holder {
            Holder::Wrapped(asset) => self.entries[asset.index()].name,
            Holder::Direct => "direct",
        }
    }

    /// Names of the wrapped assets.
    pub(super) fn wrapped_names(&self) -> impl Iterator<Item = &str> {
        self.entries[self.n_base..].iter().map(|entry| entry.name)
    }
}

pub(super) fn resolve<'a>(
    spec: &'a NetworkSpec,
    unread: &'a Unread,
    report: &mut Report,
) -> Assets<'a> {
    let table = &spec.assets;
    let repeated = report.repeated(table, "asset", |row| &row.asset, |row| row.asset.clone());
    let mut by_name: BTreeMap<&str, Entry<'a>> = BTreeMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        let entry = checked(table, index, report);
        if !repeated[index] {
            by_name.insert(&row.asset, entry);
        }
    }
    for name in ["ETH", "USD"] {
        let rowless = Entry { name, kind: AssetKind::Base, row: None, sound: true };
        by_name.entry(name).or_insert(rowless);
    }
    let (mut base, wrapped): (Vec<Entry<'_>>, Vec<Entry<'_>>) =
        by_name.into_values().partition(|entry| entry.kind == AssetKind::Base);
    base.sort_by_key(|entry| (entry.name != "ETH", entry.name));
    let n_base = base.len();
    base.extend(in_order(&wrapped, &spec.holdings, report));
    let names = base.iter().map(|entry| entry.name);
    let names = Names::new("an asset", names, unread, ("assets", "asset"));
    Assets { entries: base, n_base, names }
}

/// Checks one row by itself.
fn checked<'a>(table: &'a Table<AssetRow>, index: usize, report: &mut Report) -> Entry<'a> {
    let row = &table.rows[index];
    let name = row.asset.as_str();
    let mut numbers = vec![
        ("buffer_eth", row.buffer_eth),
        ("cover_eth", row.cover_eth),
        ("redemption_days", row.redemption_days),
        ("vol_annual", row.vol_annual),
        ("beta_market", row.beta_market),
    ];
    numbers.extend(yield_numbers(row));
    numbers.extend(row.supply_eth.map(|supply| ("supply_eth", supply)));
    let mut sound = report.in_range(table, index, &numbers);
    sound &= report.good_name(cell(table, index, "asset"), name);
    let mut kind = row.kind;
    if ["ETH", "USD"].contains(&name) && kind != AssetKind::Base {
        let expected = format!("base was expected: {name} is a base asset");
        report.problem(cell(table, index, "kind").problem(kind_name(kind), expected));
        kind = AssetKind::Base;
    } else {
        sound &= only_its_own_numbers(table, index, report);
    }
    Entry { name, kind, row: Some((index, row)), sound }
}

fn kind_name(kind: AssetKind) -> &'static str {
    AssetKind::NAMES.iter().find(|(_, other)| *other == kind).map_or("", |(name, _)| name)
}

fn yield_numbers(row: &AssetRow) -> [(&'static str, f64); 4] {
    [
        ("yield_staking", row.yields.staking),
        ("yield_avs_fees", row.yields.avs_fees),
        ("yield_incentives", row.yields.incentives),
        ("yield_campaign", row.yields.campaign),
    ]
}

/// Reports numbers that an asset of this kind does not have.
fn only_its_own_numbers(table: &Table<AssetRow>, index: usize, report: &mut Report) -> bool {
    let row = &table.rows[index];
    let of_wrapped = [
        ("supply_eth", row.supply_eth.unwrap_or(0.0)),
        ("buffer_eth", row.buffer_eth),
        ("cover_eth", row.cover_eth),
        ("redemption_days", row.redemption_days),
    ];
    let of_base = [("vol_annual", row.vol_annual), ("beta_market", row.beta_market)];
    let mut foreign: Vec<(&'static str, f64, &str)> = Vec::new();
    let base = row.kind == AssetKind::Base;
    if base {
        let why = "nothing was expected: a base asset is not issued or redeemed here";
        foreign.extend(of_wrapped.map(|(column, x)| (column, x, why)));
        let why = "nothing was expected: only wrapped assets earn a yield here";
        foreign.extend(yield_numbers(row).map(|(column, x)| (column, x, why)));
    }
    if base && row.asset == "ETH" {
        let why = "0 was expected: amounts are in ETH, so its own price does not move";
        foreign.extend(of_base.map(|(column, x)| (column, x, why)));
    }
    if !base {
        let why = "nothing was expected: the price of a wrapped asset follows its backing";
        foreign.extend(of_base.map(|(column, x)| (column, x, why)));
    }
    let mut good = true;
    for (column, x, why) in foreign.into_iter().filter(|(_, x, _)| x.abs() > 0.0) {
        good = false;
        report.problem(cell(table, index, column).problem(x, why));
    }
    if !base && row.supply_eth.is_some_and(|supply| supply.abs() <= 0.0) {
        good = false;
        let expected = "an amount above 0 was expected, or nothing to mean what backs it";
        report.problem(cell(table, index, "supply_eth").problem(0, expected));
    }
    good
}

/// Wrapped assets by how deep they are wrapped, then by name; circles are reported.
fn in_order<'a>(
    wrapped: &[Entry<'a>],
    holdings: &Table<HoldingRow>,
    report: &mut Report,
) -> Vec<Entry<'a>> {
    let ids: BTreeMap<&str, usize> =
        wrapped.iter().enumerate().map(|(id, entry)| (entry.name, id)).collect();
    let edge = |row: &HoldingRow| Some((*ids.get(&*row.holder)?, *ids.get(&*row.asset)?));
    let mut backed_by = vec![BTreeSet::new(); wrapped.len()];
    for (holder, asset) in holdings.rows.iter().filter_map(edge) {
        backed_by[holder].insert(asset);
    }
    let mut walk = Walk::new(&backed_by);
    (0..wrapped.len()).for_each(|start| walk.from(start));
    for circle in &walk.circles {
        let closing = (circle[circle.len() - 2], circle[circle.len() - 1]);
        let index = holdings.rows.iter().position(|row| edge(row) == Some(closing)).unwrap_or(0);
        let names: Vec<&str> = circle.iter().map(|&id| wrapped[id].name).collect();
        let expected = "no circle of assets that back one another was expected";
        report.problem(cell(holdings, index, "asset").problem(names.join(" -> "), expected));
    }
    let mut order: Vec<usize> = (0..wrapped.len()).collect();
    order.sort_by_key(|&id| walk.depth[id]);
    order.into_iter().map(|id| wrapped[id]).collect()
}

/// Circles that are told: one may close a million others.
const MOST_CIRCLES: usize = 100;

/// A depth-first walk down the backing graph.
struct Walk<'g> {
    backed_by: &'g [BTreeSet<usize>],
    /// One more than the deepest asset below; none before it is known.
    depth: Vec<Option<usize>>,
    on_trail: Vec<bool>,
    /// Each ends where it began.
    circles: Vec<Vec<usize>>,
}

impl<'g> Walk<'g> {
    fn new(backed_by: &'g [BTreeSet<usize>]) -> Self {
        let n = backed_by.len();
        Self { backed_by, depth: vec![None; n], on_trail: vec![false; n], circles: Vec::new() }
    }

    /// Walks all that is below `start`; the trail is a list, since a chain may be long.
    fn from(&mut self, start: usize) {
        if self.depth[start].is_some() {
            return;
        }
        let mut trail = vec![(start, self.backed_by[start].iter())];
        self.on_trail[start] = true;
        while let Some((node, below)) = trail.last_mut() {
            let node = *node;
            match below.next() {
                Some(&next) if self.on_trail[next] => {
                    if self.circles.len() == MOST_CIRCLES {
                        continue;
                    }
                    let nodes = trail.iter().map(|(node, _)| *node);
                    let circle = nodes.skip_while(|&other| other != next).chain([next]);
                    self.circles.push(circle.collect());
                }
                Some(&next) if self.depth[next].is_none() => {
                    self.on_trail[next] = true;
                    trail.push((next, self.backed_by[next].iter()));
                }
                Some(_) => {}
                None => {
                    let deepest = self.backed_by[node].iter().filter_map(|&b| self.depth[b]).max();
                    self.depth[node] = Some(deepest.map_or(0, |depth| depth + 1));
                    self.on_trail[node] = false;
                    trail.pop();
                }
            }
        }
    }
}
