//! A run as a caller of the library sees it: who watches hears of it, and can end it.

#![expect(clippy::unwrap_used, reason = "a test stops where its own files fail")]

use slashfall_jobs::{Config, Outcome, Overrides, Reach, RunOptions, Watch, run};
use slashfall_output::Collector;
use slashfall_output::measures::Level;

const RUN_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/quickstart.toml");
const N_PATHS: u64 = 20_000;

/// Keeps what it hears, and stops once so many paths are there.
struct Ear {
    heard: Vec<String>,
    n_done: u64,
    stop_after: u64,
}

impl Watch for Ear {
    fn note(&mut self, line: &str) {
        self.heard.push(line.to_owned());
    }

    fn begin(&mut self, what: &str, n_paths: u64, level: Option<Level>) {
        let level = level.map(Level::get).unwrap_or_default();
        self.heard.push(format!("{what} {n_paths} {level}"));
    }

    fn advance(&mut self, n_paths: u64, losses: Option<&Collector>) {
        assert_eq!(losses.map(Collector::n_paths), Some(n_paths));
        assert!(n_paths > self.n_done);
        self.n_done = n_paths;
    }

    fn end(&mut self) {
        self.heard.push(format!("end after {}", self.n_done));
    }

    fn is_stopped(&self) -> bool {
        self.n_done >= self.stop_after
    }
}

fn ran(folder: &std::path::Path, stop_after: u64) -> (Outcome, Ear) {
    let set = ["run.detail=summary", "event=[]"].map(str::to_owned).to_vec();
    let options = RunOptions {
        config: Config::File { path: RUN_FILE.into(), reach: Reach::Anywhere },
        overrides: Overrides { set, paths: Some(N_PATHS), seed: None },
        output: Some(folder.join("result")),
        overwrite: false,
        command: vec!["a test".to_owned()],
    };
    let input = options.load().unwrap();
    let mut ear = Ear { heard: Vec::new(), n_done: 0, stop_after };
    let mut scenarios = input.resolve().unwrap();
    (run(&input, &mut scenarios, &options, &mut ear).unwrap(), ear)
}

#[test]
fn who_watches_hears_of_all_paths() {
    let folder = tempfile::tempdir().unwrap();
    let (outcome, ear) = ran(folder.path(), u64::MAX);
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
fn nothing_is_left_of_a_run_that_is_stopped() {
    for stop_after in [1, N_PATHS] {
        let folder = tempfile::tempdir().unwrap();
        let (outcome, ear) = ran(folder.path(), stop_after);
        assert!(matches!(outcome, Outcome::Stopped { n_paths } if n_paths == ear.n_done));
        assert!(ear.n_done >= stop_after && ear.heard.len() == 3, "{:?}", ear.heard);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}
