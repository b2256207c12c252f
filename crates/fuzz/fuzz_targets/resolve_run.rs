//! `resolve_run` for libFuzzer; see `slashfall_fuzz`.

#![no_main]

use slashfall_fuzz::{begin, resolve_run};

libfuzzer_sys::fuzz_target!(init: begin("resolve_run"), |bytes: &[u8]| resolve_run::take(bytes));
