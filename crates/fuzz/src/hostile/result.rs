//! Files of results and of parts.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, UInt64Array};

use super::parquet::{bytes_of, column};
use super::{BYTES, Case, case, lines};
use crate::result_reader::{MENDED, PACKED, PLAIN, place_of, take};

/// A file of what [`take`] reads, and what else is changed.
fn file(
    name: &'static str,
    which: &'static str,
    how: u8,
    make: impl Fn() -> Vec<u8> + 'static,
) -> Case {
    case("result", name, take, move || {
        let mut bytes = vec![place_of(which), how];
        bytes.extend(make());
        bytes
    })
}

pub(super) fn cases() -> Vec<Case> {
    let manifest = "result/manifest.json";
    vec![
        file("numbers in a manifest", manifest, PLAIN, || lines("[", |_| "0,".to_owned())),
        file("a list of numbers", manifest, MENDED, || {
            let mut text = lines("{\"config\":{\"base\":{\"a\":[0", |_| ",0".to_owned());
            text.extend_from_slice(b"]}}}");
            text
        }),
        file("deep lists", manifest, PLAIN, || vec![b'['; BYTES]),
        file("deep tables", manifest, PLAIN, || lines("", |_| "{\"a\":".to_owned())),
        file("many scenarios", manifest, MENDED, || {
            let mut text = lines("{\"config\":{\"base\":{}", |n| format!(",\"s{n}\":{{}}"));
            text.extend_from_slice(b"},\"config_sha256\":\"\",\"paths\":{\"base\":1}}");
            text
        }),
        file("numbers in a part", "parts/b/part.json", PLAIN, || lines("[", |_| "0,".to_owned())),
        file(
            "a state that unpacks to gigabytes",
            "parts/b/scenario000.state",
            PACKED,
            packed_zeros,
        ),
        file("a state of zeros", "parts/b/scenario000.state", MENDED, || vec![0; BYTES]),
        file("a state of ones", "parts/b/scenario000.state", MENDED, || vec![1; BYTES]),
        file("tail paths that are all one", "result/tail_paths.parquet", PLAIN, tail_paths),
        file("caps of numbers", "caps/caps.json", PLAIN, || lines("[", |_| "0,".to_owned())),
    ]
}

/// As many worst paths as a table may have, in a few kB.
fn tail_paths() -> Vec<u8> {
    const ROWS: usize = 11_000_000;
    let text = |text: &'static str| column(ROWS, |_| text);
    let count = || -> ArrayRef { Arc::new(UInt64Array::from(vec![1; ROWS])) };
    let columns: [(&str, ArrayRef); 6] = [
        ("scenario", text("base")),
        ("scope_kind", text("system")),
        ("scope", text("system")),
        ("rank", count()),
        ("path", count()),
        ("loss", Arc::new(Float64Array::from(vec![1.0; ROWS]))),
    ];
    bytes_of(&RecordBatch::try_from_iter(columns).expect("columns of a length"))
}

/// Some tens of gigabytes of zeros.
fn packed_zeros() -> Vec<u8> {
    let megabyte = zstd::encode_all(&vec![0; 64 << 20][..], 19).expect("zeros can be packed");
    megabyte.repeat(BYTES / megabyte.len())
}
