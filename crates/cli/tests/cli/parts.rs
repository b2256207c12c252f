//! Parts of a run: merged they are the run to the byte, and what is not the whole of one run is refused.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::example::{Example, problems_of, stderr};
use crate::run::{example, result};
use crate::table::Table;

/// Runs all paths at once and in parts, merges the parts, and holds the one to be the other.
#[track_caller]
fn parts_make_the_whole(example: &Example, run: &[&str], n_paths: u64, cuts: &[u64]) {
    let n = n_paths.to_string();
    let run = [run, &["-q", "--paths", &n]].concat();
    example.good(&[&run[..], &["-o", "whole"]].concat());
    let bounds: Vec<u64> = [&[0], cuts, &[n_paths]].concat();
    for (number, pair) in bounds.windows(2).enumerate() {
        let [from, to] = [pair[0], pair[1]].map(|bound| bound.to_string());
        let dir = format!("parts/{number}");
        // Threads are nothing to a part either.
        let threads = (1 + number % 3).to_string();
        let own = ["--paths-from", &from, "--paths-to", &to, "--threads", &threads, "-o", &dir];
        example.good(&[&run[..], &own].concat());
    }
    let mut merge = vec!["merge".to_owned(), "-q".to_owned(), "-o".to_owned(), "merged".to_owned()];
    // In any order.
    merge.extend((0..bounds.len() - 1).rev().map(|number| format!("parts/{number}")));
    example.good(&merge.iter().map(String::as_str).collect::<Vec<_>>());
    let (whole, merged) = (result(example, "whole"), result(example, "merged"));
    assert_eq!(whole.0.keys().collect::<Vec<_>>(), merged.0.keys().collect::<Vec<_>>());
    for (name, bytes) in &whole.0 {
        assert!(merged.0[name] == *bytes, "{} is another file", name.display());
    }
    let without_parts = |(_, mut manifest): (_, Value)| {
        manifest.as_object_mut().unwrap().remove("merged_parts");
        manifest
    };
    let (whole, merged) = (without_parts(whole), without_parts(merged));
    for (key, value) in whole.as_object().unwrap() {
        assert_eq!(merged[key], *value, "{key}");
    }
    let manifest = example.json("merged/manifest.json");
    assert_eq!(manifest["merged_parts"], (bounds.len() - 1) as u64);
}

/// Cuts in the middle of a block, of one path, at a waypoint, and beyond the first file of paths.
#[test]
fn of_plain_paths_with_every_path_written() {
    let run = ["run", "run.toml", "--set", "run.detail=paths"];
    parts_make_the_whole(&Example::new(), &run, 70_000, &[1, 5_000, 8_192, 12_289, 66_000]);
}

#[test]
fn of_weighted_paths() {
    let run = ["run", "run.toml", "--set", "sampling.method=importance"];
    let scope = ["--set", "sampling.scope=system_ex_price", "--set", "run.levels=[0.9, 0.999]"];
    parts_make_the_whole(&Example::new(), &[&run[..], &scope].concat(), 20_000, &[4_000, 15_001]);
}

#[test]
fn of_weighted_paths_whose_tails_are_not_kept() {
    let run = ["run", "run.toml", "--set", "sampling.method=importance"];
    let scope = ["--set", "sampling.scope=system_ex_price", "--set", "run.detail=summary"];
    parts_make_the_whole(&Example::new(), &[&run[..], &scope].concat(), 9_000, &[4_097]);
}

#[test]
fn of_sobol_points() {
    let run = ["run", "run.toml", "--set", "sampling.method=sobol"];
    parts_make_the_whole(&Example::new(), &run, 16_384, &[1_001, 8_192, 10_000]);
}

/// A run may have more paths than 32 bits count: those that have the same lower bits are others.
#[test]
fn of_more_paths_than_32_bits_count() {
    let example = Example::new();
    let rows = |from: u64, dir: &str| {
        let bounds = [from, from + 500].map(|bound| bound.to_string());
        let run =
            ["run", "run.toml", "-q", "--set", "run.detail=paths", "--paths", "1000000000000"];
        let part = ["--paths-from", &bounds[0], "--paths-to", &bounds[1], "-o", dir];
        example.good(&[&run[..], &part].concat());
        let file = format!("{dir}/paths/scenario000-{from:012}.parquet");
        let rows = Table::read(&example.path(&file));
        (rows.count("path"), rows.float("total"))
    };
    let from = 999_999_999_500;
    let (paths, losses) = rows(from, "far");
    assert_eq!(paths, (from..from + 500).collect::<Vec<_>>());
    let (near, others) = rows(from % (1 << 32), "near");
    assert_eq!(near.len(), 500);
    let n_lost = |losses: &[f64]| losses.iter().filter(|loss| loss.abs() > 0.0).count();
    assert!(n_lost(&losses) > 50 && n_lost(&others) > 50, "{} of 500", n_lost(&losses));
    let is_same = |(a, b): &(&f64, &f64)| a.abs() > 0.0 && a.to_bits() == b.to_bits();
    assert_eq!(losses.iter().zip(&others).filter(is_same).count(), 0);
    let problems = problems_of(
        &example,
        &["run", "run.toml", "--set", "run.paths=1000000000001", "--paths-to", "5"],
    );
    assert!(problems[0].contains("1 to 1000000000000"), "{problems:?}");
}

/// More losses than are kept one by one, so that all but the worst are in bins: of parts that keep all
/// of theirs, and of one that does not.
#[test]
fn of_more_losses_than_are_kept() {
    let example = example();
    let run = ["run", "example/run.toml", "--set", "run.horizon_days=1"];
    parts_make_the_whole(&example, &run, 800_000, &[20_000, 50_001, 760_000]);
    let summary = Table::read(&example.path("merged/summary.parquet"));
    assert!(summary.float("resolution").iter().any(|resolution| *resolution > 0.0));
}

/// Merges parts in steps: what is between is what a run of its paths at once stores, and what comes of it
/// the result of the run.
#[track_caller]
fn parts_make_larger_ones(example: &Example, run: &[&str], n_paths: u64, cuts: [u64; 3]) {
    let n = n_paths.to_string();
    let run = [run, &["-q", "--paths", &n]].concat();
    let bounds = [0, cuts[0], cuts[1], cuts[2], n_paths].map(|bound| bound.to_string());
    let part = |from: usize, to: usize, dir: &str| {
        let own = ["--paths-from", &bounds[from], "--paths-to", &bounds[to], "-o", dir];
        example.good(&[&run[..], &own].concat());
    };
    (0..4).for_each(|own| part(own, own + 1, &format!("small/{own}")));
    part(1, 4, "at-once/1");
    example.good(&["merge", "--part", "-q", "small/3", "small/1", "small/2", "-o", "large/1"]);
    let (larger, at_once) = (files(example, "large/1"), files(example, "at-once/1"));
    assert_eq!(larger.keys().collect::<Vec<_>>(), at_once.keys().collect::<Vec<_>>());
    for (name, bytes) in &at_once {
        assert!(larger[name] == *bytes, "{} is another file", name.display());
    }
    let manifest = |dir: &str| {
        let mut manifest = example.json(&format!("{dir}/part.json"));
        for key in ["command", "wall_seconds", "peak_memory_bytes", "threads"] {
            manifest.as_object_mut().unwrap().remove(key).unwrap();
        }
        manifest
    };
    assert_eq!(manifest("large/1"), manifest("at-once/1"));
    example.good(&[&run[..], &["-o", "whole"]].concat());
    example.good(&["merge", "-q", "large/1", "small/0", "-o", "merged"]);
    let (whole, merged) = (result(example, "whole"), result(example, "merged"));
    assert!(whole.0 == merged.0, "the merge of a larger part is another result");
}

/// Files of a part but its manifest.
fn files(example: &Example, dir: &str) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let dir = example.path(dir);
    let mut files = std::collections::BTreeMap::new();
    for sub in [dir.clone(), dir.join("paths")] {
        let entries = fs::read_dir(&sub).into_iter().flatten().map(|entry| entry.unwrap().path());
        for path in entries.filter(|path| path.is_file() && !path.ends_with("part.json")) {
            files.insert(path.strip_prefix(&dir).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
    assert!(!files.is_empty());
    files
}

#[test]
fn larger_parts_of_plain_paths() {
    let run = ["run", "run.toml", "--set", "run.detail=paths"];
    parts_make_larger_ones(&Example::new(), &run, 70_000, [1_000, 8_192, 20_000]);
}

#[test]
fn larger_parts_of_weighted_paths() {
    let run = ["run", "run.toml", "--set", "sampling.method=importance"];
    parts_make_larger_ones(&Example::new(), &run, 20_000, [4_000, 5_000, 15_001]);
}

#[test]
fn larger_parts_of_sobol_points() {
    let run = ["run", "run.toml", "--set", "sampling.method=sobol"];
    parts_make_larger_ones(&Example::new(), &run, 16_384, [1_001, 1_002, 10_000]);
}

#[test]
fn larger_parts_of_more_losses_than_are_kept() {
    let run = ["run", "example/run.toml", "--set", "run.horizon_days=1"];
    parts_make_larger_ones(&example(), &run, 800_000, [20_000, 50_001, 760_000]);
}

#[test]
fn larger_parts_are_of_paths_that_go_on() {
    let example = Example::new();
    parts(&example, &[0, 1_000, 3_000], &[]);
    let problems = refused(&example, &["--part", "parts"]);
    assert!(problems[0].contains("paths 2000 to 3000 were expected before"), "{problems:?}");
    example.good(&["merge", "--part", "-q", "parts/0", "parts/1000"]);
    let default = "results/test.parts/000000000000-000000002000";
    let name = example.json("parts/0/part.json")["name"].as_str().unwrap().to_owned();
    let default = default.replace("test", &name);
    assert_eq!(example.json(&format!("{default}/part.json"))["paths"]["to"], 2_000);
}

/// What a part that was left half done has, it may have whole.
#[test]
fn parts_without_a_name_of_their_own_are_none() {
    let example = Example::new();
    parts(&example, &[0, 1_000, 2_000, 3_000], &[]);
    fs::create_dir(example.path("parts/.1000.partial-7")).unwrap();
    fs::copy(example.path("parts/1000/part.json"), example.path("parts/.1000.partial-7/part.json"))
        .unwrap();
    example.good(&["merge", "parts", "-q", "-o", "merged"]);
}

/// What a run says before it begins, its parts say, and their merge.
#[test]
fn parts_and_merges_say_what_a_run_says() {
    let example = Example::new();
    let run = ["run", "run.toml", "--paths", "4000", "--set", "sampling.method=importance"];
    let notes = |args: &[&str]| -> Vec<String> {
        let output = example.slashfall(args);
        assert!(output.status.success(), "{}", stderr(&output));
        let said = stderr(&output);
        let notes = said.lines().filter(|line| line.contains("note: ")).map(str::to_owned);
        notes.collect()
    };
    let of_run = notes(&[&run[..], &["-o", "whole"]].concat());
    assert!(!of_run.is_empty());
    let of_part = |from: &str, to: &str| {
        notes(
            &[&run[..], &["--paths-from", from, "--paths-to", to, "-o", &format!("parts/{from}")]]
                .concat(),
        )
    };
    assert_eq!(of_part("0", "1000"), of_run);
    assert_eq!(of_part("1000", "4000"), of_run);
    assert_eq!(notes(&["merge", "parts", "-o", "merged"]), of_run);
}

/// Parts of a small run in `parts/FROM`, each of a thousand paths.
fn parts(example: &Example, froms: &[u64], more: &[&str]) {
    for from in froms {
        let (to, dir) = ((from + 1_000).to_string(), format!("parts/{from}"));
        let own = ["run", "run.toml", "-q", "--paths", "4000", "--paths-from", &from.to_string()]
            .map(str::to_owned);
        let mut args: Vec<&str> = own.iter().map(String::as_str).collect();
        args.extend(["--paths-to", &to, "-o", &dir]);
        args.extend(more);
        example.good(&args);
    }
}

/// Problems of a merge, which writes nothing.
#[track_caller]
fn refused(example: &Example, args: &[&str]) -> Vec<String> {
    problems_of(example, &[&["merge", "-o", "merged"], args].concat())
}

#[test]
fn a_folder_of_parts_is_merged() {
    let example = Example::new();
    parts(&example, &[0, 1_000, 2_000, 3_000], &[]);
    example.good(&["merge", "parts", "-q", "-o", "merged"]);
    assert_eq!(example.json("merged/manifest.json")["paths"]["base"], 4_000);
    // A replay finds the run file and the network as if the run had been one.
    example.good(&["replay", "merged", "--worst", "2"]);
}

#[test]
fn what_lacks_and_what_is_there_twice_is_told() {
    let example = Example::new();
    parts(&example, &[1_000, 3_000], &[]);
    let problems = refused(&example, &["parts"]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("paths 2000 to 3000 were expected before"), "{problems:?}");
    parts(&example, &[2_000], &[]);
    let problems = refused(&example, &["parts"]);
    assert!(problems[0].contains("paths 0 to 1000 were expected too"), "{problems:?}");
    let problems = refused(&example, &["parts/1000", "parts/2000"]);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[1].contains("paths 3000 to 4000 were expected too"), "{problems:?}");
    let problems = refused(&example, &["parts", "parts/2000"]);
    assert!(problems[0].contains("paths from 3000 on were expected"), "{problems:?}");
    parts(&example, &[0, 500], &[]);
    let problems = refused(&example, &["parts"]);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("parts/0 has 0 to 1000"), "{problems:?}");
}

#[test]
fn parts_of_other_runs_are_told_all_at_once() {
    let example = Example::new();
    parts(&example, &[0], &[]);
    parts(&example, &[1_000], &["--seed", "8"]);
    parts(&example, &[2_000], &["--set", "run.horizon_days=20"]);
    example.write("network/portfolios.csv", b"portfolio,asset,amount_eth\nfund,ezETH,26\n");
    parts(&example, &[3_000], &[]);
    let problems = refused(&example, &["parts"]).join("\n");
    for (part, key) in [("1000", "seed"), ("2000", "config_sha256"), ("3000", "inputs_sha256")] {
        let told = problems
            .lines()
            .find(|line| line.contains(&format!("parts/{part}/part.json, key `{key}`")));
        assert!(told.is_some(), "{key}: {problems}");
    }
    assert!(problems.contains("portfolios.csv is another file"), "{problems}");
    assert_eq!(problems.lines().count(), 4, "{problems}");
    assert!(problems.contains("network/portfolios.csv: it has changed"), "{problems}");
}

#[test]
fn parts_of_other_programs_are_refused() {
    let example = Example::new();
    parts(&example, &[0, 1_000, 2_000, 3_000], &[]);
    let change = |from: u64, key: &str, value: Value| {
        let name = format!("parts/{from}/part.json");
        let mut manifest = example.json(&name);
        manifest[key] = value;
        example.write(&name, manifest.to_string().as_bytes());
    };
    change(1_000, "program", "slashfall 9.9.9".into());
    change(2_000, "streams_version", 99.into());
    let problems = refused(&example, &["parts"]);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("slashfall 9.9.9") && problems[0].contains("program"));
    assert!(problems[1].contains("streams_version") && problems[1].contains("99"));
    change(1_000, "part_version", 7.into());
    assert!(refused(&example, &["parts/1000"])[0].contains("part_version"));
    let program = example.json("parts/0/part.json")["program"].clone();
    change(1_000, "part_version", 1.into());
    change(1_000, "program", program);
    let streams = example.json("parts/0/part.json")["streams_version"].clone();
    change(2_000, "streams_version", streams);
    // Computes otherwise: the same on all parts, and not what this machine finds.
    let mut selftest = example.json("parts/0/part.json")["selftest"].clone();
    selftest["sha256"] = "0".repeat(64).into();
    [0, 1_000, 2_000, 3_000].iter().for_each(|from| change(*from, "selftest", selftest.clone()));
    assert!(refused(&example, &["parts"])[0].contains("computes otherwise"));
}

#[test]
fn parts_that_are_not_as_they_were_written_are_refused() {
    let example = Example::new();
    parts(&example, &[0, 1_000, 2_000, 3_000], &[]);
    let state = example.path("parts/1000/scenario001.state");
    let bytes = fs::read(&state).unwrap();
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    fs::write(&state, &changed).unwrap();
    assert!(refused(&example, &["parts"])[0].contains("scenario001.state: it has changed"));
    fs::write(&state, &bytes[..bytes.len() / 2]).unwrap();
    assert!(refused(&example, &["parts"])[0].contains("scenario001.state: it has changed"));
    fs::remove_file(&state).unwrap();
    assert!(refused(&example, &["parts"])[0].contains("scenario001.state"));
    fs::write(&state, &bytes).unwrap();
    example.good(&["run", "run.toml", "-q", "-o", "whole"]);
    assert!(refused(&example, &["parts", "whole"])[0].contains("this is a whole result"));
    assert!(refused(&example, &["nowhere"])[0].contains("nowhere"));
    example.good(&["merge", "parts", "-q", "-o", "merged"]);
    let page = example.slashfall(&["report", "parts/0", "-o", "page.html"]);
    assert_eq!(page.status.code(), Some(2), "{}", stderr(&page));
}

#[test]
fn ranges_that_are_none_of_the_run_are_told() {
    let example = Example::new();
    let told = |args: &[&str]| {
        problems_of(&example, &[&["run", "run.toml", "-o", "part"], args].concat()).join("\n")
    };
    let problems = told(&["--paths-to", "1001"]);
    assert!(problems.contains("--paths-to: found \"1001\", at most 1000 was"), "{problems}");
    let problems = told(&["--paths-from", "1000"]);
    assert!(problems.contains("--paths-from: found \"1000\", at most 999 was"), "{problems}");
    assert!(told(&["--paths-from", "5", "--paths-to", "5"]).contains("at most 4 was expected"));
    let until = "until = { metric = \"mean\", scope = \"system\", level = 0.99, relative_error = 0.1, max_paths = 9000 }\n";
    example.swap("run.toml", "paths = 1_000\n", until);
    let problems = told(&["--paths-from", "5"]);
    assert!(problems.contains("run.until") && problems.contains("it has no parts"), "{problems}");
}

#[test]
fn a_part_is_replaced_only_when_asked_and_nothing_else_is() {
    let example = Example::new();
    parts(&example, &[0], &[]);
    let run = ["run", "run.toml", "-q", "--paths", "4000", "--paths-to", "1000", "-o"];
    let again = example.slashfall(&[&run[..], &["parts/0"]].concat());
    assert_eq!(again.status.code(), Some(2), "{}", stderr(&again));
    example.good(&[&run[..], &["parts/0", "--overwrite"]].concat());
    let network = example.slashfall(&[&run[..], &["network", "--overwrite"]].concat());
    assert_eq!(network.status.code(), Some(2), "{}", stderr(&network));
    assert!(Path::new(&example.path("network/assets.csv")).is_file());
}
