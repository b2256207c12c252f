//! Lending reserves, and the carry of levered portfolios, on the paths of a group (the twin of
//! `lending.rs`): a path on which a loan is short or a loop may cost more than it earns has this part
//! of its day alone.

use pulp::Simd;
use slashfall_graph::ReserveId;

use super::Together;
use super::lanes::{Bits, Truth, Wide, wide};
use crate::lending::{borrow_rate, utilization};
use crate::loans::MARGIN;
use crate::number::NOTHING;
use crate::setting::DAYS_PER_YEAR;

impl Together<'_> {
    /// The day of every reserve, in order of name.
    #[inline(always)]
    pub(super) fn step_reserves<S: Simd>(&mut self, simd: S, day: u32) {
        let stirring = self.stirring(simd, day);
        if stirring.any() {
            for lane in stirring.bits() {
                let state = &mut self.states[lane];
                self.block.scatter(lane, state);
                state.step_reserves(day);
                self.block.gather(lane, state);
            }
        }
        for number in 0..self.block.reserves.len() {
            let moved = self.block.reserves[number].moved.load(simd).gt(wide(simd, 0.0));
            let moved = moved & !stirring;
            if moved.any() {
                self.take_rate(simd, number, moved);
                if self.setting.parameters.lending.unwind_on_carry > 0.0 {
                    let costs = moved & self.loops_may_cost(simd, number, day);
                    if costs.any() {
                        self.unwind(costs.bits(), number, day);
                    }
                }
            }
        }
    }

    fn unwind(&mut self, paths: Bits, number: usize, day: u32) {
        for lane in paths {
            let state = &mut self.states[lane];
            self.block.scatter(lane, state);
            state.unwind_reserve(ReserveId::new(number), day);
            self.block.gather(lane, state);
        }
    }

    /// True where some loan is short or some loop may cost more than it earns.
    #[inline(always)]
    fn stirring<S: Simd>(&self, simd: S, day: u32) -> Truth<S> {
        let (zero, margin) = (wide(simd, 0.0), wide(simd, MARGIN));
        let mut any = wide(simd, 1.0).lt(zero);
        for (lender, market) in self.setting.lenders.iter().zip(&self.block.markets) {
            let Some(reserve) = lender.reserve else { continue };
            let index = lender.collateral as usize;
            let nav = self.block.nav[self.plan.n_base + index].load(simd);
            let cover = nav * market.least_cover.load(simd);
            let debt =
                self.block.nav[lender.debt_asset as usize].load(simd) * market.growth.load(simd);
            let is_short = market.bad_debt.load(simd).gt(zero) | cover.lt(debt * margin);
            any = any | is_short;
            if lender.has_loops {
                let earned = wide(simd, self.setting.yield_on(index, day)) * cover;
                let rate = self.block.reserves[reserve as usize].rate.load(simd);
                any = any | (rate * debt * margin).gt(earned);
            }
        }
        any
    }

    /// Works out utilization and rate, and lets debts grow by what differs from a normal day.
    #[inline(always)]
    fn take_rate<S: Simd>(&mut self, simd: S, number: usize, moved: Truth<S>) {
        let id = ReserveId::new(number);
        let markets = self.setting.network.reserve_markets(id);
        let reserve = self.setting.network.reserve(id);
        let mut debts = wide(simd, NOTHING);
        for market in markets {
            let loans = &self.block.markets[market.index()];
            debts = debts + loans.debt.load(simd) * loans.growth.load(simd);
        }
        let borrowed = wide(simd, reserve.other_borrowed_units) + debts;
        let lanes = &mut self.block.reserves[number];
        let used = utilization(borrowed, lanes.cash.load(simd));
        let rate = borrow_rate(reserve, used);
        lanes.utilization.store_where(moved, used);
        lanes.rate.store_where(moved, rate);
        let rate_0 = wide(simd, self.states[0].lending.reserves[number].rate_0);
        let growth = wide(simd, 1.0) + (rate - rate_0) / wide(simd, DAYS_PER_YEAR);
        for market in markets {
            let lanes = &mut self.block.markets[market.index()].growth;
            lanes.store_where(moved, lanes.load(simd) * growth);
        }
    }

    /// True where some loop of a reserve's markets may cost more than it earns.
    #[inline(always)]
    fn loops_may_cost<S: Simd>(&self, simd: S, number: usize, day: u32) -> Truth<S> {
        let rate = self.block.reserves[number].rate.load(simd);
        let mut any = wide(simd, 1.0).lt(wide(simd, 0.0));
        for market in self.setting.network.reserve_markets(ReserveId::new(number)) {
            let lender = &self.setting.lenders[market.index()];
            if !lender.has_loops {
                continue;
            }
            let (index, loans) = (lender.collateral as usize, &self.block.markets[market.index()]);
            let debt_price = self.block.nav[lender.debt_asset as usize].load(simd);
            let debt_cost = rate * debt_price * loans.growth.load(simd);
            let nav = self.block.nav[self.plan.n_base + index].load(simd);
            let earned = wide(simd, self.setting.yield_on(index, day)) * nav;
            let least_cover: Wide<S> = loans.least_cover.load(simd);
            any = any | (debt_cost * wide(simd, MARGIN)).gt(earned * least_cover);
        }
        any
    }

    /// Adds a day of yield and interest to the levered positions of portfolios.
    #[inline(always)]
    pub(super) fn accrue_carry<S: Simd>(&mut self, simd: S, day: u32) {
        let watched = self.states[0].lending.watched.iter();
        for (carry, watched) in self.block.carries.iter_mut().zip(watched) {
            let market = self.setting.network.market(watched.market);
            let Some(reserve) = market.reserve else { continue };
            let index = market.collateral.index() - self.plan.n_base;
            let growth = self.block.markets[watched.market.index()].growth.load(simd);
            let debt = carry.debt.load(simd) * growth;
            let earned = (carry.collateral.load(simd) + carry.kept.load(simd))
                * wide(simd, self.setting.nav_0[market.collateral.index()])
                * wide(simd, self.setting.yield_on(index, day));
            let paid = debt
                * self.block.nav[market.debt_asset.index()].load(simd)
                * self.block.reserves[reserve.index()].rate.load(simd);
            carry.carry_eth.add((earned - paid) / wide(simd, DAYS_PER_YEAR));
        }
    }
}
