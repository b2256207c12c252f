//! What targets begin from: what the repository has, and a network with every mechanism.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use slashfall_graph::{Network, write_network};
use tempfile::TempDir;

use crate::folder::read;

#[path = "../../sampling/tests/support/everything.rs"]
pub(crate) mod everything;

/// A folder or file of the repository.
pub(crate) fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// A network on which every kind of source and every mechanism has something to do.
pub(crate) static EVERYTHING: LazyLock<Network> =
    LazyLock::new(|| everything::sketch().network().expect("the sketch is a network"));

/// The files of the same network, by name.
static EVERYTHING_TABLES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let dir = TempDir::new().expect("a folder for a network");
    let network = dir.path().join("network");
    write_network(&everything::sketch().0, &network).expect("a network can be written");
    read(&network)
});

/// The files of the same network, by name.
pub(crate) fn everything_tables() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    EVERYTHING_TABLES.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
}

/// TOML files of a folder of the repository, by name.
pub(crate) fn toml_files(dir: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = read(&repository(dir));
    files.retain(|(name, _)| name.ends_with(".toml"));
    files
}
