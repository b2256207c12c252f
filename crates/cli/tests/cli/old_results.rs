//! Results of every schema version stay readable: files, their columns, and what reads results.
//!
//! `tests/results` has a small result of each. A column that such a result has and that is gone
//! today, or is of another type, unit or meaning, has to stand in the table of schema versions of
//! `docs/changelog.md`, so that nobody's notebook breaks without a word.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use slashfall_output::{SCHEMA_VERSION, listed_paths, path_row};
use slashfall_sampling::STREAMS_VERSION;

use crate::example::{Example, PROGRAM, problems_of, stderr, stdout, tree};
use crate::table::Table;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/results")
}

/// All schema versions that there have been.
fn versions() -> std::ops::RangeInclusive<u32> {
    1..=SCHEMA_VERSION.parse().unwrap()
}

fn result(version: u32) -> PathBuf {
    here().join(format!("v{version}"))
}

fn manifest(version: u32) -> Value {
    let text = fs::read_to_string(result(version).join("manifest.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The Parquet files of a result by table; those of paths are one table.
fn files(version: u32) -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    for path in tree(&result(version)).into_keys() {
        if path.extension().is_some_and(|extension| extension == "parquet") {
            let table = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let table = table.map_or_else(|| path.with_extension(""), Path::to_owned);
            files.push((table.display().to_string(), result(version).join(path)));
        }
    }
    files
}

/// Runs the program among the results; it changes nothing there.
fn slashfall(args: &[&str]) -> Output {
    let before = tree(&here());
    let output = Command::new(PROGRAM).current_dir(here()).args(args).output().unwrap();
    assert!(tree(&here()) == before, "{args:?} changed a result");
    output
}

/// What a column is: type, unit, meaning.
type Kind = [String; 3];

/// Today's columns by table and name, as `slashfall schema --json` has them.
fn today() -> BTreeMap<(String, String), Kind> {
    let page: Value = serde_json::from_str(&stdout(&slashfall(&["schema", "--json"]))).unwrap();
    let tables = page["result"].as_array().unwrap().iter().chain([&page["paths"]]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let columns = tables.flat_map(|table| {
        table["columns"].as_array().unwrap().iter().map(move |column| {
            let kind = ["type", "unit", "meaning"].map(|key| text(&column[key]));
            ((text(&table["table"]), text(&column["name"])), kind)
        })
    });
    columns.collect()
}

/// The name of a column less that of its asset or portfolio.
fn general(column: &str) -> String {
    for prefix in ["asset.", "portfolio."] {
        let figure = column.strip_prefix(prefix).and_then(|rest| rest.rsplit_once('.'));
        if let Some((_, figure)) = figure {
            return format!("{prefix}NAME.{figure}");
        }
    }
    column.to_owned()
}

/// A row of the table of schema versions.
struct Change {
    version: u32,
    table: String,
    column: String,
}

/// The table `| Version | Table | Column | ... |` of the changelog.
fn changes() -> Vec<Change> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/changelog.md");
    let text = fs::read_to_string(path).unwrap();
    let rows = text.split("## Schema versions").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = rows.lines().filter(|line| line.starts_with("| ")).skip(1);
    let change = |row: &str| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let name = |cell: &str| cell.trim_matches('`').to_owned();
        let (table, column) = (name(cells[1]), name(cells[2]));
        assert!(cells.len() == 4 && !cells[3].is_empty(), "{row}: it says what changed");
        Change { version: cells[0].parse().unwrap(), table, column }
    };
    rows.map(change).collect()
}

#[test]
fn there_is_a_result_of_every_version() {
    for version in versions() {
        let manifest = manifest(version);
        assert_eq!(manifest["schema_version"], version.to_string());
        assert_eq!(manifest["command"][0], "slashfall");
        assert_eq!(manifest["network_dir"], "../network");
    }
}

#[test]
fn every_file_can_be_read() {
    for (version, (table, path)) in
        versions().flat_map(|v| files(v).into_iter().map(move |f| (v, f)))
    {
        let what = format!("{table} of version {version}");
        let rows = Table::read(&path);
        assert!(rows.n_rows() > 0, "{what} is empty");
        assert!(rows.is_finite(), "{what}");
        assert_eq!(rows.metadata["slashfall.schema_version"], version.to_string(), "{what}");
        if table == "paths" {
            assert_eq!(rows.n_rows(), 64, "{what}");
        }
    }
}

#[test]
fn columns_mean_what_they_meant_or_the_changelog_says_so() {
    let (today, changes) = (today(), changes());
    let mut untold = Vec::new();
    for version in versions() {
        for (table, path) in files(version) {
            for (column, kind) in Table::kinds(&path) {
                let column = general(&column);
                let now = today.get(&(table.clone(), column.clone()));
                let is_told = changes.iter().any(|change| {
                    let is_of = change.table == table && change.column == column;
                    change.version > version && is_of
                });
                if now != Some(&kind) && !is_told {
                    untold.push(format!(
                        "{table}.{column} was {kind:?} in version {version}, is {now:?}"
                    ));
                }
            }
        }
    }
    untold.dedup();
    assert!(
        untold.is_empty(),
        "not in the table of schema versions of docs/changelog.md (a change needs a new \
         SCHEMA_VERSION; while the present one is not released, tests/results/README.md says how \
         to make its result again):\n{}",
        untold.join("\n")
    );
}

/// A row that names nothing would excuse nothing, and tell readers of what never was.
#[test]
fn the_changelog_names_columns_that_there_were() {
    let changes = changes();
    assert!(!changes.is_empty());
    let columns_of = |(version, (table, path)): (u32, (String, PathBuf))| {
        let columns = Table::kinds(&path).into_iter();
        columns.map(move |(column, _)| (version, table.clone(), general(&column)))
    };
    let files =
        versions().flat_map(|version| files(version).into_iter().map(move |f| (version, f)));
    let there: Vec<(u32, String, String)> = files.flat_map(columns_of).collect();
    for change in changes {
        let what = format!("{} of {} in version {}", change.column, change.table, change.version);
        assert!(versions().contains(&change.version), "{what}");
        let is_earlier = there.iter().any(|(version, table, column)| {
            *version < change.version && *table == change.table && *column == change.column
        });
        assert!(is_earlier, "{what}: no earlier result has it");
    }
}

#[test]
fn single_paths_are_found() {
    for version in versions() {
        let rows = result(version).join("paths/scenario000-000000000000.parquet");
        let totals = Table::read(&rows).float("total");
        let listed = listed_paths(&result(version), "base").unwrap().unwrap();
        let of_system = listed.iter().filter(|path| path.scope_kind == "system");
        let of_system: Vec<_> = of_system.filter(|path| path.scope == "system").collect();
        assert_eq!(of_system.iter().map(|path| path.rank).collect::<Vec<_>>(), [1, 2, 3]);
        for path in of_system {
            let row = path_row(&result(version), "base", path.path).unwrap().unwrap();
            let total = row.iter().find(|(name, _)| name == "total").unwrap().1;
            let index = usize::try_from(path.path).unwrap();
            assert_eq!([total, path.loss_eth].map(f64::to_bits), [totals[index].to_bits(); 2]);
        }
        assert_eq!(path_row(&result(version), "base", 64).unwrap(), None);
    }
}

/// The one problem that is told, with status 2 and nothing else.
#[track_caller]
fn refusal(args: &[&str]) -> String {
    let output = slashfall(args);
    let said = stderr(&output);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{args:?}: {said}");
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(lines.len(), 1, "{args:?}: {said}");
    lines[0].to_owned()
}

#[test]
fn old_paths_are_told_again_or_it_is_said_why_not() {
    for version in versions() {
        let folder = format!("v{version}");
        for args in [["--worst", "3"], ["--path", "7"]] {
            let args = [&["replay", &folder][..], &args].concat();
            // The first version had the first streams, and did not say so.
            let streams = manifest(version)["streams_version"].as_u64().unwrap_or(1);
            if streams == STREAMS_VERSION {
                let output = slashfall(&args);
                assert!(output.status.success(), "{args:?}: {}", stderr(&output));
                assert!(stdout(&output).contains("to the last bit."), "{}", stdout(&output));
                continue;
            }
            let said = refusal(&args);
            let expected = format!(
                "error: {folder}/manifest.json, key `streams_version`: found \"{streams}\", random \
                 streams of version {STREAMS_VERSION} were expected: from others the same number \
                 is another path; run it again, or replay it with the program that wrote it \
                 (slashfall 0.1.0)"
            );
            assert_eq!(said, expected);
        }
    }
}

#[test]
fn old_results_are_compared_or_it_is_said_why_not() {
    for version in versions() {
        let folder = format!("v{version}");
        if version.to_string() == SCHEMA_VERSION {
            let page = stdout(&slashfall(&["diff", &folder, "--json"]));
            let page: Value = serde_json::from_str(&page).unwrap();
            assert_eq!(page["comparisons"][0]["b"]["scenario"], "slashing x3");
            assert!(!page["comparisons"][0]["differences"].as_array().unwrap().is_empty());
            continue;
        }
        let expected = format!(
            "error: {folder}/manifest.json, key `schema_version`: found \"{version}\", \
             {SCHEMA_VERSION} was expected: another version means other figures; run it again, or \
             compare it with the program that wrote it"
        );
        assert_eq!(refusal(&["diff", &folder]), expected);
    }
}

/// A page shows what an old result has, and says what it has not.
#[test]
fn old_results_make_pages() {
    for version in versions() {
        let (folder, pages) = (format!("v{version}"), tempfile::TempDir::new().unwrap());
        let page = pages.path().join("page.html");
        let output = slashfall(&["report", &folder, "-q", "-o", page.to_str().unwrap()]);
        assert!(output.status.success(), "{folder}: {}", stderr(&output));
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains("Expected shortfall") && page.contains("data-at=\"exceedance:"));
        let is_today = version.to_string() == SCHEMA_VERSION;
        assert_eq!(page.contains("Probability of breaching the budget"), is_today, "{folder}");
        assert_eq!(page.contains("The paths are not told: "), !is_today, "{folder}");
    }
}

/// What a later program means by its tables is not known to an earlier one.
#[test]
fn later_results_are_left_to_later_programs() {
    let example = Example::new();
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    let mut manifest = example.json("result/manifest.json");
    let later = 1 + SCHEMA_VERSION.parse::<u32>().unwrap();
    manifest["schema_version"] = later.to_string().into();
    manifest["program"] = "slashfall 9.9.9".into();
    example.write("result/manifest.json", manifest.to_string().as_bytes());
    let policy = "name = \"x\"\n[treasury]\nsize_eth = 200\n[budget]\n\
                  es = { level = 0.9, share = 0.05 }\n[[position]]\nasset = \"ezETH\"\n";
    example.write("policy.toml", policy.as_bytes());
    for args in [
        &["report", "result", "-o", "page.html"][..],
        &["replay", "result", "--path", "1"],
        &["reverse", "result", "--loss", ">= 1"],
        &["caps", "result", "--policy", "policy.toml"],
        &["diff", "result"],
    ] {
        let problems = problems_of(&example, args);
        let place =
            format!("error: result/manifest.json, key `schema_version`: found \"{later}\", ");
        assert!(problems.len() == 1 && problems[0].starts_with(&place), "{args:?}: {problems:?}");
        let is_told = problems[0].contains("slashfall 9.9.9") || args[0] == "diff";
        assert!(is_told, "{args:?}: {problems:?}");
    }
}

/// Results of the second version were written for a while before manifests named the streams.
#[test]
fn streams_that_are_not_named_are_suspected_where_a_path_differs() {
    let example = Example::new();
    let run = ["run", "run.toml", "--quiet", "--set", "run.detail=paths", "--paths", "100"];
    for (seed, folder) in [("7", "result"), ("9", "other")] {
        example.good(&[&run[..], &["--seed", seed, "-o", folder]].concat());
    }
    let named = format!("  \"streams_version\": {STREAMS_VERSION},\n");
    example.swap("result/manifest.json", &named, "");
    let replay = ["replay", "result", "--worst", "1"];
    assert!(example.good(&replay).contains("to the last bit."));
    let rows = "paths/scenario000-000000000000.parquet";
    let [from, to] = ["other", "result"].map(|folder| example.path(&format!("{folder}/{rows}")));
    fs::copy(from, to).unwrap();
    let problems = problems_of(&example, &replay);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("error: result/manifest.json: path "), "{problems:?}");
    let advice = "the manifest does not say of which version the random streams were, and an \
                  earlier program may have drawn other paths: run it again";
    assert!(problems[0].ends_with(advice), "{problems:?}");
}
