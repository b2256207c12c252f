//! Derivatives by what moves the loss of a path and not its density: severities, covers, depth of pools.
//! Paths are run again with a tenth more and a tenth less of them, all else equal.

use std::collections::BTreeMap;

use rayon::prelude::*;
use slashfall_graph::Network;
use slashfall_sampling::{Entries, Model, PathScore, Varied, replay_variants};

use super::design::{Asked, Design};
use super::{Method, RELATIVE_STEP, Sensitivity, scored_path};
use crate::collect::Collector;
use crate::measures::{Pick, Sampled, picks, sampled_mean};
use crate::scope::ScopeKind;

/// Paths of a run for each path that is run again, however often.
const PATHS_PER_REPLAY: u64 = 4_096;
/// Paths run again at least.
const MIN_REPLAYED: u64 = 256;
/// Paths run again between two looks at whether anybody waits.
const PATHS_AT_ONCE: usize = 8_192;
/// Paths of a tail that are asked at least, where it comes to its turn.
const LEAST: usize = 24;

/// What may be moved.
enum Lever {
    Severity(Entries),
    Cover,
    Depth,
}

impl Lever {
    /// All that a model has.
    fn all(model: &Model<'_>) -> Vec<Self> {
        let network = model.network();
        let mut all: Vec<Self> = model.entries().into_iter().map(Self::Severity).collect();
        if network.assets().iter().any(|asset| asset.cover_eth > 0.0) {
            all.push(Self::Cover);
        }
        if !network.pools().is_empty() {
            all.push(Self::Depth);
        }
        all
    }

    fn key(&self, model: &Model<'_>) -> String {
        match self {
            Self::Severity(entries) => model.severity_key(entries),
            Self::Cover => "cover".to_owned(),
            Self::Depth => "depth".to_owned(),
        }
    }

    /// Whether it may matter on a path.
    fn concerns(&self, model: &Model<'_>, path: &PathScore) -> bool {
        match self {
            Self::Severity(entries) => {
                path.fired.iter().any(|&source| model.is_of(source as usize, entries))
            }
            Self::Cover | Self::Depth => true,
        }
    }

    /// The network once it has been moved; none where it stays.
    fn network(&self, network: &Network, factor: f64) -> Option<Network> {
        match self {
            Self::Severity(_) => None,
            Self::Cover => Some(network.with_cover_scaled(factor)),
            Self::Depth => Some(network.with_depth_scaled(factor)),
        }
    }

    /// The model once it has been moved, on the network that has been.
    fn model<'m>(
        &self,
        model: &'m Model<'_>,
        network: Option<&'m Network>,
        factor: f64,
    ) -> Model<'m> {
        match (self, network) {
            (Self::Severity(entries), _) => model.with_severities_scaled(entries, factor),
            (Self::Cover, Some(network)) => model.with_network(network),
            (Self::Depth, Some(network)) => model.on(network),
            (Self::Cover | Self::Depth, None) => model.clone(),
        }
    }
}

/// What levers are multiplied by: more, then less.
const FACTORS: [f64; 2] = [1.0 + RELATIVE_STEP, 1.0 - RELATIVE_STEP];

/// By path, how fast the loss of each design moves; paths that a lever does not concern are left out.
type Slopes = BTreeMap<u64, Vec<f64>>;

/// Which paths are run again, and for what.
pub(super) struct Bumps<'d, 'n> {
    model: &'d Model<'n>,
    designs: &'d [Design<'d>],
    levers: Vec<Lever>,
    /// By design; none where there are not paths enough for it.
    picks: Vec<Option<Vec<Pick>>>,
    n_head: u64,
}

impl<'d, 'n> Bumps<'d, 'n> {
    /// Deals out as many paths as a run may spend: a quarter to the body, of the rest half to the tail of the system
    /// without prices, the other half evenly to those of the system, of portfolios and of assets, as far as it goes.
    pub(super) fn new(
        model: &'d Model<'n>,
        collector: &Collector,
        designs: &'d [Design<'d>],
    ) -> Self {
        let n = (collector.n_paths() / PATHS_PER_REPLAY).max(MIN_REPLAYED);
        let n_head = n / 4;
        let of_tails = usize::try_from(n - n_head).unwrap_or(usize::MAX);
        let mut left = of_tails;
        let mut order: Vec<usize> = (0..designs.len()).collect();
        order.sort_by_key(|&number| (rank(&designs[number]), number));
        let mut picked: Vec<Option<Vec<Pick>>> = designs.iter().map(|_| None).collect();
        let mut most = left / 2;
        for number in order {
            if left >= LEAST {
                let own = picks(designs[number].levels[0].tail.paths().len(), most.min(left));
                left = left.saturating_sub(own.len());
                picked[number] = Some(own);
            }
            most = (of_tails / 2 / designs.len().max(1)).max(LEAST);
        }
        Self { model, designs, levers: Lever::all(model), picks: picked, n_head }
    }

    /// The paths that are run again.
    pub(super) fn paths(&self) -> Vec<u64> {
        let of_tails = self.designs.iter().zip(&self.picks).flat_map(|(design, picks)| {
            picks.iter().flatten().map(|pick| design.listed_path(pick).0)
        });
        of_tails.chain(0..self.n_head).collect()
    }

    /// Runs them again; by lever. None when `stop` says that nobody waits.
    pub(super) fn play(
        &self,
        scored: &[PathScore],
        stop: &impl Fn() -> bool,
    ) -> Option<Vec<Slopes>> {
        let mut paths = self.paths();
        paths.sort_unstable();
        paths.dedup();
        let moves = self.levers.iter().flat_map(|lever| FACTORS.map(|factor| (lever, factor)));
        let moves: Vec<(&Lever, f64)> = moves.collect();
        let network = |(lever, by): &(&Lever, f64)| lever.network(self.model.network(), *by);
        let networks: Vec<Option<Network>> = moves.par_iter().map(network).collect();
        let variants = moves.par_iter().zip(&networks);
        let variants =
            variants.map(|((lever, by), network)| lever.model(self.model, network.as_ref(), *by));
        let variants: Vec<Model<'_>> = variants.collect();
        let concerns = |path: u64, variant: usize| {
            let lever = &self.levers[variant / FACTORS.len()];
            scored_path(scored, path).is_some_and(|path| lever.concerns(self.model, path))
        };
        let losses = |row: &[f64]| -> Vec<f64> {
            self.designs.iter().map(|design| design.scopes[0].loss_eth(row)).collect()
        };
        let mut slopes: Vec<Slopes> = self.levers.iter().map(|_| Slopes::new()).collect();
        for some in paths.chunks(PATHS_AT_ONCE) {
            if stop() {
                return None;
            }
            let varied = replay_variants(self.model, &variants, some, concerns, losses);
            for pair in varied.chunks_exact(FACTORS.len()) {
                slopes[pair[0].variant / FACTORS.len()].insert(pair[0].path, slope(pair));
            }
        }
        Some(slopes)
    }

    /// The rows of a design.
    pub(super) fn rows(
        &self,
        number: usize,
        design: &Design<'_>,
        collector: &Collector,
        scored: &[PathScore],
        moved: &[Slopes],
    ) -> Vec<Sensitivity> {
        let Some(picks) = &self.picks[number] else { return Vec::new() };
        let asked = design.asked(picks, self.n_head);
        let of = |(lever, slopes): (&Lever, &Slopes)| {
            let slope = |own: &Asked| slopes.get(&own.path).map_or(0.0, |slopes| slopes[number]);
            let row = |metric, level, derivative, figure| Sensitivity {
                scope_kind: design.scopes[0].kind,
                scope: String::new(),
                metric,
                level,
                parameter: lever.key(self.model),
                method: Method::CommonNumbers,
                derivative,
                step: RELATIVE_STEP,
                figure,
            };
            let sampled = asked.iter().filter_map(|own| {
                let weight = scored_path(scored, own.path)?.weight;
                let (path, stands_for) = (own.path, own.stands_for);
                Some(Sampled { path, weight, stands_for, value: slope(own) })
            });
            let sampled: Vec<Sampled> = sampled.collect();
            let mean = sampled_mean(collector.weights(), &sampled);
            let mut rows = vec![row("mean", None, Some(mean), design.mean)];
            let of_tail: Vec<f64> = asked[..picks.len()].iter().map(slope).collect();
            for at in &design.levels {
                let at_edge = at.tail.thinned_at_edge(picks, &of_tail);
                let es = at.tail.thinned(picks, &of_tail, at_edge);
                // A few hundred paths do not say what the few next to the edge do.
                rows.push(row("var", Some(at.level), None, at.var.value));
                rows.push(row("es", Some(at.level), Some(es), at.es));
            }
            rows
        };
        self.levers.iter().zip(moved).flat_map(of).collect()
    }
}

/// How fast the losses of a path move, from those with more and with less.
fn slope(pair: &[Varied<Vec<f64>>]) -> Vec<f64> {
    let slope = |(up, down): (&f64, &f64)| (up - down) / (FACTORS[0] - FACTORS[1]);
    pair[0].made.iter().zip(&pair[1].made).map(slope).collect()
}

/// Which designs come first.
fn rank(design: &Design<'_>) -> u8 {
    let of_scope = |scope: &&crate::scope::Scope| match scope.kind {
        _ if scope.is_without_prices() => 0,
        ScopeKind::System => 1,
        ScopeKind::Portfolio => 2,
        ScopeKind::Asset | ScopeKind::AssetMarket | ScopeKind::Channel => 3,
    };
    design.scopes.iter().map(of_scope).min().unwrap_or(u8::MAX)
}
