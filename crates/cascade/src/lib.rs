//! What happens on a path once something has happened: state, mechanisms, the day, the ledger.
//!
//! Deterministic and free of I/O: given a [`slashfall_graph::Network`], the [`Parameters`] of a
//! scenario, the [`Events`] that fired and the noise of the market, [`run_path`] plays the days to
//! the horizon and writes one row of figures ([`Layout`] says which). One file a mechanism; the
//! order in which they act is `day.rs` and nowhere else.

mod attribution;
mod backing;
mod beacon;
mod day;
mod event;
mod ledger;
mod market;
mod outcome;
mod parameters;
mod slash;
mod state;
mod theft;

pub use attribution::{Cause, Channel, LossEntry};
pub use day::{run_path, run_path_recorded};
pub use event::{Effect, Event, Events, Hit, Target};
pub use outcome::{AssetFigure, Figure, Layout, exposures};
pub use parameters::{BeaconParameters, NoiseParameters, Parameters};
pub use state::State;
