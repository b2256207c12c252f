//! The Python package does what its tests say: the wheel is built, installed beside nothing else that
//! could stand in for it, and held to the command line.

use std::path::Path;
use std::process::Command;

use crate::package::package;
use crate::tools::{good, networks, program, python, root};

/// Runs tests of the package, none of which may be skipped.
fn pytest(python: &Path, tests: &[&str]) {
    let said = good(
        Command::new(python)
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .args(tests)
            .current_dir(root().join("crates/python"))
            .env("SLASHFALL_PROGRAM", program())
            .env("PYTHONPATH", package(python))
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    );
    let last = said.lines().last().unwrap_or_default();
    assert!(last.contains(" passed") && !last.contains("skipped"), "{said}");
}

#[test]
fn the_wheel_is_what_its_tests_say() {
    let Some(python) = python() else { return };
    pytest(python, &[]);
}

/// Apart from the others, as it needs networks, which only root makes.
#[test]
fn a_worker_that_a_network_cuts_off_comes_back() {
    let (Some(python), Some(_)) = (python(), networks()) else { return };
    pytest(python, &["tests/cut_off.py"]);
}
