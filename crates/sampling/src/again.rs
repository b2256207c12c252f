//! Single paths again under variants of a model that draw the same: drawn once, played under each.

use rayon::prelude::*;

use crate::draw::Draw;
use crate::levels::BLOCK;
use crate::model::Model;
use crate::path::Worker;

/// Stretches that the work of each thread is parted into, few, as each makes workers of its own.
const STRETCHES_PER_THREAD: usize = 2;

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
    let n_asked = |path: &u64| (0..variants.len()).filter(|own| asked(*path, *own)).count();
    let n_asked: Vec<usize> = paths.par_iter().map(n_asked).collect();
    let stretches = STRETCHES_PER_THREAD * rayon::current_num_threads();
    let played = evenly(paths, &n_asked, stretches).into_par_iter().map(|stretch| {
        let mut draw = Draw::default();
        let mut workers: Vec<Option<Worker<'_, '_>>> = variants.iter().map(|_| None).collect();
        let mut row = vec![0.0; model.layout().width()];
        let mut varied = Vec::new();
        for near in stretch.chunk_by(|a, b| a / BLOCK == b / BLOCK) {
            let offset = draw.draw_some(model, near);
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

/// Parts paths into stretches, about so many, on which about as much is asked for.
fn evenly<'p>(paths: &'p [u64], n_asked: &[usize], stretches: usize) -> Vec<&'p [u64]> {
    let share = n_asked.iter().sum::<usize>().div_ceil(stretches.max(1)).max(1);
    let ends = n_asked.iter().scan(0, |sum, own| {
        let before = *sum;
        *sum += own;
        Some(before / share)
    });
    let numbers: Vec<usize> = ends.collect();
    let mut left = paths;
    let part = |of_stretch: &[usize]| {
        let (own, rest) = left.split_at(of_stretch.len());
        left = rest;
        own
    };
    numbers.chunk_by(|a, b| a == b).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_asked_for_as_much() {
        let paths: Vec<u64> = (0..100).collect();
        let n_asked: Vec<usize> = (0..100).map(|path| if path < 50 { 1 } else { 9 }).collect();
        let stretches = evenly(&paths, &n_asked, 4);
        assert_eq!(stretches.concat(), paths);
        let sums = stretches.iter().map(|stretch| {
            stretch.iter().map(|path| if *path < 50 { 1 } else { 9 }).sum::<usize>()
        });
        assert!(stretches.len() == 4 && sums.clone().all(|sum| (117..=134).contains(&sum)));
        assert!(evenly(&[], &[], 3).is_empty());
        assert_eq!(evenly(&paths, &[0; 100], 3), [&paths[..]]);
    }
}
