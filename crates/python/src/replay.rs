//! A path of a result played again, asked for by Python.

use std::path::PathBuf;

use anyhow::Context;
use pyo3::prelude::*;
use serde_json::json;
use slashfall_jobs::replay::{ReplayOptions, replay as play};

use crate::listen::{Listening, listened};

/// Plays a path again; returns it as JSON, as it is told on a terminal, and what should be known
/// before it is believed.
#[pyfunction]
pub(crate) fn replay(
    py: Python<'_>,
    result: PathBuf,
    path: u64,
    scenario: String,
    network: Option<PathBuf>,
) -> PyResult<(String, String, Vec<String>)> {
    let options = ReplayOptions { result, scenario, network };
    let listening = Listening { threads: None, progress: None };
    let ((json, story), notes) = listened(py, listening, move |watch| {
        let recorded = options.open()?;
        recorded.note().iter().for_each(|note| watch.note(note));
        let network = recorded.load_network()?;
        let scenario = recorded.resolve(&network)?;
        let replayed = play(&recorded, &scenario, path)?;
        let mut page = replayed.json(&scenario);
        page["scenario"] = json!(scenario.name);
        let mut story = Vec::new();
        replayed.tell(&mut story, &recorded, &scenario, false)?;
        let story = String::from_utf8(story).context("a story is text")?;
        Ok(Some((page.to_string(), story)))
    })?;
    Ok((json, story, notes))
}
