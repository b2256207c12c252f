//! Where paths are played: a network, what a scenario sets, and all that follows from the two and
//! holds for every path.

use std::sync::Arc;

use slashfall_graph::{AssetId, AvsId, ColumnId, Holder, Network, Pool, Yields};

use crate::event::Events;
use crate::flat::is_flat;
use crate::lenders::{Lender, lenders};
use crate::liquidity::PriceCurve;
use crate::market::{MovingBase, Pools, moving};
use crate::number::{NOTHING, Number};
use crate::parameters::{Parameters, YieldParameters};
use crate::redemption::Leaver;
use crate::security::Claims;

/// A scenario on a network, made ready.
#[derive(Clone, Debug)]
pub struct Setting<'n> {
    pub(crate) network: &'n Network,
    pub(crate) parameters: Parameters,
    /// Price of base assets and nav of wrapped ones on day 0, by asset.
    pub(crate) nav_0: Vec<f64>,
    /// Market prices of day 0, by asset.
    pub(crate) price_0: Vec<f64>,
    /// Pools by wrapped asset.
    pub(crate) curves: Arc<[Option<PriceCurve>]>,
    /// Yield a year before and under the multipliers, by wrapped asset.
    pub(crate) yields: Vec<[f64; 2]>,
    /// Sum over days of the yields a year, by wrapped asset.
    yield_sums: Vec<f64>,
    /// Base assets other than ETH behind each wrapped asset on day 0, as shares of its nav.
    baskets: Vec<Vec<(usize, f64)>>,
    /// Who may slash what.
    pub(crate) claims: Claims,
    /// By [`Network::holder_index`], the columns of a holder and their assets.
    pub(crate) columns_of: Vec<Vec<(usize, usize)>>,
    /// By asset, who holds it, by [`Network::holder_index`].
    pub(crate) holders_of: Vec<Vec<usize>>,
    /// By asset, true where its price or nav moves though nothing happens.
    pub(crate) is_volatile: Vec<bool>,
    /// Base assets whose prices move.
    pub(crate) moving: Vec<MovingBase>,
    /// By wrapped asset, how its holders leave.
    pub(crate) leavers: Vec<Leaver>,
    /// By market, what its quick tests need.
    pub(crate) lenders: Vec<Lender>,
    /// True where a slash has no consequences but its own.
    pub(crate) is_flat: bool,
}

impl<'n> Setting<'n> {
    /// Makes a scenario ready; parameters by asset are in the network's order.
    #[must_use]
    pub fn new(network: &'n Network, parameters: Parameters) -> Self {
        let nav_0 = navs(network);
        let curve = |id: AssetId| curve(network, id, nav_0[id.index()]);
        let curves = network.wrapped_assets().map(curve).collect();
        Self::with_curves(network, curves, parameters)
    }

    /// Makes another scenario on the same network ready, with the same tables of prices in pools, of
    /// which there are milliseconds of work.
    #[must_use]
    pub fn beside(&self, parameters: Parameters) -> Self {
        Self::with_curves(self.network, Arc::clone(&self.curves), parameters)
    }

    /// The same scenario on a network that has the same assets and pools.
    #[must_use]
    pub fn with_network<'m>(&self, network: &'m Network) -> Setting<'m> {
        Setting::with_curves(network, Arc::clone(&self.curves), self.parameters.clone())
    }

    fn with_curves(
        network: &'n Network,
        curves: Arc<[Option<PriceCurve>]>,
        parameters: Parameters,
    ) -> Self {
        let nav_0 = navs(network);
        let mut price_0 = nav_0.clone();
        for (price, curve) in price_0[network.n_base()..].iter_mut().zip(curves.iter()) {
            *price *= curve.as_ref().map_or(1.0, |curve| curve.price(0.0));
        }
        let yields = network.wrapped_assets().map(|id| network.asset(id).yields);
        let yields: Vec<[f64; 2]> =
            yields.map(|y| [y.total(), multiplied(y, &parameters.yields)]).collect();
        let on_day =
            |y: &[f64; 2]| (1..=parameters.horizon_days).map(|day| y[cut(&parameters, day)]).sum();
        let yield_sums = yields.iter().map(on_day).collect();
        let baskets = baskets(network, &nav_0);
        let claims = Claims::new(network, &parameters.security, &nav_0);
        let mut setting = Self {
            columns_of: columns_of(network),
            holders_of: holders_of(network),
            is_volatile: is_volatile(network, &baskets),
            moving: moving(network),
            lenders: Vec::new(),
            leavers: Vec::new(),
            is_flat: is_flat(network, &parameters),
            network,
            parameters,
            nav_0,
            price_0,
            curves,
            yields,
            yield_sums,
            baskets,
            claims,
        };
        setting.lenders = lenders(&setting);
        setting.leavers = (0..network.n_wrapped()).map(|i| Leaver::new(&setting, i)).collect();
        setting
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &'n Network {
        self.network
    }

    /// What the scenario sets.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What a wrapped asset yields from day 0 to the horizon, a fraction of its nav of day 0.
    #[must_use]
    pub fn yield_to_horizon(&self, asset: AssetId) -> f64 {
        let index = asset.index() - self.network.n_base();
        self.yield_sum(index) / DAYS_PER_YEAR
    }

    /// Market price of an asset on day 0, in ETH a unit.
    #[must_use]
    pub fn price_0(&self, asset: AssetId) -> f64 {
        self.price_0[asset.index()]
    }

    /// True of a day on which the multipliers of yields begin to hold.
    pub(crate) fn yields_change_on(&self, day: u32) -> bool {
        cut(&self.parameters, day) != cut(&self.parameters, day - 1)
    }

    /// True when a path on which no source fires and nothing moves has but one course: what happens
    /// by chance in the days themselves is attacks.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.parameters.security.attack_prob <= 0.0 || !self.parameters.cascade.enabled
    }

    /// Sum over days of the yields a year of the `index`-th wrapped asset.
    pub(crate) fn yield_sum(&self, index: usize) -> f64 {
        self.yield_sums[index]
    }

    /// What the base assets behind the `index`-th wrapped asset on day 0 are worth at these prices,
    /// over what they were: a fall of BTC is no loss of a token on BTC.
    pub(crate) fn basket(&self, index: usize, prices: &[f64]) -> f64 {
        if self.has_basket(index) { self.basket_of(index, 1.0, |base| prices[base]) } else { 1.0 }
    }

    /// The same of an asset behind which there are such base assets.
    #[inline(always)]
    pub(crate) fn basket_of<N: Number>(
        &self,
        index: usize,
        one: N,
        price: impl Fn(usize) -> N,
    ) -> N {
        let mut moved = one.like(NOTHING);
        for &(base, share) in &self.baskets[index] {
            moved = moved + one.like(share) * (price(base) - one);
        }
        one + moved
    }

    /// The pools of the `index`-th wrapped asset, if it has any.
    #[inline]
    pub(crate) fn pools(&self, index: usize) -> Option<Pools<'_>> {
        let nav_0 = self.nav_0[self.network.n_base() + index];
        self.curves[index].as_ref().map(|curve| Pools { curve, nav_0 })
    }

    /// Yield a year of the `index`-th wrapped asset on a day.
    pub(crate) fn yield_on(&self, index: usize, day: u32) -> f64 {
        self.yields[index][self.yield_phase(day)]
    }

    /// 1 on days on which the multipliers of yields hold, else 0.
    pub(crate) fn yield_phase(&self, day: u32) -> usize {
        cut(&self.parameters, day)
    }

    /// True where base assets whose prices move are behind the `index`-th wrapped asset.
    pub(crate) fn has_basket(&self, index: usize) -> bool {
        !self.baskets[index].is_empty()
    }
}

fn is_volatile(network: &Network, baskets: &[Vec<(usize, f64)>]) -> Vec<bool> {
    let base = network.base_assets().map(|asset| network.asset(asset).vol_annual > 0.0);
    base.chain(baskets.iter().map(|basket| !basket.is_empty())).collect()
}

fn columns_of(network: &Network) -> Vec<Vec<(usize, usize)>> {
    let holders = network.wrapped_assets().map(Holder::Wrapped).chain([Holder::Direct]);
    let column = |id: &ColumnId| (id.index(), network.columns()[id.index()].asset.index());
    holders.map(|holder| network.holder_columns(holder).iter().map(column).collect()).collect()
}

fn holders_of(network: &Network) -> Vec<Vec<usize>> {
    let mut holders = vec![Vec::new(); network.assets().len()];
    for column in network.columns() {
        holders[column.asset.index()].push(network.holder_index(column.holder));
    }
    holders
}

/// 1 on days on which the multipliers of yields hold, else 0.
fn cut(parameters: &Parameters, day: u32) -> usize {
    usize::from(f64::from(day) > parameters.yields.from_day)
}

pub(crate) const DAYS_PER_YEAR: f64 = 365.0;

/// Navs of day 0, summed as those of any other day are, so that a quiet day loses exactly nothing.
fn navs(network: &Network) -> Vec<f64> {
    let mut nav = vec![1.0; network.assets().len()];
    for id in network.wrapped_assets() {
        let columns = network.holder_columns(Holder::Wrapped(id)).iter();
        let columns = columns.map(|&column| network.columns()[column.index()]);
        let held: f64 = columns.map(|column| column.units * nav[column.asset.index()]).sum();
        let asset = network.asset(id);
        nav[id.index()] = (asset.buffer_eth + held) / asset.supply_units;
    }
    nav
}

/// Looks through what backs each wrapped asset to base assets other than ETH.
fn baskets(network: &Network, nav_0: &[f64]) -> Vec<Vec<(usize, f64)>> {
    let n_base = network.n_base();
    let mut baskets: Vec<Vec<(usize, f64)>> = Vec::new();
    for id in network.wrapped_assets() {
        let mut shares = vec![0.0; n_base];
        for &column in network.holder_columns(Holder::Wrapped(id)) {
            let column = network.columns()[column.index()];
            let asset = column.asset.index();
            let share =
                column.units * nav_0[asset] / (network.asset(id).supply_units * nav_0[id.index()]);
            match asset.checked_sub(n_base) {
                None => shares[asset] += share,
                Some(nested) => {
                    baskets[nested].iter().for_each(|&(base, part)| shares[base] += share * part);
                }
            }
        }
        let others = shares.into_iter().enumerate().skip(1).filter(|(_, share)| *share > 0.0);
        baskets.push(others.collect());
    }
    baskets
}

fn curve(network: &Network, id: AssetId, nav_0: f64) -> Option<PriceCurve> {
    let pools: Vec<&Pool> = network.asset_pools(id).collect();
    (!pools.is_empty()).then(|| PriceCurve::new(&pools, nav_0))
}

fn multiplied(yields: Yields, by: &YieldParameters) -> f64 {
    yields.staking * by.staking
        + yields.avs_fees * by.avs_fees
        + yields.incentives * by.incentives
        + yields.campaign * by.campaign
}

/// What happens on a path from outside.
#[derive(Clone, Copy)]
pub struct PathInput<'i> {
    /// The sources that fire.
    pub events: &'i Events,
    /// One standard normal a day and asset, day by day, assets in the network's order; empty when
    /// nothing moves by itself.
    pub noise: &'i [f64],
    /// The uniform of an AVS that decides on which attackable day it is attacked; asked for AVSs
    /// that are attackable alone.
    pub attack_uniform: &'i dyn Fn(AvsId) -> f64,
}

/// The normals of paths that were drawn together, as [`PathInput::noise`] has those of one: day by day
/// and asset by asset, one a path.
#[derive(Clone, Copy, Debug)]
pub struct Normals<'i> {
    /// All of them.
    pub z: &'i [f64],
    /// How many paths they are of.
    pub n_paths: usize,
    /// The first path that is meant.
    pub first: usize,
}
