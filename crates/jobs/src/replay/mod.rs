//! A path of a result played again, from its number alone: held against what the result says of it,
//! and told.

mod check;
mod worst;

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use slashfall_graph::{Problem, Problems};
use slashfall_output::{Scope, ScopeKind, listed_paths, scopes};
use slashfall_sampling::{PathRecord, Scenario, replay as play};

use crate::number::count;
use crate::recorded::Recorded;
use crate::story::{Names, Story};

pub use check::Checked;
pub use worst::{Worst, replay_worst};

/// Which result to play paths of again.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// The result folder of a run.
    pub result: PathBuf,
    /// Scenario of the run.
    pub scenario: String,
    /// Folder of the network, instead of the one that the result names.
    pub network: Option<PathBuf>,
}

impl ReplayOptions {
    /// Reads what the result says of the scenario.
    ///
    /// # Errors
    /// When there is no such result or scenario.
    pub fn open(&self) -> Result<Recorded, Problems> {
        Recorded::read(&self.result, &self.scenario, self.network.as_deref())
    }
}

/// A path that was played again.
pub struct Replayed {
    /// All of it.
    pub record: PathRecord,
    /// Against what it was held.
    pub checked: Checked,
}

/// Plays a path of a scenario again.
///
/// # Errors
/// When the run had no such path, or when it is not the same path.
pub fn replay(recorded: &Recorded, scenario: &Scenario<'_>, path: u64) -> anyhow::Result<Replayed> {
    if path >= recorded.n_paths {
        let n = recorded.n_paths;
        let last = n.saturating_sub(1);
        let expected = format!("a path of scenario {} was expected: 0 to {last}", scenario.name);
        return Err(Problems::from(Problem::new("--path", expected).value(path.to_string())).into());
    }
    let mut played = play(&scenario.model, &[path], |record| record);
    let record = played.swap_remove(0);
    let checked = check::compare(recorded, scenario, &record, || {
        let listed = listed_paths(&recorded.result, &scenario.name)?;
        Ok(Cow::Owned(listed.unwrap_or_default()))
    })?;
    Ok(Replayed { record, checked })
}

impl Replayed {
    /// The path as JSON.
    #[must_use]
    pub fn json(&self, scenario: &Scenario<'_>) -> Value {
        let mut page = self.story(scenario).json();
        page["path"] = json!(self.record.path);
        page["checked"] = json!(self.checked.word());
        page
    }

    /// The path as it is told on a terminal.
    ///
    /// # Errors
    /// When `out` does not take it.
    pub fn tell(
        &self,
        out: &mut impl Write,
        recorded: &Recorded,
        scenario: &Scenario<'_>,
        all_days: bool,
    ) -> std::io::Result<()> {
        let meta = scenario.model.network().meta();
        writeln!(
            out,
            "\n{} on {} ({}{}), scenario {}: path {} of {}, {} days, seed {}",
            scenario.spec.name,
            meta.name,
            meta.as_of,
            if meta.synthetic { ", partly synthetic" } else { "" },
            scenario.name,
            self.record.path,
            count(recorded.n_paths),
            scenario.model.horizon_days(),
            scenario.spec.seed,
        )?;
        let story = self.story(scenario);
        story.write_events(out)?;
        writeln!(out)?;
        story.write(out, all_days)?;
        writeln!(out, "\n{}", self.checked.sentence())
    }

    /// The path with all that is needed to tell it.
    #[must_use]
    pub fn story<'a>(&'a self, scenario: &'a Scenario<'_>) -> Story<'a> {
        story(scenario, &self.record)
    }
}

/// A path with all that is needed to tell it.
pub(crate) fn story<'a>(scenario: &'a Scenario<'_>, record: &'a PathRecord) -> Story<'a> {
    Story::new(scenario.model.network(), record, Names::Sources(scenario.model.sources()))
}

/// The scope that is meant, an asset's at the market where that is asked for.
///
/// # Errors
/// When there is none of that name.
pub fn find_scope(name: &str, market: bool, scenario: &Scenario<'_>) -> Result<Scope, Problems> {
    let wanted = |kind| match market {
        true => kind == ScopeKind::AssetMarket,
        false => kind != ScopeKind::AssetMarket,
    };
    let all = scopes(scenario.model.setting());
    let own: Vec<_> = all.iter().filter(|scope| wanted(scope.kind)).collect();
    if let Some(scope) = own.iter().find(|scope| scope.name == name) {
        return Ok((*scope).clone());
    }
    let expected = match market {
        true => "a wrapped asset was expected, since --market ranks by its price",
        false => "system, a wrapped asset, a portfolio or a channel was expected",
    };
    let names = own.iter().map(|scope| scope.name.as_str());
    Err(Problem::new("--scope", expected).value(name).nearest_of(names).into())
}

/// A scope as it is spoken of.
#[must_use]
pub fn shown((kind, name): &(ScopeKind, String)) -> String {
    match kind {
        ScopeKind::System if name == "system" => "the system".to_owned(),
        ScopeKind::System => name.clone(),
        ScopeKind::Asset => format!("{name} (nav)"),
        ScopeKind::AssetMarket => format!("{name} (market)"),
        ScopeKind::Portfolio => format!("portfolio {name}"),
        ScopeKind::Channel => format!("channel {name}"),
    }
}

/// What one types to replay a path.
#[must_use]
pub fn command(result: &Path, scenario: &str, network: Option<&Path>, path: u64) -> String {
    let quoted = |text: &str| match text
        .contains(|c: char| !c.is_ascii_alphanumeric() && !"-_./=".contains(c))
    {
        true => format!("'{}'", text.replace('\'', r"'\''")),
        false => text.to_owned(),
    };
    let mut command =
        format!("slashfall replay {} --path {path}", quoted(&result.display().to_string()));
    if scenario != "base" {
        command += &format!(" --scenario {}", quoted(scenario));
    }
    if let Some(network) = network {
        command += &format!(" --network {}", quoted(&network.display().to_string()));
    }
    command
}
