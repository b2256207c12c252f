//! One Parquet table among the CSV tables of a network with every mechanism.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

use crate::folder::{hold, written};
use crate::network_csv::taken;
use crate::seeds::everything_tables;

/// Tables of a network; the first byte of an input says which it is of.
const TABLES: [&str; 10] = [
    "assets",
    "operators",
    "avs",
    "holdings",
    "allocations",
    "groups",
    "pools",
    "loans",
    "reserves",
    "portfolios",
];

thread_local! {
    /// Where inputs are read from, with all tables as CSV; gone with the thread.
    static SCRATCH: TempDir = {
        let dir = TempDir::new().expect("a folder for inputs");
        hold(&dir.path().join("network"), &everything_tables().collect::<Vec<_>>());
        dir
    };
}

/// Takes a table: a byte that says which, and the Parquet file.
pub fn take(bytes: &[u8]) {
    let Some((which, file)) = bytes.split_first() else { return };
    let name = TABLES[usize::from(*which) % TABLES.len()];
    SCRATCH.with(|scratch| take_table(scratch.path(), name, file));
}

/// Takes a table in the place of the one that is there.
fn take_table(scratch: &Path, name: &str, file: &[u8]) {
    let network = scratch.join("network");
    let (csv, parquet) = (format!("{name}.csv"), network.join(format!("{name}.parquet")));
    let kept = everything_tables().find(|(name, _)| *name == csv);
    let csv = network.join(csv);
    let _ = fs::remove_file(&csv);
    written(fs::write(&parquet, file), &parquet);
    taken(&network, &scratch.join("again"));
    written(fs::remove_file(&parquet), &parquet);
    if let Some((_, text)) = kept {
        written(fs::write(&csv, text), &csv);
    }
}

/// The byte that says that an input is of a table.
pub(crate) fn which(table: &str) -> u8 {
    let place = TABLES.iter().position(|own| *own == table);
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or_default()
}

/// Every table of the network in the ways in which others write Parquet.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (which, table) in TABLES.iter().enumerate() {
        let Some((_, text)) = everything_tables().find(|(name, _)| *name == format!("{table}.csv"))
        else {
            continue;
        };
        let batch = batch_of(text);
        for (how, properties) in ways() {
            let mut bytes = vec![u8::try_from(which).unwrap_or_default()];
            let writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties));
            let mut writer = writer.expect("a table can be written");
            writer.write(&batch).expect("a table can be written");
            writer.close().expect("a table can be written");
            seeds.push((format!("{table}-{how}"), bytes));
        }
    }
    seeds
}

fn ways() -> Vec<(&'static str, WriterProperties)> {
    let builder = WriterProperties::builder;
    let plain = builder().set_dictionary_enabled(false).build();
    let snappy = builder().set_compression(Compression::SNAPPY).build();
    let zstd = builder().set_compression(Compression::ZSTD(ZstdLevel::default()));
    let zstd = zstd.set_write_batch_size(2).set_data_page_row_count_limit(2);
    vec![("plain", plain), ("snappy", snappy), ("zstd", zstd.build())]
}

/// A CSV table as columns: of numbers where all cells are, else of text.
fn batch_of(text: &[u8]) -> RecordBatch {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<&str>>());
    let header = lines.next().unwrap_or_default();
    let rows: Vec<Vec<&str>> = lines.collect();
    let column = |index: usize| -> ArrayRef {
        let cells =
            || rows.iter().map(|row| row[index]).map(|cell| (!cell.is_empty()).then_some(cell));
        let numbers: Option<Vec<Option<f64>>> = cells()
            .map(|cell| cell.map_or(Some(None), |cell| cell.parse().ok().map(Some)))
            .collect();
        match numbers {
            Some(numbers) => Arc::new(Float64Array::from(numbers)),
            None => Arc::new(StringArray::from(cells().collect::<Vec<_>>())),
        }
    };
    let columns = header.iter().enumerate().map(|(index, name)| (*name, column(index), true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("a table has columns")
}
