//! A network as written: one struct a table, names still text, nothing checked against anything.

use std::collections::BTreeMap;

use crate::problem::Place;

/// A network folder as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkSpec {
    /// `network.toml`.
    pub meta: MetaSpec,
    /// `assets`.
    pub assets: Table<AssetRow>,
    /// `operators`.
    pub operators: Table<OperatorRow>,
    /// `avs`.
    pub avs: Table<AvsRow>,
    /// `holdings`.
    pub holdings: Table<HoldingRow>,
    /// `allocations`.
    pub allocations: Table<AllocationRow>,
    /// `groups`.
    pub groups: Table<GroupRow>,
    /// `pools`.
    pub pools: Table<PoolRow>,
    /// `loans`.
    pub loans: Table<LoanRow>,
    /// `reserves`.
    pub reserves: Table<ReserveRow>,
    /// `portfolios`.
    pub portfolios: Table<PortfolioRow>,
}

/// The rows of one table and where each stands in its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<R> {
    /// Name of the file, for messages.
    pub file: String,
    /// The rows, in file order.
    pub rows: Vec<R>,
    /// Line of the file on which each row stands; empty for files without lines.
    pub lines: Vec<usize>,
    /// Number of each data row in the file, from 1; empty where no row of the file is left out.
    pub row_numbers: Vec<usize>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self::new("", Vec::new())
    }
}

impl<R> Table<R> {
    /// A table made in memory, such as by an import.
    #[must_use]
    pub fn new(file: &str, rows: Vec<R>) -> Self {
        Self { file: file.to_owned(), rows, lines: Vec::new(), row_numbers: Vec::new() }
    }

    /// Where the `index`-th row stands.
    #[must_use]
    pub fn place(&self, index: usize) -> Place {
        let row = self.row_numbers.get(index).copied().unwrap_or(index + 1);
        Place::Row { row, line: self.lines.get(index).copied() }
    }
}

/// `network.toml` as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetaSpec {
    /// Name of the network.
    pub name: String,
    /// The day the amounts are of, `YYYY-MM-DD`.
    pub as_of: String,
    /// Where the figures come from, one line.
    pub source: String,
    /// True where some number had to be made up.
    pub synthetic: bool,
    /// Anything else a reader should know.
    pub notes: String,
}

/// What kind of thing an asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetKind {
    /// ETH, USD, BTC: backed by nothing else.
    Base,
    /// A liquid staking token: native stake that no AVS can slash.
    Lst,
    /// A liquid restaking token: its stake at operators is restaked.
    Lrt,
    /// A token on another chain, backed by an escrow.
    Bridged,
}

impl AssetKind {
    /// All kinds and their names in tables.
    pub const NAMES: [(&'static str, Self); 4] =
        [("base", Self::Base), ("lst", Self::Lst), ("lrt", Self::Lrt), ("bridged", Self::Bridged)];
}

/// How an AVS shares stake with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// EigenLayer since April 2025: a unit of stake stands behind one AVS only.
    Unique,
    /// Symbiotic-type vaults: the same unit may stand behind several.
    Shared,
}

impl Sharing {
    /// All kinds and their names in tables.
    pub const NAMES: [(&'static str, Self); 2] =
        [("unique", Self::Unique), ("shared", Self::Shared)];
}

/// How a pool prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// Curve's StableSwap, as its code has it (`Ann = A n`).
    Stableswap,
    /// `x y = k`.
    ConstantProduct,
}

impl Invariant {
    /// All kinds and their names in tables.
    pub const NAMES: [(&'static str, Self); 2] =
        [("stableswap", Self::Stableswap), ("constant_product", Self::ConstantProduct)];
}

/// What price a lending market believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oracle {
    /// The token's own redemption rate, its nav.
    ExchangeRate,
    /// The price in its pools.
    Market,
}

impl Oracle {
    /// All kinds and their names in tables.
    pub const NAMES: [(&'static str, Self); 2] =
        [("exchange_rate", Self::ExchangeRate), ("market", Self::Market)];
}

/// A row of `assets`.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetRow {
    /// Name.
    pub asset: String,
    /// Kind.
    pub kind: AssetKind,
    /// Face amount outstanding; none means what backs it.
    pub supply_eth: Option<f64>,
    /// Paid out at once on redemption; part of the backing.
    pub buffer_eth: f64,
    /// Bonds and insurance that bear losses first; not part of the backing.
    pub cover_eth: f64,
    /// Days from a redemption request to its payment.
    pub redemption_days: f64,
    /// Annual volatility of a base asset's price in ETH.
    pub vol_annual: f64,
    /// Loading of a base asset on the market factor, in [-1, 1].
    pub beta_market: f64,
    /// What a wrapped asset earns a year.
    pub yields: Yields,
}

impl AssetRow {
    /// An asset whose supply is what backs it, every other number 0.
    #[must_use]
    pub fn new(asset: &str, kind: AssetKind) -> Self {
        Self {
            asset: asset.to_owned(),
            kind,
            supply_eth: None,
            buffer_eth: 0.0,
            cover_eth: 0.0,
            redemption_days: 0.0,
            vol_annual: 0.0,
            beta_market: 0.0,
            yields: Yields::default(),
        }
    }
}

/// What a wrapped asset earns a year, by whence it comes: fractions of its nav, so 0.03 is 3 %.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Yields {
    /// Rewards of validators, after the fees of whoever runs them.
    pub staking: f64,
    /// What AVSs pay for the stake behind them.
    pub avs_fees: f64,
    /// Programmatic incentives of restaking protocols.
    pub incentives: f64,
    /// Points and other campaigns, as far as holders put a price on them.
    pub campaign: f64,
}

impl Yields {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.staking + self.avs_fees + self.incentives + self.campaign
    }
}

/// A row of `operators`.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorRow {
    /// Name.
    pub operator: String,
    /// The company that runs it.
    pub entity: String,
    /// Any further column.
    pub attributes: BTreeMap<String, String>,
}

/// A row of `avs`.
#[derive(Clone, Debug, PartialEq)]
pub struct AvsRow {
    /// Name.
    pub avs: String,
    /// Unique or shared stake.
    pub sharing: Sharing,
    /// Share of its stake that corrupts it.
    pub attack_threshold: f64,
    /// What corrupting it yields, in ETH, where somebody has estimated that.
    pub profit_from_corruption_eth: Option<f64>,
    /// What its users lose if it is corrupted, in ETH.
    pub secured_value_eth: f64,
    /// True when slashed stake is handed on, false when it is burned.
    pub redistributes: bool,
}

/// A row of `holdings`.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldingRow {
    /// A wrapped asset, or `direct`.
    pub holder: String,
    /// Where the stake is; none means idle.
    pub operator: Option<String>,
    /// What is held.
    pub asset: String,
    /// Its value.
    pub amount_eth: f64,
}

/// A row of `allocations`.
#[derive(Clone, Debug, PartialEq)]
pub struct AllocationRow {
    /// The service.
    pub avs: String,
    /// The operator.
    pub operator: String,
    /// The asset, `*` for every asset restaked with the operator.
    pub asset: String,
    /// Share of the operator's stake in that asset that the AVS may slash.
    pub fraction: f64,
}

/// A row of `groups`.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRow {
    /// Name.
    pub group: String,
    /// `entity`, `client`, `cloud`, `region`, `code`, or any other.
    pub kind: String,
    /// The member.
    pub operator: String,
    /// Share of the member that is in the group.
    pub share: f64,
}

/// A row of `pools`.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolRow {
    /// Name.
    pub pool: String,
    /// The wrapped asset traded.
    pub asset: String,
    /// How it prices.
    pub invariant: Invariant,
    /// Reserve of the wrapped asset, as value in ETH.
    pub reserve_asset_eth: f64,
    /// Reserve of ETH.
    pub reserve_eth: f64,
    /// StableSwap's `A`.
    pub amplification: f64,
    /// Fee, a fraction.
    pub fee: f64,
}

impl PoolRow {
    /// A StableSwap pool of `A` = 100 without a fee; the reserves are of the asset and of ETH.
    #[must_use]
    pub fn stableswap(pool: &str, asset: &str, reserve_asset_eth: f64, reserve_eth: f64) -> Self {
        Self {
            pool: pool.to_owned(),
            asset: asset.to_owned(),
            invariant: Invariant::Stableswap,
            reserve_asset_eth,
            reserve_eth,
            amplification: 100.0,
            fee: 0.0,
        }
    }

    /// A constant-product pool without a fee; the reserves are of the asset and of ETH.
    #[must_use]
    pub fn constant_product(
        pool: &str,
        asset: &str,
        reserve_asset_eth: f64,
        reserve_eth: f64,
    ) -> Self {
        let stableswap = Self::stableswap(pool, asset, reserve_asset_eth, reserve_eth);
        Self { invariant: Invariant::ConstantProduct, ..stableswap }
    }
}

/// A row of `loans`.
#[derive(Clone, Debug, PartialEq)]
pub struct LoanRow {
    /// Name of the market.
    pub market: String,
    /// The asset pledged.
    pub collateral: String,
    /// The asset owed, ETH or USD.
    pub debt_asset: String,
    /// The price believed.
    pub oracle: Oracle,
    /// Most that can be borrowed, a fraction of the collateral.
    pub ltv: f64,
    /// Debt over collateral at which liquidation begins.
    pub liquidation_threshold: f64,
    /// Discount a liquidator gets.
    pub liquidation_bonus: f64,
    /// Health factor of these loans at the as-of date.
    pub health_factor: f64,
    /// Their collateral, as value in ETH.
    pub collateral_eth: f64,
    /// Most of a debt that one liquidation repays.
    pub close_factor: f64,
    /// What lends to the market, by name.
    pub reserve: Option<String>,
}

impl LoanRow {
    /// A loan of ETH on the terms that Aave gives to correlated pairs: 0.93, 0.95, bonus 0.01,
    /// exchange-rate oracle, close factor 0.5, no reserve.
    #[must_use]
    pub fn new(market: &str, collateral: &str, health_factor: f64, collateral_eth: f64) -> Self {
        Self {
            market: market.to_owned(),
            collateral: collateral.to_owned(),
            debt_asset: "ETH".to_owned(),
            oracle: Oracle::ExchangeRate,
            ltv: 0.93,
            liquidation_threshold: 0.95,
            liquidation_bonus: 0.01,
            health_factor,
            collateral_eth,
            close_factor: 0.5,
            reserve: None,
        }
    }
}

/// A row of `reserves`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReserveRow {
    /// Name.
    pub reserve: String,
    /// The base asset lent.
    pub asset: String,
    /// What its suppliers are owed, as value in ETH.
    pub supplied_eth: f64,
    /// What it lends to others than the markets that name it, as value in ETH.
    pub other_borrowed_eth: f64,
    /// Utilization at which the second slope of the borrow rate begins.
    pub optimal_utilization: f64,
    /// Borrow rate at no utilization, a year.
    pub base_rate: f64,
    /// What the rate gains up to the optimal utilization, a year.
    pub slope_1: f64,
    /// What it gains from there to full utilization, a year.
    pub slope_2: f64,
}

impl ReserveRow {
    /// A reserve that lends to its markets alone, with rates as Aave's of WETH: 2.7 % at the
    /// optimal utilization of 0.9, 80 % more at 1.
    #[must_use]
    pub fn new(reserve: &str, asset: &str, supplied_eth: f64) -> Self {
        Self {
            reserve: reserve.to_owned(),
            asset: asset.to_owned(),
            supplied_eth,
            other_borrowed_eth: 0.0,
            optimal_utilization: 0.9,
            base_rate: 0.0,
            slope_1: 0.027,
            slope_2: 0.8,
        }
    }
}

/// A row of `portfolios`.
#[derive(Clone, Debug, PartialEq)]
pub struct PortfolioRow {
    /// Name.
    pub portfolio: String,
    /// What is held: an asset, or a levered position by the name of its market.
    pub holds: PortfolioItem,
    /// Value, of a levered position the value of its collateral.
    pub amount_eth: f64,
}

/// What a portfolio row holds.
#[derive(Clone, Debug, PartialEq)]
pub enum PortfolioItem {
    /// An asset by name.
    Asset(String),
    /// A levered position in a lending market by name.
    Market(String),
}
