//! A small network and a run file made from bytes, resolved and run for fifty paths: what
//! `docs/architecture.md` holds of every path must hold of these.

mod invariants;
mod network;
mod run_file;
mod whole;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rayon::{ThreadPool, ThreadPoolBuilder};
use slashfall_graph::{Network, Problems, resolve, write_network};
use slashfall_sampling::{Node, RunSpec, Scenario};

use crate::folder::written;
use crate::problems::refused;

/// Seeds to begin from.
const SEEDS: u64 = 64;
/// Bytes of one.
const SEED_BYTES: usize = 1_024;

/// Pools of one and of three threads.
static POOLS: LazyLock<[ThreadPool; 2]> = LazyLock::new(|| {
    [1, 3].map(|threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads can be started")
    })
});

/// Takes the bytes that choices are made by.
pub fn take(bytes: &[u8]) {
    let Ok(made) = made(&mut Unstructured::new(bytes)) else { return };
    if let Some(dir) = std::env::var_os("SLASHFALL_FUZZ_SHOW") {
        made.show(Path::new(&dir));
    }
    match made.is_whole {
        true => whole::run(&made.network.spec(), &made.run),
        false => played(&made).err().iter().for_each(refused),
    }
}

/// A network and a run file, as written.
struct Made {
    /// Whether it is run as a user would run it, instead of some paths of it.
    is_whole: bool,
    network: network::Sketched,
    run: String,
}

impl Made {
    /// Leaves it where somebody can look at it, and run it as a user would.
    ///
    /// # Panics
    /// When it cannot be written.
    fn show(&self, dir: &Path) {
        let network = dir.join("network");
        let _ = fs::remove_dir_all(&network);
        write_network(&self.network.spec(), &network).expect("a network can be written");
        let run = self.run.replacen("network = \".\"", "network = \"network\"", 1);
        written(fs::write(dir.join("run.toml"), run), dir);
    }
}

fn made(choices: &mut Unstructured<'_>) -> Result<Made> {
    let is_whole = choices.ratio(1, 8)?;
    let network = network::sketched(choices)?;
    // Figures of a whole run take tens of thousands of paths beside its own.
    let run = run_file::text(choices, &network, if is_whole { 7 } else { 365 })?;
    Ok(Made { is_whole, network, run })
}

/// Holds every scenario to what must hold of it, and the same network without anything that happens to lose nothing.
fn played(made: &Made) -> std::result::Result<(), Problems> {
    let spec = made.network.spec();
    let network = resolve(&spec)?.network;
    for scenario in scenarios(&made.run, &network)? {
        invariants::hold(&scenario, &POOLS);
    }
    let quiet = resolve(&network::quiet(spec))?.network;
    for scenario in scenarios(run_file::QUIET, &quiet)? {
        invariants::nothing_is_lost(&scenario);
    }
    Ok(())
}

fn scenarios<'n>(
    text: &str,
    network: &'n Network,
) -> std::result::Result<Vec<Scenario<'n>>, Problems> {
    let root = Node::parse("run.toml", text)?;
    RunSpec::read("run.toml", &root)?.resolve("run.toml", &root, network)
}

/// Bytes that are as good as any.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let seed = |number: u64| {
        let mut bytes = vec![0; SEED_BYTES];
        ChaCha8Rng::seed_from_u64(number).fill_bytes(&mut bytes);
        (format!("random{number:02}"), bytes)
    };
    (0..SEEDS).map(seed).collect()
}
