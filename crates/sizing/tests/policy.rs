//! A policy means what it says: what an absent key stands for, what is said of every mistake, and
//! that the example is of the portfolio whose name it has.

#![expect(clippy::unwrap_used, reason = "a test stops where its own files fail")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use slashfall_graph::spec::{AssetKind, LoanRow, PoolRow};
use slashfall_graph::{
    Loan, Market, MarketId, Network, Portfolio, Position, Problems, Sketch, load_network,
};
use slashfall_output::measures::Level;
use slashfall_sampling::Node;
use slashfall_sizing::policy::{
    Bound, Exit, ExtraYields, Haircut, Liquidity, LookThroughLimits, LossBudget, ShortfallBudget,
};
use slashfall_sizing::{Candidate, CandidateKind, Policy};

const FILE: &str = "policy.toml";

fn read(text: &str) -> Result<Policy, Problems> {
    Policy::read(FILE, &Node::parse(FILE, text)?)
}

/// The example and the network it is of.
fn example() -> (Policy, Network) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(repository.join("configs/policies/example-dao.toml")).unwrap();
    let network = load_network(&repository.join("data/networks/reference")).unwrap().network;
    (read(&text).unwrap(), network)
}

/// Problems as they are told, a line each.
#[track_caller]
fn told<T: std::fmt::Debug>(result: Result<T, Problems>) -> Vec<String> {
    result.unwrap_err().to_string().lines().map(str::to_owned).collect()
}

const SHORT: &str = r#"
name = "short"
[treasury]
size_eth = 1_000
[budget]
es = { level = 0.99, share = 0.05 }
[[position]]
asset = "stETH"
"#;

#[test]
fn what_is_absent_has_its_default() {
    let policy = read(SHORT).unwrap();
    assert_eq!((policy.name.as_str(), policy.size_eth), ("short", 1_000.0));
    let level = Level::new(0.99).unwrap();
    assert_eq!(policy.es, Some(ShortfallBudget { level, share: 0.05 }));
    assert_eq!((policy.loss, policy.bound, policy.liquidity), (None, Bound::Upper, None));
    assert_eq!(
        policy.look_through,
        LookThroughLimits { entity: None, avs: None, protocol: None, bridge: None }
    );
    assert_eq!(policy.exit, Exit { days: 0.0, is_counted: true });
    let haircut =
        Haircut { staking: 0.0, fees: 0.0, incentives: 0.5, campaign: 1.0, recovery: 1.0 };
    assert_eq!(policy.haircut, haircut);
    let [position] = &policy.positions[..] else { panic!("{:?}", policy.positions) };
    assert_eq!((position.place.key(), position.place.name().value.as_str()), ("asset", "stETH"));
    assert_eq!((position.amount_eth, position.min_eth, position.max_eth), (0.0, 0.0, 1_000.0));
    let nothing = ExtraYields { staking: 0.0, fees: 0.0, incentives: 0.0, campaign: 0.0 };
    assert_eq!(position.yields, nothing);
}

const FULL: &str = r#"
name = "full"
treasury.size_eth = 20_000
[budget]
loss = { above = 0.10, probability = 0.01 }
bound = "point"
[look_through]
entity = 0.15
avs = 0.05
protocol = 1
bridge = 0.02
[liquidity]
share = 0.5
days = 7
discount = 0.01
probability = 0.95
[exit]
days = 3.5
counted = false
[haircut]
staking = 0.1
fees = 0.2
incentives = 0.3
campaign = 0.4
recovery = 0.6
[[position]]
asset = "eETH"
amount_eth = 1_000
min_eth = 500
max_eth = 5_000
yields = { staking = 0.01, fees = 0.02, incentives = 0.03, campaign = 0.04 }
[[position]]
pool = "curve"
[[position]]
market = "aave"
max_eth = 10
"#;

#[test]
fn every_key_is_read_into_its_field() {
    let policy = read(FULL).unwrap();
    assert_eq!((policy.es, policy.bound), (None, Bound::Point));
    assert_eq!(policy.loss, Some(LossBudget { above: 0.1, probability: 0.01 }));
    let [entity, avs, protocol, bridge] = [0.15, 0.05, 1.0, 0.02].map(Some);
    assert_eq!(policy.look_through, LookThroughLimits { entity, avs, protocol, bridge });
    let liquidity = Liquidity { share: 0.5, days: 7.0, discount: 0.01, probability: 0.95 };
    assert_eq!(policy.liquidity, Some(liquidity));
    assert_eq!(policy.exit, Exit { days: 3.5, is_counted: false });
    let haircut =
        Haircut { staking: 0.1, fees: 0.2, incentives: 0.3, campaign: 0.4, recovery: 0.6 };
    assert_eq!(policy.haircut, haircut);
    let [first, ..] = &policy.positions[..] else { panic!() };
    assert_eq!((first.amount_eth, first.min_eth, first.max_eth), (1_000.0, 500.0, 5_000.0));
    let yields = ExtraYields { staking: 0.01, fees: 0.02, incentives: 0.03, campaign: 0.04 };
    assert_eq!(first.yields, yields);
}

const BROKEN: &str = r#"name = ""
[treasury]
size_eth = 100
[budget]
es = { level = 99, share = 0 }
bound = "uper"
[look_through]
entitty = 0.15
avs = 1.5
[liquidity]
share = 0.5
days = -1
discount = 1
[exit]
counted = "yes"
[haircut]
incentives = 50
[[position]]
asset = "eETH"
amount_eth = 80
min_eth = 60
max_eth = 50
[[position]]
asset = "eETH"
pool = "curve"
[[position]]
asset = "eETH"
amount_eth = 30
min_eth = 50
yields = { fees = 12, campain = 1 }
[[position]]
amount_eth = "much"
"#;

#[test]
fn all_mistakes_are_told_at_once() {
    let expected = [
        "1, key `name`: found \"\", the name of the treasury was expected",
        "5, key `budget.es.level`: found \"99\", a probability in (0, 1) was expected (write 0.99 for 99 %)",
        "5, key `budget.es.share`: found \"0\", a fraction in (0, 1] was expected",
        "6, key `budget.bound`: found \"uper\", one of upper, point was expected; did you mean \"upper\"?",
        "9, key `look_through.avs`: found \"1.5\", a fraction in (0, 1] was expected (write 0.015 for 1.5 %)",
        "8, key `look_through.entitty`: unknown key; did you mean \"entity\"?",
        "12, key `liquidity.days`: found \"-1\", a finite number, at least 0, was expected",
        "13, key `liquidity.discount`: found \"1\", a fraction in [0, 1) was expected",
        "10, key `liquidity.probability`: is missing: the least share of paths on which that is so",
        "15, key `exit.counted`: found \"yes\", true or false was expected",
        "17, key `haircut.incentives`: found \"50\", a fraction in [0, 1] was expected (write 0.5 for 50 %)",
        "21, key `position.min_eth`: found \"60\", at most max_eth was expected, 50",
        "23, key `position`: exactly one of `asset`, `pool` and `market` was expected",
        "30, key `position.yields.fees`: found \"12\", a fraction a year in [0, 10] was expected",
        "30, key `position.yields.campain`: unknown key; did you mean \"campaign\"?",
        "31, key `position`: exactly one of `asset`, `pool` and `market` was expected",
        "32, key `position.amount_eth`: found \"much\", a number was expected",
        "27, key `position.asset`: found \"eETH\", a name that no other [[position]] has was expected",
        "3, key `treasury.size_eth`: found \"100\", at least 110 was expected, the sum of amount_eth of all positions",
        "3, key `treasury.size_eth`: found \"100\", at least 110 was expected, the sum of min_eth of all positions",
    ];
    let expected = expected.map(|problem| format!("{FILE}, line {problem}"));
    assert_eq!(told(read(BROKEN)), expected);
}

#[test]
fn what_must_be_there_is_asked_for() {
    let expected = [
        "name`: is missing: the name of the treasury",
        "treasury`: is missing: a section [treasury] with size_eth",
        "budget`: is missing: a section [budget] with es, loss or both: how much is borne has no default",
        "position`: is missing: a [[position]] for each that is held or considered",
    ];
    let expected = expected.map(|problem| format!("{FILE}, line 1, key `{problem}"));
    assert_eq!(told(read("")), expected);

    let empty = "name = \"a\"\nposition = []\n[treasury]\n[budget]\nbound = \"point\"\n";
    let expected = [
        "3, key `treasury.size_eth`: is missing: all that the treasury has, in ETH",
        "4, key `budget.es`: is missing: es = { level, share }, loss = { above, probability } or both: how much is borne has no default",
        "2, key `position`: found \"[]\", at least one [[position]] was expected",
    ];
    let expected = expected.map(|problem| format!("{FILE}, line {problem}"));
    assert_eq!(told(read(empty)), expected);
}

/// A pool of 40 stETH and 50 ETH and a market on stETH, of which there are 100.
fn network() -> Network {
    Sketch::new()
        .operator("lido-a", "A")
        .asset("stETH", AssetKind::Lst)
        .asset("BTC", AssetKind::Base)
        .holding("stETH", "lido-a", "ETH", 100.0)
        .pool(PoolRow::stableswap("curve", "stETH", 40.0, 50.0))
        .loan(LoanRow::new("aave", "stETH", 1.2, 30.0))
        .network()
        .unwrap()
}

/// A policy of a treasury of 1,000 ETH with these positions.
fn policy_of(positions: &str) -> Policy {
    let (head, _) = SHORT.split_once("[[position]]").unwrap();
    read(&format!("{head}{positions}")).unwrap()
}

#[test]
fn positions_are_found() {
    let network = network();
    let policy = policy_of(
        "[[position]]\nmarket = \"aave\"\nmax_eth = 30\n\
         [[position]]\npool = \"curve\"\namount_eth = 90\nyields.fees = 0.02\n\
         [[position]]\nasset = \"stETH\"\namount_eth = 100\nmin_eth = 5\n",
    );
    let steth = network.wrapped_assets().next().unwrap();
    let (market, collateral) = (MarketId::new(0), steth);
    let candidate = |name: &str, kind| Candidate {
        name: name.to_owned(),
        kind,
        amount_eth: 0.0,
        min_eth: 0.0,
        max_eth: 1_000.0,
        yields: ExtraYields::default(),
    };
    let of_loop = candidate("loop aave", CandidateKind::Loop { market, collateral });
    let of_pool = candidate("pool curve", CandidateKind::Pool { pool: 0, asset: steth });
    let of_asset = candidate("stETH", CandidateKind::Asset(steth));
    let yields = ExtraYields { fees: 0.02, ..ExtraYields::default() };
    let expected = [
        Candidate { max_eth: 30.0, ..of_loop },
        Candidate { amount_eth: 90.0, yields, ..of_pool },
        Candidate { amount_eth: 100.0, min_eth: 5.0, ..of_asset },
    ];
    assert_eq!(policy.resolve(FILE, &network).unwrap(), expected);
}

#[test]
fn what_cannot_be_held_is_told_at_once() {
    let names = [
        ("asset", "ETH", ""),
        ("asset", "BTC", ""),
        ("asset", "stEHT", ""),
        ("asset", "curve", ""),
        ("pool", "crve", ""),
        ("pool", "stETH", ""),
        ("market", "aaave", ""),
        ("asset", "stETH", "amount_eth = 100.5\nmin_eth = 101\n"),
        ("pool", "curve", "amount_eth = 91\n"),
        ("market", "aave", "amount_eth = 91\n"),
    ];
    let position = |(key, name, rest)| format!("[[position]]\n{key} = \"{name}\"\n{rest}");
    let policy = policy_of(&names.map(position).concat());
    let expected = [
        "8, key `position.asset`: found \"ETH\", a wrapped asset was expected; ETH is what is left of the treasury",
        "10, key `position.asset`: found \"BTC\", a wrapped asset was expected; a base asset is no position",
        "12, key `position.asset`: found \"stEHT\", a wrapped asset was expected, and there is none of that name; did you mean \"stETH\"?",
        "14, key `position.asset`: found \"curve\", a wrapped asset was expected, and there is none of that name; write `pool` for this one",
        "16, key `position.pool`: found \"crve\", a pool was expected, and there is none of that name; did you mean \"curve\"?",
        "18, key `position.pool`: found \"stETH\", a pool was expected, and there is none of that name; write `asset` for this one",
        "20, key `position.market`: found \"aaave\", a lending market was expected, and there is none of that name; did you mean \"aave\"?",
        "22, key `position.asset`: found \"stETH\", at most 100 ETH was expected, all that there is; amount_eth is 100.5",
        "22, key `position.asset`: found \"stETH\", at most 100 ETH was expected, all that there is; min_eth is 101",
        "26, key `position.pool`: found \"curve\", at most 90 ETH was expected, all that there is; amount_eth is 91",
    ];
    let expected = expected.map(|problem| format!("{FILE}, line {problem}"));
    assert_eq!(told(policy.resolve(FILE, &network())), expected);
}

/// What of collateral is not owed, over all loans of a market at nav.
fn equity_share(market: &Market) -> f64 {
    let owed =
        |loan: &Loan| market.liquidation_threshold * loan.collateral_units / loan.health_factor;
    let pledged: f64 = market.loans.iter().map(|loan| loan.collateral_units).sum();
    1.0 - market.loans.iter().map(owed).sum::<f64>() / pledged
}

/// A portfolio as a policy has it: positions by name, those that are levered at their equity, and
/// the ETH beside them.
fn held(portfolio: &Portfolio, network: &Network) -> (BTreeMap<String, f64>, f64) {
    let eth = |asset, units| units * network.asset(asset).nav_0;
    let mut held = BTreeMap::new();
    let mut base_eth = 0.0;
    for position in &portfolio.positions {
        match *position {
            Position::Asset { asset: Network::ETH, units } => base_eth += units,
            Position::Asset { asset, units } => {
                held.insert(network.asset(asset).name.clone(), eth(asset, units));
            }
            Position::Levered { market, units } => {
                let market = network.market(market);
                let equity_eth = eth(market.collateral, units) * equity_share(market);
                held.insert(format!("loop {}", market.name), equity_eth);
            }
        }
    }
    (held, base_eth)
}

#[test]
fn the_example_is_the_portfolio_of_its_name() {
    let (policy, network) = example();
    let candidates = policy.resolve(FILE, &network).unwrap();
    let portfolio = network.portfolios().iter().find(|p| p.name == policy.name).unwrap();
    let (held, base_eth) = held(portfolio, &network);

    let said = candidates.iter().filter(|candidate| candidate.amount_eth > 0.0);
    let said: BTreeMap<String, f64> = said.map(|c| (c.name.clone(), c.amount_eth)).collect();
    assert_eq!(said.keys().collect::<Vec<_>>(), held.keys().collect::<Vec<_>>());
    for (name, eth) in &held {
        assert!((said[name] - eth).abs() < 0.5, "{name}: {} is said, {eth} held", said[name]);
    }
    let in_positions: f64 = said.values().sum();
    let left = policy.size_eth - in_positions;
    assert!((left - base_eth).abs() < 0.5, "{left} ETH is left, {base_eth} held");
    assert_eq!(candidates.len(), policy.positions.len());
}

/// The bounds that the example's comments give their reason for.
#[test]
fn most_of_the_example_is_what_its_comments_say() {
    let (policy, network) = example();
    for candidate in policy.resolve(FILE, &network).unwrap() {
        let most = match candidate.kind {
            CandidateKind::Asset(asset) => {
                let asset = network.asset(asset);
                (0.02 * asset.supply_units * asset.nav_0).min(policy.size_eth)
            }
            CandidateKind::Pool { pool, asset } => {
                let pool = &network.pools()[pool];
                0.05 * (pool.reserve_units * network.asset(asset).nav_0 + pool.reserve_eth)
            }
            CandidateKind::Loop { .. } => 1_000.0,
        };
        let rest = most - candidate.max_eth;
        assert!((-1e-6..0.05 * most).contains(&rest), "{}: {most}", candidate.name);
    }
}
