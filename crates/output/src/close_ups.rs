//! The paths that are looked at closely: those of the tails, or enough of them, and some of all paths. They are run again once, with what
//! each loss is owed to, for all that asks about them.

use std::collections::BTreeMap;

use rayon::prelude::*;
use slashfall_cascade::{Channel, Figure, Happened, Told};
use slashfall_sampling::{Model, PathRecord, replay_told};

use crate::collect::{Collector, ScopeLosses};
use crate::measures::{Level, LossColumn, SortedLosses, Tail, TailSample};
use crate::scope::Scope;
use crate::split::{Component, Splitter};

/// Losses by component: those of the paths looked at.
pub(crate) type Components = BTreeMap<Component, LossColumn>;

/// How many paths are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks {
    /// Of the tail of each scope, about.
    pub per_scope: usize,
    /// Of all paths, about.
    pub of_all: usize,
    /// The worst of each scope, whatever tails there are.
    pub n_worst: usize,
    /// Beyond the tail of a scope, for each thing that is taken out.
    pub beyond: usize,
}

impl Looks {
    /// As many as cost little beside a run of `n_paths`.
    #[must_use]
    pub fn beside(n_paths: u64) -> Self {
        let share = usize::try_from(n_paths / PATHS_PER_LOOK).unwrap_or(usize::MAX);
        Self::of(share.max(MIN_LOOKS))
    }

    /// So many of each tail, and of all paths.
    #[must_use]
    pub fn of(per_scope: usize) -> Self {
        Self { per_scope, of_all: per_scope, n_worst: N_WORST, beyond: per_scope / 4 }
    }
}

/// Paths of a run for each that is looked at of a scope.
const PATHS_PER_LOOK: u64 = 4_000;
const MIN_LOOKS: usize = 256;
const N_WORST: usize = 5;

/// A scope whose tails are looked at.
pub(crate) struct Split<'c> {
    pub(crate) scope: &'c Scope,
    pub(crate) losses: SortedLosses,
    sample: TailSample,
    lowest: Level,
    /// All paths of its widest tail, ascending.
    pub(crate) in_tail: Vec<u64>,
    /// Of these the ones to be run again, ascending.
    paths: Vec<u64>,
    pub(crate) components: Components,
}

impl<'c> Split<'c> {
    fn new(
        collector: &Collector,
        kept: &'c ScopeLosses,
        lowest: Level,
        looks: Looks,
    ) -> Option<Self> {
        let losses = collector.losses_of(kept).sorted()?;
        let whole = losses.tail(lowest);
        let mut in_tail: Vec<u64> = whole.paths().iter().map(|path| path.path).collect();
        in_tail.sort_unstable();
        let pick = if losses.is_weighted() { TailSample::of_weighted } else { TailSample::new };
        let sample = pick(in_tail.len(), looks.per_scope);
        let paths = losses.sampled_tail(lowest, &sample).paths_to_split();
        let (scope, components) = (&kept.scope, Components::new());
        Some(Self { scope, losses, sample, lowest, in_tail, paths, components })
    }

    /// Its tail at a level, made of the paths looked at.
    pub(crate) fn tail(&self, level: Level) -> Tail {
        self.losses.sampled_tail(level, &self.sample)
    }

    /// Its widest tail.
    pub(crate) fn widest(&self) -> Tail {
        self.tail(self.lowest)
    }
}

/// A path that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct CloseUp {
    /// Its number.
    pub path: u64,
    /// Its likelihood ratio.
    pub weight: f64,
    /// Its loss by scope that is split.
    pub(crate) losses: Vec<f64>,
    /// What holders lost by channel, in ETH, in order of [`Channel::ALL`].
    pub channels: Vec<f64>,
    /// The sources that fired, in order of time: number and days.
    pub fired: Vec<(u32, f64)>,
    /// Whether an AVS was attacked.
    pub(crate) is_attacked: bool,
}

/// The paths that were looked at.
pub struct CloseUps<'c> {
    pub(crate) splits: Vec<Split<'c>>,
    /// Ascending.
    pub(crate) paths: Vec<CloseUp>,
    /// Those that are some of all paths, ascending.
    pub(crate) of_all: Vec<u64>,
    pub(crate) looks: Looks,
}

impl<'c> CloseUps<'c> {
    /// Picks paths for the tails of the system (with and without falls of base-asset prices), of each asset and of each portfolio from
    /// the lowest of the `levels` (ascending) on, and runs them again. None when `stop` says, between 16,384 paths and the next, that
    /// nobody waits for them any more.
    pub fn take(
        model: &Model<'_>,
        collector: &'c Collector,
        levels: &[Level],
        looks: Looks,
        stop: impl Fn() -> bool,
    ) -> Option<Self> {
        let lowest = levels.first().copied();
        let wanted = collector.scopes.par_iter().filter(|kept| kept.scope.is_split());
        let split = |kept| Split::new(collector, kept, lowest?, looks);
        let mut splits: Vec<Split<'_>> = wanted.filter_map(split).collect();
        let of_all = spread(collector.n_paths(), looks.of_all);
        let mut paths: Vec<u64> = splits.iter().flat_map(|split| split.paths.clone()).collect();
        let worst = collector.scopes.iter();
        let worst = worst.flat_map(|kept| collector.losses_of(kept).worst(looks.n_worst));
        paths.extend(worst.map(|(worst, _)| worst.path));
        paths.extend(&of_all);
        paths.sort_unstable();
        paths.dedup();
        let looked = run_again(model, &mut splits, &paths, &of_all, stop)?;
        Some(Self { splits, paths: looked, of_all, looks })
    }

    /// The paths looked at that stand for all, ascending, and for how many each does: those picked of the widest tail of a scope for all
    /// of it, those of all paths for the rest.
    pub(crate) fn stand_ins(&self, split: &Split<'_>) -> Vec<(u64, f64)> {
        let tail = split.widest();
        let is_beyond = |path: &&u64| split.in_tail.binary_search(path).is_err();
        let beyond = self.of_all.iter().filter(is_beyond);
        let weight = |&path: &u64| (path, self.find(path).map_or(1.0, |looked| looked.weight));
        let beyond: Vec<(u64, f64)> = beyond.map(weight).collect();
        let all: f64 = beyond.iter().map(|(_, weight)| weight).sum();
        let left = (split.losses.n_paths() as f64 - tail.mass()).max(0.0);
        let mut stand_ins: Vec<(u64, f64)> = tail.by_path().collect();
        stand_ins.extend(beyond.iter().map(|&(path, weight)| (path, weight * left / all)));
        stand_ins.retain(|(_, mass)| *mass > 0.0);
        stand_ins.sort_by_key(|(path, _)| *path);
        stand_ins
    }

    /// A path, if it was looked at.
    #[must_use]
    pub fn find(&self, path: u64) -> Option<&CloseUp> {
        let at = self.paths.binary_search_by_key(&path, |looked| looked.path).ok()?;
        Some(&self.paths[at])
    }
}

/// About `budget` paths of `n`, evenly spread.
fn spread(n: u64, budget: usize) -> Vec<u64> {
    let step = n.div_ceil(budget.max(1) as u64).max(1);
    (step / 2..n).step_by(usize::try_from(step).unwrap_or(usize::MAX)).collect()
}

/// Runs paths again, once, and splits the loss of each for every scope of whose tail it is picked, or for all where it is one of all.
fn run_again(
    model: &Model<'_>,
    splits: &mut [Split<'_>],
    paths: &[u64],
    of_all: &[u64],
    stop: impl Fn() -> bool,
) -> Option<Vec<CloseUp>> {
    let splitters: Vec<Splitter<'_>> =
        splits.iter().map(|split| Splitter::new(model, split.scope)).collect();
    let mut looked = Vec::with_capacity(paths.len());
    for some in paths.chunks(PATHS_AT_ONCE) {
        if stop() {
            return None;
        }
        let read_only = &*splits;
        let found = replay_told(model, some, Told::Causes, |record| {
            let is_of_all = of_all.binary_search(&record.path).is_ok();
            let concerned = |(_, (split, _)): &(usize, (&Split<'_>, &Splitter<'_>))| {
                is_of_all || split.paths.binary_search(&record.path).is_ok()
            };
            let all = read_only.iter().zip(&splitters).enumerate().filter(concerned);
            let parts = all.map(|(number, (_, splitter))| (number, splitter.split(model, &record)));
            (parts.collect::<Vec<_>>(), close_up(model, read_only, &record))
        });
        for (parts, close_up) in found {
            for (number, parts) in parts {
                let components = &mut splits[number].components;
                for (component, loss) in parts {
                    components.entry(component).or_default().push(close_up.path, loss);
                }
            }
            looked.push(close_up);
        }
    }
    Some(looked)
}

fn close_up(model: &Model<'_>, splits: &[Split<'_>], record: &PathRecord) -> CloseUp {
    let layout = model.layout();
    let fired = record.record.steps.iter().filter_map(|step| match step.happened {
        Happened::Fired { source, tau_days, .. } => Some((source, tau_days)),
        _ => None,
    });
    let channels = Channel::ALL.iter().map(|&channel| record.figures[layout.channel(channel)]);
    CloseUp {
        path: record.path,
        weight: record.weight,
        losses: splits.iter().map(|split| split.scope.loss_eth(&record.figures)).collect(),
        channels: channels.collect(),
        fired: fired.collect(),
        is_attacked: record.figures[layout.system(Figure::AvssAttacked)] > 0.0,
    }
}

/// Paths replayed between two gatherings: bounds what is held twice.
const PATHS_AT_ONCE: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_of_all_are_evenly_spread() {
        assert_eq!(spread(10, 3), [2, 6]);
        assert_eq!(spread(3, 10), [0, 1, 2]);
        assert!(spread(0, 10).is_empty());
        let many = spread(1_000_003, 1_000);
        assert!((990..=1_000).contains(&many.len()) && many.last().is_some_and(|p| *p < 1_000_003));
    }
}
