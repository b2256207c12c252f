//! All that one sample answers: caps, the best within all budgets, how what is held stands and the smallest trade that mends it,
//! return against risk.

use rayon::prelude::*;
use slashfall_output::measures::Estimate;

use crate::caps::{Cap, caps, room};
use crate::marginal::marginal_shortfall;
use crate::plan::{NoPlan, Plan, Planner, net_return};
use crate::problem::Problem;
use crate::ray::Reach;
use crate::risk::{Reading, Risk};
use crate::sample::Sample;

/// What the paths of a scenario say.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// By candidate.
    pub caps: Vec<Cap>,
    /// By candidate: expected return of an ETH to the horizon, after haircuts.
    pub returns: Vec<Estimate>,
    /// The largest expected return within all budgets.
    pub optimum: Plan,
    /// What is held.
    pub held: Held,
    /// By budget of the expected shortfall, ascending; empty where the policy has none.
    pub frontier: Vec<Frontier>,
}

/// How what is held stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The positions held.
    pub plan: Plan,
    /// By candidate: by how much it can grow when the others stay.
    pub room: Vec<Reach>,
    /// By candidate: what an ETH more adds to the expected shortfall; empty where the policy does not limit it.
    pub marginal: Vec<Estimate>,
    /// The smallest trade that leads within all limits; none where they are kept.
    pub trade: Option<Plan>,
}

/// The best plan under another budget of the expected shortfall.
#[derive(Clone, Debug, PartialEq)]
pub struct Frontier {
    /// The budget, as a multiple of that of the policy.
    pub times: f64,
    /// The plan.
    pub plan: Plan,
}

/// Budgets that are tried, as multiples of that of the policy.
const TIMES: [f64; 8] = [0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0];

impl Answer {
    /// Asks everything of one sample.
    ///
    /// # Errors
    /// When the minimums of the policy conflict with its limits.
    pub fn of(problem: &Problem, sample: &Sample) -> Result<Self, NoPlan> {
        let mut planner = Planner::new(problem, sample);
        let optimum = planner.optimum()?;
        let frontier = frontier(problem, &mut planner, &optimum)?;
        let held = held(problem, sample, &mut planner)?;
        let returns = returns(sample, problem.candidates.len());
        Ok(Self { caps: caps(problem, sample), returns, optimum, held, frontier })
    }
}

/// What an ETH of each position is expected to return.
fn returns(sample: &Sample, n: usize) -> Vec<Estimate> {
    let alone = |own: usize| (0..n).map(|i| f64::from(u8::from(i == own))).collect::<Vec<_>>();
    (0..n).into_par_iter().map(|own| net_return(sample, &alone(own))).collect()
}

fn frontier(
    problem: &Problem,
    planner: &mut Planner<'_>,
    optimum: &Plan,
) -> Result<Vec<Frontier>, NoPlan> {
    if !problem.risks.iter().any(Risk::is_shortfall) {
        return Ok(Vec::new());
    }
    let mut points: Vec<Frontier> = Vec::new();
    for times in TIMES {
        let mut risks = problem.risks.clone();
        for risk in &mut risks {
            if risk.is_shortfall() {
                risk.limit *= times;
            }
        }
        match planner.optimum_within(&risks) {
            _ if (times - 1.0).abs() < f64::EPSILON => {
                points.push(Frontier { times, plan: optimum.clone() });
            }
            Ok(plan) => {
                // What keeps a smaller budget keeps this one: a bound on a probability may have hidden it.
                let before =
                    points.last().filter(|own| own.plan.net_return.value > plan.net_return.value);
                let plan = before.map_or(plan, |own| own.plan.clone());
                points.push(Frontier { times, plan });
            }
            // Minimums that a smaller budget does not bear end the curve there.
            Err(NoPlan::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(points)
}

fn held(problem: &Problem, sample: &Sample, planner: &mut Planner<'_>) -> Result<Held, NoPlan> {
    let plan = planner.plan_of(problem.current());
    let is_within = plan.readings.iter().all(Reading::is_kept)
        && problem.limited().all(|(own, limit)| own.eth(&plan.x) <= limit)
        && plan.x.iter().zip(problem.least()).all(|(x, least)| *x >= least)
        && plan.x.iter().zip(problem.most()).all(|(x, most)| *x <= most);
    let trade = if is_within { None } else { Some(planner.smallest_trade()?) };
    let marginal = marginal_shortfall(problem, sample, &plan.x);
    Ok(Held { room: room(problem, sample, &plan.x), marginal, trade, plan })
}
