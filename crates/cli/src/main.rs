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
mod say;
mod schema;
mod selftest;
mod streams;
mod stress;
mod summary;
mod synth;
mod tornado;
mod without;

use std::io::Write;
use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use slashfall_graph::Problems;
use slashfall_jobs::is_bad_target;
use slashfall_store::in_full;

use args::{Args, Command};
use streams::own_stdout;

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
    let Args { command, log } = Args::parse();
    log.begin();
    // Where a program panics, and on which thread, it has said by then.
    match catch_unwind(move || done(command)) {
        Ok(outcome) => outcome.map_or_else(|error| tell(&error), ExitCode::from),
        Err(_) => {
            say::error(
                "this is a fault of the program and not of the input: please report the command and what was said above. \
                 No result was written; what a run had kept is still there (--resume goes on with it)",
            );
            ExitCode::FAILURE
        }
    }
}

fn done(command: Command) -> anyhow::Result<Ending> {
    match command {
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
    }
}

/// Says what went wrong: problems with the input one a line, anything else with its causes.
fn tell(error: &anyhow::Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if let Some(problems) = error.downcast_ref::<Problems>() {
        for problem in problems.as_slice() {
            say::problem(problem);
        }
        if problems.further() > 0 {
            say::line(&format!("and {} further problems", problems.further()));
        }
        let n = problems.as_slice().len() + problems.further();
        say::line(&format!("{n} problem{}; nothing was written", if n == 1 { "" } else { "s" }));
        return ExitCode::from(BAD_INPUT);
    }
    say::error(&in_full(error.as_ref()));
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
    own_stdout().write_all(&script)?;
    Ok(Ending::Done)
}

fn man() -> anyhow::Result<Ending> {
    clap_mangen::Man::new(Args::command()).render(&mut own_stdout())?;
    Ok(Ending::Done)
}
