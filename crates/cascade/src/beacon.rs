//! Penalties of the beacon chain (section 6.2 of `docs/model.md`; consensus-specs, Electra).
//!
//! A slashed validator loses 1/4096 of its balance at once
//! (`MIN_SLASHING_PENALTY_QUOTIENT_ELECTRA`) and the attestations it then misses; 18 days later
//! three times the share of all stake that was slashed within 18 days either side
//! (`PROPORTIONAL_SLASHING_MULTIPLIER_BELLATRIX`). Offline validators miss attestations while the
//! chain finalises, and leak quadratically while it does not.

use slashfall_graph::{HoldingId, OperatorId};

use crate::attribution::{Cause, Channel};
use crate::day::operators;
use crate::event::{Event, Events};
use crate::ledger::Taker;
use crate::parameters::BeaconParameters;
use crate::record::Happened;
use crate::state::State;

/// Initial penalty of a slashed validator, a fraction of its balance.
const INITIAL_PENALTY: f64 = 1.0 / 4096.0;
/// Attestations missed until withdrawal, a fraction of the balance, at [`REFERENCE_ACTIVE_ETH`].
const MISSED_AFTER_SLASH: f64 = 0.056 / 32.0;
/// Attestations missed in one epoch offline, a fraction of the balance, at the reference.
const MISSED_PER_EPOCH: f64 = 2.1e-7;
/// Total active stake at which the two above were measured; rewards go with its inverse root.
const REFERENCE_ACTIVE_ETH: f64 = 35_000_000.0;
/// Days from a slashing to its correlation penalty, and the reach of the correlation either side.
const CORRELATION_DAYS: f64 = 18.0;
/// Multiplier of the share slashed.
const CORRELATION_MULTIPLIER: f64 = 3.0;
/// `INACTIVITY_PENALTY_QUOTIENT_BELLATRIX` over the square root that integration leaves: the
/// balance after n epochs is `exp(-n^2 / 2^25)`.
const LEAK_QUOTIENT: f64 = 33_554_432.0;
/// Epochs after which a validator that leaks is ejected.
const LEAK_EPOCHS_MAX: f64 = 4_686.0;
/// Offline share of all stake above which the chain stops finalising.
const FINALITY_SHARE: f64 = 1.0 / 3.0;

/// A correlation penalty that has still to fall.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pending {
    due_day: u32,
    operator: OperatorId,
    slashed_share: f64,
    tau_days: f64,
    source: u32,
}

impl Pending {
    fn is_due(&self, day: u32, last_day: u32) -> bool {
        self.due_day == day || day == last_day
    }
}

/// What the chain remembers of a path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beacon {
    pending: Vec<Pending>,
    /// When, and how much ETH was slashed, background included.
    slashed_eth: Vec<(f64, f64)>,
}

impl Beacon {
    pub(crate) fn reset(&mut self) {
        self.pending.clear();
        self.slashed_eth.clear();
    }

    /// True when some penalty is charged on `day`.
    pub(crate) fn is_due(&self, day: u32, last_day: u32) -> bool {
        self.pending.iter().any(|penalty| penalty.is_due(day, last_day))
    }

    /// ETH slashed within 18 days either side of `tau_days`.
    fn slashed_around(&self, tau_days: f64) -> f64 {
        let near = |&&(tau, _): &&(f64, f64)| (tau - tau_days).abs() <= CORRELATION_DAYS;
        self.slashed_eth.iter().filter(near).map(|(_, eth)| eth).sum()
    }
}

fn reward_scale(parameters: &BeaconParameters) -> f64 {
    (REFERENCE_ACTIVE_ETH / parameters.total_active_eth).sqrt()
}

/// Share of the balance left after `epochs` epochs of inactivity leak.
fn leaked_share(epochs: f64) -> f64 {
    let epochs = epochs.min(LEAK_EPOCHS_MAX);
    -(-epochs * epochs / LEAK_QUOTIENT).exp_m1()
}

impl State<'_> {
    /// Validators are slashed: initial penalty now, correlation penalty in 18 days.
    pub(crate) fn slash_validators(
        &mut self,
        events: &Events,
        event: &Event,
        background: f64,
        parameters: &BeaconParameters,
    ) {
        let initial = INITIAL_PENALTY + MISSED_AFTER_SLASH * reward_scale(parameters);
        let mut slashed_eth = event.severity * background * self.background_eth(parameters);
        for (operator, share) in operators(events.hits(event)) {
            let slashed_share = event.severity * share;
            if slashed_share <= 0.0 {
                continue;
            }
            slashed_eth += slashed_share * self.native_eth(operator);
            self.lose_beacon(operator, slashed_share * initial, Taker::Beacon);
            if self.hit_took {
                self.mark_slashed(operator);
            }
            self.settle(Channel::Beacon, cause(event.source, operator));
            self.beacon.pending.push(Pending {
                due_day: due_day(event.tau_days),
                operator,
                slashed_share,
                tau_days: event.tau_days,
                source: event.source,
            });
        }
        self.beacon.slashed_eth.push((event.tau_days, slashed_eth));
    }

    /// Charges the correlation penalties due on `day`, or all that are left on the last day.
    pub(crate) fn charge_due_penalties(
        &mut self,
        day: u32,
        last_day: u32,
        parameters: &BeaconParameters,
    ) {
        if self.beacon.pending.is_empty() {
            return;
        }
        let pending = std::mem::take(&mut self.beacon.pending);
        for penalty in &pending {
            if !penalty.is_due(day, last_day) {
                continue;
            }
            let x = self.beacon.slashed_around(penalty.tau_days) / parameters.total_active_eth;
            let lost = penalty.slashed_share * (CORRELATION_MULTIPLIER * x).min(1.0);
            let before = self.lost_eth();
            self.lose_beacon(penalty.operator, lost, Taker::Beacon);
            self.settle(Channel::Beacon, cause(penalty.source, penalty.operator));
            let loss_eth = self.lost_eth() - before;
            self.tell(|| Happened::Penalty { operator: penalty.operator, loss_eth });
        }
        self.beacon.pending = pending;
        self.beacon.pending.retain(|penalty| !penalty.is_due(day, last_day));
    }

    /// Validators are offline for a number of epochs (the event's severity), all charged now.
    pub(crate) fn go_offline(
        &mut self,
        events: &Events,
        event: &Event,
        background: f64,
        parameters: &BeaconParameters,
    ) {
        let hits = events.hits(event);
        let inside: f64 = operators(hits).map(|(o, share)| share * self.native_eth(o)).sum();
        let offline_eth = inside + background * self.background_eth(parameters);
        let epochs = event.severity;
        let lost = if offline_eth > FINALITY_SHARE * parameters.total_active_eth {
            leaked_share(epochs)
        } else {
            (MISSED_PER_EPOCH * reward_scale(parameters) * epochs).min(1.0)
        };
        for (operator, share) in operators(hits) {
            self.lose_beacon(operator, share * lost, Taker::Leak);
            self.settle(Channel::Leak, cause(event.source, operator));
        }
    }

    /// Native ETH at an operator before AVS magnitudes: an AVS takes nothing off the chain. What
    /// has been paid out has left it.
    fn native_eth(&self, operator: OperatorId) -> f64 {
        let holdings = self.network.operator_native(operator);
        let left = |&h: &HoldingId| {
            self.units.get(h.index()) * self.active(self.network.holding(h).holder)
        };
        let units: f64 = holdings.iter().map(left).sum();
        units * self.beacon_factor.get(operator.index())
    }

    /// Active stake that is not in the network, as of day 0.
    fn background_eth(&self, parameters: &BeaconParameters) -> f64 {
        (parameters.total_active_eth - self.native_eth_0).max(0.0)
    }

    fn lose_beacon(&mut self, operator: OperatorId, lost: f64, taker: Taker) {
        // A chain with almost nothing at stake would charge more than all.
        let lost = lost.min(1.0);
        if lost <= 0.0 {
            return;
        }
        for &holding in self.network.operator_native(operator) {
            let lost_units = self.units_at_work(holding) * lost;
            self.take(holding, lost_units, taker);
        }
        let factor = self.beacon_factor.get(operator.index());
        self.beacon_factor.set(operator.index(), factor * (1.0 - lost));
        self.note_claims_of_operator(operator, 1.0 - lost);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "days fit, and time is positive"
)]
fn due_day(tau_days: f64) -> u32 {
    (tau_days + CORRELATION_DAYS).ceil() as u32
}

fn cause(source: u32, operator: OperatorId) -> Cause {
    Cause { source: Some(source), avs: None, operator: Some(operator) }
}
