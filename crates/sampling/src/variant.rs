//! Models that differ from a model in one thing, to ask how much its figures hang on that: everything
//! else, tables and draws too, is what it was.

use std::collections::BTreeSet;

use slashfall_cascade::Setting;
use slashfall_graph::Network;

use crate::copula::event_probability;
use crate::model::Model;
use crate::rate::Rate;
use crate::source::{Class, SourceKind};

/// The `[[source]]` entries of one kind, or of one id, as the keys `source.NAME....` of a run file
/// address them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    pub(crate) name: String,
    /// Ascending, at least one.
    pub(crate) classes: Vec<usize>,
}

impl Entries {
    /// The kind or id.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<'n> Model<'n> {
    /// All kinds and ids of entries of which some source has come, in order of name. An id that
    /// addresses the same entries as a kind, or as an id before it, is left out.
    #[must_use]
    pub fn entries(&self) -> Vec<Entries> {
        let kinds: BTreeSet<&str> =
            self.classes.iter().map(|class| self.kind(class).name()).collect();
        let ids: BTreeSet<&str> = self
            .classes
            .iter()
            .map(|class| class.id.as_str())
            .filter(|id| !id.is_empty())
            .collect();
        let mut all: Vec<Entries> = Vec::new();
        for name in kinds.iter().chain(ids.difference(&kinds)) {
            let is = |class: &Class| self.kind(class).name() == *name || class.id == *name;
            let classes = self.classes.iter().enumerate().filter(|(_, class)| is(class));
            let classes: Vec<usize> = classes.map(|(number, _)| number).collect();
            if all.iter().all(|known| known.classes != classes) {
                all.push(Entries { name: (*name).to_owned(), classes });
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// The key under which the severities of entries stand in a run file.
    #[must_use]
    pub fn severity_key(&self, entries: &Entries) -> String {
        let is_epochs = |&class: &usize| !self.is_fraction(&self.classes[class]);
        let last = if entries.classes.iter().all(is_epochs) { "epochs" } else { "severity" };
        format!("source.{}.{last}", entries.name)
    }

    /// Whether a source belongs to some of the entries.
    #[must_use]
    pub fn is_of(&self, source: usize, entries: &Entries) -> bool {
        entries.classes.binary_search(&self.sources[source].class).is_ok()
    }

    /// The model with all severities of some entries times `factor`, which is positive; fractions are
    /// cut at 1.
    #[must_use]
    pub fn with_severities_scaled(&self, entries: &Entries, factor: f64) -> Self {
        let mut scaled = self.clone();
        for &number in &entries.classes {
            let cap = if self.is_fraction(&self.classes[number]) { 1.0 } else { f64::INFINITY };
            let severity = self.classes[number].severity.scaled(factor, cap);
            scaled.classes[number].severity = severity;
        }
        scaled
    }

    /// The model on a network that differs in amounts alone.
    #[must_use]
    pub fn on<'m>(&self, network: &'m Network) -> Model<'m>
    where
        'n: 'm,
    {
        let setting = Setting::new(network, self.setting.parameters().clone());
        Model { setting, ..self.clone() }
    }

    /// The same where the pools are the same too, so that their tables need not be made anew.
    #[must_use]
    pub fn with_network<'m>(&self, network: &'m Network) -> Model<'m>
    where
        'n: 'm,
    {
        Model { setting: self.setting.with_network(network), ..self.clone() }
    }

    /// The model with a known rate of every source of a kind, events a year, in place of what is known of
    /// it, drawn plainly.
    #[must_use]
    pub fn with_rate_of_kind(&self, kind: SourceKind, rate_per_year: f64) -> Self {
        let mut changed = Self { tilt: None, sobol: None, ..self.clone() };
        let p = event_probability(rate_per_year, self.horizon_days);
        for number in 0..self.classes.len() {
            if self.kind(&self.classes[number]) == kind {
                let class = &mut changed.classes[number];
                class.rate = Rate::Known(rate_per_year);
                class.threshold = self.copula.threshold(p);
            }
        }
        changed
    }

    /// Whether there are sources of a kind.
    #[must_use]
    pub fn has_kind(&self, kind: SourceKind) -> bool {
        self.sources.iter().any(|source| source.kind == kind)
    }

    fn kind(&self, class: &Class) -> SourceKind {
        self.sources[class.sources.start].kind
    }

    /// Whether severities of a class are fractions; those of outages are numbers of epochs.
    fn is_fraction(&self, class: &Class) -> bool {
        self.kind(class) != SourceKind::ClientOutage
    }
}
