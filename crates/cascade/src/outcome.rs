//! Writes what a path has come to at the horizon (sections 7 and 9 of `docs/model.md`).

use slashfall_graph::{AssetId, Holder, MarketId, Network, Portfolio, Position};

use crate::attribution::Channel;
use crate::figures::{AssetFigure, Figure, Layout, PortfolioFigure};
use crate::ledger::Taker;
use crate::loans::{Loan, market_ids};
use crate::record::{AssetDay, DayRecord, Recorder, ReserveDay};
use crate::setting::{DAYS_PER_YEAR, Setting};
use crate::state::State;

impl State<'_> {
    /// Books what open loans are short of.
    pub(crate) fn close_books(&mut self) {
        if !self.setting.parameters.cascade.enabled {
            return; // nobody settles loans
        }
        for id in market_ids(self.network) {
            let collateral = self.network.market(id).collateral;
            let open = self.shortfall_eth(id, self.nav[collateral.index()]);
            if open > 0.0 {
                self.ledger.sums.bad_debt_open += open;
                self.book_bad_debt(self.wrapped_index(collateral), open);
            }
            let at_market = self.shortfall_eth(id, self.market_price(collateral));
            self.ledger.sums.bad_debt_open_market += at_market;
        }
    }

    /// Writes the figures of a path that has come to its horizon.
    pub(crate) fn write_outcome(&self, layout: Layout, n_events: usize, row: &mut [f64]) {
        row.fill(0.0);
        self.write_losses(layout, row);
        self.write_takers(layout, row);
        self.write_books(layout, row);
        self.write_counts(layout, n_events, row);
        self.write_assets(layout, row);
        for (index, portfolio) in self.network.portfolios().iter().enumerate() {
            let carry = self.carry(portfolio);
            let loss = self.portfolio_loss(portfolio) - carry;
            row[layout.portfolio(index, PortfolioFigure::Loss)] = loss;
            row[layout.portfolio(index, PortfolioFigure::Carry)] = carry;
        }
    }

    pub(crate) fn write_losses(&self, layout: Layout, row: &mut [f64]) {
        let sums = &self.ledger.sums;
        let nav_loss = self.holders_nav_loss();
        let lent = sums.bad_debt + sums.bad_debt_open;
        let total = nav_loss + lent + sums.avs_users;
        let contagion = self.ledger.attack_loss_eth(&self.nav) + lent + sums.avs_users;
        let books = self.ledger.holders_loss_eth(&self.nav);
        let mut set = |figure, value| row[layout.system(figure)] = value;
        set(Figure::Total, total);
        set(Figure::Direct, total - contagion);
        set(Figure::Contagion, contagion);
        set(Figure::NavLoss, nav_loss);
        set(Figure::MarketLoss, self.holders_market_loss());
        set(Figure::BooksError, (nav_loss - books) / self.stake_eth_0());
        for &channel in Channel::ALL {
            row[layout.channel(channel)] = self.channel_eth[channel.index()];
        }
    }

    /// Writes who got what holders lost.
    pub(crate) fn write_takers(&self, layout: Layout, row: &mut [f64]) {
        let taken = |taker| self.ledger.taken_eth(taker, &self.nav);
        let mut set = |figure, value| row[layout.system(figure)] = value;
        set(Figure::Burned, taken(Taker::Burned) + taken(Taker::BurnedInAttack));
        set(
            Figure::Redistributed,
            taken(Taker::Redistributed) + taken(Taker::RedistributedInAttack),
        );
        set(Figure::Stolen, taken(Taker::Stolen));
        set(Figure::Beacon, taken(Taker::Beacon));
        set(Figure::Leak, taken(Taker::Leak));
    }

    fn write_books(&self, layout: Layout, row: &mut [f64]) {
        let sums = &self.ledger.sums;
        let mut set = |figure, value| row[layout.system(figure)] = value;
        set(Figure::BaseFall, sums.base_fall);
        set(Figure::Minted, self.ledger.minted_eth(&self.nav));
        set(Figure::CoverPaid, sums.cover_paid);
        set(Figure::BadDebt, sums.bad_debt);
        set(Figure::BadDebtOpen, sums.bad_debt_open);
        set(Figure::BadDebtOpenMarket, sums.bad_debt_open_market);
        set(Figure::AvsUsersLoss, sums.avs_users);
        set(Figure::Liquidated, sums.liquidated);
        set(Figure::Redeemed, sums.redeemed);
    }

    fn write_counts(&self, layout: Layout, n_events: usize, row: &mut [f64]) {
        let sums = &self.ledger.sums;
        let worst = |limit| {
            let deep = self.market.quotes.iter().filter(|q| q.worst_discount > limit);
            deep.count() as f64
        };
        let mut set = |figure, value| row[layout.system(figure)] = value;
        set(Figure::Events, n_events as f64);
        set(Figure::OperatorsSlashed, self.slashed.n_set() as f64);
        set(Figure::AvssAttacked, f64::from(sums.n_attacked));
        set(Figure::Rounds, f64::from(sums.n_rounds));
        set(Figure::TruncatedDays, f64::from(sums.n_truncated));
        set(Figure::Depegs1, worst(0.01));
        set(Figure::Depegs5, worst(0.05));
        set(Figure::Depegs10, worst(0.10));
    }

    fn write_assets(&self, layout: Layout, row: &mut [f64]) {
        for (index, id) in self.network.wrapped_assets().enumerate() {
            let asset = self.network.asset(id);
            let (nav_0, price_0) = (self.nav_0[id.index()], self.price_0[id.index()]);
            let wrapped = &self.wrapped[index];
            let mut set = |figure, value| row[layout.asset(index, figure)] = value;
            set(AssetFigure::NavLoss, (nav_0 - self.nav[id.index()]) / nav_0);
            set(AssetFigure::MarketLoss, (price_0 - self.market_price(id)) / price_0);
            set(AssetFigure::WorstDiscount, self.market.quotes[index].worst_discount);
            set(AssetFigure::Queued, wrapped.queued_units / asset.supply_units);
            set(AssetFigure::LongestWait, self.queues.longest_wait[index]);
            set(AssetFigure::CoverUsed, asset.cover_eth - wrapped.cover_eth);
        }
    }

    /// Fall in value at nav of outside units and direct holdings, and what paid units had lost.
    fn holders_nav_loss(&self) -> f64 {
        let n_base = self.network.n_base();
        let falls = self.nav_0[n_base..].iter().zip(&self.nav[n_base..]);
        let wrapped = self.wrapped.iter().zip(falls);
        let outside: f64 = wrapped.map(|(w, (nav_0, nav))| w.outside_units * (nav_0 - nav)).sum();
        self.ledger.sums.realised + outside + (self.direct_eth_0 - self.direct_eth(&self.nav))
    }

    /// The same at market prices.
    fn holders_market_loss(&self) -> f64 {
        let network = self.network;
        let prices =
            network.wrapped_assets().map(|id| (self.price_0[id.index()], self.market_price(id)));
        let wrapped = self.wrapped.iter().zip(prices);
        let outside: f64 = wrapped.map(|(w, (m_0, m))| w.outside_units * (m_0 - m)).sum();
        let columns = network.holder_columns(Holder::Direct).iter();
        let direct: f64 = columns
            .map(|id| {
                self.column_units[id.index()]
                    * self.market_price(network.columns()[id.index()].asset)
            })
            .sum();
        self.ledger.sums.realised_at_market + outside + (self.direct_at_market_0 - direct)
    }

    /// Loss of a portfolio at market prices, without carry.
    fn portfolio_loss(&self, portfolio: &Portfolio) -> f64 {
        let losses = portfolio.positions.iter().map(|position| match *position {
            Position::Asset { asset, units } => {
                units * (self.price_0[asset.index()] - self.market_price(asset))
            }
            Position::Levered { market, units } => self.levered_loss(market, units),
        });
        losses.sum()
    }

    /// Fall of the equity of a share of every loan of a market.
    fn levered_loss(&self, id: MarketId, units: f64) -> f64 {
        self.share_of_market(id, units) * self.market_loss(id)
    }

    /// Fall of the equity of all loans of a market; equity is never below 0.
    pub(crate) fn market_loss(&self, id: MarketId) -> f64 {
        let market = self.network.market(id);
        let growth = self.loans.markets[id.index()].growth;
        let price = self.market_price(market.collateral);
        let debt_price = self.nav[market.debt_asset.index()];
        let price_0 = self.price_0[market.collateral.index()];
        let falls = self.loans.own_at_start(id).zip(self.loans.own(id)).map(|(start, now)| {
            let equity_0 = start.collateral * price_0 - start.debt;
            let equity = now.collateral * price - now.debt * growth * debt_price;
            equity_0.max(0.0) - equity.max(0.0)
        });
        let kept_eth = self.loans.markets[id.index()].kept * price;
        falls.sum::<f64>() - kept_eth
    }

    /// A levered position is spread over the loans of its market as their collateral of day 0 is.
    fn share_of_market(&self, id: MarketId, units: f64) -> f64 {
        units / self.loans.markets[id.index()].collateral_0
    }

    /// Yield less interest of a portfolio over the path.
    fn carry(&self, portfolio: &Portfolio) -> f64 {
        let carried = portfolio.positions.iter().map(|position| match *position {
            Position::Asset { asset, units } => {
                match asset.index().checked_sub(self.network.n_base()) {
                    Some(index) => {
                        units * self.nav_0[asset.index()] * self.setting.yield_sum(index)
                            / DAYS_PER_YEAR
                    }
                    None => 0.0,
                }
            }
            Position::Levered { market, units } => {
                let carry = self.lending.carry_eth[market.index()];
                self.share_of_market(market, units) * carry
            }
        });
        carried.sum()
    }

    /// Notes the end of a day, for the record.
    pub(crate) fn note_day(&mut self, rounds: u32) {
        if !self.recorder.as_ref().is_some_and(Recorder::tells_days) {
            return;
        }
        let assets = self.network.wrapped_assets().enumerate().map(|(index, id)| {
            let nav = self.nav[id.index()];
            AssetDay {
                nav,
                price: self.market_price(id),
                discount: 1.0 - self.market.quotes[index].price_factor(),
                queued_eth: self.wrapped[index].queued_units * nav,
                wait_days: self.wait_days(index),
            }
        });
        let reserves = self.lending.reserves.iter();
        let day = DayRecord {
            day: self.clock.0,
            rounds,
            exit_queue_eth: self.queues.exit_eth,
            assets: assets.collect(),
            reserves: reserves
                .map(|r| ReserveDay { utilization: r.utilization, rate: r.rate })
                .collect(),
        };
        if let Some(recorder) = &mut self.recorder {
            recorder.record.days.push(day);
        }
    }
}

/// What a portfolio gains and loses with at day 0, in units by asset: debt counts negative.
#[must_use]
pub fn exposures(setting: &Setting<'_>, portfolio: &Portfolio) -> Vec<(AssetId, f64)> {
    let network: &Network = setting.network();
    let mut exposures = Vec::new();
    for position in &portfolio.positions {
        match *position {
            Position::Asset { asset, units } => exposures.push((asset, units)),
            Position::Levered { market, units } => {
                let market = network.market(market);
                let loans = crate::loans::loans_of_day_0(setting, market);
                let (pledged, debt) = loans.fold((0.0, 0.0), |(pledged, debt), loan: Loan| {
                    (pledged + loan.collateral, debt + loan.debt)
                });
                let debt = debt * units / pledged;
                exposures.extend([(market.collateral, units), (market.debt_asset, -debt)]);
            }
        }
    }
    exposures
}
