//! Who contributes to an expected shortfall: the paths of the tail are run again, and their losses
//! split by what they are owed to.
//!
//! A loss of a path is a sum of entries, each with channel, source, AVS and operator; what an entry
//! costs a scope is linear in the falls of nav it made, so every kind of component splits every
//! path's loss without remainder, and the tail's mean with it. A portfolio has two parts more: its
//! carry, and what is left between the falls of nav and its loss at market prices, which goes to the
//! channel `discount`.

use std::collections::BTreeMap;

use slashfall_cascade::{Channel, LossEntry, PortfolioFigure, exposures};
use slashfall_graph::{AssetId, Network};
use slashfall_sampling::{Model, PathRecord, SourceKind, replay};

use crate::collect::{Collector, ScopeLosses};
use crate::measures::{Estimate, Level, LossColumn, SortedLosses};
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

/// What a scope loses by an entry.
enum Sensitivity {
    /// What all holders, lenders and users of AVSs lost.
    Everybody,
    /// So much an asset's fall of nav.
    Units(Vec<(AssetId, f64)>),
}

impl Sensitivity {
    fn new(scope: &Scope, model: &Model<'_>) -> Self {
        let network = model.network();
        match scope.kind {
            ScopeKind::Asset => {
                let id = AssetId::new(network.n_base() + scope.index);
                Self::Units(vec![(id, network.asset(id).supply_units)])
            }
            ScopeKind::Portfolio => {
                Self::Units(exposures(model.setting(), &network.portfolios()[scope.index]))
            }
            _ => Self::Everybody,
        }
    }

    /// What the scope loses by an entry, by who bears it.
    fn parts(&self, entry: &LossEntry) -> Vec<(Component, f64)> {
        match self {
            Self::Units(units) => {
                let part = |&(asset, units): &(AssetId, f64)| {
                    (of_asset(asset.index()), units * entry.nav_fall[asset.index()])
                };
                units.iter().map(part).collect()
            }
            Self::Everybody => {
                let assets = entry.asset_eth.iter().enumerate();
                let assets = assets.map(|(asset, eth)| (of_asset(asset), *eth));
                let others = [
                    (none(ComponentKind::Asset), entry.direct_eth),
                    (Component { kind: ComponentKind::Asset, number: USERS }, entry.users_eth),
                ];
                assets.chain(others).collect()
            }
        }
    }
}

/// Contributions to the expected shortfall of the system (with and without falls of base-asset
/// prices), of each asset and of each portfolio, at
/// every level (ascending). Components that contribute nothing are left out. None when `stop` says,
/// between a thousand paths and the next, that nobody waits for them any more.
#[must_use]
pub fn contributions(
    model: &Model<'_>,
    collector: &Collector,
    levels: &[Level],
    stop: impl Fn() -> bool,
) -> Option<Vec<Contribution>> {
    let Some(&lowest) = levels.first() else { return Some(Vec::new()) };
    let wanted = collector.scopes.iter().filter(|kept| kept.scope.is_split());
    let splits: Vec<Split<'_>> =
        wanted.filter_map(|kept| Split::new(model, collector, kept, lowest)).collect();
    let components = split_paths(model, &splits, stop)?;
    let mut all = Vec::new();
    for (split, components) in splits.iter().zip(&components) {
        for &level in levels {
            all.extend(split.at_level(model, components, level));
        }
    }
    Some(all)
}

/// A component by number: cheap to count by; `name` says what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Component {
    kind: ComponentKind,
    number: u32,
}

/// Number of the component that stands for nothing of its kind.
const NONE: u32 = u32::MAX;

/// Number of the asset that stands for the part of a portfolio's loss that no fall of nav explains.
const DISCOUNT: u32 = u32::MAX - 1;
/// Number of the asset that stands for users of AVSs, who hold none.
const USERS: u32 = u32::MAX - 2;
/// Number of the kind of source that stands for what the cascade did by itself.
const CASCADE: u32 = u32::MAX - 3;
/// Number of the kind of source that stands for moves of market prices beyond nav.
const PRICE: u32 = u32::MAX - 4;
/// Number of the asset, channel and kind of source that stand for what a portfolio earns.
const CARRY: u32 = u32::MAX - 5;

type Components = BTreeMap<Component, LossColumn>;

/// A scope and the paths of its widest tail.
struct Split<'c> {
    scope: &'c Scope,
    losses: SortedLosses,
    sensitivity: Sensitivity,
    /// Ascending.
    paths: Vec<u64>,
}

impl<'c> Split<'c> {
    fn new(
        model: &Model<'_>,
        collector: &Collector,
        kept: &'c ScopeLosses,
        lowest: Level,
    ) -> Option<Self> {
        let losses = collector.losses_of(kept).sorted()?;
        let paths = losses.tail(lowest).paths_to_split();
        let sensitivity = Sensitivity::new(&kept.scope, model);
        Some(Self { scope: &kept.scope, losses, sensitivity, paths })
    }

    fn at_level(
        &self,
        model: &Model<'_>,
        components: &Components,
        level: Level,
    ) -> Vec<Contribution> {
        let (tail, es) = (self.losses.tail(level), self.losses.expected_shortfall(level).value);
        let contribution = |(component, losses): (&Component, &LossColumn)| Contribution {
            scope_kind: self.scope.kind,
            scope: self.scope.name.clone(),
            level,
            component_kind: component.kind,
            component: name(model.network(), *component),
            estimate: tail.contribution(losses),
            es,
        };
        let all = components.iter().map(contribution);
        all.filter(|contribution| contribution.estimate.value.abs() > 0.0).collect()
    }

    /// Splits the loss that the scope had on a path.
    fn split(&self, model: &Model<'_>, record: &PathRecord) -> Vec<(Component, f64)> {
        let mut parts = Vec::new();
        let mut by_nav = 0.0;
        let counts = |entry: &&LossEntry| {
            entry.channel != Channel::BasePrice || !self.scope.is_without_prices()
        };
        for entry in record.record.losses.iter().filter(counts) {
            let own = self.sensitivity.parts(entry);
            let loss: f64 = own.iter().map(|(_, loss)| loss).sum();
            parts.extend(own);
            by_nav += loss;
            parts.extend(owed_to(model, entry).map(|component| (component, loss)));
        }
        if self.scope.kind == ScopeKind::Portfolio {
            let column = model.layout().portfolio(self.scope.index, PortfolioFigure::Carry);
            let carry = record.figures[column];
            let beyond_nav = self.scope.loss_eth(&record.figures) + carry - by_nav;
            parts.extend(ComponentKind::ALL.map(|kind| (of_price(kind), beyond_nav)));
            parts.extend(ComponentKind::ALL.map(|kind| (of_carry(kind), -carry)));
        }
        merged(parts)
    }
}

fn component(kind: ComponentKind, index: usize) -> Component {
    Component { kind, number: u32::try_from(index).unwrap_or(NONE) }
}

fn of_asset(index: usize) -> Component {
    component(ComponentKind::Asset, index)
}

fn none(kind: ComponentKind) -> Component {
    Component { kind, number: NONE }
}

/// To what the part of a portfolio's loss is owed that no fall of nav explains: falls of market
/// prices beyond nav, what liquidations take, and equity that cannot fall below 0.
fn of_price(kind: ComponentKind) -> Component {
    match kind {
        ComponentKind::Channel => component(kind, Channel::Discount.index()),
        ComponentKind::Asset => Component { kind, number: DISCOUNT },
        ComponentKind::SourceKind => Component { kind, number: PRICE },
        _ => none(kind),
    }
}

/// To what the yield of a portfolio less its interest is owed.
fn of_carry(kind: ComponentKind) -> Component {
    match kind {
        ComponentKind::Channel | ComponentKind::Asset | ComponentKind::SourceKind => {
            Component { kind, number: CARRY }
        }
        _ => none(kind),
    }
}

/// To what an entry is owed, one of each kind but who bears it.
fn owed_to(model: &Model<'_>, entry: &LossEntry) -> impl Iterator<Item = Component> + use<> {
    let network = model.network();
    let operator = entry.cause.operator;
    let kind = match entry.cause.source {
        Some(source) => {
            component(ComponentKind::SourceKind, model.sources()[source as usize].kind() as usize)
        }
        None if entry.channel == Channel::BasePrice => none(ComponentKind::SourceKind),
        None => Component { kind: ComponentKind::SourceKind, number: CASCADE },
    };
    let of = |kind, index: Option<usize>| index.map_or(none(kind), |index| component(kind, index));
    [
        component(ComponentKind::Channel, entry.channel.index()),
        kind,
        of(ComponentKind::Operator, operator.map(|id| id.index())),
        of(ComponentKind::Entity, operator.map(|id| network.operator(id).entity.index())),
        of(ComponentKind::Avs, entry.cause.avs.map(|id| id.index())),
    ]
    .into_iter()
}

/// One part a component, without those that are nothing.
fn merged(mut parts: Vec<(Component, f64)>) -> Vec<(Component, f64)> {
    parts.retain(|(_, loss)| loss.abs() > 0.0);
    parts.sort_by_key(|(component, _)| *component);
    parts.dedup_by(|next, first| {
        let same = next.0 == first.0;
        if same {
            first.1 += next.1;
        }
        same
    });
    parts.shrink_to_fit();
    parts
}

/// Runs every path of any tail again, once, and splits its loss for each scope whose tail it is in.
fn split_paths(
    model: &Model<'_>,
    splits: &[Split<'_>],
    stop: impl Fn() -> bool,
) -> Option<Vec<Components>> {
    let mut paths: Vec<u64> = splits.iter().flat_map(|split| split.paths.iter().copied()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut all: Vec<Components> = splits.iter().map(|_| Components::new()).collect();
    for some in paths.chunks(PATHS_AT_ONCE) {
        if stop() {
            return None;
        }
        let parts = replay(model, some, |record| {
            let concerned =
                |(_, split): &(usize, &Split<'_>)| split.paths.binary_search(&record.path).is_ok();
            let splits = splits.iter().enumerate().filter(concerned);
            let parts = splits.map(|(number, split)| (number, split.split(model, &record)));
            (record.path, parts.collect::<Vec<_>>())
        });
        for (path, parts) in parts {
            for (number, parts) in parts {
                for (component, loss) in parts {
                    all[number].entry(component).or_default().push(path, loss);
                }
            }
        }
    }
    Some(all)
}

/// Paths replayed between two gatherings: bounds what is held twice.
const PATHS_AT_ONCE: usize = 1_024;

/// What a component is called; in brackets what has no name of its own.
fn name(network: &Network, component: Component) -> String {
    let index = component.number as usize;
    let nothing = component.number == NONE;
    let name = match component.kind {
        ComponentKind::Asset if nothing => "direct",
        ComponentKind::Asset if component.number == DISCOUNT => "(discount)",
        ComponentKind::Asset if component.number == USERS => "(AVS users)",
        ComponentKind::Asset | ComponentKind::Channel | ComponentKind::SourceKind
            if component.number == CARRY =>
        {
            "(carry)"
        }
        ComponentKind::Asset => &network.assets()[index].name,
        ComponentKind::Channel => Channel::ALL[index].name(),
        ComponentKind::SourceKind if nothing => "(market)",
        ComponentKind::SourceKind if component.number == CASCADE => "(cascade)",
        ComponentKind::SourceKind if component.number == PRICE => "(price)",
        ComponentKind::SourceKind => SourceKind::NAMES[index].0,
        _ if nothing => "(none)",
        ComponentKind::Operator => &network.operators()[index].name,
        ComponentKind::Entity => &network.entities()[index],
        ComponentKind::Avs => &network.avss()[index].name,
    };
    name.to_owned()
}
