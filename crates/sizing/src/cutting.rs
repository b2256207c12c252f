//! Programmes with budgets for means of tails, solved by cutting planes: such a mean is the largest of very many linear functions
//! (Rockafellar and Uryasev 2002; Künzi-Bay and Mayer 2006, "Computational aspects of minimizing conditional value-at-risk"), of which
//! few ever matter, and the worst paths at a point name one that is exact there.
//!
//! The cuts come from the paths that have been in a tail; when these say that all budgets are kept, all paths are asked, and those
//! of their tails join. So the answer is that of the whole sample.

use std::collections::BTreeSet;

use slashfall_output::measures::Level;

use crate::lp::{Lp, NoOptimum, Row};
use crate::sample::{Measure, Sample};
use crate::worst::{mean_of, worst};

/// `mean of the worst 1 - level of a measure <= at_most`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TailLimit {
    pub(crate) measure: Measure,
    pub(crate) level: Level,
    pub(crate) at_most: f64,
}

/// Maximise `objective . y` over `y = (x, further variables)`.
#[derive(Clone, Debug)]
pub(crate) struct Programme {
    /// How many of the variables are positions; these come first.
    pub(crate) n_positions: usize,
    pub(crate) objective: Vec<f64>,
    pub(crate) low: Vec<f64>,
    pub(crate) high: Vec<f64>,
    pub(crate) rows: Vec<Row>,
    pub(crate) limits: Vec<TailLimit>,
    /// What ETH are measured in, for the solver's sake.
    pub(crate) unit_eth: f64,
}

/// An optimum.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) y: Vec<f64>,
    /// By row: gain of the objective for each unit more of `at_most`.
    pub(crate) row_prices: Vec<f64>,
    /// By limit.
    pub(crate) limit_prices: Vec<f64>,
    /// By limit: what it is of, on all paths.
    pub(crate) values: Vec<Vec<f64>>,
}

/// Cuts that are known: they hold whatever the limit is, so programmes on one sample share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts {
    families: Vec<Family>,
    /// Rows of the sample that have been in a tail.
    rows: BTreeSet<usize>,
}

/// The cuts of one mean of a tail.
#[derive(Clone, Debug)]
struct Family {
    measure: Measure,
    level: Level,
    cuts: Vec<Cut>,
}

/// `mean >= constant + slopes . x`, with equality where it was made.
#[derive(Clone, Debug)]
struct Cut {
    constant: f64,
    slopes: Vec<f64>,
}

/// How far beyond a limit is on it, relative to the unit.
const TOLERANCE: f64 = 1e-9;
const MAX_CUTS: usize = 2_000;
/// Rows of the sample that join are those of the worst so many masses of the tail.
const JOINING: f64 = 1.5;

impl Cuts {
    fn family(&mut self, limit: &TailLimit) -> usize {
        let is_own = |f: &Family| f.measure == limit.measure && f.level == limit.level;
        self.families.iter().position(is_own).unwrap_or_else(|| {
            let (measure, level) = (limit.measure, limit.level);
            self.families.push(Family { measure, level, cuts: Vec::new() });
            self.families.len() - 1
        })
    }
}

impl Programme {
    /// Solves it on all paths of a sample.
    pub(crate) fn solve(&self, sample: &Sample, cuts: &mut Cuts) -> Result<Answer, NoOptimum> {
        let families: Vec<usize> = self.limits.iter().map(|limit| cuts.family(limit)).collect();
        if cuts.rows.is_empty() {
            self.join_corners(sample, cuts);
        }
        loop {
            let rows: Vec<usize> = cuts.rows.iter().copied().collect();
            let part = sample.part(&rows);
            let mut answer = self.solve_on(&part, cuts, &families)?;
            let x = &answer.y[..self.n_positions];
            let mut is_over = false;
            let mut all = Vec::new();
            for (limit, &family) in self.limits.iter().zip(&families) {
                let values = sample.values(limit.measure, x);
                let cut = cut(sample, limit, &values, x);
                let beyond = worst(sample, &values, JOINING * limit.level.mass(sample.n_paths()));
                let before = cuts.rows.len();
                cuts.rows.extend(beyond.iter().map(|(row, _)| *row));
                // Where no row is new there is nothing that the part has not seen.
                is_over |= self.is_over(limit, &cut, x) && cuts.rows.len() > before;
                cuts.families[family].cuts.push(cut);
                all.push(values);
            }
            if !is_over {
                answer.values = all;
                return Ok(answer);
            }
        }
    }

    fn is_over(&self, limit: &TailLimit, cut: &Cut, x: &[f64]) -> bool {
        cut.at(x) > limit.at_most + TOLERANCE * self.unit_eth
    }

    /// Lets those paths join that are worst for each position by itself and for all together.
    fn join_corners(&self, sample: &Sample, cuts: &mut Cuts) {
        let n = self.n_positions;
        let high: Vec<f64> = self.high[..n].iter().map(|high| high.min(self.unit_eth)).collect();
        let mut corners: Vec<Vec<f64>> = (0..n)
            .map(|own| (0..n).map(|i| if i == own { high[i] } else { self.low[i] }).collect())
            .collect();
        corners.push(high.iter().map(|high| high / n as f64).collect());
        for limit in &self.limits {
            for corner in &corners {
                let values = sample.values(limit.measure, corner);
                let mass = JOINING * limit.level.mass(sample.n_paths());
                cuts.rows.extend(worst(sample, &values, mass).iter().map(|(row, _)| *row));
            }
        }
    }

    /// Solves it as the paths of a part have it.
    fn solve_on(
        &self,
        part: &Sample,
        cuts: &mut Cuts,
        families: &[usize],
    ) -> Result<Answer, NoOptimum> {
        for _ in 0..MAX_CUTS {
            let (lp, limit_of_row) = self.lp(cuts, families);
            let found = lp.solve()?;
            let y: Vec<f64> = found
                .x
                .iter()
                .zip(self.low.iter().zip(&self.high))
                .map(|(y, (low, high))| (y * self.unit_eth).clamp(*low, *high))
                .collect();
            let x = &y[..self.n_positions];
            let mut is_over = false;
            for (limit, &family) in self.limits.iter().zip(families) {
                let cut = cut(part, limit, &part.values(limit.measure, x), x);
                if self.is_over(limit, &cut, x) && !cuts.families[family].has(&cut) {
                    is_over = true;
                    cuts.families[family].cuts.push(cut);
                }
            }
            if !is_over {
                let n = self.rows.len();
                let mut limit_prices = vec![0.0; self.limits.len()];
                for (price, limit) in found.prices[n..].iter().zip(limit_of_row) {
                    limit_prices[limit] += price;
                }
                let row_prices = found.prices[..n].to_vec();
                return Ok(Answer { y, row_prices, limit_prices, values: Vec::new() });
            }
        }
        Err(NoOptimum::GaveUp(clarabel::solver::SolverStatus::MaxIterations))
    }

    /// The programme with the cuts that are known, in units, and the limit of each of their rows.
    fn lp(&self, cuts: &Cuts, families: &[usize]) -> (Lp, Vec<usize>) {
        let unit = self.unit_eth;
        let scaled = |row: &Row| Row { at_most: row.at_most / unit, ..row.clone() };
        let mut rows: Vec<Row> = self.rows.iter().map(scaled).collect();
        let mut limit_of_row = Vec::new();
        for (number, (limit, &family)) in self.limits.iter().zip(families).enumerate() {
            for cut in &cuts.families[family].cuts {
                let slopes = cut.slopes.iter().copied().enumerate();
                rows.push(Row::new(slopes, (limit.at_most - cut.constant) / unit));
                limit_of_row.push(number);
            }
        }
        let in_units = |bounds: &[f64]| bounds.iter().map(|bound| bound / unit).collect();
        let objective = self.objective.clone();
        let lp = Lp { objective, low: in_units(&self.low), high: in_units(&self.high), rows };
        (lp, limit_of_row)
    }
}

impl Family {
    /// Whether a cut is known, but for rounding: another like it would not move the optimum.
    fn has(&self, cut: &Cut) -> bool {
        let is_same = |known: &Cut| {
            let slopes = known.slopes.iter().zip(&cut.slopes);
            known.constant.to_bits() == cut.constant.to_bits()
                && slopes.clone().all(|(a, b)| a.to_bits() == b.to_bits())
        };
        self.cuts.iter().any(is_same)
    }
}

impl Cut {
    fn at(&self, x: &[f64]) -> f64 {
        self.constant + self.slopes.iter().zip(x).map(|(slope, x)| slope * x).sum::<f64>()
    }
}

/// The cut at a point.
fn cut(sample: &Sample, limit: &TailLimit, values: &[f64], x: &[f64]) -> Cut {
    let mass = limit.level.mass(sample.n_paths());
    let counted = worst(sample, values, mass);
    let mean = mean_of(values, &counted, mass);
    let slopes = sample.mean_slopes(limit.measure, x, (&counted, mass));
    let constant = mean - slopes.iter().zip(x).map(|(slope, x)| slope * x).sum::<f64>();
    Cut { constant, slopes }
}
