//! A run as other machines take it up: its run file, what was changed in it and its network, in a
//! folder that all of them see, and its parts beside.
//!
//! The folder is named by the digest of all that a path hangs on, and so is a part by its paths. What
//! bears such a name is the same whoever wrote it, so that it does no harm to do a thing again, to
//! leave it half done, or for two to do it at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use slashfall_graph::{Problem, Problems, read_file, read_text};
use slashfall_output::{Digest, InputFile, OutputError, SCHEMA_VERSION, digest_all, digest_text};
use slashfall_sampling::{STREAMS_VERSION, Scenario};
use slashfall_store::{Kind, Place};

use crate::folder::{NetworkFolder, network_files};
use crate::input::{Config, Overrides, RunFile};
use crate::merge::MergeOptions;
use crate::part::{
    PART_FILE, PART_VERSION, PartOptions, PartOutcome, PathRange, has_parts, merge_to_part,
    n_paths, run_part,
};
use crate::proof::proved;
use crate::provenance::{config_digest, program};
use crate::recorded::{by_name, check_network};
use crate::run::{RunOptions, place_of_output};
use crate::target::{PART, RESULT, Target, place_of};
use crate::unfinished::Keeping;
use crate::watch::{Unwatched, Watch};

/// The network of a packed run, and the file that this folder is known by.
const INPUT: &str = "input";
const RUN_FILE: &str = "run.json";
/// Whoever packs a run packs the same.
const PACKED: Kind = Kind { marker: RUN_FILE, alike: Some(|_| true) };
/// The folder of its parts.
const PARTS: &str = "parts";
/// Digits of the digest in the name of a run: enough that no two of a store have the same.
const N_DIGITS: usize = 20;

/// A run that is packed.
#[derive(Clone, Debug)]
pub struct PackedRun {
    /// Where it is.
    pub place: Place,
    /// Paths of its largest scenario: parts are ranges of them.
    pub n_paths: u64,
    /// Where its network was read from.
    pub network: PathBuf,
}

/// What is written of a run beside its network.
#[derive(Serialize, Deserialize)]
struct Packed {
    program: String,
    run_file: RunFile,
    overrides: Overrides,
    inputs: Vec<InputFile>,
    /// Digest of what the program proved of itself where it was packed.
    selftest: Digest,
}

/// Packs a run into a folder of `store`, if it is not there, once it is known that its result can be
/// where it is wanted.
///
/// # Errors
/// All that is wrong with the input; when the run stops by itself, so that it has no parts; when the
/// folder of the result is there or that of the run cannot be written.
pub fn pack(options: &RunOptions, store: &Path) -> anyhow::Result<PackedRun> {
    let input = options.load()?;
    let scenarios = input.resolve()?;
    has_parts(&input, &scenarios)?;
    if options.output.is_some() {
        let output = place_of_output(options.output.as_ref(), PathBuf::new)?;
        Target::check(&output, RESULT, options.overwrite)?;
    }
    let inputs = input.files();
    let name = format!("{}-{}", input.spec.name, &digest(&inputs, &scenarios)[..N_DIGITS]);
    let place = place_of("store", store)?.join(&name);
    let packed = Packed {
        program: program(),
        run_file: input.run_file.clone(),
        overrides: input.overrides.clone(),
        selftest: proved()?.sha256,
        inputs,
    };
    once(&place.join(INPUT), PACKED, || write(&packed, input.folder.path(), &place.join(INPUT)))?;
    let n_paths = scenarios.iter().map(n_paths).max().unwrap_or_default();
    Ok(PackedRun { place, n_paths, network: input.folder.name() })
}

/// A digest of all that a part is computed from, and of what computes it.
fn digest(inputs: &[InputFile], scenarios: &[Scenario<'_>]) -> String {
    let versions = format!("{}/{SCHEMA_VERSION}/{STREAMS_VERSION}/{PART_VERSION}", program());
    digest_text(&format!("{versions}/{}/{}", digest_all(inputs), config_digest(scenarios)))
}

/// Writes what bears its digest in its name, if it is not there; that another has been quicker is as good.
fn once<T>(
    place: &Place,
    kind: Kind,
    write: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    let is_there = || place.read(kind.marker).map(|found| found.is_some());
    if is_there()? {
        return Ok(None);
    }
    match write() {
        Ok(written) => Ok(Some(written)),
        Err(error) => {
            if is_there()? {
                Ok(None)
            } else {
                Err(error)
            }
        }
    }
}

fn write(packed: &Packed, network: &Path, place: &Place) -> anyhow::Result<()> {
    let target = Target::create(place, PACKED, false, Vec::new())?;
    let folder = target.folder();
    let io = |path: &Path| {
        let path = path.to_owned();
        |source| OutputError::Io { path, source }
    };
    for path in network_files(network).map_err(io(network))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        folder.write_bytes(&name, &read_file(&path).map_err(io(&path))?)?;
    }
    folder.write_text(RUN_FILE, &(serde_json::to_string_pretty(packed)? + "\n"))?;
    // Nobody breaks this off.
    target.finish(&Unwatched).map(|_| ())
}

/// The run file and the network of a packed run, which must be as they were packed, by this program
/// and where it proves the same of itself.
fn unpack(run: &Path, network: &Path, selftest: &str) -> Result<(Config, Overrides), Problems> {
    let file = run.join(INPUT).join(RUN_FILE).display().to_string();
    let problem = |expected: String| Problem::new(&file, expected);
    let text =
        read_text(&network.join(RUN_FILE)).map_err(|error| lacks(run, &error.to_string()))?;
    let broken = |error: serde_json::Error| problem(format!("it is not whole: {error}"));
    // What another program has written may lack what this one has.
    let document: serde_json::Value = serde_json::from_str(&text).map_err(broken)?;
    if document["program"] != program() {
        let expected =
            format!("{} was expected, the program that is to take it up here", program());
        let found = document["program"].as_str().unwrap_or("another program");
        return Err(problem(expected).key("program").value(found).into());
    }
    let packed: Packed = serde_json::from_value(document).map_err(broken)?;
    if packed.selftest != selftest {
        let expected = format!(
            "{} was expected, as where the run was packed: this machine computes otherwise",
            packed.selftest
        );
        return Err(problem(expected).key("selftest").value(selftest).into());
    }
    // The first is the run file.
    let network = Arc::new(NetworkFolder::held(network, Path::new(""))?);
    check_network(&network, &by_name(packed.inputs.get(1..).unwrap_or_default()))?;
    Ok((Config::Recorded { file: packed.run_file, network }, packed.overrides))
}

fn lacks(run: &Path, why: &str) -> Problem {
    let expected = format!("a run that was packed was expected: {why}");
    Problem::new(run.display().to_string(), expected)
}

/// Parts of a packed run that are there and whole, in order of their paths.
///
/// # Errors
/// When they cannot be listed.
pub fn parts_of(run: &Path) -> anyhow::Result<Vec<PathRange>> {
    let place = place_of("run", run)?.join(PARTS);
    let names = place.children_with(PART_FILE)?;
    let mut parts: Vec<_> =
        names.iter().filter_map(|name| PathRange::of_folder_name(name)).collect();
    parts.sort();
    Ok(parts)
}

/// Where a part of a packed run is.
///
/// # Errors
/// When the run is at no place that this program takes.
pub fn part_place(run: &Path, paths: PathRange) -> Result<Place, Problems> {
    Ok(place_in(&place_of("run", run)?, paths))
}

fn place_in(run: &Place, paths: PathRange) -> Place {
    run.join(PARTS).join(&paths.folder_name())
}

/// Computes a part of a packed run if it is not there; says whether it did, none where it was stopped.
///
/// # Errors
/// When the run was packed by another program or is not as it was packed, and as [`run_part`].
pub fn run_packed(
    run: &Path,
    paths: PathRange,
    watch: &mut dyn Watch,
) -> anyhow::Result<Option<bool>> {
    let part = PartOptions { from: Some(paths.from), to: Some(paths.to) };
    part_once(run, paths, |_, folder, output| {
        // Before the work: a merge would refuse what comes of it.
        let (config, overrides) = unpack(run, folder, &proved()?.sha256)?;
        let (output, command) = (Some(output), command(run));
        let keeping = Keeping::default();
        let options = RunOptions { config, overrides, output, overwrite: false, command, keeping };
        let input = options.load()?;
        let mut scenarios = input.resolve()?;
        run_part(&input, &mut scenarios, &options, part, watch)
    })
}

/// Merges parts of a packed run, which go on from one another, to one of all their paths if it is not
/// there; says whether it did, none where it was stopped.
///
/// # Errors
/// As [`merge_to_part`].
pub fn merge_packed(
    run: &Path,
    parts: &[PathRange],
    watch: &mut dyn Watch,
) -> anyhow::Result<Option<bool>> {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Ok(Some(false)) };
    let paths = PathRange { from: first.from, to: last.to };
    part_once(run, paths, |root, folder, output| {
        let place = |own: &PathRange| PathBuf::from(place_in(root, *own).to_string());
        let options = MergeOptions {
            parts: parts.iter().map(place).collect(),
            network: Some(folder.to_owned()),
            output: Some(output),
            overwrite: false,
            command: command(run),
        };
        let merging = options.load()?;
        merge_to_part(&merging, &mut merging.input.resolve()?, &options, watch)
    })
}

/// What asked for a part, for its manifest.
fn command(run: &Path) -> Vec<String> {
    vec!["slashfall.distributed".to_owned(), run.display().to_string()]
}

/// Has a part written, by the packed run, its folder here, and to where the part is to be, if it is not there.
fn part_once(
    run: &Path,
    paths: PathRange,
    write: impl FnOnce(&Place, &Path, PathBuf) -> anyhow::Result<PartOutcome>,
) -> anyhow::Result<Option<bool>> {
    let root = place_of("run", run)?;
    let place = place_in(&root, paths);
    let written = once(&place, PART, || {
        let fetched = root.join(INPUT).fetched(RUN_FILE, |_| true)?;
        let folder = fetched.ok_or_else(|| Problems::from(lacks(run, "it is not there")))?;
        write(&root, folder.path(), PathBuf::from(place.to_string()))
    })?;
    Ok(match written {
        Some(PartOutcome::Written { .. }) => Some(true),
        Some(PartOutcome::Stopped { .. }) => None,
        None => Some(false),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::reach::Reach;

    const RUN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/quickstart.toml");
    const FIRST: PathRange = PathRange { from: 0, to: 50 };
    const LAST: PathRange = PathRange { from: 50, to: 100 };

    fn dir(run: &PackedRun) -> PathBuf {
        run.place.as_local().unwrap().to_owned()
    }

    fn packed(store: &Path, seed: u64) -> anyhow::Result<PackedRun> {
        let set = vec!["run.paths=100".to_owned(), "run.detail=summary".to_owned()];
        let options = RunOptions {
            config: Config::File { path: RUN.into(), reach: Reach::Anywhere },
            overrides: Overrides { set, paths: None, seed: Some(seed) },
            output: None,
            overwrite: false,
            command: Vec::new(),
            keeping: Keeping::default(),
        };
        pack(&options, store)
    }

    #[test]
    fn a_run_is_packed_once_and_taken_up_by_parts() {
        let store = tempfile::tempdir().unwrap();
        let run = packed(store.path(), 1).unwrap();
        assert_eq!(run.n_paths, 100);
        assert_eq!(dir(&packed(store.path(), 1).unwrap()), dir(&run));
        assert_ne!(dir(&packed(store.path(), 2).unwrap()), dir(&run));
        assert_eq!(parts_of(&dir(&run)).unwrap(), []);
        for (paths, is_new) in [(LAST, true), (FIRST, true), (LAST, false)] {
            let found = run_packed(&dir(&run), paths, &mut Unwatched).unwrap();
            assert_eq!(found, Some(is_new), "{paths:?}");
        }
        assert_eq!(merge_packed(&dir(&run), &[FIRST, LAST], &mut Unwatched).unwrap(), Some(true));
        assert_eq!(merge_packed(&dir(&run), &[FIRST, LAST], &mut Unwatched).unwrap(), Some(false));
        let both = PathRange { from: 0, to: 100 };
        // Neither what is half done nor what others put there is a part.
        let parts = dir(&run).join(PARTS);
        for name in [".000000000000-000000000010.partial-1", "notes", "000000000010-000000000020"] {
            fs::create_dir(parts.join(name)).unwrap();
        }
        fs::write(parts.join(".000000000000-000000000010.partial-1").join(PART_FILE), "").unwrap();
        assert_eq!(parts_of(&dir(&run)).unwrap(), [FIRST, both, LAST]);
    }

    #[test]
    fn a_part_that_another_has_written_meanwhile_is_as_good() {
        let store = tempfile::tempdir().unwrap();
        let run = packed(store.path(), 1).unwrap();
        struct Other<'r>(&'r Path);
        impl Watch for Other<'_> {
            fn note(&mut self, _: &str) {}
            fn begin(&mut self, _: &str, _: u64, _: Option<slashfall_output::measures::Level>) {
                let found = run_packed(self.0, FIRST, &mut Unwatched).unwrap();
                assert_eq!(found, Some(true));
            }
            fn advance(&mut self, _: u64, _: Option<&slashfall_output::Collector>) {}
            fn end(&mut self) {}
            fn is_stopped(&self) -> bool {
                false
            }
        }
        let found = run_packed(&dir(&run), FIRST, &mut Other(&dir(&run))).unwrap();
        assert_eq!(found, Some(false));
        let left = fs::read_dir(dir(&run).join(PARTS)).unwrap().count();
        assert_eq!(left, 1, "what was half done is gone");
    }

    #[test]
    fn what_another_program_packed_or_somebody_changed_is_refused() {
        let store = tempfile::tempdir().unwrap();
        let run = packed(store.path(), 1).unwrap();
        let problems = |dir: &Path| {
            let error = run_packed(dir, FIRST, &mut Unwatched).unwrap_err();
            error.downcast::<Problems>().unwrap().to_string()
        };
        let file = dir(&run).join(INPUT).join(RUN_FILE);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace(&program(), "slashfall 9.9.9")).unwrap();
        let told = problems(&dir(&run));
        assert!(told.contains("slashfall 9.9.9") && told.contains(&program()), "{told}");
        let own = proved().unwrap().sha256;
        fs::write(&file, text.replace(&own, &"0".repeat(64))).unwrap();
        assert!(problems(&dir(&run)).contains("computes otherwise"));
        fs::write(&file, text).unwrap();
        let table = dir(&run).join(INPUT).join("assets.csv");
        fs::write(&table, fs::read_to_string(&table).unwrap() + "\n").unwrap();
        let told = problems(&dir(&run));
        assert!(told.contains("assets.csv: it has changed"), "{told}");
        assert!(problems(store.path()).contains("a run that was packed was expected"));
        assert_eq!(parts_of(&dir(&run)).unwrap(), []);
    }
}
