//! What is said of a network before anything happens in it.

use slashfall_graph::facts::{Node, debtrank, local_slack, security};
use slashfall_graph::spec::{AssetKind, Sharing};
use slashfall_graph::{AvsId, Network, OperatorId, Sketch};

use crate::outcome::Check;
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 2] = [
    Problem {
        name: "local security slack",
        source: "Durvasula and Roughgarden 2024, Robust Restaking Networks, by hand",
        is_quick: true,
        solve: slack,
    },
    Problem {
        name: "DebtRank",
        source: "Bardoscia and others 2015, linear; by hand",
        is_quick: true,
        solve: distress,
    },
];

/// Three operators of 100; `s` stands on the first two for a profit of 10, `t` on the last two for 20.
/// The one in both has `T = (10 + 20) x 3 / 200 = .45`, and `1 / T - 1 = 11/9` binds.
fn slack(_: Size) -> Answer {
    let mut sketch = Sketch::new();
    for name in ["a", "b", "c"] {
        sketch = sketch.operator(name, name).holding("direct", name, "ETH", 100.0);
    }
    for (avs, profit, members) in [("s", 10.0, ["a", "b"]), ("t", 20.0, ["b", "c"])] {
        sketch = sketch.avs(avs, Sharing::Shared);
        sketch = sketch.with_avs(|row| row.profit_from_corruption_eth = Some(profit));
        for member in members {
            sketch = sketch.allocation(avs, member, "*", 1.0);
        }
    }
    let network = sketch.network()?;
    let found = local_slack(&network, &security(&network, 0.5));
    let gamma = |name: &str| {
        let mut of = found.operators.iter();
        let own = of.find(|row| network.operator(row.operator).name == name);
        own.map_or(f64::NAN, |row| row.gamma)
    };
    Ok(vec![
        Check::exact("gamma*", 11.0 / 9.0, found.gamma, 1e-12),
        Check::exact("of the operator in one, for 10", 1.0 / 0.15 - 1.0, gamma("a"), 1e-12),
        Check::exact("of the operator in one, for 20", 1.0 / 0.3 - 1.0, gamma("c"), 1e-12),
    ])
}

fn rank(network: &Network, node: Node) -> f64 {
    let ranks = debtrank(network).nodes;
    ranks.iter().find(|row| row.node == node).map_or(f64::NAN, |row| row.debtrank)
}

/// An LRT with 60 at one operator and 40 at another, half of each with one AVS. With the first lost the
/// AVS loses `s = .6 + .4 b` and the second `b = .5 s`, so `b = .375`, and the LRT .6 + .4 x .375.
fn distress(_: Size) -> Answer {
    let network = Sketch::new()
        .asset("lrt", AssetKind::Lrt)
        .operator("a", "A")
        .operator("b", "B")
        .holding("lrt", "a", "ETH", 60.0)
        .holding("lrt", "b", "ETH", 40.0)
        .avs("s", Sharing::Unique)
        .allocation("s", "*", "*", 0.5)
        .network()?;
    Ok(vec![
        Check::exact(
            "of an operator",
            0.75,
            rank(&network, Node::Operator(OperatorId::new(0))),
            1e-10,
        ),
        Check::exact("of the AVS", 0.5, rank(&network, Node::Avs(AvsId::new(0))), 1e-10),
        Check::exact("what it is a fraction of, ETH", 100.0, debtrank(&network).value_eth, 1e-12),
    ])
}
