//! `slashfall check`: what is wrong with an input, or else the facts of its network.

mod page;

use std::io::Write;

use slashfall_jobs::check::{CheckOptions, check as find};
use slashfall_jobs::{Config, Overrides, Reach};

use crate::Ending;
use crate::args::Check;
use crate::streams::stdout;

pub(crate) fn check(args: &Check) -> anyhow::Result<Ending> {
    let options = CheckOptions {
        config: Config::File {
            path: args.path.clone(),
            reach: Reach::anywhere(args.allow_outside),
        },
        overrides: Overrides { set: args.set.clone(), ..Overrides::default() },
    };
    let mut out = stdout();
    find(&options, |page| match args.json {
        true => writeln!(out, "{:#}", page.json()),
        false => page::print(page, &mut out, args.top),
    })??;
    Ok(Ending::Done)
}
