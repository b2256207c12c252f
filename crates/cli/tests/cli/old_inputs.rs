//! Run files, networks and policies of every schema version are taken as they are: `tests/inputs` keeps
//! some of each, with every key and column that there was.

use std::fs;
use std::path::{Path, PathBuf};

use slashfall_output::SCHEMA_VERSION;

use crate::example::{Example, stderr, tree};

/// A folder with what is kept of a version.
fn kept(version: u32) -> Example {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/inputs/v{version}"));
    let example = Example::empty();
    fs::create_dir(example.path("network")).unwrap();
    for (file, bytes) in tree(&from) {
        if file != Path::new("network") {
            example.write(file.to_str().unwrap(), &bytes);
        }
    }
    example
}

/// All schema versions that there have been.
fn versions() -> std::ops::RangeInclusive<u32> {
    1..=SCHEMA_VERSION.parse().unwrap()
}

fn run_files(example: &Example) -> Vec<String> {
    let is_run_file = |file: &PathBuf| {
        file.parent() == Some(Path::new("")) && file.extension().is_some_and(|own| own == "toml")
    };
    let files = example.tree().into_keys().filter(is_run_file);
    let names = files.map(|file| file.display().to_string());
    names.filter(|name| name != "policy.toml").collect()
}

#[test]
fn run_files_and_networks_of_every_version_are_good() {
    for version in versions() {
        let example = kept(version);
        let files = run_files(&example);
        assert!(files.len() >= 2, "{files:?}");
        for file in files {
            let output = example.slashfall(&["check", &file, "--json"]);
            assert!(output.status.success(), "version {version}, {file}: {}", stderr(&output));
            example.good(&["run", &file, "-q", "-o", &format!("results/{file}"), "--threads", "1"]);
        }
        let stress = example.good(&["stress", "run.toml", "--scenario", "worse"]);
        assert!(stress.contains("certain"), "{stress}");
        // Every key has an effect, or another is there that says it has none.
        let manifest = example.json("results/run.toml/manifest.json");
        assert_eq!(manifest["not_applied"], serde_json::json!(["`event`"]));
        assert_eq!(manifest["paths"].as_object().unwrap().len(), 7);
    }
}

#[test]
fn policies_of_every_version_are_answered() {
    for version in versions().skip(1) {
        let example = kept(version);
        let run = ["run", "run.toml", "-q", "-o", "result", "--set", "run.detail=summary"];
        example.good(&[&run[..], &["--set", "sweep={}", "--set", "scenario=[]"]].concat());
        let ask = ["caps", "result", "--policy", "policy.toml", "-q", "-o", "caps"];
        let output = example.slashfall(&ask);
        assert!(output.status.success(), "version {version}: {}", stderr(&output));
        assert_eq!(example.json("caps/caps.json")["name"], "Every key");
    }
}
