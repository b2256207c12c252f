//! Loans against wrapped assets (section 6.7 of `docs/model.md`): liquidation, bad debt.
//!
//! The loans of a market are sorted by health factor on day 0 and stay so until they are touched:
//! a day on which none is near its threshold costs one comparison a market.

use slashfall_graph::spec::Oracle;
use slashfall_graph::{AssetId, Market, MarketId, Network};

use crate::lenders::Tested;
use crate::record::Happened;
use crate::setting::Setting;
use crate::sparse::Sparse;
use crate::state::State;

/// A seizure or trade of less than this, in ETH, does not take place.
pub(crate) const LEAST_TRADE_ETH: f64 = 1e-9;
/// Health factor below which a loan is due: rounding must not liquidate one that stands at 1.
const DUE_BELOW: f64 = 1.0 - 1e-12;
/// Health factors that agree to so many parts of 1 are equal.
const HEALTH_STEPS: f64 = 1e12;
/// Health factor up to which the whole of a debt may be repaid at once.
const WHOLE_BELOW: f64 = 0.95;
/// Room for rounding between a market's quick test and the test of each loan.
pub(crate) const MARGIN: f64 = 1.0 + 1e-9;

/// One loan, or many alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Loan {
    /// Collateral in units.
    pub(crate) collateral: f64,
    /// Debt in units of the debt asset, before the market's growth factor.
    pub(crate) debt: f64,
}

impl Loan {
    const NONE: Self = Self { collateral: 0.0, debt: 0.0 };

    /// Collateral a unit of debt; of no debt, more than any.
    fn cover(self) -> f64 {
        if self.debt > 0.0 { self.collateral / self.debt } else { f64::INFINITY }
    }
}

/// What changes of a market as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MarketLoans {
    /// Its rows in the table of loans.
    rows: std::ops::Range<usize>,
    /// Loans on minted units.
    minted: Vec<Loan>,
    /// Rows, from the first, of which some may have been touched.
    reach: usize,
    /// Least collateral a unit of debt of any loan.
    pub(crate) least_cover: f64,
    least_cover_0: f64,
    /// Growth of all debts since day 0, beyond the interest of a normal day.
    pub(crate) growth: f64,
    /// Sums over loans: collateral of own rows, debt of all before growth.
    pub(crate) collateral: f64,
    pub(crate) debt: f64,
    pub(crate) collateral_0: f64,
    debt_0: f64,
    /// Bad debt realised, in ETH.
    pub(crate) bad_debt: f64,
    /// Units that unwinding set free and did not sell: borrowers still have them.
    pub(crate) kept: f64,
    touched: bool,
}

/// All loans of a path.
#[derive(Clone, Debug)]
pub(crate) struct Loans {
    rows: Sparse<Loan>,
    pub(crate) markets: Vec<MarketLoans>,
    /// Loans to liquidate: health factor, market, row. Scratch.
    due: Vec<(f64, usize, usize)>,
    /// What the last tests found, and nothing has changed since.
    pub(crate) tested: Tested,
}

impl Loans {
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        let network = setting.network;
        let mut rows = Vec::new();
        let mut markets = Vec::new();
        for market in network.markets() {
            let start = rows.len();
            rows.extend(loans_of_day_0(setting, market));
            markets.push(MarketLoans::new(&rows, start));
        }
        Self { rows: Sparse::new(rows), markets, due: Vec::new(), tested: Tested::default() }
    }

    pub(crate) fn reset(&mut self) {
        self.rows.reset();
        self.markets.iter_mut().for_each(MarketLoans::reset);
        self.tested = Tested::default();
    }

    /// Own loans of a market.
    pub(crate) fn own(&self, id: MarketId) -> &[Loan] {
        &self.rows.rows()[self.markets[id.index()].rows.clone()]
    }

    /// Own loans of a market on day 0.
    pub(crate) fn own_at_start(&self, id: MarketId) -> impl Iterator<Item = Loan> + '_ {
        self.markets[id.index()].rows.clone().map(|row| self.rows.at_start(row))
    }

    /// A loan of a market: own rows first, then those on minted units.
    fn loan(&self, market: usize, row: usize) -> Loan {
        let loans = &self.markets[market];
        match row.checked_sub(loans.rows.len()) {
            Some(minted) => loans.minted[minted],
            None => self.rows.get(loans.rows.start + row),
        }
    }

    /// Changes a loan, and the sums over loans with it.
    pub(crate) fn set_loan(&mut self, market: usize, row: usize, loan: Loan) {
        let before = self.loan(market, row);
        let loans = &mut self.markets[market];
        loans.touched = true;
        self.tested = Tested::default();
        loans.debt = (loans.debt - (before.debt - loan.debt)).max(0.0);
        match row.checked_sub(loans.rows.len()) {
            Some(minted) => loans.minted[minted] = loan,
            None => {
                loans.collateral =
                    (loans.collateral - (before.collateral - loan.collateral)).max(0.0);
                loans.reach = loans.reach.max(row + 1);
                self.rows.set(loans.rows.start + row, loan);
            }
        }
    }

    /// Finds the least cover again after loans have changed.
    pub(crate) fn note_least_cover(&mut self, market: usize) {
        let loans = &self.markets[market];
        let touched = loans.rows.start..loans.rows.end.min(loans.rows.start + loans.reach + 1);
        let own = self.rows.rows()[touched].iter();
        let least = own.chain(&loans.minted).map(|l| l.cover()).fold(f64::INFINITY, f64::min);
        self.markets[market].least_cover = least;
    }

    /// Notes the loans of a market that are due when a unit of collateral counts as `worth`.
    pub(crate) fn find_due_in(&mut self, market: usize, worth: f64, debt_price: f64) {
        let loans = &self.markets[market];
        let (growth, n_own, reach) = (loans.growth, loans.rows.len(), loans.reach);
        let has_minted = !loans.minted.is_empty();
        for row in 0..self.n_loans(market) {
            let loan = self.loan(market, row);
            if loan.debt <= 0.0 || loan.collateral <= 0.0 {
                continue;
            }
            let health_factor = worth * loan.collateral / (loan.debt * growth * debt_price);
            if health_factor < DUE_BELOW {
                self.due.push((health_factor, market, row));
            } else if row >= reach && row < n_own && !has_minted {
                break; // untouched loans only get safer from here
            }
        }
    }

    fn n_loans(&self, market: usize) -> usize {
        self.markets[market].rows.len() + self.markets[market].minted.len()
    }
}

impl MarketLoans {
    fn new(rows: &[Loan], start: usize) -> Self {
        let own = &rows[start..];
        let least_cover = own.iter().map(|l| l.cover()).fold(f64::INFINITY, f64::min);
        let collateral = own.iter().map(|loan| loan.collateral).sum();
        let debt = own.iter().map(|loan| loan.debt).sum();
        Self {
            rows: start..rows.len(),
            minted: Vec::new(),
            reach: 0,
            least_cover,
            least_cover_0: least_cover,
            growth: 1.0,
            collateral,
            debt,
            collateral_0: collateral,
            debt_0: debt,
            bad_debt: 0.0,
            kept: 0.0,
            touched: false,
        }
    }

    fn reset(&mut self) {
        self.growth = 1.0;
        if std::mem::take(&mut self.touched) {
            self.minted.clear();
            self.reach = 0;
            self.least_cover = self.least_cover_0;
            self.collateral = self.collateral_0;
            self.debt = self.debt_0;
            self.bad_debt = 0.0;
            self.kept = 0.0;
        }
    }

    /// True unless all loans are as they were on day 0.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched
    }

    /// Least collateral a unit of debt, grown as it is.
    pub(crate) fn least_cover(&self) -> f64 {
        self.least_cover / self.growth
    }

    /// All debt in units of the debt asset.
    pub(crate) fn debt_units(&self) -> f64 {
        self.debt * self.growth
    }
}

/// Loans of day 0: `debt = threshold x collateral x oracle price / health factor`.
pub(crate) fn loans_of_day_0<'m>(
    setting: &'m Setting<'_>,
    market: &'m Market,
) -> impl Iterator<Item = Loan> + 'm {
    let oracle = oracle_price_0(setting, market);
    market.loans.iter().map(move |loan| {
        let collateral = loan.collateral_units;
        let worth = market.liquidation_threshold * collateral * oracle;
        Loan { collateral, debt: worth / loan.health_factor }
    })
}

/// What the oracle of a market says on day 0.
fn oracle_price_0(setting: &Setting<'_>, market: &Market) -> f64 {
    match market.oracle {
        Oracle::ExchangeRate => setting.nav_0[market.collateral.index()],
        Oracle::Market => setting.price_0[market.collateral.index()],
    }
}

impl State<'_> {
    /// Oracles of market prices read them.
    pub(crate) fn read_oracles(&mut self) {
        self.loans.tested.none_due = false;
        let n_base = self.network.n_base();
        for (quote, nav) in self.market.quotes.iter_mut().zip(&self.nav[n_base..]) {
            quote.read_price = nav * quote.price_factor();
        }
    }

    /// What the oracle of a market says, in ETH.
    fn oracle_price(&self, market: &Market) -> f64 {
        match market.oracle {
            Oracle::ExchangeRate => self.nav[market.collateral.index()],
            Oracle::Market => self.market.quotes[self.wrapped_index(market.collateral)].read_price,
        }
    }

    /// Liquidates what is due; true if anything was.
    pub(crate) fn liquidate(&mut self) -> bool {
        if self.loans.tested.none_due {
            return false;
        }
        self.find_due_loans();
        if self.loans.due.is_empty() {
            self.loans.tested.none_due = true;
            self.loans.tested.none_due_in_steady = true;
            return false;
        }
        let mut due = std::mem::take(&mut self.loans.due);
        // Rounding must not decide between loans that stand alike.
        let place = |due: &(f64, usize, usize)| (due.0 * HEALTH_STEPS).round();
        due.sort_by(|a, b| place(a).total_cmp(&place(b)).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut any = false;
        for &(health_factor, market, row) in &due {
            any |= self.liquidate_loan(MarketId::new(market), row, health_factor);
        }
        for &(_, market, _) in &due {
            self.loans.note_least_cover(market);
        }
        due.clear();
        self.loans.due = due;
        any
    }

    /// Liquidates one loan as far as the rules and the pools let it; true if at all.
    fn liquidate_loan(&mut self, id: MarketId, row: usize, health_factor: f64) -> bool {
        let market = self.network.market(id);
        let index = self.wrapped_index(market.collateral);
        let oracle = self.oracle_price(market);
        if oracle <= 0.0 {
            return false;
        }
        let debt_price = self.nav[market.debt_asset.index()];
        let growth = self.loans.markets[id.index()].growth;
        let loan = self.loans.loan(id.index(), row);
        let debt_eth = loan.debt * growth * debt_price;
        let close = if health_factor > WHOLE_BELOW { market.close_factor } else { 1.0 };
        let price_paid = oracle / (1.0 + market.liquidation_bonus);
        let room = self.room(index, price_paid / self.nav_of(index));
        let seized = (close * debt_eth / price_paid).min(loan.collateral).min(room);
        if seized * oracle < LEAST_TRADE_ETH {
            return false;
        }
        let repaid_eth = seized * price_paid;
        let left = Loan {
            collateral: loan.collateral - seized,
            debt: (loan.debt - repaid_eth / (growth * debt_price)).max(0.0),
        };
        let bad_debt_eth = self.change_loan(id, row, left);
        if row < self.loans.markets[id.index()].rows.len() {
            self.wrapped[index].pledged_units -= seized;
        }
        self.sell(index, seized);
        self.repay_reserve(id, repaid_eth / debt_price);
        self.ledger.sums.liquidated += seized * oracle;
        let seized_eth = seized * oracle;
        self.tell(|| Happened::Liquidated { market: id, seized_eth, repaid_eth, bad_debt_eth });
        true
    }

    /// Puts a loan in the place of what it was; one without collateral is closed, and what is left of
    /// its debt is bad. Gives that, in ETH.
    pub(crate) fn change_loan(&mut self, id: MarketId, row: usize, left: Loan) -> f64 {
        if left.collateral > 0.0 {
            self.loans.set_loan(id.index(), row, left);
            return 0.0;
        }
        let market = self.network.market(id);
        let growth = self.loans.markets[id.index()].growth;
        let bad_debt_eth = left.debt * growth * self.nav[market.debt_asset.index()];
        self.loans.set_loan(id.index(), row, Loan::NONE);
        self.loans.markets[id.index()].bad_debt += bad_debt_eth;
        self.ledger.sums.bad_debt += bad_debt_eth;
        self.book_bad_debt(self.wrapped_index(market.collateral), bad_debt_eth);
        bad_debt_eth
    }

    /// Pledges minted units in all markets of their asset, before they dilute it; gives how many
    /// found a market.
    pub(crate) fn pledge(&mut self, asset: AssetId, units: f64) -> f64 {
        let markets = self.network.asset_markets(asset);
        let weight = |&id: &MarketId| self.loans.markets[id.index()].collateral_0;
        let total: f64 = markets.iter().map(weight).sum();
        if units <= 0.0 || total <= 0.0 {
            return 0.0;
        }
        for &id in markets {
            let market = self.network.market(id);
            let collateral = units * self.loans.markets[id.index()].collateral_0 / total;
            let debt_price = self.nav[market.debt_asset.index()];
            let wanted = market.ltv * collateral * self.oracle_price(market) / debt_price;
            let lent = self.borrow_from_reserve(id, wanted);
            let loans = &mut self.loans.markets[id.index()];
            let loan = Loan { collateral, debt: lent / loans.growth };
            loans.minted.push(loan);
            loans.debt += loan.debt;
            loans.touched = true;
            loans.least_cover = loans.least_cover.min(loan.cover());
            self.loans.tested = Tested::default();
            self.tell(|| Happened::Pledged { market: id, debt_eth: lent * debt_price });
        }
        units
    }

    /// Debt that the collateral of open loans does not cover at `price` a unit, by market, in ETH.
    pub(crate) fn shortfall_eth(&self, id: MarketId, price: f64) -> f64 {
        let market = self.network.market(id);
        let loans = &self.loans.markets[id.index()];
        let debt_price = self.nav[market.debt_asset.index()];
        if price * loans.least_cover() >= debt_price * MARGIN {
            return 0.0;
        }
        let open = (0..self.loans.n_loans(id.index())).map(|row| self.loans.loan(id.index(), row));
        let short = open
            .map(|loan| (loan.debt * loans.growth * debt_price - loan.collateral * price).max(0.0));
        short.sum()
    }
}

/// Ids of all markets.
pub(crate) fn market_ids(network: &Network) -> impl Iterator<Item = MarketId> + use<> {
    (0..network.markets().len()).map(MarketId::new)
}
