//! The project as other languages and programs see it: what is written for Python, browsers and
//! readers of the docs is run with them. One test binary, one virtual environment (`tools.rs`).

#![expect(clippy::unwrap_used, reason = "a test stops where its own files fail")]

mod browser;
mod cluster;
mod faults;
mod notebooks;
mod package;
mod pictures;
mod queries;
mod recipes;
mod site;
mod store;
mod tools;
mod wheel;
