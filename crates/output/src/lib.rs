//! From losses to figures with errors, to Parquet and a manifest.
//!
//! A [`Collector`] takes batches in path order and keeps the losses of each [`Scope`]; [`measures`]
//! turn them into estimates; [`tables`] lay these out, one schema a table, defined once; a
//! [`ResultFolder`] holds the files until all are whole and only then takes its name.

mod collect;
mod contributions;
pub mod difference;
mod folder;
mod happenings;
mod manifest;
pub mod measures;
mod paths;
mod recorded;
mod room;
mod rounds;
pub mod schema;
mod scope;
pub mod tables;
mod weighting;

pub use collect::Collector;
pub use contributions::{ComponentKind, Contribution, contributions};
pub use folder::{OutputError, ResultFolder};
pub use happenings::{Amounts, DaySums, StepRow};
pub use manifest::{
    DEFINITIONS, Digest, InputFile, Manifest, SelfTest, digest_all, digest_file, digest_text,
};
pub use paths::{PathsWriter, named_figures};
pub use recorded::{ListedPath, listed_paths, path_row};
pub use room::Wanted;
pub use schema::{SCHEMA_VERSION, Table};
pub use scope::{Scope, ScopeKind, WITHOUT_PRICES, scopes};
pub use weighting::{Importance, Sampling, SobolPoints};
