//! Reads a run file and its network, and collects what is wrong with either before anything is done.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use slashfall_graph::{Network, Problem, Problems, read_file};
use slashfall_output::{Digest, InputFile, digest_bytes, digest_text};
use slashfall_sampling::{Node, RunSpec, Scenario};
use slashfall_store::Place;

use crate::folder::NetworkFolder;
use crate::reach::{Reach, is_named_by_user, out_of_reach};
use crate::target::place_of;

/// Where a run file comes from.
#[derive(Clone, Debug)]
pub enum Config {
    /// A TOML file, or `s3://BUCKET/NAME`; its network is relative to it.
    File {
        /// The file.
        path: PathBuf,
        /// How far it reaches.
        reach: Reach,
    },
    /// What such a file would say, given by a caller.
    Given {
        /// All of it.
        root: Node,
        /// What messages and the manifest call it.
        name: String,
        /// The folder that a relative path of the network starts from.
        folder: PathBuf,
        /// How far links in the network reach: the folder itself is named by the caller.
        reach: Reach,
    },
    /// What was read before, maybe on another machine.
    Recorded {
        /// The run file.
        file: RunFile,
        /// Its network, wherever it says that it is.
        network: Arc<NetworkFolder>,
    },
}

impl Config {
    /// The run file as messages call it.
    fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Given { name, .. } => name.clone(),
            Self::Recorded { file, .. } => file.name.clone(),
        }
    }

    /// The network that the run file, as it was changed, names.
    fn network(
        &self,
        root: &Node,
        named: &str,
        overrides: &Overrides,
    ) -> Result<Arc<NetworkFolder>, Problems> {
        let text = Path::new(named);
        let (path, reach) = match self {
            Self::File { path, reach } => (path, *reach),
            Self::Given { folder, reach, .. } => {
                return NetworkFolder::named(text, folder, *reach).map(Arc::new);
            }
            Self::Recorded { network, .. } => return Ok(Arc::clone(network)),
        };
        if Place::is_address(path) && !Place::is_address(text) {
            return NetworkFolder::open(&beside(path, text)?, reach).map(Arc::new);
        }
        let base = path.parent().unwrap_or(Path::new(""));
        let found = if Place::is_address(text) { text.to_owned() } else { base.join(text) };
        if !is_named_by_user(overrides) && !reach.has(path, &found) {
            let node = root.get("network").unwrap_or(root);
            return Err(node.problem(&self.name(), "network", out_of_reach()).value(named).into());
        }
        NetworkFolder::named(text, base, reach).map(Arc::new)
    }

    /// The run file as a tree, and as the manifest names it: what was given by a caller has the digest
    /// of its JSON, keys in order and without spaces.
    fn read(&self) -> Result<(Node, RunFile), Problems> {
        match self {
            Self::File { path, .. } => {
                let name = self.name();
                let bytes = bytes_of(path).map_err(|error| {
                    Problem::new(&name, format!("the run file cannot be read: {error}"))
                })?;
                let sha256 = digest_bytes(&bytes);
                let text = String::from_utf8(bytes).map_err(|error| {
                    let at = error.utf8_error().valid_up_to();
                    Problem::new(&name, format!("text in UTF-8 was expected; byte {at} is not"))
                })?;
                let file = RunFile { name, sha256, text, is_json: false };
                Ok((file.parse()?, file))
            }
            Self::Given { root, name, .. } => {
                let sorted = serde_json::to_value(root).unwrap_or_default().to_string();
                let (name, sha256) = (name.clone(), digest_text(&sorted));
                let file = RunFile { name, sha256, text: root.json_in_order(), is_json: true };
                Ok((root.clone(), file))
            }
            Self::Recorded { file, .. } => Ok((file.parse()?, file.clone())),
        }
    }
}

/// A file of this machine or of a store, or why there is none.
fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    if !Place::is_address(path) {
        return read_file(path).map_err(|error| error.to_string());
    }
    let (folder, name) = split(path);
    let read = Place::parse(folder).and_then(|place| place.read(&name));
    read.map_err(|error| error.to_string())?.ok_or_else(|| "it is not there".to_owned())
}

/// The folder of a file, and its name, of whatever machine.
pub(crate) fn split(path: &Path) -> (PathBuf, String) {
    let text = path.display().to_string();
    let (parent, name) = text.rsplit_once('/').unwrap_or(("", &text));
    (PathBuf::from(parent), name.to_owned())
}

/// A place named from a file in a store.
fn beside(file: &Path, named: &Path) -> Result<Place, Problems> {
    let wrong = || {
        let expected =
            "an address, or a path from the run file that stays in its bucket, was expected";
        Problem::new(file.display().to_string(), expected)
            .key("network")
            .value(named.display().to_string())
    };
    let text = file.display().to_string();
    let mut segments: Vec<&str> = text.split('/').collect();
    segments.pop();
    for part in named.components() {
        match part {
            Component::CurDir => {}
            // `s3:`, nothing and the bucket stay.
            Component::ParentDir if segments.len() > 3 => drop(segments.pop()),
            Component::Normal(name) => segments.push(name.to_str().ok_or_else(wrong)?),
            _ => return Err(wrong().into()),
        }
    }
    place_of("network", Path::new(&segments.join("/")))
}

/// A run file word by word, so that it can be read again elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// What messages and the manifest call it.
    pub name: String,
    /// Its digest in the manifest.
    pub sha256: Digest,
    /// What it says.
    pub text: String,
    /// Whether that is JSON, keys in the order in which they were given, and no TOML.
    pub is_json: bool,
}

impl RunFile {
    fn parse(&self) -> Result<Node, Problems> {
        match self.is_json {
            true => Node::parse_json(&self.name, &self.text),
            false => Node::parse(&self.name, self.text.trim_start_matches('\u{feff}')),
        }
    }
}

/// Changes to a run file by whoever asks for the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    /// Assignments `KEY=VALUE`, applied in order; a value is TOML, or else taken as text.
    pub set: Vec<String>,
    /// Paths, instead of `run.paths` or `run.until`.
    pub paths: Option<u64>,
    /// Seed, instead of `run.seed`.
    pub seed: Option<u64>,
}

/// A run file and its network, each right by itself.
#[derive(Debug)]
pub struct Input {
    /// The run file as the user named it.
    pub file: String,
    /// The run file as changed by [`Overrides`].
    pub root: Node,
    /// What it says.
    pub spec: RunSpec,
    /// The network that it names.
    pub network: Network,
    /// What is not wrong with the network but should be known.
    pub warnings: Vec<Problem>,
    /// Where the network is.
    pub folder: Arc<NetworkFolder>,
    /// Its files as they were when they were read.
    network_files: Vec<InputFile>,
    /// When the first of them began to be read.
    pub(crate) started: Instant,
    /// The run file word by word, before it was changed.
    pub(crate) run_file: RunFile,
    /// What changed it.
    pub(crate) overrides: Overrides,
}

impl Input {
    /// Reads both.
    ///
    /// # Errors
    /// Every problem of both.
    pub fn load(config: &Config, overrides: &Overrides) -> Result<Self, Problems> {
        let started = Instant::now();
        let file = config.name();
        let (mut root, run_file) = config.read()?;
        let mut problems = change(&mut root, overrides);
        let (spec, found) = RunSpec::read_all(&file, &root);
        problems.append(found);
        let Some(dir) = root.text("network") else { return Err(problems) };
        let folder = match config.network(&root, dir, overrides) {
            Ok(folder) => folder,
            Err(found) => {
                problems.append(found);
                return Err(problems);
            }
        };
        match folder.load() {
            Ok((resolved, network_files)) if problems.is_empty() => {
                let (network, warnings) = (resolved.network, resolved.warnings);
                let overrides = overrides.clone();
                return Ok(Self {
                    file,
                    root,
                    spec,
                    network,
                    warnings,
                    folder,
                    network_files,
                    started,
                    run_file,
                    overrides,
                });
            }
            Ok((resolved, _)) => {
                let names = spec.resolve(&file, &root, &resolved.network);
                names.err().into_iter().for_each(|found| problems.append(found));
            }
            Err(found) => problems.append(found),
        }
        Err(problems)
    }

    /// The scenarios of the run file on its network, base first.
    ///
    /// # Errors
    /// Every problem that shows only on the network.
    pub fn resolve(&self) -> Result<Vec<Scenario<'_>>, Problems> {
        self.spec.resolve(&self.file, &self.root, &self.network)
    }

    /// Every file that was read, as it was then: the run file, then those of the network in order of name.
    #[must_use]
    pub fn files(&self) -> Vec<InputFile> {
        let RunFile { name, sha256, .. } = self.run_file.clone();
        let own = InputFile { path: name, sha256 };
        std::iter::once(own).chain(self.network_files.iter().cloned()).collect()
    }
}

/// Changes the run file; says what is wrong with the changes.
fn change(root: &mut Node, overrides: &Overrides) -> Problems {
    let mut problems = Problems::default();
    let mut set = |assignment: &str| {
        root.set_from_command_line(assignment).err().into_iter().for_each(|p| problems.append(p));
    };
    overrides.set.iter().for_each(|assignment| set(assignment));
    overrides.seed.into_iter().for_each(|seed| set(&format!("run.seed={seed}")));
    overrides.paths.into_iter().for_each(|paths| set(&format!("run.paths={paths}")));
    if overrides.paths.is_some() {
        root.remove("run.until");
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const RUN_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/quickstart.toml");

    fn from_file() -> Config {
        Config::File { path: RUN_FILE.into(), reach: Reach::Anywhere }
    }

    fn given() -> Config {
        let root = Node::parse("run", &fs::read_to_string(RUN_FILE).unwrap()).unwrap();
        let folder = Path::new(RUN_FILE).parent().unwrap().to_owned();
        Config::Given { root, name: "(given)".to_owned(), folder, reach: Reach::Near }
    }

    #[test]
    fn what_is_given_is_what_a_file_would_say() {
        let overrides = Overrides { set: vec!["run.seed=7".to_owned()], ..Overrides::default() };
        let file = Input::load(&from_file(), &overrides).unwrap();
        let input = Input::load(&given(), &overrides).unwrap();
        assert_eq!((input.root.shown(), &input.spec.seed), (file.root.shown(), &7));
        assert_eq!(input.folder.path(), file.folder.path());
        let (of_file, own) = (file.files(), input.files());
        assert_eq!(own[0].path, "(given)");
        assert!(own.iter().zip(&of_file).skip(1).all(|(a, b)| a.sha256 == b.sha256));
        assert_eq!(own.len(), of_file.len());
    }

    #[test]
    fn the_digest_of_what_is_given_is_of_its_json_before_changes() {
        let node = |text| Node::parse("run", text).unwrap();
        let given = |text| Config::Given {
            root: node(text),
            name: "(given)".to_owned(),
            folder: PathBuf::new(),
            reach: Reach::Near,
        };
        let (one, other) = (given("b = 1.5\na = \"x\""), given("a = \"x\"\n\nb = 15e-1 # same"));
        let digest = |config: &Config| config.read().unwrap().1.sha256;
        assert_eq!(digest(&one), digest(&other));
        let digest = digest(&one);
        assert_eq!(digest, digest_text(r#"{"a":"x","b":1.5}"#));
    }

    /// What is recorded of a run file makes the same input, whatever it was read from.
    #[test]
    fn what_is_recorded_is_what_was_read() {
        let overrides = Overrides { set: vec!["run.seed=7".to_owned()], ..Overrides::default() };
        for config in [from_file(), given()] {
            let read = Input::load(&config, &overrides).unwrap();
            let (file, network) = (read.run_file.clone(), Arc::clone(&read.folder));
            let again = Input::load(&Config::Recorded { file, network }, &overrides).unwrap();
            assert_eq!(again.root.shown(), read.root.shown());
            assert_eq!(again.files(), read.files());
            let names = |input: &Input| -> Vec<String> {
                input.resolve().unwrap().into_iter().map(|own| own.name).collect()
            };
            assert_eq!(names(&again), names(&read));
        }
    }

    #[test]
    fn a_network_is_named_from_a_run_file_in_a_store() {
        // Without the feature there is no such place, which it says by its name.
        let from = |file: &str, named: &str| match beside(Path::new(file), Path::new(named)) {
            Ok(place) => place.to_string(),
            Err(problems) => problems.as_slice()[0].value.clone().unwrap(),
        };
        let file = "s3://risk/configs/run.toml";
        assert_eq!(from(file, "../data/net"), "s3://risk/data/net");
        assert_eq!(from(file, "./net"), "s3://risk/configs/net");
        assert_eq!(from("s3://risk/run.toml", "net"), "s3://risk/net");
        for named in ["../../net", "/net"] {
            let problems = beside(Path::new(file), Path::new(named)).unwrap_err();
            assert!(problems.to_string().contains("stays in its bucket"), "{problems}");
        }
    }

    #[test]
    fn problems_of_what_is_given_bear_its_name() {
        let mut config = given();
        if let Config::Given { root, .. } = &mut config {
            root.remove("run.seed");
        }
        let problems = Input::load(&config, &Overrides::default()).unwrap_err();
        assert!(problems.as_slice().iter().all(|own| own.file == "(given)"), "{problems}");
        assert!(problems.to_string().contains("seed"), "{problems}");
    }
}
