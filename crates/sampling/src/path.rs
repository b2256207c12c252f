//! One path: its events with their severities and victims, its noise, its days.

use slashfall_cascade::{Events, PathInput, Record, State, run_path, run_path_recorded};
use slashfall_graph::AvsId;

use crate::draw::Fired;
use crate::importance::Bend;
use crate::model::Model;
use crate::noise::NoiseBuffer;

/// What a worker needs to run paths, kept from path to path.
pub(crate) struct Worker<'m, 'n> {
    model: &'m Model<'n>,
    state: State<'m>,
    events: Events,
    noise: NoiseBuffer,
    /// Figures of a path on which nothing happens; empty until there has been one.
    still: Vec<f64>,
}

impl<'m, 'n> Worker<'m, 'n> {
    pub(crate) fn new(model: &'m Model<'n>) -> Self {
        Self {
            model,
            state: State::new(&model.setting),
            events: Events::default(),
            noise: NoiseBuffer::default(),
            still: Vec::new(),
        }
    }

    /// Runs a path and writes its figures.
    pub(crate) fn run(&mut self, path: u64, fired: &[Fired], bend: Bend, row: &mut [f64]) {
        let is_still = fired.is_empty() && self.model.noise.is_none();
        if !is_still || !self.model.setting.is_certain() {
            self.prepare(path, fired, bend);
            self.play(path, row);
            return;
        }
        // All paths on which nothing happens and nothing moves are one.
        if self.still.is_empty() {
            self.prepare(path, fired, bend);
            self.play(path, row);
            self.still.extend_from_slice(row);
        }
        row.copy_from_slice(&self.still);
    }

    fn play(&mut self, path: u64, row: &mut [f64]) {
        let attack_uniform = attack_uniform(self.model, path);
        let input = input(&self.events, &self.noise, &attack_uniform);
        run_path(&mut self.state, &input, row);
    }

    /// Runs a path, writes its figures and tells its story.
    pub(crate) fn run_recorded(
        &mut self,
        path: u64,
        fired: &[Fired],
        bend: Bend,
        row: &mut [f64],
    ) -> Record {
        self.prepare(path, fired, bend);
        let attack_uniform = attack_uniform(self.model, path);
        let input = input(&self.events, &self.noise, &attack_uniform);
        run_path_recorded(&mut self.state, &input, row)
    }

    fn prepare(&mut self, path: u64, fired: &[Fired], bend: Bend) {
        let model = self.model;
        self.events.clear();
        for fired in fired {
            let source = &model.sources[fired.source as usize];
            let severity = draw_severity(model, fired.source, bend, path);
            let hits = source.reach.iter().filter(|reach| {
                let participation = model.classes[source.class].participation;
                participation >= 1.0
                    || model.seed.uniform(reach.participation_key, path) < participation
            });
            let hits = hits.map(|reach| reach.hit);
            self.events.push((fired.tau_days, fired.source), severity, source.effect, hits);
        }
        if let Some(noise) = &model.noise {
            noise.draw(model.seed, path, model.horizon_days(), bend.market, &mut self.noise);
        }
    }
}

fn input<'i>(
    events: &'i Events,
    noise: &'i NoiseBuffer,
    attack_uniform: &'i dyn Fn(AvsId) -> f64,
) -> PathInput<'i> {
    PathInput { events, noise: &noise.z, attack_uniform }
}

fn attack_uniform(model: &Model<'_>, path: u64) -> impl Fn(AvsId) -> f64 {
    move |avs| model.seed.uniform(model.attacks[avs.index()], path)
}

fn draw_severity(model: &Model<'_>, number: u32, bend: Bend, path: u64) -> f64 {
    let source = &model.sources[number as usize];
    let mut u = model.seed.uniform(source.severity_key, path);
    if let Some(tilt) = &model.tilt {
        u = tilt.severity_uniform(number, bend, u);
    }
    model.classes[source.class].severity.quantile(u)
}
