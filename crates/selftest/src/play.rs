//! Plays small problems the way every run is played: a network and the text of a run file in, checked
//! and resolved as a user's are, figures out.

use std::fmt::Write;
use std::ops::ControlFlow;

use slashfall_cascade::{AssetFigure, Channel, Figure, Happened, Layout, PortfolioFigure};
use slashfall_graph::spec::Sharing;
use slashfall_graph::{Network, Problems, Sketch};
use slashfall_output::measures::{Level, SortedLosses};
use slashfall_output::{Collector, Wanted};
use slashfall_sampling::importance::Refusal;
use slashfall_sampling::{Batch, Model, Node, PathRecord, RunSpec, Scenario, simulate, stress};

/// What run files are called in messages.
const FILE: &str = "selftest.toml";
/// Paths a batch, as in a run.
pub(crate) const BATCH_PATHS: usize = 4_096;
/// One seed for all: the figures are drawn once and for all.
pub(crate) const SEED: u32 = 20_261_120;

/// Why a problem could not be worked out at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsolvable {
    /// The engine refused the network or the run file.
    #[error("{0}")]
    Refused(#[from] Problems),
    /// The engine refused to weigh paths.
    #[error("importance sampling was refused: {0}")]
    Unweighted(Refusal),
    /// Something that must be there is not.
    #[error("there is no {0}")]
    Missing(&'static str),
}

/// The base scenario of a run file.
pub(crate) fn resolve<'n>(network: &'n Network, toml: &str) -> Result<Scenario<'n>, Unsolvable> {
    let root = Node::parse(FILE, toml)?;
    let scenarios = RunSpec::read(FILE, &root)?.resolve(FILE, &root, network)?;
    scenarios.into_iter().next().ok_or(Unsolvable::Missing("base scenario"))
}

/// A run file of so many days; `body` has its other sections.
pub(crate) fn run_file(horizon_days: u32, dependence: &str, body: &str) -> String {
    format!(
        "name = \"selftest\"\nnetwork = \".\"\n\
         [run]\nseed = {SEED}\npaths = 32\nhorizon_days = {horizon_days}\nlevels = [0.99]\n\
         [dependence]\n{dependence}\n{body}\n"
    )
}

/// Sources do not depend on one another.
pub(crate) const INDEPENDENT: &str = "copula = \"independent\"";

/// The rate at which a source fires within a year with probability `p`.
pub(crate) fn yearly_rate(p: f64) -> f64 {
    -(-p).ln_1p()
}

/// `n` operators with 1 ETH each, all of it allocated to one AVS.
pub(crate) fn equal_names(n: usize) -> Sketch {
    names(&vec![1.0; n])
}

/// Operators `op000`, `op001`, ... with so many ETH each, all of it allocated to the AVS `avs`.
pub(crate) fn names(amounts_eth: &[f64]) -> Sketch {
    let mut sketch = Sketch::new().avs("avs", Sharing::Unique);
    for (i, &eth) in amounts_eth.iter().enumerate() {
        let name = format!("op{i:03}");
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", eth);
    }
    sketch.allocation("avs", "*", "*", 1.0)
}

/// A year in which each operator fails with probability `p`, and `more` keys of the source.
pub(crate) fn year_of_faults(dependence: &str, p: f64, more: &str) -> String {
    let rate = format!("{:?}", yearly_rate(p));
    run_file(365, dependence, &faults("operator = \"*\"", &rate, more))
}

/// A source of slashes by `avs` of the operators named, severity 1 unless `more` says another.
pub(crate) fn faults(operators: &str, rate: &str, more: &str) -> String {
    let severity = if more.contains("severity") { "" } else { "severity = 1.0\n" };
    format!(
        "[[source]]\nkind = \"avs_fault\"\ntarget = {{ avs = \"avs\", {operators} }}\n\
         rate = {rate}\n{severity}{more}\n"
    )
}

/// The figures of the first `n` paths, collected as a run collects them.
pub(crate) fn collect(model: &Model<'_>, n_paths: u64) -> Collector {
    collect_and(model, n_paths, |_| ())
}

/// The same; `watch` sees every batch too.
pub(crate) fn collect_and(
    model: &Model<'_>,
    n_paths: u64,
    mut watch: impl FnMut(&Batch),
) -> Collector {
    let by_replicate = model.sobol().is_some();
    let split_from = Level::new(0.99);
    let wanted = Wanted { n_paths, split_from, n_listed: 1_000, by_replicate };
    let mut collector = Collector::for_run(model.setting(), &wanted);
    each_batch(model, n_paths, BATCH_PATHS, |batch| {
        collector.absorb(batch);
        watch(batch);
    });
    collector
}

/// Shows the first `n_paths` paths, in order and in batches of so many.
pub(crate) fn each_batch(
    model: &Model<'_>,
    n_paths: u64,
    batch_paths: usize,
    mut see: impl FnMut(&Batch),
) {
    let flow = simulate(model, 0..n_paths, batch_paths, |batch| {
        see(batch);
        ControlFlow::Continue(())
    });
    debug_assert!(flow.is_continue(), "nobody stops it");
}

/// The losses of a scope, ranked.
pub(crate) fn ranked(collector: &Collector, scope: &str) -> Result<SortedLosses, Unsolvable> {
    let losses = collector.losses(scope).and_then(slashfall_output::measures::LossColumn::sorted);
    losses.ok_or(Unsolvable::Missing("loss of the scope"))
}

/// Number of paths that lose more than `eth` in the system; `eth` lies in a tail whose losses are
/// kept one by one.
pub(crate) fn n_above(collector: &Collector, eth: f64) -> u64 {
    let losses = collector.losses("system").map_or(&[][..], |losses| losses.entries());
    losses.iter().filter(|entry| entry.loss > eth).count() as u64
}

/// A level that is one.
pub(crate) fn level(level: f64) -> Result<Level, Unsolvable> {
    Level::new(level).ok_or(Unsolvable::Missing("such level"))
}

/// One path on which nothing is drawn and the events of a run file happen.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    layout: Layout,
    wrapped: Vec<String>,
    pub(crate) path: PathRecord,
}

/// Plays the events of `body`, which may have any section of a run file.
pub(crate) fn play(sketch: &Sketch, horizon_days: u32, body: &str) -> Result<Played, Unsolvable> {
    let network = sketch.network()?;
    let scenario = resolve(&network, &run_file(horizon_days, INDEPENDENT, body))?;
    let path = stress(&scenario.model, &scenario.stress);
    let name = |id| network.asset(id).name.clone();
    let wrapped = network.wrapped_assets().map(name).collect();
    Ok(Played { layout: scenario.model.layout(), wrapped, path })
}

/// An event of a run file; `target` is the body of its table.
pub(crate) fn event(day: f64, kind: &str, target: &str, severity: f64) -> String {
    event_with(day, kind, target, severity, "")
}

/// An event with further keys.
pub(crate) fn event_with(day: f64, kind: &str, target: &str, severity: f64, more: &str) -> String {
    let hard = if kind == "client_outage" { "epochs" } else { "severity" };
    format!(
        "[[event]]\nday = {day:?}\nkind = \"{kind}\"\ntarget = {{ {target} }}\n\
         {hard} = {severity:?}\n{more}\n"
    )
}

/// Slashes of (AVS, operator) by a fraction, one an hour from the beginning of day 1 on.
pub(crate) fn slashes(of: &[(&str, &str, f64)]) -> String {
    let mut body = String::new();
    for (number, (avs, operator, fraction)) in (1..).zip(of) {
        let target = format!("avs = \"{avs}\", operator = \"{operator}\"");
        let _ =
            write!(body, "{}", event(f64::from(number) / 24.0, "avs_fault", &target, *fraction));
    }
    body
}

impl Played {
    /// A figure of the system.
    pub(crate) fn system(&self, figure: Figure) -> f64 {
        self.path.figures[self.layout.system(figure)]
    }

    /// What was lost through a channel, in ETH.
    pub(crate) fn channel(&self, channel: Channel) -> f64 {
        self.path.figures[self.layout.channel(channel)]
    }

    /// A figure of a wrapped asset; not a number, and so no right answer, where there is none.
    pub(crate) fn asset(&self, name: &str, figure: AssetFigure) -> f64 {
        let index = self.wrapped.iter().position(|wrapped| wrapped == name);
        index.map_or(f64::NAN, |index| self.path.figures[self.layout.asset(index, figure)])
    }

    /// A figure of a portfolio by its number.
    pub(crate) fn portfolio(&self, index: usize, figure: PortfolioFigure) -> f64 {
        self.path.figures[self.layout.portfolio(index, figure)]
    }

    /// Price of a wrapped asset at the end of a day.
    pub(crate) fn price(&self, day: usize, name: &str) -> f64 {
        let index = self.wrapped.iter().position(|wrapped| wrapped == name);
        let day = self.path.record.days.get(day - 1);
        day.zip(index).map_or(f64::NAN, |(day, index)| day.assets[index].price)
    }

    /// Utilization and rate of the only reserve at the end of a day.
    pub(crate) fn reserve(&self, day: usize) -> [f64; 2] {
        let day = self.path.record.days.get(day - 1).and_then(|day| day.reserves.first());
        day.map_or([f64::NAN; 2], |reserve| [reserve.utilization, reserve.rate])
    }

    /// ETH that waits to leave the chain at the end of a day.
    pub(crate) fn exit_queue(&self, day: usize) -> f64 {
        self.path.record.days.get(day - 1).map_or(f64::NAN, |day| day.exit_queue_eth)
    }

    /// What is asked of each step, of those that answer.
    pub(crate) fn steps<T>(&self, ask: impl Fn(u32, &Happened) -> Option<T>) -> Vec<T> {
        let steps = self.path.record.steps.iter();
        steps.filter_map(|step| ask(step.day, &step.happened)).collect()
    }
}
