//! What two scopes lose together: how often both, and what one loses when the other does badly.

use rayon::prelude::*;

use crate::close_ups::{CloseUp, CloseUps};
use crate::measures::{Estimate, Level, LossColumn, Tail};
use crate::scope::Scope;

/// What `b` loses in the tail of `a`.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint<'c> {
    /// Whose tail.
    pub a: &'c Scope,
    /// Whose loss in it.
    pub b: &'c Scope,
    /// Level of the tail.
    pub level: Level,
    /// Probability that both lose more than nothing and at least their value at risk at the level.
    pub both: Estimate,
    /// Value at risk of `b` at the level in the tail of `a` (Adrian and Brunnermeier 2016, "CoVaR"; with the tail of Girardi and Ergun 2013).
    pub covar: Estimate,
    /// Mean loss of `b` in the tail of `a`: its marginal expected shortfall (Acharya and others 2017, "Measuring Systemic Risk").
    pub mes: Estimate,
}

/// All ordered pairs of scopes that were looked at, at every level; on the threads of the current rayon pool.
#[must_use]
pub fn joint<'c>(close_ups: &CloseUps<'c>, levels: &[Level]) -> Vec<Joint<'c>> {
    let splits = &close_ups.splits;
    // By level: the value at risk of each scope.
    let edges = |level: &Level| -> Vec<f64> {
        splits.iter().map(|split| split.losses.value_at_risk(*level).value).collect()
    };
    let edges: Vec<Vec<f64>> = levels.iter().map(edges).collect();
    let in_tail = |(level, edges, a): (Level, &Vec<f64>, usize)| {
        let tail = splits[a].tail(level);
        let looked = looked(close_ups, &tail);
        let others = (0..splits.len()).filter(|b| *b != a);
        let of_pair = |b: usize| {
            let pair = Pair { tail: &tail, looked: &looked, a, b };
            Joint {
                a: splits[a].scope,
                b: splits[b].scope,
                level,
                both: pair.both([edges[a], edges[b]], level),
                covar: pair.covar(level),
                mes: tail.contribution(&pair.column(|[_, loss]| loss)),
            }
        };
        others.map(of_pair).collect::<Vec<_>>()
    };
    let by_level = levels.iter().zip(&edges);
    let tails: Vec<(Level, &Vec<f64>, usize)> = by_level
        .flat_map(|(&level, edges)| (0..splits.len()).map(move |a| (level, edges, a)))
        .collect();
    tails.into_par_iter().flat_map_iter(in_tail).collect()
}

/// The paths of a tail, those of replicates' tails too, ascending.
fn looked<'p>(close_ups: &'p CloseUps<'_>, tail: &Tail) -> Vec<&'p CloseUp> {
    tail.paths_to_split().into_iter().filter_map(|path| close_ups.find(path)).collect()
}

/// Two scopes in the tail of the first.
struct Pair<'p> {
    tail: &'p Tail,
    looked: &'p [&'p CloseUp],
    a: usize,
    b: usize,
}

impl Pair<'_> {
    /// Something of the losses of both on the paths of the tail.
    fn column(&self, of_losses: impl Fn([f64; 2]) -> f64) -> LossColumn {
        let mut column = LossColumn::new();
        for looked in self.looked {
            let losses = [looked.losses[self.a], looked.losses[self.b]];
            column.push(looked.path, of_losses(losses));
        }
        column
    }

    fn both(&self, edges: [f64; 2], level: Level) -> Estimate {
        let is_bad = |(loss, edge): (f64, f64)| loss > 0.0 && loss >= edge;
        let are_bad = |losses: [f64; 2]| losses.into_iter().zip(edges).all(is_bad);
        let column = self.column(|losses| f64::from(u8::from(are_bad(losses))));
        self.tail.contribution(&column).scaled(1.0 - level.get()).within(0.0, 1.0)
    }

    /// The level's quantile of the second's loss in the tail.
    ///
    /// Its limits are the losses that are exceeded in the tail with a probability of `1 - level` and 1.96 errors of it more and less,
    /// which count that the tail's edge is estimated; its error is half their distance over 1.96.
    fn covar(&self, level: Level) -> Estimate {
        let beyond = 1.0 - level.get();
        let ranked = self.ranked();
        let exceeded = |share: f64| {
            let mut mass = 0.0;
            let at = ranked.iter().find(|(_, weight)| {
                mass += weight;
                mass > share * self.tail.mass() * ROUNDING_ROOM
            });
            at.or(ranked.last()).map_or(0.0, |(loss, _)| *loss)
        };
        let value = exceeded(beyond);
        let share = self.column(|[_, loss]| f64::from(u8::from(loss > value)));
        let share = self.tail.contribution(&share);
        let Some(reach) = share.std_err.map(|std_err| REACH * std_err) else {
            return Estimate::bare(value, share.n_eff);
        };
        let low = exceeded((beyond + reach).min(1.0));
        let high = (beyond > reach).then(|| exceeded(beyond - reach));
        Estimate {
            value,
            std_err: high.map(|high| (high - low) / (2.0 * REACH)),
            ci_low: Some(low),
            ci_high: high,
            n_eff: share.n_eff,
        }
    }

    /// The second's losses in the tail, the worst first, each with what its path counts for; paths on which the first lost nothing count
    /// as a loss of 0.
    fn ranked(&self) -> Vec<(f64, f64)> {
        let mut ranked: Vec<(f64, f64)> = Vec::with_capacity(self.tail.paths().len() + 1);
        let mut listed = 0.0;
        for (path, weight) in self.tail.by_path() {
            let at = self.looked.binary_search_by_key(&path, |looked| looked.path);
            ranked.extend(at.ok().map(|at| (self.looked[at].losses[self.b], weight)));
            listed += weight;
        }
        ranked.push((0.0, (self.tail.mass() - listed).max(0.0)));
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked
    }
}

/// Standard errors to either side of a 95 % interval.
const REACH: f64 = 1.959_963_984_540_054;
/// A mass within rounding of the one that is asked for has reached it.
const ROUNDING_ROOM: f64 = 1.0 + 1e-12;
