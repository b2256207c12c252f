//! A small network from choices: mostly such as there are, now and then with a number from the end of its range.

use arbitrary::{Result, Unstructured};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{
    AssetKind, LoanRow, NetworkSpec, Oracle, PoolRow, ReserveRow, Sharing, Yields,
};

pub(super) const OPERATORS: [&str; 4] = ["a", "b", "c", "d"];
pub(super) const AVSS: [&str; 3] = ["x", "y", "z"];
pub(super) const WRAPPED: [&str; 4] = ["lst", "lrt", "lrt2", "bridged"];
pub(super) const RESERVES: [&str; 2] = ["weth", "wbtc"];
const BASE: [&str; 3] = ["ETH", "BTC", "USD"];
const POOLS: [&str; 3] = ["curve", "uni", "bal"];
const MARKETS: [&str; 3] = ["m0", "m1", "m2"];

/// Ends of what an amount may be.
const ODD_AMOUNTS: [f64; 12] =
    [0.0, 5e-324, 1e-300, 1e-18, 1e-9, 1e-6, 1.0, 1e9, 1e12, 1e15, 1e150, f64::MAX];

/// A network in the making, and of each kind of thing how many it has.
pub(super) struct Sketched {
    sketch: Sketch,
    pub(super) n_operators: usize,
    pub(super) n_avss: usize,
    pub(super) n_wrapped: usize,
    pub(super) has_reserves: bool,
}

impl Sketched {
    /// Its tables, each of a file, as problems are.
    pub(super) fn spec(&self) -> NetworkSpec {
        let mut spec = self.sketch.0.clone();
        macro_rules! name {
            ($($table:ident),*) => { $(spec.$table.file = stringify!($table).to_owned();)* };
        }
        name!(
            assets,
            operators,
            avs,
            holdings,
            allocations,
            groups,
            pools,
            loans,
            reserves,
            portfolios
        );
        spec
    }
}

/// An amount in ETH: mostly of three digits between a thousandth and ten million.
fn amount(choices: &mut Unstructured<'_>) -> Result<f64> {
    if choices.ratio(1, 24)? {
        return Ok(*choices.choose(&ODD_AMOUNTS)?);
    }
    let digits = f64::from(choices.int_in_range(1..=999_u16)?);
    Ok(digits * 10_f64.powi(choices.int_in_range(-5..=4_i32)?))
}

/// A fraction: mostly a whole number of 255ths.
pub(super) fn fraction(choices: &mut Unstructured<'_>) -> Result<f64> {
    if choices.ratio(1, 24)? {
        return Ok(*choices.choose(&[0.0, 5e-324, 1e-17, 0.5, 1.0 - f64::EPSILON / 2.0, 1.0])?);
    }
    Ok(f64::from(choices.arbitrary::<u8>()?) / 255.0)
}

pub(super) fn sketched(choices: &mut Unstructured<'_>) -> Result<Sketched> {
    let mut sketch = Sketch::new();
    for name in &BASE[1..choices.int_in_range(1..=3)?] {
        let volatility = amount(choices)? * 1e-3;
        let beta = 2.0 * fraction(choices)? - 1.0;
        sketch = sketch.asset(name, AssetKind::Base);
        sketch = sketch.with(|row| (row.vol_annual, row.beta_market) = (volatility, beta));
    }
    let n_operators = choices.int_in_range(1..=OPERATORS.len())?;
    for name in &OPERATORS[..n_operators] {
        sketch = sketch.operator(name, choices.choose(&["A", "B"])?);
    }
    let n_wrapped = choices.int_in_range(1..=WRAPPED.len())?;
    for index in 0..n_wrapped {
        sketch = wrapped(sketch, index, n_operators, choices)?;
    }
    for _ in 0..choices.int_in_range(0..=3)? {
        let operator = OPERATORS[choices.choose_index(n_operators)?];
        let asset = held(n_wrapped, choices)?;
        sketch = sketch.holding("direct", operator, asset, amount(choices)?);
    }
    let n_avss = choices.int_in_range(0..=AVSS.len())?;
    for name in &AVSS[..n_avss] {
        sketch = avs(sketch, name, n_operators, choices)?;
    }
    for _ in 0..choices.int_in_range(0..=3)? {
        let operator = OPERATORS[choices.choose_index(n_operators)?];
        let group = *choices.choose(&["prysm", "teku", "aws"])?;
        let kind = if group == "aws" { "cloud" } else { "client" };
        sketch = sketch.group(group, kind, operator, fraction(choices)?);
    }
    let has_reserves = choices.arbitrary()?;
    let sketch = venues(sketch, (n_wrapped, has_reserves), choices)?;
    Ok(Sketched { sketch, n_operators, n_avss, n_wrapped, has_reserves })
}

/// What may be held by the asset of this number, or by anybody of all.
fn held<'c>(n_wrapped: usize, choices: &mut Unstructured<'c>) -> Result<&'static str> {
    match choices.choose_index(3 + n_wrapped)? {
        index if index < 2 => Ok(BASE[0]),
        2 => Ok(BASE[1]),
        index => Ok(WRAPPED[index - 3]),
    }
}

fn wrapped(
    sketch: Sketch,
    index: usize,
    n_operators: usize,
    choices: &mut Unstructured<'_>,
) -> Result<Sketch> {
    let kind = [AssetKind::Lst, AssetKind::Lrt, AssetKind::Lrt, AssetKind::Bridged][index];
    let (buffer, cover) = (choices.arbitrary::<bool>()?, choices.arbitrary::<bool>()?);
    let buffer_eth = if buffer { amount(choices)? } else { 0.0 };
    let cover_eth = if cover { amount(choices)? } else { 0.0 };
    let days = if choices.arbitrary()? { amount(choices)? } else { 0.0 };
    let yields = Yields {
        staking: 0.1 * fraction(choices)?,
        incentives: 0.1 * fraction(choices)?,
        ..Yields::default()
    };
    let mut backing = buffer_eth;
    let mut sketch = sketch.asset(WRAPPED[index], kind).with(|row| {
        (row.buffer_eth, row.cover_eth, row.redemption_days) = (buffer_eth, cover_eth, days);
    });
    sketch = sketch.yields(yields);
    for _ in 0..choices.int_in_range(1..=3)? {
        let place = choices.choose_index(n_operators + 1)?;
        let operator = OPERATORS[..n_operators].get(place).copied().unwrap_or("");
        let eth = amount(choices)?;
        backing += eth;
        sketch = sketch.holding(WRAPPED[index], operator, held(index, choices)?, eth);
    }
    if choices.ratio(1, 3)? {
        let supply_eth = backing * (0.5 + fraction(choices)?);
        sketch
            .0
            .assets
            .rows
            .iter_mut()
            .rev()
            .take(1)
            .for_each(|row| row.supply_eth = Some(supply_eth));
    }
    Ok(sketch)
}

fn avs(
    mut sketch: Sketch,
    name: &str,
    n_operators: usize,
    choices: &mut Unstructured<'_>,
) -> Result<Sketch> {
    let sharing = if choices.arbitrary()? { Sharing::Unique } else { Sharing::Shared };
    let redistributes = choices.arbitrary()?;
    let (threshold, secured) = (fraction(choices)?, amount(choices)?);
    let profit = if choices.arbitrary()? { Some(amount(choices)?) } else { None };
    sketch = sketch.avs(name, sharing).with_avs(|row| {
        row.redistributes = redistributes;
        row.attack_threshold = threshold.max(1e-3);
        row.secured_value_eth = secured;
        row.profit_from_corruption_eth = profit;
    });
    for operator in &OPERATORS[..n_operators] {
        if choices.arbitrary()? {
            let asset = *choices.choose(&["*", "ETH", "BTC", "lst"])?;
            let most = if sharing == Sharing::Unique { 0.33 } else { 1.0 };
            sketch = sketch.allocation(name, operator, asset, most * fraction(choices)?);
        }
    }
    Ok(sketch)
}

fn venues(
    mut sketch: Sketch,
    (n_wrapped, has_reserves): (usize, bool),
    choices: &mut Unstructured<'_>,
) -> Result<Sketch> {
    if has_reserves {
        for (name, asset) in RESERVES.into_iter().zip(BASE) {
            let row = ReserveRow::new(name, asset, amount(choices)?);
            let other = row.supplied_eth * 0.5 * fraction(choices)?;
            sketch = sketch.reserve(ReserveRow { other_borrowed_eth: other, ..row });
        }
    }
    for name in &POOLS[..choices.int_in_range(0..=POOLS.len())?] {
        let (asset, one) = (WRAPPED[choices.choose_index(n_wrapped)?], amount(choices)?);
        let other = one * (0.2 + 2.0 * fraction(choices)?);
        let row = match choices.arbitrary()? {
            true => PoolRow::stableswap(name, asset, one, other),
            false => PoolRow::constant_product(name, asset, one, other),
        };
        let amplification = *choices.choose(&[0.01, 1.0, 50.0, 100.0, 1e4, 1e6])?;
        let fee = 0.9 * fraction(choices)?;
        sketch = sketch.pool(PoolRow { amplification, fee, ..row });
    }
    for name in &MARKETS[..choices.int_in_range(0..=MARKETS.len())?] {
        let asset = WRAPPED[choices.choose_index(n_wrapped)?];
        let oracle = if choices.arbitrary()? { Oracle::Market } else { Oracle::ExchangeRate };
        let reserve = has_reserves && choices.arbitrary()?;
        let health = 0.9 + fraction(choices)?;
        let row = LoanRow {
            oracle,
            liquidation_bonus: 0.2 * fraction(choices)?,
            close_factor: fraction(choices)?.max(0.01),
            reserve: reserve.then(|| RESERVES[0].to_owned()),
            ..LoanRow::new(name, asset, health, amount(choices)?)
        };
        sketch = sketch.loan(row.clone());
        if choices.arbitrary()? {
            let collateral_eth = amount(choices)?;
            sketch = sketch.loan(LoanRow { health_factor: health + 0.3, collateral_eth, ..row });
        }
        if choices.ratio(1, 3)? {
            sketch = sketch.levered("fund", name, amount(choices)?);
        }
    }
    if choices.arbitrary()? {
        let asset = WRAPPED[choices.choose_index(n_wrapped)?];
        sketch = sketch.portfolio("fund", asset, amount(choices)?);
    }
    Ok(sketch)
}

/// The network with prices that do not move, nobody who attacks, and with loans that are sound whatever the market says.
pub(super) fn quiet(mut spec: NetworkSpec) -> NetworkSpec {
    spec.avs.rows.iter_mut().for_each(|row| row.profit_from_corruption_eth = None);
    spec.assets.rows.iter_mut().for_each(|row| row.vol_annual = 0.0);
    for row in &mut spec.loans.rows {
        row.oracle = Oracle::ExchangeRate;
        row.health_factor = row.health_factor.max(1.01);
    }
    spec
}
