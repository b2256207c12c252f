//! Holds the run files of `peers/` and what of its Python needs no package, so that they do not rot between comparisons.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use slashfall_benches::scenarios;
use slashfall_graph::load_network;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

fn check(run_file: &str, network: &str, sources: usize) {
    let text = std::fs::read_to_string(folder().join(run_file)).unwrap();
    assert!(text.contains(&format!("network = \"networks/{network}\"")), "{run_file}");
    let loaded = load_network(&folder().join("networks").join(network)).unwrap();
    let scenarios =
        scenarios(&loaded.network, &text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(scenarios.len(), 1, "{run_file}");
    assert_eq!(scenarios[0].model.sources().len(), sources, "{run_file}");
}

#[test]
fn run_files_are_right() {
    check("names-100.toml", "names-100", 100);
    check("tail-100.toml", "names-100", 100);
    check("names-1000.toml", "names-1000", 1_000);
    // Faults alone: nobody here has validators of a wrapped asset, but each operator has its own.
    check("growth.toml", "names-100", 200);
}

#[test]
fn closed_forms_and_reports_hold() {
    let python = ["python3", "python"].into_iter().find(|program| {
        let new_enough = "import sys; sys.exit(sys.version_info < (3, 11))";
        Command::new(program).args(["-c", new_enough]).status().is_ok_and(|status| status.success())
    });
    let Some(python) = python else {
        println!("left out: there is no Python 3.11");
        return;
    };
    let tests = Command::new(python)
        .args(["-m", "unittest", "discover", "-s"])
        .arg(folder())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(tests.status.success(), "{}", String::from_utf8_lossy(&tests.stderr));
    let parsed = "import ast, pathlib, sys; [ast.parse(f.read_text()) for f in pathlib.Path(sys.argv[1]).glob('*.py')]";
    let parsed = Command::new(python).args(["-c", parsed]).arg(folder()).output().unwrap();
    assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
}
