//! How hard an event hits: one source of 1,000 ETH whose tail has a closed form for each severity.

use crate::outcome::Check;
use crate::play::{INDEPENDENT, collect, level, names, ranked, resolve, year_of_faults};
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 4] = [
    Problem {
        name: "beta severity",
        source: "closed form: beta(1, 3) is 1 - U^(1/3)",
        is_quick: true,
        solve: beta,
    },
    Problem { name: "uniform severity", source: "closed form", is_quick: true, solve: uniform },
    Problem {
        name: "Pareto severity",
        source: "closed form, cut at 1 (McNeil, Frey and Embrechts 2015, 5.2)",
        is_quick: true,
        solve: pareto,
    },
    Problem {
        name: "mixed severity",
        source: "closed form: an atom at 1 and a uniform law",
        is_quick: true,
        solve: mixture,
    },
];

/// What is at stake, in ETH.
const STAKE: f64 = 1_000.0;
/// The probability that the source fires.
const P: f64 = 0.2;

/// Mean, value at risk and expected shortfall that a loss should have at a level, as fractions.
struct Expected {
    level: f64,
    mean: f64,
    var: f64,
    es: f64,
}

fn check(size: Size, severity: &str, expected: &Expected) -> Answer {
    let network = names(&[STAKE]).network()?;
    // Names its streams: each severity has draws of its own.
    let id = severity.trim_start_matches("{ ").split(' ').next().unwrap_or_default();
    let more = format!("severity = {severity}\nid = \"{id}\"");
    let toml = year_of_faults(INDEPENDENT, P, &more);
    let scenario = resolve(&network, &toml)?;
    let collector = collect(&scenario.model, size.paths(4_096, 2_097_152));
    let (losses, at) = (ranked(&collector, "system")?, level(expected.level)?);
    let percent = 100.0 * expected.level;
    let var = losses.value_at_risk(at);
    let es = losses.expected_shortfall(at);
    Ok(vec![
        Check::estimate("mean loss", STAKE * P * expected.mean, &losses.mean()),
        Check::estimate(format!("VaR {percent} %"), STAKE * expected.var, &var),
        Check::estimate(format!("ES {percent} %"), STAKE * expected.es, &es),
    ])
}

/// The share of the events that is in the tail at 99 %.
const TAIL: f64 = 0.01 / P;

/// `1 - X` is the largest of three uniforms: beyond `q` it has the mean `3/4 (1 - q)`.
fn beta(size: Size) -> Answer {
    let rest = TAIL.cbrt();
    let expected = Expected { level: 0.99, mean: 0.25, var: 1.0 - rest, es: 1.0 - 0.75 * rest };
    check(size, "{ beta = { mean = 0.25, concentration = 4.0 } }", &expected)
}

fn uniform(size: Size) -> Answer {
    let var = 1.0 - TAIL;
    let expected = Expected { level: 0.99, mean: 0.5, var, es: 0.5 * (var + 1.0) };
    check(size, "{ uniform = [0.0, 1.0] }", &expected)
}

/// Threshold .01, shape 1/4, scale .05. Beyond `x` the uncut law exceeds `x` by
/// `(scale + shape (x - threshold)) / (1 - shape)` on average; the cut takes what is beyond 1 of it.
fn pareto(size: Size) -> Answer {
    const THRESHOLD: f64 = 0.01;
    const SHAPE: f64 = 0.25;
    const SCALE: f64 = 0.05;
    let survival = |x: f64| (1.0 + SHAPE * (x - THRESHOLD) / SCALE).powf(-1.0 / SHAPE);
    let excess = |x: f64| (SCALE + SHAPE * (x - THRESHOLD)) / (1.0 - SHAPE);
    let mean_beyond = |x: f64| x + excess(x) - excess(1.0) * survival(1.0) / survival(x);
    let var = THRESHOLD + SCALE * (TAIL.powf(-SHAPE) - 1.0) / SHAPE;
    let mean = mean_beyond(THRESHOLD);
    let expected = Expected { level: 0.99, mean, var, es: mean_beyond(var) };
    let severity = "{ generalized_pareto = { threshold = 0.01, shape = 0.25, scale = 0.05 } }";
    check(size, severity, &expected)
}

/// A tenth loses all, the rest up to a fifth. At 95 % the tail is a quarter of the events: the tenth,
/// and the worst sixth of the others, from 1/6 on, which lose 11/60 on average.
fn mixture(size: Size) -> Answer {
    let (mean, var) = (0.1 + 0.9 * 0.1, 0.2 * (1.0 - 0.15 / 0.9));
    let es = (0.1 + 0.15 * 0.5 * (var + 0.2)) / 0.25;
    let expected = Expected { level: 0.95, mean, var, es };
    check(size, "{ mixture = { at_one = 0.1, else = { uniform = [0.0, 0.2] } } }", &expected)
}
