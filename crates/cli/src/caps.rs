//! `slashfall caps`: how much of each position a treasury may hold, printed.

use std::io::Write;

use slashfall_jobs::caps::{CapsOptions, caps as find};

use crate::Ending;
use crate::args::Caps;
use crate::progress::Terminal;
use crate::streams::stdout;

pub(crate) fn caps(args: &Caps) -> anyhow::Result<Ending> {
    let mut watch = Terminal::unstopped(args.quiet);
    let Some(found) = find(&options(args), &mut watch)? else { return Ok(Ending::Interrupted) };
    let mut out = stdout();
    if args.json {
        writeln!(out, "{:#}", found.json())?;
    } else if !args.quiet {
        write!(out, "{}", found.page())?;
    }
    Ok(Ending::Done)
}

/// What is asked for, without what is only of the terminal.
fn options(args: &Caps) -> CapsOptions {
    CapsOptions {
        result: args.result.clone(),
        policy: args.policy.clone(),
        scenario: args.scenario.clone(),
        network: args.network.clone(),
        paths: args.paths,
        certificate_seed: args.certificate_seed,
        output: args.output.clone(),
        overwrite: args.overwrite,
    }
}
