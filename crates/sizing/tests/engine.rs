//! Caps from paths of the engine: with noise alone they are those of closed forms; leaving costs what the pools say; nobody gains by
//! its own size.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::ops::ControlFlow;
use std::path::Path;

use slashfall_graph::spec::{AssetKind, PoolRow};
use slashfall_graph::{Network, Sketch, load_network};
use slashfall_sampling::config::RunSpec;
use slashfall_sampling::{Node, Scenario, simulate_to_ends};
use slashfall_sizing::{Binding, Candidate, Gather, Planner, Policy, Problem, Sample, caps, room};

/// Two LSTs of half a million ETH without pools, and one with a pool of 40,000.
fn network() -> Network {
    let asset = |sketch: Sketch, name: &str, eth: f64, earns: f64| {
        let sketch = sketch.asset(name, AssetKind::Lst).with(move |own| {
            own.redemption_days = 20.0;
            own.yields.staking = earns;
        });
        sketch.holding(name, "op", "ETH", eth)
    };
    let sketch = Sketch::new().operator("op", "Op");
    let sketch = asset(sketch, "quiet", 5e5, 0.03);
    let sketch = asset(sketch, "wild", 5e5, 0.06);
    let sketch = asset(sketch, "pooled", 5e5, 0.04);
    sketch.pool(PoolRow::constant_product("pool", "pooled", 2e4, 2e4)).network().unwrap()
}

const RUN: &str = "name = \"noise\"\nnetwork = \".\"\n\
    [run]\nseed = 11\npaths = 1\nhorizon_days = 10\nlevels = [0.99]\n\
    [dependence]\ncopula = \"independent\"\n\
    [noise.quiet]\nsigma_daily = 0.0005\nkappa = 0.2\nbeta_market = 0.5\n\
    [noise.wild]\nsigma_daily = 0.0015\nkappa = 0.2\nbeta_market = 0.5\n\
    [noise.pooled]\nsigma_daily = 0.0010\nkappa = 0.2\n";

fn with_scenario<R>(network: &Network, text: &str, work: impl FnOnce(&Scenario<'_>) -> R) -> R {
    let root = Node::parse("run.toml", text).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap();
    work(&spec.resolve("run.toml", &root, network).unwrap()[0])
}

fn policy(text: &str) -> Policy {
    Policy::read("policy.toml", &Node::parse("policy.toml", text).unwrap()).unwrap()
}

fn sample(scenario: &Scenario<'_>, policy: &Policy, of: &[Candidate], n_paths: u64) -> Sample {
    let model = &scenario.model;
    let mut gather = Gather::new(model, policy, of);
    let flow = simulate_to_ends(model, 0..n_paths, 4_096, |batch| {
        gather.absorb(batch);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    gather.finish(model.setting(), of)
}

fn positions(names: &[&str]) -> String {
    names.iter().map(|name| format!("[[position]]\n{name}\n")).collect()
}

/// Discounts of the horizon: normal, each with the standard deviation of an Ornstein-Uhlenbeck walk of `n` days.
fn deviation(sigma: f64, days: i32) -> f64 {
    let kept = (-0.2_f64).exp();
    let squares: f64 = (0..days).map(|day| kept.powi(2 * day)).sum();
    sigma * squares.sqrt()
}

/// `phi(z) / 0.01` at the 99 % quantile of a standard normal.
const SHORTFALL: f64 = 2.665_214_2;

/// Two positions of noise alone, of a budget of 100 ETH.
fn with_noise_alone(work: impl FnOnce(&Problem, &Sample)) {
    let network = network();
    let text = "name = \"t\"\n[treasury]\nsize_eth = 100000\n\
                [budget]\nes = { level = 0.99, share = 0.001 }\nbound = \"point\"\n"
        .to_owned()
        + &positions(&["asset = \"quiet\"", "asset = \"wild\""]);
    let policy = policy(&text);
    let of = policy.resolve("policy.toml", &network).unwrap();
    with_scenario(&network, RUN, |scenario| {
        let sample = sample(scenario, &policy, &of, 200_000);
        let problem = Problem::new(&policy, &of, scenario.model.setting());
        work(&problem, &sample);
    });
}

#[test]
fn caps_of_noise_alone_are_budget_over_shortfall() {
    with_noise_alone(|problem, sample| {
        let found = caps(problem, sample);
        for (cap, (sigma, earns)) in found.iter().zip([(0.0005, 0.03), (0.0015, 0.06)]) {
            let shortfall = SHORTFALL * deviation(sigma, 10) - earns * 10.0 / 365.0;
            let expected = 100.0 / shortfall;
            // 2,000 paths of the tail: its mean is known to some .35 % of what it is beyond the yield.
            let room = 4.0 * 0.0035 * SHORTFALL * deviation(sigma, 10) / shortfall;
            assert!((cap.own.eth / expected - 1.0).abs() < room, "{cap:?}, not {expected}");
            assert_eq!(cap.own.binding, Binding::Risk(0));
            // Without a pool nothing is sold, so that leaving costs nothing.
            assert_eq!(cap.own, cap.at_market);
        }
    });
}

/// Of jointly normal losses the best plan is a multiple of `S^-1 r` (Markowitz), as large as the budget lets it.
#[test]
fn the_best_plan_of_noise_alone_is_the_analytic_one() {
    with_noise_alone(|problem, sample| {
        let plan = Planner::new(problem, sample).optimum().unwrap();
        let [a, b] = [0.0005, 0.0015].map(|sigma| deviation(sigma, 10));
        let [ra, rb] = [0.03, 0.06].map(|a_year| a_year * 10.0 / 365.0);
        // Both load on the market with .5.
        let covariance = 0.25 * a * b;
        let x = [b * b * ra - covariance * rb, a * a * rb - covariance * ra];
        let earned = x[0] * ra + x[1] * rb;
        let variance = (a * x[0]).powi(2) + (b * x[1]).powi(2) + 2.0 * covariance * x[0] * x[1];
        let times = 100.0 / (SHORTFALL * variance.sqrt() - earned);
        // The tail's mean is known to some .35 %, its excess over what is earned to .6 %; where the optimum lies is flat.
        let found = plan.net_return.value;
        assert!((found / (times * earned) - 1.0).abs() < 0.02, "{found}, not {}", times * earned);
        assert!((plan.x[0] / (times * x[0]) - 1.0).abs() < 0.1, "{:?}", plan.x);
        assert!((plan.x[1] / (times * x[1]) - 1.0).abs() < 0.2, "{:?}", plan.x);
    });
}

/// Points in replicates: budgets have intervals, also where no replicate has a loss as large.
#[test]
fn sobol_points_are_asked_by_replicate() {
    let network = network();
    let run = RUN.replace("paths = 1", "paths = 65536")
        + "[sampling]\nmethod = \"sobol\"\n[[source]]\nkind = \"exploit\"\n\
           target = { asset = \"wild\" }\nrate = 0.01\nseverity = 0.001\nloadings = { f = 0.5 }\n";
    let run = run.replace("copula = \"independent\"", "copula = \"gaussian\"\nfactors = [\"f\"]");
    let text = "name = \"t\"\n[treasury]\nsize_eth = 100000\n[budget]\n\
                es = { level = 0.99, share = 0.001 }\nloss = { above = 0.5, probability = 0.01 }\n"
        .to_owned()
        + &positions(&["asset = \"quiet\""]);
    let policy = policy(&text);
    let of = policy.resolve("policy.toml", &network).unwrap();
    with_scenario(&network, &run, |scenario| {
        assert!(scenario.model.sobol().is_some());
        let sample = sample(scenario, &policy, &of, 65_536);
        let problem = Problem::new(&policy, &of, scenario.model.setting());
        let cap = caps(&problem, &sample)[0].own;
        let shortfall = SHORTFALL * deviation(0.0005, 10) - 0.03 * 10.0 / 365.0;
        // The upper limit takes some 1.2 % of the tail's mean, which is 1.5 times the shortfall.
        let of_all = cap.eth * shortfall / 100.0;
        assert!((0.94..1.0).contains(&of_all) && cap.binding == Binding::Risk(0), "{cap:?}");
        let never = problem.risks[1].read(&sample, &[cap.eth]);
        assert!(never.is_kept() && never.found.value.abs() < f64::MIN_POSITIVE, "{never:?}");
        let limit = never.found.ci_high.unwrap();
        assert!(limit > 1e-5 && limit < 1e-4, "{limit}");
    });
}

/// What a sale into the pool costs on a quiet path is known from `x y = k`.
#[test]
fn leaving_costs_what_the_pool_says() {
    let network = network();
    let still = "name = \"still\"\nnetwork = \".\"\n\
        [run]\nseed = 1\npaths = 1\nhorizon_days = 3\nlevels = [0.9]\n\
        [dependence]\ncopula = \"independent\"\n";
    let text = "name = \"t\"\n[treasury]\nsize_eth = 100000\n\
                [budget]\nes = { level = 0.9, share = 0.01 }\nbound = \"point\"\n\
                [haircut]\nstaking = 1.0\n"
        .to_owned()
        + &positions(&["asset = \"pooled\""]);
    let policy = policy(&text);
    let of = policy.resolve("policy.toml", &network).unwrap();
    with_scenario(&network, still, |scenario| {
        let sample = sample(scenario, &policy, &of, 100);
        let problem = Problem::new(&policy, &of, scenario.model.setting());
        let found = caps(&problem, &sample)[0];
        // x - 20,000 x / (20,000 + x) = 1,000: x^2 = 1,000 (20,000 + x).
        let expected = 500.0 + (500.0_f64.powi(2) + 2e7).sqrt();
        assert!((found.own.eth / expected - 1.0).abs() < 1e-4, "{found:?}, not {expected}");
        assert_eq!(found.at_market.binding, Binding::Most);
        // A fee would come on top; twice the budget is far from twice the cap.
        let twice = problem.risks[0].with_limit(2_000.0);
        let wide = Problem { risks: vec![twice], ..problem };
        let wider = caps(&wide, &sample)[0].own.eth;
        let expected = 1_000.0 + (1_000.0_f64.powi(2) + 4e7).sqrt();
        assert!((wider / expected - 1.0).abs() < 1e-4, "{wider}, not {expected}");
        assert!(wider < 1.5 * found.own.eth);
    });
}

/// A pool that stands below nav on day 0 comes back to it: that is counted as income where the policy says so, and nowhere else.
#[test]
fn what_prices_regain_is_no_income() {
    let network = Sketch::new()
        .operator("op", "Op")
        .asset("cheap", AssetKind::Lst)
        .with(|own| own.yields.staking = 0.04)
        .holding("cheap", "op", "ETH", 5e5)
        .pool(PoolRow::constant_product("pool", "cheap", 2.05e4, 2e4))
        .network()
        .unwrap();
    let run = "name = \"back\"\nnetwork = \".\"\n\
        [run]\nseed = 4\npaths = 1\nhorizon_days = 10\nlevels = [0.9]\n\
        [dependence]\ncopula = \"independent\"\n\
        [noise.cheap]\nsigma_daily = 0.0001\n\
        [redemption.cheap]\narbitrage_eth_per_day = 5000\nhurdle = 0.0\n";
    let returns = |recovery: f64| {
        let text = format!(
            "name = \"t\"\n[treasury]\nsize_eth = 1000\n[budget]\nes = {{ level = 0.9, share = 0.5 }}\n\
             [haircut]\nrecovery = {recovery}\n[[position]]\nasset = \"cheap\"\n\
             [[position]]\npool = \"pool\"\n"
        );
        let policy = policy(&text);
        let of = policy.resolve("policy.toml", &network).unwrap();
        with_scenario(&network, run, |scenario| {
            let sample = sample(scenario, &policy, &of, 4_096);
            let problem = Problem::new(&policy, &of, scenario.model.setting());
            Planner::new(&problem, &sample).returns().to_vec()
        })
    };
    let [none, half, all] = [1.0, 0.5, 0.0].map(returns);
    let price = 2.0 / 2.05;
    let earned = 0.04 * 10.0 / 365.0 / price;
    assert!((none[0] - earned).abs() < 1e-5, "{none:?}, not {earned}");
    // From 0.976 of nav to all but nav: 2.5 % of the price.
    assert!((all[0] - earned - 0.025).abs() < 1e-3, "{all:?}");
    assert!((half[0] - 0.5 * (none[0] + all[0])).abs() < 1e-6);
    // Half of a pool is the token, and so is half of what it regains.
    assert!((all[1] - 0.5 * (earned + 0.025)).abs() < 1e-3 && none[1] < 0.6 * earned, "{all:?}");
}

const BASELINE: &str = "../../configs/baseline.toml";
const EXAMPLE: &str = "../../configs/policies/example-dao.toml";

/// On the reference network, with every mechanism: own size never helps, room beside what is held is less than beside ETH.
#[test]
fn own_size_never_helps() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let network = load_network(&root.join("../../data/networks/reference")).unwrap().network;
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let policy = policy(&read(EXAMPLE));
    let of = policy.resolve("policy.toml", &network).unwrap();
    with_scenario(&network, &read(BASELINE), |scenario| {
        let sample = sample(scenario, &policy, &of, 8_192);
        let problem = Problem::new(&policy, &of, scenario.model.setting());
        let found = caps(&problem, &sample);
        for (cap, own) in found.iter().zip(&of) {
            assert!(cap.own.eth <= cap.at_market.eth * (1.0 + 1e-6), "{}: {cap:?}", own.name);
        }
        let held = problem.current();
        for (reach, (cap, x)) in room(&problem, &sample, &held).iter().zip(found.iter().zip(&held))
        {
            assert!(reach.eth <= (cap.own.eth - x).max(0.0) + policy.size_eth * 1e-6 || *x > 0.0);
        }
        // Leaving with more costs more, and more than in proportion: the budgets are convex along each position.
        let risk = problem.risks[0];
        for position in 0..of.len() {
            let at = |eth: f64| {
                let mut x = vec![0.0; of.len()];
                x[position] = eth;
                risk.read(&sample, &x).found.value
            };
            let [one, two, four] = [200.0, 400.0, 800.0].map(at);
            assert!(two >= 2.0 * one - 1e-9 && four >= 2.0 * two - 1e-9, "{}", of[position].name);
        }
    });
}
