//! What the paths of a part come to, in a file: sums, tails and bins, compressed.

use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::ops::Range;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use slashfall_graph::{Problem, Problems};
use slashfall_output::{ResultFolder, digest_bytes};
use slashfall_sampling::Scenario;
use slashfall_sampling::importance::CheckSums;
use slashfall_store::{Place, StoreError};

use super::manifest::StateFile;
use crate::compressed::{encoder, unpacked};
use crate::gathered::{Gathered, StoredGathered};

const UNSTORED: &str = "what was gathered could not be stored";

/// Paths between two places at which figures are noted on the way.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stretch {
    from: u64,
    pub(super) to: u64,
    pub(crate) gathered: StoredGathered,
    /// Of weighted paths.
    pub(crate) check: Option<CheckSums>,
}

impl Stretch {
    pub(crate) fn new(paths: Range<u64>, gathered: &Gathered, check: Option<CheckSums>) -> Self {
        Self { from: paths.start, to: paths.end, gathered: gathered.stored(), check }
    }

    /// Whether it goes on from what is gathered.
    pub(crate) fn follows(&self, gathered: &Gathered) -> bool {
        gathered.can_join(&self.gathered, self.to - self.from)
    }
}

/// Writes the stretches of a scenario, one after the other, so that one at a time is in memory.
pub(crate) struct StateWriter<'f> {
    folder: &'f ResultFolder,
    scenario: String,
    file: String,
    encoder: zstd::Encoder<'static, File>,
}

impl<'f> StateWriter<'f> {
    /// Of the `number`-th scenario, for so many stretches.
    pub(super) fn create(
        folder: &'f ResultFolder,
        scenario: &str,
        number: usize,
        n_stretches: usize,
    ) -> anyhow::Result<Self> {
        let file = format!("scenario{number:03}.state");
        let encoder = encoder(folder.create_file(&file)?)?;
        let mut own = Self { folder, scenario: scenario.to_owned(), file, encoder };
        // A list, as postcard has it.
        own.write(&postcard::to_stdvec(&n_stretches).context(UNSTORED)?)?;
        Ok(own)
    }

    pub(super) fn push(&mut self, stretch: &Stretch) -> anyhow::Result<()> {
        self.write(&postcard::to_stdvec(stretch).context(UNSTORED)?)
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.encoder.write_all(bytes).with_context(|| self.file.clone())
    }

    /// Once all are there.
    pub(super) fn finish(self) -> anyhow::Result<StateFile> {
        let Self { folder, scenario, file, encoder } = self;
        encoder.finish().with_context(|| file.clone())?;
        let sha256 = folder.digest_of(&file)?;
        Ok(StateFile { scenario, file, sha256 })
    }
}

/// The state of a scenario in a part, as it was written.
pub(super) struct StoredState {
    file: String,
    bytes: Vec<u8>,
}

impl StoredState {
    /// # Errors
    /// When the file is not there or not as it was written, and when a store does not answer.
    pub(super) fn read(
        place: &Place,
        state: &StateFile,
        scenario: &Scenario<'_>,
    ) -> anyhow::Result<Self> {
        let own = Self { file: place.join(&state.file).to_string(), bytes: Vec::new() };
        let bytes = match place.read(&state.file) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(own.lacks("it is not there").into()),
            Err(StoreError::Io { source, .. }) => return Err(own.lacks(source).into()),
            Err(error) => return Err(error.into()),
        };
        if digest_bytes(&bytes) != state.sha256 {
            let expected = "it has changed since the part was written";
            return Err(own.problem(expected.to_owned()).into());
        }
        let most = StoredGathered::most_bytes(scenario);
        let bytes = unpacked(&bytes, most).map_err(|error| own.lacks(error))?;
        Ok(Self { bytes, ..own })
    }

    /// Hands over its stretches, one at a time, which must be of these paths; `take` says whether each can be
    /// what was gathered of them.
    ///
    /// # Errors
    /// When they are not, and what `take` says.
    pub(super) fn each(
        self,
        paths: &Range<u64>,
        mut take: impl FnMut(Stretch) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let broken = |error: postcard::Error| self.lacks(error);
        let read = postcard::take_from_bytes::<usize>(&self.bytes);
        let (n_stretches, mut rest) = read.map_err(broken)?;
        let mut next = paths.start;
        for _ in 0..n_stretches {
            let (stretch, after) = postcard::take_from_bytes::<Stretch>(rest).map_err(broken)?;
            if stretch.from != next || stretch.to < next || stretch.to > paths.end {
                break;
            }
            (next, rest) = (stretch.to, after);
            if !take(stretch)? {
                return Err(self.lacks("it is of another scenario").into());
            }
        }
        if next != paths.end || !rest.is_empty() {
            let expected = format!("the paths {} to {} were expected", paths.start, paths.end);
            return Err(self.problem(expected).into());
        }
        Ok(())
    }

    fn lacks(&self, why: impl Display) -> Problems {
        self.problem(format!("what a part has gathered was expected: {why}"))
    }

    fn problem(&self, expected: String) -> Problems {
        Problem::new(&self.file, expected).into()
    }
}
