//! Reads `[[scenario]]` entries, and sees to it that no two scenarios have one name.

use super::read::{MOST_VALUES, required_text};
use super::section::{Range, Section};
use super::spec::{Change, ChangeTo, ScenarioSpec};
use super::sweep::{MAX_SCENARIOS, read_sweep};

/// Scenarios in file order, then those of `[sweep]`.
pub(super) fn read_scenarios(root: &Section<'_, '_>) -> Vec<ScenarioSpec> {
    let mut scenarios: Vec<ScenarioSpec> =
        root.sections("scenario").into_iter().filter_map(read_scenario).collect();
    let swept = read_sweep(root, scenarios.len());
    scenarios.extend(swept);
    let n_all = scenarios.len() + 1;
    let most = MAX_SCENARIOS.min(MOST_VALUES / root.here().n_values());
    if n_all > most {
        let at = root.here().get("scenario").unwrap_or(root.here());
        let expected = format!(
            "at most {most} scenarios in all were expected, for a run file of this length, and there are {n_all}"
        );
        root.reading().report(at.problem(root.reading().file, "scenario", expected));
        return Vec::new();
    }
    repeated_names(root, &scenarios);
    scenarios
}

fn read_scenario(section: Section<'_, '_>) -> Option<ScenarioSpec> {
    let name = required_text(&section, "name", "the name of the scenario");
    let at = section.here().place();
    let change = |key: &str, to| Change { key: key.to_owned(), to, at: at.clone() };
    let mut scaled = Vec::new();
    if let Some(factors) = section.section("scale") {
        for (key, node) in factors.entries() {
            let factor = factors.number_at(key, node, Range::NonNegative);
            scaled.extend(factor.map(|factor| change(key, ChangeTo::Scale(factor))));
        }
    }
    let set = section.section("set");
    let set = set.iter().flat_map(Section::entries);
    let set = set.map(|(key, node)| change(key, ChangeTo::Set(node.clone())));
    // A value that is set and scaled is first set.
    let changes = set.chain(scaled).collect();
    section.finish();
    Some(ScenarioSpec { name: name?, changes, is_swept: false, at })
}

fn repeated_names(root: &Section<'_, '_>, scenarios: &[ScenarioSpec]) {
    for (index, scenario) in scenarios.iter().enumerate() {
        let taken =
            scenario.name == "base" || scenarios[..index].iter().any(|s| s.name == scenario.name);
        if taken {
            let key = if scenario.is_swept { "sweep" } else { "scenario.name" };
            let expected =
                "a name that no other scenario has was expected; \"base\" is always there";
            let problem = scenario.at.problem(root.reading().file, key, expected);
            root.reading().report(problem.value(&scenario.name));
        }
    }
}

/// Refuses keys that a scenario cannot change: what is read once for all, the seed (scenarios share
/// their numbers), and whole sections, which `a.b = 1` without quotes would replace.
pub(super) fn check_key(key: &str) -> Result<(), String> {
    const OF_THE_RUN: [&str; 10] = [
        "name",
        "network",
        "scenario",
        "sweep",
        "event",
        "run.seed",
        "run.horizon_days",
        "run.detail",
        "run.tail_paths",
        "run.split_paths",
    ];
    let first = key.split('.').next().unwrap_or(key);
    if OF_THE_RUN.contains(&first) || OF_THE_RUN.contains(&key) {
        return Err(
            "a key that differs by scenario was expected; this one is of the whole run".into()
        );
    }
    if first == key {
        return Err(
            "a dotted key in quotes was expected, such as \"security.security_slack\"".into()
        );
    }
    Ok(())
}
