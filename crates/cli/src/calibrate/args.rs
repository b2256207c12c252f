//! The command line of `calibrate` as typed.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args as Arguments, Subcommand, ValueEnum};

use crate::args::local;

#[derive(Debug, Arguments)]
pub(crate) struct Calibrate {
    #[command(subcommand)]
    pub(crate) what: What,
}

/// What to fit.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Discount noise and depegs, from daily prices.
    Noise(Noise),
    /// A pool, from quotes.
    Pools(Pools),
    /// Loans, from positions and the terms of their markets.
    Loans(Loans),
    /// Rates, from counts of events.
    Rates(Rates),
}

#[derive(Debug, Arguments)]
pub(crate) struct Noise {
    /// Daily prices: date, and a column an asset, all in one currency.
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: PathBuf,
    /// Column of ETH in the prices.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) numeraire: String,
    /// An asset and the column of its price, where that has another name; may be given more than once.
    #[arg(long = "asset", value_name = "NAME[=COLUMN]", required = true)]
    pub(crate) assets: Vec<String>,
    /// Navs in ETH by day: date, and columns named as in the prices.
    #[arg(long, value_name = "FILE")]
    pub(crate) nav: Option<PathBuf>,
    /// An asset whose nav is 1: it rebases.
    #[arg(long = "nav-one", value_name = "NAME")]
    pub(crate) nav_one: Vec<String>,
    /// An asset whose nav is a line in time that is fitted: an average discount is lost in it.
    #[arg(long = "nav-trend", value_name = "NAME")]
    pub(crate) nav_trend: Vec<String>,
    /// First day to look at, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<NaiveDate>,
    /// Last day to look at, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Option<NaiveDate>,
    /// Scaled median deviations beyond which a day's rise of the discount is a jump.
    #[arg(long, value_name = "K", default_value_t = 8.0)]
    pub(crate) jump_mads: f64,
    /// Rise of the discount below which none is a jump, a fraction.
    #[arg(long, value_name = "FRACTION", default_value_t = 0.0)]
    pub(crate) jump_floor: f64,
    /// Days apart up to which jumps are one event.
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    pub(crate) cluster_days: u16,
    /// Folder to make: noise.toml, and NAME.svg of each asset.
    #[arg(short, long, value_name = "DIR", value_parser = local())]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Arguments)]
pub(crate) struct Pools {
    /// Quotes: src, dst, in_amount, out_amount; timestamp, where there is one.
    #[arg(long, value_name = "FILE")]
    pub(crate) quotes: PathBuf,
    /// Name of the pool.
    #[arg(long, value_name = "NAME")]
    pub(crate) pool: String,
    /// Name of the asset in networks.
    #[arg(long, value_name = "NAME")]
    pub(crate) asset: String,
    /// The asset's token in the quotes.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: String,
    /// The token of ETH in the quotes.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) eth: String,
    /// ETH of nav behind one token at the time of the quotes.
    #[arg(long, value_name = "ETH")]
    pub(crate) nav: f64,
    /// Fee, a fraction: quotes do not tell it from the price.
    #[arg(long, value_name = "FRACTION")]
    pub(crate) fee: f64,
    /// How the pool prices.
    #[arg(long)]
    pub(crate) invariant: InvariantArgument,
    /// Reserves of a stableswap pool where they are known: the asset (value) and ETH.
    #[arg(long, value_name = "ASSET,ETH", value_delimiter = ',', num_args = 2)]
    pub(crate) reserves: Option<Vec<f64>>,
    /// Folder to make: pools.csv, and pool.svg.
    #[arg(short, long, value_name = "DIR", value_parser = local())]
    pub(crate) output: PathBuf,
}

/// How a pool prices.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum InvariantArgument {
    /// Curve's StableSwap for two coins.
    Stableswap,
    /// The product of the reserves is constant.
    ConstantProduct,
}

#[derive(Debug, Arguments)]
pub(crate) struct Loans {
    /// Positions: market, collateral_eth, debt_eth.
    #[arg(long, value_name = "FILE")]
    pub(crate) positions: PathBuf,
    /// Markets: market, collateral, debt_asset, ltv, liquidation_threshold, liquidation_bonus (or
    /// lltv alone, of Morpho); oracle, close_factor, reserve.
    #[arg(long, value_name = "FILE")]
    pub(crate) markets: PathBuf,
    /// Oracle of markets whose rows do not say.
    #[arg(long)]
    pub(crate) oracle: Option<OracleArgument>,
    /// Close factor of markets whose rows do not say.
    #[arg(long, value_name = "FRACTION")]
    pub(crate) close_factor: Option<f64>,
    /// Health factors at which groups begin and end.
    #[arg(long, value_name = "HF,..", value_delimiter = ',', default_values_t = EDGES)]
    pub(crate) edges: Vec<f64>,
    /// A token that networks have under another name, such as WETH=ETH; may be given more than once.
    #[arg(long, value_name = "OLD=NEW")]
    pub(crate) rename: Vec<String>,
    /// Folder to make: loans.csv.
    #[arg(short, long, value_name = "DIR", value_parser = local())]
    pub(crate) output: PathBuf,
}

/// Close together where a fall of a few percent makes a loan due.
const EDGES: [f64; 11] = [1.0, 1.01, 1.02, 1.035, 1.05, 1.075, 1.1, 1.2, 1.35, 1.6, 2.0];

/// The price that a market believes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OracleArgument {
    /// Nav.
    #[value(name = "exchange_rate")]
    ExchangeRate,
    /// The price in the pools.
    Market,
}

#[derive(Debug, Arguments)]
pub(crate) struct Rates {
    /// Counts: label, events, exposure_years; rows of one label add up.
    #[arg(long, value_name = "FILE")]
    pub(crate) counts: PathBuf,
    /// Folder to make: rates.toml.
    #[arg(short, long, value_name = "DIR", value_parser = local())]
    pub(crate) output: PathBuf,
}
