//! Checks services and what stake of which operator each may slash.

use std::collections::BTreeMap;

use super::assets::Assets;
use super::names::Names;
use super::operators::Operators;
use super::report::{Report, cell};
use crate::ids::{AssetId, AvsId, OperatorId, StakeId};
use crate::network::{Allocation, Avs, Stake};
use crate::read::Unread;
use crate::spec::{AllocationRow, AvsRow, NetworkSpec, Sharing, Table};

/// Sums of fractions may be this much above 1, since decimal fractions are not binary ones.
pub(super) const ROUNDING: f64 = 1e-9;

/// Allocations that rows of every asset may come to.
const MOST_EXPANDED: usize = 1 << 20;

/// Every asset restaked with an operator.
const EVERY: &str = "*";

/// The services in order of name.
pub(super) fn resolve_avs<'a>(
    table: &'a Table<AvsRow>,
    unread: &'a Unread,
    report: &mut Report,
) -> (Vec<Avs>, Names<'a>) {
    let repeated = report.repeated(table, "avs", |row| &row.avs, |row| row.avs.clone());
    let mut rows: Vec<&AvsRow> = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        let mut numbers = vec![
            ("attack_threshold", row.attack_threshold),
            ("secured_value_eth", row.secured_value_eth),
        ];
        let profit = row.profit_from_corruption_eth;
        numbers.extend(profit.map(|profit| ("profit_from_corruption_eth", profit)));
        report.in_range(table, index, &numbers);
        report.good_name(cell(table, index, "avs"), &row.avs);
        if !repeated[index] {
            rows.push(row);
        }
    }
    rows.sort_by(|a, b| a.avs.cmp(&b.avs));
    let avss = rows.iter().map(|row| Avs {
        name: row.avs.clone(),
        sharing: row.sharing,
        attack_threshold: row.attack_threshold,
        profit_from_corruption_eth: row.profit_from_corruption_eth,
        secured_value_eth: row.secured_value_eth,
        redistributes: row.redistributes,
    });
    let avss = avss.collect();
    let names = rows.iter().map(|row| row.avs.as_str());
    (avss, Names::new("an AVS", names, unread, ("avs", "avs")))
}

/// What allocations are about.
pub(super) struct Known<'k> {
    pub(super) avss: &'k [Avs],
    pub(super) avs_names: &'k Names<'k>,
    pub(super) operators: &'k Operators<'k>,
    pub(super) assets: &'k Assets<'k>,
    /// In order of operator, asset.
    pub(super) stakes: &'k [Stake],
}

impl Known<'_> {
    fn stake(&self, operator: OperatorId, asset: AssetId) -> Option<StakeId> {
        let found = self.stakes.binary_search_by_key(&(operator, asset), |s| (s.operator, s.asset));
        found.ok().map(StakeId::new)
    }

    fn restaked_with(&self, operator: OperatorId) -> impl Iterator<Item = AssetId> {
        let start = self.stakes.partition_point(|stake| stake.operator < operator);
        let of_it = self.stakes[start..].iter().take_while(move |s| s.operator == operator);
        of_it.map(|stake| stake.asset)
    }
}

/// One (AVS, operator, asset) that a row names, `*` expanded.
struct Claim {
    row: usize,
    avs: AvsId,
    operator: OperatorId,
    asset: AssetId,
    fraction: f64,
}

/// The allocations in order of AVS, operator, asset.
pub(super) fn resolve(
    spec: &NetworkSpec,
    known: &Known<'_>,
    report: &mut Report,
) -> Vec<Allocation> {
    let table = &spec.allocations;
    let repeated = report.repeated(
        table,
        "avs",
        |row| (&row.avs, &row.operator, &row.asset),
        |row| format!("{}, {}, {}", row.avs, row.operator, row.asset),
    );
    report_every_and_one(table, report);
    let mut claims = Vec::new();
    for (index, repeated) in repeated.into_iter().enumerate() {
        let found = resolve_row(table, index, known, report);
        claims.extend(found.into_iter().filter(|_| !repeated));
        if claims.len() > table.rows.len() + MOST_EXPANDED {
            let expected = format!(
                "at most {MOST_EXPANDED} allocations were expected of rows of every asset, and there are more"
            );
            report.problem(cell(table, index, "asset").problem(EVERY, expected));
            break;
        }
    }
    check_cells(table, known, &claims, report);
    let mut allocations: Vec<(AvsId, OperatorId, AssetId, Allocation)> = Vec::new();
    for claim in &claims {
        match known.stake(claim.operator, claim.asset) {
            Some(stake) if claim.fraction > 0.0 => {
                let allocation = Allocation { avs: claim.avs, stake, fraction: claim.fraction };
                allocations.push((claim.avs, claim.operator, claim.asset, allocation));
            }
            stake => warn_left_out(table, claim, stake.is_none(), report),
        }
    }
    allocations.sort_by_key(|&(avs, operator, asset, _)| (avs, operator, asset));
    allocations.into_iter().map(|(_, _, _, allocation)| allocation).collect()
}

fn warn_left_out(
    table: &Table<AllocationRow>,
    claim: &Claim,
    without_stake: bool,
    report: &mut Report,
) {
    let row = &table.rows[claim.row];
    if without_stake {
        let expected = format!(
            "no holding of `direct` or of an LRT has {} with {}, and the row is left out",
            row.asset, row.operator
        );
        report.warn(cell(table, claim.row, "asset").problem(&row.asset, expected));
    } else {
        let expected = "a fraction above 0 was expected, and the row is left out";
        report.warn(cell(table, claim.row, "fraction").problem(row.fraction, expected));
    }
}

/// Reports one asset named beside `*`, which names it already.
fn report_every_and_one(table: &Table<AllocationRow>, report: &mut Report) {
    let every = table.rows.iter().filter(|row| row.asset == EVERY);
    let every: BTreeMap<(&str, &str), ()> =
        every.map(|row| ((row.avs.as_str(), row.operator.as_str()), ())).collect();
    for (index, row) in table.rows.iter().enumerate() {
        if row.asset != EVERY && every.contains_key(&(&row.avs, &row.operator)) {
            let expected = format!(
                "one row for each was expected, and another of {} and {} is of every asset (`*`)",
                row.avs, row.operator
            );
            report.problem(cell(table, index, "asset").problem(&row.asset, expected));
        }
    }
}

fn resolve_row(
    table: &Table<AllocationRow>,
    index: usize,
    known: &Known<'_>,
    report: &mut Report,
) -> Vec<Claim> {
    let row = &table.rows[index];
    let in_range = report.in_range(table, index, &[("fraction", row.fraction)]);
    let avs = known.avs_names.find(cell(table, index, "avs"), &row.avs, report);
    let operator =
        known.operators.names.find(cell(table, index, "operator"), &row.operator, report);
    let asset = match row.asset.as_str() {
        EVERY => None,
        name => Some(known.assets.names.find(cell(table, index, "asset"), name, report)),
    };
    let (Some(avs), Some(operator), true) = (avs, operator, in_range) else {
        return Vec::new();
    };
    let (avs, operator) = (AvsId::new(avs), OperatorId::new(operator));
    let assets: Vec<AssetId> = match asset {
        None => known.restaked_with(operator).collect(),
        Some(asset) => asset.map(AssetId::new).into_iter().collect(),
    };
    if asset.is_none() && assets.is_empty() {
        let expected =
            format!("nothing is restaked with {}, and the row is left out", row.operator);
        report.warn(cell(table, index, "operator").problem(&row.operator, expected));
    }
    let claim = |asset| Claim { row: index, avs, operator, asset, fraction: row.fraction };
    assets.into_iter().map(claim).collect()
}

/// Holds the claims on each (operator, asset) against what there is to claim.
fn check_cells(
    table: &Table<AllocationRow>,
    known: &Known<'_>,
    claims: &[Claim],
    report: &mut Report,
) {
    let mut cells: BTreeMap<(OperatorId, AssetId), Vec<&Claim>> = BTreeMap::new();
    for claim in claims {
        cells.entry((claim.operator, claim.asset)).or_default().push(claim);
    }
    for ((operator, asset), claims) in cells {
        let operator = &known.operators.operators[operator.index()].name;
        let asset = known.assets.entries[asset.index()].name;
        let (unique, shared): (Vec<&Claim>, Vec<&Claim>) =
            claims.into_iter().partition(|claim| sharing(known, claim) == Sharing::Unique);
        if let (Some(first), Some(other)) = (unique.first(), shared.first()) {
            let later = if first.row > other.row { first } else { other };
            let expected = format!(
                "{asset} with {operator} is under the unique AVS {} and the shared AVS {}; one \
                 kind of sharing was expected",
                avs_name(known, first),
                avs_name(known, other)
            );
            let value = avs_name(known, later);
            report.problem(cell(table, later.row, "avs").problem(value, expected));
        }
        let sum: f64 = unique.iter().map(|claim| claim.fraction).sum();
        if let Some(last) = unique.last().filter(|_| sum > 1.0 + ROUNDING) {
            let names: Vec<&str> = unique.iter().map(|claim| avs_name(known, claim)).collect();
            let expected = format!(
                "the unique AVSs {} together take {sum} of {asset} with {operator}; at most 1 was \
                 expected",
                names.join(", ")
            );
            let value = last.fraction;
            report.problem(cell(table, last.row, "fraction").problem(value, expected));
        }
    }
}

fn sharing(known: &Known<'_>, claim: &Claim) -> Sharing {
    known.avss[claim.avs.index()].sharing
}

fn avs_name<'k>(known: &'k Known<'_>, claim: &Claim) -> &'k str {
    &known.avss[claim.avs.index()].name
}
