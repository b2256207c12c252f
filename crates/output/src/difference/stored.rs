//! Opens a result folder that is to be compared, and says in one go why it cannot be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use parquet::arrow::ProjectionMask;
use serde::Deserialize;
use slashfall_graph::{Problem, Problems};

use super::columns::{StoredScope, corrupt, open, read_columns, stored_scopes};
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
        let manifest = read_manifest(folder)?;
        if manifest.paths.is_empty() {
            let expected = "a result of `slashfall run` was expected: this is a stress, which has \
                            no paths to compare";
            return Err(Problem::new(folder.display().to_string(), expected).into());
        }
        let scenarios = scenarios(&folder.join("paths"))?;
        if scenarios.is_empty() {
            let expected = "the paths of a result were expected in paths/, as a difference is taken \
                            path by path; run it again with detail = \"paths\" in [run]";
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
        let found = self.scenarios.iter().find(|(name, _)| name == scenario);
        let manifest = &self.manifest;
        let known = manifest.paths.get(scenario).zip(manifest.config.get(scenario));
        let (Some((_, files)), Some((n_paths, config))) = (found, known) else {
            let names: Vec<&str> = self.scenarios().collect();
            let expected = format!("a scenario was expected: {}", names.join(", "));
            let problem = Problem::new(self.folder.display().to_string(), expected);
            return Err(problem.value(scenario).nearest_of(names).into());
        };
        let mut levels = config.run.levels.clone();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        check_paths(&self.folder, files, *n_paths)?;
        let schema = open(&files[0])?.schema().clone();
        Ok(Side {
            folder: self.folder.clone(),
            scenario: scenario.to_owned(),
            seed: manifest.seed,
            horizon_days: manifest.horizon_days,
            n_paths: *n_paths,
            is_replicated: manifest.sampling.get(scenario).is_some_and(|own| own.method == SOBOL),
            levels,
            scopes: stored_scopes(&files[0], &schema)?,
            files: files.clone(),
        })
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
    let text = fs::read_to_string(&path).map_err(|error| {
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
    let builder = open(path)?;
    let expected = || {
        let file = path.display().to_string();
        Problem::new(file, "a column with the name of a scenario was expected").key("scenario")
    };
    let column = builder.schema().index_of("scenario").map_err(|_| expected())?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), [column]);
    let reader = builder.with_projection(mask).with_limit(1).build();
    let first = reader.map_err(|error| corrupt(path, &error))?.next();
    let batch = first.ok_or_else(expected)?.map_err(|error| corrupt(path, &error))?;
    let texts = batch.column(0).as_dictionary_opt::<Int32Type>().ok_or_else(expected)?;
    let values = texts.values().as_string_opt::<i32>().ok_or_else(expected)?;
    let key = texts.key(0).filter(|key| *key < values.len()).ok_or_else(expected)?;
    Ok(values.value(key).to_owned())
}

/// Every path has to be there, and to count as one: pairs are formed by number.
fn check_paths(folder: &Path, files: &[PathBuf], n_paths: u64) -> Result<(), Problems> {
    let mut n_found = 0;
    for file in files {
        let first = file.file_stem().and_then(|stem| stem.to_str());
        let first = first.and_then(|stem| stem.rsplit('-').next()).and_then(|n| n.parse().ok());
        if first != Some(n_found) {
            let expected = format!("the paths from {n_found} on were expected in the next file");
            return Err(Problem::new(file.display().to_string(), expected).into());
        }
        let mut is_plain = true;
        read_columns(file, &["weight"], |weights| {
            n_found += weights[0].len() as u64;
            is_plain &= weights[0].values().iter().all(|weight| (weight - 1.0).abs() <= 0.0);
        })?;
        if !is_plain {
            let expected = "paths of weight 1 were expected: weighted ones have other estimators";
            return Err(Problem::new(file.display().to_string(), expected).key("weight").into());
        }
    }
    if n_found != n_paths {
        let expected = format!("{n_paths} paths were expected, the number of the manifest");
        return Err(Problem::new(folder.join("paths").display().to_string(), expected)
            .value(n_found.to_string())
            .into());
    }
    Ok(())
}
