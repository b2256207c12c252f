//! What it costs to leave with the own size: units that cannot be redeemed in time are sold into the pools as the path has left
//! them, and what that brings less than the market price says is a loss.
//!
//! On each path, for `u` ETH (at nav of day 0) of an asset to get rid of, of which `r` can be redeemed in time,
//!
//! ```text
//! cost  = s m - P(s)    s = max(0, u - r), m the market price, P what the pools pay
//! stuck = max(0, u - r - what the pools take before they pay too little)
//! ```
//!
//! Redeemed units are worth what the market says and no more, so own size never gains. Both are convex in `u`. Who holds
//! shares of the pools takes them out first, and sells into what is left: `P` of pools that are a fraction `d` of what they were is
//! `d P(s / d)`, convex in both.

use crate::payout::Payout;

/// What is sold of one asset on leaving, and how its market stands on each path.
#[derive(Clone, Debug)]
pub(crate) struct Exit {
    /// None where the asset has no pool: what cannot be redeemed is then kept, at the market price.
    pub(crate) payout: Option<std::sync::Arc<Payout>>,
    /// Market value of day 0 of an ETH at nav of day 0.
    pub(crate) to_market_0: f64,
    /// By path.
    pub(crate) markets: Vec<Market>,
    /// What can be redeemed before the treasury has to be out.
    pub(crate) redeemable: Redeemable,
    /// What the budget for liquidity asks about; none where there is no such budget.
    pub(crate) liquid: Option<Liquid>,
    pub(crate) sellers: Vec<Seller>,
    /// Positions that are shares of its pools, and the fraction of all of them that an ETH of it is.
    pub(crate) shares: Vec<(usize, f64)>,
}

/// The pools of an asset at the end of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Market {
    /// Market price of an ETH at nav of day 0.
    pub(crate) price: f32,
    /// What the pools' payments are multiplied by.
    pub(crate) scale: f32,
    /// What is left of the pools.
    pub(crate) depth: f32,
    /// Where their price stands.
    pub(crate) place: f32,
}

/// What can be redeemed in time, in ETH at nav of day 0.
#[derive(Clone, Debug)]
pub(crate) enum Redeemable {
    Nothing,
    All,
    /// By path, what the exit queue of the chain leaves room for.
    Queue(std::sync::Arc<Vec<f32>>),
}

impl Redeemable {
    #[inline]
    fn of(&self, row: usize) -> f64 {
        match self {
            Self::Nothing => 0.0,
            Self::All => f64::INFINITY,
            Self::Queue(room) => f64::from(room[row]),
        }
    }

    fn pick(&self, rows: &[usize]) -> Self {
        match self {
            Self::Queue(room) => Self::Queue(pick(room, rows).into()),
            same => same.clone(),
        }
    }
}

/// What can leave in time at a small discount.
#[derive(Clone, Debug)]
pub(crate) struct Liquid {
    pub(crate) redeemable: Redeemable,
    /// By path: what the pools take before they pay too little, in ETH at nav of day 0.
    pub(crate) room: Vec<f32>,
}

/// A position and how much of the asset an ETH of it has to get rid of, in ETH at nav of day 0.
#[derive(Clone, Debug)]
pub(crate) struct Seller {
    pub(crate) position: usize,
    pub(crate) units: Units,
}

/// The same or not on every path.
#[derive(Clone, Debug)]
pub(crate) enum Units {
    Same(f64),
    Each(Vec<f32>),
}

impl Units {
    #[inline]
    pub(crate) fn of(&self, row: usize) -> f64 {
        match self {
            Self::Same(units) => *units,
            Self::Each(units) => f64::from(units[row]),
        }
    }

    fn pick(&self, rows: &[usize]) -> Self {
        match self {
            Self::Same(units) => Self::Same(*units),
            Self::Each(units) => Self::Each(pick(units, rows)),
        }
    }
}

/// Cost of leaving with the position at hand, and its derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) eth: f64,
    /// By what is to be got rid of.
    pub(crate) by_units: f64,
    /// By the share of the pools that is taken out.
    pub(crate) by_share: f64,
}

/// Of the pools so much is left at least, whatever the own share: programmes ask for positions that are too large.
const LEAST_LEFT: f64 = 1e-6;

impl Exit {
    /// What is to be got rid of on a path, in ETH at nav of day 0.
    #[inline]
    pub(crate) fn units(&self, x: &[f64], row: usize) -> f64 {
        self.sellers.iter().map(|seller| x[seller.position] * seller.units.of(row)).sum()
    }

    /// Whether anything of it is held.
    pub(crate) fn is_held(&self, x: &[f64]) -> bool {
        self.sellers.iter().any(|seller| x[seller.position] > 0.0)
    }

    /// The fraction of the pools that is left when the own shares have been taken out.
    pub(crate) fn left(&self, x: &[f64]) -> f64 {
        let own: f64 = self.shares.iter().map(|(position, share)| x[*position] * share).sum();
        (1.0 - own).max(LEAST_LEFT)
    }

    /// Cost of leaving with `units` on a path where `left` of the pools is left.
    #[inline]
    pub(crate) fn cost(&self, row: usize, units: f64, left: f64) -> Cost {
        let Some(payout) = &self.payout else { return Cost::default() };
        let sold = units - self.redeemable.of(row);
        if sold <= 0.0 {
            return Cost::default();
        }
        let market = self.markets[row];
        let (price, scale) = (f64::from(market.price), f64::from(market.scale));
        let (paid, next) = market.paid(payout, sold / left);
        let eth = sold * price - scale * left * paid;
        if eth <= 0.0 {
            return Cost::default();
        }
        let by_share = scale * (paid - sold / left * next);
        Cost { eth, by_units: price - scale * next, by_share: by_share.max(0.0) }
    }

    /// What cannot leave in time at a small discount, at market value of day 0.
    #[inline]
    pub(crate) fn stuck(&self, row: usize, units: f64, left: f64) -> Cost {
        let Some(liquid) = &self.liquid else { return Cost::default() };
        let room = f64::from(liquid.room[row]);
        let stuck = units - liquid.redeemable.of(row) - room * left;
        if stuck <= 0.0 {
            return Cost::default();
        }
        let by = self.to_market_0;
        Cost { eth: stuck * by, by_units: by, by_share: room * by }
    }

    /// The same on some of the paths.
    pub(crate) fn pick(&self, rows: &[usize]) -> Self {
        let sellers = self.sellers.iter();
        let sellers =
            sellers.map(|s| Seller { position: s.position, units: s.units.pick(rows) }).collect();
        Self {
            payout: self.payout.clone(),
            to_market_0: self.to_market_0,
            markets: pick(&self.markets, rows),
            redeemable: self.redeemable.pick(rows),
            liquid: self.liquid.as_ref().map(|liquid| Liquid {
                redeemable: liquid.redeemable.pick(rows),
                room: pick(&liquid.room, rows),
            }),
            sellers,
            shares: self.shares.clone(),
        }
    }
}

impl Market {
    /// After net sales of `sold_eth` since day 0, from the depth that is left.
    #[expect(clippy::cast_possible_truncation, reason = "seven digits of what leaving costs")]
    pub(crate) fn new(price: f64, scale: f64, depth: f64, sold_eth: f64) -> Self {
        let place = if sold_eth > 0.0 && depth > 0.0 { sold_eth / depth } else { sold_eth };
        let [price, scale, depth, place] = [price, scale, depth, place].map(|x| x as f32);
        Self { price, scale, depth, place }
    }

    /// What the pools pay for these units, by the curve of day 0, and for the next: what has been bought out of them is there in
    /// whole, what has been sold into them stands in what is left of their depth.
    #[inline]
    fn paid(self, payout: &Payout, sold: f64) -> (f64, f64) {
        let (place, depth) = (f64::from(self.place), f64::from(self.depth));
        if place >= 0.0 || depth >= 1.0 {
            return deep(payout, depth, place, sold);
        }
        let to = place + sold;
        if to <= 0.0 {
            return payout.between(place, to);
        }
        let (bought_out, _) = payout.between(place, 0.0);
        let (paid, next) = deep(payout, depth, 0.0, to);
        (bought_out + paid, next)
    }
}

/// The same where all of it is sold at one depth.
#[inline]
fn deep(payout: &Payout, depth: f64, place: f64, sold: f64) -> (f64, f64) {
    if depth <= 0.0 {
        return (0.0, 0.0);
    }
    let (paid, next) = payout.between(place, place + sold / depth);
    (depth * paid, next)
}

/// Some of a column; empty of one that is empty.
pub(crate) fn pick<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
    if column.is_empty() { Vec::new() } else { rows.iter().map(|&row| column[row]).collect() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use slashfall_cascade::PriceCurve;
    use slashfall_graph::spec::Invariant;
    use slashfall_graph::{AssetId, Pool};

    use super::*;

    const SIZE: f64 = 9e4;

    fn curve(amplification: f64) -> PriceCurve {
        let invariant =
            if amplification > 0.0 { Invariant::Stableswap } else { Invariant::ConstantProduct };
        let (name, asset) = ("pool".into(), AssetId::new(1));
        let (reserve_units, reserve_eth, fee) = (5e4, 4e4, 4e-4);
        let pool = Pool { name, asset, invariant, reserve_units, reserve_eth, amplification, fee };
        PriceCurve::new(&[&pool], 1.0)
    }

    /// A market after net sales of `sold`, with its price, and 500 ETH that can be redeemed in time.
    fn exit(curve: &PriceCurve, sold: f64, depth: f64, scale: f64) -> Exit {
        let place = if sold > 0.0 { sold / depth } else { sold };
        let market = Market::new(scale * curve.price(place), scale, depth, sold);
        Exit {
            payout: Some(Arc::new(Payout::new(curve, SIZE))),
            to_market_0: 1.0,
            markets: vec![market],
            redeemable: Redeemable::Queue(Arc::new(vec![500.0])),
            liquid: Some(Liquid { redeemable: Redeemable::Nothing, room: vec![2_000.0] }),
            sellers: vec![Seller { position: 0, units: Units::Same(1.0) }],
            shares: vec![(1, 1.0 / SIZE)],
        }
    }

    /// Selling as the engine does: what has been bought out of the pools at the depth of day 0, the rest at what is left of it.
    fn by_curve(curve: &PriceCurve, sold: f64, depth: f64, scale: f64, units: f64) -> f64 {
        let (from, to) = (sold, sold + units);
        let mut paid = curve.proceeds(from.min(0.0), to.min(0.0));
        if to > 0.0 {
            paid += depth * curve.proceeds(from.max(0.0) / depth, to / depth);
        }
        let place = if sold > 0.0 { sold / depth } else { sold };
        units * scale * curve.price(place) - scale * paid
    }

    #[test]
    fn leaving_costs_what_the_engine_pays_less_than_the_price() {
        for amplification in [0.0, 80.0] {
            let curve = curve(amplification);
            for (sold, depth) in [(0.0, 1.0), (2e3, 0.6), (-3e3, 1.0), (-3e3, 0.5)] {
                let exit = exit(&curve, sold, depth, 0.97);
                for units in [300.0, 600.0, 3e3, 1.5e4, 6e4] {
                    let cost = exit.cost(0, units, 1.0).eth;
                    let own = (units - 500.0_f64).max(0.0);
                    let expected = by_curve(&curve, sold, depth, 0.97, own).max(0.0);
                    // Seven digits of the price of what is sold, and the chords of the table.
                    let room = 3e-7 * units + 2e-6 * SIZE;
                    assert!((cost - expected).abs() < room, "{units}: {cost}, not {expected}");
                }
            }
        }
    }

    /// Who takes a tenth of the pools out sells into nine tenths.
    #[test]
    fn own_shares_make_the_pools_shallower() {
        let curve = curve(80.0);
        let whole = exit(&curve, 1e3, 1.0, 1.0);
        let left = whole.left(&[0.0, 0.1 * SIZE]);
        assert!((left - 0.9).abs() < 1e-12);
        let cost = whole.cost(0, 5e3, left).eth;
        let place = 1e3;
        let paid = 0.9 * curve.proceeds(place, place + 4.5e3 / 0.9);
        let expected = 4.5e3 * curve.price(place) - paid;
        assert!((cost - expected).abs() < 0.2, "{cost}, not {expected}");
        assert!(cost > whole.cost(0, 5e3, 1.0).eth);
        let stuck = whole.stuck(0, 5e3, left);
        assert!((stuck.eth - (5e3 - 0.9 * 2e3)).abs() < 1e-9);
        assert!(whole.stuck(0, 1e3, left).eth.abs() < f64::MIN_POSITIVE);
    }

    proptest! {
        /// Cuts are tangents: cost and its derivatives never lie above what it costs elsewhere.
        #[test]
        fn tangents_lie_below(
            amplification in prop_oneof![Just(0.0), Just(30.0), Just(900.0)],
            sold in -5e3_f64..2e4,
            depth in 0.2_f64..1.0,
            a in (0.0_f64..3e4, 0.0_f64..0.9),
            b in (0.0_f64..3e4, 0.0_f64..0.9),
        ) {
            let curve = curve(amplification);
            let exit = exit(&curve, sold, depth, 0.99);
            let left = |share: f64| exit.left(&[0.0, share * SIZE]);
            for of in [Exit::cost, Exit::stuck] {
                let (here, there) = (of(&exit, 0, a.0, left(a.1)), of(&exit, 0, b.0, left(b.1)));
                let by_share = here.by_share * (b.1 - a.1);
                let tangent = here.eth + here.by_units * (b.0 - a.0) + by_share;
                prop_assert!(tangent <= there.eth + 1e-6 * (1.0 + b.0), "{tangent} {}", there.eth);
            }
        }
    }
}
