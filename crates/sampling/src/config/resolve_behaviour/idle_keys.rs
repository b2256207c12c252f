//! Doubts keys that are written and change nothing, because of the network or of what other keys
//! leave out.
//!
//! A number that is written as 0 switches something off, and a scenario that does so is compared
//! with one that does not: only what the author may not know of is doubted.

use slashfall_graph::{AssetId, Holder, Network, Problem};

use super::super::names::Book;
use super::super::node::{Node, NodeValue};

const NO_YIELD: &str = "no asset of the network has a yield";

pub(super) fn idle_keys(root: &Node, book: &Book<'_, '_>) -> Vec<Problem> {
    let mut doubts = without_reserves(root, book);
    doubts.extend(without_yields(root, book));
    doubts.extend(without_their_rate(root, book));
    doubts.extend(pledged_nowhere(root, book));
    doubts.extend(sold_nowhere(root, book));
    doubts
}

fn idle(node: &Node, book: &Book<'_, '_>, key: &str, why: &str) -> Problem {
    node.problem(book.file, key, format!("has no effect: {why}"))
}

fn without_reserves(root: &Node, book: &Book<'_, '_>) -> Vec<Problem> {
    let lending = root.get("lending").filter(|_| book.network.reserves().is_empty());
    let why = "the network has no table `reserves`";
    lending.map(|section| idle(section, book, "lending", why)).into_iter().collect()
}

fn without_yields(root: &Node, book: &Book<'_, '_>) -> Vec<Problem> {
    let network = book.network;
    // Of one asset, or of any where the section is of all.
    let earns = |name: &str| {
        let mut assets = network.assets().iter();
        assets.any(|asset| (name == "default" || name == asset.name) && asset.yields.total() > 0.0)
    };
    let mut doubts = Vec::new();
    if let Some(section) = root.get("yield").filter(|_| !earns("default")) {
        doubts.push(idle(section, book, "yield", NO_YIELD));
    }
    for (name, section) in root.get("redemption").into_iter().flat_map(members) {
        let written = section.get("on_yield_drop").filter(|node| is_above_zero(node));
        if let Some(node) = written.filter(|_| !earns(name)) {
            let key = format!("redemption.{name}.on_yield_drop");
            let why = if name == "default" { NO_YIELD } else { "the asset has no yield" };
            doubts.push(idle(node, book, &key, why));
        }
    }
    doubts
}

/// Keys that only limit or price what another key makes happen, which is left out.
fn without_their_rate(root: &Node, book: &Book<'_, '_>) -> Vec<Problem> {
    let has_reserves = !book.network.reserves().is_empty();
    let pairs = [
        ("security", "loss_given_attack", "attack_prob", true),
        ("lending", "run_max", "run_on_bad_debt", has_reserves),
        ("lending", "unwind_max", "unwind_on_carry", has_reserves),
    ];
    let doubt = |(section, key, rate, counts): (&str, &str, &str, bool)| {
        let keys = root.get(section).filter(|_| counts)?;
        let node = keys.get(key).filter(|_| keys.get(rate).is_none())?;
        let why = format!("{section}.{rate} is absent, which is 0; write 0 there if that is meant");
        Some(idle(node, book, &format!("{section}.{key}"), &why))
    };
    pairs.into_iter().filter_map(doubt).collect()
}

fn pledged_nowhere(root: &Node, book: &Book<'_, '_>) -> Vec<Problem> {
    let takes = |asset: &AssetId| !book.network.asset_markets(*asset).is_empty();
    let mut doubts = Vec::new();
    for (list, entry) in happenings(root, "unbacked_mint") {
        let written = entry.get("pledge_share").filter(|node| is_above_zero(node));
        if let Some(node) = written.filter(|_| !targets(entry, book.network).iter().any(takes)) {
            let why = "no market takes the asset as collateral, so all is sold";
            doubts.push(idle(node, book, &format!("{list}.pledge_share"), why));
        }
    }
    doubts
}

/// ETH in the loot is not sold at all, and who writes `sale_days` for it is not mistaken.
fn sold_nowhere(root: &Node, book: &Book<'_, '_>) -> Vec<Problem> {
    let network = book.network;
    let is_traded = |asset: &AssetId| network.asset_pools(*asset).next().is_some();
    let mut doubts = Vec::new();
    for (list, entry) in happenings(root, "exploit") {
        let Some(node) = entry.get("sale_days") else { continue };
        let targets = targets(entry, network);
        let loot: Vec<AssetId> =
            targets.into_iter().flat_map(|asset| wrapped_loot(network, asset)).collect();
        if !loot.is_empty() && !loot.iter().any(is_traded) {
            let why = "no token in the loot has a pool, so none is sold";
            doubts.push(idle(node, book, &format!("{list}.sale_days"), why));
        }
    }
    doubts
}

/// Wrapped assets that an exploit of `asset` takes.
fn wrapped_loot(network: &Network, asset: AssetId) -> impl Iterator<Item = AssetId> {
    let holdings = network.holder_holdings(Holder::Wrapped(asset)).iter();
    let assets = holdings.map(|&id| network.holding(id).asset);
    assets.filter(|id| id.index() >= network.n_base())
}

/// The entries of a kind, drawn and certain ones, each with the list it stands in.
fn happenings<'r>(root: &'r Node, kind: &str) -> Vec<(&'static str, &'r Node)> {
    let mut found = Vec::new();
    for list in ["source", "event"] {
        if let Some(NodeValue::List(entries)) = root.get(list).map(|node| &node.value) {
            let of_kind = entries.iter().filter(|entry| entry.text("kind") == Some(kind));
            found.extend(of_kind.map(|entry| (list, entry)));
        }
    }
    found
}

/// The wrapped assets that an entry names; names that are none of them are a problem elsewhere.
fn targets(entry: &Node, network: &Network) -> Vec<AssetId> {
    let written = entry.get("target").and_then(|target| target.get("asset"));
    let is_named = |node: &Node, name: &str| match &node.value {
        NodeValue::Text(text) => text == "*" || text == name,
        _ => false,
    };
    let is_target = |name: &str| match written.map(|node| (node, &node.value)) {
        Some((_, NodeValue::List(list))) => list.iter().any(|node| is_named(node, name)),
        Some((node, _)) => is_named(node, name),
        None => false,
    };
    network.wrapped_assets().filter(|&id| is_target(&network.asset(id).name)).collect()
}

fn members(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let table = match &node.value {
        NodeValue::Table(table) => Some(table),
        _ => None,
    };
    table.into_iter().flatten().map(|(name, member)| (name.as_str(), member))
}

fn is_above_zero(node: &Node) -> bool {
    match node.value {
        NodeValue::Integer(number) => number > 0,
        NodeValue::Float(number) => number > 0.0,
        _ => false,
    }
}
