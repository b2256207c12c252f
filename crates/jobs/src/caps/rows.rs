//! The figures of a study as rows, a position each: under the scenario asked about, the others, and each rate.

use slashfall_output::tables::{Asked, CapRow};
use slashfall_sizing::Cap;

use super::study::Study;
use super::words::{code_of, kind_of};

impl Study {
    /// One row for each position under each scenario, and under the scenario asked about at each rate.
    pub(super) fn rows(&self) -> Vec<CapRow> {
        let mut rows = self.rows_of(&self.scenario, None, &self.answer.caps);
        for (row, asked) in rows.iter_mut().zip(self.asked()) {
            row.asked = Some(asked);
        }
        for other in &self.elsewhere {
            rows.extend(self.rows_of(&other.scenario, None, &other.caps));
        }
        for at in self.rates.iter().filter(|at| at.rate.is_some()) {
            rows.extend(self.rows_of(&self.scenario, at.rate, &at.caps));
        }
        rows
    }

    fn rows_of(&self, scenario: &str, rate: Option<f64>, caps: &[Cap]) -> Vec<CapRow> {
        let row = |(own, cap): (&slashfall_sizing::Candidate, &Cap)| CapRow {
            scenario: scenario.to_owned(),
            rate,
            position: own.name.clone(),
            kind: kind_of(own.kind),
            held_eth: own.amount_eth,
            cap_eth: cap.own.eth,
            cap_binding: code_of(&self.problem, cap.own.binding),
            cap_at_market_eth: cap.at_market.eth,
            asked: None,
        };
        self.problem.candidates.iter().zip(caps).map(row).collect()
    }

    /// By candidate.
    fn asked(&self) -> Vec<Asked> {
        let robust = self.robust_caps();
        let (held, returns) = (&self.answer.held, &self.answer.returns);
        let asked = |position: usize| Asked {
            robust_cap_eth: robust[position],
            proposed_eth: self.answer.optimum.x[position],
            certified_eth: self.proposal.certificate.x[position],
            room_eth: held.room[position].eth,
            expected_return: returns[position].value,
            expected_return_std_err: returns[position].std_err,
            marginal_es: held.marginal.get(position).map(|own| own.value),
            marginal_es_std_err: held.marginal.get(position).and_then(|own| own.std_err),
        };
        (0..robust.len()).map(asked).collect()
    }
}
