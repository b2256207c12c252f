//! The paths of a scenario, drawn here: from the first one on, or from where an interrupted run has left them.

use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use anyhow::Context;
use slashfall_output::measures::StopWatch;
use slashfall_output::{Collector, PathsWriter, ResultFolder};
use slashfall_sampling::Scenario;
use slashfall_sampling::config::{Detail, PathCount};

use crate::drawing::Drawing;
use crate::gathered::{BATCH_PATHS, Gathered};
use crate::part::n_paths;
use crate::run::{Origin, Played, levels, wanted};
use crate::unfinished::{Snapshot, Unfinished};
use crate::watch::Watch;

/// Draws the paths of scenarios, and keeps what they come to where anything is kept.
pub(crate) struct Draws<'u> {
    unfinished: Option<&'u mut Unfinished>,
    /// What was said last of why nothing could be kept.
    said: Option<String>,
}

impl<'u> Draws<'u> {
    pub(crate) fn new(unfinished: Option<&'u mut Unfinished>) -> Self {
        Self { unfinished, said: None }
    }
}

impl Origin for Draws<'_> {
    fn play(
        &mut self,
        folder: &ResultFolder,
        number: usize,
        scenario: &Scenario<'_>,
        drawing: &mut Drawing,
        watch: &mut dyn Watch,
    ) -> anyhow::Result<Played> {
        let Begun { mut played, paths, rule } = self.begin(folder, number, scenario, drawing)?;
        let level = played.gathered.levels().last().copied().context("a run has levels")?;
        watch.begin(&scenario.name, n_paths(scenario), Some(level));
        let done = played.gathered.collector.n_paths();
        if done > 0 {
            watch.resume(done);
        }
        let drawn = Drawn { first_path: 0, drawing, paths, watch: &mut *watch };
        if played.is_complete {
            drawn.end()?;
        } else {
            self.draw(number, scenario, &mut played, rule, drawn)?;
            let is_long = self.unfinished.as_ref().is_some_and(|own| own.is_long());
            if is_long && !played.interrupted {
                self.try_to_keep(number, scenario, &played, watch);
            }
        }
        Ok(played)
    }

    fn leave(
        &mut self,
        number: usize,
        scenario: &Scenario<'_>,
        played: &Played,
    ) -> anyhow::Result<()> {
        self.keep(number, scenario, played, None)
    }

    fn earlier_seconds(&self) -> f64 {
        self.unfinished.as_ref().map_or(0.0, |own| own.earlier_seconds())
    }
}

/// A scenario of which some paths may be there.
struct Begun<'r, 'f> {
    played: Played,
    paths: Option<PathsWriter<'f>>,
    rule: Option<Watched<'r>>,
}

impl Draws<'_> {
    /// Begins a scenario, or takes up what is kept of it.
    fn begin<'r, 'f>(
        &self,
        folder: &'f ResultFolder,
        number: usize,
        scenario: &'r Scenario<'_>,
        drawing: &mut Drawing,
    ) -> anyhow::Result<Begun<'r, 'f>> {
        let (levels, wanted) = (levels(&scenario.spec.levels), wanted(scenario));
        let rule = Watched::of(scenario);
        let kept = match &self.unfinished {
            Some(own) => own.kept(scenario)?.map(|kept| (own, kept)),
            None => None,
        };
        let Some((own, kept)) = kept else {
            let paths = paths_writer(folder, scenario, number, 0)?;
            let played = Played::of(Gathered::new(scenario, &wanted, levels));
            return Ok(Begun { played, paths, rule });
        };
        let is_asked = scenario.spec.detail == Detail::Paths;
        let paths = is_asked.then(|| own.resume_paths(folder, number, scenario, &kept));
        let paths = paths.transpose()?;
        drawing.join(kept.sums.as_ref());
        let Snapshot { n_paths, gathered, waypoints, sums, looks, precise, is_complete } = kept;
        let rule = rule.map(|rule| match looks {
            Some(looks) => Watched { watch: rule.watch.after(looks), ..rule },
            None => rule,
        });
        let stored = (gathered, waypoints);
        let gathered = Gathered::resume(scenario, &wanted, levels, n_paths, stored);
        let gathered = gathered.ok_or_else(|| own.is_of_another(&scenario.name))?;
        let played = Played { sums, looks, precise, is_complete, ..Played::of(gathered) };
        Ok(Begun { played, paths, rule })
    }

    /// Draws what paths a scenario still has, and keeps them now and then, and where nobody waits for more.
    fn draw(
        &mut self,
        number: usize,
        scenario: &Scenario<'_>,
        played: &mut Played,
        mut rule: Option<Watched<'_>>,
        mut drawn: Drawn<'_, '_>,
    ) -> anyhow::Result<()> {
        let n_paths = n_paths(scenario);
        let new_pace = |own: &&mut Unfinished| Pace::new(own.every(), drawn.paths.is_some());
        let mut pace = self.unfinished.as_ref().map(new_pace);
        let mut done = played.gathered.collector.n_paths();
        loop {
            // A run may have been interrupted just before it looked.
            if let Some(rule) = rule.as_mut().filter(|rule| rule.next() == done) {
                played.precise = Some(rule.look(&played.gathered.collector));
            }
            played.looks = rule.as_ref().map(|rule| rule.watch.looks());
            if done == n_paths || played.precise == Some(true) {
                break;
            }
            let look = rule.as_ref().map_or(n_paths, Watched::next);
            let next = pace.as_ref().map_or(look, |pace| pace.next(done).min(look));
            let flow = drawn.draw(&mut played.gathered, scenario, done..next)?;
            played.sums = drawn.drawing.sums();
            if flow.is_break() {
                played.interrupted = true;
                return self.keep(number, scenario, played, drawn.paths);
            }
            if let Some(pace) = &mut pace {
                pace.drew(next - done);
            }
            done = next;
            let is_at_file =
                drawn.paths.is_none() || done.is_multiple_of(PathsWriter::PATHS_PER_FILE);
            if is_at_file && self.unfinished.as_ref().is_some_and(|own| own.is_due()) {
                self.try_to_keep(number, scenario, played, &mut *drawn.watch);
            }
        }
        played.is_complete = true;
        drawn.end()
    }

    fn keep(
        &mut self,
        number: usize,
        scenario: &Scenario<'_>,
        played: &Played,
        paths: Option<PathsWriter<'_>>,
    ) -> anyhow::Result<()> {
        let Some(own) = &mut self.unfinished else { return Ok(()) };
        own.keep(number, scenario, &Snapshot::of(played), paths)
    }

    /// Keeps what there is while the run goes on: if it cannot be, the run may still come to its end.
    fn try_to_keep(
        &mut self,
        number: usize,
        scenario: &Scenario<'_>,
        played: &Played,
        watch: &mut dyn Watch,
    ) {
        let Err(error) = self.keep(number, scenario, played, None) else { return };
        let warning = format!(
            "warning: what has been computed cannot be kept ({}): make room, or an interruption costs it; the run goes on",
            error.root_cause()
        );
        if self.said.as_ref() != Some(&warning) {
            watch.note(&warning);
            self.said = Some(warning);
        }
    }
}

/// How many paths are drawn at once where something is kept: few enough that the clock is looked at in time.
struct Pace {
    /// What is drawn at once are so many, or so many times more.
    unit: u64,
    n: u64,
    aim: Duration,
    since: Instant,
}

impl Pace {
    /// What is drawn at once takes so long at most: at its end all threads wait for the last.
    const LONGEST: Duration = Duration::from_secs(10);
    const SHORTEST: Duration = Duration::from_millis(50);
    /// By how much more is drawn at once than before, at most.
    const GROWTH: u64 = 8;

    fn new(every: Duration, writes_paths: bool) -> Self {
        let unit = if writes_paths { PathsWriter::PATHS_PER_FILE } else { BATCH_PATHS as u64 };
        let batches = (rayon::current_num_threads() * BATCH_PATHS) as u64;
        let aim = every.clamp(Self::SHORTEST, Self::LONGEST);
        Self { unit, n: batches.next_multiple_of(unit), aim, since: Instant::now() }
    }

    /// Up to which path to draw after the first `done`.
    fn next(&self, done: u64) -> u64 {
        done / self.unit * self.unit + self.n
    }

    /// So many have been drawn since the last time.
    fn drew(&mut self, n: u64) {
        let nanos = self.since.elapsed().as_nanos().max(1);
        let in_time = u128::from(n) * self.aim.as_nanos() / nanos;
        let most = self.n.saturating_mul(Self::GROWTH);
        let n = u64::try_from(in_time).unwrap_or(most).min(most);
        self.n = (n / self.unit * self.unit).max(self.unit);
        self.since = Instant::now();
    }
}

/// Where the paths of a scenario go beside what gathers them.
pub(crate) struct Drawn<'d, 'f> {
    /// The first of them.
    pub(crate) first_path: u64,
    pub(crate) drawing: &'d mut Drawing,
    pub(crate) paths: Option<PathsWriter<'f>>,
    pub(crate) watch: &'d mut dyn Watch,
}

impl Drawn<'_, '_> {
    /// Draws paths; breaks off once nobody waits for them.
    pub(crate) fn draw(
        &mut self,
        gathered: &mut Gathered,
        scenario: &Scenario<'_>,
        paths: Range<u64>,
    ) -> anyhow::Result<ControlFlow<()>> {
        let mut failed = Ok(());
        let flow = gathered.simulate(&scenario.model, paths, |batch, collector| {
            self.drawing.absorb(batch);
            let so_far = collector.first_path() + collector.n_paths() - self.first_path;
            self.watch.advance(so_far, Some(collector));
            if let Some(paths) = &mut self.paths {
                failed = paths.absorb(batch);
            }
            let is_over = self.watch.is_stopped() || failed.is_err();
            if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        failed?;
        if flow.is_break() {
            self.watch.end();
        }
        Ok(flow)
    }

    /// Says that no more come.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        self.watch.end();
        Ok(self.paths.map_or(Ok(()), PathsWriter::finish)?)
    }
}

/// What writes every path of a scenario from `first_path` on, where that is asked for.
pub(crate) fn paths_writer<'f>(
    folder: &'f ResultFolder,
    scenario: &Scenario<'_>,
    number: usize,
    first_path: u64,
) -> anyhow::Result<Option<PathsWriter<'f>>> {
    let setting = scenario.model.setting();
    let create = || PathsWriter::create(folder, setting, &scenario.name, number, first_path);
    let is_asked = scenario.spec.detail == Detail::Paths;
    Ok(is_asked.then(create).transpose()?)
}

/// A stop rule and what it has seen so far.
struct Watched<'r> {
    scope: &'r str,
    watch: StopWatch,
}

impl<'r> Watched<'r> {
    /// That of a scenario, if it has one.
    fn of(scenario: &'r Scenario<'_>) -> Option<Self> {
        let PathCount::Until(rule) = &scenario.spec.paths else { return None };
        let watch = StopWatch::new(rule);
        let watch = if scenario.model.sobol().is_some() { watch.doubling() } else { watch };
        Some(Self { scope: &rule.scope.value, watch })
    }

    /// Paths at which it looks next.
    fn next(&self) -> u64 {
        self.watch.next_look()
    }

    fn look(&mut self, collector: &Collector) -> bool {
        collector.losses(self.scope).is_some_and(|losses| self.watch.look(losses))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_files_are_drawn_at_once_and_the_clock_is_looked_at_in_time() {
        let mut pace = Pace::new(Duration::from_secs(60), true);
        let unit = PathsWriter::PATHS_PER_FILE;
        assert_eq!((pace.next(0) % unit, pace.next(unit + 5) % unit), (0, 0));
        assert!(pace.next(unit + 5) > unit + 5);
        // Ten times too many in ten seconds.
        pace.n = 100 * unit;
        pace.since = Instant::now() - Duration::from_secs(100);
        pace.drew(100 * unit);
        assert!((8 * unit..=10 * unit).contains(&pace.n), "{}", pace.n / unit);
        // However fast, not too much at once.
        let before = pace.n;
        pace.drew(1_000_000 * unit);
        assert_eq!(pace.n, Pace::GROWTH * before);
    }
}
