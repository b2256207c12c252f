//! What can be said of a network before anything happens in it: sizes, concentration, what stands
//! behind what, and how far it is from an attack or from spreading a loss.
//!
//! [`facts`] computes all of it for one network; each topic is also a function of its own. Every
//! figure is of day 0, in ETH or as a fraction, and carries the ids behind it: names are for
//! whoever prints.

mod concentration;
mod coverage;
mod debtrank;
mod failing_services;
mod local_slack;
mod look_through;
mod overlap;
mod ranking;
mod security;
#[cfg(test)]
mod testing;
mod totals;
mod worth;

pub use concentration::{Concentration, concentration};
pub use coverage::{Coverage, coverage};
pub use debtrank::{DebtRank, DebtRanks, Node, debtrank};
pub use failing_services::{FailingServices, Witness, failing_services};
pub use local_slack::{LocalSlack, OperatorSlack, local_slack};
pub use look_through::{Exposure, LookThrough, look_through, nested};
pub use overlap::{Overlap, overlap};
pub use ranking::{Ranking, Share};
pub use security::{AvsSecurity, security};
pub use totals::{AssetTotals, Backing, Restaked, Totals, totals};

use crate::network::Network;

/// All facts of one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Sizes, by asset and of the whole.
    pub totals: Totals,
    /// Who holds the stake.
    pub concentration: Concentration,
    /// How many AVSs stand on a staked ETH.
    pub coverage: Coverage,
    /// How much stake two AVSs have in common, most alike first.
    pub overlap: Vec<Overlap>,
    /// What each wrapped asset is exposed to, in order of asset.
    pub look_through: Vec<LookThrough>,
    /// Stake, cost and profit of an attack, by AVS.
    pub security: Vec<AvsSecurity>,
    /// Slack around each operator.
    pub local_slack: LocalSlack,
    /// How many AVSs may fail before another can be attacked.
    pub failing_services: FailingServices,
    /// How far the distress of one node spreads.
    pub debtrank: DebtRanks,
}

/// Computes all facts of a network.
///
/// `security_slack` is gamma of model 4.6: it stands in for the profit from corruption of an AVS
/// for which nobody has estimated one.
#[must_use]
pub fn facts(network: &Network, security_slack: f64) -> Facts {
    let security = security(network, security_slack);
    Facts {
        totals: totals(network),
        concentration: concentration(network),
        coverage: coverage(network),
        overlap: overlap(network),
        look_through: look_through(network),
        local_slack: local_slack(network, &security),
        failing_services: failing_services(network, &security),
        debtrank: debtrank(network),
        security,
    }
}
