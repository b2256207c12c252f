//! Attacks on AVSs (section 6.8 of `docs/model.md`) worked by hand.

mod support;

use slashfall_cascade::{Channel, Figure, Parameters, RedemptionParameters};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, Sharing};
use support::{Happens, Path, Played, near};

fn attacks(parameters: &mut Parameters) {
    parameters.security.attack_prob = 1.0;
}

fn path<'a>(sketch: &Sketch, days: u32) -> Path<'a> {
    Path::new(sketch, days).with(attacks)
}

/// Direct restakers with `stakes` at operators `o1`, `o2`, ... under one AVS `a` of threshold
/// `theta` that is worth corrupting below the stake `safe`.
fn service(stakes: &[f64], theta: f64, safe: f64) -> Sketch {
    let mut sketch = Sketch::new().avs("a", Sharing::Unique).with_avs(|avs| {
        avs.attack_threshold = theta;
        avs.profit_from_corruption_eth = Some(theta * safe);
    });
    for (number, &eth) in stakes.iter().enumerate() {
        let name = format!("o{}", number + 1);
        sketch = sketch.operator(&name, "Op").holding("direct", &name, "ETH", eth);
        sketch = sketch.allocation("a", &name, "*", 1.0);
    }
    sketch
}

fn slashed(sketch: &Sketch, f: f64) -> Played {
    path(sketch, 1).at(0.5, Happens::Slash("a", "o1", f)).play()
}

/// 100 at stake, a quarter corrupts, for 15: safe down to 60. At exactly 60 an attack does not pay.
#[test]
fn an_attack_pays_below_the_safe_stake_and_not_at_it() {
    let sketch = service(&[100.0], 0.25, 60.0);
    let safe = slashed(&sketch, 0.4);
    near(safe.system(Figure::AvssAttacked), 0.0);
    near(safe.system(Figure::Total), 40.0);
    let attacked = slashed(&sketch, 0.4 + 1e-9);
    near(attacked.system(Figure::AvssAttacked), 1.0);
    near(attacked.system(Figure::Total), 100.0);
    near(attacked.system(Figure::Direct), 40.0 + 1e-7);
    near(attacked.system(Figure::Contagion), 60.0 - 1e-7);
}

/// Without a profit given, `theta A(0) / (1 + slack)`: with a slack of .25 the safe stake is 80.
#[test]
fn a_profit_that_nobody_knows_follows_from_the_slack() {
    let sketch = service(&[100.0], 0.25, 0.0).with_avs(|avs| avs.profit_from_corruption_eth = None);
    let total = |f| {
        let path = path(&sketch, 1).with(|p| p.security.security_slack = 0.25);
        path.at(0.5, Happens::Slash("a", "o1", f)).play().system(Figure::Total)
    };
    near(total(0.199), 19.9);
    near(total(0.201), 100.0);
}

/// With .2 a day an AVS is attacked on the first day it pays if `u < .2`, on the second if `u <
/// .36`, on the third if `u < .488`.
#[test]
fn the_uniform_says_on_which_attackable_day() {
    let sketch = service(&[100.0], 0.25, 60.0);
    for (uniform, days) in
        [(0.19, vec![2]), (0.21, vec![3]), (0.35, vec![3]), (0.37, vec![4]), (0.49, vec![])]
    {
        let played = Path::new(&sketch, 4)
            .with(|p| p.security.attack_prob = 0.2)
            .uniform("a", uniform)
            .at(1.5, Happens::Slash("a", "o1", 0.5))
            .play();
        let attacked: Vec<u32> = played.attacks().iter().map(|(day, _, _)| *day).collect();
        assert_eq!(attacked, days, "{uniform}");
        near(played.system(Figure::Total), if days.is_empty() { 50.0 } else { 100.0 });
    }
}

/// Days on which an attack would not pay do not count: BTC at .5, 1, .5 of its price makes days 1
/// and 3 attackable, and `u = .3` is the second of them.
#[test]
fn days_without_profit_do_not_count() {
    let vol = 0.6_f64;
    let z = |ratio: f64| (ratio.ln() + vol * vol / 730.0) * 365.0_f64.sqrt() / vol;
    let sketch = Sketch::new()
        .asset("BTC", AssetKind::Base)
        .with(|row| row.vol_annual = vol)
        .operator("op", "Op")
        .holding("direct", "op", "BTC", 100.0)
        .avs("a", Sharing::Unique)
        .with_avs(|avs| avs.profit_from_corruption_eth = Some(20.0))
        .allocation("a", "op", "*", 1.0);
    let played = Path::new(&sketch, 4)
        .with(|p| p.security.attack_prob = 0.2)
        .uniform("a", 0.3)
        .moving("BTC", &[z(0.5), z(2.0), z(0.5), z(2.0)])
        .play();
    assert_eq!(played.attacks(), [(3, 1, "a")]);
    // Half of 100 fell and half was slashed: there is nothing to come back on day 4.
    near(played.system(Figure::Total), 100.0);
    near(played.system(Figure::Direct), 50.0);
}

/// 50, 30 and 20 with a threshold of .6: 50 is less than 60, 50 + 30 is enough, and 20 stays.
#[test]
fn the_coalition_is_the_largest_members_until_it_has_enough() {
    let attacked = path(&service(&[20.0, 50.0, 30.0], 0.6, 120.0), 1).play();
    near(attacked.system(Figure::Total), 80.0);
    near(attacked.system(Figure::OperatorsSlashed), 2.0);
    // Exactly enough is enough: .5 of 100.
    near(path(&service(&[20.0, 50.0, 30.0], 0.5, 120.0), 1).play().system(Figure::Total), 50.0);
}

/// Of two with 40 the one that comes first by name, whatever the order of the rows.
#[test]
fn equal_members_come_in_order_of_name() {
    let sketch = service(&[20.0, 40.0, 40.0], 0.25, 120.0);
    let played = path(&sketch, 1).play();
    let slashed: Vec<_> =
        played.record.losses.iter().filter_map(|loss| loss.cause.operator).collect();
    assert_eq!(slashed.iter().map(|id| id.index()).collect::<Vec<_>>(), [1]);
    near(played.system(Figure::Total), 40.0);
}

/// What redistributes hands on what it slashes in an attack too.
#[test]
fn an_attack_redistributes_or_burns() {
    let burned = path(&service(&[100.0], 0.25, 120.0), 1).play();
    near(burned.system(Figure::Burned), 100.0);
    near(burned.channel(Channel::AttackSlash), 100.0);
    let sketch = service(&[100.0], 0.25, 120.0).with_avs(|avs| avs.redistributes = true);
    let redistributed = path(&sketch, 1).play();
    near(redistributed.system(Figure::Burned), 0.0);
    near(redistributed.system(Figure::Redistributed), 100.0);
    near(redistributed.system(Figure::Contagion), 100.0);
}

/// `o1` with 60 corrupts alone and is slashed; the AVS is dead and its .6 of the 40 at `o2` are
/// free. It slashes nothing more; keys of `o2` that reach all take all 40, and no part of it is
/// burned.
#[test]
fn a_dead_avs_slashes_no_more_and_frees_its_stake() {
    let mut sketch = service(&[60.0, 40.0], 0.5, 120.0);
    sketch.0.allocations.rows[1].fraction = 0.6;
    let path = path(&sketch, 3);
    let played = path
        .clone()
        .at(1.5, Happens::Slash("a", "o2", 1.0))
        .at(1.6, Happens::Compromise("o2", 1.0, false))
        .play();
    near(played.system(Figure::Total), 60.0);
    near(played.system(Figure::Direct), 0.0);
    let reached = path.clone().at(1.5, Happens::Compromise("o2", 1.0, true)).play();
    near(reached.system(Figure::Burned), 60.0);
    near(reached.system(Figure::Redistributed), 40.0);
    near(reached.system(Figure::Direct), 40.0);
    // Alive, it would have burned its .6.
    let alive = path.with(|p| p.security.attack_prob = 0.0);
    let alive = alive.at(1.5, Happens::Compromise("o2", 1.0, true)).play();
    near(alive.system(Figure::Burned), 24.0);
    near(alive.system(Figure::Redistributed), 16.0);
}

/// Two shared AVSs on 100: `first` may slash .5 and is attacked; `second` may slash .8 and is safe
/// with 60, but has only `min(.8, .5)` left. It falls in the same round if it comes after, else in
/// the next.
#[test]
fn shared_stake_hands_an_attack_on() {
    for (first, second, rounds) in [("a", "b", [1, 1]), ("b", "a", [1, 2])] {
        let sketch = Sketch::new()
            .operator("op", "Op")
            .holding("direct", "op", "ETH", 100.0)
            .avs(first, Sharing::Shared)
            .with_avs(|avs| avs.profit_from_corruption_eth = Some(50.0))
            .allocation(first, "op", "*", 0.5)
            .avs(second, Sharing::Shared)
            .with_avs(|avs| avs.profit_from_corruption_eth = Some(20.0))
            .allocation(second, "op", "*", 0.8);
        let played = path(&sketch, 1).play();
        assert_eq!(played.attacks(), [(1, rounds[0], first), (1, rounds[1], second)]);
        near(played.system(Figure::Total), 100.0);
        near(played.system(Figure::Rounds), f64::from(rounds[1]));
    }
}

/// `n` restakes 80 of `k` under `second`, which is safe with 60. `first` slashes half of `k`'s
/// stake: nav .5, and 80 of `k` are 40. All of `n` goes, and half of the 20 of `k` outside.
#[test]
fn a_fall_of_nav_hands_an_attack_on() {
    for (first, second, rounds) in [("a", "b", [1, 1]), ("b", "a", [1, 2])] {
        let sketch = Sketch::new()
            .asset("k", AssetKind::Lrt)
            .asset("n", AssetKind::Lrt)
            .operator("o1", "Op")
            .operator("o2", "Op")
            .holding("k", "o1", "ETH", 100.0)
            .holding("n", "o2", "k", 80.0)
            .avs(first, Sharing::Unique)
            .with_avs(|avs| avs.profit_from_corruption_eth = Some(50.0))
            .allocation(first, "o1", "*", 0.5)
            .avs(second, Sharing::Unique)
            .with_avs(|avs| avs.profit_from_corruption_eth = Some(20.0))
            .allocation(second, "o2", "*", 1.0);
        let played = path(&sketch, 1).play();
        assert_eq!(played.attacks(), [(1, rounds[0], first), (1, rounds[1], second)]);
        near(played.system(Figure::Total), 90.0);
        near(played.system(Figure::Contagion), 90.0);
        near(played.system(Figure::Direct), 0.0);
        near(played.system(Figure::Burned), 90.0);
    }
}

/// 1,000 secured, of which .3 is lost; cover of an LRT pays for its part of the coalition first.
#[test]
fn contagion_is_what_attacks_slashed_less_cover_and_what_users_lost() {
    let sketch = Sketch::new()
        .asset("k", AssetKind::Lrt)
        .with(|row| row.cover_eth = 15.0)
        .operator("op", "Op")
        .holding("k", "op", "ETH", 100.0)
        .avs("a", Sharing::Unique)
        .with_avs(|avs| {
            avs.profit_from_corruption_eth = Some(20.0);
            avs.secured_value_eth = 1_000.0;
        })
        .allocation("a", "op", "*", 1.0);
    let played = path(&sketch, 1)
        .with(|p| p.security.loss_given_attack = 0.3)
        .at(0.5, Happens::Slash("a", "op", 0.5))
        .play();
    // The source takes 50, of which the cover pays its 15; A = 50 < 60, and the attack takes 50.
    near(played.system(Figure::AvsUsersLoss), 300.0);
    near(played.channel(Channel::AvsUsers), 300.0);
    near(played.channel(Channel::AvsSlash), 50.0);
    near(played.channel(Channel::AttackSlash), 50.0);
    near(played.channel(Channel::Cover), -15.0);
    near(played.system(Figure::Direct), 35.0);
    near(played.system(Figure::Contagion), 350.0);
    near(played.system(Figure::Total), 385.0);
    // Users lose all of it where nothing else is said, and the cover pays for an attack too.
    let soft = path(&sketch, 1).at(0.5, Happens::Slash("a", "op", 0.41)).with(|p| {
        p.security.security_slack = 9.0; // not asked: the profit is given
    });
    let soft = soft.play();
    near(soft.system(Figure::AvsUsersLoss), 1_000.0);
    let hard = path(&with_cover(&sketch, 70.0), 1).at(0.5, Happens::Slash("a", "op", 0.5)).play();
    near(hard.system(Figure::Direct), 0.0);
    near(hard.system(Figure::Contagion), 30.0 + 1_000.0);
}

fn with_cover(sketch: &Sketch, cover_eth: f64) -> Sketch {
    sketch.clone().with(|row| row.cover_eth = cover_eth)
}

/// Holders of an LRT with 100 leave, .4 of the free units a day, paid a day later: 40 on day 2. On
/// day 3 the stake is 60 < 80, and the attack takes it, also that of the 24 units in the queue.
#[test]
fn stake_that_is_paid_out_secures_nothing() {
    let sketch = Sketch::new()
        .asset("k", AssetKind::Lrt)
        .operator("op", "Op")
        .holding("k", "op", "ETH", 100.0)
        .avs("a", Sharing::Unique)
        .with_avs(|avs| avs.profit_from_corruption_eth = Some(80.0 / 3.0))
        .allocation("a", "op", "*", 1.0);
    let leaving = RedemptionParameters { base: 0.4, ..RedemptionParameters::ABSENT };
    let played = path(&sketch, 4).leaving("k", leaving).play();
    assert_eq!(played.attacks(), [(3, 1, "a")]);
    near(played.system(Figure::Redeemed), 40.0);
    near(played.system(Figure::Total), 60.0);
}

/// Validators slashed on the chain secure less as well: 100 ETH less the share .5 of an initial
/// penalty of 1/4096 + .056/32 and of a correlation penalty of `3 x 50 / 1,000`.
#[test]
fn penalties_of_the_chain_lower_security() {
    let initial = 0.5 * (1.0 / 4096.0 + 0.056 / 32.0 * (35e6_f64 / 1e3).sqrt());
    let after = 100.0 * (1.0 - initial);
    for (safe, attacked) in [(after - 1e-6, 0.0), (after + 1e-6, 1.0)] {
        let played = path(&service(&[100.0], 0.25, safe), 10)
            .with(|p| p.beacon.total_active_eth = 1e3)
            .at(0.5, Happens::Validators("o1", 0.5, 0.0))
            .play();
        // The correlation penalty is charged at the horizon, and lowers it further.
        let on_the_first_day = played.attacks().iter().filter(|(day, _, _)| *day == 1).count();
        near(on_the_first_day as f64, attacked);
        near(played.system(Figure::Total), 100.0);
    }
}
