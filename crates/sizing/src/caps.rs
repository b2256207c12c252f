//! Standalone caps, and the room that is left beside what is held.

use rayon::prelude::*;

use crate::problem::Problem;
use crate::ray::{Base, Reach, reach};
use crate::risk::Risk;
use crate::sample::Sample;

/// How much of one position the treasury may hold when all else is ETH.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cap {
    /// With the cost of leaving with as much.
    pub own: Reach,
    /// As if leaving cost what the market price says.
    pub at_market: Reach,
}

/// The caps of all candidates, in their order. Minimums are not looked at: a cap below one says that it is too large.
#[must_use]
pub fn caps(problem: &Problem, sample: &Sample) -> Vec<Cap> {
    let nothing = vec![0.0; problem.candidates.len()];
    let at_market: Vec<Risk> = problem.risks.iter().map(|risk| risk.at_market()).collect();
    let own = Base::new(problem, &problem.risks, sample, nothing.clone());
    let at_market = Base::new(problem, &at_market, sample, nothing);
    let cap = |position: usize| Cap {
        own: reach(&own, position),
        at_market: reach(&at_market, position),
    };
    (0..problem.candidates.len()).into_par_iter().map(cap).collect()
}

/// By how much each position can grow from positions of `x` ETH when the others stay.
#[must_use]
pub fn room(problem: &Problem, sample: &Sample, x: &[f64]) -> Vec<Reach> {
    let base = Base::new(problem, &problem.risks, sample, x.to_vec());
    (0..x.len()).into_par_iter().map(|position| reach(&base, position)).collect()
}
