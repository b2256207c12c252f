//! Counts the instructions of draw, path and estimate on small fixed cases under valgrind, as clocks drift and counts do not.
//!
//! `just instructions` needs valgrind and the runner of the library's own version on the path
//! (`cargo install gungraun-runner --version 0.20.0 --locked --root .tools`); without them it says so and ends well.

use std::io::Write;
use std::process::{Command, ExitCode};

/// Programs without which nothing can be counted.
const NEEDED: [&str; 2] = ["valgrind", "gungraun-runner"];

fn main() -> ExitCode {
    let is_there = |program: &&str| {
        Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success())
    };
    if let Some(missing) = NEEDED.iter().find(|program| !is_there(program)) {
        let _ = writeln!(
            std::io::stderr(),
            "instructions are not counted: {missing} is not on the path"
        );
        return ExitCode::SUCCESS;
    }
    counted::run();
    ExitCode::SUCCESS
}

#[expect(unused_qualifications, reason = "the macros of the library write paths in full")]
mod counted {
    use std::hint::black_box;
    use std::ops::ControlFlow;
    use std::sync::Once;

    use gungraun::{library_benchmark, library_benchmark_group};
    use slashfall_benches::{THIRTY_DAYS, equal_names, one_factor, scenarios, synthetic};
    use slashfall_graph::Network;
    use slashfall_output::Collector;
    use slashfall_output::measures::Level;
    use slashfall_output::tables::{SummaryRow, measure};
    use slashfall_sampling::{Model, event_times, simulate};

    const PATHS: u64 = 1_024;

    pub(super) fn run() {
        main();
    }

    /// The pool is this thread alone, so that all instructions are counted and none is a wait.
    fn on_this_thread() {
        static POOL: Once = Once::new();
        POOL.call_once(|| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
            pool.build_global().expect("nothing has used the pool before");
        });
    }

    fn model(network: Network, toml: &str) -> Model<'static> {
        on_this_thread();
        let network: &'static Network = Box::leak(Box::new(network));
        let mut scenarios = scenarios(network, toml).expect("the run file of a bench is right");
        scenarios.swap_remove(0).model
    }

    /// 100 equal names without noise.
    fn names() -> Model<'static> {
        model(equal_names(100).expect("the network is right"), &one_factor(0.02, 0.2))
    }

    /// Thirty days with noise, under Student's t and with drawn rates.
    fn month() -> Model<'static> {
        model(synthetic(100, 20).expect("the network is right"), THIRTY_DAYS)
    }

    fn collected(model: &Model<'_>) -> Collector {
        let mut collector = Collector::new(model.setting());
        let _ = simulate(model, 0..PATHS, 256, |batch| {
            collector.absorb(batch);
            ControlFlow::Continue(())
        });
        collector
    }

    #[library_benchmark]
    #[bench::names(names())]
    #[bench::month(month())]
    fn draw(model: Model<'static>) -> usize {
        event_times(black_box(&model), 0..PATHS).count()
    }

    #[library_benchmark]
    #[bench::names(names())]
    #[bench::month(month())]
    fn path(model: Model<'static>) -> ControlFlow<()> {
        simulate(black_box(&model), 0..PATHS, 256, |batch| {
            black_box(batch);
            ControlFlow::Continue(())
        })
    }

    #[library_benchmark]
    #[bench::names(collected(&names()))]
    #[bench::month(collected(&month()))]
    fn estimate(collector: Collector) -> Vec<SummaryRow> {
        let levels: Vec<Level> = [0.95, 0.99].into_iter().filter_map(Level::new).collect();
        measure("base", black_box(&collector), &levels, 30).rows
    }

    library_benchmark_group!(name = stages; benchmarks = draw, path, estimate);
    gungraun::main!(library_benchmark_groups = stages);
}
