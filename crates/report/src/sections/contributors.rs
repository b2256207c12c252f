//! Who and what is behind the tail, how concentrated that is, and what it would be without them.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::{NOT_SPLIT, nothing, section};
use crate::charts::{Chart, slice};
use crate::figure::{At, Side, rounded};
use crate::page::View;
use crate::rows::Rows;
use crate::table::{Head, folded, table};

/// Kinds of component in the order of the buttons, with their names.
const KINDS: [(&str, &str); 6] = [
    ("entity", "Companies"),
    ("avs", "AVSs"),
    ("source_kind", "Causes"),
    ("asset", "Assets"),
    ("operator", "Operators"),
    ("allocation", "Allocations"),
];
/// Components of a kind that are shown.
const SHOWN: usize = 12;
/// Components whose shares are added up.
const MOST: usize = 3;
const COLUMNS: [&str; 7] =
    ["component", "es_contribution", "share", "std_err", "ci_low", "ci_high", "standalone_es"];

pub(crate) fn contributors(view: &mut View<'_>) -> Markup {
    let parts = &view.own.contributions;
    let title = "Who and what is behind the tail";
    let all: Vec<(&str, &str, Vec<usize>)> = KINDS
        .iter()
        .map(|(kind, name)| (*kind, *name, view.subject.components(parts, kind)))
        .collect();
    if all.iter().all(|(.., rows)| rows.is_empty()) {
        return section("contributors", title, &nothing(NOT_SPLIT));
    }
    let mut kinds = Map::new();
    for (kind, name, rows) in &all {
        let shown = &rows[..rows.len().min(SHOWN)];
        let slice = slice(Side::Own, parts, shown, &COLUMNS);
        kinds.insert((*kind).to_owned(), json!({ "name": name, "parts": slice }));
    }
    let order: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    let chart = Chart {
        id: "contributors",
        title: "Parts of the expected shortfall",
        note: html! { "Bars are Euler contributions with 95 % intervals; names in brackets stand for what has none. Parts of a kind sum to the expected shortfall." },
    };
    let data = json!({ "kinds": Value::Object(kinds), "order": order });
    let drawn = view.charts.add(&chart, "contributors", data);
    let body = html! {
        (drawn)
        ul.concentration { @for (_, name, rows) in &all { (concentration(parts, name, rows)) } }
        @for (_, name, rows) in &all { (listed(parts, name, rows)) }
        (without(view))
        (triggers(view))
    };
    section("contributors", title, &body)
}

/// What the largest named components have together.
fn concentration(parts: &Rows, name: &str, ranked: &[usize]) -> Markup {
    let named =
        ranked.iter().copied().filter(|&row| !parts.text(row, "component").starts_with('('));
    let most: Vec<usize> = named.take(MOST).collect();
    let shares: Option<Vec<f64>> = most.iter().map(|&row| parts.number(row, "share")).collect();
    let Some(shares) = shares.filter(|shares| shares.len() > 1) else { return html! {} };
    let sum: f64 = shares.iter().sum();
    let places: Vec<String> = most.iter().map(|row| format!("contributions:{row}:share")).collect();
    let names: Vec<&str> = most.iter().map(|&row| parts.text(row, "component")).collect();
    html! {
        li {
            (name) ": " data value=(sum) data-sum=(places.join(" ")) { (rounded(sum, "fraction")) }
            " of the expected shortfall is through the largest " (most.len()) ": " (names.join(", ")) "."
        }
    }
}

fn listed(parts: &Rows, name: &str, ranked: &[usize]) -> Markup {
    if ranked.is_empty() {
        return html! {};
    }
    let heads = [
        Head::text("Name", "component"),
        Head::with_error("Contribution", "ETH", "es_contribution", "std_err"),
        Head::interval("ETH"),
        Head::number("Share", "of the ES", "share"),
        Head::with_error("By itself", "ES, ETH", "standalone_es", "standalone_std_err"),
        Head::number("Diversified away", "", "diversification"),
    ];
    let shown = &ranked[..ranked.len().min(SHOWN)];
    let more = ranked.len() - shown.len();
    let caption = if more > 0 {
        format!("{name}: the largest {}; {more} more are in contributions.parquet", shown.len())
    } else {
        name.to_owned()
    };
    folded(&caption, &heads, shown.iter().map(|&row| At::own(parts, row)))
}

/// What the tail would be without the largest, of scopes that the result asks it of.
fn without(view: &View<'_>) -> Markup {
    let removals = &view.own.removals;
    let own = view.subject.rows_at_level(removals);
    if own.is_empty() {
        return html! {};
    }
    let heads = [
        Head::text("Without", "removed"),
        Head::text("Kind", "removal_kind"),
        Head::with_error("Change of the ES", "ETH", "change", "std_err"),
        Head::interval("ETH"),
        Head::number("ES without it", "ETH", "es_without"),
    ];
    html! {
        h3 { "What the tail would be without somebody" }
        p.note { "The same draws with its stake left where it is and nobody to slash it." }
        (table("Expected shortfall without the largest contributors", &heads, own.iter().map(|&row| At::own(removals, row))))
    }
}

/// Companies, AVSs and assets by what the system loses, at the least of the interval, when a source fires that names them.
fn triggers(view: &View<'_>) -> Markup {
    let rows = &view.own.contagion;
    let least = |row: usize| rows.number(row, "ci_low").filter(|least| *least > 0.0);
    let mut own = rows.filter(|row| {
        view.subject.is_scenario(rows, row)
            && matches!(rows.text(row, "node_kind"), "entity" | "avs" | "asset" | "reserve")
            && least(row).is_some()
    });
    own.sort_by(|a, b| least(*b).unwrap_or(0.0).total_cmp(&least(*a).unwrap_or(0.0)));
    own.truncate(SHOWN);
    if own.is_empty() {
        return html! {};
    }
    let heads = [
        Head::text("Where it begins", "node"),
        Head::text("Kind", "node_kind"),
        Head::with_error("A source fires", "probability", "trigger_probability", "trigger_std_err"),
        Head::with_error("Mean loss then", "ETH", "mean_loss_given_trigger", "std_err"),
        Head::interval("ETH"),
        Head::with_error(
            "Amplification",
            "total / direct",
            "amplification",
            "amplification_std_err",
        ),
        Head::with_error("Rounds", "", "expected_rounds", "rounds_std_err"),
    ];
    html! {
        h3 { "Who sets off what" }
        p.note { "What the whole system loses when a source fires that names one of these, whatever else happens on the path: the largest by the lower limit of the interval; contagion.parquet has all." }
        (table("Where losses begin", &heads, own.iter().map(|&row| At::own(rows, row))))
    }
}
