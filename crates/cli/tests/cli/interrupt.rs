//! Ctrl-C ends a run soon, with a status of its own and the command that goes on with it, and costs no result.

use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::example::{Example, problems_of, stderr, stdout};
use crate::run::example;

const PATIENCE: Duration = Duration::from_secs(20);

/// A run of far too many paths, but for its output.
const RUN: [&str; 6] = ["run", "example/run.toml", "--paths", "40000000", "--threads", "1"];

/// Starts the program in the folder of an example.
pub(crate) fn started(example: &Example, args: &[&str]) -> Child {
    Command::new(crate::example::PROGRAM)
        .current_dir(example.path(""))
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts that run, waits until it has begun to write, and sends it a signal.
fn interrupted(example: &Example, args: &[&str], signal: &str) -> Output {
    let run = started(example, &[&RUN[..], &["-o", "result"], args].concat());
    let start = Instant::now();
    while !example.path("result.unfinished/result").is_dir() {
        assert!(start.elapsed() < PATIENCE, "the run does not begin");
        sleep(Duration::from_millis(10));
    }
    sleep(Duration::from_millis(200));
    send(&run, signal);
    wait(run)
}

/// Sends a signal to a program that may have ended meanwhile.
pub(crate) fn send(run: &Child, signal: &str) {
    Command::new("kill").args([signal, &run.id().to_string()]).output().unwrap();
}

/// Waits for the end, but not for ever.
pub(crate) fn wait(mut run: Child) -> Output {
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
fn an_interrupted_run_says_how_it_goes_on() {
    for (detail, signal) in [("run.detail=standard", "-INT"), ("run.detail=paths", "-TERM")] {
        let example = example();
        let before = example.tree();
        let output = interrupted(&example, &["--set", detail], signal);
        assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
        let said = stderr(&output);
        let [.., what, command] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
        assert!(what.starts_with("interrupted after "), "{said}");
        assert!(what.contains("are kept in result.unfinished"), "{said}");
        let words = format!(" {} -o result --set '{detail}' --resume", RUN.join(" "));
        assert!(command.ends_with(&words), "{said}");
        let mut after = example.tree();
        after.retain(|path, _| !path.starts_with("result.unfinished"));
        assert!(after == before, "left beside: {:?}", after.keys());
    }
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_costs_no_result() {
    let example = example();
    example.good(&["run", "example/run.toml", "--paths", "300", "-o", "result", "--quiet"]);
    let before = example.tree();
    let output = interrupted(&example, &["--overwrite", "--quiet"], "-INT");
    assert_eq!((output.status.code(), stderr(&output)), (Some(4), String::new()));
    let mut after = example.tree();
    after.retain(|path, _| !path.starts_with("result.unfinished"));
    assert!(after == before);
    // What was kept is thrown away only if that is said.
    let run = ["run", "example/run.toml", "--paths", "300", "-o", "result", "-q", "--overwrite"];
    example.good(&run);
    assert!(!example.path("result.unfinished").exists());
}

/// Who did not ask to go on, or to begin anew, is asked what to do.
#[test]
#[cfg(unix)]
fn what_is_kept_is_not_thrown_away_unasked() {
    let example = example();
    interrupted(&example, &[], "-INT");
    let run = ["run", "example/run.toml", "-q", "--paths", "300", "-o", "result"];
    let problems = problems_of(&example, &run);
    assert!(problems[0].starts_with("error: result.unfinished: "), "{problems:?}");
    for word in ["paths of one that was interrupted", "--resume", "--overwrite"] {
        assert!(problems[0].contains(word), "{word}: {problems:?}");
    }
}

/// Of two runs into one folder the second is told so at once; it has no say in the first.
#[test]
#[cfg(unix)]
fn a_folder_is_written_by_one_run_at_a_time() {
    let example = example();
    let first = started(&example, &[&RUN[..], &["-o", "result"]].concat());
    let start = Instant::now();
    while !example.path("result.unfinished/result").is_dir() {
        assert!(start.elapsed() < PATIENCE, "the run does not begin");
        sleep(Duration::from_millis(10));
    }
    for more in [&[][..], &["--resume"], &["--overwrite"]] {
        let second = ["run", "example/run.toml", "--paths", "300", "-o", "result"];
        let output = example.slashfall(&[&second[..], more].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("result.unfinished: a folder that no other run writes"), "{said}");
    }
    send(&first, "-INT");
    assert_eq!(wait(first).status.code(), Some(4));
    assert!(example.path("result.unfinished/checkpoint.json").is_file());
}
