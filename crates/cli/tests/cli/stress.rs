//! A stress is what its events take, on paper as in the ledger.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::example::{Example, problems_of, stderr, stdout};
use crate::table::Table;

/// Half of the half of ezETH's 200 ETH that `da` may slash at A, 50 ETH; then half of what is left
/// of its 590 ETH, 270.
const EVENTS: &str = r#"
[[event]]
kind = "exploit"
target = { asset = "ezETH" }
day = 2.5
severity = 0.5
[[event]]
kind = "avs_fault"
target = { avs = "da", operator = "A" }
day = 1
severity = 0.5
[[event]]
scenario = "slack"
kind = "depeg"
target = { asset = "stETH" }
day = 3
severity = 0.125
"#;

/// The good run file with these events.
fn example() -> Example {
    let example = Example::new();
    example.swap("run.toml", "[noise.default]", &format!("{EVENTS}\n[noise.default]"));
    example
}

fn close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found}, not {expected}");
}

#[test]
fn a_stress_worked_by_hand() {
    let example = example();
    let page: Value =
        serde_json::from_str(&example.good(&["stress", "run.toml", "--json"])).unwrap();
    let names: Vec<&str> = page["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["scenario"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["base", "worse", "slack"]);
    let base = &page["scenarios"][0];
    let figure = |name: &str| &base["figures"][name];
    close(figure("total"), 320.0);
    close(figure("direct"), 320.0);
    close(figure("channel.avs_slash"), 50.0);
    close(figure("channel.theft"), 270.0);
    close(figure("asset.ezETH.nav_loss"), 320.0 / 590.0);
    close(figure("portfolio.fund.loss"), 25.0 * 320.0 / 590.0);
    assert_eq!(base["events"][0]["name"], "avs_fault/da/A");
    assert_eq!(base["days"].as_array().unwrap().len(), 30);
    close(&base["days"][0]["sums"]["lost_eth"], 50.0);
    close(&base["days"][2]["sums"]["lost_eth"], 270.0);
    close(&base["days"][2]["assets"]["ezETH"]["nav"], 270.0 / 590.0);
    close(&page["scenarios"][2]["figures"]["asset.stETH.worst_discount"], 0.125);
    let story = base["story"].as_str().unwrap();
    let said = [
        "On day 1, the AVS da slashed the operator A by 50.0 %, which cost 50.0 ETH at once; on \
         day 3, 50.0 % of the backing of ezETH was stolen, which cost 270 ETH at once.",
        "One operator was slashed.",
        "By nav, ezETH lost 54.2 % (320 ETH over its whole supply).",
        "In all 320 ETH were lost; holders of ezETH bore 320 ETH.",
    ];
    for part in said {
        assert!(story.contains(part), "{part:?} is not in:\n{story}");
    }
}

#[test]
fn a_stress_prints_a_ledger_and_a_comparison() {
    let example = example();
    let before = example.tree();
    let text = example.good(&["stress", "run.toml"]);
    assert!(example.tree() == before, "a stress without --output wrote something");
    for part in [
        "small on small (2026-11-20), scenario base: 30 days, nothing drawn",
        "exploit/ezETH",
        "what happened",
        "27 further days were left out",
        "portfolio",
        "scenario, ETH",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    let one = example.good(&["stress", "run.toml", "--scenario", "slack"]);
    assert!(one.contains("scenario slack") && !one.contains("scenario base"), "{one}");
    assert!(!one.contains("scenario, ETH"), "one scenario has nothing to be compared with: {one}");
    let all = example.good(&["stress", "run.toml", "--scenario", "base", "--all-days"]);
    assert!(!all.contains("left out (--all"), "{all}");
    let quiet = example.good(&["stress", "run.toml", "--scenario", "base", "--set", "event=[]"]);
    assert!(quiet.contains("no events"), "{quiet}");
    assert!(quiet.contains("No event happens in this stress. By nav nobody lost anything."));
}

/// What a stress does not see is not told twice.
#[test]
fn a_scenario_that_changes_nothing_is_as_base() {
    let example = example();
    let text = example.good(&["stress", "run.toml"]);
    let title = |scenario: &str| {
        format!("small on small (2026-11-20), scenario {scenario}: 30 days, nothing drawn\n")
    };
    assert!(text.contains(&(title("worse") + "as base\n")), "{text}");
    assert_eq!(text.matches("as base\n").count(), 1, "{text}");
    assert_eq!(text.matches("In all 320 ETH were lost").count(), 2, "{text}");
    // Without base there is nothing to be as.
    let alone = example.good(&["stress", "run.toml", "--scenario", "worse"]);
    assert!(alone.contains("In all 320 ETH were lost"), "{alone}");
}

/// A stress cannot play an event after its horizon; a run draws its own.
#[test]
fn events_after_the_horizon_are_wrong_in_a_stress_alone() {
    let example = example();
    let short = ["--set", "run.horizon_days=2"];
    let line = example.line("run.toml", "day = 2.5");
    let late = format!(
        "run.toml, line {line}, key `event.day`: found \"2.5\", a day up to the horizon, at most 2, \
         was expected"
    );
    let problems = problems_of(&example, &[&["stress", "run.toml"], &short[..]].concat());
    assert_eq!(problems[0], format!("error: {late}"));
    assert_eq!(problems.len(), 2, "the one of the scenario too: {problems:?}");
    let output = example.slashfall(&[&["run", "run.toml", "--paths", "20"], &short[..]].concat());
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches(&format!("warning: {late}\n")).count(), 1, "{said}");
    let page = example.good(&[&["check", "run.toml"], &short[..]].concat());
    assert_eq!(page.matches("a day up to the horizon").count(), 2, "{page}");
}

/// A run has events without effect, which it alone says.
#[test]
fn only_a_run_says_that_it_draws_its_events() {
    let example = example();
    let note = "note: `event` is for `slashfall stress`; a run draws its events\n";
    for (args, n) in [
        (&["run", "run.toml", "--paths", "20"][..], 1),
        (&["check", "run.toml"], 0),
        (&["stress", "run.toml"], 0),
    ] {
        let output = example.slashfall(args);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stderr(&output).matches(note).count(), n, "{args:?}: {}", stderr(&output));
        assert!(!stdout(&output).contains("`event`"), "{}", stdout(&output));
    }
}

#[test]
fn a_stress_writes_its_tables() {
    let example = example();
    let stress = ["stress", "run.toml", "--output", "out"];
    let said = example.good(&stress);
    assert!(said.ends_with("written to out\n"), "{said}");
    let output = example.slashfall(&stress);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    example.good(&[&stress[..], &["--overwrite", "--json"]].concat());
    let manifest = example.json("out/manifest.json");
    assert_eq!(manifest["paths"], serde_json::json!({}));
    assert!(!manifest["not_applied"].as_array().unwrap().contains(&"`event`".into()));
    let days = Table::read(&example.path("out/stress_days.parquet"));
    let (scenarios, nodes) = (days.text("scenario"), days.text("node"));
    let (metrics, values) = (days.text("metric"), days.float("value"));
    let (numbers, units) = (days.count("day"), days.text("unit"));
    let of = |node: &str, metric: &str| -> Vec<(u64, f64)> {
        let own = |row: &usize| {
            scenarios[*row] == "base" && nodes[*row] == node && metrics[*row] == metric
        };
        (0..days.n_rows()).filter(own).map(|row| (numbers[row], values[row])).collect()
    };
    let lost = of("system", "lost");
    assert_eq!(lost.len(), 30);
    assert!((lost.iter().map(|(_, eth)| eth).sum::<f64>() - 320.0).abs() < 1e-9);
    assert!(matches!(of("system", "total")[..], [(30, total)] if (total - 320.0).abs() < 1e-9));
    assert_eq!(of("ezETH", "discount").len(), 30);
    assert_eq!(of("fund", "loss").len(), 1);
    assert!(days.is_finite() && units.iter().all(|unit| !unit.is_empty()));
    // No figure stands twice under one name.
    let mut keys: Vec<_> =
        (0..days.n_rows()).map(|r| (&scenarios[r], numbers[r], &nodes[r], &metrics[r])).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), days.n_rows());
    let steps = Table::read(&example.path("out/stress_steps.parquet"));
    assert_eq!(steps.text("node")[..2], ["avs_fault/da/A", "exploit/ezETH"]);
    assert_eq!(steps.maybe("loss")[0].map(f64::round), Some(50.0));
    assert_eq!(steps.maybe("wait")[0], None);
}

#[test]
fn a_stress_says_what_is_wrong() {
    let example = example();
    let problems = problems_of(&example, &["stress", "run.toml", "--scenario", "slcak"]);
    let expected = "error: --scenario: found \"slcak\", base or a scenario of the run file was \
                    expected; did you mean \"slack\"?";
    assert_eq!(problems, [expected]);
    let problems = problems_of(&example, &["stress", "run.toml", "--set", "run.sede=1"]);
    assert!(problems[0].contains("run.sede"), "{problems:?}");
    problems_of(&example, &["stress", "nowhere.toml"]);
}

/// Every case that comes with the program plays, and its books balance.
#[test]
fn every_stress_file_plays() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/stress");
    let mut n = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "toml") {
            continue;
        }
        n += 1;
        let file = path.display().to_string();
        let output = Example::empty().slashfall(&["stress", &file, "--allow-outside", "--json"]);
        assert!(output.status.success(), "{}: {}", path.display(), stderr(&output));
        let page: Value = serde_json::from_str(&stdout(&output)).unwrap();
        for scenario in page["scenarios"].as_array().unwrap() {
            let books_error = scenario["figures"]["books_error"].as_f64().unwrap();
            let name = &scenario["scenario"];
            assert!(books_error.abs() < 1e-9, "{}, {name}: {books_error}", path.display());
            assert!(scenario["story"].as_str().unwrap().ends_with('.'));
        }
    }
    assert!(n >= 11, "{n} files");
}
