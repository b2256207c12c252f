//! Positions: what is pledged in which market, and what is owed for it.

use slashfall_graph::Problems;
use slashfall_graph::import::{RawCells, RawTable};

use super::LoanRequest;
use super::markets::Market;

/// One borrower in one market.
pub(super) struct Position {
    /// Index of the market.
    pub(super) market: usize,
    pub(super) collateral_eth: f64,
    pub(super) debt_eth: f64,
}

/// Reads the positions; everything wrong with the file is a problem.
pub(super) fn read_positions(
    request: &LoanRequest,
    markets: &[Market],
    problems: &mut Problems,
) -> Vec<Position> {
    let Some(table) = RawTable::read(&request.positions, problems) else {
        return Vec::new();
    };
    let market = table.find(&["market", "market_id"]).unwrap_or("market");
    let rows = table.select([market, "collateral_eth", "debt_eth"], problems);
    rows.iter().filter_map(|row| read_position(row, markets, problems)).collect()
}

fn read_position(
    row: &RawCells<'_, 3>,
    markets: &[Market],
    problems: &mut Problems,
) -> Option<Position> {
    let market = markets.iter().position(|market| market.terms.market == row.cells[0]);
    if market.is_none() && !markets.is_empty() {
        let names = markets.iter().map(|market| market.terms.market.as_str());
        let expected = "a market of the markets file was expected";
        problems.push(row.problem(0, expected).nearest_of(names));
    }
    let mut amount = |column: usize| {
        let amount = row.cells[column].parse().ok().filter(|x: &f64| x.is_finite() && *x >= 0.0);
        if amount.is_none() {
            problems.push(row.problem(column, "an amount of ETH, 0 or more, was expected"));
        }
        amount
    };
    let (collateral, debt) = (amount(1), amount(2));
    if debt > Some(0.0) && collateral == Some(0.0) {
        problems.push(row.problem(1, "collateral above 0 was expected of a position that owes"));
    }
    Some(Position { market: market?, collateral_eth: collateral?, debt_eth: debt? })
}
