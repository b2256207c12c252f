//! What a result says of single paths: the worst of a scope, and the row of one, so that a replay
//! finds them and can show that it is the same path.

use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::types::{Float64Type, Int32Type, UInt64Type};
use arrow_array::{RecordBatch, StringArray, cast::AsArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader, SerializedFileReader};
use slashfall_graph::open_file;

use crate::folder::OutputError;
use crate::paths::PATHS_PER_FILE;
use crate::schema::TAIL_PATHS;

/// A line of `tail_paths.parquet`.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedPath {
    /// Kind of scope.
    pub scope_kind: String,
    /// Whose loss.
    pub scope: String,
    /// 1 is the worst.
    pub rank: u64,
    /// Number of the path.
    pub path: u64,
    /// Its loss, in ETH.
    pub loss_eth: f64,
}

/// The worst paths of all scopes of a scenario, those of each scope worst first; none when the
/// result has no such table.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn listed_paths(result: &Path, scenario: &str) -> Result<Option<Vec<ListedPath>>, OutputError> {
    let file = result.join(format!("{}.parquet", TAIL_PATHS.name));
    if !file.is_file() {
        return Ok(None);
    }
    let mut listed = Vec::new();
    for batch in batches(&file, None)? {
        let read = || {
            let (scenarios, kinds) = (texts(&batch, "scenario")?, texts(&batch, "scope_kind")?);
            let (scopes, losses) = (texts(&batch, "scope")?, floats(&batch, "loss")?);
            let (ranks, paths) = (counts(&batch, "rank")?, counts(&batch, "path")?);
            let rows = (0..batch.num_rows()).filter(|&row| scenarios[row] == scenario);
            let rows = rows.map(|row| ListedPath {
                scope_kind: kinds[row].clone(),
                scope: scopes[row].clone(),
                rank: ranks[row],
                path: paths[row],
                loss_eth: losses[row],
            });
            Some(rows.collect::<Vec<_>>())
        };
        listed.extend(read().ok_or_else(|| not_ours(&file))?);
    }
    Ok(Some(listed))
}

/// The row of a path in `paths/`: names of the figures and their values, in order; none when the
/// result has no rows of the scenario.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn path_row(
    result: &Path,
    scenario: &str,
    path: u64,
) -> Result<Option<Vec<(String, f64)>>, OutputError> {
    for file in files_of(&result.join("paths"), path - path % PATHS_PER_FILE)? {
        let offset = usize::try_from(path % PATHS_PER_FILE).unwrap_or(usize::MAX);
        let batches = batches(&file, Some(offset))?;
        let Some(batch) = batches.first().filter(|batch| batch.num_rows() == 1) else { continue };
        let own = texts(batch, "scenario").ok_or_else(|| not_ours(&file))?;
        if own[0] != scenario {
            continue;
        }
        if counts(batch, "path").is_none_or(|paths| paths[0] != path) {
            return Err(not_ours(&file));
        }
        let schema = batch.schema();
        let figures = schema.fields().iter().zip(batch.columns()).filter_map(|(field, column)| {
            let column = column.as_primitive_opt::<Float64Type>()?;
            (field.name() != "weight").then(|| (field.name().clone(), column.value(0)))
        });
        return Ok(Some(figures.collect()));
    }
    Ok(None)
}

/// The files that hold paths from `first` on, one a scenario, in order of name.
fn files_of(dir: &Path, first: u64) -> Result<Vec<PathBuf>, OutputError> {
    let end = format!("-{first:012}.parquet");
    files_named(dir, |name| name.ends_with(&end))
}

/// The files of a folder whose names are wanted, in order of name; none where there is no folder.
pub(crate) fn files_named(
    dir: &Path,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<PathBuf>, OutputError> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(OutputError::io(dir))? {
        let path = entry.map_err(OutputError::io(dir))?.path();
        if path.file_name().is_some_and(|name| is_wanted(&name.to_string_lossy())) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A file's rows; one row where it is asked for.
pub(crate) fn batches(path: &Path, row: Option<usize>) -> Result<Vec<RecordBatch>, OutputError> {
    let file = open_file(path).map_err(OutputError::io(path))?;
    let mut builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(OutputError::parquet(path))?;
    if let Some(row) = row {
        builder = builder.with_offset(row).with_limit(1);
    }
    let reader = builder.build().map_err(OutputError::parquet(path))?;
    let arrow = |source| OutputError::Arrow { path: path.to_owned(), source };
    reader.map(|batch| batch.map_err(arrow)).collect()
}

/// Rows of a file by its footer; none where it is not there or not whole.
pub(crate) fn n_rows(path: &Path) -> Result<Option<u64>, OutputError> {
    if !path.is_file() {
        return Ok(None);
    }
    let file = open_file(path).map_err(OutputError::io(path))?;
    let rows =
        SerializedFileReader::new(file).map(|file| file.metadata().file_metadata().num_rows());
    Ok(rows.ok().and_then(|rows| u64::try_from(rows).ok()))
}

pub(crate) fn not_ours(path: &Path) -> OutputError {
    let source = std::io::Error::new(
        std::io::ErrorKind::InvalidData,
        "it does not have the columns that a run writes",
    );
    OutputError::Io { path: path.to_owned(), source }
}

fn texts(batch: &RecordBatch, column: &str) -> Option<Vec<String>> {
    let array = batch.column_by_name(column)?.as_dictionary_opt::<Int32Type>()?;
    let array = array.downcast_dict::<StringArray>()?;
    Some(array.into_iter().map(|text| text.unwrap_or_default().to_owned()).collect())
}

fn floats(batch: &RecordBatch, column: &str) -> Option<Vec<f64>> {
    let array = batch.column_by_name(column)?.as_primitive_opt::<Float64Type>()?;
    Some(array.values().to_vec())
}

fn counts(batch: &RecordBatch, column: &str) -> Option<Vec<u64>> {
    let array = batch.column_by_name(column)?.as_primitive_opt::<UInt64Type>()?;
    Some(array.values().to_vec())
}
