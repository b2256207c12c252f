//! Sobol points: paths are pure functions of their number as plain ones are, nothing but what sources
//! share is drawn otherwise, the law is the model's, and what cannot be is refused.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use std::ops::ControlFlow;

use slashfall_cascade::{AssetFigure, Figure};
use slashfall_graph::spec::AssetKind;
use slashfall_graph::{Network, Sketch};
use slashfall_sampling::{Model, REPLICATES, replay, simulate};
use support::everything::{RUN, sketch};
use support::{bits, equal_names, events, model, on_threads, run, scenarios, year};

/// The same run file with Sobol points.
fn with_points(toml: &str) -> String {
    let toml = toml.replace("paths = 1\n", "paths = 32\n");
    toml.replacen("[dependence]", "[sampling]\nmethod = \"sobol\"\n[dependence]", 1)
}

#[test]
fn threads_and_batches_change_nothing() {
    let network = sketch().network().unwrap();
    let model = model(&network, &with_points(RUN));
    let expected = bits(&on_threads(1, || run(&model, 2_000, 512)));
    for (threads, batch) in [(1, 2_000), (2, 77), (3, 1), (2, 4_096)] {
        let found = bits(&on_threads(threads, || run(&model, 2_000, batch)));
        assert!(found == expected, "{threads} threads, batches of {batch}");
    }
}

#[test]
fn a_path_replayed_alone_is_the_same() {
    let network = sketch().network().unwrap();
    let model = model(&network, &with_points(RUN));
    let all = run(&model, 2_000, 1_000);
    let width = model.layout().width();
    let paths: Vec<u64> = (0..2_000).filter(|path| path % 13 == 5).collect();
    for record in replay(&model, &paths, |record| record) {
        let start = usize::try_from(record.path).unwrap() * width;
        assert_eq!(bits(&record.figures), bits(&all[start..start + width]), "path {}", record.path);
        assert!((record.weight - 1.0).abs() < 1e-300);
    }
}

/// Value stability: a change here changes every stored result, and is a change of version.
#[test]
fn results_keep_their_values() {
    let network = sketch().network().unwrap();
    let model = model(&network, &with_points(RUN));
    let total = model.layout().system(Figure::Total);
    let figures = run(&model, 1_024, 1_024);
    let sum: f64 = figures.chunks_exact(model.layout().width()).map(|row| row[total]).sum();
    assert!((sum - 47_634.931_609_900_144).abs() < 1e-6, "{sum}");
}

/// Another source changes no draw of those that were there, wherever its entry stands; nor does
/// another operator.
#[test]
fn what_else_is_there_changes_no_draw() {
    let small = sketch().network().unwrap();
    let large = sketch().operator("0", "Zero").holding("stETH", "0", "ETH", 10.0);
    let large = large.allocation("x", "0", "*", 0.5).network().unwrap();
    let another = "[[source]]\nkind = \"exploit\"\nid = \"new\"\ntarget = { asset = \"stETH\" }\n\
                   rate = 2.0\nseverity = 0.1\nloadings = { market = 0.4 }\n[[source]]";
    let toml = with_points(RUN);
    let more = toml.replacen("[[source]]", another, 1);
    let before = model(&small, &toml);
    let (before, names) = (
        events(&before),
        before.sources().iter().map(|source| source.name().to_owned()).collect::<Vec<_>>(),
    );
    for (network, toml) in [(&large, &toml), (&small, &more)] {
        let after = events(&model(network, toml)).into_iter();
        let kept: Vec<_> = after.filter(|(_, name, _)| names.contains(name)).collect();
        assert_eq!(before, kept);
    }
}

/// Sources that load on nothing fire as they do on plain paths: their streams are the same.
#[test]
fn what_is_not_shared_keeps_its_streams() {
    let network = equal_names(20);
    let toml = year(0.1, "copula = \"gaussian\"", 0.0);
    let (plain, points) = (model(&network, &toml), model(&network, &with_points(&toml)));
    assert_eq!(points.sobol().unwrap().dimensions(), ["factor f"]);
    assert_eq!(events(&plain), events(&points));
}

/// Share of the paths that lose `losses`, and of the replicates' shares about it the standard error.
fn share_with(model: &Model<'_>, n: u64, losses: f64) -> (f64, f64) {
    let total = model.layout().system(Figure::Total);
    let replicates = usize::try_from(REPLICATES).unwrap();
    let mut counts = vec![0.0; replicates];
    let flow = simulate(model, 0..n, 4_096, |batch| {
        for (path, row) in batch.rows() {
            let is_hit = (row[total] - losses).abs() < 1e-9;
            counts[usize::try_from(path).unwrap() % replicates] += f64::from(u8::from(is_hit));
        }
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    let shares: Vec<f64> =
        counts.iter().map(|count| count * REPLICATES as f64 / n as f64).collect();
    let r = REPLICATES as f64;
    let mean = shares.iter().sum::<f64>() / r;
    let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / (r - 1.0);
    (mean, (variance / r).sqrt())
}

/// Within 4.5 standard errors of the replicates, which are no larger than those of plain paths.
#[track_caller]
fn check_share(what: &str, (found, std_err): (f64, f64), expected: f64, n: u64) {
    assert!(
        (found - expected).abs() < 4.5 * std_err,
        "{what}: {found} ± {std_err}, not {expected}"
    );
    let plain = (expected * (1.0 - expected) / n as f64).sqrt();
    assert!(std_err < 1.3 * plain, "{what}: {std_err}, of plain paths {plain}");
}

/// Two names of probability .01: both fail with probability 1.29392e-3 under a Gaussian copula of
/// correlation .5, and 2.87678e-3 under a t copula with 4 degrees of freedom.
#[test]
fn joint_probabilities_of_two_names() {
    let network = equal_names(2);
    let n = 1 << 20;
    for (dependence, expected, dimensions) in [
        ("copula = \"gaussian\"", 1.293_92e-3, &["factor f"][..]),
        ("copula = \"student_t\"\ndf = 4", 2.876_78e-3, &["factor f", "mixing variable"]),
    ] {
        let model = model(&network, &with_points(&year(0.01, dependence, 0.5f64.sqrt())));
        assert_eq!(model.sobol().unwrap().dimensions(), dimensions);
        check_share(dependence, share_with(&model, n, 2.0), expected, n);
    }
}

/// A rate from evidence: names fail as its posterior says, by themselves and together.
#[test]
fn rates_have_their_posterior() {
    let network = equal_names(2);
    let toml = year(0.01, "copula = \"independent\"", 0.0);
    let line = toml.lines().find(|line| line.starts_with("rate")).unwrap();
    let evidence = "rate = { events = 1, exposure_years = 20.0, label = \"x\" }";
    let model = model(&network, &with_points(&toml.replace(line, evidence)));
    assert_eq!(model.sobol().unwrap().dimensions(), ["rate x"]);
    let n = 1 << 20;
    let none = (1.0 + 2.0 / 20.0f64).powf(-1.5);
    let both = 1.0 - 2.0 * (1.0 + 1.0 / 20.0f64).powf(-1.5) + none;
    for (losses, expected) in [(0.0, none), (2.0, both)] {
        let what = format!("{losses} of two");
        check_share(&what, share_with(&model, n, losses), expected, n);
    }
}

const NOISE: &str = r#"
name = "noise"
network = "."
[run]
seed = 3
paths = 32
horizon_days = 20
levels = [0.99]
[sampling]
method = "sobol"
[dependence]
copula = "gaussian"
factors = []
"#;

/// An LRT on BTC, which moves with the market alone: what it loses is a function of the market factor,
/// whose days add up to the factor, and a martingale. So 16,384 points know a mean of 0 to a thousandth
/// of what as many plain paths do not; and the factor is one whether or not sources could load on it.
#[test]
fn the_markets_days_add_up_to_its_points() {
    let network = Sketch::new()
        .asset("BTC", AssetKind::Base)
        .with(|asset| (asset.vol_annual, asset.beta_market) = (0.5, 1.0))
        .asset("c", AssetKind::Lrt)
        .operator("op", "Op")
        .holding("c", "op", "BTC", 1.0)
        .network()
        .unwrap();
    let mean = |network: &Network, toml: &str, name: &str| {
        let model = model(network, toml);
        assert_eq!(model.sobol().unwrap().dimensions(), [name]);
        let column = model.layout().asset(0, AssetFigure::NavLoss);
        let figures = run(&model, 16_384, 4_096);
        let losses = figures.chunks_exact(model.layout().width()).map(|row| row[column]);
        losses.sum::<f64>() / 16_384.0
    };
    let own = mean(&network, NOISE, "market factor of the noise");
    let plain = 0.5 * (20.0_f64 / 365.0).sqrt() / 128.0;
    assert!(own.abs() < 0.01 * plain, "{own}, where plain paths have an error of {plain}");
    let toml = NOISE.replace("factors = []", "factors = [\"market\"]");
    let shared = mean(&network, &toml, "factor market");
    assert_eq!(own.to_bits(), shared.to_bits());
}

/// Factors in the order of the run file, mixing variable, market factor of the noise, rates by name;
/// what there is no dimension for stays pseudo-random and is named.
#[test]
fn dimensions_have_an_order() {
    let network = sketch().network().unwrap();
    let dimensions = |toml: &str| {
        let model = model(&network, toml);
        let sobol = model.sobol().unwrap();
        (sobol.dimensions().to_vec(), sobol.pseudo_random().to_vec())
    };
    let toml = with_points(RUN);
    let by_entry = "rate avs_fault  { avs = *, operator = * }";
    let (found, rest) = dimensions(&toml);
    assert_eq!(found, ["factor market", "factor code", "mixing variable", by_entry]);
    assert!(rest.is_empty());
    let labelled = |label: &str, toml: &str| {
        let rate = format!("rate = {{ events = 1, exposure_years = 9.0, label = \"{label}\" }}\n");
        toml.replacen("rate = 1.0\n", &rate, 1)
    };
    let toml = toml.replace("factors = [\"market\", \"code\"]", "factors = [\"code\"]");
    let toml = labelled("a", &labelled("b", &toml.replace(", market = 0.3", "")));
    let noise = "market factor of the noise";
    let expected = ["factor code", "mixing variable", noise, by_entry, "rate a", "rate b"];
    assert_eq!(dimensions(&toml).0, expected);
    let names: Vec<String> = (0..66).map(|i| format!("\"f{i}\"")).collect();
    let many = toml.replace("[\"code\"]", &format!("[\"code\", {}]", names.join(", ")));
    let (found, rest) = dimensions(&many);
    assert_eq!((found.len(), rest.len()), (64, 8));
    assert_eq!(rest[0], "factor f63");
    assert_eq!(rest[3..], ["mixing variable", noise, by_entry, "rate a", "rate b"]);
    assert_eq!(run(&model(&network, &many), 64, 64).len() % 64, 0);
}

#[track_caller]
fn refused(toml: &str, expected: &[&str]) {
    let network = equal_names(2);
    let problems = scenarios(&network, toml).err().unwrap();
    let said: Vec<String> = problems.as_slice().iter().map(ToString::to_string).collect();
    assert_eq!(said, expected);
}

#[test]
fn what_cannot_be_is_refused() {
    let gaussian = with_points(&year(0.1, "copula = \"gaussian\"", 0.3));
    refused(
        &gaussian.replace("paths = 32", "paths = 100"),
        &[
            "run.toml, line 5, key `run.paths`: found \"100\", a multiple of 32 was expected, as method \
           = \"sobol\" deals paths out to 32 replicates: 96 or 128; best are powers of two",
        ],
    );
    refused(
        &gaussian.replace("paths = 32", "paths = 7"),
        &[
            "run.toml, line 5, key `run.paths`: found \"7\", a multiple of 32 was expected, as method \
           = \"sobol\" deals paths out to 32 replicates: 32; best are powers of two",
        ],
    );
    let until =
        "until = { metric = \"mean\", scope = \"system\", relative_error = 0.1, max_paths = 33 }";
    refused(
        &gaussian.replace("paths = 32", until),
        &[
            "run.toml, line 5, key `run.until.max_paths`: found \"33\", a multiple of 32 was expected, \
           as method = \"sobol\" deals paths out to 32 replicates: 32 or 64; best are powers of two",
        ],
    );
    refused(
        &with_points(&year(0.1, "copula = \"independent\"", 0.3)),
        &[
            "run.toml, line 9, key `sampling.method`: found \"sobol\", draws that many sources share \
           were expected, for Sobol points to spread: factors under a copula other than independent, \
           rates from evidence, or noise with beta_market; here every draw is of one source or day, \
           so use \"plain\"",
        ],
    );
}
