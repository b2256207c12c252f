//! The program from outside: what is said of broken input, what a result holds, what each command
//! does. One test binary, so that the whole chain is linked once.

#![expect(clippy::unwrap_used, reason = "a test stops where its own files fail")]

mod broken_networks;
mod broken_run_files;
mod calibrate;
mod caps;
mod commands;
mod diff;
mod docs;
mod example;
mod hostile;
mod import;
mod interrupt;
mod log;
mod memory;
mod old_inputs;
mod old_results;
mod parts;
mod replay;
mod report;
mod result;
mod resume;
mod reverse;
mod run;
mod sampling;
mod selftest;
mod sobol;
mod stop_rule;
mod store;
mod stress;
mod table;
