//! Small models for tests, from a network in memory and a run file in a string.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

pub(crate) mod everything;
pub(crate) mod small;

use std::ops::ControlFlow;

use slashfall_graph::spec::Sharing;
use slashfall_graph::{Network, Problems, Sketch};
use slashfall_sampling::{Batch, Model, Node, RunSpec, Scenario, event_times, simulate};

/// The scenarios of a run file.
pub(crate) fn scenarios<'n>(
    network: &'n Network,
    toml: &str,
) -> Result<Vec<Scenario<'n>>, Problems> {
    let root = Node::parse("run.toml", toml)?;
    RunSpec::read("run.toml", &root)?.resolve("run.toml", &root, network)
}

/// The base model of a run file that is right.
#[allow(dead_code, reason = "not every test binary needs every helper")]
pub(crate) fn model<'n>(network: &'n Network, toml: &str) -> Model<'n> {
    scenarios(network, toml).unwrap_or_else(|problems| panic!("{problems}")).swap_remove(0).model
}

/// `n` operators with 1 ETH each, all of it allocated to one AVS.
#[allow(dead_code, reason = "not every test binary needs every helper")]
pub(crate) fn equal_names(n: usize) -> Network {
    let mut sketch = Sketch::new().avs("avs", Sharing::Unique);
    for i in 0..n {
        let name = format!("op{i:04}");
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", 1.0);
    }
    sketch.allocation("avs", "*", "*", 1.0).network().unwrap()
}

/// A year in which each name fails with probability `p`; `dependence` is the section's body.
#[allow(dead_code, reason = "not every test binary needs every helper")]
pub(crate) fn year(p: f64, dependence: &str, loading: f64) -> String {
    let rate = -(-p).ln_1p();
    format!(
        "name = \"test\"\nnetwork = \".\"\n\
         [run]\nseed = 1\npaths = 1\nhorizon_days = 365\nlevels = [0.99]\n\
         [dependence]\nfactors = [\"f\"]\n{dependence}\n\
         [[source]]\nkind = \"avs_fault\"\ntarget = {{ avs = \"*\", operator = \"*\" }}\n\
         rate = {rate:?}\nseverity = 1.0\nloadings = {{ f = {loading:?} }}\n"
    )
}

/// All figures of the first `n` paths, delivered in batches of `batch_paths`.
#[allow(dead_code, reason = "not every test binary needs every helper")]
pub(crate) fn run(model: &Model<'_>, n: u64, batch_paths: usize) -> Vec<f64> {
    let mut figures = Vec::new();
    let flow = simulate(model, 0..n, batch_paths, |batch: &Batch| {
        figures.extend_from_slice(&batch.figures);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    figures
}

/// Path, name of the source and bits of the time of every event of the first 2,000 paths.
#[allow(dead_code, reason = "not every test binary needs every helper")]
pub(crate) fn events(model: &Model<'_>) -> Vec<(u64, String, u64)> {
    let sources = model.sources();
    event_times(model, 0..2_000)
        .map(|(path, source, tau)| (path, sources[source].name().to_owned(), tau.to_bits()))
        .collect()
}

/// What `work` gives on a pool of so many threads.
#[allow(dead_code, reason = "not every test binary needs every helper")]
pub(crate) fn on_threads(threads: usize, work: impl Fn() -> Vec<f64> + Send + Sync) -> Vec<f64> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// Figures as bits.
#[allow(dead_code, reason = "not every test binary needs every helper")]
pub(crate) fn bits(figures: &[f64]) -> Vec<u64> {
    figures.iter().map(|x| x.to_bits()).collect()
}
