//! Slashing by AVSs (section 6.1 of `docs/model.md`): one formula for unique and for shared stake.
//!
//! `lost = f min(w, M); M <- M - lost; w <- w - lost` (EigenLayer's `AllocationManager` for unique
//! stake, where `min` never binds; Bar-Zur and Eyal 2025 for shared stake, where it does).

use slashfall_graph::{AllocationId, AvsId, MemberId, OperatorId, StakeId};

use crate::attribution::{Cause, Channel};
use crate::ledger::Taker;
use crate::state::State;

/// Why an AVS slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slasher {
    /// A source fired.
    Source(u32),
    /// It was attacked.
    Attack,
}

impl Slasher {
    fn source(self) -> Option<u32> {
        match self {
            Self::Source(source) => Some(source),
            Self::Attack => None,
        }
    }

    fn channel(self) -> Channel {
        match self {
            Self::Source(_) => Channel::AvsSlash,
            Self::Attack => Channel::AttackSlash,
        }
    }

    fn taker(self, redistributes: bool) -> Taker {
        match (self, redistributes) {
            (Self::Source(_), false) => Taker::Burned,
            (Self::Source(_), true) => Taker::Redistributed,
            (Self::Attack, false) => Taker::BurnedInAttack,
            (Self::Attack, true) => Taker::RedistributedInAttack,
        }
    }
}

impl State<'_> {
    /// An AVS slashes an operator by the fraction `f` of what it may, in every asset.
    pub(crate) fn slash_member(&mut self, id: MemberId, f: f64, slasher: Slasher) {
        let network = self.network;
        let member = network.member(id);
        let taker = slasher.taker(network.avs(member.avs).redistributes);
        for allocation in network.member_allocations(id) {
            self.slash_allocation(allocation, f, taker);
        }
        if self.hit_took {
            self.mark_slashed(member.operator);
        }
        self.settle(slasher.channel(), cause(slasher.source(), Some(member.avs), member.operator));
    }

    /// Every AVS of an operator slashes it by `f`, in order of AVS; with `reach_all` the stake that
    /// no AVS has a claim on loses `f` too, to whoever holds the keys.
    pub(crate) fn slash_operator(
        &mut self,
        operator: OperatorId,
        f: f64,
        reach_all: bool,
        source: u32,
    ) {
        let network = self.network;
        for &member in network.operator_members(operator) {
            self.slash_member(member, f, Slasher::Source(source));
        }
        if reach_all {
            for &stake in network.operator_stakes(operator) {
                self.take_unallocated(stake, f);
            }
            if self.hit_took {
                self.mark_slashed(operator);
            }
            self.settle(Channel::AvsSlash, cause(Some(source), None, operator));
        }
    }

    fn slash_allocation(&mut self, id: AllocationId, f: f64, taker: Taker) {
        let stake = self.network.allocation(id).stake;
        let fraction = self.fraction.get(id.index());
        let lost = f * fraction.min(self.magnitude.get(stake.index()));
        if lost > 0.0 {
            self.fraction.set(id.index(), fraction - lost);
            self.lose_magnitude(stake, lost, taker);
        }
    }

    fn take_unallocated(&mut self, stake: StakeId, f: f64) {
        let allocations = self.network.stake_allocations(stake);
        let claimed: f64 = allocations.iter().map(|a| self.fraction.get(a.index())).sum();
        let lost = f * (self.magnitude.get(stake.index()) - claimed);
        if lost > 0.0 {
            self.lose_magnitude(stake, lost, Taker::Redistributed);
        }
    }

    fn lose_magnitude(&mut self, stake: StakeId, lost: f64, taker: Taker) {
        let magnitude = self.magnitude.get(stake.index());
        for &holding in self.network.stake_holdings(stake) {
            let lost_units = self.units_at_work(holding) * (lost / magnitude);
            self.take(holding, lost_units, taker);
        }
        self.magnitude.set(stake.index(), (magnitude - lost).max(0.0));
        self.note_claims_of_stake(stake);
    }
}

fn cause(source: Option<u32>, avs: Option<AvsId>, operator: OperatorId) -> Cause {
    Cause { source, avs, operator: Some(operator) }
}
