//! What a path yields (section 9 of `docs/model.md`): one row of figures, each named once, here.

use slashfall_graph::{AssetId, Holder, Market, Network, Portfolio, Position};

use crate::attribution::Channel;
use crate::ledger::Taker;
use crate::state::State;

macro_rules! figures {
    ($(#[$doc:meta])* $name:ident { $($variant:ident, $text:literal, $unit:literal, $meaning:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $meaning] $variant,)+
        }

        impl $name {
            /// All of them, in the order in which a row has them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Name in tables.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Unit: `eth`, `fraction` or `count`.
            #[must_use]
            pub fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)+ }
            }

            /// What it says.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }
    };
}

figures! {
    /// Figures of a path as a whole.
    Figure {
        Total, "total", "eth", "loss of all holders by nav, counted once; positive is bad";
        Direct, "direct", "eth", "what the sources themselves destroyed or took, net of cover, and the fall of base-asset prices";
        Contagion, "contagion", "eth", "total less direct: what followed from it";
        MarketLoss, "holders_market_loss", "eth", "loss of all holders at market prices, counted once";
        Burned, "burned", "eth", "stake slashed and destroyed";
        Redistributed, "redistributed", "eth", "stake slashed or taken and handed on";
        Stolen, "stolen", "eth", "backing stolen";
        Beacon, "beacon", "eth", "penalties of slashed validators";
        Leak, "leak", "eth", "penalties of offline validators";
        BaseFall, "base_fall", "eth", "fall of base-asset prices on what was held";
        Minted, "minted", "eth", "worth at the horizon of units minted without backing";
        CoverPaid, "cover_paid", "eth", "paid by bonds and insurance";
        Events, "events", "count", "sources that fired";
        OperatorsSlashed, "operators_slashed", "count", "operators slashed by an AVS or by the chain";
        Rounds, "rounds", "count", "rounds of the cascade in which something changed";
        Depegs1, "depegs_1pct", "count", "wrapped assets whose worst discount to nav passed 1 %";
        Depegs5, "depegs_5pct", "count", "wrapped assets whose worst discount to nav passed 5 %";
        Depegs10, "depegs_10pct", "count", "wrapped assets whose worst discount to nav passed 10 %";
        BooksError, "books_error", "fraction", "holders' loss less the sum of the books, over the stake of day 0";
    }
}

figures! {
    /// Figures of a path for one wrapped asset.
    AssetFigure {
        NavLoss, "nav_loss", "fraction", "fall of nav over nav of day 0";
        MarketLoss, "market_loss", "fraction", "fall of the market price over that of day 0";
        WorstDiscount, "worst_discount", "fraction", "largest discount of price to nav at the end of a day";
        CoverUsed, "cover_used", "eth", "paid by its bonds and insurance";
    }
}

/// Where each figure stands in the row of a path: figures of the system, channels, wrapped assets,
/// portfolios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    n_wrapped: usize,
    n_portfolios: usize,
}

impl Layout {
    /// The layout of a network's paths.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        Self { n_wrapped: network.n_wrapped(), n_portfolios: network.portfolios().len() }
    }

    /// Figures in a row.
    #[must_use]
    pub fn width(self) -> usize {
        self.portfolio(self.n_portfolios)
    }

    /// Position of a figure of the system.
    #[must_use]
    pub fn system(self, figure: Figure) -> usize {
        figure as usize
    }

    /// Position of the holders' loss through a channel, in ETH.
    #[must_use]
    pub fn channel(self, channel: Channel) -> usize {
        Figure::ALL.len() + channel.index()
    }

    /// Position of a figure of the `index`-th wrapped asset.
    #[must_use]
    pub fn asset(self, index: usize, figure: AssetFigure) -> usize {
        self.channel(Channel::Discount) + 1 + index * AssetFigure::ALL.len() + figure as usize
    }

    /// Position of the loss of the `index`-th portfolio at market prices, in ETH.
    #[must_use]
    pub fn portfolio(self, index: usize) -> usize {
        self.asset(self.n_wrapped, AssetFigure::NavLoss) + index
    }
}

impl State<'_> {
    /// Writes the figures of a path that has come to its horizon.
    pub(crate) fn write_outcome(&self, layout: Layout, n_events: usize, row: &mut [f64]) {
        row.fill(0.0);
        self.write_system(layout, n_events, row);
        self.write_assets(layout, row);
        for (index, portfolio) in self.network.portfolios().iter().enumerate() {
            row[layout.portfolio(index)] = self.portfolio_loss(portfolio);
        }
    }

    fn write_system(&self, layout: Layout, n_events: usize, row: &mut [f64]) {
        let total = self.holders_nav_loss();
        let mut set = |figure, value| row[layout.system(figure)] = value;
        set(Figure::Total, total);
        set(Figure::Direct, total);
        set(Figure::MarketLoss, self.holders_market_loss());
        set(Figure::Burned, self.ledger.taken_eth(Taker::Burned, &self.nav));
        set(Figure::Redistributed, self.ledger.taken_eth(Taker::Redistributed, &self.nav));
        set(Figure::Stolen, self.ledger.taken_eth(Taker::Stolen, &self.nav));
        set(Figure::Beacon, self.ledger.taken_eth(Taker::Beacon, &self.nav));
        set(Figure::Leak, self.ledger.taken_eth(Taker::Leak, &self.nav));
        set(Figure::BaseFall, self.ledger.base_fall_eth);
        set(Figure::Minted, self.ledger.minted_eth(&self.nav));
        set(Figure::CoverPaid, self.ledger.cover_paid_eth);
        set(Figure::Events, n_events as f64);
        set(Figure::OperatorsSlashed, self.slashed.n_set() as f64);
        let worst = |limit| {
            let deep = self.market.quotes.iter().filter(|q| q.worst_discount > limit);
            deep.count() as f64
        };
        set(Figure::Depegs1, worst(0.01));
        set(Figure::Depegs5, worst(0.05));
        set(Figure::Depegs10, worst(0.10));
        set(Figure::BooksError, self.books_error(total));
        for channel in Channel::ALL {
            row[layout.channel(channel)] = self.channel_eth[channel.index()];
        }
    }

    fn write_assets(&self, layout: Layout, row: &mut [f64]) {
        for (index, id) in self.network.wrapped_assets().enumerate() {
            let (nav_0, nav) = (self.nav_0[id.index()], self.nav[id.index()]);
            let quote = &self.market.quotes[index];
            let mut set = |figure, value| row[layout.asset(index, figure)] = value;
            set(AssetFigure::NavLoss, (nav_0 - nav) / nav_0);
            set(AssetFigure::MarketLoss, (nav_0 - self.market_price(id)) / nav_0);
            set(AssetFigure::WorstDiscount, quote.worst_discount);
            let cover_0 = self.network.asset(id).cover_eth;
            set(AssetFigure::CoverUsed, cover_0 - self.wrapped[index].cover_eth);
        }
    }

    /// Fall in value at nav of outside units and direct holdings, in ETH.
    fn holders_nav_loss(&self) -> f64 {
        let n_base = self.network.n_base();
        let falls = self.nav_0[n_base..].iter().zip(&self.nav[n_base..]);
        let wrapped = self.wrapped.iter().zip(falls);
        let outside: f64 = wrapped.map(|(w, (nav_0, nav))| w.outside_units * (nav_0 - nav)).sum();
        outside + (self.direct_eth_0 - self.direct_eth(&self.nav))
    }

    /// The same at market prices.
    fn holders_market_loss(&self) -> f64 {
        let network = self.network;
        let prices =
            network.wrapped_assets().map(|id| (self.nav_0[id.index()], self.market_price(id)));
        let wrapped = self.wrapped.iter().zip(prices);
        let outside: f64 = wrapped.map(|(w, (m_0, m))| w.outside_units * (m_0 - m)).sum();
        let columns = network.holder_columns(Holder::Direct).iter();
        let direct: f64 = columns
            .map(|id| {
                self.column_units[id.index()]
                    * self.market_price(network.columns()[id.index()].asset)
            })
            .sum();
        outside + (self.direct_eth_0 - direct)
    }

    /// How far the books are from closing, relative to the stake.
    fn books_error(&self, holders_loss: f64) -> f64 {
        let takers =
            [Taker::Burned, Taker::Redistributed, Taker::Stolen, Taker::Beacon, Taker::Leak];
        let taken: f64 = takers.iter().map(|&taker| self.ledger.taken_eth(taker, &self.nav)).sum();
        let gone = self.ledger.base_fall_eth + self.ledger.minted_eth(&self.nav);
        (holders_loss - (taken + gone - self.ledger.cover_paid_eth)) / self.stake_eth_0()
    }

    fn portfolio_loss(&self, portfolio: &Portfolio) -> f64 {
        portfolio.positions.iter().map(|position| self.position_loss(*position)).sum()
    }

    /// Loss of a position at market prices; of a levered one its fall in equity, which is never
    /// below 0.
    fn position_loss(&self, position: Position) -> f64 {
        let fall = |asset: AssetId, units: f64| {
            units * (self.nav_0[asset.index()] - self.market_price(asset))
        };
        match position {
            Position::Asset { asset, units } => fall(asset, units),
            Position::Levered { market, units } => {
                let market = self.network.market(market);
                let loans = levered_loans(self.network, market, units);
                let loans = loans.map(|(collateral, debt)| {
                    let equity_0 = collateral * self.nav_0[market.collateral.index()] - debt;
                    let fallen =
                        fall(market.collateral, collateral) - fall(market.debt_asset, debt);
                    equity_0.max(0.0) - (equity_0 - fallen).max(0.0)
                });
                loans.sum()
            }
        }
    }
}

/// Collateral and debt, each in units of its asset, of a levered position in each loan of its
/// market: it is spread over them as their collateral is.
fn levered_loans<'m>(
    network: &'m Network,
    market: &'m Market,
    units: f64,
) -> impl Iterator<Item = (f64, f64)> + 'm {
    let in_market: f64 = market.loans.iter().map(|loan| loan.collateral_units).sum();
    let price_0 = network.asset(market.collateral).nav_0;
    market.loans.iter().map(move |loan| {
        let collateral = units * loan.collateral_units / in_market;
        (collateral, market.liquidation_threshold * collateral * price_0 / loan.health_factor)
    })
}

/// What a portfolio gains and loses with at day 0, in units by asset: debt counts negative.
#[must_use]
pub fn exposures(network: &Network, portfolio: &Portfolio) -> Vec<(AssetId, f64)> {
    let mut exposures = Vec::new();
    for position in &portfolio.positions {
        match *position {
            Position::Asset { asset, units } => exposures.push((asset, units)),
            Position::Levered { market, units } => {
                let market = network.market(market);
                let debt: f64 = levered_loans(network, market, units).map(|(_, debt)| debt).sum();
                exposures.extend([(market.collateral, units), (market.debt_asset, -debt)]);
            }
        }
    }
    exposures
}
