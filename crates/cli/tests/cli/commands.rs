//! What each command prints and leaves behind.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::example::{Example, PROGRAM, problems_of, stderr, stdout};
use crate::run::example;

/// True where something is hardly meant; notes that a key has no effect yet are not that.
fn is_warning(note: &&Value) -> bool {
    note.as_str().unwrap().starts_with("warning: ")
}

#[test]
fn init_writes_what_check_passes_and_run_runs() {
    let example = Example::empty();
    let said = example.good(&["init", "deep/er/start"]);
    assert_eq!(said, "written to deep/er/start; now: slashfall run deep/er/start/run.toml\n");
    let facts = example.good(&["check", "deep/er/start/run.toml"]);
    assert!(facts.starts_with("tiny as of 2025-10-01; partly synthetic."), "{facts}");
    assert!(!facts.contains("warning"), "{facts}");
    let table = example.good(&["run", "deep/er/start/run.toml", "--paths", "20000"]);
    for part in ["example on tiny", "scenario base", "scenario slashing x10", "ES 99.9 %", "20,000"]
    {
        assert!(table.contains(part), "{part:?} is not in:\n{table}");
    }
    assert!(example.path("results/example/manifest.json").is_file());
    example.good(&["init"]);
    assert!(example.path("slashfall-example/run.toml").is_file());
}

#[test]
fn init_leaves_alone_what_is_there() {
    for file in [false, true] {
        let example = Example::empty();
        if file {
            example.write("mine", b"1");
        } else {
            fs::create_dir(example.path("mine")).unwrap();
            example.write("mine/run.toml", b"name = \"mine\"");
        }
        let before = example.tree();
        let output = example.slashfall(&["init", "mine"]);
        assert!(!output.status.success());
        assert_eq!(stdout(&output), "");
        assert!(stderr(&output).contains("mine exists already and is left alone"));
        assert!(example.tree() == before);
    }
}

#[test]
fn check_gives_the_facts_worked_by_hand() {
    let example = example();
    let facts: Value =
        serde_json::from_str(&example.good(&["check", "--json", "example/run.toml"])).unwrap();
    assert_eq!(facts["network"]["name"], "tiny");
    assert_eq!(facts["network"]["synthetic"], true);
    assert_eq!(facts["notes"].as_array().unwrap().iter().find(is_warning), None);
    // The figures of data/networks/tiny/SOURCES.md.
    let number = |pointer: &str| facts.pointer(pointer).unwrap().as_f64().unwrap();
    let is = |pointer: &str, expected: f64| {
        let found = number(pointer);
        assert!((found - expected).abs() < 1e-9 * expected, "{pointer}: {found}, not {expected}");
    };
    is("/restaked_eth", 550.0);
    is("/restaked_lrt_share", 350.0 / 550.0);
    is("/avs/0/slashable_eth", 175.0);
    is("/avs/1/slashable_eth", 100.0);
    is("/avs/0/cost_to_corrupt_eth", 175.0 / 3.0);
    is("/avs/0/profit_eth", 175.0 / 3.0 / 1.5);
    is("/avs/1/profit_eth", 30.0);
    let shares = facts["concentration"]["restaked_by_entity"]["shares"].as_array().unwrap();
    let of = |index: usize| (shares[index]["name"].as_str(), shares[index]["eth"].as_f64());
    assert_eq!((of(0), of(1)), ((Some("Alpha"), Some(450.0)), (Some("Beta"), Some(100.0))));
    let keys = ["assets", "coverage", "look_through", "local_security_slack", "failing_services"];
    assert!(keys.iter().chain(&["overlap", "debtrank"]).all(|key| !facts[key].is_null()));
    let of_folder = example.good(&["check", "--json", "example/network"]);
    let mut of_folder: Value = serde_json::from_str(&of_folder).unwrap();
    for key in ["sources", "notes"] {
        assert_eq!(of_folder[key], Value::Array(Vec::new()));
        of_folder[key] = facts[key].clone();
    }
    assert_eq!(of_folder, facts);
    // By hand: 3 operators at 0.05 events a year, over 30 days, in either scenario.
    for scenario in facts["sources"].as_array().unwrap() {
        let kinds = scenario["kinds"].as_array().unwrap();
        let kind = kinds.iter().find(|kind| kind["kind"] == "validator_incident").unwrap();
        let expected = 3.0 * 0.05 * 30.0 / 365.0;
        assert_eq!(kind["sources"], 3);
        assert!(
            (kind["expected_events"].as_f64().unwrap() / expected - 1.0).abs() < 0.01,
            "{kind}"
        );
    }
}

#[test]
fn check_takes_changes_to_a_run_file_only() {
    let example = Example::new();
    let slack = |set: &str| -> Value {
        let page = example.good(&["check", "run.toml", "--json", "--set", set]);
        let page: Value = serde_json::from_str(&page).unwrap();
        page["local_security_slack"]["security_slack_assumed"].clone()
    };
    assert_eq!(slack("security.security_slack=0.25"), 0.25);
    let problems = problems_of(&example, &["check", "network", "--set", "run.seed=3"]);
    assert!(problems[0].starts_with("error: --set: found \"run.seed=3\""), "{problems:?}");
    let wrong = ["--set", "source.avs_falt.rate=1", "--set", "run.sede=3"];
    let both = problems_of(&example, &[&["check", "run.toml"], &wrong[..]].concat());
    assert!(both[0].contains("avs_falt") && both[1].contains("run.sede"), "{both:?}");
    assert!(example.good(&["check", "run.toml", "--top", "1"]).contains("the first 1 have"));
}

#[test]
fn warnings_are_told_and_stop_nothing() {
    let example = Example::new();
    example.swap("network/assets.csv", "ezETH,lrt,,7", "ezETH,lrt,600,7");
    for args in [&["check", "run.toml"][..], &["run", "run.toml", "--paths", "10"]] {
        let output = example.slashfall(args);
        assert!(output.status.success(), "{}", stderr(&output));
        let said = stdout(&output) + &stderr(&output);
        assert!(
            said.contains("warning: assets.csv, row 3 (line 4), column `supply_eth`"),
            "{said}"
        );
    }
    let facts: Value =
        serde_json::from_str(&example.good(&["check", "run.toml", "--json"])).unwrap();
    let notes = facts["notes"].as_array().unwrap();
    assert_eq!(notes.iter().filter(is_warning).count(), 1, "{notes:?}");
}

#[test]
fn schema_lists_every_table_column_and_kind() {
    let example = Example::empty();
    let text = example.good(&["schema"]);
    let tables = ["assets: asset, kind", "portfolios", "summary.parquet", "cascade.parquet"];
    let columns = ["[redistributes]", "es_contribution", "std_err_total", "unbacked_mint"];
    for part in tables.iter().chain(&columns) {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    let schema: Value = serde_json::from_str(&example.good(&["schema", "--json"])).unwrap();
    assert_eq!(schema["schema_version"], "2");
    assert_eq!(schema["network"].as_array().unwrap().len(), 10);
    assert!(schema["result"].as_array().unwrap().len() >= 4);
}

#[test]
fn shells_and_manual() {
    let example = Example::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = example.good(&["completions", shell]);
        assert!(script.contains("slashfall") && script.contains("overwrite"), "{shell}: {script}");
    }
    let page = example.good(&["man"]);
    assert!(page.contains(".TH slashfall") && page.contains("Exit status"), "{page}");
    assert!(example.good(&["--version"]).starts_with("slashfall "));
    assert!(example.good(&["run", "--help"]).contains("--overwrite"));
    assert_eq!(example.slashfall(&["completions", "tcsh"]).status.code(), Some(2));
    assert_eq!(example.slashfall(&[]).status.code(), Some(2));
    assert!(example.tree().is_empty());
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let example = example();
    for args in
        [&["schema"][..], &["man"], &["completions", "bash"], &["check", "example/run.toml"]]
    {
        let mut child = std::process::Command::new(PROGRAM)
            .current_dir(example.path(""))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{args:?}");
    }
}

#[test]
fn run_prints_what_it_is_told_to() {
    let example = example();
    let run = ["run", "example/run.toml", "--paths", "500", "--overwrite"];
    let output = example.slashfall(&[&run[..], &["--json"]].concat());
    assert!(output.status.success());
    assert!(stderr(&output).lines().all(|line| line.starts_with("note: ")), "{}", stderr(&output));
    let page: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(page["manifest"], example.json("results/example/manifest.json"));
    let rows = page["summary"].as_array().unwrap();
    let is_es = |row: &&Value| row["metric"] == "es" && row["scope"] == "system";
    assert_eq!(rows.iter().filter(is_es).count(), 3 * 2, "levels, scenarios");
    assert!(rows.iter().all(|row| row["value"].is_number() && row["unit"].is_string()));

    let output = example.slashfall(&[&run[..], &["--quiet"]].concat());
    assert!(output.status.success());
    assert_eq!((stdout(&output), stderr(&output)), (String::new(), String::new()));

    let output = example.slashfall(&run);
    assert!(stdout(&output).contains("of ES 99.9 %"), "{}", stdout(&output));
    assert!(stderr(&output).ends_with("written to results/example\n"), "{}", stderr(&output));
}

#[test]
fn keys_without_effect_are_told() {
    let example = Example::new();
    // Degrees of freedom are no mistake under another copula: a scenario may change that alone.
    let gaussian = ["--set", "dependence.copula=gaussian", "--paths", "10"];
    let output = example.slashfall(&[&["run", "run.toml"], &gaussian[..]].concat());
    assert!(output.status.success());
    let manifest = example.json("results/small/manifest.json");
    let keys = manifest["not_applied"].as_array().unwrap();
    let keys: Vec<&str> = keys.iter().map(|key| key.as_str().unwrap()).collect();
    assert!(keys.iter().any(|key| key.contains("dependence.df")), "{keys:?}");
    let said = stderr(&output);
    for key in keys {
        let is_note = |line: &str| line.starts_with("note: ") && line.contains(key);
        assert!(said.lines().any(is_note), "{key} is not in:\n{said}");
    }
}

/// What loses the same on every path has no spread, and yet a row.
#[test]
fn a_certain_loss_is_shown() {
    let example = Example::new();
    let certain = "source=[{ kind = \"exploit\", target = { asset = \"ezETH\" }, rate = 1e6, \
                   severity = 0.5 }]";
    let run = ["run", "run.toml", "--paths", "50", "--set", certain, "--set", "scenario=[]"];
    let direct = ["--set", "cascade.enabled=false", "--set", "run.levels=[0.9]"];
    let shown = example.good(&[&run[..], &direct].concat());
    let row = |name: &str| shown.lines().find(|line| line.trim_start().starts_with(name));
    assert!(row("ezETH (nav)").is_some_and(|row| row.contains("295 ± 0")), "{shown}");
    assert_eq!(row("stETH (nav)"), None, "{shown}");
    assert!(shown.contains("market: at its price.\n"), "one level is shown: {shown}");
}

/// A day that was cut off is told of a run, and of one path.
#[test]
fn paths_that_were_cut_off_are_told() {
    let example = example();
    let run = ["run", "example/run.toml", "--paths", "300", "--set", "cascade.max_rounds=1"];
    let output = example.slashfall(&run);
    assert!(output.status.success());
    let manifest = example.json("results/example/manifest.json");
    assert_eq!(manifest["truncated_paths"], 600);
    for scenario in ["base", "slashing x10"] {
        let warning = format!(
            "warning: 300 of 300 paths of scenario {scenario} were cut off at cascade.max_rounds \
             while something still changed; raise it\n"
        );
        assert!(stderr(&output).contains(&warning), "{}", stderr(&output));
    }
    let cut = "cut off at cascade.max_rounds while something still changed; raise it.\n";
    let path = example.good(&["replay", "results/example", "--path", "7"]);
    assert_eq!(path.matches(cut).count(), 1, "{path}");
    let quiet = example.slashfall(&[&run[..], &["--quiet", "--overwrite"]].concat());
    assert_eq!(stderr(&quiet), "");
    let whole = example.slashfall(&["run", "example/run.toml", "--paths", "300", "-o", "whole"]);
    assert!(!stderr(&whole).contains("cut off"), "{}", stderr(&whole));
}

#[test]
fn overwrite_replaces_a_result_and_nothing_else() {
    let example = example();
    let run = ["run", "example/run.toml", "--paths", "300", "-o", "result", "--quiet"];
    example.good(&[&run[..], &["--set", "run.detail=paths"]].concat());
    let before = example.tree();
    let output = example.slashfall(&run);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("result exists already"), "{}", stderr(&output));
    assert!(example.tree() == before);
    example.good(&[&run[..], &["--overwrite", "--seed", "8"]].concat());
    assert_eq!(example.json("result/manifest.json")["seed"], 8);
    let files = example.tree();
    assert!(!files.keys().any(|path| path.ends_with("paths")), "{:?}", files.keys());
    let top = files.keys().filter(|path| path.components().count() == 1).count();
    assert_eq!(top, ["example", "result"].len(), "{:?}", files.keys());
    // A broken input does not cost the result that is there.
    let broken = [&run[..], &["--overwrite", "--set", "run.levels=[99]"]].concat();
    problems_of(&example, &broken);
}

#[test]
fn synth_writes_a_network_that_checks_and_runs() {
    let example = example();
    let synth = ["synth", "--operators", "40", "--avs", "6", "-o"];
    example.good(&[&synth[..], &["a"]].concat());
    example.good(&[&synth[..], &["b"]].concat());
    example.good(&[&synth[..], &["c", "--seed", "2"]].concat());
    // No larger one than is read again.
    for (operators, avs, range) in [("131073", "2", "1..=131072"), ("9", "2049", "1..=2048")] {
        let args = ["synth", "--operators", operators, "--avs", avs, "-o", "d"];
        let output = example.slashfall(&args);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(&format!("is not in {range}")), "{}", stderr(&output));
        assert!(!example.path("d").exists());
    }
    let table = |dir: &str| example.read(&format!("{dir}/holdings.csv"));
    assert_eq!(table("a"), table("b"));
    assert_ne!(table("a"), table("c"));
    let facts: Value = serde_json::from_str(&example.good(&["check", "a", "--json"])).unwrap();
    assert_eq!(facts["notes"], Value::Array(Vec::new()));
    assert_eq!(facts["avs"].as_array().unwrap().len(), 6);
    example.swap("example/run.toml", "\"network\" ", "\"../a\" ");
    example.swap("example/run.toml", "{ avs = \"X\", operator = \"op-a\" }", "{ avs = \"*\" }");
    example.good(&["run", "example/run.toml", "--paths", "500", "--quiet"]);
    let before = example.tree();
    let output = example.slashfall(&[&synth[..], &["a"]].concat());
    assert!(!output.status.success(), "a network that is there was replaced");
    assert!(stderr(&output).contains("a"), "{}", stderr(&output));
    assert!(example.tree() == before);
}
