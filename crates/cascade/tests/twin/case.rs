//! Random networks and paths as written: all by name, so that engine and twin each make of them
//! what they will.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use slashfall_cascade::NoiseParameters;
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, NetworkSpec, Sharing};

// Names are out of order on purpose: what the engine sorts must not matter, but for AVSs.
const OPERATORS: [&str; 6] = ["o4", "o1", "o6", "o2", "o5", "o3"];
const ENTITIES: [&str; 3] = ["Y", "X", "Z"];
const AVSS: [&str; 5] = ["q", "c", "x", "a", "m"];
const WRAPPED: [&str; 5] = ["kETH", "aETH", "zETH", "bETH", "mETH"];
/// Below this the rewards that a validator misses would be more than it has.
const ACTIVE_ETH_MIN: f64 = 1e5;
/// A severity of 1 is so many epochs: more than a validator can leak before it is ejected.
const EPOCHS: f64 = 6_000.0;

/// A path as written.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) spec: NetworkSpec,
    /// In time order.
    pub(crate) happenings: Vec<Happening>,
    pub(crate) horizon_days: u32,
    pub(crate) total_active_eth: f64,
    /// By wrapped asset.
    pub(crate) noise: BTreeMap<String, NoiseParameters>,
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
    Exploit { asset: String },
    UnbackedMint { asset: String },
    Depeg { asset: String, flight: f64 },
}

/// Random paths of random networks.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let market = (weighted(0.6, any::<u64>()), vec(noise(), WRAPPED.len()));
    let chain = prop_oneof![3 => 1.0..4.0f64, 1 => Just(1_000.0)];
    (raw_network(), vec(raw_event(), 0..9), 1u32..46, chain, market).prop_map(
        |(network, events, horizon_days, active, (seed, noise))| {
            let spec = network.spec();
            let native: f64 = spec.holdings.rows.iter().map(native_eth).sum();
            let mut happenings: Vec<Happening> =
                events.iter().filter_map(|e| e.happening(&network, horizon_days)).collect();
            happenings.sort_by(|a, b| a.tau_days.total_cmp(&b.tau_days));
            let names = spec.assets.rows.iter().map(|row| row.asset.as_str());
            let z = seed
                .map(|seed| normals(seed, horizon_days, &names.chain(["ETH", "USD"]).collect()));
            Case {
                horizon_days,
                total_active_eth: (active * native).max(ACTIVE_ETH_MIN),
                noise: WRAPPED.iter().map(|name| (*name).to_owned()).zip(noise).collect(),
                z: z.unwrap_or_default(),
                happenings,
                spec,
            }
        },
    )
}

/// What a holding adds to the validators of the network.
pub(crate) fn native_eth(row: &slashfall_graph::spec::HoldingRow) -> f64 {
    if row.operator.is_some() && row.asset == "ETH" { row.amount_eth } else { 0.0 }
}

/// A network in the making: everything for the largest one, of which the first few are used.
#[derive(Clone, Debug)]
struct RawNetwork {
    n_operators: usize,
    n_avss: usize,
    n_wrapped: usize,
    entities: Vec<usize>,
    /// How the stake of each operator is shared.
    sharing: Vec<CellSharing>,
    avss: Vec<RawAvs>,
    wrapped: Vec<RawWrapped>,
    direct: RawHoldings,
    /// Shares of what is left of each wrapped asset.
    portfolio: Vec<f64>,
    vol_annual: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum CellSharing {
    All(Sharing),
    /// Unique for one asset, shared for the next.
    ByAsset,
}

#[derive(Clone, Debug)]
struct RawAvs {
    sharing: Sharing,
    redistributes: bool,
    /// By operator: every asset or some of them, and how much.
    registrations: Vec<Option<(bool, Vec<bool>, f64)>>,
}

#[derive(Clone, Debug)]
struct RawWrapped {
    kind: AssetKind,
    /// Face amount over backing.
    supply: Option<f64>,
    buffer_eth: Option<f64>,
    cover_eth: Option<f64>,
    holdings: RawHoldings,
}

#[derive(Clone, Debug)]
struct RawHoldings {
    /// ETH and BTC by operator, the last idle.
    base: [Vec<Option<f64>>; 2],
    /// A wrapped asset, where, and which share of what is left of it.
    nested: Vec<(usize, Option<usize>, f64)>,
}

#[derive(Clone, Debug)]
struct RawEvent {
    kind: usize,
    which: usize,
    time: f64,
    /// Times on a grid: several events at once, or as far apart as a correlation penalty reaches.
    steps_a_day: Option<f64>,
    severity: f64,
    shares: Vec<Option<f64>>,
    flag: bool,
    background: f64,
}

fn raw_network() -> impl Strategy<Value = RawNetwork> {
    let n = OPERATORS.len();
    let sharing = prop_oneof![
        Just(CellSharing::All(Sharing::Unique)),
        Just(CellSharing::All(Sharing::Shared)),
        Just(CellSharing::ByAsset),
    ];
    (
        (1..=n, 0..=AVSS.len(), 1..=WRAPPED.len()),
        (vec(0..ENTITIES.len(), n), vec(sharing, n)),
        (vec(raw_avs(), AVSS.len()), vec(raw_wrapped(), WRAPPED.len()), raw_holdings()),
        (vec(0.0..1.0, WRAPPED.len()), 0.0..1.0),
    )
        .prop_map(
            |(
                (n_operators, n_avss, n_wrapped),
                (entities, sharing),
                (avss, wrapped, direct),
                (portfolio, vol_annual),
            )| RawNetwork {
                n_operators,
                n_avss,
                n_wrapped,
                entities,
                sharing,
                avss,
                wrapped,
                direct,
                portfolio,
                vol_annual,
            },
        )
}

fn raw_avs() -> impl Strategy<Value = RawAvs> {
    let sharing = prop_oneof![Just(Sharing::Unique), Just(Sharing::Shared)];
    let registration = (any::<bool>(), vec(any::<bool>(), 2 + WRAPPED.len()), share());
    let registrations = vec(weighted(0.8, registration), OPERATORS.len());
    (sharing, any::<bool>(), registrations).prop_map(|(sharing, redistributes, registrations)| {
        RawAvs { sharing, redistributes, registrations }
    })
}

fn raw_wrapped() -> impl Strategy<Value = RawWrapped> {
    let kind = prop_oneof![
        1 => Just(AssetKind::Lst),
        3 => Just(AssetKind::Lrt),
        1 => Just(AssetKind::Bridged),
    ];
    let supply = prop_oneof![0.99..1.01, 0.8..1.25];
    let numbers = (weighted(0.6, supply), weighted(0.4, amount()), weighted(0.5, amount()));
    (kind, numbers, raw_holdings()).prop_map(|(kind, (supply, buffer_eth, cover_eth), holdings)| {
        RawWrapped { kind, supply, buffer_eth, cover_eth, holdings }
    })
}

fn raw_holdings() -> impl Strategy<Value = RawHoldings> {
    let places = OPERATORS.len() + 1;
    let nested = (0..WRAPPED.len(), weighted(0.7, 0..OPERATORS.len()), share());
    (vec(weighted(0.4, amount()), places), vec(weighted(0.15, amount()), places), vec(nested, 0..5))
        .prop_map(|(eth, btc, nested)| RawHoldings { base: [eth, btc], nested })
}

fn raw_event() -> impl Strategy<Value = RawEvent> {
    let severity = prop_oneof![1 => Just(0.0), 1 => Just(1.0), 5 => 0.0..1.0];
    let background = prop_oneof![Just(0.0), 0.0..0.6];
    let grid = prop_oneof![Just(None), Just(Some(4.0)), Just(Some(1.0 / 9.0))];
    (
        (0usize..7, 0usize..60, 1e-3..1.0, grid, severity),
        (vec(weighted(0.6, share()), OPERATORS.len()), any::<bool>(), background),
    )
        .prop_map(
            |((kind, which, time, steps_a_day, severity), (shares, flag, background))| RawEvent {
                kind,
                which,
                time,
                steps_a_day,
                severity,
                shares,
                flag,
                background,
            },
        )
}

fn noise() -> impl Strategy<Value = NoiseParameters> {
    let sigma = prop_oneof![Just(0.0), 0.0..0.05];
    (sigma, 0.5..1.0, 0.3..1.0, 0.5..1.0).prop_map(
        |(sigma_daily, discount_decay, panic_decay, depth_decay)| NoiseParameters {
            sigma_daily,
            discount_decay,
            panic_decay,
            depth_decay,
        },
    )
}

fn amount() -> impl Strategy<Value = f64> {
    (0.0..5.0f64).prop_map(|digits| 10f64.powf(digits))
}

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![2 => Just(1.0), 3 => 0.0..1.0]
}

impl RawNetwork {
    fn spec(&self) -> NetworkSpec {
        let mut sketch = Sketch::new().asset("BTC", AssetKind::Base);
        sketch = sketch.with(|asset| asset.vol_annual = self.vol_annual);
        for (operator, &entity) in self.operators().iter().zip(&self.entities) {
            sketch = sketch.operator(operator, ENTITIES[entity]);
        }
        // What of each wrapped asset nobody has yet, in ETH.
        let mut left: Vec<f64> = Vec::new();
        for (name, raw) in WRAPPED.iter().zip(&self.wrapped).take(self.n_wrapped) {
            let mut held = self.held(&raw.holdings, &mut left);
            let buffer_eth = raw.buffer_eth.unwrap_or(0.0);
            if held.is_empty() && buffer_eth <= 0.0 {
                held.insert(("", "ETH"), 1.0);
            }
            let backing = buffer_eth + held.values().sum::<f64>();
            left.push(backing);
            sketch = sketch.asset(name, raw.kind).with(|asset| {
                asset.supply_eth = raw.supply.map(|ratio| ratio * backing);
                asset.buffer_eth = buffer_eth;
                asset.cover_eth = raw.cover_eth.unwrap_or(0.0);
            });
            sketch = with_holdings(sketch, name, &held);
        }
        let held = self.held(&self.direct, &mut left);
        sketch = with_holdings(sketch, "direct", &held);
        for (index, share) in self.portfolio.iter().enumerate().take(self.n_wrapped) {
            if share * left[index] > 0.0 {
                sketch = sketch.portfolio("fund", WRAPPED[index], share * left[index]);
            }
        }
        self.with_avss(sketch).0
    }

    fn operators(&self) -> &[&'static str] {
        &OPERATORS[..self.n_operators]
    }

    /// Amounts by operator (empty is idle) and asset.
    fn held(
        &self,
        raw: &RawHoldings,
        left: &mut [f64],
    ) -> BTreeMap<(&'static str, &'static str), f64> {
        let mut held = BTreeMap::new();
        for (asset, amounts) in ["ETH", "BTC"].into_iter().zip(&raw.base) {
            let places = self.operators().iter().chain([&""]);
            let amounts = amounts.iter().rev().take(self.n_operators + 1);
            for (place, amount) in places.zip(amounts) {
                if let Some(amount) = amount {
                    held.insert((*place, asset), *amount);
                }
            }
        }
        for &(asset, place, share) in &raw.nested {
            let Some(left) = left.get_mut(asset) else { continue };
            let place = place.and_then(|p| self.operators().get(p)).copied().unwrap_or("");
            let amount = share * *left;
            *left -= amount;
            if amount > 0.0 {
                *held.entry((place, WRAPPED[asset])).or_insert(0.0) += amount;
            }
        }
        held
    }

    fn with_avss(&self, mut sketch: Sketch) -> Sketch {
        for (name, raw) in AVSS.iter().zip(&self.avss).take(self.n_avss) {
            sketch = sketch.avs(name, raw.sharing);
            sketch = sketch.with_avs(|avs| avs.redistributes = raw.redistributes);
            for (index, operator) in self.operators().iter().enumerate() {
                let Some((every, some, share)) = &raw.registrations[index] else { continue };
                let fraction = match raw.sharing {
                    Sharing::Unique => share / self.unique_claims(index).max(1.0),
                    Sharing::Shared => *share,
                };
                if *every && self.sharing[index] == CellSharing::All(raw.sharing) {
                    sketch = sketch.allocation(name, operator, "*", fraction);
                    continue;
                }
                let assets = ["ETH", "BTC"].iter().chain(&WRAPPED[..self.n_wrapped]);
                for (number, asset) in assets.enumerate().filter(|&(number, _)| some[number]) {
                    if self.cell_sharing(index, number) == raw.sharing {
                        let fraction = fraction * (1.0 - 0.1 * number as f64);
                        sketch = sketch.allocation(name, operator, asset, fraction);
                    }
                }
            }
        }
        sketch
    }

    fn cell_sharing(&self, operator: usize, asset: usize) -> Sharing {
        match self.sharing[operator] {
            CellSharing::All(sharing) => sharing,
            CellSharing::ByAsset if asset.is_multiple_of(2) => Sharing::Unique,
            CellSharing::ByAsset => Sharing::Shared,
        }
    }

    /// What unique AVSs would like to have of an operator, all together.
    fn unique_claims(&self, operator: usize) -> f64 {
        let avss = self.avss[..self.n_avss].iter().filter(|avs| avs.sharing == Sharing::Unique);
        avss.filter_map(|avs| avs.registrations[operator].as_ref()).map(|(_, _, f)| f).sum()
    }
}

fn with_holdings(
    mut sketch: Sketch,
    holder: &str,
    held: &BTreeMap<(&'static str, &'static str), f64>,
) -> Sketch {
    for (&(operator, asset), &amount) in held {
        sketch = sketch.holding(holder, operator, asset, amount);
    }
    sketch
}

impl RawEvent {
    fn happening(&self, network: &RawNetwork, horizon_days: u32) -> Option<Happening> {
        let horizon = f64::from(horizon_days);
        let time = self.time * horizon;
        let tau_days = self.steps_a_day.map_or(time, |n| ((time * n).ceil() / n).min(horizon));
        let hits = network.operators().iter().zip(&self.shares);
        let hits: Hits =
            hits.filter_map(|(name, share)| Some(((*name).to_owned(), (*share)?))).collect();
        let asset = WRAPPED[self.which % network.n_wrapped].to_owned();
        let background = self.background;
        let what = match self.kind {
            0 if network.n_avss == 0 => return None,
            0 => What::SlashByAvs { avs: AVSS[self.which % network.n_avss].to_owned(), hits },
            1 => What::SlashOperator { reach_all: self.flag, hits },
            2 => What::SlashValidators { background, hits },
            3 => What::Outage { background, hits },
            4 => What::Exploit { asset },
            5 => What::UnbackedMint { asset },
            _ => What::Depeg { asset, flight: background },
        };
        let unit = if self.kind == 3 { EPOCHS } else { 1.0 };
        Some(Happening { tau_days, severity: unit * self.severity, what })
    }
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
