//! Where what a job writes goes: a folder that is there only once it is whole, on this machine or in a store.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use slashfall_graph::{Problem, Problems};
use slashfall_output::{OutputError, RESULT_FILE, ResultFolder};
use slashfall_store::{Kind, LocalFolder, Place, StoreError, Upload};

use crate::part::PART_FILE;
use crate::watch::Watch;

/// Results: one writes at a time, as no two runs take the same time.
pub(crate) const RESULT: Kind = Kind { marker: RESULT_FILE, alike: None };

/// Parts: what their paths come to is the same whoever runs them.
pub(crate) const PART: Kind = Kind { marker: PART_FILE, alike: Some(is_file_of_part) };

fn is_file_of_part(name: &str) -> bool {
    let is_state = name.starts_with("scenario") && name.ends_with(".state");
    is_state || (name.starts_with("paths/scenario") && name.ends_with(".parquet"))
}

/// The place that an argument names.
///
/// # Errors
/// When it is an address, and none that this program takes.
pub(crate) fn place_of(argument: &str, text: &Path) -> Result<Place, Problems> {
    let problem = |error| match error {
        StoreError::Address { text, expected } => Problem::new(argument, expected).value(text),
        error => Problem::new(argument, error.to_string()).value(text.display().to_string()),
    };
    Place::parse(text).map_err(|error| problem(error).into())
}

/// A folder of this machine with the files of a result that are wanted, wherever it is.
///
/// # Errors
/// When it is an address of a store without a result, and when a store does not answer.
pub fn fetched(
    argument: &str,
    text: &Path,
    wanted: impl Fn(&str) -> bool,
) -> anyhow::Result<LocalFolder> {
    let place = place_of(argument, text)?;
    let folder = place.fetched(RESULT_FILE, wanted)?;
    Ok(folder.ok_or_else(|| {
        let expected = "a result folder with its manifest.json was expected: it is not there";
        Problems::from(Problem::new(place.to_string(), expected))
    })?)
}

/// A folder that is written, on its way to where it is to be.
pub(crate) struct Target {
    folder: ResultFolder,
    upload: Option<Upload>,
}

impl Target {
    /// Whether such a folder can come there: better told before the work than after it.
    ///
    /// # Errors
    /// As [`Target::create`].
    pub(crate) fn check(place: &Place, kind: Kind, overwrite: bool) -> anyhow::Result<()> {
        if let Some(dir) = place.as_local() {
            return Ok(ResultFolder::check(kind.marker, dir, overwrite)?);
        }
        place.upload(kind, overwrite).map(|_| ()).map_err(as_of_folders)
    }

    /// Starts it. `metadata` goes into every Parquet file.
    ///
    /// # Errors
    /// When something is there that is not to be, or cannot be, replaced, and when a store does not answer.
    pub(crate) fn create(
        place: &Place,
        kind: Kind,
        overwrite: bool,
        metadata: Vec<(String, String)>,
    ) -> anyhow::Result<Self> {
        let upload = place.upload(kind, overwrite).map_err(as_of_folders)?;
        let fresh = upload.as_ref().map(Upload::folder);
        let dir = fresh.as_deref().or(place.as_local()).unwrap_or(Path::new(""));
        let folder = ResultFolder::create_known_by(kind.marker, dir, overwrite, metadata)?;
        Ok(Self { folder, upload })
    }

    /// Starts a result, or goes on with one, in a folder of the caller's, which stays if nobody finishes it.
    ///
    /// # Errors
    /// As [`Target::create`].
    pub(crate) fn create_in(
        partial: PathBuf,
        target: &Path,
        overwrite: bool,
        metadata: Vec<(String, String)>,
    ) -> anyhow::Result<Self> {
        let folder = ResultFolder::create_in(partial, target, overwrite, metadata)?;
        Ok(Self { folder, upload: None })
    }

    /// What is written into.
    pub(crate) fn folder(&self) -> &ResultFolder {
        &self.folder
    }

    /// Brings it to where it is to be; breaks off, with nothing there, once nobody waits for it any more.
    ///
    /// # Errors
    /// When it cannot be brought there, or something has come there meanwhile.
    pub(crate) fn finish(self, watch: &dyn Watch) -> anyhow::Result<ControlFlow<()>> {
        if watch.is_stopped() {
            return Ok(ControlFlow::Break(()));
        }
        self.folder.finish()?;
        let Some(upload) = self.upload else { return Ok(ControlFlow::Continue(())) };
        upload.finish(&|| watch.is_stopped()).map_err(as_of_folders)
    }
}

/// What is the same for folders is the same error.
pub(crate) fn as_of_folders(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Exists(place) => OutputError::Exists(PathBuf::from(place)).into(),
        StoreError::NotAResult(place, file) => {
            OutputError::NotAResult(PathBuf::from(place), file).into()
        }
        error => error.into(),
    }
}
