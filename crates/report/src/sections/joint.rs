//! What falls together.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::json;
use slashfall_output::number;

use super::{nothing, section};
use crate::charts::{Chart, slice};
use crate::figure::{At, Side};
use crate::page::View;
use crate::rows::Rows;
use crate::table::{Head, folded};

const COLUMNS: [&str; 6] =
    ["a_kind", "a", "b_kind", "b", "probability_both", "probability_both_std_err"];

/// Scopes of which all pairs are shown: of thousands a page would have gigabytes.
const MOST_SHOWN: usize = 40;

pub(crate) fn joint(view: &mut View<'_>) -> Markup {
    let title = "What falls together";
    let (rows, subject) = (&view.own.joint, view.subject);
    let own = rows.filter(|row| {
        subject.is_scenario(rows, row)
            && subject.is_level(rows, row)
            && ["a_kind", "b_kind"].iter().all(|kind| rows.text(row, kind) != "system")
    });
    let is_hit = |row: &&usize| rows.number(**row, "probability_both") > Some(0.0);
    let hit = own.iter().filter(is_hit).map(|&row| scope(rows, row, "a"));
    let (shown, n_hit) = worst(view, hit.collect());
    let are_shown =
        |&row: &usize| ["a", "b"].iter().all(|side| shown.contains(&scope(rows, row, side)));
    let own: Vec<usize> = own.into_iter().filter(are_shown).collect();
    if own.is_empty() {
        let why = "No two tokens or portfolios fall together at this level, or the result was run with `run.detail = \"summary\"`.";
        return section("joint", title, &nothing(why));
    }
    let data = json!({ "pairs": slice(Side::Own, rows, &own, &COLUMNS) });
    let chart = Chart {
        id: "joint",
        title: "Probability that both are in their tail",
        note: html! {
            "Each cell: that both lose at least their value at risk at " (number::level(subject.level)) " in the same "
            (view.own.horizon_days()) " days. Always together would be " (number::level(1.0 - subject.level)) "; independent, "
            (number::level((1.0 - subject.level).powi(2))) "."
            @if n_hit > shown.len() {
                " Of " (number::count(n_hit as u64)) " tokens and portfolios the " (shown.len()) " with the largest expected shortfall are shown."
            }
        },
    };
    let drawn = view.charts.add(&chart, "joint", data);
    let heads = [
        Head::text("In whose tail", "a"),
        Head::text("Whose loss", "b"),
        Head::with_error("Both", "probability", "probability_both", "probability_both_std_err"),
        Head::with_error("CoVaR", "ETH", "covar", "covar_std_err"),
        Head::with_error("Marginal ES", "ETH", "mes", "mes_std_err"),
    ];
    let listed = own.iter().map(|&row| At::own(rows, row));
    section("joint", title, &html! { (drawn) (folded("Pairs", &heads, listed)) })
}

/// Kind and name of one side of a pair.
fn scope<'r>(rows: &'r Rows, row: usize, side: &str) -> (&'r str, &'r str) {
    let kind = if side == "a" { "a_kind" } else { "b_kind" };
    (rows.text(row, kind), rows.text(row, side))
}

/// Those of some scopes that a page has room for, by their expected shortfalls, and how many there were.
fn worst<'r>(
    view: &'r View<'_>,
    hit: BTreeSet<(&'r str, &'r str)>,
) -> (BTreeSet<(&'r str, &'r str)>, usize) {
    let n_hit = hit.len();
    if n_hit <= MOST_SHOWN {
        return (hit, n_hit);
    }
    let (summary, subject) = (&view.own.summary, view.subject);
    let shortfalls = summary.filter(|row| {
        subject.is_scenario(summary, row)
            && subject.is_level(summary, row)
            && summary.text(row, "metric") == "es"
    });
    let of_scope = |row: usize| {
        let scope = (summary.text(row, "scope_kind"), summary.text(row, "scope"));
        let found = summary.number(row, "value").filter(|_| hit.contains(&scope));
        found.map(|value| (value, scope))
    };
    let mut found: Vec<_> = shortfalls.into_iter().filter_map(of_scope).collect();
    found.sort_by(|(a, of_a), (b, of_b)| b.total_cmp(a).then_with(|| of_a.cmp(of_b)));
    found.truncate(MOST_SHOWN);
    (found.into_iter().map(|(_, scope)| scope).collect(), n_hit)
}
