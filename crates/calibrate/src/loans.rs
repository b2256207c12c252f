//! Positions say who borrows what against what: grouped by market and health factor they are the
//! loans of a network, the same collateral and the same debt in all.

mod markets;
mod positions;

use std::path::PathBuf;

use slashfall_graph::spec::{LoanRow, Oracle};
use slashfall_graph::{Problem, Problems, loans_csv};

use markets::{Market, read_markets};
use positions::{Position, read_positions};

/// What to group, and how.
#[derive(Clone, Debug)]
pub struct LoanRequest {
    /// Markets: `market` (or `market_id`), `collateral`, `debt_asset` (or `loan`), and the terms: `ltv`,
    /// `liquidation_threshold` and `liquidation_bonus`, or Morpho's `lltv` alone; `close_factor`,
    /// `reserve` and `oracle` (`exchange_rate` or `market`) may be there.
    pub markets: PathBuf,
    /// Positions: `market` (or `market_id`), `collateral_eth`, `debt_eth`, both in ETH on the as-of
    /// date.
    pub positions: PathBuf,
    /// The oracle of markets whose rows do not say.
    pub oracle: Option<Oracle>,
    /// The close factor of markets whose rows do not say.
    pub close_factor: Option<f64>,
    /// Health factors at which groups begin and end, ascending.
    pub edges: Vec<f64>,
    /// Names of tokens in the files that networks have under another name, such as WETH for ETH.
    pub rename: Vec<(String, String)>,
}

/// What was grouped.
#[derive(Clone, Debug, PartialEq)]
pub struct Loans {
    /// Rows of the table `loans`, by market and ascending health factor.
    pub rows: Vec<LoanRow>,
    /// Positions that owe something.
    pub positions: usize,
    /// What they owe, in ETH.
    pub debt_eth: f64,
    /// Most that the health factor of a position differs from that of its row, relative to it.
    pub spread: f64,
    /// What was left out or is odd: one sentence each.
    pub notes: Vec<String>,
}

/// Groups positions by market and health factor.
///
/// A row has the collateral of its positions and the health factor at which it owes what they owe
/// together, `threshold x collateral / debt`. So no total depends on the groups; when liquidations
/// begin does, by the spread within one.
///
/// # Errors
/// Everything that is wrong with the files or the request.
pub fn group_loans(request: &LoanRequest) -> Result<Loans, Problems> {
    let mut problems = check(request);
    let markets = read_markets(request, &mut problems);
    let positions = read_positions(request, &markets, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut loans = group(request, &markets, &positions);
    loans.notes = notes(&markets, &positions);
    let file = request.positions.display().to_string();
    if loans.rows.is_empty() {
        problems
            .push(Problem::new(&file, "at least one position that owes something was expected"));
    }
    for row in loans.rows.iter().filter(|row| !HEALTH.contains(&row.health_factor)) {
        let expected = format!(
            "positions of market {} with a health factor from 0.01 to 1,000,000 were expected",
            row.market
        );
        problems.push(Problem::new(&file, expected).value(row.health_factor.to_string()));
    }
    problems.or_ok(loans)
}

/// Health factors that networks may have.
const HEALTH: std::ops::RangeInclusive<f64> = 0.01..=1e6;

fn check(request: &LoanRequest) -> Problems {
    let mut problems = Problems::default();
    let edges = &request.edges;
    let ascend = edges.windows(2).all(|pair| pair[0] < pair[1]);
    if !(ascend && edges.iter().all(|edge| edge.is_finite() && *edge > 0.0)) {
        let found = edges.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let expected = "ascending health factors above 0 were expected";
        problems.push(Problem::new("command line", expected).key("--edges").value(found));
    }
    if let Some(factor) = request.close_factor.filter(|factor| !(*factor > 0.0 && *factor <= 1.0)) {
        let expected = "a fraction above 0 was expected";
        let problem = Problem::new("command line", expected).key("--close-factor");
        problems.push(problem.value(factor.to_string()));
    }
    problems
}

fn group(request: &LoanRequest, markets: &[Market], positions: &[Position]) -> Loans {
    let mut loans =
        Loans { rows: Vec::new(), positions: 0, debt_eth: 0.0, spread: 0.0, notes: Vec::new() };
    for (index, market) in markets.iter().enumerate() {
        let threshold = market.terms.liquidation_threshold;
        let health = |p: &Position| threshold * p.collateral_eth / p.debt_eth;
        let bucket = |p: &Position| request.edges.partition_point(|edge| *edge <= health(p));
        let mut own: Vec<&Position> =
            positions.iter().filter(|p| p.market == index && p.debt_eth > 0.0).collect();
        own.sort_by(|a, b| health(a).total_cmp(&health(b)));
        for group in own.chunk_by(|a, b| bucket(a) == bucket(b)) {
            let collateral_eth: f64 = group.iter().map(|p| p.collateral_eth).sum();
            let debt_eth: f64 = group.iter().map(|p| p.debt_eth).sum();
            let health_factor = threshold * collateral_eth / debt_eth;
            let off = group.iter().map(|p| (health(p) / health_factor - 1.0).abs());
            loans.spread = off.fold(loans.spread, f64::max);
            loans.positions += group.len();
            loans.debt_eth += debt_eth;
            loans.rows.push(LoanRow { health_factor, collateral_eth, ..market.terms.clone() });
        }
    }
    loans
}

fn notes(markets: &[Market], positions: &[Position]) -> Vec<String> {
    let mut notes = Vec::new();
    let free = positions.iter().filter(|position| position.debt_eth <= 0.0);
    let (n, eth) = free.fold((0, 0.0), |(n, eth), p| (n + 1, eth + p.collateral_eth));
    if n > 0 {
        notes.push(format!("{n} positions with {eth:.2} ETH owe nothing and are left out"));
    }
    let due = positions.iter().filter(|p| {
        let threshold = markets[p.market].terms.liquidation_threshold;
        p.debt_eth > 0.0 && threshold * p.collateral_eth < p.debt_eth
    });
    let due = due.count();
    if due > 0 {
        notes.push(format!(
            "{due} positions could be liquidated as they are (health factor below 1)"
        ));
    }
    let is_empty =
        |index: &usize| !positions.iter().any(|p| p.market == *index && p.debt_eth > 0.0);
    let empty = (0..markets.len()).filter(is_empty).count();
    if empty > 0 {
        notes.push(format!("{empty} markets have no position that owes anything and are left out"));
    }
    notes
}

/// The table `loans` of a network folder.
///
/// # Errors
/// None in practice: the rows are written to memory.
pub fn table(loans: &Loans) -> std::io::Result<Vec<u8>> {
    loans_csv(&loans.rows)
}
