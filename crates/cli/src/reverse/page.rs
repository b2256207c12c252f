//! What is printed of a reverse stress.

use std::io::Write;

use comfy_table::CellAlignment;
use serde_json::{Value, json};
use slashfall_jobs::Recorded;
use slashfall_jobs::number::{self, count, eth, percent};
use slashfall_jobs::plain_table;
use slashfall_jobs::replay::{command, shown};
use slashfall_output::measures::Estimate;
use slashfall_output::reverse::{EventSet, Led, Pattern, Reversal};
use slashfall_sampling::{Scenario, SourceKind};

use super::Asked;
use super::find::Found;
use crate::args::Reverse;

/// What a set without events is called.
const MARKET_ALONE: &str = "(market alone)";

/// All that there is to say.
pub(super) struct Page<'p> {
    pub(super) args: &'p Reverse,
    pub(super) recorded: &'p Recorded,
    pub(super) scenario: &'p Scenario<'p>,
    pub(super) asked: &'p Asked,
    pub(super) found: &'p Found,
    /// Paths whose first events were found.
    pub(super) looked: usize,
    pub(super) reversal: &'p Reversal,
}

impl Page<'_> {
    pub(super) fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        self.print_head(out)?;
        if self.reversal.sets.is_empty() {
            return Ok(());
        }
        let top = usize::from(self.args.top);
        let likeliest: Vec<&EventSet> = self.reversal.sets.iter().take(top).collect();
        writeln!(out, "\nMost likely sets of first events")?;
        self.print_sets(out, &likeliest)?;
        self.print_rest(out, &likeliest)?;
        writeln!(out, "\nSmallest sets")?;
        let smallest = self.reversal.smallest();
        self.print_sets(out, &smallest[..top.min(smallest.len())])?;
        writeln!(out, "\nPatterns")?;
        self.print_patterns(out, top)?;
        writeln!(
            out,
            "probability: that a path is led there by these; all fire: that all of them do within \
             the horizon, whatever is lost; mean loss: of the paths led there."
        )
    }

    fn print_head(&self, out: &mut impl Write) -> std::io::Result<()> {
        let Self { scenario, asked, found, .. } = self;
        let meta = scenario.model.network().meta();
        let share = match asked.value_eth {
            value if value > 0.0 => format!(" ({} of day 0)", percent(asked.asked_eth / value)),
            _ => String::new(),
        };
        let leading = &found.leading;
        writeln!(
            out,
            "\n{} on {} ({}{}), scenario {}: what leads to a loss of {} of at least {} ETH{share}\n\
             within {} days; {} paths, seed {}",
            scenario.spec.name,
            meta.name,
            meta.as_of,
            if meta.synthetic { ", partly synthetic" } else { "" },
            scenario.name,
            shown(&(asked.scope.kind, asked.scope.name.clone())),
            eth(asked.asked_eth),
            scenario.model.horizon_days(),
            count(self.recorded.n_paths),
            scenario.spec.seed,
        )?;
        let p = leading.probability();
        let interval = interval(&p);
        writeln!(out, "\nProbability {} ± {}{interval}", percent(p.value), error(&p))?;
        let (n, looked) = (leading.n(), self.looked as u64);
        match n {
            0 => writeln!(out, "No path leads there."),
            n if n == looked => {
                writeln!(out, "All {} paths that lead there were looked at.", count(n))
            }
            n => writeln!(
                out,
                "{} paths lead there, of which {}, evenly spread by loss, were looked at; errors \
                 count it.",
                count(n),
                count(looked)
            ),
        }
    }

    /// What is not in the first table, and what needs no event.
    fn print_rest(&self, out: &mut impl Write, listed: &[&EventSet]) -> std::io::Result<()> {
        let n = self.reversal.sets.len();
        let share: f64 = listed.iter().map(|set| set.led.share.value).sum();
        let alone = self.market_alone().map_or(0.0, |led| led.share.value);
        writeln!(
            out,
            "These {} of the {} sets found explain {} of it, the market alone {}.",
            listed.len(),
            count(n as u64),
            percent(share),
            percent(alone)
        )
    }

    fn market_alone(&self) -> Option<&Led> {
        self.reversal.sets.iter().find(|set| set.sources.is_empty()).map(|set| &set.led)
    }

    fn print_sets(&self, out: &mut impl Write, sets: &[&EventSet]) -> std::io::Result<()> {
        let header = [
            "",
            "first events",
            "probability",
            "95 %",
            "share",
            "all fire",
            "mean loss, ETH",
            "to replay it",
        ];
        let mut table = plain_table(&header.map(str::to_owned));
        for (rank, set) in (1..).zip(sets) {
            let [probability, range, share, loss, command] = self.cells(&set.led);
            let all_fire = percent(set.all_fire.probability);
            let all_fire = match set.all_fire.std_err {
                error if error > 0.0 => format!("{all_fire} ± {}", percent(error)),
                _ => all_fire,
            };
            let rank: u32 = rank;
            let names = self.names(set).join(" + ");
            let names = if names.is_empty() { MARKET_ALONE.to_owned() } else { names };
            table.add_row([
                rank.to_string(),
                names,
                probability,
                range,
                share,
                all_fire,
                loss,
                command,
            ]);
        }
        for column in [1, 7] {
            align_left(&mut table, column);
        }
        writeln!(out, "{}", table.trim_fmt())
    }

    fn print_patterns(&self, out: &mut impl Write, top: usize) -> std::io::Result<()> {
        let header = [
            "",
            "kinds",
            "sets",
            "probability",
            "95 %",
            "share",
            "mean loss, ETH",
            "to replay one",
        ];
        let mut table = plain_table(&header.map(str::to_owned));
        for (rank, pattern) in (1..).zip(self.reversal.patterns.iter().take(top)) {
            let [probability, range, share, loss, command] = self.cells(&pattern.led);
            let rank: u32 = rank;
            let sets = count(pattern.n_sets as u64);
            table.add_row([
                rank.to_string(),
                words(&pattern.kinds),
                sets,
                probability,
                range,
                share,
                loss,
                command,
            ]);
        }
        for column in [1, 7] {
            align_left(&mut table, column);
        }
        writeln!(out, "{}", table.trim_fmt())
    }

    fn cells(&self, led: &Led) -> [String; 5] {
        let with_error = |own: &Estimate| format!("{} ± {}", percent(own.value), error(own));
        let limit = |limit: Option<f64>| limit.map_or_else(|| "–".to_owned(), percent);
        let p = &led.probability;
        [
            with_error(p),
            format!("{} to {}", limit(p.ci_low), limit(p.ci_high)),
            with_error(&led.share),
            number::with_error(&led.mean_loss_eth),
            self.command(led),
        ]
    }

    fn command(&self, led: &Led) -> String {
        let Reverse { result, scenario, network, .. } = self.args;
        command(result, scenario, network.as_deref(), led.median.path)
    }

    fn names(&self, set: &EventSet) -> Vec<&str> {
        let sources = self.scenario.model.sources();
        set.sources.iter().map(|&source| sources[source as usize].name()).collect()
    }

    pub(super) fn json(&self) -> Value {
        let Self { scenario, asked, found, .. } = self;
        let top = usize::from(self.args.top);
        let set = |set: &EventSet| {
            let mut row = self.led_json(&set.led);
            row["first_events"] = json!(self.names(set));
            row["all_fire"] = json!({
                "value": set.all_fire.probability, "std_err": set.all_fire.std_err,
            });
            row
        };
        let pattern = |pattern: &Pattern| {
            let mut row = self.led_json(&pattern.led);
            let kinds: Vec<&str> = pattern.kinds.iter().map(|kind| kind.name()).collect();
            row["kinds"] = json!(kinds);
            row["n_sets"] = json!(pattern.n_sets);
            row
        };
        let smallest = self.reversal.smallest();
        let zero = |led: Option<&Led>| led.map_or(0.0, |led| led.share.value);
        json!({
            "scenario": scenario.name,
            "scope_kind": asked.scope.kind.name(), "scope": asked.scope.name,
            "at_least_eth": asked.asked_eth, "value_eth": asked.value_eth,
            "n_paths": self.recorded.n_paths, "n_leading": found.leading.n(),
            "n_looked_at": self.looked, "drawn_again": found.is_drawn,
            "probability": found.leading.probability(),
            "n_sets": self.reversal.sets.len(),
            "share_of_market_alone": zero(self.market_alone()),
            "most_likely": self.reversal.sets.iter().take(top).map(set).collect::<Vec<_>>(),
            "smallest": smallest.into_iter().take(top).map(set).collect::<Vec<_>>(),
            "patterns": self.reversal.patterns.iter().take(top).map(pattern).collect::<Vec<_>>(),
        })
    }

    fn led_json(&self, led: &Led) -> Value {
        json!({
            "n_events": led.n_events, "n_paths": led.n_paths, "probability": led.probability,
            "share": led.share, "mean_loss_eth": led.mean_loss_eth,
            "median_path": led.median.path, "median_loss_eth": led.median.loss_eth,
            "replay": self.command(led),
        })
    }
}

fn align_left(table: &mut comfy_table::Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Left);
    }
}

fn error(own: &Estimate) -> String {
    own.std_err.map_or_else(|| "–".to_owned(), percent)
}

fn interval(own: &Estimate) -> String {
    match (own.ci_low, own.ci_high) {
        (Some(low), Some(high)) => format!(" (95 %: {} to {})", percent(low), percent(high)),
        _ => String::new(),
    }
}

/// Kinds in words: `avs_incident + 2 client_outage`.
fn words(kinds: &[SourceKind]) -> String {
    let words = kinds.chunk_by(|a, b| a == b).map(|same| match same.len() {
        1 => same[0].name().to_owned(),
        n => format!("{n} {}", same[0].name()),
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { MARKET_ALONE.to_owned() } else { words.join(" + ") }
}
