//! What is wrong with a policy that no plan keeps: which limits its minimums break, and by how much.

use slashfall_graph::{Problem as Wrong, Problems};
use slashfall_sizing::{Ask, Exposure, NoPlan, Problem, Reading};

use super::words::{amount, exposure};
use crate::number::{eth, level, percent};

/// Minimums in conflict are bad input; a solver that gives up is not.
pub(super) fn conflict(file: &str, problem: &Problem, why: NoPlan) -> anyhow::Error {
    let NoPlan::Conflict { exposures, readings } = why else { return why.into() };
    let mut problems = Problems::default();
    for (number, lost) in exposures {
        problems.push(of_exposure(file, &problem.exposures[number], lost));
    }
    for reading in readings {
        problems.push(of_budget(file, &reading));
    }
    if problems.is_empty() {
        let expected = "limits that some positions keep were expected: the minimums keep each of them, and nothing keeps all";
        problems.push(Wrong::new(file, expected).key("position.min_eth"));
    }
    problems.into()
}

fn of_exposure(file: &str, own: &Exposure, lost: f64) -> Wrong {
    let limit = own.limit_eth.unwrap_or_default();
    let expected = format!(
        "minimums were expected that lose at most {} ETH with {}; they lose {}, {} too much",
        eth(limit),
        exposure(own),
        eth(lost),
        eth(lost - limit)
    );
    Wrong::new(file, expected).key(format!("look_through.{}", own.kind.name()))
}

fn of_budget(file: &str, reading: &Reading) -> Wrong {
    let (risk, held) = (&reading.risk, reading.held());
    let (key, what) = match risk.ask {
        Ask::Shortfall { level: own } => ("budget.es", format!("an ES {}", level(own.get()))),
        Ask::LossAbove { eth: above } => {
            ("budget.loss", format!("a probability to lose more than {} ETH", eth(above)))
        }
        Ask::StuckAbove { eth: above } => {
            ("liquidity", format!("a probability that more than {} ETH cannot leave", eth(above)))
        }
    };
    let expected = format!(
        "minimums were expected that have {what} of at most {}; they have {}, {} too much",
        amount(risk, risk.limit),
        amount(risk, held),
        percent(held / risk.limit - 1.0),
    );
    Wrong::new(file, expected).key(key)
}
