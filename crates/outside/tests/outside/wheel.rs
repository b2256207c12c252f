//! The Python package does what its tests say: the wheel is built, installed beside nothing else that
//! could stand in for it, and held to the command line.

use std::path::Path;

use crate::package::package;
use crate::tools::{networks, pytest, python, root};

/// Runs tests of the package.
fn passes(python: &Path, tests: &[&str]) {
    pytest(python, &root().join("crates/python"), tests, Some(package(python)));
}

#[test]
fn the_wheel_is_what_its_tests_say() {
    let Some(python) = python() else { return };
    passes(python, &[]);
}

/// Apart from the others, as it needs networks, which only root makes.
#[test]
fn a_worker_that_a_network_cuts_off_comes_back() {
    let (Some(python), Some(_)) = (python(), networks()) else { return };
    passes(python, &["tests/cut_off.py"]);
}
