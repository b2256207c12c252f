//! Redemptions, the exit queue and arbitrage (section 6.9 of `docs/model.md`) worked by hand.

mod support;

use slashfall_cascade::{AssetFigure, Channel, Figure, RedemptionParameters};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, LoanRow, PoolRow, Sharing, Yields};
use support::{Happens, Path, all_near, near};

const STAY: RedemptionParameters = RedemptionParameters::ABSENT;

/// The share `base` of the free units leaves every day.
fn base(base: f64) -> RedemptionParameters {
    RedemptionParameters { base, ..STAY }
}

/// An LRT with `eth` at one operator under one AVS, redeemed in `days`.
fn lrt(eth: f64, days: f64) -> Sketch {
    Sketch::new()
        .asset("k", AssetKind::Lrt)
        .with(|row| row.redemption_days = days)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", eth)
        .allocation("a", "op", "*", 1.0)
}

/// 100 at work and a buffer of 30: a tenth, 13, is paid at once; of a half, 65, the buffer pays 30.
#[test]
fn the_buffer_pays_first_and_at_once() {
    let sketch = lrt(100.0, 5.0).with(|row| row.buffer_eth = 30.0);
    let few = Path::new(&sketch, 1).leaving("k", base(0.1)).play();
    all_near(&few.left_on(1, "k"), &[0.0, 13.0, 0.0]);
    near(few.system(Figure::Redeemed), 13.0);
    near(few.asset("k", AssetFigure::Queued), 0.0);
    let many = Path::new(&sketch, 1).leaving("k", base(0.5)).play();
    all_near(&many.left_on(1, "k"), &[0.0, 30.0, 35.0]);
    near(many.asset("k", AssetFigure::Queued), 35.0 / 130.0);
    near(many.system(Figure::Total), 0.0);
}

/// 50 of 100 units queue on day 1 for two days; a slash of .2 on day 2 hits them as the others, and
/// they get 40. On day 2 half of the free 50 follow, and get 20 on day 4.
#[test]
fn who_waits_bears_losses_until_he_is_paid() {
    let played = Path::new(&lrt(100.0, 2.0), 4)
        .leaving("k", base(0.5))
        .at(1.5, Happens::Slash("a", "op", 0.2))
        .play();
    let [first, second] = played.paid_out("k")[..] else { panic!("two were to be paid") };
    assert_eq!((first.0, second.0), (3, 4));
    all_near(&[first.1, second.1], &[40.0, 20.0]);
    near(played.system(Figure::Total), 20.0);
    near(played.asset("k", AssetFigure::NavLoss), 0.2);
    // After the payment of day 3 a slash of a half finds 40 ETH for 50 units, nav .8, and takes 20;
    // on day 4 it has 25 units of .4 to pay.
    let late = Path::new(&lrt(100.0, 2.0), 4)
        .leaving("k", base(0.5))
        .at(1.5, Happens::Slash("a", "op", 0.2))
        .at(3.5, Happens::Slash("a", "op", 0.5))
        .play();
    near(late.system(Figure::Redeemed), 40.0 + 10.0);
    near(late.system(Figure::Total), 20.0 + 20.0);
    near(late.channel(Channel::AvsSlash), 40.0);
}

/// Paid on day `1 + max(1, ceil(wait))`: waits of 0, 1, 1.5 and 2 days on days 2, 2, 3, 3. An exit
/// queue of two days and a half makes it day 4, and a day and a half of it day 4 for the 25 of day
/// 2.
#[test]
fn a_request_is_due_after_whole_days_and_at_least_one() {
    for (days, exit_days, due, eth) in [
        (0.0, 0.0, 2, 50.0),
        (1.0, 0.0, 2, 50.0),
        (1.5, 0.0, 3, 50.0),
        (2.0, 0.0, 3, 50.0),
        (1.5, 2.5, 4, 75.0),
        (7.0, 2.5, 8, 50.0),
    ] {
        let played = Path::new(&lrt(100.0, days), 8)
            .with(|p| p.beacon.exit_queue_eth = 57_600.0 * exit_days)
            .leaving("k", base(0.5))
            .play();
        assert_eq!(played.paid_out("k")[0].0, due, "{days} {exit_days}");
        near(played.paid_out("k")[0].1, eth);
        near(played.asset("k", AssetFigure::LongestWait), days.max(exit_days));
    }
}

/// All of `k1`, 115,200 at operators, leaves on day 1: nobody is before them, so they are due on
/// day 2. They are two days of the chain, and `k2`, which asks after them, is due on day 3. It adds
/// the half of its 57,600 that is at operators; a day's 57,600 go, so 86,400 wait at the end of day
/// 1.
#[test]
fn one_exit_queue_for_all() {
    let sketch = Sketch::new()
        .asset("k1", AssetKind::Lrt)
        .asset("k2", AssetKind::Lrt)
        .asset("k3", AssetKind::Bridged)
        .operator("op", "Op")
        .holding("k1", "op", "ETH", 115_200.0)
        .holding("k2", "op", "ETH", 28_800.0)
        .holding("k2", "", "ETH", 28_800.0)
        .holding("k3", "", "ETH", 1_000.0);
    let played = Path::new(&sketch, 4)
        .leaving("k1", base(1.0))
        .leaving("k2", base(1.0))
        .leaving("k3", base(1.0))
        .play();
    assert_eq!(played.paid_out("k1")[0].0, 2);
    assert_eq!(played.paid_out("k2")[0].0, 3);
    // What has nothing on the chain does not wait for it.
    assert_eq!(played.paid_out("k3")[0].0, 2);
    let queue: Vec<f64> = played.record.days.iter().map(|day| day.exit_queue_eth).collect();
    all_near(&queue, &[86_400.0, 28_800.0, 0.0, 0.0]);
    near(played.asset("k2", AssetFigure::LongestWait), 2.0);
    near(played.asset("k1", AssetFigure::LongestWait), 1.5);
    near(played.system(Figure::Redeemed), 173_800.0);
}

/// With a wait of 5 days and an impatience of 20 a fifth sells: 20 of 100. The pool of 900 / 900
/// then says `(900 / 920)^2`, and 80 queue.
#[test]
fn the_impatient_sell() {
    let sketch = lrt(1_000.0, 5.0).pool(PoolRow::constant_product("p", "k", 900.0, 900.0));
    let played = Path::new(&sketch, 1).leaving("k", base(0.1)).play();
    all_near(&played.left_on(1, "k"), &[20.0, 0.0, 80.0]);
    near(played.asset_on(1, "k").price, (900.0_f64 / 920.0).powi(2));
    near(played.system(Figure::Total), 0.0);
    // Without a pool all of them queue.
    let played = Path::new(&lrt(1_000.0, 5.0), 1).leaving("k", base(0.1)).play();
    all_near(&played.left_on(1, "k"), &[0.0, 0.0, 100.0]);
}

/// Nobody sells below .81 of nav: the pool of 900 / 900 takes 100 of the 250 that want to. After a
/// depeg of .1 it takes what is sold until `P = .9`.
#[test]
fn sellers_stop_at_their_discount() {
    let sketch = lrt(1_000.0, 20.0).pool(PoolRow::constant_product("p", "k", 900.0, 900.0));
    let leaving = RedemptionParameters { max_sale_discount: 0.19, ..base(0.5) };
    let played = Path::new(&sketch, 2).leaving("k", leaving).play();
    all_near(&played.left_on(1, "k"), &[100.0, 0.0, 400.0]);
    near(played.asset_on(1, "k").price, 0.81);
    // On day 2 there are 600 free units, whoever has bought them, and nobody buys.
    all_near(&played.left_on(2, "k"), &[0.0, 0.0, 300.0]);
    let panic = Path::new(&sketch, 1).leaving("k", leaving).at(0.5, Happens::Depeg("k", 0.1, 0.0));
    let sold = 900.0 * ((1.0 / 0.9_f64).sqrt() - 1.0);
    all_near(&panic.play().left_on(1, "k"), &[sold, 0.0, 500.0 - sold]);
}

/// Units of the fund hold half ETH and half stETH. 50 of them get 25 ETH and 25 stETH, whose
/// holders lose a tenth of it when stETH is robbed: 975 outside lose 97.5, the fund's 25 lose 2.5.
#[test]
fn wrapped_assets_are_paid_in_kind() {
    let sketch = Sketch::new()
        .asset("stETH", AssetKind::Lst)
        .asset("fund", AssetKind::Lrt)
        .holding("stETH", "", "ETH", 1_000.0)
        .holding("fund", "", "ETH", 50.0)
        .holding("fund", "", "stETH", 50.0);
    let leaving = RedemptionParameters { base: 0.5, ..STAY };
    let path = |robbed| {
        let path = Path::new(&sketch, 3).leaving("fund", leaving);
        path.at(robbed, Happens::Exploit("stETH", 0.1, 1)).play()
    };
    let loss = |robbed| -> [f64; 2] {
        let played = path(robbed);
        near(played.system(Figure::Total), 100.0);
        let entry = &played.record.losses[0];
        let wrapped = &entry.asset_eth[entry.asset_eth.len() - 2..];
        [wrapped[0], wrapped[1]]
    };
    all_near(&loss(2.5), &[97.5, 2.5]);
    // Robbed before the payment of day 2, the fund's holders bear it: nav .95, and 50 units get
    // 47.5.
    all_near(&loss(0.5), &[95.0, 5.0]);
    let before = path(0.5).paid_out("fund")[0];
    assert_eq!(before.0, 2);
    near(before.1, 47.5);
}

/// 50 of 100 units queue on day 1. On day 2 a slash takes 40, which cover pays into the buffer, and
/// of the buffer 25 are paid at once. On day 3 the queue gets 50 of the 60 at work and none of the
/// 15 in the buffer: a slash of all on day 4 finds 10.
#[test]
fn what_is_at_work_pays_before_the_buffer() {
    let sketch = lrt(100.0, 2.0).with(|row| row.cover_eth = 40.0);
    let path = Path::new(&sketch, 4).leaving("k", base(0.5));
    let path = path.at(1.5, Happens::Slash("a", "op", 0.4));
    let played = path.at(3.5, Happens::Slash("a", "op", 1.0)).play();
    all_near(&played.left_on(2, "k"), &[0.0, 25.0, 0.0]);
    near(played.paid_out("k")[0].1, 50.0);
    near(played.asset("k", AssetFigure::CoverUsed), 40.0);
    near(played.system(Figure::Total), 10.0);
    // All want to leave on day 1: the queue gets the 60 at work on day 3, and 40 of the buffer.
    let path = Path::new(&sketch, 3).leaving("k", base(1.0));
    let all = path.at(1.5, Happens::Slash("a", "op", 0.4)).play();
    near(all.system(Figure::Redeemed), 100.0);
    near(all.system(Figure::Total), 0.0);
}

/// 300 sold into 900 / 900: `P = .5625`. It pays to buy up to a discount of `1.9 x 36.5 / 365 =
/// .19`, where 100 are sold: 200 are bought and queue.
#[test]
fn arbitrage_buys_until_the_wait_does_not_pay() {
    let sketch = lrt(10_000.0, 36.5)
        .asset("w", AssetKind::Bridged)
        .holding("w", "", "k", 1_000.0)
        .pool(PoolRow::constant_product("p", "k", 900.0, 900.0));
    let leaving =
        |budget| RedemptionParameters { hurdle: 1.9, arbitrage_eth_per_day: budget, ..STAY };
    let path = |budget| Path::new(&sketch, 4).leaving("k", leaving(budget));
    let sold = |budget| path(budget).at(0.5, Happens::Exploit("w", 0.3, 1)).play();
    let rich = sold(1_000.0);
    assert_eq!(rich.arbitrage("k").len(), 1);
    near(rich.arbitrage("k")[0].2, 200.0);
    near(rich.asset_on(1, "k").price, 0.81);
    all_near(&rich.left_on(1, "k"), &[0.0, 0.0, 200.0]);
    near(rich.asset("k", AssetFigure::Queued), 0.02);
    near(rich.asset("k", AssetFigure::WorstDiscount), 0.19);
    // With 80 a day: 80, 80 and the last 40.
    let poor = sold(80.0);
    let days: Vec<u32> = poor.arbitrage("k").iter().map(|(day, _, _)| *day).collect();
    assert_eq!(days, [1, 2, 3]);
    let bought: Vec<f64> = poor.arbitrage("k").iter().map(|(_, _, eth)| *eth).collect();
    all_near(&bought, &[80.0, 80.0, 40.0]);
    near(poor.asset_on(1, "k").price, (900.0_f64 / 1_120.0).powi(2));
}

/// A depeg alone is a discount that no purchase removes: `P` is 1 and stays. With 100 sold besides,
/// they are bought back and no more, though the discount is still .2.
#[test]
fn arbitrage_never_buys_above_par() {
    let sketch = lrt(10_000.0, 36.5)
        .asset("w", AssetKind::Bridged)
        .holding("w", "", "k", 1_000.0)
        .pool(PoolRow::constant_product("p", "k", 900.0, 900.0));
    let leaving = RedemptionParameters { arbitrage_eth_per_day: 1e6, ..STAY };
    let path = Path::new(&sketch, 1).leaving("k", leaving);
    let depeg = path.clone().at(0.5, Happens::Depeg("k", 0.2, 0.0)).play();
    assert!(depeg.arbitrage("k").is_empty());
    let path = path.at(0.4, Happens::Exploit("w", 0.1, 1));
    let both = path.at(0.5, Happens::Depeg("k", 0.2, 0.0)).play();
    near(both.arbitrage("k")[0].2, 100.0);
    near(both.asset_on(1, "k").price, 0.8);
}

/// Of 1,000 units 900 are pledged and nested: 100 are free to be bought, and no more.
#[test]
fn arbitrage_buys_free_units_alone() {
    let sketch = lrt(1_000.0, 36.5)
        .asset("w", AssetKind::Bridged)
        .holding("w", "", "k", 300.0)
        .pool(PoolRow::constant_product("p", "k", 600.0, 600.0))
        .loan(LoanRow::new("m", "k", 2.0, 600.0));
    let leaving = RedemptionParameters { arbitrage_eth_per_day: 1e6, ..STAY };
    let path = Path::new(&sketch, 2).leaving("k", leaving);
    let played = path.at(0.5, Happens::Exploit("w", 1.0, 1)).play();
    let bought: Vec<f64> = played.arbitrage("k").iter().map(|(_, _, eth)| *eth).collect();
    all_near(&bought, &[100.0]);
}

/// With `h` a day and none paid before the horizon, `1 - (1 - h)^H` of the units wait: .01 over 30
/// days are 26.03 %.
#[test]
fn a_base_hazard_compounds() {
    let played = Path::new(&lrt(1_000.0, 100.0), 30).leaving("k", base(0.01)).play();
    let expected = 1.0 - 0.99_f64.powi(30);
    assert!((expected - 0.260_3).abs() < 1e-4);
    near(played.asset("k", AssetFigure::Queued), expected);
    near(played.asset("k", AssetFigure::LongestWait), 100.0);
    // Those who pledged, 400, do not leave.
    let pledged = lrt(1_000.0, 100.0).loan(LoanRow::new("m", "k", 2.0, 400.0));
    let played = Path::new(&pledged, 30).leaving("k", base(0.01)).play();
    near(played.asset("k", AssetFigure::Queued), 0.6 * expected);
}

/// Paid a day after, 1,000 units are `1,000 x .9^(H - 1)` on day `H`, less a tenth in the queue.
#[test]
fn paid_units_are_gone() {
    let played = Path::new(&lrt(1_000.0, 0.0), 10).leaving("k", base(0.1)).play();
    near(played.system(Figure::Redeemed), 1_000.0 * (1.0 - 0.9_f64.powi(9)));
    near(played.asset("k", AssetFigure::Queued), 0.1 * 0.9_f64.powi(9));
    // A slash of all on the last day takes what is left, the queue with it.
    let path = Path::new(&lrt(1_000.0, 0.0), 10).leaving("k", base(0.1));
    let slashed = path.at(9.5, Happens::Slash("a", "op", 1.0)).play();
    near(slashed.system(Figure::Total), 1_000.0 * 0.9_f64.powi(8));
}

/// Each reason to leave: a fifth of nav lost, a discount of .15 of which .05 worries nobody, a
/// yield of .04 that falls to .03 from day 2 on; all of them, and at most `max`.
#[test]
fn losses_discounts_and_yields_drive_holders_out() {
    let yields = Yields { staking: 0.03, incentives: 0.01, ..Yields::default() };
    let sketch = lrt(1_000.0, 100.0).yields(yields);
    let how = RedemptionParameters { base: 0.01, tolerance: 0.05, ..STAY };
    let left = |how, what: Option<Happens<'static>>| {
        let path = Path::new(&sketch, 2).leaving("k", how).with(|p| {
            p.yields.incentives = 0.0;
            p.yields.from_day = 1.0;
        });
        let played = match what {
            Some(what) => path.at(0.5, what).play(),
            None => path.play(),
        };
        [1, 2].map(|day| played.left_on(day, "k")[2] / played.asset_on(1, "k").nav / 1_000.0)
    };
    // On day 2 of what day 1 has left.
    let slash = Happens::Slash("a", "op", 0.2);
    let depeg = Happens::Depeg("k", 0.15, 0.0);
    all_near(&left(how, None), &[0.01, 0.01 * 0.99]);
    let on_loss = RedemptionParameters { on_loss: 0.5, ..how };
    all_near(&left(on_loss, Some(slash)), &[0.11, 0.11 * 0.89]);
    let on_discount = RedemptionParameters { on_discount: 2.0, ..how };
    all_near(&left(on_discount, Some(depeg)), &[0.21, 0.21 * 0.79]);
    let on_yield_drop = RedemptionParameters { on_yield_drop: 0.4, ..how };
    all_near(&left(on_yield_drop, None), &[0.01, 0.11 * 0.99]);
    let capped = RedemptionParameters { max: 0.05, ..on_discount };
    all_near(&left(capped, Some(depeg)), &[0.05, 0.05 * 0.95]);
    // A slash is no discount, and a depeg no loss.
    all_near(&left(on_loss, Some(depeg)), &[0.01, 0.01 * 0.99]);
    all_near(&left(on_discount, Some(slash)), &[0.01, 0.01 * 0.99]);
}

/// Half of 100,000 is paid out on day 2. Of what is left all validators are slashed on day 3: of
/// 1,000,000 that validate 50,000, a correlation penalty of .15 on the last day, after the initial
/// one.
#[test]
fn what_has_left_the_chain_is_not_slashed() {
    let played = Path::new(&lrt(100_000.0, 0.0), 3)
        .leaving("k", base(0.5))
        .with(|p| p.beacon.total_active_eth = 1e6)
        .at(2.5, Happens::Validators("op", 1.0, 0.0))
        .play();
    let initial = 1.0 / 4096.0 + 0.056 / 32.0 * 35.0_f64.sqrt();
    let lost = 1.0 - (1.0 - initial) * 0.85;
    near(played.system(Figure::Beacon), 50_000.0 * lost);
    near(played.system(Figure::Total), 50_000.0 * lost);
}

/// Half of 100 idle ETH is paid out on day 2; a thief finds the other half.
#[test]
fn what_has_been_paid_is_not_stolen() {
    let sketch = Sketch::new().asset("k", AssetKind::Bridged).holding("k", "", "ETH", 100.0);
    let path = Path::new(&sketch, 3).leaving("k", base(0.5));
    near(path.at(2.5, Happens::Exploit("k", 0.5, 1)).play().system(Figure::Stolen), 25.0);
}

/// 100 stETH restaked by the fund are slashed by a half. Half of the fund's units, at .5, get 25
/// stETH on day 2; 900 + 25 are outside then, and 25 in the fund, when a tenth of stETH is stolen.
/// The 50 that were burned are worth 45 at the horizon.
#[test]
fn what_is_left_of_slashed_units_is_paid_in_kind() {
    let sketch = Sketch::new()
        .asset("stETH", AssetKind::Lst)
        .asset("fund", AssetKind::Lrt)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("stETH", "", "ETH", 1_000.0)
        .holding("fund", "op", "stETH", 100.0)
        .allocation("a", "op", "*", 1.0);
    let played = Path::new(&sketch, 3)
        .leaving("fund", base(0.5))
        .at(0.5, Happens::Slash("a", "op", 0.5))
        .at(2.5, Happens::Exploit("stETH", 0.1, 1))
        .play();
    let entry = &played.record.losses[1];
    all_near(&entry.asset_eth[entry.asset_eth.len() - 2..], &[92.5, 2.5]);
    near(played.system(Figure::Total), 50.0 + 95.0);
    near(played.system(Figure::Burned), 45.0);
    near(played.system(Figure::Stolen), 100.0);
}

/// What arbitrage bought is paid by the buffer as far as it goes: 50 of 200.
#[test]
fn the_buffer_pays_arbitrage_too() {
    let sketch = lrt(10_000.0, 36.5)
        .with(|row| row.buffer_eth = 50.0)
        .asset("w", AssetKind::Bridged)
        .holding("w", "", "k", 1_000.0)
        .pool(PoolRow::constant_product("p", "k", 900.0, 900.0));
    let how = RedemptionParameters { hurdle: 1.9, arbitrage_eth_per_day: 1e6, ..STAY };
    let path = Path::new(&sketch, 1).leaving("k", how);
    let played = path.at(0.5, Happens::Exploit("w", 0.3, 1)).play();
    all_near(&played.left_on(1, "k"), &[0.0, 50.0, 150.0]);
}
