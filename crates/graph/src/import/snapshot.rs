//! A raw EigenLayer snapshot, read and checked row by row before anything is made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::eigenlayer::EigenlayerFiles;
use super::names::tidy;
use super::raw::{RawCells, RawTable};
use crate::problem::{Problem, Problems};

/// What the files say, addresses in lower case.
#[derive(Default)]
pub(super) struct Snapshot {
    /// Self-declared name (perhaps empty) by operator.
    pub(super) operators: BTreeMap<String, String>,
    /// ETH by operator and token, ETH quorum only, nothing that is zero.
    pub(super) restaked: BTreeMap<String, BTreeMap<String, f64>>,
    /// Operators by AVS.
    pub(super) edges: BTreeMap<String, BTreeSet<String>>,
    /// Name (perhaps empty) by AVS.
    pub(super) avss: BTreeMap<String, String>,
    /// LRT by operator.
    pub(super) brands: BTreeMap<String, String>,
    /// Company by operator.
    pub(super) companies: BTreeMap<String, String>,
    /// Rows of the edges that say what another has said.
    pub(super) repeated_edges: usize,
}

struct Strategy {
    token: String,
    decimals: u32,
    eth_quorum: bool,
}

/// Native ETH on the beacon chain, as strategies name it.
const NATIVE: [&str; 3] = ["beaconETH", "ETH", "native"];

/// Reads all files; everything wrong with any of them is a problem.
pub(super) fn read_snapshot(files: &EigenlayerFiles, problems: &mut Problems) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let strategies = read_strategies(&files.strategies, problems);
    snapshot.operators = read_names(&files.operators, "operator", problems);
    snapshot.restaked = read_shares(&files.shares, &strategies, problems);
    read_edges(&files.edges, &mut snapshot, problems);
    if let Some(avs) = &files.avs {
        snapshot.avss = read_names(avs, "avs", problems);
    }
    for map in &files.maps {
        read_map(map, &mut snapshot, problems);
    }
    snapshot
}

fn read_strategies(path: &Path, problems: &mut Problems) -> BTreeMap<String, Strategy> {
    let mut strategies = BTreeMap::new();
    let Some(table) = RawTable::read(path, problems) else {
        return strategies;
    };
    for row in table.select(["strategy", "token", "decimals", "eth_quorum_strategy"], problems) {
        let Some(address) = address(&row, 0, problems) else {
            continue;
        };
        let token = tidy(row.cells[1]);
        if token.is_empty() {
            problems.push(row.problem(1, "the symbol of a token was expected"));
        }
        let decimals = row.cells[2].parse().ok().filter(|decimals| *decimals <= 36);
        if decimals.is_none() {
            problems.push(row.problem(2, "a number of decimals, 0 to 36, was expected"));
        }
        if !matches!(row.cells[3], "0" | "1") {
            problems.push(row.problem(3, "1 or 0 was expected"));
        }
        let token = if NATIVE.contains(&token.as_str()) { "ETH".to_owned() } else { token };
        let eth_quorum = row.cells[3] == "1";
        let strategy = Strategy { token, decimals: decimals.unwrap_or(18), eth_quorum };
        if strategies.insert(address, strategy).is_some() {
            problems.push(row.problem(0, "every strategy was expected once"));
        }
    }
    strategies
}

/// Names by address, of operators or of AVSs.
fn read_names(path: &Path, key: &str, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let Some(table) = RawTable::read(path, problems) else {
        return names;
    };
    for row in table.select([key, "name"], problems) {
        let Some(address) = address(&row, 0, problems) else {
            continue;
        };
        if names.insert(address, tidy(row.cells[1])).is_some() {
            problems.push(row.problem(0, "every address was expected once"));
        }
    }
    names
}

fn read_shares(
    path: &Path,
    strategies: &BTreeMap<String, Strategy>,
    problems: &mut Problems,
) -> BTreeMap<String, BTreeMap<String, f64>> {
    let mut restaked: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let Some(table) = RawTable::read(path, problems) else {
        return restaked;
    };
    for row in table.select(["operator", "strategy", "shares_wei"], problems) {
        let operator = address(&row, 0, problems);
        let strategy = address(&row, 1, problems);
        let (Some(operator), Some(strategy)) = (operator, strategy) else {
            continue;
        };
        if !seen.insert((operator.clone(), strategy.clone())) {
            problems.push(row.problem(1, "every operator and strategy was expected once"));
        }
        let Some(known) = strategies.get(&strategy) else {
            if !strategies.is_empty() {
                problems.push(row.problem(1, "a strategy of the strategies file was expected"));
            }
            continue;
        };
        match whole_tokens(row.cells[2], known.decimals) {
            Some(amount) if known.eth_quorum && amount > 0.0 => {
                let tokens = restaked.entry(operator).or_default();
                *tokens.entry(known.token.clone()).or_default() += amount;
            }
            Some(_) => {}
            None => problems.push(row.problem(2, "a whole number of wei below 2^128 was expected")),
        }
    }
    restaked
}

/// `wei` divided by `10^decimals`: the `f64` nearest to the exact quotient.
fn whole_tokens(wei: &str, decimals: u32) -> Option<f64> {
    if !wei.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exact: u128 = wei.parse().ok()?;
    format!("{exact}e-{decimals}").parse().ok()
}

fn read_edges(path: &Path, snapshot: &mut Snapshot, problems: &mut Problems) {
    let Some(table) = RawTable::read(path, problems) else {
        return;
    };
    for row in table.select(["avs", "operator"], problems) {
        let avs = address(&row, 0, problems);
        let operator = address(&row, 1, problems);
        let (Some(avs), Some(operator)) = (avs, operator) else {
            continue;
        };
        if !snapshot.edges.entry(avs).or_default().insert(operator) {
            snapshot.repeated_edges += 1;
        }
    }
}

/// A map says the LRT of an operator, its company, or both; its header tells which.
fn read_map(path: &Path, snapshot: &mut Snapshot, problems: &mut Problems) {
    let Some(table) = RawTable::read(path, problems) else {
        return;
    };
    let brand = table.find(&["lrt_by_operator_name", "brand", "lrt"]);
    let company = table.find(&["company_by_name", "company", "entity"]);
    if brand.is_none() && company.is_none() {
        problems.push(Problem::new(
            &table.file,
            "a column `brand` (or `lrt_by_operator_name`) or `company` (or `company_by_name`) was \
             expected",
        ));
    }
    if let Some(brand) = brand {
        read_labels(&table, brand, lrt_name, &mut snapshot.brands, problems);
    }
    if let Some(company) = company {
        read_labels(&table, company, tidy, &mut snapshot.companies, problems);
    }
}

fn read_labels(
    table: &RawTable,
    column: &str,
    meant: fn(&str) -> String,
    labels: &mut BTreeMap<String, String>,
    problems: &mut Problems,
) {
    for row in table.select(["operator", column], problems) {
        let Some(operator) = address(&row, 0, problems) else {
            continue;
        };
        let label = meant(row.cells[1]);
        if label.is_empty() {
            continue;
        }
        let said_before = labels.insert(operator, label.clone());
        if said_before.is_some_and(|before| before != label) {
            problems.push(row.problem(1, "the same label for an operator was expected everywhere"));
        }
    }
}

/// The token of a brand: `eETH/weETH` is eETH, `mETH (LST)` is mETH, `Eigenpie (mLRTs)` is mLRT.
fn lrt_name(brand: &str) -> String {
    let brand = tidy(brand);
    if brand.starts_with("Eigenpie") {
        return "mLRT".to_owned();
    }
    brand.split(['/', '(']).next().unwrap_or_default().trim().to_owned()
}

fn address<const N: usize>(
    row: &RawCells<'_, N>,
    column: usize,
    problems: &mut Problems,
) -> Option<String> {
    let address = row.cells[column].to_lowercase();
    if address.is_empty() {
        problems.push(row.problem(column, "an address was expected"));
        return None;
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wei_become_the_nearest_float() {
        assert_eq!(whole_tokens("225169802192030345945", 18), Some(225.169_802_192_030_35));
        assert_eq!(whole_tokens("1", 18), Some(1e-18));
        assert_eq!(whole_tokens("123456789", 8), Some(1.234_567_89));
        for wrong in ["", "-1", "+1", "1.5", "1e18", "0x10", "9".repeat(40).as_str()] {
            assert_eq!(whole_tokens(wrong, 18), None, "{wrong}");
        }
    }

    #[test]
    fn brands_are_tokens() {
        let tokens = ["eETH/weETH", "mETH (LST)", "Eigenpie (mLRTs)", "rsETH"].map(lrt_name);
        assert_eq!(tokens, ["eETH", "mETH", "mLRT", "rsETH"]);
    }
}
