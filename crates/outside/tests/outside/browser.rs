//! The page of a result in a browser: `python/report_page.py` looks at what `slashfall report` writes.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::tools::{chromium, good, program, python, root};

/// Pictures of the pages stay in `target/report-pages`, to be looked at.
#[test]
fn pages_are_drawn_and_load_nothing() {
    let (Some(python), Some(chromium)) = (python(), chromium()) else { return };
    let folder = TempDir::new().unwrap();
    let here = |name: &str| folder.path().join(name).display().to_string();
    let slashfall = |args: &[&str]| good(Command::new(program()).args(args).current_dir(root()));
    let run = |config: &str, paths: &str, result: &str| {
        slashfall(&["run", config, "--paths", paths, "--quiet", "--output", result]);
    };
    run("configs/quickstart.toml", "30000", &here("quickstart"));
    run("configs/baseline.toml", "8192", &here("baseline"));
    let policy = "configs/policies/example-dao.toml";
    slashfall(&["caps", &here("quickstart"), "--policy", policy, "-q", "-o", &here("caps")]);
    let (quickstart, baseline) = (here("quickstart"), here("baseline"));
    let (first, second) = (here("quickstart.html"), here("baseline.html"));
    slashfall(&["report", &quickstart, "--caps", &here("caps"), "-q", "-o", &first]);
    slashfall(&["report", &baseline, "--vs", &quickstart, "--scope", "eETH", "-q", "-o", &second]);
    let pictures = root().join("target/report-pages");
    fs::create_dir_all(&pictures).unwrap();
    let script = root().join("crates/outside/python/report_page.py");
    good(Command::new(python).arg(script).arg(chromium).arg(pictures).args([&first, &second]));
}
