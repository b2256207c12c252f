//! Picks the paths of a tail that are looked at closely, where there are more than can be: all of the worst, then one of two, one of
//! four, and so on further in. Where each such range is twice as deep as the one before, every level's tail has about as many. Of weighted
//! paths the worst weigh least, so that ranges are four times as deep, and no path of the wide tail stands for too many.
//!
//! A stratum is a run of ranks of which every `step`-th is picked. What is found on the picked paths stands for all of their stratum, by
//! the ratio of what the stratum has lost to what they have (Cochran 1977, "Sampling Techniques", chapter 6): so parts of the loss still
//! add up to it exactly.

use std::ops::Range;

/// Paths of a tail that are picked, by rank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailSample {
    strata: Vec<Stratum>,
}

/// Consecutive ranks, from 0 for the worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stratum {
    pub(super) ranks: Range<usize>,
    pub(super) step: usize,
}

impl Stratum {
    /// The ranks picked before one, the middle of each `step`.
    pub(super) fn picked(&self, end: usize) -> impl Iterator<Item = usize> + use<> {
        let Range { start, end: own_end } = self.ranks;
        (start + self.step / 2..own_end.min(end)).step_by(self.step)
    }
}

impl TailSample {
    /// Of `n` ranks about `budget`: the first `r` and half as many of each range twice as deep as the one before. All where there are
    /// no more than that.
    #[must_use]
    pub fn new(n: usize, budget: usize) -> Self {
        // r (1 + log2(n / r) / 2).
        let needed = |whole: f64| whole * (1.0 + (n as f64 / whole).log2().max(0.0) / 2.0);
        Self::with_ranges(n, budget, 2, needed)
    }

    /// The same of weighted paths: the first `r`, every second up to `4 r`, every fourth up to `16 r`, and so on.
    #[must_use]
    pub fn of_weighted(n: usize, budget: usize) -> Self {
        // r (1 + 3/2 (2^k - 1)) up to 4^k r, and about that of any n.
        let needed = |whole: f64| whole * (1.5 * (n as f64 / whole).sqrt().max(1.0) - 0.5);
        Self::with_ranges(n, budget, 4, needed)
    }

    fn with_ranges(n: usize, budget: usize, deeper: usize, needed: impl Fn(f64) -> f64) -> Self {
        if n <= budget {
            return Self { strata: vec![Stratum { ranks: 0..n, step: 1 }] };
        }
        let budget = budget.max(1) as f64;
        let (mut low, mut high) = (1.0, budget);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if needed(middle) > budget { high = middle } else { low = middle }
        }
        let count = |x: f64| usize::try_from(super::level::whole(x)).unwrap_or(1);
        let whole = count(low).clamp(1, n);
        // Where even one whole rank is too many, steps are longer from the start.
        let longer = count((needed(1.0) / budget).ceil()).max(1);
        let mut strata = vec![Stratum { ranks: 0..whole, step: 1 }];
        let (mut start, mut step) = (whole, 2 * longer);
        while start < n {
            let end = (deeper * start).min(n);
            strata.push(Stratum { ranks: start..end, step });
            (start, step) = (end, 2 * step);
        }
        Self { strata }
    }

    pub(super) fn strata(&self) -> &[Stratum] {
        &self.strata
    }

    /// All ranks picked, ascending.
    pub fn picked(&self) -> impl Iterator<Item = usize> + '_ {
        self.strata.iter().flat_map(|stratum| stratum.picked(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_all_picked() {
        assert_eq!(TailSample::new(5, 5).picked().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(TailSample::new(0, 5).picked().count(), 0);
    }

    #[test]
    fn deeper_ranks_are_picked_less_often() {
        for (n, budget) in [(1_000, 100), (50_000, 2_840), (1_000_000, 400), (401, 400)] {
            for sample in [TailSample::new(n, budget), TailSample::of_weighted(n, budget)] {
                let ends: Vec<usize> = sample.strata().iter().map(|s| s.ranks.end).collect();
                assert!(ends.is_sorted_by(|a, b| a < b) && ends.last() == Some(&n));
                let steps: Vec<usize> = sample.strata().iter().map(|s| s.step).collect();
                assert!(steps[0] == 1 && steps[1..].windows(2).all(|pair| pair[1] == 2 * pair[0]));
                let picked: Vec<usize> = sample.picked().collect();
                assert!(picked.is_sorted_by(|a, b| a < b) && picked[0] == 0);
                let share = picked.len() as f64 / budget as f64;
                assert!((0.7..1.2).contains(&share), "{n} {budget}: {share}");
            }
        }
        // A budget too small for any stratum to have a path picked still looks at the worst.
        assert_eq!(TailSample::new(10, 1).picked().next(), Some(0));
    }
}
