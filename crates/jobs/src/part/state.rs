//! What the paths of a part come to, in a file: sums, tails and bins, compressed.

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

/// Paths between two places at which figures are noted on the way.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stretch {
    from: u64,
    pub(crate) to: u64,
    pub(crate) gathered: StoredGathered,
    /// Of weighted paths.
    pub(crate) check: Option<CheckSums>,
}

impl Stretch {
    pub(crate) fn new(paths: Range<u64>, gathered: &Gathered, check: Option<CheckSums>) -> Self {
        Self { from: paths.start, to: paths.end, gathered: gathered.stored(), check }
    }
}

/// Writes the stretches of the `number`-th scenario.
pub(crate) fn write_state(
    folder: &ResultFolder,
    scenario: &str,
    number: usize,
    stretches: &[Stretch],
) -> anyhow::Result<StateFile> {
    let bytes = postcard::to_stdvec(stretches).context("what was gathered could not be stored")?;
    let bytes = zstd::encode_all(&bytes[..], ZSTD_LEVEL).context("compression failed")?;
    let file = format!("scenario{number:03}.state");
    folder.write_bytes(&file, &bytes)?;
    Ok(StateFile { scenario: scenario.to_owned(), file, sha256: digest_bytes(&bytes) })
}

/// Reads the stretches of a scenario, which must be as they were written and of these paths.
///
/// # Errors
/// When the file is not there or not as it was written, and when a store does not answer.
pub(crate) fn read_state(
    place: &Place,
    state: &StateFile,
    paths: &Range<u64>,
) -> anyhow::Result<Vec<Stretch>> {
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
    let read = || -> anyhow::Result<Vec<Stretch>> {
        Ok(postcard::from_bytes(&zstd::decode_all(&bytes[..])?)?)
    };
    let stretches = read().map_err(|error| lacks(error.to_string()))?;
    let mut next = paths.start;
    let follows = |stretch: &Stretch| {
        let is_next = stretch.from == next && stretch.to >= next;
        next = stretch.to;
        is_next
    };
    if !stretches.iter().all(follows) || next != paths.end {
        let expected = format!("the paths {} to {} were expected", paths.start, paths.end);
        return Err(problem(expected).into());
    }
    Ok(stretches)
}
