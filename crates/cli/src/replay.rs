//! `slashfall replay`: plays a path of a result again, from its number alone, and tells it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};
use slashfall_graph::{Problem, Problems};
use slashfall_output::{
    ListedPath, Scope, ScopeKind, listed_paths, named_figures, path_row, scopes,
};
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
    if args.worst.is_none() {
        let path = args.path.unwrap_or_default();
        return replay_one(args, &recorded, &scenario, path);
    }
    let scope = find_scope(&args.scope, args.market, &scenario)?;
    let scope = (scope.kind, scope.name);
    let listed = listed_paths(&args.result, &args.scenario)?.ok_or_else(|| {
        let expected = "a result with tail_paths.parquet was expected; run it anew";
        Problems::from(Problem::new(args.result.display().to_string(), expected))
    })?;
    replay_worst(args, &recorded, &scenario, &scope, &listed)
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
        let expected = format!("a path of scenario {} was expected: 0 to {last}", scenario.name);
        return Err(Problems::from(Problem::new("--path", expected).value(path.to_string())).into());
    }
    let record = play_one(scenario, path);
    let checked = compare(recorded, scenario, &record, || {
        let listed = listed_paths(&args.result, &scenario.name)?;
        Ok(Cow::Owned(listed.unwrap_or_default()))
    })?;
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

/// Holds a replayed path against its row in `paths/`; false where there is none.
fn compare_row(
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    record: &PathRecord,
) -> anyhow::Result<bool> {
    let path = record.path;
    let Some(row) = path_row(&recorded.result, &scenario.name, path)? else { return Ok(false) };
    let own: Vec<(String, f64)> =
        named_figures(scenario.model.network(), &record.figures).collect();
    if !row.iter().map(|(name, _)| name).eq(own.iter().map(|(name, _)| name)) {
        return Err(recorded.differs(&format!(
            "the figures of path {path} in paths/ are others than those of this program"
        )));
    }
    for ((name, there), (_, here)) in row.iter().zip(&own) {
        if there.to_bits() != here.to_bits() {
            let said =
                format!("path {path} is not that of the run: {name} is {here}, and was {there}");
            return Err(recorded.differs(&said));
        }
    }
    Ok(true)
}

/// Holds a replayed path against what the result says of it, `listed` being all that
/// `tail_paths.parquet` has of the scenario.
fn compare<'l>(
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    record: &PathRecord,
    listed: impl FnOnce() -> anyhow::Result<Cow<'l, [ListedPath]>>,
) -> anyhow::Result<Checked> {
    if compare_row(recorded, scenario, record)? {
        return Ok(Checked::Row);
    }
    let path = record.path;
    let listed = listed()?;
    let own: Vec<&ListedPath> = listed.iter().filter(|listed| listed.path == path).collect();
    for scope in scopes(scenario.model.setting()) {
        let here = scope.loss_eth(&record.figures);
        let is_of = |listed: &&&ListedPath| {
            listed.scope_kind == scope.kind.name() && listed.scope == scope.name
        };
        let Some(there) = own.iter().find(is_of).map(|listed| listed.loss_eth) else { continue };
        if there.to_bits() != here.to_bits() {
            let name = &scope.name;
            return Err(recorded.differs(&format!(
                "path {path} is not that of the run: {name} loses {here} ETH, and lost {there}"
            )));
        }
    }
    Ok(if own.is_empty() { Checked::Nothing } else { Checked::Losses })
}

/// The scope that is meant, an asset's at the market where that is asked for.
pub(crate) fn find_scope(
    name: &str,
    market: bool,
    scenario: &Scenario<'_>,
) -> Result<Scope, Problems> {
    let wanted = |kind| match market {
        true => kind == ScopeKind::AssetMarket,
        false => kind != ScopeKind::AssetMarket,
    };
    let all = scopes(scenario.model.setting());
    let own: Vec<_> = all.iter().filter(|scope| wanted(scope.kind)).collect();
    if let Some(scope) = own.iter().find(|scope| scope.name == name) {
        return Ok((*scope).clone());
    }
    let expected = match market {
        true => "a wrapped asset was expected, since --market ranks by its price",
        false => "system, a wrapped asset, a portfolio or a channel was expected",
    };
    let names = own.iter().map(|scope| scope.name.as_str());
    Err(Problem::new("--scope", expected).value(name).nearest_of(names).into())
}

/// What is printed of one of the worst paths.
struct Told {
    events: Events,
    checked: anyhow::Result<Checked>,
    /// The path itself, if it is the worst of all, which is told in full.
    record: Option<PathRecord>,
}

/// Events of a path as they are printed.
enum Events {
    Json(Value),
    Cell(String),
}

/// Plays the worst paths and keeps what is printed of each, by its number.
fn play_worst(
    args: &Replay,
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    listed: &[ListedPath],
    worst: &[&ListedPath],
) -> BTreeMap<u64, Told> {
    let mut numbers: Vec<u64> = worst.iter().map(|listed| listed.path).collect();
    numbers.sort_unstable();
    let first = worst.first().map(|listed| listed.path);
    let told = play(&scenario.model, &numbers, |record| {
        let story = story(scenario, &record);
        let events = match args.json {
            true => Events::Json(story.events_json()),
            false => Events::Cell(events_cell(&story)),
        };
        let checked = compare(recorded, scenario, &record, || Ok(Cow::Borrowed(listed)));
        Told { events, checked, record: (first == Some(record.path)).then_some(record) }
    });
    numbers.into_iter().zip(told).collect()
}

fn replay_worst(
    args: &Replay,
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    scope: &(ScopeKind, String),
    listed: &[ListedPath],
) -> anyhow::Result<Ending> {
    let is_of = |path: &&ListedPath| path.scope_kind == scope.0.name() && path.scope == scope.1;
    let n = args.worst.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    let worst: Vec<&ListedPath> = listed.iter().filter(is_of).take(n).collect();
    let mut told = play_worst(args, recorded, scenario, listed, &worst);
    let mut first = None;
    for listed in &worst {
        let Some(told) = told.get_mut(&listed.path) else { continue };
        let checked = std::mem::replace(&mut told.checked, Ok(Checked::Nothing))?;
        first = first.or_else(|| told.record.take().map(|record| (record, checked)));
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        let page = worst_json(scenario, scope, (&worst, &told), first.as_ref());
        writeln!(out, "{page:#}")?;
        return Ok(Ending::Done);
    }
    let Some((first, checked)) = first else {
        writeln!(
            out,
            "No path of scenario {} is listed on which {} lost anything.",
            scenario.name,
            shown(scope)
        )?;
        return Ok(Ending::Done);
    };
    print_list(&mut out, args, scenario, scope, (&worst, &told))?;
    print_story(&mut out, args, recorded, &story(scenario, &first), (scenario, first.path))?;
    writeln!(out, "\n{}", checked.sentence())?;
    Ok(Ending::Done)
}

fn worst_json(
    scenario: &Scenario<'_>,
    scope: &(ScopeKind, String),
    (worst, told): (&[&ListedPath], &BTreeMap<u64, Told>),
    first: Option<&(PathRecord, Checked)>,
) -> Value {
    let listed = worst.iter().map(|listed| {
        let events = told.get(&listed.path).and_then(|told| match &told.events {
            Events::Json(events) => Some(events),
            Events::Cell(_) => None,
        });
        json!({
            "rank": listed.rank, "path": listed.path, "loss_eth": listed.loss_eth, "events": events,
        })
    });
    let first = first.map(|(record, checked)| {
        let mut page = story(scenario, record).json();
        page["path"] = json!(record.path);
        page["checked"] = json!(checked.word());
        page
    });
    json!({
        "scenario": scenario.name, "scope_kind": scope.0.name(), "scope": scope.1,
        "paths": listed.collect::<Vec<_>>(), "worst": first,
    })
}

/// A scope as it is spoken of.
pub(crate) fn shown((kind, name): &(ScopeKind, String)) -> String {
    match kind {
        ScopeKind::System if name == "system" => "the system".to_owned(),
        ScopeKind::System => name.clone(),
        ScopeKind::Asset => format!("{name} (nav)"),
        ScopeKind::AssetMarket => format!("{name} (market)"),
        ScopeKind::Portfolio => format!("portfolio {name}"),
        ScopeKind::Channel => format!("channel {name}"),
    }
}

fn print_list(
    out: &mut impl Write,
    args: &Replay,
    scenario: &Scenario<'_>,
    scope: &(ScopeKind, String),
    (worst, told): (&[&ListedPath], &BTreeMap<u64, Told>),
) -> std::io::Result<()> {
    writeln!(out, "\nWorst paths of {}, scenario {}", shown(scope), scenario.name)?;
    let header = ["rank", "path", "loss, ETH", "costliest events", "to replay it"];
    let mut table = plain_table(&header.map(str::to_owned));
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(comfy_table::CellAlignment::Left);
    }
    for listed in worst {
        let events = told.get(&listed.path).map(|told| match &told.events {
            Events::Cell(events) => events.clone(),
            Events::Json(_) => String::new(),
        });
        table.add_row([
            listed.rank.to_string(),
            listed.path.to_string(),
            eth(listed.loss_eth),
            events.unwrap_or_default(),
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

/// What one types to replay a path.
pub(crate) fn command(result: &Path, scenario: &str, network: Option<&Path>, path: u64) -> String {
    let quoted = |text: &str| match text
        .contains(|c: char| !c.is_ascii_alphanumeric() && !"-_./=".contains(c))
    {
        true => format!("'{}'", text.replace('\'', r"'\''")),
        false => text.to_owned(),
    };
    let mut command =
        format!("slashfall replay {} --path {path}", quoted(&result.display().to_string()));
    if scenario != "base" {
        command += &format!(" --scenario {}", quoted(scenario));
    }
    if let Some(network) = network {
        command += &format!(" --network {}", quoted(&network.display().to_string()));
    }
    command
}
