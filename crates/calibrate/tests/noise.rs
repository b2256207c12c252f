//! Parameters of noise come back: from paths of the engine, and from many short series, whose spread
//! is what the stated errors say; and what real prices say stays what it is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use slashfall_calibrate::noise::{
    Estimate, NavRule, NoiseFit, Severity, fit_noise, fragment, plot,
};
use slashfall_graph::spec::AssetKind;
use slashfall_graph::{Network, Sketch};
use slashfall_sampling::{Node, RunSpec, replay};
use support::{RULE, fit, request, snapshots};

const SIGMA: f64 = 0.001;
const KAPPA: f64 = 0.2;
const BETA: f64 = 0.4;
const PANIC: f64 = 0.08;

/// A token, and one that holds nothing but bitcoin, from whose nav the market's days can be read.
fn network() -> Network {
    let market = |row: &mut slashfall_graph::spec::AssetRow| {
        row.vol_annual = 0.5;
        row.beta_market = 1.0;
    };
    let sketch = Sketch::new().asset("BTC", AssetKind::Base).with(market);
    let sketch = sketch.asset("x", AssetKind::Lst).asset("y", AssetKind::Lrt);
    let sketch = sketch.operator("op", "Op").holding("x", "op", "ETH", 100.0);
    sketch.holding("y", "op", "BTC", 100.0).network().unwrap()
}

/// Ten years in which ten sources may fire, each once.
fn run_file() -> String {
    let mut text = format!(
        "name = \"x\"\nnetwork = \".\"\n\
         [run]\nseed = 11\npaths = 8\nhorizon_days = 3650\nlevels = [0.9]\n\
         [dependence]\ncopula = \"independent\"\n\
         [noise.x]\nsigma_daily = {SIGMA}\nkappa = {KAPPA}\nbeta_market = {BETA}\n\
         panic_kappa = {PANIC}\n"
    );
    for id in 0..10 {
        text += &format!(
            "[[source]]\nkind = \"depeg\"\nid = \"{id}\"\ntarget = {{ asset = \"x\" }}\nrate = 0.2\n\
             severity = {{ uniform = [0.02, 0.06] }}\n"
        );
    }
    text
}

/// By how many standard errors an estimate is off.
fn off(estimate: Estimate, truth: f64) -> f64 {
    (estimate.value - truth) / estimate.std_err
}

#[test]
fn parameters_come_back_from_paths_of_the_engine() {
    let network = network();
    let root = Node::parse("run.toml", &run_file()).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap();
    let model = spec.resolve("run.toml", &root, &network).unwrap().swap_remove(0).model;
    let names: Vec<&str> =
        network.wrapped_assets().map(|id| network.asset(id).name.as_str()).collect();
    let of = |name: &str| names.iter().position(|n| *n == name).unwrap();
    let (x, y) = (of("x"), of("y"));
    let paths: Vec<u64> = (0..8).collect();
    let series = replay(&model, &paths, |record| {
        let days = record.record.days;
        let price: Vec<f64> = days.iter().map(|day| day.assets[x].price).collect();
        let eth: Vec<f64> = days.iter().map(|day| 2_000.0 / day.assets[y].nav).collect();
        (eth, price)
    });
    let dir = tempfile::tempdir().unwrap();
    let mut squares = [0.0; 4];
    for (eth, price) in &series {
        let fit = fit(dir.path(), NavRule::One, eth, price);
        let found = [
            off(fit.sigma_daily, SIGMA),
            off(fit.kappa, KAPPA),
            off(fit.beta_market.unwrap(), BETA),
            off(fit.panic_kappa.unwrap(), PANIC),
        ];
        assert!(found.iter().all(|z| z.abs() < 4.5), "{found:?}");
        squares.iter_mut().zip(found).for_each(|(sum, z)| *sum += z * z);
        assert!(fit.depeg.depths.len() >= 4, "{:?}", fit.depeg);
        let room = 5.0 * SIGMA;
        // Two events within a week are told as one.
        assert!(fit.depeg.depths.iter().all(|d| (0.02 - room..0.12 + room).contains(d)));
        assert!((fit.depeg.exposure_years - 3_649.0 / 365.0).abs() < 1e-12);
        // No premium below the floor, no fat tails: nothing is doubted.
        assert!(fit.notes.is_empty(), "{:?}", fit.notes);
    }
    // Squares of eight standard normals: above 31 once in ten thousand.
    assert!(squares.iter().all(|sum| *sum < 31.0 && *sum > 0.5), "{squares:?}");
}

const DAYS: usize = 1_000;
const JUMPS: [usize; 6] = [100, 240, 410, 560, 700, 905];

/// The law of section 3.5 of the model, day by day.
fn simulate(rng: &mut ChaCha8Rng) -> (Vec<f64>, Vec<f64>) {
    let (mut d, mut j, mut eth) = (0.0_f64, 0.0_f64, 2_000.0_f64);
    let mut series = (Vec::new(), Vec::new());
    for day in 0..DAYS {
        let (y, e): (f64, f64) = (rng.sample(StandardNormal), rng.sample(StandardNormal));
        let z = BETA * y + (1.0 - BETA * BETA).sqrt() * e;
        d = (d * (-KAPPA).exp() + SIGMA * z).max(-0.02);
        j = j * (-PANIC).exp() + if JUMPS.contains(&day) { 0.03 } else { 0.0 };
        eth *= (-0.03 * y).exp();
        series.0.push(eth);
        series.1.push(1.0 - d - j);
    }
    series
}

/// Mean, deviation and mean stated error of a parameter.
fn summary(estimates: &[Estimate]) -> (f64, f64, f64) {
    let n = estimates.len() as f64;
    let mean = estimates.iter().map(|e| e.value).sum::<f64>() / n;
    let variance = estimates.iter().map(|e| (e.value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt(), estimates.iter().map(|e| e.std_err).sum::<f64>() / n)
}

fn fits(nav: NavRule, scale: impl Fn(usize) -> f64) -> Vec<NoiseFit> {
    let dir = tempfile::tempdir().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(20_261_129);
    (0..200)
        .map(|_| {
            let (eth, price) = simulate(&mut rng);
            let price: Vec<f64> = price.iter().enumerate().map(|(t, p)| p * scale(t)).collect();
            fit(dir.path(), nav, &eth, &price)
        })
        .collect()
}

/// Truth within 4.5 errors of the mean of 200, and the spread within 15 % of what is stated.
#[track_caller]
fn check(name: &str, estimates: &[Estimate], truth: f64) {
    let (mean, spread, stated) = summary(estimates);
    let off = (mean - truth) / (spread / (estimates.len() as f64).sqrt());
    assert!(off.abs() < 4.5, "{name}: {mean} is {off:.1} errors from {truth}");
    assert!((spread / stated - 1.0).abs() < 0.15, "{name}: {spread}, stated {stated}");
}

#[test]
fn stated_errors_are_the_spread_of_many_series() {
    let fits = fits(NavRule::One, |_| 1.0);
    let of = |pick: fn(&NoiseFit) -> Estimate| -> Vec<Estimate> { fits.iter().map(pick).collect() };
    check("sigma", &of(|fit| fit.sigma_daily), SIGMA);
    check("kappa", &of(|fit| fit.kappa), KAPPA);
    check("beta", &of(|fit| fit.beta_market.unwrap()), BETA);
    check("panic", &of(|fit| fit.panic_kappa.unwrap()), PANIC);
    for fit in &fits {
        assert_eq!(fit.depeg.starts, JUMPS);
        assert!(fit.depeg.depths.iter().all(|depth| (depth - 0.03).abs() < 5.0 * SIGMA));
        assert_eq!(fit.depeg.severity, Some(Severity::Empirical));
    }
    // The bias that is taken off is there: without it the mean would be this far from the truth.
    let raw = fits.iter().map(|fit| fit.kappa_raw).sum::<f64>() / 200.0 - KAPPA;
    let taken = fits.iter().map(|fit| fit.kappa_raw - fit.kappa.value).sum::<f64>() / 200.0;
    assert!(raw > 0.0 && (taken - 2.25e-3).abs() < 1e-4, "{raw}, {taken}");
}

#[test]
fn a_trend_of_nav_is_found_with_the_noise() {
    let growth = 0.035_f64;
    let fits = fits(NavRule::Trend, |t| 1.1 * (growth.ln_1p() * t as f64 / 365.0).exp());
    check("growth", &fits.iter().map(|fit| fit.nav_growth.unwrap()).collect::<Vec<_>>(), growth);
    check("kappa", &fits.iter().map(|fit| fit.kappa).collect::<Vec<_>>(), KAPPA);
    check("sigma", &fits.iter().map(|fit| fit.sigma_daily).collect::<Vec<_>>(), SIGMA);
    check("panic", &fits.iter().map(|fit| fit.panic_kappa.unwrap()).collect::<Vec<_>>(), PANIC);
}

/// A fit as a person sees it.
#[test]
fn the_picture_names_its_axes() {
    let (eth, price) = simulate(&mut ChaCha8Rng::seed_from_u64(1));
    let dir = tempfile::tempdir().unwrap();
    let fit = fit(dir.path(), NavRule::One, &eth, &price);
    let svg = plot(&fit).unwrap();
    for part in [
        "<svg",
        "x: discount to nav, 2020-01-01 to 2022-09-26",
        "discount, % of nav",
        "2020-01-01",
        "normal quantile",
        "residual over sigma_daily",
        "a panic begins",
    ] {
        assert!(svg.contains(part), "{part:?} is not in the picture");
    }
    assert!(svg.matches("<circle").count() > DAYS - JUMPS.len() - 1);
    let text = fragment(&request(dir.path().join("prices.csv"), NavRule::One), &[fit]);
    let read: toml::Table = text.parse().unwrap();
    assert!(read["noise"]["x"]["sigma_daily"].as_float().unwrap() > 0.0);
    assert_eq!(read["source"][0]["rate"]["events"].as_integer(), Some(6));
}

/// What the snapshot of daily closes says; a change of these is a change of results.
#[test]
fn real_prices_keep_their_values() {
    let Some(data) = snapshots() else { return };
    let mut request = request(data.join("prices_daily/close_usd.csv"), NavRule::One);
    request.assets[0].column = "STETH".into();
    request.window.from = "2022-01-01".parse().ok();
    assert_eq!(request.jumps.cluster_days, RULE.cluster_days);
    let fit = fit_noise(&request).unwrap().remove(0);
    let near = |value: f64, pinned: f64| (value / pinned - 1.0).abs() < 1e-4;
    assert!(near(fit.sigma_daily.value, 0.003_197_26), "{:?}", fit.sigma_daily);
    assert!(near(fit.kappa.value, 0.436_205), "{:?}", fit.kappa);
    assert!(near(fit.panic_kappa.unwrap().value, 0.015_350_6), "{:?}", fit.panic_kappa);
    // May and June 2022 (UST, Celsius) and November 2022 (FTX) are among the events.
    let days: Vec<String> = fit
        .depeg
        .starts
        .iter()
        .filter_map(|t| fit.days[0].iter_days().nth(*t))
        .map(|day| day.to_string())
        .collect();
    for day in ["2022-05-12", "2022-06-10", "2022-11-12"] {
        assert!(days.iter().any(|d| d == day), "{days:?}");
    }
    // The worst close was 6.33 % below ETH, on 2022-06-15.
    let worst = fit.discounts.iter().copied().fold(0.0, f64::max);
    assert!((worst - 0.0633).abs() < 1e-4, "{worst}");
}

/// Day-to-day noise of single closes drowns what carries over: the law is refused, not bent.
#[test]
fn real_prices_that_do_not_carry_over_are_refused() {
    let Some(data) = snapshots() else { return };
    let mut request = request(data.join("prices_daily/close_usd.csv"), NavRule::Trend);
    request.assets[0].column = "WEETH".into();
    let problems = fit_noise(&request).unwrap_err();
    assert!(problems.to_string().contains("a discount that carries over"), "{problems}");
}
