//! What keys mean that a run file leaves out: every manifest says it, so that no default is silent.

use std::collections::BTreeMap;

use slashfall_cascade::{
    BeaconParameters, CascadeParameters, LendingParameters, RedemptionParameters,
    SecurityParameters, YieldParameters,
};
use slashfall_sampling::config::{NoiseSpec, SamplingSpec};

/// Every key that may be left out, and what it then is.
pub(crate) fn absent_keys() -> BTreeMap<&'static str, f64> {
    let mut keys = BTreeMap::from([
        ("sampling.defensive_share", SamplingSpec::DEFENSIVE_SHARE),
        ("source.participation", 1.0),
        ("source.background of validator_incident and group_incident", 0.0),
        ("source.severity of operator_compromise", 1.0),
        ("source.sale_days", 1.0),
        ("source.pledge_share", 0.0),
        ("source.flight", 0.0),
    ]);
    keys.extend(prices_and_chain());
    keys.extend(holders());
    keys.extend(cascade());
    keys
}

fn prices_and_chain() -> [(&'static str, f64); 7] {
    let (noise, beacon) = (NoiseSpec::ABSENT, BeaconParameters::ABSENT);
    [
        ("noise.sigma_daily", noise.sigma_daily),
        ("noise.kappa", noise.kappa),
        ("noise.beta_market", noise.beta_market),
        ("noise.panic_kappa", noise.panic_kappa),
        ("noise.depth_kappa", noise.depth_kappa),
        ("beacon.total_active_eth", beacon.total_active_eth),
        ("beacon.exit_queue_eth", beacon.exit_queue_eth),
    ]
}

fn holders() -> [(&'static str, f64); 10] {
    let redemption = RedemptionParameters::ABSENT;
    [
        ("redemption.base", redemption.base),
        ("redemption.on_loss", redemption.on_loss),
        ("redemption.on_discount", redemption.on_discount),
        ("redemption.on_yield_drop", redemption.on_yield_drop),
        ("redemption.tolerance", redemption.tolerance),
        ("redemption.max", redemption.max),
        ("redemption.impatience_days", redemption.impatience_days),
        ("redemption.hurdle", redemption.hurdle),
        ("redemption.arbitrage_eth_per_day", redemption.arbitrage_eth_per_day),
        ("redemption.max_sale_discount", redemption.max_sale_discount),
    ]
}

fn cascade() -> [(&'static str, f64); 15] {
    let (security, cascade) = (SecurityParameters::ABSENT, CascadeParameters::ABSENT);
    let (lending, yields) = (LendingParameters::ABSENT, YieldParameters::ABSENT);
    [
        ("security.security_slack", security.security_slack),
        ("security.attack_prob", security.attack_prob),
        ("security.loss_given_attack", security.loss_given_attack),
        ("cascade.enabled", f64::from(cascade.enabled)),
        ("cascade.max_rounds", f64::from(cascade.max_rounds)),
        ("cascade.oracle_reads_per_day", f64::from(cascade.oracle_reads_per_day)),
        ("lending.run_on_bad_debt", lending.run_on_bad_debt),
        ("lending.run_max", lending.run_max),
        ("lending.unwind_on_carry", lending.unwind_on_carry),
        ("lending.unwind_max", lending.unwind_max),
        ("yield.staking", yields.staking),
        ("yield.avs_fees", yields.avs_fees),
        ("yield.incentives", yields.incentives),
        ("yield.campaign", yields.campaign),
        ("yield.from_day", yields.from_day),
    ]
}
