//! `slashfall`: reads arguments, asks the library, prints. Glue and nothing else.

mod args;
mod avs_rate;
mod calibrate;
mod caps;
mod check;
mod contributors;
mod diff;
mod import;
mod init;
mod merge;
mod progress;
mod replay;
mod report;
mod reverse;
mod run;
mod schema;
mod selftest;
mod stress;
mod summary;
mod synth;
mod tornado;
mod without;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use slashfall_graph::Problems;
use slashfall_jobs::is_bad_target;

use args::{Args, Command};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// All is well.
    Done,
    /// The precision that was asked for was not reached.
    Imprecise,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::SUCCESS,
            Ending::Imprecise => Self::from(3),
            Ending::Interrupted => Self::from(4),
        }
    }
}

/// Exit status of bad input.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.command {
        Command::Init(init) => init::init(&init),
        Command::Check(check) => check::check(&check),
        Command::Run(run) => run::run(&run),
        Command::Merge(args) => merge::merge(&args),
        Command::Stress(args) => stress::stress(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Reverse(args) => reverse::reverse(&args),
        Command::Caps(args) => caps::caps(&args),
        Command::Report(args) => report::report(&args),
        Command::Diff(args) => diff::diff(&args),
        Command::Schema(schema) => schema::schema(&schema),
        Command::Selftest(selftest) => selftest::selftest(&selftest),
        Command::Synth(synth) => synth::synth(&synth),
        Command::Import(import) => import::import(&import),
        Command::Calibrate(args) => calibrate::calibrate(&args),
        Command::Completions { shell } => completions(shell),
        Command::Man => man(),
    };
    outcome.map_or_else(|error| tell(&error), ExitCode::from)
}

/// Says what went wrong: problems with the input one a line, anything else with its causes.
fn tell(error: &anyhow::Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let mut stderr = std::io::stderr().lock();
    if let Some(problems) = error.downcast_ref::<Problems>() {
        for problem in problems.as_slice() {
            let _ = writeln!(stderr, "error: {problem}");
        }
        if problems.further() > 0 {
            let _ = writeln!(stderr, "and {} further problems", problems.further());
        }
        let n = problems.as_slice().len() + problems.further();
        let _ =
            writeln!(stderr, "{n} problem{}; nothing was written", if n == 1 { "" } else { "s" });
        return ExitCode::from(BAD_INPUT);
    }
    let _ = writeln!(stderr, "error: {error:#}");
    if is_bad_target(error) {
        return ExitCode::from(BAD_INPUT);
    }
    ExitCode::FAILURE
}

/// True when whoever read what is printed has read enough, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<Ending> {
    // Not straight to standard output: it panics when nobody reads on.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "slashfall", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Ending::Done)
}

fn man() -> anyhow::Result<Ending> {
    clap_mangen::Man::new(Args::command()).render(&mut std::io::stdout())?;
    Ok(Ending::Done)
}
