//! `policy_file` for libFuzzer; see `slashfall_fuzz`.

#![no_main]

use slashfall_fuzz::{begin, policy_file};

libfuzzer_sys::fuzz_target!(init: begin("policy_file"), |bytes: &[u8]| policy_file::take(bytes));
