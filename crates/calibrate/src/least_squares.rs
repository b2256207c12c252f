//! Nonlinear least squares, since the noise and the pools are both fitted by it: few parameters, no
//! derivatives given, errors of the estimate from the Jacobian.

/// A minimum of the sum of squares.
#[derive(Clone, Debug)]
pub(crate) struct Fit<const P: usize> {
    /// Where it is.
    pub(crate) parameters: [f64; P],
    /// What is left there.
    pub(crate) residuals: Vec<f64>,
    /// Derivatives of the residuals by the parameters.
    jacobian: Vec<[f64; P]>,
}

/// Steps after which a search ends; a handful are enough where there is a minimum.
const MAX_STEPS: usize = 200;

/// Relative fall of the sum below which a search ends: parameters are then within a millionth of their
/// standard errors.
const WORTH_A_STEP: f64 = 1e-13;

/// Step of the central differences: parameters are logarithms, so it is relative.
const STEP: f64 = 1e-5;

/// Damping above which no step makes the sum smaller: what is left is rounding.
const MAX_DAMPING: f64 = 1e12;

/// The parameters near `start` that make the sum of squared residuals least (Levenberg 1944,
/// Marquardt 1963, with Marquardt's scaling).
pub(crate) fn least_squares<const P: usize>(
    start: [f64; P],
    residuals: impl Fn(&[f64; P]) -> Vec<f64>,
) -> Fit<P> {
    let mut fit = at(start, &residuals);
    let mut damping = 1e-3;
    for _ in 0..MAX_STEPS {
        let (normal, gradient) = normal_equations(&fit);
        let mut next = None;
        while next.is_none() && damping < MAX_DAMPING {
            next = damped_step(&normal, &gradient, damping)
                .map(|step| std::array::from_fn(|p| fit.parameters[p] - step[p]))
                .filter(|there| sum_of_squares(&residuals(there)) < sum_of_squares(&fit.residuals));
            damping *= if next.is_some() { 0.1 } else { 10.0 };
        }
        let Some(next) = next else { break };
        let before = sum_of_squares(&fit.residuals);
        fit = at(next, &residuals);
        if before - sum_of_squares(&fit.residuals) < WORTH_A_STEP * before {
            break;
        }
    }
    fit
}

pub(crate) fn sum_of_squares(residuals: &[f64]) -> f64 {
    // What is not a number is worse than all that is.
    let sum: f64 = residuals.iter().map(|r| r * r).sum();
    if sum.is_nan() { f64::INFINITY } else { sum }
}

fn at<const P: usize>(parameters: [f64; P], residuals: &impl Fn(&[f64; P]) -> Vec<f64>) -> Fit<P> {
    let mut jacobian = vec![[0.0; P]; residuals(&parameters).len()];
    for p in 0..P {
        let shifted = |by: f64| {
            let mut there = parameters;
            there[p] += by;
            residuals(&there)
        };
        for (row, (up, down)) in jacobian.iter_mut().zip(shifted(STEP).iter().zip(shifted(-STEP))) {
            row[p] = (up - down) / (2.0 * STEP);
        }
    }
    Fit { parameters, residuals: residuals(&parameters), jacobian }
}

/// `J'J` and `J'r`.
fn normal_equations<const P: usize>(fit: &Fit<P>) -> ([[f64; P]; P], [f64; P]) {
    let mut normal = [[0.0; P]; P];
    let mut gradient = [0.0; P];
    for (row, residual) in fit.jacobian.iter().zip(&fit.residuals) {
        for p in 0..P {
            gradient[p] += row[p] * residual;
            for q in 0..P {
                normal[p][q] += row[p] * row[q];
            }
        }
    }
    (normal, gradient)
}

fn damped_step<const P: usize>(
    normal: &[[f64; P]; P],
    gradient: &[f64; P],
    damping: f64,
) -> Option<[f64; P]> {
    let mut damped = *normal;
    for (p, row) in damped.iter_mut().enumerate() {
        row[p] *= 1.0 + damping;
    }
    let inverse = inverse(&damped)?;
    Some(std::array::from_fn(|p| (0..P).map(|q| inverse[p][q] * gradient[q]).sum()))
}

/// The inverse of a symmetric positive definite matrix by Gauss and Jordan; none where it has none.
///
/// Rows and columns are scaled to a unit diagonal first, since parameters differ in what they move.
fn inverse<const P: usize>(matrix: &[[f64; P]; P]) -> Option<[[f64; P]; P]> {
    let scale: [f64; P] = std::array::from_fn(|p| matrix[p][p].sqrt());
    if scale.iter().any(|s| !s.is_normal()) {
        return None;
    }
    let mut left: [[f64; P]; P] =
        std::array::from_fn(|p| std::array::from_fn(|q| matrix[p][q] / (scale[p] * scale[q])));
    let mut right: [[f64; P]; P] =
        std::array::from_fn(|p| std::array::from_fn(|q| f64::from(u8::from(p == q))));
    for p in 0..P {
        let pivot = left[p][p];
        if pivot < 1e-14 {
            return None;
        }
        left[p] = left[p].map(|x| x / pivot);
        right[p] = right[p].map(|x| x / pivot);
        let (pivot_left, pivot_right) = (left[p], right[p]);
        for q in (0..P).filter(|q| *q != p) {
            let factor = left[q][p];
            for k in 0..P {
                left[q][k] -= factor * pivot_left[k];
                right[q][k] -= factor * pivot_right[k];
            }
        }
    }
    Some(std::array::from_fn(|p| std::array::from_fn(|q| right[p][q] / (scale[p] * scale[q]))))
}

impl<const P: usize> Fit<P> {
    /// Variance of a residual, `n_estimated` being all that was estimated.
    pub(crate) fn variance(&self, n_estimated: usize) -> f64 {
        let free = self.residuals.len().saturating_sub(n_estimated).max(1);
        sum_of_squares(&self.residuals) / free as f64
    }

    /// Standard errors of the parameters: the larger, one by one, of `s^2 (J'J)^-1`, which is right
    /// where residuals are alike and independent, and of the sandwich `(J'J)^-1 (sum of g g') (J'J)^-1`
    /// with `g` the scores of each cluster of residuals (White 1980; Liang and Zeger 1986). None where
    /// the data do not tell the parameters apart.
    ///
    /// `clusters` numbers the residuals that may move together, ascending.
    pub(crate) fn std_errs(&self, n_estimated: usize, clusters: &[usize]) -> Option<[f64; P]> {
        let (normal, _) = normal_equations(self);
        let bread = inverse(&normal)?;
        let variance = self.variance(n_estimated);
        let n = self.residuals.len() as f64;
        let groups = clusters.chunk_by(|a, b| a == b).count() as f64;
        let free = (n - n_estimated as f64).max(1.0);
        let room = (groups / (groups - 1.0).max(1.0)) * ((n - 1.0) / free);
        let meat = self.meat(clusters);
        Some(std::array::from_fn(|p| {
            let sandwich: f64 = (0..P)
                .flat_map(|q| (0..P).map(move |k| (q, k)))
                .map(|(q, k)| bread[p][q] * meat[q][k] * bread[k][p])
                .sum();
            // Two clusters say nothing of three parameters, and little of one.
            let sandwich = if groups > P as f64 + 2.0 { room * sandwich } else { 0.0 };
            sandwich.max(variance * bread[p][p]).sqrt()
        }))
    }

    fn meat(&self, clusters: &[usize]) -> [[f64; P]; P] {
        let mut meat = [[0.0; P]; P];
        let mut from = 0;
        for cluster in clusters.chunk_by(|a, b| a == b) {
            let to = from + cluster.len();
            let score: [f64; P] = std::array::from_fn(|p| {
                let rows = self.jacobian[from..to].iter().zip(&self.residuals[from..to]);
                rows.map(|(row, r)| row[p] * r).sum()
            });
            for p in 0..P {
                for q in 0..P {
                    meat[p][q] += score[p] * score[q];
                }
            }
            from = to;
        }
        meat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line through four points, by hand: y = 1 + 0.9 x, s^2 = 0.35, variances 0.35 x (0.7, 0.2).
    #[test]
    fn a_line_is_that_by_hand() {
        let points = [(0.0, 1.0), (1.0, 2.0), (2.0, 2.5), (3.0, 3.9)];
        let fit =
            least_squares([0.0, 0.0], |[a, b]| points.iter().map(|(x, y)| y - a - b * x).collect());
        let (mean_y, slope) = (2.35, (1.5 * 1.55 + 0.5 * 0.15 + 0.5 * 0.35 + 1.5 * 1.35) / 5.0);
        assert!((fit.parameters[1] - slope).abs() < 1e-9, "{:?}", fit.parameters);
        assert!((fit.parameters[0] - (mean_y - 1.5 * slope)).abs() < 1e-9);
        let variance = fit.variance(2);
        let classical = [(0.7 * variance).sqrt(), (0.2 * variance).sqrt()];
        let one = fit.std_errs(2, &[0, 0, 0, 0]).unwrap();
        assert!(one.iter().zip(classical).all(|(a, b)| (a / b - 1.0).abs() < 1e-6), "{one:?}");
    }

    /// Rosenbrock's valley, as residuals: the minimum is at (1, 1).
    #[test]
    fn a_narrow_valley_is_walked_to_its_end() {
        let fit = least_squares([-1.2, 1.0], |[x, y]| vec![10.0 * (y - x * x), 1.0 - x]);
        assert!(fit.parameters.iter().all(|p| (p - 1.0).abs() < 1e-8), "{:?}", fit.parameters);
    }

    #[test]
    fn what_cannot_be_told_apart_has_no_error() {
        let fit = least_squares([0.3, 0.4], |[a, b]| vec![a + b - 1.0; 5]);
        assert!(fit.std_errs(2, &[0, 1, 2, 3, 4]).is_none());
    }
}
