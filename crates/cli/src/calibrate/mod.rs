//! `slashfall calibrate`: parameters from observations, with errors, into a folder that holds what a
//! run file or a network takes.

pub(crate) mod args;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use slashfall_calibrate::loans::{LoanRequest, group_loans};
use slashfall_calibrate::noise::{
    AssetRequest, Estimate, JumpRule, NavRule, NoiseFit, NoiseRequest, Window, fit_noise, fragment,
};
use slashfall_calibrate::pools::{PoolFit, PoolRequest, fit_pool};
use slashfall_calibrate::rates::{Method, doubt, rates};
use slashfall_calibrate::{loans, noise, pools, rates as counts};
use slashfall_graph::spec::{Invariant, Oracle};
use slashfall_graph::{Problem, Problems, write_folder};
use slashfall_jobs::number::eth;

use crate::Ending;
use crate::streams::stdout;
use args::{Calibrate, InvariantArgument, Loans, Noise, OracleArgument, Pools, Rates, What};

pub(crate) fn calibrate(args: &Calibrate) -> anyhow::Result<Ending> {
    match &args.what {
        What::Noise(args) => calibrate_noise(args),
        What::Pools(args) => calibrate_pools(args),
        What::Loans(args) => calibrate_loans(args),
        What::Rates(args) => calibrate_rates(args),
    }
}

/// Files by name, all or none of them, and nothing that is there is replaced.
fn write(dir: &Path, files: &[(String, Vec<u8>)]) -> anyhow::Result<()> {
    write_folder(dir, |partial| {
        files.iter().try_for_each(|(name, bytes)| fs::write(partial.join(name), bytes))
    })
    .with_context(|| format!("the results could not be written to {}", dir.display()))
}

fn drawing(error: &str) -> anyhow::Error {
    anyhow::anyhow!("the picture could not be drawn: {error}")
}

fn calibrate_noise(args: &Noise) -> anyhow::Result<Ending> {
    let request = NoiseRequest {
        prices: args.prices.clone(),
        numeraire: args.numeraire.clone(),
        assets: assets(args)?,
        nav: args.nav.clone(),
        window: Window { from: args.from, to: args.to },
        jumps: JumpRule {
            mads: args.jump_mads,
            floor: args.jump_floor,
            cluster_days: usize::from(args.cluster_days),
        },
    };
    let fits = fit_noise(&request)?;
    let mut files = vec![("noise.toml".to_owned(), fragment(&request, &fits).into_bytes())];
    for fit in &fits {
        let svg = noise::plot(fit).map_err(|error| drawing(&error))?;
        files.push((format!("{}.svg", file_name(&fit.asset)), svg.into_bytes()));
    }
    write(&args.output, &files)?;
    let mut out = stdout();
    fits.iter().try_for_each(|fit| tell_noise(&mut out, fit))?;
    writeln!(out, "written to {}", args.output.display())?;
    Ok(Ending::Done)
}

/// A name that is a file's on every system.
fn file_name(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// The assets asked for, each with where its nav comes from.
fn assets(args: &Noise) -> Result<Vec<AssetRequest>, Problems> {
    let mut problems = Problems::default();
    let split = |text: &String| {
        let (asset, column) = text.split_once('=').unwrap_or((text, text));
        (asset.to_owned(), column.to_owned())
    };
    let named: Vec<(String, String)> = args.assets.iter().map(split).collect();
    for (option, names) in [("--nav-one", &args.nav_one), ("--nav-trend", &args.nav_trend)] {
        for name in names.iter().filter(|name| !named.iter().any(|(asset, _)| asset == *name)) {
            let valid = named.iter().map(|(asset, _)| asset.as_str());
            let problem = Problem::new("command line", "an asset given by --asset was expected");
            problems.push(problem.key(option).value(name).nearest_of(valid));
        }
    }
    let asset = |(asset, column): (String, String)| {
        let nav = match (args.nav_one.contains(&asset), args.nav_trend.contains(&asset)) {
            (true, true) => {
                let expected = "one nav was expected, --nav-one or --nav-trend";
                let problem = Problem::new("command line", expected).key("--asset");
                problems.push(problem.value(&asset));
                NavRule::One
            }
            (true, false) => NavRule::One,
            (false, true) => NavRule::Trend,
            (false, false) => NavRule::File,
        };
        AssetRequest { asset, column, nav }
    };
    let assets = named.into_iter().map(asset).collect();
    problems.or_ok(assets)
}

fn tell_noise(out: &mut impl Write, fit: &NoiseFit) -> io::Result<()> {
    let [first, last] = fit.days;
    writeln!(out, "{}: {} days, {first} to {last}", fit.asset, fit.discounts.len())?;
    let mut line = |name: &str, Estimate { value, std_err }: Estimate| {
        writeln!(out, "  {name:<12} {value:>10.6} ± {std_err:.6}")
    };
    line("sigma_daily", fit.sigma_daily)?;
    line("kappa", fit.kappa)?;
    fit.beta_market.map_or(Ok(()), |beta| line("beta_market", beta))?;
    fit.panic_kappa.map_or(Ok(()), |panic| line("panic_kappa", panic))?;
    let depeg = &fit.depeg;
    let worst = depeg.depths.iter().copied().fold(0.0, f64::max);
    writeln!(
        out,
        "  depegs       {} in {:.2} years, the deepest {:.2} %",
        depeg.depths.len(),
        depeg.exposure_years,
        100.0 * worst
    )?;
    fit.notes.iter().try_for_each(|note| writeln!(out, "  note: {note}"))
}

fn calibrate_pools(args: &Pools) -> anyhow::Result<Ending> {
    let request = PoolRequest {
        quotes: args.quotes.clone(),
        pool: args.pool.clone(),
        asset: args.asset.clone(),
        token: args.token.clone(),
        eth: args.eth.clone(),
        nav: args.nav,
        fee: args.fee,
        invariant: match args.invariant {
            InvariantArgument::Stableswap => Invariant::Stableswap,
            InvariantArgument::ConstantProduct => Invariant::ConstantProduct,
        },
        reserves: args.reserves.as_deref().and_then(|given| given.try_into().ok()),
    };
    let fit = fit_pool(&request)?;
    let svg = pools::plot(&fit).map_err(|error| drawing(&error))?;
    let files =
        [("pools.csv".to_owned(), pools::table(&fit)?), ("pool.svg".to_owned(), svg.into_bytes())];
    write(&args.output, &files)?;
    tell_pool(&mut stdout(), &fit)?;
    writeln!(stdout(), "written to {}", args.output.display())?;
    Ok(Ending::Done)
}

fn tell_pool(out: &mut impl Write, fit: &PoolFit) -> io::Result<()> {
    let row = &fit.row;
    writeln!(out, "{}: {} quotes in {} rounds", row.pool, fit.quotes.len(), fit.rounds)?;
    let mut line = |name: &str, value: f64, std_err: Option<f64>| {
        let error = std_err.map_or_else(|| "given".to_owned(), |error| format!("± {error:.4}"));
        writeln!(out, "  {name:<18} {value:>14.4} {error}")
    };
    line("reserve_asset_eth", row.reserve_asset_eth, fit.reserve_asset_std_err)?;
    line("reserve_eth", row.reserve_eth, fit.reserve_eth_std_err)?;
    if row.invariant == Invariant::Stableswap {
        line("amplification", row.amplification, fit.amplification_std_err)?;
    }
    let worst = &fit.quotes[fit.worst];
    writeln!(
        out,
        "  quotes are off by {:.4} % (root mean square); the worst, row {}, {:.4} ETH in, by {:.4} %",
        100.0 * fit.residual,
        worst.row,
        worst.in_eth,
        100.0 * (worst.out_eth / worst.fitted_out_eth - 1.0)
    )?;
    writeln!(
        out,
        "  note: one effective pool that pays as all venues behind the quotes do together, on their day"
    )
}

fn calibrate_loans(args: &Loans) -> anyhow::Result<Ending> {
    let request = LoanRequest {
        markets: args.markets.clone(),
        positions: args.positions.clone(),
        oracle: args.oracle.map(|oracle| match oracle {
            OracleArgument::ExchangeRate => Oracle::ExchangeRate,
            OracleArgument::Market => Oracle::Market,
        }),
        close_factor: args.close_factor,
        edges: args.edges.clone(),
        rename: renames(&args.rename)?,
    };
    let found = group_loans(&request)?;
    write(&args.output, &[("loans.csv".to_owned(), loans::table(&found)?)])?;
    let mut out = stdout();
    writeln!(
        out,
        "{} positions that owe {} ETH are {} loans; health factors within a loan differ by at most {:.2} %",
        found.positions,
        eth(found.debt_eth),
        found.rows.len(),
        100.0 * found.spread
    )?;
    found.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))?;
    writeln!(out, "written to {}", args.output.display())?;
    Ok(Ending::Done)
}

fn renames(given: &[String]) -> Result<Vec<(String, String)>, Problems> {
    let mut problems = Problems::default();
    let split = |text: &String| {
        let pair = text.split_once('=').map(|(old, new)| (old.to_owned(), new.to_owned()));
        if pair.is_none() {
            let problem = Problem::new("command line", "OLD=NEW was expected").key("--rename");
            problems.push(problem.value(text));
        }
        pair
    };
    let pairs = given.iter().filter_map(split).collect();
    problems.or_ok(pairs)
}

fn calibrate_rates(args: &Rates) -> anyhow::Result<Ending> {
    let evidence = rates(&args.counts)?;
    let text = counts::fragment(&evidence).into_bytes();
    write(&args.output, &[("rates.toml".to_owned(), text)])?;
    let mut out = stdout();
    for one in &evidence {
        let [low, high] = one.interval;
        writeln!(
            out,
            "{}: {} events in {} years; mean {:.4} ± {:.4} a year, 95 % of it in {low:.4} to {high:.4}",
            one.label, one.events, one.exposure_years, one.mean, one.std_dev
        )?;
        let Some(test) = &one.dispersion else { continue };
        let method = match test.method {
            Method::Exact => "exact",
            Method::Approximate => "approximate",
        };
        let (rows, df, p) = (one.rows, test.df, test.p_value);
        let chi = test.chi_squared;
        writeln!(
            out,
            "  {rows} rows of one rate: chi-squared {chi:.2} on {df}, p = {p:.4} ({method})"
        )?;
        if let Some(doubt) = doubt(one, test) {
            writeln!(out, "  note: {doubt}")?;
        }
    }
    writeln!(out, "written to {}", args.output.display())?;
    Ok(Ending::Done)
}
