//! `slashfall report`: one HTML page of a result, with what its tables do not have: the network, and paths told.

use std::io::Write;

use anyhow::Context;
use slashfall_cascade::Happened;
use slashfall_graph::Network;
use slashfall_output::write_text_file;
use slashfall_report::{Ask, Extras, ReportError, TailDay, TailStory, flows, instructive, render};
use slashfall_sampling::{PathRecord, Scenario, replay};

use crate::Ending;
use crate::args::Report;
use crate::recorded::Recorded;
use crate::replay::command;
use crate::story::{Names, Story, costliest};

/// Events of a path that its timeline marks; the costliest.
const MARKED: usize = 40;

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
    let extras = extras(args, &ask)?;
    let page = render(&ask, &extras)?;
    write_text_file(&args.output, &page, args.overwrite)?;
    if !args.quiet {
        let (file, kib) = (args.output.display(), page.len() / 1_024);
        writeln!(std::io::stderr(), "written to {file} ({kib} KiB)")?;
    }
    Ok(Ending::Done)
}

/// The network and the paths, or why they are not there: a page can do without.
fn extras(args: &Report, ask: &Ask) -> Result<Extras, ReportError> {
    let (scenario, chosen) = instructive(ask)?;
    let read = || -> anyhow::Result<(Recorded, Network)> {
        let recorded = Recorded::read(&args.result, &scenario, args.network.as_deref())?;
        let network = recorded.load_network()?;
        Ok((recorded, network))
    };
    let why = |error: anyhow::Error| format!("{error:#}").replace('\n', "; ");
    let (recorded, network) = match read() {
        Ok(read) => read,
        Err(error) => {
            let why = why(error);
            return Ok(Extras { flows: Err(why.clone()), stories: Err(why) });
        }
    };
    let told = recorded.resolve(&network).context("its run file is not taken");
    let stories = told.map(|scenario| tell(args, &scenario, &chosen)).map_err(why);
    Ok(Extras { flows: Ok(flows(&network)), stories })
}

fn tell(args: &Report, scenario: &Scenario<'_>, chosen: &[(u64, String)]) -> Vec<TailStory> {
    let mut numbers: Vec<u64> = chosen.iter().map(|(path, _)| *path).collect();
    numbers.sort_unstable();
    let mut told = replay(&scenario.model, &numbers, |record| story(args, scenario, &record));
    let place = |path: u64| chosen.iter().position(|(own, _)| *own == path);
    told.sort_by_key(|story| place(story.path));
    for (story, (_, why)) in told.iter_mut().zip(chosen) {
        story.why.clone_from(why);
    }
    told
}

fn story(args: &Report, scenario: &Scenario<'_>, record: &PathRecord) -> TailStory {
    let network = scenario.model.network();
    let story = Story::new(network, record, Names::Sources(scenario.model.sources()));
    let fired = story.fired();
    let (marked, _) = costliest(&fired, MARKED);
    let events =
        marked.into_iter().map(|index| (fired[index].tau_days, fired[index].name.to_owned()));
    TailStory {
        path: record.path,
        why: String::new(),
        paragraph: story.paragraph(),
        days: days(record),
        events: events.collect(),
        command: command(&args.result, &scenario.name, args.network.as_deref(), record.path),
    }
}

/// What the steps of a path had cost by the end of each day.
fn days(record: &PathRecord) -> Vec<TailDay> {
    let mut days: Vec<TailDay> = Vec::new();
    let mut steps = record.record.steps.iter().peekable();
    let (mut direct_eth, mut contagion_eth) = (0.0, 0.0);
    for end in &record.record.days {
        while let Some(step) = steps.next_if(|step| step.day <= end.day) {
            match step.happened {
                Happened::Fired { loss_eth, .. } | Happened::Penalty { loss_eth, .. } => {
                    direct_eth += loss_eth;
                }
                Happened::Attacked { loss_eth, users_eth, .. } => {
                    contagion_eth += loss_eth + users_eth
                }
                Happened::Liquidated { bad_debt_eth, .. }
                | Happened::Unwound { bad_debt_eth, .. } => {
                    contagion_eth += bad_debt_eth;
                }
                _ => {}
            }
        }
        let discount = end.assets.iter().map(|asset| asset.discount).fold(0.0, f64::max);
        days.push(TailDay { day: end.day, direct_eth, contagion_eth, discount });
    }
    days
}
