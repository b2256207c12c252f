//! `slashfall replay`: plays a path of a result again, from its number alone, and prints it.

use std::io::Write;

use serde_json::json;
use slashfall_graph::{Problem, Problems};
use slashfall_jobs::number::eth;
use slashfall_jobs::replay::{
    ReplayOptions, Replayed, Worst, command, find_scope, replay as play, replay_worst, shown,
};
use slashfall_jobs::story::{Story, costliest};
use slashfall_jobs::{Recorded, plain_table};
use slashfall_output::{ListedPath, ScopeKind, listed_paths};
use slashfall_sampling::Scenario;

use crate::args::Replay;
use crate::streams::stdout;
use crate::{Ending, say};

/// Events that a line of the list names.
const EVENTS_SHOWN: usize = 2;

pub(crate) fn replay(args: &Replay) -> anyhow::Result<Ending> {
    let recorded = options(args).open()?;
    if let Some(note) = recorded.note() {
        say::line(&note);
    }
    let network = recorded.load_network()?;
    let scenario = recorded.resolve(&network)?;
    if args.worst.is_none() {
        let replayed = play(&recorded, &scenario, args.path.unwrap_or_default())?;
        return show(args, &recorded, &scenario, &replayed);
    }
    let scope = find_scope(&args.scope, args.market, &scenario)?;
    let scope = (scope.kind, scope.name);
    let listed = listed_paths(&args.result, &args.scenario)?.ok_or_else(|| {
        let expected = "a result with tail_paths.parquet was expected; run it anew";
        Problems::from(Problem::new(args.result.display().to_string(), expected))
    })?;
    show_worst(args, &recorded, &scenario, &scope, &listed)
}

fn options(args: &Replay) -> ReplayOptions {
    ReplayOptions {
        result: args.result.clone(),
        scenario: args.scenario.clone(),
        network: args.network.clone(),
    }
}

fn show(
    args: &Replay,
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    replayed: &Replayed,
) -> anyhow::Result<Ending> {
    let mut out = stdout();
    if args.json {
        let mut page = replayed.json(scenario);
        page["scenario"] = json!(scenario.name);
        writeln!(out, "{page:#}")?;
    } else {
        replayed.tell(&mut out, recorded, scenario, args.all_days)?;
    }
    Ok(Ending::Done)
}

fn show_worst(
    args: &Replay,
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    scope: &(ScopeKind, String),
    listed: &[ListedPath],
) -> anyhow::Result<Ending> {
    let n = args.worst.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    let mut out = stdout();
    if args.json {
        let worst =
            replay_worst(recorded, scenario, listed, (scope, n), |story| story.events_json())?;
        writeln!(out, "{:#}", worst.json(scenario, scope))?;
        return Ok(Ending::Done);
    }
    let worst = replay_worst(recorded, scenario, listed, (scope, n), events_cell)?;
    let Some(first) = &worst.first else {
        writeln!(
            out,
            "No path of scenario {} is listed on which {} lost anything.",
            scenario.name,
            shown(scope)
        )?;
        return Ok(Ending::Done);
    };
    print_list(&mut out, args, scenario, scope, &worst)?;
    first.tell(&mut out, recorded, scenario, args.all_days)?;
    Ok(Ending::Done)
}

fn print_list(
    out: &mut impl Write,
    args: &Replay,
    scenario: &Scenario<'_>,
    scope: &(ScopeKind, String),
    worst: &Worst<String>,
) -> std::io::Result<()> {
    writeln!(out, "\nWorst paths of {}, scenario {}", shown(scope), scenario.name)?;
    let header = ["rank", "path", "loss, ETH", "costliest events", "to replay it"];
    let mut table = plain_table(&header.map(str::to_owned));
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(comfy_table::CellAlignment::Left);
    }
    for (listed, events) in &worst.told {
        table.add_row([
            listed.rank.to_string(),
            listed.path.to_string(),
            eth(listed.loss_eth),
            events.clone(),
            command(&args.result, &args.scenario, args.network.as_deref(), listed.path),
        ]);
    }
    writeln!(out, "{}", table.trim_fmt())
}

/// The costliest events of a path in few words.
fn events_cell(story: &Story<'_>) -> String {
    let fired = story.fired();
    let (shown, rest) = costliest(&fired, EVENTS_SHOWN);
    let named = shown.iter().map(|&index| &fired[index]);
    let mut events: Vec<String> =
        named.map(|event| format!("{} (day {})", event.name, event.day)).collect();
    if !rest.is_empty() {
        events.push(format!("{} more", rest.len()));
    }
    if events.is_empty() { "none".to_owned() } else { events.join(", ") }
}
