//! Linear programmes, solved by Clarabel's interior points: among optima that are as good it takes the middle one, and it says
//! what more of each bound would buy.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettingsBuilder, DefaultSolver, IPSolver, SolverStatus, SupportedConeT,
};

/// Maximise `objective . x` where every row holds and `low <= x <= high`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lp {
    pub(crate) objective: Vec<f64>,
    pub(crate) low: Vec<f64>,
    /// Infinite where there is none.
    pub(crate) high: Vec<f64>,
    pub(crate) rows: Vec<Row>,
}

/// `coefficients . x <= at_most`; variables that are not named have coefficient 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) coefficients: Vec<(usize, f64)>,
    pub(crate) at_most: f64,
}

/// An optimum.
#[derive(Clone, Debug)]
pub(crate) struct Optimum {
    pub(crate) x: Vec<f64>,
    /// By row: what the objective gains for each unit that is added to `at_most`, to first order.
    pub(crate) prices: Vec<f64>,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoOptimum {
    #[error("no x keeps every row")]
    Infeasible,
    #[error("the solver gave up: {0:?}")]
    GaveUp(SolverStatus),
}

impl Row {
    pub(crate) fn new(coefficients: impl IntoIterator<Item = (usize, f64)>, at_most: f64) -> Self {
        Self { coefficients: coefficients.into_iter().collect(), at_most }
    }

    fn scale(&self) -> f64 {
        let largest = self.coefficients.iter().map(|(_, c)| c.abs()).fold(0.0, f64::max);
        if largest > 0.0 { largest } else { 1.0 }
    }
}

impl Lp {
    /// Solves it to some 1e-9 of the largest coefficients.
    pub(crate) fn solve(&self) -> Result<Optimum, NoOptimum> {
        let n = self.objective.len();
        let scale = self.objective.iter().map(|c| c.abs()).fold(0.0, f64::max);
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let is_fixed = |v: usize| self.high[v] <= self.low[v];
        let mut triplets = Triplets::default();
        for v in (0..n).filter(|v| is_fixed(*v)) {
            triplets.push([(v, 1.0)], self.low[v]);
        }
        let n_equal = triplets.bounds.len();
        let scales: Vec<f64> = self.rows.iter().map(Row::scale).collect();
        for (row, scale) in self.rows.iter().zip(&scales) {
            let scaled = row.coefficients.iter().map(|&(v, c)| (v, c / scale));
            triplets.push(scaled, row.at_most / scale);
        }
        for v in (0..n).filter(|v| !is_fixed(*v)) {
            triplets.push([(v, -1.0)], -self.low[v]);
            if self.high[v].is_finite() {
                triplets.push([(v, 1.0)], self.high[v]);
            }
        }
        let Triplets { rows, columns, values, bounds } = triplets;
        let matrix = CscMatrix::new_from_triplets(bounds.len(), n, rows, columns, values);
        let gain: Vec<f64> = self.objective.iter().map(|c| -c / scale).collect();
        let cones = [
            SupportedConeT::ZeroConeT(n_equal),
            SupportedConeT::NonnegativeConeT(bounds.len() - n_equal),
        ];
        let settings = DefaultSettingsBuilder::default()
            .verbose(false)
            .max_iter(MAX_ITERATIONS)
            .tol_gap_abs(TOLERANCE)
            .tol_gap_rel(TOLERANCE)
            .tol_feas(TOLERANCE)
            .tol_ktratio(KAPPA_OVER_TAU)
            .max_threads(1)
            .build();
        let Ok(settings) = settings else {
            return Err(NoOptimum::GaveUp(SolverStatus::Unsolved));
        };
        let quadratic = CscMatrix::zeros((n, n));
        let solver = DefaultSolver::new(&quadratic, &gain, &matrix, &bounds, &cones, settings);
        let Ok(mut solver) = solver else {
            return Err(NoOptimum::GaveUp(SolverStatus::Unsolved));
        };
        solver.solve();
        match solver.solution.status {
            SolverStatus::Solved | SolverStatus::AlmostSolved => {
                let prices = solver.solution.z[n_equal..].iter().zip(&scales);
                let prices = prices.map(|(price, row)| price * scale / row).collect();
                Ok(Optimum { x: std::mem::take(&mut solver.solution.x), prices })
            }
            SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => {
                Err(NoOptimum::Infeasible)
            }
            status => Err(NoOptimum::GaveUp(status)),
        }
    }
}

const MAX_ITERATIONS: u32 = 200;
const TOLERANCE: f64 = 1e-9;
/// A thousand times its inverse is where the solver asks whether what it has proves that no x keeps every row. By default that is
/// 1e9, which programmes that just miss being feasible do not reach before rounding has eaten the proof.
const KAPPA_OVER_TAU: f64 = 1e-2;

/// The rows of a matrix with what bounds them, as they come.
#[derive(Default)]
struct Triplets {
    rows: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<f64>,
    bounds: Vec<f64>,
}

impl Triplets {
    fn push(&mut self, coefficients: impl IntoIterator<Item = (usize, f64)>, bound: f64) {
        for (column, value) in coefficients {
            self.rows.push(self.bounds.len());
            self.columns.push(column);
            self.values.push(value);
        }
        self.bounds.push(bound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-7, "{a}, not {b}");
    }

    /// Corner worked out on paper: `x + y <= 4` and `x + 3 y <= 6` meet at (3, 1).
    #[test]
    fn a_corner_and_what_its_rows_are_worth() {
        let rows = vec![
            Row::new([(0, 1.0), (1, 1.0)], 4.0),
            Row::new([(0, 1.0), (1, 3.0)], 6.0),
            Row::new([(0, 1.0)], 100.0),
        ];
        let lp =
            Lp { objective: vec![3.0, 5.0], low: vec![0.0; 2], high: vec![f64::INFINITY; 2], rows };
        let found = lp.solve().unwrap();
        close(found.x[0], 3.0);
        close(found.x[1], 1.0);
        // 3 = a + b and 5 = a + 3 b.
        close(found.prices[0], 2.0);
        close(found.prices[1], 1.0);
        close(found.prices[2], 0.0);
    }

    #[test]
    fn what_is_fixed_stays_and_what_cannot_be_is_said() {
        let mut lp = Lp {
            objective: vec![1.0, 1.0],
            low: vec![2.0, 0.0],
            high: vec![2.0, 5.0],
            rows: vec![Row::new([(0, 1.0), (1, 1.0)], 3.0)],
        };
        let found = lp.solve().unwrap();
        close(found.x[0], 2.0);
        close(found.x[1], 1.0);
        close(found.prices[0], 1.0);
        lp.rows[0].at_most = 1.0;
        assert_eq!(lp.solve().unwrap_err(), NoOptimum::Infeasible);
    }
}
