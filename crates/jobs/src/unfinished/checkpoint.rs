//! `checkpoint.json`: of which run a folder has kept something, and what of it counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use slashfall_graph::{Problem, Problems};
use slashfall_output::Digest;
use slashfall_store::{Place, StoreError};

use crate::identity::Identity;
use crate::provenance::program;

/// The file that an unfinished run is known by.
pub(super) const CHECKPOINT: &str = "checkpoint.json";
/// Version of what is kept. Others are not read: what is kept lives as long as a run.
const CHECKPOINT_VERSION: u32 = 1;

/// What is kept of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Name of the scenario.
    pub(super) scenario: String,
    /// Paths that are in it, from the first on.
    pub(super) n_paths: u64,
    /// File in the folder.
    pub(super) file: String,
    /// Its SHA-256.
    pub(super) sha256: Digest,
}

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// Version of what is kept.
    checkpoint_version: u32,
    /// The run that it is of.
    #[serde(flatten)]
    pub(super) run: Identity,
    /// The run file of every scenario, as changed by the command line.
    pub(super) config: BTreeMap<String, serde_json::Value>,
    /// Seconds from start to here, of all sittings.
    pub(super) wall_seconds: f64,
    /// What is kept, in the order in which scenarios ran.
    pub(super) scenarios: Vec<Kept>,
}

impl Checkpoint {
    pub(super) fn new(run: Identity, config: BTreeMap<String, serde_json::Value>) -> Self {
        let checkpoint_version = CHECKPOINT_VERSION;
        Self { checkpoint_version, run, config, wall_seconds: 0.0, scenarios: Vec::new() }
    }

    /// Paths of all scenarios.
    pub(super) fn n_paths(&self) -> u64 {
        self.scenarios.iter().map(|kept| kept.n_paths).sum()
    }

    /// Takes what is kept of a scenario now, for what was kept of it before, which it hands back.
    pub(super) fn put(&mut self, kept: Kept) -> Option<Kept> {
        match self.scenarios.iter_mut().find(|own| own.scenario == kept.scenario) {
            Some(own) => Some(std::mem::replace(own, kept)),
            None => {
                self.scenarios.push(kept);
                None
            }
        }
    }

    /// That of a place; none where none is, and what is wrong with it where it is not one that this program reads.
    ///
    /// # Errors
    /// When a store does not answer.
    pub(super) fn read(place: &Place) -> Result<Option<Result<Self, Problems>>, StoreError> {
        let text = place.read(CHECKPOINT)?;
        Ok(text.map(|text| Self::parse(&text, &place.join(CHECKPOINT).to_string())))
    }

    fn parse(text: &[u8], file: &str) -> Result<Self, Problems> {
        let broken = |error: serde_json::Error| {
            Problem::new(file, format!("it is not whole: {error}; --overwrite begins anew"))
        };
        // What is of another version may lack what this one has.
        let document: serde_json::Value = serde_json::from_slice(text).map_err(broken)?;
        let version = &document["checkpoint_version"];
        if *version != CHECKPOINT_VERSION {
            let by = document["program"].as_str().unwrap_or("another program");
            let expected = format!(
                "{CHECKPOINT_VERSION} was expected: it was written by {by}, and this is {}; --overwrite begins anew",
                program()
            );
            let problem = Problem::new(file, expected).key("checkpoint_version");
            return Err(problem.value(version.to_string()).into());
        }
        Ok(serde_json::from_value(document).map_err(broken)?)
    }

    /// # Errors
    /// When it cannot be written; then what was there still is.
    pub(super) fn write(&self, place: &Place) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        Ok(place.write(CHECKPOINT, text.as_bytes(), true)?)
    }
}
