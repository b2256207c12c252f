//! Sobol points from network to figures: the same law as plain paths, more precise where factors matter,
//! and intervals that hold the truth as often as they say.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::ops::ControlFlow;
use std::path::Path;

use slashfall_graph::spec::Sharing;
use slashfall_graph::{Network, Sketch, load_network};
use slashfall_output::measures::{Estimate, Level, PairedLosses, StopWatch};
use slashfall_output::tables::{Measuring, measure};
use slashfall_output::{CloseUps, Collector, ComponentKind, Looks, Wanted, contributions};
use slashfall_sampling::config::PathCount;
use slashfall_sampling::{Model, Node, RunSpec, simulate};

/// 100 operators with 1 ETH each, all of it allocated to one AVS.
fn hundred_names() -> Network {
    let mut sketch = Sketch::new().avs("avs", Sharing::Unique);
    for i in 0..100 {
        let name = format!("op{i:03}");
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", 1.0);
    }
    sketch.allocation("avs", "*", "*", 1.0).network().unwrap()
}

fn with_model<R>(network: &Network, toml: &str, work: impl FnOnce(&Model<'_>) -> R) -> R {
    let root = Node::parse("run.toml", toml).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap_or_else(|problems| panic!("{problems}"));
    let scenarios = spec.resolve("run.toml", &root, network);
    work(&scenarios.unwrap_or_else(|problems| panic!("{problems}"))[0].model)
}

/// Before the first of at most `n_paths` paths.
fn empty(model: &Model<'_>, n_paths: u64) -> Collector {
    let by_replicate = model.sobol().is_some();
    let wanted = Wanted { n_paths, split_from: Level::new(0.9), n_listed: 0, by_replicate };
    Collector::for_run(model.setting(), &wanted)
}

fn collect(model: &Model<'_>, n_paths: u64) -> Collector {
    let mut collector = empty(model, n_paths);
    let flow = simulate(model, 0..n_paths, 4_096, |batch| {
        collector.absorb(batch);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    collector
}

/// A year of one kind of source: `p` a name, correlation .2.
fn one_factor(seed: u64, method: &str, severity: &str) -> String {
    format!(
        "name = \"test\"\nnetwork = \".\"\n\
         [run]\nseed = {seed}\npaths = 32\nhorizon_days = 365\nlevels = [0.99]\n\
         [sampling]\nmethod = \"{method}\"\n\
         [dependence]\ncopula = \"gaussian\"\nfactors = [\"f\"]\n\
         [[source]]\nkind = \"avs_fault\"\ntarget = {{ avs = \"*\", operator = \"*\" }}\n\
         rate = {:?}\nseverity = {severity}\nloadings = {{ f = {:?} }}\n",
        -(-0.02f64).ln_1p(),
        0.2f64.sqrt(),
    )
}

/// Mean, and value at risk and expected shortfall at 99 %.
fn figures(collector: &Collector) -> [Estimate; 3] {
    let losses = collector.losses("system").unwrap().sorted().unwrap();
    let tail = level(0.99);
    [losses.mean(), losses.value_at_risk(tail), losses.expected_shortfall(tail)]
}

fn level(level: f64) -> Level {
    Level::new(level).unwrap()
}

/// 100 equal names, p .02, correlation .2 (Vasicek): mean 2, VaR and ES at 99 % 14 and 18.422865; as in
/// the known answers of plain paths. A million paths know the mean at least three times as well as plain
/// ones, and the shortfall better: variances, by the errors that the runs state.
#[test]
fn the_one_factor_portfolio() {
    let network = hundred_names();
    let n = 1 << 20;
    let [sobol, plain] = ["sobol", "plain"].map(|method| {
        with_model(&network, &one_factor(20_261_120, method, "1.0"), |model| {
            figures(&collect(model, n))
        })
    });
    for (number, exact) in [(0, 2.0), (2, 18.422_865)] {
        let Estimate { value, std_err, ci_low, ci_high, .. } = sobol[number];
        let std_err = std_err.unwrap();
        assert!((value - exact).abs() < 4.0 * std_err, "{value} ± {std_err}, not {exact}");
        assert!(ci_low.unwrap() < value && value < ci_high.unwrap());
    }
    assert!((sobol[1].value - 14.0).abs() < 1e-9);
    let gain = [0, 2]
        .map(|number| (plain[number].std_err.unwrap() / sobol[number].std_err.unwrap()).powi(2));
    println!("plain over Sobol variance: mean {:.2}, ES 99 % {:.2}", gain[0], gain[1]);
    assert!(gain[0] > 3.0 && gain[1] > 1.2, "{gain:?}");
}

/// Severities make the losses smooth. Of 400 runs of 16,384 paths, 512 points a replicate, 95 % intervals
/// hold the mean, which is 1, and what four million plain paths say of the tail at 99 % in 92 to 98 %;
/// and the errors stated are those that the runs show.
#[test]
fn intervals_hold_the_truth() {
    let network = hundred_names();
    let severity = "{ uniform = [0.0, 1.0] }";
    let truth = with_model(&network, &one_factor(2, "plain", severity), |model| {
        figures(&collect(model, 4_000_000))
    });
    let truth = [1.0, truth[1].value, truth[2].value];
    let n_runs = 400;
    let (mut held, mut stated) = ([0.0; 3], [0.0; 3]);
    let mut values = [const { Vec::new() }; 3];
    for seed in 0..n_runs {
        let found = with_model(&network, &one_factor(1_000 + seed, "sobol", severity), |model| {
            figures(&collect(model, 16_384))
        });
        for (number, figure) in found.into_iter().enumerate() {
            let holds =
                figure.ci_low.unwrap() <= truth[number] && truth[number] <= figure.ci_high.unwrap();
            held[number] += f64::from(u8::from(holds)) / n_runs as f64;
            stated[number] += figure.std_err.unwrap() / n_runs as f64;
            values[number].push(figure.value);
        }
    }
    for (number, what) in ["mean", "VaR 99 %", "ES 99 %"].into_iter().enumerate() {
        let (mean, deviation) = moments(&values[number]);
        println!(
            "{what}: {mean:.4} of {:.4}, held {:.3}, error stated {:.5} observed {deviation:.5}",
            truth[number], held[number], stated[number],
        );
        assert!((0.92..=0.98).contains(&held[number]), "{what}: {}", held[number]);
        assert!((stated[number] / deviation - 1.0).abs() < 0.12, "{what}");
    }
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt())
}

/// Contributions add up to the shortfall, and their errors are those of repeated runs: of the half of
/// the names whose severity is small, and of the other half.
#[test]
fn contributions_have_the_errors_of_repeated_runs() {
    let network = hundred_names();
    let toml = |seed| {
        let all = one_factor(seed, "sobol", "{ uniform = [0.0, 1.0] }");
        let (head, source) = all.split_once("[[source]]").unwrap();
        let names: Vec<String> = (0..50).map(|i| format!("\"op{i:03}\"")).collect();
        let first = format!("operator = [{}]", names.join(", "));
        let small = source.replace("operator = \"*\"", &first).replace("1.0]", "0.2]");
        format!("{head}[[source]]{source}[[source]]{small}")
    };
    let of_runs: Vec<[Estimate; 2]> = (0..150)
        .map(|seed| {
            with_model(&network, &toml(seed), |model| {
                let collector = collect(model, 8_192);
                let looks = Looks { per_scope: 1, of_all: 1, n_worst: 0, beyond: usize::MAX };
                let levels = [level(0.99)];
                let looked = CloseUps::take(model, &collector, &levels, looks, || false);
                let split = contributions(model, &looked.unwrap(), &levels);
                let of_system = split.iter().filter(|part| {
                    part.scope == "system" && part.component_kind == ComponentKind::Operator
                });
                let es = figures(&collector)[2];
                let mut sum = 0.0;
                let mut first = None;
                for part in of_system {
                    sum += part.estimate.value;
                    if part.component == "op099" {
                        first = Some(part.estimate);
                    }
                }
                assert!((sum / es.value - 1.0).abs() < 1e-9, "{sum} {es:?}");
                [first.unwrap(), es]
            })
        })
        .collect();
    for (number, what) in ["op099", "whole"].into_iter().enumerate() {
        let values: Vec<f64> = of_runs.iter().map(|run| run[number].value).collect();
        let (mean, deviation) = moments(&values);
        let n = of_runs.len() as f64;
        let stated = of_runs.iter().map(|run| run[number].std_err.unwrap()).sum::<f64>() / n;
        println!("{what}: {mean:.4}, error stated {stated:.5} observed {deviation:.5}");
        assert!((stated / deviation - 1.0).abs() < 0.2, "{what}");
    }
}

/// The baseline on the reference network, with its t copula, market noise and seventeen dimensions: as
/// many figures as plain paths have, and the same within errors.
#[test]
fn the_reference_network() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let network = load_network(&Path::new(root).join("data/networks/reference")).unwrap().network;
    let toml = std::fs::read_to_string(Path::new(root).join("configs/baseline.toml")).unwrap();
    let end = toml.find("[[scenario]]").unwrap();
    let [plain, sobol] = ["plain", "sobol"].map(|method| {
        let toml = format!("{}\n[sampling]\nmethod = \"{method}\"\n", &toml[..end]);
        with_model(&network, &toml, |model| {
            let n_dimensions = model.sobol().map(|sobol| sobol.dimensions().len());
            assert_eq!(n_dimensions, (method == "sobol").then_some(17));
            let collector = collect(model, 32_768);
            measure(
                "base",
                &collector,
                Measuring {
                    levels: &[level(0.9), level(0.99)],
                    budgets: &[0.01],
                    horizon_days: model.horizon_days(),
                },
            )
            .rows
        })
    });
    assert_eq!(plain.len(), sobol.len());
    let (mut n_compared, mut squares) = (0.0, 0.0);
    for (a, b) in plain.iter().zip(&sobol) {
        assert_eq!((&a.scope, a.metric, a.level), (&b.scope, b.metric, b.level));
        // Figures of a handful of paths have no law of errors to speak of.
        let has_limits = a.estimate.ci_high.is_some() && b.estimate.ci_high.is_some();
        let Some((own, other)) = a.estimate.std_err.zip(b.estimate.std_err) else { continue };
        let error = own.hypot(other);
        if has_limits && error > 0.0 && a.metric != "std" {
            let z = (a.estimate.value - b.estimate.value) / error;
            let what = format!("{} {} {:?}", a.scope, a.metric, a.level);
            assert!(z.abs() < 5.0, "{what}: {:?} {:?}", a.estimate, b.estimate);
            n_compared += 1.0;
            squares += z * z;
        }
    }
    println!("{n_compared} figures, mean square of z {:.3}", squares / n_compared);
    assert!(n_compared > 200.0 && squares / n_compared < 1.5, "{n_compared} {squares}");
}

/// Two sides under one seed, B with rates a quarter higher: the errors of their differences are those
/// that the differences of repeated runs show, less than if the sides had nothing in common, and
/// intervals hold.
#[test]
fn differences_have_the_errors_of_repeated_runs() {
    let network = hundred_names();
    let n_runs = 300;
    let severity = "{ uniform = [0.0, 1.0] }";
    let of_runs: Vec<[(Estimate, f64); 3]> = (0..n_runs)
        .map(|seed| {
            let losses = [0.02f64, 0.025].map(|p| {
                let rate = format!("rate = {:?}", -(-p).ln_1p());
                let toml = one_factor(500 + seed, "sobol", severity);
                let line = toml.lines().find(|line| line.starts_with("rate")).unwrap().to_owned();
                with_model(&network, &toml.replace(&line, &rate), |model| {
                    collect(model, 16_384).losses("system").unwrap().clone()
                })
            });
            let errors = losses.each_ref().map(|losses| {
                let sorted = losses.sorted().unwrap();
                let at = level(0.99);
                [sorted.mean(), sorted.value_at_risk(at), sorted.expected_shortfall(at)]
                    .map(|figure| figure.std_err.unwrap())
            });
            let [a, b] = losses;
            let pairs = PairedLosses::new(a, b).unwrap();
            let at = level(0.99);
            let found = [pairs.mean(), pairs.value_at_risk(at), pairs.expected_shortfall(at)];
            std::array::from_fn(|i| (found[i].estimate, errors[0][i].hypot(errors[1][i])))
        })
        .collect();
    for (number, what) in ["mean", "VaR 99 %", "ES 99 %"].into_iter().enumerate() {
        let of_figure: Vec<(Estimate, f64)> = of_runs.iter().map(|run| run[number]).collect();
        let values: Vec<f64> = of_figure.iter().map(|(found, _)| found.value).collect();
        let (mean, deviation) = moments(&values);
        // The mean of a loss is p / 2 a name; of the tail the mean over all runs is near enough.
        let truth = if number == 0 { 0.25 } else { mean };
        let average = |of: &dyn Fn(&(Estimate, f64)) -> f64| {
            of_figure.iter().map(of).sum::<f64>() / of_figure.len() as f64
        };
        let stated = average(&|(found, _)| found.std_err.unwrap());
        let unpaired = average(&|(_, unpaired)| *unpaired);
        let held = average(&|(found, _)| {
            let holds = found.ci_low.unwrap() <= truth && truth <= found.ci_high.unwrap();
            f64::from(u8::from(holds))
        });
        println!(
            "{what}: {mean:.4}, held {held:.3}, error stated {stated:.5} observed {deviation:.5}, unpaired {unpaired:.5}"
        );
        assert!((0.92..=0.98).contains(&held), "{what}: {held}");
        assert!((stated / deviation - 1.0).abs() < 0.15, "{what}");
        assert!(stated < 0.9 * unpaired, "{what}");
    }
}

/// Runs that end by the stop rule: intervals at the stop hold the mean, and the error is no more than
/// asked for.
#[test]
fn a_run_that_is_stopped_holds_the_truth() {
    let network = hundred_names();
    let n_runs = 200;
    let asked = 0.0045;
    let (mut held, mut n_paths, mut values) = (0.0, 0.0, Vec::new());
    for seed in 0..n_runs {
        let toml = one_factor(7_000 + seed, "sobol", "{ uniform = [0.0, 1.0] }");
        let rule = format!(
            "until = {{ metric = \"mean\", scope = \"system\", relative_error = {asked}, max_paths = 1048576 }}"
        );
        let toml = toml.replace("paths = 32", &rule);
        let root = Node::parse("run.toml", &toml).unwrap();
        let spec = RunSpec::read("run.toml", &root).unwrap();
        let PathCount::Until(rule) = &spec.paths else { panic!("a stop rule") };
        let scenario = spec.resolve("run.toml", &root, &network).unwrap().swap_remove(0);
        let mut watch = StopWatch::new(rule).doubling();
        let mut collector = empty(&scenario.model, rule.max_paths);
        loop {
            let next = watch.next_look();
            let flow = simulate(&scenario.model, collector.n_paths()..next, 4_096, |batch| {
                collector.absorb(batch);
                ControlFlow::Continue(())
            });
            assert!(flow.is_continue());
            if watch.look(collector.losses("system").unwrap()) {
                break;
            }
        }
        let mean = figures(&collector)[0];
        assert!(mean.std_err.unwrap() <= asked * mean.value);
        let holds = mean.ci_low.unwrap() <= 1.0 && mean.ci_high.unwrap() >= 1.0;
        held += f64::from(u8::from(holds)) / n_runs as f64;
        n_paths += collector.n_paths() as f64 / n_runs as f64;
        values.push(mean.value);
    }
    let (_, deviation) = moments(&values);
    println!("held {held:.3}, deviation {deviation:.5} of {asked} asked, {n_paths:.0} paths");
    assert!((0.92..=0.98).contains(&held), "{held}");
    assert!(deviation < asked, "{deviation}");
}
