//! What is lost on paths on which something happened: means, amplification and rounds with their errors, from sums alone, as there are
//! thousands of things that can happen and no room for the paths of each.

use serde::{Deserialize, Serialize};
use slashfall_sampling::ExactSum;

use super::mass::Tally;
use super::replicates::{N_REPLICATES, Support, replicate_of, sectioned};
use super::run::Distance;
use super::spread::Spread;
use super::{Estimate, WeightSums, interval};

/// What a path has come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Its total loss, in ETH.
    pub total: f64,
    /// Of that, what the sources themselves took.
    pub direct: f64,
    /// Rounds of its cascade.
    pub rounds: f64,
}

/// Sums over paths of weight `w`, total `l`, direct `d` and rounds `r`, in this order: `w, wl`; `w^2, w^2 l, w^2 l^2`;
/// `w^3, w^3 l, w^3 l^2, w^3 l^3`; `wd, w^2 d, w^2 d^2, w^2 l d`; `wr, w^2 r, w^2 r^2`.
const N_SUMS: usize = 16;
/// The same over paths of weight 1, each once and but for their number: `l, l^2, l^3, d, d^2, ld, r, r^2`.
const N_PLAIN: usize = 8;
/// Which of the latter each of the former is; none of those that are the number of paths.
const PLAIN: [Option<usize>; N_SUMS] = [
    None,
    Some(0),
    None,
    Some(0),
    Some(1),
    None,
    Some(0),
    Some(1),
    Some(2),
    Some(3),
    Some(3),
    Some(4),
    Some(5),
    Some(6),
    Some(6),
    Some(7),
];

/// Paths on which something happened, by sums over them: the same of the same paths, in whatever order and parts they come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Given {
    tally: Tally,
    /// Of weight 1.
    n_plain: u64,
    plain: [ExactSum; N_PLAIN],
    /// Of other weights.
    n_weighted: u64,
    weighted: Option<Box<[ExactSum; N_SUMS]>>,
    /// By replicate; empty where paths are independent.
    replicates: Vec<OfReplicate>,
}

/// What is known of the paths of a replicate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct OfReplicate {
    n_paths: u64,
    /// Totals, direct losses, rounds.
    sums: [ExactSum; 3],
}

impl OfReplicate {
    /// Paths, totals, direct losses, rounds.
    fn values(&self) -> [f64; 4] {
        let [total, direct, rounds] = self.sums.each_ref().map(ExactSum::value);
        [self.n_paths as f64, total, direct, rounds]
    }
}

impl Given {
    /// Adds a path of weight 1; its number says which replicate it is of.
    pub fn add(&mut self, path: u64, outcome: Outcome) {
        self.tally.add(path);
        self.n_plain += 1;
        let Outcome { total: l, direct: d, rounds: r } = outcome;
        let terms = [l, l * l, l * l * l, d, d * d, l * d, r, r * r];
        self.plain.iter_mut().zip(terms).for_each(|(sum, term)| sum.add(term));
    }

    /// Adds a path of a replicate, by its number.
    pub fn add_replicated(&mut self, path: u64, outcome: Outcome) {
        self.add(path, outcome);
        self.replicates.resize_with(N_REPLICATES, OfReplicate::default);
        let Outcome { total, direct, rounds } = outcome;
        let own = &mut self.replicates[replicate_of(path)];
        own.n_paths += 1;
        own.sums.iter_mut().zip([total, direct, rounds]).for_each(|(sum, x)| sum.add(x));
    }

    /// Adds a weighted path.
    pub fn add_weighted(&mut self, weight: f64, outcome: Outcome) {
        self.tally.add_weighted(weight);
        self.n_weighted += 1;
        let sums = self.weighted.get_or_insert_default();
        sums.iter_mut().zip(terms(weight, outcome)).for_each(|(sum, term)| sum.add(term));
    }

    /// Adds paths of weight 1 that lost nothing in no round; not of replicates.
    pub fn add_quiet(&mut self, n_paths: u64) {
        self.tally.add_many(n_paths);
        self.n_plain += n_paths;
    }

    /// Whether it can be of so many paths.
    pub(crate) fn is_possible(&self, n_paths: u64) -> bool {
        let of_replicates = self.replicates.iter().map(|own| own.n_paths);
        self.tally.is_possible(n_paths)
            && self.n_plain.checked_add(self.n_weighted) == Some(self.tally.count())
            && (self.n_weighted > 0) == self.weighted.is_some()
            && [0, N_REPLICATES].contains(&self.replicates.len())
            && of_replicates.into_iter().all(|n| n <= n_paths)
    }

    /// Adds the paths of others.
    pub(crate) fn join(&mut self, other: &Self) {
        self.tally.join(&other.tally);
        self.n_plain += other.n_plain;
        self.plain.iter_mut().zip(&other.plain).for_each(|(own, other)| own.join(other));
        self.n_weighted += other.n_weighted;
        if let Some(other) = &other.weighted {
            let own = self.weighted.get_or_insert_default().iter_mut();
            own.zip(&**other).for_each(|(own, other)| own.join(other));
        }
        if !other.replicates.is_empty() {
            self.replicates.resize_with(N_REPLICATES, OfReplicate::default);
        }
        for (own, other) in self.replicates.iter_mut().zip(&other.replicates) {
            own.n_paths += other.n_paths;
            own.sums.iter_mut().zip(&other.sums).for_each(|(own, other)| own.join(other));
        }
    }

    /// Paths.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.n_plain + self.n_weighted
    }

    fn sum(&self, k: usize) -> f64 {
        let plain = PLAIN[k].map_or(self.n_plain as f64, |k| self.plain[k].value());
        self.weighted.as_ref().map_or(plain, |sums| plain + sums[k].value())
    }

    /// Probability that it happens, among paths that weigh `sums` in all.
    #[must_use]
    pub fn probability(&self, sums: WeightSums) -> Estimate {
        self.tally.probability(sums)
    }

    /// Mean total loss of the paths, in ETH, with the interval of a mean.
    #[must_use]
    pub fn mean_total(&self) -> Estimate {
        let mean = self.sum(1) / self.sum(0);
        let [s0, s1, s2] = [2, 3, 4].map(|k| self.sum(k));
        let [c0, c1, c2, c3] = [5, 6, 7, 8].map(|k| self.sum(k));
        let square = s2 - 2.0 * mean * s1 + mean * mean * s0;
        let cube = c3 - 3.0 * mean * c2 + 3.0 * mean * mean * c1 - mean.powi(3) * c0;
        self.mean_of(mean, square, cube, 1)
    }

    /// Their mean direct loss, in ETH.
    #[must_use]
    pub fn mean_direct(&self) -> f64 {
        self.sum(9) / self.sum(0)
    }

    /// Their mean number of rounds.
    #[must_use]
    pub fn mean_rounds(&self) -> Estimate {
        let mean = self.sum(13) / self.sum(0);
        let square = self.sum(15) - 2.0 * mean * self.sum(14) + mean * mean * self.sum(2);
        self.mean_of(mean, square, 0.0, 3)
    }

    /// Mean total over mean direct loss; none where the latter is not above 0. The interval is normal in its logarithm.
    #[must_use]
    pub fn amplification(&self) -> Option<Estimate> {
        let (total, direct) = (self.sum(1), self.sum(9));
        if direct <= 0.0 || total <= 0.0 {
            return None;
        }
        let value = total / direct;
        let square = self.sum(4) - 2.0 * value * self.sum(12) + value * value * self.sum(11);
        let n_eff = self.n_eff();
        let largest = self.sum(4).max(value * value * self.sum(11));
        let std_err = if square > ROUNDING * largest {
            self.replicated_error(|[_, l, d, _]| l - value * d)
                .unwrap_or_else(|| (square * n_eff / (n_eff - 1.0)).sqrt())
                / direct
        } else {
            0.0
        };
        if n_eff < MIN_FOR_ERROR {
            return Some(Estimate::bare(value, n_eff));
        }
        let reach = (interval::t_975(self.degrees(n_eff)) * std_err / value).exp();
        let has_interval = n_eff >= MIN_FOR_INTERVAL;
        Some(Estimate {
            value,
            std_err: Some(std_err),
            ci_low: has_interval.then_some(value / reach),
            ci_high: has_interval.then_some(value * reach),
            n_eff,
        })
    }

    /// A mean over the paths of amounts whose distances to it have these sums, with the squares and the cubes of the weights; `column`
    /// is where replicates have their sum.
    ///
    /// Given how many paths there are, they are a sample of their own, and this is its mean.
    fn mean_of(&self, mean: f64, square: f64, cube: f64, column: usize) -> Estimate {
        let n_eff = self.n_eff();
        let n = self.n_paths() as f64;
        // Masses add up to the number of paths.
        let scale = n / self.sum(0);
        let x2 = (square * scale * scale).max(0.0) / n;
        let largest = mean * mean * self.sum(2) * scale * scale / n;
        if n_eff < MIN_FOR_ERROR_OF_WEIGHTED || x2 <= ROUNDING * largest || x2 <= 0.0 {
            return Estimate::bare(mean, n_eff);
        }
        // Of unlike weights the fewer paths that they are worth lose one degree of freedom.
        let x2 = x2 * (n_eff / (n_eff - 1.0)) * ((n - 1.0) / n);
        let x3 = cube * scale.powi(3) / n;
        let moments = [0.0, x2, x3].map(|moment| n * moment);
        let carriers = Distance { mass: n_eff, square: n_eff, cube: n_eff, x: 0.0 };
        let found = Spread::of_moments(moments, carriers).estimate(mean, self.n_paths(), n);
        let found = Estimate { n_eff, ..found };
        if self.replicates.is_empty() {
            return found;
        }
        let r = N_REPLICATES as f64;
        let value = |own: [f64; 4]| mean + (own[column] - mean * own[0]) * r / n;
        let n_with = self.replicates.iter().filter(|own| own.n_paths > 0).count();
        let support = Support::of_paths(if n_with > 1 { n } else { 0.0 });
        sectioned(found, self.replicates.iter().map(|own| value(own.values())), support)
    }

    /// Standard error of a sum over the paths of something whose mean is 0, where only replicates are independent (Cochran 1977,
    /// "Sampling Techniques", section 6.3).
    fn replicated_error(&self, of_replicate: impl Fn(&[f64; 4]) -> f64) -> Option<f64> {
        if self.replicates.is_empty() {
            return None;
        }
        let r = N_REPLICATES as f64;
        let own = self.replicates.iter().map(OfReplicate::values);
        let squares: f64 = own.map(|own| of_replicate(&own).powi(2)).sum();
        Some((squares * r / (r - 1.0)).sqrt())
    }

    fn degrees(&self, n_eff: f64) -> f64 {
        if self.replicates.is_empty() { n_eff - 1.0 } else { N_REPLICATES as f64 - 1.0 }
    }

    /// Paths of equal weight that would know as much.
    #[must_use]
    pub fn n_eff(&self) -> f64 {
        self.sum(0) * (self.sum(0) / self.sum(2))
    }
}

/// The terms of a weighted path.
fn terms(w: f64, Outcome { total: l, direct: d, rounds: r }: Outcome) -> [f64; N_SUMS] {
    let (w2, wl) = (w * w, w * l);
    let (w2l, w3) = (w2 * l, w2 * w);
    let (w2ll, w3l) = (w2l * l, w3 * l);
    [
        w,
        wl,
        w2,
        w2l,
        w2ll,
        w3,
        w3l,
        w3l * l,
        w3l * l * l,
        w * d,
        w2 * d,
        w2 * d * d,
        w2l * d,
        w * r,
        w2 * r,
        w2 * r * r,
    ]
}

/// Effective paths below which nothing is left once a degree of freedom is lost.
const MIN_FOR_ERROR_OF_WEIGHTED: f64 = 1.0 + 1e-9;
/// Effective paths that an error needs, and an interval.
const MIN_FOR_ERROR: f64 = 2.0;
const MIN_FOR_INTERVAL: f64 = 5.0;
/// A spread of this size, relative to what it is of, is rounding.
const ROUNDING: f64 = 1e-13;

#[cfg(test)]
mod tests {
    use super::super::testing::{Uniform, close, column};
    use super::*;

    fn outcome(total: f64, direct: f64, rounds: f64) -> Outcome {
        Outcome { total, direct, rounds }
    }

    fn given(outcomes: &[(f64, Outcome)]) -> Given {
        let mut given = Given::default();
        for &(weight, outcome) in outcomes {
            given.add_weighted(weight, outcome);
        }
        given
    }

    /// The same paths in a column of their own have the same mean, error and interval.
    #[test]
    fn means_are_those_of_the_paths_by_themselves() {
        let mut uniform = Uniform(3);
        let losses: Vec<f64> = (0..60).map(|_| -100.0 * uniform.draw().ln()).collect();
        let mut given = Given::default();
        for (path, &loss) in (0..).zip(&losses) {
            given.add(7 * path, outcome(loss, loss / 2.0, 3.0));
        }
        let (found, expected) = (given.mean_total(), column(&losses).sorted().unwrap().mean());
        close(found.value, expected.value, 1e-13);
        close(found.std_err.unwrap(), expected.std_err.unwrap(), 1e-10);
        close(found.ci_low.unwrap(), expected.ci_low.unwrap(), 1e-9);
        close(found.ci_high.unwrap(), expected.ci_high.unwrap(), 1e-9);
        close(given.amplification().unwrap().value, 2.0, 1e-14);
        assert_eq!(given.amplification().unwrap().std_err, Some(0.0));
        assert_eq!(given.mean_rounds().std_err, None, "all took as many");
    }

    /// Totals 0 and 8 of weights 3 and 1: mean 2; squared distances 9 x 4 + 36 over 16, with 1.6 paths less one.
    #[test]
    fn weights_count() {
        let found = given(&[(3.0, outcome(0.0, 0.0, 1.0)), (1.0, outcome(8.0, 2.0, 5.0))]);
        close(found.n_eff(), 1.6, 1e-14);
        close(found.mean_total().value, 2.0, 1e-14);
        // Fewer than two paths: no error.
        assert_eq!(found.mean_total().std_err, None);
        close(found.mean_rounds().value, 2.0, 1e-14);
        close(found.amplification().unwrap().value, 4.0, 1e-14);
        let heavy: Vec<(f64, Outcome)> =
            (0..40).map(|i| (2.5, outcome(f64::from(i), 1.0, 0.0))).collect();
        let light: Vec<(f64, Outcome)> = heavy.iter().map(|(_, own)| (1.0, *own)).collect();
        let [heavy, light] = [given(&heavy), given(&light)].map(|given| given.mean_total());
        close(heavy.std_err.unwrap(), light.std_err.unwrap(), 1e-12);
        close(heavy.ci_high.unwrap(), light.ci_high.unwrap(), 1e-12);
    }

    /// Paths in parts are the same as all at once, of whatever kind they are.
    #[test]
    fn parts_join_to_the_whole() {
        let mut uniform = Uniform(17);
        let mut draw =
            || outcome(-uniform.draw().ln(), uniform.draw(), (9.0 * uniform.draw()).floor());
        let paths: Vec<Outcome> = (0..1_000).map(|_| draw()).collect();
        type Add = fn(&mut Given, u64, Outcome);
        let kinds: [Add; 3] = [Given::add, Given::add_replicated, |given, path, own| {
            given.add_weighted(0.3 + (path % 7) as f64, own);
        }];
        for add in kinds {
            let part = |range: std::ops::Range<usize>| {
                let mut given = Given::default();
                range.for_each(|at| add(&mut given, at as u64, paths[at]));
                given
            };
            let mut joined = part(900..1_000);
            [0..1, 1..450, 450..900].into_iter().for_each(|range| joined.join(&part(range)));
            assert_eq!(joined, part(0..1_000));
            assert_eq!(joined.mean_total(), part(0..1_000).mean_total());
        }
    }

    /// Of independent paths dealt out to replicates at random, the replicates show about the same errors.
    #[test]
    fn replicates_show_the_same_errors() {
        let mut uniform = Uniform(5);
        let (mut plain, mut dealt) = (Given::default(), Given::default());
        for path in 0..20_000 {
            let loss = -uniform.draw().ln();
            let own = outcome(loss, loss * uniform.draw(), (4.0 * loss).floor());
            plain.add(path, own);
            dealt.add_replicated(path, own);
        }
        let errors = |given: &Given| {
            let means = [given.mean_total(), given.mean_rounds(), given.amplification().unwrap()];
            means.map(|estimate| estimate.std_err.unwrap())
        };
        for (plain, dealt) in errors(&plain).into_iter().zip(errors(&dealt)) {
            // 32 figures know a spread to an eighth.
            close(dealt, plain, 0.4);
        }
    }

    #[test]
    fn intervals_hold_the_truth() {
        let mut uniform = Uniform(11);
        let runs = 4_000;
        let mut held = [0; 2];
        for _ in 0..runs {
            let mut given = Given::default();
            for path in 0..100 {
                let direct = -uniform.draw().ln();
                // Mean of the factor is 3/2.
                let total = direct * (1.0 + uniform.draw());
                given.add(path, outcome(total, direct, 0.0));
            }
            let figures = [given.mean_total(), given.amplification().unwrap()];
            for (held, found) in held.iter_mut().zip(figures) {
                let range = found.ci_low.unwrap()..found.ci_high.unwrap();
                *held += i32::from(range.contains(&1.5));
            }
        }
        for held in held {
            let share = f64::from(held) / f64::from(runs);
            assert!((0.935..0.965).contains(&share), "{share}");
        }
    }
}
