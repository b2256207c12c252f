//! How holders leave (section 6.9 of `docs/model.md`): buffers, queues that still bear losses, the
//! one exit queue of the chain, impatience, arbitrage.

use slashfall_graph::{AssetId, Holder, Network};

use crate::loans::LEAST_TRADE_ETH;
use crate::number::Number;
use crate::order::{larger, positive_part, smaller};
use crate::record::Happened;
use crate::setting::{DAYS_PER_YEAR, Setting};
use crate::state::{State, WrappedState};

/// ETH that can leave the chain in a day: 256 an epoch (EIP-7251), 225 epochs a day.
pub const EXIT_ETH_PER_DAY: f64 = 57_600.0;

/// Who waits for what.
#[derive(Clone, Debug)]
pub(crate) struct Queues {
    /// ETH that waits to leave the chain.
    pub(crate) exit_eth: f64,
    /// Units due, by wrapped asset and day.
    due: Vec<f64>,
    n_days: usize,
    any_due: bool,
    /// By wrapped asset.
    assets: Vec<Redeemable>,
    /// Longest wait so far, by wrapped asset.
    pub(crate) longest_wait: Vec<f64>,
}

/// What of a wrapped asset's redemption holds on every path.
#[derive(Clone, Debug)]
pub(crate) struct Redeemable {
    /// True where paying means that validators leave the chain.
    pub(crate) has_validators: bool,
    pub(crate) redemption_days: f64,
    /// Columns of wrapped assets among its holdings, which are handed over in kind, with the
    /// position of the asset among wrapped ones.
    pub(crate) in_kind: Vec<(usize, usize)>,
}

/// How holders of a wrapped asset leave and who buys it: the same on every path.
#[derive(Clone, Debug)]
pub(crate) struct Leaver {
    pub(crate) nav_0: f64,
    pub(crate) price_0: f64,
    pub(crate) has_basket: bool,
    /// Share of the free units that leaves a day anyway, before and under the multipliers of yields.
    base: [f64; 2],
    on_loss: f64,
    on_discount: f64,
    tolerance: f64,
    max: f64,
    pub(crate) impatience_days: f64,
    /// Share of nav below which nobody sells who leaves.
    pub(crate) least_price: f64,
    pub(crate) hurdle: f64,
    pub(crate) arbitrage_eth_per_day: f64,
}

impl Leaver {
    pub(crate) fn new(setting: &Setting<'_>, index: usize) -> Self {
        let parameters = &setting.parameters.redemption[index];
        let [yield_0, yield_1] = setting.yields[index];
        let drop = if yield_0 > 0.0 { (1.0 - yield_1 / yield_0).max(0.0) } else { 0.0 };
        Self {
            nav_0: setting.nav_0[setting.network.n_base() + index],
            price_0: setting.price_0[setting.network.n_base() + index],
            has_basket: setting.has_basket(index),
            base: [parameters.base, parameters.base + parameters.on_yield_drop * drop],
            on_loss: parameters.on_loss,
            on_discount: parameters.on_discount,
            tolerance: parameters.tolerance,
            max: parameters.max,
            impatience_days: parameters.impatience_days,
            least_price: 1.0 - parameters.max_sale_discount,
            hurdle: parameters.hurdle,
            arbitrage_eth_per_day: parameters.arbitrage_eth_per_day,
        }
    }

    /// Share of the free units that wants to leave on a day.
    #[inline(always)]
    pub(crate) fn hazard<N: Number>(&self, yield_phase: usize, lost: N, discount: N) -> N {
        let like = |constant| lost.like(constant);
        let hazard = like(self.base[yield_phase])
            + like(self.on_loss) * lost.positive_part()
            + like(self.on_discount) * (discount - like(self.tolerance)).positive_part();
        hazard.smaller(like(self.max))
    }
}

impl Queues {
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        let network = setting.network;
        let n_days = setting.parameters.horizon_days as usize + 1;
        Self {
            exit_eth: setting.parameters.beacon.exit_queue_eth,
            due: vec![0.0; network.n_wrapped() * n_days],
            n_days,
            any_due: false,
            assets: network.wrapped_assets().map(|id| Redeemable::new(network, id)).collect(),
            longest_wait: vec![0.0; network.n_wrapped()],
        }
    }

    pub(crate) fn reset(&mut self, setting: &Setting<'_>) {
        self.exit_eth = setting.parameters.beacon.exit_queue_eth;
        if std::mem::take(&mut self.any_due) {
            self.due.fill(0.0);
        }
        self.longest_wait.fill(0.0);
    }

    /// Days that a request of now waits.
    fn wait_days(&self, index: usize) -> f64 {
        let asset = &self.assets[index];
        if asset.has_validators {
            larger(asset.redemption_days, self.exit_eth / EXIT_ETH_PER_DAY)
        } else {
            asset.redemption_days
        }
    }

    /// Puts units in the queue; what is due after the horizon is not paid on this path.
    fn push(&mut self, index: usize, units: f64, day: u32, wait_days: f64) {
        let due = day.saturating_add(whole_days(wait_days)) as usize;
        if due < self.n_days {
            self.due[index * self.n_days + due] += units;
            self.any_due = true;
        }
    }
}

/// Days after which those are paid who wait so long.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, as it should"
)]
#[inline]
pub(crate) fn whole_days(wait_days: f64) -> u32 {
    let whole_days = wait_days as u32;
    whole_days.saturating_add(u32::from(wait_days > f64::from(whole_days))).max(1)
}

impl Redeemable {
    pub(crate) fn new(network: &Network, id: AssetId) -> Self {
        let holder = Holder::Wrapped(id);
        let columns = network.holder_columns(holder).iter();
        let wrapped = columns.filter_map(|column| {
            let asset = network.columns()[column.index()].asset.index();
            Some((column.index(), asset.checked_sub(network.n_base())?))
        });
        Self {
            has_validators: has_validators(network, id),
            redemption_days: network.asset(id).redemption_days,
            in_kind: wrapped.collect(),
        }
    }
}

/// True of a wrapped asset with ETH at operators.
pub(crate) fn has_validators(network: &Network, id: AssetId) -> bool {
    let holdings = network.holder_holdings(Holder::Wrapped(id)).iter();
    holdings.map(|&h| network.holding(h)).any(|h| h.is_native() && h.units > 0.0)
}

impl State<'_> {
    /// Days that a request for the `index`-th wrapped asset waits.
    pub(crate) fn wait_days(&self, index: usize) -> f64 {
        self.queues.wait_days(index)
    }

    /// Buys units out of pools that are cheap enough; true if anything was bought. After the first
    /// round of a day only those are looked at in which something has changed.
    pub(crate) fn arbitrage(&mut self, round: u32) -> bool {
        let mut any = false;
        let setting = self.setting;
        for (index, leaver) in setting.leavers.iter().enumerate() {
            let was_open = std::mem::take(&mut self.market.quotes[index].is_open);
            if was_open || round == 1 {
                any |= self.buy_discount(index, leaver);
            }
        }
        any
    }

    #[inline]
    fn buy_discount(&mut self, index: usize, leaver: &Leaver) -> bool {
        let setting = self.setting;
        let Some(pools) = setting.pools(index) else { return false };
        let worth_it = 1.0 - leaver.hurdle * self.wait_days(index) / DAYS_PER_YEAR;
        let (nav, quote) = (self.nav_of(index), &mut self.market.quotes[index]);
        let mood = quote.mood();
        let left_eth = leaver.arbitrage_eth_per_day - self.wrapped[index].bought_eth;
        let is_dear = mood * quote.pool_price >= worth_it || quote.pool_price >= 1.0;
        if is_dear || nav <= 0.0 || quote.depth <= 0.0 || left_eth < LEAST_TRADE_ETH {
            return false;
        }
        let target = if mood > 0.0 { smaller(worth_it / mood, 1.0) } else { 1.0 };
        let wrapped = &mut self.wrapped[index];
        let at_most = smaller(left_eth / nav, wrapped.free_units() - wrapped.bought_units);
        let units = quote.buy_up_to(pools, target, (LEAST_TRADE_ETH / nav, at_most));
        if units <= 0.0 {
            return false;
        }
        wrapped.bought_units += units;
        wrapped.bought_eth += units * nav;
        self.tell_of(index, |asset| Happened::Arbitrage { asset, eth: units * nav });
        true
    }

    /// The day's redemptions of every wrapped asset, base to wrapped.
    pub(crate) fn redeem(&mut self, day: u32) {
        let setting = self.setting;
        for (index, leaver) in setting.leavers.iter().enumerate() {
            if self.queues.any_due {
                self.pay_due(index, leaver, day);
            }
            self.demand(index, leaver, day);
        }
    }

    /// The chain lets go of what it can in a day.
    pub(crate) fn work_off_exit_queue(&mut self) {
        self.queues.exit_eth = positive_part(self.queues.exit_eth - EXIT_ETH_PER_DAY);
    }

    fn pay_due(&mut self, index: usize, leaver: &Leaver, day: u32) {
        let units = self.queues.due[index * self.queues.n_days + day as usize];
        if units > 0.0 {
            let wrapped = &mut self.wrapped[index];
            wrapped.queued_units = positive_part(wrapped.queued_units - units);
            let eth = units * self.nav_of(index);
            self.pay_from_work(index, leaver, units);
            self.tell_of(index, |asset| Happened::PaidOut { asset, eth });
        }
    }

    /// Pays units from what is at work and idle, the wrapped part in kind, and the buffer for what
    /// is left.
    fn pay_from_work(&mut self, index: usize, leaver: &Leaver, units: f64) {
        let n_base = self.network.n_base();
        let due_eth = units * self.nav_of(index);
        let at_work = self.wrapped[index].active * self.wrapped[index].held_eth;
        let from_work = smaller(due_eth, at_work);
        let share = if at_work > 0.0 { from_work / at_work } else { 0.0 };
        let (mut in_kind_eth, mut in_kind_gain, mut in_kind_market) = (0.0, 0.0, 0.0);
        for number in 0..self.queues.assets[index].in_kind.len() {
            let (column, nested) = self.queues.assets[index].in_kind[number];
            let handed = self.wrapped[index].active * self.column_units[column] * share;
            self.wrapped[nested].outside_units += handed;
            let asset = n_base + nested;
            in_kind_eth += handed * self.nav[asset];
            in_kind_gain += handed * (self.nav_0[asset] - self.nav[asset]);
            in_kind_market += handed * self.price_0[asset];
        }
        let wrapped = &mut self.wrapped[index];
        wrapped.active *= 1.0 - share;
        self.security.note_fall(1.0 - share);
        let wrapped = &mut self.wrapped[index];
        wrapped.buffer_eth = positive_part(wrapped.buffer_eth - (due_eth - from_work));
        self.leave(index, leaver, units);
        // In kind, holders go on as holders of the nested asset, from what it was on day 0.
        let sums = &mut self.ledger.sums;
        sums.realised -= in_kind_gain;
        sums.realised_at_market += in_kind_eth - in_kind_market;
    }

    /// Units have been paid for at nav.
    fn leave(&mut self, index: usize, leaver: &Leaver, units: f64) {
        let nav = self.nav_of(index);
        let wrapped = &mut self.wrapped[index];
        wrapped.supply_units -= units;
        wrapped.outside_units -= units;
        let sums = &mut self.ledger.sums;
        sums.redeemed += units * nav;
        sums.realised += units * (leaver.nav_0 - nav);
        sums.realised_at_market += units * (leaver.price_0 - nav);
    }

    fn demand(&mut self, index: usize, leaver: &Leaver, day: u32) {
        let setting = self.setting;
        let wait = self.wait_days(index);
        let longest = &mut self.queues.longest_wait[index];
        *longest = larger(*longest, wait);
        let (nav, lost) = (self.nav_of(index), self.lost_share(index, leaver));
        let (wrapped, quote) = (&mut self.wrapped[index], &mut self.market.quotes[index]);
        let bought = std::mem::take(&mut wrapped.bought_units);
        wrapped.bought_eth = 0.0;
        let hazard = leaver.hazard(setting.yield_phase(day), lost, 1.0 - quote.price_factor());
        if (hazard <= 0.0 && bought <= 0.0) || nav <= 0.0 {
            return;
        }
        // What arbitrage bought is on its way out already.
        let demand = hazard * positive_part(wrapped.free_units() - bought);
        let impatient = demand * (wait / (wait + leaver.impatience_days));
        let sold = setting
            .pools(index)
            .map_or(0.0, |pools| quote.sell_down_to(pools, leaver.least_price, impatient));
        let leaving = demand - sold + bought;
        let paid = self.pay_from_buffer(index, leaver, leaving);
        let queued = leaving - paid;
        self.queue(index, queued, day, wait);
        self.tell_of(index, |asset| Happened::Leaving {
            asset,
            sold_eth: sold * nav,
            paid_eth: paid * nav,
            queued_eth: queued * nav,
            wait_days: wait,
        });
    }

    /// Share of its nav of day 0 that an asset has lost, but for falls of base-asset prices.
    fn lost_share(&self, index: usize, leaver: &Leaver) -> f64 {
        let nav = self.nav_of(index);
        if leaver.has_basket {
            1.0 - nav / (leaver.nav_0 * self.setting.basket(index, &self.nav))
        } else if nav < leaver.nav_0 {
            1.0 - nav / leaver.nav_0
        } else {
            0.0
        }
    }

    /// Pays units from the buffer, as far as it goes; gives how many.
    fn pay_from_buffer(&mut self, index: usize, leaver: &Leaver, units: f64) -> f64 {
        let nav = self.nav_of(index);
        let buffer_eth = &mut self.wrapped[index].buffer_eth;
        if *buffer_eth <= 0.0 {
            return 0.0;
        }
        let paid = smaller(units, *buffer_eth / nav);
        *buffer_eth = positive_part(*buffer_eth - paid * nav);
        self.leave(index, leaver, paid);
        paid
    }

    fn queue(&mut self, index: usize, units: f64, day: u32, wait_days: f64) {
        if units <= 0.0 {
            return;
        }
        let nav = self.nav_of(index);
        self.wrapped[index].queued_units += units;
        self.queues.push(index, units, day, wait_days);
        if self.queues.assets[index].has_validators {
            let WrappedState { native_units, held_eth, .. } = self.wrapped[index];
            if held_eth > 0.0 {
                self.queues.exit_eth += units * nav * (native_units / held_eth);
            }
        }
    }
}
