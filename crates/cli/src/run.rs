//! `slashfall run`: from a run file to a result folder and a table on the terminal.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use slashfall_jobs::{Config, Input, Outcome, Overrides, Ran, RunOptions, headline, run as work};
use slashfall_sampling::Scenario;

use crate::args::Run;
use crate::progress::Terminal;
use crate::{Ending, avs_rate, contributors, summary, tornado, without};

pub(crate) fn run(args: &Run) -> anyhow::Result<Ending> {
    let options = options(args);
    let input = options.load()?;
    let mut scenarios = input.resolve()?;
    let mut watch = Terminal::new(args.quiet, stop_on_ctrl_c()?);
    let mut threads = rayon::ThreadPoolBuilder::new();
    if let Some(n) = args.threads {
        threads = threads.num_threads(n.into());
    }
    let pool = threads.build().context("the threads could not be started")?;
    let outcome = pool.install(|| work(&input, &mut scenarios, &options, &mut watch))?;
    let ran = match outcome {
        Outcome::Written(ran) => ran,
        Outcome::Stopped { n_paths } => {
            say(args.quiet, &format!("interrupted after {n_paths} paths; nothing was written"));
            return Ok(Ending::Interrupted);
        }
    };
    print(args, &input, &scenarios, &ran)?;
    let is_imprecise = ran.manifest.precision_reached == Some(false);
    ran.findings.doubts.iter().for_each(|doubt| say(args.quiet, doubt));
    if is_imprecise {
        say(args.quiet, "the precision asked for was not reached within max_paths");
    }
    say(args.quiet || args.json, &format!("written to {}", ran.target.display()));
    Ok(if is_imprecise { Ending::Imprecise } else { Ending::Done })
}

/// What is asked for, without what is only of the terminal.
fn options(args: &Run) -> RunOptions {
    RunOptions {
        config: Config::File(args.run_file.clone()),
        overrides: Overrides { set: args.set.clone(), paths: args.paths, seed: args.seed },
        output: args.output.clone(),
        overwrite: args.overwrite,
        command: std::env::args().collect(),
    }
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

fn say(quiet: bool, line: &str) {
    if !quiet {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

fn print(args: &Run, input: &Input, scenarios: &[Scenario<'_>], ran: &Ran) -> anyhow::Result<()> {
    let (findings, manifest) = (&ran.findings, &ran.manifest);
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
