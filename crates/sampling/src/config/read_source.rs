//! Reads `[[source]]` entries: kind, target, rate, severity, loadings, and the keys of the kind.
//! Events have the same kinds and keys, without what is drawn.

use statrs::distribution::Beta;

use super::node::{Node, NodeValue};
use super::section::{Range, Section};
use super::spec::{GroupEffect, KindSpec, Located, Names, RateSpec, SourceSpec};
use crate::severity::Severity;
use crate::source::SourceKind;

/// Rounding allowed in a sum of squared loadings that is meant to be 1.
const LOADING_ROOM: f64 = 1e-12;

pub(super) fn read_sources(root: &Section<'_, '_>) -> Vec<SourceSpec> {
    root.sections("source").into_iter().filter_map(read_source).collect()
}

/// What an entry is: what may happen, or what does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A `[[source]]`, whose severity and participation are laws.
    Source,
    /// An `[[event]]`, of which nothing is drawn.
    Event,
}

fn read_source(source: Section<'_, '_>) -> Option<SourceSpec> {
    let kind = read_kind(&source);
    let id = read_id(&source);
    let rate = read_rate(&source);
    let loadings = read_loadings(&source);
    let (kind, spec) = read_happening(&source, kind, Role::Source)?;
    let severity = read_severity_of(&source, kind);
    let at = source.here().clone();
    let (severity_key, ..) = severity_key(&source, kind);
    let severity_at = source.node(severity_key).map_or_else(|| at.clone(), Node::place);
    source.finish();
    let (kind, rate, severity, loadings) = (spec?, rate?, severity?, loadings?);
    Some(SourceSpec { id, kind, rate, severity, loadings, at, severity_at })
}

/// The kind.
pub(super) fn read_kind(entry: &Section<'_, '_>) -> Option<SourceKind> {
    if entry.here().get("kind").is_none() {
        entry.missing("kind", "the kind of source, such as avs_fault");
    }
    entry.choice("kind", SourceKind::NAMES)
}

/// Bytes of an id, which every source of an entry has in its name.
const MOST_ID: usize = 200;

/// What tells entries of one kind and target apart.
pub(super) fn read_id(entry: &Section<'_, '_>) -> String {
    let Some(id) = entry.text("id") else { return String::new() };
    if id.value.len() > MOST_ID {
        entry.wrong("id", &id.at, &format!("at most {MOST_ID} bytes were expected"));
        return String::new();
    }
    id.value
}

/// What happens to whom, as far as it could be read; none without a kind, since only the kind says
/// which further keys there may be.
pub(super) fn read_happening(
    entry: &Section<'_, '_>,
    kind: Option<SourceKind>,
    role: Role,
) -> Option<(SourceKind, Option<KindSpec>)> {
    let target = read_target(entry);
    let kind = kind?;
    let spec = read_kind_spec(entry, target.as_ref(), kind, role);
    if let Some(target) = target {
        target.finish();
    }
    Some((kind, spec))
}

fn read_target<'a, 'f>(source: &Section<'a, 'f>) -> Option<Section<'a, 'f>> {
    if source.here().get("target").is_none() {
        source.missing("target", "a table such as { avs = \"*\", operator = \"*\" }");
    }
    source.section("target")
}

/// Reads the keys that a kind alone has. Those of the source come before those of the target, so
/// that a target that cannot be read leaves none of them unasked for.
fn read_kind_spec(
    source: &Section<'_, '_>,
    target: Option<&Section<'_, '_>>,
    kind: SourceKind,
    role: Role,
) -> Option<KindSpec> {
    let participation = || read_participation(source, role);
    Some(match kind {
        SourceKind::AvsFault => {
            let target = target?;
            let (avs, operator) = (read_names(target, "avs"), read_names(target, "operator"));
            if target.here().get("avs").is_none() && target.here().get("operator").is_none() {
                target.wrong_here("avs or operator, or both, were expected");
                return None;
            }
            KindSpec::AvsFault {
                avs: avs.unwrap_or(Names::All),
                operator: operator.unwrap_or(Names::All),
            }
        }
        SourceKind::AvsIncident => KindSpec::AvsIncident {
            participation: participation(),
            avs: required_names(target, "avs")?,
        },
        SourceKind::OperatorCompromise => KindSpec::OperatorCompromise {
            reach_all: read_reach(source),
            operator: required_names(target, "operator")?,
        },
        SourceKind::ValidatorIncident => KindSpec::ValidatorIncident {
            background: source.number_or("background", Range::Fraction, 0.0),
            operator: required_names(target, "operator")?,
        },
        SourceKind::GroupIncident => {
            let (participation, effect) = (participation(), read_group_effect(source));
            let (groups, group_kind) = read_groups(target)?;
            KindSpec::GroupIncident { groups, group_kind, participation, effect: effect? }
        }
        SourceKind::ClientOutage => {
            let background = source.number("background", Range::Fraction);
            let (groups, group_kind) = read_groups(target)?;
            KindSpec::ClientOutage { groups, group_kind, background }
        }
        SourceKind::Exploit => KindSpec::Exploit {
            sale_days: read_sale_days(source),
            asset: required_names(target, "asset")?,
        },
        SourceKind::UnbackedMint => KindSpec::UnbackedMint {
            pledge_share: source.number_or("pledge_share", Range::Fraction, 0.0),
            asset: required_names(target, "asset")?,
        },
        SourceKind::Depeg => KindSpec::Depeg {
            flight: source.number_or("flight", Range::Fraction, 0.0),
            asset: required_names(target, "asset")?,
        },
        SourceKind::ReserveWithdrawal => {
            KindSpec::ReserveWithdrawal { reserve: required_names(target, "reserve")? }
        }
    })
}

fn read_participation(entry: &Section<'_, '_>, role: Role) -> f64 {
    match (role, entry.here().get("participation")) {
        (Role::Event, Some(node)) => {
            entry.node("participation");
            entry.wrong("participation", node, "all take part in an event; leave this key out");
            1.0
        }
        _ => entry.number_or("participation", Range::Fraction, 1.0),
    }
}

/// Days over which the loot is sold: a part of a day is a day.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is above 0, and days beyond 2^32 are cut off there"
)]
fn read_sale_days(entry: &Section<'_, '_>) -> u32 {
    entry.number_or("sale_days", Range::Positive, 1.0).ceil() as u32
}

fn read_reach(source: &Section<'_, '_>) -> bool {
    source.choice("reach", &[("allocated", false), ("all", true)]).unwrap_or(false)
}

fn read_group_effect(source: &Section<'_, '_>) -> Option<GroupEffect> {
    if source.here().get("effect").is_none() {
        source.missing(
            "effect",
            "what happens to each member: operator_compromise, avs_fault or validator_incident",
        );
    }
    let effect = source.choice(
        "effect",
        &[("operator_compromise", 0), ("avs_fault", 1), ("validator_incident", 2)],
    );
    if effect.is_none() {
        // Without the effect nobody can say which of these should not be there.
        source.node("reach");
        source.node("background");
    }
    Some(match effect? {
        0 => GroupEffect::SlashByAvss { reach_all: read_reach(source) },
        1 => GroupEffect::SlashByAvss { reach_all: false },
        _ => GroupEffect::SlashValidators {
            background: source.number_or("background", Range::Fraction, 0.0),
        },
    })
}

fn read_groups(target: Option<&Section<'_, '_>>) -> Option<(Names, Option<Located<String>>)> {
    let target = target?;
    let (groups, kind) = (read_names(target, "group"), target.text("group_kind"));
    if target.here().get("group").is_none() && target.here().get("group_kind").is_none() {
        target.wrong_here("group or group_kind was expected");
        return None;
    }
    Some((groups.unwrap_or(Names::All), kind))
}

fn required_names(target: Option<&Section<'_, '_>>, key: &'static str) -> Option<Names> {
    let target = target?;
    if target.here().get(key).is_none() {
        target.missing(key, "a name, a list of names or \"*\"");
    }
    read_names(target, key)
}

fn read_names(target: &Section<'_, '_>, key: &'static str) -> Option<Names> {
    let node = target.node(key)?;
    let name = |node: &Node| match &node.value {
        NodeValue::Text(name) => Some(Located { value: name.clone(), at: node.clone() }),
        _ => {
            target.wrong(key, node, "a name, a list of names or \"*\" was expected");
            None
        }
    };
    match &node.value {
        NodeValue::Text(all) if all == "*" => Some(Names::All),
        NodeValue::List(list) if !list.is_empty() => {
            Some(Names::Listed(list.iter().filter_map(name).collect()))
        }
        _ => Some(Names::Listed(vec![name(node)?])),
    }
}

fn read_rate(source: &Section<'_, '_>) -> Option<RateSpec> {
    let Some(node) = source.node("rate") else {
        source.missing("rate", "events a year, or { events, exposure_years }");
        return None;
    };
    if !matches!(node.value, NodeValue::Table(_)) {
        return source.number_at("rate", node, Range::NonNegative).map(RateSpec::Known);
    }
    let evidence = source.section("rate")?;
    let events = evidence.number("events", Range::NonNegative);
    let exposure_years = evidence.number("exposure_years", Range::Positive);
    for (key, value) in [("events", events), ("exposure_years", exposure_years)] {
        if value.is_none() && evidence.here().get(key).is_none() {
            evidence.missing(key, "evidence is events seen in exposure_years");
        }
    }
    let label = evidence.text("label").map(|label| label.value);
    let scale = evidence.number_or("scale", Range::NonNegative, 1.0);
    evidence.finish();
    Some(RateSpec::Evidence { events: events?, exposure_years: exposure_years?, label, scale })
}

fn read_loadings(source: &Section<'_, '_>) -> Option<Vec<(Located<String>, f64)>> {
    if source.here().get("loadings").is_none() {
        source.node("loadings");
        return Some(Vec::new());
    }
    let section = source.section("loadings")?;
    let mut loadings = Vec::new();
    for (name, node) in section.entries() {
        let at = Located { value: name.to_owned(), at: node.clone() };
        loadings.push((at, section.number_at(name, node, Range::Correlation)?));
    }
    let squares: f64 = loadings.iter().map(|(_, a)| a * a).sum();
    if squares > 1.0 + LOADING_ROOM {
        section.wrong_here(&format!(
            "squared loadings that sum to at most 1 were expected, these sum to {squares:.6}"
        ));
        return None;
    }
    Some(loadings)
}

/// What the numbers of a severity may be.
#[derive(Clone, Copy)]
struct SeverityRange {
    range: Range,
    /// A generalised Pareto is cut here.
    cap: f64,
}

/// The severity of a source: a law, of which a number is one.
fn read_severity_of(source: &Section<'_, '_>, kind: SourceKind) -> Option<Severity> {
    let (key, range, absent) = severity_key(source, kind);
    let node = source.node(key);
    if node.is_none() && absent.is_none() {
        source.missing(
            key,
            "a number, or one of beta, uniform, generalized_pareto, mixture, empirical",
        );
    }
    match node {
        Some(node) => read_severity(source, key, node, range),
        None => absent.map(Severity::Fixed),
    }
}

/// The severity of an event: a number.
pub(super) fn read_severity_number(event: &Section<'_, '_>, kind: SourceKind) -> Option<f64> {
    let (key, range, absent) = severity_key(event, kind);
    let node = event.node(key);
    if node.is_none() && absent.is_none() {
        event.missing(key, "a number");
    }
    match node {
        Some(node) => event.number_at(key, node, range.range),
        None => absent,
    }
}

/// What the severity of a kind is called, which numbers are good, what its absence means.
fn severity_key(
    entry: &Section<'_, '_>,
    kind: SourceKind,
) -> (&'static str, SeverityRange, Option<f64>) {
    let fraction = SeverityRange { range: Range::Fraction, cap: 1.0 };
    match kind {
        SourceKind::ClientOutage => {
            ("epochs", SeverityRange { range: Range::NonNegative, cap: f64::INFINITY }, None)
        }
        SourceKind::OperatorCompromise => ("severity", fraction, Some(1.0)),
        SourceKind::GroupIncident if is_compromise(entry) => ("severity", fraction, Some(1.0)),
        _ => ("severity", fraction, None),
    }
}

/// True where the effect of a group incident is that of a compromise, whose severity may be absent.
fn is_compromise(source: &Section<'_, '_>) -> bool {
    let compromise = NodeValue::Text("operator_compromise".to_owned());
    source.here().get("effect").is_some_and(|effect| effect.value == compromise)
}

fn read_severity(
    source: &Section<'_, '_>,
    key: &str,
    node: &Node,
    range: SeverityRange,
) -> Option<Severity> {
    if !matches!(node.value, NodeValue::Table(_)) {
        return source.number_at(key, node, range.range).map(Severity::Fixed);
    }
    let section = Section::new(source.reading(), &source.path(key), node)?;
    let forms: Vec<&str> = section.entries().map(|(form, _)| form).collect();
    let [form] = forms[..] else {
        section.wrong_here(&format!("one form was expected: {}", FORMS.join(", ")));
        return None;
    };
    match form {
        "beta" => section.section("beta").and_then(read_beta),
        "uniform" => read_uniform(&section, range),
        "generalized_pareto" => {
            section.section("generalized_pareto").and_then(|s| read_pareto(s, range))
        }
        "mixture" => section.section("mixture").and_then(|s| read_mixture(s, range)),
        "empirical" => read_empirical(&section, range),
        _ => {
            let expected = format!("one of the forms {} was expected", FORMS.join(", "));
            let problem = node.problem(source.reading().file, &source.path(key), expected);
            source.reading().report_near(problem.value(form), FORMS);
            None
        }
    }
}

const FORMS: [&str; 5] = ["beta", "uniform", "generalized_pareto", "mixture", "empirical"];

/// A beta law more concentrated is a number, and quantiles of it are hard to find.
const MAX_CONCENTRATION: f64 = 1e5;

fn read_beta(section: Section<'_, '_>) -> Option<Severity> {
    let mean = present(&section, "mean", Range::Probability);
    let concentration = present(&section, "concentration", Range::Positive);
    let beta = mean.zip(concentration).and_then(|(mean, concentration)| {
        if concentration > MAX_CONCENTRATION {
            section.wrong_here(
                "a concentration of at most 100,000 was expected; beyond, give a fixed severity",
            );
            return None;
        }
        let beta = Beta::new(mean * concentration, (1.0 - mean) * concentration);
        if beta.is_err() {
            section.wrong_here("a mean and a concentration whose product is above 0 were expected");
        }
        beta.ok()
    });
    section.finish();
    beta.map(Severity::Beta)
}

fn read_uniform(section: &Section<'_, '_>, range: SeverityRange) -> Option<Severity> {
    let node = section.node("uniform")?;
    let bounds = section.numbers("uniform", range.range)?;
    match bounds[..] {
        [low, high] if low <= high => Some(Severity::Uniform { low, high }),
        _ => {
            section.wrong("uniform", node, "[low, high] was expected");
            None
        }
    }
}

fn read_pareto(section: Section<'_, '_>, range: SeverityRange) -> Option<Severity> {
    let threshold = present(&section, "threshold", range.range);
    let shape = present(&section, "shape", Range::Finite);
    let scale = present(&section, "scale", Range::Positive);
    section.finish();
    Some(Severity::GeneralizedPareto {
        threshold: threshold?,
        shape: shape?,
        scale: scale?,
        cap: range.cap,
    })
}

fn read_mixture(section: Section<'_, '_>, range: SeverityRange) -> Option<Severity> {
    let at_one = present(&section, "at_one", Range::BelowOne);
    let otherwise = match section.node("else") {
        Some(node) => read_severity(&section, "else", node, range),
        None => {
            section.missing("else", "the severity otherwise");
            None
        }
    };
    if range.cap > 1.0 {
        section.wrong_here("a mixture with a mass at 1 is for fractions, not for epochs");
        return None;
    }
    section.finish();
    Some(Severity::Mixture { at_one: at_one?, otherwise: Box::new(otherwise?) })
}

fn read_empirical(section: &Section<'_, '_>, range: SeverityRange) -> Option<Severity> {
    let node = section.node("empirical")?;
    let mut values = section.numbers("empirical", range.range)?;
    if values.is_empty() {
        section.wrong("empirical", node, "at least one severity was expected");
        return None;
    }
    values.sort_by(f64::total_cmp);
    Some(Severity::Empirical(values))
}

fn present(section: &Section<'_, '_>, key: &'static str, range: Range) -> Option<f64> {
    if section.here().get(key).is_none() {
        section.missing(key, "a number");
    }
    section.number(key, range)
}
