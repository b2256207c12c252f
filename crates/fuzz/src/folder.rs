//! Folders of files in one input, and on disk for those who read them there.

use std::fs;
use std::path::{Path, PathBuf};

/// Begins the line that names the next file.
const MARK: &[u8] = b"== ";

/// The files of an input: each follows a line `== NAME`. Lines before the first are of none; what is no plain name is none.
pub(crate) fn files_of(bytes: &[u8]) -> Vec<(&str, &[u8])> {
    let mut files = Vec::new();
    let mut name = None;
    let mut start = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        if let Some(named) = line.strip_prefix(MARK) {
            name = std::str::from_utf8(named).ok().map(str::trim).filter(|name| is_plain(name));
            files.extend(name.map(|name| (name, end, end)));
        } else if let (Some(_), Some((.., until))) = (name, files.last_mut()) {
            *until = end;
        }
        start = end;
    }
    files.into_iter().map(|(name, from, to)| (name, &bytes[from..to])).collect()
}

fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && !name.starts_with('.')
}

/// An input of these files.
pub(crate) fn joined<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, file) in files {
        bytes.extend_from_slice(MARK);
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(b'\n');
        bytes.extend_from_slice(file);
        if !file.ends_with(b"\n") {
            bytes.push(b'\n');
        }
    }
    bytes
}

/// Has a folder hold these files and no others.
///
/// # Panics
/// When it cannot be written.
pub(crate) fn hold(dir: &Path, files: &[(&str, &[u8])]) {
    let _ = fs::remove_dir_all(dir);
    written(fs::create_dir_all(dir), dir);
    for (name, bytes) in files {
        let path = dir.join(name);
        written(fs::write(&path, bytes), &path);
    }
}

/// The files of a folder of the repository, in order of name.
///
/// # Panics
/// When it cannot be read.
pub(crate) fn read(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = written(fs::read_dir(dir), dir).flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths.into_iter().map(|path| (name(&path), written(fs::read(&path), &path))).collect()
}

/// What the file system gave.
///
/// # Panics
/// When it gave an error: then nothing can be said of the input.
pub(crate) fn written<T>(result: std::io::Result<T>, path: &Path) -> T {
    result.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_back() {
        let files: [(&str, &[u8]); 2] = [("a.csv", b"x,y\n== \n"), ("network.toml", b"name = 1\n")];
        let bytes = joined(files);
        // A mark without a name ends a file.
        assert_eq!(files_of(&bytes), [("a.csv", &b"x,y\n"[..]), files[1]]);
        assert_eq!(files_of(b"nothing\n== ../a\nb\n"), []);
    }
}
