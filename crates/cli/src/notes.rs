//! What is not wrong with an input but should be known: warnings, and what has no effect.

use std::collections::BTreeSet;

use slashfall_sampling::Scenario;

use crate::input::Input;

/// What is not wrong but should be known: warnings, and what has no effect.
pub(crate) fn notes(input: &Input, scenarios: &[Scenario<'_>]) -> Vec<String> {
    let of_scenarios = scenarios.iter().flat_map(|scenario| &scenario.warnings);
    let warnings = input.warnings.iter().chain(of_scenarios).map(|w| format!("warning: {w}"));
    let idle = without_effect(scenarios).into_iter();
    let idle = idle
        .map(|what| format!("note: {what} is checked but has no effect on a run of this version"));
    let mut seen = BTreeSet::new();
    warnings.chain(idle).filter(|note| seen.insert(note.clone())).collect()
}

/// Keys that are read and that a run makes no use of.
pub(crate) fn without_effect(scenarios: &[Scenario<'_>]) -> BTreeSet<String> {
    let keys = scenarios.iter().flat_map(|scenario| &scenario.spec.not_applied);
    keys.map(|key| format!("`{key}`")).collect()
}
