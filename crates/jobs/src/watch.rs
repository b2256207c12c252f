//! Who watches a job while it works: a terminal, a notebook, or nobody.

use std::time::{Duration, Instant};

use slashfall_output::Collector;
use slashfall_output::measures::Level;

use crate::number::{level as percent_of, with_error};

/// What hears how far a job is, and may end it.
pub trait Watch {
    /// Hears one line that should be known before the figures are believed.
    fn note(&mut self, line: &str);

    /// Paths of `what` begin, a scenario or what else they are drawn for: `n_paths` of them at most.
    /// A run names the `level` whose tail is worth showing while they come.
    fn begin(&mut self, what: &str, n_paths: u64, level: Option<Level>);

    /// `n_paths` of them were there before: they were not computed now.
    fn resume(&mut self, n_paths: u64) {
        self.advance(n_paths, None);
    }

    /// `n_paths` of them are there; a run has their losses so far.
    fn advance(&mut self, n_paths: u64, losses: Option<&Collector>);

    /// No more of them come.
    fn end(&mut self);

    /// True once nobody waits for the job any more: it ends soon, and nothing is written.
    fn is_stopped(&self) -> bool;
}

/// At least so long between two looks at the tail: ranking all losses takes time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// The tail of a run so far, for those who watch it: its expected shortfall with the error, in words.
#[derive(Debug)]
pub struct TailSoFar {
    level: Level,
    next_look: Instant,
}

impl TailSoFar {
    /// From now on, at this level.
    #[must_use]
    pub fn new(level: Level) -> Self {
        Self { level, next_look: Instant::now() + BETWEEN_LOOKS }
    }

    /// What it is, now and then; none where it is too early to look again, or nothing was lost.
    pub fn look(&mut self, losses: &Collector) -> Option<String> {
        let start = Instant::now();
        if start < self.next_look {
            return None;
        }
        let sorted = losses.losses("system").and_then(|losses| losses.sorted());
        let found = sorted.map(|losses| losses.expected_shortfall(self.level));
        // Ranking must stay a small part of the work, however many paths there are.
        self.next_look = Instant::now() + BETWEEN_LOOKS.max(20 * start.elapsed());
        found.map(|es| format!("ES {}: {} ETH", percent_of(self.level.get()), with_error(&es)))
    }
}

/// A watch that also keeps the warnings, as a result says them too.
pub(crate) struct Noting<'w> {
    watch: &'w mut dyn Watch,
    warnings: Vec<String>,
}

impl<'w> Noting<'w> {
    pub(crate) fn new(watch: &'w mut dyn Watch) -> Self {
        Self { watch, warnings: Vec::new() }
    }

    /// The warnings so far, as they were heard.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl Watch for Noting<'_> {
    fn note(&mut self, line: &str) {
        if is_warning(line) {
            self.warnings.push(line.to_owned());
        }
        self.watch.note(line);
    }

    fn begin(&mut self, what: &str, n_paths: u64, level: Option<Level>) {
        self.watch.begin(what, n_paths, level);
    }

    fn resume(&mut self, n_paths: u64) {
        self.watch.resume(n_paths);
    }

    fn advance(&mut self, n_paths: u64, losses: Option<&Collector>) {
        self.watch.advance(n_paths, losses);
    }

    fn end(&mut self) {
        self.watch.end();
    }

    fn is_stopped(&self) -> bool {
        self.watch.is_stopped()
    }
}

/// Whether a note is one that somebody should act on.
pub(crate) fn is_warning(line: &str) -> bool {
    line.starts_with("warning: ")
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn note(&mut self, _: &str) {}

    fn begin(&mut self, _: &str, _: u64, _: Option<Level>) {}

    fn advance(&mut self, _: u64, _: Option<&Collector>) {}

    fn end(&mut self) {}

    fn is_stopped(&self) -> bool {
        false
    }
}
