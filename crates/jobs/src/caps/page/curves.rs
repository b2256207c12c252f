//! What would be otherwise under other budgets, rates and scenarios.

use slashfall_sizing::{Cap, Plan};

use super::Page;
use super::budgets::stand;
use super::names::{code, text};
use super::table::Grid;
use crate::caps::study::AtRate;
use crate::caps::words::{amount, budget, interval};
use crate::number::{count, eth, level, percent_with_error};

const POSITION: &str = "position, in ETH";
/// Positions that a line of the frontier names.
const NAMED: usize = 4;

impl Page<'_> {
    pub(super) fn frontier(&self) -> String {
        let points = &self.study.answer.frontier;
        if points.is_empty() {
            return String::new();
        }
        let mut grid =
            Grid::new(["ES budget", "ES found", "expected return a year", "largest positions"]);
        for point in points {
            let reading = point.plan.readings.iter().find(|own| own.risk.is_shortfall());
            let Some(reading) = reading else { continue };
            let limit = reading.risk.limit;
            let share = level(limit / self.size_eth());
            grid.push([
                format!("{} ETH ({share}, x {})", eth(limit), point.times),
                interval(&reading.risk, &reading.found),
                percent_with_error(&point.plan.net_return, self.size_eth() / self.a_year()),
                self.largest(&point.plan),
            ]);
        }
        format!(
            "## Return against risk\n\n{grid}\nThe best within all limits when the budget for the ES is another, on its own paths; return is of the whole treasury. x 1 is the optimum before other paths were asked. A budget that the minimums alone break has no line.\n"
        )
    }

    fn largest(&self, plan: &Plan) -> String {
        let mut ranked: Vec<(String, f64)> = self.names().zip(plan.x.iter().copied()).collect();
        ranked.retain(|(_, x)| *x >= self.step());
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let named: Vec<String> = ranked
            .iter()
            .take(NAMED)
            .map(|(name, x)| format!("{name} {}", self.down(*x)))
            .collect();
        named.join(", ")
    }

    pub(super) fn rates(&self) -> String {
        let study = self.study;
        let Some(kind) = study.rated_kind else { return String::new() };
        let name = |at: &AtRate| at.rate.map_or_else(|| "as in the run".to_owned(), level);
        let header = [POSITION.to_owned()].into_iter().chain(study.rates.iter().map(name));
        let columns = study.rates.iter().map(|at| &at.caps);
        let grid = self.caps_by(header, &columns.collect::<Vec<_>>());
        let n_paths = study.rates.first().map_or(0, |at| at.n_paths);
        format!(
            "## Caps at other rates of AVSs' slashes\n\n{grid}\nCaps by themselves where each `{}` happens so often a year and all else is as it is; {} paths a rate, of the run's rates too, so that all columns bear as much error. No history pins that rate down: who reads this has to choose one.\n",
            kind.name(),
            count(n_paths),
        )
    }

    pub(super) fn scenarios(&self) -> String {
        let study = self.study;
        if study.elsewhere.is_empty() {
            return format!(
                "## Caps under each scenario\n\nThe result has one scenario, {}.\n",
                code(&study.scenario)
            );
        }
        let others = study.elsewhere.iter().map(|other| text(&other.scenario));
        let header = [POSITION.to_owned(), text(&study.scenario)].into_iter().chain(others.clone());
        let columns = study.elsewhere.iter().map(|other| &other.caps);
        let columns: Vec<&Vec<Cap>> = [&study.answer.caps].into_iter().chain(columns).collect();
        let caps = self.caps_by(header, &columns);
        let header = ["budget".to_owned(), "limit".to_owned()].into_iter().chain(others);
        let mut budgets = Grid::new(header);
        for (i, risk) in study.problem.risks.iter().enumerate() {
            let stands = study.elsewhere.iter().map(|other| stand(&other.readings[i]));
            budgets.push([budget(risk), amount(risk, risk.limit)].into_iter().chain(stands));
        }
        format!(
            "## Caps under each scenario\n\n{caps}\nThe proposal is made for {}. How it would stand under the others:\n\n{budgets}",
            code(&study.scenario)
        )
    }

    fn caps_by(&self, header: impl Iterator<Item = String>, columns: &[&Vec<Cap>]) -> Grid {
        let mut grid = Grid::new(header);
        for (i, name) in self.names().enumerate() {
            let caps = columns.iter().map(|caps| self.down(caps[i].own.eth));
            grid.push([name].into_iter().chain(caps));
        }
        grid
    }
}
