//! The figures of a run as a table that a risk analyst can read.

use std::io::Write;

use slashfall_cascade::Channel;
use slashfall_jobs::number::{count, level, percent, percent_with_error, with_error};
use slashfall_jobs::{Input, plain_table};
use slashfall_output::measures::Estimate;
use slashfall_output::tables::SummaryRow;
use slashfall_output::{Manifest, ScopeKind};
use slashfall_sampling::Scenario;

/// Levels that fit on a terminal; the files have all.
const LEVELS_SHOWN: usize = 2;

/// Prints the scopes of one scenario.
pub(crate) fn print(
    out: &mut impl Write,
    input: &Input,
    scenario: &Scenario<'_>,
    rows: &[SummaryRow],
    manifest: &Manifest,
) -> std::io::Result<()> {
    let meta = input.network.meta();
    let paths = manifest.paths.get(&scenario.name).copied().unwrap_or_default();
    writeln!(
        out,
        "\n{} on {} ({}{}), scenario {}: losses over {} days in ETH ± standard error, {} paths, seed {}",
        input.spec.name,
        meta.name,
        meta.as_of,
        if meta.synthetic { ", partly synthetic" } else { "" },
        scenario.name,
        scenario.spec.horizon_days,
        count(paths),
        scenario.spec.seed,
    )?;
    let shown = &scenario.spec.levels[scenario.spec.levels.len().saturating_sub(LEVELS_SHOWN)..];
    let mut header = vec!["".to_owned(), "mean".to_owned()];
    for a in shown {
        header.extend([format!("VaR {}", level(*a)), format!("ES {}", level(*a))]);
    }
    header.extend(["P(loss)".to_owned(), "P(depeg 1 %)".to_owned()]);
    let mut table = plain_table(&header);
    let of_scenario: Vec<&SummaryRow> =
        rows.iter().filter(|row| row.scenario == scenario.name).collect();
    for scope in of_scenario.chunk_by(|a, b| (a.scope_kind, &a.scope) == (b.scope_kind, &b.scope)) {
        if let Some(cells) = scope_cells(scope, shown, &of_scenario) {
            table.add_row(cells);
        }
    }
    writeln!(out, "{}", table.trim_fmt())?;
    let more = match scenario.spec.levels.len() {
        n if n > LEVELS_SHOWN => format!(" All {n} levels are in summary.parquet."),
        _ => String::new(),
    };
    writeln!(out, "nav: the whole supply at its backing; market: at its price.{more}")?;
    print_returns(out, scenario, &of_scenario)
}

/// Prints what the assets earn to the horizon, and what is left of it after the losses expected.
fn print_returns(
    out: &mut impl Write,
    scenario: &Scenario<'_>,
    rows: &[&SummaryRow],
) -> std::io::Result<()> {
    let network = scenario.model.network();
    let mut table = plain_table(&[
        format!("in {} days, of nav", scenario.spec.horizon_days),
        "return".to_owned(),
        "less expected loss of nav".to_owned(),
        "less expected fall of price".to_owned(),
    ]);
    for id in network.wrapped_assets() {
        let asset = network.asset(id);
        let whole = asset.supply_units * asset.nav_0;
        let find = |kind, metric| {
            let same = |row: &&&SummaryRow| {
                row.scope_kind == kind && row.scope == asset.name && row.metric == metric
            };
            rows.iter().find(same).map(|row| row.estimate)
        };
        let Some(earned) = find(ScopeKind::Asset, "expected_return") else { continue };
        let net = |kind| {
            find(kind, "expected_return_net")
                .map_or_else(String::new, |net| percent_with_error(&net, whole))
        };
        table.add_row([
            asset.name.clone(),
            percent(earned.value / whole),
            net(ScopeKind::Asset),
            net(ScopeKind::AssetMarket),
        ]);
    }
    if table.is_empty() { Ok(()) } else { writeln!(out, "\n{}\n", table.trim_fmt()) }
}

/// The cells of a scope; none where nothing was lost on any path.
fn scope_cells(scope: &[&SummaryRow], levels: &[f64], all: &[&SummaryRow]) -> Option<Vec<String>> {
    let find = |metric: &str, level: Option<f64>| -> Option<&Estimate> {
        let same = |row: &&&SummaryRow| {
            row.metric == metric && row.level.map(f64::to_bits) == level.map(f64::to_bits)
        };
        scope.iter().find(same).map(|row| &row.estimate)
    };
    // What loses the same on every path has no spread, and yet a loss.
    let is_nothing = |metric| find(metric, None).is_none_or(|found| found.value == 0.0);
    if ["mean", "std", "max"].into_iter().all(is_nothing) && scope[0].scope != "system" {
        return None;
    }
    let name = match scope[0].scope_kind {
        ScopeKind::System => scope[0].scope.clone(),
        ScopeKind::Asset => format!("{} (nav)", scope[0].scope),
        ScopeKind::AssetMarket => format!("{} (market)", scope[0].scope),
        ScopeKind::Portfolio => format!("portfolio {}", scope[0].scope),
        // What cover pays is no loss: its tail would be that of the paths without cover.
        ScopeKind::Channel if scope[0].scope == Channel::Cover.name() => return None,
        ScopeKind::Channel => format!("by {}", scope[0].scope),
    };
    let amount = |estimate: Option<&Estimate>| estimate.map_or_else(String::new, with_error);
    let mut cells = vec![name, amount(find("mean", None))];
    for level in levels {
        cells.extend([amount(find("var", Some(*level))), amount(find("es", Some(*level)))]);
    }
    let chance = |p: Option<&Estimate>| p.map_or_else(String::new, |p| percent(p.value));
    cells.extend([chance(find("probability_positive", None)), chance(depeg(scope, all))]);
    Some(cells)
}

/// Probability that an asset's price falls 1 % below its nav: shown where its price is.
fn depeg<'a>(scope: &[&SummaryRow], all: &[&'a SummaryRow]) -> Option<&'a Estimate> {
    let of_asset = |row: &&&SummaryRow| {
        row.scope_kind == ScopeKind::Asset
            && row.scope == scope[0].scope
            && row.metric == "probability_depeg_1pct"
    };
    let is_market = scope[0].scope_kind == ScopeKind::AssetMarket;
    all.iter().filter(|_| is_market).find(of_asset).map(|row| &row.estimate)
}
