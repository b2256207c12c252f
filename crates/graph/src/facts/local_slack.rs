//! How much more each operator has to lose than its part of all attacks would yield, because an
//! operator in several AVSs can betray them together and lose its stake once.
//!
//! Durvasula and Roughgarden 2024, "Robust Restaking Networks": with the slack gamma of
//!
//! ```text
//! gamma* = min over v of 1 / T_v - 1       T_v = sum over AVSs s of v: pi_s / (theta_s sigma_N(s))
//! ```
//!
//! a sudden loss of a share psi of all stake ends in a loss of less than (1 + 1/gamma) psi. There
//! every operator stands behind its AVSs with all of its stake `sigma_v`. With fractions, `v` has
//! `a_vs` at stake with `s` and `L_v` in all, and
//!
//! ```text
//! T_v = sum over s: (a_vs / A_s) (pi_s / theta_s) / L_v        L_v = sum over cells: min(sum of w, 1) stake
//! ```
//!
//! which is the formula above when every `w` is 1, and for unique stake has `L_v = sum of a_vs`.

use super::security::AvsSecurity;
use super::worth::{ratio, slashable_by_operator, stake_ids, stake_values};
use crate::ids::OperatorId;
use crate::network::Network;

/// The local security slack of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalSlack {
    /// gamma*: below 0 the condition fails; infinite where there is nothing to gain.
    pub gamma: f64,
    /// The operator that binds.
    pub binding: Option<OperatorId>,
    /// Every operator with stake that an AVS can slash, least slack first.
    pub operators: Vec<OperatorSlack>,
    /// AVSs with stake whose profit nobody has given, so that the scenario's slack implies it.
    pub n_profits_implied: usize,
}

/// The slack of one operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatorSlack {
    /// Which.
    pub operator: OperatorId,
    /// Most that it can lose to all its AVSs, `L_v`, in ETH.
    pub at_stake_eth: f64,
    /// Its part of the attack value over that, `T_v`.
    pub attack_ratio: f64,
    /// `1 / T_v - 1`.
    pub gamma: f64,
}

/// The slack of every operator and of the network.
#[must_use]
pub fn local_slack(network: &Network, security: &[AvsSecurity]) -> LocalSlack {
    let values = attack_values(network, security);
    let mut operators: Vec<OperatorSlack> = at_stake(network)
        .into_iter()
        .zip(values)
        .enumerate()
        .filter(|(_, (at_stake_eth, _))| *at_stake_eth > 0.0)
        .map(|(index, (at_stake_eth, value))| operator_slack(index, at_stake_eth, value))
        .collect();
    operators.sort_by(|a, b| a.gamma.total_cmp(&b.gamma).then(a.operator.cmp(&b.operator)));
    let binding = operators.first().filter(|first| first.gamma.is_finite());
    let implied = |row: &&AvsSecurity| !row.profit_is_given && row.slashable_eth > 0.0;
    LocalSlack {
        gamma: binding.map_or(f64::INFINITY, |first| first.gamma),
        binding: binding.map(|first| first.operator),
        n_profits_implied: security.iter().filter(implied).count(),
        operators,
    }
}

fn operator_slack(index: usize, at_stake_eth: f64, attack_value: f64) -> OperatorSlack {
    let attack_ratio = attack_value / at_stake_eth;
    OperatorSlack {
        operator: OperatorId::new(index),
        at_stake_eth,
        attack_ratio,
        gamma: if attack_ratio > 0.0 { 1.0 / attack_ratio - 1.0 } else { f64::INFINITY },
    }
}

/// Each operator's part of what all attacks yield, `sum (a_vs / A_s) (pi_s / theta_s)`.
fn attack_values(network: &Network, security: &[AvsSecurity]) -> Vec<f64> {
    let stake_eth = stake_values(network);
    let mut values = vec![0.0; network.operators().len()];
    for row in security {
        let value = ratio(row.profit_eth, network.avs(row.avs).attack_threshold);
        for (operator, eth) in slashable_by_operator(network, &stake_eth, row.avs) {
            values[operator.index()] += ratio(eth, row.slashable_eth) * value;
        }
    }
    values
}

/// The most that each operator can lose to all of its AVSs.
fn at_stake(network: &Network) -> Vec<f64> {
    let mut eth = vec![0.0; network.operators().len()];
    for id in stake_ids(network) {
        let allocations = network.stake_allocations(id).iter();
        let promised: f64 = allocations.map(|&a| network.allocation(a).fraction).sum();
        let operator = network.stakes()[id.index()].operator;
        eth[operator.index()] += promised.min(1.0) * network.stake_eth(id);
    }
    eth
}

#[cfg(test)]
mod tests {
    use super::super::security;
    use super::super::testing::close;
    use super::*;
    use crate::Sketch;
    use crate::spec::Sharing::{Shared, Unique};

    fn slack_of(sketch: &Sketch) -> LocalSlack {
        let network = sketch.clone().network().unwrap();
        local_slack(&network, &security(&network, 0.5))
    }

    fn three_operators() -> Sketch {
        Sketch::new()
            .operator("a", "A")
            .operator("b", "B")
            .operator("c", "C")
            .holding("direct", "a", "ETH", 100.0)
            .holding("direct", "b", "ETH", 100.0)
            .holding("direct", "c", "ETH", 100.0)
    }

    #[test]
    fn the_operator_in_both_binds_at_eleven_ninths() {
        let slack = slack_of(
            &three_operators()
                .avs("s", Shared)
                .with_avs(|avs| avs.profit_from_corruption_eth = Some(10.0))
                .avs("t", Shared)
                .with_avs(|avs| avs.profit_from_corruption_eth = Some(20.0))
                .allocation("s", "a", "*", 1.0)
                .allocation("s", "b", "*", 1.0)
                .allocation("t", "b", "*", 1.0)
                .allocation("t", "c", "*", 1.0),
        );
        close(slack.gamma, 11.0 / 9.0);
        assert_eq!(slack.binding, Some(OperatorId::new(1)));
        let ratios: Vec<f64> = slack.operators.iter().map(|row| row.attack_ratio).collect();
        close(ratios[0], 0.45);
        close(ratios[1], 0.30);
        close(ratios[2], 0.15);
        assert_eq!(slack.n_profits_implied, 0);
    }

    #[test]
    fn unique_stake_with_implied_profits_has_the_slack_of_the_scenario() {
        let slack = slack_of(
            &three_operators()
                .avs("s", Unique)
                .avs("t", Unique)
                .allocation("s", "a", "*", 0.3)
                .allocation("s", "b", "*", 0.4)
                .allocation("t", "b", "*", 0.2),
        );
        close(slack.gamma, 0.5);
        assert_eq!((slack.n_profits_implied, slack.operators.len()), (2, 2));
    }

    #[test]
    fn shared_stake_promised_twice_is_lost_once() {
        let slack = slack_of(
            &three_operators()
                .avs("s", Shared)
                .avs("t", Shared)
                .allocation("s", "a", "*", 0.8)
                .allocation("t", "a", "*", 0.7),
        );
        close(slack.operators[0].at_stake_eth, 100.0);
        close(slack.gamma, 100.0 / (80.0 / 1.5 + 70.0 / 1.5) - 1.0);
    }

    #[test]
    fn nothing_at_stake_has_no_binding_operator() {
        let slack = slack_of(&three_operators());
        assert_eq!((slack.gamma, slack.binding), (f64::INFINITY, None));
    }
}
