//! How far the distress of one node spreads when losses pass on linearly, a yardstick for what the
//! simulated cascade finds.
//!
//! DebtRank (Battiston and others 2012) with the linear dynamics of Bardoscia, Battiston, Caccioli
//! and Caldarelli 2015, "DebtRank: A Microscopic Foundation for Shock Propagation":
//!
//! ```text
//! h(0) = 1 at node i, else 0
//! h_j(t+1) = min(1, h_j(t) + sum over k: W_kj (h_k(t) - h_k(t-1)))
//! DebtRank of i = sum over j: v_j h_j(inf) - v_i h_i(0)
//! ```
//!
//! `W_kj`, at most 1, is the share of j that is lost with all of k:
//!
//! | from | to | weight |
//! |---|---|---|
//! | operator | wrapped asset, direct restakers | share of its backing at the operator |
//! | AVS | operator | share of the operator's restaked stake allocated to the AVS |
//! | operator | AVS | share of `A_s` at the operator |
//! | wrapped asset | wrapped asset, direct restakers | share of its backing in that asset |
//!
//! An AVS slashes restaked stake only, so an operator is two nodes within: itself, which takes
//! with it all of its stake, and its restaked stake, which leaves the validators of LSTs alone.
//! `v` is what outside holders and direct restakers own, normalised to 1. So DebtRank is the
//! fraction of their value that is impaired by node i. It is a screening figure: distress of an
//! AVS that has merely lost stake counts as slashing, and where all stake is allocated this feeds
//! back on itself until everything is lost.

use std::collections::BTreeMap;

use super::worth::{
    avs_ids, backing_eth, bears_operator, holders, operator_ids, ratio, restaked_by_operator,
    slashable_by_operator, stake_values,
};
use crate::ids::{AssetId, AvsId, OperatorId};
use crate::network::{Csr, Holder, Holding, Network};

/// A change of distress that counts as none.
const SETTLED: f64 = 1e-12;
/// Rounds after which distress that still spreads is left as it is.
const MAX_ROUNDS: usize = 1_000;

/// A node of the network of distress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// An operator with all of its stake and validators.
    Operator(OperatorId),
    /// An AVS.
    Avs(AvsId),
    /// A wrapped asset.
    Wrapped(AssetId),
}

/// How far one node's distress spreads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DebtRank {
    /// Which.
    pub node: Node,
    /// Fraction of holders' value impaired elsewhere when it alone is shocked by 1, in [0, 1].
    pub debtrank: f64,
}

/// DebtRank of every node.
#[derive(Clone, Debug, PartialEq)]
pub struct DebtRanks {
    /// Highest first, equal ones in order of node; none of a network on which that takes too long.
    pub nodes: Vec<DebtRank>,
    /// What outside holders and direct restakers own, in ETH: the whole of which DebtRank is a
    /// fraction.
    pub value_eth: f64,
    /// Nodes whose distress had not settled after the last round.
    pub n_unsettled: usize,
}

/// Ties that distress may go along from all nodes together; some seconds.
const MOST_WORK: usize = 1_000_000_000;

/// DebtRank of every operator, AVS and wrapped asset; of none where too much is tied to too much.
#[must_use]
pub fn debtrank(network: &Network) -> DebtRanks {
    let layout = Layout { network };
    let (impacts, values) = (impacts(&layout), values(&layout));
    let value_eth: f64 = values.iter().sum();
    let mut n_unsettled = 0;
    let (mut nodes, mut distress) = (Vec::new(), Distress::new(layout.len()));
    for (node, start) in layout.nodes() {
        n_unsettled += usize::from(!distress.settle(&impacts, start));
        let hit = distress.take(&values);
        nodes.push(DebtRank { node, debtrank: ratio(hit - values[start], value_eth).max(0.0) });
        if distress.n_passed > MOST_WORK {
            return DebtRanks { nodes: Vec::new(), value_eth, n_unsettled: 0 };
        }
    }
    nodes.sort_by(|a, b| b.debtrank.total_cmp(&a.debtrank).then(a.node.cmp(&b.node)));
    DebtRanks { nodes, value_eth, n_unsettled }
}

/// Dense numbers of the nodes: operators, their restaked stake, AVSs, holders.
struct Layout<'a> {
    network: &'a Network,
}

impl Layout<'_> {
    fn operator(&self, operator: OperatorId) -> usize {
        operator.index()
    }

    fn restaked(&self, operator: OperatorId) -> usize {
        self.network.operators().len() + operator.index()
    }

    fn avs(&self, avs: AvsId) -> usize {
        2 * self.network.operators().len() + avs.index()
    }

    fn holder(&self, holder: Holder) -> usize {
        self.avs(AvsId::FIRST) + self.network.avss().len() + self.network.holder_index(holder)
    }

    fn len(&self) -> usize {
        self.holder(Holder::Direct) + 1
    }

    fn nodes(&self) -> impl Iterator<Item = (Node, usize)> {
        let operators = operator_ids(self.network).map(|id| (Node::Operator(id), id.index()));
        let avss = avs_ids(self.network).map(|id| (Node::Avs(id), self.avs(id)));
        let wrapped = self.network.wrapped_assets();
        let assets = wrapped.map(|id| (Node::Wrapped(id), self.holder(Holder::Wrapped(id))));
        operators.chain(avss).chain(assets)
    }
}

/// What nobody inside the network owns, by node, in ETH.
fn values(layout: &Layout<'_>) -> Vec<f64> {
    let mut values = vec![0.0; layout.len()];
    for holder in holders(layout.network) {
        values[layout.holder(holder)] = match holder {
            Holder::Wrapped(id) => {
                let asset = layout.network.asset(id);
                asset.outside_units * asset.nav_0
            }
            Holder::Direct => backing_eth(layout.network, Holder::Direct),
        };
    }
    values
}

/// Weights from node to node.
type Weights = BTreeMap<(usize, usize), f64>;

/// The impact matrix `W`, by row of the node that is lost.
fn impacts(layout: &Layout<'_>) -> Csr<(usize, f64)> {
    let mut weights = Weights::new();
    for holder in holders(layout.network) {
        add_holder(layout, holder, &mut weights);
    }
    add_slashes(layout, &mut weights);
    let positive = weights.into_iter().filter(|(_, weight)| *weight > 0.0);
    let edges: Vec<(usize, (usize, f64))> =
        positive.map(|((from, to), weight)| (from, (to, weight.min(1.0)))).collect();
    Csr::new(layout.len(), &edges)
}

/// What a holder loses with each operator and each asset that back it.
fn add_holder(layout: &Layout<'_>, holder: Holder, weights: &mut Weights) {
    let (network, to) = (layout.network, layout.holder(holder));
    let backing = backing_eth(network, holder);
    for &id in network.holder_holdings(holder) {
        let (holding, share) = (network.holding(id), ratio(network.holding_eth(id), backing));
        if let Some(from) = operator_node(layout, holding) {
            *weights.entry((from, to)).or_default() += share;
        }
        if holding.asset.index() >= network.n_base() {
            let from = layout.holder(Holder::Wrapped(holding.asset));
            *weights.entry((from, to)).or_default() += share;
        }
    }
}

fn operator_node(layout: &Layout<'_>, holding: &Holding) -> Option<usize> {
    let operator = holding.operator.filter(|_| bears_operator(holding))?;
    Some(match holding.stake {
        Some(_) => layout.restaked(operator),
        None => layout.operator(operator),
    })
}

/// What operators lose with AVSs and AVSs with operators.
fn add_slashes(layout: &Layout<'_>, weights: &mut Weights) {
    let network = layout.network;
    let (stake_eth, restaked) = (stake_values(network), restaked_by_operator(network));
    for operator in operator_ids(network) {
        weights.insert((layout.operator(operator), layout.restaked(operator)), 1.0);
    }
    for avs in avs_ids(network) {
        let slashable = slashable_by_operator(network, &stake_eth, avs);
        let all: f64 = slashable.iter().map(|part| part.1).sum();
        for (operator, eth) in slashable {
            let (book, avs) = (layout.restaked(operator), layout.avs(avs));
            weights.insert((avs, book), ratio(eth, restaked[operator.index()]));
            weights.insert((book, avs), ratio(eth, all));
        }
    }
}

/// Distress of every node, and of which it is not 0: most nodes reach few others.
struct Distress {
    of_node: Vec<f64>,
    inflow: Vec<f64>,
    touched: Vec<usize>,
    /// Ties that any has gone along so far.
    n_passed: usize,
}

impl Distress {
    fn new(n_nodes: usize) -> Self {
        let zeros = vec![0.0; n_nodes];
        Self { of_node: zeros.clone(), inflow: zeros, touched: Vec::new(), n_passed: 0 }
    }

    /// Spreads the shock of one node by 1; whether it had settled in the end.
    fn settle(&mut self, impacts: &Csr<(usize, f64)>, start: usize) -> bool {
        self.of_node[start] = 1.0;
        self.touched.push(start);
        let mut news = vec![(start, 1.0)];
        for _ in 0..MAX_ROUNDS {
            self.n_passed += news.iter().map(|(from, _)| impacts.row(*from).len()).sum::<usize>();
            let touched = spread(impacts, &news, &mut self.inflow);
            news.clear();
            for node in touched {
                let inflow = std::mem::take(&mut self.inflow[node]);
                let rise = inflow.min(1.0 - self.of_node[node]);
                if rise > 0.0 {
                    if self.of_node[node] == 0.0 {
                        self.touched.push(node);
                    }
                    self.of_node[node] += rise;
                    news.push((node, rise));
                }
            }
            if news.iter().all(|(_, rise)| *rise < SETTLED) {
                return true;
            }
        }
        false
    }

    /// What is lost of the values, in order of node; there is no distress after.
    fn take(&mut self, values: &[f64]) -> f64 {
        self.touched.sort_unstable();
        let hit = self.touched.iter().map(|&node| self.of_node[node] * values[node]).sum();
        for node in self.touched.drain(..) {
            self.of_node[node] = 0.0;
        }
        hit
    }
}

/// Adds to `inflow` what the news of each node means for others; gives those it means anything for.
fn spread(impacts: &Csr<(usize, f64)>, news: &[(usize, f64)], inflow: &mut [f64]) -> Vec<usize> {
    let mut touched = Vec::new();
    for &(from, rise) in news {
        for &(to, weight) in impacts.row(from) {
            if inflow[to] == 0.0 {
                touched.push(to);
            }
            inflow[to] += weight * rise;
        }
    }
    touched
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;
    use crate::Sketch;
    use crate::spec::{AssetKind, Sharing::Unique};

    fn rank(network: &Network, node: Node) -> f64 {
        debtrank(network).nodes.iter().find(|row| row.node == node).unwrap().debtrank
    }

    #[test]
    fn distress_comes_back_through_an_avs_until_it_settles() {
        let network = Sketch::new()
            .asset("lrt", AssetKind::Lrt)
            .operator("a", "A")
            .operator("b", "B")
            .holding("lrt", "a", "ETH", 60.0)
            .holding("lrt", "b", "ETH", 40.0)
            .avs("s", Unique)
            .allocation("s", "*", "*", 0.5)
            .network()
            .unwrap();
        // With a lost: s = .6 + .4 b and b = .5 s, so b = .375; the LRT loses .6 + .4 * .375.
        close(rank(&network, Node::Operator(OperatorId::new(0))), 0.75);
        // With s lost, each operator loses half.
        close(rank(&network, Node::Avs(AvsId::new(0))), 0.5);
        // The LRT's own loss does not count, and nothing holds it.
        close(rank(&network, Node::Wrapped(AssetId::new(network.n_base()))), 0.0);
    }

    /// An LST of 100 with a, an LRT of 50 LST and 50 restaked ETH with a, 100 direct with b.
    fn layered() -> Network {
        Sketch::new()
            .asset("lst", AssetKind::Lst)
            .asset("lrt", AssetKind::Lrt)
            .operator("a", "A")
            .operator("b", "B")
            .holding("lst", "a", "ETH", 100.0)
            .holding("lrt", "", "lst", 50.0)
            .holding("lrt", "a", "ETH", 50.0)
            .holding("direct", "b", "ETH", 100.0)
            .avs("s", Unique)
            .allocation("s", "a", "*", 0.2)
            .network()
            .unwrap()
    }

    #[test]
    fn an_avs_leaves_the_validators_of_an_lst_alone() {
        // Outside: 50 LST, 100 LRT, 100 direct. s takes a fifth of half of the LRT.
        let network = layered();
        close(debtrank(&network).value_eth, 250.0);
        close(rank(&network, Node::Avs(AvsId::new(0))), 0.1 * 100.0 / 250.0);
    }

    #[test]
    fn an_operator_takes_its_validators_and_its_stake() {
        let network = layered();
        close(rank(&network, Node::Operator(OperatorId::new(0))), 150.0 / 250.0);
        close(rank(&network, Node::Operator(OperatorId::new(1))), 100.0 / 250.0);
    }

    #[test]
    fn an_asset_takes_what_holds_it() {
        let network = layered();
        let lst = AssetId::new(network.n_base());
        assert_eq!(network.asset(lst).name, "lst");
        close(rank(&network, Node::Wrapped(lst)), 50.0 / 250.0);
    }

    #[test]
    fn stake_allocated_in_full_feeds_back_without_end() {
        let network = Sketch::new()
            .operator("a", "A")
            .operator("b", "B")
            .holding("direct", "a", "ETH", 50.0)
            .holding("direct", "b", "ETH", 50.0)
            .avs("s", Unique)
            .allocation("s", "*", "*", 1.0)
            .network()
            .unwrap();
        let ranks = debtrank(&network);
        assert_eq!(ranks.n_unsettled, 0);
        assert!((ranks.nodes[0].debtrank - 1.0).abs() < 1e-11);
    }
}
