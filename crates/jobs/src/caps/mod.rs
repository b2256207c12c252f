//! How much of each position a treasury may hold, from the paths of a result and a policy.

mod conflict;
mod json;
mod page;
mod question;
mod rows;
mod study;
mod words;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slashfall_output::tables::{CAPS, push_caps};
use slashfall_output::{ResultFolder, SCHEMA_VERSION, Table};

use crate::provenance::program;
use crate::watch::Watch;
use question::Question;
use study::Study;

/// The file by which a folder of caps is known.
const KNOWN_BY: &str = "caps.json";

/// What to ask of which result.
#[derive(Clone, Debug)]
pub struct CapsOptions {
    /// The result folder of a run.
    pub result: PathBuf,
    /// The policy of the treasury, a TOML file.
    pub policy: PathBuf,
    /// Scenario of the run that the proposal is made for; caps are of all of them.
    pub scenario: String,
    /// Folder of the network, instead of the one that the result names.
    pub network: Option<PathBuf>,
    /// The first paths of the run alone, as many.
    pub paths: Option<u64>,
    /// Seed of the paths that the proposal is held against; one that follows from the run's by default.
    pub certificate_seed: Option<u64>,
    /// Folder for `caps.parquet`, `caps.json` and `caps.md`; without it nothing is written.
    pub output: Option<PathBuf>,
    /// Whether such a folder that is already there is replaced.
    pub overwrite: bool,
}

/// What a treasury may hold, and why.
pub struct Caps {
    result: PathBuf,
    study: Study,
}

/// Draws the paths of the result again, and others of another seed, and asks them; writes the folder
/// where one is named. None when nobody waited any more: then nothing is written.
///
/// # Errors
/// All that is wrong with policy, result and network; a folder that is there already or cannot be written.
pub fn caps(options: &CapsOptions, watch: &mut dyn Watch) -> anyhow::Result<Option<Caps>> {
    let question = Question::read(options)?;
    question.recorded.note().iter().for_each(|note| watch.note(note));
    let ControlFlow::Continue(study) = Study::of(options, &question, watch)? else {
        return Ok(None);
    };
    if watch.is_stopped() {
        return Ok(None);
    }
    let found = Caps { result: options.result.clone(), study };
    if let Some(output) = &options.output {
        found.write(output, options.overwrite)?;
    }
    Ok(Some(found))
}

impl Caps {
    /// The page that a treasury pastes into a governance post, as Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        page::markdown(&self.result, &self.study)
    }

    /// All of it, unrounded.
    #[must_use]
    pub fn json(&self) -> Value {
        json::document(&self.result, &self.study)
    }

    /// Caps under every scenario and at every rate.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = Table::new(&CAPS);
        push_caps(&mut table, &self.study.rows());
        table
    }

    /// What the table's file says of itself.
    #[must_use]
    pub fn metadata(&self) -> Vec<(String, String)> {
        let Self { result, study } = self;
        let metadata = [
            ("schema_version", SCHEMA_VERSION.to_owned()),
            ("program", program()),
            ("result", result.display().to_string()),
            ("seed", study.seed.to_string()),
            ("policy_sha256", study.digests.policy.clone()),
            ("config_sha256", study.digests.config.clone()),
            ("horizon_days", study.horizon_days.to_string()),
        ];
        metadata.map(|(key, value)| (format!("slashfall.{key}"), value)).to_vec()
    }

    /// Writes the table, the document and the page into a folder that takes its name when all are whole.
    fn write(&self, output: &Path, overwrite: bool) -> anyhow::Result<()> {
        let folder = ResultFolder::create_known_by(KNOWN_BY, output, overwrite, self.metadata())?;
        folder.write_table(self.table())?;
        folder.write_text(KNOWN_BY, &format!("{:#}\n", self.json()))?;
        folder.write_text("caps.md", &self.page())?;
        folder.finish()?;
        Ok(())
    }
}
