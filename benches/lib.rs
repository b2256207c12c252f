//! What the benches run on: the one-factor portfolio and synthetic networks, so that figures do not
//! move when somebody edits a data file, and the baseline, because that is what people run.

use slashfall_graph::spec::Sharing;
use slashfall_graph::{Network, Problems, Sketch, load_network, resolve};
use slashfall_sampling::synth::{SynthSize, synth};
use slashfall_sampling::{Node, RunSpec, Scenario};

/// `n` operators with 1 ETH each, all of it allocated to one AVS.
///
/// # Errors
/// Never: the network is right.
pub fn equal_names(n: usize) -> Result<Network, Problems> {
    let mut sketch = Sketch::new().avs("avs", Sharing::Unique);
    for i in 0..n {
        let name = format!("op{i:05}");
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", 1.0);
    }
    sketch.allocation("avs", "*", "*", 1.0).network()
}

/// A year in which each name fails with probability `p`, correlation `rho`.
#[must_use]
pub fn one_factor(p: f64, rho: f64) -> String {
    let (rate, loading) = (-(-p).ln_1p(), rho.sqrt());
    format!(
        "name = \"one factor\"\nnetwork = \".\"\n\
         [run]\nseed = 1\npaths = 1\nhorizon_days = 365\nlevels = [0.99]\n\
         [dependence]\ncopula = \"gaussian\"\nfactors = [\"f\"]\n\
         [[source]]\nkind = \"avs_fault\"\ntarget = {{ avs = \"*\", operator = \"*\" }}\n\
         rate = {rate:?}\nseverity = 1.0\nloadings = {{ f = {loading:?} }}\n"
    )
}

/// A synthetic network.
///
/// # Errors
/// Never: the network is right.
pub fn synthetic(operators: usize, avss: usize) -> Result<Network, Problems> {
    resolve(&synth(&SynthSize { operators, avss, seed: 1 })).map(|resolved| resolved.network)
}

/// Thirty days of slashing, validators and noise.
pub const THIRTY_DAYS: &str = r#"
name = "thirty days"
network = "."
[run]
seed = 1
paths = 1
horizon_days = 30
levels = [0.95, 0.99, 0.999]
[dependence]
copula = "student_t"
df = 4
factors = ["market", "operations", "code"]
[[source]]
kind = "avs_fault"
target = { avs = "*", operator = "*" }
rate = { events = 0, exposure_years = 1200.0 }
severity = { beta = { mean = 0.05, concentration = 4.0 } }
loadings = { operations = 0.35, code = 0.2 }
[[source]]
kind = "avs_incident"
target = { avs = "*" }
rate = 0.005
participation = 0.5
severity = { beta = { mean = 0.05, concentration = 4.0 } }
loadings = { code = 0.4 }
[[source]]
kind = "validator_incident"
target = { operator = "*" }
rate = 0.02
severity = 0.01
loadings = { operations = 0.3 }
[noise.default]
sigma_daily = 0.0007
beta_market = 0.5
"#;

/// Every kind of source and every mechanism, as the baseline of the project has them.
pub const BASELINE: &str = include_str!("../configs/baseline.toml");

/// The policy of the treasury that stands as an example beside it.
pub const EXAMPLE_POLICY: &str = include_str!("../configs/policies/example-dao.toml");

/// The network of the baseline. Its figures, and so these benches, move when it is revised.
///
/// # Errors
/// Never: the network is right.
pub fn reference() -> Result<Network, Problems> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/networks/reference");
    load_network(dir.as_ref()).map(|loaded| loaded.network)
}

/// The scenarios of a run file on a network.
///
/// # Errors
/// What is wrong with the run file.
pub fn scenarios<'n>(network: &'n Network, toml: &str) -> Result<Vec<Scenario<'n>>, Problems> {
    let root = Node::parse("bench.toml", toml)?;
    RunSpec::read("bench.toml", &root)?.resolve("bench.toml", &root, network)
}
