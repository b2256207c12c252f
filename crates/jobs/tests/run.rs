//! A run as a caller of the library sees it: who watches hears of it, and can end it.

#![expect(clippy::unwrap_used, reason = "a test stops where its own files fail")]

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use slashfall_jobs::{Config, Keeping, Outcome, Overrides, Reach, RunOptions, Watch, run};
use slashfall_output::Collector;
use slashfall_output::measures::Level;

const RUN_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/quickstart.toml");
const N_PATHS: u64 = 20_000;

/// Keeps what it hears, and stops once so many paths are there, or panics, on the thread that delivers them.
struct Ear {
    heard: Vec<String>,
    n_done: u64,
    stop_after: u64,
    panic_after: u64,
    /// Stops once all paths are there, while tables are made of them.
    stop_in_tables: bool,
    is_over: bool,
}

impl Ear {
    fn new() -> Self {
        let (stop_after, panic_after) = (u64::MAX, u64::MAX);
        let (heard, n_done) = (Vec::new(), 0);
        Self { heard, n_done, stop_after, panic_after, stop_in_tables: false, is_over: false }
    }
}

impl Watch for Ear {
    fn note(&mut self, line: &str) {
        self.heard.push(line.to_owned());
    }

    fn begin(&mut self, what: &str, n_paths: u64, level: Option<Level>) {
        let level = level.map(Level::get).unwrap_or_default();
        self.heard.push(format!("{what} {n_paths} {level}"));
    }

    fn resume(&mut self, n_paths: u64) {
        self.heard.push(format!("{n_paths} were there"));
        self.n_done = n_paths;
    }

    fn advance(&mut self, n_paths: u64, losses: Option<&Collector>) {
        assert_eq!(losses.map(Collector::n_paths), Some(n_paths));
        assert!(n_paths > self.n_done);
        assert!(n_paths < self.panic_after, "injected");
        self.n_done = n_paths;
    }

    fn end(&mut self) {
        self.heard.push(format!("end after {}", self.n_done));
        self.is_over = true;
    }

    fn is_stopped(&self) -> bool {
        self.n_done >= self.stop_after || (self.stop_in_tables && self.is_over)
    }
}

fn ran(folder: &Path, stop_after: u64, keeping: Keeping) -> (Outcome, Ear) {
    let mut ear = Ear { stop_after, ..Ear::new() };
    (heard_by(&mut ear, folder, "summary", keeping), ear)
}

fn heard_by(ear: &mut Ear, folder: &Path, detail: &str, keeping: Keeping) -> Outcome {
    let set = vec![format!("run.detail={detail}"), "event=[]".to_owned()];
    let overrides = Overrides { set, paths: Some(N_PATHS), seed: None };
    heard_of(ear, RUN_FILE.as_ref(), overrides, folder, keeping)
}

fn heard_of(
    ear: &mut Ear,
    run_file: &Path,
    overrides: Overrides,
    folder: &Path,
    keeping: Keeping,
) -> Outcome {
    let options = RunOptions {
        config: Config::File { path: run_file.to_owned(), reach: Reach::Anywhere },
        overrides,
        output: Some(folder.join("result")),
        overwrite: false,
        command: vec!["a test".to_owned()],
        keeping,
    };
    let input = options.load().unwrap();
    let mut scenarios = input.resolve().unwrap();
    run(&input, &mut scenarios, &options, ear).unwrap()
}

#[test]
fn who_watches_hears_of_all_paths() {
    let folder = tempfile::tempdir().unwrap();
    let (outcome, ear) = ran(folder.path(), u64::MAX, Keeping::default());
    let Outcome::Written(ran) = outcome else { panic!("nobody stopped it") };
    let note = "note: `event` is for `slashfall stress`; a run draws its events";
    assert_eq!(ear.heard, [note, "base 20000 0.99", "end after 20000"]);
    assert_eq!(ran.manifest.command, ["a test"]);
    assert!(
        ran.target.as_local().unwrap().join("summary.parquet").is_file()
            && !ran.findings.rows.is_empty()
    );
}

#[test]
fn a_run_that_is_stopped_goes_on_where_it_was() {
    let whole = tempfile::tempdir().unwrap();
    assert!(matches!(ran(whole.path(), u64::MAX, Keeping::default()).0, Outcome::Written(_)));
    let folder = tempfile::tempdir().unwrap();
    let mut keeping = Keeping::default();
    let mut before = 0;
    for stop_after in [1, N_PATHS] {
        let (outcome, ear) = ran(folder.path(), stop_after, keeping);
        let Outcome::Stopped { n_paths, kept } = outcome else { panic!("somebody stopped it") };
        assert_eq!((n_paths, ear.heard.len()), (ear.n_done, 3 + usize::from(before > 0)));
        assert!(n_paths >= stop_after && n_paths > before);
        let kept = kept.unwrap();
        assert_eq!(kept.as_local(), Some(&*folder.path().join("result.unfinished")));
        assert_eq!(names(folder.path()), ["result.unfinished"]);
        (before, keeping.resume) = (n_paths, true);
    }
    let (outcome, ear) = ran(folder.path(), u64::MAX, keeping);
    assert!(matches!(outcome, Outcome::Written(_)));
    assert_eq!(ear.heard[2..], ["20000 were there", "end after 20000"]);
    assert_eq!(names(folder.path()), ["result"]);
    assert_eq!(tables(&folder.path().join("result")), tables(&whole.path().join("result")));
}

/// All paths are there, and no more are drawn for who goes on.
#[test]
fn a_run_that_is_stopped_while_tables_are_made_keeps_its_paths() {
    for detail in ["standard", "paths"] {
        let whole = tempfile::tempdir().unwrap();
        heard_by(&mut Ear::new(), whole.path(), detail, Keeping::default());
        let folder = tempfile::tempdir().unwrap();
        let mut keeping = Keeping::default();
        // Twice: what was kept whole is kept whole.
        for _ in 0..2 {
            let mut ear = Ear { stop_in_tables: true, ..Ear::new() };
            let outcome = heard_by(&mut ear, folder.path(), detail, keeping);
            let is_kept = matches!(outcome, Outcome::Stopped { n_paths: N_PATHS, kept: Some(_) });
            assert!(is_kept, "{detail}: {:?}", ear.heard);
            keeping.resume = true;
        }
        let mut ear = Ear::new();
        let outcome = heard_by(&mut ear, folder.path(), detail, keeping);
        assert!(matches!(outcome, Outcome::Written(_)));
        assert_eq!(ear.heard[2], "20000 were there", "{:?}", ear.heard);
        let [own, whole] = [&folder, &whole].map(|folder| tables(&folder.path().join("result")));
        assert_eq!(own, whole);
    }
}

/// One operator that is always slashed by as much.
fn alike(folder: &Path) -> PathBuf {
    let files = [
        ("network.toml", "name = \"alike\"\nas_of = 2026-11-20\n"),
        ("assets.csv", "asset,kind,supply_eth\nETH,base,\n"),
        ("operators.csv", "operator,entity\na,A\n"),
        ("avs.csv", "avs,sharing\nx,unique\n"),
        ("holdings.csv", "holder,operator,asset,amount_eth\ndirect,a,ETH,100\n"),
        ("allocations.csv", "avs,operator,asset,fraction\nx,a,ETH,0.5\n"),
        (
            "run.toml",
            "name = \"alike\"\nnetwork = \".\"\n[run]\nseed = 1\npaths = 8_388_608\nhorizon_days = 30\n\
             levels = [0.99]\ndetail = \"summary\"\n[sampling]\nmethod = \"sobol\"\n[dependence]\n\
             copula = \"gaussian\"\nfactors = [\"f\"]\n[[source]]\nkind = \"avs_fault\"\n\
             target = { avs = \"*\", operator = \"*\" }\nrate = 1e6\nseverity = 0.1\nloadings = { f = 0.5 }\n",
        ),
    ];
    files.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
    folder.join("run.toml")
}

/// Losses that are all alike take next to nothing in a file: a state that unpacks to a thousand times its size is
/// what it says, and no bomb.
#[test]
fn losses_that_are_alike_are_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let run_file = alike(folder.path());
    let ran = |ear: &mut Ear, name: &str, keeping: Keeping| {
        let overrides = Overrides { set: Vec::new(), paths: None, seed: None };
        heard_of(ear, &run_file, overrides, &folder.path().join(name), keeping)
    };
    let whole = ran(&mut Ear::new(), "whole", Keeping::default());
    assert!(matches!(whole, Outcome::Written(_)));
    let stopped =
        ran(&mut Ear { stop_in_tables: true, ..Ear::new() }, "stopped", Keeping::default());
    let Outcome::Stopped { kept: Some(kept), .. } = stopped else { panic!("somebody stopped it") };
    let states = kept.as_local().unwrap().read_dir().unwrap().map(|entry| entry.unwrap());
    let n_bytes: u64 = states.map(|file| file.metadata().unwrap().len()).sum();
    assert!(n_bytes < 1 << 20, "{n_bytes}");
    let resumed = ran(&mut Ear::new(), "stopped", Keeping { resume: true, ..Keeping::default() });
    assert!(matches!(resumed, Outcome::Written(_)));
    let [own, whole] =
        ["stopped", "whole"].map(|name| tables(&folder.path().join(name).join("result")));
    assert_eq!(own, whole);
}

/// A panic, wherever it is, is no result; what was kept before it is gone on with.
#[test]
fn a_panic_costs_nothing_that_was_kept() {
    let whole = tempfile::tempdir().unwrap();
    ran(whole.path(), u64::MAX, Keeping::default());
    let folder = tempfile::tempdir().unwrap();
    let often = Keeping { resume: true, every: Duration::ZERO };
    for panic_after in [1, N_PATHS / 2] {
        let mut ear = Ear { panic_after, ..Ear::new() };
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            heard_by(&mut ear, folder.path(), "summary", often);
        }));
        assert!(panicked.is_err() && !folder.path().join("result").exists());
        let is_kept = folder.path().join("result.unfinished/checkpoint.json").is_file();
        assert_eq!(is_kept, panic_after > 1, "{:?}", names(folder.path()));
    }
    let (outcome, ear) = ran(folder.path(), u64::MAX, often);
    assert!(matches!(outcome, Outcome::Written(_)));
    assert!(ear.heard[2].ends_with(" were there"), "{:?}", ear.heard);
    assert_eq!(names(folder.path()), ["result"]);
    assert_eq!(tables(&folder.path().join("result")), tables(&whole.path().join("result")));
}

fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.into_string().unwrap()).collect()
}

/// The files of a result but its manifest, which says how long it took.
fn tables(result: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut tables = BTreeMap::new();
    for dir in [result.to_owned(), result.join("paths")] {
        let files = dir.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
        for path in files.filter(|path| path.is_file() && !path.ends_with("manifest.json")) {
            tables.insert(
                path.strip_prefix(result).unwrap().display().to_string(),
                fs::read(&path).unwrap(),
            );
        }
    }
    assert!(tables.len() > 4);
    tables
}
