//! `slashfall replay`: plays a path of a result again, from its number alone, and tells it.

use std::io::Write;
use std::path::Path;

use anyhow::bail;
use serde_json::json;
use slashfall_graph::{Problem, Problems};
use slashfall_output::{ListedPath, ScopeKind, figure_names, listed_paths, path_row, scopes};
use slashfall_sampling::{PathRecord, Scenario, replay as play};

use crate::Ending;
use crate::args::Replay;
use crate::number::{count, eth};
use crate::recorded::Recorded;
use crate::story::{Names, Story, costliest};
use crate::summary::plain_table;

/// Events that a line of the list names.
const EVENTS_SHOWN: usize = 2;

pub(crate) fn replay(args: &Replay) -> anyhow::Result<Ending> {
    let recorded = Recorded::read(&args.result, &args.scenario, args.network.as_deref())?;
    if let Some(note) = recorded.note() {
        writeln!(std::io::stderr(), "{note}")?;
    }
    let network = recorded.load_network()?;
    let scenario = recorded.resolve(&network)?;
    let Some(n) = args.worst else {
        let path = args.path.unwrap_or_default();
        return replay_one(args, &recorded, &scenario, path);
    };
    let scope = find_scope(args, &scenario)?;
    let listed = listed_paths(&args.result, &args.scenario)?.ok_or_else(|| {
        let expected = "a result with tail_paths.parquet was expected; run it anew";
        Problems::from(Problem::new(args.result.display().to_string(), expected))
    })?;
    let mut worst: Vec<ListedPath> = listed;
    worst.retain(|path| path.scope_kind == scope.0.name() && path.scope == scope.1);
    worst.truncate(usize::try_from(n).unwrap_or(usize::MAX));
    replay_worst(args, &recorded, &scenario, &scope, &worst)
}

fn replay_one(
    args: &Replay,
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    path: u64,
) -> anyhow::Result<Ending> {
    if path >= recorded.n_paths {
        let n = recorded.n_paths;
        let last = n.saturating_sub(1);
        let expected = match n {
            0 => "a result of `run` was expected; this one has no paths to replay".to_owned(),
            _ => format!("a path of scenario {} was expected: 0 to {last}", scenario.name),
        };
        return Err(Problems::from(Problem::new("--path", expected).value(path.to_string())).into());
    }
    let record = play_one(scenario, path);
    let checked = compare(&args.result, scenario, &record)?;
    let story = story(scenario, &record);
    let mut out = std::io::stdout().lock();
    if args.json {
        let mut page = story.json();
        page["path"] = json!(path);
        page["scenario"] = json!(scenario.name);
        page["checked"] = json!(checked.word());
        writeln!(out, "{page:#}")?;
        return Ok(Ending::Done);
    }
    print_story(&mut out, args, recorded, &story, (scenario, path))?;
    writeln!(out, "\n{}", checked.sentence())?;
    Ok(Ending::Done)
}

fn play_one(scenario: &Scenario<'_>, path: u64) -> PathRecord {
    let mut played = play(&scenario.model, &[path], |record| record);
    played.swap_remove(0)
}

fn story<'a>(scenario: &'a Scenario<'_>, record: &'a PathRecord) -> Story<'a> {
    Story::new(scenario.model.network(), record, Names::Sources(scenario.model.sources()))
}

fn print_story(
    out: &mut impl Write,
    args: &Replay,
    recorded: &Recorded,
    story: &Story<'_>,
    (scenario, path): (&Scenario<'_>, u64),
) -> std::io::Result<()> {
    let meta = scenario.model.network().meta();
    writeln!(
        out,
        "\n{} on {} ({}{}), scenario {}: path {} of {}, {} days, seed {}",
        scenario.spec.name,
        meta.name,
        meta.as_of,
        if meta.synthetic { ", partly synthetic" } else { "" },
        scenario.name,
        path,
        count(recorded.n_paths),
        scenario.model.horizon_days(),
        scenario.spec.seed,
    )?;
    story.print_events(out)?;
    writeln!(out)?;
    story.print(out, args.all_days)
}

/// Against what a replayed path could be held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Checked {
    Row,
    Losses,
    Nothing,
}

impl Checked {
    fn word(self) -> &'static str {
        match self {
            Self::Row => "paths",
            Self::Losses => "tail_paths",
            Self::Nothing => "nothing",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Row => "All figures are those of the path's row in paths/, to the last bit.",
            Self::Losses => {
                "The losses are those that tail_paths.parquet has of this path, to the last bit."
            }
            Self::Nothing => "The result has no figures of this path to compare with.",
        }
    }
}

/// Holds a replayed path against what the result says of it.
fn compare(result: &Path, scenario: &Scenario<'_>, record: &PathRecord) -> anyhow::Result<Checked> {
    let network = scenario.model.network();
    let path = record.path;
    if let Some(row) = path_row(result, &scenario.name, path)? {
        let names = figure_names(network);
        if !row.iter().map(|(name, _)| name).eq(&names) {
            bail!("the figures of path {path} in paths/ are others than those of this program");
        }
        for ((name, there), here) in row.iter().zip(&record.figures) {
            if there.to_bits() != here.to_bits() {
                bail!("path {path} is not that of the run: {name} is {here}, and was {there}");
            }
        }
        return Ok(Checked::Row);
    }
    let listed = listed_paths(result, &scenario.name)?.unwrap_or_default();
    let own: Vec<&ListedPath> = listed.iter().filter(|listed| listed.path == path).collect();
    for scope in scopes(scenario.model.setting()) {
        let here = scope.loss_eth(&record.figures);
        let is_of = |listed: &&&ListedPath| {
            listed.scope_kind == scope.kind.name() && listed.scope == scope.name
        };
        let Some(there) = own.iter().find(is_of).map(|listed| listed.loss_eth) else { continue };
        if there.to_bits() != here.to_bits() {
            let name = &scope.name;
            bail!("path {path} is not that of the run: {name} loses {here} ETH, and lost {there}");
        }
    }
    Ok(if own.is_empty() { Checked::Nothing } else { Checked::Losses })
}

/// The scope that is meant, by kind and name.
fn find_scope(args: &Replay, scenario: &Scenario<'_>) -> Result<(ScopeKind, String), Problems> {
    let wanted = |kind| match args.market {
        true => kind == ScopeKind::AssetMarket,
        false => kind != ScopeKind::AssetMarket,
    };
    let all = scopes(scenario.model.setting());
    let own: Vec<_> = all.iter().filter(|scope| wanted(scope.kind)).collect();
    if let Some(scope) = own.iter().find(|scope| scope.name == args.scope) {
        return Ok((scope.kind, scope.name.clone()));
    }
    let expected = match args.market {
        true => "a wrapped asset was expected, since --market ranks by its price",
        false => "system, a wrapped asset, a portfolio or a channel was expected",
    };
    let names = own.iter().map(|scope| scope.name.as_str());
    Err(Problem::new("--scope", expected).value(&args.scope).nearest_of(names).into())
}

fn replay_worst(
    args: &Replay,
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    scope: &(ScopeKind, String),
    worst: &[ListedPath],
) -> anyhow::Result<Ending> {
    let mut numbers: Vec<u64> = worst.iter().map(|listed| listed.path).collect();
    numbers.sort_unstable();
    let played = play(&scenario.model, &numbers, |record| record);
    let record = |path: u64| numbers.binary_search(&path).ok().map(|at| &played[at]);
    let mut checked = None;
    for listed in worst {
        if let Some(record) = record(listed.path) {
            checked = checked.or(Some((record, compare(&args.result, scenario, record)?)));
        }
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        let listed = worst.iter().map(|listed| {
            let page = record(listed.path).map(|record| story(scenario, record).json());
            json!({
                "rank": listed.rank, "path": listed.path, "loss_eth": listed.loss_eth,
                "events": page.map(|page| page["events"].clone()),
            })
        });
        let told = checked.map(|(record, checked)| {
            let mut page = story(scenario, record).json();
            page["path"] = json!(record.path);
            page["checked"] = json!(checked.word());
            page
        });
        let page = json!({
            "scenario": scenario.name, "scope_kind": scope.0.name(), "scope": scope.1,
            "paths": listed.collect::<Vec<_>>(), "worst": told,
        });
        writeln!(out, "{page:#}")?;
        return Ok(Ending::Done);
    }
    let Some((first, checked)) = checked else {
        writeln!(
            out,
            "No path of scenario {} is listed on which {} lost anything.",
            scenario.name,
            shown(scope)
        )?;
        return Ok(Ending::Done);
    };
    print_list(&mut out, args, scenario, scope, (worst, &record))?;
    print_story(&mut out, args, recorded, &story(scenario, first), (scenario, first.path))?;
    writeln!(out, "\n{}", checked.sentence())?;
    Ok(Ending::Done)
}

/// A scope as it is spoken of.
fn shown((kind, name): &(ScopeKind, String)) -> String {
    match kind {
        ScopeKind::System if name == "system" => "the system".to_owned(),
        ScopeKind::System => name.clone(),
        ScopeKind::Asset => format!("{name} (nav)"),
        ScopeKind::AssetMarket => format!("{name} (market)"),
        ScopeKind::Portfolio => format!("portfolio {name}"),
        ScopeKind::Channel => format!("channel {name}"),
    }
}

fn print_list<'r>(
    out: &mut impl Write,
    args: &Replay,
    scenario: &Scenario<'_>,
    scope: &(ScopeKind, String),
    (worst, record): (&[ListedPath], &impl Fn(u64) -> Option<&'r PathRecord>),
) -> std::io::Result<()> {
    writeln!(out, "\nWorst paths of {}, scenario {}", shown(scope), scenario.name)?;
    let header = ["rank", "path", "loss, ETH", "costliest events", "to replay it"];
    let mut table = plain_table(&header.map(str::to_owned));
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(comfy_table::CellAlignment::Left);
    }
    for listed in worst {
        let fired = record(listed.path).map(|record| story(scenario, record).fired());
        let fired = fired.unwrap_or_default();
        let (shown, rest) = costliest(&fired, EVENTS_SHOWN);
        let named = shown.iter().map(|&index| &fired[index]);
        let mut events: Vec<String> =
            named.map(|event| format!("{} (day {})", event.name, event.day)).collect();
        if !rest.is_empty() {
            events.push(format!("{} more", rest.len()));
        }
        table.add_row([
            listed.rank.to_string(),
            listed.path.to_string(),
            eth(listed.loss_eth),
            if events.is_empty() { "none".to_owned() } else { events.join(", ") },
            command(args, listed.path),
        ]);
    }
    writeln!(out, "{}", table.trim_fmt())
}

/// What one types to replay a path.
fn command(args: &Replay, path: u64) -> String {
    let quoted = |text: &str| match text
        .contains(|c: char| !c.is_ascii_alphanumeric() && !"-_./=".contains(c))
    {
        true => format!("'{}'", text.replace('\'', r"'\''")),
        false => text.to_owned(),
    };
    let mut command =
        format!("slashfall replay {} --path {path}", quoted(&args.result.display().to_string()));
    if args.scenario != "base" {
        command += &format!(" --scenario {}", quoted(&args.scenario));
    }
    if let Some(network) = &args.network {
        command += &format!(" --network {}", quoted(&network.display().to_string()));
    }
    command
}
