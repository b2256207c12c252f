//! Whether anything can be due in a market of loans: tests of a few numbers a market, so that days on
//! which no loan is near its threshold and no loop loses are spared the loans.

use slashfall_graph::spec::Oracle;
use slashfall_graph::{AssetId, Market, MarketId, Network};

use crate::loans::{MARGIN, MarketLoans};
use crate::setting::Setting;
use crate::state::State;

/// What quick tests of the markets have found; what may change it takes it back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tested {
    /// No loan is due.
    pub(crate) none_due: bool,
    /// No loan is due in markets that are not volatile.
    pub(crate) none_due_in_steady: bool,
    /// Nobody is short and no loop costs more than it earns in markets that are not volatile.
    pub(crate) steady_at_rest: bool,
}

/// What the quick tests of a market need, the same on every path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lender {
    /// Position of the collateral among wrapped assets.
    pub(crate) collateral: u32,
    pub(crate) debt_asset: u32,
    /// True when the oracle reads market prices.
    pub(crate) reads_market: bool,
    /// True where a liquidator could sell what he seizes.
    pub(crate) has_pool: bool,
    /// True where prices move that bear on the loans though nothing happens.
    pub(crate) is_volatile: bool,
    /// True of loops that are closed when they cost more than they earn: whose debt is ETH, and whose
    /// collateral has a yield.
    pub(crate) has_loops: bool,
    pub(crate) reserve: Option<u32>,
    pub(crate) liquidation_threshold: f64,
}

#[expect(clippy::cast_possible_truncation, reason = "ids are 32 bits wide")]
pub(crate) fn lenders(setting: &Setting<'_>) -> Vec<Lender> {
    let network = setting.network;
    let lender = |market: &Market| {
        let collateral = market.collateral.index() - network.n_base();
        let reads_market = market.oracle == Oracle::Market;
        let moves = |asset: AssetId| setting.is_volatile[asset.index()];
        Lender {
            collateral: collateral as u32,
            debt_asset: market.debt_asset.index() as u32,
            reads_market,
            has_pool: setting.curves[collateral].is_some(),
            is_volatile: reads_market || moves(market.collateral) || moves(market.debt_asset),
            has_loops: market.debt_asset == Network::ETH && setting.yields[collateral][0] > 0.0,
            reserve: market.reserve.map(|reserve| reserve.index() as u32),
            liquidation_threshold: market.liquidation_threshold,
        }
    };
    network.markets().iter().map(lender).collect()
}

impl State<'_> {
    /// Notes the loans that are due.
    pub(crate) fn find_due_loans(&mut self) {
        let setting = self.setting;
        let skips = self.loans.tested.none_due_in_steady;
        for (number, lender) in setting.lenders.iter().enumerate() {
            let moved = |reserve: u32| self.lending.reserves[reserve as usize].moved;
            if skips && !lender.is_volatile && !lender.reserve.is_some_and(moved) {
                continue;
            }
            let index = lender.collateral as usize;
            let oracle = if lender.reads_market {
                self.market.quotes[index].read_price
            } else {
                self.nav_of(index)
            };
            let worth = lender.liquidation_threshold * oracle;
            let debt_price = self.nav[lender.debt_asset as usize];
            let MarketLoans { least_cover, growth, .. } = self.loans.markets[number];
            if lender.has_pool && worth * least_cover < debt_price * growth * MARGIN {
                self.loans.find_due_in(number, worth, debt_price);
            }
        }
    }

    /// Notes reserves of whose markets some loan is short or some loop may cost more than it earns.
    pub(crate) fn note_stirring(&mut self, day: u32) {
        let setting = self.setting;
        let skips = self.loans.tested.steady_at_rest && !setting.yields_change_on(day);
        let mut at_rest = true;
        for (number, lender) in setting.lenders.iter().enumerate() {
            let Some(reserve) = lender.reserve else { continue };
            let reserve = &mut self.lending.reserves[reserve as usize];
            if skips && !lender.is_volatile && !reserve.moved {
                continue;
            }
            let index = lender.collateral as usize;
            let MarketLoans { least_cover, growth, bad_debt, .. } = self.loans.markets[number];
            let cover = self.nav[self.network.n_base() + index] * least_cover;
            let debt = self.nav[lender.debt_asset as usize] * growth;
            let earned = setting.yield_on(index, day) * cover;
            let costs_more = lender.has_loops && reserve.rate * debt * MARGIN > earned;
            reserve.stirs |= bad_debt > 0.0 || cover < debt * MARGIN || costs_more;
            at_rest &= !reserve.stirs;
        }
        self.loans.tested.steady_at_rest = at_rest;
    }

    /// True when some loop of a market may cost more than it earns.
    pub(crate) fn loops_may_cost(&self, market: MarketId, day: u32) -> bool {
        let lender = &self.setting.lenders[market.index()];
        let Some(reserve) = lender.reserve.filter(|_| lender.has_loops) else { return false };
        let index = lender.collateral as usize;
        let MarketLoans { least_cover, growth, .. } = self.loans.markets[market.index()];
        let debt_cost = self.lending.reserves[reserve as usize].rate
            * self.nav[lender.debt_asset as usize]
            * growth;
        debt_cost * MARGIN > self.setting.yield_on(index, day) * self.nav_of(index) * least_cover
    }
}
