//! Scores against densities written plainly and differentiated numerically.

use slashfall_graph::spec::Sharing;
use slashfall_graph::{Network, Sketch};
use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};

use crate::config::{Node, RunSpec};
use crate::copula::Copula;
use crate::draw::Draw;
use crate::model::Model;
use crate::rate::Rate;
use crate::score::Scorer;
use crate::source::Class;

const N_NAMES: usize = 12;

fn network() -> Network {
    let mut sketch = Sketch::new().avs("avs", Sharing::Unique);
    for i in 0..N_NAMES {
        let name = format!("op{i:02}");
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", 1.0);
    }
    sketch.allocation("avs", "*", "*", 1.0).network().unwrap()
}

/// A known rate and one that is drawn, of sources that load on two factors.
fn run_file(copula: &str) -> String {
    format!(
        "name = \"test\"\nnetwork = \".\"\n\
         [run]\nseed = 5\npaths = 1\nhorizon_days = 90\nlevels = [0.99]\n\
         [dependence]\nfactors = [\"f\", \"g\"]\n{copula}\n\
         [[source]]\nkind = \"avs_fault\"\nid = \"known\"\ntarget = {{ avs = \"*\", operator = \"*\" }}\n\
         rate = 0.8\nseverity = 0.5\nloadings = {{ f = 0.5, g = -0.3 }}\n\
         [[source]]\nkind = \"operator_compromise\"\ntarget = {{ operator = \"*\" }}\n\
         rate = {{ events = 1, exposure_years = 3.0, scale = 2.0 }}\nseverity = 0.5\n\
         loadings = {{ g = 0.6 }}\n"
    )
}

fn model<'n>(network: &'n Network, copula: &str) -> Model<'n> {
    let root = Node::parse("run.toml", &run_file(copula)).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap();
    spec.resolve("run.toml", &root, network).unwrap().swap_remove(0).model
}

/// The logarithm of the density of what a class did, its rate times `e^by_ln_rate` and its loading on one
/// factor `by_loading` higher; times given in years. From the model's formulas with a library's laws.
fn ln_density(
    copula: Copula,
    class: &Class,
    (rate, factors, mixing): (f64, &[f64], f64),
    (taus, horizon): (&[f64], f64),
    (by_ln_rate, factor, by_loading): (f64, usize, f64),
) -> f64 {
    let normal = Normal::standard();
    let rate = rate * by_ln_rate.exp();
    let (mut sum, mut squares) = (0.0, 0.0);
    for &(number, loading) in &class.loadings {
        let a = if number == factor { loading + by_loading } else { loading };
        sum += a * factors[number];
        squares += a * a;
    }
    let (residual, root) = ((1.0 - squares).sqrt(), mixing.sqrt());
    let place = |tau: f64| {
        let x = copula.upper_quantile(-(-rate * tau).exp_m1());
        let density = match copula {
            Copula::StudentT { df } => StudentsT::new(0.0, 1.0, df).unwrap().pdf(x),
            Copula::Gaussian | Copula::Independent => normal.pdf(x),
        };
        ((x * root - sum) / residual, rate * (-rate * tau).exp() / density)
    };
    let of_fired = |tau: &f64| {
        let (z, slope) = place(*tau);
        (normal.pdf(z) * root / residual * slope).ln()
    };
    let n_left = (class.sources.len() - taus.len()) as f64;
    let of_silent = normal.cdf(place(horizon).0).ln();
    taus.iter().map(of_fired).sum::<f64>() + n_left * of_silent
}

/// Every score of some hundred paths, of each copula.
#[test]
fn scores_are_the_derivatives_of_the_density() {
    let network = network();
    for copula in
        ["copula = \"gaussian\"", "copula = \"student_t\"\ndf = 4", "copula = \"independent\""]
    {
        let model = model(&network, copula);
        let scorer = Scorer::new(&model);
        let keys: Vec<&str> = scorer.parameters().iter().map(|parameter| parameter.key()).collect();
        let independent = model.copula == Copula::Independent;
        assert_eq!(keys.len(), if independent { 2 } else { 5 }, "{keys:?}");
        let mut draw = Draw::default();
        draw.draw(&model, 0, 100);
        let mut n_fired = 0;
        for (at, scored) in scorer.score(&(0..100).collect::<Vec<_>>()).iter().enumerate() {
            let shared = draw.shared_of_streams(&model, at);
            n_fired += scored.fired.len();
            for (parameter, score) in scorer.parameters().iter().zip(&scored.scores) {
                let class = usize::from(!parameter.key().contains("avs_fault"));
                let own = &model.classes[class];
                let rate = match own.rate {
                    Rate::Known(rate) => rate,
                    Rate::Drawn { evidence, scale } => scale * shared.rates[evidence],
                };
                let taus = draw
                    .of_path(at)
                    .iter()
                    .filter(|fired| own.sources.contains(&(fired.source as usize)));
                let taus: Vec<f64> = taus.map(|fired| fired.tau_days / 365.0).collect();
                let factor = usize::from(parameter.key().ends_with(".g"));
                let step = 1e-4;
                let at_step = |step: f64| {
                    let change =
                        if parameter.is_rate() { (step, 9, 0.0) } else { (0.0, factor, step) };
                    let given = (rate, &shared.factors[..], shared.mixing);
                    ln_density(model.copula, own, given, (&taus, 90.0 / 365.0), change)
                };
                // Richardson's extrapolation: the error is of the fourth order.
                let central = |step: f64| (at_step(step) - at_step(-step)) / (2.0 * step);
                let twin = (4.0 * central(step / 2.0) - central(step)) / 3.0;
                let error = (score - twin).abs() / (1.0 + twin.abs());
                assert!(
                    error < 1e-6,
                    "{copula} {} path {at}: {score}, not {twin}",
                    parameter.key()
                );
            }
        }
        assert!(n_fired > 100, "{n_fired}");
    }
}

/// What a path is scored with does not depend on which other paths are asked for.
#[test]
fn a_path_scored_alone_is_the_same() {
    let network = network();
    let model = model(&network, "copula = \"student_t\"\ndf = 4");
    let scorer = Scorer::new(&model);
    let all = scorer.score(&(3..5_000).collect::<Vec<_>>());
    let some = [3, 31, 32, 4_095, 4_096, 4_999];
    let alone = scorer.score(&some);
    let those = all.into_iter().filter(|scored| some.contains(&scored.path)).collect::<Vec<_>>();
    assert_eq!(alone, those);
}

/// Sources without a part of their own have no density given the factors.
#[test]
fn sources_of_factors_alone_have_no_score() {
    let network = network();
    let toml = run_file("copula = \"gaussian\"").replace("g = 0.6", "g = 1.0");
    let root = Node::parse("run.toml", &toml).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap();
    let model = spec.resolve("run.toml", &root, &network).unwrap().swap_remove(0).model;
    let scorer = Scorer::new(&model);
    assert_eq!(scorer.without(), ["operator_compromise"]);
    assert!(scorer.parameters().iter().all(|parameter| parameter.key().contains("avs_fault")));
}
