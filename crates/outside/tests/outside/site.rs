//! The site of `docs/` builds without a warning, with its notebooks run; no link of it leads
//! nowhere, and no page loads anything from another host. It is left in `target/site`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::package::package;
use crate::tools::{chromium, good, python, root};

/// Builds the site, from nothing.
fn built_site(python: &Path) -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (pages, read) = (temporary.with_file_name("site"), temporary.join("site"));
    for old in [&pages, &read] {
        if old.exists() {
            fs::remove_dir_all(old).unwrap();
        }
    }
    let sphinx = ["-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-b", "html"];
    let mut build = Command::new(python);
    build.args(sphinx).arg("-d").arg(read).env("PYTHONPATH", package(python));
    good(build.arg(root().join("docs")).arg(&pages));
    pages
}

#[test]
fn the_site_builds_and_its_links_lead_somewhere() {
    let Some(python) = python() else { return };
    let pages = built_site(python);
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let said = good(Command::new(python).arg(scripts.join("site_check.py")).arg(&pages));
    assert!(said.contains(" pages, "), "{said}");
    let Some(chromium) = chromium() else { return };
    let mut open = Command::new(python);
    open.arg(scripts.join("open_site.py")).arg(chromium).arg(&pages);
    let said = good(&mut open);
    assert!(said.contains(" pages, nothing from elsewhere"), "{said}");
}
