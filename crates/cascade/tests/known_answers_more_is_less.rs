//! Where more is less: every figure of section 13 of `docs/model.md`.

mod support;

use slashfall_cascade::{AssetFigure, Figure, RedemptionParameters};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, LoanRow, PoolRow, Sharing};
use support::{Happens, Path, Played, all_near, near};

const STAY: RedemptionParameters = RedemptionParameters::ABSENT;

fn total(path: &Path<'_>) -> f64 {
    path.play().system(Figure::Total)
}

#[test]
fn cover_pays_more_for_a_harder_slash() {
    let sketch = |cover| {
        Sketch::new()
            .asset("A", AssetKind::Lrt)
            .asset("B", AssetKind::Lrt)
            .with(|row| row.cover_eth = cover)
            .operator("op", "Op")
            .avs("a", Sharing::Unique)
            .holding("A", "op", "ETH", 100.0)
            .holding("B", "op", "A", 100.0)
            .allocation("a", "op", "*", 1.0)
    };
    let with = |cover| {
        [0.25, 0.5, 0.75, 1.0]
            .map(|f| total(&Path::new(&sketch(cover), 1).at(0.5, Happens::Slash("a", "op", f))))
    };
    all_near(&with(100.0), &[18.75, 25.0, 18.75, 0.0]);
    all_near(&with(0.0), &[43.75, 75.0, 93.75, 100.0]);
}

#[test]
fn cover_that_is_paid_can_be_stolen() {
    for (cover, expected) in [(0.0, 90.0), (100.0, 100.0)] {
        let sketch = Sketch::new()
            .asset("A", AssetKind::Lst)
            .with(|row| row.cover_eth = cover)
            .asset("B", AssetKind::Lrt)
            .with(|row| row.cover_eth = 100.0)
            .operator("op", "Op")
            .operator("op2", "Op")
            .avs("a", Sharing::Unique)
            .holding("A", "op", "ETH", 100.0)
            .holding("B", "op2", "A", 100.0)
            .holding("B", "", "ETH", 100.0)
            .allocation("a", "op2", "*", 1.0);
        let path = Path::new(&sketch, 1)
            .at(0.1, Happens::Exploit("A", 0.9, 1))
            .at(0.2, Happens::Slash("a", "op2", 1.0))
            .at(0.3, Happens::Exploit("B", 0.5, 1));
        near(total(&path), expected);
    }
}

#[test]
fn an_earlier_slash_of_shared_stake_leaves_less_to_take() {
    let sketch = Sketch::new()
        .operator("op", "Op")
        .holding("direct", "op", "ETH", 100.0)
        .avs("a", Sharing::Shared)
        .allocation("a", "op", "*", 0.9)
        .avs("c", Sharing::Shared)
        .allocation("c", "op", "*", 0.2);
    let path = Path::new(&sketch, 1);
    let hit = |path: Path<'static>| path.at(0.5, Happens::Compromise("op", 0.9, false));
    near(total(&hit(path.clone())), 98.1);
    near(total(&hit(path.at(0.1, Happens::Slash("c", "op", 1.0)))), 92.0);
}

/// 50 at `o` and 50 at `p` under one AVS that is worth corrupting below 80. On day 1 it slashes `o`
/// by `f`, on day 2 both by 1. Below 80, from `f = .4` on, it is attacked on day 1, and only `p` is
/// slashed.
fn killed_by_an_attack(f: f64, attack_prob: f64) -> Played {
    let sketch = Sketch::new()
        .operator("o", "O")
        .operator("p", "P")
        .holding("direct", "o", "ETH", 50.0)
        .holding("direct", "p", "ETH", 50.0)
        .avs("a", Sharing::Unique)
        .with_avs(|avs| {
            avs.attack_threshold = 0.25;
            avs.profit_from_corruption_eth = Some(20.0);
        })
        .allocation("a", "*", "*", 1.0);
    let path = Path::new(&sketch, 2)
        .with(|p| p.security.attack_prob = attack_prob)
        .at(0.5, Happens::Slash("a", "o", f));
    path.at(1.5, Happens::Slash("a", "o", 1.0)).at(1.5, Happens::Slash("a", "p", 1.0)).play()
}

#[test]
fn a_dead_avs_slashes_no_more() {
    let played = [0.3, 0.5, 0.75, 1.0].map(|f| killed_by_an_attack(f, 1.0));
    let figure = |figure| played.each_ref().map(|played| played.system(figure));
    // At .3 it is attacked on day 2, when it has nothing left to slash.
    let days = played.each_ref().map(|played| played.attacks()[0].0);
    assert_eq!(days, [2, 1, 1, 1]);
    all_near(&figure(Figure::Contagion), &[0.0, 50.0, 50.0, 50.0]);
    all_near(&figure(Figure::Total), &[100.0, 75.0, 87.5, 100.0]);
    // Without attacks all is slashed on day 2 whatever came before.
    near(killed_by_an_attack(0.5, 0.0).system(Figure::Total), 100.0);
}

/// 2,000 ETH behind an LRT, all slashed by a half: 1,000 lost. 100 units of it owe 50, which is
/// what they are worth then. The bonus is .21, and the pool a constant product of `reserve` each.
fn lent(reserve: f64) -> Sketch {
    let row = LoanRow {
        ltv: 0.6,
        liquidation_threshold: 0.7,
        liquidation_bonus: 0.21,
        ..LoanRow::new("m", "k", 1.4, 100.0)
    };
    let sketch = Sketch::new()
        .asset("k", AssetKind::Lrt)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 2_000.0)
        .allocation("a", "op", "*", 1.0)
        .loan(row);
    if reserve > 0.0 {
        sketch.pool(PoolRow::constant_product("p", "k", reserve, reserve))
    } else {
        sketch
    }
}

fn halved(reserve: f64) -> Path<'static> {
    Path::new(&lent(reserve), 2).at(0.5, Happens::Slash("a", "op", 0.5))
}

fn bad_debt(played: &Played) -> f64 {
    played.system(Figure::BadDebt) + played.system(Figure::BadDebtOpen)
}

/// Liquidators sell until `(1 - j) P = 1 / 1.21`: `2,000 (sqrt(1.21 (1 - j)) - 1)` units, at most
/// 100. A unit seized costs lenders `.5 (1 - 1 / 1.21)`.
#[test]
fn a_deeper_depeg_keeps_liquidators_away() {
    let played =
        [0.0, 0.1, 0.15, 0.2].map(|j| halved(2_000.0).at(0.6, Happens::Depeg("k", j, 0.0)).play());
    let seized =
        [100.0, 2_000.0 * (1.089_f64.sqrt() - 1.0), 2_000.0 * (1.028_5_f64.sqrt() - 1.0), 0.0];
    for (played, units) in played.iter().zip(seized) {
        near(played.system(Figure::Liquidated), 0.5 * units);
        let bad = 0.5 * units * (1.0 - 1.0 / 1.21);
        near(bad_debt(played), bad);
        near(played.system(Figure::Total), 1_000.0 + bad);
    }
    let rounded = |figure: fn(&Played) -> f64| {
        played.each_ref().map(|played| (100.0 * figure(played)).round() / 100.0)
    };
    all_near(&rounded(|played| played.system(Figure::Liquidated) / 0.5), &[100.0, 87.1, 28.3, 0.0]);
    all_near(&rounded(|played| played.system(Figure::BadDebt)), &[8.68, 0.0, 0.0, 0.0]);
    all_near(&rounded(|played| played.system(Figure::BadDebtOpen)), &[0.0, 7.56, 2.46, 0.0]);
    all_near(&rounded(|played| played.system(Figure::Total)), &[1008.68, 1007.56, 1002.46, 1000.0]);
}

/// A harder slash in place of the depeg is dearer, for each of these pools.
#[test]
fn of_one_market_a_harder_slash_is_never_less_bad_debt() {
    for reserve in [0.0, 250.0, 500.0, 1_100.0] {
        let mut least = 0.0;
        for step in 0..=100 {
            let f = f64::from(step) / 100.0;
            let path = Path::new(&lent(reserve), 1).at(0.5, Happens::Slash("a", "op", f));
            let bad = bad_debt(&path.play());
            assert!(bad >= least - 1e-9, "{reserve} {f}: {bad} after {least}");
            least = bad;
        }
        near(least, 50.0);
    }
}

/// A tenth of the reserve is seized. Slashed by a half again, what lenders have been repaid is
/// theirs, and the collateral they still count on is worth a quarter.
#[test]
fn a_deeper_pool_costs_more_or_less() {
    let (once, twice): (Vec<f64>, Vec<f64>) = [0.0, 250.0, 500.0, 1_100.0]
        .into_iter()
        .map(|reserve| {
            let again = halved(reserve).at(1.5, Happens::Slash("a", "op", 0.5));
            (bad_debt(&halved(reserve).play()), bad_debt(&again.play()))
        })
        .unzip();
    let cost = 0.5 * (1.0 - 1.0 / 1.21);
    all_near(&once, &[0.0, 25.0 * cost, 50.0 * cost, 100.0 * cost]);
    let left = |units: f64| 50.0 - 0.5 * units / 1.21 - 0.25 * (100.0 - units);
    all_near(&twice, &[25.0, left(25.0), left(50.0), 100.0 * cost]);
    let rounded =
        |bad: &[f64]| -> Vec<f64> { bad.iter().map(|bad| (100.0 * bad).round() / 100.0).collect() };
    all_near(&rounded(&once), &[0.0, 2.17, 4.34, 8.68]);
    all_near(&rounded(&twice), &[25.0, 20.92, 16.84, 8.68]);
}

/// A pool of 300 takes 30 units a round: arbitrage buys them back in the next, and liquidators go
/// on: 30, 30, 30, 10.
#[test]
fn arbitrage_lets_liquidators_go_on() {
    let without = halved(300.0).play();
    let cost = 0.5 * (1.0 - 1.0 / 1.21);
    near(bad_debt(&without), 30.0 * cost);
    near(without.system(Figure::Rounds), 1.0);
    near(without.asset_on(1, "k").price, 0.5 / 1.21);
    let how = RedemptionParameters { arbitrage_eth_per_day: 1e6, ..STAY };
    let with = halved(300.0).leaving("k", how).play();
    let seized: Vec<f64> = with.liquidations().iter().map(|(_, _, eth)| *eth).collect();
    all_near(&seized, &[15.0, 15.0, 15.0, 5.0]);
    let bought = with.arbitrage("k");
    assert_eq!(
        bought.iter().map(|buy| (buy.0, buy.1)).collect::<Vec<_>>(),
        [(1, 2), (1, 3), (1, 4), (1, 5)]
    );
    all_near(&bought.iter().map(|buy| buy.2).collect::<Vec<_>>(), &[15.0, 15.0, 15.0, 5.0]);
    near(with.system(Figure::Rounds), 5.0);
    near(bad_debt(&with), 100.0 * cost);
    near(with.asset_on(1, "k").price, 0.5);
}

/// Slashed by .1 on day 1 and by .5 on day 3; who asks on day 1 is paid on day 2.
#[test]
fn holders_who_leave_take_their_stake_out_of_reach() {
    let sketch = Sketch::new()
        .asset("k", AssetKind::Lrt)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 100.0)
        .allocation("a", "op", "*", 1.0);
    let played = [0.0, 2.5, 5.0].map(|on_loss| {
        let path = Path::new(&sketch, 3).leaving("k", RedemptionParameters { on_loss, ..STAY });
        path.at(0.5, Happens::Slash("a", "op", 0.1)).at(2.5, Happens::Slash("a", "op", 0.5)).play()
    });
    let expected = [(0.0, 55.0), (22.5, 43.75), (45.0, 32.5)];
    for (played, (paid, total)) in played.iter().zip(expected) {
        let on_day_2 = played.paid_out("k").iter().find(|(day, _)| *day == 2).map(|paid| paid.1);
        near(on_day_2.unwrap_or(0.0), paid);
        near(played.system(Figure::Total), total);
        near(played.asset("k", AssetFigure::NavLoss), 0.55);
    }
}

/// 50 in the buffer, 50 at work, of which a fifth is slashed on day 1 and all on day 2. Who leaves
/// is paid by the buffer at .9.
#[test]
fn who_leaves_first_leaves_the_loss_to_the_others() {
    let sketch = Sketch::new()
        .asset("k", AssetKind::Lrt)
        .with(|row| row.buffer_eth = 50.0)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 50.0)
        .allocation("a", "op", "*", 1.0);
    let played = [0.0, 2.5, 5.0].map(|on_loss| {
        let how = RedemptionParameters { on_loss, ..STAY };
        let path = Path::new(&sketch, 2).leaving("k", how);
        path.at(0.5, Happens::Slash("a", "op", 0.2)).at(1.5, Happens::Slash("a", "op", 1.0)).play()
    });
    for (played, left) in played.iter().zip([0.0, 0.25, 0.5]) {
        near(played.system(Figure::Total), 50.0);
        all_near(&played.left_on(1, "k"), &[0.0, 90.0 * left, 0.0]);
        let nav = (50.0 - 90.0 * left) / (100.0 - 100.0 * left);
        near(played.asset("k", AssetFigure::NavLoss), 1.0 - nav);
    }
    let percent = played.map(|p| (1e3 * p.asset("k", AssetFigure::NavLoss)).round() / 1e3);
    all_near(&percent, &[0.5, 0.633, 0.9]);
}
