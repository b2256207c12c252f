//! How many AVSs stand on a staked ETH, because what several can slash fails for several reasons.

use super::worth::{ratio, stake_ids};
use crate::ids::StakeId;
use crate::network::Network;

/// AVSs behind restaked stake, weighted by stake.
///
/// The count is of AVSs with an allocation on the cell. Of unique stake each single unit is
/// behind one AVS at most, and [`Coverage::mean_fraction`] is then the share that is behind any.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// Mean number of AVSs.
    pub mean_avss: f64,
    /// ETH behind 0, 1, 2, … AVSs.
    pub eth_by_count: Vec<f64>,
    /// Mean sum of the fractions allocated; above 1 where shared stake is promised more than once.
    pub mean_fraction: f64,
}

/// Counts the AVSs on every cell.
#[must_use]
pub fn coverage(network: &Network) -> Coverage {
    let (mut eth_by_count, mut promised) = (Vec::new(), 0.0);
    for stake in stake_ids(network) {
        let fractions = positive_fractions(network, stake);
        let eth = network.stake_eth(stake);
        if eth_by_count.len() <= fractions.len() {
            eth_by_count.resize(fractions.len() + 1, 0.0);
        }
        eth_by_count[fractions.len()] += eth;
        promised += eth * fractions.iter().sum::<f64>();
    }
    let total: f64 = eth_by_count.iter().sum();
    let counted: f64 = eth_by_count.iter().enumerate().map(|(n, eth)| n as f64 * eth).sum();
    Coverage {
        mean_avss: ratio(counted, total),
        mean_fraction: ratio(promised, total),
        eth_by_count,
    }
}

fn positive_fractions(network: &Network, stake: StakeId) -> Vec<f64> {
    let allocations = network.stake_allocations(stake).iter();
    let fractions = allocations.map(|&id| network.allocation(id).fraction);
    fractions.filter(|&fraction| fraction > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;
    use crate::Sketch;
    use crate::spec::Sharing::{Shared, Unique};

    #[test]
    fn cells_count_by_their_stake() {
        let network = Sketch::new()
            .operator("a", "A")
            .operator("b", "B")
            .operator("c", "C")
            .holding("direct", "a", "ETH", 60.0)
            .holding("direct", "b", "ETH", 30.0)
            .holding("direct", "c", "ETH", 10.0)
            .avs("s", Shared)
            .avs("t", Shared)
            .avs("u", Unique)
            .allocation("s", "a", "*", 1.0)
            .allocation("t", "a", "*", 0.5)
            .allocation("u", "b", "*", 0.2)
            .network()
            .unwrap();
        let facts = coverage(&network);
        assert_eq!(facts.eth_by_count, [10.0, 30.0, 60.0]);
        close(facts.mean_avss, 1.5);
        close(facts.mean_fraction, 0.6 * 1.5 + 0.3 * 0.2);
    }

    #[test]
    fn no_stake_has_no_coverage() {
        let facts = coverage(&Sketch::new().operator("a", "A").network().unwrap());
        assert_eq!((facts.mean_avss, facts.eth_by_count.len()), (0.0, 0));
    }
}
