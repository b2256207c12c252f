//! The loss of a scope on every path, for those who want the whole sample and not figures of it.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use slashfall_graph::{Problem, Problems};

use super::columns::StoredScope;
use super::stored::{StoredResult, scopes_of};
use crate::schema::annotated;

impl StoredResult {
    /// Opens a result to read its losses.
    ///
    /// # Errors
    /// When it is none, is of another version, or has no paths.
    pub fn open_losses(folder: &Path) -> Result<Self, Problems> {
        Self::open_for(folder, "where every loss is")
    }

    /// The loss of a scope on every path of a scenario: columns `path`, `loss_eth`, and `weight` where
    /// not all paths weigh 1. Of scopes of one name the first in the order of the summary is meant (an
    /// asset by nav), or the one of the `kind`.
    ///
    /// # Errors
    /// When there is no such scenario or scope, or the paths are not whole.
    pub fn losses(
        &self,
        scenario: &str,
        scope: &str,
        kind: Option<&str>,
    ) -> Result<RecordBatch, Problems> {
        let (files, n_paths) = self.files_of(scenario)?;
        let scopes = scopes_of(files)?;
        let found = find(&scopes, scope, kind)?;
        let mut weights = Vec::new();
        self.check_paths(files, n_paths, |_, own| {
            weights.extend_from_slice(own);
            Ok(())
        })?;
        let losses = found.read_losses(files)?;
        table(losses, weights).map_err(|error| {
            let expected = format!("a loss and a weight of each path were expected ({error})");
            Problem::new(files[0].display().to_string(), expected).into()
        })
    }
}

/// The scope that is meant.
fn find<'s>(
    scopes: &'s [StoredScope],
    name: &str,
    kind: Option<&str>,
) -> Result<&'s StoredScope, Problems> {
    let is_kind = |own: &&StoredScope| kind.is_none_or(|kind| own.kind.name() == kind);
    let of_kind: Vec<&StoredScope> = scopes.iter().filter(is_kind).collect();
    if of_kind.is_empty() {
        let kinds = scopes.iter().map(|own| own.kind.name());
        let problem = Problem::new("kind", "a kind of scope of the result was expected");
        return Err(problem.value(kind.unwrap_or_default()).nearest_of(kinds).into());
    }
    let names = of_kind.iter().map(|own| own.name.as_str());
    let wrong = || {
        let expected = "system, an asset, a portfolio or a channel of the result was expected";
        Problem::new("scope", expected).value(name).nearest_of(names).into()
    };
    of_kind.iter().find(|own| own.name == name).copied().ok_or_else(wrong)
}

fn table(losses: Vec<f64>, weights: Vec<f64>) -> Result<RecordBatch, ArrowError> {
    let field = |name: &str, data_type: DataType, unit: &str, meaning: &str| {
        annotated(Field::new(name, data_type, false), unit, meaning)
    };
    let paths = UInt64Array::from_iter_values(0..losses.len() as u64);
    let is_weighted = weights.iter().any(|weight| (weight - 1.0).abs() > 0.0);
    let mut fields = vec![
        field("path", DataType::UInt64, "", "number of the path; replays it"),
        field("loss_eth", DataType::Float64, "eth", "loss of the scope on it"),
    ];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(paths), Arc::new(Float64Array::from(losses))];
    if is_weighted {
        fields.push(field("weight", DataType::Float64, "", "likelihood ratio of the path"));
        columns.push(Arc::new(Float64Array::from(weights)));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
