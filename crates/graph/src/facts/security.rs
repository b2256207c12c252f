//! What it costs to corrupt each AVS and what that yields (Durvasula and Roughgarden 2024).

use super::concentration::by_entity;
use super::ranking::Ranking;
use super::worth::{avs_ids, slashable_by_operator, stake_values};
use crate::ids::{AvsId, EntityId};
use crate::network::Network;

/// The security of one AVS at day 0 (model 4.6).
#[derive(Clone, Debug, PartialEq)]
pub struct AvsSecurity {
    /// Which.
    pub avs: AvsId,
    /// Operators with an allocation to it.
    pub n_operators: usize,
    /// Stake that it can slash, `A_s`, in ETH: sum of fraction (at most 1) times stake.
    pub slashable_eth: f64,
    /// Stake that corrupts it, `theta A_s`, in ETH.
    pub cost_to_corrupt_eth: f64,
    /// What corrupting it yields, pi, in ETH: as given, else `theta A_s / (1 + security_slack)`.
    pub profit_eth: f64,
    /// True where somebody has estimated the profit, false where the slack implies it.
    pub profit_is_given: bool,
    /// `theta A_s / pi - 1`: below 0 it can be attacked now; infinite where there is no profit.
    pub global_slack: f64,
    /// Its slashable stake by company.
    pub entities: Ranking<EntityId>,
    /// Operators, largest first, that together hold theta of its stake.
    pub n_to_corrupt: usize,
}

/// The security of every AVS, in order of id.
#[must_use]
pub fn security(network: &Network, security_slack: f64) -> Vec<AvsSecurity> {
    let stake_eth = stake_values(network);
    avs_ids(network).map(|avs| avs_security(network, &stake_eth, avs, security_slack)).collect()
}

fn avs_security(
    network: &Network,
    stake_eth: &[f64],
    id: AvsId,
    security_slack: f64,
) -> AvsSecurity {
    let avs = network.avs(id);
    let by_operator = slashable_by_operator(network, stake_eth, id);
    let n_operators = by_operator.len();
    let slashable_eth: f64 = by_operator.iter().map(|part| part.1).sum();
    let cost_to_corrupt_eth = avs.attack_threshold * slashable_eth;
    let given = avs.profit_from_corruption_eth;
    AvsSecurity {
        avs: id,
        n_operators,
        slashable_eth,
        cost_to_corrupt_eth,
        profit_eth: given.unwrap_or(cost_to_corrupt_eth / (1.0 + security_slack)),
        profit_is_given: given.is_some(),
        global_slack: given.map_or(security_slack, |profit| slack(cost_to_corrupt_eth, profit)),
        entities: by_entity(network, by_operator.iter().copied()),
        n_to_corrupt: Ranking::new(by_operator).n_to_reach(avs.attack_threshold),
    }
}

fn slack(cost_eth: f64, profit_eth: f64) -> f64 {
    if profit_eth > 0.0 { cost_eth / profit_eth - 1.0 } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;
    use crate::Sketch;
    use crate::spec::Sharing::Unique;

    fn network() -> Network {
        Sketch::new()
            .operator("a1", "A")
            .operator("a2", "A")
            .operator("b", "B")
            .holding("direct", "a1", "ETH", 100.0)
            .holding("direct", "a2", "ETH", 100.0)
            .holding("direct", "b", "ETH", 200.0)
            .avs("given", Unique)
            .with_avs(|avs| avs.profit_from_corruption_eth = Some(30.0))
            .avs("implied", Unique)
            .avs("nothing", Unique)
            .with_avs(|avs| avs.profit_from_corruption_eth = Some(0.0))
            .allocation("given", "*", "*", 0.5)
            .allocation("implied", "a1", "*", 0.4)
            .network()
            .unwrap()
    }

    #[test]
    fn a_given_profit_is_taken() {
        let given = &security(&network(), 0.5)[0];
        assert_eq!(given.n_operators, 3);
        close(given.slashable_eth, 200.0);
        close(given.cost_to_corrupt_eth, 200.0 / 3.0);
        close(given.global_slack, 200.0 / 3.0 / 30.0 - 1.0);
        assert!(given.profit_is_given);
        close(given.entities.hhi, 0.5);
        close(given.entities.largest().unwrap().share, 0.5);
        assert_eq!(given.n_to_corrupt, 1);
    }

    #[test]
    fn an_absent_profit_is_implied_by_the_slack() {
        let implied = &security(&network(), 0.25)[1];
        assert!(!implied.profit_is_given);
        close(implied.profit_eth, 40.0 / 3.0 / 1.25);
        close(implied.global_slack, 0.25);
    }

    #[test]
    fn an_avs_with_nothing_to_take_is_safe() {
        let nothing = &security(&network(), 0.5)[2];
        assert_eq!((nothing.n_operators, nothing.n_to_corrupt), (0, 0));
        assert!(nothing.global_slack.is_infinite());
    }
}
