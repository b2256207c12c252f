//! The day (section 5 of `docs/model.md`): which mechanism acts when. Each is one file and one line here.

use slashfall_graph::{MemberId, OperatorId};

use crate::attribution::LossEntry;
use crate::event::{Effect, Event, Events, Hit, Target};
use crate::outcome::Layout;
use crate::parameters::Parameters;
use crate::setting::PathInput;
use crate::state::State;

/// Plays a path from day 0 to the horizon and writes its figures to `row`, which has
/// [`Layout::width`] of them.
pub fn run_path(state: &mut State<'_>, input: &PathInput<'_>, row: &mut [f64]) {
    state.reset(false);
    play(state, input, row);
}

/// As [`run_path`], and also gives to what each loss is owed; the figures are the same to the bit.
pub fn run_path_recorded(
    state: &mut State<'_>,
    input: &PathInput<'_>,
    row: &mut [f64],
) -> Vec<LossEntry> {
    state.reset(true);
    play(state, input, row);
    state.take_record()
}

fn play(state: &mut State<'_>, input: &PathInput<'_>, row: &mut [f64]) {
    let layout = Layout::new(state.network);
    let parameters = &state.setting.parameters;
    let events = input.events;
    let n_assets = state.network.assets().len();
    let mut coming = events.as_slice();
    let mut days_of_noise = input.noise.chunks_exact(n_assets);
    for day in 1..=parameters.horizon_days {
        state.step_market(&parameters.noise, days_of_noise.next().unwrap_or(&[]));
        let today = coming.partition_point(|event| event.tau_days <= f64::from(day));
        for event in &coming[..today] {
            apply_event(state, parameters, events, event);
            state.mark();
        }
        coming = &coming[today..];
        state.charge_due_penalties(day, parameters.horizon_days, &parameters.beacon);
        state.mark();
        state.note_discounts();
    }
    state.write_outcome(layout, events.as_slice().len(), row);
}

fn apply_event(state: &mut State<'_>, parameters: &Parameters, events: &Events, event: &Event) {
    let Event { source, severity, .. } = *event;
    match event.effect {
        Effect::SlashByAvs => {
            for (member, share) in members(events.hits(event)) {
                state.slash_member(member, severity * share, source);
            }
        }
        Effect::SlashOperator { reach_all } => {
            for (operator, share) in operators(events.hits(event)) {
                state.slash_operator(operator, severity * share, reach_all, source);
            }
        }
        Effect::SlashValidators { background } => {
            state.slash_validators(events, event, background, &parameters.beacon);
        }
        Effect::Outage { background } => {
            state.go_offline(events, event, background, &parameters.beacon);
        }
        Effect::Exploit { asset, .. } => state.exploit(asset, severity, source),
        Effect::UnbackedMint { asset, .. } => state.mint_unbacked(asset, severity, source),
        Effect::Depeg { asset, flight } => state.depeg(asset, severity, flight),
    }
}

fn members(hits: &[Hit]) -> impl Iterator<Item = (MemberId, f64)> + '_ {
    hits.iter().filter_map(|hit| match hit.target {
        Target::Member(member) => Some((member, hit.share)),
        Target::Operator(_) => None,
    })
}

/// The operators among those hit.
pub(crate) fn operators(hits: &[Hit]) -> impl Iterator<Item = (OperatorId, f64)> + '_ {
    hits.iter().filter_map(|hit| match hit.target {
        Target::Operator(operator) => Some((operator, hit.share)),
        Target::Member(_) => None,
    })
}
