//! Finds the paths of a run that lose as much: in its list of worst paths where that goes far enough,
//! else by drawing all of them again, since each is a function of its number.

use std::ops::ControlFlow;

use slashfall_jobs::Recorded;
use slashfall_jobs::number::count;
use slashfall_output::reverse::{Leading, LeadingPath};
use slashfall_output::{ListedPath, Scope, listed_paths, numbers_of};
use slashfall_sampling::{Scenario, simulate};

use crate::args::Reverse;
use crate::progress::bar_of_paths;
use crate::say;

/// Paths a batch: what sources are drawn along together.
const BATCH_PATHS: usize = 4_096;

/// The paths that lead there, and where they come from.
pub(super) struct Found {
    pub(super) leading: Leading,
    /// True where all paths were drawn again.
    pub(super) is_drawn: bool,
}

/// The paths of the run on which a scope loses at least so much.
pub(super) fn find(
    args: &Reverse,
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    (scope, at_least_eth): (&Scope, f64),
) -> anyhow::Result<Found> {
    let mut leading = Leading::new(at_least_eth, scenario.model.sobol().is_some());
    let listed = listed_paths(&args.result, &args.scenario)?;
    let has_list = listed.is_some();
    let is_own = |own: &ListedPath| own.scope_kind == scope.kind.name() && own.scope == scope.name;
    let listed: Vec<ListedPath> = listed.into_iter().flatten().filter(is_own).collect();
    numbers_of(&args.result, &listed, recorded.n_paths)?;
    let leading_path = |own: &ListedPath| LeadingPath { path: own.path, loss_eth: own.loss_eth };
    let listed: Vec<LeadingPath> = listed.iter().map(leading_path).collect();
    // A list that is shorter than it might be has every path that loses anything.
    let has_all = has_list && (listed.len() as u64) < scenario.spec.tail_paths;
    let reaches_below = listed.last().is_some_and(|last| last.loss_eth < at_least_eth);
    // What all paths weigh is not in the list.
    if (has_all || reaches_below) && !scenario.model.is_weighted() {
        leading.absorb_listed(recorded.n_paths, listed);
        return Ok(Found { leading, is_drawn: false });
    }
    say::line(&format!(
        "note: the {} paths of scenario {} are drawn again, since the result does not list all \
         that lose as much",
        count(recorded.n_paths),
        scenario.name,
    ));
    let bar = bar_of_paths(&scenario.name, recorded.n_paths, false);
    let flow = simulate(&scenario.model, 0..recorded.n_paths, BATCH_PATHS, |batch| {
        leading.absorb(batch, scope);
        bar.set_position(batch.first_path + batch.n_paths() as u64);
        ControlFlow::Continue(())
    });
    debug_assert!(flow.is_continue());
    bar.finish_and_clear();
    check(recorded, &leading, scope, &listed)?;
    Ok(Found { leading, is_drawn: true })
}

/// Paths that the run has listed lose what they lost then.
fn check(
    recorded: &Recorded,
    leading: &Leading,
    scope: &Scope,
    listed: &[LeadingPath],
) -> anyhow::Result<()> {
    let is_whole = leading.n() == leading.paths().len() as u64;
    let asked = listed.iter().filter(|own| is_whole && own.loss_eth >= leading.at_least_eth());
    for own in asked {
        let at = leading.paths().binary_search_by_key(&own.path, |path| path.path);
        let now = at.ok().map(|at| leading.paths()[at].loss_eth);
        if now.map(f64::to_bits) != Some(own.loss_eth.to_bits()) {
            let (path, then, name) = (own.path, own.loss_eth, &scope.name);
            let now = now.map_or_else(|| "less".to_owned(), |now| now.to_string());
            return Err(recorded.differs(&format!(
                "path {path} is not that of the run: {name} loses {now} ETH, and lost {then}"
            )));
        }
    }
    Ok(())
}
