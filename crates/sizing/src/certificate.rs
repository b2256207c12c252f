//! Whether paths that nobody has chosen by agree: a plan that is the best of its own paths looks better there than it is, so it is
//! held against others, and drawn in until those say that it keeps its budgets.

use slashfall_output::measures::Estimate;

use crate::plan::{net_return, shrink};
use crate::problem::Problem;
use crate::risk::{Reading, read_all};
use crate::sample::Sample;

/// What other paths say of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// How the budgets of the problem stood for the plan as it was.
    pub before: Vec<Reading>,
    /// The positions that are certified, in ETH.
    pub x: Vec<f64>,
    /// How much is left of the plan beyond the least of each position; 1 where it was certified as it was.
    pub left: f64,
    /// How the budgets stand for them.
    pub readings: Vec<Reading>,
    /// Expected return of them to the horizon, in ETH.
    pub net_return: Estimate,
}

/// Holds positions of `x` ETH against paths that they were not chosen by.
#[must_use]
pub fn certify(problem: &Problem, fresh: &Sample, x: &[f64]) -> Certificate {
    let before = read_all(&problem.risks, fresh, x);
    let (certified, left) = shrink(problem, &problem.risks, fresh, x);
    Certificate {
        before,
        left,
        readings: read_all(&problem.risks, fresh, &certified),
        net_return: net_return(fresh, &certified),
        x: certified,
    }
}
