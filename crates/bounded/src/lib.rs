//! Files of strangers: regular ones alone, and Parquet only once it is known what it would take, whatever it
//! says of itself.
//!
//! A file of a few kB may have a page of two gigabytes when it is unpacked, a text of a megabyte that
//! is repeated a million times, a row with a billion values, a footer on which a reader never ends. The
//! `parquet` crate believes what a file declares. So [`open`] walks the footer before that crate sees
//! it, [`Parquet::batches`] the header of every page that is to be read, and what would pass a [`Room`]
//! or the constants here is refused before it is allocated.

mod batches;
mod file;
mod footer;
mod format;
mod pages;
mod thrift;

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

pub use batches::Batches;
pub use file::{open_file, read_file, read_text};

/// Bytes of a page once it is unpacked.
pub(crate) const MOST_PAGE_BYTES: u64 = 64 << 20;
/// Bytes of the pages of all columns that are unpacked at a time; of a large file as many as [`FILES`] times its own.
pub(crate) const MOST_OPEN_BYTES: u64 = 256 << 20;
/// What of a large file may be unpacked at a time, times its own bytes.
pub(crate) const FILES: u64 = 4;
/// Bytes of the rows that are handed over at a time.
pub(crate) const MOST_BATCH_BYTES: u64 = 64 << 20;
/// Bytes of the texts of a file, each counted as often as it is there; of a large file [`TEXTS`] times its own.
pub(crate) const MOST_TEXT_BYTES: u64 = 256 << 20;
/// What the texts of a large file may come to, times its own bytes: most are words of a dictionary.
pub(crate) const TEXTS: u64 = 16;
/// Rows that are handed over at a time, unless fewer are so large.
const BATCH_ROWS: usize = 1_024;

/// How much a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Rows.
    pub rows: u64,
    /// Cells, of columns that are read; a list has as many as it has members.
    pub cells: u64,
    /// Rows, and cells, that a byte of the file is good for: of a large file so many times its bytes are read.
    pub a_byte: u64,
}

impl Room {
    /// Of a table that is held in memory: 64 million cells, of a large file six a byte.
    pub const TABLE: Self = Self { rows: 1 << 26, cells: 1 << 26, a_byte: 6 };

    /// In a file of so many bytes.
    fn of_file(self, n_bytes: u64) -> Self {
        let least = self.a_byte.saturating_mul(n_bytes);
        Self { rows: self.rows.max(least), cells: self.cells.max(least), ..self }
    }
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system does not give it.
    #[error("a file that can be read was expected ({0})")]
    Io(#[from] io::Error),
    /// It is none, or is damaged.
    #[error("a whole Parquet file was expected ({0})")]
    NotWhole(String),
    /// It would take more than there is room for.
    #[error("a smaller Parquet file was expected: {0}")]
    TooLarge(String),
}

/// An open file of which nothing but the footer has been read.
pub struct Parquet {
    builder: ParquetRecordBatchReaderBuilder<File>,
    file: File,
    n_bytes: u64,
    room: Room,
    mask: ProjectionMask,
    batch_rows: usize,
}

/// Opens a file.
///
/// # Errors
/// When it cannot be read, is not whole, or would take too much.
pub fn open(path: &Path, room: Room) -> Result<Parquet, ReadError> {
    let file = open_file(path)?;
    let n_bytes = file.metadata()?.len();
    let room = room.of_file(n_bytes);
    footer::check(&file, n_bytes)?;
    let again = file.try_clone()?;
    let builder = caught(|| ParquetRecordBatchReaderBuilder::try_new(again))?;
    let n_rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(u64::MAX);
    if n_rows > room.rows {
        return Err(ReadError::TooLarge(format!(
            "it has {n_rows} rows, and at most {} are read",
            room.rows
        )));
    }
    Ok(Parquet {
        builder,
        file,
        n_bytes,
        room,
        mask: ProjectionMask::all(),
        batch_rows: BATCH_ROWS,
    })
}

impl Parquet {
    /// Its columns.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        self.builder.schema()
    }

    /// Rows that it says it has.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        u64::try_from(self.builder.metadata().file_metadata().num_rows()).unwrap_or(u64::MAX)
    }

    /// Reads these columns alone, by their places in the schema.
    #[must_use]
    pub fn columns(mut self, places: impl IntoIterator<Item = usize>) -> Self {
        self.mask = ProjectionMask::roots(self.builder.parquet_schema(), places);
        self
    }

    /// Reads some rows alone.
    #[must_use]
    pub fn rows(mut self, first: usize, most: usize) -> Self {
        self.builder = self.builder.with_offset(first).with_limit(most);
        self
    }

    /// Hands over so many rows at a time, unless fewer are large.
    #[must_use]
    pub fn batch_rows(mut self, most: usize) -> Self {
        self.batch_rows = most;
        self
    }

    /// Its rows, some at a time.
    ///
    /// # Errors
    /// When a page is not whole, or what is to be read would take too much.
    pub fn batches(self) -> Result<Batches, ReadError> {
        let Self { builder, file, n_bytes, room, mask, batch_rows } = self;
        let metadata = builder.metadata().clone();
        let found = pages::check(&file, n_bytes, &metadata, &mask, room)?;
        let most = MOST_BATCH_BYTES / found.row_bytes.max(1);
        let most = usize::try_from(most).unwrap_or(batch_rows);
        let batch_rows = batch_rows.min(most).max(1);
        let builder = builder.with_projection(mask).with_batch_size(batch_rows);
        Ok(Batches::new(caught(|| builder.build())?, found.n_cells, most_text(n_bytes)))
    }
}

/// Bytes of the texts of a file of so many.
pub(crate) fn most_text(n_bytes: u64) -> u64 {
    MOST_TEXT_BYTES.max(n_bytes.saturating_mul(TEXTS))
}

/// What a reader gives; it panics on some damaged files instead of giving an error.
pub(crate) fn caught<T, E: std::fmt::Display>(
    read: impl FnOnce() -> Result<T, E>,
) -> Result<T, ReadError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(ReadError::NotWhole(error.to_string())),
        Err(_) => Err(ReadError::NotWhole("its pages are damaged".to_owned())),
    }
}
