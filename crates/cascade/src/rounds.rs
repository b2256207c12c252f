//! The rounds of a day (section 5 of `docs/model.md`): what one mechanism does to prices and stake
//! sets off the next, until a round changes nothing.

use crate::setting::PathInput;
use crate::state::State;

impl State<'_> {
    /// Runs the rounds of a day; gives how many changed something.
    pub(crate) fn run_rounds(&mut self, day: u32, input: &PathInput<'_>) -> u32 {
        let cascade = self.setting.parameters.cascade;
        for round in 1..=cascade.max_rounds {
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
}
