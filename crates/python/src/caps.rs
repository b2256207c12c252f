//! How much a treasury may hold, asked for by Python.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Context;
use arrow_schema::Schema;
use pyo3::prelude::*;
use slashfall_jobs::caps::{Caps, CapsOptions, caps as find};

use crate::listen::{Listening, listened};
use crate::table::Table;

/// Finds caps; returns their table, the document as JSON, the page, and what should be known before
/// they are believed.
#[pyfunction]
#[pyo3(signature = (
    result, policy, output, *, scenario, network, paths, certificate_seed, threads, overwrite, progress
))]
#[expect(clippy::too_many_arguments, reason = "they are the keywords of the call")]
pub(crate) fn caps(
    py: Python<'_>,
    result: PathBuf,
    policy: PathBuf,
    output: Option<PathBuf>,
    scenario: String,
    network: Option<PathBuf>,
    paths: Option<u64>,
    certificate_seed: Option<u64>,
    threads: Option<usize>,
    overwrite: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Table, String, String, Vec<String>)> {
    let options = CapsOptions {
        result,
        policy,
        scenario,
        network,
        paths,
        certificate_seed,
        output,
        overwrite,
    };
    let (found, notes) = listened(py, Listening { threads, progress }, move |watch| {
        let Some(found) = find(&options, watch)? else { return Ok(None) };
        Ok(Some((table(&found)?, found.json().to_string(), found.page())))
    })?;
    let (table, json, page) = found;
    Ok((table, json, page, notes))
}

/// The table as its file would have it.
fn table(found: &Caps) -> anyhow::Result<Table> {
    let batch = found.table().into_batch().context("the table of caps")?;
    let metadata: HashMap<String, String> = found.metadata().into_iter().collect();
    let schema = Schema::clone(&batch.schema()).with_metadata(metadata);
    Ok(batch.with_schema(schema.into())?.into())
}
