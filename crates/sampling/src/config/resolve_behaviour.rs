//! Hands what sections say by asset to each asset, and doubts what together can hardly be meant.

mod idle_keys;

use std::collections::BTreeMap;

use slashfall_cascade::{NoiseParameters, Parameters, RedemptionParameters};
use slashfall_graph::{Network, Position, Problem};

use self::idle_keys::idle_keys;
use super::names::Book;
use super::node::Node;
use super::spec::{Located, NoiseSpec, RunSpec};
use crate::noise::Noise;

/// Noise of each wrapped asset.
pub(super) fn resolve_noise(spec: &RunSpec, book: &Book<'_, '_>) -> Vec<NoiseSpec> {
    by_asset("noise", &spec.noise, NoiseSpec::ABSENT, book)
}

/// Redemptions of each wrapped asset.
pub(super) fn resolve_redemption(spec: &RunSpec, book: &Book<'_, '_>) -> Vec<RedemptionParameters> {
    by_asset("redemption", &spec.redemption, RedemptionParameters::ABSENT, book)
}

/// Of each wrapped asset its own section, else the default, else none.
fn by_asset<T: Copy>(
    section: &str,
    written: &BTreeMap<String, Located<T>>,
    absent: T,
    book: &Book<'_, '_>,
) -> Vec<T> {
    let network = book.network;
    let names: Vec<&str> =
        network.wrapped_assets().map(|id| network.asset(id).name.as_str()).collect();
    for (name, own) in written.iter().filter(|(name, _)| *name != "default") {
        let named = Located { value: name.clone(), at: own.at.clone() };
        let key = format!("{section}.{name}");
        let is_known = book.is_wrapped(name);
        book.known(&named, &key, "`default` or a wrapped asset", is_known, names.iter().copied());
    }
    let default = written.get("default").map_or(absent, |default| default.value);
    names.iter().map(|name| written.get(*name).map_or(default, |own| own.value)).collect()
}

/// What is drawn of the market's days; none where nothing moves by itself.
pub(super) fn noise_model(network: &Network, noise: &[NoiseSpec]) -> Option<Noise> {
    let base = network.base_assets().filter(|&id| network.asset(id).vol_annual > 0.0);
    let base = base.map(|id| (id.index(), network.asset(id).beta_market));
    let wrapped = noise.iter().enumerate().filter(|(_, noise)| noise.sigma_daily > 0.0);
    let wrapped = wrapped.map(|(index, noise)| (network.n_base() + index, noise.beta_market));
    Noise::new(network, &base.chain(wrapped).collect::<Vec<_>>())
}

/// What a day does to an asset's discount and depth.
pub(super) fn noise_parameters(spec: &NoiseSpec) -> NoiseParameters {
    NoiseParameters {
        sigma_daily: spec.sigma_daily,
        discount_decay: (-spec.kappa).exp(),
        panic_decay: (-spec.panic_kappa).exp(),
        depth_decay: (-spec.depth_kappa).exp(),
    }
}

/// What is not wrong and yet hardly meant.
pub(super) fn hardly_meant(
    parameters: &Parameters,
    root: &Node,
    book: &Book<'_, '_>,
) -> Vec<Problem> {
    let mut doubts = Vec::new();
    doubts.extend(attacks_without_events(parameters, root, book.file));
    doubts.extend(carry_not_counted(book));
    doubts.extend(idle_keys(root, book));
    doubts
}

/// Redemptions shrink the stake behind an AVS. Where ordinary ones alone get it below its slack, it
/// is attacked on a path on which nothing else happens.
fn attacks_without_events(parameters: &Parameters, root: &Node, file: &str) -> Option<Problem> {
    let security = parameters.security;
    let base = parameters.redemption.iter().map(|asset| asset.base).fold(0.0, f64::max);
    let paid_out = 1.0 - (1.0 - base).powf(f64::from(parameters.horizon_days));
    let borne = security.security_slack / (1.0 + security.security_slack);
    if security.attack_prob <= 0.0 || paid_out <= borne {
        return None;
    }
    let key = "security.security_slack";
    let doubt = format!(
        "redemption.base alone pays out up to {:.1} % of an asset by the horizon, and an AVS \
         without a given profit can be attacked once its stake has fallen by {:.1} %: attacks need \
         no event",
        100.0 * paid_out,
        100.0 * borne
    );
    let written = root.get("security").and_then(|section| section.get("security_slack"));
    let doubt = match written {
        Some(node) => node.problem(file, key, doubt),
        None => Problem::new(file, doubt).key(key),
    };
    Some(doubt.value(security.security_slack.to_string()))
}

/// A levered position earns its collateral's yield less what the loan costs, and of a market
/// without a reserve nobody knows what it costs.
fn carry_not_counted(book: &Book<'_, '_>) -> Vec<Problem> {
    let network = book.network;
    if network.assets().iter().all(|asset| asset.yields.total() <= 0.0) {
        return Vec::new();
    }
    let mut doubts = Vec::new();
    for portfolio in network.portfolios() {
        for position in &portfolio.positions {
            let Position::Levered { market, .. } = position else { continue };
            let market = network.market(*market);
            if market.reserve.is_none() {
                let doubt = format!(
                    "{:?} earns no carry on its levered position in {:?}: the market names no \
                     reserve, so what its loans cost is not known",
                    portfolio.name, market.name
                );
                doubts.push(Problem::new("portfolios", doubt));
            }
        }
    }
    doubts
}
