//! What a scenario sets for the days of a path, checked before it gets here.

/// The chain under the stake.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BeaconParameters {
    /// All ETH that validates, of which the network is a part.
    pub total_active_eth: f64,
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

/// What a scenario sets for the days of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Days simulated, one step a day.
    pub horizon_days: u32,
    /// The chain.
    pub beacon: BeaconParameters,
    /// Noise by wrapped asset, in the network's order.
    pub noise: Vec<NoiseParameters>,
}
