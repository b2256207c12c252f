//! What `configs/cluster` and the recipe for clusters offer does what they say, with stand-ins for
//! what starts jobs there: every result has the bytes of one run.

use std::path::Path;
use std::process::Command;

use crate::package::package;
use crate::tools::{good, program, python};

/// Runs a check of `run_cluster.py`, which prints what it has compared.
fn check(which: &str, with_package: bool, expected: &str) {
    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/run_cluster.py");
    let mut run = Command::new(python);
    run.arg(script).arg(which).arg(program());
    if with_package {
        run.env("PYTHONPATH", package(python)).env("PYTHONDONTWRITEBYTECODE", "1");
    }
    let said = good(&mut run);
    assert!(said.starts_with(expected), "{which}: {said}");
}

#[test]
fn an_array_of_slurm_gives_the_bytes_of_one_run() {
    check("slurm-array", false, "13 files of 4 parts");
}

#[test]
fn a_job_of_kubernetes_gives_the_bytes_of_one_run() {
    check("indexed-job", false, "13 files of 4 parts");
}

#[test]
fn workers_of_dask_that_slurm_starts_give_the_bytes_of_one_run() {
    check("dask-slurm", true, "13 files of 40 parts");
}

#[test]
fn workers_of_dask_as_the_chart_starts_them_give_the_bytes_of_one_run() {
    check("dask-kubernetes", true, "13 files of 4 parts");
}

#[test]
fn costs_follow_from_what_was_measured() {
    check("page", false, "3 rows, 5 files");
}
