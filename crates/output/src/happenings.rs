//! The steps of a path as rows: what happened, to whom, and how much, each amount under one name,
//! for the tables of a stress and for whoever prints a path.

use serde::Serialize;
use slashfall_cascade::{Happened, Record, Step};
use slashfall_graph::Network;

/// A step of a path with names in place of numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepRow {
    /// Day, from 1.
    pub day: u32,
    /// Round of the day, from 1; 0 outside the rounds.
    pub round: u32,
    /// What happened.
    pub step: &'static str,
    /// What `node` is.
    pub node_kind: &'static str,
    /// To whom, or by what.
    pub node: String,
    /// How much.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// Amounts of a step; those that it does not have are absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Amounts {
    /// When, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tau_days: Option<f64>,
    /// How hard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<f64>,
    /// What holders lost by it at once, net of cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_eth: Option<f64>,
    /// What users of the AVS lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users_eth: Option<f64>,
    /// Sold, bought, seized, borrowed, withdrawn or paid out, as the step says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eth: Option<f64>,
    /// Debt repaid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaid_eth: Option<f64>,
    /// Debt left without collateral.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_debt_eth: Option<f64>,
    /// Paid from the buffer at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_eth: Option<f64>,
    /// Sent into the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_eth: Option<f64>,
    /// Days until it is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_days: Option<f64>,
}

impl StepRow {
    /// A step on a network; `source` gives the name of a source that fired.
    #[must_use]
    pub fn new(step: &Step, network: &Network, source: impl Fn(u32) -> String) -> Self {
        let none = Amounts::default();
        let asset = |id| ("asset", network.asset(id).name.clone());
        let market = |id| ("market", network.market(id).name.clone());
        let eth = |eth| Amounts { eth: Some(eth), ..none };
        let (what, (node_kind, node), amounts) = match step.happened {
            Happened::Fired { source: number, tau_days, severity, loss_eth } => {
                let when = Amounts { tau_days: Some(tau_days), severity: Some(severity), ..none };
                let amounts = Amounts { loss_eth: Some(loss_eth), ..when };
                ("fired", ("source", source(number)), amounts)
            }
            Happened::LootSold { asset: id, eth: sold } => ("loot_sold", asset(id), eth(sold)),
            Happened::Pledged { market: id, debt_eth } => ("pledged", market(id), eth(debt_eth)),
            Happened::Penalty { operator, loss_eth } => {
                let operator = network.operator(operator).name.clone();
                let amounts = Amounts { loss_eth: Some(loss_eth), ..none };
                ("penalty", ("operator", operator), amounts)
            }
            Happened::Arbitrage { asset: id, eth: bought } => ("arbitrage", asset(id), eth(bought)),
            Happened::Liquidated { market: id, seized_eth, repaid_eth, bad_debt_eth } => {
                let debt = Amounts { repaid_eth: Some(repaid_eth), ..eth(seized_eth) };
                let amounts = Amounts { bad_debt_eth: Some(bad_debt_eth), ..debt };
                ("liquidated", market(id), amounts)
            }
            Happened::Attacked { avs, loss_eth, users_eth, .. } => {
                let avs = network.avs(avs).name.clone();
                let loss = Amounts { loss_eth: Some(loss_eth), ..none };
                ("attacked", ("avs", avs), Amounts { users_eth: Some(users_eth), ..loss })
            }
            Happened::Leaving { asset: id, sold_eth, paid_eth, queued_eth, wait_days } => {
                let sold = Amounts { paid_eth: Some(paid_eth), ..eth(sold_eth) };
                let queued = Amounts { queued_eth: Some(queued_eth), ..sold };
                ("leaving", asset(id), Amounts { wait_days: Some(wait_days), ..queued })
            }
            Happened::PaidOut { asset: id, eth: paid } => ("paid_out", asset(id), eth(paid)),
            Happened::Withdrawn { reserve, eth: taken } => {
                ("withdrawn", ("reserve", network.reserve(reserve).name.clone()), eth(taken))
            }
            Happened::Unwound { market: id, repaid_eth, bad_debt_eth } => {
                let debt = Amounts { repaid_eth: Some(repaid_eth), ..none };
                ("unwound", market(id), Amounts { bad_debt_eth: Some(bad_debt_eth), ..debt })
            }
        };
        let (day, round) = (step.day, step.round);
        Self { day, round, step: what, node_kind, node, amounts }
    }
}

/// What the steps of a day come to, in ETH.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct DaySums {
    /// Lost by events, penalties and attacks, and bad debt realised.
    pub lost_eth: f64,
    /// Sold into the pools by those who leave and by thieves.
    pub sold_eth: f64,
    /// Bought out of the pools.
    pub bought_eth: f64,
    /// Collateral seized.
    pub liquidated_eth: f64,
    /// Debt left without collateral.
    pub bad_debt_eth: f64,
    /// Borrowed against units minted without backing.
    pub borrowed_eth: f64,
    /// Debt of loops repaid.
    pub unwound_eth: f64,
    /// Cash taken out of reserves.
    pub withdrawn_eth: f64,
    /// Units that were queued paid out.
    pub paid_out_eth: f64,
    /// Units paid from buffers at once.
    pub paid_at_once_eth: f64,
}

impl DaySums {
    /// The sums of each day of a path, as many as its record has days.
    #[must_use]
    pub fn of(record: &Record) -> Vec<Self> {
        let mut days = vec![Self::default(); record.days.len()];
        for step in &record.steps {
            let day = usize::try_from(step.day).unwrap_or_default().saturating_sub(1);
            if let Some(day) = days.get_mut(day) {
                day.add(&step.happened);
            }
        }
        days
    }

    /// What all steps of a path come to.
    #[must_use]
    pub fn total(record: &Record) -> Self {
        let mut all = Self::default();
        record.steps.iter().for_each(|step| all.add(&step.happened));
        all
    }

    fn add(&mut self, happened: &Happened) {
        match *happened {
            Happened::Fired { loss_eth, .. } | Happened::Penalty { loss_eth, .. } => {
                self.lost_eth += loss_eth;
            }
            Happened::Attacked { loss_eth, users_eth, .. } => self.lost_eth += loss_eth + users_eth,
            Happened::LootSold { eth, .. } => self.sold_eth += eth,
            Happened::Pledged { debt_eth, .. } => self.borrowed_eth += debt_eth,
            Happened::Arbitrage { eth, .. } => self.bought_eth += eth,
            Happened::Liquidated { seized_eth, bad_debt_eth, .. } => {
                self.liquidated_eth += seized_eth;
                self.bad_debt_eth += bad_debt_eth;
                self.lost_eth += bad_debt_eth;
            }
            Happened::Leaving { sold_eth, paid_eth, .. } => {
                self.sold_eth += sold_eth;
                self.paid_at_once_eth += paid_eth;
            }
            Happened::PaidOut { eth, .. } => self.paid_out_eth += eth,
            Happened::Withdrawn { eth, .. } => self.withdrawn_eth += eth,
            Happened::Unwound { repaid_eth, bad_debt_eth, .. } => {
                self.unwound_eth += repaid_eth;
                self.bad_debt_eth += bad_debt_eth;
                self.lost_eth += bad_debt_eth;
            }
        }
    }

    /// Its amounts by name, for tables.
    #[must_use]
    pub fn by_name(&self) -> [(&'static str, f64); 10] {
        [
            ("lost", self.lost_eth),
            ("sold", self.sold_eth),
            ("bought", self.bought_eth),
            ("liquidated", self.liquidated_eth),
            ("bad_debt", self.bad_debt_eth),
            ("borrowed", self.borrowed_eth),
            ("unwound", self.unwound_eth),
            ("withdrawn", self.withdrawn_eth),
            ("paid_out", self.paid_out_eth),
            ("paid_at_once", self.paid_at_once_eth),
        ]
    }
}
