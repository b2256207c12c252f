//! What limits are called: in tables by a code, on the page in words.

use slashfall_output::measures::Estimate;
use slashfall_sizing::{Ask, Binding, CandidateKind, Exposure, ExposureKind, Limit, Problem, Risk};

use super::page::names::text;
use crate::number::{eth, level, percent};

/// What a candidate is, in tables.
pub(super) fn kind_of(kind: CandidateKind) -> &'static str {
    match kind {
        CandidateKind::Asset(_) => "asset",
        CandidateKind::Pool { .. } => "pool",
        CandidateKind::Loop { .. } => "loop",
    }
}

/// A budget, in tables.
pub(super) fn code_of_risk(risk: &Risk) -> &'static str {
    match risk.ask {
        Ask::Shortfall { .. } => "es",
        Ask::LossAbove { .. } => "loss",
        Ask::StuckAbove { .. } => "liquidity",
    }
}

/// What stops a position, in tables.
pub(super) fn code_of(problem: &Problem, binding: Binding) -> String {
    match binding {
        Binding::Most => "most".to_owned(),
        Binding::Size => "size".to_owned(),
        Binding::Risk(number) => code_of_risk(&problem.risks[number]).to_owned(),
        Binding::Exposure(number) => code_of_exposure(&problem.exposures[number]),
    }
}

fn code_of_exposure(own: &Exposure) -> String {
    format!("{} {}", own.kind.name(), own.name)
}

/// What more of would buy something, in tables.
pub(super) fn code_of_limit(problem: &Problem, limit: Limit) -> String {
    match limit {
        Limit::Size => "size".to_owned(),
        Limit::Risk(number) => code_of_risk(&problem.risks[number]).to_owned(),
        Limit::Exposure(number) => code_of_exposure(&problem.exposures[number]),
    }
}

/// A kind of name on the page.
pub(super) fn exposure_kind(kind: ExposureKind) -> &'static str {
    match kind {
        ExposureKind::Entity => "company",
        ExposureKind::Avs => "AVS",
        ExposureKind::Protocol => "protocol",
        ExposureKind::Bridge => "bridged token",
    }
}

/// A name on the page, with its kind.
pub(super) fn exposure(own: &Exposure) -> String {
    format!("{} {}", exposure_kind(own.kind), own.name)
}

/// A budget on the page.
pub(super) fn budget(risk: &Risk) -> String {
    match risk.ask {
        Ask::Shortfall { level: own } => format!("ES {}", level(own.get())),
        Ask::LossAbove { eth: above } => format!("P(loss above {} ETH)", eth(above)),
        Ask::StuckAbove { eth: above } => format!("P(more than {} ETH stuck)", eth(above)),
    }
}

/// What stops a position, on the page.
pub(super) fn binding(problem: &Problem, binding: Binding) -> String {
    match binding {
        Binding::Most => "its own `max_eth`".to_owned(),
        Binding::Size => "the whole treasury".to_owned(),
        Binding::Risk(number) => budget(&problem.risks[number]),
        Binding::Exposure(number) => text(&exposure(&problem.exposures[number])),
    }
}

/// A limit on the page.
pub(super) fn limit(problem: &Problem, of: Limit) -> String {
    match of {
        Limit::Size => "the size of the treasury".to_owned(),
        Limit::Risk(number) => budget(&problem.risks[number]),
        Limit::Exposure(number) => {
            format!("the limit on {}", text(&exposure(&problem.exposures[number])))
        }
    }
}

/// A figure of a budget in its unit: ETH of a shortfall, else percent.
pub(super) fn amount(risk: &Risk, x: f64) -> String {
    match risk.ask {
        Ask::Shortfall { .. } => format!("{} ETH", eth(x)),
        Ask::LossAbove { .. } | Ask::StuckAbove { .. } => percent(x),
    }
}

/// A figure of a budget with its 95 % interval.
pub(super) fn interval(risk: &Risk, found: &Estimate) -> String {
    let bound = |limit: Option<f64>| limit.map_or_else(|| "?".to_owned(), |x| amount(risk, x));
    let bare = |text: String| text.trim_end_matches(" ETH").to_owned();
    let (low, high) = (bare(bound(found.ci_low)), bare(bound(found.ci_high)));
    format!("{} ({low} to {high})", bare(amount(risk, found.value)))
}

/// Several names as a sentence has them: `a`, `a and b`, `a, b and c`.
pub(super) fn and(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [own] => own.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
