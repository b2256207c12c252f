//! Says how many losses are kept one by one, so that memory does not grow with the paths unless what is asked for needs it.

use slashfall_cascade::Setting;
use slashfall_sampling::REPLICATES;

use crate::measures::{Level, Room};
use crate::scope::{Scope, scopes};

/// Memory for losses of all scopes that are kept one by one.
const KEPT_BYTES: usize = 96 << 20;
/// Memory of a loss that is kept.
const LOSS_BYTES: usize = 16;
/// Bytes of a loss at most as it is stored: the path, the loss, the weight.
const STORED_LOSS_BYTES: u64 = 26;
/// Losses kept of a scope, however many scopes there are.
const MIN_KEPT: usize = 4_096;
/// Memory for losses of all scopes where every one is kept: 8 GiB.
const REPLICATED_BYTES: u64 = 8 << 30;
/// Memory that the bins of a scope take: two signs, some twenty octaves of 1,024 bins of 32 bytes.
const BINS_BYTES: u64 = 3 << 19;

/// First paths whose losses are kept one by one, at least.
const MIN_HEAD: u64 = 8_192;
/// Paths of a run for each of the first whose losses are kept.
const PATHS_PER_HEAD: u64 = 128;

/// First paths of a run whose losses are kept one by one beside the tails, so that means can be asked what
/// they hang on: whole blocks of 4,096.
pub(crate) fn n_head(n_paths: u64) -> u64 {
    (n_paths / PATHS_PER_HEAD).max(MIN_HEAD).next_multiple_of(4_096)
}

/// What is wanted of the worst paths, beside figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Paths at most.
    pub n_paths: u64,
    /// Lowest level at which expected shortfalls are split, if they are: these tails are kept path by path.
    pub split_from: Option<Level>,
    /// Worst paths of a scope that are listed.
    pub n_listed: u64,
    /// Whether paths are dealt out to replicates: then every loss is kept, as each replicate has a distribution of its own.
    pub by_replicate: bool,
}

impl Wanted {
    /// Room for the losses of one of `n_scopes` scopes.
    pub(crate) fn room(&self, scope: &Scope, n_scopes: usize) -> Room {
        if self.by_replicate {
            return Room::UNBOUNDED;
        }
        let most = (KEPT_BYTES / LOSS_BYTES / n_scopes).max(MIN_KEPT);
        let split = self.split_from.filter(|_| scope.is_split());
        // The path at the edge of the tail is the last that counts.
        let n_tail = split.map_or(0, |level| level.tail_paths(self.n_paths) + 1);
        let needed = usize::try_from(n_tail.max(self.n_listed)).unwrap_or(usize::MAX / 2);
        let worst = (most / 8 * 7).max(needed);
        Room { most: most.max(worst + worst / 8 + 1), worst }
    }

    /// Memory that the losses of all scopes take at most while paths are not weighted, in bytes.
    #[must_use]
    pub fn bytes(&self, setting: &Setting<'_>) -> u64 {
        let scopes = scopes(setting);
        if self.by_replicate {
            return self.n_paths.saturating_mul(self.bytes_per_path(&scopes));
        }
        let of_scope = |scope: &Scope| {
            let most = self.room(scope, scopes.len()).most as u64;
            let kept = LOSS_BYTES as u64 * most.min(self.n_paths);
            if self.n_paths > most { kept + BINS_BYTES } else { kept }
        };
        scopes.iter().map(of_scope).sum()
    }

    /// Bytes that the losses of all scopes take at most as they are stored. Those that are alike take much less in a file, which says nothing of whether it is good.
    #[must_use]
    pub fn stored_bytes(&self, setting: &Setting<'_>) -> u64 {
        let scopes = scopes(setting);
        let of_scope = |scope: &Scope| {
            let most = self.room(scope, scopes.len()).most as u64;
            let n_kept = most.min(self.n_paths);
            let n_head = if scope.is_split() { n_head(self.n_paths) } else { 0 };
            let bins = if self.n_paths > most { 2 * BINS_BYTES } else { 0 };
            STORED_LOSS_BYTES.saturating_mul(n_kept.saturating_add(n_head)).saturating_add(bins)
        };
        scopes.iter().map(of_scope).fold(0, u64::saturating_add)
    }

    /// The largest number of paths whose losses fit into memory where all are kept: [`REPLICATED_BYTES`], as if every path lost in every scope.
    #[must_use]
    pub fn most_paths(&self, setting: &Setting<'_>) -> u64 {
        if !self.by_replicate {
            return u64::MAX;
        }
        let most = REPLICATED_BYTES / self.bytes_per_path(&scopes(setting)).max(1);
        most / REPLICATES * REPLICATES
    }

    /// Memory of a path that loses in every scope: its losses, and where they are split the ranked ones of all paths and of the replicates.
    fn bytes_per_path(&self, scopes: &[Scope]) -> u64 {
        let copies =
            |scope: &Scope| if self.split_from.is_some() && scope.is_split() { 3 } else { 1 };
        scopes.iter().map(|scope| copies(scope) * LOSS_BYTES as u64).sum()
    }
}
