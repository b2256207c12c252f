//! Lays differences out as a table of their own, which is no part of a result folder.

use std::fs;
use std::path::Path;

use super::compare::{Comparison, DifferenceRow};
use crate::folder::{OutputError, write_parquet};
use crate::schema::{Cell, ColumnSchema, ColumnType, Table, TableSchema, columns};

/// What `diff --output` writes.
pub static DIFFERENCE: TableSchema = TableSchema {
    name: "difference",
    grain: "pair of scenarios x scope x metric x level",
    columns: columns! {
        "result_a" Text "" "result folder of A as named";
        "scenario_a" Text "" "its scenario";
        "result_b" Text "" "result folder of B as named";
        "scenario_b" Text "" "its scenario";
        "scope_kind" Text "" "as in summary";
        "scope" Text "" "whose loss";
        "metric" Text "" "as in summary";
        "level" MaybeFloat "probability" "level of var and es";
        "value_a" Float "see unit" "the figure of A";
        "value_b" Float "see unit" "the figure of B";
        "value" Float "see unit" "B less A";
        "std_err" MaybeFloat "see unit" "standard error of the difference of the paired paths";
        "ci_low" MaybeFloat "see unit" "lower limit of the 95 % confidence interval of the difference";
        "ci_high" MaybeFloat "see unit" "upper limit of it";
        "z" MaybeFloat "" "difference over its standard error";
        "n_eff" Float "paths" "pairs behind the figure: all, or those of the tail";
        "unit" Text "" "eth or probability";
    },
};

/// Adds the differences of one comparison.
pub fn push_differences(table: &mut Table, comparison: &Comparison<'_>, rows: &[DifferenceRow]) {
    let (a, b) = (comparison.a(), comparison.b());
    let [folder_a, folder_b] = [a, b].map(|side| side.folder.display().to_string());
    for row in rows {
        table.push([
            Cell::Text(&folder_a),
            Cell::Text(&a.scenario),
            Cell::Text(&folder_b),
            Cell::Text(&b.scenario),
            Cell::Text(row.scope.scope_kind.name()),
            Cell::Text(&row.scope.scope),
            Cell::Text(row.metric),
            Cell::Maybe(row.level),
            Cell::Float(row.value_a),
            Cell::Float(row.value_b),
            Cell::Float(row.estimate.value),
            Cell::Maybe(row.estimate.std_err),
            Cell::Maybe(row.estimate.ci_low),
            Cell::Maybe(row.estimate.ci_high),
            Cell::Maybe(row.z),
            Cell::Float(row.estimate.n_eff),
            Cell::Text(row.unit),
        ]);
    }
}

/// Writes the table as a Parquet file, which bears its name only when it is whole.
///
/// # Errors
/// When it cannot be written.
pub fn write_differences(
    path: &Path,
    table: Table,
    metadata: &[(String, String)],
) -> Result<(), OutputError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.partial-{}", std::process::id()));
    let written = write(&partial, table, metadata)
        .and_then(|()| fs::rename(&partial, path).map_err(OutputError::io(path)));
    if written.is_err() {
        // A failure to tidy up is no news: what is left says `.partial` in its name.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write(path: &Path, table: Table, metadata: &[(String, String)]) -> Result<(), OutputError> {
    let batch = table
        .into_batch()
        .map_err(|source| OutputError::Arrow { path: path.to_owned(), source })?;
    write_parquet(path, &batch, metadata)
}
