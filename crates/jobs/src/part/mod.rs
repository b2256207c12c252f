//! A part of a run: a range of its paths, gathered and stored so that parts merge to the very result
//! of one run over all of them.

mod joining;
mod larger;
mod manifest;
mod state;

use std::ops::{ControlFlow, Range};
use std::path::PathBuf;

use anyhow::Context;
use slashfall_graph::{Problem, Problems};
use slashfall_output::{PathsWriter, SelfTest};
use slashfall_sampling::Scenario;
use slashfall_sampling::config::PathCount;
use slashfall_store::Place;

pub(crate) use joining::each_part;
pub use larger::merge_to_part;
pub(crate) use manifest::PART_VERSION;
pub use manifest::{PART_FILE, PartManifest, PathRange, StateFile};
use state::{StateWriter, Stretch};

use crate::drawing::Drawing;
use crate::gathered::{Gathered, stretches};
use crate::input::Input;
use crate::play::{Drawn, paths_writer};
use crate::proof::proved;
use crate::provenance::metadata;
use crate::run::{RunOptions, levels, place_of_output, prepare_drawings, tell_before, wanted};
use crate::target::{PART, Target};
use crate::watch::Watch;

/// Which part of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartOptions {
    /// Its first path; the first of the run by default.
    pub from: Option<u64>,
    /// The path after its last; the end of the run by default.
    pub to: Option<u64>,
}

/// How the run of a part ended.
pub enum PartOutcome {
    /// The part is in its folder.
    Written {
        /// Its manifest as written.
        manifest: Box<PartManifest>,
        /// Where it is.
        target: Place,
    },
    /// Nobody waited any more, and nothing was written.
    Stopped {
        /// Paths that were there of the scenario that ran.
        n_paths: u64,
    },
}

/// Runs a range of the paths of all scenarios and stores what they come to, whole or not at all.
///
/// # Errors
/// As [`crate::run`], and when the range is none of the run.
pub fn run_part(
    input: &Input,
    scenarios: &mut [Scenario<'_>],
    options: &RunOptions,
    part: PartOptions,
    watch: &mut dyn Watch,
) -> anyhow::Result<PartOutcome> {
    let paths = range_of(input, scenarios, part)?;
    let asked = AskedPart {
        paths,
        place: place_of_output(options.output.as_ref(), || default_target(input, paths))?,
        overwrite: options.overwrite,
        command: &options.command,
        selftest: proved()?,
    };
    store_part(input, scenarios, asked, watch, play)
}

/// What is asked of a part.
pub(crate) struct AskedPart<'o> {
    pub(crate) paths: PathRange,
    pub(crate) place: Place,
    pub(crate) overwrite: bool,
    pub(crate) command: &'o [String],
    /// What the program has proved of itself.
    pub(crate) selftest: SelfTest,
}

/// A scenario of a part, and where goes what its paths come to.
struct Playing<'p, 'f> {
    scenario: &'p Scenario<'p>,
    range: Range<u64>,
    /// Where every path is written.
    paths: Option<PathsWriter<'f>>,
    state: &'p mut StateWriter<'f>,
}

/// Has the paths of each scenario come, from wherever they do, and stores what they come to.
fn store_part(
    input: &Input,
    scenarios: &mut [Scenario<'_>],
    asked: AskedPart<'_>,
    watch: &mut dyn Watch,
    mut play: impl FnMut(
        Playing<'_, '_>,
        &mut Drawing,
        &mut dyn Watch,
    ) -> anyhow::Result<ControlFlow<u64>>,
) -> anyhow::Result<PartOutcome> {
    tell_before(input, scenarios, watch);
    let drawings = prepare_drawings(input, scenarios, watch)?;
    let files = input.files();
    let AskedPart { paths, place, overwrite, command, selftest } = asked;
    let target = Target::create(&place, PART, overwrite, metadata(input, scenarios, &files))?;
    let folder = target.folder();
    let of_part = (place.as_local(), paths);
    let mut manifest = PartManifest::new(input, scenarios, files, of_part, selftest, command);
    for ((number, scenario), mut drawing) in scenarios.iter().enumerate().zip(drawings) {
        let range = paths.of(scenario);
        let n_stretches = stretches(scenario, range.clone()).len();
        let mut state = StateWriter::create(folder, &scenario.name, number, n_stretches)?;
        let paths = paths_writer(folder, scenario, number, range.start)?;
        let playing = Playing { scenario, range, paths, state: &mut state };
        if let ControlFlow::Break(n_paths) = play(playing, &mut drawing, watch)? {
            return Ok(PartOutcome::Stopped { n_paths });
        }
        manifest.states.push(state.finish()?);
    }
    manifest.close(input);
    folder.write_text(PART_FILE, &(serde_json::to_string_pretty(&manifest)? + "\n"))?;
    if target.finish(&*watch)?.is_break() {
        return Ok(PartOutcome::Stopped { n_paths: paths.to - paths.from });
    }
    Ok(PartOutcome::Written { manifest: Box::new(manifest), target: place })
}

/// Paths of a scenario where their number is known beforehand.
pub(crate) fn n_paths(scenario: &Scenario<'_>) -> u64 {
    match &scenario.spec.paths {
        PathCount::Fixed(n) => *n,
        PathCount::Until(rule) => rule.max_paths,
    }
}

fn default_target(input: &Input, paths: PathRange) -> PathBuf {
    PathBuf::from("results").join(format!("{}.parts", input.spec.name)).join(paths.folder_name())
}

/// That a run has parts.
pub(crate) fn has_parts(input: &Input, scenarios: &[Scenario<'_>]) -> Result<(), Problems> {
    if scenarios.iter().any(|own| matches!(own.spec.paths, PathCount::Until(_))) {
        let expected = "run.paths was expected: where a run stops by itself only all of its paths \
                        tell, so it has no parts; --paths N sets it";
        return Err(Problem::new(&input.file, expected).key("run.until").into());
    }
    Ok(())
}

/// The paths that are asked for, which must be some of the run.
fn range_of(
    input: &Input,
    scenarios: &[Scenario<'_>],
    part: PartOptions,
) -> Result<PathRange, Problems> {
    let mut problems = has_parts(input, scenarios).err().unwrap_or_default();
    let n = scenarios.iter().map(n_paths).max().unwrap_or_default();
    let (from, to) = (part.from.unwrap_or(0), part.to.unwrap_or(n));
    let mut wrong = |key: &str, value: u64, expected: String| {
        problems.push(Problem::new(key, expected).value(value.to_string()));
    };
    if to > n {
        wrong("--paths-to", to, format!("at most {n} was expected, the paths of the run"));
    }
    if from >= to.min(n) {
        let most = to.min(n).saturating_sub(1);
        wrong("--paths-from", from, format!("at most {most} was expected, the last of the paths"));
    }
    problems.or_ok(PathRange { from, to })
}

/// Runs the range in stretches; breaks off with the paths so far.
fn play(
    Playing { scenario, range, paths, state }: Playing<'_, '_>,
    drawing: &mut Drawing,
    watch: &mut dyn Watch,
) -> anyhow::Result<ControlFlow<u64>> {
    let levels = levels(&scenario.spec.levels);
    let level = levels.last().copied().context("a run has levels")?;
    let first_path = range.start;
    watch.begin(&scenario.name, range.end - first_path, Some(level));
    let mut drawn = Drawn { first_path, drawing, paths, watch };
    for stretch in stretches(scenario, range) {
        let mut gathered =
            Gathered::of_part(scenario, &wanted(scenario), levels.clone(), stretch.start);
        if drawn.draw(&mut gathered, scenario, stretch.clone())?.is_break() {
            let n_paths = stretch.start - first_path + gathered.collector.n_paths();
            return Ok(ControlFlow::Break(n_paths));
        }
        state.push(&Stretch::new(stretch, &gathered, drawn.drawing.take_sums()))?;
    }
    drawn.end()?;
    Ok(ControlFlow::Continue(()))
}
