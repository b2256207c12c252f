//! Random places where wrapped assets are traded, pledged and owned, and what AVSs secure. All of
//! it is made to fit a network that is there, since nothing may use more of an asset than is
//! outside.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use slashfall_graph::spec::{
    AssetKind, Invariant, LoanRow, NetworkSpec, Oracle, PoolRow, PortfolioItem, PortfolioRow,
    ReserveRow, Yields,
};

use super::{AVSS, WRAPPED, amount};
use crate::twin::pools::{Pool, price};

const POOLS: [&str; 3] = ["two", "one", "three"];
const MARKETS: [&str; 4] = ["w2", "w4", "w1", "w3"];
/// Name and asset.
const RESERVES: [(&str, &str); 4] = [("r4", "USD"), ("r2", "ETH"), ("r1", "ETH"), ("r3", "BTC")];
const DEBT_ASSETS: [&str; 4] = ["ETH", "ETH", "USD", "BTC"];
/// Most of what is outside that pools, or loans, or portfolios have.
const MOST: f64 = 0.9;

#[derive(Clone, Debug)]
pub(super) struct RawVenues {
    pools: Vec<Vec<RawPool>>,
    markets: Vec<RawMarket>,
    reserves: Vec<Option<RawReserve>>,
    services: Vec<RawService>,
    /// By wrapped asset.
    redemption_days: Vec<f64>,
    yields: Vec<Yields>,
}

#[derive(Clone, Debug)]
struct RawPool {
    invariant: Invariant,
    /// Of what is outside.
    share: f64,
    /// Reserve of ETH over that of the asset.
    balance: f64,
    amplification: f64,
    fee: f64,
}

#[derive(Clone, Debug)]
struct RawMarket {
    collateral: usize,
    debt_asset: usize,
    /// Of those that lend the debt asset.
    reserve: Option<usize>,
    terms: LoanRow,
    /// Health factor, and share of what is outside.
    rows: Vec<(f64, f64)>,
    /// Collateral of a levered position over that of the market.
    levered: Option<f64>,
}

#[derive(Clone, Debug)]
struct RawReserve {
    other_eth: f64,
    utilization: f64,
    terms: ReserveRow,
}

#[derive(Clone, Debug)]
struct RawService {
    threshold: f64,
    /// Over what corruption costs on day 0.
    profit: Option<f64>,
    secured_value_eth: f64,
}

pub(super) fn raw_venues() -> impl Strategy<Value = RawVenues> {
    let n = WRAPPED.len();
    let days = prop_oneof![1 => Just(0.0), 3 => 0.0..30.0];
    (
        (vec(vec(raw_pool(), 0..=POOLS.len()), n), vec(raw_market(), 0..=MARKETS.len())),
        (vec(weighted(0.7, raw_reserve()), RESERVES.len()), vec(raw_service(), AVSS.len())),
        (vec(days, n), vec(yields(), n)),
    )
        .prop_map(|((pools, markets), (reserves, services), (redemption_days, yields))| {
            RawVenues { pools, markets, reserves, services, redemption_days, yields }
        })
}

fn raw_pool() -> impl Strategy<Value = RawPool> {
    let stableswap = (Just(Invariant::Stableswap), -1.0..1.0f64);
    let product = (Just(Invariant::ConstantProduct), -0.1..0.1f64);
    let amplification = (0.0..2000f64.ln()).prop_map(f64::exp);
    (prop_oneof![2 => stableswap, 1 => product], 0.0..1.0, amplification, 0.0..0.01).prop_map(
        |((invariant, balance), share, amplification, fee)| RawPool {
            invariant,
            share,
            balance: balance.exp(),
            amplification,
            fee,
        },
    )
}

fn raw_market() -> impl Strategy<Value = RawMarket> {
    let oracle = prop_oneof![Just(Oracle::ExchangeRate), Just(Oracle::Market)];
    let health = prop_oneof![2 => 0.97..1.1, 1 => 1.1..2.0];
    let terms = (0.5..0.97, 0.5..1.0, 0.0..0.15, 0.1..1.0, oracle);
    (
        (0..WRAPPED.len(), 0..DEBT_ASSETS.len(), weighted(0.7, any::<usize>()), terms),
        (vec((health, 0.0..1.0), 1..4), weighted(0.5, 0.0..2.0)),
    )
        .prop_map(|((collateral, debt_asset, reserve, terms), (rows, levered))| {
            let (threshold, ltv, bonus, close_factor, oracle) = terms;
            let terms = LoanRow {
                oracle,
                ltv: ltv * threshold,
                liquidation_threshold: threshold,
                liquidation_bonus: bonus,
                close_factor,
                ..LoanRow::new("", "", 1.0, 0.0)
            };
            RawMarket { collateral, debt_asset, reserve, terms, rows, levered }
        })
}

fn raw_reserve() -> impl Strategy<Value = RawReserve> {
    let rates = (0.3..0.95, 0.0..0.05, 0.0..0.2, 0.0..3.0);
    let other_eth = prop_oneof![Just(0.0), amount()];
    (other_eth, 0.2..1.0, rates).prop_map(|(other_eth, utilization, rates)| {
        let (optimal_utilization, base_rate, slope_1, slope_2) = rates;
        let terms = ReserveRow {
            optimal_utilization,
            base_rate,
            slope_1,
            slope_2,
            ..ReserveRow::new("", "", 0.0)
        };
        RawReserve { other_eth, utilization, terms }
    })
}

fn raw_service() -> impl Strategy<Value = RawService> {
    (0.05..0.95, weighted(0.4, 0.3..1.2), amount()).prop_map(
        |(threshold, profit, secured_value_eth)| RawService {
            threshold,
            profit,
            secured_value_eth,
        },
    )
}

fn yields() -> impl Strategy<Value = Yields> {
    let part = || prop_oneof![1 => Just(0.0), 2 => 0.0..0.05];
    (part(), part(), part(), part()).prop_map(|(staking, avs_fees, incentives, campaign)| Yields {
        staking,
        avs_fees,
        incentives,
        campaign,
    })
}

impl RawVenues {
    /// Adds all of it to a network.
    pub(super) fn open(&self, mut spec: NetworkSpec) -> NetworkSpec {
        let outside = outside_eth(&spec);
        self.describe(&mut spec);
        for (asset, pools) in WRAPPED.iter().zip(&self.pools) {
            let Some(outside_eth) = outside.get(*asset) else { continue };
            spec.pools.rows.extend(pool_rows(asset, *outside_eth, pools));
        }
        let mut unpledged = outside;
        for (name, market) in MARKETS.iter().zip(&self.markets) {
            self.open_market(name, market, &mut unpledged, &mut spec);
        }
        self.supply(&mut spec);
        self.secure(&mut spec);
        spec
    }

    /// The numbers of wrapped assets that only matter here.
    fn describe(&self, spec: &mut NetworkSpec) {
        let wrapped = spec.assets.rows.iter_mut().filter(|row| row.kind != AssetKind::Base);
        for (row, (days, yields)) in wrapped.zip(self.redemption_days.iter().zip(&self.yields)) {
            row.redemption_days = *days;
            row.yields = *yields;
        }
    }

    fn open_market(
        &self,
        name: &str,
        market: &RawMarket,
        unpledged: &mut BTreeMap<String, f64>,
        spec: &mut NetworkSpec,
    ) {
        let collateral = WRAPPED[market.collateral % unpledged.len()];
        let debt_asset = DEBT_ASSETS[market.debt_asset];
        let lenders = RESERVES.iter().zip(&self.reserves);
        let lenders = lenders.filter(|((_, asset), raw)| *asset == debt_asset && raw.is_some());
        let lenders: Vec<&str> = lenders.map(|((name, _), _)| *name).collect();
        let reserve = market.reserve.and_then(|which| lenders.get(which % lenders.len().max(1)));
        let mut pledged = 0.0;
        for (health_factor, share) in &market.rows {
            let left = unpledged.get_mut(collateral).expect("a wrapped asset of this network");
            let collateral_eth = MOST / 2.0 * share * *left;
            if collateral_eth <= 1e-3 {
                continue;
            }
            *left -= collateral_eth;
            pledged += collateral_eth;
            spec.loans.rows.push(LoanRow {
                market: name.to_owned(),
                collateral: collateral.to_owned(),
                debt_asset: debt_asset.to_owned(),
                reserve: reserve.map(|&reserve| reserve.to_owned()),
                health_factor: *health_factor,
                collateral_eth,
                ..market.terms.clone()
            });
        }
        if let Some(share) = market.levered.filter(|_| pledged > 0.0) {
            spec.portfolios.rows.push(PortfolioRow {
                portfolio: if market.debt_asset == 0 { "fund" } else { "loop" }.to_owned(),
                holds: PortfolioItem::Market(name.to_owned()),
                amount_eth: share * pledged,
            });
        }
    }

    /// Gives reserves as much as makes them lend the utilization that they are to have.
    fn supply(&self, spec: &mut NetworkSpec) {
        for ((name, asset), raw) in RESERVES.iter().zip(&self.reserves) {
            let Some(raw) = raw else { continue };
            let named = |row: &&LoanRow| row.reserve.as_deref() == Some(name);
            let owed = spec.loans.rows.iter().filter(named).map(|row| debt_eth(row, spec));
            let lent = raw.other_eth + owed.sum::<f64>();
            spec.reserves.rows.push(ReserveRow {
                reserve: (*name).to_owned(),
                asset: (*asset).to_owned(),
                supplied_eth: lent.max(1.0) / (0.999 * raw.utilization),
                other_borrowed_eth: raw.other_eth,
                ..raw.terms.clone()
            });
        }
    }

    fn secure(&self, spec: &mut NetworkSpec) {
        let costs: Vec<f64> =
            spec.avs.rows.iter().map(|row| slashable_eth(&row.avs, spec)).collect();
        for ((row, raw), slashable_eth) in spec.avs.rows.iter_mut().zip(&self.services).zip(costs) {
            row.attack_threshold = raw.threshold;
            row.secured_value_eth = raw.secured_value_eth;
            row.profit_from_corruption_eth =
                raw.profit.map(|profit| profit * raw.threshold * slashable_eth);
        }
    }
}

/// What of each wrapped asset nobody in the network holds.
fn outside_eth(spec: &NetworkSpec) -> BTreeMap<String, f64> {
    let held = |name: &str| -> f64 {
        spec.holdings.rows.iter().filter(|h| h.asset == name).map(|h| h.amount_eth).sum()
    };
    let backing = |name: &str| -> f64 {
        spec.holdings.rows.iter().filter(|h| h.holder == name).map(|h| h.amount_eth).sum()
    };
    let wrapped = spec.assets.rows.iter().filter(|row| row.kind != AssetKind::Base);
    wrapped
        .map(|row| {
            let all = row.buffer_eth + backing(&row.asset);
            (row.asset.clone(), (all - held(&row.asset)).max(0.0))
        })
        .collect()
}

fn pool_rows(asset: &str, outside_eth: f64, pools: &[RawPool]) -> Vec<PoolRow> {
    let row = |(name, raw): (&&str, &RawPool)| PoolRow {
        pool: format!("{asset} {name}"),
        asset: asset.to_owned(),
        invariant: raw.invariant,
        reserve_asset_eth: MOST / POOLS.len() as f64 * raw.share * outside_eth,
        reserve_eth: MOST / POOLS.len() as f64 * raw.share * outside_eth * raw.balance,
        amplification: raw.amplification,
        fee: raw.fee,
    };
    let rows = POOLS.iter().zip(pools).map(row);
    rows.filter(|row| row.reserve_asset_eth > 1e-3).collect()
}

/// What the loans of a row owe on day 0, or would owe at nav where that is more.
fn debt_eth(row: &LoanRow, spec: &NetworkSpec) -> f64 {
    let pools = spec.pools.rows.iter().filter(|pool| pool.asset == row.collateral);
    let pools: Vec<Pool> = pools.map(Pool::new).collect();
    let factor = match row.oracle {
        Oracle::Market if !pools.is_empty() => price(&pools, 0.0).unwrap_or(1.0).max(1.0),
        _ => 1.0,
    };
    row.liquidation_threshold * row.collateral_eth * factor / row.health_factor
}

/// What an AVS may slash on day 0.
fn slashable_eth(avs: &str, spec: &NetworkSpec) -> f64 {
    let restakes = |holder: &str| {
        let mut rows = spec.assets.rows.iter().filter(|row| row.asset == holder);
        holder == "direct" || rows.any(|row| row.kind == AssetKind::Lrt)
    };
    let rows = spec.allocations.rows.iter().filter(|row| row.avs == avs);
    let stake = rows.map(|row| {
        let here = spec.holdings.rows.iter().filter(|h| {
            let named = row.asset == "*" || row.asset == h.asset;
            named && h.operator.as_ref() == Some(&row.operator) && restakes(&h.holder)
        });
        row.fraction * here.map(|h| h.amount_eth).sum::<f64>()
    });
    stake.sum()
}
