//! Results in a store are those of folders, whatever the network does: the program works against a server
//! that speaks S3, behind a proxy that lets requests fail.

use std::path::Path;
use std::process::Command;

use crate::tools::{good, pytest, python, root};

/// Runs a file of tests on a store of its own.
fn passes(file: &str) {
    let Some(python) = python() else { return };
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/store");
    pytest(python, &tests, &[file], None);
}

/// What is there of an upload at any time, in a store in memory: tests of the crate, with the feature.
#[test]
fn uploads_are_whole_or_not_there() {
    let test =
        ["test", "--quiet", "--locked", "-p", "slashfall-store", "--features", "object-storage"];
    let said = good(Command::new(env!("CARGO")).args(test).current_dir(root()));
    let passed = |line: &str| line.contains("test result: ok.") && !line.contains(" 0 passed");
    assert!(said.lines().any(passed), "{said}");
}

#[test]
fn results_in_a_store_are_those_of_folders() {
    passes("test_results.py");
}

#[test]
fn failures_leave_nothing_that_looks_whole() {
    passes("test_failures.py");
}
