//! A network folder of CSV tables and `network.toml`, all in one input.

use std::fs;
use std::path::{Path, PathBuf};

use slashfall_graph::facts::facts;
use slashfall_graph::{NetworkSpec, load_network, read_network, write_network};
use tempfile::TempDir;

use crate::folder::{files_of, hold, joined, read};
use crate::problems::refused;
use crate::seeds::repository;

thread_local! {
    /// Where inputs are read from; gone with the thread.
    static SCRATCH: TempDir = TempDir::new().expect("a folder for inputs");
}

/// Takes a folder: its files follow lines `== NAME`.
pub fn take(bytes: &[u8]) {
    SCRATCH.with(|scratch| {
        let dir = scratch.path().join("network");
        hold(&dir, &files_of(bytes));
        taken(&dir, &scratch.path().join("again"));
    });
}

/// Holds a folder to be refused with problems, or to be a network that is the same written and read again.
///
/// # Panics
/// When neither is so.
pub(crate) fn taken(dir: &Path, again: &Path) {
    let resolved = match load_network(dir) {
        Ok(resolved) => resolved,
        Err(problems) => return refused(&problems),
    };
    let found = facts(&resolved.network, 0.5);
    assert!(found.totals.restaked.eth.is_finite(), "what is restaked in all is no number");
    let spec = read_network(dir).expect("what was read is read again");
    let _ = fs::remove_dir_all(again);
    write_network(&spec, again).expect("a network can be written");
    match read_network(again) {
        Ok(back) => assert_eq!(rows(&spec), rows(&back), "a network is another one once written"),
        Err(problems) => panic!("a network that was taken is not once written: {problems}"),
    }
}

/// A network without the places that it was read from.
fn rows(spec: &NetworkSpec) -> NetworkSpec {
    macro_rules! bare {
        ($($table:ident),*) => {
            NetworkSpec {
                meta: spec.meta.clone(),
                $($table: slashfall_graph::spec::Table::new("", spec.$table.rows.clone()),)*
            }
        };
    }
    bare!(assets, operators, avs, holdings, allocations, groups, pools, loans, reserves, portfolios)
}

/// Every network of the repository that is small enough to be mutated.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut dirs: Vec<PathBuf> = vec![repository("crates/cli/tests/results/network")];
    let named = ["tiny", "ezeth-2024", "loops-2025", "steth-2022", "wbeth-2025"];
    dirs.extend(named.map(|name| repository("data/networks").join(name)));
    let seed = |dir: &PathBuf| {
        let files = read(dir);
        let tables = files.iter().filter(|(name, _)| !name.ends_with(".md"));
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, joined(tables.map(|(name, bytes)| (name.as_str(), bytes.as_slice()))))
    };
    let mut seeds: Vec<(String, Vec<u8>)> = dirs.iter().map(seed).collect();
    seeds.push(("everything".to_owned(), joined(crate::seeds::everything_tables())));
    seeds
}
