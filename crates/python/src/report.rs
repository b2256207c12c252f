//! The page of a result, asked for by Python.

use std::path::PathBuf;

use pyo3::prelude::*;
use slashfall_jobs::{ReportOptions, report as page, write_page};
use slashfall_report::Ask;

use crate::listen::{Listening, listened};

/// Writes the page.
#[pyfunction]
#[pyo3(signature = (
    result, output, *, vs, caps, scenario, scope, market, level, budget, network, overwrite
))]
#[expect(clippy::too_many_arguments, reason = "they are the keywords of the call")]
pub(crate) fn report(
    py: Python<'_>,
    result: PathBuf,
    output: PathBuf,
    vs: Option<PathBuf>,
    caps: Option<PathBuf>,
    scenario: Option<String>,
    scope: Option<String>,
    market: bool,
    level: Option<f64>,
    budget: Option<f64>,
    network: Option<PathBuf>,
    overwrite: bool,
) -> PyResult<()> {
    let ask = Ask { result, versus: vs, caps, scenario, scope, market, level, budget };
    let options = ReportOptions { ask, network };
    listened(py, Listening { threads: None, progress: None }, move |_| {
        write_page(&output, &page(&options)?, overwrite)?;
        Ok(Some(()))
    })?;
    Ok(())
}
