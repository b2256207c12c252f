//! Prices (section 6.6 of `docs/model.md`) worked by hand: nav, discounts, what is sold into pools.

mod support;

use slashfall_cascade::{
    AssetFigure, Figure, NoiseParameters, Parameters, PortfolioFigure, RedemptionParameters,
};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, PoolRow, Sharing};
use support::{Happens, Path, all_near, near};

/// An LRT of 10,000 ETH at one operator, all of it allocated; 1,000 of it wrapped by `w`.
fn wrapped() -> Sketch {
    Sketch::new()
        .asset("k", AssetKind::Lrt)
        .asset("w", AssetKind::Bridged)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 10_000.0)
        .holding("w", "", "k", 1_000.0)
        .allocation("a", "op", "*", 1.0)
}

/// The same with a pool 900 / 900 of constant product: when `s` is sold, `P = (900 / (900 + s))^2`.
fn pooled() -> Sketch {
    wrapped().pool(PoolRow::constant_product("p", "k", 900.0, 900.0))
}

fn half_is_back_a_day_later(parameters: &mut Parameters) {
    let half = NoiseParameters { panic_decay: 0.5, depth_decay: 0.5, ..NoiseParameters::ABSENT };
    parameters.noise.fill(half);
}

/// A slash of .1, a depeg of .05, 100 units sold: `.9 x .95 x (900 / 1000)^2 = .69255`; the
/// discount is `1 - .95 x .81 = .2305`.
#[test]
fn a_price_is_nav_times_mood_times_what_the_pool_says() {
    let played = Path::new(&pooled(), 1)
        .at(0.1, Happens::Slash("a", "op", 0.1))
        .at(0.2, Happens::Depeg("k", 0.05, 0.0))
        .at(0.3, Happens::Exploit("w", 0.1, 1))
        .play();
    near(played.asset("k", AssetFigure::NavLoss), 0.1);
    near(played.asset("k", AssetFigure::MarketLoss), 1.0 - 0.692_55);
    near(played.asset("k", AssetFigure::WorstDiscount), 0.230_5);
    near(played.asset_on(1, "k").price, 0.692_55);
    // w has lost 100 of 1,000 units, and each of the others is worth .9; it has no pool.
    near(played.asset("w", AssetFigure::MarketLoss), 1.0 - 0.81);
    // Market loss: 9,000 of k outside at 1 - .69255, 1,000 of w at .19.
    near(played.system(Figure::MarketLoss), 9_000.0 * 0.307_45 + 190.0);
}

/// 1,210 against 1,000: `m(0) = 1,000 / 1,210 = 1 / 1.21` of nav before anything has happened.
#[test]
fn an_imbalanced_pool_begins_below_nav() {
    let sketch = wrapped()
        .pool(PoolRow::constant_product("p", "k", 1_210.0, 1_000.0))
        .portfolio("fund", "k", 121.0);
    let quiet = Path::new(&sketch, 3).play();
    near(quiet.asset("k", AssetFigure::WorstDiscount), 0.21 / 1.21);
    assert!(quiet.asset("k", AssetFigure::MarketLoss).to_bits() == 0);
    let slashed = Path::new(&sketch, 1).at(0.5, Happens::Slash("a", "op", 0.1)).play();
    near(slashed.asset("k", AssetFigure::MarketLoss), 0.1);
    near(slashed.asset("k", AssetFigure::WorstDiscount), 0.21 / 1.21);
    // 121 units at 1 / 1.21 are 100 ETH, of which a tenth.
    near(slashed.portfolio(0, PortfolioFigure::Loss), 10.0);
    // 9,000 units of k outside at 1 / 1.21, 1,000 of w at 1.
    near(slashed.system(Figure::MarketLoss), 900.0 / 1.21 + 100.0);
}

/// 100 sold: `P = .81`. Half the depth flees: `P = (900 / 1,100)^2 = (9 / 11)^2` and a mood of .9.
/// A day later the mood is .95 and the depth .75: `P = (900 / (900 + 100 / .75))^2 = (27 / 31)^2`.
#[test]
fn flight_after_a_sale_makes_what_was_sold_count_more() {
    let path = Path::new(&pooled(), 2)
        .with(half_is_back_a_day_later)
        .at(0.1, Happens::Exploit("w", 0.1, 1));
    let panic = path.clone().at(0.2, Happens::Depeg("k", 0.1, 0.5)).play();
    near(panic.asset_on(1, "k").price, 0.9 * 81.0 / 121.0);
    near(panic.asset_on(2, "k").price, 0.95 * 729.0 / 961.0);
    near(panic.asset("k", AssetFigure::WorstDiscount), 1.0 - 0.9 * 81.0 / 121.0);
    // All depth flees: there is no price, and half of it is back a day later.
    let all = path.at(0.2, Happens::Depeg("k", 0.1, 1.0)).play();
    near(all.asset_on(1, "k").price, 0.0);
    near(all.asset_on(2, "k").price, 0.95 * 81.0 / 121.0);
}

/// Flight before anything is sold moves no price.
#[test]
fn flight_alone_moves_no_price() {
    let played = Path::new(&pooled(), 1).at(0.2, Happens::Depeg("k", 0.1, 1.0)).play();
    near(played.asset_on(1, "k").price, 0.9);
}

/// 300 over three days from day 2 on: 900 over 1,000, 1,100 and 1,200, squared.
#[test]
fn loot_is_sold_in_equal_parts_from_the_day_of_the_theft() {
    let played = Path::new(&pooled(), 5).at(1.5, Happens::Exploit("w", 0.3, 3)).play();
    let prices = [1, 2, 3, 4, 5].map(|day| played.asset_on(day, "k").price);
    all_near(&prices, &[1.0, 0.81, 81.0 / 121.0, 0.562_5, 0.562_5]);
}

/// Of an asset without a pool the loot is kept.
#[test]
fn loot_without_a_pool_moves_no_price() {
    let played = Path::new(&wrapped(), 2).at(0.5, Happens::Exploit("w", 0.3, 1)).play();
    near(played.asset("k", AssetFigure::MarketLoss), 0.0);
    near(played.system(Figure::Stolen), 300.0);
}

/// 10,000 units grow by a hundredth: 100 are sold at once, `P = .81`, and nav is `1 / 1.01`.
#[test]
fn minted_units_are_sold_at_once() {
    let played = Path::new(&pooled(), 2).at(0.5, Happens::Mint("k", 0.01, 0.7)).play();
    let prices = [1, 2].map(|day| played.asset_on(day, "k").price);
    all_near(&prices, &[0.81 / 1.01, 0.81 / 1.01]);
    near(played.asset("k", AssetFigure::WorstDiscount), 0.19);
}

/// 12,000 ETH behind 10,000 units: a nav of 1.2. Of a pool 1,080 / 1,080 (900 units) 100 units sold
/// are a value of 120: `P = (1,080 / 1,200)^2 = .81`, and the price is `.81 x 1.2`.
#[test]
fn what_is_sold_counts_at_the_nav_of_day_0() {
    let mut sketch = wrapped().pool(PoolRow::constant_product("p", "k", 1_080.0, 1_080.0));
    sketch.0.assets.rows[0].supply_eth = Some(10_000.0);
    sketch.0.holdings.rows[0].amount_eth = 12_000.0;
    sketch.0.holdings.rows[1].amount_eth = 1_200.0; // 1,000 units
    let sold = Path::new(&sketch, 1).at(0.5, Happens::Exploit("w", 0.1, 1));
    near(sold.play().asset_on(1, "k").price, 0.972);
    // A slash of .25 makes the nav .9; the pools are where they were.
    let slashed = Path::new(&sketch, 1)
        .at(0.4, Happens::Slash("a", "op", 0.25))
        .at(0.5, Happens::Exploit("w", 0.1, 1));
    near(slashed.play().asset_on(1, "k").price, 0.9 * 0.81);
}

/// Pools at equal marginal prices: `x = sqrt(k) / sqrt(p)` each. 300 / 300 and 600 / 600 are
/// together 900 / 900.
#[test]
fn two_balanced_venues_are_as_one() {
    let sketch = wrapped()
        .pool(PoolRow::constant_product("p", "k", 300.0, 300.0))
        .pool(PoolRow::constant_product("q", "k", 600.0, 600.0));
    let played = Path::new(&sketch, 1).at(0.5, Happens::Exploit("w", 0.1, 1)).play();
    near(played.asset_on(1, "k").price, 0.81);
}

/// 900 / 400 (`sqrt(k)` 600, a price of 4 / 9) and 300 / 300: 1,200 of the asset in all, so that
/// `1,200 = 900 / sqrt(p)`: `p = .5625`. With 300 more, `1,500 = 900 / sqrt(p)`: `p = .36`.
#[test]
fn venues_clear_among_themselves_before_anything_is_sold() {
    let sketch = wrapped()
        .pool(PoolRow::constant_product("p", "k", 900.0, 400.0))
        .pool(PoolRow::constant_product("q", "k", 300.0, 300.0));
    let quiet = Path::new(&sketch, 1).play();
    near(quiet.asset("k", AssetFigure::WorstDiscount), 1.0 - 0.562_5);
    let sold = Path::new(&sketch, 1).at(0.5, Happens::Exploit("w", 0.3, 1)).play();
    near(sold.asset_on(1, "k").price, 0.36);
    near(sold.asset("k", AssetFigure::MarketLoss), 1.0 - 0.36 / 0.562_5);
}

/// A balanced `StableSwap` pool says 1. With `x = y = 100`, A = 100 and D = 200, and `s` sold such
/// that `y` is what the invariant has at `x = 150`: price `(Ann + D^3/(4 x^2 y)) / (Ann + D^3/(4 x
/// y^2))`, `Ann = 200`.
#[test]
fn a_stableswap_pool_prices_by_its_invariant() {
    let sketch = wrapped().pool(PoolRow::stableswap("p", "k", 100.0, 100.0));
    let quiet = Path::new(&sketch, 1).play();
    near(quiet.asset_on(1, "k").price, 1.0);
    let played = Path::new(&sketch, 1).at(0.5, Happens::Exploit("w", 0.05, 1)).play();
    // 200 (150 + y) + 200 = 200 x 200 + 200^3 / (600 y), times y over 200:
    // y^2 + (150 + 1 - 200) y - 8,000,000 / 120,000 = 0.
    let (x, cubed) = (150.0_f64, 8e6);
    let y = 0.5 * (49.0 + (49.0_f64.powi(2) + 4.0 * 8e6 / 120_000.0).sqrt());
    assert!((200.0 * (x + y) + 200.0 - 40_000.0 - cubed / (4.0 * x * y)).abs() < 1e-9);
    let price = (200.0 + cubed / (4.0 * x * x * y)) / (200.0 + cubed / (4.0 * x * y * y));
    near(played.asset_on(1, "k").price, price);
}

/// `d <- max(d / 2 + .01 z, -.02)`: z = 2, 1, -10, 0, 4 give .02, .02, -.02, -.01, .035.
#[test]
fn an_ordinary_discount_returns_and_has_a_floor() {
    let noise =
        NoiseParameters { sigma_daily: 0.01, discount_decay: 0.5, ..NoiseParameters::ABSENT };
    let played = Path::new(&wrapped(), 5)
        .with(|parameters| parameters.noise[0] = noise)
        .moving("k", &[2.0, 1.0, -10.0, 0.0, 4.0])
        .play();
    let prices = [1, 2, 3, 4, 5].map(|day| played.asset_on(day, "k").price);
    all_near(&prices, &[0.98, 0.98, 1.02, 1.01, 0.965]);
    near(played.asset("k", AssetFigure::WorstDiscount), 0.035);
    near(played.asset("k", AssetFigure::MarketLoss), 0.035);
    near(played.system(Figure::Total), 0.0);
}

/// Depegs of .6 add up to more than all: the price is 0, not less, and is back as they fade.
#[test]
fn a_price_is_never_below_zero() {
    let played = Path::new(&wrapped(), 2)
        .with(half_is_back_a_day_later)
        .at(0.1, Happens::Depeg("k", 0.6, 0.0))
        .at(0.2, Happens::Depeg("k", 0.6, 0.0))
        .play();
    let prices = [1, 2].map(|day| played.asset_on(day, "k").price);
    all_near(&prices, &[0.0, 0.4]);
}

/// All depth flees a pool of 1,210 / 1,000 into which 100 were sold: there is nothing left to buy
/// from, and the price is not what somebody would have liked to pay.
#[test]
fn arbitrage_in_pools_without_depth_makes_no_price() {
    let sketch = wrapped().pool(PoolRow::constant_product("p", "k", 1_210.0, 1_000.0));
    let arbitrage =
        RedemptionParameters { arbitrage_eth_per_day: 1e6, ..RedemptionParameters::ABSENT };
    let played = Path::new(&sketch, 1)
        .leaving("k", arbitrage)
        .at(0.5, Happens::Exploit("w", 0.1, 1))
        .at(0.6, Happens::Depeg("k", 0.0, 1.0))
        .play();
    assert!(played.asset_on(1, "k").price <= 1.0 / 1.21 + 1e-9);
}
