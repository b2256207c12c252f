//! What a path yields, by the names of the engine's figures (sections 7 and 9).

use std::collections::BTreeMap;

use slashfall_graph::spec::{PortfolioItem, PortfolioRow};

use super::Twin;

#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) stake_eth_0: f64,
    pub(crate) figures: BTreeMap<&'static str, f64>,
    /// Losses of holders by channel, in ETH.
    pub(crate) channels: BTreeMap<&'static str, f64>,
    pub(crate) assets: BTreeMap<String, BTreeMap<&'static str, f64>>,
    pub(crate) portfolios: BTreeMap<String, BTreeMap<&'static str, f64>>,
    /// The path came where the text does not say what happens.
    pub(crate) beyond_the_text: bool,
}

impl Twin<'_> {
    pub(super) fn outcome(&self, day_0: &Self) -> Outcome {
        Outcome {
            stake_eth_0: day_0.wealth(&day_0.navs()),
            figures: self.system(day_0),
            channels: self.channels(),
            assets: self.of_assets(day_0),
            portfolios: self.portfolios(day_0),
            beyond_the_text: self.beyond_the_text,
        }
    }

    fn market_prices(&self) -> Vec<f64> {
        (0..self.assets.len()).map(|asset| self.market_price(asset)).collect()
    }

    /// What a taker has at the horizon through some channels: wrapped units at the nav of then.
    fn taken(&self, taker: &'static str, of: impl Fn(&'static str) -> bool) -> f64 {
        let eth = self.books.taken_eth.iter().filter(|((by, to), _)| of(by) && *to == taker);
        let units = self.books.taken_units.iter();
        let units = units.filter(|((by, to, _), _)| of(by) && *to == taker);
        let wrapped: f64 = units.map(|((_, _, asset), units)| units * self.nav(*asset)).sum();
        eth.map(|(_, eth)| eth).sum::<f64>() + wrapped
    }

    fn cover_paid(&self, of: impl Fn(&'static str) -> bool) -> f64 {
        self.books.cover_paid_eth.iter().filter(|(by, _)| of(by)).map(|(_, eth)| eth).sum()
    }

    /// Bad debt that is open at the horizon, at nav and at the market; none without the cascade.
    fn open_bad_debts(&self) -> (f64, f64) {
        let (mut by_nav, mut by_market) = (0.0, 0.0);
        for market in 0..self.markets.len() {
            let asset = self.markets[market].collateral;
            by_nav += self.open_bad_debt(market, self.nav(asset));
            by_market += self.open_bad_debt(market, self.market_price(asset));
        }
        if self.case.cascade.enabled { (by_nav, by_market) } else { (0.0, 0.0) }
    }

    fn realised_bad_debt(&self) -> f64 {
        self.markets.iter().map(|market| market.realised_eth).sum()
    }

    fn system(&self, day_0: &Self) -> BTreeMap<&'static str, f64> {
        let takers = ["burned", "redistributed", "stolen", "beacon", "leak"];
        let attack = |channel: &'static str| channel == "attack_slash";
        let minted = self.assets.iter().enumerate().map(|(k, a)| a.minted_units * self.nav(k));
        let minted: f64 = minted.sum();
        let cover_paid = self.cover_paid(|_| true);
        let taken: f64 = takers.iter().map(|taker| self.taken(taker, |_| true)).sum();
        let attacks: f64 = takers.iter().map(|taker| self.taken(taker, attack)).sum();
        let lost = day_0.wealth(&day_0.navs()) - self.wealth(&self.navs()) - self.books.left_eth;
        let lost_at_market = day_0.wealth(&day_0.market_prices())
            - self.wealth(&self.market_prices())
            - self.books.left_eth;
        let (open, open_market) = self.open_bad_debts();
        let (realised, users) = (self.realised_bad_debt(), self.users_loss_eth());
        let total = lost + realised + open + users;
        let contagion = attacks - self.cover_paid(attack) + realised + open + users;
        let books = taken + minted + self.books.base_fall_eth - cover_paid;
        let depegs = |limit| self.assets.iter().filter(|a| a.worst_discount > limit).count() as f64;
        let dead = self.services.iter().filter(|service| service.dead);
        let mut figures: BTreeMap<&'static str, f64> =
            takers.into_iter().map(|taker| (taker, self.taken(taker, |_| true))).collect();
        figures.extend([
            ("total", total),
            ("direct", total - contagion),
            ("contagion", contagion),
            ("holders_nav_loss", lost),
            ("holders_market_loss", lost_at_market),
            ("base_fall", self.books.base_fall_eth),
            ("minted", minted),
            ("cover_paid", cover_paid),
            ("bad_debt", realised),
            ("bad_debt_open", open),
            ("bad_debt_open_market", open_market),
            ("avs_users_loss", users),
            ("avss_attacked", dead.count() as f64),
            ("liquidated", self.books.liquidated_eth),
            ("redeemed", self.books.redeemed_eth),
            ("events", self.case.happenings.len() as f64),
            ("operators_slashed", self.operators_slashed.len() as f64),
            ("rounds", f64::from(self.rounds)),
            ("truncated_days", f64::from(self.truncated_days)),
            ("depegs_1pct", depegs(0.01)),
            ("depegs_5pct", depegs(0.05)),
            ("depegs_10pct", depegs(0.10)),
            ("books_error", (lost - books) / day_0.wealth(&day_0.navs())),
        ]);
        figures
    }

    fn channels(&self) -> BTreeMap<&'static str, f64> {
        let names = ["avs_slash", "attack_slash", "beacon", "leak", "theft", "dilution"];
        let mut channels = self.books.channels.clone();
        for name in names.into_iter().chain(["base_price", "cover"]) {
            channels.entry(name).or_insert(0.0);
        }
        channels.extend([
            ("bad_debt", self.realised_bad_debt() + self.open_bad_debts().0),
            ("avs_users", self.users_loss_eth()),
            ("discount", 0.0),
        ]);
        channels
    }

    fn of_assets(&self, day_0: &Self) -> BTreeMap<String, BTreeMap<&'static str, f64>> {
        let figures = |&index: &usize| {
            let asset = &self.assets[index];
            let fall = |before: f64, after: f64| 1.0 - after / before;
            let figures = BTreeMap::from([
                ("nav_loss", fall(asset.nav_0, self.nav(index))),
                ("market_loss", fall(day_0.market_price(index), self.market_price(index))),
                ("worst_discount", asset.worst_discount),
                ("queued", self.queued_units(index) / asset.supply_units_0),
                ("longest_wait", asset.longest_wait_days),
                ("cover_used", asset.cover_paid_eth),
            ]);
            (asset.name.clone(), figures)
        };
        self.wrapped.iter().map(figures).collect()
    }

    fn portfolios(&self, day_0: &Self) -> BTreeMap<String, BTreeMap<&'static str, f64>> {
        let mut falls: BTreeMap<String, f64> = BTreeMap::new();
        for row in &self.case.spec.portfolios.rows {
            *falls.entry(row.portfolio.clone()).or_insert(0.0) +=
                day_0.worth(day_0, row) - self.worth(day_0, row);
        }
        let figures = |(name, fall): (String, f64)| {
            let carry = self.carry[&name];
            (name, BTreeMap::from([("loss", fall - carry), ("carry", carry)]))
        };
        falls.into_iter().map(figures).collect()
    }

    /// What a position is worth at market prices; `day_0` says how large it is.
    fn worth(&self, day_0: &Self, row: &PortfolioRow) -> f64 {
        match &row.holds {
            PortfolioItem::Asset(name) => {
                let asset = self.asset(name);
                row.amount_eth / self.assets[asset].nav_0 * self.market_price(asset)
            }
            PortfolioItem::Market(name) => {
                let (market, share) = day_0.levered(name, row.amount_eth);
                let price = self.market_price(self.markets[market].collateral);
                let rows = self.loans.iter().filter(|loan| loan.own && loan.market == market);
                let equity = rows.map(|loan| {
                    (loan.units * price - loan.debt * self.debt_price(market)).max(0.0)
                });
                share * (equity.sum::<f64>() + self.markets[market].kept_units * price)
            }
        }
    }

    /// The market by name, and which share of its own rows is somebody's.
    fn levered(&self, name: &str, amount_eth: f64) -> (usize, f64) {
        let market = super::position(self.markets.iter().map(|m| m.name.as_str()), name);
        let units = amount_eth / self.assets[self.markets[market].collateral].nav_0;
        (market, units / self.units_0(market))
    }

    /// What positions earn today, over what they pay for what they borrow.
    pub(super) fn earn_carry(&mut self) {
        for row in &self.case.spec.portfolios.rows {
            let earned = match &row.holds {
                PortfolioItem::Asset(name) => {
                    row.amount_eth * self.yield_on(self.asset(name), self.today)
                }
                PortfolioItem::Market(name) => self.levered_carry(name, row.amount_eth),
            };
            *self.carry.entry(row.portfolio.clone()).or_insert(0.0) += earned / 365.0;
        }
    }

    fn levered_carry(&self, name: &str, amount_eth: f64) -> f64 {
        let (market, share) = self.levered(name, amount_eth);
        let Some(reserve) = self.markets[market].reserve else { return 0.0 };
        let asset = self.markets[market].collateral;
        let earned = self.assets[asset].nav_0 * self.yield_on(asset, self.today);
        let paid = self.debt_price(market) * self.reserves[reserve].rate;
        let rows = self.loans.iter().filter(|loan| loan.own && loan.market == market);
        let own = rows.map(|loan| loan.units * earned - loan.debt * paid).sum::<f64>();
        share * (own + self.markets[market].kept_units * earned)
    }
}
