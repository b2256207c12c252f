//! A network and a run file with every kind of source and every mechanism.

#![allow(dead_code, reason = "not every test binary needs every helper")]

use slashfall_graph::spec::{AssetKind, LoanRow, Oracle, PoolRow, ReserveRow, Sharing};
use slashfall_graph::{Sketch, Yields};

pub(crate) const RUN: &str = r#"
name = "everything"
network = "."
[run]
seed = 20261120
paths = 1
horizon_days = 30
levels = [0.99]
[dependence]
copula = "student_t"
df = 4
factors = ["market", "code"]
[[source]]
kind = "avs_fault"
target = { avs = "*", operator = "*" }
rate = { events = 3, exposure_years = 4.0 }
severity = { beta = { mean = 0.2, concentration = 4.0 } }
loadings = { code = 0.5 }
[[source]]
kind = "avs_incident"
target = { avs = "*" }
rate = 1.0
participation = 0.5
severity = { generalized_pareto = { threshold = 0.01, shape = 0.5, scale = 0.1 } }
loadings = { code = 0.3, market = 0.3 }
[[source]]
kind = "operator_compromise"
target = { operator = "*" }
rate = 0.5
reach = "all"
severity = { mixture = { at_one = 0.2, else = { uniform = [0.0, 0.4] } } }
[[source]]
kind = "validator_incident"
target = { operator = "*" }
rate = 1.0
severity = { empirical = [0.01, 0.1, 0.5] }
[[source]]
kind = "group_incident"
target = { group_kind = "entity" }
effect = "validator_incident"
background = 0.01
rate = 0.5
participation = 0.7
severity = 0.2
[[source]]
kind = "client_outage"
target = { group_kind = "client" }
rate = 0.5
epochs = { uniform = [100, 5000] }
[[source]]
kind = "exploit"
target = { asset = "*" }
rate = 0.3
severity = 0.1
sale_days = 2
[[source]]
kind = "unbacked_mint"
target = { asset = "*" }
rate = 0.3
severity = 0.1
pledge_share = 0.5
[[source]]
kind = "reserve_withdrawal"
target = { reserve = "*" }
rate = 1.0
severity = 0.3
[[source]]
kind = "depeg"
target = { asset = "*" }
rate = 2.0
severity = 0.1
flight = 0.5
[noise.default]
sigma_daily = 0.001
beta_market = 0.5
[redemption.default]
base = 0.001
on_loss = 0.5
on_discount = 0.1
on_yield_drop = 0.01
tolerance = 0.003
max = 0.2
arbitrage_eth_per_day = 5.0
[security]
security_slack = 0.1
attack_prob = 0.2
loss_given_attack = 0.5
[beacon]
exit_queue_eth = 100_000
[lending]
run_on_bad_debt = 1.0
run_max = 0.3
unwind_on_carry = 0.5
unwind_max = 0.2
[yield]
incentives = 0.5
from_day = 10
"#;

pub(crate) fn sketch() -> Sketch {
    Sketch::new()
        .asset("BTC", AssetKind::Base)
        .with(|asset| asset.vol_annual = 0.5)
        .asset("stETH", AssetKind::Lst)
        .with(|asset| asset.redemption_days = 2.0)
        .yields(Yields { staking: 0.03, ..Yields::default() })
        .asset("eETH", AssetKind::Lrt)
        .with(|asset| asset.cover_eth = 3.0)
        .yields(Yields { staking: 0.03, incentives: 0.01, ..Yields::default() })
        .asset("bridged", AssetKind::Bridged)
        .operator("a", "A")
        .operator("b", "B")
        .operator("c", "B")
        .avs("x", Sharing::Unique)
        .avs("y", Sharing::Unique)
        .with_avs(|avs| (avs.redistributes, avs.secured_value_eth) = (true, 50.0))
        .holding("stETH", "a", "ETH", 300.0)
        .holding("stETH", "b", "ETH", 300.0)
        .holding("eETH", "a", "ETH", 100.0)
        .holding("eETH", "b", "stETH", 50.0)
        .holding("eETH", "c", "BTC", 50.0)
        .holding("bridged", "", "eETH", 20.0)
        .holding("direct", "c", "ETH", 70.0)
        .holding("direct", "c", "stETH", 7.0)
        .allocation("x", "*", "*", 0.3)
        .allocation("y", "*", "*", 0.4)
        .group("prysm", "client", "a", 0.6)
        .group("prysm", "client", "b", 0.4)
        .pool(PoolRow::stableswap("curve", "stETH", 30.0, 25.0))
        .pool(PoolRow::constant_product("uniswap", "stETH", 10.0, 10.0))
        .pool(PoolRow::stableswap("balancer", "eETH", 12.0, 10.0))
        .reserve(ReserveRow::new("weth", "ETH", 100.0))
        .loan(lent("steth", "stETH", 1.02, 40.0))
        .loan(lent("steth", "stETH", 1.10, 40.0))
        .loan(LoanRow { oracle: Oracle::Market, ..LoanRow::new("eeth", "eETH", 1.03, 20.0) })
        .levered("loop", "steth", 10.0)
}

fn lent(market: &str, collateral: &str, health_factor: f64, eth: f64) -> LoanRow {
    LoanRow {
        reserve: Some("weth".to_owned()),
        ..LoanRow::new(market, collateral, health_factor, eth)
    }
}
