//! Reads `[sampling]`: how paths are drawn, and which losses they should know well.

use super::section::{Range, Section};
use super::spec::{Located, Method, SamplingSpec};
use crate::importance::Goal;

const METHODS: [(&str, Method); 4] = [
    ("plain", Method::Plain),
    ("importance", Method::Importance),
    ("auto", Method::Auto),
    ("sobol", Method::Sobol),
];

/// Scopes of the system that importance sampling can aim at.
pub(super) const SYSTEM_SCOPES: [&str; 5] =
    ["system", "system_direct", "system_contagion", "system_market", "system_ex_price"];

impl SamplingSpec {
    /// Share of plain paths where the run file gives none: what is not aimed at is known twice as
    /// ill as by as many plain paths, and what is aimed at a seventh less well than it could be.
    pub const DEFENSIVE_SHARE: f64 = 0.25;

    /// What an absent section means; `section` is where it would be.
    pub(super) fn absent(section: &super::node::Node) -> Self {
        Self {
            method: Method::Plain,
            scope: Located { value: SYSTEM_SCOPES[0].to_owned(), at: section.place() },
            goal: None,
            defensive_share: Self::DEFENSIVE_SHARE,
        }
    }
}

pub(super) fn read_sampling(root: &Section<'_, '_>) -> SamplingSpec {
    let absent = SamplingSpec::absent(root.here());
    let Some(sampling) = root.section("sampling") else { return absent };
    let method = match sampling.node("method") {
        Some(_) => sampling.choice("method", &METHODS),
        None => Some(Method::Plain),
    };
    let spec = SamplingSpec {
        scope: sampling.text("scope").unwrap_or(absent.scope),
        goal: read_goal(&sampling),
        defensive_share: sampling.number_or(
            "defensive_share",
            Range::Probability,
            absent.defensive_share,
        ),
        method: method.unwrap_or(absent.method),
    };
    if matches!(method, Some(Method::Plain | Method::Sobol)) {
        // A scenario may change the method alone, so these are no mistake; but it is said.
        let idle = ["scope", "level", "loss_eth", "defensive_share"];
        idle.iter().for_each(|key| sampling.without_effect(key));
    }
    sampling.finish();
    spec
}

fn read_goal(sampling: &Section<'_, '_>) -> Option<Goal> {
    let level = sampling.number("level", Range::Probability);
    let loss_eth = sampling.number("loss_eth", Range::Positive);
    if let (Some(node), Some(_)) = (sampling.here().get("loss_eth"), sampling.here().get("level")) {
        sampling.wrong("loss_eth", node, "either `level` or `loss_eth` was expected, not both");
        return None;
    }
    level.map(Goal::Level).or(loss_eth.map(Goal::Loss))
}
