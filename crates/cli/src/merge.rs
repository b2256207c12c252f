//! `slashfall merge`: from parts of a run to its result, or to a larger part.

use slashfall_jobs::{MergeOptions, merge as work, merge_to_part};

use crate::Ending;
use crate::args::Merge;
use crate::progress::Terminal;
use crate::run::{Shown, finish, in_pool, stop_on_ctrl_c, tell_part};

pub(crate) fn merge(args: &Merge) -> anyhow::Result<Ending> {
    let options = MergeOptions {
        parts: args.parts.clone(),
        network: args.network.clone(),
        output: args.output.clone(),
        overwrite: args.overwrite,
        command: std::env::args().collect(),
    };
    let merging = options.load()?;
    let mut scenarios = merging.input.resolve()?;
    let mut watch = Terminal::new(args.quiet, stop_on_ctrl_c()?);
    let shown = Shown { quiet: args.quiet, json: args.json };
    if args.part {
        let work = || merge_to_part(&merging, &mut scenarios, &options, &mut watch);
        return tell_part(shown, in_pool(args.threads, work)?);
    }
    let outcome = in_pool(args.threads, || work(&merging, &mut scenarios, &options, &mut watch))?;
    finish(shown, &merging.input, &scenarios, outcome)
}
