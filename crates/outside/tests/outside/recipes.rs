//! What the docs tell a reader to type does what they say: every command of the quickstart, the
//! recipes and the concepts is run in a fresh folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::tools::{good, program, python, root};

/// How many blocks of a page were run; 0 too where there is no Python.
fn run_page(page: &Path) -> usize {
    let Some(python) = python() else { return 0 };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/run_page.py");
    let said = good(Command::new(python).arg(script).arg(program()).arg(page));
    let count = said.trim().strip_suffix(" blocks").map(str::parse);
    count.unwrap_or_else(|| panic!("{}: {said}", page.display())).unwrap()
}

fn expect_blocks(page: &str, least: usize) {
    let count = run_page(&root().join("docs").join(page));
    assert!(python().is_none() || count >= least, "{page} has {count} blocks that are run");
}

#[test]
fn the_quickstart_works() {
    expect_blocks("quickstart.md", 4);
}

#[test]
fn the_recipe_of_analysts_works() {
    expect_blocks("recipes/analyst.md", 7);
}

#[test]
fn the_recipe_of_treasuries_works() {
    expect_blocks("recipes/treasury.md", 3);
}

#[test]
fn the_recipe_of_quants_works() {
    expect_blocks("recipes/quant.md", 8);
}

#[test]
fn the_recipe_of_clusters_works() {
    expect_blocks("recipes/cluster.md", 2);
}

#[test]
fn commands_of_concepts_work() {
    let pages = fs::read_dir(root().join("docs/concepts")).unwrap();
    let pages = pages.map(|entry| entry.unwrap().path());
    let count: usize = pages.map(|page| run_page(&page)).sum();
    assert!(python().is_none() || count > 0, "no page of concepts has a command");
}
