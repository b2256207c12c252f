//! Random networks and paths as written: all by name, so that engine and twin each make of them
//! what they will.

mod change;
mod happenings;
mod network;
mod parameters;
mod venues;

use std::collections::{BTreeMap, BTreeSet};

use happenings::{RawEvent, raw_event};
use network::raw_network;
use parameters::{RawParameters, raw_parameters};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use slashfall_cascade::{
    CascadeParameters, LendingParameters, NoiseParameters, RedemptionParameters,
    SecurityParameters, YieldParameters,
};
use slashfall_graph::spec::{HoldingRow, NetworkSpec};
use venues::raw_venues;

// Names are out of order on purpose: what the engine sorts must not matter, but for AVSs.
const OPERATORS: [&str; 6] = ["o4", "o1", "o6", "o2", "o5", "o3"];
const AVSS: [&str; 5] = ["q", "c", "x", "a", "m"];
const WRAPPED: [&str; 5] = ["kETH", "aETH", "zETH", "bETH", "mETH"];
/// Below this the rewards that a validator misses would be more than it has.
const ACTIVE_ETH_MIN: f64 = 1e5;

/// A path as written.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) spec: NetworkSpec,
    /// In time order.
    pub(crate) happenings: Vec<Happening>,
    pub(crate) horizon_days: u32,
    pub(crate) total_active_eth: f64,
    pub(crate) exit_queue_eth: f64,
    /// By wrapped asset.
    pub(crate) noise: BTreeMap<String, NoiseParameters>,
    /// By wrapped asset.
    pub(crate) redemption: BTreeMap<String, RedemptionParameters>,
    pub(crate) security: SecurityParameters,
    pub(crate) cascade: CascadeParameters,
    pub(crate) lending: LendingParameters,
    pub(crate) yields: YieldParameters,
    /// By AVS.
    pub(crate) attack_uniform: BTreeMap<String, f64>,
    /// One standard normal an asset, day by day; no days when nothing moves by itself.
    pub(crate) z: Vec<BTreeMap<String, f64>>,
}

/// An event as written.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) tau_days: f64,
    pub(crate) severity: f64,
    pub(crate) what: What,
}

/// Operators hit, and the share of each.
pub(crate) type Hits = Vec<(String, f64)>;

/// What happens, and to whom.
#[derive(Clone, Debug)]
pub(crate) enum What {
    SlashByAvs { avs: String, hits: Hits },
    SlashOperator { reach_all: bool, hits: Hits },
    SlashValidators { background: f64, hits: Hits },
    Outage { background: f64, hits: Hits },
    Exploit { asset: String, sale_days: u32 },
    UnbackedMint { asset: String, pledge_share: f64 },
    Depeg { asset: String, flight: f64 },
    WithdrawSupply { reserve: String },
}

/// Random paths of random networks.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let days = (1u32..46, weighted(0.6, any::<u64>()));
    let chain = prop_oneof![3 => 1.0..4.0f64, 1 => Just(1_000.0)];
    let what = (vec(raw_event(), 0..9), days, chain);
    ((raw_network(), raw_venues()), what, raw_parameters()).prop_map(
        |((network, venues), (events, (horizon_days, seed), active), parameters)| {
            let spec = venues.open(network.spec());
            case(spec, &events, horizon_days, seed, active, parameters)
        },
    )
}

fn case(
    spec: NetworkSpec,
    events: &[RawEvent],
    horizon_days: u32,
    seed: Option<u64>,
    active: f64,
    parameters: RawParameters,
) -> Case {
    let native: f64 = spec.holdings.rows.iter().map(native_eth).sum();
    let mut happenings: Vec<Happening> =
        events.iter().filter_map(|event| event.happening(&spec, horizon_days)).collect();
    happenings.sort_by(|a, b| a.tau_days.total_cmp(&b.tau_days));
    pledge_once(&mut happenings);
    let names = spec.assets.rows.iter().map(|row| row.asset.as_str()).chain(["ETH", "USD"]);
    let names: BTreeSet<&str> = names.collect();
    Case {
        horizon_days,
        total_active_eth: (active * native).max(ACTIVE_ETH_MIN),
        exit_queue_eth: parameters.exit_queue_eth,
        noise: by_name(&WRAPPED, parameters.noise),
        redemption: by_name(&WRAPPED, parameters.redemption),
        security: parameters.security,
        cascade: parameters.cascade,
        lending: parameters.lending,
        yields: parameters.yields,
        attack_uniform: by_name(&AVSS, parameters.attack_uniforms),
        z: seed.map(|seed| normals(seed, horizon_days, &names)).unwrap_or_default(),
        happenings,
        spec,
    }
}

/// Loans of two mints under one price have one health factor, and rounding would say which of them
/// is liquidated first.
fn pledge_once(happenings: &mut [Happening]) {
    let mut minted = BTreeSet::new();
    for happening in happenings {
        if let What::UnbackedMint { asset, pledge_share } = &mut happening.what
            && !minted.insert(asset.clone())
        {
            *pledge_share = 0.0;
        }
    }
}

fn by_name<T>(names: &[&str], values: Vec<T>) -> BTreeMap<String, T> {
    names.iter().map(|name| (*name).to_owned()).zip(values).collect()
}

/// What a holding adds to the validators of the network.
pub(crate) fn native_eth(row: &HoldingRow) -> f64 {
    if row.operator.is_some() && row.asset == "ETH" { row.amount_eth } else { 0.0 }
}

fn amount() -> impl Strategy<Value = f64> {
    (0.0..5.0f64).prop_map(|digits| 10f64.powf(digits))
}

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![2 => Just(1.0), 3 => 0.0..1.0]
}

/// Standard normals (Box and Muller) of a small generator (splitmix64).
fn normals(seed: u64, days: u32, names: &BTreeSet<&str>) -> Vec<BTreeMap<String, f64>> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = state;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut normal =
        || (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    let mut day = || names.iter().map(|name| ((*name).to_owned(), normal())).collect();
    (0..days).map(|_| day()).collect()
}
