//! How much of each position a treasury may hold, so that what it loses stays within what it bears.
//!
//! A [`Policy`] says what a treasury holds, what it considers and how much risk it bears; resolved
//! against a network it gives a [`Candidate`] for each position.

pub mod policy;

pub use policy::{Candidate, CandidateKind, Policy};
