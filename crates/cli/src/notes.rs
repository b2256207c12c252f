//! What is not wrong with an input but should be known: warnings, and what has no effect.

use std::collections::BTreeSet;

use slashfall_graph::Network;
use slashfall_sampling::Scenario;

use crate::input::Input;

/// What is not wrong but should be known: warnings, and what has no effect.
pub(crate) fn notes(input: &Input, scenarios: &[Scenario<'_>]) -> Vec<String> {
    let of_scenarios = scenarios.iter().flat_map(|scenario| &scenario.warnings);
    let warnings = input.warnings.iter().chain(of_scenarios).map(|w| format!("warning: {w}"));
    let idle = without_effect(&input.network, scenarios).into_iter();
    let idle = idle
        .map(|what| format!("note: {what} is checked but has no effect on a run of this version"));
    let mut seen = BTreeSet::new();
    warnings.chain(idle).filter(|note| seen.insert(note.clone())).collect()
}

/// Keys and tables that are read and that no mechanism makes use of yet.
pub(crate) fn without_effect(network: &Network, scenarios: &[Scenario<'_>]) -> BTreeSet<String> {
    let keys = scenarios.iter().flat_map(|scenario| &scenario.spec.not_applied);
    let mut all: BTreeSet<String> = keys.map(|key| format!("`{key}`")).collect();
    let assets = network.assets();
    let avss = network.avss();
    let tables = [
        ("column `redemption_days` of assets", assets.iter().any(|a| a.redemption_days > 0.0)),
        ("column `secured_value_eth` of avs", avss.iter().any(|a| a.secured_value_eth > 0.0)),
        ("table `pools`", !network.pools().is_empty()),
        ("table `loans` (levered portfolios apart)", !network.markets().is_empty()),
    ];
    all.extend(tables.iter().filter(|(_, there)| *there).map(|(name, _)| (*name).to_owned()));
    all
}
