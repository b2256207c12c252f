//! Paths in parallel: fixed batches, delivered in path order, and single paths again by number.

use std::ops::{ControlFlow, Range};
use std::sync::Mutex;

use rayon::prelude::*;
use slashfall_cascade::{Record, Told};

use crate::draw::{Draw, Fired};
use crate::in_order::{in_order, lock};
use crate::incidents::Incidents;
use crate::levels::{BLOCK, BLOCK_LEN};
use crate::model::Model;
use crate::path::{Asked, Worker};

/// Memory a thread for batches that are in the making or wait for delivery, two of them at least: enough
/// to level out slow ones, and little, as all of it is in use.
const BYTES_PER_THREAD: usize = 10 << 20;
/// Paths drawn together when single paths are replayed: the cipher makes that many words at once.
pub(crate) const REPLAY_BLOCK: u64 = 32;
/// As many paths of one block are cheaper drawn with all that lie between them: to draw a few costs
/// about as much as to draw a hundredth of the block.
const MANY_OF_BLOCK: usize = 96;

/// Consecutive paths and their figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Number of its first path.
    pub first_path: u64,
    /// Figures in a row.
    pub width: usize,
    /// Row by row, in the order of [`slashfall_cascade::Layout`].
    pub figures: Vec<f64>,
    /// Likelihood ratio of each path, the density of the model over that drawn from; empty where
    /// every path is drawn from the model itself and weighs 1.
    pub weights: Vec<f64>,
    /// Who was hit; nobody unless [`simulate_noting`] was asked.
    pub incidents: Incidents,
    /// How things stand at the end of each path, row by row, in the order of
    /// [`slashfall_cascade::EndLayout`]; empty unless [`simulate_to_ends`] was asked.
    pub ends: Vec<f64>,
}

impl Batch {
    /// Its paths: number and figures.
    pub fn rows(&self) -> impl Iterator<Item = (u64, &[f64])> {
        (self.first_path..).zip(self.figures.chunks_exact(self.width))
    }

    /// Paths in it.
    #[must_use]
    pub fn n_paths(&self) -> usize {
        self.figures.len() / self.width
    }
}

/// A path run again, with its story.
#[derive(Clone, Debug, PartialEq)]
pub struct PathRecord {
    /// Its number.
    pub path: u64,
    /// Its likelihood ratio; 1 where paths are drawn from the model itself.
    pub weight: f64,
    /// Its figures, as the run had them.
    pub figures: Vec<f64>,
    /// Its story: losses by cause, steps, ends of days.
    pub record: Record,
}

/// Runs `paths` in batches of `batch_paths` on the threads of the current rayon pool and delivers
/// them in path order, one thread while the others run the next ones. The figures do not depend on
/// the number of threads or on `batch_paths`; whole blocks of 4,096 paths are drawn fastest.
///
/// Stops early, at the end of a batch, when `deliver` says so.
pub fn simulate(
    model: &Model<'_>,
    paths: Range<u64>,
    batch_paths: usize,
    deliver: impl FnMut(&Batch) -> ControlFlow<()>,
) -> ControlFlow<()> {
    run_batches(model, paths, batch_paths, Asked::default(), deliver)
}

/// As [`simulate`], and notes who was hit on each path.
pub fn simulate_noting(
    model: &Model<'_>,
    paths: Range<u64>,
    batch_paths: usize,
    deliver: impl FnMut(&Batch) -> ControlFlow<()>,
) -> ControlFlow<()> {
    run_batches(model, paths, batch_paths, Asked { incidents: true, ..Asked::default() }, deliver)
}

/// As [`simulate`], and writes how things stand at the end of each path, for those who want to leave
/// then.
pub fn simulate_to_ends(
    model: &Model<'_>,
    paths: Range<u64>,
    batch_paths: usize,
    deliver: impl FnMut(&Batch) -> ControlFlow<()>,
) -> ControlFlow<()> {
    run_batches(model, paths, batch_paths, Asked { ends: true, ..Asked::default() }, deliver)
}

fn run_batches(
    model: &Model<'_>,
    paths: Range<u64>,
    batch_paths: usize,
    asked: Asked,
    mut deliver: impl FnMut(&Batch) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let batch_paths = batch_paths.max(1) as u64;
    let threads = rayon::current_num_threads();
    let width = model.layout().width() + if asked.ends { model.end_layout().width() } else { 0 };
    let bytes = size_of::<f64>() * width * n_paths(&(0..batch_paths));
    let batches_per_thread = (BYTES_PER_THREAD / bytes.max(1)).clamp(2, 16);
    // Alone, a thread has nobody to work ahead for.
    let ahead = if threads > 1 { threads * batches_per_thread } else { 1 };
    let pool = Pool::default();
    let run = |paths| {
        let mut worker = pool.worker(model, asked);
        let figures = lock(&pool.figures).pop().unwrap_or_default();
        let batch = run_batch(&mut worker, model, paths, figures);
        lock(&pool.workers).push(worker);
        batch
    };
    in_order(batches(paths, batch_paths), ahead, run, |batch| {
        let flow = deliver(&batch);
        lock(&pool.figures).push(batch.figures);
        flow
    })
}

/// Where the batch that holds `path` begins: batches begin at multiples of their length, wherever the
/// first path is, so that they are made of whole blocks.
fn aligned(path: u64, batch_paths: u64) -> u64 {
    path / batch_paths * batch_paths
}

/// What is used again from batch to batch.
#[derive(Default)]
struct Pool<'m, 'n> {
    workers: Mutex<Vec<Worker<'m, 'n>>>,
    figures: Mutex<Vec<Vec<f64>>>,
}

impl<'m, 'n> Pool<'m, 'n> {
    fn worker(&self, model: &'m Model<'n>, asked: Asked) -> Worker<'m, 'n> {
        let kept = lock(&self.workers).pop();
        kept.unwrap_or_else(|| Worker::for_runs(model, asked))
    }
}

/// Parts paths into batches.
fn batches(paths: Range<u64>, batch_paths: u64) -> impl Iterator<Item = Range<u64>> {
    let mut start = paths.start;
    std::iter::from_fn(move || {
        let own = start;
        start = paths.end.min(aligned(own, batch_paths) + batch_paths);
        (own < paths.end).then_some(own..start)
    })
}

fn run_batch(
    worker: &mut Worker<'_, '_>,
    model: &Model<'_>,
    paths: Range<u64>,
    mut figures: Vec<f64>,
) -> Batch {
    let n = n_paths(&paths);
    let width = model.layout().width();
    figures.resize(n * width, 0.0);
    worker.run_all(paths.start, &mut figures);
    let (weights, incidents) = (worker.weights().to_vec(), worker.take_incidents());
    let ends = worker.take_ends();
    Batch { first_path: paths.start, width, figures, weights, incidents, ends }
}

pub(crate) fn n_paths(paths: &Range<u64>) -> usize {
    usize::try_from(paths.end - paths.start).unwrap_or(usize::MAX)
}

/// Runs single paths again, ascending and without repeats, and hands each to `make` on the thread
/// that ran it; what it made comes back in the order of `paths`.
pub fn replay<T: Send>(
    model: &Model<'_>,
    paths: &[u64],
    make: impl Fn(PathRecord) -> T + Sync,
) -> Vec<T> {
    replay_told(model, paths, Told::All, make)
}

/// As [`replay`], with as much of the story of each path as is asked for.
pub fn replay_told<T: Send>(
    model: &Model<'_>,
    paths: &[u64],
    told: Told,
    make: impl Fn(PathRecord) -> T + Sync,
) -> Vec<T> {
    debug_assert!(paths.is_sorted_by(|a, b| a < b));
    let made: Vec<Vec<T>> = drawn_together(paths)
        .into_par_iter()
        .map_init(
            || Worker::new(model),
            |worker, block| replay_block(worker, model, block, told).map(&make).collect(),
        )
        .collect();
    made.into_iter().flatten().collect()
}

/// Parts paths into those that are drawn together.
fn drawn_together(paths: &[u64]) -> Vec<&[u64]> {
    let of_block = paths.chunk_by(|a, b| a / BLOCK == b / BLOCK);
    let parts = of_block.flat_map(|block| {
        let together = if block.len() >= MANY_OF_BLOCK { BLOCK } else { REPLAY_BLOCK };
        block.chunk_by(move |a, b| a / together == b / together)
    });
    parts.collect()
}

fn replay_block<'a>(
    worker: &'a mut Worker<'_, '_>,
    model: &'a Model<'_>,
    block: &'a [u64],
    told: Told,
) -> impl Iterator<Item = PathRecord> + 'a {
    let offset = worker.draw_some(block);
    block.iter().map(move |&path| {
        let offset = offset(path);
        let mut figures = vec![0.0; model.layout().width()];
        let record = worker.run_told(path, offset, told, &mut figures);
        let weight = worker.weights().get(offset).copied().unwrap_or(1.0);
        PathRecord { path, weight, figures, record }
    })
}

/// When each source fires: path, number of the source, days; in order of path, time and source.
pub fn event_times(
    model: &Model<'_>,
    paths: Range<u64>,
) -> impl Iterator<Item = (u64, usize, f64)> {
    let mut draw = Draw::default();
    let blocks = (paths.start..paths.end).step_by(BLOCK_LEN);
    blocks.flat_map(move |first| {
        draw.draw(model, first, n_paths(&(first..paths.end.min(first + BLOCK))));
        let event = |f: &Fired| (first + u64::from(f.offset), f.source as usize, f.tau_days);
        draw.all().iter().map(event).collect::<Vec<_>>()
    })
}
