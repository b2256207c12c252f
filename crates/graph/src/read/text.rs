//! Tables as cells of text, so that CSV and Parquet are parsed by the same code.

use std::ops::ControlFlow;
use std::path::Path;

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::ArrowError;
use csv::{ByteRecord, ReaderBuilder};
use slashfall_bounded::{Batches, ReadError, Room, read_file};

use crate::formula::unguarded;
use crate::problem::{Place, Problem, Problems};

/// What all Parquet tables of a network may hold: some million rows.
pub(super) const ROOM: Room = Room { rows: 1 << 20, cells: 1 << 22, a_byte: 0 };

/// Columns of a table; those with attributes of operators may have many.
const MOST_COLUMNS: usize = 10_000;

/// A table whose header has been read.
pub(super) struct TextTable {
    pub(super) file: String,
    pub(super) header: Vec<String>,
    rows: Rows,
}

/// Where its rows come from.
enum Rows {
    Csv(Vec<u8>),
    Parquet(Batches),
}

/// A row of text, trimmed.
#[derive(Default)]
pub(super) struct TextRow {
    /// Number in the file, from 1 without the header.
    pub(super) row: usize,
    /// Line in the file, where the file has lines.
    pub(super) line: Option<usize>,
    pub(super) cells: Vec<String>,
    /// What keeps it from being a row of this table.
    pub(super) fault: Option<Problem>,
}

/// Opens a table; `room` is what Parquet tables may still hold.
pub(super) fn open(path: &Path, room: &mut Room) -> Result<TextTable, Problems> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if file.ends_with(".parquet") { open_parquet(path, file, room) } else { open_csv(path, file) }
}

fn open_csv(path: &Path, file: String) -> Result<TextTable, Problems> {
    let mut bytes = read_file(path).map_err(|error| unreadable(&file, &error))?;
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    let mut record = ByteRecord::new();
    let read = csv_reader(&bytes).read_byte_record(&mut record);
    if !read.map_err(|error| unreadable(&file, &error))? {
        let expected = "a header line was expected, and the file is empty";
        return Err(Problem::new(&file, expected).into());
    }
    let mut lines = Lines { bytes: &bytes, seen: 0, line: 1 };
    let line = lines.at(record.position().map_or(0, csv::Position::byte));
    let header = header_cells(&record, &file, line)?;
    Ok(TextTable { file, header, rows: Rows::Csv(bytes) })
}

fn csv_reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}

fn open_parquet(path: &Path, file: String, room: &mut Room) -> Result<TextTable, Problems> {
    let unread = |error: ReadError| Problem::new(&file, error.to_string());
    let opened = slashfall_bounded::open(path, *room).map_err(unread)?;
    let fields = opened.schema().fields();
    if let Some(nested) = fields.iter().find(|field| field.data_type().is_nested()) {
        let expected = "a column of text or numbers was expected";
        return Err(Problem::new(&file, expected).key(nested.name()).into());
    }
    let header = fields.iter().map(|field| field.name().trim().to_owned()).collect();
    let batches = opened.batches().map_err(unread)?;
    room.cells -= batches.n_cells().min(room.cells);
    Ok(TextTable { file, header, rows: Rows::Parquet(batches) })
}

impl TextTable {
    /// Hands over row by row, until `take` breaks off.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub(super) fn each_row(
        self,
        mut take: impl FnMut(&TextRow) -> ControlFlow<()>,
    ) -> Result<(), Problems> {
        let Self { file, header, rows } = self;
        match rows {
            Rows::Csv(bytes) => {
                let read = each_csv_row(&bytes, &file, &header, &mut take);
                read.map_err(|error| unreadable(&file, &error).into())
            }
            Rows::Parquet(batches) => each_parquet_row(batches, &mut take)
                .map_err(|error| Problem::new(&file, error.to_string()).into()),
        }
    }
}

type Take<'t> = &'t mut dyn FnMut(&TextRow) -> ControlFlow<()>;

fn each_csv_row(bytes: &[u8], file: &str, header: &[String], take: Take<'_>) -> csv::Result<()> {
    let mut reader = csv_reader(bytes);
    let mut record = ByteRecord::new();
    let mut lines = Lines { bytes, seen: 0, line: 1 };
    let mut row = TextRow::default();
    let mut is_header = true;
    while reader.read_byte_record(&mut record)? {
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        if std::mem::take(&mut is_header) {
            continue;
        }
        row.cells.resize_with(record.len(), String::new);
        for (own, cell) in row.cells.iter_mut().zip(&record) {
            *own = own_text(cell);
        }
        if matches!(row.cells.as_slice(), [only] if only.is_empty()) && header.len() > 1 {
            continue;
        }
        (row.row, row.line) = (row.row + 1, Some(line));
        let place = Place::Row { row: row.row, line: row.line };
        let fault = row_fault(&record, header);
        row.fault = fault.map(|fault| Problem { file: file.to_owned(), ..fault }.at(place));
        if take(&row).is_break() {
            break;
        }
    }
    Ok(())
}

fn unreadable(file: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(file, format!("a file that can be read was expected ({error})"))
}

fn header_cells(record: &ByteRecord, file: &str, line: usize) -> Result<Vec<String>, Problems> {
    if record.len() > MOST_COLUMNS {
        let expected = format!("at most {MOST_COLUMNS} columns were expected");
        let problem = Problem::new(file, expected).at(Place::Line(line));
        return Err(problem.value(format!("{} columns", record.len())).into());
    }
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

fn each_parquet_row(batches: Batches, take: Take<'_>) -> Result<(), ReadError> {
    let options = FormatOptions::new().with_display_error(false).with_null("");
    let wrong = |error: ArrowError| ReadError::NotWhole(error.to_string());
    let mut row = TextRow::default();
    for batch in batches {
        let batch = batch?;
        let columns = batch.columns().iter();
        let columns: Vec<ArrayFormatter<'_>> = columns
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<_, _>>()
            .map_err(wrong)?;
        for index in 0..batch.num_rows() {
            let cells = columns.iter().map(|column| {
                let text = column.value(index).try_to_string();
                text.map(|text| text.trim().to_owned()).map_err(wrong)
            });
            row.cells = cells.collect::<Result<_, _>>()?;
            row.row += 1;
            if take(&row).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}
