//! How holders leave (section 6.9 of `docs/model.md`): buffers, queues that still bear losses, the
//! one exit queue of the chain, impatience, arbitrage.

use slashfall_graph::{AssetId, Holder, Network};

use crate::loans::LEAST_TRADE_ETH;
use crate::parameters::RedemptionParameters;
use crate::record::Happened;
use crate::setting::{DAYS_PER_YEAR, Setting};
use crate::state::State;

/// ETH that can leave the chain in a day: 256 an epoch (EIP-7251), 225 epochs a day.
const EXIT_ETH_PER_DAY: f64 = 57_600.0;

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
struct Redeemable {
    /// True where paying means that validators leave the chain.
    has_validators: bool,
    redemption_days: f64,
    /// Columns of wrapped assets among its holdings, which are handed over in kind, with the
    /// position of the asset among wrapped ones.
    in_kind: Vec<(usize, usize)>,
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
            asset.redemption_days.max(self.exit_eth / EXIT_ETH_PER_DAY)
        } else {
            asset.redemption_days
        }
    }

    /// Puts units in the queue; what is due after the horizon is not paid on this path.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded above")]
    fn push(&mut self, index: usize, units: f64, day: u32, wait_days: f64) {
        let due = f64::from(day) + wait_days.ceil().max(1.0);
        if due < self.n_days as f64 {
            self.due[index * self.n_days + due as usize] += units;
            self.any_due = true;
        }
    }
}

impl Redeemable {
    fn new(network: &Network, id: AssetId) -> Self {
        let holder = Holder::Wrapped(id);
        let holdings = network.holder_holdings(holder).iter().map(|&h| network.holding(h));
        let columns = network.holder_columns(holder).iter();
        let wrapped = columns.filter_map(|column| {
            let asset = network.columns()[column.index()].asset.index();
            Some((column.index(), asset.checked_sub(network.n_base())?))
        });
        Self {
            has_validators: holdings.into_iter().any(|h| h.is_native() && h.units > 0.0),
            redemption_days: network.asset(id).redemption_days,
            in_kind: wrapped.collect(),
        }
    }
}

impl State<'_> {
    /// Days that a request for the `index`-th wrapped asset waits.
    pub(crate) fn wait_days(&self, index: usize) -> f64 {
        self.queues.wait_days(index)
    }

    /// Outside units that nobody has pledged or queued.
    fn free_units(&self, index: usize) -> f64 {
        let wrapped = &self.wrapped[index];
        (wrapped.outside_units - wrapped.queued_units - wrapped.pledged_units).max(0.0)
    }

    /// Buys units out of pools that are cheap enough; true if anything was bought.
    pub(crate) fn arbitrage(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.wrapped.len() {
            let parameters = &self.setting.parameters.redemption[index];
            if parameters.arbitrage_eth_per_day > 0.0 && self.setting.curves[index].is_some() {
                any |= self.buy_discount(index, parameters);
            }
        }
        any
    }

    fn buy_discount(&mut self, index: usize, parameters: &RedemptionParameters) -> bool {
        let quote = &self.market.quotes[index];
        let mood = quote.mood();
        let worth_it = 1.0 - parameters.hurdle * self.wait_days(index) / DAYS_PER_YEAR;
        let target = if mood > 0.0 { (worth_it / mood).min(1.0) } else { 1.0 };
        let (wrapped, nav) = (&self.wrapped[index], self.nav_of(index));
        let is_dear = quote.price_factor() >= worth_it || quote.pool_price >= target;
        if is_dear || nav <= 0.0 || quote.depth <= 0.0 {
            return false;
        }
        let affordable = (parameters.arbitrage_eth_per_day - wrapped.bought_eth) / nav;
        let at_most = affordable.min(self.free_units(index) - wrapped.bought_units);
        let units = self.buy_up_to(index, target, (LEAST_TRADE_ETH / nav, at_most));
        if units <= 0.0 {
            return false;
        }
        let wrapped = &mut self.wrapped[index];
        wrapped.bought_units += units;
        wrapped.bought_eth += units * nav;
        let asset = AssetId::new(self.network.n_base() + index);
        self.tell(|| Happened::Arbitrage { asset, eth: units * nav });
        true
    }

    /// The day's redemptions of every wrapped asset, base to wrapped.
    pub(crate) fn redeem(&mut self, day: u32) {
        for index in 0..self.wrapped.len() {
            self.pay_due(index, day);
            self.demand(index, day);
        }
    }

    /// The chain lets go of what it can in a day.
    pub(crate) fn work_off_exit_queue(&mut self) {
        self.queues.exit_eth = (self.queues.exit_eth - EXIT_ETH_PER_DAY).max(0.0);
    }

    fn pay_due(&mut self, index: usize, day: u32) {
        if !self.queues.any_due {
            return;
        }
        let units = self.queues.due[index * self.queues.n_days + day as usize];
        if units > 0.0 {
            let wrapped = &mut self.wrapped[index];
            wrapped.queued_units = (wrapped.queued_units - units).max(0.0);
            let eth = units * self.nav_of(index);
            self.pay_from_work(index, units);
            let asset = AssetId::new(self.network.n_base() + index);
            self.tell(|| Happened::PaidOut { asset, eth });
        }
    }

    /// Pays units from what is at work and idle, the wrapped part in kind, and the buffer for what
    /// is left.
    fn pay_from_work(&mut self, index: usize, units: f64) {
        let n_base = self.network.n_base();
        let due_eth = units * self.nav_of(index);
        let holder = Holder::Wrapped(AssetId::new(n_base + index));
        let at_work = self.wrapped[index].active * self.columns_eth(holder, &self.nav);
        let from_work = due_eth.min(at_work);
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
        wrapped.buffer_eth = (wrapped.buffer_eth - (due_eth - from_work)).max(0.0);
        self.leave(index, units);
        // In kind, holders go on as holders of the nested asset, from what it was on day 0.
        let sums = &mut self.ledger.sums;
        sums.realised -= in_kind_gain;
        sums.realised_at_market += in_kind_eth - in_kind_market;
    }

    /// Units have been paid for at nav.
    fn leave(&mut self, index: usize, units: f64) {
        let asset = self.network.n_base() + index;
        let nav = self.nav[asset];
        let wrapped = &mut self.wrapped[index];
        wrapped.supply_units -= units;
        wrapped.outside_units -= units;
        let sums = &mut self.ledger.sums;
        sums.redeemed += units * nav;
        sums.realised += units * (self.nav_0[asset] - nav);
        sums.realised_at_market += units * (self.price_0[asset] - nav);
    }

    fn demand(&mut self, index: usize, day: u32) {
        let parameters = &self.setting.parameters.redemption[index];
        let wait = self.wait_days(index);
        let longest = &mut self.queues.longest_wait[index];
        *longest = longest.max(wait);
        let bought = std::mem::take(&mut self.wrapped[index].bought_units);
        self.wrapped[index].bought_eth = 0.0;
        let hazard = self.hazard(index, day, parameters);
        let nav = self.nav_of(index);
        if (hazard <= 0.0 && bought <= 0.0) || nav <= 0.0 {
            return;
        }
        // What arbitrage bought is on its way out already.
        let demand = hazard * (self.free_units(index) - bought).max(0.0);
        let impatient = demand * (wait / (wait + parameters.impatience_days));
        let sold = self.sell_down_to(index, 1.0 - parameters.max_sale_discount, impatient);
        let leaving = demand - sold + bought;
        let paid = leaving.min(self.wrapped[index].buffer_eth / nav);
        self.wrapped[index].buffer_eth = (self.wrapped[index].buffer_eth - paid * nav).max(0.0);
        self.leave(index, paid);
        let queued = leaving - paid;
        self.queue(index, queued, day, wait);
        let asset = AssetId::new(self.network.n_base() + index);
        self.tell(|| Happened::Leaving {
            asset,
            sold_eth: sold * nav,
            paid_eth: paid * nav,
            queued_eth: queued * nav,
            wait_days: wait,
        });
    }

    /// Share of the free units that wants to leave on a day.
    fn hazard(&self, index: usize, day: u32, parameters: &RedemptionParameters) -> f64 {
        let asset = self.network.n_base() + index;
        let basket = self.setting.basket(index, &self.nav);
        let lost = 1.0 - self.nav[asset] / (self.nav_0[asset] * basket);
        let discount = 1.0 - self.market.quotes[index].price_factor();
        let mut hazard = parameters.base
            + parameters.on_loss * lost.max(0.0)
            + parameters.on_discount * (discount - parameters.tolerance).max(0.0);
        let yield_0 = self.setting.yields[index][0];
        if parameters.on_yield_drop > 0.0 && yield_0 > 0.0 {
            let drop = 1.0 - self.setting.yield_on(index, day) / yield_0;
            hazard += parameters.on_yield_drop * drop.max(0.0);
        }
        hazard.min(parameters.max)
    }

    fn queue(&mut self, index: usize, units: f64, day: u32, wait_days: f64) {
        if units <= 0.0 {
            return;
        }
        let nav = self.nav_of(index);
        self.wrapped[index].queued_units += units;
        self.queues.push(index, units, day, wait_days);
        if self.queues.assets[index].has_validators {
            let holder = Holder::Wrapped(AssetId::new(self.network.n_base() + index));
            let at_work = self.columns_eth(holder, &self.nav);
            if at_work > 0.0 {
                let on_chain = self.wrapped[index].native_units / at_work;
                self.queues.exit_eth += units * nav * on_chain;
            }
        }
    }
}
