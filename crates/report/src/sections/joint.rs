//! What falls together.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::json;
use slashfall_output::number;

use super::{nothing, section};
use crate::charts::{Chart, slice};
use crate::figure::{At, Side};
use crate::page::View;
use crate::table::{Head, folded};

const COLUMNS: [&str; 6] =
    ["a_kind", "a", "b_kind", "b", "probability_both", "probability_both_std_err"];

pub(crate) fn joint(view: &mut View<'_>) -> Markup {
    let title = "What falls together";
    let (rows, subject) = (&view.own.joint, view.subject);
    let own = rows.filter(|row| {
        subject.is_scenario(rows, row)
            && subject.is_level(rows, row)
            && ["a_kind", "b_kind"].iter().all(|kind| rows.text(row, kind) != "system")
    });
    let is_hit = |row: &&usize| rows.number(**row, "probability_both") > Some(0.0);
    let hit: BTreeSet<&str> = own.iter().filter(is_hit).map(|&row| rows.text(row, "a")).collect();
    let are_hit = |&row: &usize| ["a", "b"].iter().all(|side| hit.contains(rows.text(row, side)));
    let own: Vec<usize> = own.into_iter().filter(are_hit).collect();
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
