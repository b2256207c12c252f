//! `slashfall stress`: plays the events of a run file for certain and prints a ledger of the days.

use std::io::Write;

use serde_json::json;
use slashfall_cascade::{Effect, Figure, YieldParameters};
use slashfall_graph::{Problem, Problems};
use slashfall_jobs::number::{eth, percent};
use slashfall_jobs::story::{Names, Story, severity};
use slashfall_jobs::{
    Config, EVENTS, Input, Overrides, Reach, manifest, metadata, notes, plain_table, proved,
};
use slashfall_output::tables::{push_stress_days, push_stress_steps};
use slashfall_output::{ResultFolder, Table, schema};
use slashfall_sampling::{PathRecord, Scenario, StressEvent, stress as play};

use crate::args::Stress;
use crate::streams::stdout;
use crate::{Ending, say};

/// The run file without a scenario.
const BASE: &str = "base";

pub(crate) fn stress(args: &Stress) -> anyhow::Result<Ending> {
    let overrides = Overrides { set: args.set.clone(), ..Overrides::default() };
    let reach = Reach::anywhere(args.allow_outside);
    let config = Config::File { path: args.run_file.clone(), reach };
    let input = Input::load(&config, &overrides)?;
    let all = input.resolve()?;
    let scenarios = chosen(&all, &args.scenario)?;
    // Every scenario has all of them, those of other scenarios too.
    let late: &[Problem] = all.first().map_or(&[], |scenario| &scenario.late);
    let mut problems = Problems::default();
    late.iter().for_each(|problem| problems.push(problem.clone()));
    problems.or_ok(())?;
    for note in notes(&input, &all) {
        say::line(&note);
    }
    let played: Vec<PathRecord> =
        scenarios.iter().map(|scenario| play(&scenario.model, &scenario.stress)).collect();
    let played: Vec<(&Scenario<'_>, &PathRecord)> = scenarios.into_iter().zip(&played).collect();
    if args.output.is_some() {
        write(args, &input, &all, &played)?;
    }
    let mut out = stdout();
    if args.json {
        writeln!(out, "{:#}", as_json(&input, &played))?;
        return Ok(Ending::Done);
    }
    for (scenario, path) in &played {
        print_title(&mut out, &input, scenario)?;
        if is_as_base(&played, (scenario, path)) {
            writeln!(out, "as base")?;
            continue;
        }
        print_events(&mut out, scenario)?;
        story(scenario, path).write(&mut out, args.all_days)?;
    }
    if played.len() > 1 {
        print_comparison(&mut out, &played)?;
    }
    if let Some(target) = &args.output {
        writeln!(out, "\nwritten to {}", target.display())?;
    }
    Ok(Ending::Done)
}

/// The scenarios of these names, in their own order; all where none is named.
fn chosen<'s, 'n>(
    all: &'s [Scenario<'n>],
    names: &[String],
) -> Result<Vec<&'s Scenario<'n>>, Problems> {
    let mut problems = Problems::default();
    let valid = || all.iter().map(|scenario| scenario.name.as_str());
    for name in names.iter().filter(|name| !valid().any(|valid| valid == **name)) {
        let problem = Problem::new("--scenario", "base or a scenario of the run file was expected");
        problems.push(problem.value(name).nearest_of(valid()));
    }
    let is_named = |scenario: &&Scenario<'_>| names.is_empty() || names.contains(&scenario.name);
    problems.or_ok(all.iter().filter(is_named).collect())
}

fn story<'a>(scenario: &'a Scenario<'_>, path: &'a PathRecord) -> Story<'a> {
    Story::new(scenario.model.network(), path, Names::Events(&scenario.stress))
}

/// True when a scenario that is not base has all figures of base, to the bit.
fn is_as_base(
    played: &[(&Scenario<'_>, &PathRecord)],
    (scenario, path): (&Scenario<'_>, &PathRecord),
) -> bool {
    let bits = |path: &PathRecord| path.figures.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let base = played.iter().find(|(scenario, _)| scenario.name == BASE);
    scenario.name != BASE && base.is_some_and(|(_, base)| bits(base) == bits(path))
}

fn print_title(
    out: &mut impl Write,
    input: &Input,
    scenario: &Scenario<'_>,
) -> std::io::Result<()> {
    let meta = input.network.meta();
    writeln!(
        out,
        "\n{} on {} ({}{}), scenario {}: {} days, nothing drawn",
        input.spec.name,
        meta.name,
        meta.as_of,
        if meta.synthetic { ", partly synthetic" } else { "" },
        scenario.name,
        scenario.model.horizon_days(),
    )
}

/// What happens, and what else the scenario changes that a stress sees.
fn print_events(out: &mut impl Write, scenario: &Scenario<'_>) -> std::io::Result<()> {
    if scenario.stress.is_empty() {
        writeln!(out, "no events")?;
    } else {
        let header = ["event", "day", "severity", ""].map(str::to_owned);
        let mut table = plain_table(&header);
        for event in &scenario.stress {
            let hard = severity(event.kind(), event.severity());
            let day = format!("{}", event.day());
            table.add_row([event.name().to_owned(), day, hard, more(event)]);
        }
        writeln!(out, "{}", table.trim_fmt())?;
    }
    let cuts = yields(scenario);
    if !cuts.is_empty() {
        writeln!(out, "yields: {cuts}")?;
    }
    if !scenario.model.setting().parameters().cascade.enabled {
        writeln!(out, "no cascade: direct losses only")?;
    }
    writeln!(out)
}

/// What an event does besides its severity.
fn more(event: &StressEvent) -> String {
    let of = |share: f64, what: &str| match share > 0.0 {
        true => format!("{} {what}", percent(share)),
        false => String::new(),
    };
    match event.effect() {
        Effect::UnbackedMint { pledge_share, .. } => of(pledge_share, "pledged"),
        Effect::Depeg { flight, .. } => of(flight, "of depth leaves"),
        Effect::Exploit { sale_days, .. } if sale_days > 1 => {
            format!("loot sold over {sale_days} days")
        }
        Effect::Outage { background } | Effect::SlashValidators { background } => {
            of(background, "of the stake outside with it")
        }
        Effect::SlashOperator { reach_all: true } => "unallocated stake too".to_owned(),
        _ => String::new(),
    }
}

/// The yields that are cut or raised, and when.
fn yields(scenario: &Scenario<'_>) -> String {
    let yields = scenario.model.setting().parameters().yields;
    let YieldParameters { staking, avs_fees, incentives, campaign, from_day } = yields;
    let parts = [
        ("staking", staking),
        ("AVS fees", avs_fees),
        ("incentives", incentives),
        ("campaign", campaign),
    ];
    let changed = parts.iter().filter(|(_, factor)| (factor - 1.0).abs() > 0.0);
    let changed: Vec<String> = changed.map(|(name, factor)| format!("{name} x{factor}")).collect();
    match changed.is_empty() {
        true => String::new(),
        false => format!("{} after day {from_day}", changed.join(", ")),
    }
}

fn print_comparison(
    out: &mut impl Write,
    played: &[(&Scenario<'_>, &PathRecord)],
) -> std::io::Result<()> {
    let header = ["scenario, ETH", "total", "direct", "contagion", "worst discount", "of"];
    let mut table = plain_table(&header.map(str::to_owned));
    for (scenario, path) in played {
        let story = story(scenario, path);
        let figure = |figure| eth(rounded(story.figure(figure)));
        let (asset, worst) = story.worst_discount().unwrap_or(("", 0.0));
        table.add_row([
            scenario.name.clone(),
            figure(Figure::Total),
            figure(Figure::Direct),
            figure(Figure::Contagion),
            percent(worst),
            asset.to_owned(),
        ]);
    }
    writeln!(out, "\n{}", table.trim_fmt())
}

/// Less than a hundredth of an ETH is rounding to those who compare.
fn rounded(x: f64) -> f64 {
    if x.abs() < 0.005 { 0.0 } else { x }
}

fn as_json(input: &Input, played: &[(&Scenario<'_>, &PathRecord)]) -> serde_json::Value {
    let meta = input.network.meta();
    let scenarios = played.iter().map(|(scenario, path)| {
        let mut page = story(scenario, path).json();
        page["scenario"] = json!(scenario.name);
        page["horizon_days"] = json!(scenario.model.horizon_days());
        page
    });
    json!({
        "name": input.spec.name,
        "network": meta.name,
        "network_as_of": meta.as_of,
        "network_synthetic": meta.synthetic,
        "scenarios": scenarios.collect::<Vec<_>>(),
    })
}

/// Writes the result folder.
fn write(
    args: &Stress,
    input: &Input,
    all: &[Scenario<'_>],
    played: &[(&Scenario<'_>, &PathRecord)],
) -> anyhow::Result<()> {
    let Some(target) = &args.output else { return Ok(()) };
    let selftest = proved()?;
    let files = input.files();
    let folder = ResultFolder::create(target, args.overwrite, metadata(input, all, &files))?;
    let command: Vec<String> = std::env::args().collect();
    let mut days = Table::new(&schema::STRESS_DAYS);
    let mut steps = Table::new(&schema::STRESS_STEPS);
    let mut manifest = manifest(input, all, files, Some(target), selftest, &command);
    manifest.not_applied.retain(|key| key != EVENTS);
    for (scenario, path) in played {
        let story = story(scenario, path);
        push_stress_days(&mut days, &scenario.name, &input.network, path);
        push_stress_steps(&mut steps, &scenario.name, &story.steps());
        let books_error = story.figure(Figure::BooksError).abs();
        manifest.books_error_max = manifest.books_error_max.max(books_error);
        manifest.unbalanced_paths += u64::from(books_error > 1e-9);
        manifest.truncated_paths += u64::from(story.figure(Figure::TruncatedDays) > 0.0);
    }
    folder.write_table(days)?;
    folder.write_table(steps)?;
    manifest.write(&folder)?;
    folder.finish()?;
    Ok(())
}
