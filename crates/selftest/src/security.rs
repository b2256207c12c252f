//! Attacks on AVSs: when one pays, who takes part, how often it comes, and the bound on what follows.

use slashfall_cascade::Figure;
use slashfall_graph::Sketch;
use slashfall_graph::spec::Sharing;

use crate::outcome::Check;
use crate::play::{INDEPENDENT, collect, play, ranked, resolve, run_file, slashes};
use crate::{Answer, Problem, Size, Unsolvable};

pub(crate) const PROBLEMS: [Problem; 3] = [
    Problem {
        name: "attack on an AVS",
        source: "by hand (docs/model.md, 6.8)",
        is_quick: true,
        solve: attack,
    },
    Problem {
        name: "bound of the security slack",
        source: "Durvasula and Roughgarden 2024: (1 + 1/gamma) psi, which is tight",
        is_quick: true,
        solve: bound,
    },
    Problem {
        name: "days until an attack",
        source: "geometric law, closed form",
        is_quick: true,
        solve: days,
    },
];

/// Direct restakers with `stakes` at `o1`, `o2`, ... under one AVS of that threshold and profit.
fn service(stakes: &[f64], threshold: f64, profit_eth: Option<f64>) -> Sketch {
    let mut sketch = Sketch::new().avs("a", Sharing::Unique).with_avs(|avs| {
        avs.attack_threshold = threshold;
        avs.profit_from_corruption_eth = profit_eth;
    });
    for (number, &eth) in (1..).zip(stakes) {
        let name = format!("o{number}");
        sketch = sketch.operator(&name, "Op").holding("direct", &name, "ETH", eth);
    }
    sketch.allocation("a", "*", "*", 1.0)
}

/// Lost in all when `o1` is slashed by `f`.
fn lost(sketch: &Sketch, f: f64, slack: f64) -> Result<f64, Unsolvable> {
    let security = format!("[security]\nattack_prob = 1.0\nsecurity_slack = {slack}\n");
    let slash = if f > 0.0 { slashes(&[("a", "o1", f)]) } else { String::new() };
    Ok(play(sketch, 1, &format!("{security}{slash}"))?.system(Figure::Total))
}

/// 100 at stake of which a quarter corrupts, for 15: safe down to 60. Of 20, 50 and 30 with a threshold
/// of .6 the two largest are needed, and 20 stays.
fn attack(_: Size) -> Answer {
    let one = service(&[100.0], 0.25, Some(15.0));
    let three = service(&[20.0, 50.0, 30.0], 0.6, Some(72.0));
    Ok(vec![
        Check::exact("stake falls to 60", 40.0, lost(&one, 0.4, 0.5)?, 1e-12),
        Check::exact("stake falls below", 100.0, lost(&one, 0.4 + 1e-9, 0.5)?, 1e-12),
        Check::exact("the coalition", 80.0, lost(&three, 0.0, 0.5)?, 1e-12),
    ])
}

/// With a slack of 1/4 a loss of `psi = gamma / (1 + gamma) = .2` of the stake is the largest that starts
/// nothing. A hair more, and all is lost: `(1 + 1/gamma) psi`, as the theorem says that it is at most.
fn bound(_: Size) -> Answer {
    let (gamma, hair) = (0.25, 1e-9);
    let sketch = service(&[100.0], 1.0, None);
    let psi = gamma / (1.0 + gamma);
    let most = 100.0 * (1.0 + 1.0 / gamma) * (psi + hair);
    Ok(vec![
        Check::exact(
            "a shock that it bears",
            100.0 * (psi - hair),
            lost(&sketch, psi - hair, gamma)?,
            1e-12,
        ),
        Check::exact(
            "a shock beyond, against the bound",
            most,
            lost(&sketch, psi + hair, gamma)?,
            1e-8,
        ),
    ])
}

/// An AVS that an attack pays for is attacked on each of five days with probability .2.
fn days(size: Size) -> Answer {
    let network = service(&[100.0], 0.25, Some(30.0)).network()?;
    let body = "[security]\nattack_prob = 0.2\n";
    let scenario = resolve(&network, &run_file(5, INDEPENDENT, body))?;
    let collector = collect(&scenario.model, size.paths(4_096, 1_048_576));
    let found = ranked(&collector, "system")?.probability_positive();
    let contagion = ranked(&collector, "system_contagion")?.mean();
    let attacked = 1.0 - 0.8f64.powi(5);
    Ok(vec![
        Check::estimate("P(attacked within five days)", attacked, &found),
        Check::estimate("mean contagion", 100.0 * attacked, &contagion),
    ])
}
