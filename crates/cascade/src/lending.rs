//! Lending reserves (section 6.10 of `docs/model.md`): utilization sets the borrow rate, suppliers
//! run from bad debt, loops are closed when they cost more than they yield.

use slashfall_graph::{MarketId, Network, Position, Reserve, ReserveId};

use crate::loans::{LEAST_TRADE_ETH, Loan, Loans};
use crate::number::Number;
use crate::record::Happened;
use crate::setting::{DAYS_PER_YEAR, Setting};
use crate::state::State;

/// All reserves of a path.
#[derive(Clone, Debug)]
pub(crate) struct Lending {
    pub(crate) reserves: Vec<ReserveState>,
    reserves_0: Vec<ReserveState>,
    /// Yield less interest of all own loans so far, by market, in ETH.
    pub(crate) carry_eth: Vec<f64>,
    /// Markets in which some portfolio is levered and whose rate is known.
    pub(crate) watched: Vec<Watched>,
}

/// A market and what its own loans are together on day 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    pub(crate) market: MarketId,
    pub(crate) collateral: f64,
    pub(crate) debt: f64,
}

/// One reserve; amounts in units of its asset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ReserveState {
    /// What suppliers have in it.
    claims: f64,
    pub(crate) cash: f64,
    pub(crate) utilization: f64,
    /// Borrow rate a year.
    pub(crate) rate: f64,
    pub(crate) rate_0: f64,
    /// False while cash and all debts are as they were on day 0.
    pub(crate) moved: bool,
    /// True when some loan of its markets is short or some loop may cost more than it earns.
    pub(crate) stirs: bool,
}

impl Lending {
    pub(crate) fn new(setting: &Setting<'_>, loans: &Loans) -> Self {
        let network = setting.network;
        let reserves: Vec<ReserveState> = reserve_ids(network)
            .map(|id| ReserveState::on_day_0(network.reserve(id), borrowed(network, loans, id)))
            .collect();
        Self {
            reserves: reserves.clone(),
            reserves_0: reserves,
            carry_eth: vec![0.0; network.markets().len()],
            watched: watched(network, loans),
        }
    }

    pub(crate) fn reset(&mut self) {
        self.reserves.copy_from_slice(&self.reserves_0);
        self.carry_eth.fill(0.0);
    }
}

impl ReserveState {
    fn on_day_0(reserve: &Reserve, borrowed: f64) -> Self {
        let cash = (reserve.supplied_units - borrowed).max(0.0);
        let utilization = utilization(borrowed, cash);
        let rate = borrow_rate(reserve, utilization);
        let claims = reserve.supplied_units;
        Self { claims, cash, utilization, rate, rate_0: rate, moved: false, stirs: false }
    }

    /// Suppliers take cash out, as far as there is any; gives how much.
    fn withdraw(&mut self, wanted: f64) -> f64 {
        let taken = wanted.min(self.cash);
        self.cash -= taken;
        self.claims -= taken;
        self.moved = true;
        taken
    }
}

fn reserve_ids(network: &Network) -> impl Iterator<Item = ReserveId> + use<> {
    (0..network.reserves().len()).map(ReserveId::new)
}

fn watched(network: &Network, loans: &Loans) -> Vec<Watched> {
    let positions = network.portfolios().iter().flat_map(|portfolio| &portfolio.positions);
    let levered = positions.filter_map(|position| match position {
        Position::Levered { market, .. } => Some(*market),
        Position::Asset { .. } => None,
    });
    let mut watched: Vec<MarketId> =
        levered.filter(|&id| network.market(id).reserve.is_some()).collect();
    watched.sort_unstable();
    watched.dedup();
    let on_day_0 = |market: MarketId| {
        let (collateral, debt) = sums(loans.own(market));
        Watched { market, collateral, debt }
    };
    watched.into_iter().map(on_day_0).collect()
}

/// Collateral of loans, and their debt before growth.
pub(crate) fn sums(loans: &[Loan]) -> (f64, f64) {
    loans.iter().fold((0.0, 0.0), |(c, d), loan| (c + loan.collateral, d + loan.debt))
}

/// Everything that a reserve has lent, in units of its asset.
fn borrowed(network: &Network, loans: &Loans, id: ReserveId) -> f64 {
    let markets = network.reserve_markets(id).iter();
    let debts: f64 = markets.map(|market| loans.markets[market.index()].debt_units()).sum();
    network.reserve(id).other_borrowed_units + debts
}

#[inline(always)]
pub(crate) fn utilization<N: Number>(borrowed: N, cash: N) -> N {
    let zero = borrowed.like(0.0);
    N::choose(borrowed.above(zero), borrowed / (borrowed + cash), zero)
}

/// The two-slope rate of Aave and Compound, a year.
#[inline(always)]
pub(crate) fn borrow_rate<N: Number>(reserve: &Reserve, utilization: N) -> N {
    let like = |constant| utilization.like(constant);
    let optimal = like(reserve.optimal_utilization);
    let above = (utilization - optimal).positive_part() / (like(1.0) - optimal);
    like(reserve.base_rate)
        + like(reserve.slope_1) * utilization.smaller(optimal) / optimal
        + like(reserve.slope_2) * above
}

impl State<'_> {
    /// Takes a loan out of the reserve behind a market, at most its cash; gives how much. A market
    /// that names no reserve lends what is wanted.
    pub(crate) fn borrow_from_reserve(&mut self, market: MarketId, wanted: f64) -> f64 {
        let Some(id) = self.network.market(market).reserve else { return wanted };
        let reserve = &mut self.lending.reserves[id.index()];
        let lent = wanted.min(reserve.cash);
        reserve.cash -= lent;
        reserve.moved = true;
        lent
    }

    /// Pays units of the debt asset back to the reserve behind a market, if it names one.
    pub(crate) fn repay_reserve(&mut self, market: MarketId, units: f64) {
        if let Some(id) = self.network.market(market).reserve {
            let reserve = &mut self.lending.reserves[id.index()];
            reserve.cash += units;
            reserve.moved = true;
        }
    }

    /// Suppliers withdraw the fraction `f` of their claims.
    pub(crate) fn withdraw_supply(&mut self, id: ReserveId, f: f64) {
        let reserve = &mut self.lending.reserves[id.index()];
        let taken = reserve.withdraw(f * reserve.claims);
        let eth = taken * self.nav[self.network.reserve(id).asset.index()];
        self.tell(|| Happened::Withdrawn { reserve: id, eth });
    }

    /// The day of every reserve, in order of name.
    pub(crate) fn step_reserves(&mut self, day: u32) {
        self.note_stirring(day);
        for number in 0..self.lending.reserves.len() {
            let ReserveState { stirs, moved, .. } = self.lending.reserves[number];
            if !stirs && !moved {
                continue; // nobody has a reason to do anything
            }
            let id = ReserveId::new(number);
            self.lending.reserves[number].stirs = false;
            if stirs {
                self.run_from_bad_debt(id);
            }
            self.take_rate(id);
            if self.setting.parameters.lending.unwind_on_carry > 0.0 {
                self.unwind_reserve(id, day);
            }
        }
    }

    /// Unwinds the loops in the markets of a reserve.
    pub(crate) fn unwind_reserve(&mut self, id: ReserveId, day: u32) {
        for &market in self.network.reserve_markets(id) {
            if self.loops_may_cost(market, day) {
                self.unwind_loops(market, day);
            }
        }
    }

    fn run_from_bad_debt(&mut self, id: ReserveId) {
        let lending = &self.setting.parameters.lending;
        if lending.run_on_bad_debt <= 0.0 {
            return;
        }
        let markets = self.network.reserve_markets(id).iter();
        let bad: f64 = markets.map(|&market| self.bad_debt_eth(market)).sum();
        if bad <= 0.0 {
            return;
        }
        let reserve = self.network.reserve(id);
        let beta = bad / (reserve.supplied_units * self.nav[reserve.asset.index()]);
        let share = (lending.run_on_bad_debt * beta).min(lending.run_max);
        self.withdraw_supply(id, share);
    }

    /// Bad debt of a market so far, and what would be if all were settled at nav.
    fn bad_debt_eth(&self, market: MarketId) -> f64 {
        let nav = self.nav[self.network.market(market).collateral.index()];
        self.loans.markets[market.index()].bad_debt + self.shortfall_eth(market, nav)
    }

    /// Works out utilization and rate, and lets debts grow by what differs from a normal day.
    fn take_rate(&mut self, id: ReserveId) {
        if !self.lending.reserves[id.index()].moved {
            return; // the rate is that of day 0, and debts grow by nothing
        }
        let borrowed = borrowed(self.network, &self.loans, id);
        let reserve = &mut self.lending.reserves[id.index()];
        reserve.utilization = utilization(borrowed, reserve.cash);
        reserve.rate = borrow_rate(self.network.reserve(id), reserve.utilization);
        let growth = 1.0 + (reserve.rate - reserve.rate_0) / DAYS_PER_YEAR;
        for market in self.network.reserve_markets(id) {
            self.loans.markets[market.index()].growth *= growth;
        }
        self.loans.tested.none_due = false;
    }

    /// Borrowers whose collateral yields less than their debt costs close a share of their loans.
    fn unwind_loops(&mut self, id: MarketId, day: u32) {
        let market = self.network.market(id);
        let index = self.wrapped_index(market.collateral);
        let Some(reserve) = market.reserve else { return };
        let nav = self.nav_of(index);
        // Who owes USD wants more than the carry.
        if market.debt_asset != Network::ETH || self.setting.yields[index][0] <= 0.0 || nav <= 0.0 {
            return;
        }
        let debt_cost =
            self.lending.reserves[reserve.index()].rate * self.nav[market.debt_asset.index()];
        let earned = self.setting.yield_on(index, day) * nav;
        // No loan has less collateral behind a unit of debt: if it earns enough for that, all do.
        if debt_cost <= earned * self.loans.markets[id.index()].least_cover() {
            return;
        }
        let (mut repaid_eth, mut bad_debt_eth) = (0.0, 0.0);
        for row in 0..market.loans.len() {
            let (repaid, bad) = self.unwind_loan(id, row, (debt_cost, earned));
            repaid_eth += repaid;
            bad_debt_eth += bad;
        }
        self.loans.note_least_cover(id.index());
        if repaid_eth > 0.0 {
            self.tell(|| Happened::Unwound { market: id, repaid_eth, bad_debt_eth });
        }
    }

    /// Closes a share of one loan, as far as the pools take its collateral for less than it costs to
    /// wait for redemption; gives what was repaid, and what became bad debt.
    fn unwind_loan(
        &mut self,
        id: MarketId,
        row: usize,
        (debt_cost, earned): (f64, f64),
    ) -> (f64, f64) {
        let market = self.network.market(id);
        let index = self.wrapped_index(market.collateral);
        let growth = self.loans.markets[id.index()].growth;
        let Loan { collateral, debt } = self.loans.own(id)[row];
        let owed = debt * growth;
        let price = self.market_price(market.collateral);
        if owed <= 0.0 || collateral <= 0.0 || price <= 0.0 {
            return (0.0, 0.0);
        }
        let nav = self.nav_of(index);
        let cost = (debt_cost * owed - earned * collateral) / (collateral * nav);
        let lending = &self.setting.parameters.lending;
        let share = (lending.unwind_on_carry * cost).min(lending.unwind_max);
        if share <= 0.0 {
            return (0.0, 0.0);
        }
        let debt_price = self.nav[market.debt_asset.index()];
        let cost_of_waiting = cost * self.wait_days(index).max(1.0) / DAYS_PER_YEAR;
        let max_discount =
            self.setting.parameters.redemption[index].max_sale_discount.min(cost_of_waiting);
        let wanted = (share * owed * debt_price / price).min(share * collateral);
        let sold = wanted.min(self.room(index, 1.0 - max_discount));
        if sold * nav < LEAST_TRADE_ETH {
            return (0.0, 0.0);
        }
        let repaid = (self.proceeds(index, sold) / debt_price).min(owed);
        let freed = (repaid / owed * collateral).max(sold);
        let left = Loan { collateral: collateral - freed, debt: (owed - repaid) / growth };
        let bad_debt_eth = self.change_loan(id, row, left);
        self.loans.markets[id.index()].kept += freed - sold;
        self.wrapped[index].pledged_units -= freed;
        self.sell(index, sold);
        self.repay_reserve(id, repaid);
        (repaid * debt_price, bad_debt_eth)
    }

    /// Adds a day of yield and interest to the levered positions of portfolios.
    pub(crate) fn accrue_carry(&mut self, day: u32) {
        for number in 0..self.lending.watched.len() {
            let Watched { market: id, mut collateral, mut debt } = self.lending.watched[number];
            let market = self.network.market(id);
            let Some(reserve) = market.reserve else { continue };
            let index = self.wrapped_index(market.collateral);
            let loans = &self.loans.markets[id.index()];
            if loans.is_touched() {
                (collateral, debt) = sums(self.loans.own(id));
            }
            let (kept, debt) = (loans.kept, debt * loans.growth);
            let earned = (collateral + kept)
                * self.nav_0[market.collateral.index()]
                * self.setting.yield_on(index, day);
            let paid = debt
                * self.nav[market.debt_asset.index()]
                * self.lending.reserves[reserve.index()].rate;
            self.lending.carry_eth[id.index()] += (earned - paid) / DAYS_PER_YEAR;
        }
    }
}
