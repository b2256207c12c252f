//! Counts the instructions of draw, path and estimate on small fixed cases under valgrind, as clocks drift and counts do not.
//!
//! `cargo bench -p slashfall-benches --bench instructions`; where valgrind is missing it says so and ends well. Each
//! stage runs in a process of its own, on one thread, and callgrind counts between entry and return of one function. A library for
//! this (gungraun) would need a runner installed beside it and change features of what everything else is built with.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up is to stop")]

use std::hint::black_box;
use std::io::Write;
use std::ops::ControlFlow;
use std::process::Command;

use slashfall_benches::{THIRTY_DAYS, equal_names, one_factor, scenarios, synthetic};
use slashfall_graph::Network;
use slashfall_output::Collector;
use slashfall_output::measures::Level;
use slashfall_output::tables::{Measuring, measure};
use slashfall_sampling::{Batch, Model, event_times, simulate};

const PATHS: u64 = 1_024;
const BATCH_PATHS: usize = 256;
/// Tells a process of its own which stage of which case it is to run.
const STAGE: &str = "SLASHFALL_COUNTED_STAGE";

type Stage = fn(&Model<'_>);

/// Functions by the name that callgrind looks for.
const STAGES: [(&str, Stage); 3] =
    [("counted_draw", draw), ("counted_path", path), ("counted_estimate", estimate)];
const CASES: [&str; 2] = ["names", "month"];

fn main() {
    match std::env::var(STAGE) {
        Ok(wanted) => run(&wanted),
        Err(_) => count_all(),
    }
}

#[expect(clippy::disallowed_methods, reason = "it prints numbers of its own")]
fn count_all() {
    let mut out = std::io::stdout().lock();
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|o| o.status.success()) {
        writeln!(out, "instructions are not counted: valgrind is not there").unwrap();
        return;
    }
    for case in CASES {
        for (name, _) in STAGES {
            let n = count(case, name);
            let stage = name.trim_start_matches("counted_");
            writeln!(out, "{case:<6} {stage:<9} {n:>13} instructions, {} a path", n / PATHS)
                .unwrap();
        }
    }
}

/// Instructions between entry and return of the function that `name` names.
fn count(case: &str, name: &str) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect=*{name}*"))
        .arg(std::env::current_exe().unwrap())
        .env(STAGE, format!("{case}/{name}"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = told.lines().find_map(|line| line.split_once("Collected :"));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    count.filter(|n| *n > 0).unwrap_or_else(|| panic!("callgrind counted nothing: {told}"))
}

fn run(wanted: &str) {
    // The pool is this thread alone, so that all instructions are counted and none is a wait.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    pool.build_global().unwrap();
    let (case, name) = wanted.split_once('/').unwrap();
    let (network, toml) = of_case(case);
    let scenarios = scenarios(&network, &toml).unwrap();
    let (_, stage) = STAGES.into_iter().find(|(stage, _)| *stage == name).unwrap();
    stage(&scenarios[0].model);
}

/// 100 equal names without noise; or thirty days with noise, under Student's t and with drawn rates.
fn of_case(case: &str) -> (Network, String) {
    if case == CASES[0] {
        (equal_names(100).unwrap(), one_factor(0.02, 0.2))
    } else {
        (synthetic(100, 20).unwrap(), THIRTY_DAYS.to_owned())
    }
}

fn draw(model: &Model<'_>) {
    black_box(counted_draw(model));
}

#[inline(never)]
fn counted_draw(model: &Model<'_>) -> usize {
    event_times(model, 0..PATHS).count()
}

fn path(model: &Model<'_>) {
    let _ = counted_path(model, &mut |batch| {
        black_box(batch);
    });
}

#[inline(never)]
fn counted_path(model: &Model<'_>, take: &mut dyn FnMut(&Batch)) -> ControlFlow<()> {
    simulate(model, 0..PATHS, BATCH_PATHS, |batch| {
        take(batch);
        ControlFlow::Continue(())
    })
}

fn estimate(model: &Model<'_>) {
    let mut collector = Collector::new(model.setting());
    let _ = simulate(model, 0..PATHS, BATCH_PATHS, |batch| {
        collector.absorb(batch);
        ControlFlow::Continue(())
    });
    black_box(counted_estimate(&collector));
}

#[inline(never)]
fn counted_estimate(collector: &Collector) -> usize {
    let levels: Vec<Level> = [0.95, 0.99].into_iter().filter_map(Level::new).collect();
    measure("base", collector, Measuring { levels: &levels, budgets: &[0.01], horizon_days: 30 })
        .rows
        .len()
}
