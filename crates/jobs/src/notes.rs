//! What is not wrong with an input but should be known: warnings, and what has no effect.

use std::collections::BTreeSet;

use slashfall_graph::Problem;
use slashfall_output::Collector;
use slashfall_sampling::Scenario;

use crate::input::Input;
use crate::number::count;

/// Events as manifests have them among what has no effect: of those only a run says that they have none.
pub const EVENTS: &str = "`event`";

/// What is not wrong but should be known: warnings, and what has no effect.
#[must_use]
pub fn notes(input: &Input, scenarios: &[Scenario<'_>]) -> Vec<String> {
    let warnings = warnings(input, scenarios).into_iter().map(|w| format!("warning: {w}"));
    let idle = without_effect(scenarios).into_iter().filter(|what| what != EVENTS);
    let idle = idle
        .map(|what| format!("note: {what} is checked but has no effect on a run of this version"));
    let mut seen = BTreeSet::new();
    warnings.chain(idle).filter(|note| seen.insert(note.clone())).collect()
}

/// What is not wrong with the network or a scenario but should be known, each once.
pub(crate) fn warnings(input: &Input, scenarios: &[Scenario<'_>]) -> Vec<Problem> {
    let of_scenarios =
        scenarios.iter().flat_map(|scenario| scenario.warnings.iter().chain(&scenario.late));
    let mut seen = BTreeSet::new();
    let all = input.warnings.iter().chain(of_scenarios);
    all.filter(|warning| seen.insert(warning.to_string())).cloned().collect()
}

/// What a run says of events, where there are any.
pub(crate) fn note_of_events(scenarios: &[Scenario<'_>]) -> Option<String> {
    let has_events = without_effect(scenarios).contains(EVENTS);
    has_events.then(|| format!("note: {EVENTS} is for `slashfall stress`; a run draws its events"))
}

/// Keys that are read and that a run makes no use of.
pub(crate) fn without_effect(scenarios: &[Scenario<'_>]) -> BTreeSet<String> {
    let keys = scenarios.iter().flat_map(|scenario| &scenario.spec.not_applied);
    keys.map(|key| format!("`{key}`")).collect()
}

/// What should be known before the paths of a scenario are believed.
pub(crate) fn doubts(scenario: &str, collector: &Collector) -> Vec<String> {
    let n_paths = count(collector.n_paths());
    let warn = |n: u64, what: &str| {
        (n > 0).then(|| {
            let n = count(n);
            format!("warning: {n} of {n_paths} paths of scenario {scenario} {what}")
        })
    };
    let truncated = warn(
        collector.n_truncated(),
        "were cut off at cascade.max_rounds while something still changed; raise it",
    );
    let unbalanced = warn(
        collector.n_unbalanced(),
        "have books that are off by more than 1e-9 of the stake, which is a fault of the program",
    );
    truncated.into_iter().chain(unbalanced).collect()
}
