//! Noise of the market: discounts, base prices and what they have in common, on days without events.

use slashfall_cascade::AssetFigure;
use slashfall_graph::Sketch;
use slashfall_graph::spec::AssetKind;

use crate::outcome::Check;
use crate::play::{BATCH_PATHS, each_batch, resolve, run_file};
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 1] = [Problem {
    name: "market noise",
    source: "Ornstein-Uhlenbeck in steps of a day; geometric Brownian motion",
    is_quick: true,
    solve: noise,
}];

const SIGMA: f64 = 0.001;
const KAPPA: f64 = 0.25;
const BETA: f64 = 0.6;
const VOL: f64 = 0.5;
const DAYS: u32 = 20;

/// Two LSTs on ETH, and an LRT on BTC alone.
fn sketch() -> Sketch {
    Sketch::new()
        .asset("BTC", AssetKind::Base)
        .with(|asset| (asset.vol_annual, asset.beta_market) = (VOL, 0.7))
        .asset("a", AssetKind::Lst)
        .asset("b", AssetKind::Lst)
        .asset("c", AssetKind::Lrt)
        .operator("op", "Op")
        .holding("a", "op", "ETH", 1.0)
        .holding("b", "op", "ETH", 1.0)
        .holding("c", "op", "BTC", 1.0)
}

/// The discount at the horizon has variance `sigma^2 (1 - e^(-2 kappa H)) / (1 - e^(-2 kappa))`, those of
/// two assets the covariance `beta^2` times that; the price of BTC is a martingale, and its logarithm
/// has the variance `vol^2 H / 365`. Errors are those of moments of normal variables.
fn noise(size: Size) -> Answer {
    let network = sketch().network()?;
    let body =
        format!("[noise.default]\nsigma_daily = {SIGMA}\nkappa = {KAPPA}\nbeta_market = {BETA}\n");
    let dependence = "copula = \"gaussian\"\nfactors = [\"market\"]";
    let model = resolve(&network, &run_file(DAYS, dependence, &body))?.model;
    let layout = model.layout();
    let at = |asset, figure| layout.asset(asset, figure);
    let (a, b) = (at(0, AssetFigure::MarketLoss), at(1, AssetFigure::MarketLoss));
    let btc = at(2, AssetFigure::NavLoss);
    let n = size.paths(2_048, 1_048_576);
    let log_variance = VOL * VOL * f64::from(DAYS) / 365.0;
    let mut sums = [0.0; 5];
    each_batch(&model, n, BATCH_PATHS, |batch| {
        for (_, row) in batch.rows() {
            let (x, y, price) = (row[a], row[b], 1.0 - row[btc]);
            let log = price.ln() + 0.5 * log_variance;
            for (sum, term) in sums.iter_mut().zip([x, x * x, x * y, price, log * log]) {
                *sum += term;
            }
        }
    });
    let root_n = (n as f64).sqrt();
    let [mean, square, product, price, log_square] = sums.map(|sum| sum / n as f64);
    let left = (-2.0 * KAPPA).exp();
    let variance = SIGMA * SIGMA * (1.0 - left.powi(DAYS.cast_signed())) / (1.0 - left);
    let covariance = BETA * BETA * variance;
    let spread = (variance * variance + covariance * covariance).sqrt() / root_n;
    let two = 2f64.sqrt() / root_n;
    Ok(vec![
        Check::drawn("mean discount", 0.0, mean, variance.sqrt() / root_n),
        Check::drawn("its variance", variance, square, variance * two),
        Check::drawn("covariance of two assets", covariance, product, spread),
        Check::drawn("mean price of BTC", 1.0, price, log_variance.exp_m1().sqrt() / root_n),
        Check::drawn("variance of its logarithm", log_variance, log_square, log_variance * two),
    ])
}
