//! A run, asked for by Python.

use std::path::PathBuf;

use pyo3::prelude::*;
use slashfall_jobs::{Outcome, RunOptions, run as work};

use crate::config::{Assignment, Given};
use crate::listen::{Listening, listened};

/// Runs what a run file or a mapping says; writes the result to `output` and returns what should be
/// known before it is believed, a line each.
#[pyfunction]
#[pyo3(signature = (config, output, *, set, paths, seed, threads, overwrite, command, progress))]
#[expect(clippy::too_many_arguments, reason = "they are the keywords of the call")]
pub(crate) fn run(
    py: Python<'_>,
    config: Given,
    output: PathBuf,
    set: Vec<Assignment>,
    paths: Option<u64>,
    seed: Option<u64>,
    threads: Option<usize>,
    overwrite: bool,
    command: Vec<String>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<String>> {
    let options = RunOptions {
        config: config.into(),
        overrides: Assignment::overrides(set, paths, seed),
        output: Some(output),
        overwrite,
        command,
    };
    listened(py, Listening { threads, progress }, move |watch| {
        let input = options.load()?;
        let mut scenarios = input.resolve()?;
        match work(&input, &mut scenarios, &options, watch)? {
            Outcome::Written(ran) => {
                ran.findings.doubts.iter().for_each(|doubt| watch.note(doubt));
                Ok(Some(()))
            }
            Outcome::Stopped { .. } => Ok(None),
        }
    })
    .map(|((), notes)| notes)
}
