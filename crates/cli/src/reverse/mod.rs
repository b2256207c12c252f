//! `slashfall reverse`: which first events lead to a loss, from the paths of a result that lose as much.

mod find;
mod loss;
mod page;

use std::io::Write;
use std::path::Path;

use slashfall_graph::{Problem, Problems};
use slashfall_jobs::replay::find_scope;
use slashfall_jobs::{Recorded, program};
use slashfall_output::reverse::{
    Leading, LeadingPath, REVERSE, Reversal, push_reversal, reverse as put_together,
};
use slashfall_output::{SCHEMA_VERSION, Scope, Table, write_file};
use slashfall_sampling::{FirstEvents, Scenario, first_events, replay_parts};

use crate::args::Reverse;
use crate::progress::bar_of_paths;
use crate::streams::stdout;
use crate::{Ending, say};
use find::find;
use loss::Loss;
use page::Page;

/// Losses so close to the one that is asked about, relative to it, are that loss: what is left of sums.
const ROUNDING: f64 = 1e-12;

pub(crate) fn reverse(args: &Reverse) -> anyhow::Result<Ending> {
    let mut problems = Problems::default();
    let loss = problems.keep(Loss::read(&args.loss));
    if let Some(problem) = args.output.as_deref().and_then(problem_of_output) {
        problems.push(problem);
    }
    let recorded = Recorded::read(&args.result, &args.scenario, args.network.as_deref());
    let Some(recorded) = problems.keep(recorded) else { return Err(problems.into()) };
    if let Some(note) = recorded.note() {
        say::line(&note);
    }
    let network = problems.keep(recorded.load_network());
    let scenario = network.as_ref().and_then(|network| problems.keep(recorded.resolve(network)));
    let Some(scenario) = scenario else { return Err(problems.into()) };
    let scope = problems.keep(find_scope(&args.scope, args.market, &scenario));
    let (Some(scope), Some(loss)) = (scope, loss) else { return Err(problems.into()) };
    let value_eth = scope.value_eth(scenario.model.setting());
    let asked_eth = problems.keep(loss.eth(&args.loss, &scope, value_eth));
    let Some(asked_eth) = asked_eth else { return Err(problems.into()) };
    problems.or_ok(())?;
    let asked = Asked { scope, asked_eth, value_eth };
    answer(args, &recorded, &scenario, &asked)
}

/// What is asked about.
struct Asked {
    scope: Scope,
    asked_eth: f64,
    /// What the scope has on day 0.
    value_eth: f64,
}

fn answer(
    args: &Reverse,
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    asked: &Asked,
) -> anyhow::Result<Ending> {
    let at_least_eth = asked.asked_eth * (1.0 - ROUNDING);
    let found = find(args, recorded, scenario, (&asked.scope, at_least_eth))?;
    let most = usize::try_from(args.paths).unwrap_or(usize::MAX);
    let looked =
        look(recorded, scenario, &asked.scope, &found.leading, &found.leading.spread(most))?;
    let reversal = put_together(&scenario.model, &found.leading, &looked);
    if args.output.is_some() {
        write(args, scenario, asked, &reversal)?;
    }
    let page = Page {
        args,
        recorded,
        scenario,
        asked,
        found: &found,
        looked: looked.len(),
        reversal: &reversal,
    };
    let mut out = stdout();
    if args.json {
        writeln!(out, "{:#}", page.json())?;
    } else {
        page.print(&mut out)?;
    }
    Ok(Ending::Done)
}

/// Finds the first events of paths that lead there; a path that does not was another one in the run.
fn look(
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    scope: &Scope,
    leading: &Leading,
    paths: &[LeadingPath],
) -> anyhow::Result<Vec<FirstEvents>> {
    let numbers: Vec<u64> = paths.iter().map(|own| own.path).collect();
    let bar = bar_of_paths("first events", numbers.len() as u64, false);
    let looked = replay_parts(&scenario.model, &numbers, |parts| {
        let found = first_events(parts, leading.at_least_eth(), |row| scope.loss_eth(row));
        bar.inc(1);
        found
    });
    bar.finish_and_clear();
    let check = |(found, own): (Option<FirstEvents>, &LeadingPath)| match found {
        Some(found) if found.loss_eth.to_bits() == own.loss_eth.to_bits() => Ok(found),
        found => {
            let (path, then, name) = (own.path, own.loss_eth, &scope.name);
            let now = found.map_or_else(|| "less".to_owned(), |found| found.loss_eth.to_string());
            Err(recorded.differs(&format!(
                "path {path} is not that of the run: {name} loses {now} ETH, and lost {then}"
            )))
        }
    };
    looked.into_iter().zip(paths).map(check).collect()
}

fn write(
    args: &Reverse,
    scenario: &Scenario<'_>,
    asked: &Asked,
    reversal: &Reversal,
) -> anyhow::Result<()> {
    let Some(output) = &args.output else { return Ok(()) };
    let mut table = Table::new(&REVERSE);
    let of = (scenario.name.as_str(), &scenario.model);
    push_reversal(&mut table, of, (&asked.scope, asked.asked_eth), reversal);
    let metadata = [
        ("schema_version", SCHEMA_VERSION.to_owned()),
        ("program", program()),
        ("result", args.result.display().to_string()),
        ("seed", scenario.spec.seed.to_string()),
        ("horizon_days", scenario.model.horizon_days().to_string()),
    ];
    let metadata = metadata.into_iter().map(|(key, value)| (format!("slashfall.{key}"), value));
    write_file(output, table, &metadata.collect::<Vec<_>>())?;
    Ok(())
}

/// What is wrong with a file that is to be written: better told before the work than after it.
fn problem_of_output(output: &Path) -> Option<Problem> {
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    let expected = if output.exists() {
        "a file that is not there yet was expected; this one is left alone"
    } else if folder.is_some_and(|folder| !folder.is_dir()) {
        "a file in a folder that is there was expected"
    } else {
        return None;
    };
    Some(Problem::new(output.display().to_string(), expected))
}
