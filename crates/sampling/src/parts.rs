//! Paths played again with some of their events alone, so that one can see which of them a loss needs.

use rayon::prelude::*;

use crate::model::Model;
use crate::path::Worker;
use crate::simulate::REPLAY_BLOCK;

/// A path that was drawn, to be played as often as one likes with any of its events. All else is that
/// of the path: its noise, the severities and times of the events that are kept, who takes part in
/// them, the uniforms that decide on attacks.
pub struct Parts<'w, 'm, 'n> {
    worker: &'w mut Worker<'m, 'n>,
    path: u64,
    offset: usize,
    figures: Vec<f64>,
}

impl Parts<'_, '_, '_> {
    /// Number of the path.
    #[must_use]
    pub fn path(&self) -> u64 {
        self.path
    }

    /// Its likelihood ratio; 1 where paths are drawn from the model itself.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.worker.weights().get(self.offset).copied().unwrap_or(1.0)
    }

    /// Numbers of the sources that fired on it, in order of time.
    #[must_use]
    pub fn sources(&self) -> Vec<u32> {
        self.worker.fired(self.offset).iter().map(|fired| fired.source).collect()
    }

    /// Plays it with the events of the sources that are kept; gives its figures, in the order of
    /// [`slashfall_cascade::Layout`]. With all of them kept they are those of the run, to the bit.
    pub fn play(&mut self, is_kept: impl Fn(u32) -> bool) -> &[f64] {
        self.worker.run_part(self.path, self.offset, is_kept, &mut self.figures);
        &self.figures
    }
}

/// Draws single paths again, ascending and without repeats, and hands each to `make` on the thread
/// that drew it; what it made comes back in the order of `paths`.
///
/// However many paths of a block there are, few are drawn together: each is played many times, so
/// that it is worth more to keep all threads busy than to draw cheaply.
pub fn replay_parts<T: Send>(
    model: &Model<'_>,
    paths: &[u64],
    make: impl Fn(&mut Parts<'_, '_, '_>) -> T + Sync,
) -> Vec<T> {
    debug_assert!(paths.is_sorted_by(|a, b| a < b));
    let blocks: Vec<&[u64]> = paths.chunk_by(|a, b| a / REPLAY_BLOCK == b / REPLAY_BLOCK).collect();
    let made: Vec<Vec<T>> = blocks
        .into_par_iter()
        .map_init(|| Worker::new(model), |worker, block| play_block(worker, model, block, &make))
        .collect();
    made.into_iter().flatten().collect()
}

fn play_block<T>(
    worker: &mut Worker<'_, '_>,
    model: &Model<'_>,
    block: &[u64],
    make: impl Fn(&mut Parts<'_, '_, '_>) -> T,
) -> Vec<T> {
    let offset = worker.draw_some(block);
    let width = model.layout().width();
    let play = |&path: &u64| {
        let offset = offset(path);
        worker.draw_noise_alone(path, offset);
        make(&mut Parts { worker, path, offset, figures: vec![0.0; width] })
    };
    block.iter().map(play).collect()
}
