//! What was observed of each asset: its price over that of ETH, its nav, and the market's days.

use slashfall_graph::{Problem, Problems};

use super::{AssetRequest, NavRule, NoiseRequest};
use crate::series::{Daily, Series};

/// The days of one asset.
pub(super) struct Observed {
    pub(super) asset: AssetRequest,
    /// File of the prices.
    pub(super) file: String,
    /// Price in ETH.
    pub(super) price: Series,
    /// Nav in ETH, where it is given.
    pub(super) nav: Option<Vec<f64>>,
    /// Logarithmic fall of ETH into each day but the first.
    pub(super) market: Vec<f64>,
}

/// Reads the files; everything wrong with any of them is a problem.
pub(super) fn read(request: &NoiseRequest) -> Result<Vec<Observed>, Problems> {
    let mut problems = check(request);
    let prices = Daily::read(&request.prices, request.window, &mut problems);
    let navs = request.nav.as_ref().map(|nav| Daily::read(nav, request.window, &mut problems));
    let mut observed = Vec::new();
    if let Some(prices) = prices {
        let eth = prices.column(&request.numeraire, &mut problems);
        let has_eth = prices.has(&request.numeraire);
        for asset in &request.assets {
            let by_day = prices.column(&asset.column, &mut problems);
            if !prices.has(&asset.column) || !has_eth {
                continue;
            }
            let series = prices.whole(&asset.column, &by_day, &mut problems);
            let Some(usd) = series else { continue };
            let eth = usd.beside(&prices, &request.numeraire, &eth, &mut problems);
            let nav = match (&asset.nav, &navs) {
                (NavRule::File, Some(Some(navs))) => {
                    read_nav(navs, &asset.column, &usd, &mut problems)
                }
                _ => None,
            };
            let Some(eth) = eth else { continue };
            observed.push(observe(request, asset, &usd, &eth, nav));
        }
    }
    problems.or_ok(observed)
}

fn read_nav(
    navs: &Daily,
    column: &str,
    price: &Series,
    problems: &mut Problems,
) -> Option<Vec<f64>> {
    let by_day = navs.column(column, problems);
    if navs.has(column) { price.beside(navs, column, &by_day, problems) } else { None }
}

fn observe(
    request: &NoiseRequest,
    asset: &AssetRequest,
    price: &Series,
    eth: &[f64],
    nav: Option<Vec<f64>>,
) -> Observed {
    let values = price.values.iter().zip(eth).map(|(price, eth)| price / eth).collect();
    Observed {
        asset: asset.clone(),
        file: request.prices.display().to_string(),
        price: Series { values, first: price.first },
        nav,
        market: eth.windows(2).map(|pair| (pair[0] / pair[1]).ln()).collect(),
    }
}

/// What is wrong with the request itself.
fn check(request: &NoiseRequest) -> Problems {
    let mut problems = Problems::default();
    let option = |key: &str, value: String, expected: &str| {
        Problem::new("command line", expected).key(key).value(value)
    };
    let jumps = &request.jumps;
    if !(jumps.mads >= 3.0 && jumps.mads.is_finite()) {
        let expected = "3 or more was expected, or noise is taken for jumps";
        problems.push(option("--jump-mads", jumps.mads.to_string(), expected));
    }
    if !(0.0..1.0).contains(&jumps.floor) {
        let expected = "a fraction, from 0 to below 1, was expected";
        problems.push(option("--jump-floor", jumps.floor.to_string(), expected));
    }
    for (i, asset) in request.assets.iter().enumerate() {
        if request.assets[..i].iter().any(|before| before.asset == asset.asset) {
            let expected = "every asset was expected once";
            problems.push(option("--asset", asset.asset.clone(), expected));
        }
        if asset.nav == NavRule::File && request.nav.is_none() {
            let expected = "a nav was expected, by --nav FILE, --nav-one NAME or --nav-trend NAME";
            problems.push(option("--asset", asset.asset.clone(), expected));
        }
    }
    problems
}
