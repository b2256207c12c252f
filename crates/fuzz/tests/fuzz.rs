//! Every target without a fuzzer: its seeds, what has ever been found, and some thousand mutations that are the same
//! on every machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use slashfall_fuzz::{MOST_BYTES, TARGETS, Target, most_allocated, mutated};

/// Mutations of each target.
const MUTATIONS: [(&str, u64); 6] = [
    ("network_csv", 2_000),
    ("network_parquet", 2_000),
    ("run_file", 2_000),
    ("policy_file", 4_000),
    ("result_reader", 400),
    ("resolve_run", 400),
];
/// How long an input of a few kB may take on a machine that has others to do.
const MOST_TIME: Duration = Duration::from_secs(20);

/// Takes an input, and leaves it where it can be found should it end the process.
fn take(target: &Target, name: &str, bytes: &[u8]) {
    let last = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("last-{}", target.name));
    fs::write(&last, bytes).unwrap_or_else(|error| panic!("{}: {error}", last.display()));
    let start = Instant::now();
    let taken = std::panic::catch_unwind(|| (target.take)(bytes));
    assert!(taken.is_ok(), "{} of {}, which is in {}", name, target.name, last.display());
    let time = start.elapsed();
    assert!(time < MOST_TIME, "{name} of {}: {time:?}", target.name);
}

fn regressions(target: &Target) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(target.name);
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn run(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("there is no target {name}"));
    let seeds = (target.seeds)();
    for (name, bytes) in &seeds {
        take(target, name, bytes);
    }
    for path in regressions(target) {
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        take(target, &path.display().to_string(), &bytes);
    }
    let seeds: Vec<Vec<u8>> = seeds.into_iter().map(|(_, bytes)| bytes).collect();
    let n = MUTATIONS.iter().find(|(own, _)| *own == name).map_or(0, |(_, n)| *n);
    for number in 0..n {
        take(target, &format!("mutation {number}"), &mutated(&seeds, number));
    }
    assert!(most_allocated() <= MOST_BYTES);
}

#[test]
fn network_csv() {
    run("network_csv");
}

#[test]
fn network_parquet() {
    run("network_parquet");
}

#[test]
fn run_file() {
    run("run_file");
}

#[test]
fn policy_file() {
    run("policy_file");
}

#[test]
fn result_reader() {
    run("result_reader");
}

#[test]
fn resolve_run() {
    run("resolve_run");
}
