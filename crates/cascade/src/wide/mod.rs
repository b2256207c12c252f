//! Several paths at once, a number of each in one vector register: most days of most paths are
//! quiet, and what little happens on a quiet day happens on every path.
//!
//! The days are those of `day.rs`, mechanism by mechanism. Where something happens on a path that is
//! not of quiet days (an event, a loan that may be due, an attack that may pay, a loop that may cost
//! more than it earns), this part of its day is played on its own [`State`], by the code that plays
//! paths one by one, while the others wait. The arithmetic is the same, operation by operation and
//! sum by sum, and so are the bits: `tests/wide.rs` holds each figure of a path to [`run_path`].

mod block;
mod lanes;
mod market;
mod pieces;
mod plan;
mod redemption;
mod reserves;
mod rounds;

use pulp::{Arch, Simd, WithSimd};

use self::block::Block;
use self::lanes::LANES;
use self::plan::Plan;
use crate::day::{happen, run_path};
use crate::event::Event;
use crate::figures::Layout;
use crate::setting::{Normals, PathInput, Setting};
use crate::state::State;

/// A worker's paths: played alone, or as many at once as the machine's registers hold.
#[derive(Clone, Debug)]
pub struct Group<'s> {
    alone: State<'s>,
    /// None until paths are played together.
    together: Option<Box<Together<'s>>>,
    arch: Arch,
    width: usize,
}

/// Paths that are played together.
#[derive(Clone, Debug)]
struct Together<'s> {
    setting: &'s Setting<'s>,
    plan: Plan<'s>,
    /// One a path.
    states: Vec<State<'s>>,
    block: Block,
    day_0: Block,
}

impl<'s> Group<'s> {
    /// Day 0 of a setting.
    #[must_use]
    pub fn new(setting: &'s Setting<'s>) -> Self {
        Self::with(setting, Arch::new())
    }

    /// The same for registers that hold no more than `width` numbers, as older machines have them;
    /// figures are the same to the bit.
    #[must_use]
    pub fn at_most(setting: &'s Setting<'s>, width: usize) -> Self {
        let arch = Arch::new();
        if arch.dispatch(Width) <= width {
            return Self::with(setting, arch);
        }
        #[cfg(target_arch = "x86_64")]
        if let (Some(narrow), 4..) = (pulp::x86::V3::try_new(), width) {
            return Self::with(setting, Arch::V3(narrow));
        }
        Self::with(setting, Arch::Scalar)
    }

    fn with(setting: &'s Setting<'s>, arch: Arch) -> Self {
        // Without wrapped assets a day is next to nothing.
        let width = if setting.network.n_wrapped() > 0 { arch.dispatch(Width) } else { 1 };
        Self { alone: State::new(setting), together: None, arch, width }
    }

    /// How many paths are played at once: 1 where the machine has no registers for more.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// A state for paths that are played alone.
    pub fn state(&mut self) -> &mut State<'s> {
        &mut self.alone
    }

    /// The state of a path of those that were last played together, by its place among them.
    #[must_use]
    pub fn state_of(&self, place: usize) -> Option<&State<'s>> {
        self.together.as_ref()?.states.get(place)
    }

    /// Plays paths from day 0 to the horizon and writes their figures to `rows`, one after the other;
    /// figures are those of [`run_path`] to the bit.
    pub fn run_paths(&mut self, inputs: &[PathInput<'_>], rows: &mut [f64]) {
        let width = Layout::new(self.alone.network).width();
        let groups = inputs.chunks(self.width).zip(rows.chunks_mut(self.width * width));
        for (inputs, rows) in groups {
            let n_normals = inputs[0].noise.len();
            let alike = inputs.iter().all(|input| input.noise.len() == n_normals);
            if alike && inputs.len() == self.width && self.width > 1 {
                self.run_together(inputs, None, rows);
            } else {
                for (input, row) in inputs.iter().zip(rows.chunks_exact_mut(width)) {
                    run_path(&mut self.alone, input, row);
                }
            }
        }
    }

    /// The same of as many paths as are played at once, more than one. If their noise was drawn
    /// together, `normals` has it and the inputs have none.
    pub fn run_together(
        &mut self,
        inputs: &[PathInput<'_>],
        normals: Option<Normals<'_>>,
        rows: &mut [f64],
    ) {
        debug_assert!(inputs.len() == self.width && self.width > 1);
        let noise = normals.map_or(Noise::OfEach, Noise::OfAll);
        let (setting, width) = (self.alone.setting, self.width);
        let new = || Box::new(Together::new(setting, width));
        let together = self.together.get_or_insert_with(new);
        together.reset();
        self.arch.dispatch(Days { together, inputs, noise });
        together.write_outcomes(inputs, rows);
    }
}

impl<'s> Together<'s> {
    fn new(setting: &'s Setting<'s>, width: usize) -> Self {
        let state = State::new(setting);
        let day_0 = Block::on_day_0(&state);
        let block = day_0.clone();
        Self { setting, plan: Plan::new(setting), states: vec![state; width], block, day_0 }
    }

    fn reset(&mut self) {
        self.states.iter_mut().for_each(|state| state.reset(None));
        self.block.reset(&self.day_0);
    }

    fn write_outcomes(&mut self, inputs: &[PathInput<'_>], rows: &mut [f64]) {
        let layout = Layout::new(self.setting.network);
        let rows = rows.chunks_exact_mut(layout.width());
        for (lane, (row, input)) in rows.zip(inputs).enumerate() {
            let state = &mut self.states[lane];
            self.block.scatter_sums(lane, state);
            state.close_books();
            state.write_outcome(layout, input.events.as_slice().len(), row);
        }
    }

    #[inline(always)]
    fn play_days<S: Simd>(&mut self, simd: S, inputs: &[PathInput<'_>], noise: Noise<'_>) {
        let parameters = &self.setting.parameters;
        let mut coming: [&[Event]; LANES] = [&[]; LANES];
        for (coming, input) in coming.iter_mut().zip(inputs) {
            *coming = input.events.as_slice();
        }
        for day in 1..=parameters.horizon_days {
            let has_noise = self.read_noise(simd, noise, inputs, day);
            self.step_market(simd, has_noise);
            for (lane, (input, coming)) in inputs.iter().zip(&mut coming).enumerate() {
                self.happen(lane, day, input, coming);
            }
            if parameters.cascade.enabled {
                self.run_rounds(simd, day, inputs);
                self.redeem(simd, day);
                self.step_reserves(simd, day);
                self.work_off_exit_queue(simd);
            }
            self.accrue_carry(simd, day);
            self.note_discounts(simd);
        }
    }

    /// What happens to a path on a day from outside, if anything does.
    #[inline(always)]
    fn happen(&mut self, lane: usize, day: u32, input: &PathInput<'_>, coming: &mut &[Event]) {
        let state = &mut self.states[lane];
        let is_hit = coming.first().is_some_and(|event| event.tau_days <= f64::from(day));
        if is_hit || state.is_due(day) {
            self.happen_alone(lane, day, input, coming);
        }
    }

    #[inline(never)]
    fn happen_alone(
        &mut self,
        lane: usize,
        day: u32,
        input: &PathInput<'_>,
        coming: &mut &[Event],
    ) {
        let state = &mut self.states[lane];
        self.block.scatter(lane, state);
        state.clock = (day, 0);
        happen(state, input.events, coming);
        self.block.gather(lane, state);
    }
}

/// Where the normals of paths are.
#[derive(Clone, Copy)]
enum Noise<'i> {
    /// Each input has those of its path.
    OfEach,
    OfAll(Normals<'i>),
}

/// Fewer paths at once than this are no gain.
const LEAST_WIDTH: usize = 4;

struct Width;

impl WithSimd for Width {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        if S::F64_LANES >= LEAST_WIDTH { S::F64_LANES.min(LANES) } else { 1 }
    }
}

struct Days<'a, 's, 'i> {
    together: &'a mut Together<'s>,
    inputs: &'a [PathInput<'i>],
    noise: Noise<'a>,
}

impl WithSimd for Days<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.together.play_days(simd, self.inputs, self.noise);
    }
}
