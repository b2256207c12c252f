//! `part.json`: of which run a part is, and all that a merge needs to finish that run.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use slashfall_graph::{Problem, Problems};
use slashfall_output::{Digest, InputFile, RESULT_FILE, SelfTest};
use slashfall_sampling::Scenario;
use slashfall_store::{Place, StoreError};

use super::n_paths;
use crate::identity::Identity;
use crate::input::{Input, Overrides, RunFile};
use crate::provenance::{peak_memory_bytes, program};

/// The file that a part is known by.
pub const PART_FILE: &str = "part.json";
/// Version of what parts store. Others are not read: a part lives as long as a run.
pub(crate) const PART_VERSION: u32 = 1;

/// Consecutive paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PathRange {
    /// The first.
    pub from: u64,
    /// The one after the last.
    pub to: u64,
}

impl PathRange {
    /// The folder of a part of these paths; names are in their order.
    pub(crate) fn folder_name(self) -> String {
        format!("{:012}-{:012}", self.from, self.to)
    }

    /// The paths of a part by the name of its folder.
    pub(crate) fn of_folder_name(name: &str) -> Option<Self> {
        let (from, to) = name.split_once('-')?;
        let paths = Self { from: from.parse().ok()?, to: to.parse().ok()? };
        (paths.folder_name() == name).then_some(paths)
    }

    /// Those of them that a scenario has.
    pub(crate) fn of(self, scenario: &Scenario<'_>) -> Range<u64> {
        let n = n_paths(scenario);
        self.from.min(n)..self.to.min(n)
    }
}

/// What the paths of a scenario have come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    /// Name of the scenario.
    pub scenario: String,
    /// File in the folder of the part.
    pub file: String,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// What a part leaves beside what it has gathered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartManifest {
    /// Version of what is stored.
    pub part_version: u32,
    /// The run that it is of.
    #[serde(flatten)]
    pub run: Identity,
    /// The command as given.
    pub command: Vec<String>,
    /// Name of the run.
    pub name: String,
    /// Its paths of the run's.
    pub paths: PathRange,
    /// Paths of the run, by scenario.
    pub run_paths: BTreeMap<String, u64>,
    /// The run file, word by word.
    pub run_file: RunFile,
    /// What the command line changed in it.
    pub overrides: Overrides,
    /// The network's folder, relative to that of the part where it can be.
    pub network_dir: String,
    /// What the paths have come to, by scenario in the order of the run file.
    pub states: Vec<StateFile>,
    /// Threads.
    pub threads: usize,
    /// Seconds from start to end.
    pub wall_seconds: f64,
    /// Largest resident memory, in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
}

/// Whether a name is that of a file in a folder, and no way out of it.
fn is_plain_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let is_one = matches!(components.next(), Some(Component::Normal(own)) if own == name);
    is_one && components.next().is_none() && !name.contains('\\')
}

impl PartManifest {
    /// That of a part that has not begun.
    pub(super) fn new(
        input: &Input,
        scenarios: &[Scenario<'_>],
        files: Vec<InputFile>,
        (target, paths): (Option<&Path>, PathRange),
        selftest: SelfTest,
        command: &[String],
    ) -> Self {
        let run_paths = scenarios.iter().map(|own| (own.name.clone(), n_paths(own)));
        Self {
            part_version: PART_VERSION,
            run: Identity::new(input, scenarios, files, selftest),
            command: command.to_vec(),
            name: input.spec.name.clone(),
            paths,
            run_paths: run_paths.collect(),
            run_file: input.run_file.clone(),
            overrides: input.overrides.clone(),
            network_dir: input.folder.name_from(target),
            states: Vec::new(),
            threads: rayon::current_num_threads(),
            wall_seconds: 0.0,
            peak_memory_bytes: None,
        }
    }

    pub(super) fn close(&mut self, input: &Input) {
        self.wall_seconds = input.started.elapsed().as_secs_f64();
        self.peak_memory_bytes = peak_memory_bytes();
    }

    /// Those of a place: its own, or those of the places in it. What is wrong joins `problems`: that there is
    /// none, and each that is not of a part that this program reads.
    ///
    /// # Errors
    /// When a store does not answer.
    pub(crate) fn read_all(
        place: &Place,
        problems: &mut Problems,
    ) -> Result<Vec<(Place, Self)>, StoreError> {
        let mut texts = Vec::new();
        if let Some(text) = place.read(PART_FILE)? {
            texts.push((place.clone(), text));
        } else {
            for child in place.children()? {
                texts.extend(child.read(PART_FILE)?.map(|text| (child, text)));
            }
        }
        if texts.is_empty() {
            let is_result = place.read(RESULT_FILE)?.is_some();
            let what = if is_result { "; this is a whole result" } else { "" };
            let expected = format!("a part of a run with its {PART_FILE} was expected{what}");
            problems.push(Problem::new(place.to_string(), expected));
        }
        let read = |(place, text): (Place, Vec<u8>)| {
            let manifest = problems.keep(Self::parse(&place, &text))?;
            Some((place, manifest))
        };
        Ok(texts.into_iter().filter_map(read).collect())
    }

    fn parse(place: &Place, text: &[u8]) -> Result<Self, Problems> {
        let file = || place.join(PART_FILE).to_string();
        // What is of another version may lack what this one has.
        let document: serde_json::Value = serde_json::from_slice(text)
            .map_err(|error| Problem::new(file(), format!("it is not whole: {error}")))?;
        let version = &document["part_version"];
        if *version != PART_VERSION {
            let program = document["program"].as_str().unwrap_or("another program");
            let expected = format!(
                "{PART_VERSION} was expected: it was written by {program}, and this is {}",
                self::program()
            );
            return Err(Problem::new(file(), expected)
                .key("part_version")
                .value(version.to_string())
                .into());
        }
        let own: Self = serde_json::from_value(document)
            .map_err(|error| Problem::new(file(), format!("it is not whole: {error}")))?;
        let strange = own.states.iter().filter(|state| !is_plain_name(&state.file));
        let mut problems = Problems::default();
        for state in strange {
            let expected = "a file in the folder of the part was expected";
            problems.push(Problem::new(file(), expected).key("states.file").value(&state.file));
        }
        problems.or_ok(own)
    }
}

#[cfg(test)]
mod tests {
    use super::is_plain_name;

    #[test]
    fn a_state_is_in_the_folder_of_its_part() {
        assert!(is_plain_name("scenario000.state"));
        for name in ["", ".", "..", "../a", "/a", "a/b", "a/", "./a", "a\\b"] {
            assert!(!is_plain_name(name), "{name}");
        }
    }
}
