//! Temporary: counts disagreements by figure.
#![allow(dead_code, missing_docs)]
mod twin;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::collections::BTreeMap;

#[test]
fn survey() {
    let n: u32 = std::env::var("N").map_or(1000, |n| n.parse().unwrap());
    let seed: u64 = std::env::var("SEED").map_or(1, |n| n.parse().unwrap());
    let shrink = std::env::var("SHRINK").ok();
    let mut runner =
        TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() });
    let strategy = twin::case::cases();
    let mut counts: BTreeMap<String, (u32, String)> = BTreeMap::new();
    let (mut beyond, mut worst, mut bad) = (0, 0.0f64, 0);
    let mut acted: BTreeMap<&str, u32> = BTreeMap::new();
    let start = std::time::Instant::now();
    for i in 0..n {
        let mut tree = strategy.new_tree(&mut runner).unwrap();
        let case = tree.current();
        if std::env::var("ACT").is_ok() {
            let twin = twin::play(&case);
            for (name, x) in &twin.figures {
                if *x != 0.0 {
                    *acted.entry(name).or_default() += 1;
                }
            }
            continue;
        }
        match twin::agreement::agree(&case) {
            Ok(None) => beyond += 1,
            Ok(Some(e)) => worst = worst.max(e),
            Err(text) => {
                bad += 1;
                let key = text.split(':').next().unwrap().split(" of ").next().unwrap().to_owned();
                if shrink.as_deref() == Some(&key) {
                    let fails = |c: &twin::case::Case| matches!(twin::agreement::agree(c), Err(t) if t.starts_with(&key));
                    let mut best = tree.current();
                    if tree.simplify() {
                        loop {
                            let c = tree.current();
                            if fails(&c) {
                                best = c;
                                if !tree.simplify() {
                                    break;
                                }
                            } else if !tree.complicate() {
                                break;
                            }
                        }
                    }
                    println!("{:?}", twin::agreement::agree(&best));
                    dump(&best);
                    return;
                }
                let entry = counts.entry(key).or_insert((0, format!("case {i}: {text}")));
                entry.0 += 1;
            }
        }
    }
    println!(
        "{n} cases, {bad} bad, {beyond} beyond, worst {worst:.2e}, {:.1} s",
        start.elapsed().as_secs_f64()
    );
    for (key, (count, text)) in counts {
        println!("{count:5} {key:20} {text}");
    }
    for (key, count) in acted {
        println!("{count:5} {key}");
    }
}

fn dump(c: &twin::case::Case) {
    let s = &c.spec;
    for r in &s.assets.rows {
        println!("{:?}", r);
    }
    for r in &s.operators.rows {
        println!("op {} {}", r.operator, r.entity);
    }
    for r in &s.avs.rows {
        println!("{:?} u {}", r, c.attack_uniform[&r.avs]);
    }
    for r in &s.holdings.rows {
        println!("hold {} {:?} {} {}", r.holder, r.operator, r.asset, r.amount_eth);
    }
    for r in &s.allocations.rows {
        println!("alloc {} {} {} {}", r.avs, r.operator, r.asset, r.fraction);
    }
    for r in &s.pools.rows {
        println!("{:?}", r);
    }
    for r in &s.loans.rows {
        println!("{:?}", r);
    }
    for r in &s.reserves.rows {
        println!("{:?}", r);
    }
    for r in &s.portfolios.rows {
        println!("{:?}", r);
    }
    for h in &c.happenings {
        println!("{:?}", h);
    }
    println!(
        "H {} T {} exit {} z {}",
        c.horizon_days,
        c.total_active_eth,
        c.exit_queue_eth,
        c.z.len()
    );
    for r in s.assets.rows.iter().filter(|r| c.noise.contains_key(&r.asset)) {
        println!("{} {:?} {:?}", r.asset, c.noise[&r.asset], c.redemption[&r.asset]);
    }
    println!("{:?}\n{:?}\n{:?}\n{:?}", c.security, c.cascade, c.lending, c.yields);
    let engine = twin::engine::Engine::new(c);
    let (row, record) = engine.record();
    for step in &record.steps {
        println!("{step:?}");
    }
    let _ = row;
}
