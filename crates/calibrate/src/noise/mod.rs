//! Prices say how discounts wander, jump and heal: this fits the engine's own law of them (section
//! 3.5 of `docs/model.md`), asset by asset, and says what the law does not have.

mod depeg;
mod fit;
mod fragment;
mod nav;
mod panic;
mod read;

use std::path::PathBuf;

use chrono::NaiveDate;
use slashfall_graph::Problems;

pub use crate::series::Window;
pub use depeg::{Depeg, Severity};
pub use fragment::fragment;

/// What to fit, and what no price file says.
#[derive(Clone, Debug)]
pub struct NoiseRequest {
    /// Daily prices: `date` and a column an asset, all in one currency.
    pub prices: PathBuf,
    /// Column of ETH.
    pub numeraire: String,
    /// Assets.
    pub assets: Vec<AssetRequest>,
    /// Nav of assets in ETH by day: `date` and columns named as those of the prices.
    pub nav: Option<PathBuf>,
    /// The days that are looked at.
    pub window: Window,
    /// How a jump is told from the ordinary.
    pub jumps: JumpRule,
}

/// An asset to fit.
#[derive(Clone, Debug)]
pub struct AssetRequest {
    /// Name in networks.
    pub asset: String,
    /// Column of its price.
    pub column: String,
    /// Where its nav comes from.
    pub nav: NavRule,
}

/// Where the nav of an asset comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NavRule {
    /// The nav file.
    File,
    /// It is 1, as of a token that rebases.
    One,
    /// Its logarithm is a line in time, which is fitted with the noise. What the price is below nav
    /// on average over all days is then taken for nav, and a yield that changes for noise.
    Trend,
}

/// How a jump is told from the ordinary.
#[derive(Clone, Copy, Debug)]
pub struct JumpRule {
    /// A day's surprise beyond this many median absolute deviations, each scaled by 1.4826 so that of
    /// normal noise it is the standard deviation, is a jump.
    pub mads: f64,
    /// Nor is it one below this, a fraction.
    pub floor: f64,
    /// Jumps at most this many days apart are one event.
    pub cluster_days: usize,
}

/// A parameter and its standard error, where the data tell one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its standard error.
    pub std_err: f64,
}

/// What was found of one asset.
#[derive(Clone, Debug)]
pub struct NoiseFit {
    /// Name.
    pub asset: String,
    /// Column of its price.
    pub column: String,
    /// First and last day.
    pub days: [NaiveDate; 2],
    /// Where the nav came from.
    pub nav: NavRule,
    /// Growth of nav a year, of a fitted trend.
    pub nav_growth: Option<Estimate>,
    /// Standard deviation of a day's ordinary noise.
    pub sigma_daily: Estimate,
    /// Speed of reversion a day, less its small-sample bias.
    pub kappa: Estimate,
    /// What maximum likelihood says before the bias is taken off.
    pub kappa_raw: f64,
    /// Correlation of the day's noise with the fall of ETH, where that moves.
    pub beta_market: Option<Estimate>,
    /// Speed at which panics heal a day, where there was one.
    pub panic_kappa: Option<Estimate>,
    /// Panics.
    pub depeg: Depeg,
    /// What the law does not say, and what weakens the fit: one sentence each.
    pub notes: Vec<String>,
    /// `1 - price / nav` by day.
    pub discounts: Vec<f64>,
    /// Of it the panic.
    pub panic: Vec<f64>,
    /// Residuals of the days without a jump over `sigma_daily`.
    pub standardised: Vec<f64>,
}

/// Fits every asset asked for.
///
/// # Errors
/// Everything that is wrong with the files and with the request.
pub fn fit_noise(request: &NoiseRequest) -> Result<Vec<NoiseFit>, Problems> {
    let observed = read::read(request)?;
    let mut problems = Problems::default();
    let fits =
        observed.iter().filter_map(|one| fit::fit(one, request.jumps, &mut problems)).collect();
    problems.or_ok(fits)
}

/// The picture of a fit, as SVG.
///
/// # Errors
/// What the drawing library reports; nothing is known that makes it.
pub fn plot(fit: &NoiseFit) -> Result<String, String> {
    crate::plot::noise(fit).map_err(|error| error.to_string())
}
