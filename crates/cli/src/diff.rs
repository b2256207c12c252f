//! `slashfall diff`: by how much two scenarios differ, which is known better than either of them.

use std::io::Write;
use std::path::Path;

use slashfall_graph::{Problem, Problems};
use slashfall_jobs::number::{count, eth, level, percent};
use slashfall_jobs::{plain_table, program};
use slashfall_output::difference::{
    Comparison, DIFFERENCE, DifferenceRow, Side, StoredResult, push_differences,
};
use slashfall_output::{SCHEMA_VERSION, ScopeKind, Table, write_file};

use crate::Ending;
use crate::args::Diff;
use crate::streams::stdout;

/// The scenario that is always there.
const BASE: &str = "base";

/// A comparison with its figures.
struct Compared<'s> {
    comparison: Comparison<'s>,
    rows: Vec<DifferenceRow>,
}

pub(crate) fn diff(args: &Diff) -> anyhow::Result<Ending> {
    if let Some(output) = args.output.as_deref().filter(|output| output.exists()) {
        let expected = "a file that is not there yet was expected; this one is left alone";
        return Err(Problems::from(Problem::new(output.display().to_string(), expected)).into());
    }
    let (a, others) = sides(args)?;
    // All are paired before the first is read: what cannot be compared is told at once.
    let comparisons =
        others.iter().map(|b| Comparison::new(&a, b)).collect::<Result<Vec<_>, Problems>>()?;
    let mut compared = Vec::new();
    for comparison in comparisons {
        let rows = comparison.rows(&args.scope)?;
        compared.push(Compared { comparison, rows });
    }
    if let Some(output) = &args.output {
        write(output, &a, &compared)?;
    }
    let mut out = stdout();
    if args.json {
        let all: Vec<_> = compared.iter().map(as_json).collect();
        writeln!(out, "{:#}", serde_json::json!({ "comparisons": all }))?;
    } else {
        compared.iter().try_for_each(|compared| print(&mut out, compared))?;
    }
    Ok(Ending::Done)
}

/// The first side, and each that is compared with it.
fn sides(args: &Diff) -> Result<(Side, Vec<Side>), Problems> {
    let result_a = StoredResult::open(&args.a)?;
    let a = result_a.side(args.scenario_a.as_deref().unwrap_or(BASE))?;
    if let Some(folder) = &args.b {
        let b = StoredResult::open(folder)?.side(args.scenario_b.as_deref().unwrap_or(BASE))?;
        return Ok((a, vec![b]));
    }
    if let Some(scenario) = &args.scenario_b {
        let b = result_a.side(scenario)?;
        return Ok((a, vec![b]));
    }
    let others = result_a.scenarios().filter(|scenario| *scenario != a.scenario);
    let others = others.map(|scenario| result_a.side(scenario)).collect::<Result<Vec<_>, _>>()?;
    if others.is_empty() {
        let expected = format!(
            "a second result folder was expected, or another scenario than {} in this one",
            a.scenario
        );
        return Err(Problem::new(args.a.display().to_string(), expected).into());
    }
    Ok((a, others))
}

fn write(output: &Path, a: &Side, compared: &[Compared<'_>]) -> anyhow::Result<()> {
    let mut table = Table::new(&DIFFERENCE);
    for compared in compared {
        push_differences(&mut table, &compared.comparison, &compared.rows);
    }
    let metadata = [
        ("schema_version", SCHEMA_VERSION.to_owned()),
        ("program", program()),
        ("seed", a.seed.to_string()),
        ("horizon_days", a.horizon_days.to_string()),
        ("paths", a.n_paths.to_string()),
        ("difference", "B less A; the error is that of paired paths".to_owned()),
    ];
    let metadata = metadata.into_iter().map(|(key, value)| (format!("slashfall.{key}"), value));
    write_file(output, table, &metadata.collect::<Vec<_>>())?;
    Ok(())
}

fn as_json(compared: &Compared<'_>) -> serde_json::Value {
    let comparison = &compared.comparison;
    let [only_in_a, only_in_b] = comparison.unmatched();
    let side = |side: &Side| {
        let result = side.folder.display().to_string();
        serde_json::json!({ "result": result, "scenario": side.scenario })
    };
    serde_json::json!({
        "a": side(comparison.a()), "b": side(comparison.b()),
        "seed": comparison.a().seed, "horizon_days": comparison.a().horizon_days,
        "paths": comparison.a().n_paths,
        "only_in_a": only_in_a, "only_in_b": only_in_b,
        "levels_of_one_side": comparison.other_levels(),
        "differences": compared.rows,
    })
}

fn print(out: &mut impl Write, compared: &Compared<'_>) -> std::io::Result<()> {
    let (a, b) = (compared.comparison.a(), compared.comparison.b());
    writeln!(
        out,
        "\nA: {}, scenario {}\nB: {}, scenario {}\n\
         losses over {} days in ETH, {} pairs of paths, seed {}",
        a.folder.display(),
        a.scenario,
        b.folder.display(),
        b.scenario,
        a.horizon_days,
        count(a.n_paths),
        a.seed,
    )?;
    let header = ["", "metric", "A", "B", "B - A", "std. error", "95 % from", "to", "z"];
    let mut table = plain_table(&header.map(str::to_owned));
    if let Some(metric) = table.column_mut(1) {
        metric.set_cell_alignment(comfy_table::CellAlignment::Left);
    }
    let mut left_out = 0;
    for scope in compared.rows.chunk_by(|x, y| x.scope == y.scope) {
        if scope.iter().all(|row| row.value_a == 0.0 && row.value_b == 0.0) {
            left_out += 1;
            continue;
        }
        let names = std::iter::once(scope_name(&scope[0])).chain(std::iter::repeat(String::new()));
        for (row, name) in scope.iter().zip(names) {
            table.add_row(cells(row, name));
        }
    }
    writeln!(out, "{}", table.trim_fmt())?;
    if left_out > 0 {
        writeln!(out, "Left out: {left_out} scopes that lost nothing on any path of either side.")?;
    }
    notes(out, &compared.comparison)
}

/// What only one of the sides has.
fn notes(out: &mut impl Write, comparison: &Comparison<'_>) -> std::io::Result<()> {
    for (side, scopes) in ["A", "B"].into_iter().zip(comparison.unmatched()) {
        let names: Vec<String> = scopes
            .iter()
            .map(|scope| format!("{} {}", scope.scope_kind.name(), scope.scope))
            .collect();
        if !names.is_empty() {
            writeln!(out, "Only in {side}: {}.", names.join(", "))?;
        }
    }
    let levels: Vec<String> = comparison.other_levels().into_iter().map(level).collect();
    if !levels.is_empty() {
        writeln!(out, "Levels of one side only: {}.", levels.join(", "))?;
    }
    Ok(())
}

fn cells(row: &DifferenceRow, scope: String) -> Vec<String> {
    let amount = if row.unit == "probability" { percent } else { eth };
    let maybe = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), amount);
    let difference = row.estimate;
    vec![
        scope,
        metric_name(row),
        amount(row.value_a),
        amount(row.value_b),
        amount(difference.value),
        maybe(difference.std_err),
        maybe(difference.ci_low),
        maybe(difference.ci_high),
        row.z.map_or_else(|| "–".to_owned(), |z| format!("{z:.1}")),
    ]
}

fn scope_name(row: &DifferenceRow) -> String {
    let name = &row.scope.scope;
    match row.scope.scope_kind {
        ScopeKind::System => name.clone(),
        ScopeKind::Asset => format!("{name} (nav)"),
        ScopeKind::AssetMarket => format!("{name} (market)"),
        ScopeKind::Portfolio => format!("portfolio {name}"),
        ScopeKind::Channel => format!("by {name}"),
    }
}

fn metric_name(row: &DifferenceRow) -> String {
    let at = row.level.map(level).unwrap_or_default();
    match row.metric {
        "var" => format!("VaR {at}"),
        "es" => format!("ES {at}"),
        "probability_positive" => "P(loss)".to_owned(),
        "probability_depeg_1pct" => "P(depeg 1 %)".to_owned(),
        "probability_depeg_5pct" => "P(depeg 5 %)".to_owned(),
        "probability_depeg_10pct" => "P(depeg 10 %)".to_owned(),
        metric => metric.to_owned(),
    }
}
