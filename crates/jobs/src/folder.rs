//! The folder of a network: on this machine, or in a store, of which there is a copy as long as it is read.

use std::path::{Path, PathBuf};

use slashfall_graph::{Problem, Problems};
use slashfall_store::{LocalFolder, Place, StoreError};

use crate::input::is_network_file;
use crate::provenance::from_result;
use crate::target::place_of;

/// The file that every network has.
const NETWORK_FILE: &str = "network.toml";

/// The folder of a network.
#[derive(Debug)]
pub struct NetworkFolder {
    here: LocalFolder,
    /// Where it is, if that is a store.
    address: Option<Place>,
}

impl NetworkFolder {
    /// Of this machine it is looked at when it is read.
    ///
    /// # Errors
    /// When it is not in the store, or the store does not answer.
    pub(crate) fn open(place: &Place) -> Result<Self, Problems> {
        let problem = |expected: String| Problem::new(place.to_string(), expected);
        let fetched = place.fetched(NETWORK_FILE, is_wanted).map_err(|error| match error {
            StoreError::Address { expected, .. } => problem(expected),
            error => problem(format!("the network cannot be loaded: {error}")),
        })?;
        let lacks = || problem(format!("a network with its {NETWORK_FILE} was expected there"));
        let here = fetched.ok_or_else(lacks)?;
        Ok(Self { here, address: place.as_local().is_none().then(|| place.clone()) })
    }

    /// The one that an argument or a key names: by an address, or from `base`.
    ///
    /// # Errors
    /// As [`NetworkFolder::open`], and when it is meant as an address and is none.
    pub(crate) fn named(text: &Path, base: &Path) -> Result<Self, Problems> {
        let is_address = Place::is_address(text);
        let path = if is_address { text.to_owned() } else { base.join(text) };
        Self::open(&place_of("network", &path)?)
    }

    /// It, or a copy of it.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.here.path()
    }

    /// A file of it as the user would find it.
    pub(crate) fn name_of(&self, file: &Path) -> String {
        match (&self.address, file.strip_prefix(self.path())) {
            (Some(address), Ok(name)) => address.join(&name.display().to_string()).to_string(),
            _ => file.display().to_string(),
        }
    }

    /// It as the user would name it.
    pub(crate) fn name(&self) -> PathBuf {
        let local = || self.path().to_owned();
        self.address.as_ref().map_or_else(local, |address| PathBuf::from(address.to_string()))
    }

    /// How to find it from a result folder; from none where that is in a store.
    pub(crate) fn name_from(&self, result: Option<&Path>) -> String {
        match &self.address {
            Some(address) => address.to_string(),
            None => from_result(result, self.path()).display().to_string(),
        }
    }

    /// What is wrong with its files, by the names that the user knows them by.
    pub(crate) fn as_named(&self, problems: &Problems) -> Problems {
        problems.of_files(|file| self.name_of(Path::new(file)))
    }
}

/// Files that are read, and no folder beside them.
fn is_wanted(name: &str) -> bool {
    !name.contains('/') && is_network_file(Path::new(name))
}
