//! What an ETH more of each position adds to an expected shortfall, with its error: the derivative is the mean of the derivatives on
//! the paths of the tail (Tasche 1999, "Risk contributions and performance measurement"), and sections of the paths, each with a
//! tail of its own, say how far it may be off (sectioning: Asmussen and Glynn 2007, "Stochastic Simulation", section III.5).

use slashfall_output::measures::Estimate;

use crate::problem::Problem;
use crate::risk::{Ask, Risk};
use crate::sample::Sample;
use crate::worst::worst;

/// Sections of a sample.
const SECTIONS: u64 = 16;
/// 0.975 quantile of Student's t with 15 degrees of freedom.
const T_QUANTILE: f64 = 2.131_449_545_559_774;
/// Paths of a section's tail, at least.
const MIN_TAIL: f64 = 2.0;

/// By candidate: derivative of the expected shortfall that the policy limits at positions of `x` ETH, in ETH an ETH; empty where it
/// limits none. No errors where the tail is of less than 32 paths.
#[must_use]
pub fn marginal_shortfall(problem: &Problem, sample: &Sample, x: &[f64]) -> Vec<Estimate> {
    let Some(risk) = problem.risks.iter().find(|risk| risk.is_shortfall()) else {
        return Vec::new();
    };
    estimates(risk, sample, x)
}

fn estimates(risk: &Risk, sample: &Sample, x: &[f64]) -> Vec<Estimate> {
    let Ask::Shortfall { level } = risk.ask else { return Vec::new() };
    let mass = level.mass(sample.n_paths());
    let means = slopes(risk, sample, x, mass);
    let own_mass = mass / SECTIONS as f64;
    let sections: Vec<Vec<f64>> = if own_mass < MIN_TAIL {
        Vec::new()
    } else {
        (0..SECTIONS).map(|own| slopes(risk, &section(sample, own), x, own_mass)).collect()
    };
    let n_eff = mass;
    let estimate = |(position, value): (usize, f64)| {
        let of_sections: Vec<f64> = sections.iter().map(|own| own[position]).collect();
        let std_err = std_err(&of_sections);
        let limit = |sign: f64| std_err.map(|error| value + sign * T_QUANTILE * error);
        Estimate { value, std_err, ci_low: limit(-1.0), ci_high: limit(1.0), n_eff }
    };
    means.into_iter().enumerate().map(estimate).collect()
}

/// Every so many paths: whole replicates where paths are Sobol points.
fn section(sample: &Sample, own: u64) -> Sample {
    let rows = sample.paths.iter().enumerate().filter(|(_, path)| **path % SECTIONS == own);
    sample.part(&rows.map(|(row, _)| row).collect::<Vec<_>>())
}

/// Mean slopes over the worst paths of a mass.
fn slopes(risk: &Risk, sample: &Sample, x: &[f64], mass: f64) -> Vec<f64> {
    let values = sample.values(risk.measure, x);
    let counted = worst(sample, &values, mass);
    sample.mean_slopes(risk.measure, x, (&counted, mass))
}

/// Standard error of the mean; none of no sections.
fn std_err(of_sections: &[f64]) -> Option<f64> {
    if of_sections.is_empty() {
        return None;
    }
    let n = of_sections.len() as f64;
    let mean = of_sections.iter().sum::<f64>() / n;
    let squares: f64 = of_sections.iter().map(|own| (own - mean).powi(2)).sum();
    Some((squares / (n - 1.0) / n).sqrt())
}

#[cfg(test)]
mod tests {
    use slashfall_output::measures::Level;

    use super::*;
    use crate::policy::Bound;
    use crate::sample::Measure;

    /// SplitMix64 (Steele, Lea and Flood 2014), as a uniform in (0, 1).
    fn uniform(state: &mut u64) -> f64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 + 0.5 / (1_u64 << 53) as f64
    }

    /// Two independent normals (Box and Muller 1958).
    fn normals(state: &mut u64) -> [f64; 2] {
        let radius = (-2.0 * uniform(state).ln()).sqrt();
        let angle = std::f64::consts::TAU * uniform(state);
        [radius * angle.cos(), radius * angle.sin()]
    }

    /// Of normal losses with deviations `s_i` the derivative is `x_i s_i^2 / s` times `phi(z) / (1 - a)`, with `s` the
    /// deviation of their sum (McNeil, Frey and Embrechts 2015, section 8.5); at 95 % that factor is 2.062713.
    #[test]
    fn of_normal_losses_it_is_known_and_so_is_its_error() {
        const FACTOR: f64 = 2.062_712_8;
        const SAMPLES: usize = 400;
        let level = Level::new(0.95).unwrap();
        let measure = Measure::LossAtMarket;
        let risk = Risk { ask: Ask::Shortfall { level }, limit: 1.0, bound: Bound::Point, measure };
        let (x, deviations) = ([3.0, 2.0], [0.5, 2.0]);
        let of_sum = f64::hypot(x[0] * deviations[0], x[1] * deviations[1]);
        let mut state = 7;
        let found: Vec<Vec<Estimate>> = (0..SAMPLES)
            .map(|_| {
                let draws: Vec<[f64; 2]> = (0..4_000).map(|_| normals(&mut state)).collect();
                let mark = |i: usize| draws.iter().map(|own| deviations[i] * own[i]).collect();
                estimates(&risk, &Sample::at_market(vec![mark(0), mark(1)]), &x)
            })
            .collect();
        for i in 0..2 {
            let exact = FACTOR * x[i] * deviations[i].powi(2) / of_sum;
            let values: Vec<f64> = found.iter().map(|own| own[i].value).collect();
            let n = SAMPLES as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|own| (own - mean).powi(2)).sum::<f64>() / (n - 1.0);
            assert!(
                (mean - exact).abs() < 4.5 * (variance / n).sqrt() + 2e-3 * exact,
                "{mean} {exact}"
            );
            let said = found.iter().map(|own| own[i].std_err.unwrap().powi(2)).sum::<f64>() / n;
            let ratio = said / variance;
            // The variance of 400 values is known to 7 %.
            assert!((0.7..1.4).contains(&ratio), "variances are {ratio} of what they should be");
            let holds =
                |own: &Estimate| own.ci_low.unwrap() <= exact && exact <= own.ci_high.unwrap();
            let share = found.iter().filter(|own| holds(&own[i])).count() as f64 / n;
            assert!((0.90..0.99).contains(&share), "{share} of the intervals hold the truth");
        }
    }

    #[test]
    fn a_tail_of_few_paths_has_no_error() {
        let level = Level::new(0.9).unwrap();
        let (ask, measure) = (Ask::Shortfall { level }, Measure::LossAtMarket);
        let risk = Risk { ask, limit: 1.0, bound: Bound::Point, measure };
        let mark: Vec<f64> = (0..310).map(f64::from).collect();
        let found = estimates(&risk, &Sample::at_market(vec![mark]), &[1.0]);
        // The mean of 279 to 309.
        assert!((found[0].value - 294.0).abs() < 1e-9);
        assert_eq!(found[0].std_err, None);
    }
}
