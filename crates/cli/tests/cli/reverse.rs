//! Reverse stress finds on `tiny` what a reader finds on paper, and says how likely it is.

use std::path::Path;

use serde_json::Value;

use crate::example::{Example, problems_of, stderr};
use crate::table::Table;

/// A year of three faults and a compromise, independent of one another, without market and cascade.
///
/// Slashed in full, by SOURCES.md of `tiny`: Y takes half of the 100 ETH at op-c, X a quarter of the 200 at op-b, Y
/// a quarter of the 200 ETH at op-a, 50 ETH each; a compromise takes all of the 200 at op-b. Holders have 250 tLST
/// outside tLRT, 350 tLRT and 200 ETH of their own: 800 ETH, an eighth of which is 100. So what leads to a loss of
/// an eighth is the compromise, or two of the faults, whichever comes first.
const RUN: &str = r#"name = "reverse"
network = "NETWORK"
[run]
seed = 11
paths = 20_000
horizon_days = 365
levels = [0.9, 0.99]
detail = "summary"
tail_paths = 20_000
[dependence]
copula = "independent"
[[source]]
kind = "avs_fault"
target = { avs = "Y", operator = ["op-a", "op-c"] }
rate = FAULT
severity = 1.0
[[source]]
kind = "avs_fault"
target = { avs = "X", operator = "op-b" }
rate = FAULT
severity = 1.0
[[source]]
kind = "operator_compromise"
target = { operator = "op-b" }
reach = "all"
rate = COMPROMISE
[cascade]
enabled = false
"#;

const COMPROMISE: &str = "operator_compromise/op-b";
const PAIRS: [[&str; 2]; 3] = [
    ["avs_fault/X/op-b", "avs_fault/Y/op-a"],
    ["avs_fault/X/op-b", "avs_fault/Y/op-c"],
    ["avs_fault/Y/op-a", "avs_fault/Y/op-c"],
];

/// Rates a year of each fault and of the compromise.
#[derive(Clone, Copy)]
struct Rates {
    fault: f64,
    compromise: f64,
}

const OFTEN: Rates = Rates { fault: 0.3, compromise: 0.1 };
const SELDOM: Rates = Rates { fault: 0.05, compromise: 0.01 };

impl Rates {
    /// `(1 - e^(-r)) / r` at the rate of the compromise and of `n` faults.
    fn over_a_year(self, n: f64) -> f64 {
        let rate = self.compromise + n * self.fault;
        -(-rate).exp_m1() / rate
    }

    /// The compromise before the second fault, within a year: with `q = e^(-fault t)` there are fewer
    /// than two faults with `3 q^2 - 2 q^3`.
    fn compromise_first(self) -> f64 {
        self.compromise * (3.0 * self.over_a_year(2.0) - 2.0 * self.over_a_year(3.0))
    }

    /// A given pair of faults first: the second fault has the density `6 fault (q^2 - q^3)`, and the
    /// three pairs are alike.
    fn pair_first(self) -> f64 {
        2.0 * self.fault * (self.over_a_year(2.0) - self.over_a_year(3.0))
    }
}

/// A folder with a result of the run file above.
fn played(rates: Rates, more: &[&str]) -> Example {
    let example = Example::empty();
    let network = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/networks/tiny");
    let run = RUN
        .replace("NETWORK", &network.display().to_string())
        .replace("FAULT", &rates.fault.to_string())
        .replace("COMPROMISE", &rates.compromise.to_string());
    example.write("run.toml", run.as_bytes());
    let run = ["run", "run.toml", "--allow-outside", "-o", "result", "--quiet"];
    example.good(&[&run[..], more].concat());
    example
}

const ASKED: [&str; 4] = ["reverse", "result", "--loss", ">= 12.5 %"];

fn page(example: &Example, more: &[&str]) -> Value {
    serde_json::from_str(&example.good(&[&ASKED[..], &["--json"], more].concat())).unwrap()
}

fn set<'p>(page: &'p Value, names: &[&str]) -> &'p Value {
    let sets = page["most_likely"].as_array().unwrap();
    let found = sets.iter().find(|set| set["first_events"] == Value::from(names.to_vec()));
    found.unwrap_or_else(|| panic!("{names:?} is not in {page:#}"))
}

#[track_caller]
fn within(estimate: &Value, exact: f64, relative_error: f64) {
    let [value, std_err] = ["value", "std_err"].map(|key| estimate[key].as_f64().unwrap());
    assert!((value - exact).abs() < 4.0 * std_err, "{value} ± {std_err}, not {exact}");
    assert!(std_err < relative_error * exact, "{value} ± {std_err} tells too little");
    let limit = |key: &str| estimate[key].as_f64().unwrap();
    assert!(limit("ci_low") < value && value < limit("ci_high"));
}

/// What a page should say of a run with these rates, and how well it has to know it.
#[track_caller]
fn holds(page: &Value, rates: Rates, relative_error: f64) {
    let within = |estimate: &Value, exact| within(estimate, exact, relative_error);
    let (one, pair) = (rates.compromise_first(), rates.pair_first());
    let all = one + 3.0 * pair;
    within(&page["probability"], all);
    assert_eq!((&page["value_eth"], &page["at_least_eth"]), (&800.0.into(), &100.0.into()));
    assert_eq!((&page["n_sets"], &page["share_of_market_alone"]), (&4.into(), &0.0.into()));
    let compromise = set(page, &[COMPROMISE]);
    within(&compromise["probability"], one);
    within(&compromise["share"], one / all);
    let fires = -(-rates.compromise).exp_m1();
    assert!((compromise["all_fire"]["value"].as_f64().unwrap() - fires).abs() < 1e-12);
    let both = (-rates.fault).exp_m1().powi(2);
    for names in PAIRS {
        let found = set(page, &names);
        within(&found["probability"], pair);
        assert!((found["all_fire"]["value"].as_f64().unwrap() / both - 1.0).abs() < 1e-8);
        assert_eq!(found["all_fire"]["std_err"], 0.0);
    }
    let smallest: Vec<u64> = page["smallest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| set["n_events"].as_u64().unwrap())
        .collect();
    assert_eq!(smallest, [1, 2, 2, 2]);
    let patterns = page["patterns"].as_array().unwrap();
    assert_eq!(patterns.len(), 2);
    for pattern in patterns {
        let is_pair = pattern["kinds"] == Value::from(vec!["avs_fault"; 2]);
        within(&pattern["probability"], if is_pair { 3.0 * pair } else { one });
        assert_eq!(pattern["n_sets"], if is_pair { 3 } else { 1 });
    }
}

#[test]
fn tiny_has_the_sets_that_are_found_on_paper() {
    // So many that an error of a hundredth of the probability would show.
    let example = played(OFTEN, &["--paths", "400000", "--set", "run.tail_paths=400000"]);
    let before = example.tree();
    let listed = page(&example, &["--paths", "1000000"]);
    holds(&listed, OFTEN, 0.007);
    assert_eq!(listed["drawn_again"], false);
    assert_eq!(listed["n_looked_at"], listed["n_leading"]);
    // A sample of the paths says the same within its errors, which are larger.
    let sampled = page(&example, &["--paths", "1000"]);
    assert_eq!(sampled["n_looked_at"], 1_000);
    holds(&sampled, OFTEN, 0.07);
    let error = |page: &Value| set(page, &PAIRS[0])["probability"]["std_err"].as_f64().unwrap();
    assert!(error(&sampled) > 2.0 * error(&listed));
    // The same of ETH as of percent.
    let eth = ["reverse", "result", "--loss", "100 ETH", "--json", "--paths", "1000"];
    assert_eq!(serde_json::from_str::<Value>(&example.good(&eth)).unwrap(), sampled);
    assert!(example.tree() == before, "something was written");
}

/// Paths that the result does not list are drawn again, and are the same.
#[test]
fn paths_drawn_again_are_those_listed() {
    let example = played(OFTEN, &[]);
    let short = ["run", "run.toml", "--allow-outside", "-o", "short", "--quiet"];
    let short = [&short[..], &["--set", "run.tail_paths=50"]].concat();
    example.good(&short);
    let listed = page(&example, &[]);
    let args = ["reverse", "short", "--loss", ">= 12.5 %", "--json"];
    let output = example.slashfall(&args);
    assert!(stderr(&output).contains("note: the 20,000 paths of scenario base are drawn again"));
    let text = String::from_utf8(output.stdout).unwrap().replace("replay short ", "replay result ");
    let mut drawn: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(drawn["drawn_again"], true);
    drawn["drawn_again"] = false.into();
    assert_eq!(drawn, listed);
}

/// The commands that are printed replay paths on which the set fired and the loss is as much.
#[test]
fn commands_replay_the_sets() {
    let example = played(OFTEN, &[]);
    let text = example.good(&ASKED);
    for part in [
        "a loss of system_ex_price of at least 100 ETH (12.5 % of day 0)",
        "evenly spread by loss, were looked at",
        "These 4 of the 4 sets found explain 100.0 % of it, the market alone 0 %.",
        "avs_fault/Y/op-a + avs_fault/Y/op-c",
        "2 avs_fault",
        "slashfall replay result --path ",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let page = page(&example, &[]);
    for set in page["most_likely"].as_array().unwrap() {
        let command = set["replay"].as_str().unwrap().strip_prefix("slashfall ").unwrap();
        let args: Vec<&str> = command.split(' ').chain(["--json"]).collect();
        let story: Value = serde_json::from_str(&example.good(&args)).unwrap();
        let said = story.to_string();
        for name in set["first_events"].as_array().unwrap() {
            assert!(said.contains(name.as_str().unwrap()), "{name} is not in {said}");
        }
        assert!(set["median_loss_eth"].as_f64().unwrap() > 99.9);
    }
}

/// Rare sets, which weighted paths know better; both agree with the closed form.
#[test]
fn weighted_paths_say_the_same() {
    let weights = [
        "--set",
        "sampling.method=importance",
        "--set",
        "sampling.loss_eth=99",
        "--set",
        "sampling.scope=system_ex_price",
    ];
    let example = played(SELDOM, &weights);
    let manifest = example.json("result/manifest.json");
    assert_eq!(manifest["sampling"]["base"]["method"], "importance");
    holds(&page(&example, &["--paths", "20000"]), SELDOM, 0.1);
    holds(&page(&example, &["--paths", "1500"]), SELDOM, 0.15);
}

/// Sobol points of a factor that all sources share, whose errors are those of replicates, against plain
/// paths of another seed.
#[test]
fn points_say_the_same() {
    let example = played(OFTEN, &[]);
    example.swap(
        "run.toml",
        "copula = \"independent\"",
        "copula = \"gaussian\"\nfactors = [\"f\"]",
    );
    let text = example.read("run.toml").replace("rate = 0", "loadings = { f = 0.5 }\nrate = 0");
    example.write("run.toml", text.as_bytes());
    let run = |name: &str, seed: &str, method: &str| {
        let method = format!("sampling.method={method}");
        let paths = ["--paths", "16384", "--seed", seed, "--set", &method];
        let run = ["run", "run.toml", "--allow-outside", "-o", name, "--quiet"];
        example.good(&[&run[..], &paths[..]].concat());
        let args = ["reverse", name, "--loss", "100", "--json", "--paths", "16384"];
        serde_json::from_str::<Value>(&example.good(&args)).unwrap()
    };
    let (points, plain) = (run("points", "3", "sobol"), run("plain", "4", "plain"));
    let agree = |[a, b]: [&Value; 2]| {
        let number = |of: &Value, key: &str| of[key].as_f64().unwrap();
        let error = number(a, "std_err").hypot(number(b, "std_err"));
        let apart = number(a, "value") - number(b, "value");
        assert!(apart.abs() < 4.0 * error, "{a} {b}");
        assert!(error < 0.15 * number(b, "value"), "{a} {b}");
    };
    agree([&points, &plain].map(|page| &page["probability"]));
    for names in [&[COMPROMISE][..], &PAIRS[0], &PAIRS[1], &PAIRS[2]] {
        agree([&points, &plain].map(|page| &set(page, names)["probability"]));
        let all_fire = [&points, &plain].map(|page| set(page, names)["all_fire"]["value"].clone());
        assert_eq!(all_fire[0], all_fire[1], "it is a figure of the model alone");
    }
}

#[test]
fn all_sets_are_written_where_that_is_asked_for() {
    let example = played(OFTEN, &[]);
    let page = page(&example, &["--top", "1", "--output", "sets.parquet"]);
    assert_eq!(page["most_likely"].as_array().unwrap().len(), 1);
    let table = Table::read(&example.path("sets.parquet"));
    assert_eq!(table.n_rows(), 6);
    let groupings = table.text("grouping");
    let shares = table.float("share");
    for grouping in ["set", "pattern"] {
        let own = (0..6).filter(|&row| groupings[row] == grouping);
        assert!((own.map(|row| shares[row]).sum::<f64>() - 1.0).abs() < 1e-12);
    }
    let probability = page["most_likely"][0]["probability"]["value"].as_f64().unwrap();
    assert_eq!(table.float("probability")[0].to_bits(), probability.to_bits());
    // It is there now, and left alone.
    let args = [&ASKED[..], &["--output", "sets.parquet"]].concat();
    let problems = problems_of(&example, &args);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("sets.parquet: a file that is not there yet was expected"));
}

#[test]
fn a_loss_that_no_path_has_is_told() {
    let example = played(OFTEN, &[]);
    let args = ["reverse", "result", "--loss", "90 %"];
    let text = example.good(&args);
    assert!(text.contains("No path leads there."), "{text}");
    let page: Value =
        serde_json::from_str(&example.good(&[&args[..], &["--json"]].concat())).unwrap();
    assert_eq!((&page["n_leading"], &page["n_sets"]), (&0.into(), &0.into()));
    // Three in 20,000 would hardly stay away.
    let most = page["probability"]["ci_high"].as_f64().unwrap();
    assert!((1e-4..3e-4).contains(&most), "{most}");
}

/// With a market that moves by itself the empty set leads there too; portfolios have equity.
#[test]
fn the_market_alone_is_a_set_without_events() {
    let example = Example::new();
    example.good(&["run", "run.toml", "-o", "result", "--quiet"]);
    let args = ["reverse", "result", "--scope", "fund", "--loss", "0.01 %", "--json"];
    let page: Value = serde_json::from_str(&example.good(&args)).unwrap();
    assert_eq!((&page["value_eth"], &page["scope_kind"]), (&25.0.into(), &"portfolio".into()));
    let none = set(&page, &[]);
    assert_eq!(none["share"]["value"], page["share_of_market_alone"]);
    assert_eq!(page["smallest"][0], *none);
    assert_eq!(none["all_fire"]["value"], 1.0);
    let text = example.good(&args[..6]);
    assert!(text.contains("(market alone)"), "{text}");
}

#[test]
fn mistakes_are_told_all_at_once() {
    let example = Example::new();
    example.good(&["run", "run.toml", "-o", "result", "--quiet"]);
    example.write("there.parquet", b"");
    let args =
        ["reverse", "result", "--loss", "much", "--scope", "ezEHT", "--output", "there.parquet"];
    let problems = problems_of(&example, &args);
    assert_eq!(problems.len(), 3, "{problems:?}");
    let parts = [
        "--loss: found \"much\", a loss above 0 was expected",
        "there.parquet: a file that is not there yet was expected",
        "--scope: found \"ezEHT\"",
    ];
    for (problem, part) in problems.iter().zip(parts) {
        assert!(problem.contains(part), "{part:?} is not in {problem:?}");
    }
    assert!(problems[2].contains("\"ezETH\"?"), "{problems:?}");
    let one = |args: &[&str], part: &str| {
        let problems =
            problems_of(&example, &[&["reverse", "result", "--loss", "5 %"], args].concat());
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(part), "{part:?} is not in {problems:?}");
    };
    one(&["--scope", "fund", "--market"], "a wrapped asset was expected");
    one(&["--scenario", "wrose"], "\"worse\"?");
    one(&["--network", "nowhere"], "--network DIR");
    one(&["--output", "nowhere/sets.parquet"], "a file in a folder that is there was expected");
    for args in [&["--loss", "5 %", "--top", "0"][..], &["--loss", "5 %", "--paths", "0"], &[]] {
        let output = example.slashfall(&[&["reverse", "result"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}
