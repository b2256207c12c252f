//! Reads a run file and its network, and collects what is wrong with either before anything is done.

use std::fs;
use std::path::{Path, PathBuf};

use slashfall_graph::{Network, Problem, Problems, load_network};
use slashfall_output::{InputFile, OutputError, digest_file};
use slashfall_sampling::{Node, RunSpec};

/// Changes to a run file from the command line.
#[derive(Debug, Default)]
pub(crate) struct Overrides<'a> {
    pub(crate) set: &'a [String],
    pub(crate) paths: Option<u64>,
    pub(crate) seed: Option<u64>,
}

/// A run file and its network, each right by itself.
#[derive(Debug)]
pub(crate) struct Input {
    /// The run file as the user named it.
    pub(crate) file: String,
    pub(crate) root: Node,
    pub(crate) spec: RunSpec,
    pub(crate) network: Network,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) network_dir: PathBuf,
    run_file: PathBuf,
}

impl Input {
    /// Reads both.
    ///
    /// # Errors
    /// Every problem of both.
    pub(crate) fn load(run_file: &Path, overrides: &Overrides<'_>) -> Result<Self, Problems> {
        let file = run_file.display().to_string();
        let (root, mut problems) = read_run_file(run_file, &file, overrides)?;
        let (spec, found) = RunSpec::read_all(&file, &root);
        problems.append(found);
        let Some(dir) = root.text("network") else { return Err(problems) };
        let network_dir = beside(run_file, dir);
        match load_network(&network_dir) {
            Ok(resolved) if problems.is_empty() => {
                let run_file = run_file.to_owned();
                let (network, warnings) = (resolved.network, resolved.warnings);
                return Ok(Self { file, root, spec, network, warnings, network_dir, run_file });
            }
            Ok(resolved) => {
                let names = spec.resolve(&file, &root, &resolved.network);
                names.err().into_iter().for_each(|found| problems.append(found));
            }
            Err(found) => problems.append(found),
        }
        Err(problems)
    }

    /// Every file that was read, in order of name.
    ///
    /// # Errors
    /// When one cannot be read any more.
    pub(crate) fn files(&self) -> Result<Vec<InputFile>, OutputError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| OutputError::Io { path, source }
        };
        let mut paths = vec![self.run_file.clone()];
        paths.extend(network_files(&self.network_dir).map_err(io(&self.network_dir))?);
        let digest = |path: &PathBuf| {
            Ok(InputFile { path: path.display().to_string(), sha256: digest_file(path)? })
        };
        paths.iter().map(digest).collect()
    }
}

/// The files of a network folder that are read, in order of name.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn network_files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "csv" || e == "parquet" || e == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The run file as changed by the command line, and what is wrong with the changes.
fn read_run_file(
    path: &Path,
    file: &str,
    overrides: &Overrides<'_>,
) -> Result<(Node, Problems), Problems> {
    let bytes = fs::read(path)
        .map_err(|error| Problem::new(file, format!("the run file cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Problem::new(file, format!("text in UTF-8 was expected; byte {at} is not"))
    })?;
    let mut root = Node::parse(file, text.trim_start_matches('\u{feff}'))?;
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
    Ok((root, problems))
}

/// A path that is relative to the run file.
fn beside(run_file: &Path, dir: &str) -> PathBuf {
    run_file.parent().map_or_else(|| PathBuf::from(dir), |parent| parent.join(dir))
}
