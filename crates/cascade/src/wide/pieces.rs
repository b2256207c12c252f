//! The price tables of the pools for several paths at once: each lane keeps the piece of the table in
//! which it looked last, so most look-ups are one polynomial in registers.

use pulp::Simd;

use super::lanes::{Bits, LANES, Lanes, Truth, Wide};
use crate::liquidity::{By, Hint, PriceCurve, Segment, polynomial};

/// Where the last look-ups in an asset's curve ended, by path; no result depends on it.
#[derive(Clone, Debug)]
pub(crate) struct NearLanes {
    by_amount: Pieces,
    by_price: Pieces,
}

/// A piece of a table for each path.
#[derive(Clone, Debug)]
struct Pieces {
    start: Lanes,
    end: Lanes,
    middle: Lanes,
    per_half: Lanes,
    coefficients: [Lanes; 8],
    hints: [Hint; LANES],
}

impl NearLanes {
    pub(crate) fn new() -> Self {
        Self { by_amount: Pieces::new(), by_price: Pieces::new() }
    }
}

impl Pieces {
    fn new() -> Self {
        Self {
            start: Lanes::all(f64::INFINITY), // nothing is in it
            end: Lanes::ZERO,
            middle: Lanes::ZERO,
            per_half: Lanes::ZERO,
            coefficients: [Lanes::ZERO; 8],
            hints: [Hint::default(); LANES],
        }
    }

    fn set(&mut self, lane: usize, segment: &Segment) {
        self.start.0[lane] = segment.start;
        self.end.0[lane] = segment.end;
        self.middle.0[lane] = segment.middle;
        self.per_half.0[lane] = segment.per_half;
        for (lanes, c) in self.coefficients.iter_mut().zip(segment.coefficients) {
            lanes.0[lane] = c;
        }
    }

    /// The value at a place, for the paths that want it.
    #[inline(always)]
    fn value<S: Simd>(
        &mut self,
        at: Wide<S>,
        wanted: Truth<S>,
        (curve, by): (&PriceCurve, By),
    ) -> Wide<S> {
        let misses =
            wanted & !(self.start.load(at.simd()).le(at) & at.lt(self.end.load(at.simd())));
        if misses.any() {
            let mut places = at.lanes();
            let solved = self.refill(misses.bits(), &mut places, (curve, by));
            if solved.0 != 0 {
                let mut value = self.in_piece(at).lanes();
                solved.for_each(|lane| value.0[lane] = places.0[lane]);
                return value.load(at.simd());
            }
        }
        self.in_piece(at)
    }

    #[inline(always)]
    fn in_piece<S: Simd>(&self, at: Wide<S>) -> Wide<S> {
        let load = |lanes: &Lanes| lanes.load(at.simd());
        let t = (at - load(&self.middle)) * load(&self.per_half);
        let [a, b, c, d, e, f, g, h] = &self.coefficients;
        let coefficients = [load(a), load(b), load(c), load(d), load(e), load(f), load(g), load(h)];
        polynomial(coefficients, t)
    }

    /// Finds the pieces of paths whose place is not in theirs. Where the table has none, the place
    /// becomes the exact solution; gives these paths.
    #[inline(never)]
    fn refill(&mut self, misses: Bits, places: &mut Lanes, (curve, by): (&PriceCurve, By)) -> Bits {
        let mut solved = 0;
        for lane in misses {
            let place = &mut places.0[lane];
            if let Some(segment) = curve.segment(by, *place, &mut self.hints[lane]) {
                self.set(lane, segment);
            } else {
                *place = curve.solve(by, *place);
                solved |= 1 << lane;
            }
        }
        Bits(solved)
    }
}

impl PriceCurve {
    /// As [`PriceCurve::price`], for the paths that want it.
    #[inline(always)]
    pub(super) fn price_wide<S: Simd>(
        &self,
        sold_eth: Wide<S>,
        wanted: Truth<S>,
        near: &mut NearLanes,
    ) -> Wide<S> {
        near.by_amount.value(self.place(sold_eth), wanted, (self, By::Amount))
    }

    /// As [`PriceCurve::sold_at`], for the paths that want it.
    #[inline(always)]
    pub(super) fn sold_at_wide<S: Simd>(
        &self,
        price: Wide<S>,
        wanted: Truth<S>,
        near: &mut NearLanes,
    ) -> Wide<S> {
        self.sold_eth(near.by_price.value(price, wanted, (self, By::Price)))
    }
}
