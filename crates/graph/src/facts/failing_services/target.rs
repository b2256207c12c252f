//! One AVS that might be attacked, and what each of the others can take from the stake behind it.

use super::Witness;
use crate::facts::look_through::slash_nav_loss;
use crate::facts::security::AvsSecurity;
use crate::facts::worth::{avs_allocations, avs_ids, ratio, slashable_fractions, stake_values};
use crate::ids::{AssetId, AvsId};
use crate::network::Network;

/// Relative margin within which stake equals what is needed.
const MARGIN: f64 = 1e-12;

/// What every AVS slashes when it fails.
pub(super) struct Slashes<'a> {
    network: &'a Network,
    stake_eth: Vec<f64>,
    /// By AVS and cell.
    fractions: Vec<Vec<f64>>,
    /// By asset: its nav can fall because AVSs slash.
    moves: Vec<bool>,
    /// By AVS and asset; empty where no restaked token moves.
    nav_losses: Vec<Vec<f64>>,
}

impl<'a> Slashes<'a> {
    pub(super) fn new(network: &'a Network) -> Self {
        let fractions: Vec<Vec<f64>> =
            avs_ids(network).map(|avs| slashable_fractions(network, avs)).collect();
        let all = slash_nav_loss(network, &summed(network, &fractions));
        let moves: Vec<bool> = all.iter().map(|&loss| loss > 0.0).collect();
        let is_nested = network.stakes().iter().any(|stake| moves[stake.asset.index()]);
        let nested = fractions.iter().filter(|_| is_nested);
        let nav_losses = nested.map(|slashed| slash_nav_loss(network, slashed)).collect();
        Self { network, stake_eth: stake_values(network), fractions, moves, nav_losses }
    }

    /// Loss of every asset's nav when these AVSs fail.
    fn nav_loss(&self, failed: impl Iterator<Item = AvsId>) -> Vec<f64> {
        let slashed = summed(self.network, failed.map(|avs| &self.fractions[avs.index()]));
        slash_nav_loss(self.network, &slashed)
    }
}

/// The share that each cell loses to several AVSs together, at most 1.
fn summed<'f>(network: &Network, of: impl IntoIterator<Item = &'f Vec<f64>>) -> Vec<f64> {
    let mut sum = vec![0.0; network.stakes().len()];
    for fractions in of {
        for (sum, fraction) in sum.iter_mut().zip(fractions) {
            *sum = f64::min(*sum + fraction, 1.0);
        }
    }
    sum
}

/// The AVSs that some set of failures opens to attack, those open as they stand included.
pub(super) fn targets<'a>(slashes: &'a Slashes<'a>, security: &[AvsSecurity]) -> Vec<Target<'a>> {
    let with_stake = security.iter().filter(|row| row.slashable_eth > 0.0);
    with_stake
        .map(|row| Target::new(slashes, row))
        .filter(|target| target.is_open(&(0..target.others.len()).collect::<Vec<_>>()))
        .collect()
}

/// An AVS that may be attacked.
pub(super) struct Target<'a> {
    slashes: &'a Slashes<'a>,
    avs: AvsId,
    /// Slashable stake below which an attack pays, `pi / theta`.
    needed_eth: f64,
    cells: Vec<Cell>,
    /// Those that can take something, largest reach first.
    others: Vec<Other>,
    /// Reach of the first `i` others together.
    reach_sums: Vec<f64>,
    /// True where the nav of something restaked here can fall because AVSs slash.
    is_nested: bool,
}

/// Stake behind the target.
struct Cell {
    fraction: f64,
    eth: f64,
    asset: AssetId,
    stake: usize,
}

/// Another AVS, as the target sees it.
struct Other {
    avs: AvsId,
    /// The target loses no more than this through this AVS, whatever else fails.
    reach_eth: f64,
    /// Cells of the target and the fraction that this AVS takes of them.
    hits: Vec<(usize, f64)>,
}

impl<'a> Target<'a> {
    fn new(slashes: &'a Slashes<'a>, row: &AvsSecurity) -> Self {
        let cells = cells(slashes, row.avs);
        let mut others: Vec<Other> = avs_ids(slashes.network)
            .filter(|&avs| avs != row.avs)
            .map(|avs| other(slashes, &cells, avs))
            .filter(|other| other.reach_eth > 0.0)
            .collect();
        others.sort_by(|a, b| b.reach_eth.total_cmp(&a.reach_eth).then(a.avs.cmp(&b.avs)));
        let mut reach_sums = vec![0.0];
        reach_sums.extend(others.iter().scan(0.0, |sum, other| {
            *sum += other.reach_eth;
            Some(*sum)
        }));
        Self {
            slashes,
            avs: row.avs,
            needed_eth: ratio(row.profit_eth, slashes.network.avs(row.avs).attack_threshold),
            is_nested: cells.iter().any(|cell| slashes.moves[cell.asset.index()]),
            cells,
            others,
            reach_sums,
        }
    }

    /// Number of AVSs that can take something.
    pub(super) fn n_others(&self) -> usize {
        self.others.len()
    }

    /// True when an attack pays after these others have failed.
    pub(super) fn is_open(&self, chosen: &[usize]) -> bool {
        self.needed_eth > self.left_eth(chosen) * (1.0 + MARGIN)
    }

    /// What the target can spare after these others have failed, before an attack pays.
    pub(super) fn spare_eth(&self, chosen: &[usize]) -> f64 {
        self.left_eth(chosen) * (1.0 - 1e3 * MARGIN) - self.needed_eth
    }

    /// No `n` of the others from `start` on, in their order, take more than this.
    pub(super) fn reach_eth(&self, start: usize, n: usize) -> f64 {
        let end = (start + n).min(self.others.len());
        self.reach_sums[end] - self.reach_sums[start]
    }

    /// Numbers that [`Self::is_open`] visits.
    pub(super) fn cost(&self, chosen: &[usize]) -> u64 {
        let hits: usize = chosen.iter().map(|&other| self.others[other].hits.len()).sum();
        let nested = if self.is_nested { self.slashes.network.holdings().len() } else { 0 };
        (8 + self.cells.len() + hits + nested) as u64
    }

    /// These failures as something to show.
    pub(super) fn witness(&self, chosen: &[usize]) -> Witness {
        let mut failed: Vec<AvsId> = chosen.iter().map(|&other| self.others[other].avs).collect();
        failed.sort_unstable();
        Witness { failed, attackable: self.avs, slashable_eth: self.left_eth(chosen) }
    }

    /// `A_s` after these others have failed.
    fn left_eth(&self, chosen: &[usize]) -> f64 {
        let mut magnitudes = vec![1.0; self.cells.len()];
        for &other in chosen {
            for &(cell, fraction) in &self.others[other].hits {
                magnitudes[cell] -= fraction;
            }
        }
        let failed = chosen.iter().map(|&other| self.others[other].avs);
        let nav_loss = self.is_nested.then(|| self.slashes.nav_loss(failed));
        let left = self.cells.iter().zip(magnitudes).map(|(cell, magnitude)| {
            let loss = nav_loss.as_ref().map_or(0.0, |loss| loss[cell.asset.index()]);
            cell.fraction.min(f64::max(magnitude, 0.0)) * cell.eth * (1.0 - loss)
        });
        left.sum()
    }
}

fn cells(slashes: &Slashes<'_>, avs: AvsId) -> Vec<Cell> {
    let allocations = avs_allocations(slashes.network, avs);
    let cell = |stake: usize, fraction| Cell {
        fraction,
        eth: slashes.stake_eth[stake],
        asset: slashes.network.stakes()[stake].asset,
        stake,
    };
    allocations.map(|allocation| cell(allocation.stake.index(), allocation.fraction)).collect()
}

/// The reach of an AVS: as if each cell lost what it takes from the first unit on, and each token
/// the whole fall of its nav. Losses of several are at most the sum of theirs.
fn other(slashes: &Slashes<'_>, cells: &[Cell], avs: AvsId) -> Other {
    let fractions = &slashes.fractions[avs.index()];
    let nav_loss = slashes.nav_losses.get(avs.index());
    let mut other = Other { avs, reach_eth: 0.0, hits: Vec::new() };
    for (index, cell) in cells.iter().enumerate() {
        let fraction = fractions[cell.stake];
        if fraction > 0.0 {
            other.hits.push((index, fraction));
        }
        let fall = nav_loss.map_or(0.0, |loss| loss[cell.asset.index()]);
        other.reach_eth += cell.eth * (cell.fraction.min(fraction) + cell.fraction * fall);
    }
    other
}
