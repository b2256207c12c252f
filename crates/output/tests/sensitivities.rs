//! Derivatives of figures against closed forms, against runs of their own, and over many runs.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::ops::ControlFlow;

use slashfall_cascade::Figure;
use slashfall_graph::spec::{AssetKind, PoolRow, Sharing};
use slashfall_graph::{Network, Sketch};
use slashfall_output::measures::{Difference, Estimate, Level, PairedLosses};
use slashfall_output::{
    AVS_RATES, Collector, Method, Sensitivities, Wanted, avs_rates, sensitivities,
};
use slashfall_sampling::importance::{Aim, Goal};
use slashfall_sampling::{Model, Node, RunSpec, simulate, survival, upper_quantile};

fn model<'n>(network: &'n Network, toml: &str) -> Model<'n> {
    let root = Node::parse("run.toml", toml).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap_or_else(|problems| panic!("{problems}"));
    let scenarios = spec.resolve("run.toml", &root, network);
    scenarios.unwrap_or_else(|problems| panic!("{problems}")).swap_remove(0).model
}

fn collect(model: &Model<'_>, n_paths: u64) -> Collector {
    let by_replicate = model.sobol().is_some();
    let wanted = Wanted { n_paths, split_from: Level::new(0.9), n_listed: 0, by_replicate };
    let mut collector = Collector::for_run(model.setting(), &wanted);
    let flow = simulate(model, 0..n_paths, 4_096, |batch| {
        collector.absorb(batch);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    collector
}

fn level(level: f64) -> Level {
    Level::new(level).unwrap()
}

fn of_run(model: &Model<'_>, n_paths: u64, at: f64) -> Sensitivities {
    sensitivities(model, &collect(model, n_paths), &[level(at)], || false).unwrap()
}

/// The derivative of a figure of a scope by a parameter.
#[track_caller]
fn derivative(of: &Sensitivities, scope: &str, metric: &str, parameter: &str) -> Estimate {
    let is = |row: &&slashfall_output::Sensitivity| {
        row.scope == scope && row.metric == metric && row.parameter == parameter
    };
    let row = of.rows.iter().find(is);
    row.unwrap_or_else(|| panic!("{metric} of {scope} by {parameter}")).derivative.unwrap()
}

fn hundred_names() -> Network {
    let mut sketch = Sketch::new().avs("avs", Sharing::Unique);
    for i in 0..100 {
        let name = format!("op{i:03}");
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", 1.0);
    }
    sketch.allocation("avs", "*", "*", 1.0).network().unwrap()
}

/// A year of slashes by an AVS.
fn year(seed: u64, dependence: &str, rate: &str, severity: &str, loading: f64) -> String {
    format!(
        "name = \"test\"\nnetwork = \".\"\n\
         [run]\nseed = {seed}\npaths = 32\nhorizon_days = 365\nlevels = [0.99]\n\
         [dependence]\nfactors = [\"f\"]\n{dependence}\n\
         [[source]]\nkind = \"avs_fault\"\ntarget = {{ avs = \"*\", operator = \"*\" }}\n\
         rate = {rate}\nseverity = {severity}\nloadings = {{ f = {loading:?} }}\n"
    )
}

fn vasicek(seed: u64) -> String {
    let rate = format!("{:?}", -(-0.02f64).ln_1p());
    year(seed, "copula = \"gaussian\"", &rate, "1.0", 0.2f64.sqrt())
}

/// Mean excess over `v` of the number of a hundred names that fail, by quadrature over the factor.
fn mean_excess(rate: f64, loading: f64, v: f64) -> f64 {
    let threshold = upper_quantile(-(-rate).exp_m1());
    let residual = (1.0 - loading * loading).sqrt();
    let step = 0.01;
    let given = |f: f64| {
        let p = survival((threshold - loading * f) / residual);
        // Terms of the binomial by their ratios, from none on.
        let (mut term, mut excess) = (100.0 * (-p).ln_1p(), 0.0);
        for k in 0..=100u32 {
            let k = f64::from(k);
            excess += (k - v).max(0.0) * term.exp();
            term += ((100.0 - k) / (k + 1.0)).ln() + p.ln() - (-p).ln_1p();
        }
        excess * (-0.5 * f * f).exp() / (2.0 * std::f64::consts::PI).sqrt()
    };
    (-800..=800).map(|i| step * given(step * f64::from(i))).sum()
}

/// Derivatives of mean excess over `v` by `ln rate` and by the loading.
fn exact(v: f64) -> [f64; 2] {
    let (rate, loading, h) = (-(-0.02f64).ln_1p(), 0.2f64.sqrt(), 1e-3);
    let by_rate = |h: f64| mean_excess(rate * h.exp(), loading, v);
    let by_loading = |h: f64| mean_excess(rate, loading + h, v);
    [(by_rate(h) - by_rate(-h)) / (2.0 * h), (by_loading(h) - by_loading(-h)) / (2.0 * h)]
}

#[track_caller]
fn within(what: &str, found: &Estimate, exact: f64, std_errs: f64, at_most: f64) {
    let std_err = found.std_err.unwrap();
    assert!(std_err <= at_most, "{what}: {std_err} is not precise");
    assert!((found.value - exact).abs() <= std_errs * std_err, "{what}: {found:?}, not {exact}");
}

const RATE: &str = "source.avs_fault.rate";
const LOADING: &str = "source.avs_fault.loadings.f";

/// Names of probability .02 and correlation .2: the value at risk at 99 % is 14, an atom, and the mean does
/// not depend on the loading.
#[test]
fn the_one_factor_portfolio() {
    let network = hundred_names();
    // The excess that known figures have: ES at 99 % is 18.422865.
    let es = 14.0 + mean_excess(-(-0.02f64).ln_1p(), 0.2f64.sqrt(), 14.0) / 0.01;
    assert!((es - 18.422_865).abs() < 1e-5, "{es}");
    let plain = model(&network, &vasicek(1));
    let sobol = model(&network, &format!("{}[sampling]\nmethod = \"sobol\"\n", vasicek(1)));
    let total = plain.layout().system(Figure::Total);
    let aim = Aim { goal: Goal::Level(0.99), defensive_share: 0.25 };
    let (tilted, _) = plain.with_importance(aim, |row| row[total]).unwrap();
    for (what, model, n_paths, error) in [
        ("plain", plain, 200_000, 0.12),
        ("sobol", sobol, 131_072, 0.2),
        ("weighted", tilted, 40_000, 0.12),
    ] {
        let found = of_run(&model, n_paths, 0.99);
        assert!(found.without.is_empty());
        let [by_rate, by_loading] = exact(14.0).map(|excess| excess / 0.01);
        let of = |metric, parameter| derivative(&found, "system", metric, parameter);
        within(&format!("{what}: ES by rate"), &of("es", RATE), by_rate, 4.0, error * by_rate);
        let most = error * by_loading;
        within(&format!("{what}: ES by loading"), &of("es", LOADING), by_loading, 4.0, most);
        let [by_rate, by_loading] = exact(0.0);
        within(&format!("{what}: mean by rate"), &of("mean", RATE), by_rate, 4.0, 0.2);
        within(&format!("{what}: mean by loading"), &of("mean", LOADING), by_loading, 4.0, 1.0);
        let atom = found
            .rows
            .iter()
            .filter(|row| row.metric == "var" && row.method == Method::LikelihoodRatio);
        assert!(atom.into_iter().all(|row| row.derivative.is_none()));
    }
}

/// Mean, value at risk and expected shortfall of the system in two runs, and their differences.
fn differences(a: &Model<'_>, b: &Model<'_>, n_paths: u64, at: f64) -> [Difference; 3] {
    let losses = |model: &Model<'_>| collect(model, n_paths).losses("system").unwrap().clone();
    let paired = PairedLosses::new(losses(a), losses(b)).unwrap();
    let at = level(at);
    [paired.mean(), paired.value_at_risk(at), paired.expected_shortfall(at)]
}

/// A t copula, a rate from evidence, severities of a law: likelihood ratios of plain and of weighted paths against
/// the difference of two runs of another seed that share their numbers, by what both are unsure of.
#[test]
fn likelihood_ratios_agree_with_finite_differences() {
    let network = hundred_names();
    let severity = "{ beta = { mean = 0.4, concentration = 3.0 } }";
    let run_file = |seed, scale: f64, loading| {
        let rate = format!("{{ events = 2, exposure_years = 100.0, scale = {scale:?} }}");
        year(seed, "copula = \"student_t\"\ndf = 4", &rate, severity, loading)
    };
    let plain = model(&network, &run_file(1, 1.0, 0.4));
    let total = plain.layout().system(Figure::Total);
    let aim = Aim { goal: Goal::Level(0.99), defensive_share: 0.25 };
    let (tilted, _) = plain.with_importance(aim, |row| row[total]).unwrap();
    let found = [of_run(&plain, 200_000, 0.99), of_run(&tilted, 60_000, 0.99)];
    let (h, n_paths) = (0.1, 200_000);
    let bumped = |scale, loading| model(&network, &run_file(2, scale, loading));
    for (parameter, step, down, up) in [
        (RATE, h, bumped(1.0 - h, 0.4), bumped(1.0 + h, 0.4)),
        (LOADING, 0.05, bumped(1.0, 0.35), bumped(1.0, 0.45)),
    ] {
        let runs = differences(&down, &up, n_paths, 0.99);
        for (metric, run) in ["mean", "var", "es"].into_iter().zip(runs) {
            let twin = run.estimate.value / (2.0 * step);
            let error = run.estimate.std_err.unwrap() / (2.0 * step);
            for (what, found) in ["plain", "weighted"].into_iter().zip(&found) {
                let own = derivative(found, "system", metric, parameter);
                let std_err = own.std_err.unwrap();
                println!(
                    "{what} {metric} by {parameter}: {:.4} +- {std_err:.4}, runs {twin:.4} +- {error:.4}",
                    own.value
                );
                let bound = 3.0 * std_err.hypot(error);
                assert!(
                    (own.value - twin).abs() <= bound,
                    "{what} {metric} by {parameter}: {own:?}, not {twin} +- {error}"
                );
            }
        }
    }
}

/// An asset with cover and a pool, whose backing is stolen, and a holder of it.
fn with_pool() -> Network {
    Sketch::new()
        .asset("lst", AssetKind::Lst)
        .with(|asset| asset.cover_eth = 5.0)
        .operator("a", "A")
        .operator("b", "B")
        .holding("lst", "a", "ETH", 100.0)
        .holding("lst", "b", "ETH", 100.0)
        .pool(PoolRow::constant_product("pool", "lst", 40.0, 40.0))
        .portfolio("dao", "lst", 50.0)
        .network()
        .unwrap()
}

fn with_pool_file(severity: &str) -> String {
    format!(
        "name = \"test\"\nnetwork = \".\"\n\
         [run]\nseed = 3\npaths = 1\nhorizon_days = 20\nlevels = [0.9]\n\
         [dependence]\ncopula = \"independent\"\n\
         [[source]]\nkind = \"exploit\"\ntarget = {{ asset = \"*\" }}\nrate = 3.0\nseverity = {severity}\n\
         [[source]]\nkind = \"unbacked_mint\"\ntarget = {{ asset = \"*\" }}\nrate = 5.0\n\
         severity = {{ uniform = [0.0, 0.2] }}\n\
         [redemption.default]\nbase = 0.001\non_loss = 0.5\non_discount = 0.1\ntolerance = 0.003\nmax = 0.2\n\
         arbitrage_eth_per_day = 5.0\n"
    )
}

/// Severities, covers and depth, of an asset by nav and of a portfolio at the market: paths run again against whole
/// runs.
#[test]
fn paths_run_again_agree_with_runs() {
    let network = with_pool();
    let severity =
        |factor: f64| format!("{{ uniform = [{:?}, {:?}] }}", 0.05 * factor, 0.3 * factor);
    let base = model(&network, &with_pool_file(&severity(1.0)));
    let n_paths = 20_000;
    let found = of_run(&base, n_paths, 0.9);
    let networks = [0.9, 1.1].map(|f| (network.with_cover_scaled(f), network.with_depth_scaled(f)));
    let [down, up] = [0, 1].map(|i| {
        let severity = severity(if i == 0 { 0.9 } else { 1.1 });
        let (cover, depth) = &networks[i];
        [model(&network, &with_pool_file(&severity)), base.on(cover), base.on(depth)]
    });
    let parameters = ["source.exploit.severity", "cover", "depth"];
    for (number, parameter) in parameters.into_iter().enumerate() {
        let [down, up] = [&down[number], &up[number]].map(|model| collect(model, n_paths));
        for scope in ["system", "lst", "dao"] {
            let losses = |of: &Collector| of.losses(scope).unwrap().clone();
            let paired = PairedLosses::new(losses(&down), losses(&up)).unwrap();
            let runs = [("mean", paired.mean()), ("es", paired.expected_shortfall(level(0.9)))];
            for (metric, run) in runs {
                let (twin, error) =
                    (run.estimate.value / 0.2, run.estimate.std_err.unwrap_or(0.0) / 0.2);
                let own = derivative(&found, scope, metric, parameter);
                let std_err = own.std_err.unwrap_or(0.0);
                println!(
                    "{metric} of {scope} by {parameter}: {:.4} +- {std_err:.4}, runs {twin:.4} +- {error:.4}",
                    own.value
                );
                let bound = 3.0 * std_err.hypot(error) + 1e-9;
                assert!(
                    (own.value - twin).abs() <= bound,
                    "{metric} of {scope} by {parameter}: {own:?}, not {twin} +- {error}"
                );
            }
        }
    }
    let of = |parameter| derivative(&found, "dao", "es", parameter).value;
    assert!(of("source.exploit.severity") > 0.0 && of("cover") < 0.0 && of("depth") < 0.0);
}

/// Each rate tried is a run of its own, to the bit; whatever the run's own drawing is.
#[test]
fn rates_tried_are_runs() {
    let network = hundred_names();
    let run_file = |rate: &str| {
        year(7, "copula = \"student_t\"\ndf = 4", rate, "{ uniform = [0.1, 0.9] }", 0.3)
    };
    let base = model(&network, &run_file("{ events = 0, exposure_years = 400.0 }"));
    let sobol = format!(
        "{}[sampling]\nmethod = \"sobol\"\n",
        run_file("{ events = 0, exposure_years = 400.0 }")
    );
    let sobol = model(&network, &sobol);
    let rows = avs_rates(&base, level(0.99), 1_600_000, || false).unwrap();
    assert_eq!(rows, avs_rates(&sobol, level(0.99), 1_600_000, || false).unwrap());
    for rate in AVS_RATES {
        let run = collect(&model(&network, &run_file(&format!("{rate:?}"))), 8_192);
        let es = run.losses("system").unwrap().sorted().unwrap().expected_shortfall(level(0.99));
        let row = rows
            .iter()
            .find(|row| row.scope == "system" && row.rate.to_bits() == rate.to_bits())
            .unwrap();
        assert_eq!((row.n_paths, row.es), (8_192, es), "{rate}");
        assert!(es.value > 0.0);
    }
    let high = avs_rates(&base, level(0.9999), 1_000, || false).unwrap();
    assert!(high.iter().all(
        |row| row.n_paths == 4_096 && (row.level.get() - (1.0 - 10.0 / 4_096.0)).abs() < 1e-12
    ));
    assert_eq!(avs_rates(&base, level(0.99), 1_000, || true), None);
    let other = model(
        &network,
        &run_file("0.1").replace("avs_fault", "operator_compromise").replace("avs = \"*\", ", ""),
    );
    assert_eq!(avs_rates(&other, level(0.99), 1_000, || false), Some(Vec::new()));
}

/// Over 400 runs the intervals of derivatives hold the truth as often as they say, of mean and expected shortfall at
/// 90 % (value at risk 5).
#[test]
fn intervals_hold_the_truth() {
    let network = hundred_names();
    let truths = [("mean", 0.0, 1.0), ("es", 5.0, 0.1)];
    let truths = truths.map(|(metric, v, mass)| (metric, exact(v).map(|excess| excess / mass)));
    let mut held = [[0u32; 2]; 2];
    let n_runs = 400;
    for seed in 0..n_runs {
        let found = of_run(&model(&network, &vasicek(1_000 + seed)), 8_192, 0.9);
        for (held, (metric, exact)) in held.iter_mut().zip(truths) {
            for ((held, parameter), exact) in held.iter_mut().zip([RATE, LOADING]).zip(exact) {
                let own = derivative(&found, "system", metric, parameter);
                let (low, high) = own.ci_low.zip(own.ci_high).unwrap();
                *held += u32::from(low <= exact && exact <= high);
            }
        }
    }
    println!("{held:?} of {n_runs}");
    for held in held.into_iter().flatten() {
        let share = f64::from(held) / f64::from(u32::try_from(n_runs).unwrap());
        assert!((0.92..=0.98).contains(&share), "{share}");
    }
}
