//! Of which run what is stored of one is: all that its paths hang on, and in what two differ.

use serde::{Deserialize, Serialize};
use slashfall_output::{Digest, InputFile, SCHEMA_VERSION, SelfTest, digest_all};
use slashfall_sampling::{STREAMS_VERSION, Scenario};

use crate::input::Input;
use crate::provenance::{config_digest, program};
use crate::recorded::by_name;

/// All that the paths of a run hang on, and what computes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Program and version.
    pub program: String,
    /// Version of the schemas.
    pub schema_version: String,
    /// Version of the random streams.
    pub streams_version: u64,
    /// Seed.
    pub seed: u64,
    /// Every file read, the run file first.
    pub inputs: Vec<InputFile>,
    /// SHA-256 over all inputs.
    pub inputs_sha256: Digest,
    /// SHA-256 of the run file of every scenario, as changed by the command line.
    pub config_sha256: Digest,
    /// What the program proved of itself before it began.
    pub selftest: SelfTest,
}

/// What two runs do not have in common.
pub(crate) struct Difference {
    pub(crate) key: &'static str,
    pub(crate) own: String,
    pub(crate) other: String,
    /// What more is known of it; empty where nothing is.
    pub(crate) more: String,
}

impl Identity {
    pub(crate) fn new(
        input: &Input,
        scenarios: &[Scenario<'_>],
        inputs: Vec<InputFile>,
        selftest: SelfTest,
    ) -> Self {
        Self {
            program: program(),
            schema_version: SCHEMA_VERSION.to_owned(),
            streams_version: STREAMS_VERSION,
            seed: input.spec.seed,
            inputs_sha256: digest_all(&inputs),
            inputs,
            config_sha256: config_digest(scenarios),
            selftest,
        }
    }

    /// In what this differs from another; nothing where both are of one run.
    pub(crate) fn unlike(&self, other: &Self) -> Vec<Difference> {
        let both = self.common().into_iter().zip(other.common());
        let unlike = both.filter(|((_, own), (_, other))| own != other);
        let mut found: Vec<Difference> = unlike
            .map(|((key, own), (_, of_other))| {
                let is_inputs = key == "inputs_sha256";
                let more = if is_inputs { self.other_files(other) } else { String::new() };
                Difference { key, own, other: of_other, more }
            })
            .collect();
        // A seed is part of the run file, and tells more.
        if found.iter().any(|difference| difference.key == "seed") {
            found.retain(|difference| difference.key != "config_sha256");
        }
        found
    }

    fn common(&self) -> [(&'static str, String); 7] {
        [
            ("program", self.program.clone()),
            ("schema_version", self.schema_version.clone()),
            ("streams_version", self.streams_version.to_string()),
            ("selftest.sha256", self.selftest.sha256.clone()),
            ("inputs_sha256", self.inputs_sha256.clone()),
            ("seed", self.seed.to_string()),
            ("config_sha256", self.config_sha256.clone()),
        ]
    }

    /// Which files are not those of another, or lack there.
    fn other_files(&self, other: &Self) -> String {
        let (own, others) = (by_name(&self.inputs), by_name(&other.inputs));
        let unlike = own.iter().filter(|(name, sha256)| others.get(*name) != Some(*sha256));
        let gone = others.keys().filter(|name| !own.contains_key(*name));
        let unlike = unlike.map(|(name, _)| format!("; {name} is another file"));
        unlike.chain(gone.map(|name| format!("; {name} is gone"))).collect()
    }
}
