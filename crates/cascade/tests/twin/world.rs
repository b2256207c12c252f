//! Day 0: the state of the twin as the tables of the network say it.

use std::collections::BTreeMap;

use slashfall_graph::spec::{AssetKind, AssetRow, HoldingRow, NetworkSpec};

use super::case::{Case, native_eth};
use super::lending::Reserve;
use super::loans::{Loan, Market};
use super::pools::Pool;
use super::security::Service;
use super::{Asset, Books, Holding, Twin, position};

impl<'c> Twin<'c> {
    pub(super) fn new(case: &'c Case) -> Self {
        let spec = &case.spec;
        let assets = assets(spec);
        let operators: Vec<&str> =
            spec.operators.rows.iter().map(|r| r.operator.as_str()).collect();
        let services = Service::all(case);
        let holdings = holdings(&spec.holdings.rows, &assets, &operators);
        let native: f64 = spec.holdings.rows.iter().map(native_eth).sum();
        let (n_operators, n_assets) = (operators.len(), assets.len());
        let mut twin = Self {
            case,
            today: 0,
            wrapped: in_order(&assets, &holdings),
            operators,
            holdings,
            markets: Market::all(spec, &assets),
            loans: Vec::new(),
            reserves: Reserve::all(spec, &assets),
            requests: Vec::new(),
            magnitude: vec![vec![1.0; n_assets]; n_operators],
            fraction: vec![vec![vec![0.0; n_assets]; n_operators]; services.len()],
            services,
            assets,
            beacon: vec![1.0; n_operators],
            slashed: Vec::new(),
            slashed_eth: Vec::new(),
            loot: Vec::new(),
            outside_active_eth: case.total_active_eth - native,
            exit_queue_eth: case.exit_queue_eth,
            marks: Vec::new(),
            books: Books::default(),
            rounds: 0,
            truncated_days: 0,
            operators_slashed: [].into(),
            carry: BTreeMap::new(),
            beyond_the_text: false,
        };
        twin.divide_supply();
        twin.allocate();
        twin.price_attacks();
        twin.read_oracles();
        twin.loans = Loan::all(&twin);
        twin.lend();
        twin.mark();
        twin
    }

    /// What is held here is nobody's outside.
    fn divide_supply(&mut self) {
        for (index, asset) in self.assets.iter_mut().enumerate() {
            let here = self.holdings.iter().filter(|h| h.asset == index);
            let held: f64 = here.map(|h| h.units).sum();
            asset.outside_units = (asset.supply_units - held).max(0.0);
            asset.validates = asset.kind != AssetKind::Base
                && self
                    .holdings
                    .iter()
                    .any(|h| (h.holder, h.asset) == (Some(index), 0) && h.operator.is_some());
        }
    }

    /// Expands `*`, and leaves out what is allocated where nothing is restaked.
    fn allocate(&mut self) {
        for row in &self.case.spec.allocations.rows {
            let avs = position(self.services.iter().map(|service| service.name), &row.avs);
            let operator = self.operator(&row.operator);
            for asset in 0..self.assets.len() {
                let named = row.asset == "*" || row.asset == self.assets[asset].name;
                if named && self.is_restaked(operator, asset) {
                    self.fraction[avs][operator][asset] = row.fraction;
                }
            }
        }
    }
}

/// ETH first; both it and USD need no row.
fn assets(spec: &NetworkSpec) -> Vec<Asset> {
    let rows = &spec.assets.rows;
    let mut assets = vec![Asset::base("ETH", 0.0)];
    if rows.iter().all(|row| row.asset != "USD") {
        assets.push(Asset::base("USD", 0.0));
    }
    assets.extend(rows.iter().map(|row| {
        let base = Asset::base(&row.asset, row.vol_annual);
        if row.kind == AssetKind::Base { base } else { wrapped(row, base, spec) }
    }));
    assets
}

fn wrapped(row: &AssetRow, base: Asset, spec: &NetworkSpec) -> Asset {
    let own = spec.holdings.rows.iter().filter(|h| h.holder == row.asset);
    let backing = row.buffer_eth + own.map(|h| h.amount_eth).sum::<f64>();
    let supply_units = row.supply_eth.unwrap_or(backing);
    let yields = &row.yields;
    Asset {
        kind: row.kind,
        supply_units,
        supply_units_0: supply_units,
        nav_0: backing / supply_units,
        buffer_eth: row.buffer_eth,
        cover_eth: row.cover_eth,
        redemption_days: row.redemption_days,
        yields: [yields.staking, yields.avs_fees, yields.incentives, yields.campaign],
        pools: spec.pools.rows.iter().filter(|p| p.asset == row.asset).map(Pool::new).collect(),
        ..base
    }
}

impl Asset {
    fn base(name: &str, vol_annual: f64) -> Self {
        Self {
            name: name.to_owned(),
            kind: AssetKind::Base,
            price: 1.0,
            vol_annual,
            nav_0: 1.0,
            supply_units: 0.0,
            last_nav: 0.0,
            supply_units_0: 0.0,
            outside_units: 0.0,
            buffer_eth: 0.0,
            cover_eth: 0.0,
            cover_paid_eth: 0.0,
            active: 1.0,
            minted_units: 0.0,
            redemption_days: 0.0,
            validates: false,
            yields: [0.0; 4],
            pools: Vec::new(),
            sold_units: 0.0,
            depth: 1.0,
            discount: 0.0,
            panic: 0.0,
            worst_discount: 0.0,
            bought_units: 0.0,
            bought_eth: 0.0,
            longest_wait_days: 0.0,
        }
    }
}

fn holdings(rows: &[HoldingRow], assets: &[Asset], operators: &[&str]) -> Vec<Holding> {
    let find = |name: &str| position(assets.iter().map(|a| a.name.as_str()), name);
    let holding = |row: &HoldingRow| Holding {
        holder: (row.holder != "direct").then(|| find(&row.holder)),
        operator: row.operator.as_ref().map(|name| position(operators.iter().copied(), name)),
        asset: find(&row.asset),
        units: row.amount_eth / assets[find(&row.asset)].nav_0,
    };
    rows.iter().map(holding).collect()
}

/// Wrapped assets by how deep they are wrapped, then by name.
fn in_order(assets: &[Asset], holdings: &[Holding]) -> Vec<usize> {
    fn depth(asset: usize, assets: &[Asset], holdings: &[Holding]) -> usize {
        let own = holdings.iter().filter(|h| h.holder == Some(asset));
        let below = own.filter(|h| assets[h.asset].kind != AssetKind::Base);
        below.map(|h| 1 + depth(h.asset, assets, holdings)).max().unwrap_or(0)
    }
    let wrapped = (0..assets.len()).filter(|&index| assets[index].kind != AssetKind::Base);
    let mut wrapped: Vec<usize> = wrapped.collect();
    wrapped.sort_by_key(|&index| (depth(index, assets, holdings), &assets[index].name));
    wrapped
}
