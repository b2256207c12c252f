//! What is said beside results: lines for people, or a log, of which each line is one object for programs.

use serde_json::Value;

use crate::example::{Example, stderr};
use crate::run::example;

/// The lines of a log.
fn lines(example: &Example, args: &[&str], status: i32) -> Vec<Value> {
    let output = example.slashfall(args);
    assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
    let said = stderr(&output);
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect()
}

fn with_message<'l>(lines: &'l [Value], text: &str) -> &'l Value {
    let mut found = lines.iter().filter(|line| line["message"].as_str().unwrap().contains(text));
    found.next().unwrap_or_else(|| panic!("nothing says {text:?}: {lines:#?}"))
}

#[test]
fn a_log_says_in_parts_what_was_done() {
    let example = Example::new();
    let run = ["run", "run.toml", "--log", "json", "-o", "result"];
    let said = lines(&example, &run, 0);
    for line in &said {
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    assert_eq!(with_message(&said, "paths begin")["scenario"], "base");
    assert_eq!(with_message(&said, "all paths are there")["paths"], 1_000);
    assert_eq!(with_message(&said, "the result is written")["output"], "result");
    assert!(with_message(&said, "written to result")["level"] == "INFO");
}

#[test]
fn a_log_has_problems_in_parts() {
    let example = Example::new();
    example.swap("run.toml", "seed = 7", "seed = -7");
    example.swap("network/assets.csv", "ezETH,lrt", "ezETH,lrtt");
    let said = lines(&example, &["run", "run.toml", "--log", "json", "-o", "result"], 2);
    let [seed, kind, last] = &said[..] else { panic!("{said:#?}") };
    assert_eq!((&seed["level"], &seed["file"]), (&"ERROR".into(), &"run.toml".into()));
    assert_eq!((&seed["key"], &seed["value"]), (&"run.seed".into(), &"-7".into()));
    assert_eq!((&kind["file"], &kind["row"]), (&"assets.csv".into(), &3.into()));
    assert_eq!((&kind["value"], &kind["nearest"]), (&"lrtt".into(), &"lrt".into()));
    assert!(kind["expected"].is_string());
    assert_eq!(last["message"], "2 problems; nothing was written");
}

#[test]
fn a_log_for_people_is_there_where_it_is_asked_for() {
    let example = Example::new();
    let output = example.slashfall(&["run", "run.toml", "-v", "-o", "result"]);
    let said = stderr(&output);
    assert!(
        said.lines().any(|line| line.contains("INFO") && line.contains("paths begin")),
        "{said}"
    );
    let output = example.slashfall(&["run", "run.toml", "--overwrite", "-o", "result"]);
    assert_eq!(stderr(&output), "written to result\n");
}

/// What should be known of the figures is at the end of what is said and in the manifest, not in a log alone.
#[test]
fn warnings_are_where_figures_are() {
    let example = example();
    // Rounds are cut off, and importance sampling has no tail to aim at.
    let set = ["cascade.max_rounds=1", "sampling.method=auto", "run.levels=[0.5]"];
    let mut run = vec!["run", "example/run.toml", "-o", "result", "--paths", "2000"];
    run.extend(set.iter().flat_map(|set| ["--set", set]));
    let output = example.slashfall(&run);
    let said = stderr(&output);
    let end: Vec<&str> = said.lines().rev().take(5).collect();
    assert!(end[0].starts_with("written to result; "), "{said}");
    assert!(end[0].ends_with(" above and in its manifest"), "{said}");
    let manifest = example.json("result/manifest.json");
    let warnings: Vec<&str> =
        manifest["warnings"].as_array().unwrap().iter().map(|own| own.as_str().unwrap()).collect();
    let cut_off = warnings.iter().find(|own| own.contains("were cut off at cascade.max_rounds"));
    assert!(said.contains(cut_off.unwrap()), "{said}");
    assert!(end[0].contains(&format!("; {} warning", warnings.len())), "{said}");
    let json = example.good(&[&run[..], &["--json", "--overwrite"]].concat());
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["manifest"]["warnings"], manifest["warnings"]);
    // Importance sampling was left to the pilot, which found that it does not help.
    assert!(end.iter().any(|line| line.contains("are plain: ")), "{said}");
    assert!(manifest["sampling"]["base"].to_string().contains("plain"));
}
