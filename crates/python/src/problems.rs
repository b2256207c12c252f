//! What is wrong, as Python raises it: `InputError` with every problem of an input in parts, else
//! `RuntimeError`.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use slashfall_graph::{Place, Problem, Problems};
use slashfall_jobs::problems_of;
use slashfall_store::in_full;

/// Why a job failed.
pub(crate) fn raised(py: Python<'_>, error: &anyhow::Error) -> PyErr {
    match problems_of(error) {
        Some(problems) => input_error(py, &problems).unwrap_or_else(|failure| failure),
        None => PyRuntimeError::new_err(in_full(error.as_ref())),
    }
}

/// What is wrong with an input.
pub(crate) fn wrong(py: Python<'_>, problems: &Problems) -> PyErr {
    input_error(py, problems).unwrap_or_else(|failure| failure)
}

fn input_error(py: Python<'_>, problems: &Problems) -> PyResult<PyErr> {
    let problems = dicts(py, problems.as_slice())?;
    let raised = py.import("slashfall._problems")?.getattr("InputError")?.call1((problems,))?;
    Ok(PyErr::from_value(raised))
}

/// A problem with an argument bears its name here, not that of the command line.
fn named_as_in_python(problem: &Problem) -> Problem {
    let argument = problem.file.strip_prefix("--").map(|own| own.replace('-', "_"));
    let file = argument.unwrap_or_else(|| problem.file.clone());
    Problem { file, ..problem.clone() }
}

/// Problems in parts.
pub(crate) fn dicts<'py>(
    py: Python<'py>,
    problems: &[Problem],
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    problems.iter().map(|problem| dict(py, problem)).collect()
}

fn dict<'py>(py: Python<'py>, problem: &Problem) -> PyResult<Bound<'py, PyDict>> {
    let problem = named_as_in_python(problem);
    let (row, line) = match problem.place {
        Place::File => (None, None),
        Place::Row { row, line } => (Some(row), line),
        Place::Line(line) => (None, Some(line)),
    };
    // What is named is a column where there are rows, else a key.
    let (column, key) = match row {
        Some(_) => (problem.key.as_deref(), None),
        None => (None, problem.key.as_deref()),
    };
    let parts = PyDict::new(py);
    parts.set_item("file", &problem.file)?;
    parts.set_item("line", line)?;
    parts.set_item("row", row)?;
    parts.set_item("column", column)?;
    parts.set_item("key", key)?;
    parts.set_item("value", &problem.value)?;
    parts.set_item("expected", &problem.expected)?;
    parts.set_item("nearest", &problem.nearest)?;
    parts.set_item("message", problem.to_string())?;
    Ok(parts)
}
