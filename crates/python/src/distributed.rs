//! A run on many machines, asked for by Python: packed for them, taken up by parts, listed, merged.

use std::path::PathBuf;

use pyo3::prelude::*;
use slashfall_jobs::{
    Keeping, MergeOptions, PathRange, RunOptions, merge as work, merge_packed, pack as pack_run,
    part_place, run_packed,
};

use crate::config::{Assignment, Given};
use crate::listen::{Listening, listened};
use crate::problems::{raised, wrong};
use crate::run::told;

/// Packs a run into a folder of `store` that all see, once it is known that its result can be at
/// `output`; returns it, the number of its paths and the folder of its network here.
#[pyfunction]
#[pyo3(signature = (config, store, *, set, paths, seed, output, overwrite, allow_outside))]
#[expect(clippy::too_many_arguments, reason = "they are the keywords of the call")]
pub(crate) fn pack(
    py: Python<'_>,
    config: Given,
    store: PathBuf,
    set: Vec<Assignment>,
    paths: Option<u64>,
    seed: Option<u64>,
    output: PathBuf,
    overwrite: bool,
    allow_outside: bool,
) -> PyResult<(String, u64, String)> {
    let options = RunOptions {
        config: config.config(allow_outside),
        overrides: Assignment::overrides(set, paths, seed),
        output: Some(output),
        overwrite,
        command: Vec::new(),
        keeping: Keeping::default(),
    };
    let pack = move || -> anyhow::Result<_> {
        let packed = pack_run(&options, &store)?;
        Ok((packed.place.to_string(), packed.n_paths, packed.network.display().to_string()))
    };
    py.detach(pack).map_err(|error| raised(py, &error))
}

/// First path, and the one after the last, of the parts that are there of a packed run.
#[pyfunction]
pub(crate) fn parts_of(py: Python<'_>, run: PathBuf) -> PyResult<Vec<(u64, u64)>> {
    let list = move || slashfall_jobs::parts_of(&run);
    let parts = py.detach(list).map_err(|error| raised(py, &error))?;
    Ok(parts.into_iter().map(|paths| (paths.from, paths.to)).collect())
}

/// Computes a part of a packed run if it is not there; returns whether it did.
#[pyfunction]
pub(crate) fn run_part(
    py: Python<'_>,
    run: PathBuf,
    paths: (u64, u64),
    threads: usize,
) -> PyResult<bool> {
    let paths = PathRange { from: paths.0, to: paths.1 };
    let listening = Listening { threads: Some(threads), progress: None };
    listened(py, listening, move |watch| run_packed(&run, paths, watch)).map(|(is_new, _)| is_new)
}

/// Merges parts of a packed run to one of all their paths if it is not there; returns whether it did.
#[pyfunction]
pub(crate) fn merge_part(
    py: Python<'_>,
    run: PathBuf,
    parts: Vec<(u64, u64)>,
    threads: usize,
) -> PyResult<bool> {
    let parts: Vec<_> = parts.into_iter().map(|(from, to)| PathRange { from, to }).collect();
    let listening = Listening { threads: Some(threads), progress: None };
    listened(py, listening, move |watch| merge_packed(&run, &parts, watch))
        .map(|(is_new, _)| is_new)
}

/// Where the parts of a packed run that have these paths are.
#[pyfunction]
pub(crate) fn part_places(
    py: Python<'_>,
    run: PathBuf,
    parts: Vec<(u64, u64)>,
) -> PyResult<Vec<String>> {
    let place = move |(from, to)| Ok(part_place(&run, PathRange { from, to })?.to_string());
    let places: Result<Vec<_>, _> = parts.into_iter().map(place).collect();
    places.map_err(|problems| wrong(py, &problems))
}

/// Merges parts to the result of one run; returns what should be known before it is believed.
#[pyfunction]
#[pyo3(signature = (parts, output, *, network, threads, overwrite, command, progress))]
#[expect(clippy::too_many_arguments, reason = "they are the keywords of the call")]
pub(crate) fn merge(
    py: Python<'_>,
    parts: Vec<PathBuf>,
    output: PathBuf,
    network: Option<PathBuf>,
    threads: Option<usize>,
    overwrite: bool,
    command: Vec<String>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<String>> {
    let options = MergeOptions { parts, network, output: Some(output), overwrite, command };
    listened(py, Listening { threads, progress }, move |watch| {
        let merging = options.load()?;
        let mut scenarios = merging.input.resolve()?;
        Ok(told(work(&merging, &mut scenarios, &options, watch)?, watch))
    })
    .map(|((), notes)| notes)
}
