//! What strangers may hand over, taken by the code that takes what people hand over: one module a
//! target, each with what must hold of any bytes.
//!
//! A target is a function from bytes to nothing that panics where the code under test does, or where
//! what it says is not what it should be. Whatever mutates bytes may call it: libFuzzer by the
//! programs in `fuzz_targets`, the tests of this crate without any fuzzer. Every allocation is
//! counted, and the one beyond [`MOST_BYTES`] ends the process.

mod folder;
pub mod hostile;
mod mutate;
mod problems;
mod seeds;

pub mod network_csv;
pub mod network_parquet;
pub mod policy_file;
pub mod resolve_run;
pub mod result_reader;
pub mod run_file;

use std::alloc::System;
use std::fs;
use std::io::Write;
use std::path::Path;

use cap::Cap;

pub use mutate::mutated;

/// Memory that an input of under 10 MB may take, whatever it says of itself.
pub const MOST_BYTES: usize = 2 << 30;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, MOST_BYTES);

/// Something to take bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Takes an input; panics where the code under test is wrong.
    pub take: fn(&[u8]),
    /// Good inputs and others of the repository, by name.
    pub seeds: fn() -> Vec<(String, Vec<u8>)>,
}

/// All of them.
pub const TARGETS: [Target; 6] = [
    Target { name: "network_csv", take: network_csv::take, seeds: network_csv::seeds },
    Target { name: "network_parquet", take: network_parquet::take, seeds: network_parquet::seeds },
    Target { name: "run_file", take: run_file::take, seeds: run_file::seeds },
    Target { name: "policy_file", take: policy_file::take, seeds: policy_file::seeds },
    Target { name: "result_reader", take: result_reader::take, seeds: result_reader::seeds },
    Target { name: "resolve_run", take: resolve_run::take, seeds: resolve_run::seeds },
];

/// The most memory that was allocated at any time so far, in bytes.
#[must_use]
pub fn most_allocated() -> usize {
    ALLOCATOR.max_allocated()
}

/// What `make` gives, which may take any memory.
///
/// # Panics
/// When it leaves more behind than an input may take.
pub fn unbounded<T>(make: impl FnOnce() -> T) -> T {
    ALLOCATOR.set_limit(usize::MAX).expect("no limit is above all");
    let made = make();
    ALLOCATOR.set_limit(MOST_BYTES).expect("what is left is little");
    made
}

/// Called by a program of `fuzz_targets` before the first input: writes the seeds of its target into the folder that
/// `SLASHFALL_FUZZ_SEEDS` names, and has panics unwind, since some of a library's are caught.
///
/// # Panics
/// When the folder cannot be written.
#[expect(
    clippy::disallowed_methods,
    reason = "a fuzzer has no other stream, and nobody's terminal"
)]
pub fn begin(name: &str) {
    std::panic::set_hook(Box::new(|panic| drop(writeln!(std::io::stderr(), "{panic}"))));
    let Some(folder) = std::env::var_os("SLASHFALL_FUZZ_SEEDS") else { return };
    let target = TARGETS.iter().find(|target| target.name == name);
    for (name, bytes) in target.map(|target| (target.seeds)()).unwrap_or_default() {
        let path = Path::new(&folder).join(name);
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
