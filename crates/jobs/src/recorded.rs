//! A result as a replay needs it: the run file of a scenario as its manifest keeps it, and the
//! network, both shown to be those of the run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slashfall_graph::{Network, Problem, Problems, printable, read_text};
use slashfall_output::{Digest, InputFile, check_version, digest_file};
use slashfall_sampling::config::NodeValue;
use slashfall_sampling::{Node, RunSpec, STREAMS_VERSION, Scenario};

use crate::drawing::Drawing;
use crate::folder::{NetworkFolder, network_files};
use crate::provenance::{digest_of, program};

/// Sections that say nothing of one scenario's paths.
const OF_OTHERS: [&str; 3] = ["scenario", "sweep", "event"];

/// A scenario of a result.
pub struct Recorded {
    /// Its folder as the user named it.
    pub result: PathBuf,
    /// The manifest as the user would find it.
    file: String,
    scenario: String,
    /// The run file as the scenario has changed it.
    root: Node,
    folder: NetworkFolder,
    /// Paths that the run drew.
    pub n_paths: u64,
    program: String,
    /// Whether it is known that its paths were drawn from the streams that this program has.
    has_our_streams: bool,
    /// Digests of the network's files, by name.
    digests: BTreeMap<String, String>,
}

impl Recorded {
    /// Reads the manifest of a result.
    ///
    /// # Errors
    /// When there is none, when it is not whole, or when it has no such scenario.
    pub fn read(result: &Path, scenario: &str, network: Option<&Path>) -> Result<Self, Problems> {
        let path = result.join("manifest.json");
        let file = path.display().to_string();
        let text = read_text(&path).map_err(|error| {
            let expected = format!("a result folder with its manifest.json was expected: {error}");
            Problem::new(result.display().to_string(), expected)
        })?;
        let broken = || Problem::new(&file, "the manifest of a run was expected");
        let manifest: Value = serde_json::from_str(&text).map_err(|_| broken())?;
        // Digits count: numbers of the run file come from a reader that keeps the last of them.
        let root = Node::parse_json(&file, &text).map_err(|_| broken())?;
        let config = root.get("config").ok_or_else(broken)?;
        check_version(&file, &manifest)?;
        let has_our_streams = check_streams(&file, &manifest)?;
        check_config(&file, config, &manifest)?;
        if manifest["paths"].as_object().is_some_and(|paths| paths.is_empty()) {
            let expected = "a result of `slashfall run` was expected: this is a stress, which has \
                            no paths to replay";
            return Err(Problem::new(result.display().to_string(), expected).into());
        }
        let names = manifest["config"].as_object().ok_or_else(broken)?;
        let Some(own) = config.get(scenario) else {
            let problem = Problem::new("--scenario", "a scenario of the result was expected");
            let names = names.keys().map(String::as_str);
            return Err(problem.value(scenario).nearest_of(names).into());
        };
        let mut root = own.clone();
        OF_OTHERS.iter().for_each(|section| root.remove(section));
        let folder = match (network, manifest["network_dir"].as_str()) {
            (Some(network), _) => NetworkFolder::held(network, Path::new("")),
            (None, Some(dir)) => NetworkFolder::held(Path::new(dir), result),
            (None, None) => {
                let expected = "it does not say where the network is; say so with --network DIR";
                Err(Problem::new(&file, expected).into())
            }
        }?;
        Ok(Self {
            result: result.to_owned(),
            n_paths: manifest["paths"][scenario].as_u64().unwrap_or_default(),
            program: manifest["program"].as_str().unwrap_or_default().to_owned(),
            digests: digests(&manifest).ok_or_else(broken)?,
            scenario: scenario.to_owned(),
            has_our_streams,
            file,
            root,
            folder,
        })
    }

    /// The seed of the run.
    #[must_use]
    pub fn seed(&self) -> u64 {
        match self.root.get("run").and_then(|run| run.get("seed")).map(|seed| &seed.value) {
            Some(NodeValue::Integer(seed)) => seed.unsigned_abs(),
            _ => 0,
        }
    }

    /// Gives the paths another seed: none of them is one of the run.
    ///
    /// # Errors
    /// When the run file does not take it.
    pub fn set_seed(&mut self, seed: u64) -> Result<(), Problems> {
        self.root.set_from_command_line(&format!("run.seed={seed}"))
    }

    /// The digest of the run file as the scenario has changed it.
    #[must_use]
    pub fn config_digest(&self) -> String {
        digest_of(&serde_json::to_value(&self.root).unwrap_or_default())
    }

    /// What should be known before a path is believed.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let own = program();
        (self.program != own).then(|| {
            let program = printable(&self.program);
            format!("warning: the result is of {program}, this is {own}: paths may differ; run it again with this one to be sure")
        })
    }

    /// That a path played again is not that of the result: bad input where the result does not say
    /// from which streams it was drawn, else an error of this program.
    #[must_use]
    pub fn differs(&self, said: &str) -> anyhow::Error {
        if self.has_our_streams {
            return anyhow::anyhow!(said.to_owned());
        }
        let expected = format!(
            "{said}; the manifest does not say of which version the random streams were, and an \
             earlier program may have drawn other paths: run it again"
        );
        Problems::from(Problem::new(&self.file, expected)).into()
    }

    /// Loads the network, which must be that of the run.
    ///
    /// # Errors
    /// Every file that has changed, come or gone.
    pub fn load_network(&self) -> Result<Network, Problems> {
        check_network(&self.folder, &self.digests)?;
        Ok(self.folder.load()?.0.network)
    }

    /// The model of the scenario, its paths drawn as the run drew them: the pilot of importance
    /// sampling finds again what it found.
    ///
    /// # Errors
    /// When this program does not take the run file.
    pub fn resolve<'n>(&self, network: &'n Network) -> Result<Scenario<'n>, Problems> {
        let spec = RunSpec::read(&self.file, &self.root)?;
        let mut scenarios = spec.resolve(&self.file, &self.root, network)?;
        let mut scenario = scenarios.swap_remove(0);
        scenario.name.clone_from(&self.scenario);
        Drawing::prepare(&self.file, &mut scenario)?;
        Ok(scenario)
    }
}

/// Whether the files of a network are those whose digests a run has noted, by name.
///
/// # Errors
/// Every file that has changed, come or gone.
pub(crate) fn check_network(
    folder: &NetworkFolder,
    digests: &BTreeMap<String, String>,
) -> Result<(), Problems> {
    let files = network_files(folder.path()).map_err(|error| {
        let expected =
            format!("the result's network was expected ({error}); --network DIR says where it is");
        Problem::new(folder.name().display().to_string(), expected)
    })?;
    let mut problems = Problems::default();
    let mut missing = digests.clone();
    for path in files {
        let mut wrong = |expected: &str| {
            problems.push(Problem::new(folder.name_of(&path), expected));
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match (missing.remove(&name), digest_file(&path)) {
            (_, Err(error)) => wrong(&format!("it cannot be read: {error}")),
            (None, _) => wrong("the run did not have this file, so its paths were others"),
            (Some(then), Ok(now)) if then != now => {
                wrong("it has changed since the run, so a path would be another one");
            }
            _ => {}
        }
    }
    for name in missing.keys() {
        let path = folder.name_of(&folder.path().join(name));
        problems.push(Problem::new(path, "the run read this file, and it is not here"));
    }
    problems.or_ok(())
}

/// The scenarios of a result, base first.
///
/// # Errors
/// When there is no result, or its manifest is not whole.
pub fn scenarios_of(result: &Path) -> Result<Vec<String>, Problems> {
    let path = result.join("manifest.json");
    let broken = || Problem::new(path.display().to_string(), "the manifest of a run was expected");
    let text = read_text(&path).map_err(|_| broken())?;
    let manifest: Value = serde_json::from_str(&text).map_err(|_| broken())?;
    let config = manifest["config"].as_object().ok_or_else(broken)?;
    let mut names: Vec<String> = config.keys().cloned().collect();
    names.sort_by_key(|name| name != "base");
    Ok(names)
}

/// The random streams must be those of this program; false where the manifest does not say which
/// they were. Schema version 1 had those of version 1 alone, before manifests said so.
fn check_streams(file: &str, manifest: &Value) -> Result<bool, Problems> {
    let said = manifest["streams_version"].as_u64();
    let Some(version) = said.or_else(|| (manifest["schema_version"] == "1").then_some(1)) else {
        return Ok(false);
    };
    if version == STREAMS_VERSION {
        return Ok(true);
    }
    let program = manifest["program"].as_str().unwrap_or_default();
    let expected = format!(
        "random streams of version {STREAMS_VERSION} were expected: from others the same number is \
         another path; run it again, or replay it with the program that wrote it ({program})"
    );
    Err(Problem::new(file, expected).key("streams_version").value(version.to_string()).into())
}

/// The run file must be as it was written.
fn check_config(file: &str, config: &Node, manifest: &Value) -> Result<(), Problems> {
    let written = serde_json::to_value(config).unwrap_or_default();
    if manifest["config_sha256"].as_str() == Some(digest_of(&written).as_str()) {
        return Ok(());
    }
    let expected = "its config has changed since the run, so a path would be another one";
    Err(Problem::new(file, expected).into())
}

/// The digests of the network's files: all inputs but the first, which is the run file.
fn digests(manifest: &Value) -> Option<BTreeMap<String, String>> {
    let inputs: Vec<InputFile> = serde_json::from_value(manifest["inputs"].clone()).ok()?;
    let files = inputs.get(1..).unwrap_or_default();
    let has_name = |file: &InputFile| Path::new(&file.path).file_name().is_some();
    files.iter().all(has_name).then(|| by_name(files))
}

/// The digests of files by their names, wherever they were.
pub(crate) fn by_name(files: &[InputFile]) -> BTreeMap<String, Digest> {
    let named = |file: &InputFile| {
        let name = Path::new(&file.path).file_name().unwrap_or_default();
        (name.to_string_lossy().into_owned(), file.sha256.clone())
    };
    files.iter().map(named).collect()
}
