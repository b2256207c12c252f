//! Takes batches in path order and keeps what the figures need: losses that are not zero, counts
//! of depegs, the rounds of the cascade, the worst that the books were ever off.

use std::collections::BTreeMap;

use slashfall_cascade::{Figure, Layout, Setting};
use slashfall_sampling::Batch;

use crate::measures::{LossColumn, Sum};
use crate::scope::{Scope, scopes};

/// Discounts that count as a depeg, and the metric of each.
pub(crate) const DEPEGS: [(&str, f64); 3] = [
    ("probability_depeg_1pct", 0.01),
    ("probability_depeg_5pct", 0.05),
    ("probability_depeg_10pct", 0.10),
];
/// How far books may be off, as a fraction of the stake, before a path is counted as unbalanced.
const BOOKS_TOLERANCE: f64 = 1e-9;

/// What is kept of one scope.
#[derive(Clone, Debug)]
pub(crate) struct ScopeLosses {
    pub(crate) scope: Scope,
    pub(crate) losses: LossColumn,
    /// Paths on which the worst discount passed each of [`DEPEGS`]; none for other scopes.
    pub(crate) depegs: Option<[u64; 3]>,
    worst_discount: Option<usize>,
    /// What holders earn from day 0 to the horizon, in ETH; none where no yield is known.
    pub(crate) return_eth: Option<f64>,
}

/// Yield of a whole supply, of assets that have one.
fn return_eth(scope: &Scope, setting: &Setting<'_>) -> Option<f64> {
    let id = scope.asset(setting.network())?;
    let asset = setting.network().asset(id);
    let earned = asset.supply_units * asset.nav_0 * setting.yield_to_horizon(id);
    (asset.yields.total() > 0.0).then_some(earned)
}

/// Paths that took the same number of rounds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoundsBin {
    pub(crate) n_paths: u64,
    pub(crate) direct: Sum,
    pub(crate) contagion: Sum,
    pub(crate) total: Sum,
    pub(crate) total_squared: Sum,
}

/// Losses of every scope over the paths of one scenario.
#[derive(Clone, Debug)]
pub struct Collector {
    layout: Layout,
    n_paths: u64,
    pub(crate) scopes: Vec<ScopeLosses>,
    pub(crate) rounds: BTreeMap<u64, RoundsBin>,
    books_error_max: f64,
    n_unbalanced: u64,
    n_truncated: u64,
}

impl Collector {
    /// Before the first path.
    #[must_use]
    pub fn new(setting: &Setting<'_>) -> Self {
        let layout = Layout::new(setting.network());
        let keep = |scope: Scope| {
            let worst_discount = scope.worst_discount(layout);
            let depegs = worst_discount.map(|_| [0; 3]);
            let return_eth = return_eth(&scope, setting);
            ScopeLosses { scope, losses: LossColumn::new(), depegs, worst_discount, return_eth }
        };
        Self {
            layout,
            n_paths: 0,
            scopes: scopes(setting).into_iter().map(keep).collect(),
            rounds: BTreeMap::new(),
            books_error_max: 0.0,
            n_unbalanced: 0,
            n_truncated: 0,
        }
    }

    /// Adds the next batch.
    pub fn absorb(&mut self, batch: &Batch) {
        for (path, row) in batch.rows() {
            for scope in &mut self.scopes {
                scope.losses.push(path, scope.scope.loss_eth(row));
                if let (Some(depegs), Some(column)) = (&mut scope.depegs, scope.worst_discount) {
                    let passed = |limit: f64| u64::from(row[column] > limit);
                    let counts = depegs.iter_mut().zip(DEPEGS);
                    counts.for_each(|(n, (_, limit))| *n += passed(limit));
                }
            }
            self.absorb_rounds(row);
            let books_error = row[self.layout.system(Figure::BooksError)].abs();
            self.books_error_max = self.books_error_max.max(books_error);
            self.n_unbalanced += u64::from(books_error > BOOKS_TOLERANCE);
            let truncated_days = row[self.layout.system(Figure::TruncatedDays)];
            self.n_truncated += u64::from(truncated_days > 0.0);
            self.n_paths += 1;
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    fn absorb_rounds(&mut self, row: &[f64]) {
        let figure = |figure| row[self.layout.system(figure)];
        let (direct, contagion, total) =
            (figure(Figure::Direct), figure(Figure::Contagion), figure(Figure::Total));
        let bin = self.rounds.entry(figure(Figure::Rounds) as u64).or_default();
        bin.n_paths += 1;
        bin.direct.add(direct);
        bin.contagion.add(contagion);
        bin.total.add(total);
        bin.total_squared.add(total * total);
    }

    /// Paths so far.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.n_paths
    }

    /// Largest imbalance of the books on any path, as a fraction of the stake.
    #[must_use]
    pub fn books_error_max(&self) -> f64 {
        self.books_error_max
    }

    /// Paths whose books were off by more than 1e-9 of the stake.
    #[must_use]
    pub fn n_unbalanced(&self) -> u64 {
        self.n_unbalanced
    }

    /// Paths on some day of which the rounds were cut off while something still changed.
    #[must_use]
    pub fn n_truncated(&self) -> u64 {
        self.n_truncated
    }

    /// Losses of a scope by its name; of an asset those by nav.
    #[must_use]
    pub fn losses(&self, name: &str) -> Option<&LossColumn> {
        self.scopes.iter().find(|kept| kept.scope.name == name).map(|kept| &kept.losses)
    }
}
