//! Who contributes to an expected shortfall: the paths of the tail are run again, and their losses
//! split by what they are owed to.
//!
//! A loss of a path is a sum of entries, each with channel, source, AVS and operator; what an entry
//! costs a scope is linear in the falls of nav it made, so every kind of component splits every
//! path's loss without remainder, and the tail's mean with it. For a portfolio what is left between
//! the falls of nav and its loss at market prices goes to the channel `discount`.

use std::collections::BTreeMap;

use slashfall_cascade::{Channel, LossEntry, exposures};
use slashfall_graph::{AssetId, Network};
use slashfall_sampling::{Model, PathRecord, replay};

use crate::collect::Collector;
use crate::measures::{Estimate, Level, LossColumn};
use crate::scope::{Scope, ScopeKind};

/// A way to split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComponentKind {
    /// Who bears it: the asset held.
    Asset,
    /// By what way it comes.
    Channel,
    /// What kind of source fired.
    SourceKind,
    /// Where it happened.
    Operator,
    /// Whose operator that is.
    Entity,
    /// Who slashed.
    Avs,
}

impl ComponentKind {
    const ALL: [Self; 6] =
        [Self::Asset, Self::Channel, Self::SourceKind, Self::Operator, Self::Entity, Self::Avs];

    /// Name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Channel => "channel",
            Self::SourceKind => "source_kind",
            Self::Operator => "operator",
            Self::Entity => "entity",
            Self::Avs => "avs",
        }
    }
}

/// What a component contributes to the expected shortfall of a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// Kind of scope.
    pub scope_kind: ScopeKind,
    /// Scope.
    pub scope: String,
    /// Level.
    pub level: Level,
    /// Kind of component.
    pub component_kind: ComponentKind,
    /// Component; in brackets what has no name.
    pub component: String,
    /// Its contribution, in ETH.
    pub estimate: Estimate,
    es: f64,
}

impl Contribution {
    /// Part of the expected shortfall; none when that is 0.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.es.abs() > 0.0).then(|| self.estimate.value / self.es)
    }
}

/// What a scope loses by an entry: so much an asset's fall of nav, and direct restakers' loss.
struct Sensitivity {
    units: Vec<(AssetId, f64)>,
    direct: bool,
}

impl Sensitivity {
    fn new(scope: &Scope, network: &Network) -> Self {
        let wrapped = |index: usize| AssetId::new(network.n_base() + index);
        let units = match scope.kind {
            ScopeKind::Asset => {
                vec![(wrapped(scope.index), network.asset(wrapped(scope.index)).supply_units)]
            }
            ScopeKind::Portfolio => exposures(network, &network.portfolios()[scope.index]),
            _ => network.wrapped_assets().map(|id| (id, network.asset(id).outside_units)).collect(),
        };
        Self { units, direct: scope.kind == ScopeKind::System }
    }
}

/// Contributions to the expected shortfall of the system, of each asset and of each portfolio, at
/// every level (ascending). Components that contribute nothing are left out.
#[must_use]
pub fn contributions(
    model: &Model<'_>,
    collector: &Collector,
    levels: &[Level],
) -> Vec<Contribution> {
    let Some(&lowest) = levels.first() else { return Vec::new() };
    let wanted = collector.scopes.iter().filter(|kept| {
        let whole = kept.scope.kind == ScopeKind::System && kept.scope.name == "system";
        whole || matches!(kept.scope.kind, ScopeKind::Asset | ScopeKind::Portfolio)
    });
    let mut all = Vec::new();
    for kept in wanted {
        let Some(losses) = kept.losses.sorted() else { continue };
        let mut paths: Vec<u64> =
            losses.tail(lowest).paths().iter().map(|path| path.path).collect();
        paths.sort_unstable();
        let components = split_paths(model, &kept.scope, &paths);
        for &level in levels {
            let (tail, es) = (losses.tail(level), losses.expected_shortfall(level).value);
            for ((component_kind, component), losses) in &components {
                let estimate = tail.contribution(losses);
                if estimate.value.abs() > 0.0 {
                    all.push(Contribution {
                        scope_kind: kept.scope.kind,
                        scope: kept.scope.name.clone(),
                        level,
                        component_kind: *component_kind,
                        component: component.clone(),
                        estimate,
                        es,
                    });
                }
            }
        }
    }
    all
}

type Components = BTreeMap<(ComponentKind, String), LossColumn>;

/// Runs paths again and splits the losses that a scope had on them.
fn split_paths(model: &Model<'_>, scope: &Scope, paths: &[u64]) -> Components {
    let sensitivity = Sensitivity::new(scope, model.network());
    let split = replay(model, paths, |record| {
        (record.path, split_path(model, scope, &sensitivity, &record))
    });
    let mut components = Components::new();
    for (path, parts) in split {
        for (component, loss) in parts {
            components.entry(component).or_default().push(path, loss);
        }
    }
    components
}

fn split_path(
    model: &Model<'_>,
    scope: &Scope,
    sensitivity: &Sensitivity,
    record: &PathRecord,
) -> BTreeMap<(ComponentKind, String), f64> {
    let mut parts = BTreeMap::new();
    let mut by_nav = 0.0;
    for entry in &record.entries {
        let bearers = bearers(sensitivity, entry, model.network());
        let loss: f64 = bearers.iter().map(|(_, loss)| loss).sum();
        by_nav += loss;
        for (asset, loss) in bearers {
            add(&mut parts, ComponentKind::Asset, asset, loss);
        }
        for (kind, name) in names(model, entry) {
            add(&mut parts, kind, &name, loss);
        }
    }
    let rest = scope.loss_eth(&record.figures) - by_nav;
    if scope.kind == ScopeKind::Portfolio {
        add_discount(&mut parts, rest);
    }
    parts
}

/// What each asset's holders lose by an entry.
fn bearers<'n>(
    sensitivity: &Sensitivity,
    entry: &LossEntry,
    network: &'n Network,
) -> Vec<(&'n str, f64)> {
    let units = sensitivity.units.iter();
    let mut bearers: Vec<(&str, f64)> = units
        .map(|&(asset, units)| {
            (network.asset(asset).name.as_str(), units * entry.nav_fall[asset.index()])
        })
        .collect();
    if sensitivity.direct {
        bearers.push(("direct", entry.direct_eth));
    }
    bearers
}

fn add(
    parts: &mut BTreeMap<(ComponentKind, String), f64>,
    kind: ComponentKind,
    name: &str,
    loss: f64,
) {
    if loss.abs() > 0.0 {
        *parts.entry((kind, name.to_owned())).or_default() += loss;
    }
}

/// The rest of a loss at market prices has no source, no operator and no AVS.
fn add_discount(parts: &mut BTreeMap<(ComponentKind, String), f64>, rest: f64) {
    for kind in ComponentKind::ALL {
        let name = match kind {
            ComponentKind::Asset => "(discount)",
            ComponentKind::Channel => Channel::Discount.name(),
            ComponentKind::SourceKind => MARKET,
            _ => NONE,
        };
        add(parts, kind, name, rest);
    }
}

/// No source: prices moved.
const MARKET: &str = "(market)";
/// Nothing of that kind had a part in it.
const NONE: &str = "(none)";

fn names(model: &Model<'_>, entry: &LossEntry) -> [(ComponentKind, String); 5] {
    let network = model.network();
    let (source, operator) =
        (entry.cause.source, entry.cause.operator.map(|id| network.operator(id)));
    let source = source.map_or(MARKET, |source| model.sources()[source as usize].kind().name());
    let entity = operator.map_or(NONE, |operator| &network.entities()[operator.entity.index()]);
    let operator = operator.map_or(NONE, |operator| &operator.name);
    let avs = entry.cause.avs.map_or(NONE, |id| &network.avs(id).name);
    [
        (ComponentKind::Channel, entry.channel.name().to_owned()),
        (ComponentKind::SourceKind, source.to_owned()),
        (ComponentKind::Operator, operator.to_owned()),
        (ComponentKind::Entity, entity.to_owned()),
        (ComponentKind::Avs, avs.to_owned()),
    ]
}
