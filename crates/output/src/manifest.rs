//! `manifest.json`: what was run, on what, by which program, and how it went.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use slashfall_graph::{Problem, Problems, read_file};

use crate::folder::{OutputError, ResultFolder};
use crate::schema::SCHEMA_VERSION;
use crate::weighting::Sampling;

/// A SHA-256 in hex.
pub type Digest = String;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// As the user would find it.
    pub path: String,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// What the program has proved of itself before the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTest {
    /// Problems worked out.
    pub problems: usize,
    /// Problems with a figure that is wrong: a run does not begin unless there are none.
    pub failed: usize,
    /// SHA-256 over name, expected and found figure of each: the same where programs compute the
    /// same.
    pub sha256: Digest,
}

/// What a run leaves beside its tables.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// Program and version.
    pub program: String,
    /// Version of the schemas.
    pub schema_version: &'static str,
    /// Version of the random streams: under another one every path is another.
    pub streams_version: u64,
    /// The command as given.
    pub command: Vec<String>,
    /// Name of the run.
    pub name: String,
    /// Name of the network.
    pub network: String,
    /// Its folder, relative to that of the result.
    pub network_dir: String,
    /// The day its amounts are of.
    pub network_as_of: String,
    /// Whether some of its numbers had to be made up.
    pub network_synthetic: bool,
    /// Run file by scenario, as changed by the command line and the scenario.
    pub config: BTreeMap<String, serde_json::Value>,
    /// What keys mean that the run file leaves out.
    pub absent_keys: BTreeMap<&'static str, f64>,
    /// Keys and tables that were read and checked and that no mechanism uses yet.
    pub not_applied: Vec<String>,
    /// Every file read.
    pub inputs: Vec<InputFile>,
    /// SHA-256 over all inputs.
    pub inputs_sha256: Digest,
    /// SHA-256 of the run file of every scenario, as changed by the command line.
    pub config_sha256: Digest,
    /// Seed.
    pub seed: u64,
    /// Days simulated.
    pub horizon_days: u32,
    /// Paths by scenario.
    pub paths: BTreeMap<String, u64>,
    /// Parts that it was merged from; none of a run of its own.
    pub merged_parts: Option<usize>,
    /// How they were drawn, by scenario.
    pub sampling: BTreeMap<String, Sampling>,
    /// Threads.
    pub threads: usize,
    /// Seconds from start to tables.
    pub wall_seconds: f64,
    /// Largest resident memory, in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// Paths whose rounds hit the bound.
    pub truncated_paths: u64,
    /// Largest imbalance of the books on any path, as a fraction of the stake.
    pub books_error_max: f64,
    /// Paths whose books were off by more than 1e-9 of the stake.
    pub unbalanced_paths: u64,
    /// Whether the precision that was asked for was reached; none where none was asked for.
    pub precision_reached: Option<bool>,
    /// What should be known before the figures are believed, as the run said it.
    pub warnings: Vec<String>,
    /// What the program proved of itself before it began.
    pub selftest: SelfTest,
    /// Definitions of the figures.
    pub definitions: BTreeMap<&'static str, &'static str>,
}

/// Definitions of the figures, for the manifest and for the metadata of every file.
pub const DEFINITIONS: [(&str, &str); 16] = [
    ("loss", "positive is bad; ETH is the numeraire"),
    ("level", "probability in (0, 1)"),
    ("value_at_risk", "lower quantile inf{x : F(x) >= level}: the order statistic ceil(level n)"),
    (
        "expected_shortfall",
        "Acerbi-Tasche: mean of the worst 1 - level mass, the boundary path by its fraction",
    ),
    ("return_period_years", "horizon_days / 365 / (1 - level)"),
    (
        "std_err",
        "var: half width of the 95 % order-statistic interval over 1.96; es: Manistre-Hancock; of Sobol points every figure: spread of the figures of 32 replicates about that of all paths, over sqrt(32)",
    ),
    (
        "confidence_interval",
        "two-sided 95 %; order statistics for var, skewness-corrected for means and es, Clopper-Pearson for probabilities; of Sobol points every figure: Student's t with 31 degrees of freedom over replicates, arms of means, es and probabilities as much longer as those of independent paths are",
    ),
    (
        "es_contribution",
        "Euler: mean of the component over the tail; components of a kind sum to the es",
    ),
    (
        "paths_looked_at",
        "contributions, standalone figures, removals and joint figures come from paths run again: of each tail all of the worst, then one of two, one of four and so on, each standing for as many, so that parts sum to the es exactly; errors count it",
    ),
    (
        "standalone_es",
        "expected shortfall of a component's loss by itself, at the same level, over all paths; diversification is 1 - es_contribution / standalone_es",
    ),
    (
        "removal",
        "expected shortfall once nobody may slash what is taken out, its stake staying where it is, under the same draws; paths that it can have changed are run again",
    ),
    (
        "conditional_mean",
        "given that a source fires that names the node: mean over such paths, interval of a mean; amplification is mean total over mean direct loss of them",
    ),
    (
        "covar",
        "quantile at the level of the loss of b in the tail of a at the same level (Adrian and Brunnermeier, with a's tail instead of its quantile); mes is the mean",
    ),
    (
        "sensitivity",
        "rates and loadings by likelihood ratio, severities, covers and pool depth by central difference of a tenth under common random numbers",
    ),
    (
        "weight",
        "likelihood ratio w, density of the model over that drawn from; a path counts for w (1 + (m - 1) (m - w) / s^2), m and s^2 mean and variance of w: 1 where all weigh 1",
    ),
    (
        "resolution",
        "half the width of the bin that a quantile lies in, at most 0.05 % of it, and what follows for es and std; 0 where losses were kept one by one",
    ),
];

impl Manifest {
    /// Writes it into a result.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &ResultFolder) -> Result<(), OutputError> {
        let path = folder.file("manifest.json");
        let text = serde_json::to_string_pretty(self)
            .map_err(|source| OutputError::Json { path: path.clone(), source })?;
        fs::write(&path, text + "\n").map_err(OutputError::io(&path))
    }
}

/// What is wrong with a result that a later program wrote: what its tables mean is not known to this one.
/// Earlier results are read, as long as what is asked of them means the same.
///
/// # Errors
/// When its manifest is of a later schema version.
pub fn check_version(file: &str, manifest: &serde_json::Value) -> Result<(), Problems> {
    let Some(said) = manifest["schema_version"].as_str() else { return Ok(()) };
    let number = |version: &str| version.parse::<u64>().ok();
    if number(said) <= number(SCHEMA_VERSION) {
        return Ok(());
    }
    let program = manifest["program"].as_str().unwrap_or("a later program");
    let expected = format!(
        "{SCHEMA_VERSION} or an earlier version was expected: it was written by {program}, and what \
         its tables mean is not known here; read it with that program, or a later one"
    );
    Err(Problem::new(file, expected).key("schema_version").value(said).into())
}

/// The SHA-256 of a file.
///
/// # Errors
/// When it cannot be read.
pub fn digest_file(path: &Path) -> Result<Digest, OutputError> {
    Ok(digest_bytes(&read_file(path).map_err(OutputError::io(path))?))
}

/// The digest of bytes.
#[must_use]
pub fn digest_bytes(bytes: &[u8]) -> Digest {
    hex(&Sha256::digest(bytes))
}

/// One digest over many files.
#[must_use]
pub fn digest_all(files: &[InputFile]) -> Digest {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(file.sha256.as_bytes());
    }
    hex(&hasher.finalize())
}

/// The digest of a text.
#[must_use]
pub fn digest_text(text: &str) -> Digest {
    digest_bytes(text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
