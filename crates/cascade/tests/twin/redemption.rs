//! How holders leave, how long they wait, and who buys what they sell (section 6.9).

use super::Twin;
use slashfall_cascade::RedemptionParameters;

/// Units that have been asked back and wait for their day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) asset: usize,
    pub(super) units: f64,
    due: f64,
}

impl Twin<'_> {
    fn behaviour(&self, asset: usize) -> RedemptionParameters {
        self.case.redemption[&self.assets[asset].name]
    }

    pub(super) fn queued_units(&self, asset: usize) -> f64 {
        self.requests.iter().filter(|r| r.asset == asset).map(|r| r.units).sum()
    }

    /// Units outside that are neither queued nor pledged.
    fn free_units(&self, asset: usize) -> f64 {
        let taken = self.queued_units(asset) + self.pledged_units(asset);
        (self.assets[asset].outside_units - taken).max(0.0)
    }

    pub(super) fn wait_days(&self, index: usize) -> f64 {
        let asset = &self.assets[index];
        let chain = if asset.validates { self.exit_queue_eth / 57_600.0 } else { 0.0 };
        asset.redemption_days.max(chain)
    }

    /// Share of the free units that is demanded today.
    fn hazard(&self, index: usize) -> f64 {
        let (asset, how) = (&self.assets[index], self.behaviour(index));
        let loss = (1.0 - self.nav(index) / (asset.nav_0 * self.basket(index))).max(0.0);
        let discount = (1.0 - self.price_factor(index) - how.tolerance).max(0.0);
        let (yield_0, yield_now) = (self.yield_on(index, 0), self.yield_on(index, self.today));
        let yield_drop = if yield_0 > 0.0 { (1.0 - yield_now / yield_0).max(0.0) } else { 0.0 };
        let wish = how.base
            + how.on_loss * loss
            + how.on_discount * discount
            + how.on_yield_drop * yield_drop;
        wish.min(how.max)
    }

    /// What a unit of day 0 would be worth if nothing but the prices of base assets had changed.
    fn basket(&self, index: usize) -> f64 {
        let asset = &self.assets[index];
        if asset.kind == slashfall_graph::spec::AssetKind::Base {
            return asset.price;
        }
        let own = self.case.spec.holdings.rows.iter().filter(|row| row.holder == asset.name);
        let moved = own.map(|row| row.amount_eth * (self.basket(self.asset(&row.asset)) - 1.0));
        1.0 + moved.sum::<f64>() / (asset.supply_units_0 * asset.nav_0)
    }

    /// The day of one asset: what is due is paid, and new demand is met, sold or queued.
    pub(super) fn redeem(&mut self, index: usize) {
        let today = f64::from(self.today);
        let due = |r: &Request| r.asset == index && r.due <= today;
        let due_units: f64 = self.requests.iter().filter(|r| due(r)).map(|r| r.units).sum();
        self.requests.retain(|r| !due(r));
        self.pay(index, due_units);
        let how = self.behaviour(index);
        let wait = self.wait_days(index);
        self.assets[index].longest_wait_days = self.assets[index].longest_wait_days.max(wait);
        let bought = self.assets[index].bought_units;
        if self.nav(index) <= 0.0 {
            return;
        }
        // What arbitrage bought is on its way out already.
        let demand = self.hazard(index) * (self.free_units(index) - bought).max(0.0);
        let impatient = demand * wait / (wait + how.impatience_days);
        let sold = impatient.min(self.room(index, 1.0 - how.max_sale_discount));
        self.sell(index, sold);

        let queued = demand - sold + bought;
        let (nav, buffer_eth) = (self.nav(index), self.assets[index].buffer_eth);
        let at_once = if buffer_eth > 0.0 { queued.min(buffer_eth / nav) } else { 0.0 };
        self.assets[index].buffer_eth = (buffer_eth - at_once * nav).max(0.0);
        self.books.left_eth += at_once * nav;
        self.give_up(index, at_once, nav);

        let units = queued - at_once;
        self.requests.push(Request { asset: index, units, due: today + wait.ceil().max(1.0) });
        self.exit(index, units);
    }

    /// What queues sends validators to the exit of the chain.
    fn exit(&mut self, index: usize, units: f64) {
        let own = self.holdings.iter().filter(|h| h.holder == Some(index));
        let native: f64 = own.filter(|h| self.is_native(h)).map(|h| self.units(h)).sum();
        let all = self.working_eth(index);
        if self.assets[index].validates && all > 0.0 {
            self.exit_queue_eth += units * self.nav(index) * native / all;
        }
    }

    /// Pays units out of what is at work and idle, the rest out of the buffer.
    fn pay(&mut self, index: usize, units: f64) {
        let (nav, all) = (self.nav(index), self.working_eth(index));
        let share = if all > 0.0 { (units * nav / all).min(1.0) } else { 0.0 };
        for holding in self.holdings.clone() {
            if holding.holder != Some(index) {
                continue;
            }
            let handed_out = share * self.units(&holding);
            if self.is_base(holding.asset) {
                self.books.left_eth += handed_out * self.assets[holding.asset].price;
            } else {
                self.assets[holding.asset].outside_units += handed_out;
            }
        }
        let rest = (units * nav - share * all).max(0.0).min(self.assets[index].buffer_eth);
        self.assets[index].active *= 1.0 - share;
        self.assets[index].buffer_eth -= rest;
        self.books.left_eth += rest;
        self.give_up(index, units, nav);
    }

    /// Units that were paid are no more.
    fn give_up(&mut self, index: usize, units: f64, nav: f64) {
        self.books.redeemed_eth += units * nav;
        self.assets[index].last_nav = nav;
        self.assets[index].supply_units -= units;
        self.assets[index].outside_units -= units;
    }

    /// Buys cheap units of each asset with a pool; returns whether anything was bought.
    pub(super) fn arbitrage(&mut self) -> bool {
        let mut bought = false;
        for asset in self.wrapped.clone() {
            bought |= self.has_pool(asset) && self.buy(asset);
        }
        bought
    }

    fn buy(&mut self, index: usize) -> bool {
        let how = self.behaviour(index);
        let (nav, calm) = (self.nav(index), self.calm(index));
        let accepted = how.hurdle * self.wait_days(index) / 365.0;
        if 1.0 - self.price_factor(index) <= accepted
            || nav <= 0.0
            || self.assets[index].depth <= 0.0
        {
            return false;
        }
        // Up to that discount, and never above 1.
        let target = ((1.0 - accepted) / calm).min(1.0);
        let asset = &self.assets[index];
        let s = super::pools::sold_at(&asset.pools, target);
        let deep = if s > 0.0 { asset.depth * s } else { s };
        let offered = asset.sold_units - deep / asset.nav_0;
        let free = self.free_units(index) - asset.bought_units;
        let affordable = (how.arbitrage_eth_per_day - asset.bought_eth) / nav;
        let units = offered.min(free).min(affordable);
        if units * nav < 1e-9 {
            return false;
        }
        let asset = &mut self.assets[index];
        asset.sold_units -= units;
        asset.bought_units += units;
        asset.bought_eth += units * nav;
        self.see_price(index);
        true
    }
}
