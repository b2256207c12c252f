//! Shares of paths and what they make of a probability, each with its error: of all paths that lead to a
//! loss often only a sample is looked at closely.

use crate::measures::{Estimate, Sum, WeightSums, probability};

/// Standard errors to either side of a 95 % interval.
const REACH: f64 = 1.959_963_984_540_054;

/// What some paths count for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Masses {
    n: u64,
    mass: f64,
    square: f64,
}

impl Masses {
    /// Of paths of these weights, among paths that weigh `sums` in all.
    pub(super) fn of(weights: impl Iterator<Item = f64>, sums: WeightSums) -> Self {
        let mut masses = Self::default();
        let (mut mass, mut square) = (Sum::default(), Sum::default());
        for weight in weights {
            let own = sums.mass(weight, weight * weight);
            masses.n += 1;
            mass.add(own);
            square.add(own * own);
        }
        Self { mass: mass.value(), square: square.value(), ..masses }
    }
}

/// Share of some paths in a sample of paths that weigh 1 each (`is_plain`), or in one of weighted paths.
///
/// The former is a binomial share. The latter is a ratio of masses, `s = sum_in v / sum v`, with
/// variance `sum v^2 (1_in - s)^2 / (sum v)^2` (Cochran 1977, 6.3) and the score interval of as many plain
/// paths as have that variance (Wilson 1927; Korn and Graubard 1998).
pub(super) fn share(own: Masses, all: Masses, is_plain: bool) -> Estimate {
    if is_plain {
        return probability(own.n, all.n);
    }
    let value = (own.mass / all.mass).clamp(0.0, 1.0);
    let is_all = own.n == all.n;
    let squares = (1.0 - 2.0 * value) * own.square + value * value * all.square;
    let free = all.n as f64 / (all.n as f64 - 1.0);
    let variance = if is_all { 0.0 } else { squares.max(0.0) / (all.mass * all.mass) * free };
    let n_eff = if variance > 0.0 {
        value * (1.0 - value) / variance
    } else {
        all.mass * (all.mass / all.square)
    };
    let [ci_low, ci_high] = score_interval(value, n_eff);
    let std_err = (variance > 0.0).then(|| variance.sqrt());
    Estimate { value, std_err, ci_low: Some(ci_low), ci_high: Some(ci_high), n_eff }
}

fn score_interval(p: f64, n: f64) -> [f64; 2] {
    let z2 = REACH * REACH;
    let half = REACH * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let middle = p + z2 / (2.0 * n);
    [middle - half, middle + half].map(|limit| (limit / (1.0 + z2 / n)).clamp(0.0, 1.0))
}

/// A probability times a share that is estimated apart: relative variances add up, and so do squares of
/// the distances of the limits in the logarithm (Zou and Donner 2008).
pub(super) fn times(p: &Estimate, share: &Estimate) -> Estimate {
    let value = p.value * share.value;
    let relative = |own: &Estimate| own.std_err.unwrap_or(0.0) / own.value;
    let std_err = value * relative(p).hypot(relative(share));
    let limit = |of: fn(&Estimate) -> Option<f64>| {
        let distance = |own: &Estimate| of(own).map(|limit| (limit / own.value).ln());
        Some(distance(p)?.hypot(distance(share)?))
    };
    Estimate {
        value,
        std_err: (std_err > 0.0).then_some(std_err),
        ci_low: limit(|own| own.ci_low).map(|distance| value * (-distance).exp()),
        ci_high: limit(|own| own.ci_high).map(|distance| (value * distance.exp()).min(1.0)),
        n_eff: share.n_eff.min(p.n_eff),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(weights: &[f64]) -> WeightSums {
        let mut sums = WeightSums::default();
        sums.add(weights.len() as u64, weights);
        sums
    }

    /// Weights that are all alike make the binomial error, but for the degree of freedom.
    #[test]
    fn equal_weights_are_plain_paths() {
        let sums = weights(&[[0.5; 100], [1.5; 100]].concat());
        let masses = |n: usize| Masses::of(std::iter::repeat_n(0.5, n), sums);
        let found = share(masses(10), masses(40), false);
        assert!((found.value - 0.25).abs() < 1e-12);
        let expected = (0.25_f64 * 0.75 / 39.0).sqrt();
        assert!((found.std_err.unwrap() / expected - 1.0).abs() < 1e-12);
        // Wilson's interval of a quarter of 40 is .1419 to .4019; here of 39.
        assert!((found.ci_low.unwrap() - 0.141).abs() < 2e-3, "{found:?}");
        assert!((found.ci_high.unwrap() - 0.404).abs() < 2e-3, "{found:?}");
        assert_eq!(share(masses(40), masses(40), false).std_err, None);
    }

    /// Two paths of different mass, against the definition.
    #[test]
    fn masses_make_the_share() {
        let sums = weights(&[3.0, 1.0, 0.1, 0.1]);
        let [a, b] = [3.0, 1.0].map(|weight: f64| sums.mass(weight, weight * weight));
        let masses = |weights: &[f64]| Masses::of(weights.iter().copied(), sums);
        let found = share(masses(&[3.0]), masses(&[3.0, 1.0]), false);
        let s = a / (a + b);
        assert!((found.value - s).abs() < 1e-12);
        let variance = 2.0 * ((a * (1.0 - s)).powi(2) + (b * s).powi(2)) / (a + b).powi(2);
        assert!((found.std_err.unwrap() / variance.sqrt() - 1.0).abs() < 1e-12);
    }

    /// All paths looked at: a share of a share has the error of the probability itself.
    #[test]
    fn a_part_of_a_probability_has_the_error_of_its_own_count() {
        let found = times(&probability(2_000, 100_000), &probability(500, 2_000));
        let own = probability(500, 100_000);
        assert!((found.value / own.value - 1.0).abs() < 1e-12);
        assert!((found.std_err.unwrap() / own.std_err.unwrap() - 1.0).abs() < 1e-3);
        assert!((found.ci_low.unwrap() / own.ci_low.unwrap() - 1.0).abs() < 0.01, "{found:?}");
        assert!((found.ci_high.unwrap() / own.ci_high.unwrap() - 1.0).abs() < 0.01, "{own:?}");
    }
}
