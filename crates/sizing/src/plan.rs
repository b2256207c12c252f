//! The largest expected return within all budgets, the smallest trade that gets there, and return against risk.
//!
//! Limits of amounts are linear. An expected shortfall is convex, and cut. A probability is neither: mean of the worst `1 - b`
//! below a threshold keeps the probability to exceed it below `1 - b` (Rockafellar and Uryasev 2000), and the smallest `b` whose
//! optimum keeps the probability itself is bisected for; so for one position the answer is exact, and for several it is one that
//! keeps the budget, near the best.

use slashfall_output::measures::{Estimate, Level};

use crate::cutting::{Answer, Cuts, Programme, TailLimit};
use crate::lp::{NoOptimum, Row};
use crate::problem::Problem;
use crate::risk::{Ask, Reading, Risk, read_all};
use crate::sample::Sample;

/// Positions, and what is to be said of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// By candidate, in ETH.
    pub x: Vec<f64>,
    /// Expected return to the horizon at market prices, yields after their haircuts, in ETH.
    pub net_return: Estimate,
    /// How the budgets of the problem stand, in their order.
    pub readings: Vec<Reading>,
    /// What more of a limit would buy, those that are worth something.
    pub prices: Vec<Price>,
}

/// What one more ETH of a limit adds to the expected return, to first order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// The limit.
    pub of: Limit,
    /// ETH of expected return to the horizon for an ETH.
    pub return_per_eth: f64,
}

/// What limits a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The size of the treasury.
    Size,
    /// An exposure, by its number among those of the problem.
    Exposure(usize),
    /// A budget, by its number among those of the problem: of a probability, the amount that it is about.
    Risk(usize),
}

/// Why there is no plan.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoPlan {
    /// The minimums break these limits, and nothing else that may be held makes up for it.
    #[error("the least of each position breaks a limit")]
    Conflict {
        /// Exposures that are too large, by number, and what they are in ETH.
        exposures: Vec<(usize, f64)>,
        /// How the budgets stand that are broken.
        readings: Vec<Reading>,
    },
    /// The solver has not come to an end, which is no fault of the policy.
    #[error("the programme was not solved: {0}")]
    Unsolved(String),
}

/// A treasury's question and the paths that answer it.
pub struct Planner<'p> {
    problem: &'p Problem,
    sample: &'p Sample,
    cuts: Cuts,
    returns: Vec<f64>,
}

/// Rounds in which the margin of an error and the optimum that it is of come to agree.
const MAX_MARGINS: usize = 10;
/// Relative room in which a budget counts as used up.
const CLOSE: f64 = 1e-6;
/// Halvings of the level that stands in for a probability.
const LEVELS: usize = 10;
/// Halvings of the way to an optimum that breaks a probability.
const STEPS_TOWARDS: usize = 12;
/// A position of so little of the treasury beyond its least is none.
const TRACE: f64 = 1e-7;
/// Prices below this are rounding.
const LEAST_PRICE: f64 = 1e-7;

impl<'p> Planner<'p> {
    /// For one sample, which all that is asked shares.
    #[must_use]
    pub fn new(problem: &'p Problem, sample: &'p Sample) -> Self {
        let returns = sample.mean_earnings();
        Self { problem, sample, cuts: Cuts::default(), returns }
    }

    /// By candidate: expected return of an ETH to the horizon.
    #[must_use]
    pub fn returns(&self) -> &[f64] {
        &self.returns
    }

    /// The largest expected return within all budgets.
    ///
    /// # Errors
    /// When the minimums conflict with the budgets.
    pub fn optimum(&mut self) -> Result<Plan, NoPlan> {
        self.optimum_within(&self.problem.risks.clone())
    }

    /// The same with other limits of the same budgets.
    ///
    /// # Errors
    /// When the minimums conflict with them.
    pub fn optimum_within(&mut self, risks: &[Risk]) -> Result<Plan, NoPlan> {
        let programme = self.programme(self.returns.clone());
        self.plan(&programme, risks)
    }

    /// The smallest trade, bought and sold together, that leads from what is held to within all budgets.
    ///
    /// # Errors
    /// When the minimums conflict with the budgets.
    pub fn smallest_trade(&mut self) -> Result<Plan, NoPlan> {
        let n = self.problem.candidates.len();
        let mut programme = self.programme(vec![0.0; n]);
        programme.objective.extend(vec![-1.0; 2 * n]);
        programme.low.extend(vec![0.0; 2 * n]);
        programme.high.extend(vec![f64::INFINITY; 2 * n]);
        for (i, held) in self.problem.current().into_iter().enumerate() {
            let terms = [(i, 1.0), (n + i, -1.0), (2 * n + i, 1.0)];
            programme.rows.push(Row::new(terms, held));
            programme.rows.push(Row::new(terms.map(|(v, c)| (v, -c)), -held));
        }
        self.plan(&programme, &self.problem.risks.clone())
    }

    /// What is to be said of positions of `x` ETH.
    #[must_use]
    pub fn plan_of(&self, x: Vec<f64>) -> Plan {
        let readings = read_all(&self.problem.risks, self.sample, &x);
        Plan { net_return: net_return(self.sample, &x), readings, prices: Vec::new(), x }
    }

    fn programme(&self, objective: Vec<f64>) -> Programme {
        let n = self.problem.candidates.len();
        let mut rows = vec![Row::new((0..n).map(|i| (i, 1.0)), self.problem.policy.size_eth)];
        let limited = self.problem.limited();
        rows.extend(
            limited.map(|(own, limit)| Row::new(own.shares.iter().copied().enumerate(), limit)),
        );
        Programme {
            n_positions: n,
            objective,
            low: self.problem.least(),
            high: self.problem.most(),
            rows,
            limits: Vec::new(),
            unit_eth: self.problem.policy.size_eth,
        }
    }

    fn plan(&mut self, programme: &Programme, risks: &[Risk]) -> Result<Plan, NoPlan> {
        let found = self.within(programme, risks, None);
        let mut best = found.map_err(|error| self.conflict(error, risks))?;
        let mut readings = read_all(risks, self.sample, &best.x);
        // A shortfall that is over by rounding is no reason to look for another level.
        let is_broken = |own: &Reading| !own.is_kept() && !own.risk.is_shortfall();
        if readings.iter().any(is_broken) {
            let beyond = best.x;
            best = self.with_probabilities(programme, risks)?;
            best.x = self.towards(risks, &best.x, &beyond);
            readings = read_all(risks, self.sample, &best.x);
        }
        let mut x = best.x;
        if !readings.iter().all(Reading::is_kept) {
            x = shrink(self.problem, risks, self.sample, &x).0;
            readings = read_all(risks, self.sample, &x);
        }
        Ok(Plan { net_return: net_return(self.sample, &x), readings, prices: best.prices, x })
    }

    fn keeps_probabilities(&self, risks: &[Risk], x: &[f64]) -> bool {
        let mut of_probabilities = risks.iter().filter(|risk| !risk.is_shortfall());
        of_probabilities.all(|risk| risk.read(self.sample, x).is_kept())
    }

    /// The optimum at the lowest level, in place of the probabilities, that keeps them.
    fn with_probabilities(
        &mut self,
        programme: &Programme,
        risks: &[Risk],
    ) -> Result<Found, NoPlan> {
        let (mut low, mut high) = (0.0, 1.0);
        let found = self.within(programme, risks, Some(high));
        let mut best = found.map_err(|error| self.conflict(error, risks))?;
        for _ in 0..LEVELS {
            let middle = 0.5 * (low + high);
            match self.within(programme, risks, Some(middle)) {
                Ok(found) if self.keeps_probabilities(risks, &found.x) => {
                    (best, high) = (found, middle);
                }
                _ => low = middle,
            }
        }
        Ok(best)
    }

    /// As far towards an optimum that breaks a probability as all of them are kept: a bound on a tail leaves room, and all other
    /// limits are convex, so that they stay kept on the way.
    fn towards(&self, risks: &[Risk], x: &[f64], beyond: &[f64]) -> Vec<f64> {
        let point = |share: f64| -> Vec<f64> {
            x.iter().zip(beyond).map(|(x, beyond)| x + share * (beyond - x)).collect()
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..STEPS_TOWARDS {
            let middle = 0.5 * (low + high);
            let is_kept = self.keeps_probabilities(risks, &point(middle));
            *if is_kept { &mut low } else { &mut high } = middle;
        }
        point(low)
    }

    /// The optimum that keeps the shortfalls, with their margins, and at a level `strictness` of the way to certain keeps
    /// probabilities.
    fn within(
        &mut self,
        programme: &Programme,
        risks: &[Risk],
        strictness: Option<f64>,
    ) -> Result<Found, NoOptimum> {
        let mut margins = vec![0.0; risks.len()];
        let mut best: Option<Found> = None;
        for _ in 0..MAX_MARGINS {
            let (limits, of) = tail_limits(risks, &margins, strictness);
            let programme = Programme { limits, ..programme.clone() };
            let answer = programme.solve(self.sample, &mut self.cuts)?;
            let mut x = answer.y[..programme.n_positions].to_vec();
            let mut is_settled = true;
            for (number, risk) in risks.iter().enumerate() {
                let values = of.iter().position(|own| *own == number).map(|at| &answer.values[at]);
                if let (true, Some(values)) = (risk.is_shortfall(), values) {
                    let reading = risk.read_of(self.sample, values);
                    let room = risk.limit - reading.held();
                    let is_idle = price_of(&answer, &of, number) < LEAST_PRICE;
                    is_settled &=
                        room >= -CLOSE * risk.limit && (is_idle || room <= CLOSE * risk.limit);
                    let margin = reading.margin();
                    margins[number] =
                        if margin.is_finite() { margin.max(0.0) } else { 0.5 * risk.limit };
                }
            }
            // The middle of all optima has a trace of everything.
            for (x, least) in x.iter_mut().zip(self.problem.least()) {
                *x = if *x - least < TRACE * programme.unit_eth { least } else { *x };
            }
            best = Some(Found { prices: self.prices(&answer, &of), x });
            if is_settled {
                break;
            }
        }
        best.ok_or(NoOptimum::Infeasible)
    }

    fn prices(&self, answer: &Answer, of: &[usize]) -> Vec<Price> {
        let limited = self.problem.exposures.iter().enumerate();
        let limited = limited.filter(|(_, own)| own.limit_eth.is_some());
        let exposures = limited.map(|(number, _)| Limit::Exposure(number));
        let rows = std::iter::once(Limit::Size).chain(exposures).zip(&answer.row_prices);
        let rows = rows.map(|(of, price)| Price { of, return_per_eth: *price });
        let risks = of.iter().zip(&answer.limit_prices);
        let risks =
            risks.map(|(risk, price)| Price { of: Limit::Risk(*risk), return_per_eth: *price });
        rows.chain(risks).filter(|price| price.return_per_eth > LEAST_PRICE).collect()
    }

    fn conflict(&self, error: NoOptimum, risks: &[Risk]) -> NoPlan {
        if error != NoOptimum::Infeasible {
            return NoPlan::Unsolved(error.to_string());
        }
        let least = self.problem.least();
        let exposures = self.problem.exposures.iter().enumerate();
        let exposures =
            exposures.filter(|(_, own)| own.limit_eth.is_some_and(|limit| own.eth(&least) > limit));
        let exposures = exposures.map(|(number, own)| (number, own.eth(&least))).collect();
        let readings = risks.iter().map(|risk| risk.read(self.sample, &least));
        let readings = readings.filter(|reading| !reading.is_kept()).collect();
        NoPlan::Conflict { exposures, readings }
    }
}

/// An optimum in the making.
struct Found {
    x: Vec<f64>,
    prices: Vec<Price>,
}

/// The limits of tails that stand for budgets, and the number of the budget of each. Of a probability the share of the paths in
/// the tail goes from all of them, at strictness 0, to half of what is allowed, at 1, in steps of one ratio.
fn tail_limits(
    risks: &[Risk],
    margins: &[f64],
    strictness: Option<f64>,
) -> (Vec<TailLimit>, Vec<usize>) {
    let limit = |(number, risk): (usize, &Risk)| {
        let (level, at_most) = match risk.ask {
            Ask::Shortfall { level } => (level, risk.limit - margins[number]),
            // Half of what is allowed is certain to be kept with its error.
            Ask::LossAbove { eth } | Ask::StuckAbove { eth } => {
                let tail = (0.5 * risk.limit).powf(strictness?.max(LEAST_STRICTNESS));
                (Level::new(1.0 - tail)?, eth)
            }
        };
        Some((TailLimit { measure: risk.measure, level, at_most }, number))
    };
    risks.iter().enumerate().filter_map(limit).unzip()
}

const LEAST_STRICTNESS: f64 = 1e-4;

fn price_of(answer: &Answer, of: &[usize], risk: usize) -> f64 {
    let own = of.iter().zip(&answer.limit_prices).filter(|(own, _)| **own == risk);
    own.map(|(_, price)| price).sum()
}

/// Draws positions towards their least until a sample says that every budget is kept; and the share of the way that is left.
pub(crate) fn shrink(
    problem: &Problem,
    risks: &[Risk],
    sample: &Sample,
    x: &[f64],
) -> (Vec<f64>, f64) {
    let least = problem.least();
    let mut left: f64 = 1.0;
    let point = |left: f64| -> Vec<f64> {
        least.iter().zip(x).map(|(low, x)| low + left * (x - low)).collect()
    };
    for _ in 0..MAX_SHRINKS {
        let own = point(left);
        let excess = risks.iter().map(|risk| {
            let reading = risk.read(sample, &own);
            match (reading.is_kept(), risk.is_shortfall()) {
                (true, _) => 0.0,
                (false, true) => (reading.held() / risk.limit - 1.0).clamp(LEAST_EXCESS, 0.5),
                (false, false) => SMALL_STEP,
            }
        });
        let excess = excess.fold(0.0, f64::max);
        if excess <= 0.0 {
            return (own, left);
        }
        left *= 1.0 - excess;
    }
    (point(0.0), 0.0)
}

const MAX_SHRINKS: usize = 2_000;
const LEAST_EXCESS: f64 = 1e-8;
/// A probability does not say how much smaller positions have to be.
const SMALL_STEP: f64 = 5e-3;

/// Expected return of positions of `x` ETH to the horizon at market prices, after haircuts, in ETH, with its error.
#[must_use]
pub fn net_return(sample: &Sample, x: &[f64]) -> Estimate {
    let bare = Estimate { value: 0.0, std_err: None, ci_low: None, ci_high: None, n_eff: 0.0 };
    let earned = sample.earnings(x);
    let sorted = sample.sorted(earned.into_iter().enumerate());
    sorted.map_or(bare, |sorted| sorted.mean())
}
