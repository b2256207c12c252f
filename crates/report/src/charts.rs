//! Charts: where each stands in the page, and the rows of tables that it draws, which the page carries as JSON.

use maud::{Markup, PreEscaped, html};
use serde_json::{Map, Value, json};

use crate::figure::Side;
use crate::rows::Rows;

/// The charts of a page.
#[derive(Default)]
pub(crate) struct Charts {
    data: Map<String, Value>,
}

/// A chart.
pub(crate) struct Chart<'a> {
    /// Name in the page; the script draws by it.
    pub(crate) id: &'a str,
    /// What it shows, as its title says it.
    pub(crate) title: &'a str,
    /// How to read it.
    pub(crate) note: Markup,
}

impl Charts {
    /// Places a chart with the data that the script draws.
    pub(crate) fn add(&mut self, chart: &Chart<'_>, kind: &str, data: Value) -> Markup {
        self.data.insert(chart.id.to_owned(), data);
        html! {
            figure.chart id=(format!("chart-{}", chart.id)) {
                figcaption { strong { (chart.title) } " " span.note { (chart.note) } }
                div.plot data-chart=(chart.id) data-kind=(kind) role="img" aria-label=(chart.title) {
                    noscript { "This chart needs scripts; its figures are in the table below." }
                }
            }
        }
    }

    /// All data as the script reads it.
    pub(crate) fn script(self, meta: &Value) -> Markup {
        let document = json!({ "meta": meta, "charts": self.data });
        // A name with "</script>" in it must not end the element.
        let text = document.to_string().replace('<', "\\u003c");
        html! { script #data type="application/json" { (PreEscaped(text)) } }
    }
}

/// Columns of some rows of a table, with the numbers of the rows, as the script reads them.
pub(crate) fn slice(side: Side, rows: &Rows, which: &[usize], columns: &[&str]) -> Value {
    let cells = columns.iter().map(|column| ((*column).to_owned(), rows.json(which, column)));
    json!({
        "table": format!("{}{}", side.prefix(), rows.name),
        "rows": which,
        "columns": cells.collect::<Map<_, _>>(),
    })
}
