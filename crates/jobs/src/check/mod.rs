//! What is wrong with an input, or else the facts of its network.

mod json;

use slashfall_graph::facts::{DebtRank, Facts, Node, facts};
use slashfall_graph::{AssetId, EntityId, Network, Problem, Problems, load_network};
use slashfall_sampling::Scenario;

use crate::input::{Config, Input, Overrides};
use crate::notes::{notes, warnings};

/// Slack that stands in for profits from corruption nobody has estimated, where no run file says it.
const DEFAULT_SECURITY_SLACK: f64 = 0.5;

/// What to check.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// A run file, which is checked with its network, or the folder of a network.
    pub config: Config,
    /// Changes to the run file.
    pub overrides: Overrides,
}

/// Checks it, and hands what is found to `show`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check<T>(options: &CheckOptions, show: impl FnOnce(&Page<'_>) -> T) -> Result<T, Problems> {
    if let Config::File { path, reach } = &options.config
        && path.is_dir()
    {
        if let Some(assignment) = options.overrides.set.first() {
            let expected = "a run file to change was expected; a network folder has no keys";
            return Err(Problem::new("--set", expected).value(assignment).into());
        }
        reach.check_links(path)?;
        let resolved = load_network(path)?;
        let network = &resolved.network;
        let notes = resolved.warnings.iter().map(|w| format!("warning: {w}")).collect();
        let slack = DEFAULT_SECURITY_SLACK;
        let facts = facts(network, slack);
        let warnings = resolved.warnings.clone();
        return Ok(show(&Page { network, facts, slack, notes, warnings, scenarios: &[] }));
    }
    let input = Input::load(&options.config, &options.overrides)?;
    let scenarios = input.resolve()?;
    let (network, slack) = (&input.network, input.spec.security.security_slack);
    Ok(show(&Page {
        network,
        facts: facts(network, slack),
        slack,
        notes: notes(&input, &scenarios),
        warnings: warnings(&input, &scenarios),
        scenarios: &scenarios,
    }))
}

/// What is said of an input with which nothing is wrong.
pub struct Page<'a> {
    /// The network.
    pub network: &'a Network,
    /// What holds of it alone.
    pub facts: Facts,
    /// Slack that stands in for profits from corruption nobody has estimated.
    pub slack: f64,
    /// What should be known: warnings, and what has no effect; a line each.
    pub notes: Vec<String>,
    /// The warnings among them.
    pub warnings: Vec<Problem>,
    /// Of the run file, where one was given.
    pub scenarios: &'a [Scenario<'a>],
}

impl Page<'_> {
    /// Name of an asset.
    #[must_use]
    pub fn asset(&self, id: AssetId) -> &str {
        &self.network.asset(id).name
    }

    /// Name of a company.
    #[must_use]
    pub fn entity(&self, id: EntityId) -> &str {
        &self.network.entities()[id.index()]
    }

    /// Kind and name of what a DebtRank is of.
    #[must_use]
    pub fn node(&self, rank: &DebtRank) -> (&'static str, &str) {
        match rank.node {
            Node::Operator(id) => ("operator", &self.network.operator(id).name),
            Node::Avs(id) => ("avs", &self.network.avs(id).name),
            Node::Wrapped(id) => ("asset", self.asset(id)),
        }
    }
}
