//! `method = "sobol"`: every file has its errors from replicates, paths replay, scenarios compare, and
//! what cannot be is said.

use serde_json::Value;

use crate::example::{Example, problems_of, stderr};
use crate::table::Table;

const SOBOL: [&str; 2] = ["--set", "sampling.method=sobol"];

fn run(example: &Example, result: &str, more: &[&str]) -> Value {
    let args = ["run", "run.toml", "-o", result, "--quiet", "--set", "run.detail=paths"];
    example.good(&[&args[..], more].concat());
    example.json(&format!("{result}/manifest.json"))
}

/// Replicates of 128 points: 3.2 paths of the tail at .975.
const PATHS: [&str; 2] = ["--paths", "4096"];

#[test]
fn figures_have_the_errors_of_replicates() {
    let example = Example::new();
    let manifest = run(&example, "points", &[&SOBOL[..], &PATHS].concat());
    let sampling = &manifest["sampling"]["worse"];
    assert_eq!((&sampling["method"], &sampling["importance"]), (&"sobol".into(), &Value::Null));
    let expected = serde_json::json!({
        "replicates": 32, "points": 128, "max_index": 127,
        "dimensions": [
            "factor market", "factor operations", "factor code", "mixing variable", "rate incidents"
        ],
        "pseudo_random": [],
    });
    assert_eq!(sampling["sobol"], expected);
    let definition = manifest["definitions"]["std_err"].as_str().unwrap();
    assert!(definition.contains("of Sobol points"), "{definition}");
    run(&example, "plain", &PATHS);
    let [points, plain] = ["points", "plain"]
        .map(|name| Table::read(&example.path(&format!("{name}/summary.parquet"))));
    assert!(points.is_finite() && points.n_rows() == plain.n_rows());
    let (metrics, scopes) = (points.text("metric"), points.text("scope"));
    let figures = |table: &Table| {
        (
            table.float("value"),
            table.maybe("std_err"),
            table.maybe("ci_low"),
            table.maybe("ci_high"),
        )
    };
    let ((a, a_err, low, high), (b, b_err, ..)) = (figures(&points), figures(&plain));
    let (mut n, mut n_others) = (0, 0);
    for row in 0..points.n_rows() {
        let what = format!("{} {}", scopes[row], metrics[row]);
        if let (Some(low), Some(high)) = (low[row], high[row]) {
            assert!(low <= a[row] && a[row] <= high, "{what}");
            assert!(
                !metrics[row].starts_with("probability") || (low >= 0.0 && high <= 1.0),
                "{what}"
            );
        }
        let (Some(own), Some(other)) = (a_err[row], b_err[row]) else { continue };
        if high[row].is_some() && own.hypot(other) > 0.0 && metrics[row] != "std" {
            let z = (a[row] - b[row]) / own.hypot(other);
            assert!(z.abs() < 5.0, "{what}: {} {own}, {} {other}", a[row], b[row]);
            n += 1;
            n_others += i32::from(own.to_bits() != other.to_bits());
        }
    }
    assert!(n > 100 && n_others > 80, "{n} {n_others}");
    let rounds = Table::read(&example.path("points/cascade.parquet"));
    assert!(rounds.maybe("std_err_total")[0].is_some_and(|std_err| std_err > 0.0));
    let split = Table::read(&example.path("points/contributions.parquet"));
    let with_error = split.maybe("std_err").into_iter().flatten().filter(|error| *error > 0.0);
    assert!(split.is_finite() && with_error.count() > 50);
    for path in ["0", "31", "4095"] {
        let page =
            example.good(&["replay", "points", "--scenario", "worse", "--path", path, "--json"]);
        let page: Value = serde_json::from_str(&page).unwrap();
        assert_eq!(page["checked"], "paths", "{path}");
    }
}

/// Scenarios share their points: the mean of their difference is known better than the difference of
/// their means. Points and plain paths are no pairs.
#[test]
fn differences_are_those_of_replicates() {
    let example = Example::new();
    run(&example, "points", &[&SOBOL[..], &PATHS].concat());
    run(&example, "plain", &PATHS);
    example.good(&["diff", "points", "--scenario-b", "worse", "-o", "difference.parquet"]);
    let table = Table::read(&example.path("difference.parquet"));
    let (scopes, metrics, values) =
        (table.text("scope"), table.text("metric"), table.float("value"));
    let (std_errs, low) = (table.maybe("std_err"), table.maybe("ci_low"));
    let is_mean = |row: &usize| (&*scopes[*row], &*metrics[*row]) == ("system_ex_price", "mean");
    let row = (0..table.n_rows()).find(is_mean).unwrap();
    let summary = Table::read(&example.path("points/summary.parquet"));
    let (scenarios, of) = (summary.text("scenario"), summary.text("scope"));
    let (which, errors) = (summary.text("metric"), summary.maybe("std_err"));
    let error = |scenario: &str| {
        let is_it = |row: &usize| {
            (&*scenarios[*row], &*of[*row], &*which[*row]) == (scenario, "system_ex_price", "mean")
        };
        errors[(0..summary.n_rows()).find(is_it).unwrap()].unwrap()
    };
    let (paired, unpaired) = (std_errs[row].unwrap(), error("base").hypot(error("worse")));
    assert!(paired > 0.0 && paired < unpaired, "{paired} {unpaired}");
    assert!(values[row] > 0.0 && low[row].unwrap() < values[row]);
    assert!(table.is_finite() && std_errs.iter().flatten().count() > 20);
    let problems = problems_of(&example, &["diff", "points", "plain"]);
    let expected = "key `sampling.base.method`: found \"pseudo-random paths\", sobol was expected, as in \
                    points, scenario base: a Sobol point and a pseudo-random path share no factors, and \
                    only replicates on both sides are pairs";
    assert!(problems.len() == 1 && problems[0].ends_with(expected), "{problems:#?}");
}

/// Looks are at 2^14 paths and at twice as many each, wherever the threads are.
#[test]
fn a_run_ends_at_a_power_of_two() {
    let example = Example::new();
    let rule = "run.until={ metric = \"mean\", scope = \"ezETH\", relative_error = 0.03, max_paths = 2000000 }";
    example.swap("run.toml", "paths = 1_000\n", "");
    example.swap("run.toml", "\"standard\"", "\"summary\"");
    let ends = |threads: &str| {
        let args =
            ["run", "run.toml", "-o", "result", "--quiet", "--overwrite", "--threads", threads];
        example.good(&[&args[..], &["--set", rule], &SOBOL].concat());
        let manifest = example.json("result/manifest.json");
        assert_eq!(manifest["precision_reached"], true);
        manifest["paths"].clone()
    };
    let paths = ends("1");
    for n in paths.as_object().unwrap().values() {
        let n = n.as_u64().unwrap();
        assert!(n.is_power_of_two() && (16_384..2_000_000).contains(&n), "{n}");
    }
    assert_eq!(paths, ends("2"));
}

#[test]
fn what_cannot_be_is_said() {
    let example = Example::new();
    let args = |paths: &'static str| {
        [&["run", "run.toml", "-o", "result", "--paths", paths][..], &SOBOL].concat()
    };
    let problems = problems_of(&example, &args("1001"));
    let expected = "error: --set, key `run.paths`: found \"1001\", a multiple of 32 was expected, as method \
                    = \"sobol\" deals paths out to 32 replicates: 992 or 1024; best are powers of two";
    assert_eq!(problems, [expected]);
    let problems = problems_of(&example, &args("1000000000"));
    assert_eq!(problems.len(), 3, "{problems:#?}");
    let (start, end) = (
        "error: run.toml, key `run.paths`: found \"1000000000\", at most ",
        " was expected, as method = \"sobol\" keeps every loss of every scope in memory (scenario base); \
         \"plain\" has no such bound",
    );
    let most = problems[0].strip_prefix(start).and_then(|rest| rest.strip_suffix(end)).unwrap();
    assert_eq!(most.parse::<u64>().unwrap() % 32, 0);
    let output = example.slashfall(&args("992"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let note = "note: the paths of scenario base are Sobol points of 5 dimensions in 32 replicates; they lie \
                most evenly where paths are a power of two";
    assert!(stderr(&output).contains(note), "{}", stderr(&output));
    let alone = "dependence.copula=independent";
    let noise = "noise.default.beta_market=0.0";
    let known = "source.avs_incident.rate=0.1";
    let set = ["--set", alone, "--set", noise, "--set", known];
    let problems = problems_of(&example, &[&args("1024")[..], &set].concat());
    assert!(problems[0].contains("draws that many sources share were expected"), "{problems:#?}");
}
