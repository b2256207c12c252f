//! Whole chain, network to figures, against closed forms.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use slashfall_graph::spec::{AssetKind, Sharing};
use slashfall_graph::{Network, Sketch, Yields};
use slashfall_output::measures::{Estimate, Level};
use slashfall_output::{CloseUps, Collector, ComponentKind, Contribution, Looks, contributions};
use slashfall_sampling::{Model, Node, RunSpec, simulate};

fn model<'n>(network: &'n Network, toml: &str) -> Model<'n> {
    let root = Node::parse("run.toml", toml).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap_or_else(|problems| panic!("{problems}"));
    spec.resolve("run.toml", &root, network)
        .unwrap_or_else(|problems| panic!("{problems}"))
        .swap_remove(0)
        .model
}

fn collect(model: &Model<'_>, paths: std::ops::Range<u64>) -> Collector {
    let mut collector = Collector::new(model.setting());
    let flow = simulate(model, paths, 4_096, |batch| {
        collector.absorb(batch);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    collector
}

fn year(seed: u64, source: &str) -> String {
    format!(
        "name = \"test\"\nnetwork = \".\"\n\
         [run]\nseed = {seed}\npaths = 1\nhorizon_days = 365\nlevels = [0.99]\n\
         [dependence]\ncopula = \"gaussian\"\nfactors = [\"f\"]\n\
         [[source]]\nkind = \"avs_fault\"\ntarget = {{ avs = \"*\", operator = \"*\" }}\n{source}\n"
    )
}

#[track_caller]
fn within(found: &Estimate, exact: f64, std_errs: f64) {
    let std_err = found.std_err.unwrap();
    let error = (found.value - exact).abs();
    assert!(error <= std_errs * std_err, "{} ± {std_err}, not {exact}", found.value);
}

/// 100 equal names, p .02, correlation .2 (Vasicek): the loss is a mixture of binomials, whose VaR
/// and ES at 99 % are 14 and 18.422865, at 99.9 % 24 and 29.08605; P(L >= 25) is 9.661443e-4.
/// Two million paths bring the standard error of each ES under 0.6 per cent.
#[test]
fn the_one_factor_portfolio() {
    let mut sketch = Sketch::new().avs("avs", Sharing::Unique);
    for i in 0..100 {
        let name = format!("op{i:03}");
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", 1.0);
    }
    let network = sketch.allocation("avs", "*", "*", 1.0).network().unwrap();
    let rate = -(-0.02f64).ln_1p();
    let loading = 0.2f64.sqrt();
    let source = format!("rate = {rate:?}\nseverity = 1.0\nloadings = {{ f = {loading:?} }}");
    let n = 2_000_000;
    let collector = collect(&model(&network, &year(20_261_120, &source)), 0..n);
    let losses = collector.losses("system").unwrap().sorted().unwrap();

    println!("mean {:?}", losses.mean());
    within(&losses.mean(), 2.0, 3.0);
    for (level, var, es) in [(0.99, 14.0, 18.422_865), (0.999, 24.0, 29.086_05)] {
        let level = Level::new(level).unwrap();
        let found = losses.value_at_risk(level);
        assert!((found.value - var).abs() < 1e-9, "VaR {} is {}", level.get(), found.value);
        let found = losses.expected_shortfall(level);
        println!("ES {}: {found:?}", level.get());
        assert!(found.std_err.unwrap() < 0.006 * es);
        within(&found, es, 3.0);
    }
    let found = losses.probability_beyond(24.5);
    let exact = 9.661_443e-4;
    let std_err = (exact * (1.0 - exact) / n as f64).sqrt();
    println!("P(L >= 25) {found:?}");
    assert!((found.value - exact).abs() < 3.0 * std_err, "P(L >= 25) is {found:?}");
    assert!((found.std_err.unwrap() / std_err - 1.0).abs() < 0.05, "{found:?}");
    assert!(collector.books_error_max() < 1e-12);
}

/// One name fails with probability .2 and loses a uniform share of 1,000 ETH: at level a the VaR is
/// 1000 (1 - (1 - a) / .2) and the ES half way from there to 1,000. Over 400 independent runs of
/// 20,000 paths the 95 % intervals hold them 92 to 98 times of a hundred.
#[test]
fn intervals_hold_the_truth() {
    let network = Sketch::new()
        .operator("op", "Op")
        .avs("avs", Sharing::Unique)
        .holding("direct", "op", "ETH", 1_000.0)
        .allocation("avs", "op", "*", 1.0)
        .network()
        .unwrap();
    let rate = -(-0.2f64).ln_1p();
    let source = format!("rate = {rate:?}\nseverity = {{ uniform = [0.0, 1.0] }}");
    for level in [0.95, 0.99] {
        let var = 1_000.0 * (1.0 - (1.0 - level) / 0.2);
        let es = (var + 1_000.0) / 2.0;
        let level = Level::new(level).unwrap();
        let (mut var_held, mut es_held) = (0u32, 0u32);
        for seed in 0..400 {
            let collector = collect(&model(&network, &year(seed, &source)), 0..20_000);
            let losses = collector.losses("system").unwrap().sorted().unwrap();
            var_held += u32::from(holds(&losses.value_at_risk(level), var));
            es_held += u32::from(holds(&losses.expected_shortfall(level), es));
        }
        for (what, held) in [("VaR", var_held), ("ES", es_held)] {
            let share = f64::from(held) / 400.0;
            assert!((0.92..=0.98).contains(&share), "{what} {}: held in {share}", level.get());
        }
    }
}

fn holds(estimate: &Estimate, exact: f64) -> bool {
    estimate.ci_low.is_none_or(|low| low <= exact)
        && estimate.ci_high.is_none_or(|high| exact <= high)
}

fn nested() -> Network {
    Sketch::new()
        .asset("stETH", AssetKind::Lst)
        .asset("eETH", AssetKind::Lrt)
        .with(|asset| asset.cover_eth = 5.0)
        .yields(Yields { staking: 0.03, ..Yields::default() })
        .asset("bridged", AssetKind::Bridged)
        .operator("a", "A")
        .operator("b", "B")
        .avs("x", Sharing::Unique)
        .avs("y", Sharing::Unique)
        .holding("stETH", "a", "ETH", 300.0)
        .holding("eETH", "a", "ETH", 100.0)
        .holding("eETH", "b", "stETH", 50.0)
        .holding("bridged", "", "eETH", 20.0)
        .holding("direct", "b", "ETH", 70.0)
        .allocation("x", "*", "*", 0.3)
        .allocation("y", "*", "*", 0.4)
        .portfolio("dao", "eETH", 30.0)
        .portfolio("dao", "stETH", 30.0)
        .portfolio("dao", "ETH", 10.0)
        .network()
        .unwrap()
}

const NESTED: &str = "rate = 0.5\nseverity = { uniform = [0.0, 1.0] }\nloadings = { f = 0.5 }\n\
    [[source]]\nkind = \"validator_incident\"\ntarget = { operator = \"*\" }\nrate = 0.5\nseverity = 0.3\n\
    [[source]]\nkind = \"exploit\"\ntarget = { asset = \"eETH\" }\nrate = 0.2\nseverity = 0.2\n\
    [noise.default]\nsigma_daily = 0.001\nbeta_market = 0.5\n";

/// Where some paths stand for all, what they say is within their errors of what all say, and sums are the same.
fn agree(all: &[Contribution], some: &[Contribution]) {
    let mut sums: BTreeMap<_, [f64; 2]> = BTreeMap::new();
    let (mut n_far, mut n_compared) = (0, 0);
    for (number, parts) in [all, some].into_iter().enumerate() {
        for part in parts {
            let key = (part.scope.clone(), part.level.get().to_bits(), part.component_kind);
            sums.entry(key).or_default()[number] += part.estimate.value;
        }
    }
    for part in some {
        let of = |other: &&Contribution| {
            (&other.scope, other.level, &other.component)
                == (&part.scope, part.level, &part.component)
                && other.component_kind == part.component_kind
        };
        if let (Some(whole), Some(std_err)) = (all.iter().find(of), part.estimate.std_err) {
            n_compared += 1;
            let off = (whole.estimate.value - part.estimate.value).abs();
            n_far += i32::from(off > 2.0 * std_err);
            assert!(off <= 5.0 * std_err + 1e-9 * whole.estimate.value.abs(), "{part:?} {whole:?}");
        }
    }
    assert!(n_compared > 300 && 20 * n_far < n_compared, "{n_far} of {n_compared}");
    for (key, [whole, part]) in sums {
        assert!((whole - part).abs() < 1e-9 * whole.abs(), "{key:?}: {whole} {part}");
    }
}

/// Components of each kind sum to the expected shortfall of their scope, nested assets, cover,
/// discount and all; and the mean of a channel over the tail is what the paths themselves say.
#[test]
fn contributions_sum_to_the_expected_shortfall() {
    let network = nested();
    let model = model(&network, &year(5, NESTED));
    let collector = collect(&model, 0..20_000);
    let levels: Vec<Level> = [0.5, 0.9, 0.99].into_iter().filter_map(Level::new).collect();
    let look = |per_scope, stop: bool| {
        let looks = Looks { per_scope, of_all: 200, n_worst: 0, beyond: usize::MAX };
        CloseUps::take(&model, &collector, &levels, looks, || stop)
    };
    let all = contributions(&model, &look(usize::MAX, false).unwrap(), &levels);
    assert!(look(usize::MAX, true).is_none());
    let kinds = [
        ComponentKind::Asset,
        ComponentKind::Channel,
        ComponentKind::SourceKind,
        ComponentKind::Operator,
        ComponentKind::Entity,
        ComponentKind::Avs,
    ];
    let mut n_checked = 0;
    for scope in ["system", "system_ex_price", "stETH", "eETH", "bridged", "dao"] {
        let losses = collector.losses(scope).unwrap().sorted().unwrap();
        for level in &levels {
            let es = losses.expected_shortfall(*level).value;
            for kind in kinds {
                let of = |c: &&Contribution| {
                    c.scope == scope && c.level == *level && c.component_kind == kind
                };
                let sum: f64 = all.iter().filter(of).map(|c| c.estimate.value).sum();
                assert!(
                    (sum - es).abs() < 1e-9 * es,
                    "{scope} {level:?} {kind:?}: {sum}, not {es}"
                );
                n_checked += 1;
            }
        }
    }
    assert_eq!(n_checked, 6 * 3 * 6);
    let channel = |name: &str| {
        let at =
            |c: &&Contribution| c.scope == "system" && c.level == levels[1] && c.component == name;
        all.iter().find(at).unwrap().estimate.value
    };
    let tail = collector.losses("system").unwrap().sorted().unwrap().tail(levels[1]);
    for name in ["avs_slash", "beacon", "theft", "cover"] {
        let losses = collector.losses(name).unwrap();
        let sum: f64 = tail.paths().iter().map(|p| p.weight * losses.loss(p.path)).sum();
        assert!((channel(name) - sum / tail.mass()).abs() < 1e-9, "{name}");
    }
    agree(&all, &contributions(&model, &look(600, false).unwrap(), &levels));
    // In a year 30 ETH earn 3 %, on every path, and prices move beyond nav.
    for kind in kinds {
        let of = |name: &str| {
            let own = |c: &&Contribution| {
                c.scope == "dao" && c.level == levels[1] && c.component_kind == kind
            };
            let found = all.iter().filter(own).find(|c| c.component == name);
            found.map(|found| found.estimate.value)
        };
        let is_split = kinds[..3].contains(&kind);
        assert_eq!(of("(carry)").is_some(), is_split, "{kind:?}");
        assert!(of("(carry)").is_none_or(|carry| (carry + 0.9).abs() < 1e-9), "{kind:?}");
        assert_eq!(of("(price)").is_some(), kind == ComponentKind::SourceKind, "{kind:?}");
    }
}
