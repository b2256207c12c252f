//! Compares two probabilities on the same paths, where only the paths on which one event happened without the other say anything.

use super::{Difference, Estimate, probability};

/// How often an event happened in A alone, in B alone and in both, over the paths `0..n_paths`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PairedCounts {
    n_paths: u64,
    only_a: u64,
    only_b: u64,
    both: u64,
}

impl PairedCounts {
    /// Adds a pair: whether the event happened in A, and in B.
    pub fn add(&mut self, in_a: bool, in_b: bool) {
        self.n_paths += 1;
        self.only_a += u64::from(in_a && !in_b);
        self.only_b += u64::from(in_b && !in_a);
        self.both += u64::from(in_a && in_b);
    }

    /// Pairs with the event on one side alone.
    pub(crate) fn n_discordant(&self) -> u64 {
        self.only_a + self.only_b
    }

    /// Says that there are `n_paths` pairs in all; on those not added nothing happened.
    pub fn advance(&mut self, n_paths: u64) {
        self.n_paths = self.n_paths.max(n_paths);
    }

    /// Difference of the probabilities, with the error of McNemar (1947, "Note on the sampling error of the difference between
    /// correlated proportions"): `sqrt((p + q - (p - q)^2) / n)`, `p` and `q` the shares of the pairs with the event in one side alone.
    ///
    /// The interval puts the exact ones of `p` and `q` together, by squaring and adding the distances to their limits (Newcombe 1998,
    /// "Improved confidence intervals for the difference between binomial proportions based on paired data"; Zou and Donner 2008) with
    /// the correlation of the two counts. It is a little too wide rather than too narrow where such pairs are few; with none, the
    /// error is `None` and the limits are those of "none in n paths" on either side. The caller holds at least one pair.
    #[must_use]
    pub fn difference(&self) -> Difference {
        let n = self.n_paths as f64;
        let (p, q) =
            (probability(self.only_b, self.n_paths), probability(self.only_a, self.n_paths));
        let value = (self.only_b as f64 - self.only_a as f64) / n;
        let std_err = ((p.value + q.value - value * value) / n).max(0.0).sqrt();
        let odds = |share: f64| share / (1.0 - share);
        // Counts of one sample exclude each other; a share of 1 leaves nothing for the other to vary in.
        let both_vary = p.value < 1.0 && q.value < 1.0;
        let correlation = if both_vary { -(odds(p.value) * odds(q.value)).sqrt() } else { 0.0 };
        let reach = |x: f64, y: f64| (x * x + y * y - 2.0 * correlation * x * y).max(0.0).sqrt();
        let below = |share: Estimate| share.ci_low.map(|low| share.value - low);
        let above = |share: Estimate| share.ci_high.map(|high| high - share.value);
        let down = below(p).zip(above(q)).map(|(x, y)| (value - reach(x, y)).max(-1.0));
        let up = above(p).zip(below(q)).map(|(x, y)| (value + reach(x, y)).min(1.0));
        Difference {
            a: (self.both + self.only_a) as f64 / n,
            b: (self.both + self.only_b) as f64 / n,
            estimate: Estimate {
                value,
                std_err: (std_err > 0.0).then_some(std_err),
                ci_low: down,
                ci_high: up,
                n_eff: n,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;

    fn counts(only_a: u64, only_b: u64, both: u64, n_paths: u64) -> Difference {
        PairedCounts { n_paths, only_a, only_b, both }.difference()
    }

    #[test]
    fn hand_worked() {
        let mut found = PairedCounts::default();
        let pairs = [(true, false), (false, true), (false, true), (true, true), (false, false)];
        pairs.into_iter().for_each(|(a, b)| found.add(a, b));
        found.advance(10);
        found.advance(3);
        assert_eq!(found, PairedCounts { n_paths: 10, only_a: 1, only_b: 2, both: 1 });
        let difference = found.difference();
        assert!((difference.a, difference.b) == (0.2, 0.3));
        close(difference.estimate.value, 0.1, 1e-15);
        close(difference.estimate.std_err.unwrap(), (0.29_f64 / 10.0).sqrt(), 1e-14);
    }

    #[test]
    fn no_discordant_pair_bounds_the_difference() {
        let none = counts(0, 0, 700, 1000).estimate;
        assert_eq!((none.value.to_bits(), none.std_err), (0.0_f64.to_bits(), None));
        let bound = 1.0 - 0.025_f64.powf(1e-3);
        close(none.ci_high.unwrap(), bound, 1e-9);
        close(none.ci_low.unwrap(), -bound, 1e-9);
    }

    #[test]
    fn one_side_alone_has_the_exact_interval_of_its_count() {
        let (one, alone) = (counts(0, 40, 100, 5000).estimate, probability(40, 5000));
        close(one.ci_high.unwrap(), alone.ci_high.unwrap(), 1e-12);
        assert!(one.ci_low.unwrap() <= alone.ci_low.unwrap() && one.ci_low.unwrap() > 0.0);
    }

    #[test]
    fn the_extremes_stay_within_one() {
        let all = counts(0, 10, 0, 10).estimate;
        assert!(all.value >= 1.0 && all.ci_high.unwrap() <= 1.0 && all.ci_low.unwrap() > 0.5);
        assert_eq!(all.std_err, None);
        let split = counts(500, 500, 0, 1000).estimate;
        close(split.std_err.unwrap(), (1.0_f64 / 1000.0).sqrt(), 1e-12);
        // The counts exclude each other entirely: their distances add up, give or take what exactness adds.
        close(split.ci_high.unwrap(), 1.96 * split.std_err.unwrap(), 0.05);
    }
}
