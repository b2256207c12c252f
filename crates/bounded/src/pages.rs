//! The pages that are to be read, by their headers alone: how much each is once it is unpacked, how many
//! values it says that it has, and how long the longest text is.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};

use parquet::arrow::ProjectionMask;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use crate::format::PAGE;
use crate::thrift::Walk;
use crate::{FILES, MOST_OPEN_BYTES, MOST_PAGE_BYTES, ReadError, Room, caught, most_text};

/// Bytes of a value of fixed length, of the longest that tables have.
const MOST_FIXED: i32 = 64;
/// Bytes that are read of a page to find its header, which is mostly a hundredth of that.
const HEADER_BYTES: usize = 1 << 10;
/// What a cell takes beside its text.
const CELL_BYTES: u64 = 16;

/// What is to be read.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// Cells of all columns.
    pub(crate) n_cells: u64,
    /// Bytes that a row may have.
    pub(crate) row_bytes: u64,
}

/// What the pages of a column would take.
#[derive(Clone, Copy, Default)]
struct Column {
    /// Of its largest page, once unpacked.
    page_bytes: u64,
    /// Of its dictionary, once unpacked.
    dictionary_bytes: u64,
    /// Of all its other pages.
    data_bytes: u64,
    n_values: u64,
    /// Bytes that a cell may have.
    cell_bytes: u64,
}

/// Holds all pages of the columns that are read to what there is room for.
pub(crate) fn check(
    file: &File,
    n_bytes: u64,
    metadata: &ParquetMetaData,
    mask: &ProjectionMask,
    room: Room,
) -> Result<Found, ReadError> {
    let most_open = MOST_OPEN_BYTES.max(n_bytes.saturating_mul(FILES));
    let (mut n_cells, mut text_bytes, mut row_bytes) = (0_u64, 0_u64, 0);
    for group in metadata.row_groups() {
        let (mut open, mut row) = (0_u64, 0_u64);
        let chunks = group.columns().iter().enumerate();
        for (place, chunk) in chunks.filter(|(place, _)| mask.leaf_included(*place)) {
            let n_rows = group.num_rows();
            let found =
                column(file, n_bytes, chunk, n_rows).map_err(|error| named(error, chunk, place))?;
            open += found.page_bytes + found.dictionary_bytes;
            row += found.cell_bytes;
            n_cells = n_cells.saturating_add(found.n_values);
            if chunk.column_type() == Type::BYTE_ARRAY {
                text_bytes = text_bytes.saturating_add(found.data_bytes);
            }
        }
        if open > most_open {
            return Err(ReadError::TooLarge(format!(
                "its pages are {open} bytes at a time once unpacked, and at most {most_open} are read"
            )));
        }
        row_bytes = row.max(row_bytes);
    }
    let most_text = most_text(n_bytes);
    if text_bytes > most_text {
        return Err(ReadError::TooLarge(format!(
            "its texts are {text_bytes} bytes once unpacked, and at most {most_text} are read"
        )));
    }
    if n_cells > room.cells {
        return Err(ReadError::TooLarge(format!(
            "it has {n_cells} cells, and at most {} are read",
            room.cells
        )));
    }
    Ok(Found { n_cells, row_bytes })
}

/// The same, saying which column it is about.
fn named(error: ReadError, chunk: &ColumnChunkMetaData, place: usize) -> ReadError {
    let name: String = chunk.column_path().string().chars().take(100).collect();
    let said = |why: String| format!("column {} ({name}): {why}", place + 1);
    match error {
        ReadError::Io(error) => ReadError::Io(error),
        ReadError::NotWhole(why) => ReadError::NotWhole(said(why)),
        ReadError::TooLarge(why) => ReadError::TooLarge(said(why)),
    }
}

fn column(
    file: &File,
    n_bytes: u64,
    chunk: &ColumnChunkMetaData,
    n_rows: i64,
) -> Result<Column, ReadError> {
    let damaged = |why: &str| ReadError::NotWhole(why.to_owned());
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let (start, length) = (u64::try_from(start), u64::try_from(chunk.compressed_size()));
    let (Ok(start), Ok(length)) = (start, length) else { return Err(damaged("it is nowhere")) };
    let end = start.checked_add(length).filter(|end| *end <= n_bytes);
    let end = end.ok_or_else(|| damaged("it is longer than the file"))?;
    let descriptor = chunk.column_descr();
    let mut found = Column { cell_bytes: CELL_BYTES, ..Column::default() };
    if chunk.column_type() == Type::FIXED_LEN_BYTE_ARRAY {
        let fixed = descriptor.type_length();
        if !(0..=MOST_FIXED).contains(&fixed) {
            return Err(ReadError::TooLarge(format!(
                "its values have {fixed} bytes, and at most {MOST_FIXED} are read"
            )));
        }
    }
    let mut at = start;
    while at < end {
        at = page(file, (at, end), &mut found)?;
    }
    if descriptor.max_rep_level() == 0 && found.n_values > n_rows.unsigned_abs() {
        return Err(damaged("it has more values than there are rows"));
    }
    if chunk.column_type() == Type::BYTE_ARRAY {
        found.cell_bytes += longest_text(file, chunk, n_rows, found)?;
    }
    Ok(found)
}

/// Adds a page; says where the next begins.
fn page(mut file: &File, (at, end): (u64, u64), found: &mut Column) -> Result<u64, ReadError> {
    file.seek(SeekFrom::Start(at))?;
    let mut walk = Walk::new(BufReader::with_capacity(HEADER_BYTES, file), end - at);
    let (mut packed, mut unpacked, mut n_values, mut is_dictionary) = (-1, -1, 0, false);
    let walked = walk.fields(PAGE, &mut |path, number| {
        match (path, number) {
            ([2], Some(n)) => unpacked = n,
            ([3], Some(n)) => packed = n,
            ([5 | 8, 1], Some(n)) => n_values = n,
            ([7], None) => is_dictionary = true,
            _ => {}
        }
        Ok(())
    });
    walked.map_err(|why| ReadError::NotWhole(format!("a page is damaged: {why}")))?;
    let numbers = (u64::try_from(packed), u64::try_from(unpacked), u64::try_from(n_values));
    let (Ok(packed), Ok(unpacked), Ok(n_values)) = numbers else {
        return Err(ReadError::NotWhole("a page is of less than nothing".to_owned()));
    };
    if packed > walk.left() {
        return Err(ReadError::NotWhole("a page is longer than its column".to_owned()));
    }
    if unpacked > MOST_PAGE_BYTES {
        return Err(ReadError::TooLarge(format!(
            "a page is {unpacked} bytes once unpacked, and at most {MOST_PAGE_BYTES} are read"
        )));
    }
    let largest = if is_dictionary { &mut found.dictionary_bytes } else { &mut found.page_bytes };
    // What is not packed is as long as it is, whatever it says.
    *largest = (*largest).max(unpacked).max(packed);
    if !is_dictionary {
        found.data_bytes += unpacked.max(packed);
    }
    found.n_values = found.n_values.saturating_add(n_values);
    Ok(end - walk.left() + packed)
}

/// Bytes of the longest text that a few bytes may stand for: one of the dictionary, or one of a page where texts
/// repeat what is before them.
fn longest_text(
    file: &File,
    chunk: &ColumnChunkMetaData,
    n_rows: i64,
    found: Column,
) -> Result<u64, ReadError> {
    if chunk.encodings().any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY) {
        return Ok(found.page_bytes);
    }
    if found.dictionary_bytes == 0 {
        return Ok(0);
    }
    let file = std::sync::Arc::new(file.try_clone()?);
    let n_rows = usize::try_from(n_rows).unwrap_or_default();
    let first = caught(|| SerializedPageReader::new(file, chunk, n_rows, None)?.get_next_page())?;
    let Some(Page::DictionaryPage { buf, .. }) = first else { return Ok(found.dictionary_bytes) };
    let (mut rest, mut longest) = (&buf[..], 0);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length);
        longest = longest.max(u64::from(length));
        rest = after.get(usize::try_from(length).unwrap_or(usize::MAX)..).unwrap_or_default();
    }
    Ok(longest.min(found.dictionary_bytes))
}
