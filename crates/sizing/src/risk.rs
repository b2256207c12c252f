//! The budgets that take a sample to check: expected shortfall, the probability of a large loss, the probability that too little
//! can leave in time. Each is read with its error, and kept by the upper limit of its interval or by the estimate.

use slashfall_output::measures::{Estimate, Level, Tally, probability};

use crate::policy::{Bound, Policy};
use crate::sample::{Measure, Sample};
use crate::worst::{mean_of, worst};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ask {
    /// Mean loss of the worst `1 - level` of the paths, in ETH.
    Shortfall {
        /// The level.
        level: Level,
    },
    /// Probability of losing more than so many ETH.
    LossAbove {
        /// The loss.
        eth: f64,
    },
    /// Probability that more ETH than these cannot leave in time.
    StuckAbove {
        /// What may stay behind.
        eth: f64,
    },
}

/// A budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk {
    /// What is limited.
    pub ask: Ask,
    /// To how much: ETH of a shortfall, else a probability.
    pub limit: f64,
    /// What keeps it.
    pub bound: Bound,
    pub(crate) measure: Measure,
}

/// How a budget stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The budget.
    pub risk: Risk,
    /// What it is, with its error.
    pub found: Estimate,
}

impl Reading {
    /// What is held against the limit; infinite where the sample is too small for an interval.
    #[must_use]
    pub fn held(&self) -> f64 {
        match self.risk.bound {
            Bound::Point => self.found.value,
            Bound::Upper => self.found.ci_high.unwrap_or(f64::INFINITY),
        }
    }

    /// Whether the budget is kept.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.held() <= self.risk.limit * (1.0 + ROUNDING)
    }

    /// By how much what is held exceeds the estimate.
    pub(crate) fn margin(&self) -> f64 {
        self.held() - self.found.value
    }
}

/// What is left of sums.
const ROUNDING: f64 = 1e-9;

/// The budgets of a policy that take a sample.
pub(crate) fn risks(policy: &Policy) -> Vec<Risk> {
    let (size, bound) = (policy.size_eth, policy.bound);
    let measure = if policy.exit.is_counted { Measure::Loss } else { Measure::LossAtMarket };
    let es = policy.es.map(|es| Risk {
        ask: Ask::Shortfall { level: es.level },
        limit: es.share * size,
        bound,
        measure,
    });
    let loss = policy.loss.map(|loss| Risk {
        ask: Ask::LossAbove { eth: loss.above * size },
        limit: loss.probability,
        bound,
        measure,
    });
    let stuck = policy.liquidity.map(|liquidity| Risk {
        ask: Ask::StuckAbove { eth: (1.0 - liquidity.share) * size },
        limit: 1.0 - liquidity.probability,
        bound,
        measure: Measure::Stuck,
    });
    [es, loss, stuck].into_iter().flatten().collect()
}

/// How budgets stand for positions of `x` ETH, in their order.
#[must_use]
pub fn read_all(risks: &[Risk], sample: &Sample, x: &[f64]) -> Vec<Reading> {
    risks.iter().map(|risk| risk.read(sample, x)).collect()
}

impl Risk {
    /// Whether it limits an expected shortfall; a probability otherwise.
    #[must_use]
    pub fn is_shortfall(&self) -> bool {
        matches!(self.ask, Ask::Shortfall { .. })
    }

    /// The budget with another limit.
    #[must_use]
    pub fn with_limit(self, limit: f64) -> Self {
        Self { limit, ..self }
    }

    /// The budget without the cost of leaving.
    pub(crate) fn at_market(self) -> Self {
        let measure = match self.measure {
            Measure::Loss => Measure::LossAtMarket,
            same => same,
        };
        Self { measure, ..self }
    }

    /// How it stands for positions of `x` ETH.
    #[must_use]
    pub fn read(&self, sample: &Sample, x: &[f64]) -> Reading {
        self.read_of(sample, &sample.values(self.measure, x))
    }

    /// The same from what is measured on each path; of a part of the sample, on those paths that can matter.
    pub(crate) fn read_of(&self, sample: &Sample, values: &[f64]) -> Reading {
        let found = match self.ask {
            Ask::Shortfall { level } => shortfall(sample, values, level),
            Ask::LossAbove { eth } | Ask::StuckAbove { eth } => {
                let beyond = values.iter().enumerate().filter(|(_, value)| **value > eth);
                probability_of(sample, beyond.map(|(row, _)| row))
            }
        };
        Reading { risk: *self, found }
    }

    /// The estimate alone.
    pub(crate) fn value(&self, sample: &Sample, values: &[f64]) -> f64 {
        let mass_of =
            |rows: &mut dyn Iterator<Item = usize>| rows.map(|row| sample.mass(row)).sum::<f64>();
        match self.ask {
            Ask::Shortfall { level } => {
                let mass = level.mass(sample.n_paths());
                let counted = worst(sample, values, mass);
                mean_of(values, &counted, mass)
            }
            Ask::LossAbove { eth } | Ask::StuckAbove { eth } => {
                let rows = values.iter().enumerate().filter(|(_, value)| **value > eth);
                mass_of(&mut rows.map(|(row, _)| row)) / sample.n_paths() as f64
            }
        }
    }
}

/// Probability of some rows, which are all on which something happens.
fn probability_of(sample: &Sample, rows: impl Iterator<Item = usize>) -> Estimate {
    let (mut tally, mut n) = (Tally::default(), 0);
    for row in rows {
        n += 1;
        match sample.weights.get(row) {
            Some(weight) => tally.add_weighted(*weight),
            None => tally.add(sample.paths[row]),
        }
    }
    let found = tally.probability(sample.sums);
    // Replicates on none of which it happens say nothing of their error; as many independent paths do.
    if found.ci_high.is_some() { found } else { probability(n, sample.n_paths()) }
}

/// Mean of the worst `1 - level` with its error. Paths well below the edge of the tail do not matter, and are not looked at.
fn shortfall(sample: &Sample, values: &[f64], level: Level) -> Estimate {
    let tail = worst(sample, values, BEYOND * level.mass(sample.n_paths()));
    let least = tail.iter().map(|(row, _)| values[*row]).fold(f64::INFINITY, f64::min);
    // All paths of a sample that is no larger than that are above the floor, the least of them too.
    let floor = if tail.len() < values.len() { least } else { least - 1.0 };
    let Some(sorted) = sample.beyond(values, floor) else {
        return Estimate { value: 0.0, std_err: None, ci_low: None, ci_high: None, n_eff: 0.0 };
    };
    let found = sorted.expected_shortfall(level);
    let shifted = |limit: Option<f64>| limit.map(|limit| limit + floor);
    Estimate {
        value: found.value + floor,
        ci_low: shifted(found.ci_low),
        ci_high: shifted(found.ci_high),
        ..found
    }
}

/// Mass that is looked at beside that of the tail, as replicates have edges of their own.
const BEYOND: f64 = 2.0;
