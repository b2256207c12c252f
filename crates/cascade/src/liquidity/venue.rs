//! One pool, measured in its own size: its invariant is then the same curve at every size, which is
//! why multiplying all reserves by a number leaves prices as they are.
//!
//! With `u` and `v` the reserves of the asset (as ETH at nav of day 0) and of ETH over the size,
//!
//! ```text
//! StableSwap (Curve's code: n = 2, Ann = 2 A), size D    Ann (u + v) + 1 = Ann + 1 / (4 u v)
//! constant product, size sqrt(x y)                                  u v = 1
//! ```
//!
//! and the price `-dv/du` of both is `(v + w) / (u + w)`, where `w = 4 Ann (u v)^2` for StableSwap
//! and 0 for a constant product: sums of positive numbers, which lose no digits.

use slashfall_graph::Pool;
use slashfall_graph::spec::Invariant;

use super::{Bracket, MAX_STEPS};

/// A pool with its invariant solved once.
#[derive(Clone, Debug)]
pub(super) struct Venue {
    curve: Curve,
    /// The invariant, in ETH.
    pub(super) size: f64,
    /// Reserve of the asset on day 0, over the size.
    pub(super) asset_0: f64,
    /// What is left of a payment after the fee, a fraction.
    pub(super) kept: f64,
}

/// What a pool of size 1 keeps constant.
#[derive(Clone, Copy, Debug)]
enum Curve {
    StableSwap { ann: f64 },
    ConstantProduct,
}

/// What a venue holds at some moment, over its size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holdings {
    asset: f64,
    pub(super) eth: f64,
    /// `w` of the head of this file.
    flatness: f64,
}

impl Venue {
    pub(super) fn new(pool: &Pool, nav_0: f64) -> Self {
        let (x, y) = (pool.reserve_units * nav_0, pool.reserve_eth);
        let (curve, size) = match pool.invariant {
            Invariant::Stableswap => {
                let ann = 2.0 * pool.amplification;
                (Curve::StableSwap { ann }, stableswap_size(x, y, ann))
            }
            Invariant::ConstantProduct => (Curve::ConstantProduct, x.sqrt() * y.sqrt()),
        };
        Self { curve, size, asset_0: x / size, kept: 1.0 - pool.fee }
    }

    /// What it holds when its reserve of the asset is `asset`.
    pub(super) fn at(&self, asset: f64) -> Holdings {
        self.curve.holdings(asset, self.curve.other_reserve(asset))
    }

    /// Reserve of the asset at which the marginal price is `price`: inverse of `at(..).price()`.
    pub(super) fn asset_at(&self, price: f64) -> f64 {
        if price <= 0.0 { f64::INFINITY } else { self.curve.asset_at(price) }
    }

    /// ETH paid out, less the fee and over the size, while the asset's reserve grows `from` `to`.
    pub(super) fn paid(&self, from: f64, to: f64) -> f64 {
        let (before, after) = (self.at(from), self.at(to));
        self.kept * before.eth_paid_until(&after, self.curve)
    }
}

impl Holdings {
    /// Marginal price of the asset in ETH, no fee.
    pub(super) fn price(&self) -> f64 {
        (self.eth + self.flatness) / (self.asset + self.flatness)
    }

    /// Derivative of the price by the reserve of the asset, negative.
    ///
    /// By `d(u v)/du = w (v - u) / (u + w)` all its terms have one sign.
    pub(super) fn slope(&self) -> f64 {
        let Self { asset, eth, flatness } = *self;
        let tilt = flatness * (asset - eth) / (asset + flatness);
        -2.0 * (self.price() + tilt * tilt / (asset * eth)) / (asset + flatness)
    }

    /// By how much the reserve of ETH falls until `after`.
    ///
    /// The difference of the invariants is linear in the differences of the reserves, so that small
    /// trades keep all their digits; for large ones the plain difference loses none.
    fn eth_paid_until(&self, after: &Self, curve: Curve) -> f64 {
        if after.asset > 2.0 * self.asset {
            return self.eth - after.eth;
        }
        let w = curve.flatness(self.asset * self.eth, after.asset * after.eth);
        (after.asset - self.asset) * (after.eth + w) / (self.asset + w)
    }
}

impl Curve {
    /// `4 Ann` times two products `u v`.
    fn flatness(self, product: f64, other_product: f64) -> f64 {
        match self {
            Self::StableSwap { ann } => 4.0 * ann * product * other_product,
            Self::ConstantProduct => 0.0,
        }
    }

    fn holdings(self, asset: f64, eth: f64) -> Holdings {
        Holdings { asset, eth, flatness: self.flatness(asset * eth, asset * eth) }
    }

    /// One reserve by the other: both curves are symmetric.
    ///
    /// Of the two forms of the root, `b` decides for the one that subtracts nothing.
    fn other_reserve(self, reserve: f64) -> f64 {
        let Self::StableSwap { ann } = self else { return 1.0 / reserve };
        let b = (reserve - 1.0) + 1.0 / ann;
        let c4 = 1.0 / (ann * reserve);
        let root = (b * b + c4).sqrt();
        if b > 0.0 { 0.5 * c4 / (b + root) } else { 0.5 * (root - b) }
    }

    /// Reserve of the asset by a positive price.
    fn asset_at(self, price: f64) -> f64 {
        match self {
            Self::ConstantProduct => 1.0 / price.sqrt(),
            Self::StableSwap { ann } if price <= 1.0 => {
                self.other_reserve(self.scarce_reserve(ann, price))
            }
            Self::StableSwap { ann } if 1.0 / price > 0.0 => self.scarce_reserve(ann, 1.0 / price),
            Self::StableSwap { .. } => 0.0,
        }
    }

    /// The smaller reserve of StableSwap, at most 1/2, at a price of at most 1.
    ///
    /// Newton's method on logarithms, in which the curve is all but straight; logarithm and power
    /// are replaced by fractions that agree with them near the root. Starts where the price would
    /// be right if the larger reserve were 1.
    fn scarce_reserve(self, ann: f64, price: f64) -> f64 {
        let mut bracket = Bracket::new(0.0, 0.5);
        let mut v =
            (2.0 * price / (1.0 + (1.0 + 16.0 * ann * price * (1.0 - price)).sqrt())).min(0.5);
        for _ in 0..MAX_STEPS {
            let holdings = self.holdings(self.other_reserve(v), v);
            let here = holdings.price();
            let ratio = here / price;
            *if ratio < 1.0 { &mut bracket.low } else { &mut bracket.high } = v;
            let elasticity = -holdings.slope() * v / (here * here);
            let step = -2.0 * (ratio - 1.0) / ((ratio + 1.0) * elasticity);
            let next = v * (2.0 + step) / (2.0 - step);
            if step.abs() < QUADRATIC {
                return next;
            }
            let Bracket { low, high, .. } = bracket;
            let halfway = if low > 0.0 { (low * high).sqrt() } else { 0.25 * high };
            v = bracket.next(step, next, halfway);
        }
        v
    }
}

/// Newton's method squares the error: the step after one of this relative size changes nothing.
const QUADRATIC: f64 = 1e-8;

/// `D` of StableSwap, the root of a falling concave cubic, from the right: steps only go down until
/// rounding stops them.
fn stableswap_size(x: f64, y: f64, ann: f64) -> f64 {
    let total = x + y;
    let balance = 4.0 * (x / total) * (y / total);
    let mut d = 1.0;
    for _ in 0..MAX_STEPS {
        let value = ann * (1.0 - d) + d * (1.0 - d * d / balance);
        let next = d + value / (ann - 1.0 + 3.0 * d * d / balance);
        if next >= d {
            break;
        }
        d = next;
    }
    total * d
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use slashfall_graph::AssetId;

    /// A StableSwap pool, or of constant product where `amplification` is 0.
    pub(in super::super) fn pool(asset: f64, eth: f64, amplification: f64, fee: f64) -> Pool {
        let invariant =
            if amplification > 0.0 { Invariant::Stableswap } else { Invariant::ConstantProduct };
        Pool {
            name: "pool".into(),
            asset: AssetId::new(1),
            invariant,
            reserve_units: asset,
            reserve_eth: eth,
            amplification,
            fee,
        }
    }

    fn price_of(asset: f64, eth: f64) -> f64 {
        let venue = Venue::new(&pool(asset, eth, 50.0, 0.0), 1.0);
        venue.at(venue.asset_0).price()
    }

    #[test]
    fn prices_of_the_steth_pool_are_those_observed() {
        assert!((price_of(68.3, 31.7) - 0.981).abs() < 1e-3);
        assert!((price_of(78.4, 21.6) - 0.954).abs() < 1e-3);
        assert!((price_of(491e3, 111.3e3) - 0.937).abs() < 1e-3);
        assert!((price_of(524_839.79, 159_447.08) - 0.961_00).abs() < 1e-5);
    }

    #[test]
    fn a_balanced_pool_pays_what_curve_pays() {
        let venue = Venue::new(&pool(1e5, 1e5, 50.0, 0.0), 1.0);
        for (sold, paid) in [(1e4, 9_980.241_398), (5e4, 49_366.687_526), (1e5, 90_950.124_379)] {
            let to = venue.asset_0 + sold / venue.size;
            assert!((venue.size * venue.paid(venue.asset_0, to) - paid).abs() < 1e-6);
        }
    }

    #[test]
    fn both_reserves_of_day_0_are_on_the_curve() {
        for amplification in [0.0, 1.0, 50.0, 1e3, 1e5] {
            for share in [1e-6, 1e-3, 0.2, 0.5, 0.9, 0.999, 1.0 - 1e-6] {
                let venue =
                    Venue::new(&pool(7e4 * share, 7e4 * (1.0 - share), amplification, 0.0), 1.0);
                let eth = venue.size * venue.at(venue.asset_0).eth;
                assert!(
                    (eth / (7e4 * (1.0 - share)) - 1.0).abs() < 1e-11,
                    "{amplification} {share}"
                );
            }
        }
    }

    #[test]
    fn the_inverse_gives_back_the_price_and_the_reserve() {
        for amplification in [0.0, 1.0, 2.5, 50.0, 1e3, 1e5] {
            let venue = Venue::new(&pool(1e5, 1e5, amplification, 0.0), 1.0);
            for exponent in -400..=400 {
                let price = 10_f64.powf(f64::from(exponent) / 40.0);
                let asset = venue.asset_at(price);
                let holdings = venue.at(asset);
                let digits = (holdings.slope() * asset / price).abs().max(10.0) * 1e-15;
                assert!((holdings.price() / price - 1.0).abs() < digits, "{amplification} {price}");
                let digits = (price / (holdings.slope() * asset)).abs().max(10.0) * 1e-15;
                let again = venue.asset_at(holdings.price());
                assert!((again / asset - 1.0).abs() < digits, "{amplification} {price}");
            }
        }
    }

    #[test]
    fn the_slope_is_the_derivative_of_the_price() {
        for amplification in [0.0, 1.0, 50.0, 1e3] {
            let venue = Venue::new(&pool(1e5, 1e5, amplification, 0.0), 1.0);
            for asset in [0.01, 0.3, 0.5, 0.9, 1.0, 1.1, 5.0] {
                let h = 1e-5 * asset;
                let difference = venue.at(asset + h).price() - venue.at(asset - h).price();
                let slope = venue.at(asset).slope();
                assert!(
                    (difference / (2.0 * h * slope) - 1.0).abs() < 1e-4,
                    "{amplification} {asset}"
                );
            }
        }
    }

    #[test]
    fn nothing_overflows_at_the_ends() {
        for amplification in [0.0, 1.0, 1e5] {
            let venue = Venue::new(&pool(1e5, 1e5, amplification, 0.0), 1.0);
            assert!(venue.asset_at(0.0).is_infinite());
            assert!(venue.asset_at(f64::INFINITY).abs() < 1e-300);
            assert!((venue.paid(0.5, f64::INFINITY) / venue.at(0.5).eth - 1.0).abs() < 1e-15);
            assert!(venue.at(1e300).price() >= 0.0);
        }
    }
}
