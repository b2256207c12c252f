//! `slashfall check`: what is wrong with an input, or else the facts of its network.

mod page;

use std::io::Write;

use slashfall_jobs::check::{CheckOptions, check as find};
use slashfall_jobs::{Config, Overrides};

use crate::Ending;
use crate::args::Check;

pub(crate) fn check(args: &Check) -> anyhow::Result<Ending> {
    let options = CheckOptions {
        config: Config::File(args.path.clone()),
        overrides: Overrides { set: args.set.clone(), ..Overrides::default() },
    };
    let mut out = std::io::stdout().lock();
    find(&options, |page| match args.json {
        true => writeln!(out, "{:#}", page.json()),
        false => page::print(page, &mut out, args.top),
    })??;
    Ok(Ending::Done)
}
