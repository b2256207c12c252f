//! Where assets are traded, pledged, lent and owned: apart from [`crate::Network`] proper, since
//! losses arise there that no slash explains.

use crate::ids::{AssetId, MarketId, ReserveId};
use crate::network::Network;
use crate::spec::{Invariant, Oracle};

/// A pool of a wrapped asset against ETH.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Name.
    pub name: String,
    /// What is traded.
    pub asset: AssetId,
    /// How it prices.
    pub invariant: Invariant,
    /// Reserve of the asset, in units.
    pub reserve_units: f64,
    /// Reserve of ETH.
    pub reserve_eth: f64,
    /// StableSwap's `A`.
    pub amplification: f64,
    /// Fee, a fraction.
    pub fee: f64,
}

/// A lending market.
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// Name.
    pub name: String,
    /// What is pledged.
    pub collateral: AssetId,
    /// What is owed: a base asset.
    pub debt_asset: AssetId,
    /// The price believed.
    pub oracle: Oracle,
    /// Most that can be borrowed.
    pub ltv: f64,
    /// Debt over collateral at which liquidation begins.
    pub liquidation_threshold: f64,
    /// Discount a liquidator gets.
    pub liquidation_bonus: f64,
    /// Most of a debt that one liquidation repays.
    pub close_factor: f64,
    /// What lends to it; none where nothing follows from how much is lent out.
    pub reserve: Option<ReserveId>,
    /// Its loans, health factor ascending.
    pub loans: Vec<Loan>,
}

/// The loans of one market that share a health factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loan {
    /// At day 0.
    pub health_factor: f64,
    /// Collateral in units.
    pub collateral_units: f64,
}

/// What lends one base asset to several markets, and to others.
#[derive(Clone, Debug, PartialEq)]
pub struct Reserve {
    /// Name.
    pub name: String,
    /// What is lent: a base asset.
    pub asset: AssetId,
    /// Claims of its suppliers at day 0, in units of the asset.
    pub supplied_units: f64,
    /// Lent at day 0 to others than the markets that name it, in units of the asset.
    pub other_borrowed_units: f64,
    /// Utilization at which the second slope of the borrow rate begins, in (0, 1).
    pub optimal_utilization: f64,
    /// Borrow rate at no utilization, a year.
    pub base_rate: f64,
    /// What the rate gains up to the optimal utilization, a year.
    pub slope_1: f64,
    /// What it gains from there to full utilization, a year.
    pub slope_2: f64,
}

/// A named portfolio.
#[derive(Clone, Debug, PartialEq)]
pub struct Portfolio {
    /// Name.
    pub name: String,
    /// What it holds.
    pub positions: Vec<Position>,
}

/// One position of a portfolio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Position {
    /// An asset.
    Asset {
        /// What.
        asset: AssetId,
        /// How much, in units.
        units: f64,
    },
    /// Collateral in a lending market, borrowed against as that market's loans are.
    Levered {
        /// Where.
        market: MarketId,
        /// Collateral in units.
        units: f64,
    },
}

impl Network {
    /// All pools.
    #[must_use]
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The pools of a wrapped asset, in order of name.
    pub fn asset_pools(&self, id: AssetId) -> impl Iterator<Item = &Pool> {
        self.asset_pools.row(id.index()).iter().map(|&pool| &self.pools[pool])
    }

    /// All lending markets.
    #[must_use]
    pub fn markets(&self) -> &[Market] {
        &self.markets
    }

    /// One lending market.
    #[must_use]
    pub fn market(&self, id: MarketId) -> &Market {
        &self.markets[id.index()]
    }

    /// The lending markets that take an asset as collateral, in order of name.
    #[must_use]
    pub fn asset_markets(&self, id: AssetId) -> &[MarketId] {
        self.asset_markets.row(id.index())
    }

    /// All lending reserves.
    #[must_use]
    pub fn reserves(&self) -> &[Reserve] {
        &self.reserves
    }

    /// One lending reserve.
    #[must_use]
    pub fn reserve(&self, id: ReserveId) -> &Reserve {
        &self.reserves[id.index()]
    }

    /// The lending markets that a reserve lends to, in order of name.
    #[must_use]
    pub fn reserve_markets(&self, id: ReserveId) -> &[MarketId] {
        self.reserve_markets.row(id.index())
    }

    /// All portfolios.
    #[must_use]
    pub fn portfolios(&self) -> &[Portfolio] {
        &self.portfolios
    }
}
