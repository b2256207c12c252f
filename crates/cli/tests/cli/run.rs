//! A run depends on its inputs and seed alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::example::{Example, tree};
use crate::table::Table;

/// The example of `init` with every path written.
pub(crate) fn example() -> Example {
    let example = Example::empty();
    example.good(&["init", "example"]);
    example
}

pub(crate) const RUN: [&str; 6] =
    ["run", "example/run.toml", "--set", "run.detail=paths", "--quiet", "--paths"];

/// The tables of a result by name, and its manifest without what differs from run to run.
pub(crate) fn result(example: &Example, dir: &str) -> (BTreeMap<PathBuf, Vec<u8>>, Value) {
    let mut files = tree(&example.path(dir));
    let manifest = files.remove(Path::new("manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_slice(&manifest).unwrap();
    for key in ["threads", "wall_seconds", "peak_memory_bytes", "command"] {
        let taken = manifest.as_object_mut().unwrap().remove(key);
        assert!(taken.is_some(), "{key} is not in the manifest");
    }
    (files, manifest)
}

#[test]
fn threads_do_not_matter() {
    let example = example();
    for threads in ["1", "2", "3"] {
        let more = ["5000", "--threads", threads, "-o", threads];
        example.good(&[&RUN[..], &more].concat());
        let manifest = example.json(&format!("{threads}/manifest.json"));
        assert_eq!(manifest["threads"].to_string(), threads);
    }
    let (one, manifest) = result(&example, "1");
    let scenarios = 2;
    let tables = slashfall_output::schema::TABLES.len();
    assert_eq!(one.len(), tables + 1 + scenarios, "{:?}", one.keys());
    for threads in ["2", "3"] {
        let (files, other) = result(&example, threads);
        assert_eq!(manifest, other);
        assert!(one.keys().eq(files.keys()));
        for (file, bytes) in &one {
            assert!(files[file] == *bytes, "{} differs with {threads} threads", file.display());
        }
    }
}

#[test]
fn a_path_does_not_depend_on_how_many_there_are() {
    let example = example();
    let mut totals = Vec::new();
    for paths in ["700", "2100"] {
        example.good(&[&RUN[..], &[paths, "-o", paths]].concat());
        let file = format!("{paths}/paths/scenario001-000000000000.parquet");
        totals.push(Table::read(&example.path(&file)).float("total"));
    }
    let bits = |totals: &[f64]| totals.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&totals[0]), bits(&totals[1][..700]));
    assert!(totals[0].iter().any(|total| *total > 0.0));
}

#[test]
fn another_seed_is_another_result() {
    let example = example();
    for seed in ["1", "2"] {
        example.good(&[&RUN[..], &["400", "--seed", seed, "-o", seed]].concat());
        let manifest = example.json(&format!("{seed}/manifest.json"));
        assert_eq!(manifest["seed"].to_string(), seed);
        assert_eq!(manifest["config"]["base"]["run"]["seed"].to_string(), seed);
    }
    assert!(result(&example, "1").0 != result(&example, "2").0);
}

#[test]
fn the_manifest_says_what_was_run() {
    let example = example();
    example.good(&[&RUN[..], &["400", "--set", "cascade.enabled=false"]].concat());
    let manifest = example.json("results/example/manifest.json");
    assert_eq!(manifest["name"], "example");
    assert_eq!(manifest["network"], "tiny");
    assert_eq!(manifest["network_as_of"], "2025-10-01");
    assert_eq!(manifest["paths"], serde_json::json!({ "base": 400, "slashing x10": 400 }));
    assert_eq!(manifest["precision_reached"], Value::Null);
    assert_eq!(
        (&manifest["truncated_paths"], &manifest["unbalanced_paths"]),
        (&0.into(), &0.into())
    );
    for scenario in ["base", "slashing x10"] {
        assert_eq!(manifest["config"][scenario]["cascade"]["enabled"], false);
    }
    let rate = |scenario: &str| manifest["config"][scenario]["source"][1]["rate"].as_f64();
    assert_eq!((rate("base"), rate("slashing x10")), (Some(0.02), Some(0.2)));
    let evidence = &manifest["config"]["slashing x10"]["source"][0]["rate"];
    assert_eq!(evidence["scale"], 10.0);
    let inputs = manifest["inputs"].as_array().unwrap();
    let files: Vec<&str> = inputs.iter().map(|input| input["path"].as_str().unwrap()).collect();
    assert_eq!(files[0], "example/run.toml");
    assert!(files.contains(&"example/network/groups.csv"), "{files:?}");
    assert_eq!(files.len(), 10);
    assert!(inputs.iter().all(|input| input["sha256"].as_str().unwrap().len() == 64));
}
