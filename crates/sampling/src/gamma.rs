//! Gamma draws, one a path: what rates from evidence and the mixing variable of the t copula are.
//!
//! A Gamma variable of shape m is the sum of m exponentials, and half a squared normal adds 1/2 to
//! the shape. So for whole numbers of events and degrees of freedom a draw is a logarithm of a
//! product and a normal, without rejection, for many paths at once; other shapes are drawn by the
//! library, one by one.

use rand_distr::{Distribution, Gamma};

use crate::kernels::{ln, quantiles, vectorised};
use crate::keys::{Seed, StreamKey, place, uniforms};

/// Exponentials above which the library is as fast; their product stays a normal number.
const MOST_EXPONENTIALS: u8 = 15;

/// A Gamma law of scale 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GammaLaw {
    /// Shape `exponentials`, and 1/2 more where `half`.
    Sum { exponentials: u8, half: bool },
    /// Any other shape.
    General(Gamma<f64>),
}

impl GammaLaw {
    /// None where the shape is not positive.
    pub(crate) fn new(shape: f64) -> Option<Self> {
        let mut sums = (0..=MOST_EXPONENTIALS).flat_map(|m| [(m, false), (m, true)]);
        let is_shape = |&(m, half): &(u8, bool)| {
            let sum = f64::from(m) + if half { 0.5 } else { 0.0 };
            sum > 0.0 && (sum - shape).abs() <= 0.0
        };
        let sum = sums.find(is_shape);
        sum.map(|(exponentials, half)| Self::Sum { exponentials, half })
            .or_else(|| Gamma::new(shape, 1.0).ok().map(Self::General))
    }

    /// Draws for consecutive paths from `first` on.
    pub(crate) fn draw(self, seed: Seed, key: StreamKey, first: u64, draws: &mut [f64]) {
        match self {
            Self::Sum { exponentials, half } => {
                sums(seed, key, first, (exponentials, half), draws);
            }
            Self::General(law) => {
                for (path, draw) in (first..).zip(draws) {
                    *draw = law.sample(&mut seed.rng(key, path));
                }
            }
        }
    }
}

/// Word 0 is the normal, where there is one; the others are the exponentials.
fn sums(
    seed: Seed,
    key: StreamKey,
    first: u64,
    (exponentials, half): (u8, bool),
    draws: &mut [f64],
) {
    let n = draws.len();
    let (mut words, mut next_words) = (vec![0; n], vec![0; n]);
    let mut u = vec![0.0; n];
    let mut halves = vec![0.0; if half { n } else { 0 }];
    draws.fill(1.0);
    for number in 0..exponentials + u8::from(half) {
        if number % 2 == 0 {
            let row = u64::from(number / 2);
            let places = |i: usize| (key.0, place(row, first + i as u64));
            seed.cipher().fill((&mut words, &mut next_words), places);
        }
        uniforms(if number % 2 == 0 { &words } else { &next_words }, &mut u);
        if half && number == 0 {
            quantiles(&mut u);
            halves.iter_mut().zip(&u).for_each(|(half, z)| *half = 0.5 * z * z);
        } else {
            draws.iter_mut().zip(&u).for_each(|(product, u)| *product *= u);
        }
    }
    vectorised(
        #[inline(always)]
        || {
            for draw in draws.iter_mut() {
                *draw = -ln(*draw);
            }
        },
    );
    draws.iter_mut().zip(&halves).for_each(|(draw, half)| *draw += half);
}

#[cfg(test)]
mod tests {
    use statrs::distribution::ContinuousCDF;

    use super::*;
    use crate::keys::Purpose;

    /// Kolmogorov-Smirnov against the library's law, for sums and for a shape that is none; 1.95 is
    /// the 0.1 % point.
    #[test]
    fn the_law_is_gamma() {
        for shape in [0.5, 1.0, 2.0, 3.5, 15.5, 0.7, 40.5] {
            let law = GammaLaw::new(shape).unwrap();
            let mut draws = vec![0.0; 100_000];
            law.draw(Seed(3), StreamKey::new(Purpose::Mixing, "x"), 5, &mut draws);
            let exact = statrs::distribution::Gamma::new(shape, 1.0).unwrap();
            draws.sort_by(f64::total_cmp);
            let n = draws.len() as f64;
            let distance = draws.iter().enumerate().map(|(i, x)| {
                let p = exact.cdf(*x);
                (p - i as f64 / n).abs().max(((i as f64 + 1.0) / n - p).abs())
            });
            let distance = distance.fold(0.0, f64::max) * n.sqrt();
            assert!(distance < 1.95, "{shape}: {distance}");
        }
        assert!(GammaLaw::new(0.0).is_none() && GammaLaw::new(-1.0).is_none());
    }

    #[test]
    fn many_draws_are_those_one_by_one() {
        let key = StreamKey::new(Purpose::Evidence, "x");
        for shape in [0.5, 2.0, 3.5, 0.7] {
            let law = GammaLaw::new(shape).unwrap();
            let mut many = [0.0; 100];
            law.draw(Seed(3), key, 1_000, &mut many);
            for (path, many) in (1_000..).zip(many) {
                let mut one = [0.0];
                law.draw(Seed(3), key, path, &mut one);
                assert_eq!(one[0].to_bits(), many.to_bits());
            }
        }
    }
}
