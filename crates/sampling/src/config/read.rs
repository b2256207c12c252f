//! Reads a run file: what each key is called, which values are good, what an absent one means.

use std::collections::BTreeMap;

use slashfall_graph::Problems;

use super::node::{Node, NodeValue};
use super::read_source::read_sources;
use super::section::{Range, Reading, Section};
use super::spec::{
    BeaconSpec, CopulaSpec, Detail, Located, NoiseSpec, PathCount, RunSpec, ScenarioSpec,
    StopMetric, StopRule,
};
use crate::source::SourceKind;

const MAX_PATHS: i64 = 1_000_000_000;
/// Ten years: a horizon beyond is a mistake of units.
const MAX_HORIZON_DAYS: i64 = 3_650;
const DETAILS: [(&str, Detail); 3] =
    [("summary", Detail::Summary), ("standard", Detail::Standard), ("paths", Detail::Paths)];
const STOP_METRICS: [(&str, StopMetric); 3] = [
    ("mean", StopMetric::Mean),
    ("var", StopMetric::ValueAtRisk),
    ("es", StopMetric::ExpectedShortfall),
];
const REDEMPTION_KEYS: [(&str, Range); 9] = [
    ("base", Range::Fraction),
    ("on_loss", Range::NonNegative),
    ("on_discount", Range::NonNegative),
    ("tolerance", Range::Fraction),
    ("max", Range::Fraction),
    ("impatience_days", Range::Positive),
    ("hurdle", Range::NonNegative),
    ("arbitrage_eth_per_day", Range::NonNegative),
    ("max_sale_discount", Range::Fraction),
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
        let reading = Reading::new(file);
        let spec = Section::new(&reading, "", root).map_or_else(placeholder, read_root);
        let spec =
            Self { not_applied: reading.without_effect.into_inner().into_iter().collect(), ..spec };
        (spec, reading.problems.into_inner())
    }
}

/// What stands in for what could not be read.
fn placeholder() -> RunSpec {
    RunSpec {
        name: String::new(),
        network: String::new(),
        seed: 0,
        paths: PathCount::Fixed(1),
        horizon_days: 1,
        levels: vec![0.5],
        detail: Detail::Summary,
        copula: CopulaSpec::Independent,
        factors: Vec::new(),
        sources: Vec::new(),
        noise: BTreeMap::new(),
        redemption: Vec::new(),
        beacon: BeaconSpec::ABSENT,
        security_slack: ABSENT_SECURITY_SLACK,
        scenarios: Vec::new(),
        not_applied: Vec::new(),
    }
}

fn read_root(root: Section<'_, '_>) -> RunSpec {
    let blank = placeholder();
    let name = required_text(&root, "name", "the name of the run");
    if let (Some(name), Some(node)) = (&name, root.here().get("name"))
        && (name.contains(['/', '\\']) || name.starts_with('.'))
    {
        let expected =
            "a name that can be that of a folder was expected: no slash, no dot in front";
        root.wrong("name", node, expected);
    }
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
    let noise = root.section("noise").map(|s| read_noise(&s)).unwrap_or_default();
    let redemption = read_redemption(&root);
    let security_slack = read_security(&root);
    let beacon = read_beacon(&root);
    read_cascade(&root);
    let scenarios: Vec<ScenarioSpec> =
        root.sections("scenario").into_iter().filter_map(read_scenario).collect();
    repeated_scenarios(&root, &scenarios);
    read_events(&root);
    root.finish();
    RunSpec {
        name: name.unwrap_or_default(),
        network: network.unwrap_or_default(),
        seed: run.seed.unwrap_or(blank.seed),
        paths: run.paths.unwrap_or(blank.paths),
        horizon_days: run.horizon_days.unwrap_or(blank.horizon_days),
        levels: run.levels.unwrap_or(blank.levels),
        detail: run.detail.unwrap_or(blank.detail),
        copula: copula.unwrap_or(blank.copula),
        factors,
        sources,
        noise,
        redemption,
        beacon,
        security_slack,
        scenarios,
        not_applied: blank.not_applied,
    }
}

fn required_text(section: &Section<'_, '_>, key: &'static str, what: &str) -> Option<String> {
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
    detail: Option<Detail>,
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
    run.integer("tail_paths", 0, MAX_PATHS);
    run.without_effect("tail_paths");
    let levels = levels.map(|levels| sorted_levels(&run, levels));
    run.finish();
    Run {
        seed: seed.map(unsigned),
        paths,
        horizon_days: horizon_days.and_then(|days| u32::try_from(days).ok()),
        levels,
        detail,
    }
}

fn unsigned(n: i64) -> u64 {
    n.unsigned_abs()
}

fn sorted_levels(run: &Section<'_, '_>, mut levels: Vec<f64>) -> Vec<f64> {
    if let (true, Some(node)) = (levels.is_empty(), run.here().get("levels")) {
        run.wrong("levels", node, "at least one level was expected");
    }
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    levels
}

/// A key that must be there; `read` says what is wrong with a bad value.
fn required<T>(
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

/// Copula and factors, each as far as it could be read.
fn read_dependence(section: Section<'_, '_>) -> (Option<CopulaSpec>, Option<Vec<String>>) {
    let df = section.number("df", Range::Positive);
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
        let repeated = |(i, name): (usize, &String)| name.is_empty() || names[..i].contains(name);
        if let Some(at) = names.iter().enumerate().position(repeated) {
            section.wrong("factors", &factors[at], "names were expected, each once");
        }
        names
    });
    let factors = if section.here().get("factors").is_none() { Some(Vec::new()) } else { factors };
    section.finish();
    (copula, factors)
}

fn read_noise(noise: &Section<'_, '_>) -> BTreeMap<String, Located<NoiseSpec>> {
    let mut default = NoiseSpec::ABSENT;
    let mut all = BTreeMap::new();
    // `default` first: what an asset's own section leaves out is taken from it.
    let (defaults, others): (Vec<_>, Vec<_>) =
        noise.entries().partition(|(name, _)| *name == "default");
    for (name, node) in defaults.into_iter().chain(others) {
        let Some(section) = Section::new(noise.reading(), &noise.path(name), node) else {
            continue;
        };
        let spec = NoiseSpec {
            sigma_daily: section.number_or("sigma_daily", Range::NonNegative, default.sigma_daily),
            kappa: section.number_or("kappa", Range::NonNegative, default.kappa),
            beta_market: section.number_or("beta_market", Range::Correlation, default.beta_market),
            panic_kappa: section.number_or("panic_kappa", Range::NonNegative, default.panic_kappa),
            depth_kappa: section.number_or("depth_kappa", Range::NonNegative, default.depth_kappa),
        };
        section.without_effect("depth_kappa");
        section.finish();
        if name == "default" {
            default = spec;
        }
        all.insert(name.to_owned(), Located { value: spec, at: node.clone() });
    }
    all
}

/// Names of the assets that have a section of their own.
fn read_redemption(root: &Section<'_, '_>) -> Vec<Located<String>> {
    let Some(redemption) = root.section("redemption") else { return Vec::new() };
    root.without_effect("redemption");
    let mut names = Vec::new();
    for (name, node) in redemption.entries() {
        let path = redemption.path(name);
        let Some(section) = Section::new(redemption.reading(), &path, node) else { continue };
        for (key, range) in REDEMPTION_KEYS {
            section.number(key, range);
        }
        section.finish();
        if name != "default" {
            names.push(Located { value: name.to_owned(), at: node.clone() });
        }
    }
    names
}

/// Slack that stands in where no profit from corruption is given.
const ABSENT_SECURITY_SLACK: f64 = 0.5;

fn read_security(root: &Section<'_, '_>) -> f64 {
    let Some(section) = root.section("security") else {
        return ABSENT_SECURITY_SLACK;
    };
    root.without_effect("security");
    let slack = section.number_or("security_slack", Range::NonNegative, ABSENT_SECURITY_SLACK);
    section.number("attack_prob", Range::Fraction);
    section.number("loss_given_attack", Range::Fraction);
    section.finish();
    slack
}

fn read_beacon(root: &Section<'_, '_>) -> BeaconSpec {
    let Some(section) = root.section("beacon") else {
        return BeaconSpec::ABSENT;
    };
    let absent = BeaconSpec::ABSENT.total_active_eth;
    let total_active_eth = section.number_or("total_active_eth", Range::Positive, absent);
    section.number("exit_queue_eth", Range::NonNegative);
    section.without_effect("exit_queue_eth");
    section.finish();
    BeaconSpec { total_active_eth }
}

fn read_cascade(root: &Section<'_, '_>) {
    let Some(section) = root.section("cascade") else {
        return;
    };
    section.boolean("enabled");
    section.integer("max_rounds", 1, 10_000);
    section.integer("oracle_reads_per_day", 1, 10_000);
    section.without_effect("enabled");
    section.without_effect("max_rounds");
    section.without_effect("oracle_reads_per_day");
    section.finish();
}

fn read_scenario(section: Section<'_, '_>) -> Option<ScenarioSpec> {
    let name = required_text(&section, "name", "the name of the scenario");
    let mut scale = Vec::new();
    if let Some(factors) = section.section("scale") {
        for (key, node) in factors.entries() {
            scale.extend(
                factors.number_at(key, node, Range::NonNegative).map(|x| (key.to_owned(), x)),
            );
        }
    }
    let set = section.section("set");
    let set = set
        .iter()
        .flat_map(Section::entries)
        .map(|(key, node)| (key.to_owned(), node.clone()))
        .collect();
    let at = section.here().clone();
    section.finish();
    Some(ScenarioSpec { name: name?, scale, set, at })
}

fn repeated_scenarios(root: &Section<'_, '_>, scenarios: &[ScenarioSpec]) {
    for (index, scenario) in scenarios.iter().enumerate() {
        let taken =
            scenario.name == "base" || scenarios[..index].iter().any(|s| s.name == scenario.name);
        if taken {
            let expected =
                "a name that no other scenario has was expected; \"base\" is always there";
            let problem = scenario.at.problem(root.reading().file, "scenario.name", expected);
            root.reading().report(problem.value(&scenario.name));
        }
    }
}

/// Events belong to deterministic stress; a run checks that they are tables and leaves them.
fn read_events(root: &Section<'_, '_>) {
    let events = root.sections("event");
    root.without_effect("event");
    for event in events {
        event.number("day", Range::NonNegative);
        event.choice("kind", SourceKind::NAMES);
        event.text("scenario");
        if let Some(target) = event.section("target") {
            for key in ["avs", "operator", "asset", "group", "group_kind"] {
                target.node(key);
            }
            target.finish();
        }
        for key in EVENT_KEYS {
            event.node(key);
        }
        event.finish();
    }
}

/// Keys that an event takes from its kind of source.
const EVENT_KEYS: [&str; 9] = [
    "severity",
    "participation",
    "reach",
    "effect",
    "background",
    "epochs",
    "sale_days",
    "pledge_share",
    "flight",
];
