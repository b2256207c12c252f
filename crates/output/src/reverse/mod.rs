//! Reverse stress: which first events lead to a loss, how likely each set of them does, and the
//! patterns that they make.
//!
//! [`Leading`] has the paths of a run that lose as much; [`slashfall_sampling::first_events`] finds on each what it took;
//! [`reverse`] puts paths with the same first events together and gives each set its figures.

mod leading;
mod share;
mod table;

use std::collections::BTreeMap;

use slashfall_sampling::{AllFire, FirstEvents, Model, SourceKind};

pub use leading::{Leading, LeadingPath};
pub use table::{REVERSE, push_reversal};

use crate::measures::{Estimate, Given, Outcome, Tally};
use share::{Masses, share, times};

/// Paths that were led to a loss by the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Led {
    /// First events of each.
    pub n_events: usize,
    /// How many of the paths that were looked at.
    pub n_paths: u64,
    /// Probability that a path is led there by this.
    pub probability: Estimate,
    /// Share of the paths that lead there.
    pub share: Estimate,
    /// Mean loss of these paths, in ETH.
    pub mean_loss_eth: Estimate,
    /// The path of median loss among them, and its loss in ETH.
    pub median: LeadingPath,
}

/// A set of first events.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSet {
    /// Numbers of its sources, in order of name; none where the market alone leads there.
    pub sources: Vec<u32>,
    /// Probability that all of them fire, whatever else happens and whatever is lost.
    pub all_fire: AllFire,
    /// The paths.
    pub led: Led,
}

/// Kinds of sources that lead there together, whatever they are the sources of.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// As often as there are sources of each, in order.
    pub kinds: Vec<SourceKind>,
    /// Sets of first events that make it.
    pub n_sets: usize,
    /// The paths.
    pub led: Led,
}

/// All that leads to a loss, the likeliest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Reversal {
    /// By first events.
    pub sets: Vec<EventSet>,
    /// By kinds of them.
    pub patterns: Vec<Pattern>,
}

/// What leads to a loss, from the paths that do and the first events of those that were looked at: all
/// of them, or a sample of them that stands for all.
#[must_use]
pub fn reverse(model: &Model<'_>, leading: &Leading, looked: &[FirstEvents]) -> Reversal {
    let mut by_set: BTreeMap<Vec<u32>, Vec<usize>> = BTreeMap::new();
    let mut by_kind: BTreeMap<Vec<SourceKind>, Vec<usize>> = BTreeMap::new();
    for (at, own) in looked.iter().enumerate() {
        let sources = by_name(model, &own.sources);
        by_kind.entry(kinds(model, &sources)).or_default().push(at);
        by_set.entry(sources).or_default().push(at);
    }
    let all = Masses::of(looked.iter().map(|path| path.weight), leading.sums());
    let estimator = Estimator { leading, looked, all };
    let named: Vec<Vec<u32>> = by_set.keys().cloned().collect();
    let n_sets = |of: &[SourceKind]| named.iter().filter(|set| kinds(model, set) == of).count();
    let pattern = |(kinds, paths): (Vec<SourceKind>, Vec<usize>)| Pattern {
        n_sets: n_sets(&kinds),
        led: estimator.led(kinds.len(), &paths),
        kinds,
    };
    let mut patterns: Vec<Pattern> = by_kind.into_iter().map(pattern).collect();
    let all_fire = model.probability_of_all(&named);
    let set = |((sources, paths), all_fire): ((Vec<u32>, Vec<usize>), AllFire)| EventSet {
        all_fire,
        led: estimator.led(sources.len(), &paths),
        sources,
    };
    let mut sets: Vec<EventSet> = by_set.into_iter().zip(all_fire).map(set).collect();
    sets.sort_by(|a, b| likelier(&a.led, &b.led));
    patterns.sort_by(|a, b| likelier(&a.led, &b.led));
    Reversal { sets, patterns }
}

impl Reversal {
    /// The sets with the fewest events first, of these the likeliest.
    #[must_use]
    pub fn smallest(&self) -> Vec<&EventSet> {
        let mut sets: Vec<&EventSet> = self.sets.iter().collect();
        sets.sort_by_key(|set| set.led.n_events);
        sets
    }
}

fn likelier(a: &Led, b: &Led) -> std::cmp::Ordering {
    b.probability.value.total_cmp(&a.probability.value).then(a.n_events.cmp(&b.n_events))
}

fn by_name(model: &Model<'_>, sources: &[u32]) -> Vec<u32> {
    let mut sorted = sources.to_vec();
    sorted.sort_by_key(|&source| model.sources()[source as usize].name());
    sorted
}

fn kinds(model: &Model<'_>, sources: &[u32]) -> Vec<SourceKind> {
    let kinds = sources.iter().map(|&source| model.sources()[source as usize].kind());
    let mut kinds: Vec<SourceKind> = kinds.collect();
    kinds.sort_unstable();
    kinds
}

/// Gives paths that belong together their figures.
struct Estimator<'a> {
    leading: &'a Leading,
    looked: &'a [FirstEvents],
    /// What all that were looked at count for.
    all: Masses,
}

impl Estimator<'_> {
    /// Of the paths at these places, ascending, among those that were looked at.
    fn led(&self, n_events: usize, places: &[usize]) -> Led {
        let own: Vec<&FirstEvents> = places.iter().map(|&at| &self.looked[at]).collect();
        let sums = self.leading.sums();
        let masses = Masses::of(own.iter().map(|path| path.weight), sums);
        let share = share(masses, self.all, sums.is_plain());
        Led {
            n_events,
            n_paths: own.len() as u64,
            probability: self.probability(&own, &share),
            share,
            mean_loss_eth: self.mean_loss_eth(&own),
            median: median(&own),
        }
    }

    fn is_whole(&self) -> bool {
        self.looked.len() as u64 == self.leading.n()
    }

    /// Counted among all paths of the run where all that lead there were looked at.
    fn probability(&self, own: &[&FirstEvents], share: &Estimate) -> Estimate {
        if !self.is_whole() {
            return times(&self.leading.probability(), share);
        }
        let mut tally = Tally::default();
        let sums = self.leading.sums();
        own.iter().for_each(|path| match sums.is_plain() {
            true => tally.add(path.path),
            false => tally.add_weighted(path.weight),
        });
        tally.probability(sums)
    }

    fn mean_loss_eth(&self, own: &[&FirstEvents]) -> Estimate {
        let sums = self.leading.sums();
        let mut given = Given::default();
        for path in own {
            let outcome = Outcome { total: path.loss_eth, direct: 0.0, rounds: 0.0 };
            if sums.is_replicated() && self.is_whole() {
                given.add_replicated(path.path, outcome);
            } else if sums.is_plain() {
                given.add(path.path, outcome);
            } else {
                given.add_weighted(path.weight, outcome);
            }
        }
        given.mean_total()
    }
}

/// The path of median loss, by weight; of equal losses the lower one is first.
fn median(own: &[&FirstEvents]) -> LeadingPath {
    let mut ranked = own.to_vec();
    ranked.sort_by(|a, b| a.loss_eth.total_cmp(&b.loss_eth).then(a.path.cmp(&b.path)));
    let half = 0.5 * ranked.iter().map(|path| path.weight).sum::<f64>();
    let mut below = 0.0;
    let reaches = |path: &&&FirstEvents| {
        below += path.weight;
        below >= half
    };
    let found = ranked.iter().find(reaches).or(ranked.last());
    found.map_or(LeadingPath { path: 0, loss_eth: 0.0 }, |path| LeadingPath {
        path: path.path,
        loss_eth: path.loss_eth,
    })
}
