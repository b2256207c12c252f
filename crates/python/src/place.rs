//! Results in stores, for Python: what is an address, and what is there in a folder of this machine.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::listen::{Listening, listened};

/// Whether a text is meant as an address of a store, good or not.
#[pyfunction]
pub(crate) fn is_address(text: PathBuf) -> bool {
    slashfall_store::Place::is_address(text)
}

/// Loads all of a result into a new folder, which is the caller's from then on.
#[pyfunction]
pub(crate) fn fetch(py: Python<'_>, result: PathBuf) -> PyResult<PathBuf> {
    let (folder, _) = listened(py, Listening { threads: None, progress: None }, move |_| {
        Ok(Some(slashfall_jobs::fetched("result", &result, |_| true)?.keep()))
    })?;
    Ok(folder)
}
