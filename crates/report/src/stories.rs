//! Paths of the tail that teach most, and what is told of them.

use crate::rows::Rows;
use crate::tables::{Subject, Tables};

/// A path of the tail, told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TailStory {
    /// Number of the path.
    pub path: u64,
    /// Why it was chosen.
    pub why: String,
    /// What happened, in plain words.
    pub paragraph: String,
    /// Its days, from the first to the horizon.
    pub days: Vec<TailDay>,
    /// What fired, in order of time; the costliest where that is much.
    pub events: Vec<TailEvent>,
    /// What replays it.
    pub command: String,
}

/// An event of a path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TailEvent {
    /// When, in days.
    pub day: f64,
    /// The source that fired.
    pub name: String,
    /// What holders lost by it at once, in ETH.
    pub loss_eth: f64,
}

/// The end of a day of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TailDay {
    /// Day, 1 is the first.
    pub day: u32,
    /// Direct loss of the system up to its end, falls of base-asset prices left out, in ETH.
    pub direct_eth: f64,
    /// Loss by contagion up to its end, in ETH.
    pub contagion_eth: f64,
    /// The deepest discount of a wrapped asset at its end, a fraction.
    pub discount: f64,
}

/// What [`crate::Report::instructive`] gives.
pub(crate) fn chosen(tables: &Tables, subject: &Subject) -> Vec<(u64, String)> {
    let listed = &tables.tail_paths;
    let own = subject.rows(listed);
    let path = |row: usize| listed.number(row, "path").map_or(0, whole);
    let Some(&worst) = own.first() else { return Vec::new() };
    let mut chosen = vec![(worst, "the worst path of all".to_owned())];
    let es = subject.figure(&tables.summary, &subject.scenario, "es");
    if let Some(es) = es.and_then(|row| tables.summary.number(row, "value")) {
        let off =
            |row: usize| listed.number(row, "loss").map_or(f64::MAX, |loss| (loss - es).abs());
        let nearest = own.iter().copied().min_by(|a, b| off(*a).total_cmp(&off(*b)));
        if let Some(row) = nearest.filter(|row| *row != worst) {
            chosen.push((row, "its loss is nearest the expected shortfall".to_owned()));
        }
    }
    let kinds: Vec<String> = chosen.iter().map(|(row, _)| dearest(listed, *row)).collect();
    let rest = || own.iter().copied().filter(|row| chosen.iter().all(|(taken, _)| taken != row));
    let other = rest().find(|row| {
        let kind = dearest(listed, *row);
        !kind.is_empty() && !kinds.contains(&kind)
    });
    if let Some(row) = other {
        let kind = dearest(listed, row);
        let why = format!("the worst path whose largest loss came through another channel, {kind}");
        chosen.push((row, why));
    } else if let Some(row) = rest().next() {
        chosen.push((row, "the next worst path".to_owned()));
    }
    chosen.into_iter().map(|(row, why)| (path(row), why)).collect()
}

/// The channel through which most was lost on a listed path; empty where that is not known.
fn dearest(listed: &Rows, row: usize) -> String {
    let channels = listed.columns().filter_map(|column| {
        let channel = column.strip_prefix("channel.")?;
        Some((channel, listed.number(row, column)?))
    });
    let most = channels.filter(|(channel, _)| *channel != "base_price");
    let most = most.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, loss)| *loss > 0.0);
    most.map_or_else(String::new, |(channel, _)| channel.to_owned())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of paths are whole, not negative and far below 2^53"
)]
fn whole(number: f64) -> u64 {
    number as u64
}
