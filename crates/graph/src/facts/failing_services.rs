//! How many AVSs may fail before another can be attacked, because stake that several share is gone
//! for all of them once one has slashed it.
//!
//! Bar-Zur and Eyal 2025, "Elastic Restaking Networks" (arXiv 2503.00170): an adversary picks
//! services whose failure slashes all that is allocated to them, what is left of the stake
//! stretches over the other allocations, and the network is robust if nobody then profits from an
//! attack. Here, for a set F of failed AVSs and as in model 4.1 and 4.6,
//!
//! ```text
//! A_s(F) = sum over cells: min(w, M) stake nav(F) / nav(0)        M = max(0, 1 - sum over F of w)
//! s not in F can be attacked when pi_s > theta_s A_s(F)
//! ```
//!
//! with single AVSs attacked one at a time, not coalitions of them. `A_s` only falls as F grows,
//! so the size of the smallest set that opens an AVS is the answer. Unique stake never stretches:
//! one AVS then reaches another only through the nav of a restaked token.
//!
//! The search is exact as far as a fixed amount of work goes: sets of one, then of two and so on,
//! for each AVS those that take most from it first, and no set whose reaches do not add up to the
//! slack (losses are at most additive). Before it, a greedy set gives an upper bound.

mod target;

use super::security::AvsSecurity;
use crate::ids::AvsId;
use crate::network::Network;
use target::{Slashes, Target, targets};

/// Cells, allocations and holdings that the search may visit; about half a second.
const WORK: u64 = 200_000_000;

/// How many failing AVSs a network tolerates.
#[derive(Clone, Debug, PartialEq)]
pub struct FailingServices {
    /// AVSs of the network.
    pub n_avss: usize,
    /// Size of the smallest set found whose failure opens another AVS to attack: 0 if one is open
    /// now, none if no set does that.
    pub broken_by: Option<usize>,
    /// No set smaller than this does it, which is proved; `n_avss + 1` if no set at all does.
    pub none_below: usize,
    /// The smallest set found.
    pub witness: Option<Witness>,
}

/// AVSs whose failure opens another to attack.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// Those that fail, in order of id; empty if no failure is needed.
    pub failed: Vec<AvsId>,
    /// The one that can be attacked then.
    pub attackable: AvsId,
    /// What it can slash then, in ETH.
    pub slashable_eth: f64,
}

impl FailingServices {
    /// The network tolerates any failure of so many AVSs; none if it does not tolerate even 0.
    #[must_use]
    pub fn tolerated_at_least(&self) -> Option<usize> {
        self.none_below.checked_sub(1)
    }

    /// Some failure of one AVS more breaks it; all of them if nothing does, none if it is broken
    /// as it stands.
    #[must_use]
    pub fn tolerated_at_most(&self) -> Option<usize> {
        self.broken_by.unwrap_or(self.n_avss + 1).checked_sub(1)
    }

    /// True where the two bounds are one number.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.tolerated_at_least() == self.tolerated_at_most()
    }
}

/// Finds the smallest set of AVSs whose failure opens another, or bounds its size.
///
/// AVSs without stake are neither attacked nor fail.
#[must_use]
pub fn failing_services(network: &Network, security: &[AvsSecurity]) -> FailingServices {
    bounded(network, security, WORK)
}

fn bounded(network: &Network, security: &[AvsSecurity], work: u64) -> FailingServices {
    let slashes = Slashes::new(network);
    let targets = targets(&slashes, security);
    let mut greedy_work = Work(work / 4);
    let greedy = targets
        .iter()
        .map(|target| (target, small_set(target, &mut greedy_work)))
        .min_by_key(|(_, set)| set.len());
    let Some((target, set)) = greedy else {
        return FailingServices {
            n_avss: network.avss().len(),
            broken_by: None,
            none_below: network.avss().len() + 1,
            witness: None,
        };
    };
    let (none_below, smaller) = smallest(&targets, set.len(), &mut Work(work - work / 4));
    let witness = smaller.unwrap_or_else(|| target.witness(&set));
    FailingServices {
        n_avss: network.avss().len(),
        broken_by: Some(witness.failed.len()),
        none_below,
        witness: Some(witness),
    }
}

/// What is left of the work allowed.
struct Work(u64);

impl Work {
    /// Takes `cost`, or nothing and says no.
    fn spend(&mut self, cost: u64) -> bool {
        let left = self.0.checked_sub(cost);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// A small set that opens the target: those with the largest reach, less those not needed.
fn small_set(target: &Target<'_>, work: &mut Work) -> Vec<usize> {
    let all: Vec<usize> = (0..target.n_others()).collect();
    let mut set = all[..shortest_prefix(target, &all)].to_vec();
    for index in (0..set.len()).rev() {
        if !work.spend(target.cost(&set)) {
            break;
        }
        let dropped = set.remove(index);
        if !target.is_open(&set) {
            set.insert(index, dropped);
        }
    }
    set
}

/// Length of the shortest prefix that opens the target, by bisection; all of them do.
fn shortest_prefix(target: &Target<'_>, others: &[usize]) -> usize {
    let (mut low, mut high) = (0, others.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if target.is_open(&others[..middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The size below which no set opens any target, and a set of that size if one was found; looks
/// only at sizes below `limit`.
fn smallest(targets: &[Target<'_>], limit: usize, work: &mut Work) -> (usize, Option<Witness>) {
    for size in 0..limit {
        for target in targets {
            let mut search = Search { target, chosen: Vec::new(), work: &mut *work };
            match search.opens(0, size) {
                Some(true) => return (size, Some(target.witness(&search.chosen))),
                Some(false) => {}
                None => return (size, None),
            }
        }
    }
    (limit, None)
}

/// A depth-first search for a set of one size that opens one target.
struct Search<'a> {
    target: &'a Target<'a>,
    chosen: Vec<usize>,
    work: &'a mut Work,
}

impl Search<'_> {
    /// Whether `missing` more, from `start` on, can be chosen so that the target is open; none
    /// when the work allowed is spent. On success `chosen` is the set.
    fn opens(&mut self, start: usize, missing: usize) -> Option<bool> {
        if !self.work.spend(self.target.cost(&self.chosen)) {
            return None;
        }
        if missing == 0 {
            return Some(self.target.is_open(&self.chosen));
        }
        let spare_eth = self.target.spare_eth(&self.chosen);
        for next in start..self.target.n_others() {
            if self.target.reach_eth(next, missing) < spare_eth {
                break;
            }
            self.chosen.push(next);
            if self.opens(next + 1, missing - 1)? {
                return Some(true);
            }
            self.chosen.pop();
        }
        Some(false)
    }
}

#[cfg(test)]
mod tests;
