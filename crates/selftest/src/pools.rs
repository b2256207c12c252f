//! Pools: what selling brings and what is left of the price, against the contracts' own algorithm.

use slashfall_cascade::{AssetFigure, PriceCurve};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, PoolRow, Sharing};

use crate::outcome::Check;
use crate::play::{event, event_with, play, slashes};
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 4] = [
    Problem {
        name: "StableSwap pool",
        source: "Curve's contracts, get_D and get_y in floating point",
        is_quick: true,
        solve: stableswap,
    },
    Problem {
        name: "stETH pool of 2022",
        source: "the pool's price as observed, A 50, 524,839.79 against 159,447.08",
        is_quick: true,
        solve: steth,
    },
    Problem {
        name: "constant-product pools",
        source: "x y = k, two pools at one price; closed form",
        is_quick: true,
        solve: constant_product,
    },
    Problem {
        name: "price of a token",
        source: "by hand (docs/model.md, 6.6)",
        is_quick: true,
        solve: price,
    },
];

/// The curve of pools of a token that stands at 1.
fn curve(pools: impl IntoIterator<Item = PoolRow>) -> Result<PriceCurve, crate::Unsolvable> {
    let sketch = Sketch::new().asset("k", AssetKind::Lst).holding("k", "", "ETH", 1e7);
    let network = pools.into_iter().fold(sketch, Sketch::pool).network()?;
    let all: Vec<_> = network.pools().iter().collect();
    Ok(PriceCurve::new(&all, 1.0))
}

/// The invariant `D` of two reserves, by the contracts' Newton iteration (`get_D`, `n = 2`).
fn get_d(amplification: f64, x: f64, y: f64) -> f64 {
    let (sum, ann) = (x + y, 2.0 * amplification);
    let mut d = sum;
    for _ in 0..255 {
        let product = d * d / (2.0 * x) * d / (2.0 * y);
        d = (ann * sum + 2.0 * product) * d / ((ann - 1.0) * d + 3.0 * product);
    }
    d
}

/// The other reserve when one is `x` (`get_y`, `n = 2`).
fn get_y(amplification: f64, d: f64, x: f64) -> f64 {
    let ann = 2.0 * amplification;
    let c = d * d / (2.0 * x) * d / (2.0 * ann);
    let b = x + d / ann;
    let mut y = d;
    for _ in 0..255 {
        y = (y * y + c) / (2.0 * y + b - d);
    }
    y
}

/// What selling `sold` of 100,000 / 100,000 at amplification 50 pays without a fee.
fn paid(sold: f64) -> f64 {
    let d = get_d(50.0, 1e5, 1e5);
    1e5 - get_y(50.0, d, 1e5 + sold)
}

fn stableswap(size: Size) -> Answer {
    let mut row = PoolRow::stableswap("p", "k", 1e5, 1e5);
    row.amplification = 50.0;
    let one = curve([row])?;
    let of = |curve: &PriceCurve, sold: f64| curve.proceeds(0.0, sold);
    let mut checks = vec![
        Check::exact("price, nothing sold", 1.0, one.price(0.0), 1e-13),
        Check::exact("10,000 sold", paid(1e4), of(&one, 1e4), 1e-11),
        Check::exact("50,000 sold", paid(5e4), of(&one, 5e4), 1e-11),
        Check::exact("100,000 sold", paid(1e5), of(&one, 1e5), 1e-11),
    ];
    if size == Size::Full {
        // Half as large twice: sellers split evenly.
        let half =
            |pool| PoolRow { amplification: 50.0, ..PoolRow::stableswap(pool, "k", 5e4, 5e4) };
        let two = curve([half("p"), half("q")])?;
        checks.push(Check::exact("100,000 sold into two halves", paid(1e5), of(&two, 1e5), 1e-11));
    }
    Ok(checks)
}

/// The price that was seen in September 2022, and the published points of other imbalances.
fn steth(size: Size) -> Answer {
    let price = |asset: f64, eth: f64| -> Result<f64, crate::Unsolvable> {
        let mut row = PoolRow::stableswap("p", "k", asset, eth);
        row.amplification = 50.0;
        Ok(curve([row])?.price(0.0))
    };
    let observed = price(524_839.79, 159_447.08)?;
    let mut checks = vec![Check::exact("price observed", 0.961_00, observed, 1e-5)];
    if size == Size::Full {
        checks.extend([
            Check::exact("491,000 against 111,300", 0.937, price(491e3, 111.3e3)?, 1e-3),
            Check::exact("68.3 against 31.7 parts", 0.981, price(683e3, 317e3)?, 1e-3),
        ]);
    }
    Ok(checks)
}

/// 300 / 300 and 600 / 600 are together 900 / 900: 100 sold pay 900 - 900^2 / 1,000 = 90. 900 / 400 and
/// 300 / 300 clear at `(900 / 1,200)^2` and, with 300 more, at `(900 / 1,500)^2`.
fn constant_product(_: Size) -> Answer {
    let cp = PoolRow::constant_product;
    let even = curve([cp("p", "k", 300.0, 300.0), cp("q", "k", 600.0, 600.0)])?;
    let uneven = curve([cp("p", "k", 900.0, 400.0), cp("q", "k", 300.0, 300.0)])?;
    let fee = curve([PoolRow { fee: 0.003, ..cp("p", "k", 900.0, 900.0) }])?;
    Ok(vec![
        Check::exact("100 sold into 900 / 900", 90.0, even.proceeds(0.0, 100.0), 1e-11),
        Check::exact("price then", 0.81, even.price(100.0), 1e-11),
        Check::exact("sold at that price", 100.0, even.sold_at(0.81), 1e-11),
        Check::exact("price of two that differ", 0.562_5, uneven.price(0.0), 1e-11),
        Check::exact("with 300 sold", 0.36, uneven.price(300.0), 1e-11),
        Check::exact("100 sold at a fee of .3 %", 89.73, fee.proceeds(0.0, 100.0), 1e-11),
    ])
}

/// 10,000 units, pool 900 / 900. A slash of .1, a panic of .05 and 100 units sold by a thief make
/// `.9 x .95 x .81`. When half of the depth flees after the sale, 100 count as 200:
/// `(900 / 1,100)^2`, and the panic is .1.
fn price(_: Size) -> Answer {
    let sketch = Sketch::new()
        .asset("k", AssetKind::Lrt)
        .asset("w", AssetKind::Bridged)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 10_000.0)
        .holding("w", "", "k", 1_000.0)
        .allocation("a", "op", "*", 1.0)
        .pool(PoolRow::constant_product("p", "k", 900.0, 900.0));
    let theft = event(0.3, "exploit", "asset = \"w\"", 0.1);
    let panic = event(0.2, "depeg", "asset = \"k\"", 0.05);
    let all = play(&sketch, 1, &[slashes(&[("a", "op", 0.1)]), panic, theft.clone()].concat())?;
    let flight = event_with(0.4, "depeg", "asset = \"k\"", 0.1, "flight = 0.5");
    let fled = play(&sketch, 1, &[theft, flight].concat())?;
    let worst = all.asset("k", AssetFigure::WorstDiscount);
    Ok(vec![
        Check::exact("after slash, panic and sale", 0.692_55, all.price(1, "k"), 1e-10),
        Check::exact("discount to nav", 0.230_5, worst, 1e-10),
        Check::exact("after sale and flight", 0.9 * 81.0 / 121.0, fled.price(1, "k"), 1e-10),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Constants that the contracts' integer arithmetic gives.
    #[test]
    fn the_contracts_pay_what_is_published() {
        for (sold, pays) in [(1e4, 9_980.241_398), (5e4, 49_366.687_526), (1e5, 90_950.124_379)] {
            assert!((paid(sold) - pays).abs() < 1e-6, "{sold}: {}", paid(sold));
        }
    }
}
