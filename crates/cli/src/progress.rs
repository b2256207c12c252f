//! Progress of a run on a terminal: paths a second, time left, the tail so far with its error.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use slashfall_graph::printable;
use slashfall_jobs::number::count;
use slashfall_jobs::{TailSoFar, Watch};
use slashfall_output::Collector;
use slashfall_output::measures::Level;

use crate::say::{self, is_logged};
use crate::streams::is_watched;

/// A terminal that watches a job: notes, a bar that is invisible when nobody looks, and Ctrl-C.
#[derive(Debug)]
pub(crate) struct Terminal {
    is_quiet: bool,
    hides_notes: bool,
    stop: Arc<AtomicBool>,
    bar: ProgressBar,
    tail: Option<TailSoFar>,
    logged: Option<Logged>,
}

impl Terminal {
    /// `stop` is raised when the job is to end.
    pub(crate) fn new(is_quiet: bool, stop: Arc<AtomicBool>) -> Self {
        let bar = ProgressBar::hidden();
        Self { is_quiet, hides_notes: is_quiet, stop, bar, tail: None, logged: None }
    }

    /// For jobs that Ctrl-C ends by ending the program, and of which notes are shown in any case.
    pub(crate) fn unstopped(is_quiet: bool) -> Self {
        Self { hides_notes: false, ..Self::new(is_quiet, Arc::default()) }
    }
}

impl Watch for Terminal {
    fn note(&mut self, line: &str) {
        if !self.hides_notes {
            say::line(line);
        }
    }

    fn begin(&mut self, what: &str, n_paths: u64, level: Option<Level>) {
        self.bar = bar_of_paths(what, n_paths, self.is_quiet);
        self.logged = is_logged().then(|| Logged::begin(what, n_paths));
        let is_shown = !self.bar.is_hidden() || self.logged.is_some();
        self.tail = level.filter(|_| is_shown).map(TailSoFar::new);
    }

    fn resume(&mut self, n_paths: u64) {
        self.bar.set_position(n_paths);
        // They do not count for how fast others come.
        self.bar.reset_eta();
        if let Some(logged) = &mut self.logged {
            logged.first = n_paths;
        }
    }

    fn advance(&mut self, n_paths: u64, losses: Option<&Collector>) {
        self.bar.set_position(n_paths);
        let tail = self.tail.as_mut().zip(losses).and_then(|(tail, losses)| tail.look(losses));
        if let Some(tail) = tail {
            if let Some(logged) = &mut self.logged {
                logged.tail.clone_from(&tail);
            }
            self.bar.set_message(tail);
        }
        if let Some(logged) = &mut self.logged {
            logged.advance(n_paths);
        }
    }

    fn end(&mut self) {
        self.bar.finish_and_clear();
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

/// How far a job is, for a log.
#[derive(Debug)]
struct Logged {
    what: String,
    n_paths: u64,
    /// Paths that were there before.
    first: u64,
    began: Instant,
    next: Instant,
    tail: String,
}

impl Logged {
    /// At least so long between two lines.
    const BETWEEN: Duration = Duration::from_secs(10);

    fn begin(what: &str, n_paths: u64) -> Self {
        tracing::info!(scenario = what, paths = n_paths, "paths begin");
        let began = Instant::now();
        let next = began + Self::BETWEEN;
        Self { what: what.to_owned(), n_paths, first: 0, began, next, tail: String::new() }
    }

    fn advance(&mut self, done: u64) {
        if Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + Self::BETWEEN;
        let per_second = (done - self.first) as f64 / self.began.elapsed().as_secs_f64();
        let seconds_left = (self.n_paths - done) as f64 / per_second;
        let (scenario, tail) = (self.what.as_str(), self.tail.as_str());
        tracing::info!(
            scenario,
            done,
            paths = self.n_paths,
            paths_per_second = per_second.round(),
            seconds_left = seconds_left.round(),
            tail,
            "paths"
        );
    }
}

/// A bar that counts paths; invisible when nobody watches.
pub(crate) fn bar_of_paths(prefix: &str, n_paths: u64, quiet: bool) -> ProgressBar {
    let visible = !quiet && !is_logged() && is_watched();
    let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(n_paths), target);
    let template = "{prefix} [{bar:24}] {human_pos}/{human_len} paths, {rate}, {eta} left  {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> ").with_key("rate", write_rate));
    }
    bar.set_prefix(printable(prefix).into_owned());
    bar
}

/// Paths a second, whole ones.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is not negative"
)]
fn write_rate(state: &ProgressState, out: &mut dyn Write) {
    // The bar has no way to fail.
    let _ = write!(out, "{} paths/s", count(state.per_sec() as u64));
}
