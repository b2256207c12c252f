//! What a result folder holds: the columns of `formats.md`, and figures that agree with each other.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt64Type};
use slashfall_output::difference::StoredResult;

use crate::example::{Example, tree};
use crate::run::{RUN, example};
use crate::table::Table;

const SCENARIOS: [&str; 2] = ["base", "slashing x10"];
const LEVELS: [f64; 3] = [0.95, 0.99, 0.999];
const N_PATHS: usize = 6_000;

/// A result of the example with every path written.
fn result() -> Example {
    let example = example();
    example.good(&[&RUN[..], &["6000", "-o", "result"]].concat());
    example
}

fn read(example: &Example, table: &str) -> Table {
    Table::read(&example.path(&format!("result/{table}.parquet")))
}

/// What tells one loss distribution from another: scenario, kind of scope, scope.
type Scope = (String, String, String);

fn scopes(table: &Table) -> Vec<Scope> {
    let kinds = table.text("scope_kind").into_iter().zip(table.text("scope"));
    table
        .text("scenario")
        .into_iter()
        .zip(kinds)
        .map(|(s, (kind, scope))| (s, kind, scope))
        .collect()
}

/// Figures of the summary by scope and metric, those of tails by level too.
fn figures(summary: &Table) -> BTreeMap<(Scope, String, String), f64> {
    let levels = summary.maybe("level").into_iter();
    let levels = levels.map(|level| level.map_or_else(String::new, |level| level.to_string()));
    let metrics = summary.text("metric").into_iter().zip(levels);
    let keys = scopes(summary).into_iter().zip(metrics);
    let keys = keys.map(|(scope, (metric, level))| (scope, metric, level));
    keys.zip(summary.float("value")).collect()
}

#[test]
fn columns_are_those_asked_for() {
    let example = result();
    let of = |table, text: &str, columns: &[(&str, &str)]| {
        let text = text.split(' ').map(|name| (name, "text"));
        let expected: BTreeMap<&str, &str> = text.chain(columns.iter().copied()).collect();
        let table = read(&example, table);
        let found = table.columns.iter().map(|(name, kind)| (name.as_str(), kind.as_str()));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
        assert!(table.is_finite() && table.n_rows() > 0);
    };
    let [level, years] = [("level", "float?"), ("return_period_years", "float?")];
    let [std_err, low, high] = [("std_err", "float?"), ("ci_low", "float?"), ("ci_high", "float?")];
    let [budget, budget_eth] = [("budget", "float?"), ("budget_eth", "float?")];
    let [n_eff, resolution] = [("n_eff", "float"), ("resolution", "float")];
    let figure = [
        level,
        years,
        ("value", "float"),
        std_err,
        low,
        high,
        budget,
        budget_eth,
        n_eff,
        resolution,
    ];
    of("summary", "scenario scope_kind scope metric unit", &figure);
    let [loss, probability] = [("loss", "float"), ("probability", "float")];
    let years = ("return_period_years", "float");
    let curve = [loss, probability, years, low, high, ("es_beyond", "float"), resolution];
    of("exceedance", "scenario scope_kind scope", &curve);
    let part = [("level", "float"), ("es_contribution", "float"), ("share", "float?"), std_err];
    let alone = [
        ("standalone_es", "float"),
        ("standalone_std_err", "float?"),
        ("diversification", "float?"),
    ];
    let split = [&part[..], &[low, high, n_eff], &alone].concat();
    of("contributions", "scenario scope_kind scope component_kind component", &split);
    let means = ["mean_direct", "mean_contagion", "mean_total"].map(|name| (name, "float"));
    let counts = [("rounds", "count"), ("n_paths", "count"), probability];
    let rounds = [&counts[..], &means, &[("std_err_total", "float?")]].concat();
    of("cascade", "scenario", &rounds);
}

#[test]
fn schema_is_what_is_written() {
    let example = result();
    let schema: serde_json::Value =
        serde_json::from_str(&example.good(&["schema", "--json"])).unwrap();
    let tables = schema["result"].as_array().unwrap();
    let name = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    for table in tables {
        let names = |(column, _): &(String, String)| column.clone();
        let written: Vec<String> =
            read(&example, &name(&table["table"])).columns.iter().map(names).collect();
        let said = table["columns"].as_array().unwrap();
        assert_eq!(said.iter().map(|column| name(&column["name"])).collect::<Vec<_>>(), written);
    }
    let written = tree(&example.path("result")).into_keys().filter(|path| {
        path.extension().is_some_and(|e| e == "parquet") && !path.starts_with("paths")
    });
    assert_eq!(written.count(), tables.len());
}

#[test]
fn every_file_says_what_it_is() {
    let example = result();
    let manifest = example.json("result/manifest.json");
    for path in tree(&example.path("result")).into_keys() {
        if path.extension().is_none_or(|e| e != "parquet") {
            continue;
        }
        let metadata = Table::read(&example.path("result").join(path)).metadata;
        for key in ["seed", "inputs_sha256", "schema_version", "program", "horizon_days"] {
            let said = &manifest[key];
            let said = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
            assert_eq!(metadata[&format!("slashfall.{key}")], said);
        }
        for (key, text) in manifest["definitions"].as_object().unwrap() {
            assert_eq!(metadata[&format!("slashfall.{key}")], text.as_str().unwrap());
        }
    }
}

#[test]
fn the_summary_agrees_with_itself() {
    let summary = read(&result(), "summary");
    let figures = figures(&summary);
    let all: BTreeSet<Scope> = scopes(&summary).into_iter().collect();
    for scenario in SCENARIOS {
        let of = |kind: &str| {
            let own = all.iter().filter(|(s, k, _)| s == scenario && k == kind);
            own.map(|(.., scope)| scope.as_str()).collect::<Vec<_>>()
        };
        for system in ["system", "system_contagion", "system_direct", "system_market"] {
            assert!(of("system").contains(&system), "{system} is not in {:?}", of("system"));
        }
        assert_eq!((of("asset"), of("asset_market")), (vec!["tLRT", "tLST"], vec!["tLRT", "tLST"]));
        assert!(of("channel").contains(&"avs_slash"), "{:?}", of("channel"));
    }
    assert!(all.iter().all(|(scenario, ..)| SCENARIOS.contains(&scenario.as_str())));
    for scope in &all {
        let get = |metric: &str, level: &str| {
            figures[&(scope.clone(), metric.to_owned(), level.to_owned())]
        };
        let mut below = (f64::NEG_INFINITY, get("mean", ""));
        for level in LEVELS {
            let tail = (get("var", &level.to_string()), get("es", &level.to_string()));
            let room = 1e-12 * tail.1.abs();
            assert!(tail.1 >= tail.0 - room, "{scope:?} at {level}: {tail:?}");
            assert!(tail.0 >= below.0 && tail.1 >= below.1 - room, "{scope:?} at {level}");
            assert!(get("max", "") >= tail.1 - room, "{scope:?} at {level}");
            below = tail;
        }
    }
    let of = |metric: &str| {
        let system = ("base".to_owned(), "system".to_owned(), metric.to_owned());
        figures[&(system, "mean".to_owned(), String::new())]
    };
    let parts = of("system_direct") + of("system_contagion");
    assert!((of("system") - parts).abs() <= 1e-9 * of("system"));
}

#[test]
fn every_figure_is_within_its_limits() {
    let summary = read(&result(), "summary");
    let (values, units) = (summary.float("value"), summary.text("unit"));
    let (low, high) = (summary.maybe("ci_low"), summary.maybe("ci_high"));
    let (levels, years) = (summary.maybe("level"), summary.maybe("return_period_years"));
    let (metrics, std_errs) = (summary.text("metric"), summary.maybe("std_err"));
    for row in 0..summary.n_rows() {
        let what = format!("row {row}, {} {}", metrics[row], values[row]);
        let is_probability = metrics[row].starts_with("probability_");
        assert_eq!(units[row], if is_probability { "probability" } else { "eth" }, "{what}");
        assert!(!is_probability || (0.0..=1.0).contains(&values[row]), "{what}");
        assert!(std_errs[row].is_none_or(|std_err| std_err >= 0.0), "{what}");
        let room = 1e-12 * values[row].abs();
        assert!(low[row].is_none_or(|low| low <= values[row] + room), "{what}: {low:?}");
        assert!(high[row].is_none_or(|high| high >= values[row] - room), "{what}: {high:?}");
        let is_tail = ["var", "es"].contains(&metrics[row].as_str());
        assert_eq!(levels[row].is_some(), is_tail, "{what}");
        let expected = levels[row].map(|level| 30.0 / 365.0 / (1.0 - level));
        assert_eq!(years[row], expected, "{what}");
    }
    assert!(metrics.iter().any(|metric| metric == "probability_depeg_10pct"));
}

#[test]
fn contributions_sum_to_the_shortfall() {
    let example = result();
    let (contributions, summary) = (read(&example, "contributions"), read(&example, "summary"));
    let figures = figures(&summary);
    let mut sums: BTreeMap<(Scope, String), BTreeMap<String, (f64, f64)>> = BTreeMap::new();
    let parts = contributions.float("es_contribution").into_iter();
    let shares = contributions.maybe("share").into_iter();
    let kinds = contributions.text("component_kind").into_iter();
    let levels = contributions.float("level").into_iter().map(|level| level.to_string());
    let keys = scopes(&contributions).into_iter().zip(levels).zip(kinds);
    for ((key, kind), (part, share)) in keys.zip(parts.zip(shares)) {
        let sum = sums.entry(key).or_default().entry(kind).or_default();
        sum.0 += part;
        sum.1 += share.unwrap_or(0.0);
    }
    for scenario in SCENARIOS {
        for level in LEVELS {
            let system = (scenario.to_owned(), "system".to_owned(), "system".to_owned());
            let kinds: Vec<&str> =
                sums[&(system, level.to_string())].keys().map(String::as_str).collect();
            let expected = "allocation asset avs channel entity operator origin source_kind";
            assert_eq!(kinds.join(" "), expected);
        }
    }
    for ((scope, level), kinds) in sums {
        let es = figures[&(scope.clone(), "es".to_owned(), level.clone())];
        for (kind, (sum, shares)) in kinds {
            let what = format!("{scope:?} at {level} by {kind}: {sum}, ES {es}");
            assert!((sum - es).abs() <= 1e-9 * es.abs().max(1e-9), "{what}");
            assert!(es == 0.0 || (shares - 1.0).abs() <= 1e-9, "{what}: {shares}");
        }
    }
}

#[test]
fn the_curve_falls() {
    let example = result();
    let curve = read(&example, "exceedance");
    let (loss, probability) = (curve.float("loss"), curve.float("probability"));
    let (beyond, years) = (curve.float("es_beyond"), curve.float("return_period_years"));
    let scopes_of_rows = scopes(&curve);
    for row in 0..curve.n_rows() {
        let what = format!("{:?}: {} at {}", scopes_of_rows[row], loss[row], probability[row]);
        assert!(probability[row] > 0.0 && probability[row] < 1.0, "{what}");
        assert!(beyond[row] >= loss[row] - 1e-12 * loss[row].abs(), "{what}: {}", beyond[row]);
        assert!((years[row] * probability[row] * 365.0 / 30.0 - 1.0).abs() < 1e-12, "{what}");
        if row > 0 && scopes_of_rows[row] == scopes_of_rows[row - 1] {
            assert!(probability[row] < probability[row - 1], "{what}");
            assert!(loss[row] >= loss[row - 1] && beyond[row] >= beyond[row - 1] * (1.0 - 1e-12));
        }
    }
    let summary: BTreeSet<Scope> = scopes(&read(&example, "summary")).into_iter().collect();
    assert_eq!(scopes_of_rows.into_iter().collect::<BTreeSet<_>>(), summary);
}

#[test]
fn rounds_are_of_all_paths() {
    let cascade = read(&result(), "cascade");
    let scenarios = cascade.text("scenario");
    let (n, share) = (cascade.count("n_paths"), cascade.float("probability"));
    let parts = [cascade.float("mean_direct"), cascade.float("mean_contagion")];
    let total = cascade.float("mean_total");
    for scenario in SCENARIOS {
        let own: Vec<usize> = (0..n.len()).filter(|&row| scenarios[row] == scenario).collect();
        assert_eq!(own.iter().map(|&row| n[row]).sum::<u64>(), N_PATHS as u64);
        assert!((own.iter().map(|&row| share[row]).sum::<f64>() - 1.0).abs() < 1e-12);
    }
    for row in 0..n.len() {
        let sum = parts[0][row] + parts[1][row];
        assert!((sum - total[row]).abs() <= 1e-9 * total[row].abs().max(1e-9), "row {row}");
    }
}

#[test]
fn paths_have_the_mean_of_the_summary() {
    let example = result();
    let figures = figures(&read(&example, "summary"));
    for (number, scenario) in SCENARIOS.into_iter().enumerate() {
        let file = format!("result/paths/scenario{number:03}-000000000000.parquet");
        let paths = Table::read(&example.path(&file));
        assert_eq!(paths.n_rows(), N_PATHS);
        assert!(paths.is_finite());
        assert!(paths.text("scenario").iter().all(|name| name == scenario));
        assert!(paths.count("path").into_iter().eq(0..N_PATHS as u64));
        assert!(paths.float("weight").iter().all(|weight| weight.to_bits() == 1_f64.to_bits()));
        let (total, direct) = (paths.float("total"), paths.float("direct"));
        let contagion = paths.float("contagion");
        for row in 0..N_PATHS {
            assert!(
                (direct[row] + contagion[row] - total[row]).abs() <= 1e-9 * total[row].max(1.0)
            );
        }
        for (scope, column) in [("system", total), ("system_direct", direct)] {
            let key = (scenario.to_owned(), "system".to_owned(), scope.to_owned());
            let figure = |metric: &str| figures[&(key.clone(), metric.to_owned(), String::new())];
            let mean = column.iter().sum::<f64>() / N_PATHS as f64;
            assert!((mean / figure("mean") - 1.0).abs() < 1e-9, "{mean} {}", figure("mean"));
            let max = column.iter().copied().fold(0.0, f64::max);
            assert_eq!(max.to_bits(), figure("max").to_bits());
        }
        budgets_are_of_the_paths(&example, scenario, &paths);
    }
    let more = tree(&example.path("result/paths"));
    assert_eq!(more.len(), SCENARIOS.len());
}

/// Of each scope and budget that is written: the share of the paths that lose more, and the budget in ETH.
fn budgets_are_of_the_paths(example: &Example, scenario: &str, paths: &Table) {
    let summary = read(example, "summary");
    let (shares, limits) = (summary.maybe("budget"), summary.maybe("budget_eth"));
    let (metrics, values) = (summary.text("metric"), summary.float("value"));
    let all = scopes(&summary);
    let (mut n_compared, mut n_passed) = (0, 0);
    for row in 0..summary.n_rows() {
        let (of_scenario, kind, scope) = &all[row];
        assert_eq!(shares[row].is_some(), metrics[row] == "probability_beyond");
        assert_eq!(shares[row].is_some(), limits[row].is_some());
        let Some((share, limit)) = shares[row].zip(limits[row]) else { continue };
        assert!([0.01, 0.05, 0.1].contains(&share) && kind != "channel", "{kind} {share}");
        let column = match (kind.as_str(), scope.as_str()) {
            ("system", "system") => "total".to_owned(),
            ("portfolio", name) => format!("portfolio.{name}.loss"),
            _ => continue,
        };
        if of_scenario == scenario {
            let n = paths.float(&column).iter().filter(|loss| **loss > limit).count();
            let share = n as f64 / N_PATHS as f64;
            assert_eq!(values[row].to_bits(), share.to_bits(), "{scope} beyond {limit}");
            n_compared += 1;
            n_passed += usize::from(n > 0);
        }
    }
    assert!(n_compared >= 3 && n_passed >= 2, "{n_compared} {n_passed}");
}

#[test]
fn losses_of_every_scope_have_the_mean_of_the_summary() {
    let example = result();
    let figures = figures(&read(&example, "summary"));
    let stored = StoredResult::open_losses(&example.path("result")).unwrap();
    let means = figures.iter().filter(|((_, metric, _), _)| metric == "mean");
    let mut n = 0;
    for (((scenario, kind, scope), ..), expected) in means {
        let losses = stored.losses(scenario, scope, Some(kind)).unwrap();
        assert_eq!((losses.num_rows(), losses.num_columns()), (N_PATHS, 2), "no weights");
        let paths = losses["path"].as_primitive::<UInt64Type>().values();
        assert!(paths.iter().copied().eq(0..N_PATHS as u64));
        let losses = losses["loss_eth"].as_primitive::<Float64Type>().values();
        let mean = losses.iter().sum::<f64>() / N_PATHS as f64;
        let near = 1e-9 * expected.abs().max(1e-9);
        assert!((mean - expected).abs() <= near, "{scenario} {kind} {scope}: {mean} {expected}");
        n += 1;
    }
    assert!(n > 2 * 10);
    let wrong = stored.losses("base", "sytem", None).unwrap_err();
    assert_eq!(wrong.as_slice()[0].nearest.as_deref(), Some("system"));
}

#[test]
fn detail_says_what_is_written() {
    let example = example();
    for (detail, has_contributions, has_paths) in
        [("summary", false, false), ("standard", true, false), ("paths", true, true)]
    {
        let set = format!("run.detail={detail}");
        let args = ["run", "example/run.toml", "-q", "--paths", "300", "-o", detail, "--set", &set];
        example.good(&args);
        let found = tree(&example.path(detail));
        let has = |name: &str| found.keys().any(|path| path.starts_with(name));
        assert!(has("manifest.json") && has("summary.parquet") && has("exceedance.parquet"));
        assert_eq!(has("contributions.parquet"), has_contributions, "{detail}");
        assert_eq!(has("paths"), has_paths, "{detail}");
    }
}
