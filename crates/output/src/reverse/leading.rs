//! Keeps the paths of a run that lose as much as is asked about, and says how likely that is.

use slashfall_sampling::Batch;

use crate::measures::{Estimate, Tally, WeightSums};
use crate::scope::Scope;

/// Paths kept before every second of them is given up.
const ROOM: usize = 1 << 22;

/// A path that loses as much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeadingPath {
    /// Its number.
    pub path: u64,
    /// What it loses, in ETH.
    pub loss_eth: f64,
}

/// The paths of a run on which a scope loses at least so much.
#[derive(Clone, Debug)]
pub struct Leading {
    at_least_eth: f64,
    sums: WeightSums,
    tally: Tally,
    n: u64,
    /// Of so many of them one is kept.
    stride: u64,
    paths: Vec<LeadingPath>,
}

impl Leading {
    /// Before the first path; `are_points` where paths are Sobol points.
    #[must_use]
    pub fn new(at_least_eth: f64, are_points: bool) -> Self {
        let sums = if are_points { WeightSums::of_replicates() } else { WeightSums::default() };
        Self { at_least_eth, sums, tally: Tally::default(), n: 0, stride: 1, paths: Vec::new() }
    }

    /// Takes the next paths of a run.
    pub fn absorb(&mut self, batch: &Batch, scope: &Scope) {
        self.sums.add(batch.n_paths() as u64, &batch.weights);
        for (at, (path, row)) in batch.rows().enumerate() {
            let loss_eth = scope.loss_eth(row);
            if loss_eth >= self.at_least_eth {
                self.push(LeadingPath { path, loss_eth }, batch.weights.get(at).copied());
            }
        }
    }

    /// Takes all paths of a run whose paths weigh 1, of which those that lose anything near as much are
    /// known by number.
    pub fn absorb_listed(&mut self, n_paths: u64, listed: impl IntoIterator<Item = LeadingPath>) {
        self.sums.add(n_paths, &[]);
        let mut leading: Vec<LeadingPath> =
            listed.into_iter().filter(|own| own.loss_eth >= self.at_least_eth).collect();
        leading.sort_by_key(|own| own.path);
        leading.into_iter().for_each(|own| self.push(own, None));
    }

    fn push(&mut self, own: LeadingPath, weight: Option<f64>) {
        match weight {
            None => self.tally.add(own.path),
            Some(weight) => self.tally.add_weighted(weight),
        }
        if self.n.is_multiple_of(self.stride) {
            self.paths.push(own);
        }
        self.n += 1;
        if self.paths.len() >= ROOM {
            let mut is_second = false;
            self.paths.retain(|_| {
                is_second = !is_second;
                is_second
            });
            self.stride *= 2;
        }
    }

    /// What is asked about, in ETH.
    #[must_use]
    pub fn at_least_eth(&self) -> f64 {
        self.at_least_eth
    }

    /// How many paths lose as much.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// What all paths of the run weigh.
    #[must_use]
    pub fn sums(&self) -> WeightSums {
        self.sums
    }

    /// Probability of such a loss.
    #[must_use]
    pub fn probability(&self) -> Estimate {
        self.tally.probability(self.sums)
    }

    /// The paths that are kept, ascending: all of them, or of some millions one of every so many.
    #[must_use]
    pub fn paths(&self) -> &[LeadingPath] {
        &self.paths
    }

    /// At most so many of them, evenly spread by rank of loss; by number, ascending.
    #[must_use]
    pub fn spread(&self, most: usize) -> Vec<LeadingPath> {
        let mut ranked = self.paths.clone();
        let n = ranked.len();
        if n > most {
            ranked.sort_by(|a, b| b.loss_eth.total_cmp(&a.loss_eth));
            // The middle of each of as many equal parts of the ranking.
            ranked = (0..most).map(|at| ranked[(2 * at + 1) * n / (2 * most)]).collect();
            ranked.sort_by_key(|own| own.path);
        }
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(n: u64) -> Leading {
        let mut leading = Leading::new(3.0, false);
        let loss = |path: u64| ((path * 7_919) % n) as f64;
        leading.absorb_listed(n, (0..n).map(|path| LeadingPath { path, loss_eth: loss(path) }));
        leading
    }

    #[test]
    fn what_loses_as_much_leads_there() {
        let leading = listed(1_000);
        assert_eq!((leading.n(), leading.paths().len()), (997, 997));
        assert!((leading.probability().value - 0.997).abs() < 1e-15);
        assert!(leading.paths().is_sorted_by(|a, b| a.path < b.path));
    }

    /// Losses 3 to 999, one each: ten of them are the middles of ten equal parts.
    #[test]
    fn a_sample_is_spread_by_rank() {
        let spread = listed(1_000).spread(10);
        assert!(spread.is_sorted_by(|a, b| a.path < b.path));
        let mut losses: Vec<f64> = spread.iter().map(|own| own.loss_eth).collect();
        losses.sort_by(f64::total_cmp);
        for (part, loss) in (0..).zip(losses) {
            let middle = 3.0 + 99.7 * (f64::from(part) + 0.5);
            assert!((loss - middle).abs() <= 1.0, "{loss}, not {middle}");
        }
        assert_eq!(listed(100).spread(1_000).len(), 97);
    }

    #[test]
    fn of_very_many_one_of_every_so_many_is_kept() {
        let n = 3 * ROOM as u64;
        let mut leading = Leading::new(1.0, false);
        leading.absorb_listed(n, (0..n).map(|path| LeadingPath { path, loss_eth: 1.0 }));
        assert_eq!(leading.n(), n);
        let paths = leading.paths();
        assert!(paths.iter().zip(0..).all(|(own, at)| own.path == 4 * at));
        assert!(paths.len() * 4 == 3 * ROOM, "{}", paths.len());
    }
}
