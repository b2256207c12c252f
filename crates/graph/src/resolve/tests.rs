//! Networks small enough to be worked by hand, and what must not change them.

use crate::ids::{
    AllocationId, AssetId, AvsId, MarketId, MemberId, OperatorId, ReserveId, StakeId,
};
use crate::network::{Holder, Network};
use crate::resolve::{Resolved, resolve};
use crate::sketch::Sketch;
use crate::spec::{
    AllocationRow, AssetKind, AssetRow, AvsRow, GroupRow, HoldingRow, Invariant, LoanRow, MetaSpec,
    NetworkSpec, OperatorRow, Oracle, PoolRow, PortfolioItem, PortfolioRow, ReserveRow, Sharing,
    Table, Yields,
};
use crate::venues::Position;

fn asset(name: &str, kind: AssetKind, supply_eth: Option<f64>) -> AssetRow {
    AssetRow { supply_eth, ..AssetRow::new(name, kind) }
}

fn holding(holder: &str, operator: &str, asset: &str, amount_eth: f64) -> HoldingRow {
    let operator = (!operator.is_empty()).then(|| operator.to_owned());
    HoldingRow { holder: holder.to_owned(), operator, asset: asset.to_owned(), amount_eth }
}

fn allocation(avs: &str, operator: &str, asset: &str, fraction: f64) -> AllocationRow {
    AllocationRow {
        avs: avs.to_owned(),
        operator: operator.to_owned(),
        asset: asset.to_owned(),
        fraction,
    }
}

fn avs(name: &str, sharing: Sharing, profit: Option<f64>) -> AvsRow {
    AvsRow {
        avs: name.to_owned(),
        sharing,
        attack_threshold: 0.5,
        profit_from_corruption_eth: profit,
        secured_value_eth: 0.0,
        redistributes: false,
    }
}

fn operator(name: &str, entity: &str) -> OperatorRow {
    OperatorRow {
        operator: name.to_owned(),
        entity: entity.to_owned(),
        attributes: std::collections::BTreeMap::new(),
    }
}

fn group(name: &str, kind: &str, operator: &str, share: f64) -> GroupRow {
    GroupRow { group: name.to_owned(), kind: kind.to_owned(), operator: operator.to_owned(), share }
}

fn loan(health_factor: f64, collateral_eth: f64) -> LoanRow {
    LoanRow {
        market: "aave".to_owned(),
        collateral: "lrt".to_owned(),
        debt_asset: "ETH".to_owned(),
        oracle: Oracle::Market,
        ltv: 0.9,
        liquidation_threshold: 0.95,
        liquidation_bonus: 0.01,
        health_factor,
        collateral_eth,
        close_factor: 0.5,
        reserve: None,
    }
}

/// `lrt` of 100 units is backed by 110 ETH; `far` holds 22 of its value, `direct` 11.
fn small() -> NetworkSpec {
    NetworkSpec {
        meta: MetaSpec {
            name: "small".to_owned(),
            as_of: "2026-11-20".to_owned(),
            ..MetaSpec::default()
        },
        assets: Table::new(
            "assets.csv",
            vec![
                AssetRow { vol_annual: 0.5, ..asset("BTC", AssetKind::Base, None) },
                asset("far", AssetKind::Bridged, None),
                AssetRow { buffer_eth: 20.0, ..asset("lrt", AssetKind::Lrt, Some(100.0)) },
                asset("zst", AssetKind::Lst, None),
            ],
        ),
        operators: Table::new(
            "operators.csv",
            vec![operator("a", "X"), operator("b", "X"), operator("c", "Y")],
        ),
        avs: Table::new(
            "avs.csv",
            vec![
                avs("one", Sharing::Unique, Some(1.0)),
                avs("two", Sharing::Shared, None),
                avs("six", Sharing::Shared, None),
            ],
        ),
        holdings: Table::new(
            "holdings.csv",
            vec![
                holding("far", "", "lrt", 22.0),
                holding("lrt", "a", "ETH", 50.0),
                holding("lrt", "a", "zst", 15.0),
                holding("lrt", "b", "zst", 15.0),
                holding("lrt", "", "zst", 10.0),
                holding("direct", "b", "lrt", 11.0),
                holding("direct", "a", "ETH", 5.0),
                holding("zst", "a", "ETH", 70.0),
                holding("zst", "c", "ETH", 30.0),
            ],
        ),
        allocations: Table::new(
            "allocations.csv",
            vec![
                allocation("one", "a", "*", 0.6),
                allocation("two", "b", "zst", 0.9),
                allocation("six", "b", "*", 0.8),
            ],
        ),
        groups: Table::new(
            "groups.csv",
            vec![
                group("teku", "client", "b", 1.0),
                group("teku", "client", "a", 0.5),
                group("prysm", "client", "a", 0.5),
            ],
        ),
        ..venues()
    }
}

/// Where the `lrt` of [`small`] is traded, pledged and owned.
fn venues() -> NetworkSpec {
    let fund = |holds, amount_eth| PortfolioRow { portfolio: "fund".to_owned(), holds, amount_eth };
    NetworkSpec {
        pools: Table::new(
            "pools.csv",
            vec![PoolRow {
                pool: "curve".to_owned(),
                asset: "lrt".to_owned(),
                invariant: Invariant::Stableswap,
                reserve_asset_eth: 5.5,
                reserve_eth: 5.0,
                amplification: 100.0,
                fee: 0.0,
            }],
        ),
        loans: Table::new("loans.csv", vec![loan(1.5, 1.1), loan(1.1, 2.2), loan(1.1, 1.1)]),
        portfolios: Table::new(
            "portfolios.csv",
            vec![
                fund(PortfolioItem::Market("aave".to_owned()), 2.2),
                fund(PortfolioItem::Asset("lrt".to_owned()), 3.3),
            ],
        ),
        ..NetworkSpec::default()
    }
}

fn resolved(spec: &NetworkSpec) -> Resolved {
    resolve(spec).unwrap_or_else(|problems| panic!("{problems}"))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

fn asset_id(network: &Network, name: &str) -> AssetId {
    AssetId::new(network.assets().iter().position(|asset| asset.name == name).unwrap())
}

#[test]
fn assets_come_after_what_backs_them() {
    let network = resolved(&small()).network;
    let names: Vec<&str> = network.assets().iter().map(|asset| asset.name.as_str()).collect();
    assert_eq!(names, ["ETH", "BTC", "USD", "zst", "lrt", "far"]);
    assert_eq!((network.n_base(), network.n_wrapped()), (3, 3));
}

#[test]
fn amounts_become_units_by_nav() {
    let network = resolved(&small()).network;
    let lrt = network.asset(asset_id(&network, "lrt"));
    assert!(near(lrt.nav_0, 1.1) && near(lrt.supply_units, 100.0));
    assert!(near(lrt.outside_units, 100.0 - 33.0 / 1.1), "{}", lrt.outside_units);
    let far = network.asset(asset_id(&network, "far"));
    assert!(near(far.nav_0, 1.0) && near(far.supply_units, 22.0));
    assert!(near(network.pools()[0].reserve_units, 5.0));
    let loans: Vec<(f64, f64)> =
        network.markets()[0].loans.iter().map(|l| (l.health_factor, l.collateral_units)).collect();
    assert!(near(loans[0].0, 1.1) && near(loans[0].1, 1.0) && near(loans[1].1, 2.0), "{loans:?}");
    let [Position::Asset { units, .. }, Position::Levered { units: levered, .. }] =
        network.portfolios()[0].positions.as_slice()
    else {
        panic!("{:?}", network.portfolios());
    };
    assert!(near(*units, 3.0) && near(*levered, 2.0));
}

/// Markets, pools and reserves in other than the order of their names.
fn lent() -> Network {
    let loan = |market: &str, reserve: Option<&str>| LoanRow {
        reserve: reserve.map(str::to_owned),
        ..LoanRow::new(market, "lrt", 1.9, 10.0)
    };
    let sketch = Sketch::new()
        .asset("lst", AssetKind::Lst)
        .asset("lrt", AssetKind::Lrt)
        .yields(Yields { staking: 0.03, avs_fees: 0.001, incentives: 0.004, campaign: 0.002 })
        .holding("lst", "", "ETH", 100.0)
        .holding("lrt", "", "ETH", 100.0)
        .pool(PoolRow::stableswap("z", "lrt", 5.0, 5.0))
        .pool(PoolRow::constant_product("y", "lst", 5.0, 5.0))
        .pool(PoolRow::stableswap("a", "lrt", 6.0, 5.0))
        .loan(loan("n", Some("usd")))
        .loan(loan("m", Some("weth")))
        .loan(loan("alone", None))
        .loan(loan("c", Some("weth")))
        .reserve(ReserveRow { other_borrowed_eth: 20.0, ..ReserveRow::new("weth", "ETH", 30.0) })
        .reserve(ReserveRow::new("usd", "USD", 6.0))
        .reserve(ReserveRow::new("aaa", "BTC", 1.0))
        .asset("BTC", AssetKind::Base)
        .levered("fund", "m", 2.0);
    let mut spec = sketch.0;
    spec.loans.rows[0].debt_asset = "USD".to_owned();
    resolved(&spec).network
}

#[test]
fn venues_are_found_by_what_they_take() {
    let network = lent();
    let lrt = asset_id(&network, "lrt");
    let pools: Vec<&str> = network.asset_pools(lrt).map(|pool| pool.name.as_str()).collect();
    assert_eq!(pools, ["a", "z"]);
    assert_eq!(network.asset_pools(Network::ETH).count(), 0);
    let names = |ids: &[MarketId]| -> Vec<&str> {
        ids.iter().map(|&id| network.market(id).name.as_str()).collect()
    };
    assert_eq!(names(network.asset_markets(lrt)), ["alone", "c", "m", "n"]);
    assert_eq!(network.asset_markets(asset_id(&network, "lst")), []);
    let reserves: Vec<(&str, Vec<&str>)> = (0..network.reserves().len())
        .map(ReserveId::new)
        .map(|id| (network.reserve(id).name.as_str(), names(network.reserve_markets(id))))
        .collect();
    assert_eq!(reserves, [("aaa", vec![]), ("usd", vec!["n"]), ("weth", vec!["c", "m"])]);
    let of_market = |name: &str| network.markets().iter().find(|m| m.name == name).unwrap().reserve;
    assert_eq!((of_market("m"), of_market("alone")), (Some(ReserveId::new(2)), None));
    let weth = network.reserve(ReserveId::new(2));
    assert_eq!((weth.supplied_units, weth.other_borrowed_units), (30.0, 20.0));
    let Position::Levered { market, .. } = network.portfolios()[0].positions[0] else { panic!() };
    assert_eq!(network.market(market).name, "m");
}

#[test]
fn yields_add_up() {
    let network = lent();
    let yields = network.asset(asset_id(&network, "lrt")).yields;
    assert!(near(yields.total(), 0.037), "{yields:?}");
    assert_eq!(network.asset(Network::ETH).yields, Yields::default());
    assert_eq!(network.asset(asset_id(&network, "lst")).yields, Yields::default());
}

#[test]
fn only_direct_and_lrt_stake_at_operators_is_restaked() {
    let network = resolved(&small()).network;
    let stake = |id: usize| {
        let stake = network.stakes()[id];
        let operator = &network.operator(stake.operator).name;
        (operator.as_str(), network.asset(stake.asset).name.as_str())
    };
    assert_eq!(
        (0..4).map(stake).collect::<Vec<_>>(),
        [("a", "ETH"), ("a", "zst"), ("b", "zst"), ("b", "lrt")]
    );
    assert!(near(network.stake_eth(StakeId::new(0)), 55.0), "the ETH of zst at a is not in it");
    assert_eq!(network.operator_native(OperatorId::new(0)).len(), 3, "zst, lrt and direct");
    assert_eq!(network.operator_native(OperatorId::new(2)).len(), 1);
    assert_eq!(network.operator_stakes(OperatorId::new(2)), []);
    let lrt = Holder::Wrapped(asset_id(&network, "lrt"));
    assert_eq!(network.holder_columns(lrt).len(), 2);
    assert_eq!(network.holder_holdings(lrt).len(), 4);
    assert_eq!(network.holder_holdings(Holder::Direct).len(), 2);
    let zst = network.columns()[network.holder_columns(lrt)[1].index()];
    assert!(near(zst.units, 40.0));
}

#[test]
fn a_wildcard_is_every_asset_restaked_with_the_operator() {
    let network = resolved(&small()).network;
    let names: Vec<&str> = network.avss().iter().map(|avs| avs.name.as_str()).collect();
    assert_eq!(names, ["one", "six", "two"]);
    let stakes: Vec<(usize, usize)> =
        network.allocations().iter().map(|a| (a.avs.index(), a.stake.index())).collect();
    assert_eq!(stakes, [(0, 0), (0, 1), (1, 2), (1, 3), (2, 2)]);
    assert_eq!(network.avs_members(AvsId::new(1)), [MemberId::new(1)]);
    let six: Vec<AllocationId> = network.member_allocations(MemberId::new(1)).collect();
    assert_eq!(six, [AllocationId::new(2), AllocationId::new(3)]);
    assert_eq!(network.operator_members(OperatorId::new(1)).len(), 2);
    assert_eq!(network.stake_allocations(StakeId::new(2)).len(), 2);
}

#[test]
fn companies_are_groups_unless_the_table_has_some() {
    let mut spec = small();
    let names = |spec: &NetworkSpec| -> Vec<String> {
        let network = resolved(spec).network;
        network.groups().iter().map(|g| format!("{}/{}", g.kind, g.name)).collect()
    };
    assert_eq!(names(&spec), ["client/prysm", "client/teku", "entity/X", "entity/Y"]);
    spec.groups.rows.push(group("X", "entity", "c", 1.0));
    assert_eq!(names(&spec), ["client/prysm", "client/teku", "entity/X"]);
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let spec = small();
    let expected = resolved(&spec).network;
    for turn in 0..9 {
        let mut turned = spec.clone();
        let by = |n: usize| turn % n;
        turned.assets.rows.rotate_left(by(4));
        turned.operators.rows.rotate_left(by(3));
        turned.avs.rows.rotate_left(by(3));
        turned.holdings.rows.rotate_left(turn);
        turned.allocations.rows.rotate_left(by(3));
        turned.groups.rows.rotate_left(by(3));
        turned.loans.rows.rotate_left(by(3));
        turned.portfolios.rows.rotate_left(by(2));
        assert_eq!(resolved(&turned).network, expected, "turned by {turn}");
        turned.holdings.rows.reverse();
        turned.loans.rows.reverse();
        assert_eq!(resolved(&turned).network, expected, "turned by {turn} and reversed");
    }
}

#[test]
fn a_name_is_only_a_name() {
    let mut spec = small();
    let expected = resolved(&spec).network;
    for row in &mut spec.operators.rows {
        row.operator += " Ltd";
    }
    for row in &mut spec.holdings.rows {
        row.operator.iter_mut().for_each(|name| name.push_str(" Ltd"));
    }
    for row in &mut spec.allocations.rows {
        row.operator += " Ltd";
    }
    for row in &mut spec.groups.rows {
        row.operator += " Ltd";
    }
    let mut renamed = resolved(&spec).network;
    assert_eq!(renamed.operators()[0].name, "a Ltd");
    renamed.operators = expected.operators.clone();
    assert_eq!(renamed, expected);
}

#[test]
fn what_is_seldom_meant_is_a_warning() {
    let mut spec = small();
    spec.avs.rows[0].profit_from_corruption_eth = Some(21.1);
    spec.holdings.rows.push(holding("direct", "c", "ETH", 0.0));
    spec.allocations.rows.push(allocation("two", "c", "*", 0.5));
    spec.allocations.rows.push(allocation("two", "a", "BTC", 0.5));
    spec.allocations.rows.push(allocation("two", "b", "lrt", 0.0));
    spec.loans.rows.push(loan(0.9, 0.1));
    spec.loans.rows.push(loan(1.9, 0.0));
    let found: Vec<(String, String)> = resolved(&spec)
        .warnings
        .into_iter()
        .map(|warning| (warning.file, warning.key.unwrap_or_default()))
        .collect();
    let expected = [
        ("holdings.csv", "amount_eth"),
        ("assets.csv", "supply_eth"),
        ("allocations.csv", "operator"),
        ("allocations.csv", "asset"),
        ("allocations.csv", "fraction"),
        ("loans.csv", "health_factor"),
        ("loans.csv", "collateral_eth"),
        ("avs.csv", "profit_from_corruption_eth"),
    ];
    assert_eq!(found, expected.map(|(file, key)| (file.to_owned(), key.to_owned())));
}

#[test]
fn every_circle_is_named() {
    let mut spec = small();
    spec.holdings.rows.push(holding("zst", "", "far", 1.0));
    spec.holdings.rows.push(holding("lrt", "", "lrt", 1.0));
    let problems = resolve(&spec).unwrap_err();
    let circles: Vec<&str> =
        problems.as_slice().iter().filter_map(|problem| problem.value.as_deref()).collect();
    assert_eq!(circles, ["lrt -> lrt", "far -> lrt -> zst -> far"]);
}

#[test]
fn a_network_made_in_memory_is_held_to_ranges() {
    let mut spec = small();
    spec.holdings.rows[1].amount_eth = f64::NAN;
    spec.groups.rows[0].share = -0.1;
    spec.meta.as_of = "yesterday".to_owned();
    let problems = resolve(&spec).unwrap_err();
    let keys: Vec<&str> = problems.as_slice().iter().filter_map(|p| p.key.as_deref()).collect();
    assert_eq!(keys, ["as_of", "amount_eth", "share"]);
}

/// U+001F parts the names of random streams, so no name may have it.
#[test]
fn control_characters_are_no_part_of_a_name() {
    for name in ["a\u{1f}b", "a\nb", "\u{1b}[2Jb", "\u{202e}HTEe", "a\u{200b}b"] {
        let sketch = Sketch::new().operator(name, "A").holding("direct", "", "ETH", 1.0);
        let problems = sketch.network().unwrap_err();
        assert!(problems.to_string().contains("without control or invisible"), "{problems}");
    }
}

/// Texts that are no names may have several lines, and no more than that.
#[test]
fn notes_have_lines_and_no_other_control_characters() {
    let mut spec = small();
    spec.meta.notes = "first\nsecond\tcolumn\r\n".to_owned();
    assert!(resolve(&spec).is_ok());
    let evil = || "a\u{1b}]0;b\u{7}".to_owned();
    (spec.meta.name, spec.meta.source, spec.meta.notes) = (evil(), evil(), evil());
    let problems = resolve(&spec).unwrap_err();
    let keys: Vec<&str> = problems.as_slice().iter().filter_map(|p| p.key.as_deref()).collect();
    assert_eq!(keys, ["name", "source", "notes"]);
}
