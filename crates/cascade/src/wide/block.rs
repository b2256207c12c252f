//! What quiet days read and write of the paths of a group, a lane a path; what else a path has is in
//! its [`State`], which gets these numbers where the path leaves the group for a while, and gives
//! them back.

use super::lanes::{LANES, Lanes};
use super::pieces::NearLanes;
use crate::attribution::Channel;
use crate::lenders::Tested;
use crate::lending::{Watched, sums};
use crate::state::State;

/// A wrapped asset and its market.
#[derive(Clone, Copy, Debug)]
pub(super) struct AssetLanes {
    pub(super) discount: Lanes,
    pub(super) panic: Lanes,
    pub(super) depth: Lanes,
    pub(super) sold_units: Lanes,
    pub(super) pool_price: Lanes,
    pub(super) read_price: Lanes,
    pub(super) worst_discount: Lanes,
    /// True where depth may be missing on some path.
    pub(super) is_thin: bool,
    /// Above 0 where something has changed since arbitrage looked this day.
    pub(super) open: Lanes,
    pub(super) supply_units: Lanes,
    pub(super) outside_units: Lanes,
    pub(super) buffer_eth: Lanes,
    pub(super) active: Lanes,
    pub(super) native_units: Lanes,
    pub(super) held_eth: Lanes,
    pub(super) pledged_units: Lanes,
    pub(super) queued_units: Lanes,
    pub(super) bought_units: Lanes,
    pub(super) bought_eth: Lanes,
    pub(super) longest_wait: Lanes,
}

/// The loans of a market.
#[derive(Clone, Copy, Debug)]
pub(super) struct MarketLanes {
    pub(super) growth: Lanes,
    pub(super) debt: Lanes,
    pub(super) least_cover: Lanes,
    pub(super) bad_debt: Lanes,
}

/// A lending reserve.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReserveLanes {
    pub(super) cash: Lanes,
    pub(super) utilization: Lanes,
    pub(super) rate: Lanes,
    /// Above 0 where cash or debts are not as they were on day 0.
    pub(super) moved: Lanes,
}

/// A market in which some portfolio is levered.
#[derive(Clone, Copy, Debug)]
pub(super) struct CarryLanes {
    /// Collateral and debt of its own loans, and units that unwinding set free.
    pub(super) collateral: Lanes,
    pub(super) debt: Lanes,
    pub(super) kept: Lanes,
    pub(super) carry_eth: Lanes,
}

/// What is one number a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathLanes {
    pub(super) exit_eth: Lanes,
    pub(super) redeemed: Lanes,
    pub(super) realised: Lanes,
    pub(super) realised_at_market: Lanes,
    pub(super) base_fall: Lanes,
    /// Loss through the channel of base prices.
    pub(super) base_price_eth: Lanes,
    pub(super) direct_eth: Lanes,
    /// At most the least of the ratios that the security of AVSs hangs on, and what they need.
    pub(super) least: Lanes,
    pub(super) need: Lanes,
    /// Rounds that changed something.
    pub(super) rounds: Lanes,
}

/// The paths of a group.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) assets: Vec<AssetLanes>,
    /// Prices of base assets, navs of wrapped ones.
    pub(super) nav: Vec<Lanes>,
    /// Units of columns before payments.
    pub(super) columns: Vec<Lanes>,
    pub(super) markets: Vec<MarketLanes>,
    pub(super) reserves: Vec<ReserveLanes>,
    pub(super) carries: Vec<CarryLanes>,
    pub(super) paths: PathLanes,
    /// Units due, by wrapped asset and day.
    pub(super) due: Vec<Lanes>,
    pub(super) any_due: bool,
    /// Where prices were looked up last, by wrapped asset.
    pub(super) near: Vec<NearLanes>,
    /// The day's normals, by asset.
    pub(super) z: Vec<Lanes>,
}

impl AssetLanes {
    const NONE: Self = Self {
        discount: Lanes::ZERO,
        panic: Lanes::ZERO,
        depth: Lanes::ZERO,
        sold_units: Lanes::ZERO,
        pool_price: Lanes::ZERO,
        read_price: Lanes::ZERO,
        worst_discount: Lanes::ZERO,
        is_thin: false,
        open: Lanes::ZERO,
        supply_units: Lanes::ZERO,
        outside_units: Lanes::ZERO,
        buffer_eth: Lanes::ZERO,
        active: Lanes::ZERO,
        native_units: Lanes::ZERO,
        held_eth: Lanes::ZERO,
        pledged_units: Lanes::ZERO,
        queued_units: Lanes::ZERO,
        bought_units: Lanes::ZERO,
        bought_eth: Lanes::ZERO,
        longest_wait: Lanes::ZERO,
    };
}

impl Block {
    /// Day 0 of every path, as this state has it.
    pub(super) fn on_day_0(state: &State<'_>) -> Self {
        let zero = Lanes::ZERO;
        let n_wrapped = state.wrapped.len();
        let n_days = state.setting.parameters.horizon_days as usize + 1;
        let market = MarketLanes { growth: zero, debt: zero, least_cover: zero, bad_debt: zero };
        let reserve = ReserveLanes { cash: zero, utilization: zero, rate: zero, moved: zero };
        let carry = CarryLanes { collateral: zero, debt: zero, kept: zero, carry_eth: zero };
        let mut block = Self {
            assets: vec![AssetLanes::NONE; n_wrapped],
            nav: vec![zero; state.nav.len()],
            columns: vec![zero; state.column_units.len()],
            markets: vec![market; state.loans.markets.len()],
            reserves: vec![reserve; state.lending.reserves.len()],
            carries: vec![carry; state.lending.watched.len()],
            paths: PathLanes {
                exit_eth: Lanes::all(state.queues.exit_eth),
                redeemed: zero,
                realised: zero,
                realised_at_market: zero,
                base_fall: zero,
                base_price_eth: zero,
                direct_eth: zero,
                least: zero,
                need: zero,
                rounds: zero,
            },
            due: vec![zero; n_wrapped * n_days],
            any_due: false,
            near: vec![NearLanes::new(); n_wrapped],
            z: vec![zero; state.nav.len()],
        };
        (0..LANES).for_each(|lane| block.gather(lane, state));
        block
    }

    /// Back to day 0.
    pub(super) fn reset(&mut self, day_0: &Self) {
        self.assets.copy_from_slice(&day_0.assets);
        self.nav.copy_from_slice(&day_0.nav);
        self.columns.copy_from_slice(&day_0.columns);
        self.markets.copy_from_slice(&day_0.markets);
        self.reserves.copy_from_slice(&day_0.reserves);
        self.carries.copy_from_slice(&day_0.carries);
        self.paths = day_0.paths;
        if std::mem::take(&mut self.any_due) {
            self.due.fill(Lanes::ZERO);
        }
    }

    /// Takes from the state of a path what may have happened to it alone. Between mechanisms nothing
    /// is stale, and marks are settled.
    pub(super) fn gather(&mut self, lane: usize, state: &State<'_>) {
        self.gather_trades(lane, state);
        let quotes = state.market.quotes.iter().zip(&state.wrapped);
        for (asset, (quote, wrapped)) in self.assets.iter_mut().zip(quotes) {
            asset.panic.0[lane] = quote.panic;
            asset.depth.0[lane] = quote.depth;
            asset.is_thin |= quote.depth < 1.0;
            asset.supply_units.0[lane] = wrapped.supply_units;
            asset.outside_units.0[lane] = wrapped.outside_units;
            asset.buffer_eth.0[lane] = wrapped.buffer_eth;
            asset.active.0[lane] = wrapped.active;
            asset.native_units.0[lane] = wrapped.native_units;
            asset.held_eth.0[lane] = wrapped.held_eth;
        }
        take(lane, &mut self.nav, &state.nav);
        take(lane, &mut self.columns, &state.column_units);
        for (market, loans) in self.markets.iter_mut().zip(&state.loans.markets) {
            market.growth.0[lane] = loans.growth;
        }
        for (lanes, reserve) in self.reserves.iter_mut().zip(&state.lending.reserves) {
            lanes.utilization.0[lane] = reserve.utilization;
            lanes.rate.0[lane] = reserve.rate;
        }
        self.paths.direct_eth.0[lane] = state.shadow_direct_eth;
        self.paths.least.0[lane] = state.security.least;
        self.paths.need.0[lane] = state.security.need_at_most();
    }

    /// The same where nothing has happened but arbitrage and liquidations.
    pub(super) fn gather_trades(&mut self, lane: usize, state: &State<'_>) {
        let quotes = state.market.quotes.iter().zip(&state.wrapped);
        for (asset, (quote, wrapped)) in self.assets.iter_mut().zip(quotes) {
            asset.sold_units.0[lane] = quote.sold_units;
            asset.pool_price.0[lane] = quote.pool_price;
            asset.read_price.0[lane] = quote.read_price;
            asset.pledged_units.0[lane] = wrapped.pledged_units;
            asset.bought_units.0[lane] = wrapped.bought_units;
            asset.bought_eth.0[lane] = wrapped.bought_eth;
        }
        for (market, loans) in self.markets.iter_mut().zip(&state.loans.markets) {
            market.debt.0[lane] = loans.debt;
            market.least_cover.0[lane] = loans.least_cover;
            market.bad_debt.0[lane] = loans.bad_debt;
        }
        for (lanes, reserve) in self.reserves.iter_mut().zip(&state.lending.reserves) {
            lanes.cash.0[lane] = reserve.cash;
            lanes.moved.0[lane] = f64::from(u8::from(reserve.moved));
        }
        for (carry, &Watched { market, collateral, debt }) in
            self.carries.iter_mut().zip(&state.lending.watched)
        {
            let loans = &state.loans.markets[market.index()];
            let touched = loans.is_touched().then(|| sums(state.loans.own(market)));
            let (collateral, debt) = touched.unwrap_or((collateral, debt));
            carry.collateral.0[lane] = collateral;
            carry.debt.0[lane] = debt;
            carry.kept.0[lane] = loans.kept;
        }
    }

    /// Gives the state of a path what quiet days may have changed of what others read.
    pub(super) fn scatter(&self, lane: usize, state: &mut State<'_>) {
        let quotes = state.market.quotes.iter_mut().zip(&mut state.wrapped);
        for (asset, (quote, wrapped)) in self.assets.iter().zip(quotes) {
            quote.discount = asset.discount.0[lane];
            quote.panic = asset.panic.0[lane];
            quote.depth = asset.depth.0[lane];
            quote.sold_units = asset.sold_units.0[lane];
            quote.pool_price = asset.pool_price.0[lane];
            quote.read_price = asset.read_price.0[lane];
            quote.is_open = asset.open.0[lane] > 0.0;
            wrapped.supply_units = asset.supply_units.0[lane];
            wrapped.outside_units = asset.outside_units.0[lane];
            wrapped.buffer_eth = asset.buffer_eth.0[lane];
            wrapped.active = asset.active.0[lane];
            wrapped.held_eth = asset.held_eth.0[lane];
            wrapped.queued_units = asset.queued_units.0[lane];
            wrapped.bought_units = asset.bought_units.0[lane];
            wrapped.bought_eth = asset.bought_eth.0[lane];
        }
        for (lanes, (nav, shadow)) in
            self.nav.iter().zip(state.nav.iter_mut().zip(&mut state.shadow))
        {
            (*nav, *shadow) = (lanes.0[lane], lanes.0[lane]);
        }
        for (market, loans) in self.markets.iter().zip(&mut state.loans.markets) {
            loans.growth = market.growth.0[lane];
        }
        state.loans.tested = Tested::default();
        for (lanes, reserve) in self.reserves.iter().zip(&mut state.lending.reserves) {
            reserve.utilization = lanes.utilization.0[lane];
            reserve.rate = lanes.rate.0[lane];
        }
        state.queues.exit_eth = self.paths.exit_eth.0[lane];
        state.shadow_direct_eth = self.paths.direct_eth.0[lane];
        state.security.least = self.paths.least.0[lane];
    }

    /// Gives the state of a path what only its figures read.
    pub(super) fn scatter_sums(&self, lane: usize, state: &mut State<'_>) {
        self.scatter(lane, state);
        for (index, asset) in self.assets.iter().enumerate() {
            state.market.quotes[index].worst_discount = asset.worst_discount.0[lane];
            state.queues.longest_wait[index] = asset.longest_wait.0[lane];
        }
        for (carry, watched) in self.carries.iter().zip(&state.lending.watched) {
            state.lending.carry_eth[watched.market.index()] = carry.carry_eth.0[lane];
        }
        let (paths, sums) = (&self.paths, &mut state.ledger.sums);
        sums.redeemed = paths.redeemed.0[lane];
        sums.realised = paths.realised.0[lane];
        sums.realised_at_market = paths.realised_at_market.0[lane];
        sums.base_fall = paths.base_fall.0[lane];
        state.channel_eth[Channel::BasePrice.index()] = paths.base_price_eth.0[lane];
        sums.n_rounds = whole(paths.rounds.0[lane]);
    }
}

fn take(lane: usize, lanes: &mut [Lanes], numbers: &[f64]) {
    for (lanes, &number) in lanes.iter_mut().zip(numbers) {
        lanes.0[lane] = number;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(count: f64) -> u32 {
    count as u32
}
