//! Reads a run file: what each key is called, which values are good, what an absent one means.

use std::collections::{BTreeMap, BTreeSet};

use slashfall_cascade::{
    BeaconParameters, CascadeParameters, LendingParameters, SecurityParameters, YieldParameters,
};
use slashfall_graph::{Problem, Problems};

use super::node::{Node, NodeValue};
use super::read_behaviour::{
    read_beacon, read_cascade, read_lending, read_noise, read_redemption, read_security,
    read_yields,
};
use super::read_event::read_events;
use super::read_sampling::read_sampling;
use super::read_scenario::read_scenarios;
use super::read_source::read_sources;
use super::section::{Range, Reading, Section};
use super::spec::{CopulaSpec, Detail, PathCount, RunSpec, SamplingSpec, StopMetric, StopRule};

/// Of a run that many machines share.
const MAX_PATHS: i64 = 1_000_000_000_000;
/// Paths that are listed or run again.
const MAX_CHOSEN: i64 = 1_000_000_000;
/// Ten years: a horizon beyond is a mistake of units.
const MAX_HORIZON_DAYS: i64 = 3_650;
/// Values of a run file, and of all its scenarios, which have a copy each: some hundreds of MB.
pub(super) const MOST_VALUES: usize = 1 << 21;
const DETAILS: [(&str, Detail); 3] =
    [("summary", Detail::Summary), ("standard", Detail::Standard), ("paths", Detail::Paths)];
const STOP_METRICS: [(&str, StopMetric); 3] = [
    ("mean", StopMetric::Mean),
    ("var", StopMetric::ValueAtRisk),
    ("es", StopMetric::ExpectedShortfall),
];

impl RunSpec {
    /// Reads a run file.
    ///
    /// # Errors
    /// Every problem with a key or a value, each with its line.
    pub fn read(file: &str, root: &Node) -> Result<Self, Problems> {
        let (spec, problems) = Self::read_all(file, root);
        problems.or_ok(spec)
    }

    /// Reads a run file, and whatever is wrong with it, all that can be read of it: names in it can
    /// then be checked against a network in the same go. Never simulate with it while there are
    /// problems: what could not be read has a value that means nothing.
    #[must_use]
    pub fn read_all(file: &str, root: &Node) -> (Self, Problems) {
        let n_values = root.n_values();
        if n_values > MOST_VALUES {
            let expected =
                format!("at most {MOST_VALUES} values were expected, in lists and tables too");
            let problem = Problem::new(file, expected).value(format!("{n_values} values"));
            return (placeholder(root), problem.into());
        }
        let reading = Reading::new(file);
        reading.check_texts(root);
        let spec = Section::new(&reading, "", root).map_or_else(|| placeholder(root), read_root);
        let spec =
            Self { not_applied: reading.without_effect.into_inner().into_iter().collect(), ..spec };
        (spec, reading.problems.into_inner())
    }
}

/// Worst paths of each scope that are listed where the run file does not say how many.
const TAIL_PATHS: u64 = 1_000;

/// Losses whose probability is given where the run file does not say which, as shares of what a scope has.
const BUDGETS: [f64; 3] = [0.01, 0.05, 0.1];

/// What stands in for what could not be read.
fn placeholder(root: &Node) -> RunSpec {
    RunSpec {
        name: String::new(),
        network: String::new(),
        seed: 0,
        paths: PathCount::Fixed(1),
        horizon_days: 1,
        levels: vec![0.5],
        budgets: Vec::new(),
        detail: Detail::Summary,
        tail_paths: 0,
        split_paths: None,
        sampling: SamplingSpec::absent(root),
        copula: CopulaSpec::Independent,
        factors: Vec::new(),
        sources: Vec::new(),
        noise: BTreeMap::new(),
        redemption: BTreeMap::new(),
        beacon: BeaconParameters::ABSENT,
        security: SecurityParameters::ABSENT,
        cascade: CascadeParameters::ABSENT,
        lending: LendingParameters::ABSENT,
        yields: YieldParameters::ABSENT,
        events: Vec::new(),
        scenarios: Vec::new(),
        not_applied: Vec::new(),
    }
}

/// The name of the run, which is also that of a folder.
fn read_name(root: &Section<'_, '_>) -> Option<String> {
    let name = required_text(root, "name", "the name of the run");
    if let (Some(name), Some(node)) = (&name, root.here().get("name"))
        && (name.contains(['/', '\\']) || name.starts_with('.'))
    {
        let expected =
            "a name that can be that of a folder was expected: no slash, no dot in front";
        root.wrong("name", node, expected);
    }
    name
}

fn read_root(root: Section<'_, '_>) -> RunSpec {
    let blank = placeholder(root.here());
    let name = read_name(&root);
    let network =
        required_text(&root, "network", "the folder of the network, relative to this file");
    if root.here().get("run").is_none() {
        root.missing("run", "a section [run] with seed, paths, horizon_days and levels");
    }
    let run = root.section("run").map(read_run).unwrap_or_default();
    if root.here().get("dependence").is_none() {
        root.missing(
            "dependence",
            "a section [dependence] with copula: a silent correlation is a wrong one",
        );
    }
    let sources = read_sources(&root);
    let (copula, factors) = root.section("dependence").map(read_dependence).unwrap_or_default();
    if copula == Some(CopulaSpec::Independent) && sources.iter().any(|s| !s.loadings.is_empty()) {
        root.reading().without_effect.borrow_mut().insert("source.loadings".to_owned());
    }
    // Without a list of factors no loading can be called unknown.
    let loaded = sources.iter().flat_map(|source| &source.loadings);
    let factors = factors.unwrap_or_else(|| loaded.map(|(name, _)| name.value.clone()).collect());
    let sampling = read_sampling(&root);
    let noise = read_noise(&root);
    let redemption = read_redemption(&root);
    let (beacon, security, cascade) =
        (read_beacon(&root), read_security(&root), read_cascade(&root));
    let (lending, yields) = (read_lending(&root), read_yields(&root));
    let scenarios = read_scenarios(&root);
    let events = read_events(&root, &scenarios);
    root.finish();
    RunSpec {
        name: name.unwrap_or_default(),
        network: network.unwrap_or_default(),
        seed: run.seed.unwrap_or(blank.seed),
        paths: run.paths.unwrap_or(blank.paths),
        horizon_days: run.horizon_days.unwrap_or(blank.horizon_days),
        levels: run.levels.unwrap_or(blank.levels),
        budgets: run.budgets.unwrap_or_else(|| BUDGETS.to_vec()),
        detail: run.detail.unwrap_or(blank.detail),
        tail_paths: run.tail_paths.unwrap_or(TAIL_PATHS),
        split_paths: run.split_paths,
        sampling,
        copula: copula.unwrap_or(blank.copula),
        factors,
        sources,
        noise,
        redemption,
        beacon,
        security,
        cascade,
        lending,
        yields,
        events,
        scenarios,
        not_applied: blank.not_applied,
    }
}

/// Text that must be there and say something; `what` is told where it does not.
pub fn required_text(section: &Section<'_, '_>, key: &'static str, what: &str) -> Option<String> {
    if section.here().get(key).is_none() {
        section.missing(key, what);
    }
    let text = section.text(key)?;
    if text.value.trim().is_empty() {
        section.wrong(key, &text.at, &format!("{what} was expected"));
        return None;
    }
    Some(text.value)
}

/// `[run]`, as far as it could be read.
#[derive(Default)]
struct Run {
    seed: Option<u64>,
    paths: Option<PathCount>,
    horizon_days: Option<u32>,
    levels: Option<Vec<f64>>,
    budgets: Option<Vec<f64>>,
    detail: Option<Detail>,
    tail_paths: Option<u64>,
    split_paths: Option<u64>,
}

fn read_run(run: Section<'_, '_>) -> Run {
    let seed = required(&run, "seed", "a whole number that names the random streams", |k| {
        run.integer(k, 0, i64::MAX)
    });
    let horizon_days = required(&run, "horizon_days", "whole days to simulate", |k| {
        run.integer(k, 1, MAX_HORIZON_DAYS)
    });
    let levels = required(&run, "levels", "a list of probabilities such as [0.95, 0.99]", |k| {
        run.numbers(k, Range::Probability)
    });
    let paths = read_path_count(&run);
    let detail = match run.node("detail") {
        Some(_) => run.choice("detail", &DETAILS),
        None => Some(Detail::Standard),
    };
    let tail_paths = run.integer("tail_paths", 0, MAX_CHOSEN);
    let split_paths = run.integer("split_paths", 1, MAX_CHOSEN);
    let levels = levels.map(|levels| sorted_levels(&run, levels));
    let budgets = run.numbers("budgets", Range::Share).map(sorted);
    run.finish();
    Run {
        seed: seed.map(unsigned),
        paths,
        horizon_days: horizon_days.and_then(|days| u32::try_from(days).ok()),
        levels,
        budgets,
        detail,
        tail_paths: tail_paths.map(unsigned),
        split_paths: split_paths.map(unsigned),
    }
}

fn unsigned(n: i64) -> u64 {
    n.unsigned_abs()
}

fn sorted_levels(run: &Section<'_, '_>, levels: Vec<f64>) -> Vec<f64> {
    if let (true, Some(node)) = (levels.is_empty(), run.here().get("levels")) {
        run.wrong("levels", node, "at least one level was expected");
    }
    sorted(levels)
}

/// Numbers ascending, each once.
fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    numbers
}

/// A key that must be there: `what` is told where it is not, and `read` says what is wrong with a
/// bad value.
pub fn required<T>(
    section: &Section<'_, '_>,
    key: &'static str,
    what: &str,
    read: impl FnOnce(&'static str) -> Option<T>,
) -> Option<T> {
    if section.here().get(key).is_none() {
        section.missing(key, what);
    }
    read(key)
}

fn read_path_count(run: &Section<'_, '_>) -> Option<PathCount> {
    let paths = run.integer("paths", 1, MAX_PATHS);
    match (run.here().get("paths"), run.section("until")) {
        (Some(node), Some(_)) => {
            run.wrong("paths", node, "either `paths` or `until` was expected, not both");
            None
        }
        (Some(_), None) => Some(PathCount::Fixed(unsigned(paths?))),
        (None, Some(until)) => read_stop_rule(until).map(PathCount::Until),
        (None, None) => {
            if run.here().get("until").is_none() {
                run.missing("paths", "the number of paths, or `until`");
            }
            None
        }
    }
}

fn read_stop_rule(until: Section<'_, '_>) -> Option<StopRule> {
    let metric = required(&until, "metric", "mean, var or es", |k| until.choice(k, &STOP_METRICS));
    let scope = required(&until, "scope", "system, or the name of an asset or portfolio", |k| {
        until.text(k)
    });
    let level = match metric {
        Some(StopMetric::Mean) => {
            until.without_effect("level");
            Some(until.number("level", Range::Probability).unwrap_or(0.5))
        }
        _ => required(&until, "level", "a probability", |k| until.number(k, Range::Probability)),
    };
    let relative_error = required(&until, "relative_error", "standard error over value", |k| {
        until.number(k, Range::Probability)
    });
    let max_paths = required(&until, "max_paths", "paths after which to stop all the same", |k| {
        until.integer(k, 1, MAX_PATHS)
    });
    until.finish();
    Some(StopRule {
        metric: metric?,
        scope: scope?,
        level: level?,
        relative_error: relative_error?,
        max_paths: unsigned(max_paths?),
    })
}

/// Degrees of freedom of a copula: of fewer most draws are no numbers, and beyond it is a gaussian one.
const DEGREES: std::ops::RangeInclusive<f64> = 0.5..=1e7;

fn check_df(dependence: &Section<'_, '_>, df: f64) -> bool {
    let is_good = DEGREES.contains(&df);
    if let (false, Some(node)) = (is_good, dependence.here().get("df")) {
        dependence.wrong("df", node, "degrees of freedom between 0.5 and 1e7 were expected");
    }
    is_good
}

/// Copula and factors, each as far as it could be read.
fn read_dependence(section: Section<'_, '_>) -> (Option<CopulaSpec>, Option<Vec<String>>) {
    let df = section.number("df", Range::Positive).filter(|df| check_df(&section, *df));
    let what = "gaussian, student_t or independent (there is no default: a silent correlation is a wrong one)";
    let copula = required(&section, "copula", what, |k| {
        section.choice(k, &[("gaussian", 0), ("student_t", 1), ("independent", 2)])
    });
    let copula = match (copula, df) {
        (Some(1), Some(df)) => Some(CopulaSpec::StudentT(df)),
        (Some(1), None) => {
            if section.here().get("df").is_none() {
                section.missing("df", "the degrees of freedom of the student_t copula");
            }
            None
        }
        (Some(other), _) => {
            // A scenario may change the copula alone, so this is no mistake; but it is said.
            section.without_effect("df");
            Some(if other == 0 { CopulaSpec::Gaussian } else { CopulaSpec::Independent })
        }
        (None, _) => None,
    };
    let factors = section.list("factors").map(|factors| {
        let name = |node: &Node| match &node.value {
            NodeValue::Text(name) => Some(name.clone()),
            _ => {
                section.wrong("factors", node, "names in quotes were expected");
                None
            }
        };
        let names: Vec<String> = factors.iter().filter_map(name).collect();
        let mut known = BTreeSet::new();
        if let Some(at) = names.iter().position(|name| name.is_empty() || !known.insert(name)) {
            section.wrong("factors", &factors[at], "names were expected, each once");
        }
        names
    });
    let factors = if section.here().get("factors").is_none() { Some(Vec::new()) } else { factors };
    section.finish();
    (copula, factors)
}
