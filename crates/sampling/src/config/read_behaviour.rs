//! Reads the sections that say how the market, holders, attackers, lenders and yields behave.

use std::collections::BTreeMap;

use slashfall_cascade::{
    BeaconParameters, CascadeParameters, LendingParameters, RedemptionParameters,
    SecurityParameters, YieldParameters,
};

use super::section::{Range, Section};
use super::spec::{Located, NoiseSpec};

/// More rounds a day than any cascade needs: a number beyond is a mistake.
const MAX_ROUNDS: i64 = 10_000;

/// `[noise.NAME]`.
pub(super) fn read_noise(root: &Section<'_, '_>) -> BTreeMap<String, Located<NoiseSpec>> {
    by_asset(root.section("noise"), NoiseSpec::ABSENT, |section, default| NoiseSpec {
        sigma_daily: section.number_or("sigma_daily", Range::NonNegative, default.sigma_daily),
        kappa: section.number_or("kappa", Range::NonNegative, default.kappa),
        beta_market: section.number_or("beta_market", Range::Correlation, default.beta_market),
        panic_kappa: section.number_or("panic_kappa", Range::NonNegative, default.panic_kappa),
        depth_kappa: section.number_or("depth_kappa", Range::NonNegative, default.depth_kappa),
    })
}

/// `[redemption.NAME]`.
pub(super) fn read_redemption(
    root: &Section<'_, '_>,
) -> BTreeMap<String, Located<RedemptionParameters>> {
    use Range::{BelowOne, Fraction, NonNegative, Positive};
    let absent = RedemptionParameters::ABSENT;
    by_asset(root.section("redemption"), absent, |section, default| RedemptionParameters {
        base: section.number_or("base", Fraction, default.base),
        on_loss: section.number_or("on_loss", NonNegative, default.on_loss),
        on_discount: section.number_or("on_discount", NonNegative, default.on_discount),
        on_yield_drop: section.number_or("on_yield_drop", NonNegative, default.on_yield_drop),
        tolerance: section.number_or("tolerance", Fraction, default.tolerance),
        max: section.number_or("max", Fraction, default.max),
        impatience_days: section.number_or("impatience_days", Positive, default.impatience_days),
        hurdle: section.number_or("hurdle", NonNegative, default.hurdle),
        arbitrage_eth_per_day: section.number_or(
            "arbitrage_eth_per_day",
            NonNegative,
            default.arbitrage_eth_per_day,
        ),
        // At 1 a sale would never stop: no price is 1 below nav.
        max_sale_discount: section.number_or(
            "max_sale_discount",
            BelowOne,
            default.max_sale_discount,
        ),
    })
}

/// Sections by asset; `read` is given what stands for the keys that a section leaves out.
fn by_asset<T: Copy>(
    sections: Option<Section<'_, '_>>,
    absent: T,
    read: impl Fn(&Section<'_, '_>, T) -> T,
) -> BTreeMap<String, Located<T>> {
    let Some(sections) = sections else { return BTreeMap::new() };
    let mut default = absent;
    let mut all = BTreeMap::new();
    // `default` first: what an asset's own section leaves out is taken from it.
    let (defaults, others): (Vec<_>, Vec<_>) =
        sections.entries().partition(|(name, _)| *name == "default");
    for (name, node) in defaults.into_iter().chain(others) {
        let Some(section) = Section::new(sections.reading(), &sections.path(name), node) else {
            continue;
        };
        let value = read(&section, default);
        section.finish();
        if name == "default" {
            default = value;
        }
        all.insert(name.to_owned(), Located { value, at: node.clone() });
    }
    all
}

/// A section, or what its absence means; a key that `read` does not ask for is a problem.
pub fn section_or<T>(
    root: &Section<'_, '_>,
    key: &'static str,
    absent: T,
    read: impl FnOnce(&Section<'_, '_>) -> T,
) -> T {
    let Some(section) = root.section(key) else { return absent };
    let value = read(&section);
    section.finish();
    value
}

/// `[beacon]`.
pub(super) fn read_beacon(root: &Section<'_, '_>) -> BeaconParameters {
    let absent = BeaconParameters::ABSENT;
    section_or(root, "beacon", absent, |section| BeaconParameters {
        total_active_eth: section.number_or(
            "total_active_eth",
            Range::Positive,
            absent.total_active_eth,
        ),
        exit_queue_eth: section.number_or(
            "exit_queue_eth",
            Range::NonNegative,
            absent.exit_queue_eth,
        ),
    })
}

/// `[security]`.
pub(super) fn read_security(root: &Section<'_, '_>) -> SecurityParameters {
    let absent = SecurityParameters::ABSENT;
    section_or(root, "security", absent, |section| SecurityParameters {
        security_slack: section.number_or(
            "security_slack",
            Range::NonNegative,
            absent.security_slack,
        ),
        attack_prob: section.number_or("attack_prob", Range::Fraction, absent.attack_prob),
        loss_given_attack: section.number_or(
            "loss_given_attack",
            Range::Fraction,
            absent.loss_given_attack,
        ),
    })
}

/// `[cascade]`.
pub(super) fn read_cascade(root: &Section<'_, '_>) -> CascadeParameters {
    let absent = CascadeParameters::ABSENT;
    section_or(root, "cascade", absent, |section| {
        let rounds = |key, absent| {
            let number = section.integer(key, 1, MAX_ROUNDS);
            number.and_then(|n| u32::try_from(n).ok()).unwrap_or(absent)
        };
        CascadeParameters {
            enabled: section.boolean("enabled").unwrap_or(absent.enabled),
            max_rounds: rounds("max_rounds", absent.max_rounds),
            oracle_reads_per_day: rounds("oracle_reads_per_day", absent.oracle_reads_per_day),
        }
    })
}

/// `[lending]`.
pub(super) fn read_lending(root: &Section<'_, '_>) -> LendingParameters {
    use Range::{Fraction, NonNegative};
    let absent = LendingParameters::ABSENT;
    section_or(root, "lending", absent, |section| LendingParameters {
        run_on_bad_debt: section.number_or("run_on_bad_debt", NonNegative, absent.run_on_bad_debt),
        run_max: section.number_or("run_max", Fraction, absent.run_max),
        unwind_on_carry: section.number_or("unwind_on_carry", NonNegative, absent.unwind_on_carry),
        unwind_max: section.number_or("unwind_max", Fraction, absent.unwind_max),
    })
}

/// `[yield]`.
pub(super) fn read_yields(root: &Section<'_, '_>) -> YieldParameters {
    use Range::NonNegative;
    let absent = YieldParameters::ABSENT;
    section_or(root, "yield", absent, |section| YieldParameters {
        staking: section.number_or("staking", NonNegative, absent.staking),
        avs_fees: section.number_or("avs_fees", NonNegative, absent.avs_fees),
        incentives: section.number_or("incentives", NonNegative, absent.incentives),
        campaign: section.number_or("campaign", NonNegative, absent.campaign),
        from_day: section.number_or("from_day", NonNegative, absent.from_day),
    })
}
