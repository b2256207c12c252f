//! The exceedance curve: how likely a loss beyond each amount is, with its band, beside other scenarios and another result.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::section;
use crate::charts::{Chart, slice};
use crate::figure::{At, Side};
use crate::page::View;
use crate::table::{Head, folded};
use crate::tables::Tables;

/// Other curves that are drawn at most: more cannot be told apart.
const MOST_CURVES: usize = 7;
const COLUMNS: [&str; 6] =
    ["loss", "probability", "return_period_years", "ci_low", "ci_high", "es_beyond"];

pub(crate) fn curve(view: &mut View<'_>) -> Markup {
    let (tables, subject) = (view.own, view.subject);
    let rows = &tables.exceedance;
    let own = subject.rows(rows);
    let others = others(view);
    let left_out = tables.scenarios().len().saturating_sub(1 + MOST_CURVES);
    let data = json!({ "own": slice(Side::Own, rows, &own, &COLUMNS), "others": others });
    let chart = Chart {
        id: "exceedance",
        title: "How likely is a loss beyond each amount?",
        note: html! {
            "The band is the 95 % interval of the loss at each probability. Point at the curve to read it."
            @if left_out > 0 { " Scenarios beyond the first " (MOST_CURVES) " are in the table of scenarios alone." }
        },
    };
    let drawn = view.charts.add(&chart, "exceedance", data);
    let heads = [
        Head::number("Probability", "within the horizon", "probability"),
        Head::number("Return period", "years", "return_period_years"),
        Head::number("Loss beyond", "ETH", "loss"),
        Head::interval("ETH"),
        Head::number("Mean beyond", "ETH", "es_beyond"),
    ];
    let listed = own.iter().map(|&row| At::own(rows, row));
    section(
        "exceedance",
        "Loss distribution",
        &html! { (drawn) (folded("Exceedance curve", &heads, listed)) },
    )
}

/// The curves of other scenarios, and of the result that this one is set beside.
fn others(view: &View<'_>) -> Vec<Value> {
    let (own, subject) = (view.own, view.subject);
    let curve = |side: Side, tables: &Tables, scenario: &str, name: String| {
        let rows = &tables.exceedance;
        let which = rows
            .filter(|row| subject.is_scope(rows, row) && rows.text(row, "scenario") == scenario);
        json!({ "name": name, "curve": slice(side, rows, &which, &COLUMNS) })
    };
    let mut others = Vec::new();
    if let Some(versus) = view.versus {
        let scenarios = versus.scenarios();
        let same = scenarios.iter().find(|name| **name == subject.scenario).or(scenarios.first());
        if let Some(scenario) = same {
            let name = format!("{} ({scenario})", view.versus_name());
            others.push(curve(Side::Versus, versus, scenario, name));
        }
    }
    let scenarios = own.scenarios().into_iter().filter(|name| *name != subject.scenario);
    let scenarios = scenarios.take(MOST_CURVES);
    others.extend(scenarios.map(|name| curve(Side::Own, own, name, name.to_owned())));
    others
}
