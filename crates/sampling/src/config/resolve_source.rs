//! From `[[source]]` entries to sources: one for each target, later entries over earlier ones; and
//! from `[[event]]` entries to what happens in a stress.

use std::collections::BTreeMap;

use slashfall_cascade::{Effect, Hit, Target};
use slashfall_graph::{AssetId, AvsId, GroupId, Network, OperatorId, Problem, ReserveId};

use super::names::Book;
use super::node::Node;
use super::resolve::factor_numbers;
use super::spec::{EventSpec, GroupEffect, KindSpec, RateSpec, RunSpec, SourceSpec};
use crate::copula::{Copula, event_probability};
use crate::keys::{Purpose, StreamKey};
use crate::rate::{Evidence, Rate};
use crate::source::{Class, Named, Reach, Source};
use crate::stress::StressEvent;

/// Stands between the parts of a name of a stream; no name has it, so no two names run together.
const SEPARATOR: &str = "\u{1f}";

/// The sources of a scenario.
pub(super) struct Sources {
    pub(super) classes: Vec<Class>,
    pub(super) sources: Vec<Source>,
    pub(super) evidence: Vec<Evidence>,
    /// Names of the evidence in their own order, each with its place in the list.
    pub(super) evidence_names: Vec<(String, usize)>,
    pub(super) warnings: Vec<Problem>,
}

/// A source before it is known whether a later entry replaces it.
struct Draft {
    /// Kind, id and target: what a later entry replaces, and the name of the streams.
    name: String,
    named: Named,
    effect: Effect,
    reach: Vec<Hit>,
}

impl Sources {
    pub(super) fn resolve(spec: &RunSpec, book: &Book<'_, '_>, copula: Copula) -> Self {
        let drafts: Vec<Vec<Draft>> = spec
            .sources
            .iter()
            .map(|entry| roomy_drafts(&entry.kind, &entry.id, &entry.at, book))
            .collect();
        let mut last_entry: BTreeMap<&str, usize> = BTreeMap::new();
        for (entry, drafts) in drafts.iter().enumerate() {
            last_entry.extend(drafts.iter().map(|draft| (draft.name.as_str(), entry)));
        }
        let factors = factor_numbers(spec);
        let mut evidence = EvidenceList::default();
        let (mut classes, mut sources, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, (source, drafts)) in spec.sources.iter().zip(&drafts).enumerate() {
            let class = classes.len();
            let start = sources.len();
            let own = drafts.iter().filter(|draft| last_entry[draft.name.as_str()] == entry);
            sources.extend(own.map(|draft| finish(draft, source, class, book.network)));
            if start == sources.len() {
                let why = if drafts.is_empty() { NO_TARGET } else { OVERRIDDEN };
                let warning = source.at.problem(book.file, "source", why);
                warnings.push(warning.value(source.kind.kind().name()));
                loadings(source, &factors, copula, book); // a wrong name is a problem all the same
                continue;
            }
            warnings.extend(doubt_of_cut(source, book.file));
            let rate = evidence.rate(source, book);
            classes.push(Class {
                id: source.id.clone(),
                rate,
                threshold: threshold(rate, spec, copula),
                residual: residual(source, copula),
                loadings: loadings(source, &factors, copula, book),
                severity: source.severity.clone(),
                participation: participation(&source.kind),
                sources: start..sources.len(),
            });
        }
        let evidence_names = evidence.by_name.into_iter().map(|(name, (at, _))| (name, at));
        let evidence_names = evidence_names.collect();
        Self { classes, sources, evidence: evidence.list, evidence_names, warnings }
    }
}

/// Share of the draws of a severity that may be cut without a word.
const MUCH_CUT: f64 = 0.01;

/// That much of a severity lies beyond all that there is to lose.
fn doubt_of_cut(source: &SourceSpec, file: &str) -> Option<Problem> {
    let share = source.severity.share_cut();
    let expected = format!(
        "{:.1} % of the draws of this {} are more than there is to lose and count as all of it; a smaller shape or scale has fewer",
        100.0 * share,
        source.kind.kind().name(),
    );
    (share > MUCH_CUT).then(|| source.severity_at.problem(file, "source.severity", expected))
}

/// Why no source comes of an entry.
const NO_TARGET: &str = "its target matches nothing in the network, so no source comes of it";
const OVERRIDDEN: &str = "later entries override all that it names, so no source comes of it";

/// What happens in a scenario's stress.
#[derive(Default)]
pub(super) struct Happenings {
    /// In time order, at one time in file order.
    pub(super) events: Vec<StressEvent>,
    /// What is hardly meant.
    pub(super) warnings: Vec<Problem>,
    /// Events after the horizon.
    pub(super) late: Vec<Problem>,
}

/// The events of a scenario's stress.
///
/// All names are looked up, those in events of other scenarios too: they are wrong in any case.
pub(super) fn resolve_events(spec: &RunSpec, scenario: &str, book: &Book<'_, '_>) -> Happenings {
    let mut found = Happenings::default();
    for entry in &spec.events {
        let drafts = roomy_drafts(&entry.kind, &entry.id, &entry.at, book);
        if drafts.is_empty() {
            let why = "its target matches nothing in the network, so nothing comes of it";
            let warning = entry.at.problem(book.file, "event", why);
            found.warnings.push(warning.value(entry.kind.kind().name()));
        }
        if entry.day > f64::from(spec.horizon_days) {
            found.late.push(late(entry, spec, book));
        } else if entry.scenario.as_deref().is_none_or(|named| named == scenario) {
            found.events.extend(drafts.into_iter().map(|draft| happening(draft, entry)));
        }
    }
    found.events.sort_by(|a, b| a.day.total_cmp(&b.day));
    found
}

/// That an event is after the horizon.
fn late(entry: &EventSpec, spec: &RunSpec, book: &Book<'_, '_>) -> Problem {
    let horizon = spec.horizon_days;
    let expected = format!("a day up to the horizon, at most {horizon}, was expected");
    let day = entry.at.get("day").unwrap_or(&entry.at);
    day.problem(book.file, "event.day", expected).value(day.shown())
}

fn happening(draft: Draft, entry: &EventSpec) -> StressEvent {
    StressEvent {
        day: entry.day,
        name: shown(&draft.name),
        kind: entry.kind.kind(),
        severity: entry.severity,
        effect: draft.effect,
        hits: draft.reach,
    }
}

/// The name of a stream as people read it: kind, id where there is one, target.
fn shown(name: &str) -> String {
    let parts: Vec<&str> = name.split(SEPARATOR).filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

fn finish(draft: &Draft, entry: &SourceSpec, class: usize, network: &Network) -> Source {
    let key = StreamKey::new(Purpose::Source, &draft.name);
    let participation = StreamKey::new(Purpose::Participation, &draft.name);
    let reach = draft.reach.iter().map(|&hit| Reach {
        hit,
        participation_key: participation.with(&network.operator(operator_of(hit, network)).name),
    });
    Source {
        name: shown(&draft.name),
        kind: entry.kind.kind(),
        named: draft.named,
        class,
        key,
        severity_key: StreamKey::new(Purpose::Severity, &draft.name),
        effect: draft.effect,
        reach: reach.collect(),
    }
}

fn operator_of(hit: Hit, network: &Network) -> OperatorId {
    match hit.target {
        Target::Operator(operator) => operator,
        Target::Member(member) => network.member(member).operator,
    }
}

/// Posteriors, each once, by the name that their sources share.
#[derive(Default)]
struct EvidenceList {
    list: Vec<Evidence>,
    by_name: BTreeMap<String, (usize, (f64, f64))>,
}

impl EvidenceList {
    /// Sources share a draw by label; without a label, those of one entry do. The stream is named
    /// by the label, or by what the entry says of itself, never by its place in the file.
    fn rate(&mut self, entry: &SourceSpec, book: &Book<'_, '_>) -> Rate {
        let (events, exposure_years, label, scale) = match &entry.rate {
            RateSpec::Known(rate) => return Rate::Known(*rate),
            RateSpec::Evidence { events, exposure_years, label, scale } => {
                (*events, *exposure_years, label, *scale)
            }
        };
        let name = match label {
            Some(label) => format!("label{SEPARATOR}{label}"),
            None => {
                let target = entry.at.get("target").map(Node::shown).unwrap_or_default();
                [entry.kind.kind().name(), &entry.id, &target].join(SEPARATOR)
            }
        };
        if let Some(&(known, figures)) = self.by_name.get(&name) {
            if figures != (events, exposure_years) {
                report_other_evidence(entry, figures, book);
            }
            return Rate::Drawn { evidence: known, scale };
        }
        let key = StreamKey::new(Purpose::Evidence, &name);
        let Some(evidence) = Evidence::new(events, exposure_years, key) else {
            let expected = "evidence with a posterior was expected: more exposure, or fewer events";
            let problem = entry.at.problem(book.file, "source.rate", expected);
            book.problems.borrow_mut().push(problem);
            return Rate::Known(0.0);
        };
        self.by_name.insert(name, (self.list.len(), (events, exposure_years)));
        self.list.push(evidence);
        Rate::Drawn { evidence: self.list.len() - 1, scale }
    }
}

/// One draw cannot come from two posteriors.
fn report_other_evidence(entry: &SourceSpec, (events, years): (f64, f64), book: &Book<'_, '_>) {
    let expected = format!(
        "the evidence of the earlier entry that shares this draw was expected: \
         {events} events in {years} years"
    );
    let node = entry.at.get("rate").unwrap_or(&entry.at);
    let problem = node.problem(book.file, "source.rate", expected).value(node.shown());
    book.problems.borrow_mut().push(problem);
}

fn threshold(rate: Rate, spec: &RunSpec, copula: Copula) -> Option<f64> {
    let Rate::Known(rate) = rate else { return None };
    let p = event_probability(rate, f64::from(spec.horizon_days));
    copula.threshold(p)
}

fn residual(source: &SourceSpec, copula: Copula) -> f64 {
    if copula == Copula::Independent {
        return 1.0;
    }
    let squares: f64 = source.loadings.iter().map(|(_, a)| a * a).sum();
    (1.0 - squares).max(0.0).sqrt()
}

fn loadings(
    source: &SourceSpec,
    factors: &BTreeMap<&str, usize>,
    copula: Copula,
    book: &Book<'_, '_>,
) -> Vec<(usize, f64)> {
    let known = source.loadings.iter().filter(|(name, _)| {
        let is_known = factors.contains_key(name.value.as_str());
        let valid = factors.keys().copied();
        book.known(name, "loadings", "a factor of [dependence]", is_known, valid)
    });
    let numbered = known.filter_map(|(name, a)| Some((*factors.get(name.value.as_str())?, *a)));
    let numbered: Vec<(usize, f64)> = numbered.collect();
    if copula == Copula::Independent { Vec::new() } else { numbered }
}

fn participation(kind: &KindSpec) -> f64 {
    match kind {
        KindSpec::AvsIncident { participation, .. }
        | KindSpec::GroupIncident { participation, .. } => *participation,
        _ => 1.0,
    }
}

/// What an entry comes to; nothing where that is too much.
fn roomy_drafts(kind: &KindSpec, id: &str, at: &Node, book: &Book<'_, '_>) -> Vec<Draft> {
    let mut found = drafts(kind, id, book);
    let n_hits = found.iter().map(|draft| 1 + draft.reach.len()).sum();
    if !book.take_room(n_hits, at) {
        found.clear();
    }
    found
}

fn drafts(kind: &KindSpec, id: &str, book: &Book<'_, '_>) -> Vec<Draft> {
    let name = |target: &[&str]| {
        let own = [kind.kind().name(), id];
        own.iter().chain(target).copied().collect::<Vec<_>>().join(SEPARATOR)
    };
    match kind {
        KindSpec::AvsFault { avs, operator } => {
            member_drafts(book, &book.avss(avs), &book.operators(operator), name)
        }
        KindSpec::AvsIncident { avs, .. } => avs_drafts(book, &book.avss(avs), name),
        KindSpec::OperatorCompromise { operator, reach_all } => {
            let effect = Effect::SlashOperator { reach_all: *reach_all };
            operator_drafts(book, &book.operators(operator), effect, name)
        }
        KindSpec::ValidatorIncident { operator, background } => {
            let effect = Effect::SlashValidators { background: *background };
            operator_drafts(book, &book.operators(operator), effect, name)
        }
        KindSpec::GroupIncident { groups, group_kind, effect, .. } => {
            let effect = |_| match *effect {
                GroupEffect::SlashByAvss { reach_all } => Effect::SlashOperator { reach_all },
                GroupEffect::SlashValidators { background } => {
                    Effect::SlashValidators { background }
                }
            };
            group_drafts(book, &book.groups(groups, group_kind.as_ref()), effect, name)
        }
        KindSpec::ClientOutage { groups, group_kind, background } => {
            let effect = |group| Effect::Outage {
                background: background.unwrap_or_else(|| group_share(book.network, group)),
            };
            group_drafts(book, &book.groups(groups, group_kind.as_ref()), effect, name)
        }
        KindSpec::Exploit { asset, sale_days } => {
            let effect = |asset| Effect::Exploit { asset, sale_days: *sale_days };
            asset_drafts(book, &book.wrapped(asset), effect, name)
        }
        KindSpec::UnbackedMint { asset, pledge_share } => {
            let effect = |asset| Effect::UnbackedMint { asset, pledge_share: *pledge_share };
            asset_drafts(book, &book.wrapped(asset), effect, name)
        }
        KindSpec::Depeg { asset, flight } => {
            let effect = |asset| Effect::Depeg { asset, flight: *flight };
            asset_drafts(book, &book.wrapped(asset), effect, name)
        }
        KindSpec::ReserveWithdrawal { reserve } => {
            reserve_drafts(book, &book.reserves(reserve), name)
        }
    }
}

fn member_drafts(
    book: &Book<'_, '_>,
    avss: &[AvsId],
    operators: &[OperatorId],
    name: impl Fn(&[&str]) -> String,
) -> Vec<Draft> {
    let network = book.network;
    let members = avss.iter().flat_map(|&avs| network.avs_members(avs));
    let members =
        members.filter(|&&m| operators.binary_search(&network.member(m).operator).is_ok());
    let draft = |&member| {
        let registration = network.member(member);
        let (avs, operator) =
            (network.avs(registration.avs), network.operator(registration.operator));
        Draft {
            name: name(&[&avs.name, &operator.name]),
            named: Named::Member(member),
            effect: Effect::SlashByAvs,
            reach: vec![Hit { target: Target::Member(member), share: 1.0 }],
        }
    };
    members.map(draft).collect()
}

fn avs_drafts(book: &Book<'_, '_>, avss: &[AvsId], name: impl Fn(&[&str]) -> String) -> Vec<Draft> {
    let network = book.network;
    let hit = |&member| Hit { target: Target::Member(member), share: 1.0 };
    let draft = |&avs| Draft {
        name: name(&[&network.avs(avs).name]),
        named: Named::Avs(avs),
        effect: Effect::SlashByAvs,
        reach: network.avs_members(avs).iter().map(hit).collect(),
    };
    avss.iter().map(draft).collect()
}

fn reserve_drafts(
    book: &Book<'_, '_>,
    reserves: &[ReserveId],
    name: impl Fn(&[&str]) -> String,
) -> Vec<Draft> {
    let draft = |&reserve| Draft {
        name: name(&[&book.network.reserve(reserve).name]),
        named: Named::Reserve(reserve),
        effect: Effect::WithdrawSupply { reserve },
        reach: Vec::new(),
    };
    reserves.iter().map(draft).collect()
}

fn operator_drafts(
    book: &Book<'_, '_>,
    operators: &[OperatorId],
    effect: Effect,
    name: impl Fn(&[&str]) -> String,
) -> Vec<Draft> {
    let draft = |&operator| Draft {
        name: name(&[&book.network.operator(operator).name]),
        named: Named::Operator(operator),
        effect,
        reach: vec![Hit { target: Target::Operator(operator), share: 1.0 }],
    };
    operators.iter().map(draft).collect()
}

fn group_drafts(
    book: &Book<'_, '_>,
    groups: &[GroupId],
    effect: impl Fn(GroupId) -> Effect,
    name: impl Fn(&[&str]) -> String,
) -> Vec<Draft> {
    let draft = |&id| {
        let group = book.network.group(id);
        let hit = |member: &slashfall_graph::GroupMember| Hit {
            target: Target::Operator(member.operator),
            share: member.share,
        };
        Draft {
            name: name(&[&group.kind, &group.name]),
            named: Named::Group(id),
            effect: effect(id),
            reach: group.members.iter().map(hit).collect(),
        }
    };
    groups.iter().map(draft).collect()
}

fn asset_drafts(
    book: &Book<'_, '_>,
    assets: &[AssetId],
    effect: impl Fn(AssetId) -> Effect,
    name: impl Fn(&[&str]) -> String,
) -> Vec<Draft> {
    let draft = |&asset| Draft {
        name: name(&[&book.network.asset(asset).name]),
        named: Named::Asset(asset),
        effect: effect(asset),
        reach: Vec::new(),
    };
    assets.iter().map(draft).collect()
}

/// Share of the network's native ETH that is in a group: what the stake outside the network is
/// taken to have of it too, where nothing better is given.
fn group_share(network: &Network, group: GroupId) -> f64 {
    let native = |operator: OperatorId| -> f64 {
        network.operator_native(operator).iter().map(|&h| network.holding(h).units).sum()
    };
    let all = network.native_eth();
    let members = &network.group(group).members;
    let inside: f64 = members.iter().map(|member| member.share * native(member.operator)).sum();
    if all > 0.0 { inside / all } else { 0.0 }
}
