//! The run file: from TOML as written to a [`Model`](crate::Model).
//!
//! [`Node`] is the file as a tree that knows its lines and can be changed by `--set` and by
//! scenarios; [`RunSpec`] is what it says, read with every problem collected; `resolve` checks it
//! against a network. Other TOML files are read in the same manner, a [`Section`] a table.

mod json;
mod names;
mod node;
mod read;
mod read_behaviour;
mod read_event;
mod read_sampling;
mod read_scenario;
mod read_source;
mod resolve;
mod resolve_behaviour;
mod resolve_sobol;
mod resolve_source;
mod section;
mod spec;
mod sweep;

pub use node::{Node, NodeValue};
pub use read::{required, required_text};
pub use read_behaviour::section_or;
pub use resolve::Scenario;
pub use section::{Range, Reading, Section};
pub use spec::{
    CopulaSpec, Detail, EventSpec, GroupEffect, KindSpec, Located, Method, Names, NoiseSpec,
    PathCount, RateSpec, RunSpec, SamplingSpec, ScenarioSpec, SeveritySpec, SourceSpec, StopMetric,
    StopRule,
};
