//! Scores as random variables: of mean 0 under the model however paths are drawn, and of the variance
//! that is known where there are no factors.

mod support;

use slashfall_cascade::Figure;
use slashfall_sampling::importance::{Aim, Goal};
use slashfall_sampling::{Model, Scorer, Varied, replay, replay_variants};
use support::{bits, equal_names, everything, model, year};

/// Weighted means of each score and of its square over the first `n` paths, with the standard error of
/// the mean.
fn moments(model: &Model<'_>, n: u64) -> Vec<(String, f64, f64, f64)> {
    let scorer = Scorer::new(model);
    let scored = scorer.score(&(0..n).collect::<Vec<_>>());
    let of = |(number, parameter): (usize, &slashfall_sampling::Parameter)| {
        let mean = |power| {
            let term = |path: &slashfall_sampling::PathScore| {
                path.weight * path.scores[number].powi(power)
            };
            scored.iter().map(term).sum::<f64>() / n as f64
        };
        let square =
            scored.iter().map(|path| (path.weight * path.scores[number]).powi(2)).sum::<f64>();
        let (first, second) = (mean(1), mean(2));
        let std_err = ((square / n as f64 - first * first) / n as f64).sqrt();
        (parameter.key().to_owned(), first, std_err, second)
    };
    scorer.parameters().iter().enumerate().map(of).collect()
}

#[track_caller]
fn check_means(model: &Model<'_>, n: u64, at_least: usize) {
    let moments = moments(model, n);
    assert!(moments.len() >= at_least, "{moments:?}");
    for (key, mean, std_err, _) in moments {
        assert!(std_err > 0.0 && mean.abs() < 4.0 * std_err, "{key}: {mean} +- {std_err}");
    }
}

/// A source observed until the horizon tells as much of its rate as it has events: the information of
/// N censored exponentials about `ln lambda` is N p.
#[test]
fn without_factors_the_variance_is_the_number_of_events() {
    let network = equal_names(50);
    let model = model(&network, &year(0.03, "copula = \"independent\"", 0.0));
    let n = 100_000;
    let (key, mean, std_err, square) = moments(&model, n).swap_remove(0);
    assert_eq!(key, "source.avs_fault.rate");
    assert!(mean.abs() < 4.0 * std_err, "{mean} +- {std_err}");
    // The square of a sum of some 1.5 events: kurtosis 3 + 1 / 1.5 or so.
    let error = 1.5 * (2.7f64 / n as f64).sqrt();
    assert!((square - 50.0 * 0.03).abs() < 4.0 * error, "{square} +- {error}");
}

#[test]
fn scores_have_mean_0() {
    let network = equal_names(30);
    for dependence in ["copula = \"gaussian\"", "copula = \"student_t\"\ndf = 4"] {
        check_means(&model(&network, &year(0.03, dependence, 0.5)), 60_000, 2);
    }
}

/// Every kind of source, rates from evidence, a t copula; pseudo-random and of Sobol points.
#[test]
fn scores_of_everything_have_mean_0() {
    let network = everything::sketch().network().unwrap();
    check_means(&model(&network, everything::RUN), 40_000, 13);
    let sobol = format!("{}[sampling]\nmethod = \"sobol\"\n", everything::RUN);
    let sobol = sobol.replace("paths = 1\n", "paths = 32\n");
    check_means(&model(&network, &sobol), 32_768, 13);
}

#[test]
fn weighted_scores_have_mean_0() {
    let network = equal_names(100);
    for dependence in ["copula = \"gaussian\"", "copula = \"student_t\"\ndf = 4"] {
        let plain = model(&network, &year(0.02, dependence, 0.2f64.sqrt()));
        let total = plain.layout().system(Figure::Total);
        let aim = Aim { goal: Goal::Level(0.99), defensive_share: 0.25 };
        let (tilted, _) = plain.with_importance(aim, |row| row[total]).unwrap();
        check_means(&tilted, 20_000, 2);
    }
}

/// Variants that differ in nothing have the figures of the run, to the bit, wherever they are asked for; one that
/// differs in a severity has other figures where such a source fires.
#[test]
fn variants_share_their_draws() {
    let network = everything::sketch().network().unwrap();
    let model = model(&network, everything::RUN);
    let entries = model.entries();
    let faults = entries.iter().find(|entries| entries.name() == "avs_fault").unwrap();
    let variants = [model.clone(), model.with_severities_scaled(faults, 1.1), model.on(&network)];
    let paths: Vec<u64> = (0..9_000).step_by(41).collect();
    let asked = |path: u64, variant: usize| variant != 2 || path.is_multiple_of(2);
    let varied = replay_variants(&model, &variants, &paths, asked, <[f64]>::to_vec);
    assert_eq!(varied.len(), 2 * paths.len() + paths.iter().filter(|path| *path % 2 == 0).count());
    let runs = replay(&model, &paths, |record| (record.path, record.figures));
    let (mut n_moved, mut n_faults) = (0, 0);
    let fired = Scorer::new(&model).score(&paths);
    for Varied { path, variant, made } in varied {
        let at = paths.binary_search(&path).unwrap();
        assert_eq!(runs[at].0, path);
        let is_same = bits(&made) == bits(&runs[at].1);
        let has_fault = fired[at].fired.iter().any(|&source| model.is_of(source as usize, faults));
        n_moved += usize::from(!is_same);
        n_faults += usize::from(variant == 1 && has_fault);
        assert!(is_same || (variant == 1 && has_fault), "path {path}, variant {variant}");
    }
    // On the others attacks have taken all before the fault, which costs nothing.
    assert!(n_faults >= 40 && 5 * n_moved > 4 * n_faults, "{n_moved} of {n_faults}");
}
