//! The rows of a file, some at a time, and how much text they have come to.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use crate::{ReadError, caught};

/// The rows of a file, some at a time; none after an error.
pub struct Batches {
    reader: Option<ParquetRecordBatchReader>,
    n_cells: u64,
    text_bytes: u64,
    most_text: u64,
}

impl Batches {
    pub(crate) fn new(reader: ParquetRecordBatchReader, n_cells: u64, most_text: u64) -> Self {
        Self { reader: Some(reader), n_cells, text_bytes: 0, most_text }
    }

    /// Cells that it will have at most.
    #[must_use]
    pub fn n_cells(&self) -> u64 {
        self.n_cells
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let read = caught(|| reader.next().transpose())?;
        let columns = read.iter().flat_map(RecordBatch::columns);
        self.text_bytes += columns.map(text_bytes).sum::<u64>();
        if self.text_bytes > self.most_text {
            return Err(ReadError::TooLarge(format!(
                "its texts are more than {} bytes once each is counted as often as it is there",
                self.most_text
            )));
        }
        Ok(read)
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read().transpose();
        if !matches!(read, Some(Ok(_))) {
            self.reader = None;
        }
        read
    }
}

/// Bytes of the texts of a column, each counted as often as it is there.
fn text_bytes(column: &ArrayRef) -> u64 {
    let Some(coded) = column.as_any_dictionary_opt() else {
        return match column.data_type() {
            DataType::Utf8 => column.as_string::<i32>().value_data().len() as u64,
            DataType::LargeUtf8 => column.as_string::<i64>().value_data().len() as u64,
            other if other.is_primitive() || *other == DataType::Boolean => 0,
            _ => column.get_array_memory_size() as u64,
        };
    };
    let Some(words) = coded.values().as_string_opt::<i32>() else {
        return column.get_array_memory_size() as u64;
    };
    if words.is_empty() {
        return 0;
    }
    let lengths = coded.normalized_keys().into_iter().map(|key| words.value_length(key));
    lengths.map(|length| u64::from(length.unsigned_abs())).sum()
}
