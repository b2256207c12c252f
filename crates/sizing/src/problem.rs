//! What a treasury asks: its policy, its candidates, and all that limits them, exposures looked through to companies, AVSs,
//! protocols and bridges among it.

use std::collections::BTreeMap;

use slashfall_cascade::Setting;
use slashfall_graph::facts::{look_through, nested};
use slashfall_graph::spec::AssetKind;
use slashfall_graph::{AssetId, Network};

use crate::policy::{Candidate, CandidateKind, Policy};
use crate::risk::{Risk, risks};

/// What an exposure is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExposureKind {
    /// A company that runs operators.
    Entity,
    /// An AVS.
    Avs,
    /// The issuer of a wrapped asset, a pool or a lending market.
    Protocol,
    /// A bridge.
    Bridge,
}

impl ExposureKind {
    /// Name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::Avs => "avs",
            Self::Protocol => "protocol",
            Self::Bridge => "bridge",
        }
    }
}

/// What positions lose if one name is worth nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// Kind of name.
    pub kind: ExposureKind,
    /// The name.
    pub name: String,
    /// By position: fraction of it that is lost.
    pub shares: Vec<f64>,
    /// What the policy lets be lost, in ETH; none where it sets no limit.
    pub limit_eth: Option<f64>,
}

impl Exposure {
    /// What positions of `x` ETH lose.
    #[must_use]
    pub fn eth(&self, x: &[f64]) -> f64 {
        self.shares.iter().zip(x).map(|(share, x)| share * x).sum()
    }
}

/// A treasury's question on one network.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What it has decided.
    pub policy: Policy,
    /// What it considers, in the order of the file.
    pub candidates: Vec<Candidate>,
    /// By kind and name.
    pub exposures: Vec<Exposure>,
    /// Budgets that take a sample.
    pub risks: Vec<Risk>,
}

impl Problem {
    /// Looks through the candidates.
    #[must_use]
    pub fn new(policy: &Policy, candidates: &[Candidate], setting: &Setting<'_>) -> Self {
        Self::with_exposures(policy, candidates, exposures(policy, candidates, setting))
    }

    /// The same where exposures are known.
    #[must_use]
    pub fn with_exposures(
        policy: &Policy,
        candidates: &[Candidate],
        exposures: Vec<Exposure>,
    ) -> Self {
        let (policy, candidates) = (policy.clone(), candidates.to_vec());
        Self { risks: risks(&policy), policy, candidates, exposures }
    }

    /// Amounts held today.
    #[must_use]
    pub fn current(&self) -> Vec<f64> {
        self.candidates.iter().map(|own| own.amount_eth).collect()
    }

    /// The least of each.
    #[must_use]
    pub fn least(&self) -> Vec<f64> {
        self.candidates.iter().map(|own| own.min_eth).collect()
    }

    /// The most of each.
    #[must_use]
    pub fn most(&self) -> Vec<f64> {
        self.candidates.iter().map(|own| own.max_eth.min(self.policy.size_eth)).collect()
    }

    /// Exposures with a limit, and it.
    pub fn limited(&self) -> impl Iterator<Item = (&Exposure, f64)> {
        self.exposures.iter().filter_map(|own| Some((own, own.limit_eth?)))
    }
}

/// Collateral of a loop of a market over its equity, at market prices of day 0; infinite where it has no equity.
pub(crate) fn leverage(setting: &Setting<'_>, candidate: &Candidate) -> f64 {
    match candidate.kind {
        CandidateKind::Loop { market, .. } => {
            setting.market_collateral_0(market) / setting.market_equity_0(market)
        }
        CandidateKind::Asset(_) | CandidateKind::Pool { .. } => 1.0,
    }
}

/// The wrapped asset that a candidate is made of.
pub(crate) fn asset_of(candidate: &Candidate) -> AssetId {
    match candidate.kind {
        CandidateKind::Asset(asset) | CandidateKind::Pool { asset, .. } => asset,
        CandidateKind::Loop { collateral, .. } => collateral,
    }
}

fn exposures(policy: &Policy, candidates: &[Candidate], setting: &Setting<'_>) -> Vec<Exposure> {
    let network = setting.network();
    let through = look_through(network);
    let nested = nested(network);
    let mut by_name: BTreeMap<(ExposureKind, String), Vec<f64>> = BTreeMap::new();
    for (number, candidate) in candidates.iter().enumerate() {
        let index = asset_of(candidate).index() - network.n_base();
        let leverage = leverage(setting, candidate);
        let mut add = |kind: ExposureKind, name: &str, share: f64| {
            let shares = by_name.entry((kind, name.to_owned())).or_default();
            shares.resize(candidates.len(), 0.0);
            // A loop loses its equity and no more, and shares of a pool end up as what nobody wants.
            shares[number] = (shares[number] + leverage * share).min(1.0);
        };
        for own in &through[index].entities {
            add(ExposureKind::Entity, &network.entities()[own.id.index()], own.nav_loss);
        }
        for own in &through[index].avss {
            add(ExposureKind::Avs, &network.avss()[own.id.index()].name, own.nav_loss);
        }
        for own in &nested[index] {
            let asset = network.asset(own.id);
            add(ExposureKind::Protocol, &asset.name, own.nav_loss);
            if asset.kind == AssetKind::Bridged {
                add(ExposureKind::Bridge, &asset.name, own.nav_loss);
            }
        }
        if let Some(venue) = venue(network, candidate) {
            add(ExposureKind::Protocol, venue, 1.0);
        }
    }
    let exposure = |((kind, name), shares): ((ExposureKind, String), Vec<f64>)| {
        let limit = limit(policy, kind);
        Exposure { kind, name, shares, limit_eth: limit.map(|share| share * policy.size_eth) }
    };
    by_name.into_iter().map(exposure).collect()
}

fn limit(policy: &Policy, kind: ExposureKind) -> Option<f64> {
    match kind {
        ExposureKind::Entity => policy.look_through.entity,
        ExposureKind::Avs => policy.look_through.avs,
        ExposureKind::Protocol => policy.look_through.protocol,
        ExposureKind::Bridge => policy.look_through.bridge,
    }
}

/// The pool or market that a candidate stands in.
fn venue<'n>(network: &'n Network, candidate: &Candidate) -> Option<&'n str> {
    match candidate.kind {
        CandidateKind::Asset(_) => None,
        CandidateKind::Pool { pool, .. } => Some(&network.pools()[pool].name),
        CandidateKind::Loop { market, .. } => Some(&network.market(market).name),
    }
}
