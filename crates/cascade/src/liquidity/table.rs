//! A falling function as polynomials on pieces, made as fine as it takes, because a price is asked
//! for too often to solve the venues each time.

use std::f64::consts::PI;

use super::{Bracket, MAX_STEPS};

/// Price and payout at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quote {
    /// The amount sold.
    pub(super) at: f64,
    /// Marginal price.
    pub(super) price: f64,
    /// Marginal price less fees: what the next one sold brings.
    pub(super) payout: f64,
}

/// Price and payout by the amount sold, over a range of it.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Where pieces start.
    starts: Vec<f64>,
    end: f64,
    /// The price where pieces start, falling.
    prices: Vec<f64>,
    price_at_end: f64,
    /// What selling all before brings.
    paid: Vec<f64>,
    pieces: Vec<Piece>,
}

impl Table {
    /// Tabulates from the first of `knots`, which ascend, to the last; none if it cannot be done
    /// within the tolerance.
    ///
    /// `exact(at, guess, [low, high])` is the truth at a place where the price is between `low` and
    /// `high`, and maybe near `guess`.
    pub(super) fn new(
        knots: &[Quote],
        exact: impl Fn(f64, f64, [f64; 2]) -> Quote,
    ) -> Option<Self> {
        let basis = Basis::new();
        let mut todo: Vec<_> = knots.windows(2).rev().map(|ends| (ends[0], ends[1], 0)).collect();
        let mut pieces = Vec::new();
        while let Some((left, right, cuts)) = todo.pop() {
            let within = |at, guess| exact(at, guess, [right.price, left.price]);
            if let Some(piece) = basis.fit(left, right, within) {
                pieces.push(piece);
            } else if cuts < MAX_CUTS {
                let cut = within(0.5 * (left.at + right.at), 0.5 * (left.price + right.price));
                todo.extend([(cut, right, cuts + 1), (left, cut, cuts + 1)]);
            } else {
                return None;
            }
        }
        Some(Self::of_pieces(pieces, *knots.last()?))
    }

    fn of_pieces(pieces: Vec<Piece>, last: Quote) -> Self {
        let mut sum = 0.0;
        let paid = pieces.iter().map(|piece| {
            let before = sum;
            sum += piece.paid(-1.0, 1.0);
            before
        });
        Self {
            paid: paid.collect(),
            starts: pieces.iter().map(|piece| piece.start).collect(),
            prices: pieces.iter().map(|piece| piece.price.value(-1.0)).collect(),
            end: last.at,
            price_at_end: last.price,
            pieces,
        }
    }

    /// The price at a place; none outside the table.
    #[inline]
    pub(super) fn price(&self, at: f64) -> Option<f64> {
        let piece = &self.pieces[self.piece_at(at)?];
        Some(piece.price.value(piece.local(at)))
    }

    /// The place where the price is `price`; none outside the table.
    pub(super) fn at_price(&self, price: f64) -> Option<f64> {
        let index = self.prices.partition_point(|&start| start >= price).checked_sub(1)?;
        let piece = &self.pieces[index];
        (price >= self.price_at_end).then(|| piece.middle + piece.half * piece.local_at(price))
    }

    /// What selling from a place to a later one brings; none if either is outside the table.
    pub(super) fn paid(&self, from: f64, to: f64) -> Option<f64> {
        let (first, last) = (self.piece_at(from)?, self.piece_at(to)?);
        let (a, b) = (&self.pieces[first], &self.pieces[last]);
        if first == last {
            return Some(a.paid(a.local(from), a.local(to)));
        }
        let between = self.paid[last] - self.paid[first + 1];
        Some(a.paid(a.local(from), 1.0) + between + b.paid(-1.0, b.local(to)))
    }

    #[inline]
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
struct Piece {
    start: f64,
    middle: f64,
    half: f64,
    per_half: f64,
    price: Polynomial,
    payout: Polynomial,
}

impl Piece {
    #[inline]
    fn local(&self, at: f64) -> f64 {
        (at - self.middle) * self.per_half
    }

    /// What selling between two places of the piece brings, by the rule of Gauss with four places,
    /// exact at this degree: the digits of a small sale are not lost in a difference of large sums.
    fn paid(&self, from: f64, to: f64) -> f64 {
        let (middle, half) = (0.5 * (to + from), 0.5 * (to - from));
        let payout =
            |t: f64| self.payout.value(middle + half * t) + self.payout.value(middle - half * t);
        let sum: f64 = GAUSS.iter().map(|&(t, weight)| weight * payout(t)).sum();
        self.half * half * sum
    }

    /// Where the price is `price`, in `t`: Newton's method, with bisection when that leaves the
    /// bracket.
    fn local_at(&self, price: f64) -> f64 {
        let mut bracket = Bracket::new(-1.0, 1.0);
        let (first, last) = (self.price.value(-1.0), self.price.value(1.0));
        let mut t = ((first + last - 2.0 * price) / (first - last)).clamp(-1.0, 1.0);
        for _ in 0..MAX_STEPS {
            let (value, slope) = self.price.value_and_slope(t);
            *if value > price { &mut bracket.low } else { &mut bracket.high } = t;
            let step = (price - value) / slope;
            if step.abs() < QUADRATIC {
                return (t + step).clamp(-1.0, 1.0);
            }
            t = bracket.next(step, t + step, 0.5 * (bracket.low + bracket.high));
        }
        t
    }
}

/// Places on one side of the middle, and weights.
const GAUSS: [(f64, f64); 2] = [
    (0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];

/// Newton's method squares the error: the step after one of this size changes nothing.
const QUADRATIC: f64 = 1e-9;

const DEGREE: usize = 7;

/// Coefficients, of the constant first.
#[derive(Clone, Copy, Debug)]
struct Polynomial([f64; DEGREE + 1]);

impl Polynomial {
    #[inline]
    fn value(&self, t: f64) -> f64 {
        self.0.iter().rev().fold(0.0, |sum, c| sum * t + c)
    }

    fn value_and_slope(&self, t: f64) -> (f64, f64) {
        let add = |(value, slope): (f64, f64), c: &f64| (value * t + c, slope * t + value);
        self.0.iter().rev().fold((0.0, 0.0), add)
    }
}

/// Interpolation at the Chebyshev points of -1 to 1, ends included, so that pieces meet.
struct Basis {
    points: [f64; DEGREE + 1],
    /// For each point the polynomial that is 1 there and 0 at the others.
    cardinals: [Polynomial; DEGREE + 1],
    /// Between the points, where the error of interpolation is largest.
    checks: [f64; DEGREE],
}

impl Basis {
    fn new() -> Self {
        let point = |place: f64| -(place * PI / DEGREE as f64).cos();
        let points = std::array::from_fn(|i| point(i as f64));
        let cardinals = std::array::from_fn(|i| cardinal(&points, i));
        Self { points, cardinals, checks: std::array::from_fn(|i| point(i as f64 + 0.5)) }
    }

    /// The piece from `left` to `right`, if at the checks it is within tolerance and falls.
    fn fit(&self, left: Quote, right: Quote, exact: impl Fn(f64, f64) -> Quote) -> Option<Piece> {
        let (middle, half) = (0.5 * (left.at + right.at), 0.5 * (right.at - left.at));
        let linear = |t: f64| 0.5 * ((1.0 - t) * left.price + (1.0 + t) * right.price);
        let quotes: [Quote; DEGREE + 1] = std::array::from_fn(|i| match i {
            0 => left,
            DEGREE => right,
            _ => exact(middle + half * self.points[i], linear(self.points[i])),
        });
        let price = self.through(quotes.map(|quote| quote.price));
        let payout = self.through(quotes.map(|quote| quote.payout));
        let good = |&t: &f64| {
            let (value, slope) = price.value_and_slope(t);
            let truth = exact(middle + half * t, value.clamp(right.price, left.price));
            let rounding = ROUNDING * (1.0 + middle.abs()) * slope / (half * value);
            slope < 0.0
                && agrees(value, truth.price, rounding)
                && agrees(payout.value(t), truth.payout, rounding)
        };
        let piece = Piece { start: left.at, middle, half, per_half: 1.0 / half, price, payout };
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

/// Largest error at the checks, relative to the value.
const TOLERANCE: f64 = 5e-14;

/// Error of the place itself that is allowed for beside it, relative to the sum of it and of 1, the
/// size of the venues: no exact solution knows its reserves better, and where a pool of high
/// amplification runs out of ETH this is what limits all answers.
const ROUNDING: f64 = 1e-15;

fn agrees(value: f64, truth: f64, rounding: f64) -> bool {
    (value - truth).abs() <= (TOLERANCE + rounding.abs()) * truth
}
