//! How far a run file reaches. It may come from a stranger, and its network is read: so the network is
//! one that lies beside what the user named, unless he says himself where it is or that it may be anywhere.

use std::path::{Component, Path, PathBuf};

use slashfall_graph::{Problem, Problems};
use slashfall_store::Place;

use crate::folder::network_files;
use crate::input::Overrides;

/// From where the network of a run file may be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// From below the run file's folder, the working directory (or the folder that the path of the run
    /// file goes up to from there) or the repository that the run file is in; of a run file in a
    /// bucket, from that bucket.
    #[default]
    Near,
    /// From anywhere.
    Anywhere,
}

impl Reach {
    /// What an option says.
    #[must_use]
    pub fn anywhere(is_allowed: bool) -> Self {
        if is_allowed { Self::Anywhere } else { Self::Near }
    }

    /// Whether a network that is named in `run_file`, and found at `network` from it, may be read.
    pub(crate) fn has(self, run_file: &Path, network: &Path) -> bool {
        if self == Self::Anywhere {
            return true;
        }
        match (Place::is_address(run_file), Place::is_address(network)) {
            (true, true) => bucket(run_file) == bucket(network),
            (false, false) => is_near(run_file, network),
            _ => false,
        }
    }

    /// Tables of a network that are links out of its folder.
    pub(crate) fn check_links(self, dir: &Path) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let Ok(real) = dir.canonicalize() else { return Ok(()) };
        if self == Self::Near {
            // What is not there or cannot be read is told when it is read.
            let files = network_files(dir).unwrap_or_default();
            for file in files {
                if file.canonicalize().is_ok_and(|file| !file.starts_with(&real)) {
                    let expected = format!(
                        "a file of this folder was expected, and it is a link out of it; {ANYWHERE}"
                    );
                    problems.push(Problem::new(file.display().to_string(), expected));
                }
            }
        }
        problems.or_ok(())
    }
}

/// How to have what is out of reach.
const ANYWHERE: &str =
    "--allow-outside (of Python: allow_outside=True) takes it from wherever it is";

/// What is wrong with a network that is out of reach.
pub(crate) fn out_of_reach() -> String {
    format!(
        "a network below the folder of the run file, its repository or the working directory was \
         expected, or of a run file in a bucket one in that; {ANYWHERE}, as --set network=DIR does"
    )
}

/// Whether the user has named the network himself.
pub(crate) fn is_named_by_user(overrides: &Overrides) -> bool {
    let key =
        |assignment: &String| assignment.split_once('=').map(|(key, _)| key.trim().to_owned());
    overrides.set.iter().filter_map(key).any(|key| key == "network")
}

fn bucket(address: &Path) -> Option<String> {
    let text = address.to_str()?;
    text.split_once("://")?.1.split('/').next().map(str::to_owned)
}

/// What is not there is near: reading it tells so.
fn is_near(run_file: &Path, network: &Path) -> bool {
    let Ok(network) = network.canonicalize() else { return true };
    let folder = match run_file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize(),
        _ => std::env::current_dir(),
    };
    // Who names `../../a/run.toml` has named what is below `../..`.
    let up: PathBuf =
        run_file.components().take_while(|own| *own == Component::ParentDir).collect();
    let here = std::env::current_dir().and_then(|here| here.join(up).canonicalize());
    let repository = folder.as_deref().ok().and_then(repository_of).map(Ok);
    [folder, here].into_iter().chain(repository).flatten().any(|root| network.starts_with(root))
}

/// The repository that a folder is in.
fn repository_of(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|own| own.join(".git").exists()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// `a/run.toml` beside `a/network` and `b/network`.
    fn folders() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a/network", "b/network", "a/deep"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        dir
    }

    #[test]
    fn what_is_below_the_run_file_or_in_its_repository_is_near() {
        let dir = folders();
        let has = |network: &str| {
            let folder = dir.path().join("a");
            Reach::Near.has(&folder.join("run.toml"), &folder.join(network))
        };
        assert!(has("network") && has("./deep/../network") && has("nowhere"));
        assert!(!has("../b/network") && !has("deep/../../b/network"));
        assert!(!has(&dir.path().join("b/network").display().to_string()));
        let run_file = dir.path().join("a/run.toml");
        assert!(Reach::Anywhere.has(&run_file, &dir.path().join("b/network")));
        fs::create_dir(dir.path().join(".git")).unwrap();
        assert!(has("../b/network") && !has("../.."));
    }

    #[test]
    fn a_bucket_is_no_way_to_another() {
        let has = |run_file: &str, network: &str| {
            Reach::Near.has(Path::new(run_file), Path::new(network))
        };
        assert!(has("s3://risk/a/run.toml", "s3://risk/b"));
        assert!(!has("s3://risk/a/run.toml", "s3://risks/b"));
        assert!(!has("run.toml", "s3://risk/b"));
        assert!(Reach::Anywhere.has(Path::new("run.toml"), Path::new("s3://risk/b")));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_stay_near() {
        use std::os::unix::fs::symlink;
        let dir = folders();
        let at = |name: &str| dir.path().join(name);
        symlink(at("b/network"), at("a/linked")).unwrap();
        assert!(!Reach::Near.has(&at("a/run.toml"), &at("a/linked")));
        fs::write(at("b/secret.csv"), "").unwrap();
        fs::write(at("a/network/own.csv"), "").unwrap();
        symlink(at("a/network/own.csv"), at("a/network/operators.csv")).unwrap();
        assert!(Reach::Near.check_links(&at("a/network")).is_ok());
        symlink(at("b/secret.csv"), at("a/network/assets.csv")).unwrap();
        let problems = Reach::Near.check_links(&at("a/network")).unwrap_err();
        let told = problems.as_slice();
        assert!(told.len() == 1 && told[0].file.ends_with("assets.csv"), "{problems}");
        assert!(Reach::Anywhere.check_links(&at("a/network")).is_ok());
        // One who links to a folder of his own means that folder.
        assert!(Reach::Near.check_links(&at("a/linked")).is_ok());
    }

    #[test]
    fn who_sets_the_network_has_named_it() {
        let is_named = |set: &str| {
            is_named_by_user(&Overrides { set: vec![set.to_owned()], ..Overrides::default() })
        };
        assert!(is_named("network=../net") && is_named(" network = \"/net\""));
        assert!(!is_named("name=network") && !is_named("network"));
    }
}
