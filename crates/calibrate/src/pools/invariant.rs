//! What one pool pays for one trade, before its fee: two reserves, closed forms.

/// What a pool with reserves `from` and `to` pays out of `to` when `amount` is added to `from`.
///
/// Without amplification `from x to` is constant. With it, StableSwap for two coins as the engine has
/// it: `Ann (x + y) + D = Ann D + D^3 / (4 x y)`, `Ann = 2 A` (Egorov 2019, "StableSwap").
pub(super) fn out(from: f64, to: f64, amplification: Option<f64>, amount: f64) -> f64 {
    let Some(a) = amplification else {
        return to * amount / (from + amount);
    };
    let ann = 2.0 * a;
    let d = invariant(from, to, ann);
    to - reserve(from + amount, d, ann)
}

/// `D` by Newton's method from `x + y`, which is above it: the steps fall to it and stop.
fn invariant(x: f64, y: f64, ann: f64) -> f64 {
    let sum = x + y;
    let mut d = sum;
    for _ in 0..255 {
        let product = d * d * d / (4.0 * x * y);
        let next = d * (ann * sum + 2.0 * product) / ((ann - 1.0) * d + 3.0 * product);
        let is_done = (next - d).abs() <= 1e-16 * d;
        d = next;
        if is_done {
            break;
        }
    }
    d
}

/// The other reserve when one is `x`: the positive root of `y^2 + (x + D / Ann - D) y = D^3 / (4 x Ann)`,
/// written so that nothing cancels.
fn reserve(x: f64, d: f64, ann: f64) -> f64 {
    let half = 0.5 * (x + d / ann - d);
    let c = d * d * d / (4.0 * x * ann);
    let root = (half * half + c).sqrt();
    if half > 0.0 { c / (half + root) } else { root - half }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The engine's own curve of prices is the twin: it is solved by other means.
    #[test]
    fn a_sale_is_that_of_the_engine() {
        use slashfall_graph::AssetId;
        use slashfall_graph::spec::Invariant::{ConstantProduct, Stableswap};
        for (invariant, a) in
            [(ConstantProduct, None), (Stableswap, Some(0.5)), (Stableswap, Some(80.0))]
        {
            let pool = slashfall_graph::Pool {
                name: "p".into(),
                asset: AssetId::new(0),
                invariant,
                reserve_units: 1_500.0,
                reserve_eth: 900.0,
                amplification: a.unwrap_or(100.0),
                fee: 0.0,
            };
            let curve = slashfall_cascade::PriceCurve::new(&[&pool], 1.0);
            for amount in [0.01, 10.0, 500.0, 2_000.0] {
                let (ours, theirs) = (out(1_500.0, 900.0, a, amount), curve.proceeds(0.0, amount));
                assert!((ours / theirs - 1.0).abs() < 1e-9, "{a:?} {amount}: {ours}, not {theirs}");
            }
        }
    }

    #[test]
    fn there_and_back_is_where_one_was() {
        for a in [None, Some(0.1), Some(2_000.0)] {
            let paid = out(300.0, 700.0, a, 120.0);
            let back = out(700.0 - paid, 420.0, a, paid);
            assert!((back - 120.0).abs() < 1e-9, "{a:?}: {back}");
        }
    }
}
