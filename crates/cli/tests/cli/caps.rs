//! Caps: the page, the document and the table say the same, limits are kept, and what is wrong is told before a path is drawn.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::example::{Example, problems_of, stderr};
use crate::table::Table;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder with a small result of the quickstart, and the example policy.
fn quickstart() -> Example {
    let example = Example::empty();
    let run = repository().join("configs/quickstart.toml").display().to_string();
    let small = ["--paths", "5000", "--set", "run.detail=summary", "-o", "result", "--quiet"];
    example.good(&[&["run", &run, "--allow-outside"], &small[..]].concat());
    let policy = repository().join("configs/policies/example-dao.toml");
    std::fs::copy(policy, example.path("policy.toml")).unwrap();
    example
}

const ASK: [&str; 4] = ["caps", "result", "--policy", "policy.toml"];

/// A folder with a result of three scenarios on a network without pools.
fn three_scenarios() -> Example {
    let example = Example::new();
    example.good(&["run", "run.toml", "-o", "result", "--quiet"]);
    example.write("policy.toml", SMALL.as_bytes());
    example
}

const SMALL: &str = r#"name = "small"
[treasury]
size_eth = 200
[budget]
es = { level = 0.9, share = 0.05 }
[look_through]
protocol = 0.5
[[position]]
asset = "stETH"
amount_eth = 40
yields = { staking = 0.5 }
[[position]]
asset = "ezETH"
amount_eth = 20
yields = { staking = 0.9 }
"#;

fn number(of: &Value) -> f64 {
    of.as_f64().unwrap_or_else(|| panic!("{of} is no number"))
}

fn list<'v>(of: &'v Value, key: &str) -> &'v Vec<Value> {
    of[key].as_array().unwrap_or_else(|| panic!("{key} is no list"))
}

/// Rows of a table that are of one scenario at the rate of the run.
fn own_rows(table: &Table, scenario: &str) -> Vec<usize> {
    let (scenarios, rates) = (table.text("scenario"), table.maybe("rate"));
    (0..table.n_rows()).filter(|&row| scenarios[row] == scenario && rates[row].is_none()).collect()
}

/// Everything that the document says of positions, the table says to the bit.
#[track_caller]
fn table_is_the_document(table: &Table, document: &Value) {
    let positions = list(document, "positions");
    let rows = own_rows(table, document["scenario"].as_str().unwrap());
    assert_eq!(rows.len(), positions.len());
    let (names, kinds) = (table.text("position"), table.text("kind"));
    let bindings = table.text("cap_binding");
    let bits = |x: Option<f64>| x.map(f64::to_bits);
    for (row, own) in rows.into_iter().zip(positions) {
        assert_eq!(
            (&own["position"], &own["kind"]),
            (&names[row].clone().into(), &kinds[row].clone().into())
        );
        assert_eq!(own["cap"]["binding"], bindings[row]);
        let cells = [
            ("held_eth", &own["held_eth"]),
            ("cap_eth", &own["cap"]["eth"]),
            ("cap_at_market_eth", &own["cap_at_market"]["eth"]),
            ("robust_cap_eth", &own["robust_cap_eth"]),
            ("proposed_eth", &own["proposed_eth"]),
            ("certified_eth", &own["certified_eth"]),
            ("room_eth", &own["room"]["eth"]),
            ("expected_return", &own["expected_return"]["value"]),
            ("expected_return_std_err", &own["expected_return"]["std_err"]),
            ("marginal_es", &own["marginal_es"]["value"]),
            ("marginal_es_std_err", &own["marginal_es"]["std_err"]),
        ];
        for (column, said) in cells {
            assert_eq!(
                bits(table.maybe(column)[row]),
                bits(said.as_f64()),
                "{column} of {}",
                names[row]
            );
            assert!(said.is_number(), "{column} of {} is missing", names[row]);
        }
    }
    let (scenarios, rates) = (table.text("scenario"), table.maybe("rate"));
    for other in list(document, "scenarios") {
        let rows = own_rows(table, other["scenario"].as_str().unwrap());
        caps_are(table, &rows, other);
    }
    // At the rates of the run, from as many paths, it stands in the document alone.
    for at in list(document, "rates").iter().filter(|at| at["rate"].is_number()) {
        let rows = (0..table.n_rows()).filter(|&row| {
            bits(rates[row]) == bits(at["rate"].as_f64()) && document["scenario"] == scenarios[row]
        });
        caps_are(table, &rows.collect::<Vec<_>>(), at);
    }
}

/// Rows of another scenario or rate have its caps and nothing that only the scenario asked about has.
#[track_caller]
fn caps_are(table: &Table, rows: &[usize], said: &Value) {
    let caps = list(said, "caps");
    assert_eq!(rows.len(), caps.len());
    let (caps_eth, proposed) = (table.float("cap_eth"), table.maybe("proposed_eth"));
    for (&row, own) in rows.iter().zip(caps) {
        assert_eq!(caps_eth[row].to_bits(), number(&own["cap"]["eth"]).to_bits());
        assert_eq!(proposed[row], None);
    }
}

/// Limits are kept, and what must order does.
#[track_caller]
fn limits_are_kept(document: &Value) {
    let certificate = &document["certificate"];
    assert_eq!(certificate["certified"], true);
    let held_to_limit = |plan: &Value, key: &str| {
        for budget in list(plan, key) {
            let (limit, high) = (number(&budget["limit"]), number(&budget["found"]["ci_high"]));
            assert_eq!(budget["kept"], true, "{budget}");
            assert!(high <= limit * (1.0 + 1e-9), "{budget}");
        }
        for exposure in list(plan, "exposures") {
            let limit = exposure["limit_eth"].as_f64().unwrap_or(f64::INFINITY);
            assert!(number(&exposure["eth"]) <= limit * (1.0 + 1e-6), "{exposure}");
        }
    };
    held_to_limit(certificate, "budgets");
    held_to_limit(&document["optimum"], "budgets");
    let size = number(&document["size_eth"]);
    let mut sum = 0.0;
    for own in list(document, "positions") {
        let of = |key: &str| number(&own[key]);
        let cap = number(&own["cap"]["eth"]);
        assert!(cap <= number(&own["cap_at_market"]["eth"]) + 1e-6 * size, "{own}");
        assert!(of("robust_cap_eth") <= cap, "{own}");
        assert!((0.0..=of("max_eth").min(size)).contains(&cap), "{own}");
        assert!(of("certified_eth") <= of("proposed_eth") + 1e-9, "{own}");
        assert!(of("min_eth") - 1e-6 <= of("certified_eth"), "{own}");
        sum += of("certified_eth");
    }
    assert!(sum <= size * (1.0 + 1e-6), "{sum} of {size}");
    let returns: Vec<f64> = list(document, "frontier")
        .iter()
        .map(|own| number(&own["net_return_eth"]["value"]))
        .collect();
    assert!(returns.len() > 3);
    let rises = returns.windows(2).all(|pair| pair[1] >= pair[0] * (1.0 - 1e-4));
    assert!(rises, "more risk earned less: {returns:?}");
}

const SECTIONS: [&str; 10] = [
    "# How much to hold: ",
    "## How much of each, at most",
    "## Budgets",
    "## If one name fails in whole",
    "## What one more ETH buys",
    "## What is held today",
    "## Return against risk",
    "## Caps under each scenario",
    "## Certificate",
    "## How to read this, and what it leaves out",
];

#[test]
fn page_document_and_table_say_the_same() {
    let example = quickstart();
    let printed = example.good(&[&ASK[..], &["-o", "caps", "--quiet"]].concat());
    assert_eq!(printed, "");
    let document = example.json("caps/caps.json");
    let table = Table::read(&example.path("caps/caps.parquet"));
    assert!(table.is_finite());
    assert_eq!((list(&document, "positions").len(), list(&document, "rates").len()), (21, 7));
    assert_eq!(table.n_rows(), 21 * 7);
    table_is_the_document(&table, &document);
    limits_are_kept(&document);
    for (key, said) in [("policy_sha256", "policy_sha256"), ("config_sha256", "config_sha256")] {
        assert_eq!(document[said], table.metadata[&format!("slashfall.{key}")]);
    }

    let page = example.read("caps/caps.md");
    let mut at = 0;
    for section in SECTIONS {
        let found =
            page[at..].find(section).unwrap_or_else(|| panic!("{section:?} is not in its place"));
        at += found;
    }
    for own in list(&document, "positions") {
        let name = own["position"].as_str().unwrap();
        let lines = page.lines().filter(|line| line.starts_with(&format!("| {name} | ")));
        assert!(lines.count() >= 3, "{name} is missing from a table");
    }
    let columns = |line: &str| line.matches(" | ").count();
    for block in page.split("\n\n").filter(|block| block.starts_with("| ")) {
        let header = columns(block.lines().next().unwrap());
        let is_whole = |line: &&str| !line.starts_with("|---") && columns(line) != header;
        assert_eq!(block.lines().find(is_whole), None, "a row is not as its header is");
    }
    assert!(page.contains(document["policy_sha256"].as_str().unwrap()));
    // What is held today breaks its budget by far, and 5,000 paths say so.
    assert!(page.contains("What is held today breaks ES 99 %"), "{page}");
    assert_eq!(document["held"]["budgets"][0]["kept"], false);
    for budget in list(&document["held"]["trade"], "budgets") {
        assert_eq!(budget["kept"], true);
    }
}

#[test]
fn scenarios_stand_beside_each_other() {
    let example = three_scenarios();
    let page = example.good(&[&ASK[..], &["-o", "caps"]].concat());
    assert_eq!(page, example.read("caps/caps.md"));
    let document = example.json("caps/caps.json");
    let table = Table::read(&example.path("caps/caps.parquet"));
    table_is_the_document(&table, &document);
    limits_are_kept(&document);
    assert!(page.contains("| position, in ETH | base | slack | worse |"), "{page}");
    for (i, own) in list(&document, "positions").iter().enumerate() {
        let others = list(&document, "scenarios");
        let caps = others.iter().map(|other| number(&other["caps"][i]["cap"]["eth"]));
        let least = caps.fold(number(&own["cap"]["eth"]), f64::min);
        assert_eq!(number(&own["robust_cap_eth"]).to_bits(), least.to_bits());
    }
    // Slashes ten times as frequent leave no more room.
    let worse = list(&document, "scenarios").iter().find(|own| own["scenario"] == "worse").unwrap();
    for (own, other) in list(&document, "positions").iter().zip(list(worse, "caps")) {
        assert!(number(&other["cap"]["eth"]) <= number(&own["cap"]["eth"]), "{own} {other}");
    }
    // It is there now, and left alone; with --overwrite it comes out the same.
    let before = example.tree();
    let again = [&ASK[..], &["-o", "caps"]].concat();
    let output = example.slashfall(&again);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("caps exists already"), "{}", stderr(&output));
    example.good(&[&again[..], &["--overwrite", "--quiet"]].concat());
    assert!(example.tree() == before, "the same question has another answer");
    // A folder of something else is never replaced.
    let output = example.slashfall(&[&ASK[..], &["-o", "network", "--overwrite"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("it has no caps.json"), "{}", stderr(&output));
    assert!(example.tree() == before);
}

#[test]
fn mistakes_are_told_before_paths_are_drawn() {
    let example = three_scenarios();
    let ask = |more: &[&str]| problems_of(&example, &[&ASK[..], &["-o", "caps"], more].concat());
    example.swap("policy.toml", "\"ezETH\"", "\"ezEHT\"");
    example.swap("policy.toml", "level = 0.9,", "level = 0.999,");
    let problems = ask(&["--certificate-seed", "7"]);
    let parts = [
        "--certificate-seed: found \"7\", another seed than that of the run was expected",
        "key `budget.es.level`: found \"99.9 %\", a level was expected beyond which more than 5 paths lie",
        "policy.toml, line 13, key `position.asset`: found \"ezEHT\", a wrapped asset was expected, and there is none of that name; did you mean \"ezETH\"?",
    ];
    assert_eq!(problems.len(), parts.len(), "{problems:?}");
    for (problem, part) in problems.iter().zip(parts) {
        assert!(problem.contains(part), "{part:?} is not in {problem:?}");
    }
    assert!(problems[1].contains("of 1,000 it is 1.0: at least 5001 paths"), "{problems:?}");
    // Five paths beyond the level are too few, a sixth will do.
    example.swap("policy.toml", "level = 0.999,", "level = 0.995,");
    assert!(ask(&[])[0].contains("of 1,000 it is 5.0: at least 1001 paths"));
    // 1 - .025^(1 / 1,000) is .0037.
    example.swap(
        "policy.toml",
        "[look_through]",
        "loss = { above = 0.1, probability = 0.001 }\n[look_through]",
    );
    let problems = ask(&[]);
    let part = "key `budget.loss.probability`: found \"0.1 %\", a probability was expected that 1,000 paths can keep";
    assert!(problems[1].contains(part), "{problems:?}");
    assert!(problems[1].contains("at least 3688 paths"), "{problems:?}");
    // What is wrong with the file itself is told with what is wrong with its names.
    example.swap("policy.toml", "share = 0.05", "shre = 0.05");
    let problems = ask(&[]);
    assert!(
        problems.iter().any(|problem| problem.contains("did you mean \"share\"?")),
        "{problems:?}"
    );
    assert!(
        problems.iter().any(|problem| problem.contains("did you mean \"ezETH\"?")),
        "{problems:?}"
    );
    let problems = problems_of(&example, &["caps", "result", "--policy", "nowhere.toml"]);
    assert!(problems[0].contains("nowhere.toml: a policy file was expected"), "{problems:?}");
    let problems = problems_of(&example, &[&ASK[..], &["--scenario", "wrose"]].concat());
    assert!(problems.iter().any(|problem| problem.contains("\"worse\"?")), "{problems:?}");
}

#[test]
fn minimums_in_conflict_are_told_by_how_much() {
    let example = three_scenarios();
    // Half of 200 ETH may be lost with one protocol.
    example.swap("policy.toml", "amount_eth = 40", "amount_eth = 40\nmin_eth = 112");
    let problems = problems_of(&example, &[&ASK[..], &["-o", "caps"]].concat());
    let part = "key `look_through.protocol`: minimums were expected that lose at most 100 ETH with protocol stETH; they lose 112, 12.0 too much";
    assert!(problems[0].contains(part), "{problems:?}");
    // A budget that next to nothing keeps, where nothing is earned that would pay for losses.
    example.swap("policy.toml", "yields = { staking = 0.5 }", "");
    example.swap("policy.toml", "yields = { staking = 0.9 }", "");
    example.swap("policy.toml", "min_eth = 112", "min_eth = 40");
    example.swap("policy.toml", "share = 0.05", "share = 0.00001");
    let problems = problems_of(&example, &[&ASK[..], &["-o", "caps"]].concat());
    assert_eq!(problems.len(), 1, "{problems:?}");
    let part = "key `budget.es`: minimums were expected that have an ES 90 % of at most 0.00200 ETH; they have ";
    assert!(problems[0].contains(part) && problems[0].ends_with("% too much"), "{problems:?}");
}
