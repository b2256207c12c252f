//! Treasuries and losses that tests make up.
#![allow(dead_code, reason = "each test uses some of it")]

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use slashfall_graph::AssetId;
use slashfall_sampling::Node;
use slashfall_sizing::policy::ExtraYields;
use slashfall_sizing::{Candidate, CandidateKind, Policy, Problem, Sample};

/// A policy of a treasury of 1,000 ETH: what follows `[treasury]` and its size, of one position.
pub(crate) fn policy(rest: &str) -> Policy {
    let text = format!(
        "name = \"test\"\n[treasury]\nsize_eth = 1000\n{rest}\n[[position]]\nasset = \"a\"\n"
    );
    let node = Node::parse("policy.toml", &text);
    let read = node.and_then(|node| Policy::read("policy.toml", &node));
    read.expect("the policies of tests are right")
}

/// Candidates without names of a network, of at most so many ETH.
pub(crate) fn candidates(n: usize, most: f64) -> Vec<Candidate> {
    let candidate = |i: usize| Candidate {
        name: format!("p{i}"),
        kind: CandidateKind::Asset(AssetId::new(i)),
        amount_eth: 0.0,
        min_eth: 0.0,
        max_eth: most,
        yields: ExtraYields::default(),
    };
    (0..n).map(candidate).collect()
}

/// A problem without exposures.
pub(crate) fn problem(policy: &Policy, candidates: &[Candidate]) -> Problem {
    Problem::with_exposures(policy, candidates, Vec::new())
}

/// Losses with a factor, noise of their own and rare jumps: those that pay more lose more, and no two are alike.
pub(crate) fn losses(n_positions: usize, n_paths: usize, seed: u64) -> Sample {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut marks = vec![Vec::with_capacity(n_paths); n_positions];
    for _ in 0..n_paths {
        let factor: f64 = random.sample(StandardNormal);
        let crash = random.random::<f64>() < 0.01;
        for (i, mark) in marks.iter_mut().enumerate() {
            let risk = 1.0 + i as f64;
            let own: f64 = random.sample(StandardNormal);
            let jump = if random.random::<f64>() < 0.004 { random.random::<f64>() } else { 0.0 };
            let fall = if crash { 0.03 * risk * random.random::<f64>() } else { 0.0 };
            let noise = 0.002 * risk.sqrt() * (0.6 * factor + 0.8 * own);
            mark.push(noise + 0.08 * risk * jump + fall - 0.002 * risk);
        }
    }
    Sample::at_market(marks)
}
