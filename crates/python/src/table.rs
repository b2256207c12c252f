//! A table of a result, handed to whoever reads Arrow without a copy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchIterator};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_select::concat::concat_batches;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use slashfall_bounded::{ReadError, Room};
use slashfall_graph::{Problem, Problems};
use slashfall_output::difference::StoredResult;

use crate::problems::raised;

/// Rows and columns as the engine has them in memory.
#[pyclass(frozen, module = "slashfall._engine")]
pub(crate) struct Table {
    batch: RecordBatch,
}

impl From<RecordBatch> for Table {
    fn from(batch: RecordBatch) -> Self {
        Self { batch }
    }
}

#[pymethods]
impl Table {
    /// The rows for readers of Arrow, which share them; another schema than their own they do not take.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A reader may ask for another schema; the protocol lets who is asked give its own.
        drop(requested_schema);
        let reader = RecordBatchIterator::new([Ok(self.batch.clone())], self.batch.schema());
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// Names, types and meanings of the columns for readers of Arrow.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.batch.schema().as_ref());
        let schema = schema.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    #[getter]
    fn num_rows(&self) -> usize {
        self.batch.num_rows()
    }

    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.batch.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// What the file says of itself, key and value, in order of key.
    #[getter]
    fn metadata(&self) -> Vec<(String, String)> {
        let mut metadata: Vec<(String, String)> =
            self.batch.schema().metadata().clone().into_iter().collect();
        metadata.sort();
        metadata
    }
}

/// Reads a Parquet file.
#[pyfunction]
pub(crate) fn read_table(py: Python<'_>, path: PathBuf) -> PyResult<Table> {
    let batch = py.detach(move || read(&path));
    batch.map(Table::from).map_err(|error| raised(py, &error))
}

/// A file as one batch, so that each column is in one piece.
fn read(path: &Path) -> anyhow::Result<RecordBatch> {
    let unread = |error: ReadError| {
        let expected = match error {
            ReadError::Io(error) => format!("a table of a result was expected: {error}"),
            error => error.to_string(),
        };
        Problems::from(Problem::new(path.display().to_string(), expected))
    };
    let opened = slashfall_bounded::open(path, Room::TABLE).map_err(unread)?;
    let schema = Arc::clone(opened.schema());
    // As many rows at a time as there may be: most tables are one batch then.
    let batches = opened.batch_rows(usize::MAX).batches().map_err(unread)?;
    let batches = batches.map(|batch| batch.map_err(unread));
    let batches = batches.collect::<Result<Vec<_>, Problems>>()?;
    Ok(concat_batches(&schema, &batches)?.with_schema(schema)?)
}

/// The loss of a scope on every path of a scenario.
#[pyfunction]
pub(crate) fn losses(
    py: Python<'_>,
    result: PathBuf,
    scope: &str,
    scenario: &str,
    kind: Option<&str>,
) -> PyResult<Table> {
    let batch = py.detach(move || {
        let batch = StoredResult::open_losses(&result)?.losses(scenario, scope, kind)?;
        anyhow::Ok(batch)
    });
    batch.map(Table::from).map_err(|error| raised(py, &error))
}
