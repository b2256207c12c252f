//! A run, asked for by Python.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use slashfall_jobs::{Keeping, Outcome, RunOptions, Watch, run as work};

use crate::config::{Assignment, Given};
use crate::listen::{Listening, listened};

/// Runs what a run file or a mapping says; writes the result to `output` and returns what should be
/// known before it is believed, a line each.
#[pyfunction]
#[pyo3(signature = (
    config, output, *, set, paths, seed, threads, overwrite, resume, checkpoint, allow_outside,
    command, progress
))]
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
    resume: bool,
    checkpoint: Duration,
    allow_outside: bool,
    command: Vec<String>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<String>> {
    let options = RunOptions {
        config: config.config(allow_outside),
        overrides: Assignment::overrides(set, paths, seed),
        output: Some(output),
        overwrite,
        command,
        keeping: Keeping { resume, every: checkpoint },
    };
    listened(py, Listening { threads, progress }, move |watch| {
        let input = options.load()?;
        let mut scenarios = input.resolve()?;
        Ok(told(work(&input, &mut scenarios, &options, watch)?, watch))
    })
    .map(|((), notes)| notes)
}

/// Notes what should be known of a result; none where there is none.
pub(crate) fn told(outcome: Outcome, watch: &mut dyn Watch) -> Option<()> {
    let Outcome::Written(ran) = outcome else { return None };
    ran.findings.doubts.iter().for_each(|doubt| watch.note(doubt));
    Some(())
}
