//! Prices (sections 3.5 and 6.6 of `docs/model.md`): ordinary and panic discounts and base assets
//! move by themselves, the price in the pools with what is sold into them.

use slashfall_graph::{AssetId, Network};

use crate::attribution::{Cause, Channel};
use crate::parameters::NoiseParameters;
use crate::setting::{DAYS_PER_YEAR, Setting};
use crate::state::State;

/// The ordinary discount goes no lower: a premium of 2 %, above which arbitrage mints.
const DISCOUNT_MIN: f64 = -0.02;

/// The market of one wrapped asset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quote {
    pub(crate) discount: f64,
    pub(crate) panic: f64,
    pub(crate) depth: f64,
    /// Units sold net into the pools since day 0.
    pub(crate) sold_units: f64,
    /// Marginal price in the pools over nav, as of `sold_units` and `depth`.
    pub(crate) pool_price: f64,
    /// Market price when an oracle last read it, in ETH.
    pub(crate) read_price: f64,
    pub(crate) worst_discount: f64,
}

impl Quote {
    fn on_day_0(setting: &Setting<'_>, index: usize) -> Self {
        let asset = setting.network.n_base() + index;
        Self {
            discount: 0.0,
            panic: 0.0,
            depth: 1.0,
            sold_units: 0.0,
            pool_price: setting.curves[index].as_ref().map_or(1.0, |curve| curve.price(0.0)),
            read_price: setting.price_0[asset],
            worst_discount: 0.0,
        }
    }

    /// Share of nav that is left by discounts alone.
    pub(crate) fn mood(&self) -> f64 {
        (1.0 - self.discount - self.panic).max(0.0)
    }

    /// Where on the pools' curve of day 0 the price stands when `sold_units` have been sold: what has
    /// fled is missing to those who sell, and to those who buy out what was there before is not.
    fn place(&self, sold_units: f64) -> f64 {
        if sold_units > 0.0 { sold_units / self.depth } else { sold_units }
    }

    /// Inverse of [`Self::place`].
    fn sold_to(&self, place: f64) -> f64 {
        if place > 0.0 && self.depth > 0.0 { place * self.depth } else { place.min(0.0) }
    }

    /// Share of nav that the price is.
    pub(crate) fn price_factor(&self) -> f64 {
        self.mood() * self.pool_price
    }
}

/// Market state of a path.
#[derive(Clone, Debug)]
pub(crate) struct MarketState {
    pub(crate) quotes: Vec<Quote>,
    quotes_0: Vec<Quote>,
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
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        let network = setting.network;
        let quotes: Vec<Quote> =
            (0..network.n_wrapped()).map(|index| Quote::on_day_0(setting, index)).collect();
        Self { quotes: quotes.clone(), quotes_0: quotes, moving: moving(network) }
    }

    pub(crate) fn reset(&mut self) {
        self.quotes.copy_from_slice(&self.quotes_0);
    }
}

fn moving(network: &Network) -> Vec<MovingBase> {
    let moving = network.base_assets().filter_map(|asset| {
        let vol = network.asset(asset).vol_annual;
        (vol > 0.0).then(|| MovingBase {
            asset,
            drift_daily: -vol * vol / (2.0 * DAYS_PER_YEAR),
            vol_daily: vol / DAYS_PER_YEAR.sqrt(),
        })
    });
    moving.collect()
}

impl State<'_> {
    /// The market's day. `z` has one standard normal an asset, base and wrapped; empty is no noise.
    pub(crate) fn step_market(&mut self, noise: &[NoiseParameters], z: &[f64]) {
        let n_base = self.network.n_base();
        for (index, noise) in noise.iter().enumerate() {
            let quote = &mut self.market.quotes[index];
            quote.panic *= noise.panic_decay;
            if noise.sigma_daily > 0.0 && !z.is_empty() {
                let d =
                    quote.discount * noise.discount_decay + noise.sigma_daily * z[n_base + index];
                quote.discount = d.max(DISCOUNT_MIN);
            }
            if quote.depth < 1.0 {
                quote.depth = 1.0 - (1.0 - quote.depth) * noise.depth_decay;
                self.reprice(index);
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
            let held = columns
                .filter(|(column, _)| column.asset == asset)
                .map(|(column, units)| units * self.active(column.holder));
            self.ledger.sums.base_fall += held.sum::<f64>() * (before - after);
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
        self.reprice(index);
    }

    /// Takes the price from the pools after something was traded or depth has changed.
    fn reprice(&mut self, index: usize) {
        let Some(curve) = &self.setting.curves[index] else { return };
        let nav_0 = self.setting.nav_0[self.network.n_base() + index];
        let quote = &mut self.market.quotes[index];
        quote.pool_price = curve.price(quote.place(quote.sold_units) * nav_0);
    }

    /// True of a wrapped asset that has a pool.
    pub(crate) fn is_traded(&self, asset: AssetId) -> bool {
        let index = asset.index().checked_sub(self.network.n_base());
        index.is_some_and(|index| self.setting.curves[index].is_some())
    }

    /// Sells units into the pools at any price, or buys them out where negative; nothing happens
    /// to an asset without a pool.
    pub(crate) fn sell(&mut self, index: usize, units: f64) {
        if self.setting.curves[index].is_some() {
            self.market.quotes[index].sold_units += units;
            self.reprice(index);
        }
    }

    /// Sells units, but only until the price is the share `of_nav` of nav; gives how many.
    pub(crate) fn sell_down_to(&mut self, index: usize, of_nav: f64, units: f64) -> f64 {
        let setting = self.setting;
        let Some(curve) = &setting.curves[index] else { return 0.0 };
        let quote = &self.market.quotes[index];
        let target = of_nav / quote.mood();
        if units <= 0.0 || quote.pool_price <= target {
            return 0.0;
        }
        // Most sales end above the limit, and are spared the inverse.
        let sold_units = quote.sold_units + units;
        let nav_0 = setting.nav_0[self.network.n_base() + index];
        let price = curve.price(quote.place(sold_units) * nav_0);
        if price >= target {
            let quote = &mut self.market.quotes[index];
            (quote.sold_units, quote.pool_price) = (sold_units, price);
            return units;
        }
        let room = self.room(index, of_nav).min(units);
        self.sell(index, room);
        room
    }

    /// Buys units back until the price in the pools is `price`, at most `at_most`; gives how many,
    /// none if it would be less than `at_least`.
    pub(crate) fn buy_up_to(
        &mut self,
        index: usize,
        price: f64,
        (at_least, at_most): (f64, f64),
    ) -> f64 {
        let cheap = self.market.quotes[index].sold_units - self.sold_at(index, price);
        if cheap.min(at_most) < at_least {
            return 0.0;
        }
        if cheap <= at_most {
            let quote = &mut self.market.quotes[index];
            quote.sold_units -= cheap;
            quote.pool_price = price;
            return cheap;
        }
        self.sell(index, -at_most);
        at_most
    }

    /// Units that can be sold before the price is the share `of_nav` of nav; none without a pool.
    pub(crate) fn room(&self, index: usize, of_nav: f64) -> f64 {
        let quote = &self.market.quotes[index];
        let mood = quote.mood();
        if self.setting.curves[index].is_none() || mood <= 0.0 {
            return 0.0;
        }
        // Most who ask find the price too low already, and are spared the inverse.
        let target = of_nav / mood;
        if quote.pool_price <= target {
            return 0.0;
        }
        (self.sold_at(index, target) - quote.sold_units).max(0.0)
    }

    /// ETH that selling units would bring, fees paid.
    pub(crate) fn proceeds(&self, index: usize, units: f64) -> f64 {
        let quote = &self.market.quotes[index];
        let Some(curve) = &self.setting.curves[index] else { return 0.0 };
        let nav_0 = self.setting.nav_0[self.network.n_base() + index];
        let (from, to) = (quote.sold_units * nav_0, (quote.sold_units + units) * nav_0);
        let mut paid = curve.proceeds(from.min(0.0), to.min(0.0));
        if to > 0.0 && quote.depth > 0.0 {
            let (from, to) = (from.max(0.0) / quote.depth, to / quote.depth);
            paid += quote.depth * curve.proceeds(from, to);
        }
        // The pools pay out by the nav of day 0, and reprice as nav and mood fall.
        paid * self.nav_of(index) / nav_0 * quote.mood()
    }

    /// Units sold net since day 0 at which the price in the pools is `price`.
    pub(crate) fn sold_at(&self, index: usize, price: f64) -> f64 {
        let Some(curve) = &self.setting.curves[index] else { return 0.0 };
        let quote = &self.market.quotes[index];
        let nav_0 = self.setting.nav_0[self.network.n_base() + index];
        let near = quote.place(quote.sold_units) * nav_0;
        quote.sold_to(curve.sold_at_near(price, near) / nav_0)
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
