//! Differences of scenarios and results: the figures are those of the summary, the errors those of
//! pairs, and what is no pair is refused.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::example::{Example, problems_of, stderr};
use crate::run::{RUN, example};
use crate::table::Table;

const TO_OTHER: [&str; 6] =
    ["diff", "result", "--scenario-a", "base", "--scenario-b", "slashing x10"];

/// A result of the example with every path written.
fn result(paths: &str) -> Example {
    let example = example();
    example.good(&[&RUN[..], &[paths, "-o", "result"]].concat());
    example
}

/// The small network and run file of the tests with every path written, as changed by `more`.
fn small(example: &Example, name: &str, more: &[&str]) {
    let run = ["run", "run.toml", "-q", "--set", "run.detail=paths", "-o", name];
    example.good(&[&run[..], more].concat());
}

fn comparisons(example: &Example, args: &[&str]) -> Vec<Value> {
    let page = example.good(&[args, &["--json"]].concat());
    let page: Value = serde_json::from_str(&page).unwrap();
    page["comparisons"].as_array().unwrap().clone()
}

/// Figures of a scenario in the summary that paths tell: scope, metric, level, bits of the value,
/// standard error.
fn figures(example: &Example, scenario: &str) -> Vec<(Vec<String>, u64, Option<f64>)> {
    let summary = Table::read(&example.path("result/summary.parquet"));
    let (scenarios, values) = (summary.text("scenario"), summary.float("value"));
    let (keys, std_errs) = (keys(&summary), summary.maybe("std_err"));
    let is_of_run = |row: usize| {
        let metric = keys[row][2].as_str();
        metric.starts_with("expected_return") || metric == "probability_beyond"
    };
    let own = (0..summary.n_rows()).filter(|row| scenarios[*row] == scenario && !is_of_run(*row));
    own.map(|row| (keys[row].clone(), values[row].to_bits(), std_errs[row])).collect()
}

fn keys(table: &Table) -> Vec<Vec<String>> {
    let texts = ["scope_kind", "scope", "metric", "unit"].map(|column| table.text(column));
    let levels = table.maybe("level");
    let key = |row: usize| {
        let level = levels[row].map(|level| level.to_string()).unwrap_or_default();
        texts.iter().map(|column| column[row].clone()).chain([level]).collect()
    };
    (0..table.n_rows()).map(key).collect()
}

#[test]
fn figures_are_those_of_the_summary() {
    let example = result("6000");
    example.good(&[&TO_OTHER[..], &["-o", "difference.parquet"]].concat());
    let table = Table::read(&example.path("difference.parquet"));
    let (a, b) = (figures(&example, "base"), figures(&example, "slashing x10"));
    assert!(table.is_finite() && table.n_rows() == a.len() && a.len() == b.len());
    let [of_a, of_b, value] = ["value_a", "value_b", "value"].map(|column| table.float(column));
    let (std_err, keys) = (table.maybe("std_err"), keys(&table));
    let (low, high) = (table.maybe("ci_low"), table.maybe("ci_high"));
    let mut n_paired = 0;
    for row in 0..table.n_rows() {
        let what = format!("{:?}: {} and {}", keys[row], of_a[row], of_b[row]);
        assert_eq!((&keys[row], &keys[row]), (&a[row].0, &b[row].0));
        assert_eq!((of_a[row].to_bits(), of_b[row].to_bits()), (a[row].1, b[row].1), "{what}");
        // Losses that differ by this are the same to a difference: 1e-12 of the largest of the scope.
        let of_scope = (0..table.n_rows()).filter(|&other| keys[other][..2] == keys[row][..2]);
        let room = of_scope
            .map(|other| 1e-12 * of_a[other].abs().max(of_b[other].abs()))
            .fold(0.0, f64::max);
        assert!((value[row] - (of_b[row] - of_a[row])).abs() <= room, "{what}");
        assert!(low[row].is_none_or(|low| low <= value[row] + room), "{what}: {low:?}");
        assert!(high[row].is_none_or(|high| high >= value[row] - room), "{what}: {high:?}");
        let unpaired = a[row].2.zip(b[row].2).map(|(a, b)| a.hypot(b));
        if let Some((paired, unpaired)) = std_err[row].zip(unpaired) {
            n_paired += u32::from(paired < unpaired);
        }
    }
    assert!(n_paired > 30, "{n_paired}");
    for (key, expected) in [("seed", "20261120"), ("horizon_days", "30"), ("paths", "6000")] {
        assert_eq!(table.metadata[&format!("slashfall.{key}")], expected);
    }
}

#[test]
fn every_other_scenario_is_set_against_base() {
    let example = result("700");
    let names: Vec<String> = comparisons(&example, &["diff", "result"])
        .iter()
        .map(|found| {
            assert_eq!(found["a"], serde_json::json!({ "result": "result", "scenario": "base" }));
            assert_eq!((&found["paths"], &found["horizon_days"]), (&700.into(), &30.into()));
            assert_eq!(
                (&found["only_in_a"], &found["only_in_b"]),
                (&Value::Array(vec![]), &Value::Array(vec![]))
            );
            found["b"]["scenario"].as_str().unwrap().to_owned()
        })
        .collect();
    let manifest = example.json("result/manifest.json");
    let scenarios = manifest["paths"].as_object().unwrap().len();
    assert_eq!(names.len(), scenarios - 1);
    assert_eq!(names[0], "slashing x10");
    let back = comparisons(&example, &["diff", "result", "--scenario-a", "slashing x10"]);
    assert_eq!(back[0]["b"]["scenario"], "base");
}

#[test]
fn a_result_differs_from_itself_by_nothing() {
    let example = result("2000");
    let same = comparisons(&example, &["diff", "result", "result"]);
    for row in same[0]["differences"].as_array().unwrap() {
        assert_eq!((row["value"].as_f64(), &row["z"]), (Some(0.0), &Value::Null), "{row}");
        let is_exact = row["std_err"].is_null() || row["std_err"] == 0.0;
        assert!(is_exact, "{row}");
    }
}

#[test]
fn the_table_has_the_figures_in_order() {
    let example = result("3000");
    let page = example.good(&[&TO_OTHER[..], &["--scope", "system", "tLRT"]].concat());
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(&lines[..3], ["", "A: result, scenario base", "B: result, scenario slashing x10"]);
    assert_eq!(lines[3], "losses over 30 days in ETH, 3,000 pairs of paths, seed 20261120");
    let header: Vec<&str> = lines[4].split_whitespace().collect();
    assert_eq!(header.join(" "), "metric A B B - A std. error 95 % from to z");
    assert!(lines[6].trim_start().starts_with("system ") && lines[6].contains(" mean "));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text:?} is not in:\n{page}"));
    let order =
        ["mean", "std  ", "VaR 95 %", "ES 95 %", "VaR 99.9 %", "ES 99.9 %", "P(loss)", "max"];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{page}");
    assert!(at("max") < at("tLRT (nav)") && at("P(depeg 1 %)") < at("tLRT (market)"), "{page}");
    assert!(!page.contains("tLST") && !page.contains("by "), "{page}");
}

#[test]
fn what_one_side_lacks_is_told_once() {
    let example = Example::new();
    small(&example, "a", &["--set", "run.levels=[0.5, 0.9]"]);
    std::fs::remove_file(example.path("network/portfolios.csv")).unwrap();
    small(&example, "b", &["--set", "run.levels=[0.9, 0.95]"]);
    let page = example.good(&["diff", "a", "b"]);
    assert!(
        page.ends_with("Only in A: portfolio fund.\nLevels of one side only: 50 %, 95 %.\n"),
        "{page}"
    );
    let found = &comparisons(&example, &["diff", "a", "b"])[0];
    assert_eq!(
        found["only_in_a"],
        serde_json::json!([{ "scope_kind": "portfolio", "scope": "fund" }])
    );
    assert_eq!(found["levels_of_one_side"], serde_json::json!([0.5, 0.95]));
    for row in found["differences"].as_array().unwrap() {
        assert!(row["level"].is_null() || row["level"] == 0.9, "{row}");
    }
    let fund = problems_of(&example, &["diff", "a", "b", "--scope", "fund"]);
    let expected = "error: --scope: found \"fund\", a scope was expected that a, scenario base \
                    and b, scenario base both have";
    assert_eq!(fund, [expected]);
}

/// There are more scopes than are read at a time.
#[test]
fn a_scope_is_the_same_among_many() {
    const TOKENS: usize = 70;
    let example = Example::of_tokens(TOKENS);
    small(&example, "a", &[]);
    example.swap("run.toml", "rate = 20\n", "rate = 30\n");
    small(&example, "b", &[]);
    let rows = |scopes: &[&str]| {
        let found = comparisons(&example, &[&["diff", "a", "b"], scopes].concat());
        found[0]["differences"].as_array().unwrap().clone()
    };
    let all = rows(&[]);
    let scopes = all.iter().map(|row| (row["scope_kind"].as_str(), row["scope"].as_str()));
    let scopes: BTreeSet<_> = scopes.collect();
    assert!(scopes.len() > 2 * TOKENS, "{}", scopes.len());
    for name in ["system", "token1", "token31", "token70", "avs_slash"] {
        let alone = rows(&["--scope", name]);
        let among: Vec<Value> = all.iter().filter(|row| row["scope"] == name).cloned().collect();
        assert!(alone.iter().any(|row| row["value"].as_f64().is_some_and(|x| x > 0.0)), "{name}");
        assert_eq!(among, alone);
    }
}

#[test]
fn paths_are_needed() {
    let example = example();
    example.good(&["run", "example/run.toml", "-q", "--paths", "50", "-o", "plain"]);
    let expected = "error: plain: the paths of a result were expected in paths/, as a \
                    difference is taken path by path; \
                    run it again with detail = \"paths\" in [run]";
    assert_eq!(problems_of(&example, &["diff", "plain"]), [expected]);
    let none = problems_of(&example, &["diff", "example"]);
    assert!(
        none[0]
            .starts_with("error: example: a result folder with its manifest.json was expected: ")
    );
}

#[test]
fn what_is_no_pair_is_refused() {
    let example = Example::new();
    small(&example, "a", &[]);
    small(&example, "b", &["--seed", "8", "--paths", "400", "--set", "run.horizon_days=31"]);
    let expected = [
        "error: b/manifest.json, key `seed`: found \"8\", 7 was expected, as in a, \
         scenario base: paths of two seeds share no draws",
        "error: b/manifest.json, key `horizon_days`: found \"31\", 30 was expected, \
         as in a, scenario base: losses over other days are no difference",
        "error: b/manifest.json, key `paths.base`: found \"400\", 1000 was expected, \
         as in a, scenario base: each path needs its other half",
    ];
    assert_eq!(problems_of(&example, &["diff", "a", "b"]), expected);
    small(&example, "c", &["--set", "run.levels=[0.5, 0.6]"]);
    let expected = "error: c/manifest.json, key `config.base.run.levels`: found \"0.5, \
                    0.6\", one of 0.9, 0.975 at least was expected, as in a, scenario base";
    assert_eq!(problems_of(&example, &["diff", "a", "c"]), [expected]);
}

#[test]
fn what_is_not_there_is_named() {
    let example = result("100");
    let scenario = problems_of(&example, &["diff", "result", "--scenario-b", "slashing x1"]);
    assert!(scenario[0].starts_with(
        "error: result: found \"slashing x1\", a scenario was expected: base, slashing x10"
    ));
    assert!(scenario[0].ends_with("; did you mean \"slashing x10\"?"), "{scenario:?}");
    example.write("there.parquet", b"mine");
    let there = problems_of(&example, &[&TO_OTHER[..], &["-o", "there.parquet"]].concat());
    let expected =
        "error: there.parquet: a file that is not there yet was expected; this one is left alone";
    assert_eq!(there, [expected]);
    std::fs::remove_file(example.path("result/paths/scenario001-000000000000.parquet")).unwrap();
    let gone = problems_of(&example, &TO_OTHER);
    assert!(
        gone[0].starts_with("error: result: found \"slashing x10\", a scenario was expected: base")
    );
    let output = example.slashfall(&["diff"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn a_file_that_is_not_whole_is_refused() {
    let example = result("100");
    let file = "result/paths/scenario001-000000000000.parquet";
    let bytes = std::fs::read(example.path(file)).unwrap();
    example.write(file, &bytes[..bytes.len() / 2]);
    let problems = problems_of(&example, &TO_OTHER);
    let start = format!("error: {file}: a whole Parquet file was expected (");
    assert!(problems[0].starts_with(&start), "{problems:?}");
}
