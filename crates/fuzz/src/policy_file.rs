//! The policy file of a treasury, on a network with every mechanism.

use slashfall_graph::Problems;
use slashfall_sampling::Node;
use slashfall_sizing::Policy;

use crate::problems::refused;
use crate::seeds::{EVERYTHING, toml_files};

/// A policy that the network takes.
const TAKEN: &str = r#"
name = "fund"
[treasury]
size_eth = 100
[budget]
es = { level = 0.99, share = 0.05 }
loss = { above = 0.1, probability = 0.01 }
[look_through]
entity = 0.2
[liquidity]
share = 0.5
days = 7
discount = 0.02
probability = 0.95
[exit]
days = 3
[haircut]
incentives = 0.5
[[position]]
asset = "stETH"
amount_eth = 10
[[position]]
pool = "curve"
max_eth = 5
[[position]]
market = "steth"
min_eth = 1
yields = { fees = 0.01 }
"#;

/// Takes a policy file.
pub fn take(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(problems) = read(text) {
        refused(&problems);
    }
}

/// Holds a policy that is taken to say of each position what it is in.
///
/// # Panics
/// When it says nothing.
fn read(text: &str) -> Result<(), Problems> {
    let root = Node::parse("policy.toml", text)?;
    let (policy, mut problems) = Policy::read_all("policy.toml", &root);
    let candidates = problems.keep(policy.resolve("policy.toml", &EVERYTHING));
    problems.or_ok(())?;
    let n_found = candidates.unwrap_or_default().len();
    assert_eq!(n_found, policy.positions.len(), "a candidate for each position");
    Ok(())
}

/// The policies of the repository, and one that the network takes.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = toml_files("configs/policies");
    seeds.push(("taken.toml".to_owned(), TAKEN.into()));
    seeds
}
