//! What a treasury holds, what it considers holding and how much risk it bears, as it says so in a
//! policy file: limits are chosen by people, and nothing here makes one up.

mod read;
mod resolve;

use slashfall_output::measures::Level;
use slashfall_sampling::config::Located;

pub use resolve::{Candidate, CandidateKind};

/// How far an amount may exceed its bound by rounding, as a share of the bound.
const ROUNDING: f64 = 1e-9;

/// A policy file as written: names are text, nothing is checked against a network. Amounts are in
/// ETH; shares are fractions of the treasury, so 0.05 is 5 %.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Name of the treasury; not empty.
    pub name: String,
    /// All that the treasury has, in ETH, above 0. What is in no position is ETH.
    pub size_eth: f64,
    /// Budget of the expected shortfall; there is this one, the other or both.
    pub es: Option<ShortfallBudget>,
    /// Budget of the probability of a large loss.
    pub loss: Option<LossBudget>,
    /// What of a figure with an error has to keep a budget.
    pub bound: Bound,
    /// Most that the failure of a single party may cost.
    pub look_through: LookThroughLimits,
    /// What has to be at hand soon; none: nothing.
    pub liquidity: Option<Liquidity>,
    /// How positions are left at the horizon.
    pub exit: Exit,
    /// What of yields is not counted.
    pub haircut: Haircut,
    /// What is held and considered, in file order: at least one, and no two of one place. Neither
    /// what is held nor what must be sums to more than `size_eth`, but for rounding.
    pub positions: Vec<PositionSpec>,
}

/// The expected shortfall over the horizon is at most a share of the treasury.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShortfallBudget {
    /// Of the worst `1 - level` of all paths, in (0, 1).
    pub level: Level,
    /// At most this share of the treasury, in (0, 1].
    pub share: f64,
}

/// The probability of losing more than a share of the treasury over the horizon is limited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossBudget {
    /// Losses of more than this share of the treasury, in [0, 1).
    pub above: f64,
    /// Have at most this probability, in (0, 1).
    pub probability: f64,
}

/// What of a figure with an error has to keep a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound {
    /// The upper limit of its 95 % confidence interval.
    #[default]
    Upper,
    /// The estimate itself.
    Point,
}

/// Most that may be lost if the worst single party of a kind fails, so that what depends on it is
/// worth nothing: shares of the treasury in (0, 1]; none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LookThroughLimits {
    /// A company that runs operators.
    pub entity: Option<f64>,
    /// A service that slashes.
    pub avs: Option<f64>,
    /// The issuer of a wrapped asset, a pool or a lending market.
    pub protocol: Option<f64>,
    /// A bridged asset.
    pub bridge: Option<f64>,
}

/// A share of the treasury, ETH counted, can be had in time and at a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Liquidity {
    /// This share of the treasury, in [0, 1].
    pub share: f64,
    /// Within so many days, at least 0.
    pub days: f64,
    /// At most this much below nav, a fraction in [0, 1).
    pub discount: f64,
    /// On at least this share of paths, in (0, 1).
    pub probability: f64,
}

/// How positions are left at the horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exit {
    /// Redemptions that take at most so many days are ways out, at least 0; at 0 all is sold into
    /// pools.
    pub days: f64,
    /// True where budgets bear what it costs to leave at the horizon, with the own size.
    pub is_counted: bool,
}

impl Default for Exit {
    /// Everything is sold at once, and budgets bear what that costs.
    fn default() -> Self {
        Self { days: 0.0, is_counted: true }
    }
}

/// Share of each kind of income that is not counted, in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Haircut {
    /// Of rewards of validators.
    pub staking: f64,
    /// Of fees: of AVSs for the stake behind them, and of traders in a pool.
    pub fees: f64,
    /// Of programmatic incentives.
    pub incentives: f64,
    /// Of points and other campaigns.
    pub campaign: f64,
    /// Of what prices that stand below nav on day 0 are expected to regain: it comes once, and is an income to nobody who stays. Of
    /// the expected return alone; what they are expected to fall by counts in full.
    pub recovery: f64,
}

impl Default for Haircut {
    /// What is paid in ETH is counted in full, incentives by half, points and recoveries of prices not at all.
    fn default() -> Self {
        Self { staking: 0.0, fees: 0.0, incentives: 0.5, campaign: 1.0, recovery: 1.0 }
    }
}

/// A `[[position]]` as written.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionSpec {
    /// What is held, or would be.
    pub place: What,
    /// Held today, in ETH, at least 0; of a loop its equity.
    pub amount_eth: f64,
    /// To be held at least, in ETH, at least 0.
    pub min_eth: f64,
    /// To be held at most, in ETH, at least `min_eth`.
    pub max_eth: f64,
    /// What it earns beside what its asset earns.
    pub yields: ExtraYields,
}

/// What a position is in, by name.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A wrapped asset that is held.
    Asset(Located<String>),
    /// A pool whose shares are held.
    Pool(Located<String>),
    /// A lending market in which a levered loop is held.
    Market(Located<String>),
}

impl What {
    /// The key that says it: `asset`, `pool` or `market`.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Asset(_) => "asset",
            Self::Pool(_) => "pool",
            Self::Market(_) => "market",
        }
    }

    /// The name, and where it is written.
    #[must_use]
    pub fn name(&self) -> &Located<String> {
        match self {
            Self::Asset(name) | Self::Pool(name) | Self::Market(name) => name,
        }
    }
}

/// What a position earns beside what its asset earns, by whence it comes: fractions of its amount a
/// year in [0, 10], so 0.03 is 3 %.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExtraYields {
    /// Rewards of validators.
    pub staking: f64,
    /// Fees, such as those that traders pay to a pool.
    pub fees: f64,
    /// Programmatic incentives.
    pub incentives: f64,
    /// Points and other campaigns.
    pub campaign: f64,
}
