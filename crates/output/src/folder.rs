//! A result folder that appears under its name only when every file in it is whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use parquet::errors::ParquetError;
use slashfall_graph::Problems;

use crate::file::{sync, sync_parent, write_parquet};
use crate::manifest::{Digest, digest_file};
use crate::schema::Table;

/// The file that a result is known by.
pub const RESULT_FILE: &str = "manifest.json";

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The folder is there already.
    #[error("{0} exists already; choose another folder, or pass --overwrite to replace a result")]
    Exists(PathBuf),
    /// The folder is there and is no result, so it is not replaced.
    #[error("{0} exists and is not a result of this program (it has no {1}); it is left alone")]
    NotAResult(PathBuf, String),
    /// A file or folder could not be written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A table could not be made.
    #[error("{path}: {source}")]
    Arrow {
        /// Which.
        path: PathBuf,
        /// Why.
        source: ArrowError,
    },
    /// A table could not be written.
    #[error("{path}: {source}")]
    Parquet {
        /// Which.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// A file that is read is not as this program writes it.
    #[error(transparent)]
    Unread(#[from] Problems),
    /// The manifest could not be written.
    #[error("{path}: {source}")]
    Json {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl OutputError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self + '_ {
        |source| Self::Parquet { path: path.to_owned(), source }
    }
}

/// A folder being filled beside its final place.
#[derive(Debug)]
pub struct ResultFolder {
    target: PathBuf,
    partial: PathBuf,
    /// Whether what is half done goes when nobody finishes it.
    is_own: bool,
    /// The file without which what bears the name is no such folder.
    known_by: String,
    overwrite: bool,
    /// Key and value pairs that every file carries.
    metadata: Vec<(String, String)>,
}

impl ResultFolder {
    /// Starts a result. `metadata` goes into every Parquet file.
    ///
    /// # Errors
    /// When the target is there already and is not to be, or cannot be, replaced.
    pub fn create(
        target: &Path,
        overwrite: bool,
        metadata: Vec<(String, String)>,
    ) -> Result<Self, OutputError> {
        Self::create_known_by(RESULT_FILE, target, overwrite, metadata)
    }

    /// The same of a folder that is known by another file than the manifest of a run: one without it is not replaced.
    ///
    /// # Errors
    /// As [`ResultFolder::create`].
    pub fn create_known_by(
        file: &str,
        target: &Path,
        overwrite: bool,
        metadata: Vec<(String, String)>,
    ) -> Result<Self, OutputError> {
        Self::check(file, target, overwrite)?;
        let partial = create_partial(target).map_err(OutputError::io(target))?;
        let (target, known_by) = (target.to_owned(), file.to_owned());
        Ok(Self { target, partial, is_own: true, known_by, overwrite, metadata })
    }

    /// The result of a run, filled in a folder of the caller's beside its final place, where what is half done
    /// stays if nobody finishes it.
    ///
    /// # Errors
    /// As [`ResultFolder::create`].
    pub fn create_in(
        partial: PathBuf,
        target: &Path,
        overwrite: bool,
        metadata: Vec<(String, String)>,
    ) -> Result<Self, OutputError> {
        Self::check(RESULT_FILE, target, overwrite)?;
        fs::create_dir_all(&partial).map_err(OutputError::io(&partial))?;
        let (target, known_by) = (target.to_owned(), RESULT_FILE.to_owned());
        Ok(Self { target, partial, is_own: false, known_by, overwrite, metadata })
    }

    /// Whether such a folder can take that name: better told before the work than after it.
    ///
    /// # Errors
    /// When the target is there already and is not to be, or cannot be, replaced.
    pub fn check(file: &str, target: &Path, overwrite: bool) -> Result<(), OutputError> {
        if target.exists() && !target.join(file).is_file() {
            return Err(OutputError::NotAResult(target.to_owned(), file.to_owned()));
        }
        if target.exists() && !overwrite {
            return Err(OutputError::Exists(target.to_owned()));
        }
        Ok(())
    }

    /// Path of a file while it is written.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    /// Writes a table.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_table(&self, table: Table) -> Result<(), OutputError> {
        let path = self.file(&format!("{}.parquet", table.schema().name));
        let batch = table
            .into_batch()
            .map_err(|source| OutputError::Arrow { path: path.clone(), source })?;
        self.write_batch(&path, &batch)
    }

    /// Writes text as a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_text(&self, name: &str, text: &str) -> Result<(), OutputError> {
        self.write_bytes(name, text.as_bytes())
    }

    /// Writes bytes as a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_bytes(&self, name: &str, bytes: &[u8]) -> Result<(), OutputError> {
        let path = self.file(name);
        fs::write(&path, bytes).map_err(OutputError::io(&path))
    }

    /// Begins a file, for who writes it piece by piece.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create_file(&self, name: &str) -> Result<File, OutputError> {
        let path = self.file(name);
        File::create(&path).map_err(OutputError::io(&path))
    }

    /// The digest of a file that was written.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn digest_of(&self, name: &str) -> Result<Digest, OutputError> {
        digest_file(&self.file(name))
    }

    /// Writes one batch as a Parquet file of its own.
    pub(crate) fn write_batch(&self, path: &Path, batch: &RecordBatch) -> Result<(), OutputError> {
        write_parquet(path, batch, &self.metadata)
    }

    /// Gives the folder its name, once all in it is on the disk.
    ///
    /// # Errors
    /// When it cannot be renamed, or another has taken the name meanwhile; then nothing bears the name that did not before.
    pub fn finish(self) -> Result<(), OutputError> {
        sync(&self.partial)?;
        let old = beside(&self.target, "old");
        let replaces = self.overwrite && self.target.exists();
        if replaces {
            fs::rename(&self.target, &old).map_err(OutputError::io(&self.target))?;
        }
        if let Err(source) = fs::rename(&self.partial, &self.target) {
            if replaces {
                fs::rename(&old, &self.target).map_err(OutputError::io(&old))?;
            }
            let is_there = self.target.join(&self.known_by).is_file();
            let path = self.target.clone();
            let exists = !replaces && is_there;
            return Err(if exists {
                OutputError::Exists(path)
            } else {
                OutputError::Io { path, source }
            });
        }
        sync_parent(&self.target);
        if replaces {
            // The result is in place; what it replaced says `.old` in its name if it stays.
            let _ = fs::remove_dir_all(&old);
        }
        Ok(())
    }
}

impl Drop for ResultFolder {
    fn drop(&mut self) {
        if self.is_own {
            // After `finish` there is nothing left under this name. A failure to tidy up is no news:
            // what is left says `.partial` in its name.
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

/// Makes a new hidden folder beside `target`; what another run has left there is never taken over.
fn create_partial(target: &Path) -> io::Result<PathBuf> {
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut partial = beside(target, "partial");
    for attempt in 1.. {
        match fs::create_dir(&partial) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                partial = beside(target, &format!("partial{attempt}"));
            }
            outcome => return outcome.map(|()| partial),
        }
    }
    unreachable!("some number is free")
}

/// A hidden sibling of `target`.
fn beside(target: &Path, what: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{what}-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(target: &Path, text: &str) -> ResultFolder {
        let folder = ResultFolder::create(target, false, Vec::new()).unwrap();
        folder.write_text("manifest.json", text).unwrap();
        folder
    }

    #[test]
    fn of_two_who_write_a_folder_the_first_counts() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("result");
        let (first, second) = (begun(&target, "first"), begun(&target, "second"));
        first.finish().unwrap();
        let error = second.finish().unwrap_err();
        assert!(matches!(&error, OutputError::Exists(path) if *path == target), "{error}");
        assert_eq!(fs::read_to_string(target.join("manifest.json")).unwrap(), "first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_result_stays_where_a_folder_was_to_be() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("result");
        let folder = begun(&target, "result");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("notes"), "mine").unwrap();
        let error = folder.finish().unwrap_err();
        assert!(matches!(error, OutputError::Io { .. }), "{error}");
        assert_eq!(fs::read_to_string(target.join("notes")).unwrap(), "mine");
    }
}
