//! `run_file` for libFuzzer; see `slashfall_fuzz`.

#![no_main]

use slashfall_fuzz::{begin, run_file};

libfuzzer_sys::fuzz_target!(init: begin("run_file"), |bytes: &[u8]| run_file::take(bytes));
