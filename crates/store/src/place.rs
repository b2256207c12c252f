//! A place: a folder on this machine, or a prefix in a bucket, for who reads from either.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::address::Address;
use crate::prefix::{Fetched, Prefix};
use crate::{Kind, StoreError, Upload};

/// A folder on this machine, or a prefix in a bucket.
#[derive(Clone, Debug)]
pub struct Place(Where);

#[derive(Clone, Debug)]
enum Where {
    Folder(PathBuf),
    Prefix(Prefix),
}

/// A folder on this machine that has what a place has, and goes with this value where it is a copy.
#[derive(Debug)]
pub struct LocalFolder(Local);

#[derive(Debug)]
enum Local {
    Own(PathBuf),
    Fetched(Fetched),
}

impl Place {
    /// The place that a text names: an address of a store, or a folder.
    ///
    /// # Errors
    /// When it is meant as an address and is none, or is one of a store that this build or the environment
    /// has no access to.
    pub fn parse(text: impl AsRef<OsStr>) -> Result<Self, StoreError> {
        let text = text.as_ref();
        // What is not Unicode is a name of this machine.
        let address = text.to_str().map(Address::parse).transpose()?.flatten();
        Ok(Self(match address {
            Some(address) => Where::Prefix(Prefix::open(address)?),
            None => Where::Folder(text.into()),
        }))
    }

    /// Whether a text is meant as an address, good or not.
    #[must_use]
    pub fn is_address(text: impl AsRef<OsStr>) -> bool {
        text.as_ref().to_str().is_some_and(|text| !matches!(Address::parse(text), Ok(None)))
    }

    /// The folder, where it is one of this machine.
    #[must_use]
    pub fn as_local(&self) -> Option<&Path> {
        match &self.0 {
            Where::Folder(dir) => Some(dir),
            Where::Prefix(_) => None,
        }
    }

    /// The place of this name in it.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        Self(match &self.0 {
            Where::Folder(dir) => Where::Folder(dir.join(name)),
            Where::Prefix(prefix) => Where::Prefix(prefix.join(name)),
        })
    }

    /// Folders in it that are not hidden, in order of their names; none where it is not there.
    ///
    /// # Errors
    /// When a store does not say.
    pub fn children(&self) -> Result<Vec<Self>, StoreError> {
        match &self.0 {
            Where::Folder(dir) => {
                let entries = fs::read_dir(dir).into_iter().flatten().flatten();
                let is_shown = |path: &PathBuf| !is_hidden(path) && path.is_dir();
                let mut dirs: Vec<_> = entries.map(|entry| entry.path()).filter(is_shown).collect();
                dirs.sort();
                Ok(dirs.into_iter().map(|dir| Self(Where::Folder(dir))).collect())
            }
            Where::Prefix(prefix) => {
                let children = prefix.children()?.into_iter();
                let children = children.filter(|child| !is_hidden(Path::new(&child.to_string())));
                Ok(children.map(|child| Self(Where::Prefix(child))).collect())
            }
        }
    }

    /// Names of the folders in it that have a file of this name, in order.
    ///
    /// # Errors
    /// When a store does not say.
    pub fn children_with(&self, marker: &str) -> Result<Vec<String>, StoreError> {
        let mut names = match &self.0 {
            Where::Folder(dir) => {
                let entries = fs::read_dir(dir).into_iter().flatten().flatten();
                let has = entries.filter(|entry| entry.path().join(marker).is_file());
                has.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
            }
            Where::Prefix(prefix) => prefix.children_with(marker)?,
        };
        names.retain(|name| !is_hidden(Path::new(name)));
        names.sort();
        Ok(names)
    }

    /// The file of this name; none where it is not there.
    ///
    /// # Errors
    /// When it is there, or may be, and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.0 {
            Where::Folder(dir) => {
                let path = dir.join(name);
                match read_regular(&path) {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(error) if is_absence(&error) => Ok(None),
                    Err(error) => Err(StoreError::io(&path)(error)),
                }
            }
            Where::Prefix(prefix) => prefix.read(name),
        }
    }

    /// The place beside it whose name ends so.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        Self(match &self.0 {
            Where::Folder(dir) => {
                let mut name = dir.file_name().unwrap_or_default().to_owned();
                name.push(suffix);
                Where::Folder(dir.with_file_name(name))
            }
            Where::Prefix(prefix) => Where::Prefix(prefix.with_suffix(suffix)),
        })
    }

    /// Writes a file, where none is unless one is to be replaced. Whoever reads it finds it whole, as it was or
    /// as it is, also after the machine has gone away meanwhile.
    ///
    /// # Errors
    /// When one is there, and when it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8], overwrite: bool) -> Result<(), StoreError> {
        match &self.0 {
            Where::Folder(dir) => {
                let path = dir.join(name);
                write_whole(dir, &path, bytes, overwrite).map_err(StoreError::io(&path))
            }
            Where::Prefix(prefix) => prefix.write(name, bytes, overwrite),
        }
    }

    /// Removes a file; nothing where it is not there.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_file(&self, name: &str) -> Result<(), StoreError> {
        match &self.0 {
            Where::Folder(dir) => {
                let path = dir.join(name);
                let gone = fs::remove_file(&path);
                gone.or_else(|error| if is_absence(&error) { Ok(()) } else { Err(error) })
                    .map_err(StoreError::io(&path))
            }
            Where::Prefix(prefix) => prefix.remove_objects(&[name.to_owned()]),
        }
    }

    /// Removes what is in it, the file `first` before all else; nothing where nothing is.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, first: &str) -> Result<(), StoreError> {
        match &self.0 {
            Where::Folder(dir) => {
                self.remove_file(first)?;
                let gone = fs::remove_dir_all(dir);
                gone.or_else(|error| if is_absence(&error) { Ok(()) } else { Err(error) })
                    .map_err(StoreError::io(dir))
            }
            Where::Prefix(prefix) => {
                self.remove_file(first)?;
                prefix.remove_objects(&prefix.all_names()?)
            }
        }
    }

    /// A folder on this machine with the files that are wanted, named from here with `/` in between: this one,
    /// or a copy of what a store has. None where a store has no `marker` there, which is then all that was asked for.
    ///
    /// # Errors
    /// When it cannot be read, or changes meanwhile.
    pub fn fetched(
        &self,
        marker: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Option<LocalFolder>, StoreError> {
        match &self.0 {
            Where::Folder(dir) => Ok(Some(LocalFolder(Local::Own(dir.clone())))),
            Where::Prefix(prefix) => {
                let fetched = prefix.fetched(marker, &wanted)?;
                Ok(fetched.map(|fetched| LocalFolder(Local::Fetched(fetched))))
            }
        }
    }

    /// Begins to bring a folder there, where it is none of this machine: better told before the work that it
    /// cannot be than after it.
    ///
    /// # Errors
    /// When what is there is not to be replaced, or the store does not answer.
    pub fn upload(&self, kind: Kind, overwrite: bool) -> Result<Option<Upload>, StoreError> {
        match &self.0 {
            Where::Folder(_) => Ok(None),
            Where::Prefix(prefix) => Upload::begin(prefix, kind, overwrite).map(Some),
        }
    }
}

fn write_whole(dir: &Path, path: &Path, bytes: &[u8], overwrite: bool) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = dir.join(format!(".{name}.partial-{}", std::process::id()));
    let write = || {
        let mut file = fs::File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    // A link takes no name that is taken.
    let name_it =
        || if overwrite { fs::rename(&partial, path) } else { fs::hard_link(&partial, path) };
    let written = write().and_then(|()| name_it());
    if !overwrite || written.is_err() {
        // A failure to tidy up is no news: what is left says `.partial` in its name.
        let _ = fs::remove_file(&partial);
    }
    // Not all file systems take this of a folder.
    let _ = fs::File::open(dir).and_then(|dir| dir.sync_all());
    written
}

/// The bytes of a file; pipes and devices, which may never end, are none.
fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?.file_type();
    // Of a folder the system says it best.
    if kind.is_file() || kind.is_dir() {
        return fs::read(path);
    }
    let why = "a regular file was expected, no pipe and no device";
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// True of what bears no name of its own yet.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// True of errors that say that there is no such file.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Where::Folder(dir) => dir.display().fmt(f),
            Where::Prefix(prefix) => prefix.fmt(f),
        }
    }
}

impl LocalFolder {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.0 {
            Local::Own(dir) => dir,
            Local::Fetched(fetched) => fetched.path(),
        }
    }

    /// Leaves the copy, where it is one, to who has its path from now on.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        match self.0 {
            Local::Own(dir) => dir,
            Local::Fetched(fetched) => fetched.keep(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b", "a", ".a.partial"] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("part.json"), name).unwrap();
        }
        fs::write(dir.path().join("file"), "no folder").unwrap();
        let place = Place::parse(dir.path()).unwrap();
        assert_eq!(place.as_local(), Some(dir.path()));
        assert_eq!(place.to_string(), dir.path().display().to_string());
        let children = place.children().unwrap();
        let read: Vec<_> = children.iter().map(|own| own.read("part.json").unwrap()).collect();
        assert_eq!(read, [Some(b"a".to_vec()), Some(b"b".to_vec())]);
        assert_eq!(place.join("a").read("part.json").unwrap(), Some(b"a".to_vec()));
        assert_eq!(place.children_with("part.json").unwrap(), ["a", "b"]);
        let page = |text: &str, overwrite| place.write("page", text.as_bytes(), overwrite);
        page("first, which is long", false).unwrap();
        assert!(page("second", false).is_err());
        page("third", true).unwrap();
        assert_eq!(place.read("page").unwrap(), Some(b"third".to_vec()));
        let beside = place.join("a").with_suffix(".more");
        assert_eq!(beside.as_local(), Some(&*dir.path().join("a.more")));
        beside.remove("marker").unwrap();
        fs::create_dir(dir.path().join("a.more")).unwrap();
        beside.write("marker", b"", false).unwrap();
        beside.remove("marker").unwrap();
        assert!(!dir.path().join("a.more").exists());
        assert!(place.children_with("other.json").unwrap().is_empty());
        assert_eq!(place.read("part.json").unwrap(), None);
        assert_eq!(place.join("file").read("part.json").unwrap(), None);
        assert!(matches!(place.read("a"), Err(StoreError::Io { .. })));
        let fetched = place.fetched("no marker", |_| false).unwrap().unwrap();
        assert_eq!(fetched.path(), dir.path());
        drop(fetched);
        assert!(dir.path().is_dir());
        assert!(place.join("nowhere").children().unwrap().is_empty());
    }

    #[test]
    fn addresses_are_told_from_folders() {
        assert!(Place::is_address("s3://b/a") && Place::is_address("gs://b"));
        assert!(!Place::is_address("results/a"));
    }

    #[cfg(not(feature = "object-storage"))]
    #[test]
    fn a_store_is_refused_without_the_feature() {
        let error = Place::parse("s3://bucket/a").unwrap_err();
        assert!(error.is_input());
        assert!(error.to_string().contains("--features object-storage"), "{error}");
    }
}
