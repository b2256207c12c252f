//! The lock of a folder that one run writes at a time. It is held by the process, so that it goes with it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use slashfall_graph::{Problem, Problems};
use slashfall_output::OutputError;

use crate::watch::Watch;

const LOCK: &str = "lock";

/// A folder in which nobody else writes.
#[derive(Debug)]
pub(super) struct Lock {
    /// Closed, and with it unlocked, once this goes.
    _file: File,
}

impl Lock {
    /// Makes the folder where it is not there, and takes its lock.
    ///
    /// # Errors
    /// When another process holds it, or the folder cannot be made.
    pub(super) fn take(dir: &Path, watch: &mut dyn Watch) -> anyhow::Result<Self> {
        let io = |source| OutputError::Io { path: dir.to_owned(), source };
        loop {
            fs::create_dir_all(dir).map_err(io)?;
            let path = dir.join(LOCK);
            let file = match File::create(&path) {
                // Who was there has just finished, and taken its folder away.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file.map_err(io)?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(is_held(dir).into()),
                Err(TryLockError::Error(error)) => watch.note(&format!(
                    "warning: {} cannot be locked ({error}); see to it that no other run writes there",
                    dir.display()
                )),
            }
            if is_still(&file, &path).map_err(io)? {
                return Ok(Self { _file: file });
            }
        }
    }
}

fn is_held(dir: &Path) -> Problems {
    let expected = "a folder that no other run writes was expected: one that has not ended holds its lock; \
                    choose another output, or wait for it";
    Problem::new(dir.display().to_string(), expected).into()
}

/// Whether the file that was locked is the one that is there: who held it before may have removed it.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok(there.ino() == own.ino() && there.dev() == own.dev()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere what is open is not removed.
#[cfg(not(unix))]
fn is_still(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Removes all that is in a folder but its lock, the file `first` before all else.
///
/// # Errors
/// When something cannot be removed.
pub(super) fn clear(dir: &Path, first: &str) -> Result<(), OutputError> {
    let io = |source| OutputError::Io { path: dir.to_owned(), source };
    if dir.join(first).exists() {
        fs::remove_file(dir.join(first)).map_err(io)?;
    }
    for entry in fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_dir() {
            fs::remove_dir_all(&path).map_err(io)?;
        } else if !path.ends_with(LOCK) {
            fs::remove_file(&path).map_err(io)?;
        }
    }
    Ok(())
}

/// Removes a folder of which the caller has the lock; what another has put there meanwhile stays.
///
/// # Errors
/// When something cannot be removed.
pub(super) fn remove(dir: &Path, first: &str) -> Result<(), OutputError> {
    clear(dir, first)?;
    let gone = fs::remove_file(dir.join(LOCK)).and_then(|()| fs::remove_dir(dir));
    gone.map_err(|source| OutputError::Io { path: dir.to_owned(), source })
}
