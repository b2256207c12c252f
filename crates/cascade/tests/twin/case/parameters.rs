//! Random scenarios: noise, behaviour, security, lending, and how far a day is played.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use slashfall_cascade::{
    CascadeParameters, LendingParameters, NoiseParameters, RedemptionParameters,
    SecurityParameters, YieldParameters,
};

use super::{AVSS, WRAPPED, amount};

#[derive(Clone, Debug)]
pub(super) struct RawParameters {
    pub(super) noise: Vec<NoiseParameters>,
    pub(super) redemption: Vec<RedemptionParameters>,
    pub(super) security: SecurityParameters,
    pub(super) cascade: CascadeParameters,
    pub(super) lending: LendingParameters,
    pub(super) yields: YieldParameters,
    pub(super) exit_queue_eth: f64,
    pub(super) attack_uniforms: Vec<f64>,
}

pub(super) fn raw_parameters() -> impl Strategy<Value = RawParameters> {
    let n = WRAPPED.len();
    let exit_queue_eth = prop_oneof![Just(0.0), 0.0..2e6];
    (
        (vec(noise(), n), vec(redemption(), n), security(), cascade()),
        (lending(), yields(), exit_queue_eth, vec(0.0..1.0, AVSS.len())),
    )
        .prop_map(
            |(
                (noise, redemption, security, cascade),
                (lending, yields, exit_queue_eth, attack_uniforms),
            )| RawParameters {
                noise,
                redemption,
                security,
                cascade,
                lending,
                yields,
                exit_queue_eth,
                attack_uniforms,
            },
        )
}

fn noise() -> impl Strategy<Value = NoiseParameters> {
    let sigma = prop_oneof![Just(0.0), 0.0..0.05];
    (sigma, 0.5..1.0, 0.3..1.0, 0.5..1.0).prop_map(
        |(sigma_daily, discount_decay, panic_decay, depth_decay)| NoiseParameters {
            sigma_daily,
            discount_decay,
            panic_decay,
            depth_decay,
        },
    )
}

/// What `most` bounds, sometimes nothing.
fn up_to(most: f64) -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 2 => 0.0..most]
}

/// So that, whatever happens, a little of every asset stays: a nav of nothing over nothing is
/// rounding in both programs.
fn redemption() -> impl Strategy<Value = RedemptionParameters> {
    let demand = (up_to(0.03), up_to(2.0), up_to(2.0), up_to(0.2), up_to(0.05), 0.01..0.3);
    let budget = prop_oneof![1 => Just(0.0), 2 => amount()];
    let sale = prop_oneof![1 => Just(0.0), 1 => Just(1.0), 8 => 0.0..0.3];
    (demand, (1.0..40.0, 0.0..1.0, budget, sale)).prop_map(
        |(
            (base, on_loss, on_discount, on_yield_drop, tolerance, max),
            (impatience_days, hurdle, arbitrage_eth_per_day, max_sale_discount),
        )| RedemptionParameters {
            base,
            on_loss,
            on_discount,
            on_yield_drop,
            tolerance,
            max,
            impatience_days,
            hurdle,
            arbitrage_eth_per_day,
            max_sale_discount,
        },
    )
}

fn security() -> impl Strategy<Value = SecurityParameters> {
    let attack_prob = prop_oneof![1 => Just(0.0), 2 => 0.0..1.0, 1 => Just(1.0)];
    (0.01..1.0, attack_prob, 0.0..1.0).prop_map(
        |(security_slack, attack_prob, loss_given_attack)| SecurityParameters {
            security_slack,
            attack_prob,
            loss_given_attack,
        },
    )
}

fn cascade() -> impl Strategy<Value = CascadeParameters> {
    let enabled = prop_oneof![1 => Just(false), 9 => Just(true)];
    let max_rounds = prop_oneof![1 => 1u32..4, 4 => Just(50)];
    (enabled, max_rounds, 1u32..4).prop_map(|(enabled, max_rounds, oracle_reads_per_day)| {
        CascadeParameters { enabled, max_rounds, oracle_reads_per_day }
    })
}

fn lending() -> impl Strategy<Value = LendingParameters> {
    (up_to(3.0), 0.0..1.0, up_to(10.0), 0.0..1.0).prop_map(
        |(run_on_bad_debt, run_max, unwind_on_carry, unwind_max)| LendingParameters {
            run_on_bad_debt,
            run_max,
            unwind_on_carry,
            unwind_max,
        },
    )
}

fn yields() -> impl Strategy<Value = YieldParameters> {
    let factor = || prop_oneof![1 => Just(1.0), 2 => 0.0..1.5];
    let from_day = prop_oneof![0.0..30.0, any::<u8>().prop_map(|day| f64::from(day % 30))];
    (factor(), factor(), factor(), factor(), from_day).prop_map(
        |(staking, avs_fees, incentives, campaign, from_day)| YieldParameters {
            staking,
            avs_fees,
            incentives,
            campaign,
            from_day,
        },
    )
}
