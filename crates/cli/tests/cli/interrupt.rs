//! Ctrl-C ends a run soon, with a status of its own, and leaves nothing behind.

use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::example::{Example, stderr, stdout};
use crate::run::example;

const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a run of far too many paths, waits until it has begun to write, and interrupts it.
fn interrupted(example: &Example, args: &[&str]) -> Output {
    let run = Command::new(crate::example::PROGRAM)
        .current_dir(example.path(""))
        .args(["run", "example/run.toml", "--paths", "40000000", "-o", "result", "--threads", "1"])
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let partial = format!(".result.partial-{}", run.id());
    let start = Instant::now();
    while !example.path(&partial).is_dir() {
        assert!(start.elapsed() < PATIENCE, "the run does not begin");
        sleep(Duration::from_millis(10));
    }
    sleep(Duration::from_millis(200));
    let sent = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(sent.success());
    wait(run)
}

/// Waits for the end, but not for ever.
fn wait(mut run: Child) -> Output {
    let start = Instant::now();
    while run.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            run.kill().unwrap();
            panic!("the run does not stop");
        }
        sleep(Duration::from_millis(10));
    }
    run.wait_with_output().unwrap()
}

#[test]
#[cfg(unix)]
fn nothing_is_left_of_an_interrupted_run() {
    for detail in ["run.detail=standard", "run.detail=paths"] {
        let example = example();
        let before = example.tree();
        let output = interrupted(&example, &["--set", detail]);
        assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
        let said = stderr(&output);
        let last = said.lines().last().unwrap();
        assert!(last.starts_with("interrupted after "), "{said}");
        assert!(last.ends_with("nothing was written"), "{said}");
        assert!(example.tree() == before, "left behind: {:?}", example.tree().keys());
    }
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_costs_no_result() {
    let example = example();
    example.good(&["run", "example/run.toml", "--paths", "300", "-o", "result", "--quiet"]);
    let before = example.tree();
    let output = interrupted(&example, &["--overwrite", "--quiet"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(4), String::new()));
    assert!(example.tree() == before);
}
