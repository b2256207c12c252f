//! Parquet files that unpack to much more than they are, and such as declare it.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::{Case, case};
use crate::network_parquet::{take, which};

/// Bytes of the longest page that a file may have, and more.
const HUGE: usize = 80 << 20;

fn file(name: &'static str, make: impl Fn() -> Vec<u8> + 'static) -> Case {
    case("parquet", name, take, move || [vec![which("holdings")], make()].concat())
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = written();
    cases.extend(declared());
    cases
}

/// Files that somebody has really written.
fn written() -> Vec<Case> {
    vec![
        file("a long text in every row", || {
            let long = "x".repeat(1 << 20);
            table(properties(), 1_000, || column(1_000, |_| &long))
        }),
        file("rows of the same", || {
            table(properties(), 20_000_000, || column(10_000_000, |_| "l"))
        }),
        file("rows of nothing", || {
            table(properties(), 20_000_000, || Arc::new(StringArray::new_null(10_000_000)))
        }),
        file("many rows", || {
            let names: Vec<String> = (0..1_000).map(|n| format!("o{n}")).collect();
            table(properties(), 1_040_000, || column(1_040_000, |row| &names[row % 1_000]))
        }),
        file("a page of zeros", || {
            let long = "\0".repeat(HUGE);
            table(properties().set_dictionary_enabled(false), 1, || column(1, |_| &long))
        }),
        file("pages of zeros", || {
            let long = "\0".repeat(60 << 20);
            let properties = properties().set_dictionary_enabled(false);
            table(properties.set_data_page_row_count_limit(1), 30, || column(1, |_| &long))
        }),
        file("texts that begin as the one before", || {
            let long = "x".repeat(1 << 20);
            let properties = properties().set_dictionary_enabled(false);
            let holder = ColumnPath::from("holder");
            let properties = properties.set_column_encoding(holder, Encoding::DELTA_BYTE_ARRAY);
            table(properties, 1_000, || column(200, |_| &long))
        }),
        file("a list of a hundred million", list),
        file("sixteen thousand columns", || {
            let columns = (0..16_000).map(|n| (format!("c{n}"), number(8)));
            bytes_of(&RecordBatch::try_from_iter(columns).expect("columns of a length"))
        }),
    ]
}

fn properties() -> WriterPropertiesBuilder {
    let zstd = ZstdLevel::try_new(19).expect("a level of zstd");
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(zstd))
        .set_max_row_group_row_count(None)
}

fn number(n: usize) -> ArrayRef {
    Arc::new(Float64Array::from(vec![1.0; n]))
}

pub(super) fn column<'t>(n: usize, text: impl Fn(usize) -> &'t str) -> ArrayRef {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    (0..n).for_each(|row| builder.append_value(text(row)));
    Arc::new(builder.finish())
}

/// Holdings of so many rows at least, whose holder comes in batches.
fn table(properties: WriterPropertiesBuilder, n: usize, holder: impl Fn() -> ArrayRef) -> Vec<u8> {
    let holder = holder();
    let n_rows = holder.len();
    let columns: [(&str, ArrayRef); 4] = [
        ("holder", holder),
        ("operator", column(n_rows, |_| "a")),
        ("asset", column(n_rows, |_| "ETH")),
        ("amount_eth", number(n_rows)),
    ];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, own)| (name, own, true)));
    let batch = batch.expect("columns of a length");
    let mut bytes = Vec::new();
    let writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build()));
    let mut writer = writer.expect("a table can be written");
    for _ in 0..n.div_ceil(n_rows) {
        writer.write(&batch).expect("a table can be written");
    }
    writer.close().expect("a table can be written");
    bytes
}

/// One row, of which a cell is a list of very many nulls.
fn list() -> Vec<u8> {
    let mut builder = ListBuilder::new(Int32Builder::new());
    builder.values().append_nulls(100_000_000);
    builder.append(true);
    let list: ArrayRef = Arc::new(builder.finish());
    let batch = RecordBatch::try_from_iter([("holder", list)]).expect("a column");
    bytes_of(&batch)
}

pub(super) fn bytes_of(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties().build()));
    let mut writer = writer.expect("a table can be written");
    writer.write(batch).expect("a table can be written");
    writer.close().expect("a table can be written");
    bytes
}

/// Files that only say so. A footer is a struct of Thrift's compact protocol.
fn declared() -> Vec<Case> {
    vec![
        file("a footer of nested columns", || {
            // A list of a million elements, each with one child and the name `a`.
            let element = [0x48, 1, b'a', 0x15, 2, 0];
            let n = 600_000_usize;
            let mut footer = vec![0x15, 2, 0x19, 0xfc];
            footer.extend(varint(n));
            footer.extend(element.repeat(n));
            footer.push(0);
            with_footer(&footer)
        }),
        file("a footer of lists without end", || {
            // Lists of 2^31 - 1 truth values, which take no bytes, in fields that nobody knows.
            let list = [0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 7];
            with_footer(&[[0x15, 2].as_slice(), &list.repeat(1_000), &[0]].concat())
        }),
        file("a footer of row groups", || {
            // A list that claims as many row groups as there are bytes.
            let n = 4_000_000_usize;
            let mut footer = vec![0x15, 2, 0x19, 0x1c, 0x48, 1, b'a', 0, 0x16, 2, 0x19, 0xfc];
            footer.extend(varint(n));
            footer.extend(vec![0; n]);
            with_footer(&footer)
        }),
        file("a footer of 9 MB", || with_footer(&vec![0; 9_000_000])),
        file("a footer of truth values", || with_footer(&[0x11; 1_000])),
        file("rows by the trillion", || {
            // The number of rows is field 3, an i64, after the schema; of one row it is 2 in zigzag.
            let whole = table(properties(), 1, || column(1, |_| "l"));
            swapped(
                &whole,
                &[0x16, 2, 0x19],
                &[0x16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x19],
            )
        }),
        file("a page of two gigabytes", || {
            // The sizes of a page are fields 2 and 3 of its header.
            let whole = table(properties(), 1, || column(1, |_| "l"));
            let at = 4;
            let mut bytes = whole[..at].to_vec();
            bytes.extend([0x15, 4, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f]);
            bytes.extend(&whole[at + 4..]);
            bytes
        }),
    ]
}

fn varint(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 0x7f {
        bytes.push(u8::try_from(n & 0x7f).unwrap_or_default() | 0x80);
        n >>= 7;
    }
    bytes.push(u8::try_from(n).unwrap_or_default());
    bytes
}

fn with_footer(footer: &[u8]) -> Vec<u8> {
    let length = u32::try_from(footer.len()).unwrap_or(u32::MAX).to_le_bytes();
    [b"PAR1".as_slice(), footer, &length, b"PAR1"].concat()
}

/// A file whose footer has other bytes in the place of the last that are so.
fn swapped(whole: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = whole.windows(from.len()).rposition(|window| window == from).expect("they are there");
    let end = whole.len() - 8;
    let tail: [u8; 4] = whole[end..end + 4].try_into().expect("four bytes");
    let length =
        u32::from_le_bytes(tail) + u32::try_from(to.len() - from.len()).unwrap_or_default();
    [&whole[..at], to, &whole[at + from.len()..end], &length.to_le_bytes(), b"PAR1"].concat()
}
