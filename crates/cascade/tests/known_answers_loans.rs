//! Loans against wrapped assets (section 6.7 of `docs/model.md`) worked by hand.

mod support;

use slashfall_cascade::{AssetFigure, Channel, Figure, PortfolioFigure};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, LoanRow, Oracle, PoolRow, Sharing};
use support::{Happens, Path, Played, all_near, near};

/// An LRT of 1e7 ETH that an AVS may slash.
fn market() -> Sketch {
    Sketch::new()
        .asset("k", AssetKind::Lrt)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 1e7)
        .allocation("a", "op", "*", 1.0)
}

fn pool(reserve: f64) -> PoolRow {
    PoolRow::constant_product("p", "k", reserve, reserve)
}

/// 105 of collateral at 1.05 on the terms of Aave: the debt is `.95 x 105 / 1.05 = 95`.
fn aave() -> Sketch {
    market().pool(pool(1e7)).loan(LoanRow::new("m", "k", 1.05, 105.0))
}

/// Terms of round figures: threshold .7 and a bonus of .21, so that liquidators stop at `P = 1 /
/// 1.21`, when a tenth of the reserve has been sold. At a health factor of 1.4 a hundred owe 50.
fn round(market: &str, health_factor: f64, collateral_eth: f64) -> LoanRow {
    LoanRow {
        ltv: 0.6,
        liquidation_threshold: 0.7,
        liquidation_bonus: 0.21,
        ..LoanRow::new(market, "k", health_factor, collateral_eth)
    }
}

fn slashed(sketch: &Sketch, f: f64) -> Played {
    Path::new(sketch, 1).at(0.5, Happens::Slash("a", "op", f)).play()
}

/// Liquidation begins where `HF = 1.05 (1 - f)` passes 1: a fall by `1 - 1 / 1.05 = 4.7619 %`.
#[test]
fn liquidation_begins_at_4_76_percent() {
    let begins = 1.0 - 1.0 / 1.05;
    assert!((begins - 0.047_619f64).abs() < 1e-6);
    near(slashed(&aave(), begins - 1e-9).system(Figure::Liquidated), 0.0);
    // Close factor 1/2: half of 95, times 1.01; after it the health factor is above 1 again, as
    // `.95 (100 - 47.975) / 47.5 = 1.0405`.
    let played = slashed(&aave(), begins + 1e-9);
    near(played.system(Figure::Liquidated), 47.975);
    near(played.system(Figure::Rounds), 1.0);
    near(played.system(Figure::Contagion), 0.0);
}

/// Bad debt begins where all collateral, at the bonus, is worth the debt: `105 (1 - f) / 1.01 =
/// 95`, so `f = 1 - (.95 / 1.05) x 1.01 = 8.6190 %`. Beyond that `95 - 105 (1 - f) / 1.01`, in
/// however many steps: a liquidation repays `1 / 1.01` of what it seizes.
#[test]
fn bad_debt_begins_at_8_62_percent() {
    let begins = 1.0 - 0.95 / 1.05 * 1.01;
    assert!((begins - 0.086_190f64).abs() < 1e-6);
    let below = slashed(&aave(), begins - 1e-6);
    near(below.system(Figure::BadDebt) + below.system(Figure::BadDebtOpen), 0.0);
    assert!(below.system(Figure::Liquidated) > 95.0);
    for beyond in [1e-6, 1e-4, 1e-3, 0.01, 0.05] {
        let played = slashed(&aave(), begins + beyond);
        near(played.system(Figure::BadDebt), 105.0 * beyond / 1.01);
        near(played.system(Figure::BadDebtOpen), 0.0);
        near(played.system(Figure::Contagion), 105.0 * beyond / 1.01);
        near(played.channel(Channel::BadDebt), 105.0 * beyond / 1.01);
        near(played.system(Figure::Liquidated), 105.0 * (1.0 - begins - beyond));
    }
}

/// `f = .09`: HF = .9555 is above .95 and half of 95 is repaid, the rest in a second round, when HF
/// is `.95 (95.55 - 47.975) / 47.5 = .9515`: half again, until it is below. `f = .1`: HF = .945,
/// and all is seized at once.
#[test]
fn half_is_closed_above_95_percent_and_all_below() {
    let half = slashed(&aave(), 0.09);
    all_near(&[half.liquidations()[0].2, half.liquidations()[1].2], &[47.975, 23.987_5]);
    let all = slashed(&aave(), 0.1);
    assert_eq!(all.liquidations().len(), 1);
    // 105 x .9 = 94.5 seized; 94.5 / 1.01 repaid.
    near(all.system(Figure::Liquidated), 94.5);
    near(all.system(Figure::BadDebt), 95.0 - 94.5 / 1.01);
}

/// Morpho closes all: 95 are repaid with 95.95 of the 98.7 that are left at `f = .06`.
#[test]
fn morpho_closes_all_at_once() {
    let mut sketch = aave();
    sketch.0.loans.rows[0].close_factor = 1.0;
    let played = slashed(&sketch, 0.06);
    near(played.system(Figure::Liquidated), 95.95);
    near(played.system(Figure::Rounds), 1.0);
    near(played.system(Figure::BadDebt) + played.system(Figure::BadDebtOpen), 0.0);
}

/// Nav .5, pool 400: 40 units can be sold until `P = 1 / 1.21`; they repay `40 x .5 / 1.21`. 60
/// units stay with the rest of the debt of 50: by nav they are worth 30, at `m = .5 / 1.21` less.
#[test]
fn liquidators_stop_at_their_margin_and_leave_debt_open() {
    let sketch = market().pool(pool(400.0)).loan(round("m", 1.4, 100.0));
    let played = slashed(&sketch, 0.5);
    let owed = 50.0 - 20.0 / 1.21;
    near(played.system(Figure::Liquidated), 20.0);
    near(played.system(Figure::BadDebt), 0.0);
    near(played.system(Figure::BadDebtOpen), owed - 30.0);
    near(played.system(Figure::BadDebtOpenMarket), owed - 30.0 / 1.21);
    near(played.system(Figure::Contagion), owed - 30.0);
    near(played.asset("k", AssetFigure::WorstDiscount), 0.21 / 1.21);
    near(played.system(Figure::Direct), 5e6);
    // Nobody goes on while the price does not come back.
    let later = Path::new(&sketch, 9).at(0.5, Happens::Slash("a", "op", 0.5)).play();
    near(later.system(Figure::Liquidated), 20.0);
}

/// Pool 1,000: all 100 units are seized, `50 / 1.21` repaid, and the loan is closed.
#[test]
fn what_collateral_cannot_repay_is_bad_debt() {
    let sketch = market().pool(pool(1_001.0)).loan(round("m", 1.4, 100.0));
    let played = slashed(&sketch, 0.5);
    near(played.system(Figure::Liquidated), 50.0);
    near(played.system(Figure::BadDebt), 50.0 - 50.0 / 1.21);
    near(played.system(Figure::BadDebtOpen) + played.system(Figure::BadDebtOpenMarket), 0.0);
}

/// Without a pool nobody liquidates: `50 - 100 x .4 = 10` are open, by nav and at market.
#[test]
fn without_a_pool_nothing_is_liquidated() {
    let played = slashed(&market().loan(round("m", 1.4, 100.0)), 0.6);
    near(played.system(Figure::Liquidated), 0.0);
    near(played.system(Figure::BadDebtOpen), 10.0);
    near(played.system(Figure::BadDebtOpenMarket), 10.0);
    near(played.system(Figure::Total), 6e6 + 10.0);
}

/// A depeg of .3 from a nav of 1 leaves 50 owed for 70 at market and 100 by nav. A market oracle
/// liquidates, the exchange rate does not.
#[test]
fn an_exchange_rate_oracle_does_not_see_a_depeg() {
    let depeg = |oracle| {
        let row = LoanRow { oracle, ..round("m", 1.4, 100.0) };
        let sketch = market().pool(pool(1e6)).loan(row);
        Path::new(&sketch, 1).at(0.5, Happens::Depeg("k", 0.3, 0.0)).play()
    };
    near(depeg(Oracle::ExchangeRate).system(Figure::Liquidated), 0.0);
    // HF = 1.4 x .7 = .98 and half is closed: 25 x 1.21, then HF = .7 (70 - 30.25) / 25 = 1.113.
    near(depeg(Oracle::Market).system(Figure::Liquidated), 30.25);
}

/// `A` has 200 at HF 1.05 (debt 400/3), `B` 200 at 1.2 (350/3). A depeg of .1, `O = .9`: A alone is
/// due (.945), and wants `400/3 x 1.21 / .9 = 179`; the pool of 1,000 takes 100, until `m = .9 /
/// 1.21`. Read again, `O = .9 / 1.21` and A (HF .883) and B (.893) are due: 110 more until `P = 1 /
/// 1.21^2`, of which A has `debt x 1.21 / O` with `debt = 400/3 - 90 / 1.21`, and B the rest.
#[test]
fn a_market_oracle_is_read_so_often_a_day() {
    let row =
        |health_factor| LoanRow { oracle: Oracle::Market, ..round("m", health_factor, 200.0) };
    let sketch = market().pool(pool(1_000.0)).loan(row(1.05)).loan(row(1.2));
    let path = |days, reads| {
        let path = Path::new(&sketch, days).with(|p| p.cascade.oracle_reads_per_day = reads);
        path.at(0.5, Happens::Depeg("k", 0.1, 0.0)).play()
    };
    near(path(1, 1).system(Figure::Liquidated), 90.0);
    near(path(1, 1).asset_on(1, "k").price, 0.9 / 1.21);
    let read = 0.9 / 1.21;
    let of_a = (400.0 / 3.0 - 90.0 / 1.21) * 1.21 / read;
    let amounts = |played: &Played| -> Vec<f64> {
        played.liquidations().iter().map(|(_, _, eth)| *eth).collect()
    };
    let expected = [90.0, of_a * read, (110.0 - of_a) * read];
    let twice = path(1, 2);
    all_near(&amounts(&twice), &expected);
    assert_eq!(twice.liquidations().iter().map(|l| l.0).collect::<Vec<_>>(), [1, 2, 2]);
    near(twice.asset_on(1, "k").price, 0.9 / 1.4641);
    // Read once a day the same happens over two days.
    let once = path(2, 1);
    all_near(&amounts(&once), &expected);
    assert_eq!(once.liquidations().iter().map(|l| l.0).collect::<Vec<_>>(), [1, 1, 1]);
}

/// USD rises by a tenth against ETH: the debt of 95 is 104.5, HF = 1.05 / 1.1 = .9545, and half is
/// repaid; then HF is .9497 and all goes. `105 / 1.01` are repaid in all.
#[test]
fn a_debt_in_usd_moves_with_the_dollar() {
    let vol = 0.6_f64;
    let mut sketch = aave().asset("USD", AssetKind::Base).with(|row| row.vol_annual = vol);
    sketch.0.loans.rows[0].debt_asset = "USD".to_owned();
    // b = exp(-vol^2 / 730 + vol / sqrt(365) z) = 1.1
    let z = (1.1_f64.ln() + vol * vol / 730.0) * 365.0_f64.sqrt() / vol;
    let played = Path::new(&sketch, 1).moving("USD", &[z]).play();
    all_near(&[played.liquidations()[0].2, played.liquidations()[1].2], &[52.772_5, 52.227_5]);
    near(played.system(Figure::BadDebt), 104.5 - 105.0 / 1.01);
    // Nobody holds USD: the bad debt is all that is lost.
    near(played.system(Figure::Total), 104.5 - 105.0 / 1.01);
    near(played.system(Figure::BaseFall), 0.0);
    // A dollar that falls by a tenth hides a slash of a tenth but for a hundredth: .95 x 94.5 /
    // 85.5.
    let z = (0.9_f64.ln() + vol * vol / 730.0) * 365.0_f64.sqrt() / vol;
    let path = Path::new(&sketch, 1).moving("USD", &[z]).at(0.5, Happens::Slash("a", "op", 0.1));
    near(path.play().system(Figure::Liquidated), 0.0);
}

/// The pool takes 40 units: who has the lower health factor gets them; of two that are as bad, the
/// market that comes first by name.
#[test]
fn the_worst_loan_goes_first_then_the_first_market() {
    let pooled = || market().pool(pool(400.0));
    let worst = pooled().loan(round("a", 1.4, 100.0)).loan(round("b", 1.3, 100.0));
    let by_name = pooled().loan(round("b", 1.4, 100.0)).loan(round("a", 1.4, 100.0));
    for (sketch, first) in [(worst, "b"), (by_name, "a")] {
        let played = slashed(&sketch, 0.5);
        let liquidations = played.liquidations();
        assert_eq!(liquidations.len(), 1);
        assert_eq!(liquidations[0].1, first);
        near(liquidations[0].2, 20.0);
    }
}

/// Rows of one market: 50 owe 25 at 1.4 and 50 owe 35 at 1. At nav .8 (HF .8 and 1.12) the worse
/// one is all seized: `35 x 1.21 / .8 = 52.9` is more than there is.
#[test]
fn rows_of_a_market_are_judged_each_for_itself() {
    let sketch =
        market().pool(pool(1_000.0)).loan(round("m", 1.4, 50.0)).loan(round("m", 1.0, 50.0));
    let played = slashed(&sketch, 0.2);
    near(played.system(Figure::Liquidated), 40.0);
    near(played.system(Figure::BadDebt), 35.0 - 40.0 / 1.21);
}

/// A share of .2 of a loan of 105 against 95 after `f = .06` and a close factor of 1: `105 - 95.95
/// / .94` units and no debt are left, at `m = .94 P` after the sale of `95.95 / .94` into
/// 1,000,000.
#[test]
fn a_levered_position_after_its_liquidation() {
    let mut sketch = market()
        .pool(pool(1e6))
        .loan(LoanRow::new("m", "k", 1.05, 105.0))
        .levered("loop", "m", 21.0);
    sketch.0.loans.rows[0].close_factor = 1.0;
    let played = slashed(&sketch, 0.06);
    let seized = 95.95 / 0.94;
    let price = 0.94 * (1e6_f64 / (1e6 + seized)).powi(2);
    near(played.portfolio(0, PortfolioFigure::Loss), 0.2 * (10.0 - (105.0 - seized) * price));
    // Seized to the last unit, it has lost its equity of 10 and no more.
    near(slashed(&sketch, 0.1).portfolio(0, PortfolioFigure::Loss), 2.0);
}

/// 1e7 units grow by 1e-5, half of it pledged at a nav of 1: 50 units owe `.6 x 50 = 30`, and 50
/// are sold. After a slash of .5, HF = `.7 x 50 x .5 / 30 = .583`: the pool of 1,500 takes 100 more
/// units at `P = 1 / 1.21` (150 less the 50 sold): all of the minted loan, then half of one of 100
/// at .7.
#[test]
fn minted_units_are_pledged_before_they_dilute() {
    let sketch = market().pool(pool(1_500.0)).loan(round("m", 1.4, 100.0));
    let played = Path::new(&sketch, 1)
        .at(0.1, Happens::Mint("k", 1e-5, 0.5))
        .at(0.5, Happens::Slash("a", "op", 0.5))
        .play();
    let nav = 0.5 / 1.000_01;
    let seized: Vec<f64> = played.liquidations().iter().map(|(_, _, eth)| *eth).collect();
    all_near(&seized, &[50.0 * nav, 50.0 * nav]);
    near(played.system(Figure::BadDebt), 30.0 - 50.0 * nav / 1.21);
    near(played.system(Figure::BadDebtOpen), 50.0 - 50.0 * nav / 1.21 - 50.0 * nav);
    near(played.system(Figure::Minted), 100.0 * nav);
}

/// A day is cut off after its last round: of `f = .09` each round closes half.
#[test]
fn rounds_beyond_the_most_wait_for_the_next_day() {
    let path = |days| {
        let path = Path::new(&aave(), days).with(|p| p.cascade.max_rounds = 1);
        path.at(0.5, Happens::Slash("a", "op", 0.09)).play()
    };
    let played = path(2);
    near(path(1).system(Figure::Liquidated), 47.975);
    near(path(1).system(Figure::TruncatedDays), 1.0);
    near(played.system(Figure::Liquidated), 47.975 + 23.987_5);
    near(played.system(Figure::TruncatedDays), 2.0);
    near(played.system(Figure::Rounds), 2.0);
}
