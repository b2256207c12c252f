//! From losses to figures with errors, to Parquet and a manifest.
//!
//! A [`Collector`] takes batches in path order and keeps the losses of each [`Scope`]; [`measures`]
//! turn them into estimates; [`tables`] lay these out, one schema a table, defined once; a
//! [`ResultFolder`] holds the files until all are whole and only then takes its name.

mod avs_rate;
mod close_ups;
mod collect;
mod contagion;
mod contributions;
mod dependence;
pub mod difference;
mod file;
mod folder;
mod happenings;
mod joint;
mod manifest;
mod markdown;
pub mod measures;
pub mod number;
mod paths;
mod recorded;
mod removals;
pub mod reverse;
mod room;
pub mod schema;
mod scope;
mod sensitivities;
mod split;
pub mod tables;
mod weighting;

pub use avs_rate::{AVS_RATES, AvsRate, avs_rates, headline_level, rated_kind};
pub use close_ups::{CloseUp, CloseUps, Looks};
pub use collect::{Collector, StoredCollector};
pub use contagion::{Contagion, NodeFigures, NodeKind, StoredContagion};
pub use contributions::{Contribution, contributions};
pub use dependence::{EventCounts, Realised, StoredCounts};
pub use file::{write_file, write_text_file};
pub use folder::{OutputError, RESULT_FILE, ResultFolder};
pub use happenings::{Amounts, DaySums, StepRow};
pub use joint::{Joint, joint};
pub use manifest::{
    DEFINITIONS, Digest, InputFile, Manifest, SelfTest, check_version, digest_all, digest_bytes,
    digest_file, digest_text,
};
pub use markdown::{markdown, type_words};
pub use paths::{PATHS_GRAIN, PathsWriter, named_figures, path_fields};
pub use recorded::{ListedPath, listed_paths, numbers_of, path_row};
pub use removals::{Without, removals};
pub use room::Wanted;
pub use schema::{SCHEMA_VERSION, Table};
pub use scope::{Scope, ScopeKind, WITHOUT_PRICES, scopes};
pub use sensitivities::{Method, Sensitivities, Sensitivity, sensitivities};
pub use split::ComponentKind;
pub use weighting::{Importance, Sampling, SobolPoints};
