//! A run file, and what `--set` changes in it, on a network with every mechanism.

use std::ops::ControlFlow;

use slashfall_graph::Problems;
use slashfall_sampling::{Node, RunSpec, Scenario, simulate};

use crate::problems::refused;
use crate::seeds::{EVERYTHING, everything, toml_files};

/// What a run file and each change of it are separated by.
const CHANGE: &str = "\n== --set ";
/// Days of all scenarios that are played.
const MOST_DAYS: u32 = 400;
/// Sources that are drawn.
const MOST_SOURCES: usize = 2_000;
/// Paths that are played.
const PATHS: u64 = 8;

/// Takes a run file; each line `== --set KEY=VALUE` after it changes a key.
pub fn take(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.split(CHANGE);
    let text = parts.next().unwrap_or_default();
    let root = Node::parse("run.toml", text).and_then(|mut root| {
        parts.try_for_each(|change| root.set_from_command_line(change)).map(|()| root)
    });
    let root = match root {
        Ok(root) => root,
        Err(problems) => return refused(&problems),
    };
    if let Err(problems) = played(&root) {
        refused(&problems);
    }
}

/// Holds a run file that is taken to be the same once it is kept in a manifest, and plays a few of its paths.
///
/// # Panics
/// When it is another one, or a path is no path.
fn played(root: &Node) -> Result<(), Problems> {
    let (spec, mut problems) = RunSpec::read_all("run.toml", root);
    let scenarios = spec.resolve("run.toml", root, &EVERYTHING);
    let scenarios = problems.keep(scenarios);
    problems.or_ok(())?;
    let json = root.json_in_order();
    let kept = Node::parse_json("manifest.json", &json).expect("what is kept is read");
    assert_eq!(kept.shown(), root.shown(), "a run file is another one once kept: {json}");
    let scenarios = scenarios.unwrap_or_default();
    let mut days = 0;
    for scenario in &scenarios {
        days += scenario.model.horizon_days();
        if days <= MOST_DAYS && scenario.model.sources().len() <= MOST_SOURCES {
            play(scenario);
        }
    }
    Ok(())
}

fn play(scenario: &Scenario<'_>) {
    let flow = simulate(&scenario.model, 0..PATHS, 4_096, |batch| {
        let are_finite = batch.figures.iter().all(|figure| figure.is_finite());
        assert!(are_finite, "a figure of scenario {} is no number", scenario.name);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue(), "nobody stopped it");
}

/// The run files of the repository.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = toml_files("configs");
    seeds.extend(toml_files("configs/stress"));
    seeds.extend(toml_files("crates/cli/tests/results"));
    seeds.extend(toml_files("crates/cli/src"));
    seeds.push(("everything.toml".to_owned(), everything::RUN.into()));
    let changed = format!(
        "{}{CHANGE}run.seed=7{CHANGE}source.depeg.rate={{ events = 1, exposure_years = 2 }}",
        everything::RUN
    );
    seeds.push(("changed.toml".to_owned(), changed.into()));
    seeds
}
