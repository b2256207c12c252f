//! Security of AVSs (section 6.8 of `docs/model.md`): one is attacked when what an attack yields is
//! more than the stake it costs; the coalition is slashed, and the stake of others with it.
//!
//! `A_s = sum min(w, M) l active units nav` is kept as a sum by (AVS, holder, asset) at navs of day
//! 0, worked out anew only where something was slashed or stolen; navs and payments enter as one
//! ratio a (holder, asset). So a quiet day costs one pass over these ratios.

use std::ops::Range;

use slashfall_graph::{
    AllocationId, AvsId, ColumnId, HoldingId, MemberId, Network, OperatorId, StakeId,
};

use crate::attribution::Cause;
use crate::parameters::SecurityParameters;
use crate::record::Happened;
use crate::setting::{PathInput, Setting};
use crate::slash::Slasher;
use crate::sparse::Sparse;
use crate::state::State;

/// Room for rounding between the bound for all AVSs and the sum for each.
pub(crate) const MARGIN: f64 = 1.0 + 1e-9;

/// Who may slash what: the same on every path.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    /// By AVS: its part of `slots`.
    slots_of: Vec<Range<usize>>,
    /// (holder, asset) sums, AVS by AVS.
    slots: Vec<ColumnId>,
    /// By AVS: its part of `claims`.
    claims_of: Vec<Range<usize>>,
    claims: Vec<Claim>,
    /// What corrupting an AVS yields over its threshold: the stake below which it pays.
    safe_stake_eth: Vec<f64>,
    /// Value of the slots on day 0, in ETH.
    slot_eth_0: Vec<f64>,
    /// The (holder, asset) sums that some AVS may slash, each once.
    pub(crate) columns: Vec<ColumnId>,
    /// Highest of all needs of day 0.
    need_0: f64,
}

/// One holding that one allocation reaches.
#[derive(Clone, Copy, Debug)]
struct Claim {
    allocation: AllocationId,
    stake: StakeId,
    holding: HoldingId,
    /// Where the holding is validators, whose.
    validators_of: Option<OperatorId>,
    /// Of the holding's asset.
    nav_0: f64,
    slot: usize,
}

impl Claim {
    fn new(
        network: &Network,
        nav_0: &[f64],
        (allocation, id): (AllocationId, HoldingId),
        slot: usize,
    ) -> Self {
        let holding = network.holding(id);
        Self {
            allocation,
            stake: network.allocation(allocation).stake,
            holding: id,
            validators_of: holding.operator.filter(|_| holding.is_native()),
            nav_0: nav_0[holding.asset.index()],
            slot,
        }
    }
}

impl Claims {
    pub(crate) fn new(network: &Network, security: &SecurityParameters, nav_0: &[f64]) -> Self {
        let mut all = Self {
            slots_of: Vec::new(),
            slots: Vec::new(),
            claims_of: Vec::new(),
            claims: Vec::new(),
            safe_stake_eth: Vec::new(),
            slot_eth_0: Vec::new(),
            columns: Vec::new(),
            need_0: 0.0,
        };
        if security.attack_prob <= 0.0 {
            return all; // nobody attacks, and nobody asks
        }
        for number in 0..network.avss().len() {
            all.add(network, nav_0, AvsId::new(number));
        }
        all.columns = all.slots.clone();
        all.columns.sort_unstable();
        all.columns.dedup();
        all.slot_eth_0 = vec![0.0; all.slots.len()];
        for claim in &all.claims {
            let holding = network.holding(claim.holding);
            let fraction = network.allocation(claim.allocation).fraction.min(1.0);
            all.slot_eth_0[claim.slot] += fraction * holding.units * nav_0[holding.asset.index()];
        }
        for (avs, slots) in network.avss().iter().zip(&all.slots_of) {
            let stake: f64 = all.slot_eth_0[slots.clone()].iter().sum();
            let profit = avs.profit_from_corruption_eth;
            let safe = match profit {
                Some(profit) => profit / avs.attack_threshold,
                None => stake / (1.0 + security.security_slack),
            };
            // What has no stake is no AVS yet.
            all.safe_stake_eth.push(if stake > 0.0 { safe } else { 0.0 });
        }
        all.need_0 = all.need(&all.slot_eth_0, |_| true);
        all
    }

    fn add(&mut self, network: &Network, nav_0: &[f64], avs: AvsId) {
        let (first_slot, first_claim) = (self.slots.len(), self.claims.len());
        for &member in network.avs_members(avs) {
            for allocation in network.member_allocations(member) {
                for &holding in network.stake_holdings(network.allocation(allocation).stake) {
                    let column = network.holding(holding).column;
                    let known = self.slots[first_slot..].iter().position(|&c| c == column);
                    let slot = first_slot + known.unwrap_or(self.slots.len() - first_slot);
                    if slot == self.slots.len() {
                        self.slots.push(column);
                    }
                    self.claims.push(Claim::new(network, nav_0, (allocation, holding), slot));
                }
            }
        }
        self.slots_of.push(first_slot..self.slots.len());
        self.claims_of.push(first_claim..self.claims.len());
    }

    /// The least share of its stake of `slot_eth` that some living AVS needs to be safe.
    fn need(&self, slot_eth: &[f64], lives: impl Fn(usize) -> bool) -> f64 {
        let avss = self.safe_stake_eth.iter().zip(&self.slots_of).enumerate();
        let needs = avss.filter(|(avs, _)| lives(*avs)).map(|(_, (safe, slots))| {
            let stake: f64 = slot_eth[slots.clone()].iter().sum();
            if *safe <= 0.0 {
                0.0
            } else if stake > 0.0 {
                safe / stake
            } else {
                f64::INFINITY
            }
        });
        needs.fold(0.0, f64::max)
    }
}

/// The security of AVSs on a path.
#[derive(Clone, Debug)]
pub(crate) struct Security {
    /// Value of each slot at navs of day 0 and before payments, in ETH.
    slot_eth: Sparse<f64>,
    /// AVSs whose slots are to be worked out anew.
    stale: Vec<AvsId>,
    avss: Vec<AvsState>,
    avss_touched: bool,
    /// The least share of its stake that some AVS needs to be safe, as of the last working out.
    need: f64,
    /// At least this share of the stake of each AVS is left of what it was then.
    kept: f64,
    /// At most the least of all ratios.
    pub(crate) least: f64,
    /// What of a (holder, asset) sum is left through payments and navs; scratch.
    ratios: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct AvsState {
    dead: bool,
    stale: bool,
    /// Days on which an attack would have paid, and the last of them.
    attackable_days: i32,
    last_day: u32,
}

impl Security {
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        let network = setting.network;
        Self {
            slot_eth: Sparse::new(setting.claims.slot_eth_0.clone()),
            stale: Vec::new(),
            avss: vec![AvsState::default(); network.avss().len()],
            avss_touched: false,
            need: setting.claims.need_0,
            kept: 1.0,
            least: 1.0,
            ratios: vec![1.0; network.columns().len()],
        }
    }

    /// The AVSs that have been attacked.
    pub(crate) fn dead(&self) -> impl Iterator<Item = AvsId> + '_ {
        let avss = self.avss.iter().enumerate();
        avss.filter(|(_, avs)| avs.dead).map(|(index, _)| AvsId::new(index))
    }

    pub(crate) fn reset(&mut self, setting: &Setting<'_>) {
        self.slot_eth.reset();
        self.stale.clear();
        if std::mem::take(&mut self.avss_touched) {
            self.avss.fill(AvsState::default());
        }
        self.need = setting.claims.need_0;
        self.kept = 1.0;
        self.least = 1.0;
    }

    /// Notes that some ratios may have changed by this factor.
    pub(crate) fn note_fall(&mut self, factor: f64) {
        self.least *= factor.min(1.0);
    }

    /// At least the least share that some AVS needs: the stake that a penalty took a thousandth of need
    /// not be added up anew to see that it is enough.
    pub(crate) fn need_at_most(&self) -> f64 {
        self.need / self.kept
    }

    fn note(&mut self, avs: AvsId) {
        self.avss_touched = true;
        if !std::mem::replace(&mut self.avss[avs.index()].stale, true) {
            self.stale.push(avs);
        }
    }
}

impl State<'_> {
    fn attacks_happen(&self) -> bool {
        self.setting.parameters.security.attack_prob > 0.0
    }

    /// Notes that a stake cell is not what it was.
    pub(crate) fn note_claims_of_stake(&mut self, stake: StakeId) {
        if self.attacks_happen() {
            self.security.kept = 0.0;
            for &allocation in self.network.stake_allocations(stake) {
                self.security.note(self.network.allocation(allocation).avs);
            }
        }
    }

    /// Notes that a share of an operator's validators is left of what they were.
    pub(crate) fn note_claims_of_operator(&mut self, operator: OperatorId, left: f64) {
        let members = self.network.operator_members(operator);
        if self.attacks_happen() && !members.is_empty() {
            self.security.kept *= left;
            for &member in members {
                self.security.note(self.network.member(member).avs);
            }
        }
    }

    /// Attacks what pays and is attacked this day; true if anything was.
    pub(crate) fn attack(&mut self, day: u32, input: &PathInput<'_>) -> bool {
        if !self.attacks_happen() {
            return false;
        }
        // Bounds spare most days the pass over all ratios, and most penalties the sums over all claims.
        let enough = self.security.need_at_most() * MARGIN;
        if self.security.least >= enough || self.least_ratio() >= enough {
            return false;
        }
        self.refresh_claims();
        if self.security.least >= self.security.need * MARGIN {
            return false;
        }
        let mut any = false;
        for number in 0..self.network.avss().len() {
            let avs = AvsId::new(number);
            any |= self.attack_if_it_pays(avs, day, input);
        }
        any
    }

    /// Works out anew the slots of AVSs whose stake was slashed or stolen.
    fn refresh_claims(&mut self) {
        if self.security.stale.is_empty() {
            return;
        }
        self.security.kept = 1.0;
        let claims = &self.setting.claims;
        while let Some(avs) = self.security.stale.pop() {
            self.security.avss[avs.index()].stale = false;
            for slot in claims.slots_of[avs.index()].clone() {
                self.security.slot_eth.set(slot, 0.0);
            }
            for claim in &claims.claims[claims.claims_of[avs.index()].clone()] {
                let eth = self.security.slot_eth.get(claim.slot) + self.claim_eth(claim);
                self.security.slot_eth.set_again(claim.slot, eth);
            }
        }
        let avss = &self.security.avss;
        self.security.need = claims.need(self.security.slot_eth.rows(), |avs| !avss[avs].dead);
    }

    /// What a claim reaches at the nav of day 0 and before payments, in ETH.
    fn claim_eth(&self, claim: &Claim) -> f64 {
        let magnitude = self.magnitude.get(claim.stake.index());
        let fraction = self.fraction.get(claim.allocation.index()).min(magnitude);
        let beacon = claim.validators_of.map_or(1.0, |o| self.beacon_factor.get(o.index()));
        let units = self.units.get(claim.holding.index()) * beacon;
        fraction * units * claim.nav_0
    }

    /// Takes what is left of each (holder, asset) sum through payments and navs; gives the least.
    fn least_ratio(&mut self) -> f64 {
        let mut least = f64::INFINITY;
        for &id in &self.setting.claims.columns {
            let column = &self.network.columns()[id.index()];
            let asset = column.asset.index();
            let ratio = self.active(column.holder) * self.nav[asset] / self.nav_0[asset];
            self.security.ratios[id.index()] = ratio;
            least = least.min(ratio);
        }
        self.security.least = least;
        least
    }

    /// Slashable stake of an AVS, in ETH.
    fn slashable_eth(&self, avs: AvsId) -> f64 {
        let claims = &self.setting.claims;
        let slots = claims.slots_of[avs.index()].clone();
        let slots = slots.map(|slot| {
            self.security.ratios[claims.slots[slot].index()] * self.security.slot_eth.get(slot)
        });
        slots.sum()
    }

    fn attack_if_it_pays(&mut self, avs: AvsId, day: u32, input: &PathInput<'_>) -> bool {
        let safe = self.setting.claims.safe_stake_eth[avs.index()];
        if self.security.avss[avs.index()].dead || safe <= self.slashable_eth(avs) {
            return false;
        }
        self.security.avss_touched = true;
        let state = &mut self.security.avss[avs.index()];
        if state.last_day != day {
            state.last_day = day;
            state.attackable_days += 1;
        }
        let quiet = 1.0 - self.setting.parameters.security.attack_prob;
        let attacked = 1.0 - quiet.powi(state.attackable_days);
        if (input.attack_uniform)(avs) >= attacked {
            return false;
        }
        self.carry_out(avs);
        true
    }

    /// The coalition is slashed, the AVS dies, its users lose.
    fn carry_out(&mut self, avs: AvsId) {
        let before = self.lost_eth();
        let coalition = self.coalition(avs);
        for &member in &coalition {
            self.slash_member(member, 1.0, Slasher::Attack);
        }
        for &member in self.network.avs_members(avs) {
            for allocation in self.network.member_allocations(member) {
                self.fraction.set(allocation.index(), 0.0);
            }
        }
        self.mark();
        let loss_eth = self.lost_eth() - before;
        let share = self.setting.parameters.security.loss_given_attack;
        let users_eth = self.network.avs(avs).secured_value_eth * share;
        self.book_users_loss(Cause { avs: Some(avs), ..Cause::default() }, users_eth);
        self.ledger.sums.avs_users += users_eth;
        self.ledger.sums.n_attacked += 1;
        self.security.avss[avs.index()].dead = true;
        self.security.note(avs);
        self.refresh_claims();
        self.least_ratio(); // the next AVS is judged on the navs that this one left
        let n_operators = coalition.len();
        self.tell(|| Happened::Attacked { avs, n_operators, loss_eth, users_eth });
    }

    /// The members with the most slashable stake, until they hold the threshold of it.
    fn coalition(&self, avs: AvsId) -> Vec<MemberId> {
        let members = self.network.avs_members(avs).iter();
        let mut stakes: Vec<(f64, MemberId)> =
            members.map(|&member| (self.member_eth(member), member)).collect();
        // Members are in order of operator, and the sort is stable.
        stakes.sort_by(|a, b| b.0.total_cmp(&a.0));
        let needed = self.network.avs(avs).attack_threshold * self.slashable_eth(avs);
        let mut held = 0.0;
        let enough = stakes.iter().take_while(|(stake, _)| {
            let more = held < needed;
            held += stake;
            more
        });
        enough.map(|&(_, member)| member).collect()
    }

    /// Slashable stake of one member, in ETH.
    fn member_eth(&self, member: MemberId) -> f64 {
        let network = self.network;
        let mut stake_eth = 0.0;
        for allocation in network.member_allocations(member) {
            for &holding in network.stake_holdings(network.allocation(allocation).stake) {
                let column = network.holding(holding).column.index();
                let claim = Claim::new(network, &self.nav_0, (allocation, holding), 0);
                stake_eth += self.security.ratios[column] * self.claim_eth(&claim);
            }
        }
        stake_eth
    }
}
