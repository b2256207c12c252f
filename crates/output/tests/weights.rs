//! Weights of paths, from the batch to every table.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt64Type};
use arrow_array::{Float64Array, RecordBatch};
use slashfall_graph::spec::Sharing;
use slashfall_graph::{Network, Sketch};
use slashfall_output::measures::Level;
use slashfall_output::tables::{Measuring, measure, push_cascade, push_summary, push_tail_paths};
use slashfall_output::{
    CloseUps, Collector, Looks, PathsWriter, ResultFolder, Table, contributions, listed_paths,
    path_row, schema,
};
use slashfall_sampling::{Batch, Model, Node, RunSpec, simulate};

const N_PATHS: u64 = 30_000;
const RUN: &str = r#"name = "weights"
network = "."
[run]
seed = 3
paths = 1
horizon_days = 365
levels = [0.9, 0.99]
[dependence]
copula = "independent"
[[source]]
kind = "avs_fault"
target = { avs = "*", operator = "*" }
rate = 0.2
severity = { uniform = [0.0, 1.0] }
"#;

fn network() -> Network {
    let sketch = Sketch::new().avs("avs", Sharing::Unique).operator("a", "A").operator("b", "B");
    let sketch = sketch.holding("direct", "a", "ETH", 100.0).holding("direct", "b", "ETH", 50.0);
    sketch.allocation("avs", "*", "*", 1.0).network().unwrap()
}

fn model(network: &Network) -> Model<'_> {
    let root = Node::parse("run.toml", RUN).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap_or_else(|problems| panic!("{problems}"));
    let mut scenarios = spec.resolve("run.toml", &root, network).unwrap();
    scenarios.swap_remove(0).model
}

/// A weight of mean 1 that has nothing to do with what happens on the path.
fn weight(path: u64) -> f64 {
    [0.25, 1.75, 0.5, 1.5][usize::try_from(path % 4).unwrap()]
}

/// The batches of a run, weighted or not.
fn batches(model: &Model<'_>, is_weighted: bool, mut each: impl FnMut(&Batch)) {
    let flow = simulate(model, 0..N_PATHS, 1_000, |batch| {
        let mut batch = batch.clone();
        if is_weighted {
            let paths = batch.first_path..batch.first_path + batch.n_paths() as u64;
            batch.weights = paths.map(weight).collect();
        }
        each(&batch);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
}

fn collect(model: &Model<'_>, is_weighted: bool) -> Collector {
    let mut collector = Collector::new(model.setting());
    batches(model, is_weighted, |batch| collector.absorb(batch));
    collector
}

fn levels() -> Vec<Level> {
    [0.9, 0.99].into_iter().filter_map(Level::new).collect()
}

fn table(schema: &'static schema::TableSchema, fill: impl FnOnce(&mut Table)) -> RecordBatch {
    let mut table = Table::new(schema);
    fill(&mut table);
    table.into_batch().unwrap()
}

fn floats<'b>(batch: &'b RecordBatch, column: &str) -> &'b Float64Array {
    batch.column_by_name(column).unwrap().as_primitive::<Float64Type>()
}

/// The same paths with weights that say nothing estimate the same, with less behind it.
#[test]
fn weights_that_say_nothing_widen_errors() {
    let network = network();
    let model = model(&network);
    let [plain, weighted] = [false, true].map(|is_weighted| {
        let collector = collect(&model, is_weighted);
        measure(
            "base",
            &collector,
            Measuring { levels: &levels(), budgets: &[0.01], horizon_days: 365 },
        )
        .rows
    });
    assert_eq!(plain.len(), weighted.len());
    let mut n_compared = 0;
    for (a, b) in plain.iter().zip(&weighted) {
        let Some((err_a, err_b)) = a.estimate.std_err.zip(b.estimate.std_err) else { continue };
        if err_a <= 0.0 {
            continue;
        }
        let off = (a.estimate.value - b.estimate.value).abs();
        assert!(off < 4.0 * err_b, "{} {}: {a:?} {b:?}", a.scope, a.metric);
        // The mean square of the weights is 1.40625, so errors grow by its root, 1.186; that of a quantile is rough.
        let grown = err_b / err_a;
        let band = if a.metric == "var" { 0.8..1.6 } else { 1.08..1.30 };
        assert!(band.contains(&grown), "{} {}: {grown}", a.scope, a.metric);
        n_compared += 1;
    }
    assert!(n_compared > 20, "{n_compared}");
    let mean = weighted.iter().find(|row| row.metric == "mean").unwrap();
    assert!((mean.estimate.n_eff * 1.40625 / N_PATHS as f64 - 1.0).abs() < 1e-12);
}

#[test]
fn contributions_sum_to_the_weighted_shortfall() {
    let network = network();
    let model = model(&network);
    let collector = collect(&model, true);
    let rows = measure(
        "base",
        &collector,
        Measuring { levels: &levels(), budgets: &[0.01], horizon_days: 365 },
    )
    .rows;
    let mut sums: BTreeMap<_, f64> = BTreeMap::new();
    let looks = Looks { per_scope: usize::MAX, of_all: 100, n_worst: 0, beyond: usize::MAX };
    let close_ups = CloseUps::take(&model, &collector, &levels(), looks, || false).unwrap();
    for part in contributions(&model, &close_ups, &levels()) {
        let key = (part.scope.clone(), part.level.get().to_bits(), part.component_kind);
        *sums.entry(key).or_default() += part.estimate.value;
    }
    assert_eq!(sums.len(), 2 * 2 * 8);
    for ((scope, level, kind), sum) in sums {
        let of = |row: &&slashfall_output::tables::SummaryRow| {
            row.scope == scope && row.metric == "es" && row.level.map(f64::to_bits) == Some(level)
        };
        let es = rows.iter().find(of).unwrap().estimate.value;
        assert!((sum - es).abs() < 1e-9 * es, "{scope} {kind:?}: {sum}, not {es}");
    }
}

#[test]
fn tables_carry_the_weights() {
    let network = network();
    let model = model(&network);
    let collector = collect(&model, true);
    let tail = table(&schema::TAIL_PATHS, |table| {
        push_tail_paths(table, ("base", &model), &collector, None, 50);
    });
    let paths = tail.column_by_name("path").unwrap().as_primitive::<UInt64Type>();
    for (path, found) in paths.values().iter().zip(floats(&tail, "weight").values()) {
        assert_eq!(found.to_bits(), weight(*path).to_bits());
    }
    assert!(tail.num_rows() >= 50);
    let rounds = table(&schema::CASCADE, |table| push_cascade(table, "base", &collector));
    let sum: f64 = floats(&rounds, "probability").values().iter().sum();
    assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    let mean: f64 = floats(&rounds, "mean_total").value(0);
    let rows = measure(
        "base",
        &collector,
        Measuring { levels: &levels(), budgets: &[0.01], horizon_days: 365 },
    )
    .rows;
    assert!(
        (mean / rows[0].estimate.value - 1.0).abs() < 1e-9,
        "{mean} {}",
        rows[0].estimate.value
    );
    let summary = table(&schema::SUMMARY, |table| push_summary(table, &rows));
    assert!(floats(&summary, "resolution").values().iter().all(|resolution| *resolution <= 0.0));
}

#[test]
fn paths_carry_the_weights() {
    let network = network();
    let model = model(&network);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("weighted-paths");
    let _ = std::fs::remove_dir_all(&target);
    let folder = ResultFolder::create(&target, false, Vec::new()).unwrap();
    let mut writer = PathsWriter::create(&folder, model.setting(), "base", 0, 0).unwrap();
    batches(&model, true, |batch| writer.absorb(batch).unwrap());
    writer.finish().unwrap();
    folder.finish().unwrap();
    let file = target.join("paths/scenario000-000000000000.parquet");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(
        std::fs::File::open(file).unwrap(),
    );
    let mut n_read = 0;
    for batch in reader.unwrap().build().unwrap() {
        for found in floats(&batch.unwrap(), "weight").values() {
            assert_eq!(found.to_bits(), weight(n_read).to_bits());
            n_read += 1;
        }
    }
    assert_eq!(n_read, N_PATHS);
    // A replay finds a path by its number, whatever it weighs.
    assert_eq!(
        path_row(&target, "base", 17).unwrap().unwrap().len(),
        model.layout().positions().count()
    );
    assert!(listed_paths(&target, "base").unwrap().is_none());
}
