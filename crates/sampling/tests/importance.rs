//! Importance sampling against closed forms: unbiased, bounded, precise where plain paths are not.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use std::ops::ControlFlow;

use slashfall_cascade::Figure;
use slashfall_graph::spec::Sharing;
use slashfall_graph::{Network, Sketch};
use slashfall_sampling::importance::{Aim, Goal, Pilot};
use slashfall_sampling::{Model, simulate};
use support::{equal_names, model, year};

/// A day in which each of a hundred names fails with probability .02, their correlation .2.
fn hundred_names(dependence: &str) -> String {
    day(&year(0.02, dependence, 0.2f64.sqrt()))
}

/// The same in one day.
fn day(year: &str) -> String {
    let rate = |line: &str| -> Option<f64> { line.strip_prefix("rate = ")?.parse().ok() };
    let lines = year.lines().map(|line| match rate(line) {
        Some(rate) => format!("rate = {:?}", 365.0 * rate),
        None => line.replace("horizon_days = 365", "horizon_days = 1"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn aim(goal: Goal) -> Aim {
    Aim { goal, defensive_share: 0.1 }
}

fn tilted<'n>(model: &Model<'n>, aim: Aim) -> (Model<'n>, Pilot) {
    let total = model.layout().system(Figure::Total);
    model.with_importance(aim, |row| row[total]).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// Losses and weights of the first `n` paths.
fn losses(model: &Model<'_>, n: u64) -> Vec<(f64, f64)> {
    let total = model.layout().system(Figure::Total);
    let mut losses = Vec::new();
    let flow = simulate(model, 0..n, 1_024, |batch| {
        losses.extend(batch.rows().zip(&batch.weights).map(|((_, row), &w)| (row[total], w)));
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    losses
}

/// Weighted mean of a function of the loss and its standard error.
fn mean(losses: &[(f64, f64)], of: impl Fn(f64) -> f64) -> (f64, f64) {
    let n = losses.len() as f64;
    let mean = losses.iter().map(|&(loss, w)| w * of(loss)).sum::<f64>() / n;
    let square = losses.iter().map(|&(loss, w)| (w * of(loss)).powi(2)).sum::<f64>() / n;
    (mean, ((square - mean * mean) / n).sqrt())
}

fn at_least(threshold: f64) -> impl Fn(f64) -> f64 {
    move |loss| f64::from(u8::from(loss >= threshold))
}

#[test]
fn twenty_five_of_a_hundred_names() {
    let network = equal_names(100);
    let plain = model(&network, &hundred_names("copula = \"gaussian\""));
    let (model, pilot) = tilted(&plain, aim(Goal::Loss(24.5)));
    let losses = losses(&model, 200_000);
    let (p, std_err) = mean(&losses, at_least(24.5));
    println!("{pilot:#?} p {p} rel {} gain {}", std_err / p, p * (1.0 - p) / std_err.powi(2) / 2e5);
}

/// Glasserman and Li's portfolio.
fn ten_factors() -> (Network, String) {
    let m = 1_000u32;
    let mut sketch = Sketch::new();
    let mut toml = String::from(
        "name = \"g\"\nnetwork = \".\"\n[run]\nseed = 1\npaths = 1\nhorizon_days = 1\nlevels = [0.99]\n\
         [dependence]\ncopula = \"gaussian\"\nfactors = [\"f0\",\"f1\",\"f2\",\"f3\",\"f4\",\"f5\",\"f6\",\"f7\",\"f8\",\"f9\"]\n",
    );
    let mut state = 1u64;
    let mut uniform = || {
        // Knuth's MMIX generator, its upper 32 bits.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as f64 / 2f64.powi(32)
    };
    for k in 1..=m {
        let name = format!("op{k:04}");
        let stake = f64::from((5 * k).div_ceil(m).pow(2));
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", stake);
        let p = 0.01 * (1.0 + (16.0 * std::f64::consts::PI * f64::from(k) / f64::from(m)).sin());
        let rate = -365.0 * (-p).ln_1p();
        let loadings: Vec<String> =
            (0..10).map(|j| format!("f{j} = {:?}", uniform() / 10f64.sqrt())).collect();
        toml += &format!(
            "[[source]]\nkind = \"operator_compromise\"\ntarget = {{ operator = \"{name}\" }}\nreach = \"all\"\n\
             rate = {rate:?}\nseverity = 1.0\nloadings = {{ {} }}\n",
            loadings.join(", ")
        );
    }
    let _ = Sharing::Unique;
    (sketch.network().unwrap(), toml)
}

#[test]
fn ten_factor_portfolio() {
    let (network, toml) = ten_factors();
    let plain = model(&network, &toml);
    let (model, pilot) = tilted(&plain, aim(Goal::Loss(2_000.0)));
    let losses = losses(&model, 50_000);
    let (p, std_err) = mean(&losses, at_least(2_000.0));
    println!("{pilot:#?} p {p} rel {} gain {}", std_err / p, p * (1.0 - p) / std_err.powi(2) / 5e4);
}
