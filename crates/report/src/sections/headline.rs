//! The first screen: three figures with their errors, and one sentence.

use maud::{Markup, html};
use slashfall_output::number;

use crate::figure::At;
use crate::page::View;
use crate::words::{one_in, period};

/// Three cards and a sentence.
pub(crate) fn headline(view: &View<'_>) -> Markup {
    let (tables, subject) = (view.own, view.subject);
    let summary = &tables.summary;
    let row = |metric| subject.figure(summary, &subject.scenario, metric);
    let [_, periods] = period(tables.horizon_days());
    let level = number::level(subject.level);
    let cards = [
        (
            row("mean"),
            "Expected loss".to_owned(),
            format!("mean over {} days, ETH", tables.horizon_days()),
        ),
        (
            row("es"),
            format!("Expected shortfall, {level}"),
            format!("mean of the worst {}, ETH", number::level(1.0 - subject.level)),
        ),
        budget_card(view, row("probability_beyond"), row("probability_positive")),
    ];
    html! {
        div.cards {
            @for (row, title, what) in cards {
                @if let Some(row) = row {
                    (card(At::own(summary, row), &title, &what))
                }
            }
        }
        (sentence(view, row("var"), row("es"), &periods))
    }
}

/// What the third card is of: losses beyond the budget, or any at all where the result knows no budget.
fn budget_card(
    view: &View<'_>,
    beyond: Option<usize>,
    any: Option<usize>,
) -> (Option<usize>, String, String) {
    let Some(budget) = view.subject.budget.filter(|_| beyond.is_some()) else {
        let what = format!("within {} days; the result has no budget", view.own.horizon_days());
        return (any, "Probability of any loss".to_owned(), what);
    };
    let title = "Probability of breaching the budget".to_owned();
    let of = number::level(budget);
    (
        beyond,
        title,
        format!("a loss beyond {of} of what there is, within {} days", view.own.horizon_days()),
    )
}

fn card(at: At<'_>, title: &str, what: &str) -> Markup {
    let budget = at.number("budget_eth").is_some();
    html! {
        div.card {
            h3 { (title) }
            p.big { (at.show("value")) span.error { " ± " (at.show("std_err")) } }
            p.interval { (at.show_interval("ci_low", "ci_high")) }
            (error_bar(at))
            p.what { (what) @if budget { " (" (at.show("budget_eth")) " ETH)" } }
        }
    }
}

/// The interval as a bar on the line from 0, or from its lower limit, to its upper limit.
fn error_bar(at: At<'_>) -> Markup {
    let limits = at.number("ci_low").zip(at.number("ci_high"));
    let Some(((low, high), value)) = limits.zip(at.number("value")) else { return html! {} };
    let from = low.min(0.0);
    let whole = high.max(0.0) - from;
    if whole <= 0.0 {
        return html! {};
    }
    let share = |x: f64| format!("{:.2}", 4.0 + 92.0 * (x - from) / whole);
    html! {
        svg.bar viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
            line.axis x1="4" x2="96" y1="3" y2="3" {}
            line.zero x1=(share(0.0)) x2=(share(0.0)) y1="0.5" y2="5.5" {}
            line.range x1=(share(low)) x2=(share(high)) y1="3" y2="3" {}
            line.value x1=(share(value)) x2=(share(value)) y1="0.5" y2="5.5" {}
        }
    }
}

/// `1 in 200 months costs more than X ETH (95 %: a to b). The worst 0.5 % cost Y ETH on average; 61 % of it through P2P.org, 22 % second round.`
fn sentence(view: &View<'_>, var: Option<usize>, es: Option<usize>, periods: &str) -> Markup {
    let (tables, subject) = (view.own, view.subject);
    let (Some(var), Some(es)) = (var, es) else { return html! {} };
    let (var, es) = (At::own(&tables.summary, var), At::own(&tables.summary, es));
    let parts = &tables.contributions;
    // The largest that has a name; what has none stands in brackets.
    let of_kind = |kind: &str| {
        let ranked = subject.components(parts, kind).into_iter();
        let mut named = ranked.filter(|&row| !parts.text(row, "component").starts_with('('));
        named.next().filter(|&row| parts.number(row, "es_contribution") > Some(0.0))
    };
    let second = subject.rows_at_level(parts).into_iter().find(|&row| {
        parts.text(row, "component_kind") == "source_kind"
            && parts.text(row, "component") == "(cascade)"
    });
    let (source, company) = (of_kind("source_kind"), of_kind("entity"));
    html! {
        p.sentence {
            (beyond(view, var, periods)) " The worst " (number::level(1.0 - subject.level)) " cost "
            strong { (es.show("value")) " ETH" } " on average."
            @if source.is_some() || company.is_some() || second.is_some() {
                " Of that average, "
                @let told: Vec<Markup> = [
                    source.map(|row| html! { (At::own(parts, row).show("share")) " begins with " em { (parts.text(row, "component")) } }),
                    company.map(|row| html! { (At::own(parts, row).show("share")) " goes through " em { (parts.text(row, "component")) } ", more than through any other company" }),
                    second.map(|row| html! { (At::own(parts, row).show("share")) " is second round" }),
                ].into_iter().flatten().collect();
                @for (k, part) in told.iter().enumerate() {
                    @if k > 0 { @if k + 1 == told.len() { ", and " } @else { ", " } }
                    (part)
                }
                "."
            }
        }
    }
}

/// What the value at risk says; where it is 0, how likely any loss is.
fn beyond(view: &View<'_>, var: At<'_>, periods: &str) -> Markup {
    let (summary, subject) = (&view.own.summary, view.subject);
    let rare = one_in(subject.level);
    let any = subject.figure(summary, &subject.scenario, "probability_positive");
    let has_loss = var.number("value").is_some_and(|value| value.abs() > 0.0);
    match any.filter(|_| !has_loss) {
        Some(any) => html! {
            "Fewer than " (rare) " " (periods) " cost " (subject.name()) " anything: "
            strong { (At::own(summary, any).show("value")) } " ("
            (At::own(summary, any).show_interval("ci_low", "ci_high")) ")."
        },
        None => html! {
            (rare) " " (periods) " costs " (subject.name()) " more than "
            strong { (var.show("value")) " ETH" } " (" (var.show_interval("ci_low", "ci_high")) ")."
        },
    }
}
