//! A good run file and network in a folder of their own, ways to break them, and the program run
//! beside them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use slashfall_graph::spec::{AssetKind, Sharing};
use slashfall_graph::{Sketch, write_network};
use tempfile::TempDir;

/// Where the program stands.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_slashfall");

/// A run file with every section and kind of source.
pub(crate) const RUN: &str = r#"name = "small"
network = "network"

[run]
seed = 7
paths = 1_000
horizon_days = 30
levels = [0.9, 0.975]
detail = "standard"
tail_paths = 10

[dependence]
copula = "student_t"
df = 4
factors = ["market", "operations", "code"]

[[source]]
kind = "avs_fault"
target = { avs = "bridge", operator = ["A", "B"] }
rate = 0.5
severity = { beta = { mean = 0.05, concentration = 4.0 } }
loadings = { operations = 0.35, code = 0.2 }

[[source]]
kind = "avs_incident"
target = { avs = "*" }
rate = { events = 1, exposure_years = 10.0, label = "incidents" }
participation = 0.6
severity = { mixture = { at_one = 0.05, else = { uniform = [0.1, 0.3] } } }

[[source]]
kind = "operator_compromise"
target = { operator = "C" }
rate = 0.01
reach = "all"

[[source]]
kind = "validator_incident"
target = { operator = "*" }
rate = 0.3
background = 0.01
severity = { generalized_pareto = { threshold = 0.0, shape = 0.5, scale = 0.01 } }

[[source]]
kind = "group_incident"
target = { group_kind = "cloud" }
effect = "avs_fault"
rate = 0.07
severity = 0.02

[[source]]
kind = "client_outage"
target = { group = "prysm" }
rate = 0.4
epochs = 225

[[source]]
kind = "exploit"
target = { asset = "ezETH" }
rate = 0.002
severity = { empirical = [0.125, 1.0] }

[noise.default]
sigma_daily = 0.0007
beta_market = 0.45

[noise.ezETH]
sigma_daily = 0.001

[redemption.default]
tolerance = 0.003

[security]
security_slack = 0.55

[beacon]
total_active_eth = 35_000_000.0

[cascade]
enabled = true

[[scenario]]
name = "worse"
scale = { "source.avs_fault.rate" = 10.0 }

[[scenario]]
name = "slack"
set = { "security.security_slack" = 0.15 }
"#;

/// A network with something of each table that the run file speaks of.
const NETWORK: [(&str, &str); 8] = [
    ("network.toml", "name = \"small\"\nas_of = 2026-11-20\nsource = \"made up\"\n"),
    (
        "assets.csv",
        "asset,kind,supply_eth,redemption_days\nETH,base,,\nstETH,lst,,4\nezETH,lrt,,7\n",
    ),
    ("operators.csv", "operator,entity\nA,Alpha\nB,Alpha\nC,Gamma\n"),
    (
        "holdings.csv",
        "holder,operator,asset,amount_eth\nstETH,A,ETH,1000\nezETH,A,ETH,200\nezETH,B,ETH,290\n\
         ezETH,,stETH,100\ndirect,B,stETH,40\ndirect,C,ETH,60\n",
    ),
    ("avs.csv", "avs,sharing,redistributes\nda,unique,false\nbridge,unique,true\n"),
    (
        "allocations.csv",
        "avs,operator,asset,fraction\nda,A,ETH,0.5\nbridge,A,ETH,0.3\nbridge,B,*,0.4\nda,C,*,1\n",
    ),
    (
        "groups.csv",
        "group,kind,operator,share\nprysm,client,A,0.5\nteku,client,A,0.5\naws,cloud,B,1\n",
    ),
    ("portfolios.csv", "portfolio,asset,amount_eth\nfund,ezETH,25\n"),
];

/// All tokens lose on a quarter of the paths.
const RUN_OF_TOKENS: &str = r#"name = "many"
network = "network"

[run]
seed = 7
paths = 500
horizon_days = 5
levels = [0.9]

[dependence]
copula = "independent"
factors = ["f"]

[[source]]
kind = "avs_fault"
target = { avs = "*", operator = "*" }
rate = 20
severity = { uniform = [0.1, 0.9] }
loadings = { f = 0.5 }
"#;

/// The good run file `run.toml` with its network in `network/`, in a folder that goes when dropped.
pub(crate) struct Example {
    dir: TempDir,
}

impl Example {
    pub(crate) fn new() -> Self {
        let example = Self { dir: TempDir::new().unwrap() };
        fs::create_dir(example.path("network")).unwrap();
        example.write("run.toml", RUN.as_bytes());
        for (file, text) in NETWORK {
            example.write(&format!("network/{file}"), text.as_bytes());
        }
        example
    }

    /// Of `token1`, `token2` and so on, each a hundred ETH larger than the one before and with all of it
    /// at one operator whom a service slashes often.
    pub(crate) fn of_tokens(n_tokens: usize) -> Self {
        let example = Self::empty();
        let mut sketch = Sketch::new()
            .asset("ETH", AssetKind::Base)
            .operator("a", "A")
            .avs("x", Sharing::Unique)
            .allocation("x", "a", "ETH", 1.0);
        for n in 1..=n_tokens {
            let token = format!("token{n}");
            sketch =
                sketch.asset(&token, AssetKind::Lrt).holding(&token, "a", "ETH", 100.0 * n as f64);
        }
        write_network(&sketch.0, &example.path("network")).unwrap();
        example.write("run.toml", RUN_OF_TOKENS.as_bytes());
        example
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    pub(crate) fn json(&self, file: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, bytes: &[u8]) {
        fs::write(self.path(file), bytes).unwrap();
    }

    /// Replaces a text that is there once.
    #[track_caller]
    pub(crate) fn swap(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert_eq!(text.matches(from).count(), 1, "{file}: {from:?} is not there once");
        self.write(file, text.replace(from, to).as_bytes());
    }

    /// Number of the line of a file that is this text.
    #[track_caller]
    pub(crate) fn line(&self, file: &str, text: &str) -> usize {
        let whole = self.read(file);
        let lines = whole.lines().enumerate().filter(|(_, line)| *line == text);
        let [line] = lines.map(|(index, _)| index + 1).collect::<Vec<_>>()[..] else {
            panic!("{file}: {text:?} is not one line of it");
        };
        line
    }

    /// Runs the program in this folder.
    pub(crate) fn slashfall(&self, args: &[&str]) -> Output {
        Command::new(PROGRAM).current_dir(self.dir.path()).args(args).output().unwrap()
    }

    /// Runs the program, which must end well, for what it prints.
    #[track_caller]
    pub(crate) fn good(&self, args: &[&str]) -> String {
        let output = self.slashfall(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// Every file and folder below, hidden ones too, with the contents of files.
    pub(crate) fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        tree(self.dir.path())
    }
}

/// Every file and folder below `dir` by relative path.
pub(crate) fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let bytes = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
            found.insert(path.strip_prefix(dir).unwrap().to_owned(), bytes);
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs `args` on broken input, for what is said of it: the status is 2, nothing is printed but
/// problems, and no file has come, gone or changed.
#[track_caller]
pub(crate) fn problems_of(example: &Example, args: &[&str]) -> Vec<String> {
    let before = example.tree();
    let output = example.slashfall(args);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert_eq!(stdout(&output), "", "{args:?}");
    assert!(
        example.tree() == before,
        "{args:?} left something behind: {:?}",
        example.tree().keys()
    );
    let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
    let n = lines.len() - 1;
    let last = format!("{n} problem{}; nothing was written", if n == 1 { "" } else { "s" });
    assert_eq!(lines.pop(), Some(last), "{args:?}: {said}");
    lines
}

/// Where a problem is to be, what was found there, and words that say what was expected.
pub(crate) struct Expected<'a> {
    /// File with line or row.
    pub(crate) place: String,
    /// Column or dotted key; empty for none.
    pub(crate) key: &'a str,
    /// Value; empty for none.
    pub(crate) found: &'a str,
    pub(crate) words: &'a [&'a str],
}

impl Expected<'_> {
    /// What a line of standard error lacks of it.
    pub(crate) fn fault_in(&self, line: &str) -> Option<String> {
        let mut start = format!("error: {}", self.place);
        if !self.key.is_empty() {
            let kind = if self.place.contains(", row ") { "column" } else { "key" };
            start += &format!(", {kind} `{}`", self.key);
        }
        start += ": ";
        if !self.found.is_empty() {
            start += &format!("found {:?}, ", self.found);
        }
        let Some(rest) = line.strip_prefix(&start) else {
            return Some(format!("{start:?} was expected to begin\n  {line}"));
        };
        let word = self.words.iter().find(|word| !rest.contains(**word))?;
        Some(format!("{word:?} was expected in\n  {line}"))
    }
}
