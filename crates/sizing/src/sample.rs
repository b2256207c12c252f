//! The paths of a run as a treasury sees them: what each position loses a unit, and what leaving costs. Everything a budget asks
//! for is a convex function of the positions on each path.

use rayon::prelude::*;
use slashfall_output::measures::{LossColumn, Room, SortedLosses, WeightSums};

use crate::exit::{Cost, Exit, pick};

/// What is measured on each path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Loss at the horizon less what positions have earned, with the cost of leaving.
    Loss,
    /// The same without it.
    LossAtMarket,
    /// What cannot leave in time.
    Stuck,
}

/// Paths, all of a run or some of them.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Of all paths of the run.
    pub(crate) sums: WeightSums,
    /// Number of each path here, ascending.
    pub(crate) paths: Vec<u64>,
    /// What each weighs; empty where all weigh 1.
    pub(crate) weights: Vec<f64>,
    /// By position, by path: loss of an ETH of it at market prices, less what it earns.
    pub(crate) marks: Vec<Vec<f64>>,
    pub(crate) exits: Vec<Exit>,
    /// By position, by path: what its price has regained and is no income, of an ETH; empty where all is counted. Of whole samples
    /// alone, as parts are asked for no returns.
    pub(crate) regained: Vec<Vec<f32>>,
}

/// Paths worked out together.
const CHUNK: usize = 4_096;

impl Sample {
    /// Paths that weigh 1 each, of positions that can be left at the market price: by position, by path, loss of an ETH of it less
    /// what it earns.
    ///
    /// # Panics
    /// When columns are not of one length.
    #[must_use]
    pub fn at_market(marks: Vec<Vec<f64>>) -> Self {
        Self::weighted_at_market(marks, Vec::new())
    }

    /// The same of paths that weigh something else than 1: their likelihood ratios; none where all weigh 1.
    ///
    /// # Panics
    /// When columns are not of one length, or a weight is not positive.
    #[must_use]
    pub fn weighted_at_market(marks: Vec<Vec<f64>>, weights: Vec<f64>) -> Self {
        let n = marks.first().map_or(0, Vec::len);
        let is_full = |column: &Vec<f64>| column.len() == n;
        assert!(marks.iter().all(is_full), "columns of one length");
        assert!(weights.is_empty() || is_full(&weights), "a weight a path");
        let mut sums = WeightSums::default();
        sums.add(n as u64, &weights);
        let paths = (0..n as u64).collect();
        let regained = vec![Vec::new(); marks.len()];
        Self { sums, paths, weights, marks, exits: Vec::new(), regained }
    }

    /// What an ETH of a position loses at market prices on each path, less what it earns.
    #[must_use]
    pub fn losses_of(&self, position: usize) -> &[f64] {
        &self.marks[position]
    }

    /// Paths here.
    pub(crate) fn n_rows(&self) -> usize {
        self.paths.len()
    }

    /// Paths of the run.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.sums.n_paths()
    }

    /// What a path stands for among all of the run, 1 on average.
    #[inline]
    pub(crate) fn mass(&self, row: usize) -> f64 {
        self.weights.get(row).map_or(1.0, |weight| self.sums.mass(*weight, weight * weight))
    }

    /// What is measured, path by path, of positions of `x` ETH.
    pub(crate) fn values(&self, measure: Measure, x: &[f64]) -> Vec<f64> {
        let mut values = vec![0.0; self.n_rows()];
        let left: Vec<f64> = self.exits.iter().map(|exit| exit.left(x)).collect();
        values.par_chunks_mut(CHUNK).enumerate().for_each(|(number, values)| {
            let first = number * CHUNK;
            if measure != Measure::Stuck {
                for (mark, &held) in self.marks.iter().zip(x).filter(|(_, held)| **held > 0.0) {
                    let own = &mark[first..first + values.len()];
                    values.iter_mut().zip(own).for_each(|(value, mark)| *value += held * mark);
                }
            }
            if measure != Measure::LossAtMarket {
                for (exit, &left) in self.exits.iter().zip(&left).filter(|(e, _)| e.is_held(x)) {
                    for (row, value) in (first..).zip(values.iter_mut()) {
                        *value += at(measure, exit, row, exit.units(x, row), left).eth;
                    }
                }
            }
        });
        values
    }

    /// Derivatives by position of the mean of what is measured over some paths, by how much each counts and of this mass.
    pub(crate) fn mean_slopes(
        &self,
        measure: Measure,
        x: &[f64],
        (counted, mass): (&[(usize, f64)], f64),
    ) -> Vec<f64> {
        let left: Vec<f64> = self.exits.iter().map(|exit| exit.left(x)).collect();
        let of_chunk = |counted: &[(usize, f64)]| {
            let mut slopes = vec![0.0; x.len()];
            for &(row, counts) in counted {
                if measure != Measure::Stuck {
                    let marks = self.marks.iter().zip(&mut slopes);
                    marks.for_each(|(mark, slope)| *slope += counts * mark[row]);
                }
                if measure == Measure::LossAtMarket {
                    continue;
                }
                for (exit, &left) in self.exits.iter().zip(&left) {
                    let cost = at(measure, exit, row, exit.units(x, row), left);
                    if cost.eth <= 0.0 {
                        continue;
                    }
                    for seller in &exit.sellers {
                        slopes[seller.position] += counts * cost.by_units * seller.units.of(row);
                    }
                    for &(position, share) in &exit.shares {
                        slopes[position] += counts * cost.by_share * share;
                    }
                }
            }
            slopes
        };
        let parts: Vec<Vec<f64>> = counted.par_chunks(CHUNK).map(of_chunk).collect();
        let add = |mut sum: Vec<f64>, part: Vec<f64>| {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            sum
        };
        let sums = parts.into_iter().fold(vec![0.0; x.len()], add);
        sums.into_iter().map(|sum| sum / mass).collect()
    }

    /// Leaves the earnings of a position as they are where its price is not expected to regain anything.
    pub(crate) fn count_expected_falls(&mut self) {
        let mut regained = std::mem::take(&mut self.regained);
        for own in &mut regained {
            let each = own.iter().enumerate().map(|(row, x)| self.mass(row) * f64::from(*x));
            if each.sum::<f64>() <= 0.0 {
                *own = Vec::new();
            }
        }
        self.regained = regained;
    }

    /// What positions of `x` ETH have earned at market prices, path by path, without what prices regain.
    pub(crate) fn earnings(&self, x: &[f64]) -> Vec<f64> {
        let mut earned = self.values(Measure::LossAtMarket, x);
        earned.iter_mut().for_each(|own| *own = -*own);
        for (regained, &held) in self.regained.iter().zip(x).filter(|(_, held)| **held > 0.0) {
            let own = earned.iter_mut().zip(regained);
            own.for_each(|(earned, regained)| *earned -= held * f64::from(*regained));
        }
        earned
    }

    /// Mean earnings of an ETH of each position over all paths.
    pub(crate) fn mean_earnings(&self) -> Vec<f64> {
        let mean = |(mark, regained): (&Vec<f64>, &Vec<f32>)| {
            let earned = |row: usize| -mark[row] - regained.get(row).map_or(0.0, |x| f64::from(*x));
            (0..self.n_rows()).map(|row| self.mass(row) * earned(row)).sum::<f64>()
                / self.n_paths() as f64
        };
        self.marks.par_iter().zip(&self.regained).map(mean).collect()
    }

    /// The same of some of its paths, by row, ascending.
    pub(crate) fn part(&self, rows: &[usize]) -> Self {
        Self {
            sums: self.sums,
            paths: pick(&self.paths, rows),
            weights: pick(&self.weights, rows),
            marks: self.marks.par_iter().map(|mark| pick(mark, rows)).collect(),
            exits: self.exits.par_iter().map(|exit| exit.pick(rows)).collect(),
            regained: vec![Vec::new(); self.marks.len()],
        }
    }

    /// The losses beyond `floor`, less it, for those who measure tails: paths below it lose nothing.
    pub(crate) fn beyond(&self, values: &[f64], floor: f64) -> Option<SortedLosses> {
        let beyond = values.iter().enumerate().filter(|(_, value)| **value > floor);
        self.sorted(beyond.map(|(row, value)| (row, value - floor)))
    }

    /// Values of some rows, ascending, ranked for those who measure them; of all others the value is 0.
    pub(crate) fn sorted(
        &self,
        values: impl Iterator<Item = (usize, f64)>,
    ) -> Option<SortedLosses> {
        let mut column = LossColumn::with_room(Room::UNBOUNDED);
        for (row, value) in values {
            match self.weights.get(row) {
                Some(weight) => column.push_weighted(self.paths[row], value, *weight),
                None => column.push(self.paths[row], value),
            }
        }
        column.weigh(self.sums);
        column.sorted()
    }
}

#[inline]
fn at(measure: Measure, exit: &Exit, row: usize, units: f64, left: f64) -> Cost {
    match measure {
        Measure::Stuck => exit.stuck(row, units, left),
        Measure::Loss | Measure::LossAtMarket => exit.cost(row, units, left),
    }
}
