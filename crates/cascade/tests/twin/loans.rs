//! Loans against wrapped assets: what they owe, when they are liquidated, what is lost (sections
//! 6.5 and 6.7).

use slashfall_graph::spec::{LoanRow, NetworkSpec, Oracle};

use super::{Asset, Twin, position};

#[derive(Clone, Debug)]
pub(super) struct Market {
    pub(super) name: String,
    pub(super) collateral: usize,
    pub(super) debt_asset: usize,
    pub(super) reserve: Option<usize>,
    terms: LoanRow,
    /// The market price that its oracle read last.
    read: f64,
    /// Bad debt that liquidations left.
    pub(super) realised_eth: f64,
    /// Collateral set free by unwinding that borrowers did not sell.
    pub(super) kept_units: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Loan {
    pub(super) market: usize,
    /// False of what a mint pledged.
    pub(super) own: bool,
    pub(super) units_0: f64,
    /// Collateral `c`.
    pub(super) units: f64,
    /// Debt `D`, in units of the debt asset.
    pub(super) debt: f64,
}

impl Market {
    pub(super) fn all(spec: &NetworkSpec, assets: &[Asset]) -> Vec<Self> {
        let asset = |name: &str| position(assets.iter().map(|a| a.name.as_str()), name);
        let mut reserves: Vec<&str> = spec.reserves.rows.iter().map(|r| &*r.reserve).collect();
        reserves.sort_unstable();
        let market = |row: &LoanRow| Self {
            name: row.market.clone(),
            collateral: asset(&row.collateral),
            debt_asset: asset(&row.debt_asset),
            reserve: row.reserve.as_ref().map(|name| position(reserves.iter().copied(), name)),
            terms: row.clone(),
            read: f64::NAN,
            realised_eth: 0.0,
            kept_units: 0.0,
        };
        let mut markets: Vec<Self> = spec.loans.rows.iter().map(market).collect();
        markets.sort_by(|a, b| a.name.cmp(&b.name));
        markets.dedup_by(|a, b| a.name == b.name);
        markets
    }
}

impl Loan {
    /// The rows of all markets, once the oracles have been read.
    pub(super) fn all(twin: &Twin<'_>) -> Vec<Self> {
        let mut loans = Vec::new();
        for (market, terms) in twin.markets.iter().enumerate() {
            let rows = twin.case.spec.loans.rows.iter().filter(|row| row.market == terms.name);
            let mut rows: Vec<&LoanRow> = rows.collect();
            rows.sort_by(|a, b| a.health_factor.total_cmp(&b.health_factor));
            for row in rows {
                let units = row.collateral_eth / twin.assets[terms.collateral].nav_0;
                let worth = row.liquidation_threshold * units * twin.oracle_price(market);
                let debt = worth / row.health_factor / twin.assets[terms.debt_asset].price;
                loans.push(Self { market, own: true, units_0: units, units, debt });
            }
        }
        loans
    }
}

impl Twin<'_> {
    pub(super) fn read_oracles(&mut self) {
        for market in 0..self.markets.len() {
            self.markets[market].read = self.market_price(self.markets[market].collateral);
        }
    }

    pub(super) fn oracle_price(&self, market: usize) -> f64 {
        match self.markets[market].terms.oracle {
            Oracle::ExchangeRate => self.nav(self.markets[market].collateral),
            Oracle::Market => self.markets[market].read,
        }
    }

    /// Price of what the market lends.
    pub(super) fn debt_price(&self, market: usize) -> f64 {
        self.assets[self.markets[market].debt_asset].price
    }

    /// Collateral of own rows.
    pub(super) fn pledged_units(&self, asset: usize) -> f64 {
        let own = self.loans.iter().filter(|loan| loan.own);
        own.filter(|loan| self.markets[loan.market].collateral == asset).map(|l| l.units).sum()
    }

    /// Collateral of a market's own rows on day 0.
    pub(super) fn units_0(&self, market: usize) -> f64 {
        let rows = self.loans.iter().filter(|loan| loan.own && loan.market == market);
        rows.map(|loan| loan.units_0).sum()
    }

    /// Pledges minted units in all markets that take them; returns how many.
    pub(super) fn pledge(&mut self, asset: usize, units: f64) -> f64 {
        let takes = |market: &usize| self.markets[*market].collateral == asset;
        let markets: Vec<usize> = (0..self.markets.len()).filter(takes).collect();
        let all: f64 = markets.iter().map(|&market| self.units_0(market)).sum();
        let mut pledged = 0.0;
        for market in markets {
            let units = units * self.units_0(market) / all;
            let worth = self.markets[market].terms.ltv * units * self.oracle_price(market);
            let mut debt = worth / self.debt_price(market);
            if let Some(reserve) = self.markets[market].reserve {
                debt = debt.min(self.reserves[reserve].cash);
                self.reserves[reserve].cash -= debt;
            }
            self.loans.push(Loan { market, own: false, units_0: 0.0, units, debt });
            pledged += units;
        }
        pledged
    }

    /// Returns whether any collateral was seized.
    pub(super) fn liquidate(&mut self) -> bool {
        let mut unhealthy = Vec::new();
        for (index, loan) in self.loans.iter().enumerate() {
            let terms = &self.markets[loan.market].terms;
            let worth = terms.liquidation_threshold * loan.units * self.oracle_price(loan.market);
            let health = worth / (loan.debt * self.debt_price(loan.market));
            // Within 1e-12 of 1 it is 1.
            if loan.units > 0.0 && health < 1.0 - 1e-12 && self.has_pool(self.collateral(loan)) {
                unhealthy.push((health, loan.market, index));
            }
        }
        let place = |a: &(f64, usize, usize)| (a.0 * 1e12).round();
        unhealthy.sort_by(|a, b| place(a).total_cmp(&place(b)).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut seized = false;
        for (health, _, index) in unhealthy {
            seized |= self.seize(index, health);
        }
        seized
    }

    fn collateral(&self, loan: &Loan) -> usize {
        self.markets[loan.market].collateral
    }

    fn seize(&mut self, index: usize, health: f64) -> bool {
        let loan = self.loans[index];
        let (asset, market) = (self.collateral(&loan), loan.market);
        let (oracle, debt_price) = (self.oracle_price(market), self.debt_price(market));
        let terms = &self.markets[market].terms;
        let bonus = 1.0 + terms.liquidation_bonus;
        let close = if health > 0.95 { terms.close_factor } else { 1.0 };
        let wanted = close * loan.debt * debt_price * bonus / oracle;
        let room = self.room(asset, oracle / bonus / self.nav(asset));
        let units = wanted.min(loan.units).min(room);
        if oracle <= 0.0 || units * oracle < 1e-9 {
            return false;
        }
        let repaid = units * oracle / bonus / debt_price;
        self.sell(asset, units);
        self.books.liquidated_eth += units * oracle;
        self.repay(market, repaid);
        let loan = &mut self.loans[index];
        loan.units -= units;
        loan.debt = (loan.debt - repaid).max(0.0);
        self.close_if_empty(index);
        true
    }

    /// What is owed on no collateral is bad debt.
    pub(super) fn close_if_empty(&mut self, index: usize) {
        let Loan { market, units, debt, .. } = self.loans[index];
        if units <= 0.0 {
            self.markets[market].realised_eth += debt * self.debt_price(market);
            self.loans[index].debt = 0.0;
        }
    }

    /// Open bad debt of a market's loans at prices of its collateral.
    pub(super) fn open_bad_debt(&self, market: usize, price: f64) -> f64 {
        let loans = self.loans.iter().filter(|loan| loan.market == market);
        let owed = |loan: &Loan| loan.debt * self.debt_price(market);
        loans.map(|loan| (owed(loan) - loan.units * price).max(0.0)).sum()
    }
}
