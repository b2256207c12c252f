//! What happens at all: keyed streams, factors, sources and their times, severities, noise; paths
//! in parallel batches, delivered in order; replay of any path from its number alone.
//!
//! Data walks one way: a run file becomes a [`RunSpec`] (as written), [`RunSpec::resolve`] checks
//! it against a network and gives a [`Model`] (cannot be wrong), and [`simulate`] draws paths from
//! it. An outcome is a pure function of network, model, seed and path number: of nothing else.

mod again;
mod all_fire;
mod common;
pub mod config;
mod copula;
mod dependence;
mod draw;
mod ends;
mod exact_sum;
mod first_events;
mod gamma;
mod gaussian;
pub mod importance;
mod in_order;
mod incidents;
mod kernels;
mod keys;
mod levels;
mod model;
mod noise;
mod parts;
mod path;
mod rate;
mod score;
#[cfg(test)]
mod score_tests;
mod search;
mod severity;
mod simulate;
mod sobol;
mod source;
mod stress;
pub mod synth;
mod times;
mod variant;
mod without;

pub use again::{Varied, replay_variants};
pub use all_fire::AllFire;
pub use config::{Node, RunSpec, Scenario};
pub use copula::Copula;
pub use dependence::Entry;
pub use exact_sum::ExactSum;
pub use first_events::{FirstEvents, first_events};
pub use gaussian::{survival, upper_quantile};
pub use incidents::Incidents;
pub use keys::STREAMS_VERSION;
pub use model::Model;
pub use parts::{Parts, replay_parts};
pub use score::{Parameter, PathScore, Scorer};
pub use severity::Severity;
pub use simulate::{
    Batch, PathRecord, event_times, replay, replay_told, simulate, simulate_noting,
    simulate_to_ends,
};
pub use sobol::{REPLICATES, Sobol};
pub use source::{Named, Source, SourceKind};
pub use stress::{StressEvent, stress};
pub use variant::Entries;
