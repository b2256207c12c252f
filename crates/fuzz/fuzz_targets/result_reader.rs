//! `result_reader` for libFuzzer; see `slashfall_fuzz`.

#![no_main]

use slashfall_fuzz::{begin, result_reader};

libfuzzer_sys::fuzz_target!(init: begin("result_reader"), |bytes: &[u8]| result_reader::take(bytes));
