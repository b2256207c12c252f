//! Prices (sections 3.5 and 6.6 of `docs/model.md`): ordinary and panic discounts and base assets
//! move by themselves, the price in the pools with what is sold into them.

use slashfall_graph::{AssetId, Holder, Network};

use crate::attribution::{Cause, Channel};
use crate::liquidity::{Near, PriceCurve};
use crate::number::Number;
use crate::order::{larger, positive_part, smaller};
use crate::parameters::NoiseParameters;
use crate::setting::{DAYS_PER_YEAR, Setting};
use crate::state::State;

/// The ordinary discount goes no lower: a premium of 2 %, above which arbitrage mints.
pub(crate) const DISCOUNT_MIN: f64 = -0.02;

/// Share of nav that is left by discounts alone.
#[inline(always)]
pub(crate) fn mood<N: Number>(discount: N, panic: N) -> N {
    (discount.like(1.0) - discount - panic).positive_part()
}

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
    /// False when arbitrage has looked and nothing has changed since.
    pub(crate) is_open: bool,
    /// Where the pools' curve was looked up last.
    near: Near,
}

impl Quote {
    fn on_day_0(setting: &Setting<'_>, index: usize) -> Self {
        let asset = setting.network.n_base() + index;
        let mut near = Near::default();
        let curve = setting.curves[index].as_ref();
        Self {
            discount: 0.0,
            panic: 0.0,
            depth: 1.0,
            sold_units: 0.0,
            pool_price: curve.map_or(1.0, |curve| curve.price_near(0.0, &mut near)),
            read_price: setting.price_0[asset],
            worst_discount: 0.0,
            is_open: true,
            near,
        }
    }

    /// Share of nav that is left by discounts alone.
    pub(crate) fn mood(&self) -> f64 {
        mood(self.discount, self.panic)
    }

    /// Where on the pools' curve of day 0 the price stands when `sold_units` have been sold: what has
    /// fled is missing to those who sell, and to those who buy out what was there before is not.
    fn place(&self, sold_units: f64) -> f64 {
        if sold_units > 0.0 { sold_units / self.depth } else { sold_units }
    }

    /// Inverse of [`Self::place`].
    fn sold_to(&self, place: f64) -> f64 {
        if place > 0.0 && self.depth > 0.0 { place * self.depth } else { smaller(place, 0.0) }
    }

    /// Share of nav that the price is.
    pub(crate) fn price_factor(&self) -> f64 {
        self.mood() * self.pool_price
    }

    /// Net sales of these units since day 0 leave this price in the pools.
    fn stand(&mut self, sold_units: f64, pool_price: f64) {
        (self.sold_units, self.pool_price, self.is_open) = (sold_units, pool_price, true);
    }

    /// Price in the pools when these units have been sold net since day 0.
    #[inline]
    fn price_of(&mut self, pools: Pools<'_>, sold_units: f64) -> f64 {
        let place = self.place(sold_units) * pools.nav_0;
        pools.curve.price_near(place, &mut self.near)
    }

    /// Inverse of [`Self::price_of`].
    #[inline]
    fn sold_at(&mut self, pools: Pools<'_>, price: f64) -> f64 {
        let place = pools.curve.sold_at_near(price, &mut self.near);
        self.sold_to(place / pools.nav_0)
    }

    /// Sells units at any price, or buys them out where negative.
    fn sell(&mut self, pools: Pools<'_>, units: f64) {
        let sold_units = self.sold_units + units;
        let price = self.price_of(pools, sold_units);
        self.stand(sold_units, price);
    }

    /// Units that can be sold before the price is the share `of_nav` of nav.
    fn room(&mut self, pools: Pools<'_>, of_nav: f64) -> f64 {
        let mood = self.mood();
        // Most who ask find the price too low already, and are spared the inverse.
        if self.pool_price * mood <= of_nav {
            return 0.0;
        }
        let sold_units = self.sold_at(pools, of_nav / mood);
        positive_part(sold_units - self.sold_units)
    }

    /// Sells units, but only until the price is the share `of_nav` of nav; gives how many.
    #[inline]
    pub(crate) fn sell_down_to(&mut self, pools: Pools<'_>, of_nav: f64, units: f64) -> f64 {
        let mood = self.mood();
        if units <= 0.0 || self.pool_price * mood <= of_nav {
            return 0.0;
        }
        // Most sales end above the limit, and are spared the inverse.
        let sold_units = self.sold_units + units;
        let price = self.price_of(pools, sold_units);
        if price * mood >= of_nav {
            self.stand(sold_units, price);
            return units;
        }
        let room = self.room(pools, of_nav).min(units);
        self.sell(pools, room);
        room
    }

    /// Buys units back until the price in the pools is `price`, at most `at_most`; gives how many,
    /// none if it would be less than `at_least`.
    #[inline]
    pub(crate) fn buy_up_to(
        &mut self,
        pools: Pools<'_>,
        price: f64,
        (at_least, at_most): (f64, f64),
    ) -> f64 {
        if at_most < at_least {
            return 0.0;
        }
        let sold_units = self.sold_at(pools, price);
        let cheap = self.sold_units - sold_units;
        if cheap < at_least {
            return 0.0;
        }
        if cheap <= at_most {
            self.stand(self.sold_units - cheap, price);
            return cheap;
        }
        self.sell(pools, -at_most);
        at_most
    }
}

/// The pools of an asset, and its nav of day 0, at which they count it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pools<'s> {
    pub(crate) curve: &'s PriceCurve,
    pub(crate) nav_0: f64,
}

/// Market state of a path.
#[derive(Clone, Debug)]
pub(crate) struct MarketState {
    pub(crate) quotes: Vec<Quote>,
    quotes_0: Vec<Quote>,
}

/// A base asset whose price in ETH moves.
#[derive(Clone, Debug)]
pub(crate) struct MovingBase {
    pub(crate) asset: usize,
    pub(crate) drift_daily: f64,
    pub(crate) vol_daily: f64,
    /// Who has it, and in which column.
    pub(crate) columns: Vec<(usize, Holder)>,
}

impl MarketState {
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        let network = setting.network;
        let quotes: Vec<Quote> =
            (0..network.n_wrapped()).map(|index| Quote::on_day_0(setting, index)).collect();
        Self { quotes: quotes.clone(), quotes_0: quotes }
    }

    pub(crate) fn reset(&mut self) {
        self.quotes.copy_from_slice(&self.quotes_0);
    }
}

pub(crate) fn moving(network: &Network) -> Vec<MovingBase> {
    let moving = network.base_assets().filter_map(|asset| {
        let vol = network.asset(asset).vol_annual;
        let columns = network.columns().iter().enumerate();
        let columns = columns.filter(|(_, column)| column.asset == asset);
        (vol > 0.0).then(|| MovingBase {
            columns: columns.map(|(number, column)| (number, column.holder)).collect(),
            asset: asset.index(),
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
                quote.discount = larger(d, DISCOUNT_MIN);
            }
            if quote.depth < 1.0 {
                quote.depth = 1.0 - (1.0 - quote.depth) * noise.depth_decay;
                self.reprice(index);
            }
        }
        if !z.is_empty() {
            self.move_base_prices(z);
        }
    }

    fn move_base_prices(&mut self, z: &[f64]) {
        let mut is_held = false;
        for MovingBase { asset, drift_daily, vol_daily, columns } in &self.setting.moving {
            let before = self.nav[*asset];
            let after = before * (drift_daily + vol_daily * z[*asset]).exp();
            self.nav[*asset] = after;
            self.shadow[*asset] = after;
            self.note_marked(*asset);
            self.security.note_fall(after / before);
            let held =
                columns.iter().map(|&(c, holder)| self.column_units[c] * self.active(holder));
            self.ledger.sums.base_fall += held.sum::<f64>() * (before - after);
            is_held |= !columns.is_empty();
        }
        if is_held {
            self.book_fall(Channel::BasePrice, Cause::default());
            self.mark();
        }
    }

    /// A panic: the discount jumps, depth leaves.
    pub(crate) fn depeg(&mut self, asset: AssetId, jump: f64, flight: f64) {
        let index = self.wrapped_index(asset);
        let quote = &mut self.market.quotes[index];
        quote.panic += jump;
        quote.depth *= 1.0 - flight;
        self.reprice(index);
    }

    /// Takes the price from the pools after depth has changed.
    fn reprice(&mut self, index: usize) {
        self.sell(index, 0.0);
    }

    /// True of a wrapped asset that has a pool.
    pub(crate) fn is_traded(&self, asset: AssetId) -> bool {
        let index = asset.index().checked_sub(self.network.n_base());
        index.is_some_and(|index| self.setting.curves[index].is_some())
    }

    /// Sells units into the pools at any price; nothing happens to an asset without a pool.
    pub(crate) fn sell(&mut self, index: usize, units: f64) {
        if let Some(pools) = self.setting.pools(index) {
            self.market.quotes[index].sell(pools, units);
        }
    }

    /// Units that can be sold before the price is the share `of_nav` of nav; none without a pool.
    pub(crate) fn room(&mut self, index: usize, of_nav: f64) -> f64 {
        let pools = self.setting.pools(index);
        pools.map_or(0.0, |pools| self.market.quotes[index].room(pools, of_nav))
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

    /// Notes how far below nav one could sell today.
    pub(crate) fn note_discounts(&mut self) {
        for quote in &mut self.market.quotes {
            quote.worst_discount = larger(quote.worst_discount, 1.0 - quote.price_factor());
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
