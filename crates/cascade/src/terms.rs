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

#[cfg(test)]
mod tests {
    use slashfall_graph::spec::{AssetKind, LoanRow, Oracle, PoolRow};
    use slashfall_graph::{Network, Sketch};

    use super::*;
    use crate::Parameters;

    /// A liquid staking token whose pool is worth 1 / 1.21 of nav, and who has it idle.
    fn network() -> Network {
        let lent = |market: &str, health_factor, eth| LoanRow {
            ltv: 0.8,
            liquidation_threshold: 0.9,
            oracle: if market == "low" { Oracle::Market } else { Oracle::ExchangeRate },
            ..LoanRow::new(market, "k", health_factor, eth)
        };
        let yields = Yields { staking: 0.03, avs_fees: 0.01, incentives: 0.02, campaign: 0.1 };
        Sketch::new()
            .asset("k", AssetKind::Lst)
            .yields(yields)
            .asset("w", AssetKind::Bridged)
            .operator("op", "Op")
            .holding("k", "op", "ETH", 10_000.0)
            .holding("w", "", "k", 100.0)
            .pool(PoolRow::constant_product("p", "k", 1_210.0, 1_000.0))
            .loan(lent("high", 1.0, 121.0))
            .loan(lent("high", 1.8, 242.0))
            .loan(lent("low", 1.8, 121.0))
            .network()
            .unwrap()
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found} {expected}");
    }

    #[test]
    fn parts_of_a_yield_are_all_of_it() {
        let network = network();
        let k = AssetId::new(network.n_base());
        for (from_day, days_changed) in [(0.0, 90.0), (29.5, 61.0), (30.0, 60.0), (400.0, 0.0)] {
            let mut parameters = Parameters::absent(90, 2);
            parameters.yields.from_day = from_day;
            (parameters.yields.avs_fees, parameters.yields.campaign) = (0.5, 0.0);
            let setting = Setting::new(&network, parameters);
            let parts = setting.yield_parts_to_horizon(k);
            close(parts.staking, 0.03 * 90.0 / 365.0);
            close(parts.avs_fees, 0.01 * (90.0 - 0.5 * days_changed) / 365.0);
            close(parts.campaign, 0.1 * (90.0 - days_changed) / 365.0);
            close(parts.total(), setting.yield_to_horizon(k));
            close(setting.yield_parts_to_horizon(Network::ETH).total(), 0.0);
        }
    }

    /// Prices are 1 / 1.21 of nav, and nav is 1. By the exchange rate 121 ETH at nav owe 108.9 at a
    /// health factor of 1, which is more than the 100 that they fetch, and 242 owe 121 of 200. By the
    /// market 121 at nav are 100 and owe 50.
    #[test]
    fn equity_is_at_market_prices_and_never_below_0() {
        let network = network();
        let setting = Setting::new(&network, Parameters::absent(30, 2));
        let market = |name: &str| {
            MarketId::new(network.markets().iter().position(|m| m.name == name).unwrap())
        };
        close(setting.market_equity_0(market("high")), 79.0);
        close(setting.market_collateral_0(market("high")), 300.0);
        close(setting.market_equity_0(market("low")), 50.0);
        close(setting.market_collateral_0(market("low")), 100.0);
    }

    #[test]
    fn who_has_validators_waits_for_the_chain_and_who_has_a_pool_has_a_curve() {
        let network = network();
        let setting = Setting::new(&network, Parameters::absent(30, 2));
        let [k, w] = [0, 1].map(|index| AssetId::new(network.n_base() + index));
        assert!(setting.redeems_through_exit_queue(k));
        assert!(!setting.redeems_through_exit_queue(w));
        assert!(!setting.redeems_through_exit_queue(Network::ETH));
        close(setting.curve(k).unwrap().price(0.0), 1.0 / 1.21);
        assert!(setting.curve(w).is_none() && setting.curve(Network::ETH).is_none());
        close(setting.nav_0(Network::ETH), 1.0);
    }
}
