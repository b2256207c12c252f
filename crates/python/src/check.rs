//! What is wrong with an input, or else the facts of its network, asked for by Python.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use slashfall_jobs::check::{CheckOptions, check as find};

use crate::config::{Assignment, Given};
use crate::problems::{dicts, wrong};

/// Checks a run file, a mapping that says the same, or the folder of a network; returns the facts as
/// JSON, and warnings in parts.
#[pyfunction]
pub(crate) fn check<'py>(
    py: Python<'py>,
    config: Given,
    set: Vec<Assignment>,
    allow_outside: bool,
) -> PyResult<(String, Vec<Bound<'py, PyDict>>)> {
    let overrides = Assignment::overrides(set, None, None);
    let options = CheckOptions { config: config.config(allow_outside), overrides };
    let found =
        py.detach(|| find(&options, |page| (page.json().to_string(), page.warnings.clone())));
    let (facts, warnings) = found.map_err(|problems| wrong(py, &problems))?;
    Ok((facts, dicts(py, &warnings)?))
}
