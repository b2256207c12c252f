//! Pools come back from quotes: those that the engine's own curves pay, to a millionth; from noisy
//! ones, with the errors that are stated; and what real quotes say stays what it is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use slashfall_calibrate::pools::{PoolFit, PoolRequest, fit_pool, plot, table};
use slashfall_cascade::PriceCurve;
use slashfall_graph::spec::Invariant;
use slashfall_graph::{AssetId, Pool};
use support::snapshots;

const NAV: f64 = 1.15;
const FEE: f64 = 0.000_4;
const RESERVES: [f64; 2] = [12_000.0, 9_000.0];

fn pool(invariant: Invariant, amplification: f64) -> Pool {
    Pool {
        name: "p".into(),
        asset: AssetId::new(0),
        invariant,
        reserve_units: RESERVES[0],
        reserve_eth: RESERVES[1],
        amplification,
        fee: FEE,
    }
}

fn request(quotes: PathBuf, invariant: Invariant) -> PoolRequest {
    PoolRequest {
        quotes,
        pool: "p".into(),
        asset: "stETH".into(),
        token: "W".into(),
        eth: "WETH".into(),
        nav: NAV,
        fee: FEE,
        invariant,
        reserves: None,
    }
}

/// Quotes of sales that the engine's curve pays, each off by `noise(i)`.
fn quotes(dir: &Path, pool: &Pool, mut noise: impl FnMut() -> f64) -> PathBuf {
    let curve = PriceCurve::new(&[pool], 1.0);
    let mut text =
        String::from("src,dst,in_amount,out_amount\nUSDC,WETH,1,bad pairs are not read\n");
    for i in 0..120 {
        let worth = 2.0 * (9_000.0_f64).powf(f64::from(i) / 119.0);
        let paid = curve.proceeds(0.0, worth) * noise().exp();
        writeln!(text, "W,WETH,{:?},{paid:?}", worth / NAV).unwrap();
    }
    let file = dir.join("quotes.csv");
    std::fs::write(&file, text).unwrap();
    file
}

fn near(value: f64, truth: f64, tolerance: f64) -> bool {
    (value / truth - 1.0).abs() < tolerance
}

#[test]
fn pools_of_the_engine_come_back_exactly() {
    let dir = tempfile::tempdir().unwrap();
    for a in [0.5, 30.0, 400.0] {
        let file = quotes(dir.path(), &pool(Invariant::Stableswap, a), || 0.0);
        let mut request = request(file, Invariant::Stableswap);
        let fit = fit_pool(&request).unwrap();
        assert!(near(fit.row.reserve_asset_eth, RESERVES[0], 1e-6), "{a}: {:?}", fit.row);
        assert!(near(fit.row.reserve_eth, RESERVES[1], 1e-6), "{a}: {:?}", fit.row);
        assert!(near(fit.row.amplification, a, 1e-6), "{a}: {:?}", fit.row);
        request.reserves = Some(RESERVES);
        let fit = fit_pool(&request).unwrap();
        assert!(near(fit.row.amplification, a, 1e-6) && fit.reserve_eth_std_err.is_none());
    }
    let file = quotes(dir.path(), &pool(Invariant::ConstantProduct, 100.0), || 0.0);
    let fit = fit_pool(&request(file, Invariant::ConstantProduct)).unwrap();
    assert!(near(fit.row.reserve_asset_eth, RESERVES[0], 1e-6), "{:?}", fit.row);
    assert!(near(fit.row.reserve_eth, RESERVES[1], 1e-6), "{:?}", fit.row);
    let csv = String::from_utf8(table(&fit).unwrap()).unwrap();
    let header = "pool,asset,invariant,reserve_asset_eth,reserve_eth,amplification,fee";
    assert_eq!(csv.lines().next(), Some(header));
}

#[test]
fn stated_errors_are_the_spread_of_many_fits() {
    let dir = tempfile::tempdir().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let pool = pool(Invariant::ConstantProduct, 100.0);
    let fits: Vec<PoolFit> = (0..200)
        .map(|_| {
            let noise = || -> f64 { 1e-3 * rng.sample::<f64, _>(StandardNormal) };
            let file = quotes(dir.path(), &pool, noise);
            fit_pool(&request(file, Invariant::ConstantProduct)).unwrap()
        })
        .collect();
    let check = |name: &str, truth: f64, pick: &dyn Fn(&PoolFit) -> (f64, f64)| {
        let n = fits.len() as f64;
        let mean = fits.iter().map(|fit| pick(fit).0).sum::<f64>() / n;
        let stated = fits.iter().map(|fit| pick(fit).1).sum::<f64>() / n;
        let squares = fits.iter().map(|fit| (pick(fit).0 - mean).powi(2)).sum::<f64>();
        let spread = (squares / (n - 1.0)).sqrt();
        assert!((mean - truth).abs() < 4.5 * spread / n.sqrt(), "{name}: {mean} ± {spread}");
        assert!((spread / stated - 1.0).abs() < 0.15, "{name}: {spread}, stated {stated}");
    };
    check("asset", RESERVES[0], &|fit| {
        (fit.row.reserve_asset_eth, fit.reserve_asset_std_err.unwrap())
    });
    check("ETH", RESERVES[1], &|fit| (fit.row.reserve_eth, fit.reserve_eth_std_err.unwrap()));
}

/// What a router of November 2023 quotes for wstETH is one effective StableSwap pool within 1.1 %.
#[test]
fn real_quotes_keep_their_values() {
    let Some(data) = snapshots() else { return };
    let file = data.join("dex_quotes_2023-11/quotes.csv");
    let real = PoolRequest {
        token: "wstETH".into(),
        nav: 1.1469,
        fee: 0.0,
        ..request(file, Invariant::Stableswap)
    };
    let fit = fit_pool(&real).unwrap();
    assert_eq!((fit.quotes.len(), fit.rounds), (680, 17));
    assert!(near(fit.row.reserve_asset_eth, 92_638.3, 1e-3), "{:?}", fit.row);
    assert!(near(fit.row.reserve_eth, 83_127.6, 1e-3), "{:?}", fit.row);
    assert!(near(fit.row.amplification, 190.41, 1e-2), "{:?}", fit.row);
    assert!(fit.residual < 0.001_5, "{}", fit.residual);
    let svg = plot(&fit).unwrap();
    for part in ["amount in, ETH", "out over in", "quotes less fit", "fitted, asset sold"] {
        assert!(svg.contains(part), "{part:?} is not in the picture");
    }
}
