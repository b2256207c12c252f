//! Takes from each path of a run what a treasury needs of it, as the batches come.

use std::sync::Arc;

use rayon::prelude::*;
use slashfall_cascade::{
    AssetEnd, AssetFigure, EXIT_ETH_PER_DAY, EndLayout, Layout, MarketEnd, PriceCurve, Setting,
    reserves_at,
};
use slashfall_graph::{AssetId, Pool};
use slashfall_output::measures::WeightSums;
use slashfall_sampling::{Batch, Model};

use crate::exit::{Exit, Liquid, Market, Redeemable, Seller, Units};
use crate::payout::Payout;
use crate::policy::{Candidate, CandidateKind, Haircut, Policy};
use crate::problem::{asset_of, leverage};
use crate::sample::Sample;

/// Paths of a run in the making.
pub struct Gather<'m> {
    layouts: Layouts,
    positions: Vec<PositionColumn>,
    assets: Vec<AssetColumn<'m>>,
    /// Room in the exit queue of the chain before the treasury has to be out, and for the budget for liquidity.
    queues: [Queue; 2],
    sums: WeightSums,
    paths: Vec<u64>,
    weights: Vec<f64>,
}

#[derive(Clone, Copy)]
struct Layouts {
    figures: Layout,
    ends: EndLayout,
    width: usize,
}

/// What is left of the chain's exit queue within some days, by path.
#[derive(Default)]
struct Queue {
    days: f64,
    /// What leaves the chain to the horizon though no path says so: where nothing follows from events, nobody works the queue off.
    worked_off_eth: f64,
    room: Vec<f32>,
}

/// What a position loses and has to get rid of, by path.
struct PositionColumn {
    kind: Kind,
    /// Of its asset among the wrapped ones.
    index: usize,
    /// Worth of an ETH at nav of day 0 then, at market.
    price_0: f64,
    /// What an ETH of it earns to the horizon whatever happens, after haircuts.
    carry: f64,
    marks: Vec<f64>,
    units: Vec<f32>,
    /// What the price of its asset has regained since day 0, of an ETH of it.
    regained: Vec<f32>,
    /// Share of that which is no income.
    uncounted: f64,
}

enum Kind {
    Asset,
    Pool {
        pool: Pool,
        nav_0: f64,
        /// Worth of the whole pool on day 0.
        value_0: f64,
    },
    Loop {
        market: usize,
        equity_0: f64,
        /// Collateral of an ETH of equity, in ETH at nav of day 0.
        collateral: f64,
    },
}

/// The market of an asset that some candidate is made of, by path.
struct AssetColumn<'m> {
    id: AssetId,
    index: usize,
    curve: Option<&'m PriceCurve>,
    /// Worth of an ETH at nav of day 0 then, at market.
    price_0: f64,
    discount: Option<f64>,
    markets: Vec<Market>,
    room: Vec<f32>,
}

impl<'m> Gather<'m> {
    /// Before the first path of a model, whose network follows the carry of the loops among the candidates.
    #[must_use]
    pub fn new(model: &'m Model<'_>, policy: &Policy, candidates: &[Candidate]) -> Self {
        let setting = model.setting();
        let (figures, ends) = (model.layout(), model.end_layout());
        let layouts = Layouts { figures, ends, width: figures.width() };
        let mut ids: Vec<AssetId> = candidates.iter().map(asset_of).collect();
        ids.sort_unstable();
        ids.dedup();
        let discount = policy.liquidity.map(|own| own.discount);
        let of_replicates = model.sobol().is_some();
        let is_worked_off = setting.parameters().cascade.enabled;
        let horizon = f64::from(setting.parameters().horizon_days);
        let worked_off_eth = if is_worked_off { 0.0 } else { horizon * EXIT_ETH_PER_DAY };
        let days = [policy.exit.days, policy.liquidity.map_or(0.0, |own| own.days)];
        Self {
            layouts,
            positions: candidates
                .iter()
                .map(|own| PositionColumn::new(setting, &policy.haircut, own))
                .collect(),
            assets: ids.into_iter().map(|id| AssetColumn::new(setting, id, discount)).collect(),
            queues: days.map(|days| Queue { days, worked_off_eth, room: Vec::new() }),
            sums: if of_replicates { WeightSums::of_replicates() } else { WeightSums::default() },
            paths: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Adds the next batch, with its ends.
    pub fn absorb(&mut self, batch: &Batch) {
        let layouts = self.layouts;
        let width = layouts.ends.width();
        let rows = || batch.figures.chunks_exact(layouts.width).zip(batch.ends.chunks_exact(width));
        rayon::join(
            || {
                let add = |column: &mut PositionColumn| {
                    rows().for_each(|(row, end)| column.add(layouts, row, end));
                };
                self.positions.par_iter_mut().for_each(add);
            },
            || {
                let add = |column: &mut AssetColumn<'_>| {
                    rows().for_each(|(row, end)| column.add(layouts, row, end));
                };
                self.assets.par_iter_mut().for_each(add);
            },
        );
        for queue in &mut self.queues {
            rows().for_each(|(_, end)| queue.add(end[layouts.ends.exit_queue()]));
        }
        let n = batch.n_paths() as u64;
        self.paths.extend(batch.first_path..batch.first_path + n);
        self.weights.extend(&batch.weights);
        self.sums.add(n, &batch.weights);
    }

    /// Paths so far.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.sums.n_paths()
    }

    /// The sample of all of them.
    #[must_use]
    pub fn finish(self, setting: &Setting<'_>, candidates: &[Candidate]) -> Sample {
        let Self { layouts: _, positions, assets, queues, sums, paths, weights } = self;
        let [exit, liquid] = queues.map(|queue| (queue.days, Arc::new(queue.room)));
        let finish = |own: AssetColumn<'_>| own.finish(setting, [&exit, &liquid]);
        let mut exits: Vec<(AssetId, Exit)> = assets.into_par_iter().map(finish).collect();
        let (mut marks, mut regained) = (Vec::new(), Vec::new());
        for (position, (column, candidate)) in positions.into_iter().zip(candidates).enumerate() {
            let own = asset_of(candidate);
            if let Some((_, exit)) = exits.iter_mut().find(|(id, _)| *id == own) {
                if let Kind::Pool { .. } = column.kind {
                    exit.shares.push((position, pools_eth(setting, own).recip()));
                }
                let units = match column.kind {
                    Kind::Asset => Units::Same(exit.to_market_0.recip()),
                    Kind::Pool { .. } | Kind::Loop { .. } => Units::Each(column.units),
                };
                exit.sellers.push(Seller { position, units });
            }
            marks.push(column.marks);
            regained.push(column.regained);
        }
        let exits = exits.into_iter().map(|(_, exit)| exit).collect();
        let mut sample = Sample { sums, paths, weights, marks, exits, regained };
        sample.count_expected_falls();
        sample
    }
}

impl Queue {
    #[expect(clippy::cast_possible_truncation, reason = "seven digits of an amount to redeem")]
    fn add(&mut self, queued_eth: f64) {
        let queued_eth = (queued_eth - self.worked_off_eth).max(0.0);
        self.room.push((self.days * EXIT_ETH_PER_DAY - queued_eth).max(0.0) as f32);
    }
}

impl PositionColumn {
    fn new(setting: &Setting<'_>, haircut: &Haircut, candidate: &Candidate) -> Self {
        let network = setting.network();
        let id = asset_of(candidate);
        let (nav_0, index) = (setting.nav_0(id), id.index() - network.n_base());
        let price_0 = setting.price_0(id) / nav_0;
        let years = f64::from(setting.parameters().horizon_days) / 365.0;
        let own = &candidate.yields;
        let extra = years
            * (own.staking * (1.0 - haircut.staking)
                + own.fees * (1.0 - haircut.fees)
                + own.incentives * (1.0 - haircut.incentives)
                + own.campaign * (1.0 - haircut.campaign));
        let parts = setting.yield_parts_to_horizon(id);
        let cut = (parts.staking * haircut.staking
            + parts.avs_fees * haircut.fees
            + parts.incentives * haircut.incentives
            + parts.campaign * haircut.campaign)
            / price_0;
        let earned = parts.total() / price_0 - cut;
        let (kind, carry) = match candidate.kind {
            CandidateKind::Asset(_) => (Kind::Asset, earned),
            CandidateKind::Pool { pool, .. } => {
                let pool = network.pools()[pool].clone();
                let [asset, eth] = reserves_at(&pool, nav_0, price_0);
                let value_0 = asset * price_0 + eth;
                let carry = earned * asset * price_0 / value_0;
                (Kind::Pool { pool, nav_0, value_0 }, carry)
            }
            CandidateKind::Loop { market, .. } => {
                let equity_0 = setting.market_equity_0(market);
                let leverage = leverage(setting, candidate);
                let collateral = leverage / price_0;
                // What the loop has earned comes path by path, before haircuts.
                (Kind::Loop { market: market.index(), equity_0, collateral }, -leverage * cut)
            }
        };
        Self {
            kind,
            index,
            price_0,
            carry: carry + extra,
            marks: Vec::new(),
            units: Vec::new(),
            regained: Vec::new(),
            uncounted: haircut.recovery,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "seven digits of an amount to sell")]
    fn add(&mut self, layouts: Layouts, row: &[f64], end: &[f64]) {
        let market_loss = row[layouts.figures.asset(self.index, AssetFigure::MarketLoss)];
        let price = (1.0 - market_loss) * self.price_0;
        let nav = end[layouts.ends.asset(self.index, AssetEnd::Nav)];
        let (loss, units) = match &self.kind {
            Kind::Asset => (market_loss, self.price_0.recip()),
            Kind::Pool { pool, nav_0, value_0 } => {
                let of_nav = if nav > 0.0 { price / nav } else { 0.0 };
                let [asset, eth] = reserves_at(pool, *nav_0, of_nav.max(LEAST_PRICE));
                (1.0 - (asset * price + eth) / value_0, asset / value_0)
            }
            Kind::Loop { market, equity_0, collateral } => {
                let of = |what| end[layouts.ends.market(*market, what)];
                let loss = (of(MarketEnd::Loss) - of(MarketEnd::Carry)) / equity_0;
                (loss, of(MarketEnd::Pledged) * collateral)
            }
        };
        if !matches!(self.kind, Kind::Asset) {
            self.units.push(units as f32);
        }
        self.regained.push((self.uncounted * units * (price - nav * self.price_0)) as f32);
        self.marks.push(loss - self.carry);
    }
}

/// A pool is taken to stand no lower than at this price of nav: there it holds next to no ETH.
const LEAST_PRICE: f64 = 1e-4;

impl<'m> AssetColumn<'m> {
    fn new(setting: &'m Setting<'_>, id: AssetId, discount: Option<f64>) -> Self {
        Self {
            id,
            index: id.index() - setting.network().n_base(),
            curve: setting.curve(id),
            price_0: setting.price_0(id) / setting.nav_0(id),
            discount,
            markets: Vec::new(),
            room: Vec::new(),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "seven digits of what leaving costs")]
    fn add(&mut self, layouts: Layouts, row: &[f64], end: &[f64]) {
        let of = |what| end[layouts.ends.asset(self.index, what)];
        let (nav, mood, depth) = (of(AssetEnd::Nav), of(AssetEnd::Mood), of(AssetEnd::Depth));
        let sold = of(AssetEnd::SoldEth);
        let loss = row[layouts.figures.asset(self.index, AssetFigure::MarketLoss)];
        self.markets.push(Market::new((1.0 - loss) * self.price_0, nav * mood, depth, sold));
        if let Some(discount) = self.discount {
            let room = self.curve.map_or(0.0, |curve| {
                // Where the pools' price is below that already, nothing is to be looked up.
                let lowest = (1.0 - discount) / mood;
                let to = if mood > 0.0 { curve.sold_at(lowest) } else { f64::NEG_INFINITY };
                let to = if to > 0.0 { to * depth } else { to };
                (to - sold).max(0.0)
            });
            self.room.push(room as f32);
        }
    }

    fn finish(
        self,
        setting: &Setting<'_>,
        [exit, liquid]: [&(f64, Arc<Vec<f32>>); 2],
    ) -> (AssetId, Exit) {
        let redeemable = |(days, room): &(f64, Arc<Vec<f32>>)| {
            let asset = setting.network().asset(self.id);
            if asset.redemption_days > *days {
                Redeemable::Nothing
            } else if setting.redeems_through_exit_queue(self.id) {
                Redeemable::Queue(Arc::clone(room))
            } else {
                Redeemable::All
            }
        };
        let size = pools_eth(setting, self.id);
        let exit = Exit {
            payout: self.curve.map(|curve| Arc::new(Payout::new(curve, size))),
            to_market_0: self.price_0,
            redeemable: redeemable(exit),
            liquid: self
                .discount
                .map(|_| Liquid { redeemable: redeemable(liquid), room: self.room }),
            markets: self.markets,
            sellers: Vec::new(),
            shares: Vec::new(),
        };
        (self.id, exit)
    }
}

/// What all pools of an asset hold on day 0, in ETH at market.
fn pools_eth(setting: &Setting<'_>, id: AssetId) -> f64 {
    let nav_0 = setting.nav_0(id);
    let price_0 = setting.price_0(id) / nav_0;
    let value = |pool: &Pool| {
        let [asset, eth] = reserves_at(pool, nav_0, price_0);
        asset * price_0 + eth
    };
    setting.network().asset_pools(id).map(value).sum()
}
