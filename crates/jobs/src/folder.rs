//! The folder of a network: on this machine, or in a store, of which there is a copy as long as it is read.

use std::fs;
use std::path::{Path, PathBuf};

use slashfall_graph::{Problem, Problems, Resolved, load_network};
use slashfall_output::{InputFile, OutputError, digest_file};
use slashfall_store::{LocalFolder, Place, StoreError};

use crate::provenance::from_result;
use crate::reach::Reach;
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
    /// When it is not in the store, or the store does not answer, and when files of it are links that
    /// lead further than they may.
    pub(crate) fn open(place: &Place, reach: Reach) -> Result<Self, Problems> {
        let problem = |expected: String| Problem::new(place.to_string(), expected);
        let fetched = place.fetched(NETWORK_FILE, is_wanted).map_err(|error| match error {
            StoreError::Address { expected, .. } => problem(expected),
            error => problem(format!("the network cannot be loaded: {error}")),
        })?;
        let lacks = || problem(format!("a network with its {NETWORK_FILE} was expected there"));
        let here = fetched.ok_or_else(lacks)?;
        reach.check_links(here.path())?;
        Ok(Self { here, address: place.as_local().is_none().then(|| place.clone()) })
    }

    /// The one that an argument or a key names: by an address, or from `base`.
    ///
    /// # Errors
    /// As [`NetworkFolder::open`], and when it is meant as an address and is none.
    pub(crate) fn named(text: &Path, base: &Path, reach: Reach) -> Result<Self, Problems> {
        let is_address = Place::is_address(text);
        let path = if is_address { text.to_owned() } else { base.join(text) };
        Self::open(&place_of("network", &path)?, reach)
    }

    /// The same of one whose files will be held to their digests before anything is made of them: what
    /// has the digest is what was meant, wherever it is.
    ///
    /// # Errors
    /// As [`NetworkFolder::named`].
    pub(crate) fn held(text: &Path, base: &Path) -> Result<Self, Problems> {
        Self::named(text, base, Reach::Anywhere)
    }

    /// It, or a copy of it.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.here.path()
    }

    /// Reads the network, and says which files it was read from, as they were then, in order of name.
    ///
    /// # Errors
    /// Every problem of the network, and a file that changed meanwhile: nobody can say what was read of it.
    pub(crate) fn load(&self) -> Result<(Resolved, Vec<InputFile>), Problems> {
        let before = self.digests();
        let resolved = load_network(self.path()).map_err(|problems| self.as_named(&problems))?;
        let problem = |file: String, expected: String| Problems::from(Problem::new(file, expected));
        let unread =
            |error: OutputError| problem(self.name().display().to_string(), error.to_string());
        let (before, after) = (before.map_err(unread)?, self.digests().map_err(unread)?);
        if before == after {
            return Ok((resolved, before));
        }
        let unlike = |files: &[InputFile], others: &[InputFile]| {
            files.iter().find(|file| !others.contains(file)).map(|file| file.path.clone())
        };
        let changed = unlike(&after, &before).or_else(|| unlike(&before, &after));
        let expected = "a file that stays as it is was expected: it changed while it was read";
        Err(problem(changed.unwrap_or_default(), expected.to_owned()))
    }

    fn digests(&self) -> Result<Vec<InputFile>, OutputError> {
        let io = |source| OutputError::Io { path: self.name(), source };
        let files = network_files(self.path()).map_err(io)?.into_iter();
        let digest = |path: PathBuf| {
            Ok(InputFile { path: self.name_of(&path), sha256: digest_file(&path)? })
        };
        files.map(digest).collect()
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
    fn as_named(&self, problems: &Problems) -> Problems {
        problems.of_files(|file| self.name_of(Path::new(file)))
    }
}

/// Files that are read, and no folder beside them.
fn is_wanted(name: &str) -> bool {
    !name.contains('/') && is_network_file(Path::new(name))
}

/// Whether a file of a network's folder is read.
fn is_network_file(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "csv" || e == "parquet" || e == "toml")
}

/// The files of a network folder that are read, in order of name.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn network_files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if is_network_file(&path) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
