//! How far one position can grow when the others stay: what a standalone cap is, and the headroom of what is held. Along such a
//! ray each budget is kept up to some point and broken beyond it, so that the point can be bisected for.

use std::collections::BTreeSet;

use crate::problem::Problem;
use crate::risk::{Ask, Risk};
use crate::sample::Sample;
use crate::worst::worst;

/// What stops a position from growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Its own most.
    Most,
    /// The size of the treasury.
    Size,
    /// An exposure, by its number among those of the problem.
    Exposure(usize),
    /// A budget, by its number among those of the problem.
    Risk(usize),
}

/// How far it can grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// By so many ETH; 0 where a budget is broken already.
    pub eth: f64,
    /// What stops it there.
    pub binding: Binding,
}

/// Where rays begin, and the budgets along them, numbered as those of the problem are.
pub(crate) struct Base<'r> {
    problem: &'r Problem,
    risks: &'r [Risk],
    sample: &'r Sample,
    x: Vec<f64>,
    /// By budget: the rows that matter there, and whether it is kept.
    at: Vec<(BTreeSet<usize>, bool)>,
}

impl<'r> Base<'r> {
    pub(crate) fn new(
        problem: &'r Problem,
        risks: &'r [Risk],
        sample: &'r Sample,
        x: Vec<f64>,
    ) -> Self {
        let at = |risk: &Risk| {
            let values = sample.values(risk.measure, &x);
            let is_nothing = x.iter().all(|eth| *eth <= 0.0);
            let rows = if is_nothing { BTreeSet::new() } else { rows(risk, sample, &values) };
            (rows, is_nothing || risk.read_of(sample, &values).is_kept())
        };
        let at = risks.iter().map(at).collect();
        Self { problem, risks, sample, x, at }
    }
}

/// How far `position` can grow when the others stay.
pub(crate) fn reach(base: &Base<'_>, position: usize) -> Reach {
    let mut nearest = linear_reach(base.problem, &base.x, position);
    for (number, risk) in base.risks.iter().enumerate() {
        let (at_base, is_kept) = &base.at[number];
        if !is_kept {
            return Reach { eth: 0.0, binding: Binding::Risk(number) };
        }
        let ray = Ray { risk, sample: base.sample, base: &base.x, at_base, position };
        if let Some(eth) = ray.stop(nearest.eth) {
            nearest = Reach { eth, binding: Binding::Risk(number) };
        }
    }
    nearest
}

/// The same as far as amounts alone say.
fn linear_reach(problem: &Problem, base: &[f64], position: usize) -> Reach {
    let room = |limit: f64, now: f64| (limit - now).max(0.0);
    let held: f64 = base.iter().sum();
    let mut all = vec![
        Reach { eth: room(problem.most()[position], base[position]), binding: Binding::Most },
        Reach { eth: room(problem.policy.size_eth, held), binding: Binding::Size },
    ];
    for (number, own) in problem.exposures.iter().enumerate() {
        let share = own.shares[position];
        if let (Some(limit), true) = (own.limit_eth, share > 0.0) {
            let eth = room(limit, own.eth(base)) / share;
            all.push(Reach { eth, binding: Binding::Exposure(number) });
        }
    }
    let nearest = all.into_iter().min_by(|a, b| a.eth.total_cmp(&b.eth));
    nearest.unwrap_or(Reach { eth: 0.0, binding: Binding::Most })
}

/// One budget along one ray.
struct Ray<'r> {
    risk: &'r Risk,
    sample: &'r Sample,
    base: &'r [f64],
    at_base: &'r BTreeSet<usize>,
    position: usize,
}

/// Estimates of the margin, which the bisection takes for constant.
const MAX_MARGINS: usize = 12;
/// Halvings of the ray.
const HALVINGS: usize = 44;
/// Relative room in which a budget counts as reached.
const CLOSE: f64 = 1e-7;
/// Paths that are looked at beside those of the tail.
const BESIDE: f64 = 1.5;

impl Ray<'_> {
    fn point(&self, eth: f64) -> Vec<f64> {
        let mut x = self.base.to_vec();
        x[self.position] += eth;
        x
    }

    /// Where the budget stops growth before `most`; none where it does not.
    fn stop(&self, most: f64) -> Option<f64> {
        if most <= 0.0 {
            return None;
        }
        let values = self.sample.values(self.risk.measure, &self.point(most));
        if self.risk.read_of(self.sample, &values).is_kept() {
            return None;
        }
        let mut rows = rows(self.risk, self.sample, &values);
        rows.extend(self.at_base);
        loop {
            let part = self.sample.part(&rows.iter().copied().collect::<Vec<_>>());
            let eth = self.stop_on(&part, most);
            let values = self.sample.values(self.risk.measure, &self.point(eth));
            if eth <= 0.0 || self.risk.read_of(self.sample, &values).is_kept() {
                return Some(eth);
            }
            // Paths of the tail there are in no tail at either end.
            let before = rows.len();
            rows.extend(self::rows(self.risk, self.sample, &values));
            if rows.len() == before {
                return Some(eth * (1.0 - CLOSE));
            }
        }
    }

    /// Where the paths of a part say that it stops: bisected with the margin of its error where it was last, again and again
    /// until both agree.
    fn stop_on(&self, part: &Sample, most: f64) -> f64 {
        let (mut low, mut high) = (0.0, most);
        let mut eth = most;
        for _ in 0..MAX_MARGINS {
            let reading = self.risk.read(part, &self.point(eth));
            let held = reading.held();
            if held <= self.risk.limit {
                low = eth;
                if held >= self.risk.limit * (1.0 - CLOSE) {
                    break;
                }
            } else {
                high = eth;
            }
            let margin = reading.margin();
            let next = if margin.is_finite() {
                self.bisect(part, self.risk.limit - margin, most)
            } else {
                0.5 * (low + high)
            };
            // The margin grows and falls with the position, so that a point outside what is known is no news.
            eth = if low < next && next < high { next } else { 0.5 * (low + high) };
        }
        low
    }

    fn bisect(&self, part: &Sample, limit: f64, most: f64) -> f64 {
        let (mut low, mut high) = (0.0, most);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            let values = part.values(self.risk.measure, &self.point(middle));
            let is_kept = self.risk.value(part, &values) <= limit;
            *if is_kept { &mut low } else { &mut high } = middle;
            if high - low <= 0.1 * CLOSE * high {
                break;
            }
        }
        low
    }
}

/// The rows that matter at a point. What is measured is convex, so that what is small at both ends of a ray is small between them.
fn rows(risk: &Risk, sample: &Sample, values: &[f64]) -> BTreeSet<usize> {
    match risk.ask {
        Ask::Shortfall { level } => {
            let mass = BESIDE * 2.0 * level.mass(sample.n_paths());
            worst(sample, values, mass).iter().map(|(row, _)| *row).collect()
        }
        Ask::LossAbove { eth } | Ask::StuckAbove { eth } => {
            let above = values.iter().enumerate().filter(|(_, value)| **value > eth);
            above.map(|(row, _)| row).collect()
        }
    }
}
