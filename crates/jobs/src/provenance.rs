//! What a run leaves of itself beside its figures: the manifest, and metadata for every file.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use slashfall_output::{
    Collector, DEFINITIONS, InputFile, Manifest, SCHEMA_VERSION, SelfTest, digest_all, digest_text,
};
use slashfall_sampling::{STREAMS_VERSION, Scenario};

use crate::absent::absent_keys;
use crate::input::Input;
use crate::notes::without_effect;

/// What every Parquet file says of itself.
#[must_use]
pub fn metadata(
    input: &Input,
    scenarios: &[Scenario<'_>],
    files: &[InputFile],
) -> Vec<(String, String)> {
    let own = [
        ("schema_version", SCHEMA_VERSION.to_owned()),
        ("program", program()),
        ("seed", input.spec.seed.to_string()),
        ("inputs_sha256", digest_all(files)),
        ("config_sha256", config_digest(scenarios)),
        ("horizon_days", input.spec.horizon_days.to_string()),
    ];
    let definitions = DEFINITIONS.iter().map(|(key, text)| (*key, (*text).to_owned()));
    own.into_iter()
        .chain(definitions)
        .map(|(key, value)| (format!("slashfall.{key}"), value))
        .collect()
}

/// This program and its version.
#[must_use]
pub fn program() -> String {
    format!("slashfall {}", env!("CARGO_PKG_VERSION"))
}

/// The manifest of a run that has not begun; `command` is what asked for it, `target` the folder that
/// it will be in, if it will be in one of this machine.
#[must_use]
pub fn manifest(
    input: &Input,
    scenarios: &[Scenario<'_>],
    files: Vec<InputFile>,
    target: Option<&Path>,
    selftest: SelfTest,
    command: &[String],
) -> Manifest {
    let meta = input.network.meta();
    Manifest {
        program: program(),
        schema_version: SCHEMA_VERSION,
        streams_version: STREAMS_VERSION,
        command: command.to_vec(),
        name: input.spec.name.clone(),
        network: meta.name.clone(),
        network_dir: input.folder.name_from(target),
        network_as_of: meta.as_of.clone(),
        network_synthetic: meta.synthetic,
        config: config(scenarios),
        config_sha256: config_digest(scenarios),
        absent_keys: absent_keys(),
        not_applied: without_effect(scenarios).into_iter().collect(),
        inputs_sha256: digest_all(&files),
        inputs: files,
        seed: input.spec.seed,
        horizon_days: input.spec.horizon_days,
        paths: BTreeMap::new(),
        merged_parts: None,
        sampling: BTreeMap::new(),
        threads: rayon::current_num_threads(),
        wall_seconds: 0.0,
        peak_memory_bytes: None,
        truncated_paths: 0,
        books_error_max: 0.0,
        unbalanced_paths: 0,
        precision_reached: None,
        warnings: Vec::new(),
        selftest,
        definitions: DEFINITIONS.into_iter().collect(),
    }
}

/// The run file of every scenario, as changed by the command line.
pub(crate) fn config(scenarios: &[Scenario<'_>]) -> BTreeMap<String, serde_json::Value> {
    let root = |scenario: &Scenario<'_>| serde_json::to_value(&scenario.root).unwrap_or_default();
    scenarios.iter().map(|scenario| (scenario.name.clone(), root(scenario))).collect()
}

pub(crate) fn config_digest(scenarios: &[Scenario<'_>]) -> String {
    digest_of(&serde_json::json!(config(scenarios)))
}

/// The digest of the run files of all scenarios.
pub(crate) fn digest_of(config: &serde_json::Value) -> String {
    digest_text(&config.to_string())
}

/// The way from a result folder, which need not be there yet, to the network: it holds from any
/// working directory, and where both are moved together. Where there is none, as from a store, the network's own.
pub(crate) fn from_result(target: Option<&Path>, network_dir: &Path) -> PathBuf {
    let Ok(network) = network_dir.canonicalize() else { return network_dir.to_owned() };
    let Some(result) = target.and_then(real_path) else { return network };
    let n_common = result.iter().zip(&network).take_while(|(a, b)| a == b).count();
    if n_common == 0 {
        return network;
    }
    let up = result.iter().skip(n_common).map(|_| OsStr::new(".."));
    up.chain(network.iter().skip(n_common)).collect()
}

/// The path of a folder without links in it, which may be about to be made.
fn real_path(target: &Path) -> Option<PathBuf> {
    let target = std::path::absolute(target).ok()?;
    match target.canonicalize() {
        Ok(real) => Some(real),
        Err(_) => Some(real_path(target.parent()?)?.join(target.file_name()?)),
    }
}

/// Adds to the manifest how a scenario went; `precise` says whether the precision that was asked for
/// was reached, where any was.
pub(crate) fn note(
    manifest: &mut Manifest,
    scenario: &Scenario<'_>,
    collector: &Collector,
    precise: Option<bool>,
) {
    manifest.paths.insert(scenario.name.clone(), collector.n_paths());
    manifest.books_error_max = manifest.books_error_max.max(collector.books_error_max());
    manifest.unbalanced_paths += collector.n_unbalanced();
    manifest.truncated_paths += collector.n_truncated();
    if let Some(precise) = precise {
        manifest.precision_reached = Some(precise && manifest.precision_reached != Some(false));
    }
}

/// Largest resident set of this process, where the system says it.
pub(crate) fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1_024)
}
