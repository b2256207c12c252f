//! What the pools of an asset pay for what is sold into them, as straight pieces: paths ask for it too often to solve the pools
//! each time, and straight pieces are concave to the last digit, so that a programme made of them is convex.

use slashfall_cascade::PriceCurve;

/// Payout by place on the curve: the chord over each piece, so never more than the pools pay.
#[derive(Clone, Debug)]
pub(crate) struct Payout {
    /// What makes places small numbers.
    size: f64,
    /// Piece by piece: where it begins, what has been paid until there, and what is paid a unit on it.
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    start: f64,
    paid: f64,
    slope: f64,
}

/// Pieces from one end of the curve to the other. Where the price has the slope of a balanced pool, a chord of so many
/// misses 1e-8 of the size.
const PIECES: usize = 32_768;

impl Payout {
    /// Tabulates a curve, whose places are measured in `size` ETH.
    pub(crate) fn new(curve: &PriceCurve, size: f64) -> Self {
        let lowest = (0..PIECES).rev().find(|at| !curve.price(start(*at, size)).is_finite());
        let first = lowest.map_or(1, |at| at + 2).min(PIECES - 1);
        let mut paid = 0.0;
        let mut all: Vec<Piece> = Vec::with_capacity(PIECES);
        let mut steepest = f64::INFINITY;
        for at in first..PIECES {
            let (from, to) = (start(at, size), start(at + 1, size));
            // The last piece has no end, and what little the pools have left there is not counted.
            let width = if at + 1 < PIECES { to - from } else { f64::INFINITY };
            let own = if width.is_finite() { curve.proceeds(from, to) / width } else { 0.0 };
            steepest = own.min(steepest);
            all.push(Piece { start: from, paid, slope: steepest });
            paid += if width.is_finite() { steepest * width } else { 0.0 };
        }
        let mut pieces = vec![all[0]; first];
        pieces.extend(all);
        Self { size, pieces }
    }

    /// What is paid, less what was paid at another place, and what is paid for the next unit.
    #[inline]
    pub(crate) fn between(&self, from: f64, to: f64) -> (f64, f64) {
        let (before, after) = (self.piece(from), self.piece(to));
        let paid = if before.start.to_bits() == after.start.to_bits() {
            after.slope * (to - from)
        } else {
            (after.paid - before.paid) + after.slope * (to - after.start)
                - before.slope * (from - before.start)
        };
        (paid, after.slope)
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the pieces, at least 0"
    )]
    fn piece(&self, place: f64) -> Piece {
        let share = 0.5 + 0.5 * place / (self.size + place.abs());
        let at = ((share * PIECES as f64) as usize).min(PIECES - 1);
        // Rounding may name the neighbour of a place that lies on an edge.
        let piece = self.pieces[at];
        if place < piece.start && at > 0 { self.pieces[at - 1] } else { piece }
    }
}

/// Where a piece begins.
fn start(at: usize, size: f64) -> f64 {
    let t = 2.0 * at as f64 / PIECES as f64 - 1.0;
    size * t / (1.0 - t.abs())
}

#[cfg(test)]
mod tests {
    use slashfall_graph::spec::Invariant;
    use slashfall_graph::{AssetId, Pool};

    use super::*;

    fn curve(amplification: f64) -> PriceCurve {
        let invariant =
            if amplification > 0.0 { Invariant::Stableswap } else { Invariant::ConstantProduct };
        let pool = Pool {
            name: "pool".into(),
            asset: AssetId::new(1),
            invariant,
            reserve_units: 5e4,
            reserve_eth: 4e4,
            amplification,
            fee: 4e-4,
        };
        PriceCurve::new(&[&pool], 1.0)
    }

    /// Chords lie below a concave function: never more than the pools pay, and less by a millionth of the size at most.
    #[test]
    fn it_is_just_below_what_the_pools_pay() {
        for amplification in [0.0, 30.0, 1_000.0] {
            let curve = curve(amplification);
            let size = 9e4;
            let payout = Payout::new(&curve, size);
            for from in [-2e4, -10.0, 0.0, 3e3, 5e4] {
                for sold in [0.5, 20.0, 1e3, 2e4, 1e5, 1e6] {
                    let exact = curve.proceeds(from, from + sold);
                    let (paid, slope) = payout.between(from, from + sold);
                    assert!(
                        (paid - exact).abs() < 2e-6 * size + 1e-6 * exact,
                        "{amplification} {from} {sold}: {paid}, not {exact}"
                    );
                    let price = curve.price(from + sold) * (1.0 - 4e-4);
                    assert!((slope - price).abs() < 5e-3, "{slope}, not {price}");
                }
            }
        }
    }

    #[test]
    fn it_is_concave() {
        let payout = Payout::new(&curve(200.0), 9e4);
        let slopes: Vec<f64> = payout.pieces.iter().map(|piece| piece.slope).collect();
        assert!(slopes.is_sorted_by(|a, b| a >= b));
        let place = |i: i32| -4e4 + 1e3 * f64::from(i);
        for i in 0..2_000 {
            let (a, _) = payout.between(place(i), place(i + 1));
            let (b, _) = payout.between(place(i + 1), place(i + 2));
            assert!(b <= a + 1e-9 && a >= 0.0);
        }
    }
}
