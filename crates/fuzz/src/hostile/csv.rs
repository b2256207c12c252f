//! Network folders of CSV tables.

use super::{BYTES, Case, case, lines, lines_up_to};
use crate::folder::joined;
use crate::network_csv::take;

const META: &str = "name = \"n\"\nas_of = \"2026-11-20\"\n";
const ASSETS: &str = "asset,kind,supply_eth\nl,lst,\n";
const OPERATORS: &str = "operator,entity\no,e\n";
const HOLDINGS: &str = "holder,operator,asset,amount_eth\nl,o,ETH,1\n";

/// A folder of small tables but for those given.
fn folder(tables: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let small = [
        ("network.toml", META),
        ("assets.csv", ASSETS),
        ("operators.csv", OPERATORS),
        ("holdings.csv", HOLDINGS),
    ];
    let kept = small.iter().filter(|(name, _)| tables.iter().all(|(own, _)| own != name));
    let kept = kept.map(|(name, text)| (*name, text.as_bytes()));
    joined(kept.chain(tables.iter().map(|(name, bytes)| (*name, bytes.as_slice()))))
}

fn one(name: &'static str, file: &'static str, make: impl Fn() -> Vec<u8> + 'static) -> Case {
    case("csv", name, take, move || folder(&[(file, make())]))
}

/// Two tables of about half the size each.
fn two(
    name: &'static str,
    first: (&'static str, &'static str, fn(usize) -> String),
    second: (&'static str, &'static str, fn(usize) -> String),
) -> Case {
    case("csv", name, take, move || {
        let table = |(file, head, line): (&'static str, &str, fn(usize) -> String)| {
            (file, lines_up_to(BYTES / 2 - 500, head, line))
        };
        folder(&[table(first), table(second)])
    })
}

const AMOUNT: &str = "holder,operator,asset,amount_eth\nl,o,ETH,1\n";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = broken();
    cases.extend(good());
    cases
}

/// Files that nobody could have meant.
fn broken() -> Vec<Case> {
    vec![
        one("a header of commas", "holdings.csv", || vec![b','; BYTES]),
        one("a header of columns", "operators.csv", || {
            lines("operator,entity", |n| format!(",{n}"))
        }),
        one("columns of no table", "groups.csv", || {
            lines("group,kind,operator,share", |n| format!(",{n}"))
        }),
        one("lines of one letter", "holdings.csv", || lines(AMOUNT, |_| "a\n".to_owned())),
        one("lines of nothing", "holdings.csv", || vec![b'\n'; BYTES]),
        one("cells of nothing", "holdings.csv", || lines(AMOUNT, |_| ",,,\n".to_owned())),
        one("cells that are no numbers", "holdings.csv", || {
            lines(AMOUNT, |_| "l,o,l,x\n".to_owned())
        }),
        one("a quotation mark", "holdings.csv", || lines(AMOUNT, |_| "\"l,o,l,1\n".to_owned())),
        one("one cell", "holdings.csv", || lines(AMOUNT, |_| "x".to_owned())),
        one("names unlike any", "holdings.csv", || lines(AMOUNT, |n| format!("l,p{n},ETH,1\n"))),
        one("a name of megabytes", "operators.csv", || {
            let name = "x".repeat(BYTES - 300);
            format!("operator,entity\n{name},e\no,e\n").into_bytes()
        }),
        one("a column of megabytes", "operators.csv", || {
            let name = "x".repeat(BYTES / 2);
            lines(&format!("operator,entity,{name}\no,e,1\n"), |n| format!("{n},e,1\n"))
        }),
        one("the same row", "holdings.csv", || lines(AMOUNT, |_| "l,o,ETH,1\n".to_owned())),
        one("values of megabytes", "network.toml", || {
            format!("{META}notes = \"{}\"\n", "x".repeat(BYTES - 500)).into_bytes()
        }),
        one("a list in network.toml", "network.toml", || {
            lines(&format!("{META}x = ["), |_| "0,".to_owned())
        }),
        one("keys in network.toml", "network.toml", || lines(META, |n| format!("a{n}=0\n"))),
        one("a deep key in network.toml", "network.toml", || lines("a", |_| ".a".to_owned())),
        one("deep lists in network.toml", "network.toml", || lines("a=", |_| "[".to_owned())),
        one("deep tables in network.toml", "network.toml", || lines("a=", |_| "{a=".to_owned())),
        case("csv", "files of no table", take, || {
            let names: Vec<String> = (0..5_000).map(|n| format!("t{n}.csv")).collect();
            joined(names.iter().map(|name| (name.as_str(), &b"a"[..])))
        }),
        two(
            "unknown operators beside many",
            ("operators.csv", OPERATORS, |n| format!("operator-{n},e\n")),
            ("holdings.csv", AMOUNT, |n| format!("l,operatr-{n},ETH,1\n")),
        ),
        two(
            "unknown holders beside many",
            ("assets.csv", ASSETS, |n| format!("token-{n},lst,\n")),
            ("holdings.csv", AMOUNT, |n| format!("tokn-{n},o,ETH,1\n")),
        ),
        two(
            "a ring of assets",
            ("assets.csv", ASSETS, |n| format!("t{n},lrt,\n")),
            ("holdings.csv", AMOUNT, |n| format!("t{n},,t{},1\nt{n},,t0,1\n", n + 1)),
        ),
    ]
}

/// Files that are as they should be, and large.
fn good() -> Vec<Case> {
    vec![
        one("operators", "operators.csv", || lines(OPERATORS, |n| format!("{n},e\n"))),
        one("operators with an attribute", "operators.csv", || {
            lines("operator,entity,c\no,e,c\n", |n| format!("{n},e,c\n"))
        }),
        one("operators and companies", "operators.csv", || {
            lines(OPERATORS, |n| format!("{n},{n}\n"))
        }),
        one("groups", "groups.csv", || {
            lines("group,kind,operator,share\n", |n| format!("{n},k,o,1\n"))
        }),
        one("services", "avs.csv", || lines("avs,sharing\n", |n| format!("{n},unique\n"))),
        one("pools", "pools.csv", || {
            let head = "pool,asset,invariant,reserve_asset_eth,reserve_eth\n";
            lines(head, |n| format!("{n},l,stableswap,1e-6,1e-6\n"))
        }),
        one("portfolios", "portfolios.csv", || {
            lines("portfolio,asset,amount_eth\n", |n| format!("{n},l,0\n"))
        }),
        one("loans of a market", "loans.csv", || {
            lines(LOANS, |n| format!("m,l,ETH,market,.5,.6,0,{},1e-9\n", 1 + n))
        }),
        one("markets", "loans.csv", || {
            lines(LOANS, |n| format!("{n},l,ETH,market,.5,.6,0,2,1e-9\n"))
        }),
        two(
            "reserves and markets",
            ("reserves.csv", RESERVES, |n| format!("{n},ETH,1,.9,0,0,0\n")),
            ("loans.csv", LOANS_OF, |n| format!("{n},l,ETH,market,.5,.6,0,2,1e-9,{n}\n")),
        ),
        two(
            "assets that hold one another",
            ("assets.csv", ASSETS, |n| format!("t{n},lrt,\n")),
            ("holdings.csv", AMOUNT, |n| {
                if n == 0 { "t0,o,ETH,1\n".to_owned() } else { format!("t{n},,t{},1\n", n - 1) }
            }),
        ),
        two(
            "assets of ETH",
            ("assets.csv", ASSETS, |n| format!("t{n},lst,\n")),
            ("holdings.csv", AMOUNT, |n| format!("t{n},o,ETH,1\n")),
        ),
        every_asset(),
        services_on_one_operator(),
        services_and_operators(),
        as_many_as_there_may_be(),
        chain(),
    ]
}

const LOANS: &str = "market,collateral,debt_asset,oracle,ltv,liquidation_threshold,liquidation_bonus,health_factor,collateral_eth\n";
const LOANS_OF: &str = "market,collateral,debt_asset,oracle,ltv,liquidation_threshold,liquidation_bonus,health_factor,collateral_eth,reserve\n";
const RESERVES: &str = "reserve,asset,supplied_eth,optimal_utilization,base_rate,slope_1,slope_2\n";

/// Many services on every of many assets of one operator.
fn every_asset() -> Case {
    case("csv", "every asset", take, || {
        let third = BYTES / 4 - 500;
        folder(&[
            ("assets.csv", lines_up_to(third, ASSETS, |n| format!("t{n},lst,\n"))),
            (
                "holdings.csv",
                lines_up_to(2 * third, HOLDINGS, |n| format!("t{n},,ETH,1\ndirect,o,t{n},.1\n")),
            ),
            ("avs.csv", lines_up_to(third / 2, "avs,sharing\n", |n| format!("a{n},shared\n"))),
            ("allocations.csv", lines_up_to(third / 2, ALLOCATIONS, |n| format!("a{n},o,*,.1\n"))),
        ])
    })
}

const ALLOCATIONS: &str = "avs,operator,asset,fraction\n";

/// Every service is on the same operator.
fn services_on_one_operator() -> Case {
    case("csv", "services on one operator", take, || {
        folder(&[
            (
                "holdings.csv",
                b"holder,operator,asset,amount_eth\nl,o,ETH,1\ndirect,o,ETH,1\n".to_vec(),
            ),
            (
                "avs.csv",
                lines_up_to(BYTES / 2 - 500, "avs,sharing\n", |n| format!("a{n},shared\n")),
            ),
            (
                "allocations.csv",
                lines_up_to(BYTES / 2 - 500, ALLOCATIONS, |n| format!("a{n},o,ETH,.1\n")),
            ),
        ])
    })
}

/// Many services, each on many operators.
fn services_and_operators() -> Case {
    const OPERATORS_EACH: usize = 300;
    case("csv", "services and operators", take, || {
        let operators = 0..OPERATORS_EACH;
        let operators_csv: String = operators.clone().map(|n| format!("p{n},e{n}\n")).collect();
        let holdings: String = operators.map(|n| format!("direct,p{n},ETH,1\n")).collect();
        folder(&[
            ("operators.csv", format!("{OPERATORS}{operators_csv}").into_bytes()),
            ("holdings.csv", format!("{HOLDINGS}{holdings}").into_bytes()),
            ("avs.csv", lines_up_to(40_000, "avs,sharing\n", |n| format!("a{n},shared\n"))),
            (
                "allocations.csv",
                lines_up_to(BYTES - 80_000, ALLOCATIONS, |n| {
                    format!("a{},p{},ETH,.1\n", n / OPERATORS_EACH, n % OPERATORS_EACH)
                }),
            ),
        ])
    })
}

/// As many operators and services as a network may have, each service on all.
fn as_many_as_there_may_be() -> Case {
    const N_OPERATORS: usize = 16_000;
    case("csv", "as many operators as there may be", take, || {
        let operators = 0..N_OPERATORS;
        let operators_csv: String = operators.clone().map(|n| format!("p{n},e{n}\n")).collect();
        let holdings: String = operators.map(|n| format!("direct,p{n},ETH,1\n")).collect();
        folder(&[
            ("operators.csv", format!("{OPERATORS}{operators_csv}").into_bytes()),
            ("holdings.csv", format!("{HOLDINGS}{holdings}").into_bytes()),
            (
                "avs.csv",
                lines_up_to(40_000, "avs,sharing\n", |n| {
                    if n < 2_000 { format!("a{n},shared\n") } else { "x".repeat(50_000) }
                }),
            ),
            (
                "allocations.csv",
                lines_up_to(BYTES - 1_000_000, ALLOCATIONS, |n| {
                    format!("a{},p{},ETH,.1\n", n % 50, n / 50)
                }),
            ),
        ])
    })
}

/// As long a chain of assets as there may be, each backed by the one before.
fn chain() -> Case {
    case("csv", "a chain of assets", take, || {
        let n = 0..2_000;
        let assets: String = n.clone().map(|n| format!("t{n},lrt,\n")).collect();
        let held = |n: usize| {
            if n == 0 { "t0,o,ETH,1\n".to_owned() } else { format!("t{n},,t{},1\n", n - 1) }
        };
        let holdings: String = n.map(held).collect();
        folder(&[
            ("assets.csv", format!("{ASSETS}{assets}").into_bytes()),
            ("holdings.csv", format!("{HOLDINGS}{holdings}").into_bytes()),
        ])
    })
}
