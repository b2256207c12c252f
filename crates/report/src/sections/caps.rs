//! How much of each position a treasury may hold, where `caps` has answered it of this result.

use std::path::Path;

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{Event, Options, Parser};
use serde_json::{Value, json};
use slashfall_graph::{Problem, Problems, read_text};

use super::section;
use crate::charts::{Chart, slice};
use crate::figure::{At, Side};
use crate::page::View;
use crate::rows::Rows;
use crate::table::{Head, table};
use crate::tables::Tables;

/// The answer of `caps`.
pub(crate) struct Caps {
    rows: Rows,
    /// The page for a governance post, in Markdown.
    page: String,
    name: String,
    scenario: String,
}

impl Caps {
    /// Reads what `caps` wrote of a result.
    ///
    /// # Errors
    /// When the folder is none of `caps`, or is of another result.
    pub(crate) fn read(folder: &Path, of: &Tables) -> Result<Self, Problems> {
        let wrong = |expected: String| Problem::new(folder.display().to_string(), expected);
        let none = || {
            Problems::from(wrong(
            "a folder that `slashfall caps --output` wrote was expected, with caps.json, caps.md and caps.parquet".to_owned(),
        ))
        };
        let page = read_text(&folder.join("caps.md")).map_err(|_| none())?;
        let document = read_text(&folder.join("caps.json")).map_err(|_| none())?;
        let document: Value = serde_json::from_str(&document).map_err(|_| none())?;
        let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
        let scenario = text("scenario");
        let manifest = &of.manifest;
        let is_same =
            ["network", "seed", "horizon_days"].iter().all(|key| document[key] == manifest[key])
                && document["n_paths"].as_u64() <= manifest["paths"][&scenario].as_u64();
        if !is_same {
            let expected =
                format!("caps of this result were expected; they are of {}", text("result"));
            return Err(wrong(expected).into());
        }
        let rows = Rows::read(folder, "caps")?;
        if rows.is_there() {
            Ok(Self { rows, page, name: text("name"), scenario })
        } else {
            Err(none())
        }
    }
}

const COLUMNS: [&str; 6] =
    ["position", "held_eth", "cap_eth", "cap_binding", "cap_at_market_eth", "proposed_eth"];

/// What stops a cap, in words.
fn stops(binding: &str) -> String {
    match binding {
        "most" => "its own max_eth".to_owned(),
        "size" => "size of the treasury".to_owned(),
        "es" => "budget of the ES".to_owned(),
        "loss" => "budget of P(loss)".to_owned(),
        "liquidity" => "liquidity".to_owned(),
        name => name
            .strip_prefix("entity ")
            .map_or_else(|| name.to_owned(), |name| format!("company {name}")),
    }
}

/// Nothing where there are no caps.
pub(crate) fn caps(view: &mut View<'_>) -> Markup {
    let Some(caps) = view.caps else { return html! {} };
    let rows = &caps.rows;
    let own = rows.filter(|row| {
        rows.text(row, "scenario") == caps.scenario && rows.number(row, "rate").is_none()
    });
    let data = json!({ "positions": slice(Side::Caps, rows, &own, &COLUMNS) });
    let chart = Chart {
        id: "caps",
        title: "How much of each position, at most",
        note: html! { "The bar goes to the cap when all else is ETH; the mark is what is held today, the circle what is proposed. What stops a cap stands beside it." },
    };
    let drawn = view.charts.add(&chart, "caps", data);
    let heads = [
        Head::text("Position", "position"),
        Head::number("Held", "ETH", "held_eth"),
        Head::number("Cap", "ETH", "cap_eth"),
        Head::words("What stops it", "cap_binding", stops),
        Head::number("Proposed", "ETH", "proposed_eth"),
        Head::number("Room", "ETH", "room_eth"),
        Head::with_error(
            "Return",
            "over the horizon",
            "expected_return",
            "expected_return_std_err",
        ),
        Head::with_error("Marginal ES", "ETH an ETH", "marginal_es", "marginal_es_std_err"),
    ];
    let listed = own.iter().map(|&row| At { side: Side::Caps, rows, row });
    let body = html! {
        (drawn)
        (table(&format!("Positions of {}", caps.name), &heads, listed))
        details.page { summary { "The whole page of the caps" } div.markdown { (PreEscaped(html_of(&caps.page))) } }
    };
    section("caps", &format!("How much to hold: {}", caps.name), &body)
}

/// Markdown as HTML. HTML in it is shown as text, links and pictures are no more than theirs, and headings go down two levels to stand below the page's own.
fn html_of(markdown: &str) -> String {
    use pulldown_cmark::{HeadingLevel, Tag, TagEnd};
    let lower = |level| match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        _ => HeadingLevel::H5,
    };
    // A folder of caps may come from anywhere, and a link runs what it says as a script of the page.
    let leads_away = |event: &Event<'_>| {
        matches!(
            event,
            Event::Start(Tag::Link { .. } | Tag::Image { .. })
                | Event::End(TagEnd::Link | TagEnd::Image)
        )
    };
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES);
    let events = events.filter(|event| !leads_away(event)).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Heading { level, .. }) => {
            let (id, classes, attrs) = (None, Vec::new(), Vec::new());
            Event::Start(Tag::Heading { level: lower(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
        event => event,
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_markdown_are_text() {
        let html =
            html_of("# An AVS\n\n| a |\n|---|\n| <script>alert(1)</script> |\n\n<b>bold</b>");
        assert!(html.contains("<h3>An AVS</h3>") && html.contains("<table>"), "{html}");
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }

    #[test]
    fn names_in_markdown_lead_nowhere() {
        let html = html_of(
            "[a](javascript:alert(1)) ![b](//example.com/b) <https://example.com/c> [d]\n\n\
             [d]: javascript:alert(2) \"t\"\n",
        );
        assert_eq!(html, "<p>a b https://example.com/c d</p>\n");
    }
}
