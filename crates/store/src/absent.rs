//! Prefixes in buckets where this build has none: they cannot be opened, so nothing else is ever asked.

use std::convert::Infallible;
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::address::Address;
use crate::{Kind, StoreError};

/// A prefix that is not there.
#[derive(Clone, Debug)]
pub(crate) struct Prefix(Infallible);

impl Prefix {
    pub(crate) fn open(address: Address) -> Result<Self, StoreError> {
        let Address { bucket, prefix } = address;
        let expected = "a folder was expected: this build has no object storage; \
                        `cargo build --release --features object-storage` has it, and so has the Python package";
        Err(StoreError::Address {
            text: format!("s3://{bucket}/{prefix}"),
            expected: expected.to_owned(),
        })
    }

    pub(crate) fn join(&self, _: &str) -> Self {
        match self.0 {}
    }

    pub(crate) fn children(&self) -> Result<Vec<Self>, StoreError> {
        match self.0 {}
    }

    pub(crate) fn children_with(&self, _: &str) -> Result<Vec<String>, StoreError> {
        match self.0 {}
    }

    pub(crate) fn read(&self, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.0 {}
    }

    pub(crate) fn write(&self, _: &str, _: &[u8], _: bool) -> Result<(), StoreError> {
        match self.0 {}
    }

    pub(crate) fn with_suffix(&self, _: &str) -> Self {
        match self.0 {}
    }

    pub(crate) fn all_names(&self) -> Result<Vec<String>, StoreError> {
        match self.0 {}
    }

    pub(crate) fn remove_objects(&self, _: &[String]) -> Result<(), StoreError> {
        match self.0 {}
    }

    pub(crate) fn fetched(
        &self,
        _: &str,
        _: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Fetched>, StoreError> {
        match self.0 {}
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

/// A copy of what is not there.
#[derive(Debug)]
pub(crate) struct Fetched(Infallible);

impl Fetched {
    pub(crate) fn path(&self) -> &Path {
        match self.0 {}
    }

    pub(crate) fn keep(self) -> PathBuf {
        match self.0 {}
    }
}

/// A folder on its way to a store.
#[derive(Debug)]
pub struct Upload(Infallible);

impl Upload {
    pub(crate) fn begin(prefix: &Prefix, _: Kind, _: bool) -> Result<Self, StoreError> {
        match prefix.0 {}
    }

    /// Where the folder is to be until it is whole.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        match self.0 {}
    }

    /// Brings it there, unless nobody waits for it any more.
    ///
    /// # Errors
    /// Never: there is none.
    pub fn finish(self, _: &dyn Fn() -> bool) -> Result<ControlFlow<()>, StoreError> {
        match self.0 {}
    }
}
