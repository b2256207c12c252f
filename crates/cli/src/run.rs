//! `slashfall run`: from a run file to a result folder and a table on the terminal.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context;
use slashfall_graph::{Problem, Problems};
use slashfall_output::measures::{Level, StopWatch};
use slashfall_output::{Collector, Manifest, PathsWriter, ResultFolder, Wanted, headline_level};
use slashfall_sampling::Scenario;
use slashfall_sampling::config::{Detail, PathCount, StopRule};

use crate::args::Run;
use crate::drawing::Drawing;
use crate::findings::{Findings, Gathered, Tables};
use crate::input::{Input, Overrides};
use crate::notes::{doubts, note_of_events, notes};
use crate::progress::Progress;
use crate::provenance::{manifest, metadata, note, peak_memory_bytes};
use crate::selftest::proved;
use crate::{Ending, avs_rate, contributors, summary, tornado, without};

/// Paths a batch: what sources are drawn along together.
const BATCH_PATHS: usize = 4_096;

/// What a scenario gave.
struct Played {
    gathered: Gathered,
    precise: Option<bool>,
    interrupted: bool,
}

pub(crate) fn run(args: &Run) -> anyhow::Result<Ending> {
    let start = Instant::now();
    let overrides = Overrides { set: &args.set, paths: args.paths, seed: args.seed };
    let input = Input::load(&args.run_file, &overrides)?;
    let mut scenarios = input.spec.resolve(&input.file, &input.root, &input.network)?;
    warn(&input, &scenarios, args.quiet);
    let mut threads = rayon::ThreadPoolBuilder::new();
    if let Some(n) = args.threads {
        threads = threads.num_threads(n.into());
    }
    let pool = threads.build().context("the threads could not be started")?;
    pool.install(|| run_scenarios(args, &input, &mut scenarios, start))
}

fn run_scenarios(
    args: &Run,
    input: &Input,
    scenarios: &mut [Scenario<'_>],
    start: Instant,
) -> anyhow::Result<Ending> {
    let selftest = proved()?;
    let drawings = prepare_drawings(args, input, scenarios)?;
    let stop = stop_on_ctrl_c()?;
    let files = input.files()?;
    let target =
        args.output.clone().unwrap_or_else(|| PathBuf::from("results").join(&input.spec.name));
    let folder = ResultFolder::create(&target, args.overwrite, metadata(input, scenarios, &files))?;
    let mut tables = Tables::new(&input.network);
    let mut findings = Findings::default();
    let mut manifest = manifest(input, scenarios, files, &target, selftest);
    for ((number, scenario), mut drawing) in scenarios.iter().enumerate().zip(drawings) {
        let played = play(args, &folder, scenario, number, &mut drawing, &stop)?;
        let collector = &played.gathered.collector;
        let added = if played.interrupted {
            ControlFlow::Break(())
        } else {
            note(&mut manifest, scenario, collector, played.precise);
            let (sampling, doubt) = drawing.finish(&scenario.name, collector.n_paths())?;
            manifest.sampling.insert(scenario.name.clone(), sampling);
            findings.doubts.extend(doubts(&scenario.name, collector).into_iter().chain(doubt));
            tables.add(scenario, &played.gathered, &mut findings, &stop)
        };
        if added.is_break() {
            let n = collector.n_paths();
            say(args.quiet, &format!("interrupted after {n} paths; nothing was written"));
            return Ok(Ending::Interrupted);
        }
    }
    tables.write(&folder, input.spec.detail)?;
    manifest.wall_seconds = start.elapsed().as_secs_f64();
    manifest.peak_memory_bytes = peak_memory_bytes();
    manifest.write(&folder)?;
    folder.finish()?;
    print(args, input, scenarios, &findings, &manifest)?;
    findings.doubts.iter().for_each(|doubt| say(args.quiet, doubt));
    if manifest.precision_reached == Some(false) {
        say(args.quiet, "the precision asked for was not reached within max_paths");
    }
    say(args.quiet || args.json, &format!("written to {}", target.display()));
    Ok(if manifest.precision_reached == Some(false) { Ending::Imprecise } else { Ending::Done })
}

/// How the paths of each scenario are drawn; says so where it is not plain.
fn prepare_drawings(
    args: &Run,
    input: &Input,
    scenarios: &mut [Scenario<'_>],
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
                drawing.note(scenario).iter().for_each(|note| say(args.quiet, note));
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

/// A flag that Ctrl-C raises (or a signal to terminate); a second one ends the program at once.
fn stop_on_ctrl_c() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::SeqCst) {
            std::process::exit(4);
        }
    })
    .context("Ctrl-C could not be watched")?;
    Ok(stop)
}

fn play(
    args: &Run,
    folder: &ResultFolder,
    scenario: &Scenario<'_>,
    number: usize,
    drawing: &mut Drawing,
    stop: &AtomicBool,
) -> anyhow::Result<Played> {
    let setting = scenario.model.setting();
    let (n_paths, mut rule) = match &scenario.spec.paths {
        PathCount::Fixed(n) => (*n, None),
        PathCount::Until(rule) => {
            (rule.max_paths, Some(Watched::new(rule, scenario.model.sobol().is_some())))
        }
    };
    let mut paths = match scenario.spec.detail {
        Detail::Paths => Some(PathsWriter::create(folder, setting, &scenario.name, number)?),
        _ => None,
    };
    let levels = levels(&scenario.spec.levels);
    let level = levels.last().copied().context("a run has levels")?;
    let mut gathered = Gathered::new(scenario, &wanted(scenario), levels);
    let mut progress = Progress::new(&scenario.name, n_paths, level, args.quiet);
    let mut failed = Ok(());
    let mut precise = None;
    let mut done = 0;
    while done < n_paths && precise != Some(true) {
        let next = rule.as_ref().map_or(n_paths, |rule| rule.watch.next_look());
        let flow =
            gathered.simulate(&scenario.model, done..next, BATCH_PATHS, |batch, collector| {
                drawing.absorb(batch);
                progress.advance(collector);
                if let Some(paths) = &mut paths {
                    failed = paths.absorb(batch);
                }
                if stop.load(Ordering::SeqCst) || failed.is_err() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
        std::mem::replace(&mut failed, Ok(()))?;
        if flow.is_break() {
            progress.finish();
            return Ok(Played { gathered, precise, interrupted: true });
        }
        done = next;
        precise = rule.as_mut().map(|rule| rule.look(&gathered.collector));
    }
    progress.finish();
    paths.map_or(Ok(()), PathsWriter::finish)?;
    Ok(Played { gathered, precise, interrupted: false })
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
fn wanted(scenario: &Scenario<'_>) -> Wanted {
    let spec = &scenario.spec;
    let n_paths = match &spec.paths {
        PathCount::Fixed(n) => *n,
        PathCount::Until(rule) => rule.max_paths,
    };
    let lowest = levels(&spec.levels).first().copied();
    let split_from = lowest.filter(|_| spec.detail >= Detail::Standard);
    let by_replicate = scenario.model.sobol().is_some();
    Wanted { n_paths, split_from, n_listed: spec.tail_paths, by_replicate }
}

/// The level of a scenario that is shown first.
pub(crate) fn headline(scenario: &Scenario<'_>, n_paths: u64) -> Option<Level> {
    headline_level(&levels(&scenario.spec.levels), n_paths)
}

pub(crate) fn levels(levels: &[f64]) -> Vec<Level> {
    levels.iter().copied().filter_map(Level::new).collect()
}

/// Memory above which a run says what it may take.
const MEMORY_TO_TELL_BYTES: u64 = 4_000_000_000;

fn warn(input: &Input, scenarios: &[Scenario<'_>], quiet: bool) {
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
        say(quiet, &format!("note: {what}"));
    }
    for note in notes(input, scenarios).into_iter().chain(note_of_events(scenarios)) {
        say(quiet, &note);
    }
}

fn say(quiet: bool, line: &str) {
    if !quiet {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

fn print(
    args: &Run,
    input: &Input,
    scenarios: &[Scenario<'_>],
    findings: &Findings,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    if args.json {
        let document = serde_json::json!({ "manifest": manifest, "summary": findings.rows });
        writeln!(stdout, "{document:#}")?;
    } else if !args.quiet {
        for scenario in scenarios {
            summary::print(&mut stdout, input, scenario, &findings.rows, manifest)?;
            if let Some(split) = findings.contributions.get(&scenario.name) {
                contributors::print(&mut stdout, split)?;
            }
            if let Some(removed) = findings.removed.get(&scenario.name) {
                without::print(&mut stdout, removed)?;
            }
            let paths = manifest.paths.get(&scenario.name).copied().unwrap_or_default();
            let found = findings.sensitivities.get(&scenario.name).zip(headline(scenario, paths));
            if let Some((found, at)) = found {
                tornado::print(&mut stdout, found, at)?;
            }
            if let Some(rows) = findings.avs_rates.get(&scenario.name) {
                avs_rate::print(&mut stdout, rows)?;
            }
        }
    }
    Ok(())
}
