//! Which paths of a scope are asked what its figures hang on.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::collect::{Collector, ScopeLosses};
use crate::measures::{Estimate, Level, Pick, QuantileSlope, SortedLosses, Tail, picks};
use crate::scope::Scope;

/// Paths of a run for each path of a tail that is scored.
const PATHS_PER_SCORE: u64 = 1_024;
/// Paths of a tail that are scored at least, if there are as many.
const MIN_SCORED: u64 = 512;

/// Scopes that have lost the same, their losses, and those of their paths that are asked.
pub(super) struct Design<'c> {
    pub(super) scopes: Vec<&'c Scope>,
    pub(super) mean: f64,
    /// Ascending levels; the first tail is the widest.
    pub(super) levels: Vec<AtLevel>,
    /// Of the widest tail.
    pub(super) picks: Vec<Pick>,
    /// Numbers of all paths of the widest tail, ascending.
    listed: Vec<u64>,
    /// Losses that are not 0 on the first paths of the run, ascending by path.
    head: BTreeMap<u64, f64>,
    n_head: u64,
    n_paths: u64,
}

/// What holds at a level.
pub(super) struct AtLevel {
    pub(super) level: Level,
    pub(super) tail: Tail,
    pub(super) var: Estimate,
    pub(super) es: f64,
    /// None where the value at risk lies in an atom.
    pub(super) slope: Option<QuantileSlope>,
}

impl AtLevel {
    fn new(losses: &SortedLosses, level: Level) -> Self {
        Self {
            level,
            tail: losses.tail(level),
            var: losses.value_at_risk(level),
            es: losses.expected_shortfall(level).value,
            slope: losses.quantile_slope(level),
        }
    }

    /// Whether paths without a loss are beyond the value at risk: these are not listed.
    pub(super) fn is_below_0(&self) -> bool {
        self.var.value < 0.0
    }
}

/// The designs of all scopes that are split.
pub(super) fn designs<'c>(collector: &'c Collector, levels: &[Level]) -> Vec<Design<'c>> {
    let n_paths = collector.n_paths();
    let most = usize::try_from((n_paths / PATHS_PER_SCORE).max(MIN_SCORED)).unwrap_or(usize::MAX);
    let mut by_column: BTreeMap<usize, usize> = BTreeMap::new();
    let mut alike: Vec<Vec<&'c ScopeLosses>> = Vec::new();
    for kept in collector.scopes.iter().filter(|kept| kept.scope.is_split()) {
        let number = *by_column.entry(kept.column).or_insert(alike.len());
        if number == alike.len() {
            alike.push(Vec::new());
        }
        alike[number].push(kept);
    }
    let design = |alike: Vec<&'c ScopeLosses>| {
        let first = alike[0];
        let losses = collector.losses_of(first).sorted()?;
        let levels: Vec<AtLevel> = levels.iter().map(|at| AtLevel::new(&losses, *at)).collect();
        let widest = &levels.first()?.tail;
        let mut listed: Vec<u64> = widest.paths().iter().map(|path| path.path).collect();
        listed.sort_unstable();
        Some(Design {
            scopes: alike.iter().map(|kept| &kept.scope).collect(),
            mean: losses.mean().value,
            picks: picks(widest.paths().len(), most),
            levels,
            listed,
            head: first.head.iter().map(|own| (own.path, own.loss)).collect(),
            n_head: collector.n_head(),
            n_paths,
        })
    };
    alike.into_par_iter().filter_map(design).collect()
}

/// A path that is asked for a mean over all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) path: u64,
    pub(super) loss: f64,
    pub(super) stands_for: f64,
}

impl Design<'_> {
    pub(super) fn paths_to_score(&self) -> impl Iterator<Item = u64> {
        self.picks.iter().map(|pick| self.listed_path(pick).0)
    }

    /// Number and loss of a path of the widest tail.
    pub(super) fn listed_path(&self, pick: &Pick) -> (u64, f64) {
        let path = &self.levels[0].tail.paths()[pick.rank];
        (path.path, path.loss)
    }

    /// Paths that stand for all: those picked of the widest tail, and of all others those among the first
    /// `n_head`.
    pub(super) fn asked(&self, picks: &[Pick], n_head: u64) -> Vec<Asked> {
        let of_tail = |pick: &Pick| {
            let (path, loss) = self.listed_path(pick);
            Asked { path, loss, stands_for: pick.stands_for }
        };
        let body =
            (0..n_head.min(self.n_head)).filter(|path| self.listed.binary_search(path).is_err());
        let body: Vec<u64> = body.collect();
        let others = self.n_paths - self.listed.len() as u64;
        let stands_for = others as f64 / body.len().max(1) as f64;
        let of_body = |path| {
            let loss = self.head.get(&path).copied().unwrap_or(0.0);
            Asked { path, loss, stands_for }
        };
        picks.iter().map(of_tail).chain(body.into_iter().map(of_body)).collect()
    }
}
