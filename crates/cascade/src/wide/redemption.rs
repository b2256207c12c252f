//! How holders leave on the paths of a group (the twin of `redemption.rs`).

use pulp::Simd;

use super::Group;
use super::block::Block;
use super::lanes::{Truth, Wide, wide};
use super::plan::{AssetPlan, exit_days};
use crate::market::Pools;
use crate::number::Number;
use crate::redemption::{EXIT_ETH_PER_DAY, Leaver, whole_days};

impl Group<'_> {
    /// The day's redemptions of every wrapped asset, base to wrapped.
    #[inline(always)]
    pub(super) fn redeem<S: Simd>(&mut self, simd: S, day: u32) {
        let yield_phase = self.setting.yield_phase(day);
        for index in 0..self.plan.assets.len() {
            if self.block.any_due {
                self.pay_due(simd, index, day);
            }
            self.demand(simd, index, (day, yield_phase));
        }
    }

    /// The chain lets go of what it can in a day.
    #[inline(always)]
    pub(super) fn work_off_exit_queue<S: Simd>(&mut self, simd: S) {
        let left = self.block.paths.exit_eth.load(simd) - wide(simd, EXIT_ETH_PER_DAY);
        self.block.paths.exit_eth.store(left.positive_part());
    }

    #[inline(always)]
    fn pay_due<S: Simd>(&mut self, simd: S, index: usize, day: u32) {
        let units = self.block.due[index * self.plan.n_days + day as usize].load(simd);
        let (zero, one) = (wide(simd, 0.0), wide(simd, 1.0));
        let is_due = units.gt(zero);
        if !is_due.any() {
            return;
        }
        let (n_base, plan) = (self.plan.n_base, &self.plan.assets[index]);
        let nav = self.block.nav[n_base + index].load(simd);
        let asset = &mut self.block.assets[index];
        let queued = (asset.queued_units.load(simd) - units).positive_part();
        asset.queued_units.store_where(is_due, queued);
        let due_eth = units * nav;
        let active = asset.active.load(simd);
        let at_work = active * asset.held_eth.load(simd);
        let from_work = due_eth.smaller(at_work);
        let share = at_work.gt(zero).choose(from_work / at_work, zero);
        let share = is_due.or_nothing(share);
        let buffer_eth = (asset.buffer_eth.load(simd) - (due_eth - from_work)).positive_part();
        asset.buffer_eth.store_where(is_due, buffer_eth);
        asset.active.store(active * (one - share));
        let (mut in_kind_eth, mut in_kind_gain, mut in_kind_market) = (zero, zero, zero);
        for &(column, nested) in &plan.redeemable.in_kind {
            let handed = active * self.block.columns[column].load(simd) * share;
            self.block.assets[nested].outside_units.add(handed);
            let nav = self.block.nav[n_base + nested].load(simd);
            let nav_0 = wide(simd, self.setting.nav_0[n_base + nested]);
            in_kind_eth = in_kind_eth + handed * nav;
            in_kind_gain = in_kind_gain + handed * (nav_0 - nav);
            let price_0 = wide(simd, self.setting.price_0[n_base + nested]);
            in_kind_market = in_kind_market + handed * price_0;
        }
        leave(&mut self.block, index, plan.leaver, units, nav);
        let paths = &mut self.block.paths;
        paths.realised.store(paths.realised.load(simd) - in_kind_gain);
        paths.realised_at_market.add(in_kind_eth - in_kind_market);
        self.note_fall(simd, one - share);
    }

    #[inline(always)]
    fn demand<S: Simd>(&mut self, simd: S, index: usize, (day, yield_phase): (u32, usize)) {
        let (plan, zero) = (&self.plan.assets[index], wide(simd, 0.0));
        let leaver = plan.leaver;
        let wait = plan.wait_days(exit_days(self.block.paths.exit_eth.load(simd)));
        let nav = self.block.nav[self.plan.n_base + index].load(simd);
        let lost = self.lost_share(index, leaver, nav);
        let asset = &mut self.block.assets[index];
        asset.longest_wait.store(asset.longest_wait.load(simd).larger(wait));
        let bought = asset.bought_units.load(simd);
        asset.bought_units.store(zero);
        asset.bought_eth.store(zero);
        let discount = wide(simd, 1.0) - asset.price_factor(simd);
        let hazard = leaver.hazard(yield_phase, lost, discount);
        let stays = (hazard.le(zero) & bought.le(zero)) | nav.le(zero);
        let leaves = !stays;
        if !leaves.any() {
            return;
        }
        let demand = hazard * (asset.free_units(simd) - bought).positive_part();
        let impatient = demand * (wait / (wait + wide(simd, leaver.impatience_days)));
        let sold = match plan.pools {
            Some(pools) => {
                let pools: (Pools<'_>, _) = (pools, &mut self.block.near[index]);
                asset.sell_down_to(pools, leaver.least_price, impatient, leaves)
            }
            None => zero,
        };
        let leaving = demand - sold + bought;
        let paid = pay_from_buffer(&mut self.block, index, leaver, (leaving, nav), leaves);
        let queued = leaving - paid;
        let queues = leaves & queued.gt(zero);
        if queues.any() {
            let n_days = self.plan.n_days;
            queue(&mut self.block, index, plan, (queued, nav), queues);
            push(&mut self.block, (index, day, n_days), queues.or_nothing(queued), wait, queues);
        }
    }

    /// Share of its nav of day 0 that an asset has lost, but for falls of base-asset prices.
    #[inline(always)]
    fn lost_share<S: Simd>(&self, index: usize, leaver: &Leaver, nav: Wide<S>) -> Wide<S> {
        let (zero, one, nav_0) = (nav.like(0.0), nav.like(1.0), nav.like(leaver.nav_0));
        if leaver.has_basket {
            let price = |base: usize| self.block.nav[base].load(nav.simd());
            let basket = self.setting.basket_of(index, one, price);
            return one - nav / (nav_0 * basket);
        }
        let has_lost = nav.lt(nav_0);
        if has_lost.any() { has_lost.choose(one - nav / nav_0, zero) } else { zero }
    }
}

/// Units have been paid for at nav.
#[inline(always)]
fn leave<S: Simd>(block: &mut Block, index: usize, leaver: &Leaver, units: Wide<S>, nav: Wide<S>) {
    let simd = units.simd();
    let asset = &mut block.assets[index];
    asset.supply_units.store(asset.supply_units.load(simd) - units);
    asset.outside_units.store(asset.outside_units.load(simd) - units);
    block.paths.redeemed.add(units * nav);
    block.paths.realised.add(units * (wide(simd, leaver.nav_0) - nav));
    block.paths.realised_at_market.add(units * (wide(simd, leaver.price_0) - nav));
}

/// Pays units from the buffer, as far as it goes; gives how many.
#[inline(always)]
fn pay_from_buffer<S: Simd>(
    block: &mut Block,
    index: usize,
    leaver: &Leaver,
    (units, nav): (Wide<S>, Wide<S>),
    leaves: Truth<S>,
) -> Wide<S> {
    let zero = units.like(0.0);
    let buffer = &mut block.assets[index].buffer_eth;
    let buffer_eth = buffer.load(units.simd());
    let pays = leaves & !buffer_eth.le(zero);
    if !pays.any() {
        return zero;
    }
    let paid = pays.or_nothing(units.smaller(buffer_eth / nav));
    buffer.store_where(pays, (buffer_eth - paid * nav).positive_part());
    leave(block, index, leaver, paid, nav);
    paid
}

#[inline(always)]
fn queue<S: Simd>(
    block: &mut Block,
    index: usize,
    plan: &AssetPlan<'_>,
    (units, nav): (Wide<S>, Wide<S>),
    queues: Truth<S>,
) {
    let simd = units.simd();
    let asset = &mut block.assets[index];
    asset.queued_units.store_where(queues, asset.queued_units.load(simd) + units);
    if plan.redeemable.has_validators {
        let held_eth = asset.held_eth.load(simd);
        let joins = queues & held_eth.gt(wide(simd, 0.0));
        let native = asset.native_units.load(simd) / held_eth;
        let exit_eth = block.paths.exit_eth.load(simd) + units * nav * native;
        block.paths.exit_eth.store_where(joins, exit_eth);
    }
}

/// Notes when the units of those who queue are due; what is due after the horizon is not paid.
#[inline(always)]
fn push<S: Simd>(
    block: &mut Block,
    (index, day, n_days): (usize, u32, usize),
    units: Wide<S>,
    wait: Wide<S>,
    queues: Truth<S>,
) {
    let due = |wait: u32| Some(day.saturating_add(wait) as usize).filter(|&due| due < n_days);
    // Nearly always all paths wait as many days.
    let waits = wait.lanes();
    let days = whole_days(waits.0[0]);
    let longest = wait.like(f64::from(days));
    let shortest = wait.like(if days > 1 { f64::from(days - 1) } else { f64::NEG_INFINITY });
    let others = queues & !(shortest.lt(wait) & wait.le(longest));
    if !others.any() {
        if let Some(due) = due(days) {
            block.due[index * n_days + due].add(units);
            block.any_due = true;
        }
        return;
    }
    let units = units.lanes();
    for lane in queues.bits() {
        if let Some(due) = due(whole_days(waits.0[lane])) {
            block.due[index * n_days + due].0[lane] += units.0[lane];
            block.any_due = true;
        }
    }
}
