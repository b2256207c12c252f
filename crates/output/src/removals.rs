//! What an expected shortfall would be without an AVS, an operator, a company or an allocation: the paths on which it is of any account are
//! run again without it, with the same draws; the others stay what they are.

use std::collections::{BTreeMap, BTreeSet};

use slashfall_cascade::Told;
use slashfall_graph::{AvsId, EntityId, MemberId, Network, OperatorId, Removal};
use slashfall_sampling::{Model, replay_told};

use crate::close_ups::{CloseUp, CloseUps, Split};
use crate::measures::stand_ins::{StandIn, shortfall_difference};
use crate::measures::{Estimate, Level};
use crate::scope::{Scope, ScopeKind};
use crate::split::{Component, ComponentKind, name_of};

/// The largest contributors of each kind that are taken out, each by itself.
const N_OF_KIND: usize = 5;
/// Kinds of component that can be taken out.
const KINDS: [ComponentKind; 4] =
    [ComponentKind::Avs, ComponentKind::Operator, ComponentKind::Entity, ComponentKind::Allocation];

/// An expected shortfall without something.
#[derive(Clone, Debug, PartialEq)]
pub struct Without<'c> {
    /// Whose.
    pub scope: &'c Scope,
    /// Its level.
    pub level: Level,
    /// Kind of what is taken out.
    pub kind: ComponentKind,
    /// Its name.
    pub removed: String,
    /// Expected shortfall as it is, in ETH.
    pub es: f64,
    /// What it would be, less what it is.
    pub change: Estimate,
    /// Paths that were run again.
    pub n_rerun: usize,
}

/// The expected shortfall at a level of the system without falls of base-asset prices and of each portfolio, without each of the largest
/// contributors: of each scope the largest fall first. None when `stop` says, between one removal and the next, that nobody waits for them.
#[must_use]
pub fn removals<'c>(
    model: &Model<'_>,
    close_ups: &CloseUps<'c>,
    level: Level,
    stop: impl Fn() -> bool,
) -> Option<Vec<Without<'c>>> {
    let is_asked = |scope: &Scope| scope.is_without_prices() || scope.kind == ScopeKind::Portfolio;
    let splits = close_ups.splits.iter().enumerate();
    let asked: Vec<Asked<'_, 'c>> = splits
        .filter(|(_, split)| is_asked(split.scope))
        .map(|(number, split)| Asked::new(close_ups, number, split))
        .collect();
    let candidates: BTreeSet<Component> =
        asked.iter().flat_map(|asked| largest(asked.split, level)).collect();
    let mut all = Vec::new();
    for component in candidates {
        if stop() {
            return None;
        }
        let Some(removal) = removal(component) else { continue };
        let again = Again::run(model, close_ups, &asked, removal);
        for asked in &asked {
            let change = asked.change(close_ups, &again, level);
            let is_sobol = model.sobol().is_some();
            all.push(Without {
                scope: asked.split.scope,
                level,
                kind: component.kind,
                removed: name_of(model.network(), component),
                es: asked.split.losses.expected_shortfall(level).value,
                // Paths of Sobol points are not independent, and a replicate has too few of those looked at.
                change: if is_sobol { Estimate::bare(change.value, change.n_eff) } else { change },
                n_rerun: again.losses.len(),
            });
        }
    }
    all.sort_by(|a, b| {
        let order = (a.scope.kind, &a.scope.name).cmp(&(b.scope.kind, &b.scope.name));
        order.then(a.change.value.total_cmp(&b.change.value))
    });
    Some(all)
}

/// The components that contribute most to the shortfall of a scope, of each kind that can be taken out.
fn largest(split: &Split<'_>, level: Level) -> Vec<Component> {
    let tail = split.tail(level);
    let mut by_kind: BTreeMap<ComponentKind, Vec<(f64, Component)>> = BTreeMap::new();
    for (component, losses) in &split.components {
        if KINDS.contains(&component.kind) && removal(*component).is_some() {
            let value = tail.contribution(losses).value;
            by_kind.entry(component.kind).or_default().push((value, *component));
        }
    }
    let mut all = Vec::new();
    for mut of_kind in by_kind.into_values() {
        of_kind.retain(|(value, _)| *value > 0.0);
        of_kind.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        all.extend(of_kind.into_iter().take(N_OF_KIND).map(|(_, component)| component));
    }
    all
}

/// What it means to take out a component; none where it stands for nothing of its kind.
fn removal(component: Component) -> Option<Removal> {
    let index = component.index()?;
    Some(match component.kind {
        ComponentKind::Avs => Removal::Avs(AvsId::new(index)),
        ComponentKind::Operator => Removal::Operator(OperatorId::new(index)),
        ComponentKind::Entity => Removal::Entity(EntityId::new(index)),
        ComponentKind::Allocation => Removal::Allocation(MemberId::new(index)),
        _ => return None,
    })
}

/// A scope, and the paths that stand for all of its own.
struct Asked<'a, 'c> {
    split: &'a Split<'c>,
    /// Its place among those that are split.
    number: usize,
    /// Path, ascending, and how many it stands for.
    stand_ins: Vec<(u64, f64)>,
}

impl<'a, 'c> Asked<'a, 'c> {
    fn new(close_ups: &CloseUps<'c>, number: usize, split: &'a Split<'c>) -> Self {
        Self { split, number, stand_ins: close_ups.stand_ins(split) }
    }

    fn change(&self, close_ups: &CloseUps<'_>, again: &Again, level: Level) -> Estimate {
        let stand_in = |&(path, mass): &(u64, f64)| {
            let a = close_ups.find(path).map_or(0.0, |looked| looked.losses[self.number]);
            let b = again.losses.get(&path).map_or(a, |losses| losses[self.number]);
            StandIn { mass, a, b }
        };
        let all: Vec<StandIn> = self.stand_ins.iter().map(stand_in).collect();
        shortfall_difference(&all, level, self.split.losses.n_paths())
    }
}

/// Paths that were run again without something.
struct Again {
    /// By path, the loss of each scope that is split.
    losses: BTreeMap<u64, Vec<f64>>,
}

impl Again {
    fn run(
        model: &Model<'_>,
        close_ups: &CloseUps<'_>,
        asked: &[Asked<'_, '_>],
        removal: Removal,
    ) -> Self {
        let network: &Network = model.network();
        let rest = network.without(removal);
        let changed = model.without(&rest, removal);
        let is_disturbed_by = model.is_disturbed_by(removal);
        let is_disturbed = |looked: &CloseUp| {
            looked.is_attacked
                || looked.fired.iter().any(|(source, _)| is_disturbed_by[*source as usize])
        };
        let stand_ins = asked.iter().flat_map(|asked| &asked.stand_ins);
        let paths: BTreeSet<u64> = stand_ins
            .filter_map(|(path, _)| close_ups.find(*path))
            .filter(|looked| is_disturbed(looked))
            .map(|looked| looked.path)
            .collect();
        let paths: Vec<u64> = paths.into_iter().collect();
        let losses = replay_told(&changed, &paths, Told::Causes, |record| {
            let of_scope = |split: &Split<'_>| split.scope.loss_eth(&record.figures);
            (record.path, close_ups.splits.iter().map(of_scope).collect())
        });
        Self { losses: losses.into_iter().collect() }
    }
}
