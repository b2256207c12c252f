//! From a run file and a network to models, one a scenario: every name found, every number placed.

use std::collections::BTreeMap;

use slashfall_cascade::{BeaconParameters, NoiseParameters, Parameters, Setting};
use slashfall_graph::{Network, Problem, Problems};

use super::names::Book;
use super::node::Node;
use super::resolve_source::Sources;
use super::spec::{CopulaSpec, Located, NoiseSpec, PathCount, RunSpec, ScenarioSpec};
use crate::copula::{Copula, ThresholdTable};
use crate::keys::{Purpose, Seed, StreamKey};
use crate::model::Model;
use crate::noise::Noise;

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
    /// What is not wrong and yet hardly meant.
    pub warnings: Vec<Problem>,
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
        match self.resolve_one(file, root, network) {
            Ok((model, warnings)) => {
                let (name, root) = ("base".to_owned(), root.clone());
                scenarios.push(Scenario { name, spec: self.clone(), root, model, warnings });
            }
            Err(found) => problems.append(found),
        }
        let mut base = Self::read_all(file, root).1;
        base.append(problems.clone());
        for scenario in &self.scenarios {
            match scenario.resolve(file, root, network) {
                Ok(resolved) => scenarios.push(resolved),
                Err(found) => {
                    // What is wrong with the run file itself has been said once.
                    let own = found.as_slice().iter().filter(|p| !base.as_slice().contains(p));
                    for problem in own {
                        let key = problem.key.as_deref().unwrap_or_default();
                        let key = format!("in scenario {:?}: {key}", scenario.name);
                        problems.push(problem.clone().key(key));
                    }
                }
            }
        }
        problems.or_ok(scenarios)
    }

    fn resolve_one<'n>(
        &self,
        file: &str,
        root: &Node,
        network: &'n Network,
    ) -> Result<(Model<'n>, Vec<Problem>), Problems> {
        let book = Book::new(network, file);
        check_stop_scope(self, &book);
        let copula = match self.copula {
            CopulaSpec::Gaussian => Copula::Gaussian,
            CopulaSpec::StudentT(df) => Copula::StudentT { df },
            CopulaSpec::Independent => Copula::Independent,
        };
        check_native_stake(self, root, &book);
        let noise = resolve_noise(self, &book);
        let sources = Sources::resolve(self, &book, copula);
        let model = Model {
            seed: Seed(self.seed),
            horizon_days: f64::from(self.horizon_days),
            copula,
            thresholds: ThresholdTable::new(copula),
            factors: self
                .factors
                .iter()
                .map(|name| StreamKey::new(Purpose::Factor, name))
                .collect(),
            mixing: StreamKey::new(Purpose::Mixing, ""),
            evidence: sources.evidence,
            classes: sources.classes,
            sources: sources.sources,
            noise: noise_model(network, &noise),
            setting: Setting::new(
                network,
                Parameters {
                    beacon: BeaconParameters {
                        total_active_eth: self.beacon.total_active_eth,
                        ..BeaconParameters::ABSENT
                    },
                    noise: noise.into_iter().map(noise_parameters).collect(),
                    ..Parameters::absent(self.horizon_days, network.n_wrapped())
                },
            ),
            attacks: network
                .avss()
                .iter()
                .map(|avs| StreamKey::new(Purpose::Attack, &avs.name))
                .collect(),
        };
        book.problems.into_inner().or_ok((model, sources.warnings))
    }
}

impl ScenarioSpec {
    fn resolve<'n>(
        &self,
        file: &str,
        root: &Node,
        network: &'n Network,
    ) -> Result<Scenario<'n>, Problems> {
        let mut changed = root.clone();
        let mut problems = Problems::default();
        let mut note = |key: &str, outcome: Result<(), String>| {
            if let Err(expected) = outcome {
                problems.push(self.at.problem(file, key, expected));
            }
        };
        for (key, value) in &self.set {
            note(key, check_key(key).and_then(|()| changed.set(key, value)));
        }
        for (key, factor) in &self.scale {
            let scaled = check_key(key).and_then(|()| changed.scale(key, *factor, self.at.origin));
            note(key, scaled);
        }
        let (spec, found) = RunSpec::read_all(file, &changed);
        problems.append(found);
        match spec.resolve_one(file, &changed, network) {
            Ok((model, warnings)) => {
                let name = self.name.clone();
                problems.or_ok(Scenario { name, spec, root: changed, model, warnings })
            }
            Err(found) => {
                problems.append(found);
                Err(problems)
            }
        }
    }
}

/// Refuses keys that a scenario cannot change: what is read once for all, the seed (scenarios share
/// their numbers), and whole sections, which `a.b = 1` without quotes would replace.
fn check_key(key: &str) -> Result<(), String> {
    const OF_THE_RUN: [&str; 8] = [
        "name",
        "network",
        "scenario",
        "event",
        "run.seed",
        "run.horizon_days",
        "run.detail",
        "run.tail_paths",
    ];
    let first = key.split('.').next().unwrap_or(key);
    if OF_THE_RUN.contains(&first) || OF_THE_RUN.contains(&key) {
        return Err(
            "a key that differs by scenario was expected; this one is of the whole run".into()
        );
    }
    if first == key {
        return Err(
            "a dotted key in quotes was expected, such as \"security.security_slack\"".into()
        );
    }
    Ok(())
}

fn check_stop_scope(spec: &RunSpec, book: &Book<'_, '_>) {
    let PathCount::Until(rule) = &spec.paths else {
        return;
    };
    let network = book.network;
    let assets = network.wrapped_assets().map(|id| network.asset(id).name.as_str());
    let portfolios = network.portfolios().iter().map(|p| p.name.as_str());
    let valid: Vec<&str> = std::iter::once("system").chain(assets).chain(portfolios).collect();
    let n_named = valid.iter().filter(|name| **name == rule.scope.value).count();
    if n_named > 1 {
        let expected = "a scope that only one thing is called was expected";
        let problem = rule.scope.at.problem(book.file, "run.until.scope", expected);
        book.problems.borrow_mut().push(problem.value(&rule.scope.value));
    }
    book.known(&rule.scope, "run.until.scope", "system, a wrapped asset or a portfolio", valid);
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

/// Noise of each wrapped asset: its own section, else the default, else none.
fn resolve_noise(spec: &RunSpec, book: &Book<'_, '_>) -> Vec<NoiseSpec> {
    let network = book.network;
    let names: Vec<&str> =
        network.wrapped_assets().map(|id| network.asset(id).name.as_str()).collect();
    for (name, section) in spec.noise.iter().filter(|(name, _)| *name != "default") {
        let named = Located { value: name.clone(), at: section.at.clone() };
        book.known(&named, &format!("noise.{name}"), "`default` or a wrapped asset", names.clone());
    }
    for name in &spec.redemption {
        let key = format!("redemption.{}", name.value);
        book.known(name, &key, "`default` or a wrapped asset", names.clone());
    }
    let default = spec.noise.get("default").map_or(NoiseSpec::ABSENT, |default| default.value);
    names.iter().map(|name| spec.noise.get(*name).map_or(default, |own| own.value)).collect()
}

fn noise_model(network: &Network, noise: &[NoiseSpec]) -> Option<Noise> {
    let base = network.base_assets().filter(|&id| network.asset(id).vol_annual > 0.0);
    let base = base.map(|id| (id.index(), network.asset(id).beta_market));
    let wrapped = noise.iter().enumerate().filter(|(_, noise)| noise.sigma_daily > 0.0);
    let wrapped = wrapped.map(|(index, noise)| (network.n_base() + index, noise.beta_market));
    Noise::new(network, &base.chain(wrapped).collect::<Vec<_>>())
}

fn noise_parameters(spec: NoiseSpec) -> NoiseParameters {
    NoiseParameters {
        sigma_daily: spec.sigma_daily,
        discount_decay: (-spec.kappa).exp(),
        panic_decay: (-spec.panic_kappa).exp(),
        depth_decay: (-spec.depth_kappa).exp(),
    }
}

/// Factors by name, for sources that load on them.
pub(super) fn factor_numbers(spec: &RunSpec) -> BTreeMap<&str, usize> {
    spec.factors.iter().enumerate().map(|(number, name)| (name.as_str(), number)).collect()
}
