//! The Python package does what its tests say: the wheel is built, installed beside nothing else that
//! could stand in for it, and held to the command line.

use std::process::Command;

use crate::package::package;
use crate::tools::{good, program, python, root};

#[test]
fn the_wheel_is_what_its_tests_say() {
    let Some(python) = python() else { return };
    let said = good(
        Command::new(python)
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .current_dir(root().join("crates/python"))
            .env("SLASHFALL_PROGRAM", program())
            .env("PYTHONPATH", package(python))
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    );
    let last = said.lines().last().unwrap_or_default();
    assert!(last.contains(" passed") && !last.contains("skipped"), "{said}");
}
