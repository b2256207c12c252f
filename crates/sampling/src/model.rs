//! A scenario that cannot be wrong: sources, dependence and noise on one network, ready to draw.

use std::collections::BTreeMap;
use std::sync::Arc;

use slashfall_cascade::{EndLayout, Layout, Setting};
use slashfall_graph::Network;

use crate::copula::{Copula, ThresholdTable, event_probability};
use crate::importance::Tilt;
use crate::keys::{Seed, StreamKey};
use crate::noise::Noise;
use crate::rate::{Evidence, Rate};
use crate::sobol::Sobol;
use crate::source::{Class, Source, SourceKind};

/// A scenario on a network.
#[derive(Clone, Debug)]
pub struct Model<'n> {
    pub(crate) seed: Seed,
    pub(crate) horizon_days: f64,
    pub(crate) setting: Setting<'n>,
    pub(crate) copula: Copula,
    /// For rates that are drawn.
    pub(crate) thresholds: Arc<ThresholdTable>,
    /// Streams of the factors that some source loads on.
    pub(crate) factors: Vec<StreamKey>,
    /// What they are called.
    pub(crate) factor_names: Vec<String>,
    pub(crate) mixing: StreamKey,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) classes: Vec<Class>,
    pub(crate) sources: Vec<Source>,
    pub(crate) noise: Option<Noise>,
    /// Streams of the AVSs' attacks.
    pub(crate) attacks: Vec<StreamKey>,
    /// The law that paths are drawn from where it is not the model's own.
    pub(crate) tilt: Option<Tilt>,
    /// Where what all sources share comes from, where it is no stream.
    pub(crate) sobol: Option<Sobol>,
}

impl<'n> Model<'n> {
    /// The network it is on.
    #[must_use]
    pub fn network(&self) -> &'n Network {
        self.setting.network()
    }

    /// The network and what the scenario sets for its days.
    #[must_use]
    pub fn setting(&self) -> &Setting<'n> {
        &self.setting
    }

    /// Days simulated.
    #[must_use]
    pub fn horizon_days(&self) -> u32 {
        self.setting.parameters().horizon_days
    }

    /// All sources; an event or a loss entry names one by its position here.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The points that what all sources share is made of; none where it is pseudo-random.
    #[must_use]
    pub fn sobol(&self) -> Option<&Sobol> {
        self.sobol.as_ref()
    }

    /// Whether its paths are drawn from another law than its own, and weighted.
    #[must_use]
    pub fn is_weighted(&self) -> bool {
        self.tilt.is_some()
    }

    /// By kind of source: how many there are, and how many of them fire on a path on average.
    #[must_use]
    pub fn expected_events(&self) -> BTreeMap<SourceKind, (usize, f64)> {
        let mut by_kind: BTreeMap<SourceKind, (usize, f64)> = BTreeMap::new();
        for class in &self.classes {
            let probability = self.mean_probability(class);
            for source in &self.sources[class.sources.clone()] {
                let (n, events) = by_kind.entry(source.kind).or_default();
                *n += 1;
                *events += probability;
            }
        }
        by_kind
    }

    /// Probability that a source of a class fires on a path.
    pub(crate) fn mean_probability(&self, class: &Class) -> f64 {
        match class.rate {
            Rate::Known(rate) => event_probability(rate, self.horizon_days),
            Rate::Drawn { evidence, scale } => {
                self.evidence[evidence].mean_probability(scale, self.horizon_days)
            }
        }
    }

    /// Where each figure stands in the row of a path.
    #[must_use]
    pub fn layout(&self) -> Layout {
        Layout::new(self.network())
    }

    /// Where each number stands in the row of a path's end.
    #[must_use]
    pub fn end_layout(&self) -> EndLayout {
        EndLayout::new(self.network())
    }
}
