//! How things stand at the end of a path (section 9 of `docs/model.md`), worked by hand: what those
//! read who work out the cost of leaving.

mod support;

use slashfall_cascade::{NoiseParameters, Parameters, PortfolioFigure};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, LoanRow, PoolRow, ReserveRow, Sharing, Yields};
use support::{Happens, Path, all_near, near};

/// An LRT of 10,000 ETH at one operator, all of it allocated; 1,000 of it wrapped by `w`; a pool
/// 900 / 900 of constant product: when `s` is sold, `P = (900 / (900 + s))^2`.
fn pooled() -> Sketch {
    Sketch::new()
        .asset("k", AssetKind::Lrt)
        .asset("w", AssetKind::Bridged)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 10_000.0)
        .holding("w", "", "k", 1_000.0)
        .allocation("a", "op", "*", 1.0)
        .pool(PoolRow::constant_product("p", "k", 900.0, 900.0))
}

/// Loans of 500 ETH on 1,000 of an LRT at HF 1.4 (threshold .7), from a reserve of 1,000 that lends
/// 300 or 450 elsewhere: its rate is .024, or .427. A tenth of the market is a portfolio's loop.
fn lent(other: f64, pool: f64) -> Sketch {
    let row = LoanRow {
        ltv: 0.6,
        liquidation_threshold: 0.7,
        liquidation_bonus: 0.21,
        reserve: Some("weth".to_owned()),
        ..LoanRow::new("m", "k", 1.4, 1_000.0)
    };
    let reserve = ReserveRow {
        base_rate: 0.0,
        other_borrowed_eth: other,
        ..ReserveRow::new("weth", "ETH", 1_000.0)
    };
    Sketch::new()
        .asset("k", AssetKind::Lrt)
        .with(|k| k.redemption_days = 3_650.0)
        .yields(Yields { staking: 0.03, ..Yields::default() })
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 1e7)
        .allocation("a", "op", "*", 1.0)
        .reserve(reserve)
        .loan(row)
        .levered("loop", "m", 100.0)
        .pool(PoolRow::constant_product("p", "k", pool, pool))
}

fn half_is_back_a_day_later(parameters: &mut Parameters) {
    let half = NoiseParameters { panic_decay: 0.5, depth_decay: 0.5, ..NoiseParameters::ABSENT };
    parameters.noise.fill(half);
}

/// A slash of .1, then 100 of the 1,000 units that `w` has are stolen and sold, then half the depth
/// flees in a panic of .1, half of which is over a day later.
#[test]
fn assets_stand_as_their_prices_have_them() {
    let path = Path::new(&pooled(), 2).with(half_is_back_a_day_later);
    all_near(&path.clone().play().asset_end("k"), &[1.0, 1.0, 1.0, 0.0]);
    let path = path
        .at(0.1, Happens::Slash("a", "op", 0.1))
        .at(0.2, Happens::Exploit("w", 0.1, 1))
        .at(0.3, Happens::Depeg("k", 0.1, 0.5));
    let played = path.play();
    all_near(&played.asset_end("k"), &[0.9, 0.95, 0.75, 100.0]);
    // What is left of w is 900 units of k for 1,000 of w; it has no pool.
    all_near(&played.asset_end("w"), &[0.81, 1.0, 1.0, 0.0]);
}

/// A nav of day 0 that is not 1: 8,000 units stand for 10,000 ETH, and 1,000 ETH of them, 800 units,
/// are what `w` has. A tenth of these is sold: 80 units, 100 ETH.
#[test]
fn sales_count_at_the_nav_of_day_0() {
    let mut sketch = pooled();
    sketch.0.assets.rows[0].supply_eth = Some(8_000.0);
    let played = Path::new(&sketch, 1).at(0.2, Happens::Exploit("w", 0.1, 1)).play();
    near(played.asset_end("k")[3], 100.0);
    near(played.asset_end("k")[0], 1.0);
}

/// 57,600 ETH leave the chain a day, and with the cascade off nothing does.
#[test]
fn the_exit_queue_is_worked_off() {
    let path = |days| Path::new(&pooled(), days).with(|p| p.beacon.exit_queue_eth = 100_000.0);
    near(path(1).play().exit_queue_eth(), 42_400.0);
    near(path(2).play().exit_queue_eth(), 0.0);
    let off = path(2).with(|p| p.cascade.enabled = false);
    near(off.play().exit_queue_eth(), 100_000.0);
}

/// A day earns `(1,000 x .03 - 500 x .024) / 365` on the whole market; a tenth of it is the
/// portfolio's.
#[test]
fn a_market_carries_what_ten_times_a_tenth_of_it_does() {
    let played = Path::new(&lent(300.0, 1e6), 10).play();
    let carry = 10.0 * 18.0 / 365.0;
    all_near(&played.market_end("m"), &[0.0, carry, 1.0]);
    near(played.portfolio(0, PortfolioFigure::Carry), 0.1 * carry);
    // Nobody is levered in the market: nothing was worked out.
    let mut nobody = lent(300.0, 1e6);
    nobody.0.portfolios.rows.clear();
    all_near(&Path::new(&nobody, 10).play().market_end("m"), &[0.0, 0.0, 1.0]);
}

/// f = .4: all 600 ETH of collateral are seized, and the equity of 500 is gone. Of unbacked units
/// that are pledged nobody here has the equity; they take the cash, and debts grow by a day at a rate
/// that is .803 more.
#[test]
fn a_market_that_is_liquidated_has_nothing_pledged() {
    let path = Path::new(&lent(300.0, 1e7), 1).at(0.5, Happens::Slash("a", "op", 0.4));
    let [loss, _, pledged] = path.play().market_end("m");
    all_near(&[loss, pledged], &[500.0, 0.0]);
    let minted = Path::new(&lent(300.0, 1e7), 1).at(0.5, Happens::Mint("k", 1e-4, 1.0));
    let [loss, _, pledged] = minted.play().market_end("m");
    all_near(&[loss, pledged], &[1_000.0 - 1_000.0 / 1.000_1 + 500.0 * 0.803 / 365.0, 1.0]);
}

/// U = .95: loops close, down to .81 of nav: a pool of 900 takes 100 units, which bring 90. That is
/// .18 of the debt, so 180 of the 1,000 units are no longer pledged, of which 80 are kept.
#[test]
fn what_unwinding_set_free_is_no_longer_pledged() {
    let played = Path::new(&lent(450.0, 900.0), 2).with(|p| {
        p.lending.unwind_on_carry = 2.0;
        p.redemption[0].max_sale_discount = 0.19;
    });
    let played = played.play();
    let [loss, carry, pledged] = played.market_end("m");
    let debt = 410.0 * (1.0 + (0.027 * 0.86 / 0.9 - 0.427) / 365.0);
    near(loss, 500.0 - (820.0 * 0.81 - debt) - 80.0 * 0.81);
    near(pledged, 0.82);
    near(0.1 * (loss - carry), played.portfolio(0, PortfolioFigure::Loss));
    all_near(&played.asset_end("k"), &[1.0, 1.0, 1.0, 100.0]);
}
