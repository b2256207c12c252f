//! The price of a wrapped asset in all its pools together (section 6.6 of `docs/model.md`),
//! tabulated once, because every path asks for it many times and each exact answer solves several
//! equations.

mod curve;
mod table;
mod venue;

pub use curve::PriceCurve;
pub(crate) use curve::{By, Near};
pub(crate) use table::{Hint, Segment, polynomial};

use slashfall_graph::Pool;

use venue::Venue;

/// Reserves of one pool when its marginal price over nav is `price`, by its invariant and without
/// fees: of the asset, whose nav is `nav_0` on day 0, in ETH at that nav, and of ETH.
///
/// Infinite, and 0, at a price of 0 or less.
#[must_use]
pub fn reserves_at(pool: &Pool, nav_0: f64, price: f64) -> [f64; 2] {
    let venue = Venue::new(pool, nav_0);
    let asset = venue.asset_at(price);
    [asset, venue.at(asset).eth].map(|reserve| venue.size * reserve)
}

/// Where a root is known to be, for Newton's method, which alone goes back and forth for ever on
/// curves that are steep in the middle, as the depth of a pool of high amplification is.
#[derive(Clone, Copy, Debug)]
struct Bracket {
    low: f64,
    high: f64,
    last_step: f64,
}

impl Bracket {
    fn new(low: f64, high: f64) -> Self {
        Self { low, high, last_step: f64::INFINITY }
    }

    /// Where to look next: where Newton's method says, if that is in the bracket and its steps at
    /// least halve; `halfway` otherwise.
    fn next(&mut self, step: f64, newton: f64, halfway: f64) -> f64 {
        let halves = step.abs() < 0.5 * self.last_step;
        if halves && self.low <= newton && newton <= self.high {
            self.last_step = step.abs();
            newton
        } else {
            self.last_step = f64::INFINITY;
            halfway
        }
    }
}

/// More steps than any bracket needs to close; a handful is usual.
const MAX_STEPS: usize = 200;

#[cfg(test)]
mod tests {
    use slashfall_graph::Pool;

    use super::venue::tests::pool;
    use super::{PriceCurve, reserves_at};

    /// The crate draws nothing, so its tests bring their own generator: Knuth's, MMIX.
    pub(super) struct Random(pub(super) u64);

    impl Random {
        pub(super) fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
            self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    /// Pools of all kinds and imbalances together, amplification 0 meaning constant product.
    pub(super) fn mixtures() -> Vec<Vec<Pool>> {
        vec![
            vec![pool(5e4, 3e4, 50.0, 4e-4), pool(1e4, 1e4, 0.0, 3e-3)],
            vec![pool(5e4, 3e4, 1e5, 4e-4), pool(1e4, 1e4, 0.0, 3e-3)],
            vec![pool(5e4, 3e4, 1e5, 4e-4), pool(1e4, 1e4, 1e5, 3e-3)],
            vec![pool(5e4, 1e2, 1e5, 4e-4), pool(1e4, 1e4, 1.0, 3e-3)],
            vec![pool(5.0, 3.0, 1e5, 4e-4), pool(1e6, 1e6, 0.0, 3e-3)],
            vec![pool(1e6, 1.0, 1e5, 4e-4), pool(1e4, 1e4, 200.0, 3e-3)],
            vec![pool(1.0, 1e6, 1e5, 4e-4), pool(1e4, 1e4, 200.0, 3e-3)],
            referenced(),
        ]
    }

    /// The pools of the reference solution.
    fn referenced() -> Vec<Pool> {
        vec![
            pool(5e4, 3e4, 50.0, 4e-4),
            pool(1e4, 1e4, 0.0, 3e-3),
            pool(2e4, 3e4, 200.0, 1e-4),
            pool(3e3, 1e3, 1e5, 0.0),
        ]
    }

    fn curve(pools: &[Pool]) -> PriceCurve {
        PriceCurve::new(&pools.iter().collect::<Vec<_>>(), 1.0)
    }

    fn close(a: f64, b: f64, digits: f64) -> bool {
        (a / b - 1.0).abs() < digits
    }

    #[test]
    fn a_balanced_pool_pays_what_curve_pays() {
        let one = curve(&[pool(1e5, 1e5, 50.0, 0.0)]);
        let two = curve(&[pool(5e4, 5e4, 50.0, 0.0), pool(5e4, 5e4, 50.0, 0.0)]);
        for curve in [one, two] {
            assert!((curve.price(0.0) - 1.0).abs() < 1e-14);
            for (sold, paid) in [(1e4, 9_980.241_398), (5e4, 49_366.687_526), (1e5, 90_950.124_379)]
            {
                assert!((curve.proceeds(0.0, sold) - paid).abs() < 1e-6, "{sold}");
            }
        }
    }

    #[test]
    fn the_steth_pool_has_the_price_observed() {
        let nav = 1.1;
        let units = pool(524_839.79 / nav, 159_447.08, 50.0, 4e-4);
        assert!((PriceCurve::new(&[&units], nav).price(0.0) - 0.961_00).abs() < 1e-5);
    }

    /// 50 digits, bisection of the invariants (mpmath).
    #[test]
    fn mixed_venues_are_as_in_the_reference_solution() {
        let curve = curve(&referenced());
        for (sold, price) in [
            (-60_000.0, 1.141_094_624_794_602),
            (-20_000.0, 1.003_988_626_130_579),
            (0.0, 0.998_801_833_465_751_2),
            (100.0, 0.998_772_334_306_310_5),
            (25_000.0, 0.983_805_827_190_051),
            (55_000.0, 0.774_589_014_509_890_3),
            (90_000.0, 0.128_196_601_001_686_2),
            (200_000.0, 0.009_976_223_521_943_75),
            (5_000_000.0, 6.316_007_709_238_067e-6),
        ] {
            assert!(close(curve.price(sold), price, 2e-13), "{sold}");
            assert!((curve.sold_at(price) - sold).abs() < 2e-7 + 1e-14 * sold, "{sold}");
        }
        for (from, to, paid) in [
            (0.0, 100.0, 99.859_472_491_238_21),
            (15_000.0, 55_000.0, 37_708.118_641_638_49),
            (55_000.0, 200_000.0, 16_865.570_142_455_46),
        ] {
            assert!(close(curve.proceeds(from, to), paid, 1e-12), "{from} {to}");
        }
    }

    #[test]
    fn a_pool_has_its_reserves_at_its_price() {
        for pool in mixtures().into_iter().flatten() {
            let nav = 1.25;
            let expected = [nav * pool.reserve_units, pool.reserve_eth];
            let price = PriceCurve::new(&[&pool], nav).price(0.0);
            for (found, expected) in reserves_at(&pool, nav, price).into_iter().zip(expected) {
                assert!(close(found, expected, 1e-9), "{pool:?}: {found}, not {expected}");
            }
        }
    }

    /// Elsewhere by bisection of the invariant as written, and `x y = k`, `p = y / x`.
    #[test]
    fn a_pool_keeps_its_invariant_at_any_price() {
        for price in [1.3, 1.02, 0.99, 0.9, 0.5, 0.05] {
            for amplification in [1.0, 50.0, 1e3] {
                let pool = pool(5e4, 3e4, amplification, 4e-4);
                let [asset, eth] = reserves_at(&pool, 1.0, price);
                assert!(close(asset, direct_reserve_at(&pool, price), 1e-9), "{price}");
                // What has gone in brought what has gone out: no fee, and both ways.
                let free = curve(&[super::venue::tests::pool(5e4, 3e4, amplification, 0.0)]);
                let sold = asset - 5e4;
                let paid = free.proceeds(sold.min(0.0), sold.max(0.0)).copysign(sold);
                assert!((3e4 - eth - paid).abs() < 1e-8 * 8e4, "{price}: {eth}, {paid}");
            }
            let product = pool(5e4, 3e4, 0.0, 3e-3);
            let [asset, eth] = reserves_at(&product, 2.0, price);
            assert!(close(asset * eth, 1e5 * 3e4, 1e-12) && close(eth / asset, price, 1e-12));
        }
        let [asset, eth] = reserves_at(&pool(5e4, 3e4, 50.0, 0.0), 1.0, 0.0);
        assert!(asset.is_infinite() && eth.abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn two_equal_venues_take_twice_what_one_takes() {
        let venue = pool(5e4, 3e4, 50.0, 4e-4);
        let (one, two) = (curve(std::slice::from_ref(&venue)), curve(&[venue.clone(), venue]));
        for sold in [-4e4, -1e3, 0.0, 1.0, 1e3, 2e4, 5e4, 1e5, 1e7] {
            assert!(close(two.price(2.0 * sold), one.price(sold), 1e-12), "{sold}");
            let paid = one.proceeds(sold, sold + 1e4);
            assert!(close(two.proceeds(2.0 * sold, 2.0 * sold + 2e4), 2.0 * paid, 1e-12), "{sold}");
        }
    }

    #[test]
    fn price_and_amount_are_inverse() {
        let mut random = Random(5);
        let singles = [0.0, 1.0, 50.0, 1e5].map(|a| vec![pool(5e4, 3e4, a, 4e-4)]);
        for pools in mixtures().into_iter().chain(singles) {
            let curve = curve(&pools);
            let size: f64 = pools.iter().map(|pool| pool.reserve_units + pool.reserve_eth).sum();
            for _ in 0..1000 {
                let price = 1e-4 * 2e4_f64.powf(random.unit());
                let sold = curve.sold_at(price);
                let again = curve.price(sold);
                assert!(close(again, price, 1e-11), "{price} {again}");
                assert!((curve.sold_at(again) - sold).abs() < 1e-10 * size, "{price}");
            }
        }
    }

    #[test]
    fn the_price_falls() {
        for pools in mixtures() {
            let curve = curve(&pools);
            let size: f64 = pools.iter().map(|pool| pool.reserve_units + pool.reserve_eth).sum();
            let (first, last) = (curve.sold_at(1.2), curve.sold_at(5e-4));
            let steps = 20_000;
            let mut before = f64::INFINITY;
            for i in 0..=steps {
                let price = curve.price(first + (last - first) * f64::from(i) / f64::from(steps));
                assert!(price < before * (1.0 + 1e-15), "{i} of {size}");
                before = price;
            }
        }
    }

    #[test]
    fn prices_do_not_depend_on_the_scale() {
        let scale = 1.7e-5;
        for pools in mixtures() {
            let scaled = |p: &Pool| {
                pool(scale * p.reserve_units, scale * p.reserve_eth, p.amplification, p.fee)
            };
            let (large, small) =
                (curve(&pools), curve(&pools.iter().map(scaled).collect::<Vec<_>>()));
            for price in [1.04, 0.999, 0.9, 0.5, 0.1, 0.01] {
                let sold = large.sold_at(price);
                assert!(close(small.price(scale * sold), large.price(sold), 2e-12), "{price}");
            }
        }
    }

    #[test]
    fn the_ends_have_answers() {
        let single = vec![pool(5e4, 3e4, 50.0, 4e-4)];
        for pools in mixtures().into_iter().chain([single]) {
            let curve = curve(&pools);
            assert!(curve.price(f64::INFINITY).abs() < f64::MIN_POSITIVE);
            assert!(curve.price(f64::NEG_INFINITY).is_infinite());
            assert!(curve.price(1e300) >= 0.0);
            assert!(curve.sold_at(0.0).is_infinite() && curve.sold_at(-1.0).is_infinite());
            let nothing = curve.proceeds(1.0, 1.0) + curve.proceeds(f64::INFINITY, f64::INFINITY);
            assert!(nothing.abs() < f64::MIN_POSITIVE);
            let all = curve.proceeds(0.0, f64::INFINITY);
            assert!(close(curve.proceeds(0.0, 1e15), all, 1e-6), "{all}");
        }
    }

    /// One pool by bisection alone, in ETH: reserves, then prices, of the invariant as written.
    fn direct_reserve_at(pool: &Pool, price: f64) -> f64 {
        let (x, y, ann) = (pool.reserve_units, pool.reserve_eth, 2.0 * pool.amplification);
        let invariant = |x: f64, y: f64, d: f64| ann * (x + y - d) + d - d * d * d / (4.0 * x * y);
        let d = bisect(x.min(y), x + y, |d| invariant(x, y, d) > 0.0);
        let price_at = |x: f64| {
            let y = bisect(1e-7 * d, 1e7 * d, |y| invariant(x, y, d) < 0.0);
            let k = d * d * d / (4.0 * x * y);
            (ann + k / x) / (ann + k / y)
        };
        bisect(1e-3 * d, 1e3 * d, |x| price_at(x) > price)
    }

    /// Where `below` ends.
    fn bisect(mut low: f64, mut high: f64, below: impl Fn(f64) -> bool) -> f64 {
        for _ in 0..64 {
            let middle = (low * high).sqrt();
            if below(middle) { low = middle } else { high = middle }
        }
        low
    }

    #[test]
    fn mixed_venues_are_as_by_direct_bisection() {
        let mut random = Random(6);
        for _ in 0..4 {
            let mut draw = |most: f64| {
                pool(
                    1e4 + 1e5 * random.unit(),
                    1e4 + 1e5 * random.unit(),
                    most.powf(random.unit()),
                    0.0,
                )
            };
            let pools = [draw(1e3), draw(1e3), draw(10.0)];
            let curve = curve(&pools);
            let held: f64 = pools.iter().map(|pool| pool.reserve_units).sum();
            for price in [1.3, 1.02, 0.99, 0.9, 0.5, 0.05] {
                let sold =
                    pools.iter().map(|pool| direct_reserve_at(pool, price)).sum::<f64>() - held;
                assert!(close(curve.price(sold), price, 1e-10), "{price} {}", curve.price(sold));
            }
        }
    }
}
