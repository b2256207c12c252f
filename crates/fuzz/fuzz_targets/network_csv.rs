//! `network_csv` for libFuzzer; see `slashfall_fuzz`.

#![no_main]

use slashfall_fuzz::{begin, network_csv};

libfuzzer_sys::fuzz_target!(init: begin("network_csv"), |bytes: &[u8]| network_csv::take(bytes));
