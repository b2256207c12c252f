//! On which terms one leaves: what of a setting those read who work out, beside the engine, what
//! leaving costs.

use slashfall_graph::{AssetId, MarketId, Yields};

use crate::liquidity::PriceCurve;
use crate::loans::{Loan, loans_of_day_0};
use crate::redemption::has_validators;
use crate::setting::{DAYS_PER_YEAR, Setting};

impl Setting<'_> {
    /// The price of an asset in all its pools together; none of an asset without a pool.
    #[must_use]
    pub fn curve(&self, asset: AssetId) -> Option<&PriceCurve> {
        let index = asset.index().checked_sub(self.network.n_base())?;
        self.curves[index].as_ref()
    }

    /// Nav of a wrapped asset on day 0, or price of a base asset: ETH a unit.
    #[must_use]
    pub fn nav_0(&self, asset: AssetId) -> f64 {
        self.nav_0[asset.index()]
    }

    /// True where who redeems an asset waits, at least, until those have left the chain who queue
    /// there: it had ETH at operators on day 0 (section 6.9 of `docs/model.md`). False of base
    /// assets.
    #[must_use]
    pub fn redeems_through_exit_queue(&self, asset: AssetId) -> bool {
        asset.index() >= self.network.n_base() && has_validators(self.network, asset)
    }

    /// What [`Self::yield_to_horizon`] is made of: each kind of yield of an asset from day 0 to the
    /// horizon, with the scenario's multipliers, a fraction of its nav of day 0; 0 of base assets.
    #[must_use]
    pub fn yield_parts_to_horizon(&self, asset: AssetId) -> Yields {
        let (yields, by) = (self.network.asset(asset).yields, &self.parameters.yields);
        let days = 1..=self.parameters.horizon_days;
        let n_changed = days.filter(|&day| self.yield_phase(day) == 1).count() as f64;
        let n_plain = f64::from(self.parameters.horizon_days) - n_changed;
        let part =
            |a_year: f64, factor: f64| a_year * (n_plain + n_changed * factor) / DAYS_PER_YEAR;
        Yields {
            staking: part(yields.staking, by.staking),
            avs_fees: part(yields.avs_fees, by.avs_fees),
            incentives: part(yields.incentives, by.incentives),
            campaign: part(yields.campaign, by.campaign),
        }
    }

    /// Equity of the loans of a market on day 0, in ETH at market prices; of each at least 0.
    #[must_use]
    pub fn market_equity_0(&self, market: MarketId) -> f64 {
        let price_0 = self.collateral_price_0(market);
        self.loans_0(market).map(|loan| (loan.collateral * price_0 - loan.debt).max(0.0)).sum()
    }

    /// Collateral of the loans of a market on day 0, in ETH at market prices.
    #[must_use]
    pub fn market_collateral_0(&self, market: MarketId) -> f64 {
        let units: f64 = self.loans_0(market).map(|loan| loan.collateral).sum();
        units * self.collateral_price_0(market)
    }

    fn collateral_price_0(&self, market: MarketId) -> f64 {
        self.price_0(self.network.market(market).collateral)
    }

    fn loans_0(&self, market: MarketId) -> impl Iterator<Item = Loan> + '_ {
        loans_of_day_0(self, self.network.market(market))
    }
}
