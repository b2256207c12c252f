//! What parts have stored of a scenario, one part after the other: each is read once, when its turn is near.

use std::ops::{ControlFlow, Range};
use std::panic::resume_unwind;
use std::thread;

use slashfall_graph::{Problem, Problems};
use slashfall_output::PathsWriter;
use slashfall_sampling::Scenario;
use slashfall_store::Place;

use super::manifest::{PART_FILE, PartManifest};
use super::state::{StoredState, Stretch};
use crate::merge::problem_of;
use crate::watch::Watch;

/// Hands over what each part has gathered of a scenario, stretch by stretch; breaks off once nobody waits
/// any more. `take` says whether a stretch can be what it says that it is. Paths that were written one by one
/// go to `paths`. While a part is joined the next is read.
///
/// # Errors
/// When a part lacks paths of the scenario or has changed since it was written.
pub(crate) fn each_part(
    parts: &[(Place, PartManifest)],
    scenario: &Scenario<'_>,
    mut paths: Option<PathsWriter<'_>>,
    watch: &mut dyn Watch,
    mut take: impl FnMut(Stretch, &mut dyn Watch) -> anyhow::Result<bool>,
) -> anyhow::Result<ControlFlow<()>> {
    let name = scenario.name.as_str();
    thread::scope(|scope| {
        let read = |(place, manifest)| scope.spawn(move || read_state(place, manifest, scenario));
        let mut rest = parts.iter().map(|(place, manifest)| (place, manifest));
        let mut ahead = rest.next().map(read);
        for (place, manifest) in parts {
            if watch.is_stopped() {
                watch.end();
                return Ok(ControlFlow::Break(()));
            }
            let Some(reading) = ahead.take() else { break };
            let state = reading.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            ahead = rest.next().map(read);
            let own = manifest.paths.of(scenario);
            state.each(&own, |stretch| take(stretch, watch))?;
            if let Some(paths) = &mut paths {
                absorb(paths, place, &own, name)?;
            }
        }
        watch.end();
        paths.map_or(Ok(()), PathsWriter::finish)?;
        Ok(ControlFlow::Continue(()))
    })
}

fn read_state(
    place: &Place,
    manifest: &PartManifest,
    scenario: &Scenario<'_>,
) -> anyhow::Result<StoredState> {
    let name = &scenario.name;
    let Some(state) = manifest.states.iter().find(|state| state.scenario == *name) else {
        let expected = format!("scenario {name} was expected too");
        return Err(Problems::from(problem_of(place, expected).key("states")).into());
    };
    StoredState::read(place, state, scenario)
}

/// Adds the paths of a scenario that a part has written.
fn absorb(
    paths: &mut PathsWriter<'_>,
    part: &Place,
    own: &Range<u64>,
    scenario: &str,
) -> anyhow::Result<()> {
    let fetched = part.fetched(PART_FILE, |name| paths.is_of_scenario(name))?;
    let is_whole =
        fetched.map(|folder| paths.absorb_part(folder.path(), own.clone())).transpose()?;
    if is_whole == Some(true) {
        return Ok(());
    }
    let expected =
        format!("the paths {} to {} of scenario {scenario} were expected", own.start, own.end);
    Err(Problems::from(Problem::new(part.join("paths").to_string(), expected)).into())
}
