//! Breaks a good run file in every way its format forbids. The author must be told the line, the
//! key, what was found and what was expected, with no noise that follows from it; nothing is
//! written.

use crate::example::{Example, Expected, problems_of, stderr, stdout};

/// A change to the run file that is one mistake, and what is to be said of it.
struct Case {
    /// Text that is in the run file once, and what takes its place.
    swap: (&'static str, &'static str),
    /// The whole line that the problem is on, or `^` and a line of the table whose `[[header]]` it
    /// is on.
    line: &'static str,
    key: &'static str,
    found: &'static str,
    words: &'static [&'static str],
}

const fn case(
    swap: (&'static str, &'static str),
    line: &'static str,
    key: &'static str,
    found: &'static str,
    words: &'static [&'static str],
) -> Case {
    Case { swap, line, key, found, words }
}

/// Holds `run` and `check` to every case, and tells of all that fail.
#[track_caller]
fn check(cases: &[Case]) {
    let faults: Vec<String> = cases.iter().filter_map(fault_in).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn fault_in(Case { swap: (from, to), line, key, found, words }: &Case) -> Option<String> {
    let example = Example::new();
    example.swap("run.toml", from, to);
    let place = match line.strip_prefix('^') {
        Some(line) => format!("run.toml, line {}", header_above(&example, line)),
        None => format!("run.toml, line {}", example.line("run.toml", line)),
    };
    let problems = problems_of(&example, &["run", "run.toml"]);
    assert_eq!(problems_of(&example, &["check", "run.toml"]), problems);
    match &problems[..] {
        [problem] => Expected { place, key, found, words }.fault_in(problem),
        _ => Some(format!("{from:?} -> {to:?}: {problems:#?}")),
    }
}

/// Number of the `[[header]]` of the table that a line is in.
#[track_caller]
fn header_above(example: &Example, line: &str) -> usize {
    let line = example.line("run.toml", line);
    let text = example.read("run.toml");
    let above: Vec<&str> = text.lines().take(line).collect();
    1 + above.iter().rposition(|line| line.starts_with("[[")).unwrap()
}

#[test]
fn the_good_run_file_is_good() {
    let example = Example::new();
    example.good(&["check", "run.toml"]);
    example.good(&["run", "run.toml", "--paths", "50"]);
}

#[rustfmt::skip]
const KEYS: [Case; 15] = [
    case(("seed = 7", "seed = 7\nhorizn = 3"), "horizn = 3", "run.horizn", "", &["unknown key", "did you mean \"horizon_days\"?"]),
    case(("[security]", "[securty]"), "[securty]", "securty", "", &["unknown key", "did you mean \"security\"?"]),
    case(("security_slack = 0.55", "security_slak = 0.55"), "security_slak = 0.55", "security.security_slak", "", &["unknown key", "did you mean \"security_slack\"?"]),
    case(("epochs = 225", "epochs = 225\nseverity = 0.1"), "severity = 0.1", "source.severity", "", &["unknown key"]),
    case(("epochs = 225", "epochs = 225\nreach = \"allocated\""), "reach = \"allocated\"", "source.reach", "", &["unknown key"]),
    case(("{ group = \"prysm\" }", "{ group = \"prysm\", avs = \"da\" }"), "target = { group = \"prysm\", avs = \"da\" }", "source.target.avs", "", &["unknown key"]),
    case(("mean = 0.05,", "mean = 0.05, men = 1,"), "severity = { beta = { mean = 0.05, men = 1, concentration = 4.0 } }", "source.severity.beta.men", "", &["unknown key", "\"mean\"?"]),
    case(("name = \"small\"\n", ""), "network = \"network\"", "name", "", &["is missing", "name of the run"]),
    case(("name = \"small\"", "name = 5"), "name = 5", "name", "5", &["text in quotes"]),
    case(("network = \"network\"\n", ""), "name = \"small\"", "network", "", &["is missing", "folder of the network"]),
    case(("\n[dependence]\ncopula = \"student_t\"\ndf = 4\nfactors = [\"market\", \"operations\", \"code\"]\n", ""), "name = \"small\"", "dependence", "", &["is missing", "a silent correlation is a wrong one"]),
    case(("copula = \"student_t\"\ndf = 4\n", ""), "[dependence]", "dependence.copula", "", &["is missing", "gaussian, student_t or independent"]),
    case(("\"student_t\"", "\"studentt\""), "copula = \"studentt\"", "dependence.copula", "studentt", &["gaussian, student_t, independent", "did you mean \"student_t\"?"]),
    case(("df = 4\n", ""), "[dependence]", "dependence.df", "", &["is missing", "degrees of freedom"]),
    case(("df = 4", "df = -4"), "df = -4", "dependence.df", "-4", &["above 0"]),
];

#[test]
fn keys_and_dependence() {
    check(&KEYS);
}

#[rustfmt::skip]
const RUNS: [Case; 20] = [
    case(("0.975]", "99]"), "levels = [0.9, 99]", "run.levels", "99", &["a probability in (0, 1)", "write 0.99 for 99 %"]),
    case(("levels = [0.9, 0.975]", "levels = [0.9, 0.975]\nbudgets = [0.01, 5]"), "budgets = [0.01, 5]", "run.budgets", "5", &["(0, 1]"]),
    case(("levels = [0.9, 0.975]", "levels = [0.9, 0.975]\nbudgets = [0]"), "budgets = [0]", "run.budgets", "0", &["(0, 1]"]),
    case(("0.975]", "99.9]"), "levels = [0.9, 99.9]", "run.levels", "99.9", &["write 0.999 for 99.9 %"]),
    case(("0.975]", "1]"), "levels = [0.9, 1]", "run.levels", "1", &["a probability in (0, 1)"]),
    case(("0.975]", "nan]"), "levels = [0.9, nan]", "run.levels", "NaN", &["a probability in (0, 1)"]),
    case(("[0.9, 0.975]", "[]"), "levels = []", "run.levels", "[]", &["at least one"]),
    case(("[0.9, 0.975]", "0.9"), "levels = 0.9", "run.levels", "0.9", &["a list was expected"]),
    case(("levels = [0.9, 0.975]\n", ""), "[run]", "run.levels", "", &["is missing", "probabilities"]),
    case(("1_000", "0"), "paths = 0", "run.paths", "0", &["a whole number from 1 to"]),
    case(("1_000", "1e3"), "paths = 1e3", "run.paths", "1000", &["a whole number"]),
    case(("paths = 1_000\n", ""), "[run]", "run.paths", "", &["is missing", "until"]),
    case(("seed = 7", "seed = 7\nuntil = { metric = \"es\", scope = \"system\", level = 0.9, relative_error = 0.1, max_paths = 9 }"), "paths = 1_000", "run.paths", "1000", &["either `paths` or `until`", "not both"]),
    case(("paths = 1_000", "until = { metric = \"es\", scope = \"ezEHT\", level = 0.9, relative_error = 0.1, max_paths = 9 }"), "until = { metric = \"es\", scope = \"ezEHT\", level = 0.9, relative_error = 0.1, max_paths = 9 }", "run.until.scope", "ezEHT", &["system, a wrapped asset or a portfolio", "did you mean \"ezETH\"?"]),
    case(("paths = 1_000", "until = { metric = \"tvar\", scope = \"fund\", level = 0.9, relative_error = 0.1, max_paths = 9 }"), "until = { metric = \"tvar\", scope = \"fund\", level = 0.9, relative_error = 0.1, max_paths = 9 }", "run.until.metric", "tvar", &["mean, var, es", "did you mean \"var\"?"]),
    case(("horizon_days = 30", "horizon_days = 0"), "horizon_days = 0", "run.horizon_days", "0", &["a whole number from 1"]),
    case(("seed = 7", "seed = -7"), "seed = -7", "run.seed", "-7", &["a whole number from 0"]),
    case(("seed = 7", "seed = \"seven\""), "seed = \"seven\"", "run.seed", "seven", &["a whole number"]),
    case(("seed = 7\n", ""), "[run]", "run.seed", "", &["is missing", "random streams"]),
    case(("\"standard\"", "\"all\""), "detail = \"all\"", "run.detail", "all", &["summary, standard, paths"]),
];

const SAMPLING: [Case; 7] = [
    case(
        ("tail_paths = 10\n", "tail_paths = 10\n[sampling]\nmethod = \"importanse\"\n"),
        "method = \"importanse\"",
        "sampling.method",
        "importanse",
        &["plain, importance, auto, sobol", "did you mean \"importance\"?"],
    ),
    case(
        ("tail_paths = 10\n", "tail_paths = 10\n[sampling]\nscope = \"ezEHT\"\n"),
        "scope = \"ezEHT\"",
        "sampling.scope",
        "ezEHT",
        &["system_ex_price", "did you mean \"ezETH\"?"],
    ),
    case(
        ("tail_paths = 10\n", "tail_paths = 10\n[sampling]\nlevel = 99.9\n"),
        "level = 99.9",
        "sampling.level",
        "99.9",
        &["a probability in (0, 1)", "write 0.999"],
    ),
    case(
        ("tail_paths = 10\n", "tail_paths = 10\n[sampling]\nloss_eth = 0\n"),
        "loss_eth = 0",
        "sampling.loss_eth",
        "0",
        &["a finite number above 0"],
    ),
    case(
        ("tail_paths = 10\n", "tail_paths = 10\n[sampling]\nlevel = 0.99\nloss_eth = 5.0\n"),
        "loss_eth = 5.0",
        "sampling.loss_eth",
        "5",
        &["either `level` or `loss_eth`", "not both"],
    ),
    case(
        ("tail_paths = 10\n", "tail_paths = 10\n[sampling]\ndefensive_share = 0\n"),
        "defensive_share = 0",
        "sampling.defensive_share",
        "0",
        &["a probability in (0, 1)"],
    ),
    case(
        ("tail_paths = 10\n", "tail_paths = 10\n[sampling]\nmetod = \"plain\"\n"),
        "metod = \"plain\"",
        "sampling.metod",
        "",
        &["unknown key", "did you mean \"method\"?"],
    ),
];

#[test]
fn mistakes_in_sampling() {
    check(&SAMPLING);
}

#[test]
fn the_run() {
    check(&RUNS);
}

#[rustfmt::skip]
const TARGETS: [Case; 16] = [
    case(("\"client_outage\"", "\"client_outtage\""), "kind = \"client_outtage\"", "source.kind", "client_outtage", &["avs_incident", "did you mean \"client_outage\"?"]),
    case(("kind = \"exploit\"", "id = \"x\""), "^id = \"x\"", "source.kind", "", &["is missing"]),
    case(("target = { asset = \"ezETH\" }\n", ""), "^kind = \"exploit\"", "source.target", "", &["is missing"]),
    case(("\"bridge\"", "\"brigde\""), "target = { avs = \"brigde\", operator = [\"A\", \"B\"] }", "target.avs", "brigde", &["an AVS", "did you mean \"bridge\"?"]),
    case(("[\"A\", \"B\"]", "[\"A\", \"D\"]"), "target = { avs = \"bridge\", operator = [\"A\", \"D\"] }", "target.operator", "D", &["an operator", "none of that name"]),
    case(("{ operator = \"C\" }", "{ operator = \"c\" }"), "target = { operator = \"c\" }", "target.operator", "c", &["operator", "did you mean \"C\"?"]),
    case(("{ operator = \"C\" }", "{ operator = [] }"), "target = { operator = [] }", "source.target.operator", "[]", &["a name, a list of names or \"*\""]),
    case(("{ operator = \"C\" }", "{ operator = 3 }"), "target = { operator = 3 }", "source.target.operator", "3", &["a name, a list of names or \"*\""]),
    case(("{ operator = \"C\" }", "{}"), "target = {}", "source.target.operator", "", &["is missing", "a name"]),
    case(("{ avs = \"bridge\", operator = [\"A\", \"B\"] }", "{}"), "target = {}", "source.target", "", &["avs or operator"]),
    case(("{ asset = \"ezETH\" }", "{ asset = \"exETH\" }"), "target = { asset = \"exETH\" }", "target.asset", "exETH", &["wrapped asset", "did you mean \"ezETH\"?"]),
    case(("{ asset = \"ezETH\" }", "{ asset = \"ETH\" }"), "target = { asset = \"ETH\" }", "target.asset", "ETH", &["wrapped asset"]),
    case(("{ group = \"prysm\" }", "{ group = \"prism\" }"), "target = { group = \"prism\" }", "target.group", "prism", &["group", "did you mean \"prysm\"?"]),
    case(("{ group = \"prysm\" }", "{}"), "target = {}", "source.target", "", &["group or group_kind"]),
    case(("{ group_kind = \"cloud\" }", "{ group_kind = \"clod\" }"), "target = { group_kind = \"clod\" }", "target.group_kind", "clod", &["a kind of group", "did you mean \"cloud\"?"]),
    case(("effect = \"avs_fault\"", "effect = \"avs_falt\""), "effect = \"avs_falt\"", "source.effect", "avs_falt", &["operator_compromise", "did you mean \"avs_fault\"?"]),
];

#[test]
fn kinds_and_targets() {
    check(&TARGETS);
}

#[rustfmt::skip]
const SOURCES: [Case; 28] = [
    case(("rate = 0.002\n", ""), SOURCE_EXPLOIT, "source.rate", "", &["is missing", "events a year"]),
    case(("rate = 0.002", "rate = -0.002"), "rate = -0.002", "source.rate", "-0.002", &["at least 0"]),
    case(("rate = 0.002", "rate = inf"), "rate = inf", "source.rate", "inf", &["finite"]),
    case(("rate = 0.002", "rate = \"rare\""), "rate = \"rare\"", "source.rate", "rare", &["a number was expected"]),
    case((" exposure_years = 10.0,", ""), "rate = { events = 1, label = \"incidents\" }", "source.rate.exposure_years", "", &["is missing", "evidence"]),
    case(("exposure_years = 10.0", "exposure_years = 0"), "rate = { events = 1, exposure_years = 0, label = \"incidents\" }", "source.rate.exposure_years", "0", &["above 0"]),
    case(("events = 1,", ""), "rate = {  exposure_years = 10.0, label = \"incidents\" }", "source.rate.events", "", &["is missing", "evidence"]),
    case(("severity = 0.02\n", ""), SOURCE_GROUP, "source.severity", "", &["is missing", "empirical"]),
    case(("severity = 0.02", "severity = 2"), "severity = 2", "source.severity", "2", &["a fraction in [0, 1]", "write 0.02 for 2 %"]),
    case(("severity = 0.02", "severity = nan"), "severity = nan", "source.severity", "NaN", &["a fraction in [0, 1]"]),
    case(("{ empirical = [0.125, 1.0] }", "{ lognormal = 1.0 }"), "severity = { lognormal = 1.0 }", "source.severity", "lognormal", &["one of the forms beta, uniform, generalized_pareto, mixture, empirical"]),
    case(("mean = 0.05", "mean = 1.2"), "severity = { beta = { mean = 1.2, concentration = 4.0 } }", "source.severity.beta.mean", "1.2", &["in (0, 1)", "write 0.012"]),
    case(("mean = 0.05, concentration = 4.0", "mean = 1e-300, concentration = 1e-300"), "severity = { beta = { mean = 1e-300, concentration = 1e-300 } }", "source.severity.beta", "", &["mean", "concentration"]),
    case((", concentration = 4.0", ""), "severity = { beta = { mean = 0.05 } }", "source.severity.beta.concentration", "", &["is missing"]),
    case(("{ empirical = [0.125, 1.0] }", "{ empirical = [0.125], uniform = [0.0, 1.0] }"), "severity = { empirical = [0.125], uniform = [0.0, 1.0] }", "source.severity", "", &["one form was expected"]),
    case(("uniform = [0.1, 0.3]", "uniform = [0.3, 0.1]"), "severity = { mixture = { at_one = 0.05, else = { uniform = [0.3, 0.1] } } }", "source.severity.mixture.else.uniform", "[0.3, 0.1]", &["[low, high] was expected"]),
    case(("[0.125, 1.0]", "[]"), "severity = { empirical = [] }", "source.severity.empirical", "[]", &["at least one"]),
    case(("[0.125, 1.0]", "[0.125, 1.5]"), "severity = { empirical = [0.125, 1.5] }", "source.severity.empirical", "1.5", &["a fraction in [0, 1]"]),
    case((", else = { uniform = [0.1, 0.3] }", ""), "severity = { mixture = { at_one = 0.05 } }", "source.severity.mixture.else", "", &["is missing"]),
    case(("scale = 0.01", "scale = 0"), "severity = { generalized_pareto = { threshold = 0.0, shape = 0.5, scale = 0 } }", "source.severity.generalized_pareto.scale", "0", &["above 0"]),
    case(("participation = 0.6", "participation = 2"), "participation = 2", "source.participation", "2", &["a fraction in [0, 1]"]),
    case(("effect = \"avs_fault\"\n", ""), SOURCE_GROUP, "source.effect", "", &["is missing", "each member"]),
    case(("epochs = 225\n", ""), SOURCE_OUTAGE, "source.epochs", "", &["is missing"]),
    case(("epochs = 225", "epochs = -225"), "epochs = -225", "source.epochs", "-225", &["at least 0"]),
    case(("reach = \"all\"", "reach = \"al\""), "reach = \"al\"", "source.reach", "al", &["allocated, all"]),
    case(("{ operations = 0.35, code = 0.2 }", "{ operatons = 0.35 }"), "loadings = { operatons = 0.35 }", "loadings", "operatons", &["a factor of [dependence]", "did you mean \"operations\"?"]),
    case(("code = 0.2 }", "code = 0.95 }"), "loadings = { operations = 0.35, code = 0.95 }", "source.loadings", "", &["sum to at most 1", "1.025"]),
    case(("code = 0.2 }", "code = 1.5 }"), "loadings = { operations = 0.35, code = 1.5 }", "source.loadings.code", "1.5", &["[-1, 1]"]),
];
const SOURCE_EXPLOIT: &str = "^kind = \"exploit\"";
const SOURCE_GROUP: &str = "^kind = \"group_incident\"";
const SOURCE_OUTAGE: &str = "^kind = \"client_outage\"";

#[test]
fn rates_severities_and_loadings() {
    check(&SOURCES);
}

#[rustfmt::skip]
const SECTIONS: [Case; 15] = [
    case(("[noise.ezETH]", "[noise.ezEHT]"), "[noise.ezEHT]", "noise.ezEHT", "ezEHT", &["a wrapped asset", "did you mean \"ezETH\"?"]),
    case(("beta_market = 0.45", "beta_market = 2"), "beta_market = 2", "noise.default.beta_market", "2", &["[-1, 1]"]),
    case(("sigma_daily = 0.001", "sigma_daily = -0.001"), "sigma_daily = -0.001", "noise.ezETH.sigma_daily", "-0.001", &["at least 0"]),
    case(("tolerance = 0.003", "tolerance = 3"), "tolerance = 3", "redemption.default.tolerance", "3", &["write 0.03 for 3 %"]),
    case(("35_000_000.0", "1_500.0"), "total_active_eth = 1_500.0", "beacon.total_active_eth", "1500", &["1550 ETH"]),
    case(("enabled = true", "enabled = \"yes\""), "enabled = \"yes\"", "cascade.enabled", "yes", &["true or false"]),
    case(("\"worse\"", "\"base\""), "^name = \"base\"", "scenario.name", "base", &["always there"]),
    case(("\"slack\"", "\"worse\""), "^set = { \"security.security_slack\" = 0.15 }", "scenario.name", "worse", &["no other scenario"]),
    case(("name = \"slack\"\n", ""), "^set = { \"security.security_slack\" = 0.15 }", "scenario.name", "", &["is missing"]),
    case(("source.avs_fault.rate", "source.avs_falt.rate"), "^scale = { \"source.avs_falt.rate\" = 10.0 }", "in scenario \"worse\": source.avs_falt.rate", "", &["no [[source]]", "\"avs_falt\"", "did you mean \"avs_fault\"?"]),
    case(("source.avs_fault.rate", "source.avs_fault.severity"), "^scale = { \"source.avs_fault.severity\" = 10.0 }", "in scenario \"worse\": source.avs_fault.severity", "", &["a number can be scaled"]),
    case(("\"source.avs_fault.rate\" = 10.0", "\"source.avs_fault.rate\" = -1"), "scale = { \"source.avs_fault.rate\" = -1 }", "scenario.scale.source.avs_fault.rate", "-1", &["at least 0"]),
    case(("\"security.security_slack\" = 0.15", "\"security.security_slak\" = 0.15"), "set = { \"security.security_slak\" = 0.15 }", "in scenario \"slack\": security.security_slak", "", &["unknown key", "did you mean \"security_slack\"?"]),
    case(("\"security.security_slack\" = 0.15", "\"run.levels\" = [99]"), "set = { \"run.levels\" = [99] }", "in scenario \"slack\": run.levels", "99", &["write 0.99"]),
    case(("\"security.security_slack\" = 0.15", "\"network\" = \"other\""), "^set = { \"network\" = \"other\" }", "in scenario \"slack\": network", "", &["of the whole run"]),
];

#[test]
fn other_sections_and_scenarios() {
    check(&SECTIONS);
}

#[rustfmt::skip]
const BEHAVIOUR: [Case; 27] = [
    case(("tolerance = 0.003", "tolerence = 0.003"), "tolerence = 0.003", "redemption.default.tolerence", "", &["unknown key", "did you mean \"tolerance\"?"]),
    case(("tolerance = 0.003", "base = 2"), "base = 2", "redemption.default.base", "2", &["write 0.02 for 2 %"]),
    case(("tolerance = 0.003", "on_yield_drop = -1"), "on_yield_drop = -1", "redemption.default.on_yield_drop", "-1", &["at least 0"]),
    case(("tolerance = 0.003", "max_sale_discount = 1"), "max_sale_discount = 1", "redemption.default.max_sale_discount", "1", &["[0, 1)"]),
    case(("tolerance = 0.003", "impatience_days = 0"), "impatience_days = 0", "redemption.default.impatience_days", "0", &["above 0"]),
    case(("[redemption.default]", "[redemption.ezEHT]"), "[redemption.ezEHT]", "redemption.ezEHT", "ezEHT", &["`default` or a wrapped asset", "did you mean \"ezETH\"?"]),
    case(("[redemption.default]", "[redemption.ETH]"), "[redemption.ETH]", "redemption.ETH", "ETH", &["a wrapped asset"]),
    case(("security_slack = 0.55", "security_slack = -1"), "security_slack = -1", "security.security_slack", "-1", &["at least 0"]),
    case(("security_slack = 0.55", "attack_prob = 5"), "attack_prob = 5", "security.attack_prob", "5", &["write 0.05 for 5 %"]),
    case(("security_slack = 0.55", "loss_given_attack = 1.5"), "loss_given_attack = 1.5", "security.loss_given_attack", "1.5", &["[0, 1]"]),
    case(("enabled = true", "max_rounds = 0"), "max_rounds = 0", "cascade.max_rounds", "0", &["a whole number from 1 to 10000"]),
    case(("enabled = true", "oracle_reads_per_day = 1.5"), "oracle_reads_per_day = 1.5", "cascade.oracle_reads_per_day", "1.5", &["a whole number"]),
    case(("35_000_000.0", "35e6\nexit_queue_eth = -1"), "exit_queue_eth = -1", "beacon.exit_queue_eth", "-1", &["at least 0"]),
    case(("[security]", "[lending]\nrun_max = 2\n\n[security]"), "run_max = 2", "lending.run_max", "2", &["write 0.02 for 2 %"]),
    case(("[security]", "[lending]\nunwind_max = -1\n\n[security]"), "unwind_max = -1", "lending.unwind_max", "-1", &["[0, 1]"]),
    case(("[security]", "[lending]\nrun_on_bad_debt = inf\n\n[security]"), "run_on_bad_debt = inf", "lending.run_on_bad_debt", "inf", &["finite"]),
    case(("[security]", "[lending]\nunwind_on_cary = 1\n\n[security]"), "unwind_on_cary = 1", "lending.unwind_on_cary", "", &["unknown key", "did you mean \"unwind_on_carry\"?"]),
    case(("[security]", "[lendin]\n\n[security]"), "[lendin]", "lendin", "", &["unknown key", "did you mean \"lending\"?"]),
    case(("[security]", "[yield]\nstaking = -0.5\n\n[security]"), "staking = -0.5", "yield.staking", "-0.5", &["at least 0"]),
    case(("[security]", "[yield]\nfrom_day = \"5\"\n\n[security]"), "from_day = \"5\"", "yield.from_day", "5", &["a number was expected"]),
    case(("[security]", "[yield]\ncampain = 0\n\n[security]"), "campain = 0", "yield.campain", "", &["unknown key", "did you mean \"campaign\"?"]),
    case(("rate = 0.002", "rate = 0.002\nsale_days = 0"), "sale_days = 0", "source.sale_days", "0", &["above 0"]),
    case(("rate = 0.002", "rate = 0.002\npledge_share = 0.5"), "pledge_share = 0.5", "source.pledge_share", "", &["unknown key"]),
    case(("rate = 0.4\nepochs = 225", "rate = 0.4\nepochs = 225\n\n[[source]]\nkind = \"unbacked_mint\"\nrate = 1\nseverity = 0.1\ntarget = { asset = \"*\" }\npledge_share = 5"), "pledge_share = 5", "source.pledge_share", "5", &["write 0.05 for 5 %"]),
    case(("rate = 0.4\nepochs = 225", "rate = 0.4\nepochs = 225\n\n[[source]]\nkind = \"reserve_withdrawal\"\nrate = 1\nseverity = 0.1\ntarget = { reserve = \"core\" }"), "target = { reserve = \"core\" }", "target.reserve", "core", &["a lending reserve", "none of that name"]),
    case(("rate = 0.4\nepochs = 225", "rate = 0.4\nepochs = 225\n\n[[source]]\nkind = \"reserve_withdrawal\"\nrate = 1\nseverity = 0.1\ntarget = {}"), "target = {}", "source.target.reserve", "", &["is missing", "a name"]),
    case(("set = { \"security.security_slack\" = 0.15 }", "scale = { \"redemption.default.tolerance\" = 1e6 }"), "tolerance = 0.003", "in scenario \"slack\": redemption.default.tolerance", "3000", &["[0, 1]"]),
];

#[test]
fn behaviour_of_holders_attackers_and_lenders() {
    check(&BEHAVIOUR);
}

/// A good event; what is broken is swapped in it.
const EVENT: &str = "[[event]]\nscenario = \"worse\"\nkind = \"exploit\"\n\
                     target = { asset = \"stETH\" }\nday = 2.5\nseverity = 0.125\n";
/// A good sweep likewise; two values by three.
const SWEEP: &str = "\n[sweep]\n\"source.client_outage.epochs\" = { scale = [1, 2] }\n\
                     \"security.attack_prob\" = { set = [0.0, 0.1, 0.2] }\n";

/// As [`check`], of files with an event and a sweep, in which the mistakes are.
#[track_caller]
fn check_added(cases: &[Case]) {
    let faults = cases.iter().filter_map(|Case { swap: (from, to), line, key, found, words }| {
        let added = format!("{EVENT}{SWEEP}");
        assert_eq!(added.matches(from).count(), 1, "{from:?} is not there once");
        let example = Example::new();
        let added = format!("{}\n[noise.default]", added.replace(from, to));
        example.swap("run.toml", "[noise.default]", &added);
        let place = format!("run.toml, line {}", example.line("run.toml", line));
        match &problems_of(&example, &["run", "run.toml"])[..] {
            [problem] => Expected { place, key, found, words }.fault_in(problem),
            problems => Some(format!("{from:?} -> {to:?}: {problems:#?}")),
        }
    });
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_good_event_and_sweep_run() {
    let example = Example::new();
    let added = format!("{EVENT}{SWEEP}\n[noise.default]");
    example.swap("run.toml", "[noise.default]", &added);
    example.good(&["run", "run.toml", "--paths", "50"]);
    let manifest = example.json("results/small/manifest.json");
    let paths = manifest["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 3 + 2 * 3);
    assert!(paths.contains_key("source.client_outage.epochs x2, security.attack_prob=0.1"));
    assert_eq!(manifest["not_applied"], serde_json::json!(["`event`"]));
}

#[rustfmt::skip]
const EVENTS: [Case; 11] = [
    case(("\"stETH\"", "\"stEHT\""), "target = { asset = \"stEHT\" }", "target.asset", "stEHT", &["a wrapped asset", "did you mean \"stETH\"?"]),
    case(("asset =", "operator = \"A\", asset ="), "target = { operator = \"A\", asset = \"stETH\" }", "event.target.operator", "", &["unknown key"]),
    case(("\"exploit\"", "\"exploits\""), "kind = \"exploits\"", "event.kind", "exploits", &["did you mean \"exploit\"?"]),
    case(("kind = \"exploit\"\n", ""), "[[event]]", "event.kind", "", &["is missing"]),
    case(("target = { asset = \"stETH\" }\n", ""), "[[event]]", "event.target", "", &["is missing"]),
    case(("2.5", "0"), "day = 0", "event.day", "0", &["above 0"]),
    case(("day = 2.5\n", ""), "[[event]]", "event.day", "", &["is missing", "days from the as-of date"]),
    case(("\"worse\"", "\"worst\""), "scenario = \"worst\"", "event.scenario", "worst", &["a scenario of this file", "did you mean \"worse\"?"]),
    case(("0.125", "12.5"), "severity = 12.5", "event.severity", "12.5", &["write 0.125 for 12.5 %"]),
    case(("= 0.125", "= { empirical = [0.1] }"), "severity = { empirical = [0.1] }", "event.severity", "{ empirical = [0.1] }", &["a number was expected"]),
    case(("day = 2.5", "day = 2.5\nloadings = { code = 0.5 }"), "loadings = { code = 0.5 }", "event.loadings", "", &["unknown key"]),
];

#[test]
fn events() {
    check_added(&EVENTS);
}

#[rustfmt::skip]
const SWEEPS: [Case; 6] = [
    case(("0.1, 0.2]", "0.1, 5]"), "\"security.attack_prob\" = { set = [0.0, 0.1, 5] }", "in scenario \"source.client_outage.epochs x1, security.attack_prob=5\": security.attack_prob", "5", &["write 0.05 for 5 %"]),
    case(("client_outage.", "client_outtage."), "\"source.client_outtage.epochs\" = { scale = [1, 2] }", "in scenario \"source.client_outtage.epochs x1, security.attack_prob=0\": source.client_outtage.epochs", "", &["no [[source]]", "did you mean \"client_outage\"?"]),
    case(("scale = [1, 2]", "scale = 2"), "\"source.client_outage.epochs\" = { scale = 2 }", "sweep.source.client_outage.epochs.scale", "2", &["a list was expected"]),
    case(("set = [0.0, 0.1, 0.2]", ""), "\"security.attack_prob\" = {  }", "sweep.security.attack_prob", "", &["either", "set = [..]"]),
    case(("\"security.attack_prob\"", "\"run.horizon_days\""), "\"run.horizon_days\" = { set = [0.0, 0.1, 0.2] }", "sweep.run.horizon_days", "", &["of the whole run"]),
    case(("1, 2]", "1, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84]"), "[sweep]", "sweep", "", &["at most 256 scenarios", "there are 258"]),
];

#[test]
fn sweeps() {
    check_added(&SWEEPS);
}

#[test]
fn changes_from_the_command_line() {
    let problem = |args: &[&str], key, found, words| {
        let problems = problems_of(&Example::new(), &[&["run", "run.toml"], args].concat());
        let place = "--set".to_owned();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert_eq!(Expected { place, key, found, words }.fault_in(&problems[0]), None);
    };
    problem(&["--set", "run.seed"], "", "run.seed", &["KEY=VALUE was expected"]);
    problem(&["--set", "run.sede=3"], "run.sede", "", &["unknown key", "did you mean \"seed\"?"]);
    problem(&["--set", "run..seed=3"], "", "run..seed=3", &["a dotted key"]);
    problem(&["--set", "run.seed.x=3"], "", "run.seed.x=3", &["not a table"]);
    problem(&["--set", "run.horizon_days=0"], "run.horizon_days", "0", &["a whole number from 1"]);
    problem(&["--set", "run.levels=[99]"], "run.levels", "99", &["write 0.99 for 99 %"]);
    problem(&["--set", "dependence.copula=frank"], "dependence.copula", "frank", &["student_t"]);
    let source = "source.avs_falt.rate=1";
    problem(&["--set", source], "", source, &["no [[source]]", "did you mean \"avs_fault\"?"]);
    let both = ["--set", "run.sede=3", "--set", "source.exploit.rate=-1"];
    assert_eq!(problems_of(&Example::new(), &[&["run", "run.toml"], &both[..]].concat()).len(), 2);
}

#[test]
fn arguments() {
    for (args, words) in [
        (&["--seed", "-1"][..], &["-1"][..]),
        (&["--seed", "7.5"], &["--seed", "7.5", "invalid digit"]),
        (&["--seed", "9223372036854775808"], &["--seed", "9223372036854775807"]),
        (&["--paths", "0"], &["--paths", "0", "1..=1000000000000"]),
        (&["--threads", "0"], &["--threads", "1..=1024"]),
        (&["--treads", "1"], &["--treads", "--threads"]),
    ] {
        let example = Example::new();
        let before = example.tree();
        let output = example.slashfall(&[&["run", "run.toml"], args].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(stdout(&output), "");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} in {said}");
        assert!(example.tree() == before, "{args:?} left something behind");
    }
}

/// Breaks the example freely; expects one problem a line of `expected`, in order.
#[track_caller]
fn check_all(breaking: impl FnOnce(&Example), args: &[&str], expected: &[&[&str]]) {
    let example = Example::new();
    breaking(&example);
    let problems = problems_of(&example, args);
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, words) in problems.iter().zip(expected) {
        assert!(words.iter().all(|word| problem.contains(word)), "{words:?} in {problem}");
    }
}

#[test]
fn the_file_itself() {
    let run = ["run", "run.toml"];
    let missing: &[&[&str]] = &[&["error: nowhere.toml: ", "cannot be read", "No such file"]];
    check_all(|_| {}, &["run", "nowhere.toml"], missing);
    check_all(|_| {}, &["run", "network"], &[&["error: network: ", "cannot be read", "directory"]]);
    let not_utf8: &[&[&str]] = &[&["error: run.toml: ", "UTF-8", "byte 2"]];
    check_all(|e| e.write("run.toml", b"a \xFF = 3\n"), &run, not_utf8);
    check_all(
        |e| e.write("run.toml", b""),
        &run,
        &[
            &["run.toml, line 1, key `name`: is missing"],
            &["key `network`: is missing"],
            &["key `run`: is missing"],
            &["key `dependence`: is missing"],
        ],
    );
    check_all(
        |e| {
            e.swap("run.toml", "seed = 7", "seed 7");
            e.swap("run.toml", "epochs = 225", "epochs 225");
        },
        &run,
        &[&["run.toml, line 5: not valid TOML"], &["run.toml, line 55: not valid TOML"]],
    );
    check_all(
        |e| e.swap("run.toml", "df = 4", "df = 4\ndf = 5"),
        &run,
        &[&["run.toml, line 15: not valid TOML", "duplicate key"]],
    );
    let nowhere: &[&[&str]] = &[&["error: nowhere", "a network folder was expected"]];
    check_all(|e| e.swap("run.toml", "\"network\"", "\"nowhere\""), &run, nowhere);
    check_all(|_| {}, &["run", "run.toml", "--set", "network=nowhere"], nowhere);
}

#[test]
fn everything_at_once() {
    check_all(
        |e| {
            e.swap("run.toml", "0.975]", "97.5]");
            e.swap("run.toml", "enabled", "enable");
            e.swap("run.toml", "rate = 0.07", "rate = -0.07");
            e.swap("network/holdings.csv", "1000", "NaN");
            e.swap("network/allocations.csv", "bridge,A,ETH,0.3", "bridge,A,ETH,0.6");
        },
        &["run", "run.toml"],
        &[
            &["run.toml, line 8, key `run.levels`: found \"97.5\"", "write 0.975 for 97.5 %"],
            &["run.toml, line 48, key `source.rate`: found \"-0.07\""],
            &["run.toml, line 80, key `cascade.enable`: unknown key", "\"enabled\"?"],
            &["holdings.csv, row 1 (line 2), column `amount_eth`: found \"NaN\""],
            &["allocations.csv, row 2 (line 3), column `fraction`: found \"0.6\"", "1.1"],
        ],
    );
}

#[test]
fn one_mistake_in_a_source_hides_no_other() {
    check_all(
        |e| {
            e.swap("run.toml", "target = { asset = \"ezETH\" }\n", "colour = 1\n");
            e.swap("run.toml", "[0.125, 1.0]", "[]");
            e.swap("run.toml", "effect = \"avs_fault\"", "colour = 2");
            e.swap("run.toml", "severity = 0.02", "severity = 2");
            e.swap("run.toml", "kind = \"operator_compromise\"", "kind = \"compromise\"");
            e.swap("run.toml", "rate = 0.01", "rate = -0.01");
        },
        &["run", "run.toml"],
        &[
            &["`source.kind`: found \"compromise\""],
            &["`source.rate`: found \"-0.01\""],
            &["`source.effect`: is missing"],
            &["`source.severity`: found \"2\""],
            &["`source.colour`: unknown key"],
            &["`source.target`: is missing"],
            &["`source.severity.empirical`: found \"[]\""],
            &["`source.colour`: unknown key"],
        ],
    );
}

#[test]
fn one_mistake_in_an_event_hides_no_other() {
    check_all(
        |e| {
            let event =
                EVENT.replace("stETH", "stEHT").replace("2.5", "0").replace("0.125", "12.5");
            let text = e.read("run.toml") + &event.replace("worse", "base");
            e.write("run.toml", text.as_bytes());
        },
        &["run", "run.toml"],
        &[
            &["`event.day`: found \"0\""],
            &["`event.severity`: found \"12.5\""],
            &["`target.asset`: found \"stEHT\"", "\"stETH\"?"],
        ],
    );
}

#[test]
fn places_that_cannot_take_a_result() {
    for (occupied, words) in [
        ("results/small/manifest.json", "results/small exists already"),
        ("results/small/thesis.tex", "not a result of this program"),
    ] {
        let example = Example::new();
        std::fs::create_dir_all(example.path("results/small")).unwrap();
        example.write(occupied, b"mine");
        let before = example.tree();
        let output = example.slashfall(&["run", "run.toml"]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(stdout(&output), "");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert!(example.tree() == before);
    }
    let example = Example::new();
    let before = example.tree();
    let output = example.slashfall(&["run", "run.toml", "-o", "network", "--overwrite"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("network exists and is not a result"));
    assert!(example.tree() == before);
}
