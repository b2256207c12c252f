//! A merge: from parts of a run to the result of the run, the same to the byte as if one machine had
//! run it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use slashfall_graph::{Problem, Problems};
use slashfall_output::{ResultFolder, SelfTest};
use slashfall_sampling::Scenario;
use slashfall_store::Place;

use crate::drawing::Drawing;
use crate::folder::NetworkFolder;
use crate::gathered::Gathered;
use crate::identity::Difference;
use crate::input::{Config, Input};
use crate::part::{PART_FILE, PartManifest, PathRange, each_part, n_paths};
use crate::play::paths_writer;
use crate::proof::proved;
use crate::provenance::{metadata, program};
use crate::recorded::{by_name, check_network};
use crate::run::{
    Asked, Origin, Outcome, Played, Prepared, conclude, levels, problems_of_output, wanted,
};
use crate::target::{RESULT, Target, place_of};
use crate::watch::{Noting, Watch};

/// What to merge and where to.
#[derive(Clone, Debug)]
pub struct MergeOptions {
    /// Folders of parts, in any order, or folders of such folders; each on this machine, or `s3://BUCKET/PREFIX`.
    pub parts: Vec<PathBuf>,
    /// The network, or `s3://BUCKET/PREFIX`; where the first part says by default.
    pub network: Option<PathBuf>,
    /// Folder for the result, or `s3://BUCKET/PREFIX`; `results/NAME` by default.
    pub output: Option<PathBuf>,
    /// Whether a result that is already there is replaced.
    pub overwrite: bool,
    /// What asked for it, for the manifest.
    pub command: Vec<String>,
}

/// Parts that make one run, and what it was of.
#[derive(Debug)]
pub struct Merging {
    /// The run file and the network.
    pub input: Input,
    /// In order of their paths.
    pub(crate) parts: Vec<(Place, PartManifest)>,
}

impl MergeOptions {
    /// Reads what the parts say of themselves, and holds them to be parts of one run that this program
    /// finishes, each path in one of them.
    ///
    /// # Errors
    /// Every part that is none, or of another run, program, input or seed; every path that is in two
    /// or in none; a network that is another. And when a store does not answer.
    pub fn load(&self) -> anyhow::Result<Merging> {
        let mut problems = problems_of_output(self.output.as_ref());
        let mut parts = Vec::new();
        for text in &self.parts {
            let Some(place) = problems.keep(place_of("PART", text)) else { continue };
            parts.extend(PartManifest::read_all(&place, &mut problems)?);
        }
        parts.sort_by_key(|(_, manifest)| manifest.paths);
        problems.append(strangers(&parts));
        let Some((place, first)) = parts.first() else {
            if problems.is_empty() {
                problems.push(Problem::new("PART", "the folder of a part was expected"));
            }
            return Err(problems.into());
        };
        if problems.is_empty() {
            problems.append(unlike_one_run(&parts));
        }
        let own = Path::new(&first.network_dir);
        let network = match (&self.network, place.as_local()) {
            (Some(network), _) => network.clone(),
            (None, _) if Place::is_address(own) => own.to_owned(),
            (None, Some(dir)) => from_here(&dir.join(own)),
            (None, None) => from_here(own),
        };
        // The first is the run file.
        let digests = by_name(first.run.inputs.get(1..).unwrap_or_default());
        let folder = problems.keep(NetworkFolder::held(&network, Path::new("")));
        if let Some(folder) = &folder {
            problems.keep(check_network(folder, &digests));
        }
        let network = match folder {
            Some(folder) => Arc::new(problems.or_ok(folder)?),
            None => return Err(problems.into()),
        };
        let file = first.run_file.clone();
        let input = Input::load(&Config::Recorded { file, network }, &first.overrides)?;
        Ok(Merging { input, parts })
    }
}

/// The same folder as somebody here would name it, if it is there.
fn from_here(dir: &Path) -> PathBuf {
    let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let below = here.ok().and_then(|here| real.strip_prefix(here).ok().map(Path::to_owned));
    below.filter(|below| below.components().next().is_some()).unwrap_or(real)
}

/// What is wrong with a part.
pub(crate) fn problem_of(place: &Place, expected: String) -> Problem {
    Problem::new(place.join(PART_FILE).to_string(), expected)
}

/// Parts that are of another run than the first.
fn strangers(parts: &[(Place, PartManifest)]) -> Problems {
    let mut problems = Problems::default();
    let Some(((first_dir, first), others)) = parts.split_first() else { return problems };
    for (dir, manifest) in others {
        for Difference { key, own, other, more } in manifest.run.unlike(&first.run) {
            let expected = format!("{other} was expected, as in {first_dir}{more}");
            problems.push(problem_of(dir, expected).key(key).value(own));
        }
    }
    if first.run.program != program() {
        let expected = format!("{} was expected, the program that merges", program());
        problems.push(problem_of(first_dir, expected).key("program").value(&first.run.program));
    }
    problems
}

/// Paths that are in two parts, or between two in none.
fn unlike_one_run(parts: &[(Place, PartManifest)]) -> Problems {
    let mut problems = Problems::default();
    for pair in parts.windows(2) {
        let [(before, PartManifest { paths: own, .. }), (dir, PartManifest { paths: next, .. })] =
            pair
        else {
            continue;
        };
        let shown = |range: &PathRange| format!("{} to {}", range.from, range.to);
        let expected = match own.to.cmp(&next.from) {
            std::cmp::Ordering::Equal => continue,
            std::cmp::Ordering::Less => {
                let missing = PathRange { from: own.to, to: next.from };
                format!("paths {} were expected before, and no part has them", shown(&missing))
            }
            std::cmp::Ordering::Greater => {
                format!("paths from {} on were expected: {before} has {}", own.to, shown(own))
            }
        };
        problems.push(problem_of(dir, expected).key("paths").value(shown(next)));
    }
    problems
}

/// What lacks at either end of a run.
fn missing_ends(parts: &[(Place, PartManifest)], n: u64) -> Problems {
    let mut problems = Problems::default();
    let (Some((first, start)), Some((last, end))) = (parts.first(), parts.last()) else {
        return problems;
    };
    let mut lacks = |dir: &Place, from: u64, to: u64| {
        if from < to {
            let expected = format!("paths {from} to {to} were expected too, and no part has them");
            problems.push(problem_of(dir, expected));
        }
    };
    lacks(first, 0, start.paths.from);
    lacks(last, end.paths.to, n);
    problems
}

impl Merging {
    /// What the program has proved of itself, here and where the parts were run.
    ///
    /// # Errors
    /// When a machine computes otherwise than this one.
    pub(crate) fn proved(&self) -> anyhow::Result<SelfTest> {
        let selftest = proved()?;
        let Some((dir, part)) = self.parts.iter().find(|(_, part)| part.run.selftest != selftest)
        else {
            return Ok(selftest);
        };
        let expected = format!(
            "{} was expected: the machine of this part computes otherwise",
            selftest.sha256
        );
        let problem = problem_of(dir, expected).key("selftest.sha256");
        Err(Problems::from(problem.value(&part.run.selftest.sha256)).into())
    }

    /// All paths of the parts.
    pub(crate) fn paths(&self) -> PathRange {
        let from = self.parts.first().map_or(0, |(_, part)| part.paths.from);
        let to = self.parts.last().map_or(0, |(_, part)| part.paths.to);
        PathRange { from, to }
    }
}

/// Finishes the run that the parts are of, as if it had run here.
///
/// `scenarios` are those of the input of `merging`.
///
/// # Errors
/// When parts lack paths of the run or have changed since they were written, and as [`crate::run`].
pub fn merge(
    merging: &Merging,
    scenarios: &mut [Scenario<'_>],
    options: &MergeOptions,
    watch: &mut dyn Watch,
) -> anyhow::Result<Outcome> {
    let watch = &mut Noting::new(watch);
    let n = scenarios.iter().map(n_paths).max().unwrap_or_default();
    missing_ends(&merging.parts, n).or_ok(())?;
    let selftest = merging.proved()?;
    let asked = Asked {
        output: options.output.as_ref(),
        overwrite: options.overwrite,
        command: &options.command,
        merged_parts: Some(merging.parts.len()),
        selftest,
    };
    let prepared = Prepared::new(&merging.input, scenarios, &asked, watch)?;
    let metadata = metadata(&merging.input, scenarios, &merging.input.files());
    let target = Target::create(&prepared.place, RESULT, asked.overwrite, metadata)?;
    conclude(&merging.input, scenarios, asked, (prepared, target), &mut Joins(merging), watch)
}

/// Joins what the parts have gathered of scenarios.
struct Joins<'m>(&'m Merging);

impl Origin for Joins<'_> {
    fn play(
        &mut self,
        folder: &ResultFolder,
        number: usize,
        scenario: &Scenario<'_>,
        drawing: &mut Drawing,
        watch: &mut dyn Watch,
    ) -> anyhow::Result<Played> {
        let paths = paths_writer(folder, scenario, number, 0)?;
        let levels = levels(&scenario.spec.levels);
        let level = levels.last().copied();
        let mut gathered = Gathered::new(scenario, &wanted(scenario), levels);
        watch.begin(&scenario.name, n_paths(scenario), level);
        let flow = each_part(&self.0.parts, scenario, paths, watch, |stretch, watch| {
            if !stretch.follows(&gathered) {
                return Ok(false);
            }
            gathered.join(stretch.gathered);
            drawing.join(stretch.check.as_ref());
            watch.advance(gathered.collector.n_paths(), Some(&gathered.collector));
            Ok(true)
        })?;
        Ok(Played { interrupted: flow.is_break(), ..Played::of(gathered) })
    }

    fn leave(&mut self, _: usize, _: &Scenario<'_>, _: &Played) -> anyhow::Result<()> {
        // The parts are still there.
        Ok(())
    }

    fn earlier_seconds(&self) -> f64 {
        0.0
    }
}
