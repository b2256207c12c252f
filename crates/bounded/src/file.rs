//! Files as they are read: regular ones alone. A folder that a stranger packed may have a pipe that
//! nobody writes to under the name of a table, or a device that never ends.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Opens a file.
///
/// # Errors
/// When it is not there, may not be read, or is a pipe, a socket or a device.
pub fn open_file(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    // Of a folder the system says it best.
    if kind.is_file() || kind.is_dir() {
        return File::open(path);
    }
    let why = "a regular file was expected, no pipe and no device";
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// All bytes of a file.
///
/// # Errors
/// As [`open_file`], and when it cannot be read to its end.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All text of a file.
///
/// # Errors
/// As [`read_file`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open_file(path)?.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "text").unwrap();
        assert_eq!(
            (read_file(&path).unwrap(), read_text(&path).unwrap()),
            (b"text".to_vec(), "text".to_owned())
        );
        assert_eq!(read_text(&dir.path().join("b")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(read_file(dir.path()).unwrap_err().to_string().contains("directory"));
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("network.toml");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [Path::new("/dev/zero"), &link] {
            let error = read_file(path).unwrap_err();
            assert!(error.to_string().contains("no pipe and no device"), "{error}");
        }
    }
}
