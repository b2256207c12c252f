//! The inverse of a Gamma law by table: evenly spread points have to become rates and mixing
//! variables one for one, without rejection, and in few nanoseconds.
//!
//! The table has the logarithm of the Gamma variable as a function of the normal variable of the same
//! probability, by Chebyshev interpolation in pieces. That function is smooth in both tails: below it
//! is `(ln Phi(z) + ln G(a + 1)) / a`, above it grows like `2 ln z`.

use statrs::function::gamma::{checked_gamma_lr, checked_gamma_ur};

use crate::kernels::{exp, survival};

/// The table reaches from minus to plus this: beyond lies less than 2^-66 on either side.
const Z_MAX: f64 = 9.25;
/// Pieces of a table before it is refined.
const PIECES: usize = 37;
/// Coefficients of a piece.
const ORDER: usize = 14;
/// Relative error that a table is refined to.
const ERROR: f64 = 1e-11;
/// Halvings of the pieces at most.
const REFINEMENTS: u32 = 4;
/// Shapes from which the expansion of Cornish and Fisher is as good as the table.
const LARGE_SHAPE: f64 = 2e4;
/// Logarithms of what is small enough for the first term of the distribution function.
const LN_SMALL: f64 = -40.0;

/// Quantiles of a Gamma law of scale 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GammaTable {
    /// Piece by piece, powers of a variable that runs from -1 to 1, the constant first.
    pieces: Vec<[f64; ORDER]>,
    /// Pieces a unit of z.
    per_unit: f64,
    /// Largest relative error found between the nodes.
    error: f64,
}

impl GammaTable {
    /// The table of a positive shape. It is compared with the law between its nodes and refined
    /// until it is within 1e-11 of it; [`GammaTable::error`] says how close it is.
    pub(super) fn new(shape: f64) -> Self {
        let mut table = Self::with_pieces(shape, PIECES);
        for refinement in 1..=REFINEMENTS {
            if table.error <= ERROR {
                break;
            }
            let finer = Self::with_pieces(shape, PIECES << refinement);
            if finer.error >= table.error {
                break;
            }
            table = finer;
        }
        table
    }

    fn with_pieces(shape: f64, n: usize) -> Self {
        let per_unit = n as f64 / (2.0 * Z_MAX);
        let at = |piece: usize, x: f64| (piece as f64 + 0.5 * (x + 1.0)) / per_unit - Z_MAX;
        let piece = |piece| interpolate(|x| ln_quantile(shape, at(piece, x)));
        let mut table = Self { pieces: (0..n).map(piece).collect(), per_unit, error: 0.0 };
        for piece in 0..n {
            for x in [-1.0, -0.97, -0.5, 0.03, 0.61, 0.99] {
                let z = at(piece, x);
                table.error = table.error.max((table.ln(z) - ln_quantile(shape, z)).abs());
            }
        }
        table
    }

    /// Largest relative error of a quantile.
    #[cfg(test)]
    fn error(&self) -> f64 {
        self.error
    }

    /// Turns normals into Gamma variables of the same probability.
    pub(super) fn apply(&self, normals: &mut [f64]) {
        for z in normals {
            *z = exp(self.ln(*z).clamp(-700.0, 700.0));
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in the table")]
    fn ln(&self, z: f64) -> f64 {
        let position = (z.clamp(-Z_MAX, Z_MAX) + Z_MAX) * self.per_unit;
        let piece = (position as usize).min(self.pieces.len() - 1);
        let x = 2.0 * (position - piece as f64) - 1.0;
        self.pieces[piece].iter().rev().fold(0.0, |sum, power| sum * x + power)
    }
}

/// Powers of the polynomial that has the values of `f` at the Chebyshev points of [-1, 1].
fn interpolate(f: impl Fn(f64) -> f64) -> [f64; ORDER] {
    let n = ORDER as f64;
    let angle = |node: usize| std::f64::consts::PI * (node as f64 + 0.5) / n;
    let values: [f64; ORDER] = std::array::from_fn(|node| f(angle(node).cos()));
    // Chebyshev polynomials by powers: T_k = 2 x T_(k-1) - T_(k-2).
    let mut basis = [[0.0; ORDER]; ORDER];
    (basis[0][0], basis[1][1]) = (1.0, 1.0);
    for k in 2..ORDER {
        basis[k] = std::array::from_fn(|i| {
            let shifted = i.checked_sub(1).map_or(0.0, |below| basis[k - 1][below]);
            2.0 * shifted - basis[k - 2][i]
        });
    }
    let mut powers = [0.0; ORDER];
    for (k, polynomial) in basis.iter().enumerate() {
        let terms = values.iter().enumerate();
        let sum: f64 = terms.map(|(node, value)| value * (k as f64 * angle(node)).cos()).sum();
        let coefficient = if k == 0 { sum / n } else { 2.0 * sum / n };
        powers.iter_mut().zip(polynomial).for_each(|(power, own)| *power += coefficient * own);
    }
    powers
}

/// Logarithm of the Gamma variable below which there is as much as below the normal `z`.
fn ln_quantile(shape: f64, z: f64) -> f64 {
    if shape >= LARGE_SHAPE {
        return cornish_fisher(shape, z).ln();
    }
    let is_low = z < 0.0;
    let target = if is_low { survival(-z) } else { survival(z) };
    let ln_below = if is_low { target.ln() } else { (-target).ln_1p() };
    // The first term of the distribution function, x^a / G(a + 1), is never less than it.
    let first = (ln_below + libm::lgamma(shape + 1.0)) / shape;
    if first < LN_SMALL {
        return first;
    }
    let law = Law { shape, ln_gamma: libm::lgamma(shape), is_low, ln_target: target.ln() };
    let cube = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * shape.sqrt());
    let guess = (cube > 0.0).then(|| shape.ln() + 3.0 * cube.ln());
    law.solve(first, (shape + 12.0 * shape.sqrt() + 90.0).ln(), guess)
}

/// Which side of a Gamma law is asked for, and how much of it.
struct Law {
    shape: f64,
    ln_gamma: f64,
    is_low: bool,
    ln_target: f64,
}

impl Law {
    /// How far the logarithm of the side's probability at `e^y` is from the target, growing in `y`,
    /// and its slope.
    fn miss(&self, y: f64) -> (f64, f64) {
        let x = y.exp();
        let side = if self.is_low { checked_gamma_lr } else { checked_gamma_ur };
        let p = side(self.shape, x).unwrap_or(f64::NAN);
        let slope = (self.shape * y - x - self.ln_gamma).exp() / p;
        let miss = p.ln() - self.ln_target;
        (if self.is_low { miss } else { -miss }, slope)
    }

    /// Newton's steps within a bracket that shrinks, from `guess` where it is in the bracket.
    fn solve(&self, mut low: f64, mut high: f64, guess: Option<f64>) -> f64 {
        let middle = f64::midpoint(low, high);
        let mut y = guess.filter(|y| (low..=high).contains(y)).unwrap_or(middle);
        for _ in 0..200 {
            let (miss, slope) = self.miss(y);
            // What is no number is so far out that there is nothing left of the side.
            let is_above = if miss.is_nan() { !self.is_low } else { miss > 0.0 };
            if is_above {
                high = y;
            } else {
                low = y;
            }
            let newton = y - miss / slope;
            let next =
                if newton >= low && newton <= high { newton } else { f64::midpoint(low, high) };
            if (next - y).abs() <= 1e-15 * y.abs().max(1.0) {
                return next;
            }
            y = next;
        }
        y
    }
}

/// Quantile of a large shape (Cornish and Fisher 1938, "Moments and cumulants in the specification of
/// distributions"), to the term in `a^(-3/2)`.
fn cornish_fisher(shape: f64, z: f64) -> f64 {
    let root = shape.sqrt();
    let (z2, z3) = (z * z, z * z * z);
    shape + root * z + (z2 - 1.0) / 3.0 + (z3 - 7.0 * z) / (36.0 * root)
        - (3.0 * z2 * z2 + 7.0 * z2 - 16.0) / (810.0 * shape)
        + (9.0 * z3 * z2 + 256.0 * z3 - 433.0 * z) / (38_880.0 * shape * root)
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Gamma};

    use super::*;

    const SHAPES: [f64; 14] =
        [0.01, 0.05, 0.25, 0.5, 0.7, 1.0, 1.5, 2.0, 3.5, 15.5, 40.5, 300.5, 5_000.5, 1e5];

    /// Against the library's distribution function, over all that 64 bits can ask for; a relative
    /// error `e` of the quantile is one of `e x f(x) / F(x)` in the probability.
    #[test]
    fn quantiles_invert_the_distribution() {
        for shape in SHAPES {
            let table = GammaTable::new(shape);
            let law = Gamma::new(shape, 1.0).unwrap();
            for i in -92..=92 {
                let z = f64::from(i) / 10.0 + 0.003;
                let mut x = [z];
                table.apply(&mut x);
                if x[0] < 1e-290 {
                    continue;
                }
                let (p, exact) = if z < 0.0 {
                    (law.cdf(x[0]), survival(-z))
                } else {
                    (law.sf(x[0]), survival(z))
                };
                let ln_density = shape * x[0].ln() - x[0] - libm::lgamma(shape);
                let slope = ln_density.exp() / exact;
                // The library's own figures lose digits as the shape grows.
                let own = 1e-13 + 1e-14 * shape;
                assert!((p / exact - 1.0).abs() < 1e-10 * slope + own, "{shape} {z}: {p} {exact}");
            }
        }
    }

    /// As `new` finds it: the tables are as close as they say.
    #[test]
    fn tables_are_precise() {
        for shape in SHAPES.into_iter().chain([0.003, 9.9e3, 1.9e4, 1e9]) {
            let error = GammaTable::new(shape).error();
            println!("shape {shape}: {error:e}");
            assert!(error < 1e-10 && (shape < 0.01 || error < ERROR), "{shape}: {error:e}");
        }
    }

    /// Where the expansion takes over it is the law.
    #[test]
    fn the_expansion_is_the_law() {
        for z in [-9.0, -4.0, -1.0, 0.0, 1.0, 4.0, 9.0] {
            let exact = ln_quantile(LARGE_SHAPE * 0.999_999_9, z);
            let found = cornish_fisher(LARGE_SHAPE * 0.999_999_9, z).ln();
            assert!((found - exact).abs() < 1e-10, "{z}: {found} {exact}");
        }
    }

    #[test]
    fn quantiles_ascend() {
        for shape in SHAPES {
            let table = GammaTable::new(shape);
            let mut x: Vec<f64> = (-95_000..=95_000).map(|i| f64::from(i) / 1e4).collect();
            table.apply(&mut x);
            // Above the steps that rounding makes.
            assert!(x.windows(2).all(|pair| pair[0] <= pair[1] * (1.0 + 1e-12)), "{shape}");
            assert!(x.iter().step_by(100).is_sorted(), "{shape}");
            assert!(x.iter().all(|x| *x > 0.0 && x.is_finite()), "{shape}");
        }
    }

    /// A Gamma of shape 1 is exponential.
    #[test]
    fn known_quantiles() {
        let table = GammaTable::new(1.0);
        for z in [-8.0, -2.5, 0.0, 0.7, 6.0] {
            let mut x = [z];
            table.apply(&mut x);
            let exact = if z < 0.0 { -(-survival(-z)).ln_1p() } else { -survival(z).ln() };
            assert!((x[0] / exact - 1.0).abs() < 1e-10, "{z}: {} {exact}", x[0]);
        }
    }
}
