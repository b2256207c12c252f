//! The worst paths of a scope, each played again and held against the list; the worst is told in full.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use slashfall_output::{ListedPath, ScopeKind, numbers_of};
use slashfall_sampling::{PathRecord, Scenario, replay as play};

use super::check::compare;
use super::{Checked, Replayed, story};
use crate::recorded::Recorded;
use crate::story::Story;

/// The worst paths of a scope, worst first.
pub struct Worst<T> {
    /// Each as listed, with what was told of it.
    pub told: Vec<(ListedPath, T)>,
    /// The worst of all; none where none is listed.
    pub first: Option<Replayed>,
}

/// Plays the worst `n` paths of a scope again, of those that are `listed` of the scenario, and keeps
/// what `tell` says of each.
///
/// # Errors
/// When one is not the path that was listed, or is listed twice.
pub fn replay_worst<T: Send>(
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    listed: &[ListedPath],
    ((kind, name), n): (&(ScopeKind, String), usize),
    tell: impl Fn(&Story<'_>) -> T + Sync,
) -> anyhow::Result<Worst<T>> {
    let is_of = |path: &&ListedPath| path.scope_kind == kind.name() && path.scope == *name;
    let worst: Vec<&ListedPath> = listed.iter().filter(is_of).take(n).collect();
    let numbers = numbers_of(&recorded.result, worst.iter().copied(), recorded.n_paths)?;
    let first = worst.first().map(|listed| listed.path);
    let played = play(&scenario.model, &numbers, |record| {
        let told = tell(&story(scenario, &record));
        let checked = compare(recorded, scenario, &record, || Ok(Cow::Borrowed(listed)));
        Played { told, checked, record: (first == Some(record.path)).then_some(record) }
    });
    let mut played: BTreeMap<u64, Played<T>> = numbers.into_iter().zip(played).collect();
    let mut found = Worst { told: Vec::new(), first: None };
    for listed in worst {
        let Some(Played { told, checked, record }) = played.remove(&listed.path) else { continue };
        let checked = checked?;
        found.told.push((listed.clone(), told));
        if let Some(record) = record {
            found.first = Some(Replayed { record, checked });
        }
    }
    Ok(found)
}

/// What is kept of a path.
struct Played<T> {
    told: T,
    checked: anyhow::Result<Checked>,
    /// The path itself, if it is the worst of all, which is told in full.
    record: Option<PathRecord>,
}

impl Worst<Value> {
    /// All of them as JSON, where their events were told so.
    #[must_use]
    pub fn json(&self, scenario: &Scenario<'_>, scope: &(ScopeKind, String)) -> Value {
        let listed = self.told.iter().map(|(listed, events)| {
            json!({
                "rank": listed.rank, "path": listed.path, "loss_eth": listed.loss_eth,
                "events": events,
            })
        });
        json!({
            "scenario": scenario.name, "scope_kind": scope.0.name(), "scope": scope.1,
            "paths": listed.collect::<Vec<_>>(),
            "worst": self.first.as_ref().map(|first| first.json(scenario)),
        })
    }
}
