//! Slashes of direct restakers whose order does not matter: what each takes is simply added up.
//!
//! Sums of amounts that are whole multiples of a power of two are exact in any order. So are the
//! figures of a path on which each source takes such amounts, from stake and operators that no other
//! source touches: stake comes in whole ETH, and a validator that is slashed for good loses all of it.

use std::collections::BTreeSet;

use crate::strikes::{Page, Strikes, Sums};

/// What each source takes when it fires.
#[derive(Clone, Debug)]
pub struct StrikeSums {
    page: Page,
    sources: Vec<StrikeSum>,
}

/// What some slashes take together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StrikeSum {
    burned_eth: f64,
    redistributed_eth: f64,
    n_events: u32,
    n_operators: u32,
}

impl StrikeSum {
    /// Adds others.
    #[inline]
    pub fn add(&mut self, other: &Self) {
        self.burned_eth += other.burned_eth;
        self.redistributed_eth += other.redistributed_eth;
        self.n_events += other.n_events;
        self.n_operators += other.n_operators;
    }
}

impl StrikeSums {
    pub(crate) fn new(
        strikes: &Strikes,
        severities: impl IntoIterator<Item = f64>,
    ) -> Option<Self> {
        let direct_eth_0 = strikes.page.direct_eth_0;
        let are_whole =
            strikes.columns.iter().all(|&(units, price)| is_whole(units) && is_one(price));
        if !are_whole || !is_whole(direct_eth_0) || direct_eth_0 <= 0.0 {
            return None;
        }
        let (mut stakes, mut operators) = (BTreeSet::new(), BTreeSet::new());
        let mut sources = Vec::new();
        for (takes, severity) in strikes.sources.iter().zip(severities) {
            let mut sum = StrikeSum { n_events: 1, ..StrikeSum::default() };
            let (mut own_stakes, mut own_operators) = (BTreeSet::new(), BTreeSet::new());
            for take in &strikes.takes[takes.clone()] {
                let lost = (severity * take.share) * take.fraction;
                if lost <= 0.0 {
                    continue;
                }
                // One AVS takes from all holdings of a stake cell; a second one would find less there.
                if take.opens_stake && !own_stakes.insert(take.stake) {
                    return None;
                }
                let eth = take.units * lost;
                // What is next to nothing beside the whole counts as rounding, which no sum keeps.
                let is_kept = eth <= 0.0 || eth >= LEAST_SHARE * direct_eth_0;
                if !(is_whole(eth) && is_one(take.price) && is_kept) {
                    return None;
                }
                if take.redistributes {
                    sum.redistributed_eth += eth;
                } else {
                    sum.burned_eth += eth;
                }
                own_operators.insert(take.operator);
            }
            sum.n_operators = u32::try_from(own_operators.len()).ok()?;
            let is_apart = own_stakes.into_iter().all(|stake| stakes.insert(stake))
                && own_operators.into_iter().all(|operator| operators.insert(operator));
            if !is_apart {
                return None;
            }
            sources.push(sum);
        }
        (sources.len() == strikes.sources.len())
            .then(|| Self { page: strikes.page.clone(), sources })
    }

    /// What a source takes.
    #[inline]
    #[must_use]
    pub fn of(&self, source: u32) -> &StrikeSum {
        &self.sources[source as usize]
    }

    /// Writes the figures of a path on which slashes took this, those of [`crate::run_path`] to the
    /// bit.
    #[inline]
    pub fn write(&self, sum: &StrikeSum, row: &mut [f64]) {
        let slashed_eth = sum.burned_eth + sum.redistributed_eth;
        let left_eth = self.page.direct_eth_0 - slashed_eth;
        let sums = Sums {
            exact_eth: left_eth,
            direct_eth: left_eth,
            slashed_eth,
            taken_eth: [sum.burned_eth, sum.redistributed_eth],
            n_events: sum.n_events,
            n_operators: sum.n_operators,
        };
        self.page.write(&sums, row);
    }
}

/// Whole multiples of this, up to the limit, add up exactly.
const GRAIN: f64 = 1.0 / 1_048_576.0;
const LIMIT: f64 = 4_294_967_296.0;
/// Least share of all stake that an amount has to be: ten times what counts as rounding.
const LEAST_SHARE: f64 = 1e-12;

fn is_whole(amount: f64) -> bool {
    amount.abs() <= LIMIT && (amount / GRAIN).fract().abs() <= 0.0
}

fn is_one(price: f64) -> bool {
    (price - 1.0).abs() <= 0.0
}
