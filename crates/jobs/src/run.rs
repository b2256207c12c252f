//! A run: from a run file to a result folder, watched by whoever asked for it.

use std::ops::{ControlFlow, Range};
use std::path::PathBuf;

use anyhow::Context;
use slashfall_graph::{Problem, Problems};
use slashfall_output::measures::{Level, StopWatch};
use slashfall_output::{
    Collector, Manifest, PathsWriter, ResultFolder, SelfTest, Wanted, headline_level,
};
use slashfall_sampling::Scenario;
use slashfall_sampling::config::{Detail, PathCount, StopRule};
use slashfall_store::Place;

use crate::drawing::Drawing;
use crate::findings::{Findings, Tables};
use crate::gathered::Gathered;
use crate::input::{Config, Input, Overrides};
use crate::notes::{doubts, note_of_events, notes};
use crate::part::n_paths;
use crate::proof::proved;
use crate::provenance::{manifest, metadata, note, peak_memory_bytes};
use crate::target::{RESULT, Target, place_of};
use crate::watch::Watch;

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
    /// Nobody waited any more, and nothing was written.
    Stopped {
        /// Paths that were there of the scenario that ran.
        n_paths: u64,
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
    pub(crate) precise: Option<bool>,
    pub(crate) interrupted: bool,
}

/// Runs all scenarios and writes their result, whole or not at all.
///
/// `scenarios` are those of the `input`; from here on their models draw paths as `[sampling]` says.
///
/// # Errors
/// When sampling cannot be as it is asked for, when the folder is there or cannot be written, and when
/// the program does not compute right on this machine.
pub fn run(
    input: &Input,
    scenarios: &mut [Scenario<'_>],
    options: &RunOptions,
    watch: &mut dyn Watch,
) -> anyhow::Result<Outcome> {
    warn(input, scenarios, watch);
    let asked = Asked {
        output: options.output.as_ref(),
        overwrite: options.overwrite,
        command: &options.command,
        merged_parts: None,
        selftest: proved()?,
    };
    conclude(input, scenarios, asked, watch, play)
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

/// Has the paths of each scenario played, wherever they come from, and writes what they come to.
pub(crate) fn conclude(
    input: &Input,
    scenarios: &mut [Scenario<'_>],
    asked: Asked<'_>,
    watch: &mut dyn Watch,
    mut play: impl FnMut(
        &ResultFolder,
        &Scenario<'_>,
        usize,
        &mut Drawing,
        &mut dyn Watch,
    ) -> anyhow::Result<Played>,
) -> anyhow::Result<Outcome> {
    let drawings = prepare_drawings(input, scenarios, watch)?;
    let files = input.files()?;
    let default = || PathBuf::from("results").join(&input.spec.name);
    let place = place_of_output(asked.output, default)?;
    let target =
        Target::create(&place, RESULT, asked.overwrite, metadata(input, scenarios, &files))?;
    let folder = target.folder();
    let mut tables = Tables::new(&input.network);
    let mut findings = Findings::default();
    let mut manifest =
        manifest(input, scenarios, files, place.as_local(), asked.selftest, asked.command);
    manifest.merged_parts = asked.merged_parts;
    let mut n_paths = 0;
    for ((number, scenario), mut drawing) in scenarios.iter().enumerate().zip(drawings) {
        let played = play(folder, scenario, number, &mut drawing, watch)?;
        let collector = &played.gathered.collector;
        n_paths = collector.n_paths();
        let added = if played.interrupted {
            ControlFlow::Break(())
        } else {
            note(&mut manifest, scenario, collector, played.precise);
            let (sampling, doubt) = drawing.finish(&scenario.name, collector.n_paths())?;
            manifest.sampling.insert(scenario.name.clone(), sampling);
            findings.doubts.extend(doubts(&scenario.name, collector).into_iter().chain(doubt));
            tables.add(scenario, &played.gathered, &mut findings, watch)
        };
        if added.is_break() {
            return Ok(Outcome::Stopped { n_paths });
        }
    }
    tables.write(folder, input.spec.detail)?;
    manifest.wall_seconds = input.started.elapsed().as_secs_f64();
    manifest.peak_memory_bytes = peak_memory_bytes();
    manifest.write(folder)?;
    if target.finish(&*watch)?.is_break() {
        return Ok(Outcome::Stopped { n_paths });
    }
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

fn play(
    folder: &ResultFolder,
    scenario: &Scenario<'_>,
    number: usize,
    drawing: &mut Drawing,
    watch: &mut dyn Watch,
) -> anyhow::Result<Played> {
    let (n_paths, mut rule) = match &scenario.spec.paths {
        PathCount::Fixed(n) => (*n, None),
        PathCount::Until(rule) => {
            (rule.max_paths, Some(Watched::new(rule, scenario.model.sobol().is_some())))
        }
    };
    let paths = paths_writer(folder, scenario, number, 0)?;
    let levels = levels(&scenario.spec.levels);
    let level = levels.last().copied().context("a run has levels")?;
    let mut gathered = Gathered::new(scenario, &wanted(scenario), levels);
    watch.begin(&scenario.name, n_paths, Some(level));
    let mut drawn = Drawn { first_path: 0, drawing, paths, watch };
    let mut precise = None;
    let mut done = 0;
    while done < n_paths && precise != Some(true) {
        let next = rule.as_ref().map_or(n_paths, |rule| rule.watch.next_look());
        if drawn.draw(&mut gathered, scenario, done..next)?.is_break() {
            return Ok(Played { gathered, precise, interrupted: true });
        }
        done = next;
        precise = rule.as_mut().map(|rule| rule.look(&gathered.collector));
    }
    drawn.end()?;
    Ok(Played { gathered, precise, interrupted: false })
}

/// Where the paths of a scenario go beside what gathers them.
pub(crate) struct Drawn<'d, 'f> {
    /// The first of them.
    pub(crate) first_path: u64,
    pub(crate) drawing: &'d mut Drawing,
    pub(crate) paths: Option<PathsWriter<'f>>,
    pub(crate) watch: &'d mut dyn Watch,
}

impl Drawn<'_, '_> {
    /// Draws paths; breaks off once nobody waits for them.
    pub(crate) fn draw(
        &mut self,
        gathered: &mut Gathered,
        scenario: &Scenario<'_>,
        paths: Range<u64>,
    ) -> anyhow::Result<ControlFlow<()>> {
        let mut failed = Ok(());
        let flow = gathered.simulate(&scenario.model, paths, |batch, collector| {
            self.drawing.absorb(batch);
            let so_far = collector.first_path() + collector.n_paths() - self.first_path;
            self.watch.advance(so_far, Some(collector));
            if let Some(paths) = &mut self.paths {
                failed = paths.absorb(batch);
            }
            let is_over = self.watch.is_stopped() || failed.is_err();
            if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        failed?;
        if flow.is_break() {
            self.watch.end();
        }
        Ok(flow)
    }

    /// Says that no more come.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        self.watch.end();
        Ok(self.paths.map_or(Ok(()), PathsWriter::finish)?)
    }
}

/// What writes every path of a scenario from `first_path` on, where that is asked for.
pub(crate) fn paths_writer<'f>(
    folder: &'f ResultFolder,
    scenario: &Scenario<'_>,
    number: usize,
    first_path: u64,
) -> anyhow::Result<Option<PathsWriter<'f>>> {
    let setting = scenario.model.setting();
    let create = || PathsWriter::create(folder, setting, &scenario.name, number, first_path);
    let is_asked = scenario.spec.detail == Detail::Paths;
    Ok(is_asked.then(create).transpose()?)
}

/// A stop rule and what it has seen so far.
struct Watched<'r> {
    scope: &'r str,
    watch: StopWatch,
}

impl<'r> Watched<'r> {
    fn new(rule: &'r StopRule, by_replicate: bool) -> Self {
        let watch = StopWatch::new(rule);
        let watch = if by_replicate { watch.doubling() } else { watch };
        Self { scope: &rule.scope.value, watch }
    }

    fn look(&mut self, collector: &Collector) -> bool {
        collector.losses(self.scope).is_some_and(|losses| self.watch.look(losses))
    }
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

fn warn(input: &Input, scenarios: &[Scenario<'_>], watch: &mut dyn Watch) {
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
