//! What a run leaves beside its output until its result is there, so that neither a signal nor a machine that
//! goes away costs more than the last minute.
//!
//! The folder `OUTPUT.unfinished` has the result as far as it is written, and of each scenario what its paths
//! have come to so far. `checkpoint.json` says of which run that is and what of it counts; it is replaced as a whole once
//! all that it names is on the disk, so that whatever ends the run, what it says is so. Paths hang on nothing
//! but the run, so that who goes on comes to the same result, byte by byte.

mod checkpoint;
mod keys;
mod lock;
mod snapshot;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use slashfall_graph::{Problem, Problems};
use slashfall_output::{PathsWriter, ResultFolder, digest_bytes};
use slashfall_sampling::Scenario;
use slashfall_store::{Place, in_full};

use checkpoint::{CHECKPOINT, Checkpoint, Kept};
use keys::{UnlikeKey, unlike_keys};
use lock::Lock;
pub(crate) use snapshot::Snapshot;

use crate::identity::{Difference, Identity};
use crate::watch::Watch;

/// Digits of a digest in the name of a file: enough that no two of a run have the same.
const N_DIGITS: usize = 16;
/// A run keeps what it has at least so often, or, where keeping takes long, so that it takes a small part of the time.
const MOST_OF_TIME: u32 = 20;

/// How a run keeps what it has until its result is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Go on with what an interrupted run has left; else it must not be there.
    pub resume: bool,
    /// How long a run computes between two checkpoints.
    pub every: Duration,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { resume: false, every: Duration::from_secs(60) }
    }
}

/// The folder of a run that is not finished.
pub(crate) struct Unfinished {
    place: Place,
    checkpoint: Checkpoint,
    /// Whether a checkpoint is there: else the folder goes with this value.
    is_kept: bool,
    /// Whether anything is there that would have to go.
    is_there: bool,
    every: Duration,
    started: Instant,
    /// Seconds that earlier sittings took.
    earlier_seconds: f64,
    next: Instant,
    /// Held as long as this is.
    _lock: Option<Lock>,
}

impl Unfinished {
    /// Begins, or goes on, beside `output`.
    ///
    /// # Errors
    /// When another run writes there; when what an interrupted one has left is not to be gone on with or thrown
    /// away, or is not of this run; when the folder cannot be made.
    pub(crate) fn open(
        output: &Place,
        (run, config): (Identity, BTreeMap<String, serde_json::Value>),
        keeping: Keeping,
        overwrite: bool,
        watch: &mut dyn Watch,
    ) -> anyhow::Result<Self> {
        let place = output.with_suffix(".unfinished");
        let lock = place.as_local().map(|dir| Lock::take(dir, watch)).transpose()?;
        let started = Instant::now();
        let found = Checkpoint::read(&place)?;
        let mut own = Self {
            checkpoint: Checkpoint::new(run, config),
            is_kept: false,
            // Of this machine at least the lock is.
            is_there: lock.is_some() || found.is_some(),
            every: keeping.every,
            started,
            earlier_seconds: 0.0,
            next: started + keeping.every,
            _lock: lock,
            place,
        };
        match found {
            Some(found) if keeping.resume => {
                // Whatever is wrong, it is not thrown away.
                own.is_kept = true;
                let found = found?;
                own.check(&found)?;
                own.earlier_seconds = found.wall_seconds;
                own.checkpoint = found;
            }
            Some(found) if !overwrite => {
                own.is_kept = true;
                return Err(own.is_kept_unasked(found.ok().as_ref()).into());
            }
            _ if own.is_there => own.clear()?,
            _ => {}
        }
        Ok(own)
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Where the result is written until it is whole, where that is a folder of this machine.
    pub(crate) fn result_dir(&self) -> Option<PathBuf> {
        self.place.as_local().map(|dir| dir.join("result"))
    }

    /// How long a run computes between two checkpoints.
    pub(crate) fn every(&self) -> Duration {
        self.every
    }

    /// Seconds that went by until the last checkpoint of earlier sittings.
    pub(crate) fn earlier_seconds(&self) -> f64 {
        self.earlier_seconds
    }

    /// Paths that are kept of all scenarios.
    pub(crate) fn n_paths(&self) -> u64 {
        self.checkpoint.n_paths()
    }

    /// Whether there is something to go on with.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Whether what has been computed since the last checkpoint should be kept now.
    pub(crate) fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Whether the run is so long that a whole scenario should not be lost.
    pub(crate) fn is_long(&self) -> bool {
        self.started.elapsed() >= self.every || self.is_kept
    }

    /// Where the paths of a scenario are that fill no file yet, where they are written one by one.
    fn rest(&self, number: usize, n_paths: u64) -> Option<PathBuf> {
        let dir = self.place.as_local()?;
        Some(dir.join(format!("rest{number:03}-{n_paths:012}")))
    }

    /// What is kept of a scenario; none where nothing is.
    ///
    /// # Errors
    /// When it has changed since.
    pub(crate) fn kept(&self, scenario: &Scenario<'_>) -> anyhow::Result<Option<Snapshot>> {
        self.kept_of(&scenario.name).map(|kept| self.read(kept, scenario)).transpose()
    }

    fn kept_of(&self, scenario: &str) -> Option<&Kept> {
        self.checkpoint.scenarios.iter().find(|kept| kept.scenario == scenario)
    }

    fn read(&self, kept: &Kept, scenario: &Scenario<'_>) -> anyhow::Result<Snapshot> {
        let problem = |expected: String| self.unlike(kept, &expected);
        let Some(bytes) = self.place.read(&kept.file)? else {
            return Err(
                problem("what the run has kept was expected: it is not there".into()).into()
            );
        };
        if digest_bytes(&bytes) != kept.sha256 {
            return Err(problem("it has changed since the run was interrupted".into()).into());
        }
        let read = Snapshot::decode(&bytes, scenario);
        Ok(read
            .map_err(|error| problem(format!("it cannot be read: {}", in_full(error.as_ref()))))?)
    }

    /// What is kept of a scenario was not gathered of it.
    pub(crate) fn is_of_another(&self, scenario: &str) -> Problems {
        let kept = self.kept_of(scenario);
        kept.map(|kept| self.unlike(kept, "it is of another scenario")).unwrap_or_default()
    }

    fn unlike(&self, kept: &Kept, expected: &str) -> Problems {
        let file = self.place.join(&kept.file).to_string();
        Problem::new(file, format!("{expected}; --overwrite begins anew")).into()
    }

    /// What goes on writing the paths of a scenario one by one.
    ///
    /// # Errors
    /// When those that were written are not all there.
    pub(crate) fn resume_paths<'f>(
        &self,
        folder: &'f ResultFolder,
        number: usize,
        scenario: &Scenario<'_>,
        snapshot: &Snapshot,
    ) -> anyhow::Result<PathsWriter<'f>> {
        let (setting, n) = (scenario.model.setting(), snapshot.n_paths);
        let rest = self.rest(number, n).unwrap_or_default();
        let named = (scenario.name.as_str(), number);
        let writer = if snapshot.is_complete {
            let writer = PathsWriter::create(folder, setting, named.0, number, n)?;
            writer.has_all(n).then_some(writer)
        } else {
            PathsWriter::resume(folder, setting, named, n, &rest)?
        };
        if let Some(writer) = writer {
            return Ok(writer);
        }
        let expected = format!(
            "the first {n} paths of scenario {} were expected, as the run has written them; --overwrite begins anew",
            scenario.name
        );
        let file = self.place.join("result").join("paths").to_string();
        Err(Problems::from(Problem::new(file, expected)).into())
    }

    /// Keeps what a scenario has come to so far. Of paths that are written one by one `paths` has those that
    /// are in no file yet.
    ///
    /// # Errors
    /// When it cannot be written; then what was kept before still is.
    pub(crate) fn keep(
        &mut self,
        number: usize,
        scenario: &Scenario<'_>,
        snapshot: &Snapshot,
        paths: Option<PathsWriter<'_>>,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        self.next = begun + self.every;
        let n_paths = snapshot.n_paths;
        if let Some((paths, rest)) = paths.zip(self.rest(number, n_paths)) {
            paths.leave(&rest)?;
        }
        let bytes = snapshot.encode()?;
        let sha256 = digest_bytes(&bytes);
        self.is_there = true;
        let file = format!("scenario{number:03}-{}.state", &sha256[..N_DIGITS]);
        self.place.write(&file, &bytes, true)?;
        let mut next = self.checkpoint.clone();
        let scenario = scenario.name.clone();
        let old = next.put(Kept { scenario, n_paths, file, sha256 });
        next.wall_seconds = self.earlier_seconds + self.started.elapsed().as_secs_f64();
        next.write(&self.place)?;
        self.checkpoint = next;
        self.is_kept = true;
        if let Some(old) = old {
            self.forget(number, &old);
        }
        self.next = Instant::now() + self.every.max(MOST_OF_TIME * begun.elapsed());
        tracing::info!(
            n_paths,
            bytes = bytes.len(),
            seconds = begun.elapsed().as_secs_f64(),
            "kept"
        );
        Ok(())
    }

    /// Removes what a newer checkpoint has replaced. What stays if that fails is in nobody's way.
    fn forget(&self, number: usize, old: &Kept) {
        if self.checkpoint.scenarios.iter().all(|kept| kept.file != old.file) {
            let _ = self.place.remove_file(&old.file);
        }
        if let Some(rest) = self.rest(number, old.n_paths) {
            let is_used = self
                .checkpoint
                .scenarios
                .iter()
                .any(|kept| kept.scenario == old.scenario && kept.n_paths == old.n_paths);
            if !is_used {
                let _ = fs::remove_dir_all(rest);
            }
        }
    }

    /// Once the result is there.
    pub(crate) fn remove(mut self) {
        self.is_kept = false;
    }

    /// Throws away what an earlier run has left.
    fn clear(&self) -> anyhow::Result<()> {
        match self.place.as_local() {
            Some(dir) => Ok(lock::clear(dir, CHECKPOINT)?),
            None => Ok(self.place.remove(CHECKPOINT)?),
        }
    }

    /// That what was left is of this run.
    fn check(&self, found: &Checkpoint) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let file = self.place.join(CHECKPOINT).to_string();
        let mut wrong = |key: &str, found: String, expected: &str| {
            let expected =
                format!("{expected}: what was interrupted is another run; --overwrite begins anew");
            problems.push(Problem::new(&file, expected).key(key).value(found));
        };
        let unlike = found.run.unlike(&self.checkpoint.run);
        let keys = unlike_keys(&found.config, &self.checkpoint.config);
        for Difference { key, own, other, more } in unlike {
            // Which keys are others tells more.
            if !matches!(key, "config_sha256" | "seed") || keys.is_empty() {
                wrong(key, own, &format!("{other} was expected, as this run has{more}"));
            }
        }
        let shown = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
        for UnlikeKey { key, own, other } in keys {
            wrong(&key, shown(own), &format!("{} was expected, as this run has", shown(other)));
        }
        problems.or_ok(())
    }

    /// That something was left which nobody said what to do with.
    fn is_kept_unasked(&self, found: Option<&Checkpoint>) -> Problems {
        let n_paths = found.map_or(0, Checkpoint::n_paths);
        let expected = format!(
            "no unfinished run was expected: {n_paths} paths of one that was interrupted are kept there; --resume goes on with it, --overwrite begins anew"
        );
        Problem::new(self.place.to_string(), expected).into()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.is_there && !self.is_kept {
            // A failure to tidy up is no news: what is left says `.unfinished` in its name.
            let _ = match self.place.as_local() {
                Some(dir) => lock::remove(dir, CHECKPOINT).map_err(anyhow::Error::from),
                None => self.place.remove(CHECKPOINT).map_err(anyhow::Error::from),
            };
        }
    }
}
