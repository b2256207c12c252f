//! `slashfall run`: from a run file to a result folder and a table on the terminal, or to a part.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use slashfall_jobs::{
    Config, Input, Keeping, Outcome, Overrides, PartOptions, PartOutcome, PathRange, Ran, Reach,
    RunOptions, headline, run as work, run_part,
};
use slashfall_sampling::Scenario;
use slashfall_store::Place;

use crate::args::Run;
use crate::progress::Terminal;
use crate::streams::stdout;
use crate::{Ending, avs_rate, contributors, say, summary, tornado, without};

pub(crate) fn run(args: &Run) -> anyhow::Result<Ending> {
    let options = options(args);
    let input = options.load()?;
    let mut scenarios = input.resolve()?;
    let mut watch = Terminal::new(args.quiet, stop_on_ctrl_c()?);
    let shown = Shown { quiet: args.quiet, json: args.json };
    let part = PartOptions { from: args.paths_from, to: args.paths_to };
    if part != PartOptions::default() {
        let work = || run_part(&input, &mut scenarios, &options, part, &mut watch);
        return tell_part(shown, in_pool(args.threads, work)?);
    }
    let outcome = in_pool(args.threads, || work(&input, &mut scenarios, &options, &mut watch))?;
    finish(shown, &input, &scenarios, outcome)
}

/// Works on so many threads; on all cores by default.
pub(crate) fn in_pool<T: Send>(
    threads: Option<u16>,
    work: impl FnOnce() -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    let n = threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
    pool.context("the threads could not be started")?.install(work)
}

/// How much of a result is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) quiet: bool,
    pub(crate) json: bool,
}

/// Shows what came of a run.
pub(crate) fn finish(
    shown: Shown,
    input: &Input,
    scenarios: &[Scenario<'_>],
    outcome: Outcome,
) -> anyhow::Result<Ending> {
    let ran = match outcome {
        Outcome::Written(ran) => ran,
        Outcome::Stopped { n_paths, kept } => {
            return Ok(interrupted(shown.quiet, n_paths, kept.as_ref()));
        }
    };
    print(shown, input, scenarios, &ran)?;
    ran.findings.doubts.iter().for_each(|doubt| say(shown.quiet, doubt));
    let warnings = match ran.manifest.warnings.len() {
        0 => String::new(),
        n => format!("; {n} warning{}, above and in its manifest", if n == 1 { "" } else { "s" }),
    };
    // Who reads the result as JSON has them there.
    say(shown.quiet || shown.json, &format!("written to {}{warnings}", ran.target));
    let is_imprecise = ran.manifest.precision_reached == Some(false);
    Ok(if is_imprecise { Ending::Imprecise } else { Ending::Done })
}

fn interrupted(quiet: bool, n_paths: u64, kept: Option<&Place>) -> Ending {
    let what = match kept {
        Some(place) => {
            format!("they are kept in {place}; this goes on from there:\n  {}", resume_command())
        }
        None => "nothing was written".to_owned(),
    };
    say(quiet, &format!("interrupted after {n_paths} paths; {what}"));
    Ending::Interrupted
}

/// The command as given, with the word that has it go on.
fn resume_command() -> String {
    let mut words: Vec<String> = std::env::args().collect();
    if !words.iter().any(|word| word == "--resume") {
        words.push("--resume".to_owned());
    }
    // What no shell can have has not come from one.
    let quoted = |word: String| shlex::try_quote(&word).map(Into::into).unwrap_or(word.clone());
    words.into_iter().map(quoted).collect::<Vec<String>>().join(" ")
}

/// Shows what came of a part.
pub(crate) fn tell_part(shown: Shown, outcome: PartOutcome) -> anyhow::Result<Ending> {
    let (manifest, target) = match outcome {
        PartOutcome::Written { manifest, target } => (manifest, target),
        PartOutcome::Stopped { n_paths } => return Ok(interrupted(shown.quiet, n_paths, None)),
    };
    if shown.json {
        writeln!(stdout(), "{:#}", serde_json::to_value(&manifest)?)?;
    }
    let PathRange { from, to } = manifest.paths;
    let line = format!("paths {from} to {to} written to {target}");
    say(shown.quiet || shown.json, &line);
    Ok(Ending::Done)
}

/// What is asked for, without what is only of the terminal.
fn options(args: &Run) -> RunOptions {
    RunOptions {
        config: Config::File {
            path: args.run_file.clone(),
            reach: Reach::anywhere(args.allow_outside),
        },
        overrides: Overrides { set: args.set.clone(), paths: args.paths, seed: args.seed },
        output: args.output.clone(),
        overwrite: args.overwrite,
        command: std::env::args().collect(),
        keeping: Keeping { resume: args.resume, every: args.checkpoint },
    }
}

/// A flag that Ctrl-C raises (or a signal to terminate); a second one ends the program at once.
pub(crate) fn stop_on_ctrl_c() -> anyhow::Result<Arc<AtomicBool>> {
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

fn say(quiet: bool, line: &str) {
    if !quiet {
        say::line(line);
    }
}

fn print(shown: Shown, input: &Input, scenarios: &[Scenario<'_>], ran: &Ran) -> anyhow::Result<()> {
    let (findings, manifest) = (&ran.findings, &ran.manifest);
    let mut out = stdout();
    if shown.json {
        let document = serde_json::json!({ "manifest": manifest, "summary": findings.rows });
        writeln!(out, "{document:#}")?;
    } else if !shown.quiet {
        for scenario in scenarios {
            summary::print(&mut out, input, scenario, &findings.rows, manifest)?;
            if let Some(split) = findings.contributions.get(&scenario.name) {
                contributors::print(&mut out, split)?;
            }
            if let Some(removed) = findings.removed.get(&scenario.name) {
                without::print(&mut out, removed)?;
            }
            let paths = manifest.paths.get(&scenario.name).copied().unwrap_or_default();
            let found = findings.sensitivities.get(&scenario.name).zip(headline(scenario, paths));
            if let Some((found, at)) = found {
                tornado::print(&mut out, found, at)?;
            }
            if let Some(rows) = findings.avs_rates.get(&scenario.name) {
                avs_rate::print(&mut out, rows)?;
            }
        }
    }
    Ok(())
}
