//! The network as it is drawn: what holders have at companies, and what AVSs may take of it.

use std::collections::BTreeMap;

use slashfall_graph::{Holder, Network};

/// Stake that goes from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// A holder (wrapped asset, or direct restakers) or a company.
    pub from: String,
    /// A company or an AVS.
    pub to: String,
    /// ETH on day 0, above 0.
    pub eth: f64,
}

/// The network between holders, companies and AVSs on day 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flows {
    /// Restaked stake of each holder at the operators of each company.
    pub held: Vec<Flow>,
    /// What each AVS may slash at the operators of each company: stake times the fraction allocated. One stake may be
    /// allocated to several AVSs, so these can sum to more than is held.
    pub slashable: Vec<Flow>,
}

/// Sums up holdings and allocations by company.
#[must_use]
pub fn flows(network: &Network) -> Flows {
    let entity = |operator| &network.entities()[network.operator(operator).entity.index()];
    let mut held: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for (stake, cell) in network.stakes().iter().enumerate() {
        for &holding in network.stake_holdings(slashfall_graph::StakeId::new(stake)) {
            let holder = match network.holding(holding).holder {
                Holder::Direct => "direct",
                holder @ Holder::Wrapped(_) => network.holder_name(holder),
            };
            *held.entry((holder, entity(cell.operator))).or_default() +=
                network.holding_eth(holding);
        }
    }
    let mut slashable: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for allocation in network.allocations() {
        let operator = network.stakes()[allocation.stake.index()].operator;
        let avs = &network.avs(allocation.avs).name;
        let eth = allocation.fraction * network.stake_eth(allocation.stake);
        *slashable.entry((entity(operator), avs)).or_default() += eth;
    }
    let listed = |sums: BTreeMap<(&str, &str), f64>| {
        let flow = |((from, to), eth): ((&str, &str), f64)| Flow {
            from: from.to_owned(),
            to: to.to_owned(),
            eth,
        };
        sums.into_iter().filter(|(_, eth)| *eth > 0.0).map(flow).collect()
    };
    Flows { held: listed(held), slashable: listed(slashable) }
}
