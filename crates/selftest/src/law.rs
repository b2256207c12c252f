//! Exact laws of losses, worked out with nothing of the engine: quadrature over what is shared,
//! binomials and convolutions given it, quantiles and tail means of what comes out.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// A law on 0, 1, 2, ...: the probability of each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Law(pub(crate) Vec<f64>);

impl Law {
    pub(crate) fn mean(&self) -> f64 {
        self.sum(|x, p| p * x)
    }

    /// Standard deviation.
    pub(crate) fn deviation(&self) -> f64 {
        let mean = self.mean();
        self.sum(|x, p| p * (x - mean) * (x - mean)).sqrt()
    }

    /// `P(X >= k)`.
    pub(crate) fn at_least(&self, k: usize) -> f64 {
        self.0.iter().skip(k).sum()
    }

    /// `inf {x : P(X <= x) >= level}`.
    pub(crate) fn value_at_risk(&self, level: f64) -> f64 {
        let mut below = 0.0;
        let reached = |p: &f64| {
            below += p;
            below >= level
        };
        self.0.iter().position(reached).map_or(f64::NAN, |k| k as f64)
    }

    /// Mean of the worst `1 - level` of the mass, an atom at the edge by the part of it that belongs
    /// there (Acerbi and Tasche 2002, "On the coherence of expected shortfall").
    pub(crate) fn expected_shortfall(&self, level: f64) -> f64 {
        let edge = self.value_at_risk(level);
        edge + self.sum(|x, p| p * (x - edge).max(0.0)) / (1.0 - level)
    }

    fn sum(&self, of: impl Fn(f64, f64) -> f64) -> f64 {
        self.0.iter().enumerate().map(|(k, &p)| of(k as f64, p)).sum()
    }
}

/// `P(Z >= x)` of a standard normal.
pub(crate) fn normal_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x * FRAC_1_SQRT_2)
}

/// The root of a falling function on an interval, by halving it.
fn root(mut low: f64, mut high: f64, falling: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if falling(middle) > 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The `x` with `P(Z >= x) = p` of a standard normal.
fn normal_upper_quantile(p: f64) -> f64 {
    root(-40.0, 40.0, |x| normal_tail(x) - p)
}

/// `P(T >= x)` of Student's t with 4 degrees of freedom, for x > 0. With `y = x / sqrt(4 + x^2)`, the
/// sine of an angle, the law is `1/2 + 3/4 (y - y^3 / 3)` (Abramowitz and Stegun, 26.7.4).
pub(crate) fn student4_tail(x: f64) -> f64 {
    let y = x / (4.0 + x * x).sqrt();
    0.5 - 0.75 * (y - y * y * y / 3.0)
}

/// Places and weights of the trapezoid rule for means over a standard normal, which for such
/// integrands converges faster than any power of the step.
fn normal_nodes() -> impl Iterator<Item = (f64, f64)> {
    const STEP: f64 = 0.05;
    let node = |i: i32| {
        let z = STEP * f64::from(i);
        (z, STEP / (2.0 * PI).sqrt() * (-0.5 * z * z).exp())
    };
    (-200..=200).map(node)
}

/// `ln C(n, k)` for all k.
fn ln_choose(n: usize) -> Vec<f64> {
    let mut ln = vec![0.0; n + 1];
    for k in 1..=n {
        ln[k] = ln[k - 1] + ((n - k + 1) as f64 / k as f64).ln();
    }
    ln
}

/// Number of `n` names that fail, each with probability `p`, when one normal factor makes their
/// latent variables correlate by `rho` (Vasicek 1987): binomial given the factor.
pub(crate) fn one_factor(n: usize, p: f64, rho: f64) -> Law {
    let (ln_choose, threshold) = (ln_choose(n), normal_upper_quantile(p));
    let mut law = vec![0.0; n + 1];
    for (z, weight) in normal_nodes() {
        let distance = (threshold - rho.sqrt() * z) / (1.0 - rho).sqrt();
        // Each from its own tail, as either may be tiny.
        let (fails, stays) = (normal_tail(distance).ln(), normal_tail(-distance).ln());
        for (k, of) in law.iter_mut().enumerate() {
            *of += weight * (ln_choose[k] + k as f64 * fails + (n - k) as f64 * stays).exp();
        }
    }
    Law(law)
}

/// Probability that two names of probability `p` fail both under a t copula with 4 degrees of freedom
/// and correlation `rho`: quadrature over the factor and over `ln R`, where `R^2` is the chi-square
/// with density `r^3 e^(-r^2/2) / 2` in `r`.
pub(crate) fn both_of_two_student4(p: f64, rho: f64) -> f64 {
    const STEP: f64 = 0.05;
    let threshold = root(0.0, 1e4, |x| student4_tail(x) - p);
    let both = |r: f64| {
        let x = threshold * 0.5 * r;
        let of =
            |(z, weight)| weight * normal_tail((x - rho.sqrt() * z) / (1.0 - rho).sqrt()).powi(2);
        normal_nodes().map(of).sum::<f64>()
    };
    let at = |i: i32| {
        let r = (STEP * f64::from(i)).exp();
        0.5 * r.powi(4) * (-0.5 * r * r).exp() * both(r)
    };
    STEP * (-200..=60).map(at).sum::<f64>()
}

/// Sum of whole amounts, each lost with its own probability and independently: by convolution.
pub(crate) fn independent(names: &[(f64, usize)]) -> Law {
    let mut law = vec![1.0];
    for &(p, amount) in names {
        let mut next = vec![0.0; law.len() + amount];
        for (k, &q) in law.iter().enumerate() {
            next[k] += q * (1.0 - p);
            next[k + amount] += q * p;
        }
        law = next;
    }
    Law(law)
}

/// Number of `n` names that fail within `years` when all have the rate that `events` in
/// `exposure_years` leave uncertain, `Gamma(events + 1/2, exposure_years)`. Survivals of `m` names have
/// the mean `(1 + m years / exposure_years)^-(events + 1/2)`, and inclusion and exclusion do the rest.
pub(crate) fn from_evidence(n: usize, events: f64, exposure_years: f64, years: f64) -> Law {
    let survive = |m: usize| (1.0 + m as f64 * years / exposure_years).powf(-(events + 0.5));
    let of = |k: usize| {
        let ways = ln_choose(k);
        let term = |j: usize| {
            let sign = if j.is_multiple_of(2) { 1.0 } else { -1.0 };
            sign * ways[j].exp() * survive(n - k + j)
        };
        ln_choose(n)[k].exp() * (0..=k).map(term).sum::<f64>()
    };
    Law((0..=n).map(of).collect())
}

/// Number of `n` that take part, each with probability `q`, in something of probability `p`.
pub(crate) fn participation(n: usize, p: f64, q: f64) -> Law {
    let Law(binomial) = independent(&vec![(q, 1); n]);
    let mut law: Vec<f64> = binomial.into_iter().map(|of| p * of).collect();
    law[0] += 1.0 - p;
    Law(law)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, to: f64) {
        assert!((found / expected - 1.0).abs() < to, "found {found}, expected {expected}");
    }

    /// Constants that were worked out by another program.
    #[test]
    fn the_one_factor_law_is_as_published() {
        let law = one_factor(100, 0.02, 0.2);
        close(law.at_least(0), 1.0, 1e-12);
        close(law.mean(), 2.0, 1e-12);
        for (level, var, es) in [(0.99, 14.0, 18.422_865), (0.999, 24.0, 29.086_05)] {
            close(law.value_at_risk(level), var, 1e-15);
            close(law.expected_shortfall(level), es, 1e-7);
        }
        close(law.at_least(25), 9.661_443e-4, 1e-6);
    }

    #[test]
    fn two_names_fail_together_as_published() {
        close(one_factor(2, 0.01, 0.5).0[2], 1.293_92e-3, 4e-6);
        close(both_of_two_student4(0.01, 0.5), 2.876_78e-3, 4e-6);
    }

    #[test]
    fn the_t_law_is_that_of_the_tables() {
        close(student4_tail(3.746_947_387_979_197), 0.01, 1e-12);
        close(student4_tail(2.131_846_786), 0.05, 1e-8);
    }

    #[test]
    fn uncertain_rates_have_their_moments() {
        let law = from_evidence(10, 1.0, 20.0, 1.0);
        close(law.at_least(0), 1.0, 1e-10);
        close(law.mean(), 10.0 * (1.0 - 1.05f64.powf(-1.5)), 1e-10);
        close(law.0[0], 1.5f64.powf(-1.5), 1e-12);
        assert!(law.0.iter().all(|p| *p > 0.0));
    }

    #[test]
    fn a_law_by_hand() {
        let law = independent(&[(0.5, 1), (0.1, 3)]);
        for (k, p) in [(0, 0.45), (1, 0.45), (3, 0.05), (4, 0.05)] {
            close(law.0[k], p, 1e-12);
        }
        close(law.value_at_risk(0.92), 3.0, 1e-15);
        // The worst .08 of the mass: .05 at 4 and .03 at 3.
        close(law.expected_shortfall(0.92), (0.05 * 4.0 + 0.03 * 3.0) / 0.08, 1e-12);
        close(participation(2, 0.1, 0.5).0[0], 0.925, 1e-12);
    }
}
