//! What happens on a path once something has happened: state, mechanisms, the day, the ledger.
//!
//! Deterministic and free of I/O: given a [`Setting`] (a network and the [`Parameters`] of a
//! scenario) and what happens from outside ([`PathInput`]), [`run_path`] plays the days to
//! the horizon and writes one row of figures ([`Layout`] says which); a [`Group`] plays several paths
//! at once. One file a mechanism; the order in which they act is `day.rs`, and `wide` for the group.

mod attribution;
mod backing;
mod beacon;
mod day;
mod ends;
mod event;
mod figures;
mod flat;
mod ledger;
mod lenders;
mod lending;
mod liquidity;
mod loans;
mod market;
mod marks;
mod number;
mod order;
mod outcome;
mod parameters;
mod record;
mod redemption;
mod rounds;
mod security;
mod setting;
mod slash;
mod sparse;
mod state;
mod strike_sums;
mod strikes;
mod terms;
mod theft;
mod wide;

pub use attribution::{Cause, Channel, LossEntry};
pub use day::{run_path, run_path_recorded, run_path_told};
pub use ends::{AssetEnd, EndLayout, MarketEnd};
pub use event::{Effect, Event, Events, Hit, Target};
pub use figures::{AssetFigure, Figure, Layout, PortfolioFigure};
pub use liquidity::{PriceCurve, reserves_at};
pub use outcome::exposures;
pub use parameters::{
    BeaconParameters, CascadeParameters, LendingParameters, NoiseParameters, Parameters,
    RedemptionParameters, SecurityParameters, YieldParameters,
};
pub use record::{AssetDay, DayRecord, Happened, Record, ReserveDay, Step, Told};
pub use redemption::EXIT_ETH_PER_DAY;
pub use setting::{Normals, PathInput, Setting};
pub use state::State;
pub use strike_sums::{StrikeSum, StrikeSums};
pub use strikes::Strikes;
pub use wide::Group;
