//! Parquet files as columns of plain values.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::{Float64Type, Int32Type, UInt64Type};
use arrow_array::{RecordBatch, StringArray, cast::AsArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use slashfall_output::{schema::Field, type_words};

/// A table as read.
pub(crate) struct Table {
    batch: Vec<RecordBatch>,
    /// Name and type of each column in order; a `?` after the type where it may be null.
    pub(crate) columns: Vec<(String, String)>,
    /// Key-value metadata of the file.
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Table {
    #[track_caller]
    pub(crate) fn read(path: &Path) -> Self {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        let columns = builder.schema().fields().iter().map(|field| {
            let maybe = if field.is_nullable() { "?" } else { "" };
            let kind = match format!("{:?}", field.data_type()).as_str() {
                "Dictionary(Int32, Utf8)" => "text",
                "Float64" => "float",
                "UInt64" => "count",
                other if other.starts_with("List(") => "list",
                other => panic!("{}: no column is {other}", field.name()),
            };
            (field.name().clone(), format!("{kind}{maybe}"))
        });
        let columns = columns.collect();
        let metadata = builder.metadata().file_metadata().key_value_metadata();
        let metadata = metadata.into_iter().flatten();
        let metadata =
            metadata.map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default()));
        let metadata = metadata.collect();
        let batch = builder.build().unwrap().map(Result::unwrap).collect();
        Self { batch, columns, metadata }
    }

    /// Each column of a file with its type in words, unit and meaning.
    pub(crate) fn kinds(path: &Path) -> Vec<(String, [String; 3])> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        let kind = |field: &Arc<Field>| {
            let said = |key| field.metadata()[key].clone();
            (field.name().clone(), [type_words(field), said("unit"), said("meaning")])
        };
        builder.schema().fields().iter().map(kind).collect()
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.batch.iter().map(RecordBatch::num_rows).sum()
    }

    pub(crate) fn text(&self, column: &str) -> Vec<String> {
        let mut values = Vec::new();
        for batch in &self.batch {
            let array = batch.column_by_name(column).unwrap().as_dictionary::<Int32Type>();
            let array = array.downcast_dict::<StringArray>().unwrap();
            values.extend(array.into_iter().map(|value| value.unwrap().to_owned()));
        }
        values
    }

    pub(crate) fn maybe(&self, column: &str) -> Vec<Option<f64>> {
        let arrays = self.batch.iter().map(|batch| batch.column_by_name(column).unwrap());
        arrays.flat_map(|array| array.as_primitive::<Float64Type>().iter()).collect()
    }

    pub(crate) fn float(&self, column: &str) -> Vec<f64> {
        self.maybe(column).into_iter().map(Option::unwrap).collect()
    }

    pub(crate) fn count(&self, column: &str) -> Vec<u64> {
        let arrays = self.batch.iter().map(|batch| batch.column_by_name(column).unwrap());
        arrays.flat_map(|array| array.as_primitive::<UInt64Type>().values().to_vec()).collect()
    }

    /// True when no float of the table is NaN or infinite.
    pub(crate) fn is_finite(&self) -> bool {
        let floats = self.columns.iter().filter(|(_, kind)| kind.starts_with("float"));
        floats.into_iter().all(|(name, _)| self.maybe(name).iter().flatten().all(|x| x.is_finite()))
    }
}
