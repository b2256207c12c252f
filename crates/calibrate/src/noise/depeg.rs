//! Panics as a source: how many events, in how many years, and how deep each.

use super::{Estimate, JumpRule};

/// Panics of one asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Depeg {
    /// Years looked at: days over 365.
    pub exposure_years: f64,
    /// Depth of each event, in order of time: what it added to the panic discount at its worst.
    pub depths: Vec<f64>,
    /// Day of the first jump of each, from 0.
    pub starts: Vec<usize>,
    /// The law of depths; none where there was no event.
    pub severity: Option<Severity>,
}

/// A law of depths.
#[derive(Clone, Debug, PartialEq)]
pub enum Severity {
    /// Those seen, each as likely.
    Empirical,
    /// Generalised Pareto above `threshold`, the least that was seen.
    GeneralizedPareto {
        /// Location.
        threshold: f64,
        /// Shape.
        shape: Estimate,
        /// Scale.
        scale: Estimate,
    },
}

/// Events from which on a law with a tail is fitted: with fewer the error of its shape, `(1 + shape) /
/// sqrt(n)`, is above 0.2.
const PARETO_FROM: usize = 30;

/// Counts the events of a panic discount by day, which decays by the factor `q`.
pub(super) fn depeg(panic: &[f64], jumps: &[bool], q: f64, rule: JumpRule) -> Depeg {
    let days: Vec<usize> = (1..jumps.len()).filter(|t| jumps[*t]).collect();
    let events: Vec<&[usize]> = days.chunk_by(|a, b| b - a <= rule.cluster_days).collect();
    let depths: Vec<f64> = events.iter().map(|event| depth(panic, event, q)).collect();
    Depeg {
        exposure_years: (panic.len() - 1) as f64 / 365.0,
        severity: severity(&depths),
        starts: events.iter().map(|event| event[0]).collect(),
        depths,
    }
}

/// The worst day of an event less what was left by then of earlier ones.
fn depth(panic: &[f64], event: &[usize], q: f64) -> f64 {
    let (first, last) = (event[0], event[event.len() - 1]);
    let carried = |t: usize| panic[first - 1] * q.powf((t + 1 - first) as f64);
    (first..=last).map(|t| panic[t] - carried(t)).fold(0.0, f64::max).min(1.0)
}

fn severity(depths: &[f64]) -> Option<Severity> {
    if depths.is_empty() {
        return None;
    }
    let pareto = if depths.len() < PARETO_FROM { None } else { generalized_pareto(depths) };
    Some(pareto.unwrap_or(Severity::Empirical))
}

/// Maximum likelihood of the excesses over the least depth. With `theta = shape / scale` the shape is
/// the mean of `ln(1 + theta x)` (Grimshaw 1993); the errors are those of Smith 1987, `(1 + shape)
/// / sqrt(n)` and `scale sqrt(2 (1 + shape) / n)`, which hold for shapes above -1/2: none otherwise.
fn generalized_pareto(depths: &[f64]) -> Option<Severity> {
    let threshold = depths.iter().copied().fold(f64::INFINITY, f64::min);
    // The least excess is 0 by choice of the threshold and tells nothing.
    let excess: Vec<f64> = depths.iter().map(|x| x - threshold).filter(|x| *x > 0.0).collect();
    let (shape, scale) = pareto_of(&excess)?;
    let n = excess.len() as f64;
    Some(Severity::GeneralizedPareto {
        threshold,
        shape: Estimate { value: shape, std_err: (1.0 + shape) / n.sqrt() },
        scale: Estimate { value: scale, std_err: scale * (2.0 * (1.0 + shape) / n).sqrt() },
    })
}

/// Shape and scale by a grid over `theta` and golden sections in its best cell.
fn pareto_of(excess: &[f64]) -> Option<(f64, f64)> {
    let n = excess.len() as f64;
    let mean = excess.iter().sum::<f64>() / n;
    let most = excess.iter().copied().fold(0.0, f64::max);
    let shape = |theta: f64| excess.iter().map(|x| (theta * x).ln_1p()).sum::<f64>() / n;
    // Likelihood over n, up to a constant; its limit at theta = 0 is that of the exponential law.
    let likelihood = |theta: f64| {
        if (theta * mean).abs() < 1e-7 {
            return -mean.ln() - 1.0;
        }
        let shape = shape(theta);
        -(shape / theta).ln() - shape - 1.0
    };
    // theta > -1 / most; on the scale v, 1 + theta most = e^v.
    let theta = |v: f64| v.exp_m1() / most;
    let cells = 400;
    let at = |i: i32| -7.0 + 20.0 * f64::from(i) / f64::from(cells);
    let best = (1..cells)
        .max_by(|a, b| likelihood(theta(at(*a))).total_cmp(&likelihood(theta(at(*b)))))?;
    let (mut low, mut high) = (at(best - 1), at(best + 1));
    let golden = 0.618_033_988_749_895;
    while high - low > 1e-10 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if likelihood(theta(a)) > likelihood(theta(b)) { high = b } else { low = a }
    }
    let found = theta(f64::midpoint(low, high));
    let value = shape(found);
    let scale = if value.abs() < 1e-9 { mean } else { value / found };
    (value > -0.5 && scale.is_finite() && scale > 0.0).then_some((value, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excesses(n: u32, shape: f64, scale: f64) -> Vec<f64> {
        let u = |i: u32| (f64::from(i) + 0.5) / f64::from(n);
        (0..n).map(|i| scale * ((1.0 - u(i)).powf(-shape) - 1.0) / shape).collect()
    }

    #[test]
    fn laws_are_found_from_their_own_quantiles() {
        for (shape, scale) in [(0.4, 0.02), (-0.2, 0.05), (0.1, 1.0)] {
            let (found, width) = pareto_of(&excesses(20_000, shape, scale)).unwrap();
            assert!((found - shape).abs() < 2e-3, "{found}, not {shape}");
            assert!((width / scale - 1.0).abs() < 3e-3, "{width}, not {scale}");
        }
    }

    /// By hand: at q = 1/2, jumps of 0.04 on day 3 and of 0.03 on day 4 are one event of 0.05 at its
    /// worst; a jump of 0.02 on day 20 is another, and what the first left of itself is no part of it.
    #[test]
    fn jumps_that_follow_one_another_are_one_event() {
        let mut panic = vec![0.0_f64; 30];
        let mut jumps = vec![false; 30];
        for (t, size) in [(3, 0.04), (4, 0.03), (20, 0.02)] {
            jumps[t] = true;
            panic[t] = size;
        }
        for t in 1..30 {
            panic[t] += 0.5 * panic[t - 1];
        }
        let rule = JumpRule { mads: 8.0, floor: 0.0, cluster_days: 7 };
        let found = depeg(&panic, &jumps, 0.5, rule);
        assert_eq!(found.starts, [3, 20]);
        assert!((found.depths[0] - 0.05).abs() < 1e-15 && (found.depths[1] - 0.02).abs() < 1e-15);
        assert_eq!(found.severity, Some(Severity::Empirical));
        assert!((found.exposure_years - 29.0 / 365.0).abs() < 1e-15);
    }
}
