//! How things stand when a path has come to its horizon: what those need who then want to leave, as
//! what they lose by leaving depends on how much they have themselves, and no figure knows that.
//!
//! What selling `x` units of the `index`-th wrapped asset at the end of a path would bring is, with
//! `s` and `l` its [`AssetEnd::SoldEth`] and [`AssetEnd::Depth`] and `P` [`Setting::curve`],
//!
//! ```text
//! Nav Mood (P.proceeds(min(s, 0), min(t, 0)) + l P.proceeds(max(s, 0) / l, t / l))    t = s + x nav(0)
//! ```
//!
//! ETH, fees paid; the second part only where `t` and `l` are above 0 (section 6.6 of
//! `docs/model.md`).

use slashfall_graph::{MarketId, Network};

#[cfg(doc)]
use crate::Setting;
use crate::loans::market_ids;
use crate::state::State;

/// Where each number stands in the row of an end: the chain's exit queue, wrapped assets, lending
/// markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndLayout {
    n_wrapped: usize,
    n_markets: usize,
}

/// How a wrapped asset stands at the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetEnd {
    /// Nav over that of day 0; a fraction, above 1 where base assets behind it have risen.
    Nav,
    /// Share of nav that ordinary and panic discounts alone leave, at least 0; above 1 of a premium.
    Mood,
    /// Depth of its pools over that of day 0, in [0, 1]; 1 without a pool.
    Depth,
    /// Net sales into its pools since day 0, in ETH at nav of day 0; below 0 where more was bought;
    /// 0 without a pool.
    SoldEth,
}

/// How the loans of a lending market, as its table has them, stand at the horizon; none on minted
/// units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketEnd {
    /// Fall of the equity of all of them at market prices, in ETH, without carry, and less what
    /// unwinding set free and did not sell: what a levered position loses that is the whole market.
    Loss,
    /// Yield less interest of all of them over the path, in ETH; 0 where nothing of it is known: the
    /// market names no reserve, or no portfolio of the network is levered in it.
    Carry,
    /// Collateral that is still pledged over that of day 0, units over units, in [0, 1]. What was
    /// seized or sold is not, nor what unwinding set free and did not sell.
    Pledged,
}

const N_OF_ASSET: usize = AssetEnd::SoldEth as usize + 1;
const N_OF_MARKET: usize = MarketEnd::Pledged as usize + 1;

impl EndLayout {
    /// The layout of a network's ends.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        Self { n_wrapped: network.n_wrapped(), n_markets: network.markets().len() }
    }

    /// Cells in a row.
    #[must_use]
    pub fn width(self) -> usize {
        self.market(self.n_markets, MarketEnd::Loss)
    }

    /// Position of the ETH that waits to leave the chain.
    #[must_use]
    pub fn exit_queue(self) -> usize {
        0
    }

    /// Position of a number of the `index`-th wrapped asset.
    #[must_use]
    pub fn asset(self, index: usize, end: AssetEnd) -> usize {
        1 + index * N_OF_ASSET + end as usize
    }

    /// Position of a number of the `index`-th market.
    #[must_use]
    pub fn market(self, index: usize, end: MarketEnd) -> usize {
        1 + self.n_wrapped * N_OF_ASSET + index * N_OF_MARKET + end as usize
    }
}

impl State<'_> {
    /// Writes how things stand at the end of the path that was played last to `row`, which has
    /// [`EndLayout::width`] cells.
    pub fn write_ends(&self, layout: EndLayout, row: &mut [f64]) {
        row[layout.exit_queue()] = self.queues.exit_eth;
        for (index, asset) in self.network.wrapped_assets().enumerate() {
            let (quote, nav_0) = (&self.market.quotes[index], self.nav_0[asset.index()]);
            let mut set = |end, value| row[layout.asset(index, end)] = value;
            set(AssetEnd::Nav, self.nav[asset.index()] / nav_0);
            set(AssetEnd::Mood, quote.mood());
            set(AssetEnd::Depth, quote.depth);
            set(AssetEnd::SoldEth, quote.sold_units * nav_0);
        }
        for id in market_ids(self.network) {
            let mut set = |end, value| row[layout.market(id.index(), end)] = value;
            set(MarketEnd::Loss, self.market_loss(id));
            set(MarketEnd::Carry, self.lending.carry_eth[id.index()]);
            set(MarketEnd::Pledged, self.pledged(id));
        }
    }

    /// Collateral of own loans that is left, over that of day 0: summed in one order, so that loans
    /// that nobody touched give 1.
    fn pledged(&self, id: MarketId) -> f64 {
        let now: f64 = self.loans.own(id).iter().map(|loan| loan.collateral).sum();
        now / self.loans.markets[id.index()].collateral_0
    }
}
