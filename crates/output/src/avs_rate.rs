//! How the expected shortfall moves with the rate at which AVSs slash, for which there is no record to
//! go by: so every run says it, whatever its file takes the rate to be.

use std::ops::ControlFlow;

use slashfall_sampling::{Model, SourceKind, simulate};

use crate::collect::Collector;
use crate::measures::{Estimate, Level};
use crate::room::Wanted;
use crate::scope::ScopeKind;

/// Rates tried, events a year of each source.
pub const AVS_RATES: [f64; 6] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05];
/// Kinds of source whose rate is tried: the first that there is.
const KINDS: [SourceKind; 2] = [SourceKind::AvsFault, SourceKind::AvsIncident];
/// Paths at a rate, at least; whole blocks, as these are drawn fastest.
const BLOCK: u64 = 4_096;
/// Paths a batch: a quarter of a block, so that all threads have something to do.
const BATCH_PATHS: usize = 1_024;
/// Paths of a run for each that is run at a rate.
const PATHS_PER_PATH: u64 = 256;
/// Paths that the tail of an expected shortfall holds at least.
const MIN_TAIL: f64 = 10.0;
/// Paths that the tail of a headline holds at least.
const MIN_HEADLINE_TAIL: u64 = 100;

/// An expected shortfall at another rate.
#[derive(Clone, Debug, PartialEq)]
pub struct AvsRate {
    /// Kind of source whose rate it is.
    pub source_kind: SourceKind,
    /// The rate of each such source, events a year.
    pub rate: f64,
    /// Kind of scope.
    pub scope_kind: ScopeKind,
    /// Scope.
    pub scope: String,
    /// Level of the expected shortfall.
    pub level: Level,
    /// The expected shortfall, in ETH.
    pub es: Estimate,
    /// Paths run.
    pub n_paths: u64,
}

/// The level that is shown first: the highest whose tail holds a hundred of the paths; else the lowest.
/// None of no levels.
#[must_use]
pub fn headline_level(levels: &[Level], n_paths: u64) -> Option<Level> {
    let is_held = |level: &&Level| level.tail_paths(n_paths) >= MIN_HEADLINE_TAIL;
    levels.iter().rev().find(is_held).or(levels.first()).copied()
}

/// The kind of source whose rate is tried: faults of AVSs, else their incidents; none without either.
#[must_use]
pub fn rated_kind(model: &Model<'_>) -> Option<SourceKind> {
    KINDS.into_iter().find(|kind| model.has_kind(*kind))
}

/// Expected shortfalls of the scopes that are split, at each of [`AVS_RATES`], from plain paths with the
/// run's own numbers, a block or a 256th of `n_paths`. The level is lowered to the highest whose tail holds ten
/// of them. No rows without sources of either kind; none at all when `stop` says that nobody waits any more.
pub fn avs_rates(
    model: &Model<'_>,
    level: Level,
    n_paths: u64,
    stop: impl Fn() -> bool,
) -> Option<Vec<AvsRate>> {
    let Some(kind) = rated_kind(model) else { return Some(Vec::new()) };
    let n_paths = (n_paths / PATHS_PER_PATH).max(BLOCK).next_multiple_of(BLOCK);
    let highest = Level::new(1.0 - MIN_TAIL / n_paths as f64).unwrap_or(level);
    let level = if level > highest { highest } else { level };
    let mut rows = Vec::new();
    for rate in AVS_RATES {
        let changed = model.with_rate_of_kind(kind, rate);
        let n_listed = level.tail_paths(n_paths) + 1;
        let wanted = Wanted { n_paths, split_from: None, n_listed, by_replicate: false };
        let mut collector = Collector::for_run(changed.setting(), &wanted);
        let flow = simulate(&changed, 0..n_paths, BATCH_PATHS, |batch| {
            collector.absorb(batch);
            if stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if flow.is_break() {
            return None;
        }
        let split = collector.scopes.iter().filter(|kept| kept.scope.is_split());
        rows.extend(split.filter_map(|kept| {
            let es = collector.losses_of(kept).sorted()?.expected_shortfall(level);
            let (scope_kind, scope) = (kept.scope.kind, kept.scope.name.clone());
            Some(AvsRate { source_kind: kind, rate, scope_kind, scope, level, es, n_paths })
        }));
    }
    Some(rows)
}
