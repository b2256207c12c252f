//! Reads `[[event]]` entries, of which a stress is made: what happens for certain, and when.

use super::read::required;
use super::read_source::{Role, read_happening, read_id, read_kind, read_severity_number};
use super::section::{Range, Section};
use super::spec::{EventSpec, ScenarioSpec};

/// Events in file order.
pub(super) fn read_events(root: &Section<'_, '_>, scenarios: &[ScenarioSpec]) -> Vec<EventSpec> {
    let events = root.sections("event");
    // A run draws what happens; only a stress is told.
    root.without_effect("event");
    let sweep_is_read =
        root.here().get("sweep").is_none() || scenarios.iter().any(|scenario| scenario.is_swept);
    let names = scenarios.iter().map(|scenario| scenario.name.as_str());
    let names: Option<Vec<&str>> =
        sweep_is_read.then(|| std::iter::once("base").chain(names).collect());
    events.into_iter().filter_map(|event| read_event(event, names.as_deref())).collect()
}

/// Reads one; `scenarios` are the names of all, none where not all could be read.
fn read_event(event: Section<'_, '_>, scenarios: Option<&[&str]>) -> Option<EventSpec> {
    let kind = read_kind(&event);
    let id = read_id(&event);
    let what = "when it happens, in days from the as-of date";
    let day = required(&event, "day", what, |key| event.number(key, Range::Positive));
    let scenario = read_name_of_scenario(&event, scenarios);
    let (kind, spec) = read_happening(&event, kind, Role::Event)?;
    let severity = read_severity_number(&event, kind);
    let at = event.here().clone();
    event.finish();
    // What could not be read has been told, and is filled in so that names are still looked up.
    Some(EventSpec {
        scenario: scenario.unwrap_or_default(),
        day: day.unwrap_or(1.0),
        id,
        kind: spec?,
        severity: severity.unwrap_or_default(),
        at,
    })
}

/// The scenario it is in: the outer option is none when that could not be read, the inner one when
/// the event is in all.
fn read_name_of_scenario(
    event: &Section<'_, '_>,
    scenarios: Option<&[&str]>,
) -> Option<Option<String>> {
    if event.here().get("scenario").is_none() {
        event.node("scenario");
        return Some(None);
    }
    let name = event.text("scenario")?;
    if let Some(scenarios) = scenarios
        && !scenarios.contains(&name.value.as_str())
    {
        let expected = "\"base\" or a scenario of this file was expected";
        let problem = name.at.problem(event.reading().file, &event.path("scenario"), expected);
        let all = scenarios.iter().copied();
        event.reading().report_near(problem.value(&name.value), all);
        return None;
    }
    Some(Some(name.value))
}
