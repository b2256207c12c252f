//! What a run file says, as written: names still text, nothing checked against a network.

use std::collections::BTreeMap;

use slashfall_cascade::{
    BeaconParameters, CascadeParameters, LendingParameters, RedemptionParameters,
    SecurityParameters, YieldParameters,
};

use super::node::Node;
use crate::importance::Goal;
use crate::severity::Severity;
use crate::source::SourceKind;

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub at: Node,
}

/// A run file.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSpec {
    /// Name of the run.
    pub name: String,
    /// Folder of the network, relative to the run file.
    pub network: String,
    /// Seed of all streams.
    pub seed: u64,
    /// How many paths.
    pub paths: PathCount,
    /// Days simulated.
    pub horizon_days: u32,
    /// Levels at which tail figures are given, ascending.
    pub levels: Vec<f64>,
    /// Losses whose probability of being passed is given, as shares of what a scope has on day 0, ascending; each in (0, 1].
    pub budgets: Vec<f64>,
    /// How much is written.
    pub detail: Detail,
    /// The worst paths of each scope that are listed, at most this many.
    pub tail_paths: u64,
    /// Paths of the tail of each scope that are run again to split its loss, about; none: as many as cost little beside the run.
    pub split_paths: Option<u64>,
    /// How paths are drawn.
    pub sampling: SamplingSpec,
    /// Copula of the sources.
    pub copula: CopulaSpec,
    /// Names of the systematic factors.
    pub factors: Vec<String>,
    /// Sources in file order.
    pub sources: Vec<SourceSpec>,
    /// Noise by asset; `default` holds for the others.
    pub noise: BTreeMap<String, Located<NoiseSpec>>,
    /// Redemptions by asset; `default` holds for the others.
    pub redemption: BTreeMap<String, Located<RedemptionParameters>>,
    /// The chain.
    pub beacon: BeaconParameters,
    /// Attacks on AVSs.
    pub security: SecurityParameters,
    /// The rounds of a day.
    pub cascade: CascadeParameters,
    /// Suppliers and borrowers of lending reserves.
    pub lending: LendingParameters,
    /// Multipliers of yields.
    pub yields: YieldParameters,
    /// Events of a stress, in file order; a run draws its own.
    pub events: Vec<EventSpec>,
    /// Further scenarios, each a change to this file: those of `[[scenario]]`, then those of
    /// `[sweep]`.
    pub scenarios: Vec<ScenarioSpec>,
    /// Keys that are read and checked, and that a run makes no use of.
    pub not_applied: Vec<String>,
}

/// How many paths.
#[derive(Clone, Debug, PartialEq)]
pub enum PathCount {
    /// This many.
    Fixed(u64),
    /// Until a figure is known well enough.
    Until(StopRule),
}

/// When to stop.
#[derive(Clone, Debug, PartialEq)]
pub struct StopRule {
    /// The figure.
    pub metric: StopMetric,
    /// Whose: `system`, or the name of an asset or portfolio.
    pub scope: Located<String>,
    /// At which level.
    pub level: f64,
    /// Standard error over value at which to stop.
    pub relative_error: f64,
    /// Paths after which to stop all the same.
    pub max_paths: u64,
}

/// A figure that a run may be stopped on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMetric {
    /// Mean loss.
    Mean,
    /// Value at risk.
    ValueAtRisk,
    /// Expected shortfall.
    ExpectedShortfall,
}

/// `[sampling]`: how paths are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingSpec {
    /// From which law.
    pub method: Method,
    /// Whose losses importance sampling aims at: a scope of the system, a wrapped asset by nav, or a
    /// portfolio.
    pub scope: Located<String>,
    /// Which of them; none: those beyond the highest of the run's levels.
    pub goal: Option<Goal>,
    /// Share of paths that importance sampling draws from the model itself.
    pub defensive_share: f64,
}

/// From which law paths are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The model itself.
    Plain,
    /// One under which losses that matter are frequent; paths are weighted.
    Importance,
    /// That, where a pilot finds that it helps, else the model itself.
    Auto,
    /// The model itself, with what all sources share spread evenly.
    Sobol,
}

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Summary and exceedance.
    Summary,
    /// Contributions too.
    Standard,
    /// Every path too.
    Paths,
}

/// A copula as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CopulaSpec {
    /// `gaussian`.
    Gaussian,
    /// `student_t` with its degrees of freedom.
    StudentT(f64),
    /// `independent`.
    Independent,
}

/// A `[[source]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSpec {
    /// Lets two sources of one kind and target coexist.
    pub id: String,
    /// Kind and the keys that it alone has.
    pub kind: KindSpec,
    /// How often.
    pub rate: RateSpec,
    /// How hard; of an outage, how many epochs.
    pub severity: Severity,
    /// Loadings on factors.
    pub loadings: Vec<(Located<String>, f64)>,
    /// The entry, for messages.
    pub(crate) at: Node,
    /// Its severity, for messages.
    pub(crate) severity_at: Node,
}

/// An `[[event]]`: what happens for certain, on a day, in a stress.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSpec {
    /// In which scenario; none: in `base` and in every other.
    pub scenario: Option<String>,
    /// When, in days from the as-of date.
    pub day: f64,
    /// Tells events of one kind and target apart; part of the name.
    pub id: String,
    /// Kind and the keys that it alone has; all take part.
    pub kind: KindSpec,
    /// How hard; of an outage, how many epochs.
    pub severity: f64,
    /// The entry, for messages.
    pub(crate) at: Node,
}

/// A kind of source with its targets and the keys that it alone has.
#[derive(Clone, Debug, PartialEq)]
pub enum KindSpec {
    /// `avs_fault`.
    AvsFault {
        /// AVSs.
        avs: Names,
        /// Operators.
        operator: Names,
    },
    /// `avs_incident`.
    AvsIncident {
        /// AVSs.
        avs: Names,
        /// Probability that an operator is hit.
        participation: f64,
    },
    /// `operator_compromise`.
    OperatorCompromise {
        /// Operators.
        operator: Names,
        /// True when unallocated stake is lost too.
        reach_all: bool,
    },
    /// `validator_incident`.
    ValidatorIncident {
        /// Operators.
        operator: Names,
        /// Part of the stake outside the network that is hit too.
        background: f64,
    },
    /// `group_incident`.
    GroupIncident {
        /// Groups by name, or all of a kind.
        groups: Names,
        /// Their kind, where given.
        group_kind: Option<Located<String>>,
        /// Probability that a member is hit.
        participation: f64,
        /// What happens to a member.
        effect: GroupEffect,
    },
    /// `client_outage`.
    ClientOutage {
        /// Groups by name, or all of a kind.
        groups: Names,
        /// Their kind, where given.
        group_kind: Option<Located<String>>,
        /// Part of the stake outside the network that is offline too; none: the group's share of
        /// the network's native ETH.
        background: Option<f64>,
    },
    /// `exploit`.
    Exploit {
        /// Wrapped assets.
        asset: Names,
        /// Days over which wrapped units in the loot are sold.
        sale_days: u32,
    },
    /// `unbacked_mint`.
    UnbackedMint {
        /// Wrapped assets.
        asset: Names,
        /// Share of the minted units that is pledged for loans.
        pledge_share: f64,
    },
    /// `depeg`.
    Depeg {
        /// Wrapped assets.
        asset: Names,
        /// Share of pool depth that leaves.
        flight: f64,
    },
    /// `reserve_withdrawal`.
    ReserveWithdrawal {
        /// Lending reserves.
        reserve: Names,
    },
}

impl KindSpec {
    /// The kind alone.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::AvsFault { .. } => SourceKind::AvsFault,
            Self::AvsIncident { .. } => SourceKind::AvsIncident,
            Self::OperatorCompromise { .. } => SourceKind::OperatorCompromise,
            Self::ValidatorIncident { .. } => SourceKind::ValidatorIncident,
            Self::GroupIncident { .. } => SourceKind::GroupIncident,
            Self::ClientOutage { .. } => SourceKind::ClientOutage,
            Self::Exploit { .. } => SourceKind::Exploit,
            Self::UnbackedMint { .. } => SourceKind::UnbackedMint,
            Self::Depeg { .. } => SourceKind::Depeg,
            Self::ReserveWithdrawal { .. } => SourceKind::ReserveWithdrawal,
        }
    }
}

/// What a group incident does to a member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GroupEffect {
    /// Every AVS of the member slashes it by severity times share.
    SlashByAvss {
        /// True when unallocated stake is lost too.
        reach_all: bool,
    },
    /// Severity times share of its validators are slashed.
    SlashValidators {
        /// Part of the stake outside the network that is hit too.
        background: f64,
    },
}

/// Which names a target means.
#[derive(Clone, Debug, PartialEq)]
pub enum Names {
    /// `"*"`.
    All,
    /// A name or a list of names.
    Listed(Vec<Located<String>>),
}

/// A rate as written.
#[derive(Clone, Debug, PartialEq)]
pub enum RateSpec {
    /// Events a year.
    Known(f64),
    /// What has been observed.
    Evidence {
        /// Events seen.
        events: f64,
        /// In how many years of exposure.
        exposure_years: f64,
        /// Sources with the same label share the draw.
        label: Option<String>,
        /// Multiplies the drawn rate.
        scale: f64,
    },
}

/// A severity as written is the law itself: it names nothing in a network.
pub type SeveritySpec = Severity;

/// A `[noise.NAME]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseSpec {
    /// Standard deviation a day.
    pub sigma_daily: f64,
    /// Mean reversion a day.
    pub kappa: f64,
    /// Loading on the market.
    pub beta_market: f64,
    /// Decay a day of panic.
    pub panic_kappa: f64,
    /// Return a day of depth.
    pub depth_kappa: f64,
}

impl NoiseSpec {
    /// What absent keys mean.
    pub const ABSENT: Self =
        Self { sigma_daily: 0.0, kappa: 0.2, beta_market: 0.0, panic_kappa: 0.3, depth_kappa: 0.1 };
}

/// A scenario beside `base`: a change to the run file.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioSpec {
    /// Name.
    pub name: String,
    /// What it changes.
    pub(crate) changes: Vec<Change>,
    /// True of one that a sweep makes.
    pub(crate) is_swept: bool,
    /// The entry, for messages.
    pub(crate) at: Node,
}

/// One change that a scenario makes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    /// Dotted key.
    pub(crate) key: String,
    /// To what.
    pub(crate) to: ChangeTo,
    /// Where it is said.
    pub(crate) at: Node,
}

/// What a change makes of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ChangeTo {
    /// This value.
    Set(Node),
    /// So many times what it was.
    Scale(f64),
}
