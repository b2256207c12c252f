//! One HTML page of a result, with what its tables do not have: the network, and paths told.

use std::path::{Path, PathBuf};

use anyhow::Context;
use slashfall_cascade::{Channel, Figure, Happened};
use slashfall_graph::Network;
use slashfall_output::write_text_file;
use slashfall_report::{Ask, Extras, Report, TailDay, TailEvent, TailStory, flows};
use slashfall_sampling::{PathRecord, Scenario, replay};
use slashfall_store::{Place, in_full};

use crate::input::split;
use crate::recorded::Recorded;
use crate::replay::{ReplayOptions, command, story};
use crate::story::{Story, costliest};
use crate::target::{as_of_folders, fetched, place_of};

/// Events of a path that its timeline marks; the costliest.
const MARKED: usize = 40;

/// What a page is of.
#[derive(Clone, Debug, Default)]
pub struct ReportOptions {
    /// What is asked of the result, which is a folder or `s3://BUCKET/PREFIX`.
    pub ask: Ask,
    /// Folder of the network, instead of the one that the result names.
    pub network: Option<PathBuf>,
}

/// The page. Where the network is gone or has changed, or the streams of this program are others, it has the reason in the place of
/// what it would have drawn of them.
///
/// # Errors
/// When a folder is not what it should be or does not have what is asked for, and when a store does not answer.
pub fn report(options: &ReportOptions) -> anyhow::Result<String> {
    let named = &options.ask.result;
    // Tables; files of `paths/` are not read.
    let folder = fetched("RESULT", named, |name| !name.contains('/'))?;
    let ask = Ask { result: folder.path().to_owned(), ..options.ask.clone() };
    let options = ReportOptions { ask, network: options.network.clone() };
    page_of(&options, named)
}

/// The page of a folder of this machine that the user named so.
fn page_of(options: &ReportOptions, named: &Path) -> anyhow::Result<String> {
    let page = Report::read(&options.ask)?;
    Ok(page.render(&extras(options, &page, named)))
}

/// Writes a page as a file of this machine or of a store (`s3://BUCKET/NAME`), whole or not at all.
///
/// # Errors
/// When it is there and is not to be replaced, or cannot be written.
pub fn write_page(output: &Path, page: &str, overwrite: bool) -> anyhow::Result<()> {
    if !Place::is_address(output) {
        return Ok(write_text_file(output, page, overwrite)?);
    }
    let (folder, name) = split(output);
    let place = place_of("--output", &folder)?;
    place.write(&name, page.as_bytes(), overwrite).map_err(as_of_folders)
}

/// The network and the paths, or why they are not there: a page can do without.
fn extras(options: &ReportOptions, page: &Report, named: &Path) -> Extras {
    let replayed = ReplayOptions {
        result: options.ask.result.clone(),
        scenario: page.scenario().to_owned(),
        network: options.network.clone(),
    };
    let read = || -> anyhow::Result<(Recorded, Network)> {
        let recorded = replayed.open()?;
        let network = recorded.load_network()?;
        Ok((recorded, network))
    };
    let why = |error: anyhow::Error| in_full(error.as_ref()).replace('\n', "; ");
    let (recorded, network) = match read() {
        Ok(read) => read,
        Err(error) => {
            let why = why(error);
            return Extras { flows: Err(why.clone()), stories: Err(why) };
        }
    };
    let resolved = recorded.resolve(&network).context("its run file is not taken");
    let shown = ReplayOptions { result: named.to_owned(), ..replayed };
    let stories = resolved.map(|scenario| tell(&shown, &scenario, &page.instructive()));
    Extras { flows: Ok(flows(&network)), stories: stories.map_err(why) }
}

fn tell(
    options: &ReplayOptions,
    scenario: &Scenario<'_>,
    chosen: &[(u64, String)],
) -> Vec<TailStory> {
    let mut numbers: Vec<u64> = chosen.iter().map(|(path, _)| *path).collect();
    numbers.sort_unstable();
    let mut told = replay(&scenario.model, &numbers, |record| tell_one(options, scenario, &record));
    told.sort_by_key(|story| chosen.iter().position(|(own, _)| *own == story.path));
    for (story, (_, why)) in told.iter_mut().zip(chosen) {
        story.why.clone_from(why);
    }
    told
}

fn tell_one(options: &ReplayOptions, scenario: &Scenario<'_>, record: &PathRecord) -> TailStory {
    let story = story(scenario, record);
    let fired = story.fired();
    let (marked, _) = costliest(&fired, MARKED);
    let event = |index: usize| TailEvent {
        day: fired[index].tau_days,
        name: fired[index].name.to_owned(),
        loss_eth: fired[index].loss_eth,
    };
    TailStory {
        path: record.path,
        why: String::new(),
        paragraph: story.paragraph(),
        days: days(&story, record),
        events: marked.into_iter().map(event).collect(),
        command: command(&options.result, &scenario.name, options.network.as_deref(), record.path),
    }
}

/// What the steps of a path had cost by the end of each day; by the end of the last, what the path cost, falls of base-asset prices left
/// out. That is more by what only the horizon shows: debt of loans still open that their collateral does not cover.
fn days(story: &Story<'_>, record: &PathRecord) -> Vec<TailDay> {
    let mut days: Vec<TailDay> = Vec::new();
    let mut steps = record.record.steps.iter().peekable();
    let (mut direct_eth, mut contagion_eth) = (0.0, 0.0);
    for end in &record.record.days {
        while let Some(step) = steps.next_if(|step| step.day <= end.day) {
            let (direct, contagion) = cost(&step.happened);
            direct_eth += direct;
            contagion_eth += contagion;
        }
        let discount = end.assets.iter().map(|asset| asset.discount).fold(0.0, f64::max);
        days.push(TailDay { day: end.day, direct_eth, contagion_eth, discount });
    }
    if let Some(last) = days.last_mut() {
        last.direct_eth = story.figure(Figure::Direct) - story.channel(Channel::BasePrice);
        last.contagion_eth = story.figure(Figure::Contagion);
    }
    days
}

/// What a step costs directly and by contagion, in ETH.
fn cost(happened: &Happened) -> (f64, f64) {
    match *happened {
        Happened::Fired { loss_eth, .. } | Happened::Penalty { loss_eth, .. } => (loss_eth, 0.0),
        Happened::Attacked { loss_eth, users_eth, .. } => (0.0, loss_eth + users_eth),
        Happened::Liquidated { bad_debt_eth, .. } | Happened::Unwound { bad_debt_eth, .. } => {
            (0.0, bad_debt_eth)
        }
        _ => (0.0, 0.0),
    }
}
