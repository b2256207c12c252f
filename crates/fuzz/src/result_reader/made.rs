//! A small result, caps of it and two parts of its run, as this program writes them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slashfall_jobs::{
    Config, Keeping, Overrides, PART_FILE, PartOptions, Reach, RunOptions, Unwatched, caps, run,
    run_part,
};
use slashfall_output::{digest_bytes, digest_text};
use slashfall_sampling::Node;
use tempfile::TempDir;

use crate::folder::{hold, read, written};
use crate::seeds::repository;

/// The result's folder.
pub(super) const RESULT: &str = "result";
/// The folder of its caps.
pub(super) const CAPS: &str = "caps";
/// The folder of the parts.
pub(super) const PARTS: &str = "parts";
/// The first path of the second part.
const CUT: u64 = 32;

/// A policy for the network of the result.
const POLICY: &str = r#"
name = "fund"
[treasury]
size_eth = 100
[budget]
bound = "point"
es = { level = 0.9, share = 0.05 }
[[position]]
asset = "tLRT"
amount_eth = 10
"#;

/// What is on disk.
pub(super) struct Made {
    pub(super) dir: TempDir,
    /// Every file that an input may take the place of, as it was written.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

thread_local! {
    /// Gone with the thread.
    pub(super) static MADE: Made = Made::new();
}

impl Made {
    fn new() -> Self {
        let dir = TempDir::new().expect("a folder for a result");
        let at = |name: &str| dir.path().join(name);
        let network = read(&repository("crates/cli/tests/results/network"));
        let network: Vec<_> =
            network.iter().map(|(name, file)| (name.as_str(), &file[..])).collect();
        hold(&at("network"), &network);
        let run_file = repository("crates/cli/tests/results/run.toml");
        let text = written(fs::read_to_string(&run_file), &run_file);
        let root = Node::parse("run.toml", &text).expect("the run file is right");
        // What is given has no path of this machine in it.
        let (folder, reach) = (dir.path().to_owned(), Reach::default());
        let config = Config::Given { root, name: "run.toml".to_owned(), folder, reach };
        let options = |output: PathBuf| RunOptions {
            config: config.clone(),
            overrides: Overrides::default(),
            output: Some(output),
            overwrite: false,
            command: vec!["slashfall".to_owned()],
            keeping: Keeping::default(),
        };
        let whole = options(at(RESULT));
        let input = whole.load().expect("the run file is right");
        let mut scenarios = input.resolve().expect("the run file is right");
        run(&input, &mut scenarios, &whole, &mut Unwatched).expect("a run can be written");
        for (name, from, to) in [("a", None, Some(CUT)), ("b", Some(CUT), None)] {
            let mut scenarios = input.resolve().expect("the run file is right");
            let options = options(at(PARTS).join(name));
            let part = PartOptions { from, to };
            run_part(&input, &mut scenarios, &options, part, &mut Unwatched)
                .expect("a part can be written");
        }
        written(fs::write(at("policy.toml"), POLICY), dir.path());
        caps::caps(&caps_options(dir.path()), &mut Unwatched).expect("the policy is right");
        let b = format!("{PARTS}/b");
        let folders = [RESULT, "result/paths", CAPS, &b, "parts/b/paths"];
        let files = folders.iter().flat_map(|folder| {
            let files = read(&at(folder)).into_iter();
            files.map(move |(name, bytes)| (format!("{folder}/{name}"), bytes))
        });
        Self { files: files.collect(), dir }
    }

    fn kept(&self, name: &str) -> &[u8] {
        let found = self.files.iter().find(|(own, _)| own == name);
        found.map_or(&[], |(_, bytes)| bytes.as_slice())
    }

    /// Writes a file, and whatever says that it is as it was written.
    pub(super) fn put_mended(&self, name: &str, open: &[u8], is_packed: bool) {
        let path = self.dir.path().join(name);
        let bytes = match name.rsplit_once('.') {
            Some((_, "json")) => with_digest(open),
            Some((_, "state")) if !is_packed => compressed(open),
            _ => open.to_vec(),
        };
        if name.ends_with(".state") {
            let part = format!("{PARTS}/b/{PART_FILE}");
            let guard = with_state(self.kept(&part), &path, &bytes);
            written(fs::write(self.dir.path().join(&part), guard), &path);
        }
        written(fs::write(&path, bytes), &path);
    }

    /// Puts back what [`Self::put_mended`] has written beside a file.
    pub(super) fn put_back_guards(&self, name: &str) {
        if name.ends_with(".state") {
            let part = format!("{PARTS}/b/{PART_FILE}");
            let path = self.dir.path().join(&part);
            written(fs::write(&path, self.kept(&part)), &path);
        }
    }
}

pub(super) fn caps_options(dir: &Path) -> caps::CapsOptions {
    caps::CapsOptions {
        result: dir.join(RESULT),
        policy: dir.join("policy.toml"),
        scenario: "base".to_owned(),
        network: None,
        paths: None,
        certificate_seed: None,
        output: Some(dir.join(CAPS)),
        overwrite: false,
    }
}

/// What an input for [`Made::put_mended`] has of a file; none where it is the file itself.
pub(super) fn opened(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match name.rsplit_once('.')? {
        (_, "json") => Some(bytes.to_vec()),
        (_, "state") => zstd::decode_all(bytes).ok(),
        _ => None,
    }
}

/// A manifest that says of its run file that it is as it was written.
fn with_digest(text: &[u8]) -> Vec<u8> {
    let Ok(mut manifest) = serde_json::from_slice::<Value>(text) else { return text.to_vec() };
    let digest = digest_text(&manifest["config"].to_string());
    if let Some(own) = manifest.get_mut("config_sha256") {
        *own = digest.into();
    }
    manifest.to_string().into_bytes()
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("anything can be compressed")
}

/// The manifest of a part whose state is this one.
fn with_state(part: &[u8], path: &Path, state: &[u8]) -> Vec<u8> {
    let mut manifest: Value = serde_json::from_slice(part).expect("a manifest as written");
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let states = manifest["states"].as_array_mut().into_iter().flatten();
    for own in states.filter(|own| own["file"] == *file) {
        own["sha256"] = digest_bytes(state).into();
    }
    manifest.to_string().into_bytes()
}
