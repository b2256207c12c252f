//! What a treasury asks of a million paths of the reference network: caps by themselves, the best plan, all of it.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up is to stop")]

use std::ops::ControlFlow;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use slashfall_benches::{BASELINE, EXAMPLE_POLICY, reference, scenarios};
use slashfall_sampling::{Node, simulate_to_ends};
use slashfall_sizing::{Answer, Gather, Planner, Policy, Problem, caps};

const PATHS: u64 = 1_000_000;

fn treasury(criterion: &mut Criterion) {
    let reference = reference().unwrap();
    let scenarios = scenarios(&reference, BASELINE).unwrap();
    let model = &scenarios[0].model;
    let node = Node::parse("policy.toml", EXAMPLE_POLICY).unwrap();
    let policy = Policy::read("policy.toml", &node).unwrap();
    let of = policy.resolve("policy.toml", &reference).unwrap();
    let mut gather = Gather::new(model, &policy, &of);
    let _ = simulate_to_ends(model, 0..PATHS, 4_096, |batch| {
        gather.absorb(batch);
        ControlFlow::Continue(())
    });
    let sample = gather.finish(model.setting(), &of);
    let problem = Problem::new(&policy, &of, model.setting());
    let mut group = criterion.benchmark_group(format!("1,000,000 paths, {} positions", of.len()));
    group.sample_size(10).warm_up_time(Duration::from_millis(1));
    group.bench_function("caps", |b| b.iter(|| caps(&problem, &sample)));
    group.bench_function("best plan", |b| {
        b.iter(|| Planner::new(&problem, &sample).optimum().unwrap());
    });
    group.bench_function("all that is asked", |b| {
        b.iter(|| Answer::of(&problem, &sample).unwrap());
    });
}

criterion_group!(benches, treasury);
criterion_main!(benches);
