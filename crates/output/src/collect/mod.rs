//! Takes batches in path order and keeps what the figures need: losses that are not zero, counts
//! of depegs, the rounds of the cascade, the worst that the books were ever off.

mod stored;

use rayon::prelude::*;
use slashfall_cascade::{Figure, Layout, Setting};
use slashfall_sampling::Batch;

use crate::measures::{Given, LossColumn, Outcome, PathLoss, Room, Tally, WeightSums, WeightTally};
use crate::room::{Wanted, n_head};
use crate::scope::{Scope, scopes};

pub use stored::StoredCollector;

/// Discounts that count as a depeg, ascending, and the metric of each.
pub(crate) const DEPEGS: [(&str, f64); 3] = [
    ("probability_depeg_1pct", 0.01),
    ("probability_depeg_5pct", 0.05),
    ("probability_depeg_10pct", 0.10),
];
/// How far books may be off, as a fraction of the stake, before a path is counted as unbalanced.
const BOOKS_TOLERANCE: f64 = 1e-9;
/// Losses of a batch from which it is worth to take its scopes in parallel.
const MANY_LOSSES: usize = 16_384;

/// What is kept of one scope.
#[derive(Clone, Debug)]
pub(crate) struct ScopeLosses {
    pub(crate) scope: Scope,
    /// Number of its column of losses.
    pub(crate) column: usize,
    /// Paths on which the worst discount passed each of [`DEPEGS`]; none for other scopes.
    pub(crate) depegs: Option<[Tally; 3]>,
    worst_discount: Option<usize>,
    /// What it has on day 0, in ETH.
    pub(crate) value_eth: f64,
    /// What holders earn from day 0 to the horizon, in ETH; none where no yield is known.
    pub(crate) return_eth: Option<f64>,
    /// Losses on the rows of the batch at hand that are not all 0; kept for its memory.
    of_batch: Vec<f64>,
    /// Its losses on the first paths, of scopes whose figures are asked what they hang on.
    pub(crate) head: Vec<PathLoss>,
    n_head: u64,
}

impl ScopeLosses {
    /// Takes its losses from the rows of a batch that `moved` names, and counts depegs.
    fn read(&mut self, batch: &Batch, moved: &[usize]) {
        self.scope.losses_eth(batch, moved, &mut self.of_batch);
        if batch.first_path < self.n_head {
            let of_path = |(&at, &loss)| PathLoss { path: batch.first_path + at as u64, loss };
            let own = moved.iter().zip(&self.of_batch).map(of_path);
            let own = own.filter(|own| own.loss.abs() > 0.0 && own.path < self.n_head);
            self.head.extend(own);
        }
        let (Some(depegs), Some(column)) = (&mut self.depegs, self.worst_discount) else { return };
        for &at in moved {
            let worst = batch.figures[at * batch.width + column];
            let passed = depegs.iter_mut().zip(DEPEGS).take_while(|(_, (_, limit))| worst > *limit);
            passed.for_each(|(tally, _)| match batch.weights.get(at) {
                None => tally.add(batch.first_path + at as u64),
                Some(weight) => tally.add_weighted(*weight),
            });
        }
    }

    fn has_lost_like(&self, other: &Self) -> bool {
        let pairs = self.of_batch.iter().zip(&other.of_batch);
        pairs.fold(0, |different, (a, b)| different | (a.to_bits() ^ b.to_bits())) == 0
    }
}

/// Adds the losses of a scope on the rows of a batch that `moved` names, in order.
fn push(losses: &mut LossColumn, batch: &Batch, moved: &[usize], of_batch: &[f64]) {
    for (&at, &loss) in moved.iter().zip(of_batch).filter(|(_, loss)| loss.to_bits() != 0) {
        let path = batch.first_path + at as u64;
        match batch.weights.get(at) {
            None => losses.push(path, loss),
            Some(weight) => losses.push_weighted(path, loss, *weight),
        }
    }
}

fn row(batch: &Batch, at: usize) -> &[f64] {
    &batch.figures[at * batch.width..][..batch.width]
}

/// Whether all figures of a row are 0.
fn is_quiet(row: &[f64]) -> bool {
    let sign = 1 << 63;
    row.iter().fold(0, |bits, figure| bits | figure.to_bits()) & !sign == 0
}

/// Yield of a whole supply, of assets that have one.
fn return_eth(scope: &Scope, setting: &Setting<'_>) -> Option<f64> {
    let id = scope.asset(setting.network())?;
    let asset = setting.network().asset(id);
    let earned = asset.supply_units * asset.nav_0 * setting.yield_to_horizon(id);
    (asset.yields.total() > 0.0).then_some(earned)
}

/// Where the figures of an [`Outcome`] stand in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutcomeFigures([usize; 3]);

impl OutcomeFigures {
    pub(crate) fn new(layout: Layout) -> Self {
        let figures = [Figure::Total, Figure::Direct, Figure::Rounds];
        Self(figures.map(|figure| layout.system(figure)))
    }

    pub(crate) fn of(self, row: &[f64]) -> Outcome {
        let [total, direct, rounds] = self.0.map(|column| row[column]);
        Outcome { total, direct, rounds }
    }
}

/// Losses of every scope over the paths of one scenario.
#[derive(Clone, Debug)]
pub struct Collector {
    layout: Layout,
    weights: WeightTally,
    /// Whether some path has come with a weight.
    is_weighted: bool,
    first_path: u64,
    /// First paths whose losses are kept in any case.
    n_head: u64,
    /// Whether the tails of some scopes are needed path by path.
    needs_tails: bool,
    pub(crate) scopes: Vec<ScopeLosses>,
    /// Losses by column. Scopes that have lost the same on every path so far have one in common, as
    /// most of a portfolio without wrapped assets have.
    columns: Vec<LossColumn>,
    /// By number of rounds.
    pub(crate) rounds: Vec<Given>,
    /// Rows of the batch at hand that are not all 0; kept for its memory.
    moved: Vec<usize>,
    books_error_max: f64,
    n_unbalanced: u64,
    n_truncated: u64,
}

impl Collector {
    /// Before the first path, with room for the losses of all; paths are independent (those of Sobol points are not, see
    /// [`Wanted::by_replicate`]).
    #[must_use]
    pub fn new(setting: &Setting<'_>) -> Self {
        Self::with_rooms(setting, n_head(0), true, |_, _| Room::UNBOUNDED)
    }

    /// Before the first path, with room for what is wanted and for as much of the rest as fits into 96 MiB. What does not fit is counted
    /// by bin, and figures say how far that can put them off.
    #[must_use]
    pub fn for_run(setting: &Setting<'_>, wanted: &Wanted) -> Self {
        let needs_tails = wanted.split_from.is_some();
        let n_head = n_head(wanted.n_paths);
        let room = |scope: &Scope, n_scopes| wanted.room(scope, n_scopes);
        let own = Self::with_rooms(setting, n_head, needs_tails, room);
        Self { weights: WeightTally::new(wanted.by_replicate), ..own }
    }

    /// The same, of the part of a run that begins with `first_path`.
    #[must_use]
    pub fn for_part(setting: &Setting<'_>, wanted: &Wanted, first_path: u64) -> Self {
        let mut own = Self::for_run(setting, wanted);
        own.columns.iter_mut().for_each(|column| *column = column.of_part(first_path));
        Self { first_path, ..own }
    }

    fn with_rooms(
        setting: &Setting<'_>,
        n_head: u64,
        needs_tails: bool,
        room: impl Fn(&Scope, usize) -> Room,
    ) -> Self {
        let layout = Layout::new(setting.network());
        let all = scopes(setting);
        let n_scopes = all.len();
        let mut rooms: Vec<Room> = Vec::new();
        let keep = |scope: Scope| {
            let room = room(&scope, n_scopes);
            let known = rooms.iter().position(|other| *other == room);
            let column = known.unwrap_or_else(|| {
                rooms.push(room);
                rooms.len() - 1
            });
            let worst_discount = scope.worst_discount(layout);
            ScopeLosses {
                column,
                depegs: worst_discount.map(|_| Default::default()),
                worst_discount,
                value_eth: scope.value_eth(setting),
                return_eth: return_eth(&scope, setting),
                n_head: if needs_tails && scope.is_split() { n_head } else { 0 },
                scope,
                of_batch: Vec::new(),
                head: Vec::new(),
            }
        };
        let scopes = all.into_iter().map(keep).collect();
        Self {
            layout,
            weights: WeightTally::new(false),
            is_weighted: false,
            first_path: 0,
            n_head,
            needs_tails,
            scopes,
            columns: rooms.into_iter().map(LossColumn::with_room).collect(),
            rounds: Vec::new(),
            moved: Vec::new(),
            books_error_max: 0.0,
            n_unbalanced: 0,
            n_truncated: 0,
        }
    }

    /// Adds the next batch, its scopes in parallel where there is much to add.
    pub fn absorb(&mut self, batch: &Batch) {
        self.find_moved(batch);
        self.weights.add(batch.n_paths() as u64, &batch.weights);
        if !batch.weights.is_empty() {
            self.expect_weights();
        }
        self.absorb_rounds(batch);
        self.absorb_checks(batch);
        let (moved, weights) = (&self.moved, self.weights());
        let is_large = moved.len() * self.scopes.len() >= MANY_LOSSES;
        let read = |scope: &mut ScopeLosses| scope.read(batch, moved);
        if is_large {
            self.scopes.par_iter_mut().for_each(read);
        } else {
            self.scopes.iter_mut().for_each(read);
        }
        self.part_columns();
        let (moved, scopes) = (&self.moved, &self.scopes);
        let add = |(number, losses): (usize, &mut LossColumn)| {
            let owner = scopes.iter().find(|scope| scope.column == number);
            owner.iter().for_each(|scope| push(losses, batch, moved, &scope.of_batch));
            losses.weigh(weights);
        };
        if is_large {
            self.columns.par_iter_mut().enumerate().for_each(add);
        } else {
            self.columns.iter_mut().enumerate().for_each(add);
        }
    }

    /// Notes the rows that are not all 0. Which they are nobody can predict, so nothing hangs on it
    /// but where the next is noted.
    fn find_moved(&mut self, batch: &Batch) {
        self.moved.resize(batch.n_paths(), 0);
        let mut n_moved = 0;
        for at in 0..batch.n_paths() {
            self.moved[n_moved] = at;
            n_moved += usize::from(!is_quiet(row(batch, at)));
        }
        self.moved.truncate(n_moved);
    }

    /// Parts scopes that had a column in common and have not lost the same in the batch at hand.
    fn part_columns(&mut self) {
        for column in 0..self.columns.len() {
            let mut shared = column;
            loop {
                let unlike = self.unlike_the_first(shared);
                if unlike.is_empty() {
                    break;
                }
                shared = self.columns.len();
                self.columns.push(self.columns[column].clone());
                unlike.into_iter().for_each(|number| self.scopes[number].column = shared);
            }
        }
    }

    /// The scopes that share a column and have not lost what the first of those that share it has.
    fn unlike_the_first(&self, column: usize) -> Vec<usize> {
        let mut sharing =
            self.scopes.iter().enumerate().filter(|(_, scope)| scope.column == column);
        let Some((_, first)) = sharing.next() else { return Vec::new() };
        sharing.filter(|(_, scope)| !scope.has_lost_like(first)).map(|(number, _)| number).collect()
    }

    /// How many of the weighted paths are in a tail only the end tells, so all are kept.
    fn expect_weights(&mut self) {
        self.is_weighted = true;
        if self.needs_tails {
            let split = self.scopes.iter().filter(|kept| kept.scope.is_split());
            split.for_each(|kept| self.columns[kept.column].widen(Room::UNBOUNDED));
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    fn absorb_rounds(&mut self, batch: &Batch) {
        let figures = OutcomeFigures::new(self.layout);
        let is_replicated = self.weights.is_replicated();
        let mut add = |at: usize, weight: Option<&f64>| {
            let outcome = figures.of(row(batch, at));
            let rounds = outcome.rounds as usize;
            if rounds >= self.rounds.len() {
                self.rounds.resize(rounds + 1, Given::default());
            }
            let (bin, path) = (&mut self.rounds[rounds], batch.first_path + at as u64);
            match weight {
                None if is_replicated => bin.add_replicated(path, outcome),
                None => bin.add(path, outcome),
                Some(weight) => bin.add_weighted(*weight, outcome),
            }
        };
        if is_replicated {
            (0..batch.n_paths()).for_each(|at| add(at, None));
        } else if batch.weights.is_empty() {
            self.moved.iter().for_each(|&at| add(at, None));
            let n_quiet = batch.n_paths() - self.moved.len();
            if n_quiet > 0 {
                self.rounds.resize(self.rounds.len().max(1), Given::default());
                self.rounds[0].add_quiet(n_quiet as u64);
            }
        } else {
            batch.weights.iter().enumerate().for_each(|(at, weight)| add(at, Some(weight)));
        }
    }

    fn absorb_checks(&mut self, batch: &Batch) {
        let books = self.layout.system(Figure::BooksError);
        let truncated = self.layout.system(Figure::TruncatedDays);
        for &at in &self.moved {
            let row = row(batch, at);
            let books_error = row[books].abs();
            self.books_error_max = self.books_error_max.max(books_error);
            self.n_unbalanced += u64::from(books_error > BOOKS_TOLERANCE);
            self.n_truncated += u64::from(row[truncated] > 0.0);
        }
    }

    /// The first of its paths.
    #[must_use]
    pub fn first_path(&self) -> u64 {
        self.first_path
    }

    /// Paths so far.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.weights.n_paths()
    }

    /// First paths whose losses are all known, of scopes that are split.
    pub(crate) fn n_head(&self) -> u64 {
        self.n_head.min(self.n_paths())
    }

    /// What they weigh.
    #[must_use]
    pub fn weights(&self) -> WeightSums {
        self.weights.sums()
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
        self.scopes.iter().find(|kept| kept.scope.name == name).map(|kept| self.losses_of(kept))
    }

    /// Losses of a scope.
    pub(crate) fn losses_of(&self, kept: &ScopeLosses) -> &LossColumn {
        &self.columns[kept.column]
    }

    /// Takes something of the losses of the scopes that are wanted, once where scopes have lost the same, of which
    /// it is told, on the threads of the current rayon pool; by scope.
    pub(crate) fn by_losses<T: Clone + Send + Sync>(
        &self,
        is_wanted: impl Fn(&Scope) -> bool,
        take: impl Fn(&LossColumn, &[&ScopeLosses]) -> T + Send + Sync,
    ) -> Vec<(&ScopeLosses, T)> {
        let wanted = self.scopes.iter().filter(|kept| is_wanted(&kept.scope));
        let wanted: Vec<&ScopeLosses> = wanted.collect();
        let of_column = |(number, losses): (usize, &LossColumn)| {
            let alike = wanted.iter().copied().filter(|kept| kept.column == number);
            let alike: Vec<&ScopeLosses> = alike.collect();
            (!alike.is_empty()).then(|| take(losses, &alike))
        };
        let taken: Vec<Option<T>> = self.columns.par_iter().enumerate().map(of_column).collect();
        let of_scope = |kept: &ScopeLosses| taken[kept.column].clone();
        wanted.into_iter().filter_map(|kept| Some((kept, of_scope(kept)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use slashfall_cascade::Parameters;
    use slashfall_graph::Sketch;
    use slashfall_graph::spec::Sharing;

    use super::*;
    use crate::measures::PathLoss;

    /// Scopes have a column in common until one loses something else, and have lost what they have
    /// lost before and after; the same holds of those that part from those that have parted.
    #[test]
    fn scopes_part_when_they_lose_differently() {
        let sketch = Sketch::new().avs("x", Sharing::Unique).operator("a", "A");
        let network = sketch.holding("direct", "a", "ETH", 100.0).network().unwrap();
        let setting = Setting::new(&network, Parameters::absent(30, 0));
        let layout = Layout::new(&network);
        let scopes = ["system", "system_direct", "system_market"];
        let figures = [Figure::Total, Figure::Direct, Figure::MarketLoss];
        let losses = [
            [[5.0; 3], [0.0; 3], [2.0; 3]],
            [[1.0; 3], [7.0, 6.0, 6.0], [0.0; 3]],
            [[3.0; 3], [0.0, 0.0, 4.0], [8.0, -1.0, 0.0]],
        ];
        let mut collector = Collector::new(&setting);
        let mut columns = Vec::new();
        for (number, of_batch) in (0..).zip(&losses) {
            let mut batch = Batch {
                first_path: 3 * number,
                width: layout.width(),
                figures: vec![0.0; 3 * layout.width()],
                weights: Vec::new(),
                incidents: slashfall_sampling::Incidents::default(),
                ends: Vec::new(),
            };
            for (row, of_path) in batch.figures.chunks_exact_mut(layout.width()).zip(of_batch) {
                for (figure, loss) in figures.into_iter().zip(of_path) {
                    row[layout.system(figure)] = *loss;
                }
            }
            collector.absorb(&batch);
            let column = |name: &&str| {
                let kept = collector.scopes.iter().find(|kept| kept.scope.name == **name);
                kept.unwrap().column
            };
            let mut of_scopes: Vec<usize> = scopes.iter().map(column).collect();
            of_scopes.sort_unstable();
            of_scopes.dedup();
            columns.push(of_scopes.len());
        }
        assert_eq!(columns, [1, 2, 3]);
        for (scope, name) in scopes.into_iter().enumerate() {
            let all = losses.iter().flatten().map(|of_path| of_path[scope]);
            let expected: Vec<PathLoss> = (0..)
                .zip(all)
                .filter(|(_, loss)| loss.abs() > 0.0)
                .map(|(path, loss)| PathLoss { path, loss })
                .collect();
            assert_eq!(collector.losses(name).unwrap().entries(), expected, "{name}");
        }
    }
}
