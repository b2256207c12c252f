//! Ranks the losses of a scope once, because quantile, shortfall and exceedance all read the same order.

use slashfall_sampling::REPLICATES;

use super::bins::Bins;
use super::level::Cut;
use super::replicates::{N_REPLICATES, n_paths_of, replicate_of};
use super::run::Run;
use super::weights::Calibration;
use super::{PathLoss, Sum, WeightSums};

/// Losses from worst to best, ties by path, the paths without a loss a block between losses and gains.
#[derive(Debug, Clone, PartialEq)]
pub struct SortedLosses {
    sums: WeightSums,
    /// None where every path weighs 1.
    calibration: Option<Calibration>,
    /// Descending losses, none of them 0: all there are, or the worst of them.
    entries: Vec<PathLoss>,
    /// Weight of the path of each entry and mass of all before it; empty where every path weighs 1.
    weights: Vec<(f64, f64)>,
    /// Entries that are losses; gains follow them.
    n_positive: usize,
    /// The losses that are not kept one by one, all below the entries, and the mass of all paths before each.
    bins: Vec<(Run, f64)>,
    /// Bins of losses; those of gains follow them.
    n_positive_bins: usize,
    /// Paths that lost exactly 0, and the mass of all before them.
    zeros: (Run, f64),
    n_zero: u64,
    /// The paths of each replicate by themselves; none where paths are independent.
    replicates: Vec<Self>,
}

/// Where in the order a mass is reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) run: Run,
    /// Mass of all paths before the run.
    pub(super) before: f64,
}

/// A path in its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranked {
    pub(super) path: u64,
    pub(super) run: Run,
    /// Mass of all paths before it.
    pub(super) before: f64,
}

impl SortedLosses {
    /// Ranks `entries`, the losses that are not 0, with the `weights` of their paths, if any; the caller holds that there are
    /// paths, and that those neither here nor in `bins` lost nothing.
    pub(super) fn new(
        sums: WeightSums,
        entries: Vec<PathLoss>,
        weights: &[f64],
        bins: Option<&Bins>,
    ) -> Self {
        let calibration = sums.calibration();
        let replicates = replicates(sums, &entries, bins);
        let n_zero = sums.n_paths() - entries.len() as u64 - bins.map_or(0, Bins::n);
        let (entries, weights) = ranked(entries, weights, calibration.is_some());
        let n_positive = entries.partition_point(|entry| entry.loss > 0.0);
        let bins_of = bins.iter().flat_map(|bins| bins.runs(calibration));
        let mut sorted = Self {
            sums,
            calibration,
            entries,
            weights,
            n_positive,
            bins: bins_of.map(|run| (run, 0.0)).collect(),
            n_positive_bins: 0,
            zeros: (Run::plain(n_zero as f64, 0.0), 0.0),
            n_zero,
            replicates,
        };
        sorted.n_positive_bins = sorted.bins.partition_point(|(run, _)| run.loss > 0.0);
        sorted.zeros.0 = sorted.weigh_zeros();
        sorted.note_masses();
        sorted
    }

    /// The paths of each replicate by themselves; none where paths are independent.
    pub(super) fn replicates(&self) -> &[Self] {
        &self.replicates
    }

    /// Whether some path weighs something else than 1.
    pub(crate) fn is_weighted(&self) -> bool {
        self.calibration.is_some()
    }

    /// Paths run.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.sums.n_paths()
    }

    /// The worst paths, at most `count`, worst first; paths without a loss are not among them.
    #[must_use]
    pub fn worst(&self, count: usize) -> &[PathLoss] {
        &self.entries[..count.min(self.n_positive)]
    }

    pub(super) fn n(&self) -> f64 {
        self.n_paths() as f64
    }

    pub(super) fn sums(&self) -> WeightSums {
        self.sums
    }

    pub(super) fn calibration(&self) -> Option<Calibration> {
        self.calibration
    }

    /// The loss at `rank` from the worst, which is 1; `None` outside the sample. Where every path weighs 1.
    pub(super) fn at_rank(&self, rank: u64) -> Option<f64> {
        Some(self.at_mass(rank.checked_sub(1)? as f64)?.run.middle())
    }

    /// The loss at the edge of the tail that `cut` names.
    pub(super) fn quantile(&self, cut: Cut) -> f64 {
        self.spot_of(cut).run.middle()
    }

    /// Where the tail that `cut` names ends.
    pub(super) fn spot_of(&self, cut: Cut) -> Spot {
        let last = || {
            let last = self.runs().filter(|run| run.mass > 0.0).last();
            let run = last.unwrap_or(self.zeros.0);
            Spot { run, before: self.n() - run.mass }
        };
        self.at_mass(cut.mass).unwrap_or_else(last)
    }

    /// The first run with which there is more mass than `mass`; `None` where there is none.
    pub(super) fn at_mass(&self, mass: f64) -> Option<Spot> {
        let all = 0..self.entries.len();
        let (losses, gains) = (all.start..self.n_positive, self.n_positive..all.end);
        let bins_of_gains = self.n_positive_bins..self.bins.len();
        let (zeros, before_zeros) = self.zeros;
        let has_zeros = self.n_zero > 0 && mass < before_zeros + zeros.mass;
        let after_zeros = before_zeros + zeros.mass;
        self.in_entries(losses, 0.0, mass)
            .or_else(|| self.in_bins(0..self.n_positive_bins, mass))
            .or_else(|| has_zeros.then_some(Spot { run: zeros, before: before_zeros }))
            .or_else(|| self.in_entries(gains, after_zeros, mass))
            .or_else(|| self.in_bins(bins_of_gains, mass))
    }

    /// The same among some entries, before the first of which there is a mass of `before`.
    fn in_entries(&self, range: std::ops::Range<usize>, before: f64, mass: f64) -> Option<Spot> {
        let Some(calibration) = self.calibration else {
            let n_before = usize::try_from(super::level::whole(mass - before)).ok()?;
            let run = self.entries[range].get(n_before).map(|entry| Run::plain(1.0, entry.loss))?;
            return Some(Spot { run, before: before + n_before as f64 });
        };
        let is_before = |&(weight, before): &(f64, f64)| {
            before + calibration.mass(weight, weight * weight) <= mass
        };
        let at = range.start + self.weights[range.clone()].partition_point(is_before);
        (at < range.end).then(|| Spot { run: self.entry(at), before: self.weights[at].1 })
    }

    fn in_bins(&self, range: std::ops::Range<usize>, mass: f64) -> Option<Spot> {
        let bins = &self.bins[range];
        let at = bins.partition_point(|(run, before)| before + run.mass <= mass);
        bins.get(at).map(|&(run, before)| Spot { run, before })
    }

    fn entry(&self, at: usize) -> Run {
        let loss = self.entries[at].loss;
        match self.calibration {
            None => Run::plain(1.0, loss),
            Some(calibration) => {
                let weight = self.weights[at].0;
                Run::weighted(calibration.mass(weight, weight * weight), weight, loss)
            }
        }
    }

    /// Paths that lost exactly 0.
    pub(super) fn n_zero(&self) -> u64 {
        self.n_zero
    }

    /// The same as a run, and the mass of all paths before them.
    pub(super) fn zeros(&self) -> (Run, f64) {
        self.zeros
    }

    /// Paths with a loss that are kept one by one, worst first.
    pub(super) fn losses(&self) -> impl Iterator<Item = Ranked> {
        (0..self.n_positive).map(|at| self.ranked(at, at as f64))
    }

    /// Paths with a gain that are kept one by one, the smallest gain first.
    pub(super) fn gains(&self) -> impl Iterator<Item = Ranked> {
        let start = self.zeros.1 + self.zeros.0.mass;
        let gains = self.n_positive..self.entries.len();
        gains.enumerate().map(move |(rank, at)| self.ranked(at, start + rank as f64))
    }

    /// An entry, before which there are as many paths as `n_before` says where each weighs 1.
    fn ranked(&self, at: usize, n_before: f64) -> Ranked {
        let before = self.weights.get(at).map_or(n_before, |(_, before)| *before);
        Ranked { path: self.entries[at].path, run: self.entry(at), before }
    }

    /// Whether every loss is kept one by one.
    pub(super) fn is_exact(&self) -> bool {
        self.bins.is_empty()
    }

    /// Whether all of the worst paths of a mass of `mass` that lost or gained anything are kept one by one.
    pub(super) fn is_whole_to(&self, mass: f64) -> bool {
        self.bins.first().is_none_or(|(_, before)| *before >= mass)
    }

    /// Every path in rank order, the paths without a loss as one run.
    pub(super) fn runs(&self) -> impl Iterator<Item = Run> {
        let entry = |at| self.entry(at);
        let (losses, gains) = self.bins.split_at(self.n_positive_bins);
        let run = |bin: &(Run, f64)| bin.0;
        (0..self.n_positive)
            .map(entry)
            .chain(losses.iter().map(run))
            .chain(std::iter::once(self.zeros.0))
            .chain((self.n_positive..self.entries.len()).map(entry))
            .chain(gains.iter().map(run))
    }

    /// The paths without a loss: what the others leave.
    fn weigh_zeros(&self) -> Run {
        if self.calibration.is_none() || self.n_zero == 0 {
            return self.zeros.0;
        }
        let mut others = [Sum::default(); 3];
        for run in self.runs() {
            let own = [run.mass, run.square, run.cube];
            others.iter_mut().zip(own).for_each(|(sum, own)| sum.add(own));
        }
        let all = [self.n(), self.sums.power(2), self.sums.power(3)];
        let zeros = self.zeros.0;
        let left = |k: usize, zeros: f64| (all[k] - (others[k].value() - zeros)).max(0.0);
        Run {
            mass: left(0, zeros.mass),
            square: left(1, zeros.square),
            cube: left(2, zeros.cube),
            ..zeros
        }
    }

    /// Notes how much mass lies before each run.
    fn note_masses(&mut self) {
        let (n_losses, n_gains) = (self.n_positive, self.entries.len() - self.n_positive);
        let by = self.calibration;
        let n_weights = self.weights.len();
        let (losses, gains) = self.weights.split_at_mut(n_losses.min(n_weights));
        let (bins_of_losses, bins_of_gains) = self.bins.split_at_mut(self.n_positive_bins);
        let mut before = Sum::default();
        note_entries(&mut before, by, losses, n_losses);
        bins_of_losses.iter_mut().for_each(|(run, own)| note(&mut before, own, run.mass));
        note(&mut before, &mut self.zeros.1, self.zeros.0.mass);
        note_entries(&mut before, by, gains, n_gains);
        bins_of_gains.iter_mut().for_each(|(run, own)| note(&mut before, own, run.mass));
    }
}

fn note(before: &mut Sum, own: &mut f64, mass: f64) {
    *own = before.value();
    before.add(mass);
}

fn note_entries(
    before: &mut Sum,
    calibration: Option<Calibration>,
    weights: &mut [(f64, f64)],
    n_entries: usize,
) {
    match calibration {
        None => before.add(n_entries as f64),
        Some(calibration) => weights.iter_mut().for_each(|(weight, own)| {
            note(before, own, calibration.mass(*weight, *weight * *weight));
        }),
    }
}

/// Entries, which are in path order, in rank order, with the weight of each where there are any.
fn ranked(
    mut entries: Vec<PathLoss>,
    weights: &[f64],
    is_weighted: bool,
) -> (Vec<PathLoss>, Vec<(f64, f64)>) {
    if !is_weighted {
        // They are in path order, so a stable sort need not look at paths, and has less to do where
        // many losses are equal.
        entries.sort_by(|a, b| b.loss.total_cmp(&a.loss));
        return (entries, Vec::new());
    }
    let weights = weights.iter().copied().chain(std::iter::repeat(1.0));
    let mut both: Vec<(PathLoss, (f64, f64))> =
        entries.into_iter().zip(weights.map(|weight| (weight, 0.0))).collect();
    both.sort_by(|a, b| b.0.loss.total_cmp(&a.0.loss));
    both.into_iter().unzip()
}

/// The losses of each replicate where only replicates are independent.
fn replicates(sums: WeightSums, entries: &[PathLoss], bins: Option<&Bins>) -> Vec<SortedLosses> {
    if !sums.is_replicated() {
        return Vec::new();
    }
    assert!(bins.is_none() && sums.is_plain(), "replicates need every loss, and paths of weight 1");
    let mut parts = vec![Vec::new(); N_REPLICATES];
    entries.iter().for_each(|entry| parts[replicate_of(entry.path)].push(*entry));
    let part = |(replicate, entries)| {
        let sums = WeightSums::plain(n_paths_of(replicate, sums.n_paths()));
        SortedLosses::new(sums, entries, &[], None)
    };
    // While there is one path of a replicate at most, all are independent.
    if sums.n_paths() < REPLICATES { Vec::new() } else { (0..).zip(parts).map(part).collect() }
}
