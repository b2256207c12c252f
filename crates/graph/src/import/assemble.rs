//! The tables of a network, made of a snapshot whose AVSs and operators have been chosen.

use std::collections::{BTreeMap, BTreeSet};

use super::eigenlayer::{Chosen, EigenlayerOptions, ImportReport};
use super::names::unique_labels;
use super::snapshot::Snapshot;
use crate::spec::{
    AllocationRow, AssetKind, AssetRow, AvsRow, HoldingRow, MetaSpec, NetworkSpec, OperatorRow,
    Sharing, Table,
};

/// All tables; the report gets its figures here.
pub(super) fn assemble(
    snapshot: &Snapshot,
    chosen: &Chosen<'_>,
    options: &EigenlayerOptions,
    report: &mut ImportReport,
) -> NetworkSpec {
    let holdings = restaked_holdings(snapshot, chosen, report);
    let amounts = |native: bool| -> f64 {
        let rows = holdings.iter().filter(|row| !native || row.asset == "ETH");
        rows.map(|row| row.amount_eth).sum()
    };
    report.restaked_eth = amounts(false);
    report.native_eth = amounts(true);
    let (assets, backing) = assets_and_backing(&holdings);
    let allocations = allocations(snapshot, chosen, options, report);
    report.avss = chosen.members.len();
    report.operators = chosen.degrees.len();
    report.registrations = chosen.degrees.values().sum();
    report.allocations = allocations.len();
    NetworkSpec {
        meta: meta(options, report),
        assets: Table::new("assets.csv", assets),
        operators: Table::new("operators.csv", operators(snapshot, chosen)),
        avs: Table::new("avs.csv", avss(chosen, options.sharing)),
        holdings: Table::new("holdings.csv", holdings.into_iter().chain(backing).collect()),
        allocations: Table::new("allocations.csv", allocations),
        ..Default::default()
    }
}

/// Who holds what where: an operator's LRT, else `direct`.
///
/// A brand that is itself restaked (mETH is) holds native ETH only, since what it backs cannot
/// back it; the tokens with its operators are `direct`.
fn restaked_holdings(
    snapshot: &Snapshot,
    chosen: &Chosen<'_>,
    report: &mut ImportReport,
) -> Vec<HoldingRow> {
    let stakes = chosen.stakes(snapshot);
    let tokens: BTreeSet<&str> =
        stakes.iter().flat_map(|(_, tokens)| tokens.keys()).map(String::as_str).collect();
    let mut rows = Vec::new();
    let mut not_of_brand = 0.0;
    for (operator, amounts) in stakes {
        let brand = snapshot.brands.get(operator).map(String::as_str);
        for (token, &amount_eth) in amounts {
            let holder = brand.filter(|brand| token == "ETH" || !tokens.contains(brand));
            if holder.is_none() && brand.is_some() {
                not_of_brand += amount_eth;
            }
            rows.push(HoldingRow {
                holder: holder.unwrap_or("direct").to_owned(),
                operator: Some(chosen.operator_labels[operator].clone()),
                asset: token.clone(),
                amount_eth,
            });
        }
    }
    if not_of_brand > 0.0 {
        report.notes.push(format!(
            "ETH of tokens counted as direct because the brand of its operator is itself restaked: \
             {not_of_brand:.0}."
        ));
    }
    rows.sort_by(|a, b| {
        (&a.holder, &a.operator, &a.asset).cmp(&(&b.holder, &b.operator, &b.asset))
    });
    rows
}

/// The wrapped assets of `restaked`, and idle ETH behind each token as far as it is restaked.
fn assets_and_backing(restaked: &[HoldingRow]) -> (Vec<AssetRow>, Vec<HoldingRow>) {
    let holders: BTreeSet<&str> =
        restaked.iter().map(|row| row.holder.as_str()).filter(|&h| h != "direct").collect();
    let mut tokens: BTreeMap<&str, f64> = BTreeMap::new();
    for row in restaked.iter().filter(|row| row.asset != "ETH") {
        *tokens.entry(&row.asset).or_default() += row.amount_eth;
    }
    let lsts = tokens.keys().filter(|token| !holders.contains(*token));
    let assets = lsts
        .map(|lst| asset(lst, AssetKind::Lst))
        .chain(holders.iter().map(|lrt| asset(lrt, AssetKind::Lrt)))
        .collect();
    let idle = tokens.into_iter().map(|(token, amount_eth)| HoldingRow {
        holder: token.to_owned(),
        operator: None,
        asset: "ETH".to_owned(),
        amount_eth,
    });
    (assets, idle.collect())
}

fn asset(name: &str, kind: AssetKind) -> AssetRow {
    AssetRow::new(name, kind)
}

/// An operator that no map gives to a company is a company of its own.
fn operators(snapshot: &Snapshot, chosen: &Chosen<'_>) -> Vec<OperatorRow> {
    let companies: BTreeSet<String> = snapshot.companies.values().cloned().collect();
    let alone: BTreeMap<&str, &str> = chosen
        .operator_labels
        .iter()
        .filter(|(address, _)| !snapshot.companies.contains_key(*address))
        .map(|(address, label)| (address.as_str(), label.as_str()))
        .collect();
    let own = unique_labels(alone, &companies);
    let mut rows: Vec<OperatorRow> = chosen
        .operator_labels
        .iter()
        .map(|(address, label)| OperatorRow {
            operator: label.clone(),
            entity: snapshot.companies.get(address).unwrap_or_else(|| &own[address]).clone(),
            attributes: BTreeMap::from([("address".to_owned(), address.clone())]),
        })
        .collect();
    rows.sort_by(|a, b| a.operator.cmp(&b.operator));
    rows
}

fn avss(chosen: &Chosen<'_>, sharing: Sharing) -> Vec<AvsRow> {
    let mut rows: Vec<AvsRow> = chosen
        .avs_labels
        .values()
        .map(|avs| AvsRow {
            avs: avs.clone(),
            sharing,
            attack_threshold: 1.0 / 3.0,
            profit_from_corruption_eth: None,
            secured_value_eth: 0.0,
            redistributes: false,
        })
        .collect();
    rows.sort_by(|a, b| a.avs.cmp(&b.avs));
    rows
}

/// One allocation of every asset for each registration of an operator with stake; where stake is
/// unique, an operator's fractions are cut to the equal parts that sum to at most 1.
fn allocations(
    snapshot: &Snapshot,
    chosen: &Chosen<'_>,
    options: &EigenlayerOptions,
    report: &mut ImportReport,
) -> Vec<AllocationRow> {
    let fraction = |degree: usize| match options.sharing {
        Sharing::Shared => options.fraction,
        Sharing::Unique => options.fraction.min(equal_part(degree)),
    };
    let mut rows = Vec::new();
    let mut cut = BTreeSet::new();
    for (avs, members) in &chosen.members {
        for operator in members.iter().filter(|member| snapshot.restaked.contains_key(*member)) {
            let fraction = fraction(chosen.degrees[operator.as_str()]);
            if fraction < options.fraction {
                cut.insert(operator);
            }
            rows.push(AllocationRow {
                avs: chosen.avs_labels[*avs].clone(),
                operator: chosen.operator_labels[operator].clone(),
                asset: "*".to_owned(),
                fraction,
            });
        }
    }
    if !cut.is_empty() {
        report.notes.push(format!(
            "Unique stake cannot be allocated twice. Operators that give each of their AVSs an equal \
             part of their stake, less than {}: {}.",
            options.fraction,
            cut.len()
        ));
    }
    rows.sort_by(|a, b| (&a.avs, &a.operator).cmp(&(&b.avs, &b.operator)));
    rows
}

/// `1 / parts`, rounded down to nine digits so that the parts never sum to more than 1.
fn equal_part(parts: usize) -> f64 {
    (1e9 / parts as f64).floor() / 1e9
}

fn meta(options: &EigenlayerOptions, report: &ImportReport) -> MetaSpec {
    let sharing = match options.sharing {
        Sharing::Shared => "shared",
        Sharing::Unique => "unique",
    };
    let mut notes = vec![
        format!(
            "Registrations are not allocations: every AVS is taken to have {sharing} stake and to \
             be able to slash {} of each of its operators.",
            options.fraction
        ),
        "A share of a token is counted as one ETH (shares are not tokens: one of stETH was about \
         1.05 stETH)."
            .to_owned(),
        "Each restaked token is backed by idle ETH as far as it is restaked here: its own \
         validators are not in the snapshot."
            .to_owned(),
        "All stake of an operator that bears the name of an LRT is taken to be that LRT's."
            .to_owned(),
    ];
    notes.extend(report.notes.iter().cloned());
    MetaSpec {
        name: options.name.clone(),
        as_of: options.as_of.clone(),
        source: format!(
            "EigenLayer snapshot: {} AVSs, {} operators, {} registrations",
            report.avss, report.operators, report.registrations
        ),
        synthetic: true,
        notes: notes.join(" "),
    }
}
