//! A falling function as polynomials on pieces, made as fine as it takes, because prices are asked
//! for too often to solve the venues each time.

use std::f64::consts::PI;

use crate::number::Number;

/// A function of one number with `N` values, the first of which falls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point<const N: usize> {
    pub(super) at: f64,
    pub(super) values: [f64; N],
}

/// `N` functions of one number, the first of them falling, over a range of it.
#[derive(Clone, Debug)]
pub(super) struct Table<const N: usize> {
    /// Where pieces start.
    starts: Vec<f64>,
    end: f64,
    pieces: Vec<Piece<N>>,
    /// The first function piece by piece, as look-ups want it: two lines of the cache each.
    segments: Vec<Segment>,
}

/// Which piece a look-up ended in: the next begins there, as most are not far off. No result
/// depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint(u32);

/// One piece of the first function, from `start` to before `end`: a polynomial in
/// `(at - middle) per_half`.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(crate) struct Segment {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) middle: f64,
    pub(crate) per_half: f64,
    pub(crate) coefficients: [f64; DEGREE + 1],
}

impl<const N: usize> Table<N> {
    /// Tabulates from the first of `knots`, which ascend, to the last; none if it cannot be done
    /// within the tolerance.
    ///
    /// The tolerance is relative to the values. `exact(at, guess, [low, high])` is the truth at a
    /// place where the first value is between `low` and `high`, and maybe near `guess`.
    pub(super) fn new(
        knots: &[Point<N>],
        tolerance: f64,
        exact: impl Fn(f64, f64, [f64; 2]) -> Point<N>,
    ) -> Option<Self> {
        let basis = Basis::new(tolerance);
        let mut todo: Vec<_> = knots.windows(2).rev().map(|ends| (ends[0], ends[1], 0)).collect();
        let mut pieces = Vec::new();
        while let Some((left, right, cuts)) = todo.pop() {
            let within = |at, guess| exact(at, guess, [right.values[0], left.values[0]]);
            if let Some(piece) = basis.fit(left, right, within) {
                pieces.push(piece);
            } else if cuts < MAX_CUTS {
                let guess = 0.5 * (left.values[0] + right.values[0]);
                let cut = within(0.5 * (left.at + right.at), guess);
                todo.extend([(cut, right, cuts + 1), (left, cut, cuts + 1)]);
            } else {
                return None;
            }
        }
        let starts: Vec<f64> = pieces.iter().map(|piece| piece.start).collect();
        let end = knots.last()?.at;
        let ends = starts.iter().copied().skip(1).chain([end]);
        let segment = |(piece, end): (&Piece<N>, f64)| Segment {
            start: piece.start,
            end,
            middle: piece.middle,
            per_half: piece.per_half,
            coefficients: piece.values[0].0,
        };
        let segments = pieces.iter().zip(ends).map(segment).collect();
        Some(Self { starts, end, pieces, segments })
    }

    /// The first value at a place; none outside the table.
    #[inline]
    pub(super) fn value(&self, at: f64, hint: &mut Hint) -> Option<f64> {
        let segment = self.segment(at, hint)?;
        Some(polynomial(segment.coefficients, (at - segment.middle) * segment.per_half))
    }

    /// The piece of the first function that a place is in; none outside the table.
    #[inline]
    pub(super) fn segment(&self, at: f64, hint: &mut Hint) -> Option<&Segment> {
        Some(&self.segments[self.piece_near(at, hint)?])
    }

    /// The integral of the last value from a place to a later one, given the integrals up to each
    /// piece; none if either place is outside the table.
    pub(super) fn integral(&self, sums: &[f64], from: f64, to: f64) -> Option<f64> {
        let (first, last) = (self.piece_at(from)?, self.piece_at(to)?);
        let (a, b) = (&self.pieces[first], &self.pieces[last]);
        if first == last {
            return Some(a.integral(a.local(from), a.local(to)));
        }
        let between = sums[last] - sums[first + 1];
        Some(a.integral(a.local(from), 1.0) + between + b.integral(-1.0, b.local(to)))
    }

    /// By piece, the integral of the last value over all pieces before.
    pub(super) fn integrals(&self) -> Vec<f64> {
        let mut sum = 0.0;
        let before = self.pieces.iter().map(|piece| {
            let before = sum;
            sum += piece.integral(-1.0, 1.0);
            before
        });
        before.collect()
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a table has some hundred pieces")]
    fn piece_near(&self, at: f64, hint: &mut Hint) -> Option<usize> {
        let near = hint.0 as usize;
        if self.is_in(near, at) {
            return Some(near);
        }
        let beside = if at < self.segments[near].start { near.wrapping_sub(1) } else { near + 1 };
        let found = if self.is_in(beside, at) { beside } else { self.piece_at(at)? };
        *hint = Hint(found as u32);
        Some(found)
    }

    #[inline]
    fn is_in(&self, piece: usize, at: f64) -> bool {
        self.segments.get(piece).is_some_and(|segment| segment.start <= at && at < segment.end)
    }

    fn piece_at(&self, at: f64) -> Option<usize> {
        if at > self.end {
            return None;
        }
        self.starts.partition_point(|&start| start <= at).checked_sub(1)
    }
}

/// Most halvings of a piece: beyond them it is rounding that stands in the way.
const MAX_CUTS: u32 = 30;

/// Polynomials on `middle - half ..= middle + half`, in `t` from -1 to 1.
#[derive(Clone, Copy, Debug)]
struct Piece<const N: usize> {
    start: f64,
    middle: f64,
    half: f64,
    per_half: f64,
    values: [Polynomial; N],
}

impl<const N: usize> Piece<N> {
    #[inline]
    fn local(&self, at: f64) -> f64 {
        (at - self.middle) * self.per_half
    }

    /// The integral of the last value between two places of the piece, by the rule of Gauss with
    /// four places, exact at this degree: the digits of a short one are not lost in a difference of
    /// large sums.
    fn integral(&self, from: f64, to: f64) -> f64 {
        let (middle, half) = (0.5 * (to + from), 0.5 * (to - from));
        let last = &self.values[N - 1];
        let pair = |t: f64| last.value(middle + half * t) + last.value(middle - half * t);
        let sum: f64 = GAUSS.iter().map(|&(t, weight)| weight * pair(t)).sum();
        self.half * half * sum
    }
}

/// Places on one side of the middle, and weights.
const GAUSS: [(f64, f64); 2] = [
    (0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];

const DEGREE: usize = 7;

/// Coefficients, of the constant first.
#[derive(Clone, Copy, Debug)]
struct Polynomial([f64; DEGREE + 1]);

/// By Estrin's scheme: half the steps that wait for one another of Horner's.
#[inline(always)]
pub(crate) fn polynomial<N: Number>(coefficients: [N; DEGREE + 1], t: N) -> N {
    let [a, b, c, d, e, f, g, h] = coefficients;
    let (t2, t4) = (t * t, (t * t) * (t * t));
    ((a + b * t) + (c + d * t) * t2) + ((e + f * t) + (g + h * t) * t2) * t4
}

impl Polynomial {
    #[inline]
    fn value(&self, t: f64) -> f64 {
        polynomial(self.0, t)
    }

    fn slope(&self, t: f64) -> f64 {
        let add = |(value, slope): (f64, f64), c: &f64| (value * t + c, slope * t + value);
        self.0.iter().rev().fold((0.0, 0.0), add).1
    }
}

/// Interpolation at the Chebyshev points of -1 to 1, ends included, so that pieces meet.
struct Basis {
    points: [f64; DEGREE + 1],
    /// For each point the polynomial that is 1 there and 0 at the others.
    cardinals: [Polynomial; DEGREE + 1],
    /// Between the points, where the error of interpolation is largest.
    checks: [f64; DEGREE],
    /// Largest error at the checks, relative to the value.
    tolerance: f64,
}

impl Basis {
    fn new(tolerance: f64) -> Self {
        let point = |place: f64| -(place * PI / DEGREE as f64).cos();
        let points = std::array::from_fn(|i| point(i as f64));
        let cardinals = std::array::from_fn(|i| cardinal(&points, i));
        let checks = std::array::from_fn(|i| point(i as f64 + 0.5));
        Self { points, cardinals, checks, tolerance }
    }

    /// The piece from `left` to `right`, if at the checks it is within tolerance and falls.
    fn fit<const N: usize>(
        &self,
        left: Point<N>,
        right: Point<N>,
        exact: impl Fn(f64, f64) -> Point<N>,
    ) -> Option<Piece<N>> {
        let (middle, half) = (0.5 * (left.at + right.at), 0.5 * (right.at - left.at));
        let linear = |t: f64| 0.5 * ((1.0 - t) * left.values[0] + (1.0 + t) * right.values[0]);
        let points: [Point<N>; DEGREE + 1] = std::array::from_fn(|i| match i {
            0 => left,
            DEGREE => right,
            _ => exact(middle + half * self.points[i], linear(self.points[i])),
        });
        let values: [Polynomial; N] =
            std::array::from_fn(|n| self.through(points.map(|point| point.values[n])));
        let good = |&t: &f64| {
            let (value, slope) = (values[0].value(t), values[0].slope(t));
            let guess = value.clamp(right.values[0], left.values[0]);
            let truth = exact(middle + half * t, guess).values;
            let rounding = ROUNDING * (1.0 + middle.abs()) * slope / (half * value);
            let room = self.tolerance + rounding.abs();
            let agrees = |p: &Polynomial, truth: f64| (p.value(t) - truth).abs() <= room * truth;
            slope < 0.0 && values.iter().zip(truth).all(|(p, x)| agrees(p, x))
        };
        let piece = Piece { start: left.at, middle, half, per_half: 1.0 / half, values };
        self.checks.iter().all(good).then_some(piece)
    }

    /// The polynomial with these values at the points. Only differences from the first are
    /// interpolated: where the function is flat, rounding is then small beside its fall.
    fn through(&self, values: [f64; DEGREE + 1]) -> Polynomial {
        let mut sum = [0.0; DEGREE + 1];
        for (value, cardinal) in values.iter().zip(&self.cardinals) {
            for (sum, c) in sum.iter_mut().zip(cardinal.0) {
                *sum += (value - values[0]) * c;
            }
        }
        sum[0] += values[0];
        Polynomial(sum)
    }
}

/// The product of `(t - other) / (point - other)` over the other points.
fn cardinal(points: &[f64; DEGREE + 1], index: usize) -> Polynomial {
    let mut product = [0.0; DEGREE + 1];
    product[0] = 1.0;
    for (_, other) in points.iter().enumerate().filter(|&(i, _)| i != index) {
        let distance = points[index] - other;
        for k in (0..=DEGREE).rev() {
            let below = if k > 0 { product[k - 1] } else { 0.0 };
            product[k] = (below - other * product[k]) / distance;
        }
    }
    Polynomial(product)
}

/// Error of the place itself that is allowed for beside it, relative to the sum of it and of 1, the
/// size of the venues: no exact solution knows its reserves better, and where a pool of high
/// amplification runs out of ETH this is what limits all answers.
const ROUNDING: f64 = 1e-15;
