//! The network: who holds at whom, and who may slash it.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::{nothing, section};
use crate::charts::{Chart, slice};
use crate::figure::Side;
use crate::flows::Flow;
use crate::page::View;

const COLUMNS: [&str; 5] = ["component_kind", "component", "es_contribution", "share", "std_err"];

pub(crate) fn network(view: &mut View<'_>) -> Markup {
    let title = "The network";
    let flows = match &view.extras.flows {
        Ok(flows) => flows,
        Err(why) => {
            return section(
                "network",
                title,
                &nothing(&format!("The network is not drawn: {why}")),
            );
        }
    };
    let parts = &view.own.contributions;
    let mut own = view.subject.rows_at_level(parts);
    let contribution = |row: usize| parts.number(row, "es_contribution").unwrap_or(0.0);
    own.retain(|&row| {
        let kind = parts.text(row, "component_kind");
        matches!(kind, "asset" | "entity" | "avs") && contribution(row).abs() > 0.0
    });
    let listed = |flows: &[Flow]| -> Value {
        flows.iter().map(|flow| json!([flow.from, flow.to, flow.eth])).collect()
    };
    let data = json!({
        "held": listed(&flows.held),
        "slashable": listed(&flows.slashable),
        "parts": slice(Side::Own, parts, &own, &COLUMNS),
    });
    let chart = Chart {
        id: "network",
        title: "Tokens, companies and AVSs",
        note: html! {
            "Widths are ETH on day 0: left what each token has restaked with a company, right what each AVS may slash of it (one stake may "
            "be pledged to several AVSs). Colour is the share of the expected shortfall that is through a node. The largest are named, the others are taken together."
        },
    };
    let drawn = view.charts.add(&chart, "network", data);
    section("network", title, &drawn)
}
