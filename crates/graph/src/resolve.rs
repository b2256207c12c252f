//! Checks a network as written, every row of every table at once, and turns names into dense ids.
//!
//! The steps are in order of dependence: operators and assets, what holds what, the stake that
//! follows, the services on it, what everything is worth, and the venues that trade it. A row with
//! a fault is reported and left out of what comes after; a network is built only when none was.

mod allocations;
mod assemble;
mod assets;
mod groups;
mod holdings;
mod meta;
mod names;
mod operators;
mod pools;
mod quantity;
mod report;
mod reserves;
mod sizes;
mod supply;
#[cfg(test)]
mod tests;
mod uses;
mod venues;

use std::path::Path;

pub(crate) use quantity::Quantity;
pub use sizes::{MOST_AVSS, MOST_OPERATORS};

use crate::network::Network;
use crate::problem::{Problem, Problems};
use crate::read::{Read, Unread, read_folder};
use crate::spec::NetworkSpec;
use assemble::Parts;
use report::Report;

/// A network that cannot be wrong, and what its author should know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The network.
    pub network: Network,
    /// What is allowed but seldom meant.
    pub warnings: Vec<Problem>,
}

/// Checks `spec` and gives it dense ids.
///
/// # Errors
/// Everything that is wrong with it, in all tables.
pub fn resolve(spec: &NetworkSpec) -> Result<Resolved, Problems> {
    finish(spec, &Unread::default(), Report::default())
}

/// Reads a network folder and resolves it.
///
/// # Errors
/// Everything that cannot be read and everything that is wrong with what could be, in all files.
pub fn load_network(dir: &Path) -> Result<Resolved, Problems> {
    let Read { spec, unread, problems, .. } = read_folder(dir);
    if !dir.is_dir() {
        return Err(problems);
    }
    finish(&spec, &unread, Report::starting_with(problems))
}

fn finish(spec: &NetworkSpec, unread: &Unread, mut report: Report) -> Result<Resolved, Problems> {
    let parts = check(spec, unread, &mut report);
    let warnings = report.into_warnings()?;
    Ok(Resolved { network: assemble::assemble(parts), warnings })
}

fn check(spec: &NetworkSpec, unread: &Unread, report: &mut Report) -> Parts {
    sizes::check(spec, report);
    let meta = meta::resolve(&spec.meta, unread, report);
    let operators = operators::resolve(&spec.operators, unread, report);
    let assets = assets::resolve(spec, unread, report);
    let held = holdings::resolve(spec, unread, &assets, &operators, report);
    let stakes = holdings::stakes(&held);
    let worths = supply::resolve(spec, &assets, &held, report);
    let (avss, avs_names) = allocations::resolve_avs(&spec.avs, unread, report);
    let known = allocations::Known {
        avss: &avss,
        avs_names: &avs_names,
        operators: &operators,
        assets: &assets,
        stakes: &stakes,
    };
    let allocations = allocations::resolve(spec, &known, report);
    let groups = groups::resolve(&spec.groups, &operators, report);
    let pools = venues::resolve_pools(&spec.pools, &assets, &worths, report);
    let reserves = reserves::resolve(&spec.reserves, unread, &assets, report);
    let lent = (&assets, &worths, &reserves);
    let markets = venues::resolve_markets(&spec.loans, unread, lent, report);
    reserves::check_debts(spec, &reserves, (&markets.markets, &worths), report);
    let portfolios =
        venues::resolve_portfolios(&spec.portfolios, &assets, &worths, &markets, report);
    let parts = Parts {
        meta,
        n_base: assets.n_base,
        assets: supply::assets(&assets, &worths),
        entities: operators.entity_names(),
        operators: operators.operators,
        avss,
        stakes,
        held: held.rows,
        allocations,
        groups,
        pools,
        markets: markets.markets,
        reserves: reserves.into_reserves(),
        portfolios,
    };
    uses::check(spec, (&assets, &worths), &parts, report);
    parts
}
