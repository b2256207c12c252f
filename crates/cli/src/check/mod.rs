//! `slashfall check`: what is wrong with an input, or else the facts of its network.

mod json;
mod page;

use std::io::Write;

use slashfall_graph::facts::{DebtRank, Facts, Node, facts};
use slashfall_graph::{AssetId, EntityId, Network, Problem, Problems, load_network};
use slashfall_sampling::Scenario;

use crate::Ending;
use crate::args::Check;
use crate::input::{Input, Overrides};
use crate::notes::notes;

/// Slack that stands in for profits from corruption nobody has estimated, where no run file says it.
const DEFAULT_SECURITY_SLACK: f64 = 0.5;

pub(crate) fn check(args: &Check) -> anyhow::Result<Ending> {
    let mut out = std::io::stdout().lock();
    if args.path.is_dir() {
        if let Some(assignment) = args.set.first() {
            let expected = "a run file to change was expected; a network folder has no keys";
            return Err(Problems::from(Problem::new("--set", expected).value(assignment)).into());
        }
        let resolved = load_network(&args.path)?;
        let warnings = resolved.warnings.iter().map(|w| format!("warning: {w}")).collect();
        let slack = DEFAULT_SECURITY_SLACK;
        return show(&mut out, args, &resolved.network, slack, warnings, &[]);
    }
    let input = Input::load(&args.path, &Overrides { set: &args.set, ..Overrides::default() })?;
    let scenarios = input.spec.resolve(&input.file, &input.root, &input.network)?;
    let notes = notes(&input, &scenarios);
    show(&mut out, args, &input.network, input.spec.security.security_slack, notes, &scenarios)
}

fn show(
    out: &mut impl Write,
    args: &Check,
    network: &Network,
    slack: f64,
    notes: Vec<String>,
    scenarios: &[Scenario<'_>],
) -> anyhow::Result<Ending> {
    let facts = facts(network, slack);
    let page = Page { network, facts: &facts, slack, notes, scenarios };
    if args.json {
        writeln!(out, "{:#}", page.json())?;
    } else {
        page.print(out, args.top)?;
    }
    Ok(Ending::Done)
}

/// What is printed of a network.
struct Page<'a> {
    network: &'a Network,
    facts: &'a Facts,
    slack: f64,
    notes: Vec<String>,
    /// Of the run file, where one was given.
    scenarios: &'a [Scenario<'a>],
}

impl Page<'_> {
    fn asset(&self, id: AssetId) -> &str {
        &self.network.asset(id).name
    }

    fn entity(&self, id: EntityId) -> &str {
        &self.network.entities()[id.index()]
    }

    fn node(&self, rank: &DebtRank) -> (&'static str, &str) {
        match rank.node {
            Node::Operator(id) => ("operator", &self.network.operator(id).name),
            Node::Avs(id) => ("avs", &self.network.avs(id).name),
            Node::Wrapped(id) => ("asset", self.asset(id)),
        }
    }
}
