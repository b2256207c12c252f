//! Checks the two reserves of a pool against each other, and the price that they begin at.

use super::report::{Report, cell};
use crate::spec::{Invariant, PoolRow, Table};

/// One reserve may be this many times the other: further out a price has no digits left.
const MOST_UNEQUAL: f64 = 1e6;

/// How far from nav a pool may start without a warning.
const IN_LINE: f64 = 0.05;

/// Newton's method gets there in fewer, however unequal the reserves are.
const MAX_STEPS: usize = 100;

/// Reports reserves too unequal to have a price; true when they are not.
pub(super) fn comparable(table: &Table<PoolRow>, index: usize, report: &mut Report) -> bool {
    let row = &table.rows[index];
    let ratio = row.reserve_eth / row.reserve_asset_eth;
    if (1.0 / MOST_UNEQUAL..=MOST_UNEQUAL).contains(&ratio) {
        return true;
    }
    let expected = format!(
        "reserve_eth between a millionth and a million times reserve_asset_eth, {}, was expected",
        row.reserve_asset_eth
    );
    report.problem(cell(table, index, "reserve_eth").problem(row.reserve_eth, expected));
    false
}

/// Warns of a pool that is out of line on day 0; its numbers are good.
pub(super) fn warn_of_price(table: &Table<PoolRow>, index: usize, report: &mut Report) {
    let row = &table.rows[index];
    let price = price_alone(row);
    if (price - 1.0).abs() <= IN_LINE {
        return;
    }
    let expected = format!(
        "reserves at a price within 5 % of nav were expected: pool {} starts at a price of \
         {price:.3} of nav; arbitrage closes that and books it as gain or loss",
        row.pool
    );
    report.warn(cell(table, index, "reserve_eth").problem(row.reserve_eth, expected));
}

/// Marginal price of the asset over its nav in this pool by itself (section 6.6 of
/// `docs/model.md`).
fn price_alone(row: &PoolRow) -> f64 {
    // In parts of the whole, so that no power of them leaves the range of numbers.
    let size = row.reserve_asset_eth + row.reserve_eth;
    let (x, y) = (row.reserve_asset_eth / size, row.reserve_eth / size);
    match row.invariant {
        Invariant::ConstantProduct => y / x,
        Invariant::Stableswap => {
            let ann = 2.0 * row.amplification;
            let curved = invariant(ann, x * y).powi(3) / (4.0 * x * y);
            (ann + curved / x) / (ann + curved / y)
        }
    }
}

/// StableSwap's `D` of two reserves that sum to 1, by their product.
fn invariant(ann: f64, product: f64) -> f64 {
    // f(D) = D^3 / (4 x y) + (Ann - 1) D - Ann is convex and not below 0 at D = 1, so Newton's
    // steps only fall, until rounding ends them.
    let mut d = 1.0;
    for _ in 0..MAX_STEPS {
        let cubic = d * d / (4.0 * product);
        let next = (2.0 * cubic * d + ann) / (3.0 * cubic + ann - 1.0);
        if next >= d {
            break;
        }
        d = next;
    }
    d
}

#[cfg(test)]
mod tests {
    use super::{invariant, price_alone};
    use crate::spec::PoolRow;

    fn stableswap(amplification: f64, asset: f64, eth: f64) -> PoolRow {
        PoolRow { amplification, ..PoolRow::stableswap("p", "k", asset, eth) }
    }

    #[test]
    fn prices_of_known_pools() {
        let near = |pool: &PoolRow, price: f64| (price_alone(pool) / price - 1.0).abs() < 1e-12;
        assert!(near(&PoolRow::constant_product("p", "k", 80.0, 20.0), 0.25));
        for amplification in [0.01, 1.0, 1e6] {
            assert!(near(&stableswap(amplification, 7e5, 7e5), 1.0));
        }
        // With Ann = 2, D = 1 and x = 1/4 the invariant is y (2 y - 1/2) = 1.
        let y = (0.5 + 8.25_f64.sqrt()) / 4.0;
        let (at_x, at_y) = (4.0 / y, 1.0 / (y * y));
        assert!(near(&stableswap(1.0, 0.25, y), (2.0 + at_x) / (2.0 + at_y)));
    }

    #[test]
    fn the_invariant_holds_to_the_ends_of_the_ranges() {
        for amplification in [0.01, 0.3, 1.0, 100.0, 1e6] {
            for ratio in [1e-6, 1e-3, 0.5, 1.0, 30.0, 1e6] {
                let (ann, x) = (2.0 * amplification, 1.0 / (1.0 + ratio));
                let product = x * (1.0 - x);
                let d = invariant(ann, product);
                let left = ann * (1.0 - d) + d;
                let right = d.powi(3) / (4.0 * product);
                assert!((left - right).abs() <= 1e-9 * right.max(ann), "{amplification} {ratio}");
                let price = price_alone(&stableswap(amplification, 3.0, 3.0 * ratio));
                assert!(price.is_finite() && price > 0.0, "{amplification} {ratio} {price}");
            }
        }
    }
}
