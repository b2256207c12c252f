//! The rounds of a day (section 5 of `docs/model.md`): what one mechanism does to prices and stake
//! sets off the next, until a round changes nothing.

use crate::setting::PathInput;
use crate::state::State;

impl State<'_> {
    /// Runs the rounds of a day; gives how many changed something.
    pub(crate) fn run_rounds(&mut self, day: u32, input: &PathInput<'_>) -> u32 {
        self.rounds_from(1, day, input)
    }

    /// Runs the rounds of a day from the first that is left.
    fn rounds_from(&mut self, first: u32, day: u32, input: &PathInput<'_>) -> u32 {
        let cascade = self.setting.parameters.cascade;
        for round in first..=cascade.max_rounds {
            self.clock = (day, round);
            let mut changed = self.arbitrage(round);
            if round <= cascade.oracle_reads_per_day {
                self.read_oracles();
            }
            changed |= self.liquidate();
            changed |= self.attack(day, input);
            if !changed {
                return round - 1;
            }
        }
        self.ledger.sums.n_truncated += 1;
        cascade.max_rounds
    }

    /// The same from where oracles of a round have been read; `changed` is true where arbitrage has
    /// bought in it.
    pub(crate) fn finish_rounds(
        &mut self,
        day: u32,
        input: &PathInput<'_>,
        (round, mut changed): (u32, bool),
    ) -> u32 {
        self.clock = (day, round);
        changed |= self.liquidate();
        changed |= self.attack(day, input);
        if changed { self.rounds_from(round + 1, day, input) } else { round - 1 }
    }
}
