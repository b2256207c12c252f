//! How things stand at the ends of the paths of a batch: what leaving costs then depends on who
//! leaves, and is worked out by those who know.

use slashfall_cascade::{EndLayout, Events, PathInput, State, run_path};

use crate::model::Model;

/// Ends of the paths of the batch at hand.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    layout: EndLayout,
    /// Row by row.
    rows: Vec<f64>,
    /// The end of a path on which nothing happens; empty where there are many of it.
    still: Vec<f64>,
}

impl Ends {
    /// No paths yet; `state` is there to play one on which nothing happens.
    pub(crate) fn new(model: &Model<'_>, state: &mut State<'_>) -> Self {
        let layout = model.end_layout();
        let is_one = model.noise.is_none() && model.setting.is_certain();
        let still = if is_one { still(model, layout, state) } else { Vec::new() };
        Self { layout, rows: Vec::new(), still }
    }

    /// Makes room for `n` paths.
    pub(crate) fn begin(&mut self, n: usize) {
        self.rows.resize(n * self.layout.width(), 0.0);
    }

    /// All rows.
    pub(crate) fn take(&mut self) -> Vec<f64> {
        std::mem::take(&mut self.rows)
    }

    /// Writes the end of the path that a state has played last.
    pub(crate) fn write(&mut self, offset: usize, state: &State<'_>) {
        let width = self.layout.width();
        state.write_ends(self.layout, &mut self.rows[offset * width..][..width]);
    }

    /// Writes the end of a path on which nothing happens. One on which stake of direct restakers is
    /// slashed and nothing else can happen has the same: there are no wrapped assets and no loans, and
    /// nobody joins the exit queue.
    pub(crate) fn write_still(&mut self, offset: usize) {
        let width = self.layout.width();
        self.rows[offset * width..][..width].copy_from_slice(&self.still);
    }
}

fn still(model: &Model<'_>, layout: EndLayout, state: &mut State<'_>) -> Vec<f64> {
    let mut figures = vec![0.0; model.layout().width()];
    // Where a path on which nothing happens has but one course, nobody asks for the uniforms.
    let nothing = PathInput { events: &Events::default(), noise: &[], attack_uniform: &|_| 1.0 };
    run_path(state, &nothing, &mut figures);
    let mut row = vec![0.0; layout.width()];
    state.write_ends(layout, &mut row);
    row
}
