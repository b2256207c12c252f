//! One group a case, one bench a stage of a run: draw, path (one alone), run, estimate, write. Throughput is in paths.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up is to stop")]

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use slashfall_benches::{
    BASELINE, THIRTY_DAYS, equal_names, one_factor, reference, scenarios, synthetic,
};
use slashfall_output::measures::Level;
use slashfall_output::tables::{Measuring, measure, push_summary};
use slashfall_output::{CloseUps, Collector, Looks, ResultFolder, Table, contributions, schema};
use slashfall_sampling::{Model, event_times, replay, simulate};

const PATHS: u64 = 16_384;

fn collect(model: &Model<'_>) -> Collector {
    let mut collector = Collector::new(model.setting());
    let _ = simulate(model, 0..PATHS, 4_096, |batch| {
        collector.absorb(batch);
        ControlFlow::Continue(())
    });
    collector
}

fn stages(criterion: &mut Criterion) {
    let names = equal_names(100).unwrap();
    let synth = synthetic(350, 40).unwrap();
    let reference = reference().unwrap();
    let cases = [
        ("one factor, 100 names", scenarios(&names, &one_factor(0.02, 0.2)).unwrap()),
        ("synth 350 x 40, 30 days", scenarios(&synth, THIRTY_DAYS).unwrap()),
        ("baseline, every mechanism", scenarios(&reference, BASELINE).unwrap()),
    ];
    for (name, scenarios) in &cases {
        let model = &scenarios[0].model;
        let mut group = criterion.benchmark_group(*name);
        group.sample_size(10).throughput(Throughput::Elements(PATHS));
        group.bench_function("draw", |b| b.iter(|| event_times(model, 0..PATHS).count()));
        group.throughput(Throughput::Elements(1));
        group.bench_function("path", |b| {
            let mut path = 0;
            b.iter(|| {
                path = (path + 1) % PATHS;
                replay(model, &[path], |record| record.figures)
            });
        });
        group.throughput(Throughput::Elements(PATHS));
        group.bench_function("run", |b| {
            b.iter(|| {
                simulate(model, 0..PATHS, 4_096, |batch| {
                    black_box(batch);
                    ControlFlow::Continue(())
                })
            });
        });
        group.bench_function("run and collect", |b| b.iter(|| collect(model)));
        let paths: Vec<u64> = (0..PATHS).step_by(64).collect();
        group.throughput(Throughput::Elements(paths.len() as u64));
        group.bench_function("replay", |b| b.iter(|| replay(model, &paths, |record| record.path)));
        group.finish();
        tables(criterion, name, model);
    }
}

fn tables(criterion: &mut Criterion, name: &str, model: &Model<'_>) {
    let collector = collect(model);
    let levels: Vec<Level> = [0.95, 0.99, 0.999].into_iter().filter_map(Level::new).collect();
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).throughput(Throughput::Elements(PATHS));
    let asked = Measuring { levels: &levels, budgets: &[0.01], horizon_days: 30 };
    group.bench_function("estimate", |b| b.iter(|| measure("base", &collector, asked)));
    group.bench_function("contributions", |b| {
        b.iter(|| {
            let looks = Looks::beside(collector.n_paths());
            let looked = CloseUps::take(model, &collector, &levels, looks, || false);
            looked.map(|looked| contributions(model, &looked, &levels))
        });
    });
    let rows = measure("base", &collector, asked).rows;
    group.bench_function("write", |b| {
        b.iter(|| {
            let dir = tempfile::tempdir().unwrap();
            let folder =
                ResultFolder::create(&dir.path().join("result"), false, Vec::new()).unwrap();
            let mut table = Table::new(&schema::SUMMARY);
            push_summary(&mut table, &rows);
            folder.write_table(table).unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
