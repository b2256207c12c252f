//! A run: from a run file to a result folder, watched by whoever asked for it.

use std::path::PathBuf;

use slashfall_graph::{Problem, Problems};
use slashfall_output::measures::{Level, Looks};
use slashfall_output::{Manifest, ResultFolder, SelfTest, Wanted, headline_level};
use slashfall_sampling::Scenario;
use slashfall_sampling::config::{Detail, PathCount};
use slashfall_sampling::importance::CheckSums;
use slashfall_store::Place;

use crate::drawing::Drawing;
use crate::findings::{Findings, Tables};
use crate::gathered::Gathered;
use crate::identity::Identity;
use crate::input::{Config, Input, Overrides};
use crate::notes::{doubts, note_of_events, notes};
use crate::number::count;
use crate::part::n_paths;
use crate::play::Draws;
use crate::proof::proved;
use crate::provenance::{config, manifest, metadata, note, peak_memory_bytes};
use crate::target::{RESULT, Target, place_of};
use crate::unfinished::{Keeping, Unfinished};
use crate::watch::{Noting, Watch, is_warning};

/// What to run and where to.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The run file.
    pub config: Config,
    /// Changes to it.
    pub overrides: Overrides,
    /// Folder for the result, or `s3://BUCKET/PREFIX`; `results/NAME` by default.
    pub output: Option<PathBuf>,
    /// Whether a result that is already there is replaced.
    pub overwrite: bool,
    /// What asked for it, for the manifest: the words of a command line, or a call.
    pub command: Vec<String>,
    /// How what has been computed is kept until the result is there; parts keep nothing.
    pub keeping: Keeping,
}

impl RunOptions {
    /// Reads the run file and its network.
    ///
    /// # Errors
    /// Every problem of both, and one of the output.
    pub fn load(&self) -> Result<Input, Problems> {
        let mut problems = problems_of_output(self.output.as_ref());
        match problems.keep(Input::load(&self.config, &self.overrides)) {
            Some(input) => problems.or_ok(input),
            None => Err(problems),
        }
    }
}

/// How a run ended.
pub enum Outcome {
    /// The result is in its folder.
    Written(Box<Ran>),
    /// Nobody waited any more, and there is no result.
    Stopped {
        /// Paths that were there of the scenario that ran.
        n_paths: u64,
        /// Where they are kept, for who resumes the run; none where they are not.
        kept: Option<Place>,
    },
}

/// What a run found and where it is.
pub struct Ran {
    /// What is shown of it.
    pub findings: Findings,
    /// Its manifest as written.
    pub manifest: Manifest,
    /// Where it is.
    pub target: Place,
}

/// What a scenario gave.
pub(crate) struct Played {
    pub(crate) gathered: Gathered,
    /// Of weighted paths.
    pub(crate) sums: Option<CheckSums>,
    /// What a stop rule has seen.
    pub(crate) looks: Option<Looks>,
    /// Whether the precision that was asked for was reached, where any was.
    pub(crate) precise: Option<bool>,
    /// Whether no more paths come.
    pub(crate) is_complete: bool,
    pub(crate) interrupted: bool,
}

impl Played {
    pub(crate) fn of(gathered: Gathered) -> Self {
        let (is_complete, interrupted) = (false, false);
        Self { gathered, sums: None, looks: None, precise: None, is_complete, interrupted }
    }
}

/// Where the paths of scenarios come from: they are drawn here, or were elsewhere.
pub(crate) trait Origin {
    /// Has the paths of the `number`-th scenario come.
    fn play(
        &mut self,
        folder: &ResultFolder,
        number: usize,
        scenario: &Scenario<'_>,
        drawing: &mut Drawing,
        watch: &mut dyn Watch,
    ) -> anyhow::Result<Played>;

    /// Nobody waits for what would be made of the paths that have come.
    fn leave(
        &mut self,
        number: usize,
        scenario: &Scenario<'_>,
        played: &Played,
    ) -> anyhow::Result<()>;

    /// Seconds that were spent on them before.
    fn earlier_seconds(&self) -> f64;
}

/// Runs all scenarios and writes their result, whole or not at all. What has been computed is kept beside its
/// place until it is there.
///
/// `scenarios` are those of the `input`; from here on their models draw paths as `[sampling]` says.
///
/// # Errors
/// When sampling cannot be as it is asked for, when the folder is there, or is written by another run, or cannot be
/// written, when what was kept is of another run, and when the program does not compute right on this machine.
pub fn run(
    input: &Input,
    scenarios: &mut [Scenario<'_>],
    options: &RunOptions,
    watch: &mut dyn Watch,
) -> anyhow::Result<Outcome> {
    let watch = &mut Noting::new(watch);
    let asked = Asked {
        output: options.output.as_ref(),
        overwrite: options.overwrite,
        command: &options.command,
        merged_parts: None,
        selftest: proved()?,
    };
    let prepared = Prepared::new(input, scenarios, &asked, watch)?;
    let place = prepared.place.clone();
    Target::check(&place, RESULT, asked.overwrite)?;
    let keeps = place.as_local().is_some() || !writes_paths(scenarios);
    if !keeps && options.keeping.resume {
        return Err(unresumable().into());
    }
    let begin = || {
        let run = Identity::new(input, scenarios, input.files(), asked.selftest.clone());
        let run = (run, config(scenarios));
        Unfinished::open(&place, run, options.keeping, asked.overwrite, watch)
    };
    let mut unfinished = keeps.then(begin).transpose()?;
    let in_dir = unfinished.as_ref().and_then(Unfinished::result_dir).zip(place.as_local());
    let metadata = metadata(input, scenarios, &input.files());
    let target = match in_dir {
        Some((dir, place)) => Target::create_in(dir, place, asked.overwrite, metadata)?,
        None => Target::create(&place, RESULT, asked.overwrite, metadata)?,
    };
    let mut origin = Draws::new(unfinished.as_mut());
    let outcome = conclude(input, scenarios, asked, (prepared, target), &mut origin, watch);
    let Some(unfinished) = unfinished else { return outcome };
    match outcome {
        Ok(Outcome::Stopped { n_paths, .. }) => {
            let kept = unfinished.is_kept().then(|| unfinished.place().clone());
            Ok(Outcome::Stopped { n_paths, kept })
        }
        Ok(written) => {
            unfinished.remove();
            Ok(written)
        }
        Err(error) if unfinished.is_kept() => Err(error.context(format!(
            "the run is not finished; {} paths of it are kept in {} (--resume goes on with it)",
            count(unfinished.n_paths()),
            unfinished.place(),
        ))),
        failed => failed,
    }
}

/// Whether every path is written somewhere.
fn writes_paths(scenarios: &[Scenario<'_>]) -> bool {
    scenarios.iter().any(|scenario| scenario.spec.detail == Detail::Paths)
}

fn unresumable() -> Problems {
    let expected = "a result in a folder of this machine was expected, or another detail: on its way to a store a \
                    run with detail = \"paths\" keeps nothing; parts of it are kept (--paths-from, --paths-to)";
    Problem::new("--resume", expected).into()
}

/// What is asked of the result.
pub(crate) struct Asked<'o> {
    pub(crate) output: Option<&'o PathBuf>,
    pub(crate) overwrite: bool,
    pub(crate) command: &'o [String],
    pub(crate) merged_parts: Option<usize>,
    /// What the program has proved of itself.
    pub(crate) selftest: SelfTest,
}

/// What is said of a run that stopped too early for what was asked.
const IMPRECISE: &str = "warning: the precision asked for was not reached within max_paths; raise it, or relative_error";

/// A run before its first path.
pub(crate) struct Prepared {
    drawings: Vec<Drawing>,
    /// Where the result is to be.
    pub(crate) place: Place,
}

impl Prepared {
    pub(crate) fn new(
        input: &Input,
        scenarios: &mut [Scenario<'_>],
        asked: &Asked<'_>,
        watch: &mut dyn Watch,
    ) -> anyhow::Result<Self> {
        tell_before(input, scenarios, watch);
        let drawings = prepare_drawings(input, scenarios, watch)?;
        let default = || PathBuf::from("results").join(&input.spec.name);
        Ok(Self { drawings, place: place_of_output(asked.output, default)? })
    }
}

/// Has the paths of each scenario come, wherever they do from, and writes what they come to.
pub(crate) fn conclude(
    input: &Input,
    scenarios: &[Scenario<'_>],
    asked: Asked<'_>,
    (Prepared { drawings, place }, target): (Prepared, Target),
    origin: &mut dyn Origin,
    watch: &mut Noting<'_>,
) -> anyhow::Result<Outcome> {
    let folder = target.folder();
    let mut tables = Tables::new(&input.network);
    let mut findings = Findings::default();
    let mut manifest =
        manifest(input, scenarios, input.files(), place.as_local(), asked.selftest, asked.command);
    manifest.merged_parts = asked.merged_parts;
    let mut n_paths = 0;
    let stopped = |n_paths| Ok(Outcome::Stopped { n_paths, kept: None });
    for ((number, scenario), mut drawing) in scenarios.iter().enumerate().zip(drawings) {
        let played = origin.play(folder, number, scenario, &mut drawing, watch)?;
        let collector = &played.gathered.collector;
        n_paths = collector.n_paths();
        if played.interrupted {
            return stopped(n_paths);
        }
        tracing::info!(scenario = scenario.name, paths = n_paths, "all paths are there");
        note(&mut manifest, scenario, collector, played.precise);
        let (sampling, doubt) = drawing.finish(&scenario.name, n_paths)?;
        manifest.sampling.insert(scenario.name.clone(), sampling);
        findings.doubts.extend(doubts(&scenario.name, collector).into_iter().chain(doubt));
        if tables.add(scenario, &played.gathered, &mut findings, watch).is_break() {
            origin.leave(number, scenario, &played)?;
            return stopped(n_paths);
        }
    }
    tables.write(folder, input.spec.detail)?;
    let imprecise = (manifest.precision_reached == Some(false)).then(|| IMPRECISE.to_owned());
    findings.doubts.extend(imprecise);
    let doubts = findings.doubts.iter().filter(|doubt| is_warning(doubt));
    manifest.warnings = watch.warnings().iter().chain(doubts).cloned().collect();
    manifest.wall_seconds = origin.earlier_seconds() + input.started.elapsed().as_secs_f64();
    manifest.peak_memory_bytes = peak_memory_bytes();
    manifest.write(folder)?;
    if target.finish(&*watch)?.is_break() {
        return stopped(n_paths);
    }
    tracing::info!(output = %place, seconds = manifest.wall_seconds, "the result is written");
    Ok(Outcome::Written(Box::new(Ran { findings, manifest, target: place })))
}

/// Where the output goes.
pub(crate) fn place_of_output(
    output: Option<&PathBuf>,
    default: impl FnOnce() -> PathBuf,
) -> Result<Place, Problems> {
    let text = output.cloned().unwrap_or_else(default);
    place_of("--output", &text)
}

/// What is wrong with where the output is to go.
pub(crate) fn problems_of_output(output: Option<&PathBuf>) -> Problems {
    output.and_then(|text| place_of("--output", text).err()).unwrap_or_default()
}

/// How the paths of each scenario are drawn; says so where it is not plain.
pub(crate) fn prepare_drawings(
    input: &Input,
    scenarios: &mut [Scenario<'_>],
    watch: &mut dyn Watch,
) -> anyhow::Result<Vec<Drawing>> {
    let mut problems = Problems::default();
    let mut drawings = Vec::new();
    for scenario in scenarios {
        if let Some(problem) = problem_of_memory(input, scenario) {
            problems.push(problem);
            continue;
        }
        match Drawing::prepare(&input.file, scenario) {
            Ok(drawing) => {
                drawing.note(scenario).iter().for_each(|note| watch.note(note));
                drawings.push(drawing);
            }
            Err(found) => problems.append(found),
        }
    }
    Ok(problems.or_ok(drawings)?)
}

/// That every loss of a run whose replicates need them fits into memory.
fn problem_of_memory(input: &Input, scenario: &Scenario<'_>) -> Option<Problem> {
    let wanted = wanted(scenario);
    let most = wanted.most_paths(scenario.model.setting());
    (wanted.n_paths > most).then(|| {
        let key = match scenario.spec.paths {
            PathCount::Fixed(_) => "run.paths",
            PathCount::Until(_) => "run.until.max_paths",
        };
        let expected = format!(
            "at most {most} was expected, as method = \"sobol\" keeps every loss of every scope in memory (scenario {}); \"plain\" has no such bound",
            scenario.name
        );
        Problem::new(&input.file, expected).key(key).value(wanted.n_paths.to_string())
    })
}

/// What a scenario wants of its worst paths.
pub(crate) fn wanted(scenario: &Scenario<'_>) -> Wanted {
    let spec = &scenario.spec;
    let n_paths = n_paths(scenario);
    let lowest = levels(&spec.levels).first().copied();
    let split_from = lowest.filter(|_| spec.detail >= Detail::Standard);
    let by_replicate = scenario.model.sobol().is_some();
    Wanted { n_paths, split_from, n_listed: spec.tail_paths, by_replicate }
}

/// The level of a scenario that is shown first, of so many paths.
#[must_use]
pub fn headline(scenario: &Scenario<'_>, n_paths: u64) -> Option<Level> {
    headline_level(&levels(&scenario.spec.levels), n_paths)
}

pub(crate) fn levels(levels: &[f64]) -> Vec<Level> {
    levels.iter().copied().filter_map(Level::new).collect()
}

/// Memory above which a run says what it may take.
const MEMORY_TO_TELL_BYTES: u64 = 4_000_000_000;

/// What should be known of a run before it begins.
pub(crate) fn tell_before(input: &Input, scenarios: &[Scenario<'_>], watch: &mut dyn Watch) {
    // Scenarios are run one after the other, so that of the largest counts.
    let of = |scenario: &Scenario<'_>| {
        let (wanted, setting) = (wanted(scenario), scenario.model.setting());
        // What is too much is a problem, and no note.
        let is_told = wanted.n_paths <= wanted.most_paths(setting);
        (if is_told { wanted.bytes(setting) } else { 0 }, wanted.by_replicate)
    };
    let (bytes, by_replicate) = scenarios.iter().map(of).max().unwrap_or_default();
    if bytes > MEMORY_TO_TELL_BYTES {
        let gigabytes = bytes / 1_000_000_000;
        let what = if by_replicate {
            format!("the losses of Sobol points may take up to {gigabytes} GB of memory")
        } else {
            format!(
                "tails that are split may take up to {gigabytes} GB of memory; detail = \"summary\" takes little"
            )
        };
        watch.note(&format!("note: {what}"));
    }
    for note in notes(input, scenarios).into_iter().chain(note_of_events(scenarios)) {
        watch.note(&note);
    }
}
