//! Opens a result folder that is to be compared, and says in one go why it cannot be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use serde::Deserialize;
use slashfall_graph::{Problem, Problems, read_text};

use super::columns::{StoredScope, open, read_columns, stored_scopes};
use crate::recorded::unread;
use crate::schema::SCHEMA_VERSION;

/// What is read of `manifest.json`.
#[derive(Clone, Debug, Deserialize)]
struct StoredManifest {
    schema_version: String,
    seed: u64,
    horizon_days: u32,
    paths: BTreeMap<String, u64>,
    config: BTreeMap<String, StoredConfig>,
    #[serde(default)]
    sampling: BTreeMap<String, StoredSampling>,
}

#[derive(Clone, Debug, Deserialize)]
struct StoredSampling {
    method: String,
}

/// What `sampling.METHOD` says of paths that are dealt out to replicates.
const SOBOL: &str = "sobol";

#[derive(Clone, Debug, Deserialize)]
struct StoredConfig {
    run: StoredRun,
}

#[derive(Clone, Debug, Deserialize)]
struct StoredRun {
    levels: Vec<f64>,
}

/// A result folder with the paths of its scenarios.
#[derive(Clone, Debug)]
pub struct StoredResult {
    folder: PathBuf,
    manifest: StoredManifest,
    /// Name of each scenario and its files, in the order of the run file.
    scenarios: Vec<(String, Vec<PathBuf>)>,
}

/// One scenario of a result: what is compared with another.
#[derive(Clone, Debug)]
pub struct Side {
    /// The folder as the user named it.
    pub folder: PathBuf,
    /// The scenario.
    pub scenario: String,
    /// Seed.
    pub seed: u64,
    /// Days simulated.
    pub horizon_days: u32,
    /// Paths.
    pub n_paths: u64,
    /// Whether its paths are Sobol points, dealt out to replicates.
    pub is_replicated: bool,
    /// Levels of value at risk and expected shortfall, ascending.
    pub levels: Vec<f64>,
    pub(super) scopes: Vec<StoredScope>,
    pub(super) files: Vec<PathBuf>,
}

impl StoredResult {
    /// Opens a result.
    ///
    /// # Errors
    /// When it is none, is of another version, or has no paths.
    pub fn open(folder: &Path) -> Result<Self, Problems> {
        Self::open_for(folder, "as a difference is taken path by path")
    }

    /// Opens a result whose paths are needed for what `why` says.
    pub(super) fn open_for(folder: &Path, why: &str) -> Result<Self, Problems> {
        let manifest = read_manifest(folder)?;
        if manifest.paths.is_empty() {
            let expected = "a result of `slashfall run` was expected: this is a stress, which has \
                            no paths to compare";
            return Err(Problem::new(folder.display().to_string(), expected).into());
        }
        let scenarios = scenarios(&folder.join("paths"))?;
        if scenarios.is_empty() {
            let expected = format!(
                "the paths of a result were expected in paths/, {why}; run it again with detail = \
                 \"paths\" in [run]"
            );
            return Err(Problem::new(folder.display().to_string(), expected).into());
        }
        Ok(Self { folder: folder.to_owned(), manifest, scenarios })
    }

    /// Its scenarios in the order of the run file.
    pub fn scenarios(&self) -> impl Iterator<Item = &str> {
        self.scenarios.iter().map(|(name, _)| name.as_str())
    }

    /// One of its scenarios.
    ///
    /// # Errors
    /// When there is no such scenario, or its paths are not whole.
    pub fn side(&self, scenario: &str) -> Result<Side, Problems> {
        let (files, n_paths) = self.files_of(scenario)?;
        self.check_paths(files, n_paths, |file, weights| {
            let is_plain = weights.iter().all(|weight| (weight - 1.0).abs() <= 0.0);
            let expected = "paths of weight 1 were expected: weighted ones have other estimators";
            let wrong = || Problem::new(file.display().to_string(), expected).key("weight");
            if is_plain { Ok(()) } else { Err(wrong().into()) }
        })?;
        let manifest = &self.manifest;
        let run = manifest.config.get(scenario).map(|config| &config.run);
        let mut levels = run.map(|run| run.levels.clone()).unwrap_or_default();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        Ok(Side {
            folder: self.folder.clone(),
            scenario: scenario.to_owned(),
            seed: manifest.seed,
            horizon_days: manifest.horizon_days,
            n_paths,
            is_replicated: manifest.sampling.get(scenario).is_some_and(|own| own.method == SOBOL),
            levels,
            scopes: scopes_of(files)?,
            files: files.to_vec(),
        })
    }

    /// The files of a scenario, and how many paths it has.
    pub(super) fn files_of(&self, scenario: &str) -> Result<(&[PathBuf], u64), Problems> {
        let found = self.scenarios.iter().find(|(name, _)| name == scenario);
        let manifest = &self.manifest;
        let known = manifest.paths.get(scenario).filter(|_| manifest.config.contains_key(scenario));
        if let (Some((_, files)), Some(n_paths)) = (found, known) {
            return Ok((files, *n_paths));
        }
        let names: Vec<&str> = self.scenarios().collect();
        let expected = format!("a scenario was expected: {}", names.join(", "));
        let problem = Problem::new(self.folder.display().to_string(), expected);
        Err(problem.value(scenario).nearest_of(names).into())
    }

    /// Every path has to be there; its weight is handed on, some at a time.
    pub(super) fn check_paths(
        &self,
        files: &[PathBuf],
        n_paths: u64,
        mut weights: impl FnMut(&Path, &[f64]) -> Result<(), Problems>,
    ) -> Result<(), Problems> {
        let mut n_found = 0;
        for file in files {
            let first = file.file_stem().and_then(|stem| stem.to_str());
            let first = first.and_then(|stem| stem.rsplit('-').next()).and_then(|n| n.parse().ok());
            if first != Some(n_found) {
                let expected =
                    format!("the paths from {n_found} on were expected in the next file");
                return Err(Problem::new(file.display().to_string(), expected).into());
            }
            let mut taken = Ok(());
            read_columns(file, &["weight"], |columns| {
                n_found += columns[0].len() as u64;
                if taken.is_ok() {
                    taken = weights(file, columns[0].values());
                }
            })?;
            taken?;
        }
        if n_found != n_paths {
            let expected = format!("{n_paths} paths were expected, the number of the manifest");
            let paths = self.folder.join("paths").display().to_string();
            return Err(Problem::new(paths, expected).value(n_found.to_string()).into());
        }
        Ok(())
    }
}

impl Side {
    /// Its manifest, to say what is wrong with it.
    pub(super) fn manifest(&self) -> String {
        self.folder.join("manifest.json").display().to_string()
    }
}

fn read_manifest(folder: &Path) -> Result<StoredManifest, Problems> {
    let path = folder.join("manifest.json");
    let text = read_text(&path).map_err(|error| {
        let expected = format!("a result folder with its manifest.json was expected: {error}");
        Problem::new(folder.display().to_string(), expected)
    })?;
    let file = path.display().to_string();
    let manifest: StoredManifest = serde_json::from_str(&text).map_err(|error| {
        Problem::new(&file, format!("the manifest of a result was expected ({error})"))
    })?;
    if manifest.schema_version != SCHEMA_VERSION {
        let expected = format!(
            "{SCHEMA_VERSION} was expected: another version means other figures; run it again, or \
             compare it with the program that wrote it"
        );
        return Err(Problem::new(file, expected)
            .key("schema_version")
            .value(manifest.schema_version)
            .into());
    }
    Ok(manifest)
}

/// The scopes that files of paths have.
pub(super) fn scopes_of(files: &[PathBuf]) -> Result<Vec<StoredScope>, Problems> {
    let schema = open(&files[0])?.schema().clone();
    stored_scopes(&files[0], &schema)
}

/// Files of paths by scenario; none where the folder is not there.
fn scenarios(dir: &Path) -> Result<Vec<(String, Vec<PathBuf>)>, Problems> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(Vec::new()) };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "parquet"));
    files.sort();
    let mut scenarios: Vec<(String, Vec<PathBuf>)> = Vec::new();
    for file in files {
        let name = scenario_of(&file)?;
        match scenarios.last_mut() {
            Some((last, files)) if *last == name => files.push(file),
            _ => scenarios.push((name, vec![file])),
        }
    }
    Ok(scenarios)
}

/// The scenario that a file of paths is of.
fn scenario_of(path: &Path) -> Result<String, Problems> {
    let opened = open(path)?;
    let expected = || {
        let file = path.display().to_string();
        Problem::new(file, "a column with the name of a scenario was expected").key("scenario")
    };
    let column = opened.schema().index_of("scenario").map_err(|_| expected())?;
    let first = opened.columns([column]).rows(0, 1).batches().map_err(unread(path))?.next();
    let batch = first.ok_or_else(expected)?.map_err(unread(path))?;
    let texts = batch.column(0).as_dictionary_opt::<Int32Type>().ok_or_else(expected)?;
    let values = texts.values().as_string_opt::<i32>().ok_or_else(expected)?;
    let key = texts.key(0).filter(|key| *key < values.len()).ok_or_else(expected)?;
    Ok(values.value(key).to_owned())
}
