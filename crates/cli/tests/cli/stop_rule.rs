//! `run.until`: a run ends when its figure is known well enough, and says so when it is not.

use serde_json::Value;

use crate::example::{Example, stderr};
use crate::run::example;
use crate::table::Table;

/// The example with a stop rule on the system's mean loss.
fn until(relative_error: f64, max_paths: u64) -> Example {
    let example = example();
    let rule = format!(
        "until = {{ metric = \"mean\", scope = \"system\", level = 0.99, relative_error = \
         {relative_error}, max_paths = {max_paths} }} #"
    );
    example.swap("example/run.toml", "paths = 50_000 ", &rule);
    example
}

#[test]
fn a_run_ends_once_it_is_precise() {
    let example = until(0.2, 1_000_000);
    example.good(&["run", "example/run.toml", "--quiet"]);
    let manifest = example.json("results/example/manifest.json");
    assert_eq!(manifest["precision_reached"], true);
    let summary = Table::read(&example.path("results/example/summary.parquet"));
    let (scenarios, scopes) = (summary.text("scenario"), summary.text("scope"));
    let (metrics, values) = (summary.text("metric"), summary.float("value"));
    let std_errs = summary.maybe("std_err");
    let mut n_means = 0;
    for row in 0..summary.n_rows() {
        if (scopes[row].as_str(), metrics[row].as_str()) != ("system", "mean") {
            continue;
        }
        n_means += 1;
        let paths = manifest["paths"][&scenarios[row]].as_u64().unwrap();
        assert!(paths < 1_000_000, "{}: {paths}", scenarios[row]);
        let relative_error = std_errs[row].unwrap() / values[row];
        assert!(relative_error <= 0.2, "{}: {relative_error}", scenarios[row]);
    }
    assert_eq!(n_means, 2);
}

#[test]
fn where_a_run_ends_does_not_depend_on_threads() {
    let example = until(0.2, 1_000_000);
    let summary = |threads: &str| {
        example.good(&["run", "example/run.toml", "--quiet", "--overwrite", "--threads", threads]);
        let manifest = example.json("results/example/manifest.json");
        let summary = std::fs::read(example.path("results/example/summary.parquet"));
        (manifest["paths"].clone(), summary.expect("a result has a summary"))
    };
    let alone = summary("1");
    assert!(alone.0["base"].as_u64().is_some_and(|n| n > 16_384), "decided at the first look");
    assert!(alone == summary("2"));
}

#[test]
fn a_run_that_is_not_precise_says_so() {
    let example = until(1e-4, 3_000);
    let output = example.slashfall(&["run", "example/run.toml"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("precision asked for was not reached"), "{}", stderr(&output));
    let manifest = example.json("results/example/manifest.json");
    assert_eq!(manifest["precision_reached"], false);
    assert_eq!(manifest["paths"]["base"], 3_000);
    assert!(example.path("results/example/summary.parquet").is_file());
    let quiet = ["run", "example/run.toml", "--quiet", "--overwrite"];
    let output = example.slashfall(&quiet);
    assert_eq!((output.status.code(), stderr(&output)), (Some(3), String::new()));
}

#[test]
fn a_number_of_paths_replaces_the_rule() {
    let example = until(1e-4, 3_000);
    example.good(&["run", "example/run.toml", "--quiet", "--paths", "100"]);
    let manifest = example.json("results/example/manifest.json");
    assert_eq!(
        (&manifest["paths"]["base"], &manifest["precision_reached"]),
        (&100.into(), &Value::Null)
    );
}
