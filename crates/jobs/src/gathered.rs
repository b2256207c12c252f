//! What is gathered of a scenario while its paths come: here, or elsewhere in parts that join.

use std::ops::{ControlFlow, Range};

use serde::{Deserialize, Serialize};
use slashfall_output::measures::Level;
use slashfall_output::tables::{Waypoint, is_waypoint};
use slashfall_output::{
    Collector, Contagion, EventCounts, StoredCollector, StoredContagion, StoredCounts, Wanted,
};
use slashfall_sampling::config::Detail;
use slashfall_sampling::{Batch, Model, Scenario, simulate, simulate_noting};

use crate::run::wanted;

/// Paths a batch: what sources are drawn along together.
pub(crate) const BATCH_PATHS: usize = 4_096;

/// What is gathered of a scenario while its paths come.
pub(crate) struct Gathered {
    pub(crate) collector: Collector,
    /// None where nobody asks who was hit.
    incidents: Option<(Contagion, EventCounts)>,
    levels: Vec<Level>,
    waypoints: Vec<Waypoint>,
}

impl Gathered {
    pub(crate) fn new(scenario: &Scenario<'_>, wanted: &Wanted, levels: Vec<Level>) -> Self {
        Self::of_part(scenario, wanted, levels, 0)
    }

    /// Of the paths from `first_path` on.
    pub(crate) fn of_part(
        scenario: &Scenario<'_>,
        wanted: &Wanted,
        levels: Vec<Level>,
        first_path: u64,
    ) -> Self {
        let model = &scenario.model;
        let is_asked = notes_incidents(scenario);
        Self {
            collector: Collector::for_part(model.setting(), wanted, first_path),
            incidents: is_asked.then(|| (Contagion::new(model), EventCounts::new(model))),
            levels,
            waypoints: Vec::new(),
        }
    }

    /// As it was when that was stored of it: of the first `n_paths` paths, with what was noted on the way. None
    /// when it was stored of anything else.
    pub(crate) fn resume(
        scenario: &Scenario<'_>,
        wanted: &Wanted,
        levels: Vec<Level>,
        n_paths: u64,
        (stored, waypoints): (StoredGathered, Vec<Waypoint>),
    ) -> Option<Self> {
        let mut own = Self::new(scenario, wanted, levels);
        if !own.can_join(&stored, n_paths) {
            return None;
        }
        own.join(stored);
        own.waypoints = waypoints;
        Some(own)
    }

    /// What was noted on the way so far.
    pub(crate) fn noted(&self) -> &[Waypoint] {
        &self.waypoints
    }

    /// Runs paths, gathers what they say, and hands each batch on.
    pub(crate) fn simulate(
        &mut self,
        model: &Model<'_>,
        paths: Range<u64>,
        mut deliver: impl FnMut(&Batch, &Collector) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let notes_incidents = self.incidents.is_some();
        let take = |batch: &Batch| {
            self.absorb(batch);
            deliver(batch, &self.collector)
        };
        if notes_incidents {
            simulate_noting(model, paths, BATCH_PATHS, take)
        } else {
            simulate(model, paths, BATCH_PATHS, take)
        }
    }

    fn absorb(&mut self, batch: &Batch) {
        self.collector.absorb(batch);
        if let Some((contagion, counts)) = &mut self.incidents {
            contagion.absorb(batch);
            counts.absorb(batch);
        }
        self.pass();
    }

    /// Takes the figures where they are noted on the way.
    fn pass(&mut self) {
        let is_passed = self.collector.first_path() == 0 && is_waypoint(self.collector.n_paths());
        if self.incidents.is_some() && is_passed {
            self.waypoints.push(Waypoint::take(&self.collector, &self.levels));
        }
    }

    /// Whether this was gathered of the `n_paths` paths that follow: it comes from a file.
    pub(crate) fn can_join(&self, next: &StoredGathered, n_paths: u64) -> bool {
        let incidents = match (&self.incidents, &next.incidents) {
            (Some((contagion, counts)), Some(next)) => {
                contagion.can_join(&next.0, n_paths) && counts.can_join(&next.1, n_paths)
            }
            (None, None) => true,
            _ => false,
        };
        incidents && self.collector.can_join(&next.collector, n_paths)
    }

    /// Adds the paths that follow, which were gathered elsewhere. No waypoint may lie among them but
    /// at their end; see [`stretches`].
    pub(crate) fn join(&mut self, next: StoredGathered) {
        self.collector.join(next.collector);
        if let Some(((contagion, counts), next)) = self.incidents.as_mut().zip(next.incidents) {
            contagion.join(&next.0);
            counts.join(&next.1);
        }
        self.pass();
    }

    /// What another joins.
    pub(crate) fn stored(&self) -> StoredGathered {
        let incidents = self.incidents.as_ref();
        StoredGathered {
            collector: self.collector.stored(),
            incidents: incidents.map(|(contagion, counts)| (contagion.stored(), counts.stored())),
        }
    }

    pub(crate) fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Who was hit and how often sources fired, where anybody asked.
    pub(crate) fn incidents(&self) -> Option<&(Contagion, EventCounts)> {
        self.incidents.as_ref()
    }

    /// The waypoints, all paths the last.
    pub(crate) fn waypoints(&self) -> Vec<Waypoint> {
        let mut waypoints = self.waypoints.clone();
        if !is_waypoint(self.collector.n_paths()) {
            waypoints.push(Waypoint::take(&self.collector, &self.levels));
        }
        waypoints
    }
}

/// What was gathered of some paths, as it is stored.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredGathered {
    collector: StoredCollector,
    incidents: Option<(StoredContagion, StoredCounts)>,
}

impl StoredGathered {
    /// Bytes that it takes at most, beside what hangs on the network alone.
    pub(crate) fn most_bytes(scenario: &Scenario<'_>) -> u64 {
        wanted(scenario).stored_bytes(scenario.model.setting())
    }
}

/// Parts paths where figures are noted on the way, so that whoever joins them can note them too; where none
/// are, all are one.
pub(crate) fn stretches(scenario: &Scenario<'_>, paths: Range<u64>) -> Vec<Range<u64>> {
    if notes_incidents(scenario) { cut_at_waypoints(paths) } else { vec![paths] }
}

/// Whether it is noted who was hit, and figures on the way.
fn notes_incidents(scenario: &Scenario<'_>) -> bool {
    scenario.spec.detail >= Detail::Standard
}

fn cut_at_waypoints(paths: Range<u64>) -> Vec<Range<u64>> {
    let mut cuts: Vec<u64> = (0..u64::BITS).map(|bit| 1 << bit).collect();
    cuts.retain(|&cut| is_waypoint(cut) && paths.start < cut && cut < paths.end);
    let starts = std::iter::once(paths.start).chain(cuts.iter().copied());
    starts.zip(cuts.iter().copied().chain([paths.end])).map(|(from, to)| from..to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_end_at_waypoints() {
        assert_eq!(cut_at_waypoints(0..10_000), [0..4_096, 4_096..8_192, 8_192..10_000]);
        assert_eq!(cut_at_waypoints(4_096..8_192), vec![4_096..8_192]);
        assert_eq!(cut_at_waypoints(9_000..9_001), vec![9_000..9_001]);
    }
}
