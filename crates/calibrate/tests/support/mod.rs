//! Series of known parameters, written and fitted as a user's would be.

#![allow(dead_code, reason = "not every test binary needs every helper")]
#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use slashfall_calibrate::noise::{
    AssetRequest, JumpRule, NavRule, NoiseFit, NoiseRequest, Window, fit_noise,
};

pub(crate) const RULE: JumpRule = JumpRule { mads: 8.0, floor: 0.0, cluster_days: 7 };

/// What to ask of a file with the columns `ETH` and `x`.
pub(crate) fn request(prices: PathBuf, nav: NavRule) -> NoiseRequest {
    NoiseRequest {
        prices,
        numeraire: "ETH".into(),
        assets: vec![AssetRequest { asset: "x".into(), column: "x".into(), nav }],
        nav: None,
        window: Window::default(),
        jumps: RULE,
    }
}

/// Writes prices in dollars by day, of ETH and of the asset in ETH, and fits them.
pub(crate) fn fit(dir: &Path, nav: NavRule, eth: &[f64], price_eth: &[f64]) -> NoiseFit {
    let file = dir.join("prices.csv");
    let first = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    let mut text = String::from("date,ETH,x\n");
    for ((day, eth), price) in first.iter_days().zip(eth).zip(price_eth) {
        writeln!(text, "{day},{eth:?},{:?}", eth * price).unwrap();
    }
    std::fs::write(&file, text).unwrap();
    fit_noise(&request(file, nav)).unwrap().remove(0)
}

/// The folder of snapshots, if it is there; says so if not.
#[expect(clippy::print_stdout, reason = "who reads the tests is to see what was skipped")]
pub(crate) fn snapshots() -> Option<PathBuf> {
    let data = std::env::var_os("SLASHFALL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    if data.is_dir() {
        return Some(data);
    }
    println!("skipped: no snapshots in {}", data.display());
    None
}
