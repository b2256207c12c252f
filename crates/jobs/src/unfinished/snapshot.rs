//! What the paths of a scenario have come to so far, as it is kept.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use slashfall_output::measures::Looks;
use slashfall_output::tables::Waypoint;
use slashfall_sampling::Scenario;
use slashfall_sampling::importance::CheckSums;

use crate::compressed::{encoder, unpacked};
use crate::gathered::StoredGathered;
use crate::run::Played;

/// What the paths of a scenario have come to so far, and all that decides how it goes on.
#[derive(Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) n_paths: u64,
    pub(crate) gathered: StoredGathered,
    pub(crate) waypoints: Vec<Waypoint>,
    /// Of weighted paths.
    pub(crate) sums: Option<CheckSums>,
    /// What a stop rule has seen.
    pub(crate) looks: Option<Looks>,
    /// Whether the last look thought it enough; none before the first.
    pub(crate) precise: Option<bool>,
    /// Whether no more paths come.
    pub(crate) is_complete: bool,
}

impl Snapshot {
    pub(crate) fn of(played: &Played) -> Self {
        let Played { gathered, sums, looks, precise, is_complete, .. } = played;
        Self {
            n_paths: gathered.collector.n_paths(),
            gathered: gathered.stored(),
            waypoints: gathered.noted().to_vec(),
            sums: sums.clone(),
            looks: *looks,
            precise: *precise,
            is_complete: *is_complete,
        }
    }

    pub(super) fn encode(&self) -> anyhow::Result<Vec<u8>> {
        let encoder = postcard::to_io(self, encoder(Vec::new())?);
        Ok(encoder.context("what was gathered could not be kept")?.finish()?)
    }

    pub(super) fn decode(bytes: &[u8], scenario: &Scenario<'_>) -> anyhow::Result<Self> {
        Ok(postcard::from_bytes(&unpacked(bytes, StoredGathered::most_bytes(scenario))?)?)
    }
}
