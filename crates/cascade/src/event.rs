//! A source that fired: when, how hard, and whom it hits.

use std::ops::Range;

use slashfall_graph::{AssetId, MemberId, OperatorId, ReserveId};

/// What an event does to those it hits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Each member hit (an AVS with an operator) is slashed by severity times share.
    SlashByAvs,
    /// Every AVS of each operator hit slashes it by severity times share; with `reach_all` the
    /// stake that no AVS has a claim on is taken too, by whoever holds the keys.
    SlashOperator {
        /// True when unallocated stake is lost too.
        reach_all: bool,
    },
    /// Severity times share of each operator's validators are slashed on the beacon chain.
    SlashValidators {
        /// Part of the stake outside the network that is slashed along, times severity.
        background: f64,
    },
    /// The share of each operator's validators is offline; the severity is a number of epochs.
    Outage {
        /// Part of the stake outside the network that is offline too.
        background: f64,
    },
    /// The severity is the fraction of the asset's backing that is stolen.
    Exploit {
        /// Whose backing.
        asset: AssetId,
        /// Days over which wrapped units in the loot are sold, at least 1.
        sale_days: u32,
    },
    /// The severity is the fraction by which the supply grows without backing.
    UnbackedMint {
        /// Whose supply.
        asset: AssetId,
        /// Share of the minted units that is pledged for loans; the rest is sold.
        pledge_share: f64,
    },
    /// The severity is added to the panic discount.
    Depeg {
        /// Whose price.
        asset: AssetId,
        /// Share of the pools' depth that leaves.
        flight: f64,
    },
    /// The severity is the fraction of the claims on a lending reserve that is withdrawn.
    WithdrawSupply {
        /// Whose claims.
        reserve: ReserveId,
    },
}

/// Who is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One AVS slashes one operator.
    Member(MemberId),
    /// An operator as a whole.
    Operator(OperatorId),
}

/// One of those that an event hits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Who.
    pub target: Target,
    /// Share of the target that is concerned, in [0, 1].
    pub share: f64,
}

/// A source that fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, in days from the as-of date.
    pub tau_days: f64,
    /// Number of the source in its model.
    pub source: u32,
    /// How hard; the unit is the effect's.
    pub severity: f64,
    /// What it does.
    pub effect: Effect,
    hits: Range<usize>,
}

/// The events of one path in time order. Belongs to the worker and is filled anew for each path.
#[derive(Clone, Debug, Default)]
pub struct Events {
    list: Vec<Event>,
    hits: Vec<Hit>,
}

impl Events {
    /// Forgets the last path.
    pub fn clear(&mut self) {
        self.list.clear();
        self.hits.clear();
    }

    /// Adds an event; those of one path must come in time order.
    pub fn push(
        &mut self,
        (tau_days, source): (f64, u32),
        severity: f64,
        effect: Effect,
        hits: impl IntoIterator<Item = Hit>,
    ) {
        debug_assert!(self.list.last().is_none_or(|last| last.tau_days <= tau_days));
        let start = self.hits.len();
        self.hits.extend(hits);
        let hits = start..self.hits.len();
        self.list.push(Event { tau_days, source, severity, effect, hits });
    }

    /// All events, in time order.
    #[must_use]
    pub fn as_slice(&self) -> &[Event] {
        &self.list
    }

    /// Whom an event hits.
    #[must_use]
    pub fn hits(&self, event: &Event) -> &[Hit] {
        &self.hits[event.hits.clone()]
    }
}
