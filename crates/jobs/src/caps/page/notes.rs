//! What the figures rest on: the certificate, what is left out, and what was computed of what.

use std::path::Path;

use super::Page;
use super::head::verdict;
use super::names::text;
use super::table::Grid;
use crate::number::{count, level};

const HOW_TO_READ: &str = "\
- ± is one standard error; brackets hold a 95 % interval. A year is 365 days, without compounding.
- Losses are those of market prices at the end of the horizon, less what was earned. What cannot be redeemed in time is sold into the pools as the path has left them, with the own size, and what that brings less than the market price counts as loss in budgets, not in the expected return.
- Ways out are redemptions within the days of the policy, as far as the exit queue has room, and the pools of the network; other venues and lenders are none. Own positions in different assets do not compete for the exit queue, though others who leave do.
- Buying in is not costed. Yields are those of the network and of the policy after its haircuts, and stay as they are.
- A pool is taken to stand where the market price puts its reserves, so a share of it holds more of what has fallen. When a name is worth nothing, a share of a pool that holds it is worth nothing, and a loop loses its equity and no more.
- A probability is kept in the optimum by a bound on a tail, which may leave room: a better plan may exist, a worse one is not certified.
- Rates, severities and how holders behave are judged where no history pins them down; the certificate is of the draws, not of the judgement. What the model leaves out, this page leaves out.
";

impl Page<'_> {
    pub(super) fn certificate(&self) -> String {
        let proposal = &self.study.proposal;
        format!(
            "## Certificate\n\nA plan that is the best of its own paths looks better on them than it is. So it was held against {} paths of seed {}. {}\n",
            count(proposal.n_paths),
            proposal.seed,
            verdict(&proposal.certificate),
        )
    }

    pub(super) fn how_to_read(&self) -> String {
        format!("## How to read this, and what it leaves out\n\n{HOW_TO_READ}")
    }

    pub(super) fn fingerprint(&self, result: &Path) -> String {
        let study = self.study;
        let policy = &study.problem.policy;
        let mut grid = Grid::new(["fingerprint", ""]);
        grid.push(["program", &study.digests.program]);
        grid.push(["network", &text(&study.network_name)]);
        grid.push(["result", &text(&result.display().to_string())]);
        grid.push(["scenario", &text(&study.scenario)]);
        grid.push(["seed, paths", &format!("{}, {}", study.seed, count(study.n_paths))]);
        grid.push(["certificate seed", &study.proposal.seed.to_string()]);
        let cut = policy.haircut;
        let cuts = [cut.staking, cut.fees, cut.incentives, cut.campaign, cut.recovery].map(level);
        let [staking, fees, incentives, campaign, recovery] = cuts;
        let cuts = format!(
            "staking {staking}, fees {fees}, incentives {incentives}, campaigns {campaign}, recovery of prices {recovery}"
        );
        grid.push(["haircuts", &cuts]);
        grid.push(["policy sha256", &study.digests.policy]);
        grid.push(["config sha256", &study.digests.config]);
        grid.to_string()
    }
}
