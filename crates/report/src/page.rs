//! The page: reads what is asked for, and puts its sections between a head and a foot.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::json;
use slashfall_graph::Problems;
use slashfall_output::number;

use crate::charts::Charts;
use crate::sections::caps::Caps;
use crate::sections::{
    caps, contributors, convergence, curve, headline, joint, network, paths as told, provenance,
    scenarios, sensitivity, waterfall,
};
use crate::stories::chosen;
use crate::tables::{Subject, Tables};
use crate::{Ask, Flows, TailStory};

/// What is not in the tables of a result; where there is none, why.
#[derive(Clone, Debug)]
pub struct Extras {
    /// The network on day 0.
    pub flows: Result<Flows, String>,
    /// Paths of [`Report::instructive`], told.
    pub stories: Result<Vec<TailStory>, String>,
}

/// What sections read and add to.
pub(crate) struct View<'a> {
    pub(crate) own: &'a Tables,
    pub(crate) versus: Option<&'a Tables>,
    pub(crate) caps: Option<&'a Caps>,
    pub(crate) subject: &'a Subject,
    pub(crate) extras: &'a Extras,
    pub(crate) charts: Charts,
}

impl View<'_> {
    /// The result that this one is set beside, as it is spoken of: its name, and its folder where both have one name.
    pub(crate) fn versus_name(&self) -> String {
        let Some(versus) = self.versus else { return String::new() };
        let name = versus.of_manifest("name");
        if name == self.own.of_manifest("name") {
            versus.folder.display().to_string()
        } else {
            name.to_owned()
        }
    }
}

const STYLE: &str = include_str!("../page/page.css");
const SCRIPT: &str = include_str!("../page/page.js");
/// Libraries in the order in which they need one another.
const LIBRARIES: [&str; 3] = [
    include_str!("../vendor/d3-7.9.2.min.js"),
    include_str!("../vendor/plot-0.6.17.min.js"),
    include_str!("../vendor/d3-sankey-0.12.3.min.js"),
];
/// Nothing but what the page itself carries is ever loaded.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// A page whose tables have been read.
pub struct Report {
    own: Tables,
    versus: Option<Tables>,
    caps: Option<Caps>,
    subject: Subject,
}

impl Report {
    /// Reads all folders that are asked for.
    ///
    /// # Errors
    /// When a folder is not what it should be, a file cannot be read, or the result does not have what is asked for.
    pub fn read(ask: &Ask) -> Result<Self, Problems> {
        let own = Tables::read(&ask.result)?;
        let mut problems = Problems::default();
        let versus = ask.versus.as_deref().and_then(|folder| problems.keep(Tables::read(folder)));
        let caps = ask.caps.as_deref().and_then(|folder| problems.keep(Caps::read(folder, &own)));
        match ask.resolve(&own) {
            Ok(subject) if problems.is_empty() => Ok(Self { own, versus, caps, subject }),
            found => {
                found.err().into_iter().for_each(|found| problems.append(found));
                Err(problems)
            }
        }
    }

    /// The scenario that the page is of.
    #[must_use]
    pub fn scenario(&self) -> &str {
        &self.subject.scenario
    }

    /// Paths of the tail that teach most, at most three, each with the reason: the worst; the one whose loss is nearest the expected
    /// shortfall; the worst whose largest loss came through another channel than those two, or else the next worst.
    #[must_use]
    pub fn instructive(&self) -> Vec<(u64, String)> {
        chosen(&self.own, &self.subject)
    }

    /// Renders the page.
    #[must_use]
    pub fn render(&self, extras: &Extras) -> String {
        let (own, subject) = (&self.own, &self.subject);
        let mut view = View {
            own,
            versus: self.versus.as_ref(),
            caps: self.caps.as_ref(),
            subject,
            extras,
            charts: Charts::default(),
        };
        let body = [
            headline::headline(&view),
            curve::curve(&mut view),
            scenarios::scenarios(&view),
            waterfall::waterfall(&mut view),
            contributors::contributors(&mut view),
            network::network(&mut view),
            joint::joint(&mut view),
            told::paths(&mut view),
            sensitivity::sensitivity(&mut view),
            caps::caps(&mut view),
            convergence::convergence(&mut view),
            provenance::provenance(&view),
        ];
        let head = top(&view);
        let meta = json!({
            "scenario": subject.scenario, "scope": subject.scope, "scope_kind": subject.scope_kind,
            "level": subject.level, "horizon_days": own.horizon_days(),
        });
        let data = view.charts.script(&meta);
        document(
            &title(own),
            &html! { (head) main { @for part in &body { (part) } } (foot()) },
            &data,
        )
    }
}

fn title(own: &Tables) -> String {
    format!("{}: losses over {} days", own.of_manifest("name"), own.horizon_days())
}

fn document(title: &str, body: &Markup, data: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                (data)
                @for library in LIBRARIES { script { (PreEscaped(library)) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// What the page is of, and what should be known before it is believed.
fn top(view: &View<'_>) -> Markup {
    let (own, subject) = (view.own, view.subject);
    let paths = own.manifest["paths"][&subject.scenario].as_u64().unwrap_or(0);
    html! {
        header {
            h1 { (own.of_manifest("name")) }
            p.of {
                "Losses of " (subject.name()) " over " (own.horizon_days()) " days, scenario " (subject.scenario) ", in ETH. Network "
                (own.of_manifest("network")) " as of " (own.of_manifest("network_as_of")) "; " (number::count(paths)) " paths, seed "
                (own.manifest["seed"]) "."
            }
            @for doubt in doubts(own) { p.doubt { (doubt) } }
        }
    }
}

fn doubts(own: &Tables) -> Vec<String> {
    let manifest = &own.manifest;
    let n = |key: &str| manifest[key].as_u64().unwrap_or(0);
    let mut doubts = Vec::new();
    if manifest["network_synthetic"] == true {
        doubts.push("The network is partly synthetic: totals are published, details are made up. Figures of single companies are examples.".to_owned());
    }
    if n("truncated_paths") > 0 {
        doubts.push(format!(
            "{} cut off at cascade.max_rounds while something still changed: losses may be larger.",
            paths(n("truncated_paths"), "was", "were")
        ));
    }
    if n("unbalanced_paths") > 0 {
        doubts.push(format!(
            "{} books that do not balance: do not use these figures.",
            paths(n("unbalanced_paths"), "has", "have")
        ));
    }
    if manifest["precision_reached"] == false {
        doubts.push("The precision that the run asked for was not reached.".to_owned());
    }
    doubts
}

/// So many paths, with the verb that goes with them.
fn paths(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 path {one}") } else { format!("{} paths {many}", number::count(n)) }
}

fn foot() -> Markup {
    html! {
        footer {
            p {
                "Amounts are ETH; ± is one standard error, intervals are 95 %. Every figure is a cell of the result's Parquet files, rounded; its full value is in "
                "the page. Charts by D3, Observable Plot (ISC) and d3-sankey (BSD-3-Clause)."
            }
        }
    }
}
