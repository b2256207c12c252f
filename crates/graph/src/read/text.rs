//! Tables as cells of text, so that CSV and Parquet are parsed by the same code.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use csv::{ByteRecord, ReaderBuilder};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::file::{open_file, read_file};
use crate::formula::unguarded;
use crate::problem::{Place, Problem, Problems};

/// A table of text.
pub(super) struct TextTable {
    pub(super) file: String,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<TextRow>,
}

/// A row of text, trimmed.
pub(super) struct TextRow {
    /// Number in the file, from 1 without the header.
    pub(super) row: usize,
    /// Line in the file, where the file has lines.
    pub(super) line: Option<usize>,
    pub(super) cells: Vec<String>,
    /// True when the row is not a row of this table; that has been reported.
    pub(super) broken: bool,
}

/// Reads a table; none when not even its header can be read.
pub(super) fn read(path: &Path, problems: &mut Problems) -> Option<TextTable> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let table = if file.ends_with(".parquet") {
        // The Parquet reader panics on some damaged pages instead of giving an error.
        std::panic::catch_unwind(|| read_parquet(path, &file)).unwrap_or_else(|_| {
            let expected = "a whole Parquet file was expected (its pages are damaged)";
            Err(Problem::new(&file, expected).into())
        })
    } else {
        read_csv(path, &file, problems)
    };
    table.map_err(|unread| problems.append(unread)).ok()
}

fn read_csv(path: &Path, file: &str, problems: &mut Problems) -> Result<TextTable, Problems> {
    let bytes = read_file(path).map_err(|error| unreadable(file, &error))?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut record = ByteRecord::new();
    let mut lines = Lines { bytes, seen: 0, line: 1 };
    let mut table = TextTable { file: file.to_owned(), header: Vec::new(), rows: Vec::new() };
    while reader.read_byte_record(&mut record).map_err(|error| unreadable(file, &error))? {
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        if table.header.is_empty() {
            table.header = header_cells(&record, file, line)?;
            continue;
        }
        let cells: Vec<String> = record.iter().map(own_text).collect();
        if matches!(cells.as_slice(), [only] if only.is_empty()) && table.header.len() > 1 {
            continue;
        }
        let row = table.rows.len() + 1;
        let fault = row_fault(&record, &table.header)
            .map(|fault| fault.at(Place::Row { row, line: Some(line) }));
        let broken = fault.is_some();
        if let Some(fault) = fault {
            let file = file.to_owned();
            problems.push(Problem { file, ..fault });
        }
        table.rows.push(TextRow { row, line: Some(line), cells, broken });
    }
    if table.header.is_empty() {
        let expected = "a header line was expected, and the file is empty";
        return Err(Problem::new(file, expected).into());
    }
    Ok(table)
}

fn unreadable(file: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(file, format!("a file that can be read was expected ({error})"))
}

fn header_cells(record: &ByteRecord, file: &str, line: usize) -> Result<Vec<String>, Problems> {
    if let Some(cell) = record.iter().find(|cell| std::str::from_utf8(cell).is_err()) {
        let file = file.to_owned();
        let fault = not_utf8(cell).at(Place::Line(line));
        return Err(Problem { file, ..fault }.into());
    }
    Ok(record.iter().map(own_text).collect())
}

/// A cell as whoever wrote the table meant it.
fn own_text(cell: &[u8]) -> String {
    unguarded(&cell_text(cell)).to_owned()
}

fn cell_text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).trim().to_owned()
}

fn not_utf8(cell: &[u8]) -> Problem {
    Problem::new("", "UTF-8 text was expected").value(shortened(&cell_text(cell)))
}

/// What keeps a record from being a row under this header.
fn row_fault(record: &ByteRecord, header: &[String]) -> Option<Problem> {
    for (index, cell) in record.iter().enumerate() {
        let column = header.get(index).map_or("", String::as_str);
        if std::str::from_utf8(cell).is_err() {
            return Some(not_utf8(cell).key(column));
        }
        if cell.contains(&b'\n') {
            let expected = "a cell on one line was expected; is a quotation mark left open?";
            return Some(Problem::new("", expected).key(column).value(shortened(&cell_text(cell))));
        }
    }
    (record.len() != header.len()).then(|| {
        let expected = format!("{} cells were expected, as the header has", header.len());
        Problem::new("", expected).value(format!("{} cells", record.len()))
    })
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Counts lines while walking forward, since the position that a CSV reader gives of a record is
/// before any blank lines and before the end of a CRLF.
struct Lines<'a> {
    bytes: &'a [u8],
    seen: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line on which the record begins that was read from `offset` on.
    fn at(&mut self, offset: u64) -> usize {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let blank =
            self.bytes[offset..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = offset + blank;
        self.line += self.bytes[self.seen..start].iter().filter(|byte| **byte == b'\n').count();
        self.seen = start;
        self.line
    }
}

fn read_parquet(path: &Path, file: &str) -> Result<TextTable, Problems> {
    let corrupt = |error: &dyn std::error::Error| {
        Problem::new(file, format!("a whole Parquet file was expected ({error})"))
    };
    let opened = open_file(path).map_err(|error| unreadable(file, &error))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| corrupt(&error))?;
    let header = builder.schema().fields().iter().map(|f| f.name().trim().to_owned()).collect();
    let mut table = TextTable { file: file.to_owned(), header, rows: Vec::new() };
    for batch in builder.build().map_err(|error| corrupt(&error))? {
        let batch = batch.map_err(|error| corrupt(&error))?;
        push_batch(&mut table, &batch).map_err(|error| corrupt(&error))?;
    }
    Ok(table)
}

/// Appends a batch as text; a null is an empty cell, a float the shortest text that is it.
fn push_batch(table: &mut TextTable, batch: &RecordBatch) -> parquet::errors::Result<()> {
    let options = FormatOptions::new().with_display_error(false).with_null("");
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
        .collect::<Result<_, _>>()?;
    for index in 0..batch.num_rows() {
        let cells = columns
            .iter()
            .map(|column| column.value(index).try_to_string().map(|text| text.trim().to_owned()))
            .collect::<Result<_, _>>()?;
        let row = table.rows.len() + 1;
        table.rows.push(TextRow { row, line: None, cells, broken: false });
    }
    Ok(())
}
