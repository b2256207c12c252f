//! How few hands the stake is in, because a company is the unit of common cause.

use super::ranking::Ranking;
use super::worth::{operator_ids, restaked_by_operator, restaked_ether_by_operator};
use crate::ids::{EntityId, OperatorId};
use crate::network::Network;

/// Who holds the stake.
#[derive(Clone, Debug, PartialEq)]
pub struct Concentration {
    /// All restaked stake by operator.
    pub restaked_by_operator: Ranking<OperatorId>,
    /// All restaked stake by company.
    pub restaked_by_entity: Ranking<EntityId>,
    /// The part of it that is ETH once wrapped assets are looked through, by operator.
    pub restaked_ether_by_operator: Ranking<OperatorId>,
    /// The same by company.
    pub restaked_ether_by_entity: Ranking<EntityId>,
    /// Native ETH at operators by company, that of LSTs included.
    pub native_by_entity: Ranking<EntityId>,
}

/// Ranks operators and companies by what is at stake with them.
#[must_use]
pub fn concentration(network: &Network) -> Concentration {
    let restaked = || operator_ids(network).zip(restaked_by_operator(network));
    let ether = || operator_ids(network).zip(restaked_ether_by_operator(network));
    Concentration {
        restaked_by_operator: Ranking::new(restaked()),
        restaked_by_entity: by_entity(network, restaked()),
        restaked_ether_by_operator: Ranking::new(ether()),
        restaked_ether_by_entity: by_entity(network, ether()),
        native_by_entity: by_entity(network, native_by_operator(network)),
    }
}

/// Ranks companies by the sum over their operators.
pub(super) fn by_entity(
    network: &Network,
    amounts: impl IntoIterator<Item = (OperatorId, f64)>,
) -> Ranking<EntityId> {
    let mut eth = vec![0.0; network.entities().len()];
    for (operator, amount) in amounts {
        eth[network.operator(operator).entity.index()] += amount;
    }
    Ranking::new((0..eth.len()).map(EntityId::new).zip(eth))
}

fn native_by_operator(network: &Network) -> impl Iterator<Item = (OperatorId, f64)> + use<'_> {
    operator_ids(network).map(|operator| {
        let native = network.operator_native(operator).iter();
        (operator, native.map(|&holding| network.holding_eth(holding)).sum())
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;
    use crate::Sketch;
    use crate::spec::AssetKind;

    #[test]
    fn two_brands_of_a_company_are_one() {
        let network = Sketch::new()
            .asset("lst", AssetKind::Lst)
            .asset("lrt", AssetKind::Lrt)
            .operator("a1", "A")
            .operator("a2", "A")
            .operator("b", "B")
            .holding("lrt", "a1", "ETH", 30.0)
            .holding("direct", "a2", "ETH", 20.0)
            .holding("lrt", "b", "ETH", 50.0)
            .holding("lst", "b", "ETH", 100.0)
            .asset("BTC", AssetKind::Base)
            .holding("direct", "b", "BTC", 50.0)
            .network()
            .unwrap();
        let facts = concentration(&network);
        close(facts.restaked_ether_by_operator.hhi, 0.09 + 0.04 + 0.25);
        close(facts.restaked_ether_by_entity.hhi, 0.5);
        assert_eq!(facts.restaked_ether_by_entity.shares.len(), 2);
        close(facts.restaked_by_operator.top(1), 100.0 / 150.0);
        close(facts.restaked_by_entity.total_eth, 150.0);
        close(facts.native_by_entity.top(1), 0.75);
        close(facts.native_by_entity.total_eth, 200.0);
    }
}
