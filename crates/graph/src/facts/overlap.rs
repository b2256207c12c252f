//! How much stake two AVSs have in common, because what hits their operators hits both.

use super::worth::{avs_allocations, avs_ids, operator_ids, ratio, restaked_by_operator};
use crate::ids::AvsId;
use crate::network::Network;

/// A pair of AVSs and the restaked stake of their operators.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// The first by name.
    pub a: AvsId,
    /// The second by name.
    pub b: AvsId,
    /// Restaked stake of operators that serve both, in ETH.
    pub both_eth: f64,
    /// Restaked stake of operators that serve one or both, in ETH.
    pub either_eth: f64,
    /// Stake-weighted Jaccard index, `both / either`, in [0, 1]; 0 of nothing.
    pub jaccard: f64,
}

/// Compares every pair of AVSs, most alike first, equal ones in order of id.
///
/// An operator serves an AVS that has an allocation on any of its stake, and counts with all of
/// its restaked stake.
#[must_use]
pub fn overlap(network: &Network) -> Vec<Overlap> {
    let both = both_eth(network);
    let ids: Vec<AvsId> = avs_ids(network).collect();
    let mut pairs = Vec::new();
    for (i, &a) in ids.iter().enumerate() {
        for &b in &ids[i + 1..] {
            pairs.push(pair(&both, a, b));
        }
    }
    pairs.sort_by(|x, y| y.jaccard.total_cmp(&x.jaccard).then((x.a, x.b).cmp(&(y.a, y.b))));
    pairs
}

fn pair(both: &[Vec<f64>], a: AvsId, b: AvsId) -> Overlap {
    let (a_index, b_index) = (a.index(), b.index());
    let both_eth = both[a_index][b_index];
    let either_eth = both[a_index][a_index] + both[b_index][b_index] - both_eth;
    Overlap { a, b, both_eth, either_eth, jaccard: ratio(both_eth, either_eth).min(1.0) }
}

/// Stake of the operators that serve both, by row and column; of each AVS on the diagonal.
fn both_eth(network: &Network) -> Vec<Vec<f64>> {
    let n = network.avss().len();
    let mut both = vec![vec![0.0; n]; n];
    let served = served_by_operator(network);
    for (avss, eth) in served.iter().zip(restaked_by_operator(network)) {
        for &a in avss {
            for &b in avss {
                both[a.index()][b.index()] += eth;
            }
        }
    }
    both
}

fn served_by_operator(network: &Network) -> Vec<Vec<AvsId>> {
    let mut served: Vec<Vec<AvsId>> = operator_ids(network).map(|_| Vec::new()).collect();
    for avs in avs_ids(network) {
        for allocation in avs_allocations(network, avs) {
            let operator = network.stakes()[allocation.stake.index()].operator;
            served[operator.index()].push(avs);
        }
    }
    served.iter_mut().for_each(Vec::dedup);
    served
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;
    use crate::Sketch;
    use crate::spec::Sharing::Unique;

    #[test]
    fn pairs_are_weighed_by_stake() {
        let network = Sketch::new()
            .operator("a", "A")
            .operator("b", "B")
            .operator("c", "C")
            .holding("direct", "a", "ETH", 60.0)
            .holding("direct", "b", "ETH", 30.0)
            .holding("direct", "c", "ETH", 10.0)
            .avs("s", Unique)
            .avs("t", Unique)
            .avs("u", Unique)
            .allocation("s", "a", "*", 0.3)
            .allocation("s", "b", "*", 0.3)
            .allocation("t", "b", "*", 0.3)
            .allocation("t", "c", "*", 0.3)
            .allocation("u", "c", "*", 0.0)
            .network()
            .unwrap();
        let pairs = overlap(&network);
        assert_eq!(pairs.len(), 3);
        assert_eq!((pairs[0].a, pairs[0].b), (AvsId::new(0), AvsId::new(1)));
        close(pairs[0].both_eth, 30.0);
        close(pairs[0].either_eth, 100.0);
        close(pairs[0].jaccard, 0.3);
        close(pairs[1].jaccard, 0.0);
    }
}
