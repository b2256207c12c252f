//! `import eigenlayer` through the command line: on a snapshot small enough to work by hand, and on
//! the real one where it is present. What an import must say is tested in the graph crate.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::example::{Example, problems_of, stderr, stdout};
use crate::table::Table;

const OPERATORS: &str = "operator,name,num_stakers
0xaaaa000000000000000000000000000000000001,Renzo by P2P,2
0xbbbb000000000000000000000000000000000002,Twin,5
0xcccc000000000000000000000000000000000003,Third,1
";
const STRATEGIES: &str = "strategy,token,decimals,eth_quorum_strategy
0xbeac,beaconETH,18,1
0x57e7,stETH,18,1
";
const SHARES: &str = "operator,strategy,shares_wei
0xaaaa000000000000000000000000000000000001,0xbeac,320000000000000000000
0xaaaa000000000000000000000000000000000001,0x57e7,1500000000000000000
0xbbbb000000000000000000000000000000000002,0xbeac,32000000000000000000
0xcccc000000000000000000000000000000000003,0xbeac,64000000000000000000
";
const EDGES: &str = "avs,operator
0xda,0xaaaa000000000000000000000000000000000001
0xda,0xbbbb000000000000000000000000000000000002
0xff,0xcccc000000000000000000000000000000000003
";
const AVS: &str = "avs,name,n_operators\n0xda,EigenDA,2\n";
const MAP: &str = "operator,brand,company
0xaaaa000000000000000000000000000000000001,ezETH,P2P.org
";

/// What may happen in an imported network of any names.
const RUN: &str = r#"name = "imported"
network = "network"
[run]
seed = 1
paths = 2_000
horizon_days = 30
levels = [0.9, 0.99]
[dependence]
copula = "gaussian"
factors = ["operations"]
[[source]]
kind = "avs_incident"
target = { avs = "*" }
rate = 0.5
participation = 0.5
severity = 0.1
loadings = { operations = 0.5 }
[[source]]
kind = "operator_compromise"
target = { operator = "*" }
rate = 0.05
[[source]]
kind = "group_incident"
target = { group_kind = "entity" }
effect = "operator_compromise"
rate = 0.05
"#;

/// The snapshot in a folder of its own, and the command that imports it.
fn small() -> (Example, Vec<&'static str>) {
    let example = Example::empty();
    let files = [OPERATORS, STRATEGIES, SHARES, EDGES, AVS, MAP];
    let names = ["operators", "strategies", "shares", "edges", "avs", "map"];
    for (name, text) in names.into_iter().zip(files) {
        example.write(name, text.as_bytes());
    }
    example.write("run.toml", RUN.as_bytes());
    let mut args = vec!["import", "eigenlayer", "--sharing", "shared", "--fraction", "0.1"];
    args.extend(["--min-operators", "2", "-o", "network"]);
    args.extend(["--operators", "operators", "--strategies", "strategies", "--shares", "shares"]);
    args.extend(["--edges", "edges", "--avs", "avs", "--map", "map"]);
    (example, args)
}

/// Runs the imported network and expects losses.
fn check_run(example: &Example) {
    example.good(&["run", "run.toml", "--quiet"]);
    let manifest = example.json("results/imported/manifest.json");
    assert_eq!(
        (&manifest["paths"]["base"], &manifest["unbalanced_paths"]),
        (&2_000.into(), &0.into())
    );
    let summary = Table::read(&example.path("results/imported/summary.parquet"));
    let (scopes, metrics) = (summary.text("scope"), summary.text("metric"));
    let values = summary.float("value");
    let mean = |row: &usize| scopes[*row] == "system" && metrics[*row] == "mean";
    let row = (0..summary.n_rows()).find(mean).unwrap();
    assert!(values[row] > 0.0, "{}", values[row]);
}

#[test]
fn a_small_snapshot_becomes_a_network_that_runs() {
    let (example, args) = small();
    let said = example.good(&args);
    let first = "1 AVSs, 2 operators, 2 allocations; 354 ETH restaked, of which 352 native";
    assert!(said.starts_with(first), "{said}");
    assert!(said.contains("note: AVSs left out because they have too few operators: 1."), "{said}");
    assert!(said.ends_with("written to network\n"), "{said}");
    let facts: Value =
        serde_json::from_str(&example.good(&["check", "network", "--json"])).unwrap();
    assert_eq!(facts["restaked_eth"], 353.5);
    assert_eq!(facts["avs"][0]["avs"], "EigenDA");
    check_run(&example);
    let before = example.tree();
    let output = example.slashfall(&args);
    assert!(!output.status.success(), "a network that is there was replaced");
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("network"), "{}", stderr(&output));
    assert!(example.tree() == before);
}

#[test]
fn a_broken_snapshot_is_told_and_nothing_written() {
    let (example, args) = small();
    example.swap("shares", "64000000000000000000", "1.5");
    example.swap("strategies", "beaconETH,18", "beaconETH,many");
    let problems = problems_of(&example, &args);
    assert_eq!(problems.len(), 2, "{problems:#?}");
    let said = problems.join("\n");
    for part in ["shares, row 4 (line 5), column `shares_wei`: found \"1.5\"", "found \"many\""] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let (example, mut args) = small();
    args[5] = "1.5";
    let problems = problems_of(&example, &args);
    assert!(problems[0].contains("`fraction`: found \"1.5\""), "{problems:#?}");
    args[3] = "split";
    assert_eq!(example.slashfall(&args).status.code(), Some(2));
}

#[test]
fn the_real_snapshot_becomes_a_network_that_runs() {
    let data = std::env::var_os("SLASHFALL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let file = |name: &str| data.join(name);
    let files = [
        ("--operators", file("eigenlayer_operators_2024-10/operators.csv")),
        ("--shares", file("eigenlayer_operators_2024-10/operator_strategy_shares.csv")),
        ("--strategies", file("eigenlayer_operators_2024-10/strategies.csv")),
        ("--edges", file("eigenlayer_avs_2024-11/avs_operator_edges.csv")),
        ("--avs", file("eigenlayer_avs_2024-11/avs.csv")),
        ("--map", file("lrt_operator_map/lrt_operators.csv")),
        ("--map", file("lrt_operator_map/operator_entity.csv")),
    ];
    if !files.iter().all(|(_, path)| path.is_file()) {
        println!("skipped: no snapshot in {}", data.display());
        return;
    }
    let example = Example::empty();
    let mut args = vec!["import", "eigenlayer", "--sharing", "shared", "--fraction", "0.1"];
    args.extend(files.iter().flat_map(|(option, path)| [*option, path.to_str().unwrap()]));
    args.extend(["-o", "network"]);
    let said = example.good(&args);
    assert!(said.starts_with("25 AVSs, 349 operators, 1,477 allocations;"), "{said}");
    assert!(!said.contains("warning"), "{said}");
    example.write("run.toml", RUN.as_bytes());
    check_run(&example);
}
