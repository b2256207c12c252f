//! A larger part from parts that go on from one another, the same to the byte as if its paths had been run
//! at once: so parts of many machines merge in steps.

use std::ops::ControlFlow;

use slashfall_sampling::Scenario;

use super::joining::each_part;
use super::state::Stretch;
use super::{AskedPart, PartOutcome, Playing, default_target, has_parts, store_part};
use crate::drawing::Drawing;
use crate::gathered::{Gathered, stretches};
use crate::merge::{MergeOptions, Merging};
use crate::run::{levels, place_of_output, wanted};
use crate::watch::Watch;

/// Merges parts to one of all their paths.
///
/// `scenarios` are those of the input of `merging`.
///
/// # Errors
/// When parts have changed since they were written, and as [`crate::run_part`].
pub fn merge_to_part(
    merging: &Merging,
    scenarios: &mut [Scenario<'_>],
    options: &MergeOptions,
    watch: &mut dyn Watch,
) -> anyhow::Result<PartOutcome> {
    let (input, paths) = (&merging.input, merging.paths());
    has_parts(input, scenarios)?;
    let asked = AskedPart {
        paths,
        place: place_of_output(options.output.as_ref(), || default_target(input, paths))?,
        overwrite: options.overwrite,
        command: &options.command,
        selftest: merging.proved()?,
    };
    store_part(input, scenarios, asked, watch, |playing, drawing, watch| {
        join(merging, playing, drawing, watch)
    })
}

/// Joins what the parts have gathered of a scenario; breaks off with the paths so far.
fn join(
    merging: &Merging,
    Playing { scenario, range, paths, state }: Playing<'_, '_>,
    drawing: &mut Drawing,
    watch: &mut dyn Watch,
) -> anyhow::Result<ControlFlow<u64>> {
    let levels = levels(&scenario.spec.levels);
    let (first_path, level) = (range.start, levels.last().copied());
    watch.begin(&scenario.name, range.end - first_path, level);
    let begin = |from: u64| Gathered::of_part(scenario, &wanted(scenario), levels.clone(), from);
    // Those of one part over the range, of which each ends where one of a small part does.
    let mut ahead = stretches(scenario, range).into_iter().peekable();
    let (mut gathered, mut last) = (begin(first_path), first_path);
    let flow = each_part(&merging.parts, scenario, paths, watch, |stretch, watch| {
        if !stretch.follows(&gathered) {
            return Ok(false);
        }
        last = stretch.to;
        gathered.join(stretch.gathered);
        drawing.join(stretch.check.as_ref());
        watch.advance(last - first_path, Some(&gathered.collector));
        if let Some(whole) = ahead.next_if(|whole| whole.end == last) {
            state.push(&Stretch::new(whole, &gathered, drawing.take_sums()))?;
            gathered = begin(last);
        }
        Ok(true)
    })?;
    anyhow::ensure!(flow.is_break() || ahead.next().is_none(), "a part ends where no stretch does");
    Ok(flow.map_break(|()| last - first_path))
}
