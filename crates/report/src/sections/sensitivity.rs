//! What the tail hangs on: the tornado, and the tail at other rates of AVSs' slashes.

use maud::{Markup, html};
use serde_json::json;

use super::{nothing, section};
use crate::charts::{Chart, slice};
use crate::figure::{At, Side};
use crate::page::View;
use crate::table::{Head, folded};

/// Parameters that the tornado shows.
const SHOWN: usize = 14;

pub(crate) fn sensitivity(view: &mut View<'_>) -> Markup {
    let body = html! { (tornado(view)) (avs_rate(view)) };
    section("sensitivity", "What the tail hangs on", &body)
}

fn tornado(view: &mut View<'_>) -> Markup {
    let (rows, subject) = (&view.own.sensitivities, view.subject);
    let mut own = subject.rows_at_level(rows);
    let change = |row: usize| rows.number(row, "change").unwrap_or(0.0);
    own.retain(|&row| rows.text(row, "metric") == "es" && change(row).abs() > 0.0);
    own.sort_by(|a, b| change(*b).abs().total_cmp(&change(*a).abs()));
    own.truncate(SHOWN);
    if own.is_empty() {
        return nothing(
            "The result has no sensitivities of this scope: they come with `run.detail = \"standard\"`.",
        );
    }
    let columns =
        ["parameter", "change", "step", "derivative", "std_err", "ci_low", "ci_high", "method"];
    let data = json!({ "parameters": slice(Side::Own, rows, &own, &columns) });
    let chart = Chart {
        id: "tornado",
        title: "Change of the expected shortfall",
        note: html! { "A tenth more of each rate, severity, cover or depth; 0.05 more of each loading. Whiskers are 95 % intervals: where they cross 0 the sign is not known." },
    };
    let drawn = view.charts.add(&chart, "tornado", data);
    let heads = [
        Head::text("Parameter", "parameter"),
        Head::number("Step", "", "step"),
        Head::number("Change", "ETH", "change"),
        Head::with_error("Derivative", "ETH a unit", "derivative", "std_err"),
        Head::interval("of the derivative"),
        Head::text("Method", "method"),
    ];
    html! { (drawn) (folded("Sensitivities of the expected shortfall", &heads, own.iter().map(|&row| At::own(rows, row)))) }
}

fn avs_rate(view: &mut View<'_>) -> Markup {
    let (rows, subject) = (&view.own.avs_rate, view.subject);
    let own = subject.rows(rows);
    let Some(&first) = own.first() else {
        return nothing("The result has no sweep of the rate of AVSs' slashes of this scope.");
    };
    let columns = ["rate", "level", "value", "std_err", "ci_low", "ci_high"];
    let data = json!({ "rates": slice(Side::Own, rows, &own, &columns) });
    let at = At::own(rows, first);
    let chart = Chart {
        id: "avs-rate",
        title: "Expected shortfall against the rate of AVSs' slashes",
        note: html! {
            "All else as it is; the rate of each " (at.text("source_kind")) " itself is known to nobody. Level " (at.show("level")) ", "
            (at.show("n_paths")) " paths a rate; whiskers are 95 % intervals."
        },
    };
    let drawn = view.charts.add(&chart, "rates", data);
    let heads = [
        Head::number("Rate", "a year", "rate"),
        Head::with_error("Expected shortfall", "ETH", "value", "std_err"),
        Head::interval("ETH"),
    ];
    html! { (drawn) (folded("Expected shortfall by rate", &heads, own.iter().map(|&row| At::own(rows, row)))) }
}
