//! All scenarios, and the result that this one is set beside, in one table.

use maud::{Markup, html};
use slashfall_output::number;

use super::section;
use crate::figure::{At, Side};
use crate::page::View;
use crate::tables::Tables;

const METRICS: [&str; 5] = ["mean", "var", "es", "probability_positive", "probability_beyond"];

/// Nothing where there is but one scenario.
pub(crate) fn scenarios(view: &View<'_>) -> Markup {
    let own = view.own.scenarios().into_iter().map(|name| (Side::Own, view.own, name));
    let beside = view.versus.into_iter().flat_map(|versus| {
        versus.scenarios().into_iter().map(move |name| (Side::Versus, versus, name))
    });
    let all: Vec<(Side, &Tables, &str)> = own.chain(beside).collect();
    if all.len() < 2 {
        return html! {};
    }
    let level = number::level(view.subject.level);
    let budget = view.subject.budget.map(number::level);
    let body = html! {
        div.scroll { table.sortable {
            caption { "Losses of " (view.subject.name()) " by scenario, ± standard error" }
            thead { tr {
                th.text scope="col" aria-sort="none" { button type="button" { "Scenario" } }
                @for (title, unit) in [
                    ("Mean".to_owned(), "ETH"),
                    (format!("VaR {level}"), "ETH"),
                    (format!("ES {level}"), "ETH"),
                    ("Any loss".to_owned(), "probability"),
                ] {
                    th.number scope="col" aria-sort="none" { button type="button" { (title) } span.unit { (unit) } }
                }
                @if let Some(budget) = &budget {
                    th.number scope="col" aria-sort="none" { button type="button" { "Beyond " (budget) } span.unit { "probability" } }
                }
            } }
            tbody { @for (side, tables, name) in all {
                tr class=(if side == Side::Own && name == view.subject.scenario { "own" } else { "" }) {
                    @let shown = if side == Side::Own { name.to_owned() } else { format!("{}: {name}", view.versus_name()) };
                    td.text data-sort=(shown) { (shown) }
                    @for metric in METRICS.iter().take(if budget.is_some() { 5 } else { 4 }) {
                        (cell(view, side, tables, name, metric))
                    }
                }
            } }
        } }
    };
    section("scenarios", "Scenarios side by side", &body)
}

fn cell(view: &View<'_>, side: Side, tables: &Tables, scenario: &str, metric: &str) -> Markup {
    let Some(row) = view.subject.figure(&tables.summary, scenario, metric) else {
        return html! { td.number data-sort="" { "–" } };
    };
    let at = At { side, rows: &tables.summary, row };
    let key = at.number("value").map_or_else(String::new, |x| x.to_string());
    html! { td.number data-sort=(key) { (at.show_with_error("value", "std_err")) } }
}
