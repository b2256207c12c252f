//! What each source costs when it fires alone: played through the whole engine, cascade and all.

use rayon::prelude::*;
use slashfall_cascade::{Events, PathInput, State, run_path};

use super::twist::{N_STRATA, STRATA};
use crate::model::Model;
use crate::severity::Severity;
use crate::source::Source;

/// The loss where nothing fires; and how much more it is, by source and stratum of its severity: at
/// the stratum's median, half-way to the horizon, without noise, each of those that may be hit taking
/// part as on some path. A loss that a source lowers costs nothing.
pub(crate) fn costs_alone(
    model: &Model<'_>,
    loss_eth: &(impl Fn(&[f64]) -> f64 + Sync),
) -> (f64, Vec<[f64; N_STRATA]>) {
    let mut row = vec![0.0; model.layout().width()];
    let nothing = PathInput { events: &Events::default(), noise: &[], attack_uniform: &|_| 0.5 };
    run_path(&mut State::new(&model.setting), &nothing, &mut row);
    let still_eth = loss_eth(&row);
    let width = row.len();
    let worker = || (State::new(&model.setting), Events::default(), vec![0.0; width]);
    let cost = |(state, events, row): &mut (State<'_>, Events, Vec<f64>), source, severity| {
        play_alone(model, source, severity, state, events, row);
        (loss_eth(row) - still_eth).max(0.0)
    };
    let sources = model.sources.par_iter().with_min_len(16);
    let costs = sources
        .map_init(worker, |own, source| match &model.classes[source.class].severity {
            Severity::Fixed(severity) => [cost(own, source, *severity); N_STRATA],
            law => std::array::from_fn(|k| {
                cost(own, source, law.quantile(0.5 * (STRATA[k] + STRATA[k + 1])))
            }),
        })
        .collect();
    (still_eth, costs)
}

fn play_alone(
    model: &Model<'_>,
    source: &Source,
    severity: f64,
    state: &mut State<'_>,
    events: &mut Events,
    row: &mut [f64],
) {
    let participation = model.classes[source.class].participation;
    let takes_part = |key| participation >= 1.0 || model.seed.uniform(key, 0) < participation;
    let hits = source.reach.iter().filter(|reach| takes_part(reach.participation_key));
    events.clear();
    // Its number is that in the model, which nothing here looks at.
    events.push(
        (0.5 * model.horizon_days, 0),
        severity,
        source.effect,
        hits.map(|reach| reach.hit),
    );
    let input = PathInput { events, noise: &[], attack_uniform: &|_| 0.5 };
    run_path(state, &input, row);
}
