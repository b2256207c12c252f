//! Holds the losses of one scope as they arrive, keeping only paths on which something happened, as most paths have no loss at all.

use super::SortedLosses;

/// A path and what it lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathLoss {
    /// Index of the path.
    pub path: u64,
    /// Its loss, negative for a gain; never exactly 0.
    pub loss: f64,
}

/// Losses of one scope over paths `0..n_paths`; a path without an entry lost exactly 0. 16 bytes an entry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LossColumn {
    n_paths: u64,
    /// Ascending paths below `n_paths`, losses finite and not 0.
    entries: Vec<PathLoss>,
}

impl LossColumn {
    /// A column of no paths.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records the loss of `path`; paths skipped since the last call lost nothing.
    ///
    /// # Panics
    /// If `path` is not beyond every path before it, or the loss is not finite: both are bugs of the engine.
    pub fn push(&mut self, path: u64, loss: f64) {
        assert!(path >= self.n_paths, "path {path} after path {} was recorded", self.n_paths);
        assert!(loss.is_finite(), "loss of path {path} is {loss}");
        self.n_paths = path + 1;
        if loss.abs() > 0.0 {
            self.entries.push(PathLoss { path, loss });
        }
    }

    /// Says that all paths below `n_paths` have been run.
    pub fn advance(&mut self, n_paths: u64) {
        self.n_paths = self.n_paths.max(n_paths);
    }

    /// Paths run, those without a loss included.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.n_paths
    }

    /// The losses that are not 0, in path order.
    #[must_use]
    pub fn entries(&self) -> &[PathLoss] {
        &self.entries
    }

    /// The loss of `path`, 0 where none was recorded.
    #[must_use]
    pub fn loss(&self, path: u64) -> f64 {
        let found = self.entries.binary_search_by_key(&path, |entry| entry.path);
        found.map_or(0.0, |at| self.entries[at].loss)
    }

    /// The worst paths, at most `count`, worst first and ties by path; paths without a loss are
    /// not among them. Cheaper than ranking all.
    #[must_use]
    pub fn worst(&self, count: usize) -> Vec<PathLoss> {
        let order =
            |a: &PathLoss, b: &PathLoss| b.loss.total_cmp(&a.loss).then(a.path.cmp(&b.path));
        let losses = self.entries.iter().copied().filter(|entry| entry.loss > 0.0);
        let mut worst: Vec<PathLoss> = losses.collect();
        if count < worst.len() {
            worst.select_nth_unstable_by(count, order);
            worst.truncate(count);
        }
        worst.sort_unstable_by(order);
        worst
    }

    /// Ranks the losses; `None` while no path has been run.
    #[must_use]
    pub fn sorted(&self) -> Option<SortedLosses> {
        (self.n_paths > 0).then(|| SortedLosses::new(self.n_paths, self.entries.clone()))
    }
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
            assert_eq!(column.worst(count), ranked.worst(count));
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
