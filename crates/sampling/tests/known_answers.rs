//! Copulas, event times and noise against closed forms and published values.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use std::ops::ControlFlow;

use slashfall_cascade::{AssetFigure, Figure};
use slashfall_graph::Sketch;
use slashfall_graph::spec::AssetKind;
use slashfall_sampling::{replay, simulate};
use support::{equal_names, model, run, year};

/// Counts the paths on which exactly `hit` names fail.
fn share_with(model: &slashfall_sampling::Model<'_>, n: u64, losses: f64) -> f64 {
    let total = model.layout().system(Figure::Total);
    let mut count = 0u32;
    let flow = simulate(model, 0..n, 4_096, |batch| {
        count += u32::try_from(
            batch.rows().filter(|(_, row)| (row[total] - losses).abs() < 1e-9).count(),
        )
        .unwrap();
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    f64::from(count) / n as f64
}

/// Holds the share of paths that lose `losses` to its probability, within three standard errors.
#[track_caller]
fn check_share(what: &str, found: f64, expected: f64, n: u64) {
    let std_err = (expected * (1.0 - expected) / n as f64).sqrt();
    let text = format!("{what}: {found:e} ± {std_err:e}, expected {expected:e}");
    assert!((found - expected).abs() < 3.0 * std_err, "{text}");
}

/// Two names of probability .01: both fail with probability 1.29392e-3 under a Gaussian copula
/// of correlation .5, and 2.87678e-3 under a t copula with 4 degrees of freedom.
#[test]
fn joint_probabilities_of_two_names() {
    let network = equal_names(2);
    let n = 4_000_000;
    for (dependence, expected) in
        [("copula = \"gaussian\"", 1.293_92e-3), ("copula = \"student_t\"\ndf = 4", 2.876_78e-3)]
    {
        let model = model(&network, &year(0.01, dependence, 0.5f64.sqrt()));
        let found = share_with(&model, n, 2.0);
        println!("{dependence}: both {found:e}");
        check_share(dependence, found, expected, n);
    }
}

#[test]
fn independent_names_fail_independently() {
    let network = equal_names(2);
    let n = 1_000_000;
    let model = model(&network, &year(0.05, "copula = \"independent\"", 0.9));
    let found = share_with(&model, n, 2.0);
    println!("independent: both {found:e}");
    check_share("independent", found, 0.0025, n);
}

/// Li's event times are exponential whatever the copula: Kolmogorov-Smirnov on all that fall
/// within the horizon, against the exponential cut there.
#[test]
fn event_times_are_exponential() {
    let network = equal_names(1);
    let p: f64 = 0.6;
    let rate = -(-p).ln_1p();
    for dependence in ["copula = \"gaussian\"", "copula = \"student_t\"\ndf = 3"] {
        let model = model(&network, &year(p, dependence, 0.6));
        let n = 200_000u64;
        let mut times: Vec<f64> =
            slashfall_sampling::event_times(&model, 0..n).map(|(_, _, tau)| tau).collect();
        times.sort_by(f64::total_cmp);
        let fired = times.len() as f64;
        assert!((fired / n as f64 - p).abs() < 3.0 * (p * (1.0 - p) / n as f64).sqrt());
        let law = |tau: f64| (1.0 - (-rate * tau / 365.0).exp()) / p;
        let distance = times.iter().enumerate().map(|(i, tau)| {
            let (low, high) = (i as f64 / fired, (i as f64 + 1.0) / fired);
            (law(*tau) - low).abs().max((law(*tau) - high).abs())
        });
        let distance = distance.fold(0.0, f64::max);
        // 1.95 is the 0.1 % point of the limiting law.
        assert!(distance * fired.sqrt() < 1.95, "{dependence}: {}", distance * fired.sqrt());
    }
}

/// A rate known only by evidence: the probability to fire averages over the Gamma posterior,
/// 1 - (1 + t / T)^-(k + 1/2), and all sources that share it fire together more often.
#[test]
fn parameter_uncertainty_is_part_of_the_distribution() {
    let network = equal_names(2);
    let toml = year(0.01, "copula = \"independent\"", 0.0);
    let line = toml.lines().find(|line| line.starts_with("rate")).unwrap();
    let toml = toml.replace(line, "rate = { events = 1, exposure_years = 20.0, label = \"x\" }");
    let model = model(&network, &toml);
    let n = 1_000_000;
    let shape: f64 = 1.5;
    let (n_sources, expected) = model.expected_events().into_values().next().unwrap();
    let exact = 2.0 * (1.0 - (1.0 + 1.0 / 20.0f64).powf(-shape));
    assert!(n_sources == 2 && (expected - exact).abs() < 1e-12, "{expected}");
    let none = (1.0 + 2.0 / 20.0f64).powf(-shape);
    let both = 1.0 - 2.0 * (1.0 + 1.0 / 20.0f64).powf(-shape) + none;
    for (losses, expected) in [(0.0, none), (2.0, both)] {
        let found = share_with(&model, n, losses);
        println!("evidence: {losses} of two {found:e}");
        check_share(&format!("{losses} of two"), found, expected, n);
    }
}

const NOISE: &str = r#"
name = "noise"
network = "."
[run]
seed = 3
paths = 1
horizon_days = 20
levels = [0.99]
[dependence]
copula = "gaussian"
factors = ["market"]
[noise.default]
sigma_daily = 0.001
kappa = 0.25
beta_market = 0.6
"#;

/// The ordinary discount at H is normal with variance sigma^2 (1 - e^-2kH) / (1 - e^-2k), and two
/// assets with loading b correlate by b^2; BTC's price is a martingale with volatility vol.
#[test]
fn noise_has_its_moments() {
    let network = Sketch::new()
        .asset("BTC", AssetKind::Base)
        .with(|asset| (asset.vol_annual, asset.beta_market) = (0.5, 0.7))
        .asset("a", AssetKind::Lst)
        .asset("b", AssetKind::Lst)
        .asset("c", AssetKind::Lrt)
        .operator("op", "Op")
        .holding("a", "op", "ETH", 1.0)
        .holding("b", "op", "ETH", 1.0)
        .holding("c", "op", "BTC", 1.0)
        .network()
        .unwrap();
    let model = model(&network, NOISE);
    let layout = model.layout();
    let n = 200_000u32;
    let figures = run(&model, n.into(), 1_000);
    let column = |index| {
        figures.chunks_exact(layout.width()).map(move |row| row[index]).collect::<Vec<f64>>()
    };
    let (a, b) = (
        column(layout.asset(0, AssetFigure::MarketLoss)),
        column(layout.asset(1, AssetFigure::MarketLoss)),
    );
    let mean = |xs: &[f64]| xs.iter().sum::<f64>() / f64::from(n);
    let product =
        |xs: &[f64], ys: &[f64]| mean(&xs.iter().zip(ys).map(|(x, y)| x * y).collect::<Vec<_>>());
    let decay: f64 = (-0.25f64).exp();
    let variance = 1e-6 * (1.0 - decay.powi(40)) / (1.0 - decay.powi(2));
    let root_n = f64::from(n).sqrt();
    assert!(mean(&a).abs() < 4.0 * variance.sqrt() / root_n);
    // The market's days are exchangeable but not independent (their sum is one factor): with the
    // factor standard normal they are iid again, so the variance is that of the AR(1).
    assert!((product(&a, &a) / variance - 1.0).abs() < 4.0 * 2f64.sqrt() / root_n);
    let covariance = product(&a, &b) / variance;
    assert!((covariance - 0.36).abs() < 4.0 * (1.0 + 0.36f64.powi(2)).sqrt() / root_n);
    let btc: Vec<f64> =
        column(layout.asset(2, AssetFigure::NavLoss)).iter().map(|loss| 1.0 - loss).collect();
    let log_sd = 0.5 * (20.0f64 / 365.0).sqrt();
    assert!((mean(&btc) - 1.0).abs() < 4.0 * log_sd / root_n, "{}", mean(&btc));
    let logs: Vec<f64> = btc.iter().map(|price| price.ln() + log_sd * log_sd / 2.0).collect();
    assert!((product(&logs, &logs) / (log_sd * log_sd) - 1.0).abs() < 4.0 * 2f64.sqrt() / root_n);
}

/// The market factor that sources load on is the standardised sum of the market's days: when the
/// loading is 1, a source fires on exactly the paths with the worst market.
#[test]
fn sources_and_noise_share_the_market_factor() {
    let network = Sketch::new()
        .asset("a", AssetKind::Lst)
        .operator("op", "Op")
        .holding("a", "op", "ETH", 1.0)
        .network()
        .unwrap();
    let toml = format!(
        "{}\n[[source]]\nkind = \"validator_incident\"\ntarget = {{ operator = \"*\" }}\nrate = 2.0\n\
         severity = 0.5\nloadings = {{ market = 1.0 }}\n",
        NOISE
            .replace("beta_market = 0.6", "beta_market = 1.0")
            .replace("kappa = 0.25", "kappa = 0.0")
    );
    let model = model(&network, &toml);
    let layout = model.layout();
    let paths: Vec<u64> = (0..20_000).collect();
    let records = replay(&model, &paths, |record| record);
    let fired = |row: &[f64]| row[layout.system(Figure::Events)] > 0.0;
    // With kappa 0 and beta 1 the discount is sigma sqrt(H) times the factor, up to the floor.
    let discount = |row: &[f64]| {
        let nav = 1.0 - row[layout.asset(0, AssetFigure::NavLoss)];
        1.0 - (1.0 - row[layout.asset(0, AssetFigure::MarketLoss)]) / nav
    };
    let best_fired = records
        .iter()
        .filter(|r| fired(&r.figures))
        .map(|r| discount(&r.figures))
        .fold(f64::MAX, f64::min);
    let worst_quiet = records
        .iter()
        .filter(|r| !fired(&r.figures))
        .map(|r| discount(&r.figures))
        .fold(f64::MIN, f64::max);
    assert!(records.iter().any(|r| fired(&r.figures)));
    assert!(worst_quiet <= best_fired + 1e-12, "{worst_quiet} {best_fired}");
}
