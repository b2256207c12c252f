//! The notebooks of the docs run from end to end, and are stored without what they print.

use std::path::Path;
use std::process::Command;

use crate::package::package;
use crate::tools::{good, python, root};

/// Runs a notebook, which fails where one of its own assertions does.
fn run_notebook(name: &str, least_figures: usize) {
    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/run_notebook.py");
    let notebook = root().join("docs/notebooks").join(name);
    let mut run = Command::new(python);
    run.arg(script).arg(notebook).env("PYTHONPATH", package(python));
    let said = good(&mut run);
    let figures = said.trim().strip_suffix(" figures").map(str::parse::<usize>);
    let figures = figures.unwrap_or_else(|| panic!("{name}: {said}")).unwrap();
    assert!(figures >= least_figures, "{name} has {figures} figures");
}

#[test]
fn a_first_look() {
    run_notebook("01_first_look.ipynb", 2);
}

#[test]
fn a_network_of_ones_own() {
    run_notebook("02_own_network.ipynb", 1);
}

#[test]
fn how_much_to_hold() {
    run_notebook("03_caps.ipynb", 2);
}

#[test]
fn whether_to_believe_it() {
    run_notebook("04_validate.ipynb", 2);
}
