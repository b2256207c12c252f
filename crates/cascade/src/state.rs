//! The state of a network on one path. A worker owns one and resets it between paths; what a path
//! did not touch costs nothing to reset.

use slashfall_graph::{AssetId, AvsId, Holder, HoldingId, Network, OperatorId};

use crate::attribution::Channel;
use crate::backing::or_day_0;
use crate::beacon::Beacon;
use crate::flat::Flat;
use crate::ledger::{Ledger, Taker};
use crate::lending::Lending;
use crate::loans::Loans;
use crate::market::MarketState;
use crate::order::positive_part;
use crate::record::{Happened, Recorder, Told};
use crate::redemption::Queues;
use crate::security::Security;
use crate::setting::Setting;
use crate::sparse::Sparse;
use crate::theft::Loot;

/// The state of a network on one path.
#[derive(Clone, Debug)]
pub struct State<'s> {
    pub(crate) setting: &'s Setting<'s>,
    pub(crate) network: &'s Network,
    /// Remaining magnitude, by stake cell.
    pub(crate) magnitude: Sparse<f64>,
    /// Remaining fraction, by allocation.
    pub(crate) fraction: Sparse<f64>,
    /// Beacon factor, by operator.
    pub(crate) beacon_factor: Sparse<f64>,
    /// Units before magnitude, beacon factor and payments, by holding; theft alone changes them.
    pub(crate) units: Sparse<f64>,
    /// True once slashed by an AVS or by the chain, by operator.
    pub(crate) slashed: Sparse<bool>,
    /// Units after magnitude and beacon factor and before payments, by column.
    pub(crate) column_units: Vec<f64>,
    column_units_0: Vec<f64>,
    /// By wrapped asset.
    pub(crate) wrapped: Vec<WrappedState>,
    wrapped_0: Vec<WrappedState>,
    /// Price of base assets and nav of wrapped ones, as the last mark left them, by asset.
    pub(crate) nav: Vec<f64>,
    pub(crate) nav_0: Vec<f64>,
    /// Market prices of day 0, by asset.
    pub(crate) price_0: Vec<f64>,
    pub(crate) direct_eth_0: f64,
    /// The same at market prices.
    pub(crate) direct_at_market_0: f64,
    pub(crate) native_eth_0: f64,
    /// Marks after the last hit; equal to `nav` between events.
    pub(crate) shadow: Vec<f64>,
    pub(crate) shadow_direct_eth: f64,
    /// True when the hit in hand has taken something.
    pub(crate) hit_took: bool,
    /// True of holders whose backing is not what it was when they were last marked: wrapped assets,
    /// then direct.
    pub(crate) stale: Vec<bool>,
    pub(crate) beacon: Beacon,
    pub(crate) market: MarketState,
    pub(crate) loans: Loans,
    pub(crate) lending: Lending,
    pub(crate) security: Security,
    pub(crate) queues: Queues,
    pub(crate) loot: Vec<Loot>,
    pub(crate) ledger: Ledger,
    pub(crate) channel_eth: [f64; Channel::ALL.len()],
    pub(crate) recorder: Option<Recorder>,
    /// Day and round, for the record.
    pub(crate) clock: (u32, u32),
    /// Losses of the hit in hand by holder, in ETH at the marks; scratch.
    pub(crate) hit_loss_eth: Vec<f64>,
    pub(crate) flat: Flat,
}

/// What changes of a wrapped asset as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WrappedState {
    pub(crate) supply_units: f64,
    pub(crate) outside_units: f64,
    pub(crate) buffer_eth: f64,
    pub(crate) cover_eth: f64,
    /// Share of its holdings that has not been paid out.
    pub(crate) active: f64,
    /// Units of ETH at operators, after magnitude and beacon factor and before payments.
    pub(crate) native_units: f64,
    /// Value of all its holdings before payments, as the last mark left it, in ETH.
    pub(crate) held_eth: f64,
    /// Outside units that are collateral of loans.
    pub(crate) pledged_units: f64,
    /// Units that wait for redemption.
    pub(crate) queued_units: f64,
    /// Units that arbitrage bought this day, and their value at nav.
    pub(crate) bought_units: f64,
    pub(crate) bought_eth: f64,
}

impl<'s> State<'s> {
    /// Day 0 of a setting.
    #[must_use]
    pub fn new(setting: &'s Setting<'s>) -> Self {
        let network = setting.network;
        let columns: Vec<f64> = network.columns().iter().map(|c| c.units).collect();
        let wrapped: Vec<WrappedState> =
            network.wrapped_assets().map(|id| WrappedState::new(setting, id)).collect();
        let n_operators = network.operators().len();
        let loans = Loans::new(setting);
        let mut state = Self {
            setting,
            network,
            magnitude: Sparse::new(vec![1.0; network.stakes().len()]),
            fraction: Sparse::new(network.allocations().iter().map(|a| a.fraction).collect()),
            beacon_factor: Sparse::new(vec![1.0; n_operators]),
            units: Sparse::new(network.holdings().iter().map(|h| h.units).collect()),
            slashed: Sparse::new(vec![false; n_operators]),
            column_units_0: columns.clone(),
            column_units: columns,
            wrapped_0: wrapped.clone(),
            wrapped,
            nav: setting.nav_0.clone(),
            nav_0: setting.nav_0.clone(),
            price_0: setting.price_0.clone(),
            direct_eth_0: 0.0,
            direct_at_market_0: 0.0,
            native_eth_0: network.native_eth(),
            shadow: setting.nav_0.clone(),
            shadow_direct_eth: 0.0,
            hit_took: false,
            stale: vec![false; network.n_wrapped() + 1],
            beacon: Beacon::default(),
            market: MarketState::new(setting),
            lending: Lending::new(setting, &loans),
            loans,
            security: Security::new(setting),
            queues: Queues::new(setting),
            loot: Vec::new(),
            ledger: Ledger::new(network),
            channel_eth: [0.0; Channel::ALL.len()],
            recorder: None,
            clock: (0, 0),
            hit_loss_eth: vec![0.0; network.n_wrapped() + 1],
            flat: Flat::default(),
        };
        state.direct_eth_0 = state.direct_eth(&setting.nav_0);
        state.direct_at_market_0 = state.columns_eth(Holder::Direct, &setting.price_0);
        state.shadow_direct_eth = state.direct_eth_0;
        state
    }

    /// Back to day 0; from here on as much is told as is asked for.
    pub(crate) fn reset(&mut self, told: Option<Told>) {
        for sparse in
            [&mut self.magnitude, &mut self.fraction, &mut self.beacon_factor, &mut self.units]
        {
            sparse.reset();
        }
        self.slashed.reset();
        self.reset_columns();
        self.wrapped.copy_from_slice(&self.wrapped_0);
        self.nav.copy_from_slice(&self.nav_0);
        self.shadow.copy_from_slice(&self.nav_0);
        self.hit_took = false;
        self.stale.fill(false);
        self.beacon.reset();
        self.market.reset();
        self.loans.reset();
        self.lending.reset();
        self.security.reset(self.setting);
        self.queues.reset(self.setting);
        self.loot.clear();
        self.ledger.reset();
        self.channel_eth = [0.0; Channel::ALL.len()];
        self.recorder = told.map(Recorder::new);
        self.clock = (0, 0);
        self.flat.is_reset = false;
    }

    /// The operators that were slashed on the path just played, by an AVS or by the chain.
    pub fn slashed_operators(&self) -> impl Iterator<Item = OperatorId> + '_ {
        self.slashed.set_rows().map(OperatorId::new)
    }

    /// The AVSs that were attacked on it.
    pub fn attacked_avss(&self) -> impl Iterator<Item = AvsId> + '_ {
        self.security.dead().take(self.ledger.sums.n_attacked as usize)
    }

    /// True on a day on which something that came from earlier events is to be sold or charged.
    pub(crate) fn is_due(&self, day: u32) -> bool {
        self.loot.iter().any(Loot::is_left)
            || self.beacon.is_due(day, self.setting.parameters.horizon_days)
    }

    /// The columns back to day 0, and what direct restakers have with them.
    pub(crate) fn reset_columns(&mut self) {
        self.column_units.copy_from_slice(&self.column_units_0);
        self.shadow_direct_eth = self.direct_eth_0;
    }

    /// Value at day 0 of all that holders have: what the books are measured against, in ETH.
    #[must_use]
    pub fn stake_eth_0(&self) -> f64 {
        let navs = &self.nav_0[self.network.n_base()..];
        let outside: f64 =
            self.wrapped_0.iter().zip(navs).map(|(w, nav)| w.outside_units * nav).sum();
        self.direct_eth_0 + outside
    }

    pub(crate) fn wrapped_index(&self, asset: AssetId) -> usize {
        asset.index() - self.network.n_base()
    }

    /// Nav of the `index`-th wrapped asset, as the last mark left it.
    pub(crate) fn nav_of(&self, index: usize) -> f64 {
        self.nav[self.network.n_base() + index]
    }

    /// Share of what a holder has in holdings that has not been paid out.
    pub(crate) fn active(&self, holder: Holder) -> f64 {
        match holder {
            Holder::Wrapped(asset) => self.wrapped[self.wrapped_index(asset)].active,
            Holder::Direct => 1.0,
        }
    }

    /// Units of a holding that are left, after magnitude, beacon factor and payments.
    pub(crate) fn units_at_work(&self, id: HoldingId) -> f64 {
        let holding = self.network.holding(id);
        let magnitude = holding.stake.map_or(1.0, |s| self.magnitude.get(s.index()));
        let beacon = match holding.operator {
            Some(operator) if holding.is_native() => self.beacon_factor.get(operator.index()),
            _ => 1.0,
        };
        self.units.get(id.index()) * magnitude * beacon * self.active(holding.holder)
    }

    /// Takes units at work from a holding and books them to who gets them.
    ///
    /// The caller changes the factor (magnitude, beacon, units) that makes it so.
    pub(crate) fn take(&mut self, id: HoldingId, lost_units: f64, taker: Taker) {
        let holding = *self.network.holding(id);
        let asset = holding.asset.index();
        let price = self.nav[asset];
        if asset < self.network.n_base() {
            self.ledger.book_base(taker, lost_units * price);
        } else {
            self.ledger.book_wrapped(taker, asset, lost_units);
        }
        let active = self.active(holding.holder);
        let before_payments = if active > 0.0 { lost_units / active } else { 0.0 };
        let column = &mut self.column_units[holding.column.index()];
        *column = (*column - before_payments).max(0.0);
        if let (true, Holder::Wrapped(holder)) = (holding.is_native(), holding.holder) {
            let index = self.wrapped_index(holder);
            let native = &mut self.wrapped[index].native_units;
            *native = (*native - before_payments).max(0.0);
        }
        let holder = self.network.holder_index(holding.holder);
        self.hit_loss_eth[holder] += lost_units * price;
        self.stale[holder] = true;
        self.hit_took = true;
    }

    /// Takes ETH from a wrapped asset's buffer.
    pub(crate) fn take_buffer(&mut self, asset: AssetId, eth: f64, taker: Taker) {
        let index = self.wrapped_index(asset);
        self.wrapped[index].buffer_eth -= eth;
        self.ledger.book_base(taker, eth);
        self.hit_loss_eth[index] += eth;
        self.stale[index] = true;
        self.hit_took = true;
    }

    pub(crate) fn mark_slashed(&mut self, operator: OperatorId) {
        if !self.slashed.get(operator.index()) {
            self.slashed.set(operator.index(), true);
        }
    }

    /// Value of direct restakers' stake at the navs given, in ETH; that of day 0 where it differs by
    /// rounding alone, as with navs.
    pub(crate) fn direct_eth(&self, nav: &[f64]) -> f64 {
        or_day_0(self.columns_eth(Holder::Direct, nav), self.direct_eth_0)
    }

    /// Value of what a holder has in holdings, before payments, at the navs or prices given.
    pub(crate) fn columns_eth(&self, holder: Holder, nav: &[f64]) -> f64 {
        let columns = &self.setting.columns_of[self.network.holder_index(holder)];
        columns.iter().map(|&(column, asset)| self.column_units[column] * nav[asset]).sum()
    }

    /// Tells those who replay the path.
    #[inline]
    pub(crate) fn tell(&mut self, happened: impl FnOnce() -> Happened) {
        if let Some(recorder) = &mut self.recorder {
            recorder.tell(self.clock, happened());
        }
    }

    /// The same of something that happened to the `index`-th wrapped asset.
    #[inline]
    pub(crate) fn tell_of(&mut self, index: usize, happened: impl FnOnce(AssetId) -> Happened) {
        let n_base = self.network.n_base();
        self.tell(|| happened(AssetId::new(n_base + index)));
    }

    /// What holders have lost so far, through all channels: for the record.
    pub(crate) fn lost_eth(&self) -> f64 {
        self.channel_eth.iter().sum()
    }
}

impl WrappedState {
    /// Outside units that nobody has pledged or queued.
    pub(crate) fn free_units(&self) -> f64 {
        positive_part(self.outside_units - self.queued_units - self.pledged_units)
    }

    fn new(setting: &Setting<'_>, id: AssetId) -> Self {
        let network = setting.network;
        let asset = network.asset(id);
        let columns = network.holder_columns(Holder::Wrapped(id)).iter();
        let held = columns.map(|column| network.columns()[column.index()]);
        let holdings = network.holder_holdings(Holder::Wrapped(id)).iter();
        let native = holdings.map(|&h| network.holding(h)).filter(|h| h.is_native());
        let markets = network.asset_markets(id).iter().map(|&m| network.market(m));
        let pledged = markets.flat_map(|m| &m.loans).map(|loan| loan.collateral_units);
        Self {
            supply_units: asset.supply_units,
            outside_units: asset.outside_units,
            buffer_eth: asset.buffer_eth,
            cover_eth: asset.cover_eth,
            active: 1.0,
            native_units: native.map(|h| h.units).sum(),
            held_eth: held.map(|column| column.units * setting.nav_0[column.asset.index()]).sum(),
            pledged_units: pledged.sum(),
            queued_units: 0.0,
            bought_units: 0.0,
            bought_eth: 0.0,
        }
    }
}
