//! What a [`Collector`] of some paths stores, and how another goes on from it as if the paths had come there.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Collector, ScopeLosses};
use crate::measures::{Given, LossColumn, PathLoss, StoredColumn, Tally, WeightTally};

/// A [`Collector`] of some paths as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredCollector {
    weights: WeightTally,
    is_weighted: bool,
    scopes: Vec<StoredScope>,
    columns: Vec<StoredColumn>,
    rounds: Vec<Given>,
    books_error_max: f64,
    n_unbalanced: u64,
    n_truncated: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredScope {
    column: usize,
    depegs: Option<[Tally; 3]>,
    head: Vec<PathLoss>,
}

impl Collector {
    /// What another collector joins: the same of the same paths, in whatever parts they came.
    #[must_use]
    pub fn stored(&self) -> StoredCollector {
        // Columns have been numbered as scopes parted; here they are in the order of the scopes.
        let mut columns: Vec<usize> = Vec::new();
        let mut number = |column: usize| {
            let known = columns.iter().position(|own| *own == column);
            known.unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            })
        };
        let scope = |kept: &ScopeLosses| StoredScope {
            column: number(kept.column),
            depegs: kept.depegs.clone(),
            head: kept.head.clone(),
        };
        let scopes = self.scopes.iter().map(scope).collect();
        StoredCollector {
            weights: self.weights.clone(),
            is_weighted: self.is_weighted,
            scopes,
            columns: columns.iter().map(|own| self.columns[*own].stored()).collect(),
            rounds: self.rounds.clone(),
            books_error_max: self.books_error_max,
            n_unbalanced: self.n_unbalanced,
            n_truncated: self.n_truncated,
        }
    }

    /// Whether this is of the `n_paths` paths that follow, of the same scopes: what is stored may come from anywhere.
    #[must_use]
    pub fn can_join(&self, next: &StoredCollector, n_paths: u64) -> bool {
        let first = self.first_path + self.n_paths();
        let is_of_head = |own: &PathLoss| {
            own.loss.is_finite() && first <= own.path && own.path < first + n_paths
        };
        let next_columns = &next.columns;
        let fits = |(own, next): (&ScopeLosses, &StoredScope)| {
            let column = next_columns.get(next.column);
            let column =
                column.is_some_and(|next| self.columns[own.column].can_join(next, n_paths));
            let depegs = next.depegs.iter().flatten();
            own.depegs.is_some() == next.depegs.is_some()
                && depegs.into_iter().all(|tally| tally.is_possible(n_paths))
                && next.head.is_sorted_by(|a, b| a.path < b.path)
                && next.head.iter().all(is_of_head)
                && column
        };
        let pairs = || self.scopes.iter().zip(&next.scopes);
        first.checked_add(n_paths).is_some()
            && next.weights.n_paths() == n_paths
            && self.weights.can_join(&next.weights)
            && self.scopes.len() == next.scopes.len()
            && pairs().all(fits)
            && next.rounds.iter().all(|given| given.is_possible(n_paths))
            && next.n_unbalanced <= n_paths
            && next.n_truncated <= n_paths
    }

    /// Adds the paths that follow, which a collector of the same scopes has gathered: all is as if they had come here.
    ///
    /// # Panics
    /// If others follow: a bug of the caller.
    pub fn join(&mut self, next: StoredCollector) {
        if next.is_weighted {
            self.expect_weights();
        }
        self.weights.join(&next.weights);
        self.join_columns(&next.scopes, &next.columns);
        for (own, next) in self.scopes.iter_mut().zip(next.scopes) {
            for (own, next) in own.depegs.iter_mut().flatten().zip(next.depegs.iter().flatten()) {
                own.join(next);
            }
            own.head.extend(next.head);
        }
        self.rounds.resize(self.rounds.len().max(next.rounds.len()), Given::default());
        self.rounds.iter_mut().zip(&next.rounds).for_each(|(own, next)| own.join(next));
        self.books_error_max = self.books_error_max.max(next.books_error_max);
        self.n_unbalanced += next.n_unbalanced;
        self.n_truncated += next.n_truncated;
    }

    /// Scopes go on to share a column that share one here and there.
    fn join_columns(&mut self, scopes: &[StoredScope], next: &[StoredColumn]) {
        let mut pairs = Vec::new();
        for (own, next) in self.scopes.iter_mut().zip(scopes) {
            let pair = (own.column, next.column);
            let known = pairs.iter().position(|other| *other == pair);
            own.column = known.unwrap_or_else(|| {
                pairs.push(pair);
                pairs.len() - 1
            });
        }
        let mut before: Vec<Option<LossColumn>> =
            std::mem::take(&mut self.columns).into_iter().map(Some).collect();
        for (number, &(own, _)) in pairs.iter().enumerate() {
            // Most columns go on as they are; only those that part are copied.
            let is_last = !pairs[number + 1..].iter().any(|(other, _)| *other == own);
            let column = if is_last { before[own].take() } else { before[own].clone() };
            self.columns.extend(column);
        }
        let weights = self.weights();
        self.columns.par_iter_mut().zip(&pairs).for_each(|(column, &(_, other))| {
            column.join(&next[other]);
            column.weigh(weights);
        });
    }
}
