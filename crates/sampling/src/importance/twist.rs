//! Given factors, mixing variable and rates, sources are independent: each is made likelier by what
//! it costs, and a hard severity likelier than a mild one, until the expected loss is the one aimed at.
//!
//! Source `i` fires with probability `p` and then costs `c_k` where its severity falls into stratum
//! `k`, which has probability `q_k`. The exponentially twisted law (Glasserman and Li 2005, section 3;
//! here of a marked source) is
//!
//! ```text
//! M = sum_k q_k e^(theta c_k)     fires: p M / (1 + p (M - 1))     stratum k: q_k e^(theta c_k) / M
//! ```
//!
//! and its density over that of the model `exp(theta L - psi)`, `L` the sum of the costs of what has
//! fired and `psi = sum_i ln(1 + p_i (M_i - 1))`, whatever the costs are.

use std::ops::Range;

use crate::kernels::{exp, vectorised};

/// Bounds of the strata of a severity's uniform: the far tail of a severity may be all that matters.
pub(crate) const STRATA: [f64; 6] = [0.0, 0.5, 0.8, 0.95, 0.99, 1.0];
/// Strata.
pub(crate) const N_STRATA: usize = STRATA.len() - 1;
/// Twists end here: `e^30` makes certain what has a probability of 1e-12.
const MAX_THETA: f64 = 30.0;
/// Costs are rounded to powers of this, so that few exponentials serve many sources.
const LEVEL_RATIO: f64 = 1.1;
/// Costs below this part of the loss aimed at are none.
const LEAST_COST: f64 = 1e-6;
/// Relative error of the expected loss at which the search for `theta` ends.
const TOLERANCE: f64 = 1e-3;

/// Probability of each stratum.
pub(crate) fn stratum_probability(stratum: usize) -> f64 {
    STRATA[stratum + 1] - STRATA[stratum]
}

/// Sources of one class that cost the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    pub(crate) class: usize,
    /// Number of the cost in each stratum.
    levels: [u16; N_STRATA],
    /// Its sources, a range of [`Twist::members`].
    pub(crate) members: Range<usize>,
}

/// Costs of all sources, as parts of the loss aimed at.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Twist {
    /// Costs that occur, ascending; the first is 0.
    costs: Vec<f64>,
    /// Those that cost something, then those that cost nothing.
    pub(crate) groups: Vec<Group>,
    /// How many cost something.
    n_costly: usize,
    /// Sources, group by group.
    pub(crate) members: Vec<u32>,
    /// Group by source.
    group_of: Vec<u32>,
}

/// `theta` and what follows from it, on one path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Twisted {
    pub(crate) theta: f64,
    pub(crate) psi: f64,
    /// `e^(theta c)` by cost.
    exponentials: Vec<f64>,
}

impl Twist {
    /// Groups sources by class and cost; `class` and `cost_eth` (by stratum) of each source.
    pub(crate) fn new(classes: &[usize], cost_eth: &[[f64; N_STRATA]], loss_eth: f64) -> Self {
        let steps: Vec<[i32; N_STRATA]> =
            cost_eth.iter().map(|costs| costs.map(|cost| step(cost / loss_eth))).collect();
        let mut used: Vec<i32> = steps.iter().flatten().copied().chain([NOTHING]).collect();
        used.sort_unstable();
        used.dedup();
        let level = |step| u16::try_from(used.partition_point(|&s| s < step)).unwrap_or(u16::MAX);
        let mut keyed: Vec<(bool, usize, [u16; N_STRATA], u32)> = (0..)
            .zip(classes.iter().zip(&steps))
            .map(|(source, (&class, steps))| {
                (steps.iter().all(|&s| s == NOTHING), class, steps.map(level), source)
            })
            .collect();
        keyed.sort_unstable();
        let mut twist = Self {
            costs: used.iter().map(|&step| cost(step)).collect(),
            groups: Vec::new(),
            n_costly: 0,
            members: keyed.iter().map(|key| key.3).collect(),
            group_of: vec![0; classes.len()],
        };
        for group in keyed.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
            let (is_free, class, levels, _) = group[0];
            let start = twist.groups.last().map_or(0, |last| last.members.end);
            let number = u32::try_from(twist.groups.len()).unwrap_or(u32::MAX);
            group.iter().for_each(|key| twist.group_of[key.3 as usize] = number);
            twist.n_costly += usize::from(!is_free);
            twist.groups.push(Group { class, levels, members: start..start + group.len() });
        }
        twist
    }

    /// True when no source costs anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.n_costly == 0
    }

    /// Finds `theta >= 0` at which the expected loss, given each class's probability, is the one
    /// aimed at; 0 where it is more than that without a twist, and at most [`MAX_THETA`].
    pub(crate) fn solve(&self, probability: &[f64], out: &mut Twisted) {
        out.theta = self.theta(probability, out);
        self.exponentials(out.theta, &mut out.exponentials);
        // Rounding would leave a twist of 0 with a ratio that is not 1.
        out.psi = if out.theta > 0.0 { self.psi(probability, &out.exponentials) } else { 0.0 };
    }

    /// Newton's method on the logarithm of the expected loss, inside a bracket.
    fn theta(&self, probability: &[f64], out: &mut Twisted) -> f64 {
        let (mut low, mut high) = (0.0, MAX_THETA);
        let mut theta = 0.0;
        for _ in 0..STEPS {
            self.exponentials(theta, &mut out.exponentials);
            let (mean, variance) = self.moments(probability, &out.exponentials);
            if mean <= 0.0 || (theta == 0.0 && mean >= 1.0) {
                return 0.0;
            }
            let excess = mean.ln();
            if excess.abs() < TOLERANCE {
                break;
            }
            if excess < 0.0 {
                low = theta;
            } else {
                high = theta;
            }
            let newton = theta - excess * mean / variance;
            theta = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        }
        theta
    }

    fn exponentials(&self, theta: f64, out: &mut Vec<f64>) {
        out.clear();
        out.extend(self.costs.iter().map(|cost| theta * cost));
        vectorised(
            #[inline(always)]
            || out.iter_mut().for_each(|x| *x = exp(*x)),
        );
    }

    /// Mean and variance of the sum of costs under the twist.
    fn moments(&self, probability: &[f64], exponentials: &[f64]) -> (f64, f64) {
        let (mut mean, mut variance) = (0.0, 0.0);
        for group in &self.groups[..self.n_costly] {
            let p = probability[group.class];
            let (mut m0, mut m1, mut m2) = (0.0, 0.0, 0.0);
            for (stratum, &level) in group.levels.iter().enumerate() {
                let cost = self.costs[level as usize];
                let mass = stratum_probability(stratum) * exponentials[level as usize];
                m0 += mass;
                m1 += mass * cost;
                m2 += mass * cost * cost;
            }
            let scale = p / (1.0 + p * (m0 - 1.0));
            let n = group.members.len() as f64;
            let own_mean = scale * m1;
            mean += n * own_mean;
            variance += n * (scale * m2 - own_mean * own_mean);
        }
        (mean, variance)
    }

    /// `sum_i ln(1 + p_i (M_i - 1))`: products of single sources first, since logarithms are dear.
    fn psi(&self, probability: &[f64], exponentials: &[f64]) -> f64 {
        let (mut psi, mut product) = (0.0, 1.0_f64);
        for group in &self.groups[..self.n_costly] {
            let excess = probability[group.class] * (self.boost(group, exponentials) - 1.0);
            match group.members.len() {
                1 => {
                    product *= 1.0 + excess;
                    if product > 1e100 {
                        psi += product.ln();
                        product = 1.0;
                    }
                }
                n => psi += n as f64 * excess.ln_1p(),
            }
        }
        psi + product.ln()
    }

    /// `M`.
    fn boost(&self, group: &Group, exponentials: &[f64]) -> f64 {
        let masses = group.levels.iter().enumerate();
        masses.map(|(k, &level)| stratum_probability(k) * exponentials[level as usize]).sum()
    }

    /// The twisted probability of each source of a group.
    pub(crate) fn probability(&self, group: &Group, p: f64, twisted: &Twisted) -> f64 {
        let boost = self.boost(group, &twisted.exponentials);
        p * boost / (1.0 + p * (boost - 1.0))
    }

    /// What a source that has fired costs, where its severity has this uniform.
    pub(crate) fn cost(&self, source: u32, severity_uniform: f64) -> f64 {
        let group = &self.groups[self.group_of[source as usize] as usize];
        let stratum = STRATA[1..N_STRATA].partition_point(|&bound| bound <= severity_uniform);
        self.costs[group.levels[stratum] as usize]
    }

    /// True when the cost of a source does not depend on its severity.
    pub(crate) fn is_flat(&self, source: u32) -> bool {
        let levels = &self.groups[self.group_of[source as usize] as usize].levels;
        levels.iter().all(|level| *level == levels[0])
    }

    /// The severity's uniform under the twist, made of the one that it has in the model.
    pub(crate) fn severity_uniform(&self, source: u32, theta: f64, u: f64) -> f64 {
        if theta == 0.0 || self.is_flat(source) {
            return u;
        }
        let group = &self.groups[self.group_of[source as usize] as usize];
        let masses: [f64; N_STRATA] = std::array::from_fn(|k| {
            stratum_probability(k) * (theta * self.costs[group.levels[k] as usize]).exp()
        });
        let mut rest = u * masses.iter().sum::<f64>();
        let mut stratum = 0;
        while stratum + 1 < N_STRATA && rest >= masses[stratum] {
            rest -= masses[stratum];
            stratum += 1;
        }
        let within = (rest / masses[stratum]).min(1.0);
        // Stays inside the stratum, so that its cost is that of the mass it was drawn with.
        let (low, high) = (STRATA[stratum], STRATA[stratum + 1]);
        (low + (high - low) * within).clamp(low.max(f64::MIN_POSITIVE), high.next_down())
    }
}

const STEPS: u32 = 20;
/// Step of a cost of nothing.
const NOTHING: i32 = i32::MIN;

/// The power of [`LEVEL_RATIO`] nearest to a cost; costs beyond the loss aimed at are as good as it.
#[expect(clippy::cast_possible_truncation, reason = "between -145 and 0")]
fn step(cost: f64) -> i32 {
    if cost.is_nan() || cost < LEAST_COST {
        return NOTHING;
    }
    (cost.min(1.0).ln() / LEVEL_RATIO.ln()).round() as i32
}

fn cost(step: i32) -> f64 {
    if step == NOTHING { 0.0 } else { LEVEL_RATIO.powi(step) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twist() -> Twist {
        let flat = |cost| [cost; N_STRATA];
        let costs = [flat(1.0), flat(0.2), flat(0.2), flat(0.0), [0.0, 0.1, 0.3, 0.7, 5.0]];
        Twist::new(&[0, 0, 0, 1, 1], &costs, 2.0)
    }

    #[test]
    fn sources_of_one_class_and_cost_are_one_group() {
        let twist = twist();
        let sizes: Vec<usize> = twist.groups.iter().map(|group| group.members.len()).collect();
        assert_eq!((sizes, twist.n_costly), (vec![2, 1, 1, 1], 3));
        assert!((twist.cost(4, 0.999) - 1.0).abs() < 1e-15);
        assert!((twist.cost(0, 0.3) / 0.5 - 1.0).abs() < 0.05);
    }

    #[test]
    fn the_expected_loss_is_the_one_aimed_at() {
        let twist = twist();
        let mut twisted = Twisted::default();
        for p in [[0.01, 0.05], [0.3, 1e-5]] {
            twist.solve(&p, &mut twisted);
            let (mean, _) = twist.moments(&p, &twisted.exponentials);
            assert!((mean - 1.0).abs() < 2.0 * TOLERANCE, "{p:?}: {mean}");
        }
        // More than that is expected anyhow.
        let costs = [[1.0; N_STRATA]; 2];
        Twist::new(&[0, 0], &costs, 1.0).solve(&[0.6], &mut twisted);
        assert_eq!((twisted.theta.to_bits(), twisted.psi.to_bits()), (0, 0));
    }

    /// Over all outcomes of five sources, with strata: probabilities under the twist over those of
    /// the model are `exp(theta L - psi)`, and sum to 1.
    #[test]
    fn the_ratio_of_densities_is_exact() {
        let twist = twist();
        let p = [0.1, 0.2];
        let mut twisted = Twisted::default();
        twist.solve(&p, &mut twisted);
        let mut mass = 0.0;
        for outcome in 0..(N_STRATA + 1).pow(5) {
            let (mut plain, mut tilted, mut loss, mut rest) = (1.0, 1.0, 0.0, outcome);
            for source in 0..5u32 {
                let group = &twist.groups[twist.group_of[source as usize] as usize];
                let p = p[group.class];
                let p_theta = twist.probability(group, p, &twisted);
                let fate = rest % (N_STRATA + 1);
                rest /= N_STRATA + 1;
                if fate == N_STRATA {
                    (plain, tilted) = (plain * (1.0 - p), tilted * (1.0 - p_theta));
                    continue;
                }
                let u = 0.5 * (STRATA[fate] + STRATA[fate + 1]);
                let cost = twist.cost(source, u);
                let boost = twist.boost(group, &twisted.exponentials);
                let q = stratum_probability(fate);
                plain *= p * q;
                tilted *= p_theta * q * (twisted.theta * cost).exp() / boost;
                loss += cost;
            }
            let ratio = (twisted.theta * loss - twisted.psi).exp();
            assert!((tilted / plain / ratio - 1.0).abs() < 1e-10);
            mass += tilted;
        }
        assert!((mass - 1.0).abs() < 1e-12);
    }

    /// Severities under the twist fall into each stratum as often as they should.
    #[test]
    fn severities_follow_the_twist() {
        let twist = twist();
        let theta: f64 = 3.0;
        let n = 100_000;
        let mut counts = [0.0; N_STRATA];
        for i in 0..n {
            let u = twist.severity_uniform(4, theta, (f64::from(i) + 0.5) / f64::from(n));
            counts[STRATA[1..N_STRATA].partition_point(|&bound| bound <= u)] += 1.0;
        }
        let mass = |k: usize| {
            let u = 0.5 * (STRATA[k] + STRATA[k + 1]);
            stratum_probability(k) * (theta * twist.cost(4, u)).exp()
        };
        let all: f64 = (0..N_STRATA).map(mass).sum();
        for (k, count) in counts.iter().enumerate() {
            assert!((count / f64::from(n) - mass(k) / all).abs() < 2.0 / f64::from(n));
        }
    }
}
