//! Why a place could not be read or written, and whose fault that is.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why a place could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The text is no place.
    #[error("{text}: {expected}")]
    Address {
        /// The text.
        text: String,
        /// What was expected.
        expected: String,
    },
    /// The place is there already.
    #[error("{0} exists already; choose another folder, or pass --overwrite to replace a result")]
    Exists(String),
    /// What is there is no result, so it is not replaced.
    #[error("{0} exists and is not a result of this program (it has no {1}); it is left alone")]
    NotAResult(String, String),
    /// Somebody writes there.
    #[error("{0} is being written {1}; if that writer is gone, --overwrite takes it over")]
    Locked(String, String),
    /// Somebody else took the place over while it was written.
    #[error("{0} was taken over by another writer while it was written")]
    TakenOver(String),
    /// What is there changed while it was read.
    #[error("{0} changed while it was read")]
    Changed(String),
    /// The store refuses what was asked, and would again.
    #[error("{place}: {why}")]
    Refused {
        /// Where.
        place: String,
        /// Why.
        why: String,
    },
    /// The store could not be reached, or did not do what it should.
    #[error("{place}: {why}")]
    Failed {
        /// Where.
        place: String,
        /// Why.
        why: String,
    },
    /// A file of this machine could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl StoreError {
    /// True where who asked can put it right by asking for something else.
    #[must_use]
    pub fn is_input(&self) -> bool {
        use StoreError::{Address, Exists, Locked, NotAResult, Refused};
        matches!(self, Address { .. } | Exists(_) | NotAResult(..) | Locked(..) | Refused { .. })
    }

    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }
}

/// An error with its causes, without those that it has said in its own words.
#[must_use]
pub fn in_full(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let own = error.to_string();
        if !text.contains(&own) {
            text = format!("{text}: {own}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = StoreError::io("r.html".as_ref())(full);
        assert_eq!(in_full(&error), "r.html: no storage space");
        let error = io::Error::other(Outer(io::Error::other("inner")));
        assert_eq!(in_full(&error), "outer: inner");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);
}
