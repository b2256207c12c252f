//! A whole run, files and figures and all, of a network on which they may be odd.

use std::fs;

use slashfall_graph::spec::NetworkSpec;
use slashfall_graph::write_network;
use slashfall_jobs::{Config, Keeping, Overrides, Reach, RunOptions, Unwatched};
use slashfall_sampling::Node;
use tempfile::TempDir;

use crate::problems::refused_by_job;

thread_local! {
    /// Where the network and the result are; gone with the thread.
    static SCRATCH: TempDir = TempDir::new().expect("a folder for a run");
}

/// Runs it as `slashfall run` does.
///
/// # Panics
/// When it neither ends nor is refused.
pub(super) fn run(spec: &NetworkSpec, text: &str) {
    SCRATCH.with(|scratch| {
        let network = scratch.path().join("network");
        let _ = fs::remove_dir_all(&network);
        write_network(spec, &network).expect("a network can be written");
        let text = text.replacen("network = \".\"", "network = \"network\"", 1);
        let root = Node::parse("run.toml", &text).expect("what is made is TOML");
        let options = RunOptions {
            config: Config::Given {
                root,
                name: "run.toml".to_owned(),
                folder: scratch.path().to_owned(),
                reach: Reach::default(),
            },
            overrides: Overrides::default(),
            output: Some(scratch.path().join("result")),
            overwrite: true,
            command: Vec::new(),
            keeping: Keeping::default(),
        };
        let done = options.load().map_err(anyhow::Error::from).and_then(|input| {
            let mut scenarios = input.resolve()?;
            slashfall_jobs::run(&input, &mut scenarios, &options, &mut Unwatched)
        });
        done.err().iter().for_each(refused_by_job);
    });
}
