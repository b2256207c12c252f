//! Single paths again under variants of a model that draw the same: drawn once, played under each.

use rayon::prelude::*;

use crate::draw::Draw;
use crate::levels::BLOCK;
use crate::model::Model;
use crate::path::Worker;

/// Stretches that the paths of each thread are parted into, few, as each makes workers of its own.
const STRETCHES_PER_THREAD: usize = 1;

/// A path under a variant, and what was made of its figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Varied<T> {
    /// Number of the path.
    pub path: u64,
    /// Number of the variant.
    pub variant: usize,
    /// What was made.
    pub made: T,
}

/// Runs single paths, ascending and without repeats, under those of the `variants` that are `asked` for, by
/// path and number of the variant, and hands the figures of each to `make`; in order of path and variant.
/// The variants differ from `model` in nothing that is drawn but severities ([`Model::with_severities_scaled`],
/// [`Model::on`]): events and weights are those of `model`.
pub fn replay_variants<T: Send>(
    model: &Model<'_>,
    variants: &[Model<'_>],
    paths: &[u64],
    asked: impl Fn(u64, usize) -> bool + Sync,
    make: impl Fn(&[f64]) -> T + Sync,
) -> Vec<Varied<T>> {
    debug_assert!(paths.is_sorted_by(|a, b| a < b));
    let stretches = STRETCHES_PER_THREAD * rayon::current_num_threads();
    let stretches = paths.par_chunks(paths.len().div_ceil(stretches).max(1));
    let played = stretches.map(|stretch| {
        let mut draw = Draw::default();
        let mut workers: Vec<Option<Worker<'_, '_>>> = variants.iter().map(|_| None).collect();
        let mut row = vec![0.0; model.layout().width()];
        let mut varied = Vec::new();
        for near in stretch.chunk_by(|a, b| a / BLOCK == b / BLOCK) {
            let offset = |path: u64| usize::try_from(path - near[0]).unwrap_or_default();
            draw.draw(model, near[0], offset(near[near.len() - 1]) + 1);
            for (variant, own) in workers.iter_mut().enumerate() {
                let concerned = near.iter().filter(|path| asked(**path, variant));
                for &path in concerned {
                    let worker = own.get_or_insert_with(|| Worker::new(&variants[variant]));
                    worker.run_drawn(&mut draw, (path, offset(path)), &mut row);
                    varied.push(Varied { path, variant, made: make(&row) });
                }
            }
        }
        varied.sort_by_key(|own| (own.path, own.variant));
        varied
    });
    let played: Vec<Vec<Varied<T>>> = played.collect();
    played.into_iter().flatten().collect()
}
