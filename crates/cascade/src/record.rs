//! The story of a path (for those who replay it): what each loss is owed to, every step of every
//! day, and where prices, queues and reserves stood at the end of it.

use std::collections::BTreeMap;

use slashfall_graph::{AssetId, AvsId, MarketId, OperatorId, ReserveId};

use crate::attribution::{Cause, Channel, LossEntry};

/// How much is told of a path besides its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Losses by cause, and of the steps those that begin something: sources that fire, attacks.
    Causes,
    /// All.
    All,
}

/// What is told of a path besides its figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Losses by channel and cause, in the order in which these first came.
    pub losses: Vec<LossEntry>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// The ends of days 1 to the horizon.
    pub days: Vec<DayRecord>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Day, from 1.
    pub day: u32,
    /// Round of the day, from 1; 0 outside the rounds.
    pub round: u32,
    /// What.
    pub happened: Happened,
}

/// What happened. Amounts are in ETH at the nav or price of the moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// A source fired.
    Fired {
        /// Number of the source.
        source: u32,
        /// When, in days.
        tau_days: f64,
        /// How hard.
        severity: f64,
        /// What holders lost by it at once, net of cover.
        loss_eth: f64,
    },
    /// Wrapped units in a loot were sold.
    LootSold {
        /// What.
        asset: AssetId,
        /// At nav.
        eth: f64,
    },
    /// Unbacked units were pledged for a loan.
    Pledged {
        /// Where.
        market: MarketId,
        /// The debt.
        debt_eth: f64,
    },
    /// A correlation penalty was charged.
    Penalty {
        /// Whose validators.
        operator: OperatorId,
        /// What holders lost by it, net of cover.
        loss_eth: f64,
    },
    /// Units were bought out of the pools for redemption.
    Arbitrage {
        /// What.
        asset: AssetId,
        /// At nav.
        eth: f64,
    },
    /// A loan was liquidated.
    Liquidated {
        /// Where.
        market: MarketId,
        /// Collateral seized, at the oracle's price.
        seized_eth: f64,
        /// Debt repaid.
        repaid_eth: f64,
        /// Debt left without collateral.
        bad_debt_eth: f64,
    },
    /// An AVS was attacked.
    Attacked {
        /// Which.
        avs: AvsId,
        /// Operators in the coalition.
        n_operators: usize,
        /// What holders lost by it, net of cover.
        loss_eth: f64,
        /// What its users lost.
        users_eth: f64,
    },
    /// Holders wanted to leave.
    Leaving {
        /// What.
        asset: AssetId,
        /// Sold into the pools.
        sold_eth: f64,
        /// Paid from the buffer at once.
        paid_eth: f64,
        /// Sent into the queue.
        queued_eth: f64,
        /// Days until it is paid.
        wait_days: f64,
    },
    /// Queued units were paid out.
    PaidOut {
        /// What.
        asset: AssetId,
        /// At the nav of the day.
        eth: f64,
    },
    /// Suppliers took cash out of a reserve.
    Withdrawn {
        /// Which.
        reserve: ReserveId,
        /// How much.
        eth: f64,
    },
    /// Loops were closed.
    Unwound {
        /// Where.
        market: MarketId,
        /// Debt repaid.
        repaid_eth: f64,
        /// Debt left without collateral.
        bad_debt_eth: f64,
    },
}

/// The end of a day.
#[derive(Clone, Debug, PartialEq)]
pub struct DayRecord {
    /// Day, from 1.
    pub day: u32,
    /// Rounds in which something changed.
    pub rounds: u32,
    /// ETH waiting to leave the chain.
    pub exit_queue_eth: f64,
    /// Wrapped assets, in the network's order.
    pub assets: Vec<AssetDay>,
    /// Lending reserves, in the network's order.
    pub reserves: Vec<ReserveDay>,
}

/// A wrapped asset at the end of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssetDay {
    /// ETH of backing a unit.
    pub nav: f64,
    /// Market price in ETH.
    pub price: f64,
    /// `1 - price / nav`.
    pub discount: f64,
    /// Units waiting for redemption, at nav in ETH.
    pub queued_eth: f64,
    /// Days that a request of the day waits.
    pub wait_days: f64,
}

/// A lending reserve at the end of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReserveDay {
    /// Borrowed over borrowed and cash.
    pub utilization: f64,
    /// Borrow rate a year.
    pub rate: f64,
}

impl Happened {
    /// True of what begins something rather than follows from it.
    fn is_cause(&self) -> bool {
        matches!(self, Self::Fired { .. } | Self::Attacked { .. })
    }
}

/// A record in the making.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    pub(crate) record: Record,
    told: Told,
    /// Where the losses of a channel and a cause are.
    places: BTreeMap<(Channel, Cause), usize>,
}

impl Recorder {
    pub(crate) fn new(told: Told) -> Self {
        Self { record: Record::default(), told, places: BTreeMap::new() }
    }

    /// Adds losses to those of the same channel and cause, if there are any.
    pub(crate) fn enter(&mut self, entry: LossEntry) {
        let losses = &mut self.record.losses;
        let place = *self.places.entry((entry.channel, entry.cause)).or_insert(losses.len());
        let Some(kept) = losses.get_mut(place) else {
            losses.push(entry);
            return;
        };
        kept.nav_fall.iter_mut().zip(&entry.nav_fall).for_each(|(sum, x)| *sum += x);
        kept.asset_eth.iter_mut().zip(&entry.asset_eth).for_each(|(sum, x)| *sum += x);
        kept.direct_eth += entry.direct_eth;
        kept.users_eth += entry.users_eth;
    }

    /// Whether the ends of days are told.
    pub(crate) fn tells_days(&self) -> bool {
        self.told == Told::All
    }

    /// Adds a step, if it is one that is told.
    pub(crate) fn tell(&mut self, (day, round): (u32, u32), happened: Happened) {
        if self.told == Told::All || happened.is_cause() {
            self.record.steps.push(Step { day, round, happened });
        }
    }
}
