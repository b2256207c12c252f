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
    let of_shortfall = |risk: &&Risk| matches!(risk.ask, Ask::Shortfall { .. });
    let Some(risk) = problem.risks.iter().find(of_shortfall) else { return Vec::new() };
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
    let slopes = sample.slopes(risk.measure, x, &counted);
    slopes.iter().map(|slope| slope / mass).collect()
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
