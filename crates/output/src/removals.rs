//! What an expected shortfall would be without an AVS, an operator, a company or an allocation: the paths on which it is of any account are
//! run again without it, with the same draws; the others stay what they are.

use std::collections::{BTreeMap, BTreeSet};

use slashfall_graph::{AvsId, EntityId, MemberId, Network, OperatorId, Removal};
use slashfall_sampling::{Model, replay_variants};

use crate::close_ups::{CloseUp, CloseUps, Split};
use crate::measures::stand_ins::{StandIn, shortfall_difference};
use crate::measures::{Estimate, Level};
use crate::scope::{Scope, ScopeKind};
use crate::split::{Component, ComponentKind, name_of};

/// The largest contributors of each kind that are taken out, each by itself.
const N_OF_KIND: usize = 2;
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

/// The expected shortfall at a level of the system without falls of base-asset prices and of each portfolio, without each of its largest
/// contributors: of each scope the largest fall first. None when `stop` says, before paths are run again, that nobody waits for them.
#[must_use]
pub fn removals<'c>(
    model: &Model<'_>,
    close_ups: &CloseUps<'c>,
    level: Level,
    stop: impl Fn() -> bool,
) -> Option<Vec<Without<'c>>> {
    let is_asked = |scope: &Scope| scope.is_without_prices() || scope.kind == ScopeKind::Portfolio;
    let splits = close_ups.splits.iter().enumerate();
    let asked = splits.filter(|(_, split)| is_asked(split.scope));
    let cases: Vec<Case<'_, 'c>> = asked
        .flat_map(|(number, split)| {
            let stand_ins = stand_ins(close_ups, (number, split), level);
            let case =
                move |component| Case { split, number, component, stand_ins: stand_ins.clone() };
            largest(split, level).into_iter().map(case)
        })
        .collect();
    let taken_out: Vec<Component> =
        cases.iter().map(|case| case.component).collect::<BTreeSet<_>>().into_iter().collect();
    let removals: Vec<Removal> = taken_out.iter().filter_map(|own| removal(*own)).collect();
    let networks: Vec<Network> =
        removals.iter().map(|removal| model.network().without(*removal)).collect();
    let variants = networks.iter().zip(&removals);
    let variants: Vec<Model<'_>> =
        variants.map(|(rest, removal)| model.without(rest, *removal)).collect();
    let disturbed: Vec<Vec<bool>> =
        removals.iter().map(|removal| model.is_disturbed_by(*removal)).collect();
    let variant_of = |case: &Case<'_, '_>| taken_out.binary_search(&case.component).unwrap_or(0);
    let mut needed = BTreeSet::new();
    for case in &cases {
        let variant = variant_of(case);
        needed.extend(case.needed(close_ups, &disturbed[variant], variant));
    }
    if stop() {
        return None;
    }
    let again = Again::run(model, close_ups, &variants, &needed);
    let mut all: Vec<Without<'c>> = cases
        .iter()
        .map(|case| {
            let variant = variant_of(case);
            let change = case.change(close_ups, &again, (level, variant));
            let is_sobol = model.sobol().is_some();
            Without {
                scope: case.split.scope,
                level,
                kind: case.component.kind,
                removed: name_of(model.network(), case.component),
                es: case.split.losses.expected_shortfall(level).value,
                // Paths of Sobol points are not independent, and a replicate has too few of those looked at.
                change: if is_sobol { Estimate::bare(change.value, change.n_eff) } else { change },
                n_rerun: case
                    .stand_ins
                    .iter()
                    .filter(|(path, _)| again.has(*path, variant))
                    .count(),
            }
        })
        .collect();
    all.sort_by(|a, b| {
        let order = (a.scope.kind, &a.scope.name).cmp(&(b.scope.kind, &b.scope.name));
        order.then(a.change.value.total_cmp(&b.change.value))
    });
    Some(all)
}

/// The paths that stand for all of a scope: those looked at from the edge of its tail on, and of the others some. That something is taken
/// out raises few losses, so these hardly matter.
fn stand_ins(
    close_ups: &CloseUps<'_>,
    (number, split): (usize, &Split<'_>),
    level: Level,
) -> Vec<(u64, f64)> {
    let edge = split.losses.value_at_risk(level).value;
    let is_in_tail = |(path, _): &(u64, f64)| {
        close_ups.find(*path).is_some_and(|looked| looked.losses[number] >= edge)
    };
    let (mut own, beyond): (Vec<_>, Vec<_>) =
        close_ups.stand_ins(split).into_iter().partition(is_in_tail);
    let step = beyond.len().div_ceil(close_ups.looks.beyond.max(1)).max(1);
    let some: Vec<(u64, f64)> = beyond.iter().copied().skip(step / 2).step_by(step).collect();
    let [all, picked] =
        [&beyond, &some].map(|paths| paths.iter().map(|(_, mass)| mass).sum::<f64>());
    own.extend(some.iter().map(|&(path, mass)| (path, mass * all / picked)));
    own.sort_by_key(|(path, _)| *path);
    own
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

/// A scope and what is taken out.
struct Case<'a, 'c> {
    split: &'a Split<'c>,
    /// Its place among those that are split.
    number: usize,
    component: Component,
    /// The paths that stand for all of the scope's own, ascending, and how many each stands for.
    stand_ins: Vec<(u64, f64)>,
}

impl Case<'_, '_> {
    fn losses(&self, close_ups: &CloseUps<'_>, again: &Again, variant: usize) -> Vec<StandIn> {
        let stand_in = |&(path, mass): &(u64, f64)| {
            let a = close_ups.find(path).map_or(0.0, |looked| looked.losses[self.number]);
            let b = again.losses.get(&(path, variant)).map_or(a, |losses| losses[self.number]);
            StandIn { mass, a, b }
        };
        self.stand_ins.iter().map(stand_in).collect()
    }

    /// The paths that have to be run again: those that may be another without what is taken out.
    fn needed(
        &self,
        close_ups: &CloseUps<'_>,
        is_disturbed_by: &[bool],
        variant: usize,
    ) -> impl Iterator<Item = (u64, usize)> {
        let looked = self.stand_ins.iter().filter_map(|(path, _)| close_ups.find(*path));
        let disturbed = looked.filter(|looked| is_disturbed(looked, is_disturbed_by));
        disturbed.map(move |looked| (looked.path, variant))
    }

    fn change(
        &self,
        close_ups: &CloseUps<'_>,
        again: &Again,
        (level, variant): (Level, usize),
    ) -> Estimate {
        let losses = self.losses(close_ups, again, variant);
        shortfall_difference(&losses, level, self.split.losses.n_paths())
    }
}

/// Whether a path may be another without something, by the sources that it disturbs.
fn is_disturbed(looked: &CloseUp, by: &[bool]) -> bool {
    looked.is_attacked || looked.fired.iter().any(|(source, _)| by[*source as usize])
}

/// Paths that were run again without something.
struct Again {
    /// By path and what was taken out, the loss of each scope that is split.
    losses: BTreeMap<(u64, usize), Vec<f64>>,
}

impl Again {
    fn has(&self, path: u64, variant: usize) -> bool {
        self.losses.contains_key(&(path, variant))
    }

    fn run(
        model: &Model<'_>,
        close_ups: &CloseUps<'_>,
        variants: &[Model<'_>],
        needed: &BTreeSet<(u64, usize)>,
    ) -> Self {
        let mut paths: Vec<u64> = needed.iter().map(|(path, _)| *path).collect();
        paths.dedup();
        let is_asked = |path: u64, variant: usize| needed.contains(&(path, variant));
        let played = replay_variants(model, variants, &paths, is_asked, |row| {
            let of_scope = |split: &Split<'_>| split.scope.loss_eth(row);
            close_ups.splits.iter().map(of_scope).collect::<Vec<f64>>()
        });
        let played = played.into_iter().map(|own| ((own.path, own.variant), own.made));
        Self { losses: played.collect() }
    }
}
