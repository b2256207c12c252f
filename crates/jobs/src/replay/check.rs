//! Whether a path that is played again is that of the run: all its figures, or what is listed of it.

use std::borrow::Cow;

use slashfall_output::{ListedPath, named_figures, path_row, scopes};
use slashfall_sampling::{PathRecord, Scenario};

use crate::recorded::Recorded;

/// Against what a replayed path could be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// All of its row in `paths/`.
    Row,
    /// Its losses in `tail_paths.parquet`.
    Losses,
    /// The result has no figures of it.
    Nothing,
}

impl Checked {
    /// As JSON has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Row => "paths",
            Self::Losses => "tail_paths",
            Self::Nothing => "nothing",
        }
    }

    /// As a reader is told.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Row => "All figures are those of the path's row in paths/, to the last bit.",
            Self::Losses => {
                "The losses are those that tail_paths.parquet has of this path, to the last bit."
            }
            Self::Nothing => "The result has no figures of this path to compare with.",
        }
    }
}

/// Holds a replayed path against what the result says of it, `listed` being all that
/// `tail_paths.parquet` has of the scenario.
pub(super) fn compare<'l>(
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    record: &PathRecord,
    listed: impl FnOnce() -> anyhow::Result<Cow<'l, [ListedPath]>>,
) -> anyhow::Result<Checked> {
    if compare_row(recorded, scenario, record)? {
        return Ok(Checked::Row);
    }
    let path = record.path;
    let listed = listed()?;
    let own: Vec<&ListedPath> = listed.iter().filter(|listed| listed.path == path).collect();
    for scope in scopes(scenario.model.setting()) {
        let here = scope.loss_eth(&record.figures);
        let is_of = |listed: &&&ListedPath| {
            listed.scope_kind == scope.kind.name() && listed.scope == scope.name
        };
        let Some(there) = own.iter().find(is_of).map(|listed| listed.loss_eth) else { continue };
        if there.to_bits() != here.to_bits() {
            let name = &scope.name;
            return Err(recorded.differs(&format!(
                "path {path} is not that of the run: {name} loses {here} ETH, and lost {there}"
            )));
        }
    }
    Ok(if own.is_empty() { Checked::Nothing } else { Checked::Losses })
}

/// Holds a replayed path against its row in `paths/`; false where there is none.
fn compare_row(
    recorded: &Recorded,
    scenario: &Scenario<'_>,
    record: &PathRecord,
) -> anyhow::Result<bool> {
    let path = record.path;
    let Some(row) = path_row(&recorded.result, &scenario.name, path)? else { return Ok(false) };
    let own: Vec<(String, f64)> =
        named_figures(scenario.model.network(), &record.figures).collect();
    if !row.iter().map(|(name, _)| name).eq(own.iter().map(|(name, _)| name)) {
        return Err(recorded.differs(&format!(
            "the figures of path {path} in paths/ are others than those of this program"
        )));
    }
    for ((name, there), (_, here)) in row.iter().zip(&own) {
        if there.to_bits() != here.to_bits() {
            let said =
                format!("path {path} is not that of the run: {name} is {here}, and was {there}");
            return Err(recorded.differs(&said));
        }
    }
    Ok(true)
}
