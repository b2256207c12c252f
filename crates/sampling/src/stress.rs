//! A stress: one path on which a list of events happens for certain and nothing is drawn.

use slashfall_cascade::{Effect, Events, Hit, PathInput, State, run_path_recorded};

use crate::model::Model;
use crate::simulate::PathRecord;
use crate::source::SourceKind;

/// Something that happens for certain.
#[derive(Clone, Debug, PartialEq)]
pub struct StressEvent {
    pub(crate) day: f64,
    pub(crate) name: String,
    pub(crate) kind: SourceKind,
    pub(crate) severity: f64,
    pub(crate) effect: Effect,
    pub(crate) hits: Vec<Hit>,
}

impl StressEvent {
    /// When, in days from the as-of date.
    #[must_use]
    pub fn day(&self) -> f64 {
        self.day
    }

    /// Name, as a source has one: kind, id where there is one, target.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Kind.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// How hard; of an outage, how many epochs.
    #[must_use]
    pub fn severity(&self) -> f64 {
        self.severity
    }

    /// What it does.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whom it hits.
    #[must_use]
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }
}

/// Plays the days of a model with these events, which are in time order, and no others: no market
/// noise, everybody takes part, and an AVS that an attack would pay for is attacked at once.
///
/// The source that an entry of the record names is the position of its event in `events`, not that
/// of a source of the model.
#[must_use]
pub fn stress(model: &Model<'_>, events: &[StressEvent]) -> PathRecord {
    let mut all = Events::default();
    for (number, event) in (0..).zip(events) {
        all.push((event.day, number), event.severity, event.effect, event.hits.iter().copied());
    }
    // The lowest of all uniforms is below every probability but 0.
    let input = PathInput { events: &all, noise: &[], attack_uniform: &|_| 0.0 };
    let mut figures = vec![0.0; model.layout().width()];
    let record = run_path_recorded(&mut State::new(&model.setting), &input, &mut figures);
    PathRecord { path: 0, weight: 1.0, figures, record }
}
