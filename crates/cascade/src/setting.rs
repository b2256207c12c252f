//! Where paths are played: a network, what a scenario sets, and all that follows from the two and
//! holds for every path.

use slashfall_graph::{AvsId, Network};

use crate::event::Events;
use crate::parameters::Parameters;

/// A scenario on a network, made ready.
#[derive(Clone, Debug)]
pub struct Setting<'n> {
    pub(crate) network: &'n Network,
    pub(crate) parameters: Parameters,
}

impl<'n> Setting<'n> {
    /// Makes a scenario ready; parameters by asset are in the network's order.
    #[must_use]
    pub fn new(network: &'n Network, parameters: Parameters) -> Self {
        Self { network, parameters }
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &'n Network {
        self.network
    }

    /// What the scenario sets.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

/// What happens on a path from outside.
#[derive(Clone, Copy)]
pub struct PathInput<'i> {
    /// The sources that fire.
    pub events: &'i Events,
    /// One standard normal a day and asset, day by day, assets in the network's order; empty when
    /// nothing moves by itself.
    pub noise: &'i [f64],
    /// The uniform of an AVS that decides on which attackable day it is attacked; asked for AVSs
    /// that are attackable alone.
    pub attack_uniform: &'i dyn Fn(AvsId) -> f64,
}
