//! What a result says of single paths: the worst of a scope, and the row of one, so that a replay
//! finds them and can show that it is the same path.

use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, UInt64Type};
use arrow_array::{Array, DictionaryArray, RecordBatch, StringArray};
use slashfall_bounded::{Parquet, ReadError, Room};
use slashfall_graph::{Problem, Problems};

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
/// When the file is there and is not as it was written.
pub fn listed_paths(result: &Path, scenario: &str) -> Result<Option<Vec<ListedPath>>, Problems> {
    let file = result.join(format!("{}.parquet", TAIL_PATHS.name));
    if !file.is_file() {
        return Ok(None);
    }
    let mut listed = Vec::new();
    for batch in opened(&file, Room::TABLE)?.batches().map_err(unread(&file))? {
        let batch = batch.map_err(unread(&file))?;
        let of_batch = listed_of(&batch, scenario).ok_or_else(|| not_ours(&file))?;
        listed.extend(of_batch);
    }
    Ok(Some(listed))
}

/// Paths that are listed of a scope, in order of number.
///
/// # Errors
/// When one is listed twice, or is none of the `n_paths` of the run.
pub fn numbers_of<'l>(
    result: &Path,
    listed: impl IntoIterator<Item = &'l ListedPath>,
    n_paths: u64,
) -> Result<Vec<u64>, Problems> {
    let mut numbers: Vec<u64> = listed.into_iter().map(|own| own.path).collect();
    numbers.sort_unstable();
    let is_of_run = numbers.last().is_none_or(|last| *last < n_paths);
    if is_of_run && numbers.is_sorted_by(|a, b| a < b) {
        return Ok(numbers);
    }
    let file = result.join(format!("{}.parquet", TAIL_PATHS.name));
    let expected = format!("each path of a scope once, of the {n_paths} of the run, was expected");
    Err(Problem::new(file.display().to_string(), expected).into())
}

/// The lines of a scenario; none where columns are missing.
fn listed_of(batch: &RecordBatch, scenario: &str) -> Option<Vec<ListedPath>> {
    let (scenarios, kinds) = (texts(batch, "scenario")?, texts(batch, "scope_kind")?);
    let (scopes, losses) = (texts(batch, "scope")?, floats(batch, "loss")?);
    let (ranks, paths) = (counts(batch, "rank")?, counts(batch, "path")?);
    let rows = (0..batch.num_rows()).filter(|&row| text(scenarios, row) == scenario);
    let rows = rows.map(|row| ListedPath {
        scope_kind: text(kinds, row).to_owned(),
        scope: text(scopes, row).to_owned(),
        rank: ranks[row],
        path: paths[row],
        loss_eth: losses[row],
    });
    Some(rows.collect())
}

/// The row of a path in `paths/`: names of the figures and their values, in order; none when the
/// result has no rows of the scenario.
///
/// # Errors
/// When a file is there and is not as it was written.
pub fn path_row(
    result: &Path,
    scenario: &str,
    path: u64,
) -> Result<Option<Vec<(String, f64)>>, Problems> {
    for file in files_of(&result.join("paths"), path - path % PATHS_PER_FILE)? {
        let offset = usize::try_from(path % PATHS_PER_FILE).unwrap_or(usize::MAX);
        let rows = opened(&file, ROOM)?.rows(offset, 1).batches();
        let Some(batch) = rows.map_err(unread(&file))?.next() else { continue };
        let batch = batch.map_err(unread(&file))?;
        if batch.num_rows() == 0 {
            continue;
        }
        let own = texts(&batch, "scenario").ok_or_else(|| not_ours(&file))?;
        if text(own, 0) != scenario {
            continue;
        }
        if counts(&batch, "path").is_none_or(|paths| paths[0] != path) {
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

/// What a file of `paths/` may hold: as many rows as are written, and as many columns as there are names.
pub(crate) const ROOM: Room = Room { rows: PATHS_PER_FILE, cells: u64::MAX, a_byte: 0 };

/// The files that hold paths from `first` on, one a scenario, in order of name.
fn files_of(dir: &Path, first: u64) -> Result<Vec<PathBuf>, Problems> {
    let end = format!("-{first:012}.parquet");
    files_named(dir, |name| name.ends_with(&end))
}

/// The files of a folder whose names are wanted, in order of name; none where there is no folder.
pub(crate) fn files_named(
    dir: &Path,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<PathBuf>, Problems> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    let unread = |error: std::io::Error| {
        Problem::new(dir.display().to_string(), format!("a folder was expected ({error})"))
    };
    for entry in fs::read_dir(dir).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.file_name().is_some_and(|name| is_wanted(&name.to_string_lossy())) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Opens a Parquet file of a result.
pub(crate) fn opened(path: &Path, room: Room) -> Result<Parquet, Problems> {
    slashfall_bounded::open(path, room).map_err(unread(path))
}

/// Rows of a file by its footer; none where it is not there or not whole.
pub(crate) fn n_rows(path: &Path) -> Option<u64> {
    slashfall_bounded::open(path, ROOM).ok().map(|opened| opened.n_rows())
}

/// That a Parquet file is not read.
pub(crate) fn unread(path: &Path) -> impl Fn(ReadError) -> Problems + '_ {
    |error| Problem::new(path.display().to_string(), error.to_string()).into()
}

pub(crate) fn not_ours(path: &Path) -> Problems {
    let expected = "the columns that a run writes were expected";
    Problem::new(path.display().to_string(), expected).into()
}

type Texts<'b> = (&'b DictionaryArray<Int32Type>, &'b StringArray);

fn texts<'b>(batch: &'b RecordBatch, column: &str) -> Option<Texts<'b>> {
    let array = batch.column_by_name(column)?.as_dictionary_opt::<Int32Type>()?;
    Some((array, array.values().as_string_opt()?))
}

/// A text; empty where it is null.
fn text<'b>((array, words): Texts<'b>, row: usize) -> &'b str {
    let key = array.key(row).filter(|key| *key < words.len());
    key.map_or("", |key| words.value(key))
}

fn floats<'b>(batch: &'b RecordBatch, column: &str) -> Option<&'b [f64]> {
    Some(batch.column_by_name(column)?.as_primitive_opt::<Float64Type>()?.values())
}

fn counts<'b>(batch: &'b RecordBatch, column: &str) -> Option<&'b [u64]> {
    Some(batch.column_by_name(column)?.as_primitive_opt::<UInt64Type>()?.values())
}
