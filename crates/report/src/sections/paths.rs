//! Paths of the tail, told: the ones that teach most with their days, and the list of the worst.

use maud::{Markup, html};
use serde_json::{Value, json};
use slashfall_output::number;

use super::{nothing, section};
use crate::charts::Chart;
use crate::figure::At;
use crate::page::View;
use crate::stories::TailStory;

/// Worst paths that are listed.
const LISTED: usize = 10;

pub(crate) fn paths(view: &mut View<'_>) -> Markup {
    let title = "How the worst came about";
    let told = match &view.extras.stories {
        Err(why) => nothing(&format!("The paths are not told: {why}")),
        Ok(stories) if stories.is_empty() => nothing("No path of this scope lost anything."),
        Ok(stories) => {
            let mut all = Vec::new();
            for (k, story) in stories.iter().enumerate() {
                all.push(tell(view, k, story));
            }
            html! { @for told in all { (told) } }
        }
    };
    section("paths", title, &html! { (told) (worst(view)) })
}

fn tell(view: &mut View<'_>, k: usize, story: &TailStory) -> Markup {
    let days: Value = story
        .days
        .iter()
        .map(|day| json!([day.day, day.direct_eth, day.contagion_eth, day.discount]))
        .collect();
    let events: Value =
        story.events.iter().map(|event| json!([event.day, event.name, event.loss_eth])).collect();
    let id = format!("path-{}", k + 1);
    let title = format!("Path {}: {}", number::count(story.path), story.why);
    let chart = Chart {
        id: &id,
        title: &title,
        note: html! { "Loss of the system by the end of each day, falls of base-asset prices left out; marks are what fired, lines what cost much. On the last day open loans are counted that their collateral no longer covers." },
    };
    let drawn = view.charts.add(&chart, "timeline", json!({ "days": days, "events": events }));
    html! {
        article.story {
            (drawn)
            p { (story.paragraph) }
            p.command { "To see every step: " code { (story.command) } }
        }
    }
}

fn worst(view: &View<'_>) -> Markup {
    let rows = &view.own.tail_paths;
    let own = view.subject.rows(rows);
    let shown = &own[..own.len().min(LISTED)];
    if shown.is_empty() {
        return html! {};
    }
    html! {
        div.scroll { table.sortable {
            caption { "The worst " (shown.len()) " paths of " (view.subject.name()) }
            thead { tr {
                th.number scope="col" aria-sort="none" { button type="button" { "Rank" } }
                th.number scope="col" aria-sort="none" { button type="button" { "Path" } }
                th.number scope="col" aria-sort="none" { button type="button" { "Loss" } span.unit { "ETH" } }
                th.number scope="col" aria-sort="none" { button type="button" { "Events" } }
                th.text scope="col" aria-sort="none" { button type="button" { "The first of them" } }
            } }
            tbody { @for &row in shown {
                @let at = At::own(rows, row);
                tr {
                    @for column in ["rank", "path", "loss", "n_events"] {
                        td.number data-sort=(at.number(column).map_or_else(String::new, |x| x.to_string())) { (at.show(column)) }
                    }
                    td.text { (first_events(at)) }
                }
            } }
        } }
    }
}

fn first_events(at: At<'_>) -> String {
    let days = at.rows.numbers(at.row, "first_days");
    let events = at.rows.texts(at.row, "first_events").iter().zip(days);
    let told: Vec<String> =
        events.map(|(name, day)| format!("{name} (day {:.0})", day.ceil())).collect();
    told.join(", ")
}
