//! What the paths of a run have done beside what the run file asks of them: how often sources fire, how often two fire together, how the
//! factors are correlated. An analyst sees that the sample is one of the law, and a fault of the sampler would show.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use slashfall_sampling::{Batch, Entry, ExactSum, Model};

use crate::measures::Estimate;

/// Something that is asked for, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Realised {
    /// `events`, `joint_events` or `factor_correlation`.
    pub kind: &'static str,
    /// Entry or factor.
    pub a: String,
    /// The other of a pair; of `events` the same.
    pub b: String,
    /// By the law: events a path, probability that two sources of the pair fire, correlation.
    pub requested: f64,
    /// On the paths; the error is none of Sobol points, which are not independent.
    pub realised: Estimate,
}

impl Realised {
    /// Errors between the two; none where there is no error.
    #[must_use]
    pub fn z(&self) -> Option<f64> {
        let std_err = self.realised.std_err.filter(|std_err| *std_err > 0.0)?;
        Some((self.realised.value - self.requested) / std_err)
    }
}

/// Pairs of entries that are watched: those with the most joint events if all were independent.
const N_PAIRS: usize = 50;
/// Paths whose factors are looked at.
const N_FACTOR_PATHS: u64 = 65_536;

/// Events by entry and by pair of entries over the paths of a scenario.
#[derive(Clone, Debug)]
pub struct EventCounts {
    /// By source: its entry.
    entries: Vec<u32>,
    singles: Vec<Moments>,
    pairs: Vec<(usize, usize)>,
    /// By pair of entries: number of the pair, if it is watched.
    watched: Vec<Option<u32>>,
    of_pairs: Vec<Moments>,
    /// Events by entry of the path at hand.
    counts: Vec<(u32, f64)>,
    n_paths: u64,
    is_replicated: bool,
}

/// Sums of a weighted amount and of its square.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Moments {
    first: ExactSum,
    second: ExactSum,
}

impl Moments {
    fn add(&mut self, x: f64) {
        self.first.add(x);
        self.second.add(x * x);
    }

    fn join(&mut self, other: &Self) {
        self.first.join(&other.first);
        self.second.join(&other.second);
    }
}

impl EventCounts {
    /// Before the first path.
    #[must_use]
    pub fn new(model: &Model<'_>) -> Self {
        let entries = model.source_entries();
        let n = entries.len();
        let expected = |a: usize| entries[a].n_sources as f64 * entries[a].probability;
        let mut pairs: Vec<(usize, usize)> =
            (0..n).flat_map(|a| (a..n).map(move |b| (a, b))).collect();
        pairs.retain(|&(a, b)| expected(a) * expected(b) > 0.0 && n_pairs(&entries, a, b) > 0.0);
        pairs.sort_by(|&(a, b), &(c, d)| {
            let order = (expected(c) * expected(d)).total_cmp(&(expected(a) * expected(b)));
            order.then((a, b).cmp(&(c, d)))
        });
        pairs.truncate(N_PAIRS);
        let mut watched = vec![None; n * n];
        for (number, &(a, b)) in (0..).zip(&pairs) {
            watched[a * n + b] = Some(number);
        }
        let entry = |source| u32::try_from(model.entry_of(source)).unwrap_or(u32::MAX);
        Self {
            entries: (0..model.sources().len()).map(entry).collect(),
            singles: vec![Moments::default(); n],
            of_pairs: vec![Moments::default(); pairs.len()],
            pairs,
            watched,
            counts: Vec::new(),
            n_paths: 0,
            is_replicated: model.sobol().is_some(),
        }
    }

    /// Adds the next batch, whose incidents have been noted.
    pub fn absorb(&mut self, batch: &Batch) {
        self.n_paths += batch.n_paths() as u64;
        for of_path in batch.incidents.fired.chunk_by(|a, b| a.0 == b.0) {
            let offset = of_path[0].0 as usize;
            self.count(of_path, batch.weights.get(offset).copied().unwrap_or(1.0));
        }
    }

    fn count(&mut self, of_path: &[(u32, u32)], weight: f64) {
        self.counts.clear();
        for &(_, source) in of_path {
            let entry = self.entries[source as usize];
            match self.counts.iter_mut().find(|(own, _)| *own == entry) {
                Some((_, count)) => *count += 1.0,
                None => self.counts.push((entry, 1.0)),
            }
        }
        for (at, &(a, count)) in self.counts.iter().enumerate() {
            self.singles[a as usize].add(weight * count);
            for &(b, other) in &self.counts[at..] {
                let both = if a == b { count * (count - 1.0) / 2.0 } else { count * other };
                let (low, high) = (a.min(b) as usize, a.max(b) as usize);
                if let Some(pair) = self.watched[low * self.singles.len() + high]
                    && both > 0.0
                {
                    self.of_pairs[pair as usize].add(weight * both);
                }
            }
        }
    }

    /// What another joins.
    #[must_use]
    pub fn stored(&self) -> StoredCounts {
        StoredCounts {
            singles: self.singles.clone(),
            of_pairs: self.of_pairs.clone(),
            n_paths: self.n_paths,
        }
    }

    /// Whether this is of `n_paths` other paths of the same sources.
    #[must_use]
    pub fn can_join(&self, other: &StoredCounts, n_paths: u64) -> bool {
        other.n_paths == n_paths
            && self.singles.len() == other.singles.len()
            && self.of_pairs.len() == other.of_pairs.len()
    }

    /// Adds what others have counted on other paths.
    pub fn join(&mut self, other: &StoredCounts) {
        self.n_paths += other.n_paths;
        let singles = self.singles.iter_mut().zip(&other.singles);
        let pairs = self.of_pairs.iter_mut().zip(&other.of_pairs);
        singles.chain(pairs).for_each(|(own, other)| own.join(other));
    }

    /// What came of it, on all paths that were added.
    #[must_use]
    pub fn realised(&self, model: &Model<'_>, factor_names: &[String]) -> Vec<Realised> {
        let entries = model.source_entries();
        let single = |(entry, moments): (&Entry, &Moments)| Realised {
            kind: "events",
            a: entry.name.clone(),
            b: entry.name.clone(),
            requested: entry.n_sources as f64 * entry.probability,
            realised: self.mean(moments, 1.0),
        };
        let pair = |(&(a, b), moments): (&(usize, usize), &Moments)| Realised {
            kind: "joint_events",
            a: entries[a].name.clone(),
            b: entries[b].name.clone(),
            requested: model.joint_probability(a, b),
            realised: self.mean(moments, n_pairs(&entries, a, b)),
        };
        let singles = entries.iter().zip(&self.singles).map(single);
        let pairs: Vec<Realised> = self.pairs.par_iter().zip(&self.of_pairs).map(pair).collect();
        let factors = correlations(&model.factors(self.n_paths.min(N_FACTOR_PATHS)), factor_names);
        let bare = |found: Realised| match self.is_replicated {
            true => Realised {
                realised: Estimate::bare(found.realised.value, found.realised.n_eff),
                ..found
            },
            false => found,
        };
        singles.chain(pairs).chain(factors).map(bare).collect()
    }

    /// Mean over all paths of an amount over `by`.
    fn mean(&self, moments: &Moments, by: f64) -> Estimate {
        let n = self.n_paths as f64;
        let [first, second] = [&moments.first, &moments.second].map(|sum| sum.value() / n);
        let variance = (second - first * first).max(0.0);
        let found = Estimate::bare(first / by, n);
        let std_err = (variance / (n - 1.0).max(1.0)).sqrt() / by;
        Estimate { std_err: (std_err > 0.0).then_some(std_err), ..found }
    }
}

/// [`EventCounts`] of some paths as they are stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredCounts {
    singles: Vec<Moments>,
    of_pairs: Vec<Moments>,
    n_paths: u64,
}

/// Pairs of different sources, one of each entry.
fn n_pairs(entries: &[Entry], a: usize, b: usize) -> f64 {
    let n = |entry: usize| entries[entry].n_sources as f64;
    if a == b { n(a) * (n(a) - 1.0) / 2.0 } else { n(a) * n(b) }
}

/// Correlations of all pairs of factors, which are independent by the law.
fn correlations(factors: &[Vec<f64>], names: &[String]) -> Vec<Realised> {
    let n = factors.len() as f64;
    let mean = |f: &dyn Fn(&[f64]) -> f64| factors.iter().map(|path| f(path)).sum::<f64>() / n;
    let mut all = Vec::new();
    for a in 0..names.len() {
        for b in a + 1..names.len() {
            let [mean_a, mean_b] = [a, b].map(|factor| mean(&|path| path[factor]));
            let moment = |i: usize, j: usize, mean_i: f64, mean_j: f64| {
                mean(&|path: &[f64]| (path[i] - mean_i) * (path[j] - mean_j))
            };
            let (aa, bb) = (moment(a, a, mean_a, mean_a), moment(b, b, mean_b, mean_b));
            let rho = moment(a, b, mean_a, mean_b) / (aa * bb).sqrt();
            let std_err = (1.0 - rho * rho) / (n - 1.0).sqrt();
            let estimate = Estimate::bare(rho, n);
            all.push(Realised {
                kind: "factor_correlation",
                a: names[a].clone(),
                b: names[b].clone(),
                requested: 0.0,
                realised: Estimate { std_err: Some(std_err), ..estimate },
            });
        }
    }
    all.retain(|found| found.realised.value.is_finite());
    all
}
