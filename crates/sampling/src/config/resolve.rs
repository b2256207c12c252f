//! From a run file and a network to models, one a scenario: every name found, every number placed.

use std::collections::BTreeMap;
use std::sync::Arc;

use slashfall_cascade::{Parameters, Setting};
use slashfall_graph::{Network, Problem, Problems};

use super::names::Book;
use super::node::Node;
use super::read_sampling::SYSTEM_SCOPES;
use super::read_scenario::check_key;
use super::resolve_behaviour::{
    hardly_meant, noise_model, noise_parameters, resolve_noise, resolve_redemption,
};
use super::resolve_sobol::resolve_sobol;
use super::resolve_source::{Happenings, Sources, resolve_events};
use super::spec::{ChangeTo, CopulaSpec, Located, PathCount, RunSpec, ScenarioSpec};
use crate::copula::{Copula, ThresholdTable};
use crate::keys::{Purpose, Seed, StreamKey};
use crate::model::Model;
use crate::stress::StressEvent;

/// A scenario of a run: its name and its model.
#[derive(Clone, Debug)]
pub struct Scenario<'n> {
    /// Name; the run file itself is `base`.
    pub name: String,
    /// What the run file says once the scenario has changed it.
    pub spec: RunSpec,
    /// The same as it would be written.
    pub root: Node,
    /// Ready to draw.
    pub model: Model<'n>,
    /// What happens when it is stressed, in time order.
    pub stress: Vec<StressEvent>,
    /// Events of any scenario after the horizon, left out of `stress`: wrong there, and nothing to a
    /// run, which draws its events.
    pub late: Vec<Problem>,
    /// What is not wrong and yet hardly meant.
    pub warnings: Vec<Problem>,
}

/// Sources and events of all scenarios, each with those that it hits: some hundreds of MB.
const MOST_HITS: usize = 1 << 21;

impl Scenario<'_> {
    /// Its sources and events, each with those that it hits.
    fn n_hits(&self) -> usize {
        let sources = self.model.sources.iter().map(|source| 1 + source.reach.len());
        let events = self.stress.iter().map(|event| 1 + event.hits.len());
        sources.chain(events).sum()
    }
}

impl RunSpec {
    /// The models of a run file: `base`, then its scenarios in file order.
    ///
    /// # Errors
    /// Every name that the network does not have, and every problem that a scenario makes.
    pub fn resolve<'n>(
        &self,
        file: &str,
        root: &Node,
        network: &'n Network,
    ) -> Result<Vec<Scenario<'n>>, Problems> {
        let mut problems = Problems::default();
        let mut scenarios = Vec::new();
        let mut room = MOST_HITS;
        match self.resolve_one("base", file, root, (network, room), None) {
            Ok(scenario) => {
                room -= scenario.n_hits().min(room);
                scenarios.push(scenario);
            }
            Err(found) => problems.append(found),
        }
        // What is wrong with the run file itself is said once, and so is what is wrong with a key
        // of the sweep, which many scenarios have.
        let mut told = Self::read_all(file, root).1;
        told.append(problems.clone());
        for scenario in &self.scenarios {
            match scenario.resolve(file, root, (network, room), scenarios.first()) {
                Ok(resolved) => {
                    room -= resolved.n_hits().min(room);
                    scenarios.push(resolved);
                }
                Err(found) => {
                    for problem in found.as_slice() {
                        if told.as_slice().contains(problem) {
                            continue;
                        }
                        let key = problem.key.as_deref().unwrap_or_default();
                        let key = format!("in scenario {:?}: {key}", scenario.name);
                        problems.push(problem.clone().key(key));
                        if scenario.is_swept {
                            told.push(problem.clone());
                        }
                    }
                }
            }
        }
        problems.or_ok(scenarios)
    }

    /// A scenario, which takes from one `beside` it the tables that are the same.
    fn resolve_one<'n>(
        &self,
        name: &str,
        file: &str,
        root: &Node,
        (network, room): (&'n Network, usize),
        beside: Option<&Scenario<'n>>,
    ) -> Result<Scenario<'n>, Problems> {
        let book = Book::new(network, file, room);
        check_stop_scope(self, &book);
        check_sampling_scope(self, &book);
        let copula = match self.copula {
            CopulaSpec::Gaussian => Copula::Gaussian,
            CopulaSpec::StudentT(df) => Copula::StudentT { df },
            CopulaSpec::Independent => Copula::Independent,
        };
        check_native_stake(self, root, &book);
        let noise = resolve_noise(self, &book);
        let parameters = Parameters {
            horizon_days: self.horizon_days,
            beacon: self.beacon,
            noise: noise.iter().map(noise_parameters).collect(),
            redemption: resolve_redemption(self, &book),
            security: self.security,
            cascade: self.cascade,
            lending: self.lending,
            yields: self.yields,
        };
        let sources = Sources::resolve(self, &book, copula);
        let Happenings { events: stress, warnings: idle_events, late } =
            resolve_events(self, name, &book);
        let doubts = hardly_meant(&parameters, root, &book);
        let noise = noise_model(network, &noise);
        let sobol = resolve_sobol(self, root, (&sources, copula, noise.as_ref()), &book);
        let model = Model {
            seed: Seed(self.seed),
            horizon_days: f64::from(self.horizon_days),
            copula,
            thresholds: beside.filter(|known| known.model.copula == copula).map_or_else(
                || Arc::new(ThresholdTable::new(copula)),
                |known| Arc::clone(&known.model.thresholds),
            ),
            factors: self
                .factors
                .iter()
                .map(|name| StreamKey::new(Purpose::Factor, name))
                .collect(),
            factor_names: self.factors.clone(),
            mixing: StreamKey::new(Purpose::Mixing, ""),
            evidence: sources.evidence,
            classes: sources.classes,
            sources: sources.sources,
            noise,
            setting: match beside {
                Some(known) => known.model.setting.beside(parameters),
                None => Setting::new(network, parameters),
            },
            attacks: network
                .avss()
                .iter()
                .map(|avs| StreamKey::new(Purpose::Attack, &avs.name))
                .collect(),
            tilt: None,
            sobol,
        };
        let warnings = [sources.warnings, idle_events, doubts].concat();
        let (name, spec, root) = (name.to_owned(), self.clone(), root.clone());
        let scenario = Scenario { name, spec, root, model, stress, late, warnings };
        book.problems.into_inner().or_ok(scenario)
    }
}

impl ScenarioSpec {
    fn resolve<'n>(
        &self,
        file: &str,
        root: &Node,
        (network, room): (&'n Network, usize),
        beside: Option<&Scenario<'n>>,
    ) -> Result<Scenario<'n>, Problems> {
        let mut changed = root.clone();
        let mut problems = Problems::default();
        for change in &self.changes {
            let key = &change.key;
            let outcome = check_key(key).and_then(|()| match &change.to {
                ChangeTo::Set(value) => changed.set(key, value),
                ChangeTo::Scale(factor) => changed.scale(key, *factor, change.at.origin),
            });
            if let Err(expected) = outcome {
                problems.push(change.at.problem(file, key, expected));
            }
        }
        let (spec, found) = RunSpec::read_all(file, &changed);
        problems.append(found);
        match spec.resolve_one(&self.name, file, &changed, (network, room), beside) {
            Ok(scenario) => problems.or_ok(scenario),
            Err(found) => {
                problems.append(found);
                Err(problems)
            }
        }
    }
}

fn check_stop_scope(spec: &RunSpec, book: &Book<'_, '_>) {
    if let PathCount::Until(rule) = &spec.paths {
        let what = "system, a wrapped asset or a portfolio";
        check_scope(&rule.scope, "run.until.scope", &SYSTEM_SCOPES[..1], what, book);
    }
}

fn check_sampling_scope(spec: &RunSpec, book: &Book<'_, '_>) {
    let what =
        "system, system_ex_price or another scope of the system, a wrapped asset or a portfolio";
    check_scope(&spec.sampling.scope, "sampling.scope", &SYSTEM_SCOPES, what, book);
}

/// That a scope is one of the system's, or the name of one asset or portfolio.
fn check_scope(
    scope: &Located<String>,
    key: &str,
    of_system: &[&str],
    what: &str,
    book: &Book<'_, '_>,
) {
    let network = book.network;
    let assets = network.wrapped_assets().map(|id| network.asset(id).name.as_str());
    let portfolios = network.portfolios().iter().map(|p| p.name.as_str());
    let valid: Vec<&str> = of_system.iter().copied().chain(assets).chain(portfolios).collect();
    let n_named = valid.iter().filter(|name| **name == scope.value).count();
    if n_named > 1 {
        let expected = "a scope that only one thing is called was expected";
        let problem = scope.at.problem(book.file, key, expected);
        book.problems.borrow_mut().push(problem.value(&scope.value));
    }
    book.known(scope, key, what, n_named > 0, valid);
}

fn check_native_stake(spec: &RunSpec, root: &Node, book: &Book<'_, '_>) {
    let native = book.network.native_eth();
    let total = spec.beacon.total_active_eth;
    if native > total {
        let expected =
            format!("at least the {native:.0} ETH that the network has at operators was expected");
        let key = "beacon.total_active_eth";
        let written = root.get("beacon").and_then(|beacon| beacon.get("total_active_eth"));
        let problem = written.map_or_else(
            || Problem::new(book.file, expected.as_str()).key(key),
            |node| node.problem(book.file, key, expected.as_str()),
        );
        book.problems.borrow_mut().push(problem.value(total.to_string()));
    }
}

/// Factors by name, for sources that load on them.
pub(super) fn factor_numbers(spec: &RunSpec) -> BTreeMap<&str, usize> {
    spec.factors.iter().enumerate().map(|(number, name)| (name.as_str(), number)).collect()
}
