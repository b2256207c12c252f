//! Portfolios of stake whose law of losses is known: copulas, event times and all ways of drawing
//! paths, down to value at risk and expected shortfall.

use slashfall_sampling::event_times;
use slashfall_sampling::importance::{Aim, Check as Weights, Goal};

use crate::law::{Law, both_of_two_student4, independent, one_factor};
use crate::outcome::Check;
use crate::play::{
    INDEPENDENT, Unsolvable, collect, collect_and, equal_names, faults, level, n_above, names,
    ranked, resolve, run_file, year_of_faults, yearly_rate,
};
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 7] = [
    Problem {
        name: "one-factor portfolio",
        source: "mixed binomial by quadrature over the factor (Vasicek 1987)",
        is_quick: true,
        solve: one_factor_portfolio,
    },
    Problem {
        name: "one-factor portfolio, weighted",
        source: "mixed binomial by quadrature over the factor (Vasicek 1987)",
        is_quick: false,
        solve: one_factor_weighted,
    },
    Problem {
        name: "one-factor portfolio, Sobol",
        source: "mixed binomial by quadrature over the factor (Vasicek 1987)",
        is_quick: true,
        solve: one_factor_sobol,
    },
    Problem {
        name: "two names, Gaussian copula",
        source: "bivariate normal by quadrature",
        is_quick: false,
        solve: two_names_gaussian,
    },
    Problem {
        name: "two names, t copula",
        source: "bivariate t by quadrature",
        is_quick: false,
        solve: two_names_student,
    },
    Problem {
        name: "unequal independent names",
        source: "Poisson binomial by convolution",
        is_quick: true,
        solve: unequal_names,
    },
    Problem {
        name: "times of events",
        source: "exponential law, cut at the horizon (Li 2000)",
        is_quick: true,
        solve: times_of_events,
    },
];

const N: usize = 100;
const P: f64 = 0.02;
const RHO: f64 = 0.2;

/// A hundred names of probability .02 and correlation .2 in a year.
fn hundred_names(more: &str) -> String {
    let loadings = format!("loadings = {{ f = {:?} }}", RHO.sqrt());
    year_of_faults("copula = \"gaussian\"\nfactors = [\"f\"]", P, &loadings) + more
}

/// Plain paths: the whole way from a run file to figures with errors.
fn one_factor_portfolio(size: Size) -> Answer {
    let network = equal_names(N).network()?;
    let scenario = resolve(&network, &hundred_names(""))?;
    let n = size.paths(16_384, 10_485_760);
    let collector = collect(&scenario.model, n);
    let losses = ranked(&collector, "system")?;
    let (law, mean) = (one_factor(N, P, RHO), losses.mean());
    let stated = law.deviation() / (n as f64).sqrt();
    let std_err = mean.std_err.unwrap_or(f64::NAN);
    let mut checks = vec![
        Check::estimate("mean loss", law.mean(), &mean),
        // A standard deviation of n paths is itself known to some sqrt(1 / n) of it.
        Check::exact("standard error stated of it", stated, std_err, size.choose(0.03, 0.003)),
    ];
    checks.extend(tail_checks(&law, &losses, &[0.99])?);
    if size == Size::Full {
        checks.extend(tail_checks(&law, &losses, &[0.999])?);
        checks.push(Check::share("P(L >= 25)", law.at_least(25), n_above(&collector, 24.5), n));
    }
    Ok(checks)
}

/// Value at risk, which is exact where it is an atom of the law, and expected shortfall.
fn tail_checks(
    law: &Law,
    losses: &slashfall_output::measures::SortedLosses,
    levels: &[f64],
) -> Answer {
    let mut checks = Vec::new();
    for &a in levels {
        let (at, percent) = (level(a)?, 100.0 * a);
        let var = losses.value_at_risk(at).value;
        checks.push(Check::exact(format!("VaR {percent} %"), law.value_at_risk(a), var, 0.0));
        let es = losses.expected_shortfall(at);
        let what = format!("ES {percent} %");
        checks.push(Check::estimate(what, law.expected_shortfall(a), &es));
    }
    Ok(checks)
}

/// Importance sampling at the far tail: probability, shortfall, and weights of mean 1.
fn one_factor_weighted(size: Size) -> Answer {
    let network = equal_names(N).network()?;
    let plain = resolve(&network, &hundred_names(""))?.model;
    let total = plain.layout().system(slashfall_cascade::Figure::Total);
    let aim = Aim { goal: Goal::Loss(24.5), defensive_share: 0.1 };
    let loss_eth = |row: &[f64]| row[total];
    let (model, _) = plain.with_importance(aim, loss_eth).map_err(Unsolvable::Unweighted)?;
    let n = size.paths(8_192, 262_144);
    let mut weights = Weights::new(&model).ok_or(Unsolvable::Missing("weight"))?;
    let (mut sum, mut squares) = (0.0, 0.0);
    let collector = collect_and(&model, n, |batch| {
        weights.absorb(batch, loss_eth);
        sum += batch.weights.iter().sum::<f64>();
        squares += batch.weights.iter().map(|w| w * w).sum::<f64>();
    });
    let (law, mean) = (one_factor(N, P, RHO), sum / n as f64);
    let spread = ((squares / n as f64 - mean * mean) / n as f64).sqrt();
    let losses = ranked(&collector, "system")?;
    let (tail, std_err) = (weights.probability(), weights.probability_std_err());
    let es = losses.expected_shortfall(level(0.999)?);
    Ok(vec![
        Check::drawn("P(L >= 25)", law.at_least(25), tail, std_err),
        Check::estimate("ES 99.9 %", law.expected_shortfall(0.999), &es),
        Check::drawn("mean weight", 1.0, mean, spread),
    ])
}

/// Sobol points: the mean, with the error that its replicates state.
fn one_factor_sobol(size: Size) -> Answer {
    let network = equal_names(N).network()?;
    let scenario = resolve(&network, &hundred_names("[sampling]\nmethod = \"sobol\"\n"))?;
    let collector = collect(&scenario.model, size.paths(8_192, 1_048_576));
    let losses = ranked(&collector, "system")?;
    let mut checks = vec![Check::estimate("mean loss", N as f64 * P, &losses.mean())];
    if size == Size::Full {
        let (law, es) = (one_factor(N, P, RHO), losses.expected_shortfall(level(0.99)?));
        checks.push(Check::estimate("ES 99 %", law.expected_shortfall(0.99), &es));
    }
    Ok(checks)
}

/// Two names of probability .01 and correlation .5.
fn two_names(dependence: &str, expected: f64, size: Size) -> Answer {
    let network = equal_names(2).network()?;
    let loadings = format!("loadings = {{ f = {:?} }}", 0.5f64.sqrt());
    let dependence = format!("{dependence}\nfactors = [\"f\"]");
    let scenario = resolve(&network, &year_of_faults(&dependence, 0.01, &loadings))?;
    let n = size.paths(65_536, 33_554_432);
    let collector = collect(&scenario.model, n);
    let losses = ranked(&collector, "system")?;
    Ok(vec![
        Check::estimate("mean loss", 0.02, &losses.mean()),
        Check::share("P(both)", expected, n_above(&collector, 1.5), n),
    ])
}

fn two_names_gaussian(size: Size) -> Answer {
    two_names("copula = \"gaussian\"", one_factor(2, 0.01, 0.5).at_least(2), size)
}

fn two_names_student(size: Size) -> Answer {
    let expected = both_of_two_student4(0.01, 0.5);
    two_names("copula = \"student_t\"\ndf = 4", expected, size)
}

/// Twenty names of 1 to 4 ETH and of probabilities .005 to .1, each a source of its own.
fn unequal_names(size: Size) -> Answer {
    let of = |i: usize| (0.005 * (i + 1) as f64, 1 + i * 7 % 4);
    let all: Vec<(f64, usize)> = (0..20).map(of).collect();
    let amounts: Vec<f64> = all.iter().map(|&(_, amount)| amount as f64).collect();
    let network = names(&amounts).network()?;
    let source = |(i, &(p, _)): (usize, &(f64, usize))| {
        let rate = format!("{:?}", yearly_rate(p));
        faults(&format!("operator = \"op{i:03}\""), &rate, "")
    };
    let sources: String = all.iter().enumerate().map(source).collect();
    let scenario = resolve(&network, &run_file(365, INDEPENDENT, &sources))?;
    let n = size.paths(8_192, 4_194_304);
    let collector = collect(&scenario.model, n);
    let (law, losses) = (independent(&all), ranked(&collector, "system")?);
    let mut checks = vec![Check::estimate("mean loss", law.mean(), &losses.mean())];
    checks.extend(tail_checks(&law, &losses, &[0.99])?);
    let k = 9;
    checks.push(Check::share("P(L >= 9)", law.at_least(k), n_above(&collector, 8.5), n));
    Ok(checks)
}

/// A name of probability .6 in a year under a t copula: how often it fires, and when on average, as
/// the exponential law has it cut at the year.
fn times_of_events(size: Size) -> Answer {
    const FIRES: f64 = 0.6;
    let network = equal_names(1).network()?;
    let dependence = "copula = \"student_t\"\ndf = 3\nfactors = [\"f\"]";
    let toml = year_of_faults(dependence, FIRES, "loadings = { f = 0.6 }");
    let scenario = resolve(&network, &toml)?;
    let n = size.paths(4_096, 1_048_576);
    let (mut fired, mut days) = (0u64, 0.0);
    for (_, _, tau) in event_times(&scenario.model, 0..n) {
        fired += 1;
        days += tau;
    }
    // Of an exponential time with mean m cut at t = 365: what lies beyond t has the mean t + m, and
    // its square the mean t^2 + 2 t m + 2 m^2.
    let (m, t) = (365.0 / yearly_rate(FIRES), 365.0);
    let beyond = 1.0 - FIRES;
    let mean = (m - beyond * (t + m)) / FIRES;
    let square = (2.0 * m * m - beyond * (t * t + 2.0 * t * m + 2.0 * m * m)) / FIRES;
    let std_err = ((square - mean * mean) / fired as f64).sqrt();
    Ok(vec![
        Check::share("P(fires)", FIRES, fired, n),
        Check::drawn("mean time, days", mean, days / fired as f64, std_err),
    ])
}
