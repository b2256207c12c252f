//! What fired on a path: each event by name, and as a clause of a sentence.

use std::io::Write;

use slashfall_cascade::{Effect, Happened};
use slashfall_sampling::{Source, SourceKind, StressEvent};

use super::Story;
use super::words::{NOTHING_ETH, amount, capital, share, things};
use crate::number::{count, percent};
use crate::table::plain_table;

/// Events of which a paragraph speaks one by one; the costliest.
const TOLD: usize = 4;
/// Events that a table lists; the costliest.
const LISTED: usize = 20;

/// Whose numbers the sources of a record are.
#[derive(Clone, Copy, Debug)]
pub enum Names<'a> {
    /// Those of a model.
    Sources(&'a [Source]),
    /// Those of the events of a stress.
    Events(&'a [StressEvent]),
}

impl<'a> Names<'a> {
    /// Name, kind and effect of a source.
    fn of(self, number: u32) -> (&'a str, SourceKind, Effect) {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        match self {
            Self::Sources(sources) => {
                let source = &sources[number];
                (source.name(), source.kind(), source.effect())
            }
            Self::Events(events) => {
                let event = &events[number];
                (event.name(), event.kind(), event.effect())
            }
        }
    }
}

/// An event of the path.
#[derive(Clone, Copy, Debug)]
pub struct Fired<'a> {
    /// Its name, which begins with its kind.
    pub name: &'a str,
    /// What kind of source it is of.
    pub kind: SourceKind,
    /// What it does.
    pub effect: Effect,
    /// The day on which it took effect, from 1.
    pub day: u32,
    /// When it happened, in days from the start.
    pub tau_days: f64,
    /// How hard, in the unit of its kind.
    pub severity: f64,
    /// What it cost at once, in ETH.
    pub loss_eth: f64,
}

impl Fired<'_> {
    /// The name without the kind.
    fn target(&self) -> &str {
        let kind = self.name.strip_prefix(self.kind.name()).unwrap_or(self.name);
        kind.trim_start_matches('/')
    }

    /// The last part of the name.
    fn last(&self) -> &str {
        self.target().rsplit('/').next().unwrap_or_default()
    }

    /// The last part but one.
    fn before_last(&self) -> &str {
        self.target().rsplit('/').nth(1).unwrap_or_default()
    }

    /// How hard, in the unit of its kind.
    #[must_use]
    pub fn severity(&self) -> String {
        severity(self.kind, self.severity)
    }

    /// What fired and how hard, in few words.
    pub(super) fn short(&self) -> String {
        format!("{} {}", self.name, self.severity())
    }
}

/// How hard, in the unit of the kind.
#[must_use]
pub fn severity(kind: SourceKind, severity: f64) -> String {
    if kind == SourceKind::ClientOutage {
        // Epochs are whole to anybody who reads them.
        return format!("{severity:.0} epochs");
    }
    percent(severity)
}

impl<'a> Story<'a> {
    /// The name of a source of the record.
    pub(super) fn source_name(&self, number: u32) -> &'a str {
        self.names.of(number).0
    }

    /// What fired, in order.
    #[must_use]
    pub fn fired(&self) -> Vec<Fired<'a>> {
        let fired = self.path.record.steps.iter().filter_map(|step| match step.happened {
            Happened::Fired { source, tau_days, severity, loss_eth } => {
                let (name, kind, effect) = self.names.of(source);
                let day = step.day;
                Some(Fired { name, kind, effect, day, tau_days, severity, loss_eth })
            }
            _ => None,
        });
        fired.collect()
    }

    /// Writes the costliest events, in order of time.
    ///
    /// # Errors
    /// When `out` does not take them.
    pub fn write_events(&self, out: &mut impl Write) -> std::io::Result<()> {
        let fired = self.fired();
        if fired.is_empty() {
            return writeln!(out, "nothing fired");
        }
        let (shown, rest) = costliest(&fired, LISTED);
        let header = ["event", "day", "severity", "loss at once"].map(str::to_owned);
        let mut table = plain_table(&header);
        for event in shown.into_iter().map(|index| &fired[index]) {
            let (day, loss) = (format!("{:.1}", event.tau_days), amount(event.loss_eth));
            table.add_row([event.name.to_owned(), day, event.severity(), loss]);
        }
        writeln!(out, "{}", table.trim_fmt())?;
        if rest.is_empty() {
            return Ok(());
        }
        let cost: f64 = rest.iter().map(|&index| fired[index].loss_eth).sum();
        let cost = match cost.abs() < NOTHING_ETH {
            true => "nothing at once".to_owned(),
            false => format!("less, {} ETH in all", amount(cost)),
        };
        writeln!(out, "{} cost {cost} (--json lists all).", things(rest.len(), "further event"))
    }

    /// What fired, in a sentence or two.
    pub(super) fn tell_events(&self) -> String {
        let fired = self.fired();
        if fired.is_empty() {
            return match self.names {
                Names::Sources(_) => "Nothing fired on this path.",
                Names::Events(_) => "No event happens in this stress.",
            }
            .to_owned();
        }
        let (told, rest) = costliest(&fired, TOLD);
        let clauses: Vec<String> = told.iter().map(|&index| self.clause(&fired[index])).collect();
        let mut text = capital(&clauses.join("; ")) + ".";
        if !rest.is_empty() {
            let cost: f64 = rest.iter().map(|&index| fired[index].loss_eth).sum();
            let further = things(rest.len(), "further event");
            text += &match cost.abs() < NOTHING_ETH {
                true => format!(" There were {further}, which cost nothing at once."),
                false => format!(" There were {further}, which cost {} ETH at once.", amount(cost)),
            };
        }
        text
    }

    fn clause(&self, event: &Fired<'_>) -> String {
        let mut clause = format!("on day {}, {}", event.day, self.what(event));
        if event.loss_eth.abs() >= NOTHING_ETH {
            clause += &format!(", which cost {} ETH at once", amount(event.loss_eth));
        }
        clause
    }

    fn what(&self, event: &Fired<'_>) -> String {
        let hard = share(event.severity);
        let asset = |id| self.network.asset(id).name.as_str();
        let last = event.last();
        match (event.kind, event.effect) {
            (_, Effect::Exploit { asset: id, .. }) => {
                format!("{hard} of the backing of {} was stolen", asset(id))
            }
            (_, Effect::UnbackedMint { asset: id, .. }) => {
                format!("units of {} were minted without backing, {hard} of its supply", asset(id))
            }
            (_, Effect::Depeg { asset: id, flight }) => {
                let added = (event.severity > 0.0)
                    .then(|| format!("a panic added {hard} to the discount of {}", asset(id)));
                let left = (flight > 0.0).then(|| {
                    let (part, name) = (share(flight), asset(id));
                    format!("{part} of the depth of the pools of {name} was withdrawn")
                });
                added.into_iter().chain(left).collect::<Vec<_>>().join(" and ")
            }
            (_, Effect::WithdrawSupply { reserve }) => {
                let reserve = &self.network.reserve(reserve).name;
                format!("suppliers wanted {hard} of their claims out of {reserve}")
            }
            (_, Effect::Outage { .. }) => {
                let group = group(event);
                // Epochs are whole to anybody who reads them.
                format!("validators of {group} were offline for {:.0} epochs", event.severity)
            }
            (SourceKind::GroupIncident, Effect::SlashValidators { .. }) => {
                format!("{hard} of the validators of {} were slashed", group(event))
            }
            (SourceKind::GroupIncident, _) => {
                format!("operators of {} were slashed by their AVSs by {hard}", group(event))
            }
            (_, Effect::SlashValidators { .. }) => {
                format!("{hard} of the validators of the operator {last} were slashed")
            }
            (_, Effect::SlashOperator { reach_all }) => {
                let more =
                    if reach_all { ", and stake that no AVS has a claim on was taken" } else { "" };
                format!(
                    "the operator {last} was compromised and slashed by its AVSs by {hard}{more}"
                )
            }
            (SourceKind::AvsFault, Effect::SlashByAvs) => {
                format!("the AVS {} slashed the operator {last} by {hard}", event.before_last())
            }
            (_, Effect::SlashByAvs) => format!("the AVS {last} slashed its operators by {hard}"),
        }
    }

    /// How many were slashed and attacked, in a sentence; none where nobody was.
    pub(super) fn tell_attacks(&self) -> Option<String> {
        let attacks = self.path.record.steps.iter().filter_map(|step| match step.happened {
            Happened::Attacked { avs, loss_eth, users_eth, .. } => {
                Some((step.day, avs, loss_eth, users_eth))
            }
            _ => None,
        });
        let attacks: Vec<_> = attacks.collect();
        let (first, ..) = attacks.first()?;
        let names: Vec<String> = attacks
            .iter()
            .take(5)
            .map(|(_, avs, ..)| self.network.avs(*avs).name.clone())
            .collect();
        let (slashed, users) =
            attacks.iter().fold((0.0, 0.0), |sums, a| (sums.0 + a.2, sums.1 + a.3));
        let which = match attacks.len() > names.len() {
            true => format!(
                "{} AVSs, {} among them,",
                count(attacks.len() as u64),
                super::words::list(&names)
            ),
            false if names.len() == 1 => format!("The AVS {}", names[0]),
            false => format!("The AVSs {}", super::words::list(&names)),
        };
        let (verb, when) = match attacks.len() {
            1 => ("was", format!("on day {first}")),
            _ => ("were", format!("from day {first} on")),
        };
        let users = match users < NOTHING_ETH {
            true => "nothing".to_owned(),
            false => format!("{} ETH", amount(users)),
        };
        let slashed = amount(slashed);
        Some(format!(
            "{which} {verb} attacked {when}: coalitions of operators were slashed for it, which \
             cost {slashed} ETH, and users lost {users}."
        ))
    }
}

/// The positions of the `n` costliest events, in order of time, and of the rest.
#[must_use]
pub fn costliest(fired: &[Fired<'_>], n: usize) -> (Vec<usize>, Vec<usize>) {
    let mut shown: Vec<usize> = (0..fired.len()).collect();
    shown.sort_by(|a, b| fired[*b].loss_eth.total_cmp(&fired[*a].loss_eth));
    let rest = shown.split_off(n.min(shown.len()));
    shown.sort_unstable();
    (shown, rest)
}

/// A group by its kind and name.
fn group(event: &Fired<'_>) -> String {
    let kind = match event.before_last() {
        "entity" => "company",
        kind => kind,
    };
    format!("the {kind} {}", event.last())
}
