//! The invariants of pools and nothing else: every price is solved for when it is asked for, so
//! that there is no table to be wrong.

use slashfall_graph::spec::{Invariant, PoolRow};

/// One pool as it is on day 0, at full depth; the asset is counted as value at day 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool {
    x_0: f64,
    fee: f64,
    curve: Curve,
}

/// What trades leave as it is.
#[derive(Clone, Copy, Debug)]
enum Curve {
    /// `x y = k`.
    Product { k: f64 },
    /// `Ann (x + y) + D = Ann D + D^3 / (4 x y)`.
    Stable { ann: f64, d: f64 },
}

/// The reserves of a pool at a moment.
#[derive(Clone, Copy, Debug)]
struct Point {
    y: f64,
    /// `p = -dy/dx`.
    price: f64,
    /// `dp/dx`, below 0.
    slope: f64,
}

impl Pool {
    pub(crate) fn new(row: &PoolRow) -> Self {
        let (x, y) = (row.reserve_asset_eth, row.reserve_eth);
        let curve = match row.invariant {
            Invariant::ConstantProduct => Curve::Product { k: x * y },
            Invariant::Stableswap => {
                let ann = 2.0 * row.amplification;
                // As a share of x + y.
                let cube = (x + y) * (x + y) / (4.0 * x * y);
                let excess = |d: f64| {
                    let value = cube * d.powi(3) + (ann - 1.0) * d - ann;
                    (value, 3.0 * cube * d * d + ann - 1.0)
                };
                Curve::Stable { ann, d: (x + y) * root(0.0, 1.0, excess) }
            }
        };
        Self { x_0: x, fee: row.fee, curve }
    }

    fn at(&self, x: f64) -> Point {
        match self.curve {
            Curve::Product { k } => {
                Point { y: k / x, price: k / x / x, slope: -2.0 * k / x / x / x }
            }
            Curve::Stable { ann, d } => {
                // y^2 + b y = c, whichever way cancels nothing.
                let b = x + d / ann - d;
                let c = d.powi(3) / (4.0 * x * ann);
                let discriminant = (b * b + 4.0 * c).sqrt();
                let y =
                    if b > 0.0 { 2.0 * c / (b + discriminant) } else { (discriminant - b) / 2.0 };
                // First and second derivatives of the invariant.
                let g = d.powi(3) / (4.0 * x * y);
                let (f_x, f_y) = (ann + g / x, ann + g / y);
                let (f_xx, f_xy, f_yy) = (-2.0 * g / x / x, -g / x / y, -2.0 * g / y / y);
                let price = f_x / f_y;
                let slope = (f_xx - price * f_xy) / f_y - f_x * (f_xy - price * f_yy) / (f_y * f_y);
                Point { y, price, slope }
            }
        }
    }

    /// The reserve of the asset at which the marginal price is `p`.
    fn x_at(&self, p: f64) -> f64 {
        let log_x = outwards(self.x_0.ln(), |log_x| {
            let x = log_x.exp();
            let point = self.at(x);
            (p.ln() - point.price.ln(), -point.slope * x / point.price)
        });
        log_x.exp()
    }
}

/// Where each pool stands when `s` has been sold to all of them together, each routed to equal
/// marginal prices; none when there is not so much to be bought.
fn reserves(pools: &[Pool], s: f64) -> Option<Vec<f64>> {
    let all: f64 = s + pools.iter().map(|pool| pool.x_0).sum::<f64>();
    if all <= 0.0 {
        return None;
    }
    if pools.len() == 1 {
        return Some(vec![all]);
    }
    let log_price = outwards(0.0, |log_p| {
        let p = log_p.exp();
        let xs: Vec<f64> = pools.iter().map(|pool| pool.x_at(p)).collect();
        let x: f64 = xs.iter().sum();
        let slope: f64 = pools.iter().zip(&xs).map(|(pool, x)| p / pool.at(*x).slope).sum();
        (all.ln() - x.ln(), -slope / x)
    });
    Some(pools.iter().map(|pool| pool.x_at(log_price.exp())).collect())
}

/// The common marginal price when `s` has been sold.
pub(crate) fn price(pools: &[Pool], s: f64) -> Option<f64> {
    let xs = reserves(pools, s)?;
    Some(pools[0].at(xs[0]).price)
}

/// What has been sold when the marginal price is `p`.
pub(crate) fn sold_at(pools: &[Pool], p: f64) -> f64 {
    pools.iter().map(|pool| pool.x_at(p) - pool.x_0).sum()
}

/// What the pools pay, after fees, while what has been sold to them goes from `s` to `more`.
pub(crate) fn paid_out(pools: &[Pool], s: f64, more: f64) -> Option<f64> {
    let (before, after) = (reserves(pools, s)?, reserves(pools, more)?);
    let each = pools.iter().zip(before.iter().zip(&after));
    let paid = each.map(|(pool, (x, more))| (1.0 - pool.fee) * (pool.at(*x).y - pool.at(*more).y));
    Some(paid.sum())
}

/// Root of a rising function that gives its value and its slope, looked for ever further out.
fn outwards(from: f64, f: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut low, mut high, mut step) = (from, from, 1.0);
    while f(low).0 > 0.0 {
        low -= step;
        step *= 2.0;
    }
    step = 1.0;
    while f(high).0 < 0.0 {
        high += step;
        step *= 2.0;
    }
    root(low, high, f)
}

/// Root of a rising function between two points: Newton's steps while they stay between what is
/// known to be below and above it, else halving.
fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut at = f64::midpoint(low, high);
    for _ in 0..200 {
        let (value, slope) = f(at);
        if value < 0.0 {
            low = at;
        } else {
            high = at;
        }
        let newton = at - value / slope;
        let next = if newton >= low && newton <= high { newton } else { f64::midpoint(low, high) };
        let step = (next - at).abs();
        at = next;
        if step.min(high - low) <= 2.0 * f64::EPSILON * at.abs().max(1.0) {
            break;
        }
    }
    at
}
