//! Holds the losses of one scope as they arrive, keeping only paths on which something happened, as most paths have no loss at all.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::bins::Bins;
use super::{SortedLosses, WeightSums};

/// A path and what it lost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PathLoss {
    /// Index of the path.
    pub path: u64,
    /// Its loss, negative for a gain; never exactly 0.
    pub loss: f64,
}

/// How many losses a column keeps one by one: when there are more than `most`, the `worst` of them, the rest by bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Losses that are kept before any goes into a bin.
    pub most: usize,
    /// Losses that are always kept, from the worst on; above 0 and below `most`.
    pub worst: usize,
}

impl Room {
    /// Room for every loss there is.
    pub const UNBOUNDED: Self = Self { most: usize::MAX, worst: usize::MAX };
}

/// Losses of one scope over consecutive paths, the first of which is 0 unless it is a part's; a path without an entry lost exactly 0. 16
/// bytes an entry, 24 where paths are weighted.
#[derive(Debug, Clone, PartialEq)]
pub struct LossColumn {
    first_path: u64,
    n_paths: u64,
    /// Ascending paths, losses finite and not 0.
    entries: Vec<PathLoss>,
    /// Weight of the path of each entry; empty while every path weighs 1.
    weights: Vec<f64>,
    /// Of all paths; none where nobody said what they weigh.
    sums: Option<WeightSums>,
    room: Room,
    /// Losses up to this go into bins.
    binned_to: f64,
    bins: Option<Box<Bins>>,
}

/// Losses that room is made for at a time, at least.
const MIN_GROWTH: usize = 64;

impl Default for LossColumn {
    fn default() -> Self {
        Self::with_room(Room::UNBOUNDED)
    }
}

impl LossColumn {
    /// A column of no paths that keeps every loss.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A column of no paths that keeps as many losses as there is room for.
    #[must_use]
    pub fn with_room(room: Room) -> Self {
        Self {
            first_path: 0,
            n_paths: 0,
            entries: Vec::new(),
            weights: Vec::new(),
            sums: None,
            room,
            binned_to: f64::NEG_INFINITY,
            bins: None,
        }
    }

    /// A column of no paths with the same room, for paths from `first_path` on.
    pub(crate) fn of_part(&self, first_path: u64) -> Self {
        Self { first_path, ..Self::with_room(self.room) }
    }

    /// Makes room for more; what went into bins stays there.
    pub(crate) fn widen(&mut self, room: Room) {
        self.room = room;
    }

    /// Records the loss of `path`; paths skipped since the last call lost nothing.
    ///
    /// # Panics
    /// If `path` is not beyond every path before it, or the loss is not finite: both are bugs of the engine.
    pub fn push(&mut self, path: u64, loss: f64) {
        self.check(path, loss);
        if loss.abs() > 0.0 {
            self.add(path, loss, None);
        }
    }

    /// Records the loss of a path that weighs something else than 1. The weights of all paths, those without a loss too, are told by
    /// [`LossColumn::weigh`].
    ///
    /// # Panics
    /// As [`LossColumn::push`].
    pub fn push_weighted(&mut self, path: u64, loss: f64, weight: f64) {
        self.check(path, loss);
        if loss.abs() > 0.0 {
            self.add(path, loss, Some(weight));
        }
    }

    fn check(&mut self, path: u64, loss: f64) {
        let next = self.first_path + self.n_paths;
        assert!(path >= next, "path {path} after path {next} was recorded");
        assert!(loss.is_finite(), "loss of path {path} is {loss}");
        self.n_paths = path + 1 - self.first_path;
    }

    /// Adds a loss: to the bins, where as many that are worse are known to be kept.
    #[inline]
    fn add(&mut self, path: u64, loss: f64, weight: Option<f64>) {
        match (&mut self.bins, weight) {
            (Some(bins), None) if loss <= self.binned_to => bins.add(loss),
            (Some(bins), Some(weight)) if loss <= self.binned_to => bins.add_weighted(loss, weight),
            _ => self.keep(path, loss, weight),
        }
    }

    fn keep(&mut self, path: u64, loss: f64, weight: Option<f64>) {
        if weight.is_some() || !self.weights.is_empty() {
            // Paths before the first weighted one weighed 1.
            self.weights.resize(self.entries.len(), 1.0);
            self.weights.push(weight.unwrap_or(1.0));
        }
        let n = self.entries.len();
        if n == self.entries.capacity() {
            // Never more than there is room for.
            let more = n.max(MIN_GROWTH).min(self.room.most.saturating_sub(n)).max(1);
            self.entries.reserve_exact(more);
        }
        self.entries.push(PathLoss { path, loss });
        if self.entries.len() >= self.room.most {
            self.shed();
        }
    }

    /// Puts all but the worst losses into bins. Of equal losses the lower paths stay.
    fn shed(&mut self) {
        let mut losses: Vec<f64> = self.entries.iter().map(|entry| entry.loss).collect();
        let (above, edge, _) =
            losses.select_nth_unstable_by(self.room.worst - 1, |a, b| b.total_cmp(a));
        let edge = *edge;
        let mut ties = 1 + above.iter().filter(|loss| **loss <= edge).count();
        let bins = self.bins.get_or_insert_with(|| Box::new(Bins::new()));
        let mut kept = 0;
        for at in 0..self.entries.len() {
            let entry = self.entries[at];
            let is_tie = entry.loss.total_cmp(&edge).is_eq() && ties > 0;
            ties -= usize::from(is_tie);
            if entry.loss > edge || is_tie {
                self.entries[kept] = entry;
                if let Some(weight) = self.weights.get(at).copied() {
                    self.weights[kept] = weight;
                }
                kept += 1;
            } else if let Some(weight) = self.weights.get(at) {
                bins.add_weighted(entry.loss, *weight);
            } else {
                bins.add(entry.loss);
            }
        }
        self.entries.truncate(kept);
        self.weights.truncate(kept);
        self.binned_to = edge;
    }

    /// Whether these are losses of `n_paths` paths that follow.
    pub(crate) fn can_join(&self, next: &StoredColumn, n_paths: u64) -> bool {
        let first = self.first_path + self.n_paths;
        let mut paths = next.gaps.iter().enumerate();
        let last = paths.try_fold(first, |path: u64, (at, gap)| {
            path.checked_add(*gap).filter(|_| at == 0 || *gap > 0)
        });
        next.first_path == first
            && next.n_paths == n_paths
            && last.is_some_and(|last| next.gaps.is_empty() || last - first < n_paths)
            && next.gaps.len() == next.losses.len()
            && next.losses.iter().all(|loss| loss.is_finite() && loss.abs() > 0.0)
            && (next.weights.is_empty() || next.weights.len() == next.gaps.len())
            && next.weights.iter().all(|weight| weight.is_finite() && *weight > 0.0)
            && !next.binned_to.is_nan()
            && next.bins.as_ref().is_none_or(|bins| bins.n() <= n_paths)
    }

    /// Adds the losses of the paths that follow.
    ///
    /// # Panics
    /// If others follow: a bug of the caller.
    pub(crate) fn join(&mut self, next: &StoredColumn) {
        let first = self.first_path + self.n_paths;
        assert!(next.first_path == first, "paths from {} after {first}", next.first_path);
        self.n_paths += next.n_paths;
        if let Some(other) = &next.bins {
            self.bins.get_or_insert_with(|| Box::new(Bins::new())).join(other);
        }
        if !next.weights.is_empty() {
            self.weights.resize(self.entries.len(), 1.0);
        }
        let mut path = first;
        for (at, (gap, &loss)) in next.gaps.iter().zip(&next.losses).enumerate() {
            path += gap;
            self.add(path, loss, next.weights.get(at).copied());
        }
        // Only now: what the others keep is worse than what they do not, or as bad and of a lower path.
        self.binned_to = self.binned_to.max(next.binned_to);
        if !self.weights.is_empty() {
            self.weights.resize(self.entries.len(), 1.0);
        }
    }

    /// What another column joins: the same of the same losses.
    pub(crate) fn stored(&self) -> StoredColumn {
        self.settled().stored_as_it_is()
    }

    fn stored_as_it_is(&self) -> StoredColumn {
        let mut last = self.first_path;
        let gap = |entry: &PathLoss| {
            let gap = entry.path - last;
            last = entry.path;
            gap
        };
        StoredColumn {
            first_path: self.first_path,
            n_paths: self.n_paths,
            gaps: self.entries.iter().map(gap).collect(),
            losses: self.entries.iter().map(|entry| entry.loss).collect(),
            weights: self.weights.clone(),
            binned_to: self.binned_to,
            bins: self.bins.clone(),
        }
    }

    /// As it is once all that need not be kept one by one is in bins: the same of the same losses, in whatever parts they came.
    fn settled(&self) -> Cow<'_, Self> {
        if self.bins.is_none() || self.entries.len() <= self.room.worst {
            return Cow::Borrowed(self);
        }
        let mut own = self.clone();
        own.shed();
        Cow::Owned(own)
    }

    /// Says that `n_paths` paths have been run.
    pub fn advance(&mut self, n_paths: u64) {
        self.n_paths = self.n_paths.max(n_paths);
    }

    /// Says what all paths run so far weigh.
    pub fn weigh(&mut self, sums: WeightSums) {
        self.advance(sums.n_paths());
        self.sums = Some(sums);
    }

    /// Says that all paths weigh what those of another column do.
    pub(super) fn weigh_as(&mut self, other: &Self) {
        self.sums = other.sums;
    }

    /// Paths run, those without a loss included.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.n_paths
    }

    /// The losses that are not 0, in path order: all of them, or the worst of a column that was too small for all.
    #[must_use]
    pub fn entries(&self) -> &[PathLoss] {
        &self.entries
    }

    /// The loss of `path`, 0 where none was recorded; of a column that keeps every loss.
    #[must_use]
    pub fn loss(&self, path: u64) -> f64 {
        let found = self.entries.binary_search_by_key(&path, |entry| entry.path);
        found.map_or(0.0, |at| self.entries[at].loss)
    }

    /// The worst paths with their weights, at most `count` and no more than are kept, worst first and ties by path; paths without a loss
    /// are not among them. Cheaper than ranking all.
    #[must_use]
    pub fn worst(&self, count: usize) -> Vec<(PathLoss, f64)> {
        let losses = self.entries.iter().copied().enumerate().filter(|(_, entry)| entry.loss > 0.0);
        let mut worst: Vec<(usize, PathLoss)> = losses.collect();
        let order = |a: &(usize, PathLoss), b: &(usize, PathLoss)| in_rank(&a.1, &b.1);
        if count < worst.len() {
            worst.select_nth_unstable_by(count, order);
            worst.truncate(count);
        }
        worst.sort_unstable_by(order);
        let weight = |at: usize| self.weights.get(at).copied().unwrap_or(1.0);
        worst.into_iter().map(|(at, entry)| (entry, weight(at))).collect()
    }

    /// Ranks the losses; `None` while no path has been run.
    ///
    /// # Panics
    /// If there are weighted paths and [`LossColumn::weigh`] did not say what all of them weigh: a bug of the caller.
    #[must_use]
    pub fn sorted(&self) -> Option<SortedLosses> {
        let sums = self.sums.filter(|sums| sums.n_paths() == self.n_paths);
        assert!(sums.is_some() || self.weights.is_empty(), "weights of all paths are not known");
        let sums = sums.unwrap_or_else(|| WeightSums::plain(self.n_paths));
        (self.n_paths > 0).then(|| {
            let own = self.settled();
            SortedLosses::new(sums, own.entries.clone(), &own.weights, own.bins.as_deref())
        })
    }
}

/// A [`LossColumn`] of some paths as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredColumn {
    first_path: u64,
    n_paths: u64,
    /// By entry: its path less the one before, the first less the first of all.
    gaps: Vec<u64>,
    losses: Vec<f64>,
    weights: Vec<f64>,
    binned_to: f64,
    bins: Option<Box<Bins>>,
}

/// From worst to best, ties by path.
pub(super) fn in_rank(a: &PathLoss, b: &PathLoss) -> std::cmp::Ordering {
    b.loss.total_cmp(&a.loss).then(a.path.cmp(&b.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_counted_but_not_stored() {
        let mut column = LossColumn::new();
        column.push(0, 0.0);
        column.push(3, -2.0);
        column.push(4, -0.0);
        column.advance(10);
        column.advance(7);
        assert_eq!(column.n_paths(), 10);
        assert_eq!(column.entries(), [PathLoss { path: 3, loss: -2.0 }]);
        assert!((column.loss(3) + 2.0).abs() < 1e-15 && column.loss(4).abs() < 1e-15);
    }

    #[test]
    fn the_worst_are_those_of_the_ranking() {
        let mut column = LossColumn::new();
        for (path, loss) in (0..).zip([1.0, 4.0, 0.0, -3.0, 4.0, 2.0, 1.0]) {
            column.push(path, loss);
        }
        let ranked = column.sorted().unwrap();
        for count in 0..9 {
            let worst: Vec<PathLoss> =
                column.worst(count).into_iter().map(|(path, _)| path).collect();
            assert_eq!(worst, ranked.worst(count));
        }
    }

    #[test]
    fn nothing_run_is_nothing_to_measure() {
        assert!(LossColumn::new().sorted().is_none());
    }

    #[test]
    #[should_panic(expected = "path 3 after path 4")]
    fn paths_arrive_once_and_in_order() {
        let mut column = LossColumn::new();
        column.push(3, 1.0);
        column.push(3, 1.0);
    }
}
