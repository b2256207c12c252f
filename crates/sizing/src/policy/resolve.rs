//! Finds what the positions of a policy are in a network; a name that is not there is a problem
//! with the nearest that is.

use slashfall_graph::{AssetId, MarketId, Network, Problem, Problems};

use super::{ExtraYields, Policy, PositionSpec, ROUNDING, What};

/// A position that a treasury may hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Name of the asset, `pool NAME` or `loop NAME`; no two candidates have one.
    pub name: String,
    /// What it is.
    pub kind: CandidateKind,
    /// Held today, in ETH, at least 0; of a loop its equity.
    pub amount_eth: f64,
    /// To be held at least, in ETH, at least 0.
    pub min_eth: f64,
    /// To be held at most, in ETH, at least `min_eth`; it may be more than the treasury has.
    pub max_eth: f64,
    /// What it earns beside what its asset earns.
    pub yields: ExtraYields,
}

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateKind {
    /// A wrapped asset that is held.
    Asset(AssetId),
    /// Shares of a pool of a wrapped asset against ETH.
    Pool {
        /// Its place in [`Network::pools`].
        pool: usize,
        /// What is traded there.
        asset: AssetId,
    },
    /// A levered loop: collateral in a lending market, borrowed against as its loans are.
    Loop {
        /// Where.
        market: MarketId,
        /// What is pledged there.
        collateral: AssetId,
    },
}

impl Policy {
    /// The positions as a network has them, in the order of the file.
    ///
    /// # Errors
    /// Every name that the network does not have, base assets, and positions of more than there is;
    /// each with its line.
    pub fn resolve(&self, file: &str, network: &Network) -> Result<Vec<Candidate>, Problems> {
        let mut problems = Problems::default();
        let mut candidates = Vec::new();
        for position in &self.positions {
            let Some(kind) = find(&position.place, network) else {
                problems.push(unknown(&position.place, file, network));
                continue;
            };
            check_amounts(position, kind, (file, network), &mut problems);
            candidates.push(candidate(position, kind));
        }
        problems.or_ok(candidates)
    }
}

/// What a position is in; none where the network has nothing of that name.
fn find(place: &What, network: &Network) -> Option<CandidateKind> {
    let name = place.name().value.as_str();
    match place {
        What::Asset(_) => {
            let asset = network.wrapped_assets().find(|&id| network.asset(id).name == name)?;
            Some(CandidateKind::Asset(asset))
        }
        What::Pool(_) => {
            let pool = network.pools().iter().position(|pool| pool.name == name)?;
            Some(CandidateKind::Pool { pool, asset: network.pools()[pool].asset })
        }
        What::Market(_) => {
            let market = network.markets().iter().position(|market| market.name == name)?;
            let collateral = network.markets()[market].collateral;
            Some(CandidateKind::Loop { market: MarketId::new(market), collateral })
        }
    }
}

fn candidate(position: &PositionSpec, kind: CandidateKind) -> Candidate {
    let name = &position.place.name().value;
    let name = match kind {
        CandidateKind::Asset(_) => name.clone(),
        CandidateKind::Pool { .. } => format!("pool {name}"),
        CandidateKind::Loop { .. } => format!("loop {name}"),
    };
    let PositionSpec { place: _, amount_eth, min_eth, max_eth, yields } = *position;
    Candidate { name, kind, amount_eth, min_eth, max_eth, yields }
}

/// A problem with the name of a position.
fn wrong(place: &What, file: &str, expected: impl Into<String>) -> Problem {
    let name = place.name();
    let key = format!("position.{}", place.key());
    name.at.problem(file, &key, expected).value(&name.value)
}

/// Says what is wrong with a name that is none of its kind, and what may have been meant.
fn unknown(place: &What, file: &str, network: &Network) -> Problem {
    let name = place.name().value.as_str();
    let what = match place {
        What::Asset(_) => "a wrapped asset was expected",
        What::Pool(_) => "a pool was expected",
        What::Market(_) => "a lending market was expected",
    };
    let base = network.base_assets().find(|&id| network.asset(id).name == name);
    if let (What::Asset(_), Some(base)) = (place, base) {
        let why = match base {
            Network::ETH => "ETH is what is left of the treasury",
            _ => "a base asset is no position",
        };
        return wrong(place, file, format!("{what}; {why}"));
    }
    let expected = format!("{what}, and there is none of that name");
    match ["asset", "pool", "market"].into_iter().find(|key| names(key, network).contains(&name)) {
        Some(key) => wrong(place, file, format!("{expected}; write `{key}` for this one")),
        None => wrong(place, file, expected).nearest_of(names(place.key(), network)),
    }
}

/// What a position may be in by one of the three keys.
fn names<'n>(key: &str, network: &'n Network) -> Vec<&'n str> {
    match key {
        "pool" => network.pools().iter().map(|pool| pool.name.as_str()).collect(),
        "market" => network.markets().iter().map(|market| market.name.as_str()).collect(),
        _ => network.wrapped_assets().map(|id| network.asset(id).name.as_str()).collect(),
    }
}

/// Refuses what is held, or must be, of an asset or a pool beyond all that there is. Of a loop there
/// is no such bound: it is borrowed as the loans of its market are, and need not be among them.
fn check_amounts(
    position: &PositionSpec,
    kind: CandidateKind,
    (file, network): (&str, &Network),
    problems: &mut Problems,
) {
    let all_eth = match kind {
        CandidateKind::Asset(asset) => {
            network.asset(asset).supply_units * network.asset(asset).nav_0
        }
        CandidateKind::Pool { pool, asset } => {
            let pool = &network.pools()[pool];
            pool.reserve_units * network.asset(asset).nav_0 + pool.reserve_eth
        }
        CandidateKind::Loop { .. } => return,
    };
    for (key, amount_eth) in [("amount_eth", position.amount_eth), ("min_eth", position.min_eth)] {
        if amount_eth > all_eth * (1.0 + ROUNDING) {
            let expected = format!(
                "at most {all_eth:.0} ETH was expected, all that there is; {key} is {amount_eth}"
            );
            problems.push(wrong(&position.place, file, expected));
        }
    }
}
