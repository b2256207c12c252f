//! How sure the figures are: they settle as paths are added; how the cascade ran; what the sample did beside what was asked.

use maud::{Markup, html};
use serde_json::json;

use super::section;
use crate::charts::{Chart, slice};
use crate::figure::{At, Side};
use crate::page::View;
use crate::table::{Head, folded};

pub(crate) fn convergence(view: &mut View<'_>) -> Markup {
    let body = html! { (settles(view)) (rounds(view)) (dependence(view)) };
    section("convergence", "How far the figures can be trusted", &body)
}

fn settles(view: &mut View<'_>) -> Markup {
    let (rows, subject) = (&view.own.convergence, view.subject);
    let mut own = subject.rows(rows);
    own.retain(|&row| rows.text(row, "metric") == "mean" || subject.is_level(rows, row));
    if own.is_empty() {
        return html! {};
    }
    let columns = ["metric", "level", "n_paths", "value", "std_err", "ci_low", "ci_high"];
    let data = json!({ "points": slice(Side::Own, rows, &own, &columns) });
    let chart = Chart {
        id: "convergence",
        title: "Figures as paths are added",
        note: html! { "Bands are 95 % intervals; a figure that leaves the band of fewer paths was not known when they were all." },
    };
    let drawn = view.charts.add(&chart, "convergence", data);
    let heads = [
        Head::text("Figure", "metric"),
        Head::number("Paths", "", "n_paths"),
        Head::with_error("Value", "ETH", "value", "std_err"),
        Head::interval("ETH"),
    ];
    html! { (drawn) (folded("Convergence", &heads, own.iter().map(|&row| At::own(rows, row)))) }
}

fn rounds(view: &View<'_>) -> Markup {
    let rows = &view.own.cascade;
    let own = rows.filter(|row| view.subject.is_scenario(rows, row));
    let heads = [
        Head::number("Rounds", "", "rounds"),
        Head::number("Paths", "", "n_paths"),
        Head::number("Probability", "", "probability"),
        Head::number("Mean direct loss", "ETH", "mean_direct"),
        Head::number("Mean contagion", "ETH", "mean_contagion"),
        Head::with_error("Mean loss", "ETH", "mean_total", "std_err_total"),
    ];
    html! { @if !own.is_empty() { (folded("Rounds of the cascade", &heads, own.iter().map(|&row| At::own(rows, row)))) } }
}

fn dependence(view: &View<'_>) -> Markup {
    let rows = &view.own.dependence;
    let own = rows.filter(|row| view.subject.is_scenario(rows, row));
    let heads = [
        Head::text("What", "kind"),
        Head::text("Of", "a"),
        Head::text("And", "b"),
        Head::number("Asked", "", "requested"),
        Head::with_error("Happened", "", "realised", "std_err"),
        Head::number("Standard errors apart", "", "z"),
    ];
    html! { @if !own.is_empty() { (folded("What the sample did beside what was asked of it", &heads, own.iter().map(|&row| At::own(rows, row)))) } }
}
