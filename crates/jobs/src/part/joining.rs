//! What parts have stored of a scenario, one part after the other: each is read once, when it is its turn.

use std::ops::{ControlFlow, Range};

use slashfall_graph::{Problem, Problems};
use slashfall_output::PathsWriter;
use slashfall_sampling::Scenario;
use slashfall_store::Place;

use super::manifest::{PART_FILE, PartManifest};
use super::state::{Stretch, read_state};
use crate::merge::problem_of;
use crate::watch::Watch;

/// Hands over what each part has gathered of a scenario, stretch by stretch; breaks off once nobody waits
/// any more. Paths that were written one by one go to `paths`.
///
/// # Errors
/// When a part lacks paths of the scenario or has changed since it was written.
pub(crate) fn each_part(
    parts: &[(Place, PartManifest)],
    scenario: &Scenario<'_>,
    mut paths: Option<PathsWriter<'_>>,
    watch: &mut dyn Watch,
    mut take: impl FnMut(Stretch, &mut dyn Watch) -> anyhow::Result<()>,
) -> anyhow::Result<ControlFlow<()>> {
    for (place, manifest) in parts {
        if watch.is_stopped() {
            watch.end();
            return Ok(ControlFlow::Break(()));
        }
        let own = manifest.paths.of(scenario);
        let Some(state) = manifest.states.iter().find(|state| state.scenario == scenario.name)
        else {
            let expected = format!("scenario {} was expected too", scenario.name);
            return Err(Problems::from(problem_of(place, expected).key("states")).into());
        };
        read_state(place, state, &own, |stretch| take(stretch, watch))?;
        if let Some(paths) = &mut paths
            && !absorb(paths, place, own.clone())?
        {
            let expected = format!(
                "the paths {} to {} of scenario {} were expected",
                own.start, own.end, scenario.name
            );
            let paths = place.join("paths").to_string();
            return Err(Problems::from(Problem::new(paths, expected)).into());
        }
    }
    watch.end();
    paths.map_or(Ok(()), PathsWriter::finish)?;
    Ok(ControlFlow::Continue(()))
}

/// Adds the paths of a scenario that a part has written; false where others are there.
fn absorb(paths: &mut PathsWriter<'_>, part: &Place, own: Range<u64>) -> anyhow::Result<bool> {
    let fetched = part.fetched(PART_FILE, |name| paths.is_of_scenario(name))?;
    let Some(folder) = fetched else { return Ok(false) };
    Ok(paths.absorb_part(folder.path(), own)?)
}
