//! What a scenario sets for the days of a path, checked before it gets here.

/// The chain under the stake.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BeaconParameters {
    /// All ETH that validates, of which the network is a part.
    pub total_active_eth: f64,
    /// Length of the exit queue on day 0, in ETH.
    pub exit_queue_eth: f64,
}

impl BeaconParameters {
    /// What absent keys mean: total active stake about that of 2025 and 2026, nobody waiting.
    pub const ABSENT: Self = Self { total_active_eth: 35_000_000.0, exit_queue_eth: 0.0 };
}

/// Daily noise of one wrapped asset's discount (section 3.5 of `docs/model.md`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseParameters {
    /// Standard deviation a day of the ordinary discount's innovations, a fraction.
    pub sigma_daily: f64,
    /// Share of the ordinary discount that is left a day later, `exp(-kappa)`.
    pub discount_decay: f64,
    /// Share of the panic discount that is left a day later, `exp(-panic_kappa)`.
    pub panic_decay: f64,
    /// Share of the missing depth that is still missing a day later, `exp(-depth_kappa)`.
    pub depth_decay: f64,
}

impl NoiseParameters {
    /// No noise; nothing that has moved comes back.
    pub const ABSENT: Self =
        Self { sigma_daily: 0.0, discount_decay: 1.0, panic_decay: 1.0, depth_decay: 1.0 };
}

/// How holders of one wrapped asset leave (section 6.9 of `docs/model.md`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RedemptionParameters {
    /// Share of the free units that is redeemed a day, net of deposits.
    pub base: f64,
    /// Further share a day for each unit of nav lost since day 0.
    pub on_loss: f64,
    /// Further share a day for each unit of discount beyond `tolerance`.
    pub on_discount: f64,
    /// Further share a day for each unit of yield lost since day 0.
    pub on_yield_drop: f64,
    /// Discount that worries nobody.
    pub tolerance: f64,
    /// Most that is demanded a day, a share.
    pub max: f64,
    /// Wait at which half of those who leave sell instead, in days.
    pub impatience_days: f64,
    /// Annual return at which arbitrage begins.
    pub hurdle: f64,
    /// Most that arbitrage buys a day, in ETH at nav.
    pub arbitrage_eth_per_day: f64,
    /// Discount at which those who leave stop selling.
    pub max_sale_discount: f64,
}

impl RedemptionParameters {
    /// What absent keys mean: nobody leaves, nobody buys.
    pub const ABSENT: Self = Self {
        base: 0.0,
        on_loss: 0.0,
        on_discount: 0.0,
        on_yield_drop: 0.0,
        tolerance: 0.0,
        max: 1.0,
        impatience_days: 20.0,
        hurdle: 0.1,
        arbitrage_eth_per_day: 0.0,
        max_sale_discount: 0.1,
    };
}

/// When AVSs are attacked (section 6.8 of `docs/model.md`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecurityParameters {
    /// Slack that stands in for profits from corruption that nobody has estimated.
    pub security_slack: f64,
    /// Probability of an attack on each day on which one would pay.
    pub attack_prob: f64,
    /// Share of the secured value that an AVS's users lose to an attack.
    pub loss_given_attack: f64,
}

impl SecurityParameters {
    /// What absent keys mean: no attacks.
    pub const ABSENT: Self = Self { security_slack: 0.5, attack_prob: 0.0, loss_given_attack: 1.0 };
}

/// The rounds of a day (section 5 of `docs/model.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CascadeParameters {
    /// False: direct losses only.
    pub enabled: bool,
    /// Rounds after which a day is cut off.
    pub max_rounds: u32,
    /// Rounds of a day in which oracles of market prices are read.
    pub oracle_reads_per_day: u32,
}

impl CascadeParameters {
    /// What absent keys mean.
    pub const ABSENT: Self = Self { enabled: true, max_rounds: 50, oracle_reads_per_day: 1 };
}

/// How suppliers and borrowers of lending reserves behave (section 6.10 of `docs/model.md`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LendingParameters {
    /// Share of the claims withdrawn a day for each unit of them that is bad debt.
    pub run_on_bad_debt: f64,
    /// Most that suppliers withdraw a day, a share of the claims.
    pub run_max: f64,
    /// Share of a loop closed a day for each unit a year that carry is below 0.
    pub unwind_on_carry: f64,
    /// Most that is closed of a loop a day, a share.
    pub unwind_max: f64,
}

impl LendingParameters {
    /// What absent keys mean: suppliers and borrowers sit still.
    pub const ABSENT: Self =
        Self { run_on_bad_debt: 0.0, run_max: 1.0, unwind_on_carry: 0.0, unwind_max: 1.0 };
}

/// Multipliers of the parts of all yields (section 6.11 of `docs/model.md`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YieldParameters {
    /// Of staking rewards.
    pub staking: f64,
    /// Of what AVSs pay.
    pub avs_fees: f64,
    /// Of token incentives.
    pub incentives: f64,
    /// Of campaigns.
    pub campaign: f64,
    /// They hold on days after this one.
    pub from_day: f64,
}

impl YieldParameters {
    /// What absent keys mean: yields stay what they are.
    pub const ABSENT: Self =
        Self { staking: 1.0, avs_fees: 1.0, incentives: 1.0, campaign: 1.0, from_day: 0.0 };
}

/// What a scenario sets for the days of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Days simulated, one step a day.
    pub horizon_days: u32,
    /// The chain.
    pub beacon: BeaconParameters,
    /// Noise by wrapped asset, in the network's order.
    pub noise: Vec<NoiseParameters>,
    /// Redemptions by wrapped asset, in the network's order.
    pub redemption: Vec<RedemptionParameters>,
    /// Attacks.
    pub security: SecurityParameters,
    /// Rounds.
    pub cascade: CascadeParameters,
    /// Lending reserves.
    pub lending: LendingParameters,
    /// Yields.
    pub yields: YieldParameters,
}

impl Parameters {
    /// Nothing set: no noise, no redemptions, no attacks.
    #[must_use]
    pub fn absent(horizon_days: u32, n_wrapped: usize) -> Self {
        let noise = NoiseParameters::ABSENT;
        Self {
            horizon_days,
            beacon: BeaconParameters::ABSENT,
            noise: vec![noise; n_wrapped],
            redemption: vec![RedemptionParameters::ABSENT; n_wrapped],
            security: SecurityParameters::ABSENT,
            cascade: CascadeParameters::ABSENT,
            lending: LendingParameters::ABSENT,
            yields: YieldParameters::ABSENT,
        }
    }
}
