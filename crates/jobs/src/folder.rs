//! The folder of a network: on this machine, or in a store, of which there is a copy as long as it is read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use slashfall_graph::{Problem, Problems, Resolved, load_network, read_file};
use slashfall_output::{InputFile, digest_bytes};
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

    /// Reads the network, and says which files it was read from, in order of name: each is read once, and its
    /// digest is of those bytes, whoever changes it meanwhile.
    ///
    /// # Errors
    /// Every problem of the network.
    pub(crate) fn load(&self) -> Result<(Resolved, Vec<InputFile>), Problems> {
        let Ok(copy) = tempfile::Builder::new().prefix("slashfall-").tempdir() else {
            return self.load_in_place();
        };
        let mut has_room = true;
        let files = self.read_each(|path, bytes| {
            let name = path.file_name().unwrap_or_default();
            has_room = has_room && fs::write(copy.path().join(name), bytes).is_ok();
        })?;
        if !has_room {
            return self.load_in_place();
        }
        if !self.path().is_dir() {
            return Err(self.unreadable(self.path()));
        }
        let resolved = load_network(copy.path());
        Ok((resolved.map_err(|problems| self.as_named(&problems, copy.path()))?, files))
    }

    /// The same where there is no room for a copy: files must be before as they are after.
    fn load_in_place(&self) -> Result<(Resolved, Vec<InputFile>), Problems> {
        let before = self.read_each(|_, _| {})?;
        let resolved = load_network(self.path());
        let resolved = resolved.map_err(|problems| self.as_named(&problems, self.path()))?;
        let after = self.read_each(|_, _| {})?;
        match after.iter().find(|file| !before.contains(file)) {
            None if before.len() == after.len() => Ok((resolved, before)),
            changed => {
                let file = changed.or(before.last()).map(|file| file.path.clone());
                let expected =
                    "a file that stays as it is was expected: it changed while it was read";
                Err(Problem::new(file.unwrap_or_default(), expected).into())
            }
        }
    }

    /// Hands over what is in each of its files, in order of name, and says what they are.
    fn read_each(&self, mut take: impl FnMut(&Path, &[u8])) -> Result<Vec<InputFile>, Problems> {
        let mut files = Vec::new();
        for path in network_files(self.path()).unwrap_or_default() {
            // What cannot be read is told by who reads networks, with all else that is wrong.
            let Ok(bytes) = read_file(&path) else { return Err(self.unreadable(&path)) };
            files.push(InputFile { path: self.name_of(&path), sha256: digest_bytes(&bytes) });
            take(&path, &bytes);
        }
        Ok(files)
    }

    /// What is wrong with a network of which something cannot be read.
    fn unreadable(&self, path: &Path) -> Problems {
        match load_network(self.path()) {
            Err(problems) => self.as_named(&problems, self.path()),
            Ok(_) => {
                Problem::new(self.name_of(path), "a file that can be read was expected").into()
            }
        }
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

    /// What is wrong with its files, read from `dir`, by the names that the user knows them by.
    fn as_named(&self, problems: &Problems, dir: &Path) -> Problems {
        problems.of_files(|file| {
            let file = Path::new(file);
            match file.strip_prefix(dir) {
                Ok(name) if name.as_os_str().is_empty() => self.name().display().to_string(),
                Ok(name) => self.name_of(&self.path().join(name)),
                Err(_) => self.name_of(file),
            }
        })
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
pub(crate) fn network_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
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
