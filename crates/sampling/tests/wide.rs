//! On the reference network, with every mechanism and each scenario of the baseline, paths that are
//! played together in a run have the figures that each has when it is replayed alone, to the bit.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use std::path::Path;

use slashfall_cascade::Figure;
use slashfall_graph::load_network;
use slashfall_sampling::replay;
use support::{run, scenarios};

/// Compares the first `n_paths` of each scenario; gives the mean number of rounds that changed something.
fn check(horizon_days: u32, n_paths: u64, batch_paths: usize) -> f64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let network = load_network(&root.join("data/networks/reference")).unwrap().network;
    let toml = std::fs::read_to_string(root.join("configs/baseline.toml")).unwrap();
    let days = format!("horizon_days = {horizon_days}\n");
    let toml = toml.replace("horizon_days = 30\n", &days);
    let paths: Vec<u64> = (0..n_paths).collect();
    let mut rounds = 0.0;
    for scenario in scenarios(&network, &toml).unwrap() {
        let model = &scenario.model;
        let layout = model.layout();
        let together = run(model, n_paths, batch_paths);
        let rows = together.chunks_exact(layout.width());
        for (row, alone) in rows.zip(replay(model, &paths, |record| record.figures)) {
            for (figure, (a, b)) in row.iter().zip(&alone).enumerate() {
                let same = a.to_bits() == b.to_bits();
                assert!(same, "{}: figure {figure} is {a:e}, not {b:e}", scenario.name);
            }
            rounds += row[layout.system(Figure::Rounds)];
        }
    }
    rounds / (n_paths as f64)
}

#[test]
fn paths_of_a_run_are_those_replayed() {
    assert!(
        check(30, 1_500, 1_024) > 100.0,
        "of five scenarios of 30 days, but for one without rounds"
    );
}

#[test]
fn so_are_paths_of_one_day_and_of_a_year() {
    check(1, 400, 77);
    check(365, 50, 25);
}
