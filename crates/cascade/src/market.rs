//! Prices that move by themselves (section 3.5 of `docs/model.md`): ordinary and panic discounts, the
//! depth of pools, base assets against ETH.

use slashfall_graph::{AssetId, Network};

use crate::attribution::{Cause, Channel};
use crate::parameters::NoiseParameters;
use crate::state::State;

/// The ordinary discount goes no lower: a premium of 2 %, above which arbitrage mints.
const DISCOUNT_MIN: f64 = -0.02;
const DAYS_PER_YEAR: f64 = 365.0;

/// Discount and depth of one wrapped asset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quote {
    pub(crate) discount: f64,
    pub(crate) panic: f64,
    pub(crate) depth: f64,
    pub(crate) worst_discount: f64,
}

impl Quote {
    const CALM: Self = Self { discount: 0.0, panic: 0.0, depth: 1.0, worst_discount: 0.0 };

    /// Share of nav that the price is.
    pub(crate) fn price_factor(&self) -> f64 {
        (1.0 - self.discount - self.panic).max(0.0)
    }
}

/// Market state of a path.
#[derive(Clone, Debug)]
pub(crate) struct MarketState {
    pub(crate) quotes: Vec<Quote>,
    moving: Vec<MovingBase>,
}

/// A base asset whose price in ETH moves.
#[derive(Clone, Copy, Debug)]
struct MovingBase {
    asset: AssetId,
    drift_daily: f64,
    vol_daily: f64,
}

impl MarketState {
    pub(crate) fn new(network: &Network) -> Self {
        let moving = network.base_assets().filter_map(|asset| {
            let vol = network.asset(asset).vol_annual;
            (vol > 0.0).then(|| MovingBase {
                asset,
                drift_daily: -vol * vol / (2.0 * DAYS_PER_YEAR),
                vol_daily: vol / DAYS_PER_YEAR.sqrt(),
            })
        });
        Self { moving: moving.collect(), quotes: vec![Quote::CALM; network.n_wrapped()] }
    }

    pub(crate) fn reset(&mut self) {
        self.quotes.fill(Quote::CALM);
    }
}

impl State<'_> {
    /// The market's day. `z` has one standard normal an asset, base and wrapped; empty is no noise.
    pub(crate) fn step_market(&mut self, noise: &[NoiseParameters], z: &[f64]) {
        let n_base = self.network.n_base();
        for (index, (quote, noise)) in self.market.quotes.iter_mut().zip(noise).enumerate() {
            quote.panic *= noise.panic_decay;
            quote.depth = 1.0 - (1.0 - quote.depth) * noise.depth_decay;
            if noise.sigma_daily > 0.0 && !z.is_empty() {
                let d =
                    quote.discount * noise.discount_decay + noise.sigma_daily * z[n_base + index];
                quote.discount = d.max(DISCOUNT_MIN);
            }
        }
        if !z.is_empty() && !self.market.moving.is_empty() {
            self.move_base_prices(z);
        }
    }

    fn move_base_prices(&mut self, z: &[f64]) {
        for index in 0..self.market.moving.len() {
            let MovingBase { asset, drift_daily, vol_daily } = self.market.moving[index];
            let before = self.nav[asset.index()];
            let after = before * (drift_daily + vol_daily * z[asset.index()]).exp();
            self.nav[asset.index()] = after;
            let columns = self.network.columns().iter().zip(&self.column_units);
            let held: f64 = columns.filter(|(c, _)| c.asset == asset).map(|(_, units)| units).sum();
            self.ledger.base_fall_eth += held * (before - after);
        }
        self.book_fall(Channel::BasePrice, Cause::default());
        self.mark();
    }

    /// A panic: the discount jumps, depth leaves.
    pub(crate) fn depeg(&mut self, asset: AssetId, jump: f64, flight: f64) {
        let index = self.wrapped_index(asset);
        let quote = &mut self.market.quotes[index];
        quote.panic += jump;
        quote.depth *= 1.0 - flight;
    }

    /// Notes how far below nav one could sell today.
    pub(crate) fn note_discounts(&mut self) {
        for quote in &mut self.market.quotes {
            quote.worst_discount = quote.worst_discount.max(1.0 - quote.price_factor());
        }
    }

    /// Price of an asset in ETH: of a base asset its price, of a wrapped one nav less discounts.
    pub(crate) fn market_price(&self, asset: AssetId) -> f64 {
        let nav = self.nav[asset.index()];
        match asset.index().checked_sub(self.network.n_base()) {
            Some(index) => nav * self.market.quotes[index].price_factor(),
            None => nav,
        }
    }
}
