//! The search for failing services against every subset, and cases worked by hand.

use super::super::security;
use super::super::testing::close;
use super::*;
use crate::Sketch;
use crate::spec::AssetKind;
use crate::spec::Sharing::{Shared, Unique};

fn found(network: &Network, security_slack: f64) -> FailingServices {
    failing_services(network, &security(network, security_slack))
}

/// One operator with a stake of 10 and `n` AVSs of half of it each.
fn halves(n: usize, profit_eth: Option<f64>) -> Network {
    let start = Sketch::new().operator("a", "A").holding("direct", "a", "ETH", 10.0);
    let all = (0..n).fold(start, |sketch, i| {
        let name = format!("s{i}");
        sketch
            .avs(&name, Shared)
            .with_avs(|avs| avs.profit_from_corruption_eth = profit_eth)
            .allocation(&name, "a", "*", 0.5)
    });
    all.network().unwrap()
}

#[test]
fn elastic_stake_bears_one_failure_and_not_two() {
    let found = found(&halves(4, None), 0.5);
    assert_eq!((found.tolerated_at_least(), found.tolerated_at_most()), (Some(1), Some(1)));
    assert!(found.is_exact());
    let witness = found.witness.unwrap();
    assert_eq!(witness.failed.len(), 2);
    close(witness.slashable_eth, 0.0);
}

#[test]
fn unique_stake_bears_any_failure() {
    let network = Sketch::new()
        .operator("a", "A")
        .holding("direct", "a", "ETH", 10.0)
        .avs("s", Unique)
        .avs("t", Unique)
        .allocation("s", "a", "*", 0.3)
        .allocation("t", "a", "*", 0.7)
        .network()
        .unwrap();
    let found = found(&network, 0.0);
    assert_eq!((found.tolerated_at_least(), found.broken_by), (Some(2), None));
    assert!(found.is_exact() && found.witness.is_none());
}

#[test]
fn an_avs_open_now_needs_no_failure() {
    let found = found(&halves(2, Some(2.0)), 0.5);
    assert_eq!((found.broken_by, found.tolerated_at_most()), (Some(0), None));
    assert!(found.is_exact());
    assert_eq!(found.witness.unwrap().failed, []);
}

#[test]
fn stake_equal_to_the_threshold_is_not_open() {
    assert_eq!(found(&halves(2, None), 0.0).broken_by, None);
    assert_eq!(found(&halves(3, None), 0.0).broken_by, Some(2));
}

#[test]
fn a_failure_reaches_through_the_nav_of_a_restaked_token() {
    let network = Sketch::new()
        .asset("lrt", AssetKind::Lrt)
        .operator("a", "A")
        .operator("b", "B")
        .holding("lrt", "a", "ETH", 60.0)
        .holding("lrt", "", "ETH", 40.0)
        .holding("direct", "b", "lrt", 50.0)
        .avs("s", Unique)
        .avs("t", Unique)
        .allocation("s", "a", "*", 1.0)
        .allocation("t", "b", "*", 1.0)
        .network()
        .unwrap();
    let found = found(&network, 0.5);
    assert_eq!(found.broken_by, Some(1));
    let witness = found.witness.unwrap();
    assert_eq!((witness.failed, witness.attackable), (vec![AvsId::new(0)], AvsId::new(1)));
    close(witness.slashable_eth, 50.0 * 0.4);
}

#[test]
fn without_work_there_are_bounds_only() {
    let network = halves(6, None);
    let found = bounded(&network, &security(&network, 0.5), 0);
    assert_eq!((found.none_below, found.broken_by), (0, Some(2)));
    assert!(!found.is_exact());
}

/// A network of 6 AVSs, 5 operators and a restaked LRT from a small generator.
fn drawn(seed: u64) -> Network {
    let mut state = seed;
    let mut draw = move |n: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut sketch = Sketch::new().asset("lrt", AssetKind::Lrt);
    for name in ["a", "b", "c", "d", "e"] {
        sketch = sketch.operator(name, name);
        let eth = 10.0 + draw(90) as f64;
        sketch = sketch.holding("lrt", name, "ETH", eth);
        sketch = sketch.holding("direct", name, "lrt", eth / 3.0);
    }
    for avs in ["s", "t", "u", "v", "w", "x"] {
        sketch = sketch.avs(avs, Shared);
        for operator in ["a", "b", "c", "d", "e"] {
            let w = draw(10) as f64 / 10.0;
            let asset = if draw(2) == 0 { "ETH" } else { "lrt" };
            sketch = sketch.allocation(avs, operator, asset, w);
        }
    }
    sketch.network().unwrap()
}

/// The smallest breaking set by trying every subset.
fn by_brute_force(network: &Network, security: &[AvsSecurity]) -> Option<usize> {
    let slashes = Slashes::new(network);
    let targets = targets(&slashes, security);
    let sizes = targets.iter().flat_map(|target| {
        (0_u32..1 << target.n_others()).filter_map(move |bits| {
            let set: Vec<usize> = (0..target.n_others()).filter(|&i| bits >> i & 1 == 1).collect();
            target.is_open(&set).then_some(set.len())
        })
    });
    sizes.min()
}

#[test]
fn the_search_agrees_with_every_subset() {
    let mut sizes = Vec::new();
    for seed in 0..60 {
        let network = drawn(seed);
        let slack = [0.1, 0.5, 2.0][usize::try_from(seed % 3).unwrap()];
        let security = security(&network, slack);
        let found = failing_services(&network, &security);
        assert!(found.is_exact());
        assert_eq!(found.broken_by, by_brute_force(&network, &security), "seed {seed}");
        sizes.push(found.broken_by);
    }
    sizes.sort_unstable();
    sizes.dedup();
    assert!(sizes.len() > 1, "the cases are all alike: {sizes:?}");
}
