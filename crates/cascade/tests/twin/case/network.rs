//! Random stake: who holds what where, and which AVS may slash how much of it.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, NetworkSpec, Sharing};

use super::{AVSS, OPERATORS, WRAPPED, amount, share};

const ENTITIES: [&str; 3] = ["Y", "X", "Z"];

/// A network in the making: everything for the largest one, of which the first few are used.
#[derive(Clone, Debug)]
pub(super) struct RawNetwork {
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

pub(super) fn raw_network() -> impl Strategy<Value = RawNetwork> {
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
    // Mostly something is left outside, to be traded and pledged.
    let part = prop_oneof![1 => Just(1.0), 12 => 0.0..0.6];
    let nested = (0..WRAPPED.len(), weighted(0.7, 0..OPERATORS.len()), part);
    (vec(weighted(0.4, amount()), places), vec(weighted(0.15, amount()), places), vec(nested, 0..5))
        .prop_map(|(eth, btc, nested)| RawHoldings { base: [eth, btc], nested })
}

impl RawNetwork {
    pub(super) fn spec(&self) -> NetworkSpec {
        let mut sketch = Sketch::new().asset("BTC", AssetKind::Base);
        sketch = sketch.with(|asset| asset.vol_annual = self.vol_annual);
        if self.vol_annual > 0.5 {
            sketch = sketch.asset("USD", AssetKind::Base);
            sketch = sketch.with(|asset| asset.vol_annual = 1.0 - self.vol_annual);
        }
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
