//! How the budgets and the exposures stand, and what more of each would buy.

use slashfall_sizing::{Ask, Exposure, ExposureKind, Limit, Price, Reading};

use super::Page;
use super::names::text;
use super::table::Grid;
use crate::caps::words::{amount, and, budget, exposure, exposure_kind, interval};
use crate::number::{count, eth, level};

const KINDS: [ExposureKind; 4] =
    [ExposureKind::Entity, ExposureKind::Avs, ExposureKind::Protocol, ExposureKind::Bridge];

impl Page<'_> {
    pub(super) fn budgets(&self) -> String {
        let study = self.study;
        let certificate = &study.proposal.certificate;
        let is_drawn_in = certificate.left < 1.0;
        let mut header = vec!["budget", "limit", "held today", "optimum, own paths"];
        if is_drawn_in {
            header.push("optimum, other paths");
        }
        header.push("proposed, other paths");
        let mut grid = Grid::new(header);
        for (i, held) in study.answer.held.plan.readings.iter().enumerate() {
            let mut row = vec![budget(&held.risk), amount(&held.risk, held.risk.limit)];
            row.extend([stand(held), stand(&study.answer.optimum.readings[i])]);
            if is_drawn_in {
                row.push(stand(&certificate.before[i]));
            }
            row.push(stand(&certificate.readings[i]));
            grid.push(row);
        }
        format!(
            "## Budgets\n\n{grid}\nIn brackets the 95 % interval. Own paths are the {} of the run, which the optimum was chosen by; other paths are as many of another seed.\n",
            count(study.n_paths)
        )
    }

    pub(super) fn exposures(&self) -> String {
        let study = self.study;
        let certified = &study.proposal.certificate.x;
        let held = study.problem.current();
        let mut grid =
            Grid::new(["what fails", "limit", "held today, the worst", "proposed, the worst"]);
        for kind in KINDS {
            let own: Vec<(&Exposure, f64)> =
                study.problem.limited().filter(|(own, _)| own.kind == kind).collect();
            let Some((_, limit)) = own.first() else { continue };
            grid.push([
                exposure_kind(kind).to_owned(),
                format!("{} ETH ({})", eth(*limit), level(limit / self.size_eth())),
                worst(&own, &held),
                worst(&own, certified),
            ]);
        }
        if study.problem.limited().next().is_none() {
            return String::new();
        }
        let optimum = &study.answer.optimum.x;
        let is_full = |(own, limit): &(&Exposure, f64)| own.eth(optimum) >= limit * FULL;
        let full: Vec<String> =
            study.problem.limited().filter(is_full).map(|(own, _)| text(&exposure(own))).collect();
        let said = if full.is_empty() {
            "No such limit binds the optimum.".to_owned()
        } else {
            format!("The optimum is at the limit of {}.", and(&full))
        };
        format!(
            "## If one name fails in whole\n\n{grid}\nWhat is lost if all that depends on that name is worth nothing, whatever the probability; nothing of it is drawn. {said}\n"
        )
    }

    pub(super) fn prices(&self) -> String {
        let mut prices = self.study.answer.optimum.prices.clone();
        if prices.is_empty() {
            return String::new();
        }
        prices.sort_by(|a, b| b.return_per_eth.total_cmp(&a.return_per_eth));
        let lines: String = prices.iter().map(|price| self.price(price)).collect();
        format!(
            "## What one more ETH buys\n\n{lines}\nTo first order, of the optimum on its own paths: they say which limit to discuss, and have no error of their own.\n"
        )
    }

    fn price(&self, price: &Price) -> String {
        let problem = &self.study.problem;
        let what = match price.of {
            Limit::Size => "of treasury".to_owned(),
            Limit::Exposure(number) => {
                format!("of the limit on {}", text(&exposure(&problem.exposures[number])))
            }
            Limit::Risk(number) => match problem.risks[number].ask {
                Ask::Shortfall { .. } => {
                    format!("of the budget for {}", budget(&problem.risks[number]))
                }
                Ask::LossAbove { .. } => {
                    let at = level(problem.risks[number].limit);
                    format!("of the loss that may be exceeded with a probability of {at}")
                }
                Ask::StuckAbove { .. } => "that need not be at hand in time".to_owned(),
            },
        };
        let days = self.study.horizon_days;
        let bought = eth(price.return_per_eth);
        format!("- One more ETH {what} buys {bought} ETH of expected return in {days} days.\n")
    }
}

/// What of a limit counts as all of it.
const FULL: f64 = 1.0 - 1e-6;

/// A figure and whether it is kept.
pub(super) fn stand(reading: &Reading) -> String {
    let verdict = if reading.is_kept() { "kept" } else { "**broken**" };
    format!("{}: {verdict}", interval(&reading.risk, &reading.found))
}

fn worst(exposures: &[(&Exposure, f64)], x: &[f64]) -> String {
    let worst = exposures.iter().max_by(|a, b| a.0.eth(x).total_cmp(&b.0.eth(x)));
    let Some((own, limit)) = worst.filter(|(own, _)| own.eth(x) > 0.0) else {
        return "none".to_owned();
    };
    let verdict = if own.eth(x) <= limit * (1.0 + 1e-9) { "kept" } else { "**broken**" };
    format!("{}: {} ETH, {verdict}", text(&own.name), eth(own.eth(x)))
}
