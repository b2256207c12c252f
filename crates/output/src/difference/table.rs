//! Lays differences out as a table of their own, which is no part of a result folder.

use std::fs::{self, File};
use std::path::Path;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::compare::{Comparison, DifferenceRow};
use crate::folder::OutputError;
use crate::schema::{Cell, ColumnSchema, ColumnType, Table, TableSchema};

/// What `diff --output` writes.
pub static DIFFERENCE: TableSchema = TableSchema {
    name: "difference",
    grain: "pair of scenarios x scope x metric x level",
    columns: &[
        text("result_a", "result folder of A as named"),
        text("scenario_a", "its scenario"),
        text("result_b", "result folder of B as named"),
        text("scenario_b", "its scenario"),
        text("scope_kind", "as in summary"),
        text("scope", "whose loss"),
        text("metric", "as in summary"),
        maybe("level", "probability", "level of var and es"),
        float("value_a", "see unit", "the figure of A"),
        float("value_b", "see unit", "the figure of B"),
        float("value", "see unit", "B less A"),
        maybe("std_err", "see unit", "standard error of the difference of the paired paths"),
        maybe(
            "ci_low",
            "see unit",
            "lower limit of the 95 % confidence interval of the difference",
        ),
        maybe("ci_high", "see unit", "upper limit of it"),
        maybe("z", "", "difference over its standard error"),
        float("n_eff", "paths", "pairs behind the figure: all, or those of the tail"),
        text("unit", "eth or probability"),
    ],
};

const fn text(name: &'static str, meaning: &'static str) -> ColumnSchema {
    ColumnSchema { name, kind: ColumnType::Text, unit: "", meaning }
}

const fn float(name: &'static str, unit: &'static str, meaning: &'static str) -> ColumnSchema {
    ColumnSchema { name, kind: ColumnType::Float, unit, meaning }
}

const fn maybe(name: &'static str, unit: &'static str, meaning: &'static str) -> ColumnSchema {
    ColumnSchema { name, kind: ColumnType::MaybeFloat, unit, meaning }
}

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
    metadata: Vec<(String, String)>,
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

fn write(path: &Path, table: Table, metadata: Vec<(String, String)>) -> Result<(), OutputError> {
    let batch = table
        .into_batch()
        .map_err(|source| OutputError::Arrow { path: path.to_owned(), source })?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let file = File::create(path).map_err(OutputError::io(path))?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))
        .map_err(OutputError::parquet(path))?;
    for (key, value) in metadata {
        writer.append_key_value_metadata(KeyValue::new(key, value));
    }
    writer.write(&batch).map_err(OutputError::parquet(path))?;
    writer.close().map_err(OutputError::parquet(path))?;
    Ok(())
}
