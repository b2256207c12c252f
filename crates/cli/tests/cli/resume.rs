//! A run that was interrupted, however and how often, comes to the files of one that was not; with what is not
//! of the same run it does not go on.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::example::{Example, problems_of, stderr};
use crate::interrupt::{send, started, wait};
use crate::run::result;

/// Sittings that are interrupted; what is left then is run to the end.
const SITTINGS: u64 = 6;

/// Runs to the end, and again with a signal in each sitting, some time after it has got further than the one before.
#[track_caller]
fn interruptions_change_nothing(run: &[&str], signal: &str) {
    interruptions_change_nothing_of(&Example::new(), run, signal);
}

#[track_caller]
fn interruptions_change_nothing_of(example: &Example, run: &[&str], signal: &str) {
    let run = [&["run", "run.toml", "-q"], run].concat();
    example.good(&[&run[..], &["-o", "whole"]].concat());
    let often = [&run[..], &["-o", "often", "--checkpoint", "0.01", "--resume"]].concat();
    let kept = || fs::read(example.path("often.unfinished/checkpoint.json")).ok();
    for sitting in 0..SITTINGS {
        let before = kept();
        let mut running = started(example, &often);
        while kept() == before && running.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(2));
        }
        sleep(Duration::from_millis(31 * sitting % 80));
        send(&running, signal);
        let output = wait(running);
        let is_interrupted = matches!(output.status.code(), Some(4) | None);
        assert!(is_interrupted, "sitting {sitting}: {:?} {}", output.status, stderr(&output));
        assert!(!example.path("often").exists(), "a result before its time");
    }
    example.good(&often);
    assert!(!example.path("often.unfinished").exists());
    let (whole, often) = (result(example, "whole"), result(example, "often"));
    assert_eq!(whole.0.keys().collect::<Vec<_>>(), often.0.keys().collect::<Vec<_>>());
    for (name, bytes) in &whole.0 {
        assert!(often.0[name] == *bytes, "{} is another file", name.display());
    }
    assert_eq!(whole.1, often.1);
}

#[test]
fn of_plain_paths_of_several_scenarios() {
    interruptions_change_nothing(&["--paths", "150000"], "-INT");
}

#[test]
fn of_plain_paths_killed() {
    interruptions_change_nothing(&["--paths", "150000"], "-KILL");
}

#[test]
fn of_every_path_written() {
    interruptions_change_nothing(&["--paths", "200000", "--set", "run.detail=paths"], "-TERM");
}

#[test]
fn of_every_path_written_killed() {
    interruptions_change_nothing(&["--paths", "200000", "--set", "run.detail=paths"], "-KILL");
}

#[test]
fn of_weighted_paths() {
    let method = ["--set", "sampling.method=importance", "--set", "run.levels=[0.9, 0.999]"];
    let scope = ["--set", "sampling.scope=system_ex_price", "--paths", "150000"];
    interruptions_change_nothing(&[method, scope].concat(), "-INT");
}

#[test]
fn of_sobol_points() {
    interruptions_change_nothing(&["--set", "sampling.method=sobol", "--paths", "131072"], "-INT");
}

#[test]
fn of_a_run_that_stops_by_itself() {
    let example = Example::new();
    let rule = "until = { metric = \"es\", scope = \"system\", level = 0.9, relative_error = 0.004, max_paths = 5_000_000 }";
    example.swap("run.toml", "paths = 1_000", rule);
    interruptions_change_nothing_of(&example, &["--set", "run.detail=summary"], "-INT");
}

/// An unfinished run of the example, of which 100,000 paths of `base` are kept.
fn unfinished() -> Example {
    let example = Example::new();
    let args = ["run", "run.toml", "--paths", "30000000", "-o", "result", "--checkpoint", "0.01"];
    let running = started(&example, &args);
    while !example.path("result.unfinished/checkpoint.json").is_file() {
        sleep(Duration::from_millis(10));
    }
    send(&running, "-INT");
    assert_eq!(wait(running).status.code(), Some(4));
    example
}

/// What is said of going on.
fn resumed(example: &Example, more: &[&str]) -> String {
    let run = ["run", "run.toml", "-q", "--paths", "30000000", "-o", "result", "--resume"];
    problems_of(example, &[&run[..], more].concat()).join("\n")
}

#[test]
fn what_is_of_another_run_is_refused_with_the_reason() {
    let example = unfinished();
    let file = "result.unfinished/checkpoint.json";
    let says = |said: &str, words: &[&str]| {
        assert!(said.starts_with(&format!("error: {file}, key ")), "{said}");
        let lacks: Vec<_> = words.iter().filter(|word| !said.contains(**word)).collect();
        assert!(lacks.is_empty() && said.contains("--overwrite begins anew"), "{lacks:?}: {said}");
    };
    says(&resumed(&example, &["--seed", "8"]), &["`run.seed`", "found \"7\"", "8 was expected"]);
    let horizon = ["--set", "run.horizon_days=7"];
    says(&resumed(&example, &horizon), &["`run.horizon_days`", "found \"30\"", "7 was expected"]);
    let assets = example.read("network/assets.csv");
    example.write("network/assets.csv", (assets.clone() + "\n").as_bytes());
    says(&resumed(&example, &[]), &["`inputs_sha256`", "assets.csv is another file"]);
    example.write("network/assets.csv", assets.as_bytes());
    let kept = example.read(file);
    let version = env!("CARGO_PKG_VERSION");
    example.swap(file, &format!("\"slashfall {version}\""), "\"slashfall 0.0.9\"");
    says(&resumed(&example, &[]), &["`program`", "slashfall 0.0.9", version]);
    example.write(file, kept.as_bytes());
    example.swap(file, "\"checkpoint_version\": 1", "\"checkpoint_version\": 0");
    says(&resumed(&example, &[]), &["`checkpoint_version`", "it was written by slashfall"]);
    example.write(file, &kept.as_bytes()[..kept.len() / 2]);
    assert!(resumed(&example, &[]).contains("checkpoint.json: it is not whole"));
}

#[test]
fn what_is_kept_and_has_changed_is_refused() {
    let example = unfinished();
    let is_state = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "state");
    let state = example.tree().into_keys().find(is_state).unwrap();
    let path = example.path(state.to_str().unwrap());
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let run = ["run", "run.toml", "--paths", "30000000", "-o", "result", "--resume"];
    let output = example.slashfall(&run);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("it has changed since the run was interrupted"));
    fs::remove_file(&path).unwrap();
    let output = example.slashfall(&run);
    assert!(stderr(&output).contains("it is not there"), "{}", stderr(&output));
    // All of it is left alone.
    assert!(example.path("result.unfinished/checkpoint.json").is_file());
}

#[test]
fn there_may_be_nothing_to_go_on_with() {
    let example = Example::new();
    example.good(&["run", "run.toml", "-q", "-o", "whole"]);
    example.good(&["run", "run.toml", "-q", "-o", "resumed", "--resume"]);
    assert!(result(&example, "whole").0 == result(&example, "resumed").0);
}
