//! The rounds of a day of the paths of a group (the twin of `rounds.rs`, `arbitrage` and the quick
//! tests of `lenders.rs` and `security.rs`): a path on which a loan may be due, or an attack may pay,
//! goes through the rest of its rounds alone.

use pulp::Simd;

use super::Together;
use super::lanes::{Lanes, Truth, wide};
use crate::loans::{LEAST_TRADE_ETH, MARGIN};
use crate::number::Number;
use crate::security;
use crate::setting::{DAYS_PER_YEAR, PathInput};

impl Together<'_> {
    #[inline(always)]
    pub(super) fn run_rounds<S: Simd>(&mut self, simd: S, day: u32, inputs: &[PathInput<'_>]) {
        let (cascade, one) = (self.setting.parameters.cascade, wide(simd, 1.0));
        let mut plays = one.le(one);
        let mut rounds = Lanes::ZERO;
        for round in 1..=cascade.max_rounds {
            let mut changed = self.arbitrage(simd, round, plays);
            let reads = round <= cascade.oracle_reads_per_day;
            if reads && self.plan.reads_market {
                self.read_oracles(simd, plays);
            }
            if reads || round == 1 {
                let mut alone = self.loans_may_be_due(simd);
                if round == 1 && self.plan.attacks_happen {
                    alone = alone | self.attacks_may_pay(simd);
                }
                let alone = alone & plays;
                if alone.any() {
                    let has_changed = changed.or_nothing(one).lanes();
                    for lane in alone.bits() {
                        let so_far = (round, has_changed.0[lane] > 0.0);
                        let n = self.finish_rounds(lane, day, &inputs[lane], so_far);
                        rounds.0[lane] = f64::from(n);
                    }
                    plays = plays & !alone;
                    changed = changed & !alone;
                }
            }
            rounds.add(changed.or_nothing(one));
            plays = plays & changed;
            if !plays.any() {
                break;
            }
        }
        for lane in plays.bits() {
            self.states[lane].ledger.sums.n_truncated += 1;
        }
        self.block.paths.rounds.add(rounds.load(simd));
    }

    /// Plays the rounds of a path that are left alone; gives how many have changed something.
    #[inline(never)]
    fn finish_rounds(
        &mut self,
        lane: usize,
        day: u32,
        input: &PathInput<'_>,
        so_far: (u32, bool),
    ) -> u32 {
        let state = &mut self.states[lane];
        self.block.scatter(lane, state);
        let n_attacked = state.ledger.sums.n_attacked;
        let rounds = state.finish_rounds(day, input, so_far);
        if state.ledger.sums.n_attacked == n_attacked {
            self.block.gather_trades(lane, state);
            self.block.paths.least.0[lane] = state.security.least;
            self.block.paths.need.0[lane] = state.security.need_at_most();
        } else {
            self.block.gather(lane, state);
        }
        rounds
    }

    /// Buys units out of pools that are cheap enough; true where anything was bought.
    #[inline(always)]
    fn arbitrage<S: Simd>(&mut self, simd: S, round: u32, plays: Truth<S>) -> Truth<S> {
        let (zero, one) = (wide(simd, 0.0), wide(simd, 1.0));
        let exit_eth = self.block.paths.exit_eth.load(simd);
        let mut any = one.lt(zero);
        for (index, plan) in self.plan.assets.iter().enumerate() {
            let asset = &mut self.block.assets[index];
            let mut looks = plays;
            if round > 1 {
                looks = looks & asset.open.load(simd).gt(zero);
            }
            asset.open.store_where(plays, zero);
            let Some(pools) = plan.pools else { continue };
            let leaver = plan.leaver;
            let cost = wide(simd, leaver.hurdle) * plan.wait_days(exit_eth);
            let worth_it = one - cost / wide(simd, DAYS_PER_YEAR);
            let nav = self.block.nav[self.plan.n_base + index].load(simd);
            let (mood, price) = (asset.mood(simd), asset.pool_price.load(simd));
            let bought_eth = asset.bought_eth.load(simd);
            let left_eth = wide(simd, leaver.arbitrage_eth_per_day) - bought_eth;
            let least_trade = wide(simd, LEAST_TRADE_ETH);
            let is_dear = (mood * price).ge(worth_it) | price.ge(one);
            let cannot = nav.le(zero) | asset.depth.load(simd).le(zero) | left_eth.lt(least_trade);
            let buys = looks & !(is_dear | cannot);
            if !buys.any() {
                continue;
            }
            let target = mood.gt(zero).choose((worth_it / mood).smaller(one), one);
            let bought_units = asset.bought_units.load(simd);
            let free_units = asset.free_units(simd) - bought_units;
            let at_most = (left_eth / nav).smaller(free_units);
            let at_least = least_trade / nav;
            let buys = buys & !at_most.lt(at_least);
            let near = &mut self.block.near[index];
            let before = asset.sold_units.load(simd);
            let cheap = before - asset.sold_at((pools, near), target, buys);
            let buys = buys & !cheap.lt(at_least);
            let all = buys & cheap.le(at_most);
            asset.stand(all, before - cheap, target);
            let some = buys & !all;
            if some.any() {
                let sold_units = before - at_most;
                let price = asset.price_of((pools, near), sold_units, some);
                asset.stand(some, sold_units, price);
            }
            let units = buys.or_nothing(all.choose(cheap, at_most));
            let bought = units.gt(zero);
            asset.bought_units.store_where(bought, bought_units + units);
            asset.bought_eth.store_where(bought, bought_eth + units * nav);
            any = any | bought;
        }
        any
    }

    #[inline(always)]
    fn read_oracles<S: Simd>(&mut self, simd: S, plays: Truth<S>) {
        let navs = &self.block.nav[self.plan.n_base..];
        for (asset, nav) in self.block.assets.iter_mut().zip(navs) {
            asset.read_price.store_where(plays, nav.load(simd) * asset.price_factor(simd));
        }
    }

    /// True where some loan may be due.
    #[inline(always)]
    fn loans_may_be_due<S: Simd>(&self, simd: S) -> Truth<S> {
        let mut any = wide(simd, 1.0).lt(wide(simd, 0.0));
        for (lender, market) in self.setting.lenders.iter().zip(&self.block.markets) {
            if !lender.has_pool {
                continue;
            }
            let index = lender.collateral as usize;
            let oracle = if lender.reads_market {
                self.block.assets[index].read_price.load(simd)
            } else {
                self.block.nav[self.plan.n_base + index].load(simd)
            };
            let worth = wide(simd, lender.liquidation_threshold) * oracle;
            let debt_price = self.block.nav[lender.debt_asset as usize].load(simd);
            let debt = debt_price * market.growth.load(simd) * wide(simd, MARGIN);
            any = any | (worth * market.least_cover.load(simd)).lt(debt);
        }
        any
    }

    /// True where an attack on some AVS may pay.
    #[inline(always)]
    fn attacks_may_pay<S: Simd>(&mut self, simd: S) -> Truth<S> {
        let enough = self.block.paths.need.load(simd) * wide(simd, security::MARGIN);
        let may = !self.block.paths.least.load(simd).ge(enough);
        if !may.any() {
            return may;
        }
        let mut least = wide(simd, f64::INFINITY);
        for &id in &self.setting.claims.columns {
            let column = &self.setting.network.columns()[id.index()];
            let asset = column.asset.index();
            let nav = self.block.nav[asset].load(simd);
            let active = match self.plan.wrapped(column.holder) {
                Some(index) => self.block.assets[index].active.load(simd),
                None => wide(simd, 1.0),
            };
            let ratio = active * nav / wide(simd, self.setting.nav_0[asset]);
            least = ratio.lt(least).choose(ratio, least);
        }
        self.block.paths.least.store_where(may, least);
        may & !least.ge(enough)
    }
}
