//! Penalties of the beacon chain, against its constants and against figures that others work out
//! from them.

use slashfall_cascade::Figure;
use slashfall_graph::Sketch;

use crate::outcome::Check;
use crate::play::{event_with, play};
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 2] = [
    Problem {
        name: "slashed validator",
        source: "consensus-specs, Electra: quotient 4,096, multiplier 3",
        is_quick: true,
        solve: slashed,
    },
    Problem {
        name: "inactivity leak",
        source: "consensus-specs: quotient 2^24; 29.72 of 32 ETH after 7 days",
        is_quick: true,
        solve: offline,
    },
];

/// A validator of 32 ETH.
fn validator() -> Sketch {
    Sketch::new().operator("op", "Op").holding("direct", "op", "ETH", 32.0)
}

/// ETH validating, when nothing else is said.
const ALL: f64 = 35e6;
/// ETH lost by not attesting until the exit, at that total.
const MISSED: f64 = 0.056;

/// What 32 ETH have left when they are slashed together with a share of the rest of the chain.
fn left_of_32(background: f64) -> Result<f64, crate::Unsolvable> {
    let more = format!("background = {background:?}");
    let event = event_with(1.5, "validator_incident", "operator = \"op\"", 1.0, &more);
    Ok(32.0 - play(&validator(), 30, &event)?.system(Figure::Beacon))
}

/// Alone, and together with 1.6M of 35M. What is left is `32 (1 - 1/4096 - .056/32) (1 - 3 x)` with `x`
/// the share slashed: the first tells the initial penalty, the second that of correlation.
fn slashed(_: Size) -> Answer {
    let alone = left_of_32(0.0)? / (1.0 - 3.0 * 32.0 / ALL);
    let together = left_of_32((1.6e6 - 32.0) / (ALL - 32.0))?;
    let (initial, correlation) = (32.0 - alone - MISSED, 32.0 * (1.0 - together / alone));
    let left = (32.0 - 0.007_812_5 - MISSED) * (1.0 - 4.8 / 35.0);
    Ok(vec![
        Check::exact("initial penalty of 32 ETH", 0.007_812_5, initial, 1e-9),
        Check::exact("correlation penalty, 1.6M of 35M", 4.388_571, correlation, 2e-7),
        Check::exact("left after both", left, together, 1e-13),
    ])
}

/// 1,575 epochs with half of the chain, when it does not finalise, and with a tenth, when it does;
/// and for ever, which ends with ejection after 4,686 epochs.
fn offline(_: Size) -> Answer {
    let lost = |epochs: f64, background: f64| {
        let more = format!("background = {background:?}");
        let event = event_with(1.0, "client_outage", "group = \"Op\"", epochs, &more);
        play(&validator(), 10, &event).map(|played| played.system(Figure::Leak))
    };
    let ejected = 32.0 * -(-4_686.0f64.powi(2) / 2f64.powi(25)).exp_m1();
    let leak = 32.0 * -(-1_575.0f64.powi(2) / 2f64.powi(25)).exp_m1();
    Ok(vec![
        Check::exact("left of 32 ETH after 7 days", 29.72, 32.0 - lost(1_575.0, 0.5)?, 2e-4),
        Check::exact("leak of 7 days", leak, lost(1_575.0, 0.5)?, 1e-12),
        Check::exact("while it finalises", 32.0 * 2.1e-7 * 1_575.0, lost(1_575.0, 0.1)?, 1e-12),
        Check::exact("until ejection", ejected, lost(50_000.0, 0.5)?, 1e-12),
    ])
}
