//! Whatever happens to a run (kills, full disks, closed folders, files that change, clocks that jump), what bears
//! the name of a result is whole and right. A few times each; `SLASHFALL_SOAK=200` does each harm that often.

use std::path::Path;

use crate::tools::{fake_clock, mounts, pytest_with, python};

/// Runs a file of tests.
fn passes(file: &str, environment: &[(&str, &Path)]) {
    let Some(python) = python() else { return };
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/faults");
    pytest_with(python, &tests, &[file], environment);
}

#[test]
fn kills_cost_no_result() {
    passes("test_kills.py", &[]);
}

#[test]
fn folders_that_are_closed_changed_or_shared_cost_no_result() {
    passes("test_folders.py", &[]);
}

#[test]
fn full_and_read_only_disks_cost_no_result() {
    if mounts().is_some() {
        passes("test_disks.py", &[]);
    }
}

#[test]
fn a_clock_that_jumps_costs_no_result() {
    if let Some(library) = fake_clock() {
        passes("test_clock.py", &[("SLASHFALL_FAKETIME", library)]);
    }
}
