//! How what is held stands, and what to trade.

use slashfall_sizing::Plan;

use super::Page;
use super::names::text;
use super::table::Grid;
use crate::caps::words::{and, binding, budget};
use crate::number::{eth, percent, with_error};

impl Page<'_> {
    pub(super) fn held(&self) -> String {
        format!("## What is held today\n\n{}{}\n{}", self.room(), self.components(), self.trade())
    }

    fn room(&self) -> Grid {
        let held = &self.study.answer.held;
        let problem = &self.study.problem;
        let has_es = !self.study.answer.held.marginal.is_empty();
        let mut header = vec!["position, in ETH", "held", "room", "what stops it"];
        if has_es {
            header.extend(["one ETH more adds to the ES", "part of the ES", "share of the parts"]);
        }
        let mut grid = Grid::new(header);
        let sum = self.sum_of_components();
        for (i, own) in problem.candidates.iter().enumerate() {
            let reach = &held.room[i];
            let mut row = vec![
                text(&own.name),
                eth(own.amount_eth),
                self.down(reach.eth),
                binding(problem, reach.binding),
            ];
            if let Some(marginal) = self.study.answer.held.marginal.get(i) {
                let part = marginal.scaled(own.amount_eth);
                let is_held = own.amount_eth > 0.0;
                let share = if sum > 0.0 { percent(part.value / sum) } else { String::new() };
                row.push(with_error(marginal));
                row.extend(is_held.then(|| with_error(&part)));
                row.extend(is_held.then_some(share));
            }
            grid.push(row);
        }
        grid
    }

    fn sum_of_components(&self) -> f64 {
        let parts = self.study.problem.current().into_iter().zip(&self.study.answer.held.marginal);
        parts.map(|(x, own)| x * own.value).sum()
    }

    fn components(&self) -> String {
        let held = &self.study.answer.held;
        let is_es = |own: &&slashfall_sizing::Reading| own.risk.is_shortfall();
        let Some(es) = held.plan.readings.iter().find(is_es) else { return String::new() };
        let sum = self.sum_of_components();
        let more = if sum > es.found.value * (1.0 + 1e-3) {
            ", more than the ES itself since leaving with twice as much costs more than twice"
        } else {
            ""
        };
        format!(
            "\nRoom is how far a position can grow while the others stay. The {} of what is held is {} ETH; its parts add up to {} ETH{more}. \n",
            budget(&es.risk),
            with_error(&es.found),
            eth(sum),
        )
    }

    fn trade(&self) -> String {
        let held = &self.study.answer.held;
        let Some(trade) = &held.trade else {
            return "What is held keeps every limit: nothing has to be traded.\n".to_owned();
        };
        let broken = and(&self.broken_today());
        format!(
            "What is held breaks {broken}. The smallest trade, bought and sold together, that leads within all limits:\n\n{}\nIt is expected to earn {} ETH in {} days afterwards, and {} without it.\n",
            self.moves(trade),
            with_error(&trade.net_return),
            self.study.horizon_days,
            with_error(&held.plan.net_return),
        )
    }

    fn moves(&self, trade: &Plan) -> Grid {
        let mut grid = Grid::new(["position, in ETH", "held", "sell", "buy", "afterwards"]);
        let mut freed = 0.0;
        for (i, own) in self.study.problem.candidates.iter().enumerate() {
            let bought = trade.x[i] - own.amount_eth;
            freed -= bought;
            if bought.abs() >= self.step() {
                let cells = sides(bought);
                let [sell, buy] = cells;
                grid.push([text(&own.name), eth(own.amount_eth), sell, buy, self.down(trade.x[i])]);
            }
        }
        let rest = self.size_eth() - self.study.problem.current().iter().sum::<f64>();
        let [sell, buy] = sides(freed);
        grid.push(["(ETH)".to_owned(), eth(rest), sell, buy, eth(rest + freed)]);
        grid
    }
}

/// What is sold and what is bought.
fn sides(bought: f64) -> [String; 2] {
    if bought < 0.0 { [eth(-bought), String::new()] } else { [String::new(), eth(bought)] }
}
