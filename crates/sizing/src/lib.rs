//! How much of each position a treasury may hold, so that what it loses stays within what it bears.
//!
//! A [`Policy`] says what a treasury holds, what it considers and how much risk it bears; resolved against a network it gives a
//! [`Candidate`] for each position, and with these a [`Problem`]. A [`Gather`] takes from each path of a run what positions lose and
//! what leaving them costs, and a [`Sample`] of such paths answers: how far each position can grow ([`caps`]), what is best within
//! all budgets and how what is held stands ([`Planner`], all of it in an [`Answer`]), and whether paths that nobody has chosen by agree ([`certify`]).

mod answer;
mod caps;
mod certificate;
mod cutting;
mod exit;
mod gather;
mod lp;
mod marginal;
mod payout;
mod plan;
pub mod policy;
mod problem;
mod ray;
mod risk;
mod sample;
mod worst;

pub use answer::{Answer, Frontier, Held};
pub use caps::{Cap, caps, room};
pub use certificate::{Certificate, certify};
pub use gather::Gather;
pub use marginal::marginal_shortfall;
pub use plan::{Limit, NoPlan, Plan, Planner, Price, net_return};
pub use policy::{Candidate, CandidateKind, Policy};
pub use problem::{Exposure, ExposureKind, Problem};
pub use ray::{Binding, Reach};
pub use risk::{Ask, Reading, Risk, read_all};
pub use sample::Sample;
