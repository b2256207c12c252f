//! How holders leave on the paths of a group (the twin of `redemption.rs`).

use pulp::Simd;

use super::Together;
use super::block::{AssetLanes, PathLanes};
use super::lanes::{Lanes, Truth, Wide, wide};
use super::plan::AssetPlan;
use crate::number::Number;
use crate::redemption::{EXIT_ETH_PER_DAY, Leaver, whole_days};

/// What redemptions add up over the assets of a day, in registers.
struct Sums<S: Simd> {
    exit_eth: Wide<S>,
    redeemed: Wide<S>,
    realised: Wide<S>,
    realised_at_market: Wide<S>,
}

impl<S: Simd> Sums<S> {
    #[inline(always)]
    fn of(simd: S, paths: &PathLanes) -> Self {
        Self {
            exit_eth: paths.exit_eth.load(simd),
            redeemed: paths.redeemed.load(simd),
            realised: paths.realised.load(simd),
            realised_at_market: paths.realised_at_market.load(simd),
        }
    }

    #[inline(always)]
    fn store(self, paths: &mut PathLanes) {
        paths.exit_eth.store(self.exit_eth);
        paths.redeemed.store(self.redeemed);
        paths.realised.store(self.realised);
        paths.realised_at_market.store(self.realised_at_market);
    }
}

impl Together<'_> {
    /// The day's redemptions of every wrapped asset, base to wrapped.
    #[inline(always)]
    pub(super) fn redeem<S: Simd>(&mut self, simd: S, day: u32) {
        let yield_phase = self.setting.yield_phase(day);
        let mut sums = Sums::of(simd, &self.block.paths);
        for index in 0..self.plan.assets.len() {
            if self.block.any_due {
                self.pay_due(simd, index, day, &mut sums);
            }
            self.demand(simd, index, (day, yield_phase), &mut sums);
        }
        sums.store(&mut self.block.paths);
    }

    /// The chain lets go of what it can in a day.
    #[inline(always)]
    pub(super) fn work_off_exit_queue<S: Simd>(&mut self, simd: S) {
        let left = self.block.paths.exit_eth.load(simd) - wide(simd, EXIT_ETH_PER_DAY);
        self.block.paths.exit_eth.store(left.positive_part());
    }

    #[inline(always)]
    fn pay_due<S: Simd>(&mut self, simd: S, index: usize, day: u32, sums: &mut Sums<S>) {
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
        sums.leave(asset, plan.leaver, units, nav);
        if !plan.redeemable.in_kind.is_empty() {
            self.hand_over(index, active, share, sums);
        }
        self.note_fall(simd, one - share);
    }

    /// Hands over the wrapped part of what is paid out in kind.
    #[inline(always)]
    fn hand_over<S: Simd>(
        &mut self,
        index: usize,
        active: Wide<S>,
        share: Wide<S>,
        sums: &mut Sums<S>,
    ) {
        let (n_base, zero) = (self.plan.n_base, share.like(0.0));
        let (mut in_kind_eth, mut in_kind_gain, mut in_kind_market) = (zero, zero, zero);
        for &(column, nested) in &self.plan.assets[index].redeemable.in_kind {
            let handed = active * self.block.columns[column].load(share.simd()) * share;
            self.block.assets[nested].outside_units.add(handed);
            let nav = self.block.nav[n_base + nested].load(share.simd());
            let nav_0 = share.like(self.setting.nav_0[n_base + nested]);
            in_kind_eth = in_kind_eth + handed * nav;
            in_kind_gain = in_kind_gain + handed * (nav_0 - nav);
            let price_0 = share.like(self.setting.price_0[n_base + nested]);
            in_kind_market = in_kind_market + handed * price_0;
        }
        sums.realised = sums.realised - in_kind_gain;
        sums.realised_at_market = sums.realised_at_market + (in_kind_eth - in_kind_market);
    }

    #[inline(always)]
    fn demand<S: Simd>(
        &mut self,
        simd: S,
        index: usize,
        (day, yield_phase): (u32, usize),
        sums: &mut Sums<S>,
    ) {
        let (plan, zero) = (&self.plan.assets[index], wide(simd, 0.0));
        let leaver = plan.leaver;
        let wait = plan.wait_days(sums.exit_eth);
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
                let pools = (pools, &mut self.block.near[index]);
                asset.sell_down_to(pools, leaver.least_price, impatient, leaves)
            }
            None => zero,
        };
        let leaving = demand - sold + bought;
        let paid = sums.pay_from_buffer(asset, leaver, (leaving, nav), leaves);
        let queued = leaving - paid;
        let queues = leaves & queued.gt(zero);
        if queues.any() {
            sums.queue(asset, plan, (queued, nav), queues);
            let due = &mut self.block.due[index * self.plan.n_days..][..self.plan.n_days];
            self.block.any_due |= push(due, day, queues.or_nothing(queued), wait, queues);
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

impl<S: Simd> Sums<S> {
    /// Units have been paid for at nav.
    #[inline(always)]
    fn leave(&mut self, asset: &mut AssetLanes, leaver: &Leaver, units: Wide<S>, nav: Wide<S>) {
        let simd = units.simd();
        asset.supply_units.store(asset.supply_units.load(simd) - units);
        asset.outside_units.store(asset.outside_units.load(simd) - units);
        self.redeemed = self.redeemed + units * nav;
        self.realised = self.realised + units * (wide(simd, leaver.nav_0) - nav);
        let below = wide(simd, leaver.price_0) - nav;
        self.realised_at_market = self.realised_at_market + units * below;
    }

    /// Pays units from the buffer, as far as it goes; gives how many.
    #[inline(always)]
    fn pay_from_buffer(
        &mut self,
        asset: &mut AssetLanes,
        leaver: &Leaver,
        (units, nav): (Wide<S>, Wide<S>),
        leaves: Truth<S>,
    ) -> Wide<S> {
        let zero = units.like(0.0);
        let buffer_eth = asset.buffer_eth.load(units.simd());
        let pays = leaves & !buffer_eth.le(zero);
        if !pays.any() {
            return zero;
        }
        let paid = pays.or_nothing(units.smaller(buffer_eth / nav));
        asset.buffer_eth.store_where(pays, (buffer_eth - paid * nav).positive_part());
        self.leave(asset, leaver, paid, nav);
        paid
    }

    #[inline(always)]
    fn queue(
        &mut self,
        asset: &mut AssetLanes,
        plan: &AssetPlan<'_>,
        (units, nav): (Wide<S>, Wide<S>),
        queues: Truth<S>,
    ) {
        let simd = units.simd();
        asset.queued_units.store_where(queues, asset.queued_units.load(simd) + units);
        if plan.redeemable.has_validators {
            let held_eth = asset.held_eth.load(simd);
            let joins = queues & held_eth.gt(wide(simd, 0.0));
            let native = asset.native_units.load(simd) / held_eth;
            self.exit_eth = joins.choose(self.exit_eth + units * nav * native, self.exit_eth);
        }
    }
}

/// Notes when the units of those who queue are due, in the days of an asset; true where any is, as what
/// is due after the horizon is not paid.
#[inline(always)]
fn push<S: Simd>(
    due: &mut [Lanes],
    day: u32,
    units: Wide<S>,
    wait: Wide<S>,
    queues: Truth<S>,
) -> bool {
    let due_after = |wait: u32| day.saturating_add(wait) as usize;
    // Nearly always all paths wait as many days.
    let waits = wait.lanes();
    let days = whole_days(waits.0[0]);
    let longest = wait.like(f64::from(days));
    let shortest = wait.like(if days > 1 { f64::from(days - 1) } else { f64::NEG_INFINITY });
    let others = queues & !(shortest.lt(wait) & wait.le(longest));
    let mut any = false;
    if !others.any() {
        if let Some(due) = due.get_mut(due_after(days)) {
            due.add(units);
            any = true;
        }
        return any;
    }
    let units = units.lanes();
    for lane in queues.bits() {
        if let Some(due) = due.get_mut(due_after(whole_days(waits.0[lane]))) {
            due.0[lane] += units.0[lane];
            any = true;
        }
    }
    any
}
