//! Reads `[sweep]`: a grid over dotted keys, every combination of which is a scenario.

use super::node::Node;
use super::read_scenario::check_key;
use super::section::{Range, Section};
use super::spec::{Change, ChangeTo, ScenarioSpec};

/// Scenarios of a run file in all. A grid beyond is more than anybody reads, and likely a mistake.
pub(super) const MAX_SCENARIOS: usize = 256;

/// Keys of a grid: eight of two values each are as many scenarios as there may be.
const MAX_AXES: usize = 64;

/// One key of the grid and what becomes of it.
struct Axis {
    steps: Vec<Step>,
    offset: usize,
}

/// One change of a key, with its part of the scenario's name.
#[derive(Clone)]
struct Step {
    change: Change,
    name: String,
}

/// The scenarios of the grid, the first key slowest; `n_others` stand beside them and `base`.
pub(super) fn read_sweep(root: &Section<'_, '_>, n_others: usize) -> Vec<ScenarioSpec> {
    let Some(sweep) = root.section("sweep") else { return Vec::new() };
    let mut axes: Vec<Axis> =
        sweep.entries().filter_map(|(key, node)| read_axis(&sweep, key, node)).collect();
    // A table has its keys in order of the alphabet; the file has its own.
    axes.sort_by_key(|axis| axis.offset);
    if axes.len() < sweep.entries().count() || axes.is_empty() {
        return Vec::new();
    }
    if axes.len() > MAX_AXES {
        sweep.wrong_here(&format!(
            "at most {MAX_AXES} keys were expected, and there are {}",
            axes.len()
        ));
        return Vec::new();
    }
    let n = axes.iter().fold(1, |n: usize, axis| n.saturating_mul(axis.steps.len()));
    let n_all = n.saturating_add(n_others + 1);
    if n_all > MAX_SCENARIOS {
        let expected = format!(
            "at most {MAX_SCENARIOS} scenarios in all were expected, and with this grid there are \
             {n_all}"
        );
        sweep.wrong_here(&expected);
        return Vec::new();
    }
    let combinations = axes.iter().fold(vec![Vec::new()], |combinations, axis| {
        let with = |combination: &Vec<Step>, step: &Step| {
            combination.iter().chain([step]).cloned().collect::<Vec<Step>>()
        };
        combinations.iter().flat_map(|c| axis.steps.iter().map(move |s| with(c, s))).collect()
    });
    combinations.into_iter().map(|steps| scenario(steps, sweep.here())).collect()
}

fn scenario(steps: Vec<Step>, at: &Node) -> ScenarioSpec {
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    let name = names.join(", ");
    let mut changes: Vec<Change> = steps.into_iter().map(|step| step.change).collect();
    // A value that is set and scaled, by kind and by id of a source, is first set.
    changes.sort_by_key(|change| matches!(change.to, ChangeTo::Scale(_)));
    ScenarioSpec { name, changes, is_swept: true, at: at.place() }
}

fn read_axis(sweep: &Section<'_, '_>, key: &str, node: &Node) -> Option<Axis> {
    let path = sweep.path(key);
    if let Err(expected) = check_key(key) {
        sweep.reading().report(node.problem(sweep.reading().file, &path, expected));
        return None;
    }
    let axis = Section::new(sweep.reading(), &path, node)?;
    let steps = match (axis.node("set"), axis.node("scale")) {
        (Some(_), None) => axis.list("set").map(|values| set_steps(key, node, values)),
        (None, Some(_)) => axis
            .numbers("scale", Range::NonNegative)
            .map(|factors| scale_steps(key, node, &factors)),
        _ => {
            axis.wrong_here("either { set = [..] } or { scale = [..] } was expected");
            None
        }
    };
    axis.finish();
    let steps = steps?;
    if steps.is_empty() {
        sweep.wrong(key, node, "at least one value was expected");
        return None;
    }
    Some(Axis { steps, offset: node.origin.offset() })
}

fn set_steps(key: &str, at: &Node, values: &[Node]) -> Vec<Step> {
    let step = |value: &Node| {
        let to = ChangeTo::Set(value.clone());
        let change = Change { key: key.to_owned(), to, at: at.place() };
        Step { change, name: format!("{key}={}", value.shown()) }
    };
    values.iter().map(step).collect()
}

fn scale_steps(key: &str, at: &Node, factors: &[f64]) -> Vec<Step> {
    let step = |&factor: &f64| {
        let to = ChangeTo::Scale(factor);
        let change = Change { key: key.to_owned(), to, at: at.place() };
        Step { change, name: format!("{key} x{factor}") }
    };
    factors.iter().map(step).collect()
}
