//! A block of paths under the tilted law: what is shared is drawn elsewhere, sources fire with their
//! twisted probabilities, and each path gets its weight.
//!
//! A tilted path draws its sources from one stream of its own, skipping along groups of equal
//! probability, so that it costs as much as there are groups and events. Plain paths keep the draws
//! that they have without importance sampling.

use rand::Rng;
use rand::RngExt;

use super::Tilt;
use super::shift::{Shared, Streams, class_probabilities};
use super::twist::{Group, Twisted};
use crate::copula::Systematic;
use crate::draw::Fired;
use crate::keys::{Purpose, StreamKey};
use crate::model::Model;
use crate::rate::Rate;
use crate::times::Times;

/// How a path differs from what its streams would give in the model itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bend {
    /// Twist of its severities.
    pub(crate) theta: f64,
    /// The market factor; none where the path has the model's own.
    pub(crate) market: Option<f64>,
}

/// Consecutive paths of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paths {
    pub(crate) first: u64,
    pub(crate) n: usize,
    /// Where the first of them stands in the batch.
    pub(crate) offset: u32,
}

impl Paths {
    fn offset_of(&self, number: usize) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "a batch has fewer than 2^32 paths")]
        let number = number as u32;
        self.offset + number
    }
}

/// Puts tilted paths in place of plain ones, where the events in `fired` that are of these paths and
/// the draws that `shared` gives by number are those of the model; gives the bend and the weight of
/// each path.
pub(crate) fn bend(
    model: &Model<'_>,
    tilt: &Tilt,
    paths: &Paths,
    shared: impl Fn(usize) -> Shared,
    fired: &mut Vec<Fired>,
) -> Vec<(Bend, f64)> {
    let path_of = |fired: &Fired| {
        let number = fired.offset.checked_sub(paths.offset)?;
        Some((number as usize, paths.first + u64::from(number)))
    };
    fired.retain(|fired| path_of(fired).is_none_or(|(_, path)| tilt.plain.has(path)));
    let mut costs = vec![0.0; paths.n];
    for fired in fired.iter() {
        if let Some((number, path)) = path_of(fired) {
            costs[number] +=
                cost(tilt, fired.source, || severity_uniform(model, fired.source, path));
        }
    }
    let first_tilted = fired.len();
    let mut block = Block::new(model, tilt);
    let bent = (paths.first..).zip(costs).enumerate().map(|(number, (path, cost))| {
        let (bend, ln_ratio) = if tilt.plain.has(path) {
            (Bend::default(), block.plain(&shared(number), cost))
        } else {
            block.tilted(path, paths.offset_of(number), fired)
        };
        (bend, tilt.plain.weight(ln_ratio))
    });
    let bent: Vec<(Bend, f64)> = bent.collect();
    let times = block.times.work_out(model.copula);
    for (fired, tau_days) in fired[first_tilted..].iter_mut().zip(times) {
        fired.tau_days = tau_days.min(model.horizon_days);
    }
    bent
}

/// What a source that has fired costs; many cost the same whatever the uniform of their severity.
fn cost(tilt: &Tilt, source: u32, severity_uniform: impl FnOnce() -> f64) -> f64 {
    let is_flat = tilt.twist.is_flat(source);
    tilt.twist.cost(source, if is_flat { 0.5 } else { severity_uniform() })
}

/// The uniform of a source's severity in the model.
fn severity_uniform(model: &Model<'_>, source: u32, path: u64) -> f64 {
    model.seed.uniform(model.sources[source as usize].severity_key, path)
}

/// What is kept from path to path.
struct Block<'b, 'n> {
    model: &'b Model<'n>,
    tilt: &'b Tilt,
    streams: Streams<'b>,
    key: StreamKey,
    /// Number of the market factor, where some source loads on it.
    market: Option<usize>,
    /// By class.
    probability: Vec<f64>,
    twisted: Twisted,
    /// Of the events of tilted paths, in order.
    times: Times,
}

impl<'b, 'n> Block<'b, 'n> {
    fn new(model: &'b Model<'n>, tilt: &'b Tilt) -> Self {
        Self {
            model,
            tilt,
            streams: Streams::of_paths(model),
            key: StreamKey::new(Purpose::Tilted, ""),
            market: model.factors.iter().position(|&key| key == StreamKey::market_factor()),
            probability: Vec::new(),
            twisted: Twisted::default(),
            times: Times::default(),
        }
    }

    /// Logarithm of the tilted density over that of the model, on a path drawn from the model.
    fn plain(&mut self, shared: &Shared, cost: f64) -> f64 {
        class_probabilities(self.model, shared, &mut self.probability);
        self.tilt.twist.solve(&self.probability, &mut self.twisted);
        self.ln_ratio(shared, cost)
    }

    fn ln_ratio(&self, shared: &Shared, cost: f64) -> f64 {
        self.tilt.shift.ln_ratio(shared) + self.twisted.theta * cost - self.twisted.psi
    }

    /// Draws a tilted path; the same logarithm.
    fn tilted(&mut self, path: u64, offset: u32, fired: &mut Vec<Fired>) -> (Bend, f64) {
        let (model, tilt) = (self.model, self.tilt);
        let shared = tilt.shift.draw(model.seed, &self.streams, path);
        class_probabilities(model, &shared, &mut self.probability);
        tilt.twist.solve(&self.probability, &mut self.twisted);
        let start = fired.len();
        let mut rng = model.seed.rng(self.key, path);
        for group in &tilt.twist.groups {
            let p = self.probability[group.class];
            let p_theta = tilt.twist.probability(group, p, &self.twisted);
            if p_theta <= 0.0 {
                continue;
            }
            let (systematic, rate_per_year) = given(model, group, &shared);
            let times = &mut self.times;
            each_success(&mut rng, p_theta, group.members.len(), |member, rng| {
                let source = tilt.twist.members[group.members.start + member];
                // The twist leaves the law of the idiosyncratic uniform alone, given that it is below
                // the probability to fire. Times are worked out when all paths have been drawn.
                times.push(open_uniform(rng) * p, systematic, rate_per_year);
                fired.push(Fired { offset, tau_days: 0.0, source });
            });
        }
        let theta = self.twisted.theta;
        let costs = fired[start..].iter().map(|&Fired { source, .. }| {
            cost(tilt, source, || {
                tilt.twist.severity_uniform(source, theta, severity_uniform(model, source, path))
            })
        });
        let ln_ratio = self.ln_ratio(&shared, costs.sum());
        let market = self.market.map(|market| shared.factors[market]);
        (Bend { theta, market }, ln_ratio)
    }
}

/// What a path leaves to the sources of a group, and their rate on it.
fn given(model: &Model<'_>, group: &Group, shared: &Shared) -> (Systematic, f64) {
    let class = &model.classes[group.class];
    let loadings = class.loadings.iter();
    let systematic = Systematic {
        factor: loadings.map(|&(factor, loading)| loading * shared.factors[factor]).sum(),
        mixing_sqrt: shared.mixing.sqrt(),
        residual: class.residual,
    };
    let rate_per_year = match class.rate {
        Rate::Known(rate) => rate,
        Rate::Drawn { evidence, scale } => scale * shared.rates[evidence],
    };
    (systematic, rate_per_year)
}

/// Calls `hit` with the number of each of `n` trials that succeeds, skipping along geometric gaps.
fn each_success<R: Rng>(rng: &mut R, p: f64, n: usize, mut hit: impl FnMut(usize, &mut R)) {
    if n == 1 || p > DENSE {
        for trial in 0..n {
            if rng.random::<f64>() < p {
                hit(trial, rng);
            }
        }
        return;
    }
    let ln_fail = (-p).ln_1p();
    let mut next = 0.0;
    loop {
        next += (open_uniform(rng).ln() / ln_fail).floor();
        if next >= n as f64 {
            return;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below n")]
        hit(next as usize, rng);
        next += 1.0;
    }
}

/// Probability above which a trial at a time is cheaper than a gap at a time.
const DENSE: f64 = 0.25;

/// In (0, 1).
fn open_uniform(rng: &mut impl Rng) -> f64 {
    crate::keys::uniform_from_bits(rng.next_u64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Seed;

    /// Each of the trials succeeds with its probability, however it is drawn.
    #[test]
    fn each_trial_succeeds_as_often_as_it_should() {
        for (p, n) in [(0.02, 7), (0.6, 7), (0.1, 1), (1.0, 3)] {
            let mut rng = Seed(1).rng(StreamKey::new(Purpose::Tilted, "test"), 0);
            let rounds = 40_000;
            let mut counts = vec![0.0; n];
            for _ in 0..rounds {
                each_success(&mut rng, p, n, |trial, _| counts[trial] += 1.0);
            }
            let std_err = (p * (1.0 - p) / f64::from(rounds)).sqrt();
            for count in counts {
                let share: f64 = count / f64::from(rounds);
                assert!((share - p).abs() <= 4.0 * std_err, "{p}: {share}");
            }
        }
    }
}
