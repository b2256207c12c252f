//! Progress of a run on a terminal: paths a second, time left, the tail so far with its error.

use std::fmt::Write;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use slashfall_graph::printable;
use slashfall_jobs::number::count;
use slashfall_jobs::{TailSoFar, Watch};
use slashfall_output::Collector;
use slashfall_output::measures::Level;

use crate::streams::{is_watched, stderr};

/// A terminal that watches a job: notes, a bar that is invisible when nobody looks, and Ctrl-C.
#[derive(Debug)]
pub(crate) struct Terminal {
    is_quiet: bool,
    hides_notes: bool,
    stop: Arc<AtomicBool>,
    bar: ProgressBar,
    tail: Option<TailSoFar>,
}

impl Terminal {
    /// `stop` is raised when the job is to end.
    pub(crate) fn new(is_quiet: bool, stop: Arc<AtomicBool>) -> Self {
        Self { is_quiet, hides_notes: is_quiet, stop, bar: ProgressBar::hidden(), tail: None }
    }

    /// For jobs that Ctrl-C ends by ending the program, and of which notes are shown in any case.
    pub(crate) fn unstopped(is_quiet: bool) -> Self {
        Self { hides_notes: false, ..Self::new(is_quiet, Arc::default()) }
    }
}

impl Watch for Terminal {
    fn note(&mut self, line: &str) {
        if !self.hides_notes {
            let _ = writeln!(stderr(), "{line}");
        }
    }

    fn begin(&mut self, what: &str, n_paths: u64, level: Option<Level>) {
        self.bar = bar_of_paths(what, n_paths, self.is_quiet);
        self.tail = level.filter(|_| !self.bar.is_hidden()).map(TailSoFar::new);
    }

    fn advance(&mut self, n_paths: u64, losses: Option<&Collector>) {
        self.bar.set_position(n_paths);
        let tail = self.tail.as_mut().zip(losses).and_then(|(tail, losses)| tail.look(losses));
        if let Some(tail) = tail {
            self.bar.set_message(tail);
        }
    }

    fn end(&mut self) {
        self.bar.finish_and_clear();
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

/// A bar that counts paths; invisible when nobody watches.
pub(crate) fn bar_of_paths(prefix: &str, n_paths: u64, quiet: bool) -> ProgressBar {
    let visible = !quiet && is_watched();
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
