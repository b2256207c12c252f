//! Lending reserves, what their suppliers and borrowers do, and yields (sections 6.10 and 6.11).

use slashfall_graph::spec::{NetworkSpec, ReserveRow};

use super::{Asset, Twin, position};

#[derive(Clone, Debug)]
pub(super) struct Reserve {
    pub(super) name: String,
    asset: usize,
    terms: ReserveRow,
    /// What suppliers are owed, in units of the asset, as the rest is.
    claims: f64,
    claims_0: f64,
    pub(super) cash: f64,
    /// Borrow rates a year: of day 0, and as worked out last.
    rate_0: f64,
    pub(super) rate: f64,
}

impl Reserve {
    /// In order of name, with nothing lent yet.
    pub(super) fn all(spec: &NetworkSpec, assets: &[Asset]) -> Vec<Self> {
        let reserve = |row: &ReserveRow| Self {
            name: row.reserve.clone(),
            asset: position(assets.iter().map(|a| a.name.as_str()), &row.asset),
            terms: row.clone(),
            claims_0: row.supplied_eth,
            claims: row.supplied_eth,
            cash: row.supplied_eth - row.other_borrowed_eth,
            rate_0: 0.0,
            rate: 0.0,
        };
        let mut reserves: Vec<Self> = spec.reserves.rows.iter().map(reserve).collect();
        reserves.sort_by(|a, b| a.name.cmp(&b.name));
        reserves
    }
}

impl Twin<'_> {
    /// Pays out the loans of day 0.
    pub(super) fn lend(&mut self) {
        for reserve in 0..self.reserves.len() {
            self.reserves[reserve].cash -= self.lent(reserve);
            let rate = self.borrow_rate(reserve);
            (self.reserves[reserve].rate_0, self.reserves[reserve].rate) = (rate, rate);
        }
    }

    fn lent_price(&self, reserve: usize) -> f64 {
        self.assets[self.reserves[reserve].asset].price
    }

    fn markets_of(&self, reserve: usize) -> Vec<usize> {
        let all = 0..self.markets.len();
        all.filter(|&market| self.markets[market].reserve == Some(reserve)).collect()
    }

    /// Debts of the markets.
    fn lent(&self, reserve: usize) -> f64 {
        let markets = self.markets_of(reserve);
        let loans = self.loans.iter().filter(|loan| markets.contains(&loan.market));
        loans.map(|loan| loan.debt).sum()
    }

    fn borrow_rate(&self, index: usize) -> f64 {
        let reserve = &self.reserves[index];
        let terms = &reserve.terms;
        let borrowed = terms.other_borrowed_eth + self.lent(index);
        let all = borrowed + reserve.cash;
        let u = if all > 0.0 { borrowed / all } else { 0.0 };
        let kink = terms.optimal_utilization;
        terms.base_rate
            + terms.slope_1 * u.min(kink) / kink
            + terms.slope_2 * (u - kink).max(0.0) / (1.0 - kink)
    }

    /// A repayment, in units of what the market lends.
    pub(super) fn repay(&mut self, market: usize, units: f64) {
        if let Some(reserve) = self.markets[market].reserve {
            self.reserves[reserve].cash += units;
        }
    }

    /// Suppliers take a share of their claims out, as far as there is cash.
    pub(super) fn withdraw(&mut self, reserve: usize, share: f64) {
        let reserve = &mut self.reserves[reserve];
        let units = (share * reserve.claims).min(reserve.cash);
        reserve.claims -= units;
        reserve.cash -= units;
    }

    /// The end of the day of one reserve.
    pub(super) fn close_the_day_of(&mut self, reserve: usize) {
        let lending = self.case.lending;
        let bad_debt: f64 = self.markets_of(reserve).iter().map(|&m| self.bad_debt(m)).sum();
        // The claims of day 0 at the price of today.
        let claims_eth = self.reserves[reserve].claims_0 * self.lent_price(reserve);
        let beta = bad_debt / claims_eth;
        self.withdraw(reserve, lending.run_max.min(lending.run_on_bad_debt * beta));
        let rate = self.borrow_rate(reserve);
        self.reserves[reserve].rate = rate;
        let growth = 1.0 + (rate - self.reserves[reserve].rate_0) / 365.0;
        for market in self.markets_of(reserve) {
            self.loans.iter_mut().filter(|l| l.market == market).for_each(|l| l.debt *= growth);
        }
        for market in self.markets_of(reserve) {
            for loan in 0..self.loans.len() {
                if self.loans[loan].market == market && self.loans[loan].own {
                    self.unwind(loan, rate);
                }
            }
        }
    }

    /// Realised so far and open, in ETH.
    fn bad_debt(&self, market: usize) -> f64 {
        let nav = self.nav(self.markets[market].collateral);
        self.markets[market].realised_eth + self.open_bad_debt(market, nav)
    }

    /// A borrower who pays more than he earns closes a part of his loop.
    fn unwind(&mut self, index: usize, rate: f64) {
        let (lending, loan) = (self.case.lending, self.loans[index]);
        let asset = self.markets[loan.market].collateral;
        let (nav, price) = (self.nav(asset), self.market_price(asset));
        let debt_price = self.debt_price(loan.market);
        let (owed_eth, worth_eth) = (loan.debt * debt_price, loan.units * nav);
        let owes_eth = self.assets[self.markets[loan.market].debt_asset].name == "ETH";
        if !owes_eth || owed_eth <= 0.0 || loan.units <= 0.0 || self.yield_on(asset, 0) <= 0.0 {
            return;
        }
        // Without bound where the collateral is worth nothing any more.
        let cost = (rate * owed_eth - self.yield_on(asset, self.today) * worth_eth) / worth_eth;
        if cost <= 0.0 || lending.unwind_on_carry <= 0.0 || !self.has_pool(asset) {
            return;
        }
        let closed = lending.unwind_max.min(lending.unwind_on_carry * cost);
        let patience = cost * self.wait_days(asset).max(1.0) / 365.0;
        let most = self.room(asset, 1.0 - self.behaviour_of_sellers(asset).min(patience));
        let sold = (closed * owed_eth / price).min(closed * loan.units).min(most);
        if sold * nav < 1e-9 {
            return;
        }
        let repaid = self.proceeds(asset, sold) / owed_eth;
        self.sell(asset, sold);
        self.repay(loan.market, repaid * loan.debt);
        self.loans[index].debt -= repaid * loan.debt;
        let freed = sold.max(repaid * loan.units);
        self.loans[index].units -= freed;
        self.markets[loan.market].kept_units += freed - sold;
        self.close_if_empty(index);
    }

    fn behaviour_of_sellers(&self, asset: usize) -> f64 {
        self.case.redemption[&self.assets[asset].name].max_sale_discount
    }

    /// `Y_k` on a day.
    pub(super) fn yield_on(&self, asset: usize, day: u32) -> f64 {
        let scaled = &self.case.yields;
        let factors = [scaled.staking, scaled.avs_fees, scaled.incentives, scaled.campaign];
        let late = f64::from(day) > scaled.from_day;
        let parts = self.assets[asset].yields.into_iter().zip(factors);
        parts.map(|(part, factor)| if late { part * factor } else { part }).sum()
    }
}
