//! What the paths of a part come to, in a file: sums, tails and bins, compressed.

use std::fs::File;
use std::io::Write;
use std::ops::Range;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use slashfall_graph::{Problem, Problems};
use slashfall_output::{ResultFolder, digest_bytes};
use slashfall_sampling::importance::CheckSums;
use slashfall_store::{Place, StoreError};

use super::manifest::StateFile;
use crate::gathered::{Gathered, StoredGathered};

/// Compression: the default of zstd; what is stored hardly gets smaller with more.
const ZSTD_LEVEL: i32 = 3;
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
        let encoder = zstd::Encoder::new(folder.create_file(&file)?, ZSTD_LEVEL)?;
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

/// Hands over the stretches of a scenario, one at a time, which must be as they were written and of these
/// paths.
///
/// # Errors
/// When the file is not there or not as it was written, and when a store does not answer.
pub(super) fn read_state(
    place: &Place,
    state: &StateFile,
    paths: &Range<u64>,
    mut take: impl FnMut(Stretch) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let file = place.join(&state.file).to_string();
    let problem = |expected: String| Problems::from(Problem::new(&file, expected));
    let lacks = |why: String| problem(format!("what a part has gathered was expected: {why}"));
    let bytes = match place.read(&state.file) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(lacks("it is not there".to_owned()).into()),
        Err(StoreError::Io { source, .. }) => return Err(lacks(source.to_string()).into()),
        Err(error) => return Err(error.into()),
    };
    if digest_bytes(&bytes) != state.sha256 {
        return Err(problem("it has changed since the part was written".to_owned()).into());
    }
    let bytes = zstd::decode_all(&bytes[..]).map_err(|error| lacks(error.to_string()))?;
    let broken = |error: postcard::Error| lacks(error.to_string());
    let (n_stretches, mut rest) = postcard::take_from_bytes::<usize>(&bytes).map_err(broken)?;
    let mut next = paths.start;
    for _ in 0..n_stretches {
        let (stretch, after) = postcard::take_from_bytes::<Stretch>(rest).map_err(broken)?;
        if stretch.from != next || stretch.to < next {
            break;
        }
        (next, rest) = (stretch.to, after);
        take(stretch)?;
    }
    if next != paths.end || !rest.is_empty() {
        let expected = format!("the paths {} to {} were expected", paths.start, paths.end);
        return Err(problem(expected).into());
    }
    Ok(())
}
