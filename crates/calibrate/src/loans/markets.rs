//! The terms of markets: as they stand in the file, or as Morpho's protocol fixes them.

use slashfall_graph::Problems;
use slashfall_graph::import::{RawCells, RawTable};
use slashfall_graph::spec::{LoanRow, Oracle};

use super::LoanRequest;

/// A market by its terms: a row of loans whose loans are yet to come.
pub(super) struct Market {
    pub(super) terms: LoanRow,
}

/// Columns of terms that stand for themselves.
const TERMS: [&str; 3] = ["ltv", "liquidation_threshold", "liquidation_bonus"];

/// Reads the markets; everything wrong with the file is a problem.
pub(super) fn read_markets(request: &LoanRequest, problems: &mut Problems) -> Vec<Market> {
    let Some(table) = RawTable::read(&request.markets, problems) else {
        return Vec::new();
    };
    let market = table.find(&["market", "market_id"]).unwrap_or("market");
    let debt = table.find(&["debt_asset", "loan"]).unwrap_or("debt_asset");
    let rows = table.select([market, "collateral", debt], problems);
    let terms = Terms::new(&table, problems);
    let oracles = optional(&table, "oracle", problems);
    let factors = optional(&table, "close_factor", problems);
    let reserves = optional(&table, "reserve", problems);
    let mut markets: Vec<Market> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        for column in (0..3).filter(|column| row.cells[*column].is_empty()) {
            problems.push(row.problem(column, "a name was expected"));
        }
        if markets.iter().any(|market| market.terms.market == row.cells[0]) {
            problems.push(row.problem(0, "every market was expected once"));
        }
        let [ltv, threshold, bonus] = terms.of(index, problems);
        markets.push(Market {
            terms: LoanRow {
                market: row.cells[0].to_owned(),
                collateral: renamed(request, row.cells[1]),
                debt_asset: renamed(request, row.cells[2]),
                oracle: oracle(request, row, oracles.get(index), problems),
                ltv,
                liquidation_threshold: threshold,
                liquidation_bonus: bonus,
                health_factor: 0.0,
                collateral_eth: 0.0,
                close_factor: close_factor(request, row, factors.get(index), problems),
                reserve: cell(reserves.get(index)).map(str::to_owned),
            },
        });
    }
    markets
}

/// A column that may be absent.
fn optional<'a>(
    table: &'a RawTable,
    column: &'a str,
    problems: &mut Problems,
) -> Vec<RawCells<'a, 1>> {
    if table.find(&[column]).is_some() { table.select([column], problems) } else { Vec::new() }
}

/// What stands in a cell, if anything does.
fn cell<'a>(row: Option<&RawCells<'a, 1>>) -> Option<&'a str> {
    row.map(|row| row.cells[0]).filter(|text| !text.is_empty())
}

fn renamed(request: &LoanRequest, name: &str) -> String {
    let new = request.rename.iter().find(|(old, _)| old == name);
    new.map_or_else(|| name.to_owned(), |(_, new)| new.clone())
}

/// Where the three terms come from.
enum Terms<'a> {
    Written(Vec<RawCells<'a, 3>>),
    Morpho(Vec<RawCells<'a, 1>>),
}

impl<'a> Terms<'a> {
    fn new(table: &'a RawTable, problems: &mut Problems) -> Self {
        if table.find(&TERMS).is_none() && table.find(&["lltv"]).is_some() {
            return Self::Morpho(table.select(["lltv"], problems));
        }
        Self::Written(table.select(TERMS, problems))
    }

    /// Most borrowed, threshold and bonus of a row.
    ///
    /// Morpho Blue has one number, the LLTV: a loan may begin there and is liquidated beyond it, for an
    /// incentive factor of `min(1.15, 1 / (0.3 LLTV + 0.7))`, of which the bonus is what is above 1
    /// (Morpho Blue's `ConstantsLib` and `liquidate`).
    fn of(&self, index: usize, problems: &mut Problems) -> [f64; 3] {
        match self {
            Self::Written(rows) => rows.get(index).map_or([0.5; 3], |row| {
                let ltv = fraction(row, 0, false, problems);
                let threshold = fraction(row, 1, false, problems);
                if ltv > threshold {
                    problems.push(row.problem(0, "at most the liquidation threshold was expected"));
                }
                [ltv, threshold, fraction(row, 2, true, problems)]
            }),
            Self::Morpho(rows) => rows.get(index).map_or([0.5; 3], |row| {
                let lltv = fraction(row, 0, false, problems);
                [lltv, lltv, (1.0 / (0.3 * lltv + 0.7)).min(1.15) - 1.0]
            }),
        }
    }
}

/// A fraction: of a bonus in [0, 1), else in (0, 1].
fn fraction<const N: usize>(
    row: &RawCells<'_, N>,
    column: usize,
    is_bonus: bool,
    problems: &mut Problems,
) -> f64 {
    let is_in = |x: &f64| if is_bonus { (0.0..1.0).contains(x) } else { *x > 0.0 && *x <= 1.0 };
    let number = row.cells[column].parse().ok().filter(is_in);
    if number.is_none() {
        let range = if is_bonus { "from 0 to below 1" } else { "above 0, at most 1" };
        problems.push(row.problem(column, &format!("a fraction {range} was expected")));
    }
    number.unwrap_or(0.5)
}

/// The oracle that a row says, or else the request: an address, as in Morpho's files, says none.
fn oracle(
    request: &LoanRequest,
    row: &RawCells<'_, 3>,
    written: Option<&RawCells<'_, 1>>,
    problems: &mut Problems,
) -> Oracle {
    let named = cell(written)
        .and_then(|text| Oracle::NAMES.iter().find(|(name, _)| *name == text))
        .map(|(_, oracle)| *oracle);
    let oracle = named.or(request.oracle);
    if oracle.is_none() {
        let expected = "an oracle was expected: exchange_rate or market in the column `oracle`, or by \
                        --oracle";
        problems
            .push(written.map_or_else(|| row.problem(0, expected), |row| row.problem(0, expected)));
    }
    oracle.unwrap_or(Oracle::Market)
}

fn close_factor(
    request: &LoanRequest,
    row: &RawCells<'_, 3>,
    written: Option<&RawCells<'_, 1>>,
    problems: &mut Problems,
) -> f64 {
    match (written.filter(|row| !row.cells[0].is_empty()), request.close_factor) {
        (Some(written), _) => fraction(written, 0, false, problems),
        (None, Some(factor)) => factor,
        (None, None) => {
            problems.push(row.problem(
                0,
                "a close factor was expected: in the column `close_factor`, or by --close-factor",
            ));
            1.0
        }
    }
}
