//! The best plan is that of the whole programme, as another solver has it, and behaves as an optimum must.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use microlp::{ComparisonOp, OptimizationDirection, Variable};
use slashfall_output::measures::Level;
use slashfall_sizing::{Ask, Limit, NoPlan, Planner, Problem, Risk, Sample, caps};
use support::{candidates, losses, policy, problem};

const ES: &str = "[budget]\nes = { level = 0.99, share = 0.02 }\nbound = \"point\"";

/// The columns that `losses` makes, again.
fn columns(sample_paths: usize, n: usize, seed: u64) -> Vec<Vec<f64>> {
    // What a position loses alone is read back through the public face: an ETH of it, path by path.
    let sample = losses(n, sample_paths, seed);
    (0..n).map(|i| sample.losses_of(i).to_vec()).collect()
}

/// Rockafellar and Uryasev's programme with a variable a path, by another solver.
fn by_full_programme(marks: &[Vec<f64>], level: f64, at_most: f64, most: f64, size: f64) -> f64 {
    let n_paths = marks[0].len();
    let mut programme = microlp::Problem::new(OptimizationDirection::Maximize);
    let mean = |mark: &Vec<f64>| mark.iter().sum::<f64>() / n_paths as f64;
    let x: Vec<Variable> =
        marks.iter().map(|mark| programme.add_var(-mean(mark), (0.0, most))).collect();
    let edge = programme.add_var(0.0, (-size, size));
    let mut shortfall = vec![(edge, 1.0)];
    for path in 0..n_paths {
        let excess = programme.add_var(0.0, (0.0, f64::INFINITY));
        let mut row: Vec<(Variable, f64)> =
            x.iter().zip(marks).map(|(x, mark)| (*x, mark[path])).collect();
        row.extend([(edge, -1.0), (excess, -1.0)]);
        programme.add_constraint(&row, ComparisonOp::Le, 0.0);
        shortfall.push((excess, 1.0 / (n_paths as f64 * (1.0 - level))));
    }
    programme.add_constraint(&shortfall, ComparisonOp::Le, at_most);
    let all: Vec<(Variable, f64)> = x.iter().map(|x| (*x, 1.0)).collect();
    programme.add_constraint(&all, ComparisonOp::Le, size);
    programme.solve().unwrap().into_solution().unwrap().objective()
}

fn best(problem: &Problem, sample: &Sample) -> f64 {
    Planner::new(problem, sample).optimum().unwrap().net_return.value
}

#[test]
fn cutting_planes_find_what_the_whole_programme_has() {
    for (n, seed) in [(3, 1), (6, 2)] {
        let marks = columns(5_000, n, seed);
        let problem = problem(&policy(ES), &candidates(n, 400.0));
        let found = best(&problem, &losses(n, 5_000, seed));
        let expected = by_full_programme(&marks, 0.99, 20.0, 400.0, 1_000.0);
        assert!((found / expected - 1.0).abs() < 1e-6, "{n}: {found}, not {expected}");
        assert!(expected > 1.0);
    }
}

fn with_budget(problem: &Problem, es: f64) -> Vec<Risk> {
    problem.risks.iter().map(|risk| risk.with_limit(es)).collect()
}

#[test]
fn more_budget_and_more_positions_never_lower_it() {
    let sample = losses(8, 20_000, 3);
    let all = problem(&policy(ES), &candidates(8, 500.0));
    let mut planner = Planner::new(&all, &sample);
    let mut before = 0.0;
    for es in [0.0, 1.0, 3.0, 10.0, 20.0, 40.0, 80.0, 200.0] {
        let found = planner.optimum_within(&with_budget(&all, es)).unwrap().net_return.value;
        assert!(found >= before - 1e-6, "{es}: {found} after {before}");
        before = found;
    }
    let mut before = 0.0;
    for n in 1..=8 {
        let marks = columns(20_000, 8, 3)[..n].to_vec();
        let some = problem(&policy(ES), &candidates(n, 500.0));
        let found = best(&some, &Sample::at_market(marks));
        assert!(found >= before - 1e-6, "{n}: {found} after {before}");
        before = found;
    }
}

#[test]
fn prices_are_what_one_more_eth_buys() {
    let sample = losses(6, 20_000, 4);
    let problem = problem(&policy(ES), &candidates(6, 400.0));
    let mut planner = Planner::new(&problem, &sample);
    let at = planner.optimum().unwrap();
    let price = at.prices.iter().find(|price| price.of == Limit::Risk(0)).unwrap();
    let more = planner.optimum_within(&with_budget(&problem, 20.01)).unwrap();
    let less = planner.optimum_within(&with_budget(&problem, 19.99)).unwrap();
    let gained = (more.net_return.value - less.net_return.value) / 0.02;
    assert!((price.return_per_eth / gained - 1.0).abs() < 0.02, "{price:?}, not {gained}");
}

/// An upper limit keeps more room than the estimate, and is used up itself.
#[test]
fn the_upper_limit_is_kept_and_used_up() {
    let sample = losses(6, 20_000, 5);
    let upper = problem(&policy(&ES.replace("point", "upper")), &candidates(6, 400.0));
    let point = problem(&policy(ES), &candidates(6, 400.0));
    let plan = Planner::new(&upper, &sample).optimum().unwrap();
    let reading = plan.readings[0];
    assert!(reading.is_kept());
    assert!((reading.held() / 20.0 - 1.0).abs() < 1e-4, "{reading:?}");
    assert!(reading.found.value < 19.9);
    assert!(plan.net_return.value < best(&point, &sample));
}

const LOSS: &str = "[budget]\nloss = { above = 0.03, probability = 0.005 }\nbound = \"point\"";

/// Of one position a probability bounds the plan as it bounds the cap; of several it is kept.
#[test]
fn probabilities_are_kept() {
    let marks = columns(20_000, 6, 6);
    let one = problem(&policy(LOSS), &candidates(1, 1_000.0));
    let sample = Sample::at_market(vec![marks[5].clone()]);
    let cap = caps(&one, &sample)[0].own.eth;
    let plan = Planner::new(&one, &sample).optimum().unwrap();
    assert!(cap > 10.0 && cap < 990.0, "{cap}");
    assert!(plan.x[0] <= cap * (1.0 + 1e-6) && plan.x[0] > 0.98 * cap, "{} {cap}", plan.x[0]);
    let all = problem(&policy(LOSS), &candidates(6, 400.0));
    let plan = Planner::new(&all, &Sample::at_market(marks)).optimum().unwrap();
    let reading = plan.readings[0];
    assert!(reading.is_kept() && reading.found.value > 0.003, "{reading:?}");
}

#[test]
fn a_smallest_trade_leads_inside_and_no_further() {
    let sample = losses(6, 20_000, 7);
    let mut held = candidates(6, 400.0);
    for (own, eth) in held.iter_mut().zip([100.0, 0.0, 0.0, 0.0, 300.0, 300.0]) {
        own.amount_eth = eth;
    }
    let problem = problem(&policy(ES), &held);
    let mut planner = Planner::new(&problem, &sample);
    assert!(!planner.plan_of(problem.current()).readings[0].is_kept());
    let plan = planner.smallest_trade().unwrap();
    assert!(plan.readings[0].is_kept());
    assert!((plan.readings[0].found.value / 20.0 - 1.0).abs() < 1e-5);
    let traded = |x: &[f64]| -> f64 {
        x.iter().zip(problem.current()).map(|(x, held)| (x - held).abs()).sum()
    };
    // Selling all positions alike gets there too, with more trade.
    let share = 20.0 / planner.plan_of(problem.current()).readings[0].found.value;
    let alike: Vec<f64> = problem.current().iter().map(|held| held * share).collect();
    assert!(traded(&plan.x) < traded(&alike));
    assert!(plan.x[1] < 1e-3 && plan.x[2] < 1e-3 && plan.x[3] < 1e-3, "{:?}", plan.x);
}

#[test]
fn minimums_that_break_a_budget_say_by_how_much() {
    let sample = losses(3, 20_000, 8);
    let mut must = candidates(3, 900.0);
    must[2].min_eth = 800.0;
    let problem = problem(&policy(ES), &must);
    let Err(NoPlan::Conflict { exposures, readings }) = Planner::new(&problem, &sample).optimum()
    else {
        panic!("a conflict")
    };
    assert!(exposures.is_empty() && readings.len() == 1);
    let level = Level::new(0.99).unwrap();
    assert_eq!(readings[0].risk.ask, Ask::Shortfall { level });
    let alone = problem.risks[0].read(&sample, &[0.0, 0.0, 800.0]).found.value;
    assert!(alone > 20.0 && (readings[0].found.value - alone).abs() < 1e-9);
}
