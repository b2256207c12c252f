//! Everything that reads results, caps and parts.

use std::fs;
use std::path::Path;

use slashfall_graph::Problems;
use slashfall_jobs::replay::{ReplayOptions, find_scope, replay, replay_worst};
use slashfall_jobs::{MergeOptions, ReportOptions, Unwatched, merge, report, scenarios_of};
use slashfall_output::difference::{Comparison, StoredResult};
use slashfall_output::listed_paths;
use slashfall_report::Ask;

use super::made::{CAPS, Made, PARTS, RESULT};
use crate::problems::{refused, refused_by_job};

/// Asks a result, and its caps, all that can be asked.
pub(super) fn asked(made: &Made, name: &str) {
    let result = made.dir.path().join(RESULT);
    let caps = made.dir.path().join(CAPS);
    let ask = Ask { result: result.clone(), caps: Some(caps), ..Ask::default() };
    let options = ReportOptions { ask, network: None };
    let page = report(&options);
    page.err().iter().for_each(refused_by_job);
    if name.starts_with(CAPS) {
        return;
    }
    let scenarios = scenarios_of(&result);
    scenarios.err().iter().for_each(refused);
    let compared = compared(&result);
    compared.err().iter().for_each(refused);
    let losses =
        StoredResult::open_losses(&result).and_then(|result| result.losses("base", "system", None));
    losses.err().iter().for_each(refused);
    played(&result).err().iter().for_each(refused_by_job);
}

fn compared(result: &Path) -> Result<(), Problems> {
    let stored = StoredResult::open(result)?;
    let names: Vec<&str> = stored.scenarios().collect();
    let a = stored.side("base")?;
    for name in names.into_iter().filter(|name| *name != "base") {
        let b = stored.side(name)?;
        Comparison::new(&a, &b)?.rows(&[])?;
    }
    Ok(())
}

fn played(result: &Path) -> anyhow::Result<()> {
    let options =
        ReplayOptions { result: result.to_owned(), scenario: "base".to_owned(), network: None };
    let recorded = options.open()?;
    let network = recorded.load_network()?;
    let scenario = recorded.resolve(&network)?;
    replay(&recorded, &scenario, 5)?;
    let scope = find_scope("system", false, &scenario)?;
    let listed = listed_paths(result, "base")?.unwrap_or_default();
    replay_worst(&recorded, &scenario, &listed, (&(scope.kind, scope.name), 3), |_| ())?;
    Ok(())
}

/// Merges the two parts.
pub(super) fn merged(made: &Made) {
    let output = made.dir.path().join("merged");
    let options = MergeOptions {
        parts: vec![made.dir.path().join(PARTS)],
        network: None,
        output: Some(output.clone()),
        overwrite: true,
        command: Vec::new(),
    };
    let done = options.load().and_then(|merging| {
        let mut scenarios = merging.input.resolve()?;
        merge(&merging, &mut scenarios, &options, &mut Unwatched)?;
        Ok(())
    });
    done.err().iter().for_each(refused_by_job);
    let _ = fs::remove_dir_all(output);
}
