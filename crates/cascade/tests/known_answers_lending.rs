//! Lending reserves and carry (sections 6.10 and 6.11, and section 9 of `docs/model.md`) worked by
//! hand.

mod support;

use slashfall_cascade::{AssetFigure, Figure, PortfolioFigure};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, LoanRow, PoolRow, ReserveRow, Sharing, Yields};
use support::{Happens, Path, all_near, near};

/// Loans of 500 ETH on 1,000 of an LRT at HF 1.4 (threshold .7), from a reserve of 1,000 that lends
/// `other` elsewhere. Its borrow rate is `.027 U / .9`, and .8 more from .9 to 1.
fn reserve(other: f64) -> Sketch {
    let row = LoanRow {
        ltv: 0.6,
        liquidation_threshold: 0.7,
        liquidation_bonus: 0.21,
        reserve: Some("weth".to_owned()),
        ..LoanRow::new("m", "k", 1.4, 1_000.0)
    };
    let lent = ReserveRow { other_borrowed_eth: other, ..ReserveRow::new("weth", "ETH", 1_000.0) };
    Sketch::new()
        .asset("k", AssetKind::Lrt)
        .with(|k| k.redemption_days = 3_650.0)
        .yields(Yields { staking: 0.03, ..Yields::default() })
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 1e7)
        .allocation("a", "op", "*", 1.0)
        .reserve(lent)
        .loan(row)
        .levered("loop", "m", 100.0)
}

fn rates(sketch: &Sketch) -> [f64; 2] {
    let day = Path::new(sketch, 1).play().reserve_on(1);
    [day.utilization, day.rate]
}

/// `U = (300 + 500) / 1,000 = .8`: `.027 x .8 / .9 = .024`; at .95 `.027 + .8 x .05 / .1 = .427`.
#[test]
fn the_borrow_rate_has_a_kink() {
    all_near(&rates(&reserve(300.0)), &[0.8, 0.024]);
    all_near(&rates(&reserve(400.0)), &[0.9, 0.027]);
    all_near(&rates(&reserve(450.0)), &[0.95, 0.427]);
    all_near(&rates(&reserve(500.0)), &[1.0, 0.827]);
    all_near(&rates(&reserve(0.0)), &[0.5, 0.015]);
}

/// A share of a tenth of 1,000 against 500: a day earns `(100 x .03 - 50 x .024) / 365`.
#[test]
fn a_loop_carries_yield_less_interest() {
    let played = Path::new(&reserve(300.0), 10).play();
    near(played.portfolio(0, PortfolioFigure::Carry), 10.0 * 1.8 / 365.0);
    near(played.portfolio(0, PortfolioFigure::Loss), -10.0 * 1.8 / 365.0);
    near(played.system(Figure::Total), 0.0);
    // With the cascade off as well; with the rate above the yield it costs, 3 - 50 x .427.
    let off = Path::new(&reserve(450.0), 10).with(|p| p.cascade.enabled = false).play();
    near(off.portfolio(0, PortfolioFigure::Carry), 10.0 * (3.0 - 21.35) / 365.0);
    // Without a reserve nothing is known of what borrowing costs.
    let mut unknown = reserve(300.0);
    unknown.0.loans.rows[0].reserve = None;
    near(Path::new(&unknown, 10).play().portfolio(0, PortfolioFigure::Carry), 0.0);
    // An asset held earns `x nav(0) Y`: 3 of 100 a year, and .6 of it from day 5 on.
    let plain = reserve(300.0).portfolio("plain", "k", 100.0);
    let played = Path::new(&plain, 10).with(|p| {
        p.yields.staking = 0.6;
        p.yields.from_day = 4.0;
    });
    near(played.play().portfolio(1, PortfolioFigure::Carry), (4.0 * 3.0 + 6.0 * 1.8) / 365.0);
}

/// All of the claims of 1,000 are asked for and 200 are there: `U = 1`, R = .827. The debts then
/// grow by `(.827 - .024) / 365` a day; a tenth of them are the loop's, and its interest is on what
/// it owes at the end of each day.
#[test]
fn a_withdrawal_takes_the_cash_and_debts_grow() {
    let played = Path::new(&reserve(300.0), 10).at(0.5, Happens::Withdraw("weth", 1.0)).play();
    all_near(&[played.reserve_on(1).utilization, played.reserve_on(1).rate], &[1.0, 0.827]);
    let growth: f64 = 1.0 + 0.803 / 365.0;
    let owed = 50.0 * growth.powi(10);
    let interest: f64 = (1..=10).map(|day| 50.0 * growth.powi(day) * 0.827 / 365.0).sum();
    let carry = 10.0 * 3.0 / 365.0 - interest;
    near(played.portfolio(0, PortfolioFigure::Carry), carry);
    near(played.portfolio(0, PortfolioFigure::Loss), owed - 50.0 - carry);
    // A tenth of the claims is 100, half of the cash: U = 800 / 900.
    let tenth = Path::new(&reserve(300.0), 1).at(0.5, Happens::Withdraw("weth", 0.1)).play();
    near(tenth.reserve_on(1).utilization, 800.0 / 900.0);
    near(tenth.reserve_on(1).rate, 0.027 * 800.0 / 810.0);
}

/// A lower rate than on day 0 makes debts fall: 500 repaid by liquidations are cash.
#[test]
fn what_liquidations_repay_is_cash() {
    let sketch = reserve(300.0).pool(PoolRow::constant_product("p", "k", 1e7, 1e7));
    // f = .4: 1,000 x .6 = 600 and HF = .84. 500 x 1.21 = 605 is more: all 600 are seized, and
    // 600 / 1.21 repaid. The rest is bad debt, and no debt is left: B = 300, K = 200 + 600 / 1.21.
    let played = Path::new(&sketch, 1).at(0.5, Happens::Slash("a", "op", 0.4)).play();
    near(played.system(Figure::BadDebt), 500.0 - 600.0 / 1.21);
    near(played.reserve_on(1).utilization, 300.0 / (500.0 + 600.0 / 1.21));
}

/// Nav .45: 450 for a debt of 500, and without a pool 50 are open: `beta = .05` of the claims. With
/// a run of 2 a tenth of the claims goes on day 1, 100 of 1,000, and 90 of 900 on day 2; then 10
/// are left of the cash of 200.
#[test]
fn suppliers_run_from_bad_debt() {
    let path = |run, most| {
        let path = Path::new(&reserve(300.0), 3).with(|p| {
            p.lending.run_on_bad_debt = run;
            p.lending.run_max = most;
        });
        path.at(0.5, Happens::Slash("a", "op", 0.55)).play()
    };
    let played = path(2.0, 1.0);
    near(played.reserve_on(1).utilization, 800.0 / 900.0);
    // The debts have grown by R - R(0) of day 1, and with them the bad debt.
    let grown = 500.0 * (1.0 + (0.027 * 800.0 / 810.0 - 0.024) / 365.0);
    let cash = 100.0 - 2.0 * (grown - 450.0) / 1_000.0 * 900.0;
    near(played.reserve_on(2).utilization, (300.0 + grown) / (300.0 + grown + cash));
    near(played.reserve_on(3).utilization, 1.0);
    // At most run_max a day: 30 of 1,000.
    near(path(2.0, 0.03).reserve_on(1).utilization, 800.0 / 970.0);
    near(path(0.0, 1.0).reserve_on(1).utilization, 0.8);
    // What is open at the end has grown on all three days, on the last by R = .827.
    let rate = played.reserve_on(2).rate;
    let grown = grown * (1.0 + (rate - 0.024) / 365.0) * (1.0 + 0.803 / 365.0);
    near(played.system(Figure::BadDebtOpen), grown - 450.0);
}

/// Bad debt that is realised counts too, after the loan is gone.
#[test]
fn suppliers_run_from_realised_bad_debt() {
    let sketch = reserve(300.0).pool(PoolRow::constant_product("p", "k", 1e7, 1e7));
    let path = Path::new(&sketch, 1).with(|p| p.lending.run_on_bad_debt = 2.0);
    let played = path.at(0.5, Happens::Slash("a", "op", 0.4)).play();
    let repaid = 600.0 / 1.21;
    let cash = 200.0 + repaid - 2.0 * (500.0 - repaid);
    near(played.reserve_on(1).utilization, 300.0 / (300.0 + cash));
}

/// `U = .95` and R = .427: `cost = (.427 x 500 - .03 x 1,000) / 1,000 = .1835` a year. With 2 for
/// each unit of it .367 of the loops close: `.367 x 500 = 183.5` units are sold into 1e6 / 1e6 and
/// bring `1e6 x 183.5 / (1e6 + 183.5)`, less a fee of .001; that share of the collateral is free.
#[test]
fn loops_close_when_they_cost_more_than_they_yield() {
    let pool = PoolRow { fee: 0.001, ..PoolRow::constant_product("p", "k", 1e6, 1e6) };
    let sketch = reserve(450.0).pool(pool);
    let path = |days, most| {
        Path::new(&sketch, days).with(|p| {
            p.lending.unwind_on_carry = 2.0;
            p.lending.unwind_max = most;
        })
    };
    let played = path(2, 1.0).play();
    let repaid = 0.999 * 1e6 * 183.5 / 1_000_183.5;
    near(played.asset_on(1, "k").price, (1e6_f64 / 1_000_183.5).powi(2));
    // Of day 1 utilization is from before; what was repaid is cash on day 2, and debts fall as R
    // does.
    near(played.reserve_on(1).rate, 0.427);
    let (left, cash) = (500.0 - repaid, 50.0 + repaid);
    let utilization = (450.0 + left) / (450.0 + left + cash);
    near(played.reserve_on(2).utilization, utilization);
    near(played.reserve_on(2).rate, 0.027 * utilization / 0.9);
    // Then the loop yields more than it costs, and rests. Its carry of day 1 is on what is left of
    // the debt, and on all that was not sold: some was set free, and the borrower has it still.
    let one = path(1, 1.0).play();
    near(
        one.portfolio(0, PortfolioFigure::Carry),
        0.1 * ((1_000.0 - 183.5) * 0.03 - left * 0.427) / 365.0,
    );
    let capped = path(1, 0.1).play();
    near(capped.asset_on(1, "k").price, (1e6_f64 / 1_000_050.0).powi(2));
}

/// Who owes USD, and whose collateral yields nothing, does not close; nor does one that pays.
#[test]
fn only_loops_of_eth_on_a_yield_are_closed() {
    let pooled = |other| reserve(other).pool(PoolRow::constant_product("p", "k", 1e6, 1e6));
    let mut usd = pooled(450.0);
    usd.0.loans.rows[0].debt_asset = "USD".to_owned();
    usd.0.reserves.rows[0].asset = "USD".to_owned();
    let idle = pooled(450.0).yields(Yields::default());
    for sketch in [usd, idle, pooled(300.0)] {
        let path = Path::new(&sketch, 2).with(|p| p.lending.unwind_on_carry = 2.0);
        near(path.play().asset("k", AssetFigure::MarketLoss), 0.0);
    }
}

/// Sold down to .81 of nav and no further: a pool of 900 takes 100 of the 183.5, which bring 90
/// ETH. The share of the debt repaid, .18, sets 180 units free, of which 80 stay with the borrower.
#[test]
fn unwinding_stops_at_the_largest_discount() {
    let sketch = reserve(450.0).pool(PoolRow::constant_product("p", "k", 900.0, 900.0));
    let played = Path::new(&sketch, 2).with(|p| {
        p.lending.unwind_on_carry = 2.0;
        p.redemption[0].max_sale_discount = 0.19;
    });
    let played = played.play();
    near(played.asset_on(1, "k").price, 0.81);
    near(played.reserve_on(2).utilization, (450.0 + 410.0) / 1_000.0);
    // Equity is 820 x .81 - 410 after a day, beside the 80; on day 2 debts grow by R - R(0), which is negative.
    let debt = 410.0 * (1.0 + (0.027 * 0.86 / 0.9 - 0.427) / 365.0);
    let loss = played.portfolio(0, PortfolioFigure::Loss);
    let carry = played.portfolio(0, PortfolioFigure::Carry);
    near(loss + carry, 0.1 * (500.0 - (820.0 * 0.81 - debt) - 80.0 * 0.81));
}

/// Redemption takes 73 days, a fifth of a year, so waiting costs `.1835 / 5 = .0367`, and nobody sells
/// for less than .9633 of nav.
#[test]
fn loops_do_not_sell_for_less_than_waiting_costs() {
    let mut sketch = reserve(450.0).pool(PoolRow::constant_product("p", "k", 900.0, 900.0));
    sketch.0.assets.rows[0].redemption_days = 73.0;
    let played = Path::new(&sketch, 1).with(|p| p.lending.unwind_on_carry = 2.0).play();
    near(played.asset_on(1, "k").price, 1.0 - 0.0367);
}

/// 1e7 units grow by 1e-4, all pledged: 1,000 could borrow 600, and the reserve has 200. Cash is
/// gone.
#[test]
fn a_reserve_lends_on_minted_units_what_cash_it_has() {
    let played = Path::new(&reserve(300.0), 1).at(0.5, Happens::Mint("k", 1e-4, 1.0)).play();
    near(played.reserve_on(1).utilization, 1.0);
    // Nav is 1 / 1.0001 and 200 are owed for 1,000 units: nothing is open.
    near(played.system(Figure::BadDebtOpen), 0.0);
    // At a nav of .1 / 1.0001 it is, of both loans, grown by a day at the rate of U = 1.
    let path = Path::new(&reserve(300.0), 1).at(0.5, Happens::Mint("k", 1e-4, 1.0));
    let fallen = path.at(0.6, Happens::Slash("a", "op", 0.9)).play();
    let owed = 700.0 * (1.0 + 0.803 / 365.0);
    near(fallen.system(Figure::BadDebtOpen), owed - 200.0 / 1.000_1);
}

/// Pledged units are a loan in each market by its collateral: 3 to 1; markets in order draw the
/// cash.
#[test]
fn a_pledge_is_spread_over_markets() {
    let mut sketch = reserve(300.0);
    let row = LoanRow { market: "b".to_owned(), reserve: None, ..sketch.0.loans.rows[0].clone() };
    sketch = sketch.loan(LoanRow { collateral_eth: 3_000.0, ..row });
    // 400 units: 300 in b, which lends the 180 wanted, 100 in m, which lends 60 of its 200.
    let played = Path::new(&sketch, 1).at(0.5, Happens::Mint("k", 4e-5, 1.0)).play();
    let pledged = played.steps(|_, happened| match happened {
        slashfall_cascade::Happened::Pledged { debt_eth, .. } => Some(*debt_eth),
        _ => None,
    });
    all_near(&pledged, &[180.0, 60.0]);
    near(played.reserve_on(1).utilization, 860.0 / 1_000.0);
}

/// A reserve of USD counts in USD: when it rises by a tenth utilization stays .8. The loop of 100
/// against 50 owes 55, loses 5 of its equity, and pays interest on 55.
#[test]
fn a_reserve_counts_in_its_asset() {
    let vol = 0.6_f64;
    let mut sketch = reserve(300.0).asset("USD", AssetKind::Base).with(|row| row.vol_annual = vol);
    sketch.0.loans.rows[0].debt_asset = "USD".to_owned();
    sketch.0.reserves.rows[0].asset = "USD".to_owned();
    let z = (1.1_f64.ln() + vol * vol / 730.0) * 365.0_f64.sqrt() / vol;
    let played = Path::new(&sketch, 1).moving("USD", &[z]).play();
    all_near(&[played.reserve_on(1).utilization, played.reserve_on(1).rate], &[0.8, 0.024]);
    let carry = (3.0 - 55.0 * 0.024) / 365.0;
    near(played.portfolio(0, PortfolioFigure::Carry), carry);
    near(played.portfolio(0, PortfolioFigure::Loss), 5.0 - carry);
}
