//! A file that bears its name only when it is whole and on the disk.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::folder::OutputError;
use crate::schema::Table;

/// Writes a table that is no part of a result as a Parquet file, which bears its name only when it is whole.
///
/// # Errors
/// When it cannot be written.
pub fn write_file(
    path: &Path,
    table: Table,
    metadata: &[(String, String)],
) -> Result<(), OutputError> {
    write_whole(path, |partial| write_partial(partial, table, metadata))
}

/// Writes text as a file that bears its name only when it is whole.
///
/// # Errors
/// When the file is there and is not to be replaced, or cannot be written.
pub fn write_text_file(path: &Path, text: &str, overwrite: bool) -> Result<(), OutputError> {
    if !overwrite && path.exists() {
        return Err(OutputError::Exists(path.to_owned()));
    }
    write_whole(path, |partial| fs::write(partial, text).map_err(OutputError::io(path)))
}

/// Has a file written under another name beside it, and gives it its own.
fn write_whole(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), OutputError>,
) -> Result<(), OutputError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.partial-{}", std::process::id()));
    let written = write(&partial)
        .and_then(|()| sync_file(&partial))
        .and_then(|()| fs::rename(&partial, path).map_err(OutputError::io(path)));
    if written.is_err() {
        // A failure to tidy up is no news: what is left says `.partial` in its name.
        let _ = fs::remove_file(&partial);
    } else {
        sync_parent(path);
    }
    written
}

/// Waits until all files of a folder, however deep, are on the disk: a machine that goes away must not
/// leave a name without its contents.
pub(crate) fn sync(dir: &Path) -> Result<(), OutputError> {
    for entry in fs::read_dir(dir).map_err(OutputError::io(dir))? {
        let path = entry.map_err(OutputError::io(dir))?.path();
        if path.is_dir() { sync(&path)? } else { sync_file(&path)? }
    }
    sync_dir(dir);
    Ok(())
}

/// Waits until a file is on the disk, which is when some file systems say that it has no room there.
pub(crate) fn sync_file(path: &Path) -> Result<(), OutputError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(OutputError::io(path))
}

/// Waits until the name of a file or folder is on the disk, where the file system can say so.
pub(crate) fn sync_parent(path: &Path) {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync_dir(parent.unwrap_or(Path::new(".")));
}

fn sync_dir(dir: &Path) {
    // Not all file systems take this of a folder; its files are there in any case.
    let _ = File::open(dir).and_then(|dir| dir.sync_all());
}

fn write_partial(
    path: &Path,
    table: Table,
    metadata: &[(String, String)],
) -> Result<(), OutputError> {
    let batch = table
        .into_batch()
        .map_err(|source| OutputError::Arrow { path: path.to_owned(), source })?;
    write_parquet(path, &batch, metadata)
}

/// Writes a batch as a Parquet file that carries `metadata`, in its footer and in its schema.
pub(crate) fn write_parquet(
    path: &Path,
    batch: &RecordBatch,
    metadata: &[(String, String)],
) -> Result<(), OutputError> {
    let own: HashMap<String, String> = metadata.iter().cloned().collect();
    let schema = Schema::clone(&batch.schema()).with_metadata(own);
    let batch = batch
        .clone()
        .with_schema(schema.into())
        .map_err(|source| OutputError::Arrow { path: path.to_owned(), source })?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let file = File::create(path).map_err(OutputError::io(path))?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))
        .map_err(OutputError::parquet(path))?;
    for (key, value) in metadata {
        writer.append_key_value_metadata(KeyValue::new(key.clone(), value.clone()));
    }
    writer.write(&batch).map_err(OutputError::parquet(path))?;
    writer.close().map_err(OutputError::parquet(path))?;
    Ok(())
}
