//! Progress of a run on a terminal: paths a second, time left, the tail so far with its error.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use slashfall_output::Collector;
use slashfall_output::measures::Level;

use crate::number::{count, level as percent_of, with_error};

/// At least so long between two looks at the tail: ranking all losses takes time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// A progress bar; invisible when nobody watches.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    level: Level,
    next_look: Instant,
}

impl Progress {
    pub(crate) fn new(scenario: &str, n_paths: u64, level: Level, quiet: bool) -> Self {
        let bar = bar_of_paths(scenario, n_paths, quiet);
        Self { bar, level, next_look: Instant::now() + BETWEEN_LOOKS }
    }

    pub(crate) fn advance(&mut self, collector: &Collector) {
        self.bar.set_position(collector.n_paths());
        if self.bar.is_hidden() || Instant::now() < self.next_look {
            return;
        }
        let start = Instant::now();
        if let Some(losses) = collector.losses("system").and_then(|losses| losses.sorted()) {
            let es = losses.expected_shortfall(self.level);
            self.bar.set_message(format!(
                "ES {}: {} ETH",
                percent_of(self.level.get()),
                with_error(&es)
            ));
        }
        // Ranking must stay a small part of the work, however many paths there are.
        self.next_look = Instant::now() + BETWEEN_LOOKS.max(20 * start.elapsed());
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar that counts paths; invisible when nobody watches.
pub(crate) fn bar_of_paths(prefix: &str, n_paths: u64, quiet: bool) -> ProgressBar {
    let visible = !quiet && std::io::stderr().is_terminal();
    let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(n_paths), target);
    let template = "{prefix} [{bar:24}] {human_pos}/{human_len} paths, {rate}, {eta} left  {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> ").with_key("rate", write_rate));
    }
    bar.set_prefix(prefix.to_owned());
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
