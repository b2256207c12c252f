//! Importance sampling: unbiased against closed forms and plain paths, precise where plain paths are
//! not, its weights bounded; and refused where it would mislead.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use std::ops::ControlFlow;

use slashfall_cascade::Figure;
use slashfall_graph::{Network, Sketch};
use slashfall_sampling::importance::{Aim, Check, Contradiction, Goal, Pilot, Refusal};
use slashfall_sampling::{Batch, Model, replay, simulate};
use support::{equal_names, everything, model, year};

const DEFENSIVE_SHARE: f64 = 0.1;

fn aim(goal: Goal) -> Aim {
    Aim { goal, defensive_share: DEFENSIVE_SHARE }
}

fn tilted<'n>(model: &Model<'n>, goal: Goal) -> (Model<'n>, Pilot) {
    let total = model.layout().system(Figure::Total);
    model.with_importance(aim(goal), |row| row[total]).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// A run file in which a year is one day.
fn in_a_day(year: &str) -> String {
    let rate = |line: &str| line.strip_prefix("rate = ")?.parse::<f64>().ok();
    let lines = year.lines().map(|line| match rate(line) {
        Some(rate) => format!("rate = {:?}", 365.0 * rate),
        None => line.replace("horizon_days = 365", "horizon_days = 1"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Total losses and weights of the first `n` paths.
struct Sample(Vec<(f64, f64)>);

impl Sample {
    fn of(model: &Model<'_>, n: u64) -> Self {
        let total = model.layout().system(Figure::Total);
        let mut losses = Vec::new();
        let flow = simulate(model, 0..n, 1_024, |batch| {
            losses.extend(batch.rows().zip(&batch.weights).map(|((_, row), &w)| (row[total], w)));
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        Self(losses)
    }

    /// Mean of a function of the loss, and its standard error.
    fn mean(&self, of: impl Fn(f64) -> f64) -> (f64, f64) {
        let n = self.0.len() as f64;
        let mean = self.0.iter().map(|&(loss, w)| w * of(loss)).sum::<f64>() / n;
        let square = self.0.iter().map(|&(loss, w)| (w * of(loss)).powi(2)).sum::<f64>() / n;
        (mean, ((square - mean * mean) / n).sqrt())
    }

    fn at_least(&self, loss: f64) -> (f64, f64) {
        self.mean(|x| f64::from(u8::from(x >= loss)))
    }

    /// Expected shortfall by Rockafellar and Uryasev: `v + E[(L - v)+] / (1 - level)`, which is the
    /// same for every `v` that is a value at risk.
    fn expected_shortfall(&self, level: f64, v: f64) -> (f64, f64) {
        let (excess, std_err) = self.mean(|x| (x - v).max(0.0));
        (v + excess / (1.0 - level), std_err / (1.0 - level))
    }

    /// Variance of a plain path over that of a path of this sample, for a probability.
    fn gain(&self, (p, std_err): (f64, f64)) -> f64 {
        p * (1.0 - p) / (std_err * std_err * self.0.len() as f64)
    }
}

/// Within four standard errors, which are less than half a per cent.
#[track_caller]
fn assert_close((found, std_err): (f64, f64), exact: f64) {
    assert!(std_err < 0.005 * exact, "{found} +- {std_err} is not precise");
    assert!((found - exact).abs() < 4.0 * std_err, "{found} +- {std_err}, not {exact}");
}

/// A hundred names of probability .02 and correlation .2: P(L >= 25) = 9.661443e-4, and the expected
/// shortfall at 99.9 % is 29.08605 (value at risk 24), by quadrature over the factor.
#[test]
fn the_tail_of_a_hundred_names() {
    let network = equal_names(100);
    let run_file = in_a_day(&year(0.02, "copula = \"gaussian\"", 0.2f64.sqrt()));
    let plain = model(&network, &run_file);
    let (model, pilot) = tilted(&plain, Goal::Loss(24.5));
    assert_eq!(pilot.paths, 4_096);
    let sample = Sample::of(&model, 100_000);
    let tail = sample.at_least(24.5);
    assert_close(tail, 9.661_443e-4);
    assert!(sample.gain(tail) > 400.0, "{}", sample.gain(tail));
    assert_close(sample.expected_shortfall(0.999, 24.0), 29.086_05);
    let (mean, std_err) = sample.mean(|_| 1.0);
    assert!((mean - 1.0).abs() < 4.0 * std_err, "{mean} +- {std_err}");
    let bound = 1.0 / DEFENSIVE_SHARE + 1e-9;
    assert!(sample.0.iter().all(|&(_, weight)| weight > 0.0 && weight <= bound));
}

/// One per cent takes some twenty thousand paths, where plain ones would be ten million.
#[test]
fn the_level_is_found_where_no_loss_is_given() {
    let network = equal_names(100);
    let run_file = in_a_day(&year(0.02, "copula = \"gaussian\"", 0.2f64.sqrt()));
    let plain = model(&network, &run_file);
    let (model, pilot) = tilted(&plain, Goal::Level(0.9999));
    // P(L > 35) = 1.06e-4 and P(L > 36) = 0.86e-4, by the same quadrature.
    assert!((34.0..=37.0).contains(&pilot.loss_eth), "{pilot:?}");
    let sample = Sample::of(&model, 100_000);
    let (_, std_err) = sample.at_least(36.5);
    assert!(sample.gain(sample.at_least(36.5)) > 2_000.0, "{std_err}");
}

/// Two names of probability .01 and correlation .5 under a t copula with 4 degrees of freedom: both
/// fail with probability 2.87678e-3.
#[test]
fn two_names_under_a_t_copula() {
    let network = equal_names(2);
    let run_file = in_a_day(&year(0.01, "copula = \"student_t\"\ndf = 4", 0.5f64.sqrt()));
    let plain = model(&network, &run_file);
    let (model, _) = tilted(&plain, Goal::Loss(1.5));
    let sample = Sample::of(&model, 200_000);
    let both = sample.at_least(1.5);
    assert_close(both, 2.876_78e-3);
    assert!(sample.gain(both) > 30.0, "{}", sample.gain(both));
}

/// The 10-factor portfolio of Glasserman and Li (2005), section 6: of m = 1000 obligors, the k-th
/// fails with probability .01 (1 + sin(16 pi k / m)) and costs ceil(5 k / m)^2; loadings are uniform
/// on (0, 1/sqrt(10)), here from the upper halves of Knuth's MMIX generator that starts at 1.
fn ten_factors() -> (Network, String) {
    use std::fmt::Write;
    let mut state = 1u64;
    let mut loading = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as f64 / 2f64.powi(32) / 10f64.sqrt()
    };
    let factors: Vec<String> = (0..10).map(|j| format!("f{j}")).collect();
    let mut toml = format!(
        "name = \"ten factors\"\nnetwork = \".\"\n[run]\nseed = 1\npaths = 1\nhorizon_days = 1\nlevels = [0.99]\n\
         [dependence]\ncopula = \"gaussian\"\nfactors = {factors:?}\n"
    );
    let mut sketch = Sketch::new();
    for k in 1..=1_000u32 {
        let name = format!("op{k:04}");
        let cost = f64::from((5 * k).div_ceil(1_000).pow(2));
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", cost);
        let p = 0.01 * (1.0 + (16.0 * std::f64::consts::PI * f64::from(k) / 1_000.0).sin());
        let loadings: Vec<String> =
            factors.iter().map(|f| format!("{f} = {:?}", loading())).collect();
        write!(
            toml,
            "[[source]]\nkind = \"operator_compromise\"\nreach = \"all\"\nseverity = 1.0\n\
             target = {{ operator = \"{name}\" }}\nrate = {:?}\nloadings = {{ {} }}\n",
            -365.0 * (-p).ln_1p(),
            loadings.join(", ")
        )
        .unwrap();
    }
    (sketch.network().unwrap(), toml)
}

/// P(L > 2000) by an independent program, which convolves the losses given the factors exactly and
/// draws the factors by importance sampling of its own: 6.959e-4, give or take 1.4e-6.
#[test]
fn ten_factors_of_glasserman_and_li() {
    let (network, run_file) = ten_factors();
    let plain = model(&network, &run_file);
    let (model, pilot) = tilted(&plain, Goal::Loss(2_000.0));
    let sample = Sample::of(&model, 20_000);
    let (p, std_err) = sample.at_least(2_000.5);
    let (twin, twin_std_err) = (6.959_2e-4, 1.44e-6);
    let error = std_err.hypot(twin_std_err);
    assert!((p - twin).abs() < 4.0 * error, "{p} +- {std_err}, not {twin} +- {twin_std_err}");
    let gain = sample.gain((p, std_err));
    assert!(gain > 500.0 && pilot.gain_probability > 500.0, "{gain}, {pilot:?}");
}

/// With every kind of source and mechanism, the weighted mean of every figure of a path is that of
/// plain paths.
#[test]
fn weighted_figures_are_those_of_the_model() {
    let network = everything::sketch().network().unwrap();
    let plain = model(&network, everything::RUN);
    let (tilted, _) = tilted(&plain, Goal::Level(0.99));
    let n = 100_000;
    let moments = |model: &Model<'_>| {
        let mut sums = vec![(0.0, 0.0); model.layout().width()];
        let flow = simulate(model, 0..n, 1_024, |batch| {
            let weights = batch.weights.iter().copied().chain(std::iter::repeat(1.0));
            for ((_, row), weight) in batch.rows().zip(weights) {
                for (sum, figure) in sums.iter_mut().zip(row) {
                    *sum = (sum.0 + weight * figure, sum.1 + (weight * figure).powi(2));
                }
            }
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        let n = n as f64;
        sums.into_iter().map(move |(x, xx)| (x / n, (xx / n - (x / n).powi(2)) / n))
    };
    for (column, (a, b)) in moments(&plain).zip(moments(&tilted)).enumerate() {
        let error = (a.1 + b.1).sqrt();
        assert!((a.0 - b.0).abs() <= 4.5 * error + 1e-15, "{column}: {a:?} {b:?}");
    }
}

/// A weighted path is a function of network, model, seed and number: not of threads or batches, and
/// it can be played again alone.
#[test]
fn a_weighted_path_is_the_same_however_it_is_run() {
    let network = everything::sketch().network().unwrap();
    let plain = model(&network, everything::RUN);
    let run = |threads, batch_paths| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (model, pilot) = tilted(&plain, Goal::Level(0.99));
            let (mut figures, mut weights) = (Vec::new(), Vec::new());
            let flow = simulate(&model, 0..1_000, batch_paths, |batch| {
                figures.extend(batch.figures.iter().map(|x| x.to_bits()));
                weights.extend(batch.weights.iter().map(|x| x.to_bits()));
                ControlFlow::Continue(())
            });
            assert!(flow.is_continue());
            (pilot, figures, weights, model)
        })
    };
    let (pilot, figures, weights, model) = run(1, 256);
    let other = run(2, 37);
    assert_eq!((&pilot, &figures, &weights), (&other.0, &other.1, &other.2));
    let paths = [0, 1, 17, 500, 999];
    let width = model.layout().width();
    for record in replay(&model, &paths, |record| record) {
        let at = usize::try_from(record.path).unwrap();
        assert_eq!(record.weight.to_bits(), weights[at]);
        let row: Vec<u64> = record.figures.iter().map(|x| x.to_bits()).collect();
        assert_eq!(row, figures[at * width..][..width]);
    }
    // Plain paths are those of a run without importance sampling.
    let plain_rows = support::run(&plain, 1_000, 256);
    let same = |path: usize| {
        let own = plain_rows[path * width..][..width].iter().map(|x| x.to_bits());
        own.eq(figures[path * width..][..width].iter().copied())
    };
    assert!((0..1_000).step_by(10).all(same));
}

/// Nothing that fires costs anything; nothing is lost so often; what is lost is lost by the market.
#[test]
fn it_is_refused_where_it_would_not_help() {
    let network = equal_names(2);
    let plain = model(&network, &in_a_day(&year(0.01, "copula = \"independent\"", 0.0)));
    let total = plain.layout().system(Figure::Total);
    let refusal = |goal, loss: &(dyn Fn(&[f64]) -> f64 + Sync)| {
        plain.with_importance(aim(goal), loss).map(|(_, pilot)| pilot).unwrap_err()
    };
    let leaked = plain.layout().system(Figure::Leak);
    assert_eq!(refusal(Goal::Loss(1.0), &|row| row[leaked]), Refusal::NothingCosts);
    assert_eq!(refusal(Goal::Level(0.5), &|row| row[total]), Refusal::NoLoss);
}

/// Half a point on bitcoin against names that fail seldom: what is rare is the market's, and twisted
/// names only add weight.
#[test]
fn it_is_refused_where_the_market_is_the_tail() {
    use slashfall_graph::spec::AssetKind;
    let network = Sketch::new()
        .asset("BTC", AssetKind::Base)
        .with(|asset| (asset.vol_annual, asset.beta_market) = (0.5, 0.0))
        .operator("op", "op")
        .holding("direct", "op", "BTC", 100.0)
        .operator("op2", "op2")
        .holding("direct", "op2", "ETH", 0.5)
        .network()
        .unwrap();
    let run_file = "name = \"test\"\nnetwork = \".\"\n[run]\nseed = 1\npaths = 1\nhorizon_days = 30\nlevels = [0.99]\n\
         [dependence]\ncopula = \"independent\"\n\
         [[source]]\nkind = \"operator_compromise\"\nreach = \"all\"\nseverity = 1.0\n\
         target = { operator = \"op2\" }\nrate = 0.1\n";
    let plain = model(&network, run_file);
    let total = plain.layout().system(Figure::Total);
    let refused = plain.with_importance(aim(Goal::Level(0.99)), |row| row[total]);
    let refusal = refused.map(|(_, pilot)| pilot).unwrap_err();
    assert!(matches!(refusal, Refusal::NoGain { gain } if gain < 1.0), "{refusal:?}");
    assert!(refusal.to_string().contains("a plain path tells as much"), "{refusal}");
}

/// What a run keeps of its weights agrees with them.
#[test]
fn a_run_checks_itself() {
    let network = equal_names(100);
    let plain = model(&network, &in_a_day(&year(0.02, "copula = \"gaussian\"", 0.2f64.sqrt())));
    assert_eq!(Check::new(&plain), None);
    let (model, _) = tilted(&plain, Goal::Loss(24.5));
    let total = model.layout().system(Figure::Total);
    let mut check = Check::new(&model).unwrap();
    let mut unweighted = check.clone();
    let flow = simulate(&model, 0..20_000, 1_024, |batch| {
        check.absorb(batch, |row| row[total]);
        let batch = Batch { weights: vec![1.0; batch.n_paths()], ..batch.clone() };
        unweighted.absorb(&batch, |row| row[total]);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    assert_eq!(check.contradiction(), None);
    assert!(check.effective_tail_paths() > 5_000.0, "{}", check.effective_tail_paths());
    assert!(check.largest_share() < 0.01, "{}", check.largest_share());
    let found = unweighted.contradiction();
    assert!(matches!(found, Some(Contradiction::PlainPaths { .. })), "{found:?}");
}
