//! One path: its events with their severities and victims, its noise, its days.

use std::ops::Range;

use slashfall_cascade::{
    Effect, Events, Group, PathInput, Record, StrikeSum, StrikeSums, Strikes, Told, run_path,
    run_path_told,
};
use slashfall_graph::AvsId;

use crate::draw::{Draw, Fired};
use crate::ends::Ends;
use crate::importance::Bend;
use crate::incidents::{Incidents, index};
use crate::model::Model;
use crate::noise::NoiseBuffer;
use crate::source::Source;

/// What a worker needs to run paths, kept from path to path.
pub(crate) struct Worker<'m, 'n> {
    model: &'m Model<'n>,
    group: Group<'m>,
    draw: Draw,
    /// Of the paths that are played together.
    events: Vec<Events>,
    noise: NoiseBuffer,
    /// Figures of a path on which nothing happens; empty until there has been one.
    still: Vec<f64>,
    /// Where all that can happen is that AVSs slash those whom a source names.
    strikes: Option<Strikes>,
    /// Where it does not matter in which order they do so.
    tally: Option<Tally>,
    /// Who was hit on the paths of the batch at hand; none where nobody asks.
    incidents: Option<Incidents>,
    /// How these paths end; none where nobody asks.
    ends: Option<Ends>,
}

/// What is asked of a run beside figures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// Who was hit.
    pub(crate) incidents: bool,
    /// How paths end.
    pub(crate) ends: bool,
}

/// What slashes take on the paths drawn, where their order does not matter.
struct Tally {
    by_source: StrikeSums,
    /// By path.
    sums: Vec<StrikeSum>,
}

impl<'m, 'n> Worker<'m, 'n> {
    /// For single paths.
    pub(crate) fn new(model: &'m Model<'n>) -> Self {
        Self {
            model,
            group: Group::new(&model.setting),
            draw: Draw::default(),
            events: vec![Events::default()],
            noise: NoiseBuffer::default(),
            still: Vec::new(),
            strikes: None,
            tally: None,
            incidents: None,
            ends: None,
        }
    }

    /// For runs: with what spares portfolios of stake their days, which single paths have no use for;
    /// notes what is asked for.
    pub(crate) fn for_runs(model: &'m Model<'n>, asked: Asked) -> Self {
        let strikes = strikes(model);
        let tally = strikes.as_ref().and_then(|strikes| tally(model, strikes));
        let incidents = asked.incidents.then(Incidents::default);
        let mut worker = Self { strikes, tally, incidents, ..Self::new(model) };
        worker.ends = asked.ends.then(|| Ends::new(model, worker.group.state()));
        worker
    }

    /// Who was hit on the paths that were run last; nobody where it was not asked for.
    pub(crate) fn take_incidents(&mut self) -> Incidents {
        self.incidents.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// How the paths end that were run last, row by row; nothing where it was not asked for.
    pub(crate) fn take_ends(&mut self) -> Vec<f64> {
        self.ends.as_mut().map(Ends::take).unwrap_or_default()
    }

    /// Draws the events of `n` paths from `first`; those that are run next are counted from there.
    fn draw(&mut self, first: u64, n: usize) {
        self.draw.draw(self.model, first, n);
        self.forget_noise();
    }

    /// Draws the events of some paths of one block, ascending, and returns how they are counted.
    pub(crate) fn draw_some(&mut self, paths: &[u64]) -> impl Fn(u64) -> usize + use<> {
        let offset = self.draw.draw_some(self.model, paths);
        self.forget_noise();
        offset
    }

    fn forget_noise(&mut self) {
        if self.model.tilt.is_some() || self.model.sobol.is_some() {
            // It may hold paths of this batch that were drawn before it was known how they are bent.
            self.noise.clear();
        }
    }

    /// What each of the paths drawn weighs; empty where each weighs 1.
    pub(crate) fn weights(&self) -> &[f64] {
        self.draw.weights()
    }

    /// Draws and runs paths from `first` on, as many as there are rows, and writes their figures.
    pub(crate) fn run_all(&mut self, first: u64, rows: &mut [f64]) {
        let width = self.model.layout().width();
        if let Some(incidents) = &mut self.incidents {
            incidents.clear();
        }
        if let Some(ends) = &mut self.ends {
            ends.begin(rows.len() / width);
        }
        if let Some(tally) = &mut self.tally {
            tally.run_all(self.model, &mut self.draw, first, rows, self.incidents.as_mut());
            if let Some(ends) = &mut self.ends {
                (0..rows.len() / width).for_each(|offset| ends.write_still(offset));
            }
            return;
        }
        self.draw(first, rows.len() / width);
        if let Some(incidents) = &mut self.incidents {
            incidents
                .fired
                .extend(self.draw.all().iter().map(|fired| (fired.offset, fired.source)));
        }
        if self.model.noise.is_none() {
            // Most of them may be still.
            for ((offset, path), row) in (first..).enumerate().zip(rows.chunks_exact_mut(width)) {
                self.run(path, offset, row);
            }
            return;
        }
        let together = self.group.width();
        let groups = (first..).step_by(together).zip(rows.chunks_mut(together * width));
        for (number, (path, rows)) in groups.enumerate() {
            if together > 1 && rows.len() == together * width {
                self.run_group(path, number * together, rows);
            } else {
                let rows = rows.chunks_exact_mut(width);
                for (lane, (path, row)) in (path..).zip(rows).enumerate() {
                    self.run(path, number * together + lane, row);
                }
            }
        }
    }

    /// Runs as many paths as a group has together, from one that is `offset` among those drawn.
    fn run_group(&mut self, first: u64, offset: usize, rows: &mut [f64]) {
        let n = self.group.width();
        for (lane, path) in (first..).take(n).enumerate() {
            self.prepare(path, offset + lane, lane);
        }
        self.draw_noise(first..first + n as u64, offset);
        let model = self.model;
        let uniforms: Vec<_> = (first..).take(n).map(|path| attack_uniform(model, path)).collect();
        let inputs = self.events.iter().zip(&uniforms);
        let inputs: Vec<PathInput<'_>> =
            inputs.map(|(events, uniform)| input(events, &[], uniform)).collect();
        self.group.run_together(&inputs, self.noise.starting_at(first), rows);
        for lane in 0..n {
            let Some(state) = self.group.state_of(lane) else { continue };
            if let Some(incidents) = &mut self.incidents {
                incidents.note_state(offset + lane, state);
            }
            if let Some(ends) = &mut self.ends {
                ends.write(offset + lane, state);
            }
        }
    }

    /// Runs a path and writes its figures.
    fn run(&mut self, path: u64, offset: usize, row: &mut [f64]) {
        let is_still = self.draw.of_path(offset).is_empty() && self.model.noise.is_none();
        if !is_still && self.strike(path, offset, row) {
            return;
        }
        if !is_still || !self.model.setting.is_certain() {
            self.prepare(path, offset, 0);
            self.play(path, offset, row);
            return;
        }
        // All paths on which nothing happens and nothing moves are one.
        if self.still.is_empty() {
            self.prepare(path, offset, 0);
            self.play(path, offset, row);
            self.still.extend_from_slice(row);
        }
        row.copy_from_slice(&self.still);
        if let Some(ends) = &mut self.ends {
            ends.write_still(offset);
        }
    }

    /// Plays the path as slashes alone; false where that cannot be done.
    fn strike(&mut self, path: u64, offset: usize, row: &mut [f64]) -> bool {
        let Self { model, draw, strikes: Some(strikes), .. } = self else { return false };
        let bend = draw.bend(offset);
        let fired = draw.of_path(offset).iter();
        let fired = fired.map(|f| (f.source, draw_severity(model, f.source, bend, path)));
        if !strikes.play(fired, row) {
            return false;
        }
        if let Some(incidents) = &mut self.incidents {
            for fired in self.draw.of_path(offset) {
                incidents.note_struck(self.model, index(offset), fired.source);
            }
        }
        if let Some(ends) = &mut self.ends {
            ends.write_still(offset);
        }
        true
    }

    fn play(&mut self, path: u64, offset: usize, row: &mut [f64]) {
        self.draw_noise(path..path + 1, offset);
        let attack_uniform = attack_uniform(self.model, path);
        let input = input(&self.events[0], self.noise.of_path(path), &attack_uniform);
        run_path(self.group.state(), &input, row);
        if let Some(incidents) = &mut self.incidents {
            incidents.note_state(offset, self.group.state());
        }
        if let Some(ends) = &mut self.ends {
            ends.write(offset, self.group.state());
        }
    }

    /// Draws the noise of paths of which the first is `offset` among those drawn.
    fn draw_noise(&mut self, paths: Range<u64>, offset: usize) {
        if let Some(noise) = &self.model.noise {
            let (seed, days) = (self.model.seed, self.model.horizon_days());
            noise.draw(seed, paths, days, self.draw.bends_from(offset), &mut self.noise);
        }
    }

    /// Runs a path, writes its figures and tells as much of its story as is asked for.
    pub(crate) fn run_told(
        &mut self,
        path: u64,
        offset: usize,
        told: Told,
        row: &mut [f64],
    ) -> Record {
        self.prepare(path, offset, 0);
        self.draw_noise_alone(path, offset);
        let attack_uniform = attack_uniform(self.model, path);
        let input = input(&self.events[0], self.noise.of_path(path), &attack_uniform);
        run_path_told(self.group.state(), &input, told, row)
    }

    /// Runs a path of those that another has drawn, by its number and its offset among them, and writes its
    /// figures.
    pub(crate) fn run_drawn(
        &mut self,
        draw: &mut Draw,
        (path, offset): (u64, usize),
        row: &mut [f64],
    ) {
        std::mem::swap(&mut self.draw, draw);
        self.draw_noise_alone(path, offset);
        self.run_part(path, offset, |_| true, row);
        std::mem::swap(&mut self.draw, draw);
    }

    /// Draws the noise of one path, on which it may then be played in parts.
    pub(crate) fn draw_noise_alone(&mut self, path: u64, offset: usize) {
        if let Some(noise) = &self.model.noise {
            let (seed, days) = (self.model.seed, self.model.horizon_days());
            noise.draw_alone(seed, path, days, self.draw.bend(offset), &mut self.noise);
        }
    }

    /// Runs a path, whose noise was drawn last, with those of its events alone whose sources are kept,
    /// and writes its figures.
    pub(crate) fn run_part(
        &mut self,
        path: u64,
        offset: usize,
        is_kept: impl Fn(u32) -> bool,
        row: &mut [f64],
    ) {
        self.prepare_part(path, offset, 0, is_kept);
        let attack_uniform = attack_uniform(self.model, path);
        let input = input(&self.events[0], self.noise.of_path(path), &attack_uniform);
        run_path(self.group.state(), &input, row);
    }

    /// The events of a path that was drawn, in order of time and source.
    pub(crate) fn fired(&self, offset: usize) -> &[Fired] {
        self.draw.of_path(offset)
    }

    fn prepare(&mut self, path: u64, offset: usize, lane: usize) {
        self.prepare_part(path, offset, lane, |_| true);
    }

    fn prepare_part(
        &mut self,
        path: u64,
        offset: usize,
        lane: usize,
        is_kept: impl Fn(u32) -> bool,
    ) {
        let model = self.model;
        let bend = self.draw.bend(offset);
        if self.events.len() <= lane {
            self.events.resize_with(lane + 1, Events::default);
        }
        let events = &mut self.events[lane];
        events.clear();
        for fired in self.draw.of_path(offset).iter().filter(|fired| is_kept(fired.source)) {
            let source = &model.sources[fired.source as usize];
            let severity = draw_severity(model, fired.source, bend, path);
            let hits = source.reach.iter().filter(|reach| {
                let participation = model.classes[source.class].participation;
                participation >= 1.0
                    || model.seed.uniform(reach.participation_key, path) < participation
            });
            let hits = hits.map(|reach| reach.hit);
            events.push((fired.tau_days, fired.source), severity, source.effect, hits);
        }
    }
}

impl Tally {
    fn run_all(
        &mut self,
        model: &Model<'_>,
        draw: &mut Draw,
        first: u64,
        rows: &mut [f64],
        incidents: Option<&mut Incidents>,
    ) {
        let width = model.layout().width();
        let Self { by_source, sums } = self;
        sums.clear();
        sums.resize(rows.len() / width, StrikeSum::default());
        match incidents {
            None => draw.each_event(model, first, sums.len(), |offset, source| {
                sums[offset as usize].add(by_source.of(source));
            }),
            Some(incidents) => {
                draw.each_event(model, first, sums.len(), |offset, source| {
                    sums[offset as usize].add(by_source.of(source));
                    incidents.fired.push((offset, source));
                    incidents.note_struck(model, offset, source);
                });
                incidents.sort(sums.len());
            }
        }
        for (sum, row) in sums.iter().zip(rows.chunks_exact_mut(width)) {
            by_source.write(sum, row);
        }
    }
}

fn tally(model: &Model<'_>, strikes: &Strikes) -> Option<Tally> {
    let severity = |source: &Source| model.classes[source.class].severity.fixed();
    let severities: Option<Vec<f64>> = model.sources.iter().map(severity).collect();
    let by_source = severities.filter(|_| model.tilt.is_none()).and_then(|s| strikes.sums(s))?;
    Some(Tally { by_source, sums: Vec::new() })
}

fn strikes(model: &Model<'_>) -> Option<Strikes> {
    let is_strike = |source: &Source| {
        source.effect == Effect::SlashByAvs && model.classes[source.class].participation >= 1.0
    };
    let are_all = model.noise.is_none() && model.sources.iter().all(is_strike);
    let hits = |source: &'_ Source| source.reach.iter().map(|reach| reach.hit).collect::<Vec<_>>();
    if are_all { Strikes::new(&model.setting, model.sources.iter().map(hits)) } else { None }
}

fn input<'i>(
    events: &'i Events,
    noise: &'i [f64],
    attack_uniform: &'i dyn Fn(AvsId) -> f64,
) -> PathInput<'i> {
    PathInput { events, noise, attack_uniform }
}

fn attack_uniform(model: &Model<'_>, path: u64) -> impl Fn(AvsId) -> f64 {
    move |avs| model.seed.uniform(model.attacks[avs.index()], path)
}

fn draw_severity(model: &Model<'_>, number: u32, bend: Bend, path: u64) -> f64 {
    let source = &model.sources[number as usize];
    let severity = &model.classes[source.class].severity;
    severity.fixed().unwrap_or_else(|| {
        let mut u = model.seed.uniform(source.severity_key, path);
        if let Some(tilt) = &model.tilt {
            u = tilt.severity_uniform(number, bend, u);
        }
        severity.quantile(u)
    })
}
