//! All venues of an asset as one, because sellers go where the price is best: marginal prices are
//! then the same everywhere, and what is sold in all has one price (section 6.6 of
//! `docs/model.md`).

use slashfall_graph::Pool;

use super::table::{Hint, Point, Segment, Table};
use super::venue::Venue;
use super::{Bracket, MAX_STEPS};
use crate::number::Number;

/// The price of a wrapped asset by the net amount of it that is sold.
///
/// With nothing sold, the venues clear among themselves: the price at 0 is the one at which what is
/// sold to some of them is what is bought from the others.
///
/// A curve interpolates, both ways, at prices from 0.001 (or a thousandth of the price at 0, where
/// that is below 1) to 1.05 (or 5 % above the price at 0, where that is above 1), and solves the
/// invariants elsewhere.
///
/// Each polynomial was compared with the exact solution when it was made, at the places where the
/// error of interpolation is largest. It is in use because there it falls, and is within 5e-14 of
/// the price relative to it (3e-15 of the reserve, the other way), or within what an error of the place of 1e-15 (of it and of
/// the size of the venues) makes of the value, if that is more: some 1e-12 where a pool of
/// amplification 100,000 runs out of ETH. If ever no polynomials do it, the curve solves always.
#[derive(Clone, Debug)]
pub struct PriceCurve {
    venues: Venues,
    /// Sum of the sizes of the venues, in ETH.
    size: f64,
    per_size: f64,
    /// Their reserves of the asset on day 0, over the size.
    asset_0: f64,
    /// Price and payout by the amount sold over the size.
    by_amount: Option<Table<2>>,
    /// What is paid out before each piece of it.
    paid: Vec<f64>,
    /// Reserves of the asset over the size, by price.
    by_price: Option<Table<1>>,
}

/// Where the last look-ups in a curve ended; no result depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Near {
    by_amount: Hint,
    by_price: Hint,
}

/// What a table is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The amount sold.
    Amount,
    /// The price.
    Price,
}

impl PriceCurve {
    /// The curve of the `pools` of one asset, at least one, whose nav is `nav_0` on day 0.
    #[must_use]
    pub fn new(pools: &[&Pool], nav_0: f64) -> Self {
        let mut curve = Self::without_table(pools, nav_0);
        let knots = curve.knots();
        curve.by_price = curve.tabulate_by_price(&knots);
        curve.by_amount = curve.tabulate_by_amount(&knots);
        curve.paid = curve.by_amount.as_ref().map(Table::integrals).unwrap_or_default();
        curve
    }

    fn without_table(pools: &[&Pool], nav_0: f64) -> Self {
        let venues: Vec<Venue> = pools.iter().map(|pool| Venue::new(pool, nav_0)).collect();
        let size = venues.iter().map(|venue| venue.size).sum();
        let weighted = |venue: Venue| Weighted { weight: venue.size / size, venue };
        let venues = Venues(venues.into_iter().map(weighted).collect());
        let asset_0 = venues.0.iter().map(|v| v.weight * v.venue.asset_0).sum();
        let per_size = 1.0 / size;
        Self { venues, size, per_size, asset_0, by_amount: None, paid: Vec::new(), by_price: None }
    }

    /// Prices from which tables start, the highest first.
    fn knots(&self) -> Vec<f64> {
        let price_0 = self.venues.clearing_price(self.asset_0);
        let highest = HIGHEST_PRICE * price_0.max(1.0);
        let ratio = LOWEST_PRICE * price_0.min(1.0) / highest;
        let knot = |i: u32| highest * ratio.powf(f64::from(i) / f64::from(FIRST_PIECES));
        (0..=FIRST_PIECES).map(knot).collect()
    }

    fn tabulate_by_amount(&self, knots: &[f64]) -> Option<Table<2>> {
        let knots: Vec<_> = knots.iter().map(|&price| self.at_price(price)).collect();
        Table::new(&knots, PRICE_TOLERANCE, |at, guess, [low, high]| {
            let bracket = Bracket::new(low, high);
            let price = self.venues.clearing_price_within(at + self.asset_0, guess, bracket);
            Point { at, ..self.at_price(price) }
        })
    }

    fn tabulate_by_price(&self, knots: &[f64]) -> Option<Table<1>> {
        let reserve = |at| Point { at, values: [self.venues.depth(at).asset] };
        let knots: Vec<_> = knots.iter().rev().map(|&price| reserve(price)).collect();
        Table::new(&knots, AMOUNT_TOLERANCE, |price, _, _| reserve(price))
    }

    /// Amount sold over the size; price, and price less fees.
    fn at_price(&self, price: f64) -> Point<2> {
        let depth = self.venues.depth(price);
        Point { at: depth.asset - self.asset_0, values: [price, price * depth.kept] }
    }

    /// Marginal price over nav, of the last ETH (valued at nav of day 0) of `sold_eth` net sold; no
    /// fee.
    ///
    /// Infinite when that buys more than the venues have; 0 when infinitely much is sold.
    #[must_use]
    pub fn price(&self, sold_eth: f64) -> f64 {
        self.price_near(sold_eth, &mut Near::default())
    }

    /// As [`Self::price`], for those who keep where they were last.
    #[inline]
    pub(crate) fn price_near(&self, sold_eth: f64, near: &mut Near) -> f64 {
        let at = self.place(sold_eth);
        match self.by_amount.as_ref().and_then(|table| table.value(at, &mut near.by_amount)) {
            Some(price) => price,
            None => self.solve(By::Amount, at),
        }
    }

    /// Where in the table by amount the price stands that a net sale leaves.
    #[inline(always)]
    pub(crate) fn place<N: Number>(&self, sold_eth: N) -> N {
        sold_eth * sold_eth.like(self.per_size)
    }

    /// Net sale that leaves the venues with a reserve, over the size, of the asset.
    #[inline(always)]
    pub(crate) fn sold_eth<N: Number>(&self, asset: N) -> N {
        asset.like(self.size) * (asset - asset.like(self.asset_0))
    }

    /// The piece of the table that a place is in, if it is in one.
    pub(crate) fn segment(&self, by: By, at: f64, hint: &mut Hint) -> Option<&Segment> {
        match by {
            By::Amount => self.by_amount.as_ref()?.segment(at, hint),
            By::Price => self.by_price.as_ref()?.segment(at, hint),
        }
    }

    /// What stands in the table at a place, solved exactly.
    pub(crate) fn solve(&self, by: By, at: f64) -> f64 {
        match by {
            By::Amount => self.venues.clearing_price(at + self.asset_0),
            By::Price => self.venues.depth(at).asset,
        }
    }

    /// Net amount sold at which the marginal price is `price`: the inverse of [`Self::price`].
    ///
    /// Infinite for a price of 0 or less.
    #[must_use]
    pub fn sold_at(&self, price: f64) -> f64 {
        self.sold_at_near(price, &mut Near::default())
    }

    /// As [`Self::sold_at`], for those who keep where they were last.
    #[inline]
    pub(crate) fn sold_at_near(&self, price: f64, near: &mut Near) -> f64 {
        let asset =
            match self.by_price.as_ref().and_then(|table| table.value(price, &mut near.by_price)) {
                Some(asset) => asset,
                None => self.solve(By::Price, price),
            };
        self.sold_eth(asset)
    }

    /// ETH that selling from `from_eth` to `to_eth` brings, after the fee that each venue takes of
    /// what it pays; 0 unless `to_eth` is more.
    #[must_use]
    pub fn proceeds(&self, from_eth: f64, to_eth: f64) -> f64 {
        if to_eth <= from_eth {
            return 0.0;
        }
        let (from, to) = (from_eth / self.size, to_eth / self.size);
        let table = self.by_amount.as_ref();
        let paid = match table.and_then(|table| table.integral(&self.paid, from, to)) {
            Some(paid) => paid,
            None => self.venues.paid(from + self.asset_0, to + self.asset_0),
        };
        self.size * paid
    }
}

/// Highest price in tables: nobody buys above what minting costs, give or take a fee.
const HIGHEST_PRICE: f64 = 1.05;

/// Lowest price in tables.
const LOWEST_PRICE: f64 = 1e-3;

/// Largest error of a tabulated price at the checks, relative to it.
const PRICE_TOLERANCE: f64 = 5e-14;

/// The same of a reserve by its price: nearer, as where a pool runs out of ETH the price changes some
/// hundred times as much as the reserve.
const AMOUNT_TOLERANCE: f64 = 3e-15;

/// Pieces that a table starts from, in equal ratios of the price, so that each is within reach of
/// polynomials after few cuts.
const FIRST_PIECES: u32 = 16;

/// The venues of an asset, solved exactly. Amounts are over the sum of sizes.
#[derive(Clone, Debug)]
struct Venues(Vec<Weighted>);

#[derive(Clone, Debug)]
struct Weighted {
    /// Its share of the sum of sizes.
    weight: f64,
    venue: Venue,
}

/// All venues at a common price.
#[derive(Clone, Copy, Debug)]
struct Depth {
    /// What they hold of the asset together.
    asset: f64,
    /// The derivative of that by the price, negative.
    slope: f64,
    /// What is left of a payment after fees, a fraction: the mean, by how much each of them buys
    /// when the price falls.
    kept: f64,
}

impl Venues {
    fn depth(&self, price: f64) -> Depth {
        let (mut asset, mut slope, mut kept) = (0.0, 0.0, 0.0);
        for Weighted { weight, venue } in &self.0 {
            let reserve = venue.asset_at(price);
            let share = weight / venue.at(reserve).slope();
            asset += weight * reserve;
            slope += share;
            kept += share * venue.kept;
        }
        Depth { asset, slope, kept: kept / slope }
    }

    /// The common price when together they hold `asset`.
    ///
    /// It lies between the prices that the venues would have if each held as much for its size.
    fn clearing_price(&self, asset: f64) -> f64 {
        if asset <= 0.0 {
            return f64::INFINITY;
        }
        if asset.is_infinite() {
            return 0.0;
        }
        if let [only] = &self.0[..] {
            return only.venue.at(asset).price();
        }
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for Weighted { venue, .. } in &self.0 {
            let price = venue.at(asset).price();
            low = low.min(price);
            high = high.max(price);
        }
        let low = low.max(f64::MIN_POSITIVE);
        self.clearing_price_within(asset, (low * high).sqrt(), Bracket::new(low, high))
    }

    /// The same where it is known to be in `bracket` and expected at `price`: Newton's method on
    /// logarithms.
    fn clearing_price_within(&self, asset: f64, mut price: f64, mut bracket: Bracket) -> f64 {
        if let [only] = &self.0[..] {
            return only.venue.at(asset).price();
        }
        for _ in 0..MAX_STEPS {
            if bracket.high <= bracket.low {
                return bracket.high;
            }
            let depth = self.depth(price);
            let ratio = depth.asset / asset;
            *if ratio > 1.0 { &mut bracket.low } else { &mut bracket.high } = price;
            let step = -ratio.ln() * depth.asset / (price * depth.slope);
            let next = price * step.exp();
            if step.abs() < QUADRATIC {
                return next.clamp(bracket.low, bracket.high);
            }
            price = bracket.next(step, next, (bracket.low * bracket.high).sqrt());
        }
        price
    }

    /// ETH paid while what they hold of the asset together grows `from` `to`, less fees.
    fn paid(&self, from: f64, to: f64) -> f64 {
        if let [only] = self.0.as_slice() {
            return only.venue.paid(from, to);
        }
        let (before, after) = (self.clearing_price(from), self.clearing_price(to));
        let paid = |v: &Weighted| {
            v.weight * v.venue.paid(v.venue.asset_at(before), v.venue.asset_at(after))
        };
        let sum: f64 = self.0.iter().map(paid).sum();
        sum + self.inexactness(before, from) - self.inexactness(after, to)
    }

    /// What the difference is worth between what they hold at `price` and the `asset` that has this
    /// price: where the price hardly moves, reserves by price are inexact.
    fn inexactness(&self, price: f64, asset: f64) -> f64 {
        if price <= 0.0 || price.is_infinite() {
            return 0.0;
        }
        let depth = self.depth(price);
        (depth.asset - asset) * price * depth.kept
    }
}

/// Newton's method squares the error: the step after one of this relative size changes nothing,
/// even where the price of a pool of high amplification bends within 1e-5.
const QUADRATIC: f64 = 1e-10;

#[cfg(test)]
mod tests {
    use super::super::tests::{Random, mixtures};
    use super::super::venue::tests::pool;
    use super::*;

    /// A curve, the same without its table, and the amounts sold at the ends of the table.
    fn with_and_without_table(pools: &[Pool]) -> (PriceCurve, PriceCurve, [f64; 2]) {
        let pools: Vec<&Pool> = pools.iter().collect();
        let (curve, exact) = (PriceCurve::new(&pools, 1.0), PriceCurve::without_table(&pools, 1.0));
        assert!(curve.by_amount.is_some() && curve.by_price.is_some());
        let price_0 = exact.price(0.0);
        let ends = [HIGHEST_PRICE * price_0.max(1.0), LOWEST_PRICE * price_0.min(1.0)];
        let ends = ends.map(|price| exact.sold_at(price));
        (curve, exact, ends)
    }

    #[test]
    fn the_table_is_the_exact_solution() {
        let mut random = Random(1);
        for pools in mixtures() {
            let (curve, exact, [first, last]) = with_and_without_table(&pools);
            for i in 0..2000 {
                let price = HIGHEST_PRICE * (LOWEST_PRICE / HIGHEST_PRICE).powf(random.unit());
                let by_amount = first + (last - first) * random.unit();
                let sold = if i % 2 == 0 { by_amount } else { exact.sold_at(price) };
                assert!((curve.price(sold) / exact.price(sold) - 1.0).abs() < 2e-12, "{sold}");
            }
        }
    }

    #[test]
    fn the_amount_at_a_price_is_the_exact_one() {
        let mut random = Random(2);
        for pools in mixtures() {
            let (curve, exact, _) = with_and_without_table(&pools);
            for _ in 0..500 {
                let price = 2e-4 * 1e4_f64.powf(random.unit());
                let difference = curve.sold_at(price) - exact.sold_at(price);
                assert!(difference.abs() < 2e-9 * curve.size, "{price}: {difference}");
            }
        }
    }

    #[test]
    fn small_sales_bring_the_exact_price_less_the_fees() {
        let mut random = Random(3);
        for pools in mixtures() {
            let (curve, exact, [first, last]) = with_and_without_table(&pools);
            for _ in 0..500 {
                let from = first + (last - first) * random.unit();
                let to = from + 1e-7 * curve.size;
                let middle = exact.price(0.5 * (from + to));
                let expected = (to - from) * exact.at_price(middle).values[1];
                for curve in [&curve, &exact] {
                    assert!((curve.proceeds(from, to) / expected - 1.0).abs() < 1e-7, "{from}");
                }
            }
        }
    }

    #[test]
    fn large_sales_bring_what_the_invariants_pay() {
        let mut random = Random(4);
        for pools in mixtures() {
            let (curve, exact, [first, last]) = with_and_without_table(&pools);
            for _ in 0..500 {
                let from = first + 0.9 * (last - first) * random.unit();
                let to = from + (0.01 + random.unit()) * curve.size;
                let error = curve.proceeds(from, to) - exact.proceeds(from, to);
                assert!(error.abs() < 1e-12 * curve.size, "{from} {to} {error}");
            }
        }
    }

    #[test]
    fn venues_share_what_is_sold_at_equal_prices() {
        let pools = [pool(5e4, 3e4, 50.0, 0.0), pool(1e4, 2e4, 0.0, 0.0), pool(3e3, 1e3, 1e3, 0.0)];
        let (_, exact, _) = with_and_without_table(&pools);
        for sold in [-2e4, 0.0, 1e4, 5e4, 1e6] {
            let price = exact.price(sold);
            let reserve = |v: &Weighted| v.weight * v.venue.asset_at(price);
            let held: f64 = exact.venues.0.iter().map(reserve).sum();
            assert!((exact.size * (held - exact.asset_0) - sold).abs() < 1e-9 * exact.size);
            for Weighted { venue, .. } in &exact.venues.0 {
                assert!((venue.at(venue.asset_at(price)).price() / price - 1.0).abs() < 1e-13);
            }
        }
    }
}
