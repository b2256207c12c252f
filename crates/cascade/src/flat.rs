//! Paths on which direct restakers are slashed and nothing else moves: the days between are nothing,
//! and most figures are those of a path without events.
//!
//! The general engine spends on 365 empty days, on a reset of all that such a path cannot touch and
//! on figures that it cannot move. Here the same code slashes, in the same order, and the same code
//! writes the figures that move, so the row is that of the general engine to the bit.

use crate::day::apply_effect;
use crate::event::{Effect, Event, Events};
use crate::figures::{Figure, Layout};
use crate::parameters::Parameters;
use crate::setting::PathInput;
use crate::state::State;
use slashfall_graph::Network;

/// What a worker keeps for flat paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flat {
    /// Figures of a path without events; empty until one has been asked for.
    still: Vec<f64>,
    /// ETH that is left in the chain's exit queue at the horizon, which nobody joins.
    exit_eth: f64,
    /// True while all that a flat path leaves alone is as on day 0.
    pub(crate) is_reset: bool,
}

/// True of a network and a scenario in which slashes of direct restakers, each for itself, are all
/// that can follow from a slash: no wrapped asset, so no nav, price, cover, loan or redemption; no
/// reserve; no attack.
pub(crate) fn is_flat(network: &Network, parameters: &Parameters) -> bool {
    network.n_wrapped() == 0
        && network.reserves().is_empty()
        && parameters.security.attack_prob <= 0.0
}

impl State<'_> {
    /// True of a path that [`Self::play_flat`] can play: no noise, and no event but slashes by AVSs.
    pub(crate) fn is_flat_path(&self, input: &PathInput<'_>) -> bool {
        let slashes =
            |e: &Event| matches!(e.effect, Effect::SlashByAvs | Effect::SlashOperator { .. });
        self.setting.is_flat
            && input.noise.is_empty()
            && input.events.as_slice().iter().all(slashes)
    }

    /// Plays a flat path and writes its figures.
    pub(crate) fn play_flat(&mut self, events: &Events, row: &mut [f64]) {
        let layout = Layout::new(self.network);
        self.reset_flat(layout);
        let horizon_days = f64::from(self.setting.parameters.horizon_days);
        for event in events.as_slice().iter().filter(|event| event.tau_days <= horizon_days) {
            apply_effect(self, events, event);
        }
        row.copy_from_slice(&self.flat.still);
        self.write_losses(layout, row);
        self.write_takers(layout, row);
        row[layout.system(Figure::Events)] = events.as_slice().len() as f64;
        row[layout.system(Figure::OperatorsSlashed)] = self.slashed.n_set() as f64;
    }

    fn reset_flat(&mut self, layout: Layout) {
        if !self.flat.is_reset {
            self.reset(None);
            if self.flat.still.is_empty() {
                let mut still = vec![0.0; layout.width()];
                self.write_outcome(layout, 0, &mut still);
                self.flat.still = still;
                self.flat.exit_eth = self.exit_eth_that_nobody_joins();
            }
            self.queues.exit_eth = self.flat.exit_eth;
            self.flat.is_reset = true;
            return;
        }
        self.magnitude.reset();
        self.fraction.reset();
        self.slashed.reset();
        self.reset_columns();
        self.ledger.reset();
        self.channel_eth.fill(0.0);
    }

    /// The chain's exit queue at the horizon, worked off day by day as other paths have it.
    fn exit_eth_that_nobody_joins(&mut self) -> f64 {
        let parameters = &self.setting.parameters;
        if parameters.cascade.enabled {
            (0..parameters.horizon_days).for_each(|_| self.work_off_exit_queue());
        }
        self.queues.exit_eth
    }
}
