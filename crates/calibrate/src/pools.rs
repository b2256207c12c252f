//! Quotes say how deep a market is: this fits the pool that would give them, in the engine's own
//! invariants (section 6.6 of `docs/model.md`).
//!
//! What a router quotes has gone through many venues and tokens. What is fitted is then one effective
//! pool that answers a sale as all of them did together on that day; its reserves are nobody's.

mod invariant;
mod quotes;

use std::path::PathBuf;

use slashfall_graph::spec::{Invariant, PoolRow};
use slashfall_graph::{Problem, Problems, pools_csv};

use crate::least_squares::{Fit, least_squares, sum_of_squares};
use invariant::out;
pub use quotes::FittedQuote;
use quotes::{Quote, read_quotes};

/// What to fit, and what no quote says.
#[derive(Clone, Debug)]
pub struct PoolRequest {
    /// Quotes: `src`, `dst`, `in_amount`, `out_amount` in whole tokens; `timestamp` in seconds, where
    /// there is one, tells which were asked for together.
    pub quotes: PathBuf,
    /// Name of the pool.
    pub pool: String,
    /// Name of the asset in networks.
    pub asset: String,
    /// The asset's token in the file.
    pub token: String,
    /// The token of ETH in the file.
    pub eth: String,
    /// ETH of nav behind one token on that day.
    pub nav: f64,
    /// Fee, a fraction of what is paid out: quotes do not tell it from the price.
    pub fee: f64,
    /// How the pool prices.
    pub invariant: Invariant,
    /// Reserves of the asset (value) and of ETH, where they are known.
    pub reserves: Option<[f64; 2]>,
}

/// A fitted pool.
#[derive(Clone, Debug)]
pub struct PoolFit {
    /// The row of the table `pools`.
    pub row: PoolRow,
    /// Standard error of the reserve of the asset; none where that was given.
    pub reserve_asset_std_err: Option<f64>,
    /// Standard error of the reserve of ETH; none where that was given.
    pub reserve_eth_std_err: Option<f64>,
    /// Standard error of the amplification; none of a constant product.
    pub amplification_std_err: Option<f64>,
    /// Quotes with what the pool would have paid.
    pub quotes: Vec<FittedQuote>,
    /// Rounds of quotes that errors take for independent of one another.
    pub rounds: usize,
    /// Root mean square of the logarithms of quote over fit.
    pub residual: f64,
    /// Index of the quote that is furthest off.
    pub worst: usize,
}

/// Fewest quotes that a pool is fitted to.
const MIN_QUOTES: usize = 10;

/// Bounds of amplification in networks.
const AMPLIFICATION: std::ops::RangeInclusive<f64> = 0.01..=1e6;

/// Amplifications that searches start from.
const STARTS: [f64; 4] = [1.0, 10.0, 100.0, 1_000.0];

/// Starts that are searched from: those with the least squares of all.
const TRIED: usize = 3;

/// Reserves that searches start from, over the largest amount of the quotes.
const SIZES: [f64; 4] = [0.7, 1.5, 5.0, 50.0];

/// Fits the pool.
///
/// Least squares of the logarithm of quote over fit, so that a quote counts alike whatever its
/// amount; parameters are logarithms too and so above 0.
///
/// # Errors
/// Everything that is wrong with the file or the request, and quotes that do not tell the parameters
/// apart.
pub fn fit_pool(request: &PoolRequest) -> Result<PoolFit, Problems> {
    let mut problems = check(request);
    let quotes = read_quotes(request, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let file = request.quotes.display().to_string();
    if quotes.len() < MIN_QUOTES {
        let expected = format!(
            "at least {MIN_QUOTES} quotes between {} and {} were expected",
            request.token, request.eth
        );
        return Err(Problem::new(file, expected).value(quotes.len().to_string()).into());
    }
    let untold = || Problem::new(file.clone(), UNTOLD);
    let fitted = match (request.invariant, request.reserves) {
        (Invariant::ConstantProduct, _) => constant_product(request, &quotes),
        (Invariant::Stableswap, Some(reserves)) => amplification(request, &quotes, reserves),
        (Invariant::Stableswap, None) => stableswap(request, &quotes),
    };
    let fit = fitted.ok_or_else(untold)?;
    Ok(if AMPLIFICATION.contains(&fit.row.amplification) { fit } else { Err(untold())? })
}

const UNTOLD: &str = "quotes that tell the parameters apart were expected: larger amounts, the \
                      other invariant, or --reserves";

fn check(request: &PoolRequest) -> Problems {
    let mut problems = Problems::default();
    let mut expect = |holds: bool, key: &str, value: String, expected: &str| {
        if !holds {
            problems.push(Problem::new("command line", expected).key(key).value(value));
        }
    };
    let is_amount = |x: f64| x.is_finite() && x >= 1e-6;
    let nav = request.nav;
    expect(is_amount(nav), "--nav", nav.to_string(), "ETH a token, above 0, was expected");
    let fee = request.fee;
    expect((0.0..1.0).contains(&fee), "--fee", fee.to_string(), "a fraction below 1 was expected");
    if let Some(reserves) = request.reserves {
        let text = format!("{},{}", reserves[0], reserves[1]);
        let expected = "two amounts of ETH, at least 0.000001, were expected";
        expect(reserves.into_iter().all(is_amount), "--reserves", text.clone(), expected);
        let expected = "no reserves were expected: of a constant product nothing is left to fit";
        expect(request.invariant == Invariant::Stableswap, "--reserves", text, expected);
    }
    problems
}

/// A pool by the logarithms of its parameters.
#[derive(Clone, Copy, Debug)]
struct Shape {
    reserves: [f64; 2],
    amplification: Option<f64>,
}

fn constant_product(request: &PoolRequest, quotes: &[Quote]) -> Option<PoolFit> {
    let shape = |p: &[f64; 2]| Shape { reserves: p.map(f64::exp), amplification: None };
    let largest = largest(quotes);
    let starts = SIZES.map(|size| [(size * largest).ln(); 2]);
    let fit = best(&starts, |p| residuals(request, quotes, shape(p)))?;
    let [asset, eth] = fit.std_errs(2, &rounds(quotes))?;
    let shape = shape(&fit.parameters);
    Some(tell(request, quotes, shape, [Some(asset), Some(eth), None]))
}

fn stableswap(request: &PoolRequest, quotes: &[Quote]) -> Option<PoolFit> {
    let shape = |p: &[f64; 3]| Shape {
        reserves: [p[0].exp(), p[1].exp()],
        amplification: Some(p[2].exp()),
    };
    let largest = largest(quotes);
    let start = |size: f64, a: f64| [(size * largest).ln(), (size * largest).ln(), a.ln()];
    let starts: Vec<_> = SIZES.iter().flat_map(|s| STARTS.map(|a| start(*s, a))).collect();
    let fit = best(&starts, |p| residuals(request, quotes, shape(p)))?;
    let errors = fit.std_errs(3, &rounds(quotes))?;
    Some(tell(request, quotes, shape(&fit.parameters), errors.map(Some)))
}

fn amplification(request: &PoolRequest, quotes: &[Quote], reserves: [f64; 2]) -> Option<PoolFit> {
    let shape = |p: &[f64; 1]| Shape { reserves, amplification: Some(p[0].exp()) };
    let starts = STARTS.map(|a| [a.ln()]);
    let fit = best(&starts, |p| residuals(request, quotes, shape(p)))?;
    let [error] = fit.std_errs(1, &rounds(quotes))?;
    Some(tell(request, quotes, shape(&fit.parameters), [None, None, Some(error)]))
}

fn largest(quotes: &[Quote]) -> f64 {
    quotes.iter().map(|quote| quote.in_eth.max(quote.out_eth)).fold(0.0, f64::max)
}

fn rounds(quotes: &[Quote]) -> Vec<usize> {
    quotes.iter().map(|quote| quote.round).collect()
}

/// The best of the minima that the likeliest starts lead to.
fn best<const P: usize>(
    starts: &[[f64; P]],
    residuals: impl Fn(&[f64; P]) -> Vec<f64>,
) -> Option<Fit<P>> {
    let mut starts: Vec<(f64, &[f64; P])> =
        starts.iter().map(|start| (sum_of_squares(&residuals(start)), start)).collect();
    starts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let fits = starts.iter().take(TRIED).map(|(_, start)| least_squares(**start, &residuals));
    fits.min_by(|a, b| a.variance(0).total_cmp(&b.variance(0)))
}

fn residuals(request: &PoolRequest, quotes: &[Quote], shape: Shape) -> Vec<f64> {
    quotes.iter().map(|quote| (fitted_out(request, quote, shape) / quote.out_eth).ln()).collect()
}

fn fitted_out(request: &PoolRequest, quote: &Quote, shape: Shape) -> f64 {
    let [asset, eth] = shape.reserves;
    let (from, to) = if quote.sells { (asset, eth) } else { (eth, asset) };
    (1.0 - request.fee) * out(from, to, shape.amplification, quote.in_eth)
}

/// The result; `relative` are the errors of the logarithms.
fn tell(
    request: &PoolRequest,
    quotes: &[Quote],
    shape: Shape,
    relative: [Option<f64>; 3],
) -> PoolFit {
    let [reserve_asset_eth, reserve_eth] = shape.reserves;
    let amplification = shape.amplification.unwrap_or(100.0);
    let left = residuals(request, quotes, shape);
    let by_size = |a: &usize, b: &usize| left[*a].abs().total_cmp(&left[*b].abs());
    let squares = sum_of_squares(&left);
    PoolFit {
        row: PoolRow {
            pool: request.pool.clone(),
            asset: request.asset.clone(),
            invariant: request.invariant,
            reserve_asset_eth,
            reserve_eth,
            amplification,
            fee: request.fee,
        },
        reserve_asset_std_err: relative[0].map(|r| r * reserve_asset_eth),
        reserve_eth_std_err: relative[1].map(|r| r * reserve_eth),
        amplification_std_err: relative[2].map(|r| r * amplification),
        quotes: quotes
            .iter()
            .map(|quote| quote.fitted(fitted_out(request, quote, shape)))
            .collect(),
        rounds: rounds(quotes).chunk_by(|a, b| a == b).count(),
        residual: (squares / left.len() as f64).sqrt(),
        worst: (0..left.len()).max_by(by_size).unwrap_or_default(),
    }
}

/// The table `pools` of a network folder with one row.
///
/// # Errors
/// None in practice: the row is written to memory.
pub fn table(fit: &PoolFit) -> std::io::Result<Vec<u8>> {
    pools_csv(std::slice::from_ref(&fit.row))
}

/// The picture of a fit, as SVG.
///
/// # Errors
/// What the drawing library reports; nothing is known that makes it.
pub fn plot(fit: &PoolFit) -> Result<String, String> {
    crate::plot::pool(fit).map_err(|error| error.to_string())
}
