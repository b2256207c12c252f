//! Quotes of one pair, both ways, out of a file that may have many.

use slashfall_graph::import::{RawCells, RawTable};
use slashfall_graph::{Problem, Problems};

use super::PoolRequest;

/// One quote; amounts of the asset are value at nav.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quote {
    /// The asset goes in and ETH comes out.
    pub(super) sells: bool,
    pub(super) in_eth: f64,
    pub(super) out_eth: f64,
    /// Which quotes were asked for together, ascending.
    pub(super) round: usize,
    /// Number of the data row in the file.
    row: usize,
}

/// A quote and what the fitted pool pays for the same.
#[derive(Clone, Copy, Debug)]
pub struct FittedQuote {
    /// The asset goes in and ETH comes out.
    pub sells: bool,
    /// What goes in, in ETH; of the asset at nav.
    pub in_eth: f64,
    /// What comes out, in ETH; of the asset at nav.
    pub out_eth: f64,
    /// What comes out of the fitted pool.
    pub fitted_out_eth: f64,
    /// Number of the data row in the file, from 1.
    pub row: usize,
}

impl Quote {
    pub(super) fn fitted(&self, fitted_out_eth: f64) -> FittedQuote {
        let Self { sells, in_eth, out_eth, row, .. } = *self;
        FittedQuote { sells, in_eth, out_eth, fitted_out_eth, row }
    }
}

/// Quotes further apart than this in time are of different rounds.
const ROUND_GAP_SECONDS: f64 = 900.0;

/// The quotes of the pair; everything wrong with the file is a problem.
pub(super) fn read_quotes(request: &PoolRequest, problems: &mut Problems) -> Vec<Quote> {
    let Some(table) = RawTable::read(&request.quotes, problems) else {
        return Vec::new();
    };
    let rows = table.select(["src", "dst", "in_amount", "out_amount"], problems);
    check_names(request, &rows, problems);
    let times = match table.find(&["timestamp"]) {
        Some(column) => table.select([column], problems),
        None => Vec::new(),
    };
    let mut found: Vec<(f64, Quote)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let Some(quote) = read_quote(request, index, row, problems) else { continue };
        let time = times.get(index).map(|row| {
            let time = row.cells[0].parse().ok().filter(|t: &f64| t.is_finite());
            if time.is_none() {
                problems.push(row.problem(0, "a number of seconds was expected"));
            }
            time.unwrap_or_default()
        });
        // Without times every quote is on its own.
        found.push((time.unwrap_or(index as f64 * 2.0 * ROUND_GAP_SECONDS), quote));
    }
    in_rounds(found)
}

fn check_names<const N: usize>(
    request: &PoolRequest,
    rows: &[RawCells<'_, N>],
    problems: &mut Problems,
) {
    for (option, token) in [("--token", &request.token), ("--eth", &request.eth)] {
        let mut names: Vec<&str> =
            rows.iter().flat_map(|row| [row.cells[0], row.cells[1]]).collect();
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() && !names.contains(&token.as_str()) {
            let file = request.quotes.display().to_string();
            let expected = format!("a token of the columns src and dst was expected for {option}");
            problems.push(Problem::new(file, expected).value(token).nearest_of(names));
        }
    }
}

/// A quote, if it is of the pair.
fn read_quote(
    request: &PoolRequest,
    index: usize,
    row: &RawCells<'_, 4>,
    problems: &mut Problems,
) -> Option<Quote> {
    let sells = match (row.cells[0], row.cells[1]) {
        (src, dst) if src == request.token && dst == request.eth => true,
        (src, dst) if src == request.eth && dst == request.token => false,
        _ => return None,
    };
    let mut amount = |column: usize| {
        let amount = row.cells[column].parse().ok().filter(|x: &f64| x.is_finite() && *x > 0.0);
        if amount.is_none() {
            problems.push(row.problem(column, "an amount above 0 was expected"));
        }
        amount
    };
    let (paid, got) = (amount(2), amount(3));
    let [in_worth, out_worth] = if sells { [request.nav, 1.0] } else { [1.0, request.nav] };
    Some(Quote {
        sells,
        in_eth: paid? * in_worth,
        out_eth: got? * out_worth,
        round: 0,
        row: index + 1,
    })
}

/// Orders by time and numbers the rounds.
fn in_rounds(mut found: Vec<(f64, Quote)>) -> Vec<Quote> {
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut round = 0;
    let mut last = f64::NEG_INFINITY;
    found
        .into_iter()
        .map(|(time, quote)| {
            round += usize::from(time - last > ROUND_GAP_SECONDS);
            last = time;
            Quote { round, ..quote }
        })
        .collect()
}
