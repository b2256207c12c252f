//! To what the loss of a path is owed.
//!
//! A loss of a path is a sum of entries, each with channel, source, AVS and operator; what an entry
//! costs a scope is linear in the falls of nav it made, so every kind of component splits every
//! path's loss without remainder, and the tail's mean with it. A portfolio has two parts more: its
//! carry, and what is left between the falls of nav and its loss at market prices, which goes to the
//! channel `discount`.

use slashfall_cascade::{Channel, Figure, LossEntry, PortfolioFigure, exposures};
use slashfall_graph::{AssetId, MemberId, Network};
use slashfall_sampling::{Model, PathRecord, SourceKind};

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
    /// What one AVS may slash of one operator.
    Allocation,
    /// Whether the sources took it or what followed from them.
    Origin,
}

/// The kinds into which every loss is split; those of the system by origin too.
const OWED: [ComponentKind; 7] = [
    ComponentKind::Asset,
    ComponentKind::Channel,
    ComponentKind::SourceKind,
    ComponentKind::Operator,
    ComponentKind::Entity,
    ComponentKind::Avs,
    ComponentKind::Allocation,
];

impl ComponentKind {
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
            Self::Allocation => "allocation",
            Self::Origin => "origin",
        }
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

/// Numbers of the two origins.
const DIRECT: u32 = 0;
const CONTAGION: u32 = 1;

/// A component by number: cheap to count by; `name` says what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Component {
    pub(crate) kind: ComponentKind,
    number: u32,
}

impl Component {
    /// Its number in the network's table; none where it stands for nothing of its kind.
    pub(crate) fn index(self) -> Option<usize> {
        (self.number < LEAST_OF_NONE).then_some(self.number as usize)
    }
}

/// Numbers from here on stand for what is in no table.
const LEAST_OF_NONE: u32 = u32::MAX - 15;

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

/// Splits the losses that a scope has on paths.
pub(crate) struct Splitter<'c> {
    scope: &'c Scope,
    sensitivity: Sensitivity,
}

impl<'c> Splitter<'c> {
    pub(crate) fn new(model: &Model<'_>, scope: &'c Scope) -> Self {
        Self { scope, sensitivity: Sensitivity::new(scope, model) }
    }

    /// The loss that the scope had on a path by what it is owed to, in order, without what is nothing.
    pub(crate) fn split(&self, model: &Model<'_>, record: &PathRecord) -> Vec<(Component, f64)> {
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
        match self.scope.kind {
            ScopeKind::System => {
                let contagion = record.figures[model.layout().system(Figure::Contagion)];
                let direct = self.scope.loss_eth(&record.figures) - contagion;
                parts.extend([(of_origin(DIRECT), direct), (of_origin(CONTAGION), contagion)]);
            }
            ScopeKind::Portfolio => {
                let column = model.layout().portfolio(self.scope.index, PortfolioFigure::Carry);
                let carry = record.figures[column];
                let beyond_nav = self.scope.loss_eth(&record.figures) + carry - by_nav;
                parts.extend(OWED.map(|kind| (of_price(kind), beyond_nav)));
                parts.extend(OWED.map(|kind| (of_carry(kind), -carry)));
            }
            _ => {}
        }
        merged(parts)
    }
}

fn component(kind: ComponentKind, index: usize) -> Component {
    Component { kind, number: u32::try_from(index).unwrap_or(NONE) }
}

fn of_origin(number: u32) -> Component {
    Component { kind: ComponentKind::Origin, number }
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
        of(
            ComponentKind::Allocation,
            entry.cause.avs.zip(operator).and_then(|(avs, operator)| {
                let members = network.avs_members(avs);
                let at = members.binary_search_by_key(&operator, |id| network.member(*id).operator);
                at.ok().map(|at| members[at].index())
            }),
        ),
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

/// What a component is called; in brackets what has no name of its own.
pub(crate) fn name_of(network: &Network, component: Component) -> String {
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
        ComponentKind::Origin => ["direct", "contagion"][index],
        ComponentKind::Allocation if !nothing => {
            let member = network.member(MemberId::new(index));
            let avs = &network.avs(member.avs).name;
            return format!("{avs}/{}", network.operator(member.operator).name);
        }
        _ if nothing => "(none)",
        ComponentKind::Operator => &network.operators()[index].name,
        ComponentKind::Entity => &network.entities()[index],
        ComponentKind::Avs | ComponentKind::Allocation => &network.avss()[index].name,
    };
    name.to_owned()
}
