//! `network_parquet` for libFuzzer; see `slashfall_fuzz`.

#![no_main]

use slashfall_fuzz::{begin, network_parquet};

libfuzzer_sys::fuzz_target!(init: begin("network_parquet"), |bytes: &[u8]| network_parquet::take(bytes));
