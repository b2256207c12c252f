//! A path played again from its number alone is that of the run, to the last bit.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;
use slashfall_graph::load_network;
use slashfall_sampling::{Node, RunSpec};

use crate::example::{Example, problems_of, stderr, stdout};
use crate::table::Table;

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/baseline.toml")
}

/// Paths of the run below.
const N_PATHS: u64 = 1_500;

/// The baseline on the reference network with every path written.
static RESULT: LazyLock<Example> = LazyLock::new(|| {
    let example = Example::empty();
    let file = baseline().display().to_string();
    let n = N_PATHS.to_string();
    let detail = ["--set", "run.detail=paths", "--set", "run.tail_paths=40", "--paths", &n];
    let run = ["run", &file, "--allow-outside", "-o", "result", "--quiet"];
    example.good(&[&run, &detail[..]].concat());
    example
});

/// 200 numbers below [`N_PATHS`], ascending, from a generator of no merit.
fn some_paths() -> Vec<u64> {
    let mut x = 20_261_120_u64;
    let mut paths = std::collections::BTreeSet::new();
    while paths.len() < 200 {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        paths.insert((x >> 33) % N_PATHS);
    }
    paths.into_iter().collect()
}

#[test]
fn paths_played_again_are_those_of_the_run() {
    let file = baseline();
    let text = fs::read_to_string(&file).unwrap();
    let root = Node::parse("baseline.toml", &text).unwrap();
    let dir = file.with_file_name(root.text("network").unwrap());
    let network = load_network(&dir).unwrap().network;
    let spec = RunSpec::read("baseline.toml", &root).unwrap();
    let scenarios = spec.resolve("baseline.toml", &root, &network).unwrap();
    let paths = some_paths();
    for (number, scenario) in scenarios.iter().enumerate() {
        let rows = RESULT.path(&format!("result/paths/scenario{number:03}-000000000000.parquet"));
        let rows = Table::read(&rows);
        let columns =
            rows.columns.iter().filter(|(name, kind)| kind == "float" && name != "weight");
        let columns: Vec<Vec<f64>> = columns.map(|(name, _)| rows.float(name)).collect();
        let played = slashfall_sampling::replay(&scenario.model, &paths, |path| path);
        assert_eq!(played.len(), 200);
        for path in played {
            let row = usize::try_from(path.path).unwrap();
            assert_eq!(path.figures.len(), columns.len());
            for (column, figure) in columns.iter().zip(&path.figures) {
                assert_eq!(column[row].to_bits(), figure.to_bits(), "path {row} of {number}");
            }
        }
    }
}

/// The same through the program, which knows the manifest alone; from another folder, too.
#[test]
fn the_program_shows_that_it_is_the_same_path() {
    let manifest = RESULT.json("result/manifest.json");
    let scenarios: Vec<&String> = manifest["config"].as_object().unwrap().keys().collect();
    assert!(scenarios.len() > 1);
    for scenario in scenarios {
        for path in ["0", "7", "1499"] {
            let replay = ["replay", "result", "--path", path, "--scenario", scenario, "--json"];
            let page: Value = serde_json::from_str(&RESULT.good(&replay)).unwrap();
            assert_eq!(page["checked"], "paths", "{scenario}, {path}");
            assert!(page["story"].as_str().unwrap().ends_with('.'));
        }
    }
    let elsewhere = Example::empty();
    let result = RESULT.path("result").display().to_string();
    let text = elsewhere.good(&["replay", &result, "--path", "11"]);
    assert!(text.contains("path 11 of 1,500"), "{text}");
    assert!(text.contains("All figures are those of the path's row in paths/"), "{text}");
}

#[test]
fn the_worst_paths_of_a_scope_are_listed() {
    let tails = Table::read(&RESULT.path("result/tail_paths.parquet"));
    let (scenarios, kinds) = (tails.text("scenario"), tails.text("scope_kind"));
    let (scopes, losses) = (tails.text("scope"), tails.float("loss"));
    let (ranks, paths) = (tails.count("rank"), tails.count("path"));
    let rows = Table::read(&RESULT.path("result/paths/scenario000-000000000000.parquet"));
    let totals = rows.float("total");
    for (scope, kind, market) in
        [("system", "system", false), ("rsETH", "asset", false), ("rsETH", "asset_market", true)]
    {
        let own =
            |row: &usize| scenarios[*row] == "base" && kinds[*row] == kind && scopes[*row] == scope;
        let own: Vec<usize> = (0..tails.n_rows()).filter(own).collect();
        assert!(own.len() <= 40);
        assert!(own.iter().map(|&row| ranks[row]).eq(1..=own.len() as u64));
        assert!(own.windows(2).all(|pair| losses[pair[0]] >= losses[pair[1]]));
        assert!(own.iter().all(|&row| losses[row] > 0.0));
        if scope == "system" {
            let worst = totals.iter().copied().fold(0.0, f64::max);
            assert_eq!(losses[own[0]].to_bits(), worst.to_bits());
        }
        let mut args = vec!["replay", "result", "--worst", "3", "--scope", scope];
        args.extend(market.then_some("--market"));
        let text = RESULT.good(&args);
        let first = paths[own[0]];
        assert!(text.contains(&format!("slashfall replay result --path {first}\n")), "{text}");
        assert!(text.contains(&format!("path {first} of 1,500")), "{text}");
        let page = RESULT.good(&[&args[..], &["--json"]].concat());
        let page: Value = serde_json::from_str(&page).unwrap();
        let listed = page["paths"].as_array().unwrap();
        assert_eq!(listed.len(), 3.min(own.len()));
        assert_eq!(listed[0]["path"], first);
        assert_eq!((&page["scope_kind"], &page["worst"]["path"]), (&kind.into(), &first.into()));
    }
}

/// A small result with its own network, to be broken.
fn small() -> Example {
    let example = Example::new();
    let detail = ["--set", "run.detail=paths", "--paths", "300", "-o", "result", "--quiet"];
    example.good(&[&["run", "run.toml"], &detail[..]].concat());
    example
}

#[test]
fn what_cannot_be_replayed_is_told() {
    let example = small();
    let one = |args: &[&str], parts: &[&str]| {
        let problems = problems_of(&example, &[&["replay", "result"], args].concat());
        assert_eq!(problems.len(), 1, "{problems:?}");
        for part in parts {
            assert!(problems[0].contains(part), "{part:?} is not in {problems:?}");
        }
    };
    one(&["--path", "300"], &["--path: found \"300\"", "scenario base was expected: 0 to 299"]);
    one(&["--worst", "2", "--scope", "ezEHT"], &["--scope: found \"ezEHT\"", "\"ezETH\"?"]);
    one(&["--worst", "2", "--scope", "fund", "--market"], &["a wrapped asset was expected"]);
    one(&["--path", "1", "--scenario", "wrose"], &["--scenario: found \"wrose\"", "\"worse\"?"]);
    one(&["--path", "1", "--network", "nowhere"], &["nowhere", "--network DIR"]);
    let problems = problems_of(&example, &["replay", "nowhere", "--path", "1"]);
    assert!(problems[0].contains("nowhere: a result folder"), "{problems:?}");
    for args in [&[][..], &["--path", "1", "--worst", "2"], &["--worst", "0"]] {
        let output = example.slashfall(&[&["replay", "result"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
    example.write("network/pools.csv", b"pool,asset\n");
    one(&["--path", "1"], &["pools.csv: the run did not have this file"]);
    fs::remove_file(example.path("network/pools.csv")).unwrap();
    example.swap("network/holdings.csv", "1000", "1001");
    one(&["--path", "1"], &["holdings.csv: it has changed since the run"]);
    fs::remove_file(example.path("network/holdings.csv")).unwrap();
    one(&["--path", "1"], &["holdings.csv: the run read this file, and it is not here"]);
}

#[test]
fn a_stress_has_no_paths_to_replay() {
    let example = Example::new();
    example.good(&["stress", "run.toml", "-o", "stressed"]);
    let expected = "error: stressed: a result of `slashfall run` was expected: this is a stress, \
                    which has no paths to";
    for which in ["--path", "--worst"] {
        let problems = problems_of(&example, &["replay", "stressed", which, "1"]);
        assert_eq!(problems, [format!("{expected} replay")]);
    }
    let problems = problems_of(&example, &["diff", "stressed"]);
    assert_eq!(problems, [format!("{expected} compare")]);
}

#[test]
fn a_run_file_that_changed_does_not_matter_and_a_network_may_move() {
    let example = small();
    example.swap("run.toml", "seed = 7", "seed = 8");
    let replay = ["replay", "result", "--path", "5", "--scenario", "worse"];
    let before = example.good(&replay);
    assert!(before.contains("scenario worse: path 5 of 300, 30 days, seed 7"), "{before}");
    fs::rename(example.path("network"), example.path("elsewhere")).unwrap();
    problems_of(&example, &replay);
    assert_eq!(example.good(&[&replay[..], &["--network", "elsewhere"]].concat()), before);
    // Both moved together are found again.
    fs::rename(example.path("elsewhere"), example.path("network")).unwrap();
    fs::create_dir(example.path("deeper")).unwrap();
    for folder in ["network", "result"] {
        fs::rename(example.path(folder), example.path(&format!("deeper/{folder}"))).unwrap();
    }
    let moved = ["replay", "deeper/result", "--path", "5", "--scenario", "worse"];
    assert_eq!(example.good(&moved), before);
}

#[test]
fn a_path_that_is_another_one_is_an_error() {
    let example = small();
    let other = ["--seed", "9", "--set", "run.detail=paths", "--paths", "300", "-o", "other"];
    example.good(&[&["run", "run.toml", "--quiet"], &other[..]].concat());
    let rows = "paths/scenario000-000000000000.parquet";
    let differs = |path: &str| {
        let output = example.slashfall(&["replay", "result", "--path", path]);
        (output.status.code(), stdout(&output), stderr(&output))
    };
    // The worst path of one seed is hardly a path like that of the other.
    let page = example.good(&["replay", "result", "--worst", "1", "--json"]);
    let page: Value = serde_json::from_str(&page).unwrap();
    let worst = page["paths"][0]["path"].to_string();
    assert_eq!(differs(&worst).0, Some(0));
    fs::copy(example.path(&format!("other/{rows}")), example.path(&format!("result/{rows}")))
        .unwrap();
    let (status, said, error) = differs(&worst);
    assert_eq!((status, said.as_str()), (Some(1), ""));
    assert!(error.contains("is not that of the run: "), "{error}");
    // Without rows the list of the worst paths is what there is to compare with.
    fs::remove_dir_all(example.path("result/paths")).unwrap();
    let (status, said, _) = differs(&worst);
    assert_eq!(status, Some(0));
    assert!(said.contains("The losses are those that tail_paths.parquet has"), "{said}");
    let list = "tail_paths.parquet";
    fs::copy(example.path(&format!("other/{list}")), example.path(&format!("result/{list}")))
        .unwrap();
    let other = example.good(&["replay", "other", "--worst", "1", "--json"]);
    let other: Value = serde_json::from_str(&other).unwrap();
    assert_eq!(differs(&other["paths"][0]["path"].to_string()).0, Some(1));
    // A manifest that was changed by hand is not believed.
    let manifest = example.read("result/manifest.json").replace("\"seed\": 7", "\"seed\": 8");
    example.write("result/manifest.json", manifest.as_bytes());
    let problems = problems_of(&example, &["replay", "result", "--path", &worst]);
    assert!(problems[0].contains("manifest.json: its config has changed"), "{problems:?}");
}

#[test]
fn a_quiet_path_is_told_so() {
    let example = Example::new();
    example.swap(
        "run.toml",
        "[noise.default]\nsigma_daily = 0.0007",
        "[noise.default]\nsigma_daily = 0.0",
    );
    example.swap(
        "run.toml",
        "[noise.ezETH]\nsigma_daily = 0.001",
        "[noise.ezETH]\nsigma_daily = 0.0",
    );
    let rare = [
        "avs_fault",
        "avs_incident",
        "operator_compromise",
        "validator_incident",
        "group_incident",
        "client_outage",
        "exploit",
    ];
    let mut args =
        vec!["run".to_owned(), "run.toml".to_owned(), "-o".to_owned(), "result".to_owned()];
    for kind in rare {
        args.extend(["--set".to_owned(), format!("source.{kind}.rate=0.0")]);
    }
    args.extend(["--paths", "20", "--quiet"].map(str::to_owned));
    example.good(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let text = example.good(&["replay", "result", "--path", "3"]);
    let story = text.replace('\n', " ");
    assert!(story.contains("Nothing fired on this path. By nav nobody lost anything."), "{text}");
    assert!(text.contains("The result has no figures of this path to compare with."), "{text}");
    let worst = example.good(&["replay", "result", "--worst", "3"]);
    assert_eq!(worst, "No path of scenario base is listed on which the system lost anything.\n");
}
