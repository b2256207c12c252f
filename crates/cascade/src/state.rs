//! The state of a network on one path. A worker owns one and resets it between paths; what a path
//! did not touch costs nothing to reset.

use slashfall_graph::{AssetId, Holder, HoldingId, Network, OperatorId};

use crate::attribution::{Cause, Channel, LossEntry};
use crate::beacon::Beacon;
use crate::ledger::{Ledger, Taker};
use crate::market::MarketState;
use crate::setting::Setting;

/// A value for each row of a large table, most of which no path touches.
#[derive(Clone, Debug)]
pub(crate) struct Sparse {
    initial: Vec<f64>,
    current: Vec<f64>,
    touched: Vec<u32>,
}

impl Sparse {
    fn new(initial: Vec<f64>) -> Self {
        Self { current: initial.clone(), initial, touched: Vec::new() }
    }

    pub(crate) fn get(&self, index: usize) -> f64 {
        self.current[index]
    }

    #[expect(clippy::cast_possible_truncation, reason = "ids are 32 bits wide")]
    pub(crate) fn set(&mut self, index: usize, value: f64) {
        self.touched.push(index as u32);
        self.current[index] = value;
    }

    /// How often rows were set; the number of rows where each is set once.
    pub(crate) fn n_set(&self) -> usize {
        self.touched.len()
    }

    fn reset(&mut self) {
        for index in self.touched.drain(..) {
            self.current[index as usize] = self.initial[index as usize];
        }
    }
}

/// The state of a network on one path.
#[derive(Clone, Debug)]
pub struct State<'s> {
    pub(crate) setting: &'s Setting<'s>,
    pub(crate) network: &'s Network,
    /// Remaining magnitude, by stake cell.
    pub(crate) magnitude: Sparse,
    /// Remaining fraction, by allocation.
    pub(crate) fraction: Sparse,
    /// Beacon factor, by operator.
    pub(crate) beacon_factor: Sparse,
    /// Units before magnitude and beacon factor, by holding; theft alone changes them.
    pub(crate) units: Sparse,
    /// True once slashed by an AVS or by the chain, by operator (0 or 1).
    pub(crate) slashed: Sparse,
    /// Units at work (after magnitude and beacon factor), by column.
    pub(crate) column_units: Vec<f64>,
    column_units_0: Vec<f64>,
    /// By wrapped asset.
    pub(crate) wrapped: Vec<WrappedState>,
    wrapped_0: Vec<WrappedState>,
    /// Price of base assets and nav of wrapped ones, as the last mark left them, by asset.
    pub(crate) nav: Vec<f64>,
    pub(crate) nav_0: Vec<f64>,
    pub(crate) direct_eth_0: f64,
    pub(crate) native_eth_0: f64,
    /// Marks after the last hit; equal to `nav` between events.
    shadow: Vec<f64>,
    shadow_direct_eth: f64,
    /// True when the hit in hand has taken something.
    pub(crate) hit_took: bool,
    pub(crate) beacon: Beacon,
    pub(crate) market: MarketState,
    pub(crate) ledger: Ledger,
    pub(crate) channel_eth: [f64; Channel::ALL.len()],
    recorder: Option<Vec<LossEntry>>,
    /// Losses of the hit in hand by holder, in ETH at the marks; scratch.
    hit_loss_eth: Vec<f64>,
}

/// What changes of a wrapped asset as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WrappedState {
    pub(crate) supply_units: f64,
    pub(crate) outside_units: f64,
    pub(crate) buffer_eth: f64,
    pub(crate) cover_eth: f64,
}

impl<'s> State<'s> {
    /// Day 0 of a setting.
    #[must_use]
    pub fn new(setting: &'s Setting<'s>) -> Self {
        let network = setting.network;
        let columns: Vec<f64> = network.columns().iter().map(|c| c.units).collect();
        let wrapped: Vec<WrappedState> = network
            .wrapped_assets()
            .map(|id| network.asset(id))
            .map(|asset| WrappedState {
                supply_units: asset.supply_units,
                outside_units: asset.outside_units,
                buffer_eth: asset.buffer_eth,
                cover_eth: asset.cover_eth,
            })
            .collect();
        let n_operators = network.operators().len();
        let mut state = Self {
            setting,
            network,
            magnitude: Sparse::new(vec![1.0; network.stakes().len()]),
            fraction: Sparse::new(network.allocations().iter().map(|a| a.fraction).collect()),
            beacon_factor: Sparse::new(vec![1.0; n_operators]),
            units: Sparse::new(network.holdings().iter().map(|h| h.units).collect()),
            slashed: Sparse::new(vec![0.0; n_operators]),
            column_units_0: columns.clone(),
            column_units: columns,
            wrapped_0: wrapped.clone(),
            wrapped,
            nav: vec![1.0; network.assets().len()],
            nav_0: Vec::new(),
            direct_eth_0: 0.0,
            native_eth_0: network.native_eth(),
            shadow: Vec::new(),
            shadow_direct_eth: 0.0,
            hit_took: false,
            beacon: Beacon::default(),
            market: MarketState::new(network),
            ledger: Ledger::new(network),
            channel_eth: [0.0; Channel::ALL.len()],
            recorder: None,
            hit_loss_eth: vec![0.0; network.n_wrapped() + 1],
        };
        for index in 0..state.wrapped.len() {
            state.nav[network.n_base() + index] = state.backed_nav(index, &state.nav);
        }
        state.nav_0 = state.nav.clone();
        state.shadow = state.nav.clone();
        state.direct_eth_0 = state.direct_eth(&state.nav);
        state.shadow_direct_eth = state.direct_eth_0;
        state
    }

    /// Back to day 0.
    pub(crate) fn reset(&mut self, record: bool) {
        for sparse in [
            &mut self.magnitude,
            &mut self.fraction,
            &mut self.beacon_factor,
            &mut self.units,
            &mut self.slashed,
        ] {
            sparse.reset();
        }
        self.column_units.copy_from_slice(&self.column_units_0);
        self.wrapped.copy_from_slice(&self.wrapped_0);
        self.nav.copy_from_slice(&self.nav_0);
        self.shadow.copy_from_slice(&self.nav_0);
        self.shadow_direct_eth = self.direct_eth_0;
        self.hit_took = false;
        self.beacon.reset();
        self.market.reset();
        self.ledger.reset();
        self.channel_eth = [0.0; Channel::ALL.len()];
        self.recorder = record.then(Vec::new);
    }

    /// Value at day 0 of all that holders have: what the books are measured against, in ETH.
    #[must_use]
    pub fn stake_eth_0(&self) -> f64 {
        self.direct_eth_0 + outside_eth(&self.wrapped_0, self.wrapped_nav(&self.nav_0))
    }

    pub(crate) fn wrapped_nav<'a>(&self, nav: &'a [f64]) -> &'a [f64] {
        &nav[self.network.n_base()..]
    }

    pub(crate) fn wrapped_index(&self, asset: AssetId) -> usize {
        asset.index() - self.network.n_base()
    }

    /// Units of a holding that are left, after magnitude and beacon factor.
    pub(crate) fn units_at_work(&self, id: HoldingId) -> f64 {
        let holding = self.network.holding(id);
        let magnitude = holding.stake.map_or(1.0, |s| self.magnitude.get(s.index()));
        let beacon = match holding.operator {
            Some(operator) if holding.is_native() => self.beacon_factor.get(operator.index()),
            _ => 1.0,
        };
        self.units.get(id.index()) * magnitude * beacon
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
        let column = &mut self.column_units[holding.column.index()];
        *column = (*column - lost_units).max(0.0);
        self.hit_loss_eth[self.network.holder_index(holding.holder)] += lost_units * price;
        self.hit_took = true;
    }

    /// Takes ETH from a wrapped asset's buffer.
    pub(crate) fn take_buffer(&mut self, asset: AssetId, eth: f64, taker: Taker) {
        let index = self.wrapped_index(asset);
        self.wrapped[index].buffer_eth -= eth;
        self.ledger.book_base(taker, eth);
        self.hit_loss_eth[index] += eth;
        self.hit_took = true;
    }

    pub(crate) fn mark_slashed(&mut self, operator: OperatorId) {
        if self.slashed.get(operator.index()) == 0.0 {
            self.slashed.set(operator.index(), 1.0);
        }
    }

    /// Ends a hit: books its loss to its cause, then lets covers pay and books that too.
    pub(crate) fn settle(&mut self, channel: Channel, cause: Cause) {
        if !std::mem::take(&mut self.hit_took) {
            return;
        }
        self.book_fall(channel, cause);
        let mut paid_any = false;
        for index in 0..self.wrapped.len() {
            let loss = std::mem::take(&mut self.hit_loss_eth[index]);
            let wrapped = &mut self.wrapped[index];
            let paid = loss.min(wrapped.cover_eth);
            if paid > 0.0 {
                wrapped.cover_eth -= paid;
                wrapped.buffer_eth += paid;
                self.ledger.cover_paid_eth += paid;
                paid_any = true;
            }
        }
        self.hit_loss_eth[self.wrapped.len()] = 0.0;
        if paid_any {
            self.book_fall(Channel::Cover, cause);
        }
    }

    /// Ends an event: what comes next is valued at the marks this one left.
    pub(crate) fn mark(&mut self) {
        self.nav.copy_from_slice(&self.shadow);
    }

    /// Marks the holders anew, each after all that backs it, and books the fall since the last
    /// such mark.
    pub(crate) fn book_fall(&mut self, channel: Channel, cause: Cause) {
        let n_base = self.network.n_base();
        let mut fall_eth = 0.0;
        let before = self.recorder.as_ref().map(|_| self.shadow.clone());
        self.shadow[..n_base].copy_from_slice(&self.nav[..n_base]);
        for index in 0..self.wrapped.len() {
            let nav = self.backed_nav(index, &self.shadow);
            let fall = self.shadow[n_base + index] - nav;
            self.shadow[n_base + index] = nav;
            fall_eth += self.wrapped[index].outside_units * fall;
        }
        let direct = self.direct_eth(&self.shadow);
        let direct_eth = self.shadow_direct_eth - direct;
        self.shadow_direct_eth = direct;
        self.channel_eth[channel.index()] += fall_eth + direct_eth;
        if let (Some(recorder), Some(mut nav_fall)) = (&mut self.recorder, before) {
            nav_fall.iter_mut().zip(&self.shadow).for_each(|(fall, after)| *fall -= after);
            match recorder.iter_mut().find(|e| e.channel == channel && e.cause == cause) {
                Some(entry) => {
                    entry.nav_fall.iter_mut().zip(&nav_fall).for_each(|(sum, fall)| *sum += fall);
                    entry.direct_eth += direct_eth;
                }
                None => recorder.push(LossEntry { channel, cause, nav_fall, direct_eth }),
            }
        }
    }

    /// The losses of the path by channel and cause, in the order in which these first came; none
    /// unless recorded.
    pub(crate) fn take_record(&mut self) -> Vec<LossEntry> {
        self.recorder.take().unwrap_or_default()
    }

    /// Value of direct restakers' stake at the navs given, in ETH.
    pub(crate) fn direct_eth(&self, nav: &[f64]) -> f64 {
        self.columns_eth(Holder::Direct, nav)
    }

    /// Value of what a holder has in holdings, at the navs given.
    pub(crate) fn columns_eth(&self, holder: Holder, nav: &[f64]) -> f64 {
        let columns = self.network.holder_columns(holder);
        columns
            .iter()
            .map(|id| {
                let asset = self.network.columns()[id.index()].asset;
                self.column_units[id.index()] * nav[asset.index()]
            })
            .sum()
    }
}

/// Value of what outside holders of wrapped assets have, in ETH.
pub(crate) fn outside_eth(wrapped: &[WrappedState], nav: &[f64]) -> f64 {
    wrapped.iter().zip(nav).map(|(wrapped, nav)| wrapped.outside_units * nav).sum()
}
