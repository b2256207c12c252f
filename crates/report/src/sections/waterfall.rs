//! From direct losses through the channels to the expected shortfall.

use maud::{Markup, html};
use serde_json::json;
use slashfall_output::number;

use super::{NOT_SPLIT, nothing, section};
use crate::charts::{Chart, slice};
use crate::figure::{At, Side};
use crate::page::View;
use crate::table::{Head, folded};

const COLUMNS: [&str; 6] =
    ["component_kind", "component", "es_contribution", "std_err", "ci_low", "ci_high"];

pub(crate) fn waterfall(view: &mut View<'_>) -> Markup {
    let (tables, subject) = (view.own, view.subject);
    let parts = &tables.contributions;
    let mut own = subject.rows_at_level(parts);
    let contribution = |row: usize| parts.number(row, "es_contribution").unwrap_or(0.0);
    own.retain(|&row| {
        let kind = parts.text(row, "component_kind");
        kind == "origin" || (kind == "channel" && contribution(row).abs() > 0.0)
    });
    let title = "From direct losses to the whole tail";
    if own.is_empty() {
        return section("waterfall", title, &nothing(NOT_SPLIT));
    }
    let es = subject.figure(&tables.summary, &subject.scenario, "es");
    let total: Vec<usize> = es.into_iter().collect();
    let data = json!({
        "parts": slice(Side::Own, parts, &own, &COLUMNS),
        "total": slice(Side::Own, &tables.summary, &total, &["value", "std_err", "ci_low", "ci_high"]),
    });
    let chart = Chart {
        id: "waterfall",
        title: "Which channels carry the worst losses?",
        note: html! {
            "Mean over the worst " (number::level(1.0 - subject.level)) ", channel by channel: first what is lost directly, then what follows by "
            "contagion (attacks on AVSs, bad debt, losses of their users), up to the expected shortfall. Whiskers are 95 % intervals."
        },
    };
    let drawn = view.charts.add(&chart, "waterfall", data);
    let heads = [
        Head::text("Channel", "component"),
        Head::with_error("Contribution", "ETH", "es_contribution", "std_err"),
        Head::interval("ETH"),
        Head::number("Share", "of the ES", "share"),
        Head::number("By itself", "ES, ETH", "standalone_es"),
    ];
    let listed = own.iter().map(|&row| At::own(parts, row));
    section("waterfall", title, &html! { (drawn) (folded("Channels and origins", &heads, listed)) })
}
