//! The shipped networks have the facts that the outside world and pencil and paper give them.

use std::path::PathBuf;

use slashfall_graph::facts::{Facts, Node, facts};
use slashfall_graph::{
    AssetId, AvsId, EntityId, MarketId, Network, OperatorId, ReserveId, load_network,
};

fn network(name: &str) -> Network {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/networks").join(name);
    load_network(&folder).expect("the shipped networks resolve").network
}

fn within(what: &str, found: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&found), "{what}: {found} is not in [{low}, {high}]");
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} != {expected}");
}

#[test]
fn the_reference_network_has_the_size_and_concentration_of_its_sources() {
    let facts = facts(&network("reference"), 0.5);
    let restaked = facts.totals.restaked_ether;
    within("restaked ETH", restaked.eth, 4.2e6, 4.6e6);
    within("share of LRTs", restaked.lrt_share(), 0.72, 0.80);
    let top = facts.concentration.restaked_ether_by_entity.top(7);
    within("share of the seven largest companies", top, 0.65, 0.75);
}

#[test]
fn every_wrapped_asset_of_the_reference_network_has_a_yield() {
    let network = network("reference");
    for id in network.wrapped_assets() {
        let asset = network.asset(id);
        let yields = asset.yields;
        let ether = asset.name != "LBTC";
        let (staking, total) =
            if ether { ((0.02, 0.03), (0.02, 0.04)) } else { ((0.0, 0.0), (0.004, 0.02)) };
        within(&asset.name, yields.staking, staking.0, staking.1);
        within(&asset.name, yields.total(), total.0, total.1);
        within(&asset.name, yields.avs_fees, 0.0, 0.001);
    }
}

/// What the loans of a market owe on day 0, in ETH, if its oracle says nav.
fn debt_eth(network: &Network, id: MarketId) -> f64 {
    let market = network.market(id);
    let nav = network.asset(market.collateral).nav_0;
    let owed = |units: f64, health: f64| market.liquidation_threshold * nav * units / health;
    market.loans.iter().map(|loan| owed(loan.collateral_units, loan.health_factor)).sum()
}

/// What is lent of a reserve on day 0, as a fraction of what was supplied.
fn utilization(network: &Network, id: ReserveId) -> f64 {
    let reserve = network.reserve(id);
    let debts = network.reserve_markets(id).iter().map(|&market| debt_eth(network, market));
    (reserve.other_borrowed_units + debts.sum::<f64>()) / reserve.supplied_units
}

#[test]
fn the_reserves_of_the_reference_network_are_lent_out_as_such_reserves_are() {
    let network = network("reference");
    assert_eq!(network.reserves().len(), 14);
    for id in (0..network.reserves().len()).map(ReserveId::new) {
        let reserve = network.reserve(id);
        let lent = utilization(&network, id);
        within(&reserve.name, lent, 0.3, 0.95);
        let below_kink = lent.min(reserve.optimal_utilization) / reserve.optimal_utilization;
        within(&reserve.name, reserve.base_rate + reserve.slope_1 * below_kink, 0.02, 0.07);
    }
}

/// A market that named none would lend a thief whatever he wants.
#[test]
fn every_market_of_the_reference_network_lends_from_a_reserve() {
    let network = network("reference");
    for market in network.markets() {
        assert!(market.reserve.is_some(), "{} names no reserve", market.name);
    }
}

/// Morpho's markets share nothing: a quarter of the rate at no use, all of it at the target of
/// 0.9, four times as much when all is lent.
#[test]
fn isolated_markets_of_the_reference_network_have_a_reserve_each() {
    let network = network("reference");
    let mut found = 0;
    for id in (0..network.reserves().len()).map(ReserveId::new) {
        let reserve = network.reserve(id);
        let [market] = network.reserve_markets(id) else { continue };
        if !reserve.name.starts_with("morpho-") {
            continue;
        }
        found += 1;
        assert_eq!(network.market(*market).name, reserve.name);
        within(&reserve.name, utilization(&network, id), 0.89, 0.91);
        close(reserve.optimal_utilization, 0.9);
        close(reserve.slope_1, 3.0 * reserve.base_rate);
        close(reserve.slope_2, 12.0 * reserve.base_rate);
    }
    assert_eq!(found, 8);
}

/// Who pledges a token on ETH to borrow ETH does it for the difference.
#[test]
fn loops_of_the_reference_network_earn_more_than_they_pay() {
    let network = network("reference");
    for market in network.markets().iter().filter(|market| market.debt_asset == Network::ETH) {
        let Some(reserve) = market.reserve.map(|id| network.reserve(id)) else { continue };
        let rate = reserve.base_rate + reserve.slope_1;
        let leverage = market.liquidation_threshold / market.loans[0].health_factor;
        let earned = network.asset(market.collateral).yields.total();
        within(&market.name, rate * leverage - earned, -0.03, 0.002);
    }
}

fn tiny() -> (Network, Facts) {
    let network = network("tiny");
    let facts = facts(&network, 0.5);
    (network, facts)
}

#[test]
fn tiny_is_as_large_as_its_sources_say() {
    let (network, facts) = tiny();
    close(facts.totals.restaked.eth, 550.0);
    close(facts.totals.restaked_ether.eth, 550.0);
    close(facts.totals.restaked.lrt_eth, 350.0);
    let lrt = facts.totals.assets.last().unwrap();
    assert_eq!(network.asset(lrt.asset).name, "tLRT");
    close(lrt.supply_eth, 350.0);
    close(lrt.backing.unwrap().nested_share(), 50.0 / 350.0);
}

#[test]
fn tiny_is_concentrated_by_hand() {
    let (_, facts) = tiny();
    let concentration = &facts.concentration;
    close(concentration.restaked_by_entity.hhi, (450.0 * 450.0 + 100.0 * 100.0) / (550.0 * 550.0));
    close(concentration.restaked_by_operator.top(1), 250.0 / 550.0);
    close(concentration.native_by_entity.hhi, 0.5);
    assert_eq!(facts.coverage.eth_by_count, [0.0, 350.0, 200.0]);
    close(facts.coverage.mean_avss, 750.0 / 550.0);
    close(facts.coverage.mean_fraction, 0.5);
    close(facts.overlap[0].jaccard, 250.0 / 550.0);
}

#[test]
fn tiny_is_looked_through_by_hand() {
    let (_, facts) = tiny();
    let [lst, lrt] = &facts.look_through[..] else { panic!("two wrapped assets") };
    assert!(lst.avss.is_empty());
    let alpha_beta: Vec<EntityId> = lrt.entities.iter().map(|exposure| exposure.id).collect();
    assert_eq!(alpha_beta, [EntityId::new(0), EntityId::new(1)]);
    close(lrt.entities[0].nav_loss, 1.0);
    close(lrt.entities[1].nav_loss, 50.0 / 350.0);
    close(lrt.avss[0].nav_loss, 125.0 / 350.0);
    close(lrt.avss[1].nav_loss, 25.0 / 350.0);
}

#[test]
fn tiny_is_secured_by_hand() {
    let (_, facts) = tiny();
    let [x, y] = &facts.security[..] else { panic!("two AVSs") };
    close(x.slashable_eth, 175.0);
    close(x.profit_eth, 175.0 / 3.0 / 1.5);
    close(x.entities.hhi, 1.0);
    close(y.slashable_eth, 100.0);
    close(y.global_slack, 1.0 / 9.0);
    assert_eq!((x.profit_is_given, y.profit_is_given), (false, true));
    // op-c stands behind Y alone; op-a has 175 at stake for 125/175 of X and half of Y.
    close(facts.local_slack.gamma, 1.0 / 9.0);
    assert_eq!(facts.local_slack.binding, Some(OperatorId::new(2)));
    let op_a = &facts.local_slack.operators[1];
    assert_eq!(op_a.operator, OperatorId::new(0));
    close(op_a.gamma, 4.0 / 11.0);
    assert_eq!(facts.failing_services.tolerated_at_least(), Some(2));
}

#[test]
fn tiny_spreads_distress_by_hand() {
    let (_, facts) = tiny();
    close(facts.debtrank.value_eth, 800.0);
    let rank = |node| facts.debtrank.nodes.iter().find(|row| row.node == node).unwrap().debtrank;
    // With op-c lost, y = .5 + .5 a, x = (5 a + 2 b) / 7, a = .2 y + .5 x, b = .25 x, so a = 13/67
    // and b = 2.5/67; tLST loses 250 outside, tLRT 50 + 150 a + 200 b, direct 100 + 100 a.
    let op_c = rank(Node::Operator(OperatorId::new(2)));
    assert!((op_c - (400.0 + 3750.0 / 67.0) / 800.0).abs() < 1e-10);
    close(rank(Node::Wrapped(AssetId::new(facts.totals.assets.len() - 2))), 50.0 / 800.0);
    assert!(rank(Node::Avs(AvsId::new(0))) > rank(Node::Avs(AvsId::new(1))));
}
