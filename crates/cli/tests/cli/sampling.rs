//! `[sampling]`: a run whose paths are weighted gives the figures of one whose paths are not, more
//! precisely where it aims, can be replayed, and is refused where it would not help.

use serde_json::Value;

use crate::example::{Example, problems_of, stderr};
use crate::table::Table;

/// Value and standard error of a figure in the base scenario.
fn figure(example: &Example, result: &str, scope: &str, metric: &str, level: f64) -> (f64, f64) {
    let summary = Table::read(&example.path(&format!("{result}/summary.parquet")));
    let (scenarios, scopes) = (summary.text("scenario"), summary.text("scope"));
    let (kinds, metrics) = (summary.text("scope_kind"), summary.text("metric"));
    let (levels, values) = (summary.maybe("level"), summary.float("value"));
    let std_errs = summary.maybe("std_err");
    let row = (0..summary.n_rows()).find(|&row| {
        (scenarios[row].as_str(), scopes[row].as_str()) == ("base", scope)
            && (kinds[row].as_str(), metrics[row].as_str()) == ("system", metric)
            && levels[row].is_none_or(|own| (own - level).abs() < 1e-12)
    });
    let row = row.unwrap();
    (values[row], std_errs[row].unwrap())
}

fn run(example: &Example, result: &str, method: &str) -> Value {
    let method = format!("sampling.method={method}");
    let mut args = vec!["run", "run.toml", "-o", result, "--quiet", "--paths", "20000"];
    args.extend([
        "--set",
        "run.levels=[0.9, 0.999]",
        "--set",
        "run.detail=paths",
        "--set",
        &method,
    ]);
    args.extend(["--set", "sampling.scope=system_ex_price"]);
    example.good(&args);
    example.json(&format!("{result}/manifest.json"))
}

#[test]
fn weighted_paths_give_the_figures_of_plain_ones() {
    let example = Example::new();
    let plain = run(&example, "plain", "plain");
    assert_eq!(plain["sampling"]["base"]["method"], "plain");
    let manifest = run(&example, "weighted", "importance");
    let sampling = &manifest["sampling"]["base"];
    assert_eq!(sampling["method"], "importance");
    assert_eq!(sampling["importance"]["scope"], "system_ex_price");
    assert!(sampling["importance"]["gain_excess"].as_f64().unwrap() > 3.0, "{sampling:#}");
    for (scope, metric, level) in [
        ("system", "mean", 0.0),
        ("system", "es", 0.9),
        ("system_ex_price", "mean", 0.0),
        ("system_ex_price", "es", 0.9),
        ("system_ex_price", "es", 0.999),
    ] {
        let (a, a_err) = figure(&example, "plain", scope, metric, level);
        let (b, b_err) = figure(&example, "weighted", scope, metric, level);
        let error = a_err.hypot(b_err);
        assert!((a - b).abs() < 4.5 * error, "{scope} {metric} {level}: {a} {b} +- {error}");
    }
    let error = |result| figure(&example, result, "system_ex_price", "es", 0.999).1;
    assert!(error("weighted") < 0.6 * error("plain"), "{} {}", error("weighted"), error("plain"));
    for path in ["0", "1", "4711", "19999"] {
        let page = example.good(&["replay", "weighted", "--path", path, "--json"]);
        let page: Value = serde_json::from_str(&page).unwrap();
        assert_eq!(page["checked"], "paths", "{path}");
    }
    let problems = problems_of(&example, &["diff", "plain", "weighted"]);
    assert!(problems.iter().any(|problem| problem.contains("weight")), "{problems:?}");
}

#[test]
fn it_is_refused_where_it_would_not_help() {
    let example = Example::new();
    // One path in a hundred loses less than this: nothing, or it gains.
    let args = |method: &'static str| {
        let level = ["--set", "sampling.level=0.01"];
        [&["run", "run.toml", "-o", "result", "--paths", "500", "--set", method], &level[..]]
            .concat()
    };
    let problems = problems_of(&example, &args("sampling.method=importance"));
    // Each scenario has a pilot of its own.
    let problem = problems.first().unwrap();
    assert_eq!(problems.len(), 3, "{problems:#?}");
    let words =
        ["`sampling.method`", "found \"importance\"", "the loss at that level is 0", "auto"];
    assert!(words.iter().all(|word| problem.contains(word)), "{problem}");
    let output = example.slashfall(&args("sampling.method=auto"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let note = "note: the paths of scenario base are plain: the loss at that level is 0";
    assert!(stderr(&output).contains(note), "{}", stderr(&output));
    let sampling = &example.json("result/manifest.json")["sampling"]["base"];
    assert_eq!(sampling["method"], "plain");
    assert!(sampling["reason"].as_str().unwrap().starts_with("the loss at that level is 0"));
}
