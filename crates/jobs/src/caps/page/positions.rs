//! The table that the page is for: how much of each, at most.

use slashfall_output::measures::Estimate;

use super::Page;
use super::names::text;
use super::table::Grid;
use crate::caps::words::{and, binding};
use crate::number::{eth, percent_with_error};

impl Page<'_> {
    pub(super) fn positions(&self) -> String {
        let study = self.study;
        let has_others = !study.elsewhere.is_empty();
        let mut header = vec!["position, in ETH", "held", "proposed", "cap by itself"];
        if has_others {
            header.push("least over scenarios");
        }
        header.extend([
            "what stops the cap",
            "expected return a year",
            "cap if leaving cost nothing",
        ]);
        let mut grid = Grid::new(header);
        let robust = study.robust_caps();
        for (i, own) in study.problem.candidates.iter().enumerate() {
            let cap = &study.answer.caps[i];
            let mut row = vec![
                text(&own.name),
                eth(own.amount_eth),
                self.down(study.proposal.certificate.x[i]),
                self.down(cap.own.eth),
            ];
            if has_others {
                row.push(self.down(robust[i]));
            }
            row.extend([
                binding(&study.problem, cap.own.binding),
                self.return_a_year(&study.answer.returns[i]),
                self.down(cap.at_market.eth),
            ]);
            grid.push(row);
        }
        grid.push(self.rest());
        format!(
            "## How much of each, at most\n\n{grid}\nA cap *by itself* is what may be held when all else is ETH; caps are bounds that hold the error of the figures behind them, and do not add up. *Proposed* is what earns most within all limits together{}. Amounts are rounded down. Returns are those of {} days times {:.1}, after haircuts and expected losses at market prices.\n{}",
            if study.proposal.certificate.left < 1.0 {
                ", drawn in until other paths certify it"
            } else {
                ""
            },
            study.horizon_days,
            self.a_year(),
            self.why_not(),
        )
    }

    /// What is in no position.
    fn rest(&self) -> Vec<String> {
        let rest = |x: &[f64]| self.down((self.size_eth() - x.iter().sum::<f64>()).max(0.0));
        let proposed: f64 = self.study.proposal.certificate.x.iter().sum();
        let held = rest(&self.study.problem.current());
        vec!["(ETH)".to_owned(), held, rest(&[proposed])]
    }

    fn return_a_year(&self, own: &Estimate) -> String {
        percent_with_error(own, 1.0 / self.a_year())
    }

    /// Why a position is not proposed.
    fn why_not(&self) -> String {
        let study = self.study;
        let optimum = &study.answer.optimum.x;
        let (mut none, mut loses, mut unsure, mut beaten) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (i, own) in study.problem.candidates.iter().enumerate() {
            if optimum[i] >= self.step() {
                continue;
            }
            let earned = &study.answer.returns[i];
            let cap = &study.answer.caps[i].own;
            if cap.eth < self.step() {
                none.push(format!(
                    "{} ({})",
                    text(&own.name),
                    binding(&study.problem, cap.binding)
                ));
            } else if earned.ci_high.is_some_and(|high| high < 0.0) {
                loses.push(text(&own.name));
            } else if earned.value <= 0.0 {
                unsure.push(text(&own.name));
            } else {
                beaten.push(text(&own.name));
            }
        }
        let said = [
            ("no amount keeps the limits", none),
            ("expected to lose, after haircuts", loses),
            ("not expected to earn anything, and the error leaves open whether they lose", unsure),
            ("allowed, but others earn more for what binds", beaten),
        ];
        let said = said.into_iter().filter(|(_, names)| !names.is_empty());
        let said: Vec<String> =
            said.map(|(why, names)| format!("{why}: {}", and(&names))).collect();
        if said.is_empty() {
            String::new()
        } else {
            format!("\nNot proposed: {}.\n", said.join("; "))
        }
    }
}
