//! The day (section 5 of `docs/model.md`): which mechanism acts when. Each is one file and one line here.

use slashfall_graph::{MemberId, OperatorId};

use crate::event::{Effect, Event, Events, Hit, Target};
use crate::figures::Layout;
use crate::record::{Happened, Record, Told};
use crate::setting::PathInput;
use crate::slash::Slasher;
use crate::state::State;

/// Plays a path from day 0 to the horizon and writes its figures to `row`, which has
/// [`Layout::width`] of them.
pub fn run_path(state: &mut State<'_>, input: &PathInput<'_>, row: &mut [f64]) {
    if state.is_flat_path(input) {
        state.play_flat(input.events, row);
        return;
    }
    state.reset(None);
    play(state, input, row);
}

/// As [`run_path`], and also tells its story; the figures are the same to the bit.
pub fn run_path_recorded(state: &mut State<'_>, input: &PathInput<'_>, row: &mut [f64]) -> Record {
    run_path_told(state, input, Told::All, row)
}

/// As [`run_path_recorded`], and tells as much of the story as is asked for.
pub fn run_path_told(
    state: &mut State<'_>,
    input: &PathInput<'_>,
    told: Told,
    row: &mut [f64],
) -> Record {
    state.reset(Some(told));
    play(state, input, row);
    state.recorder.take().map(|recorder| recorder.record).unwrap_or_default()
}

fn play(state: &mut State<'_>, input: &PathInput<'_>, row: &mut [f64]) {
    let setting = state.setting;
    let parameters = &setting.parameters;
    let mut coming = input.events.as_slice();
    let mut days_of_noise = input.noise.chunks_exact(state.network.assets().len());
    for day in 1..=parameters.horizon_days {
        state.clock = (day, 0);
        state.step_market(&parameters.noise, days_of_noise.next().unwrap_or(&[]));
        happen(state, input.events, &mut coming);
        let mut rounds = 0;
        if parameters.cascade.enabled {
            rounds = state.run_rounds(day, input);
            state.clock = (day, 0);
            state.redeem(day);
            state.step_reserves(day);
            state.work_off_exit_queue();
        }
        state.ledger.sums.n_rounds += rounds;
        state.accrue_carry(day);
        state.note_discounts();
        state.note_day(rounds);
    }
    state.close_books();
    state.write_outcome(Layout::new(state.network), input.events.as_slice().len(), row);
}

/// What happens on the day from outside: events, of which the first of `coming` are due, and what
/// earlier ones left to be sold or charged.
pub(crate) fn happen(state: &mut State<'_>, events: &Events, coming: &mut &[Event]) {
    let parameters = &state.setting.parameters;
    let (day, _) = state.clock;
    let today = coming.partition_point(|event| event.tau_days <= f64::from(day));
    for event in &coming[..today] {
        apply_event(state, events, event);
    }
    *coming = &coming[today..];
    state.sell_loot();
    state.charge_due_penalties(day, parameters.horizon_days, &parameters.beacon);
    state.mark();
}

fn apply_event(state: &mut State<'_>, events: &Events, event: &Event) {
    let before = state.lost_eth();
    apply_effect(state, events, event);
    state.mark();
    let loss_eth = state.lost_eth() - before;
    let Event { source, tau_days, severity, .. } = *event;
    state.tell(|| Happened::Fired { source, tau_days, severity, loss_eth });
}

pub(crate) fn apply_effect(state: &mut State<'_>, events: &Events, event: &Event) {
    let Event { source, severity, .. } = *event;
    let setting = state.setting;
    let beacon = &setting.parameters.beacon;
    match event.effect {
        Effect::SlashByAvs => {
            for (member, share) in members(events.hits(event)) {
                state.slash_member(member, severity * share, Slasher::Source(source));
            }
        }
        Effect::SlashOperator { reach_all } => {
            for (operator, share) in operators(events.hits(event)) {
                state.slash_operator(operator, severity * share, reach_all, source);
            }
        }
        Effect::SlashValidators { background } => {
            state.slash_validators(events, event, background, beacon);
        }
        Effect::Outage { background } => state.go_offline(events, event, background, beacon),
        Effect::Exploit { asset, sale_days } => state.exploit(asset, severity, sale_days, source),
        Effect::UnbackedMint { asset, pledge_share } => {
            state.mint_unbacked(asset, severity, pledge_share, source);
        }
        Effect::Depeg { asset, flight } => state.depeg(asset, severity, flight),
        Effect::WithdrawSupply { reserve } => state.withdraw_supply(reserve, severity),
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
