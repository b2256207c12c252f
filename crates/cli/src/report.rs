//! `slashfall report`: writes the page of a result.

use std::io::Write;

use slashfall_jobs::{ReportOptions, report as page, write_page};
use slashfall_report::Ask;

use crate::Ending;
use crate::args::Report;
use crate::streams::stderr;

pub(crate) fn report(args: &Report) -> anyhow::Result<Ending> {
    let ask = Ask {
        result: args.result.clone(),
        versus: args.vs.clone(),
        caps: args.caps.clone(),
        scenario: args.scenario.clone(),
        scope: args.scope.clone(),
        market: args.market,
        level: args.level,
        budget: args.budget,
    };
    let options = ReportOptions { ask, network: args.network.clone() };
    let page = page(&options)?;
    write_page(&args.output, &page, args.overwrite)?;
    if !args.quiet {
        let (file, kib) = (args.output.display(), page.len() / 1_024);
        writeln!(stderr(), "written to {file} ({kib} KiB)")?;
    }
    Ok(Ending::Done)
}
