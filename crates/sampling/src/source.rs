//! Sources of risk (section 4 of `docs/model.md`): what can fire, how often, how hard, upon whom.

use slashfall_cascade::{Effect, Hit};
use slashfall_graph::{AssetId, AvsId, GroupId, MemberId, OperatorId, ReserveId};

use crate::keys::StreamKey;
use crate::rate::Rate;
use crate::severity::Severity;

macro_rules! source_kinds {
    ($($variant:ident $name:literal $meaning:literal,)+) => {
        /// Kinds of source.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SourceKind {
            $(#[doc = $meaning] $variant,)+
        }

        impl SourceKind {
            /// All kinds and their names in run files.
            pub const NAMES: &'static [(&'static str, Self)] = &[$(($name, Self::$variant),)+];

            /// Name in run files and tables.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What happens when one fires.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }
    };
}

source_kinds! {
    AvsFault "avs_fault" "An AVS slashes one operator.",
    AvsIncident "avs_incident" "An AVS slashes each of its operators that takes part.",
    OperatorCompromise "operator_compromise" "Every AVS of an operator slashes it; with reach \"all\" unallocated stake is taken too.",
    ValidatorIncident "validator_incident" "A share of an operator's validators is slashed on the beacon chain.",
    GroupIncident "group_incident" "Each member of a group that takes part is hit, on its share.",
    ClientOutage "client_outage" "A client group's validators are offline for a number of epochs.",
    Exploit "exploit" "A fraction of a wrapped asset's backing is stolen.",
    UnbackedMint "unbacked_mint" "A wrapped asset's supply grows with nothing behind it.",
    Depeg "depeg" "A wrapped asset's panic discount jumps and depth leaves its pools.",
    ReserveWithdrawal "reserve_withdrawal" "Suppliers of a lending reserve withdraw, as far as it has cash.",
}

/// What a source names: where it is that something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// An AVS with one of its operators.
    Member(MemberId),
    /// An AVS.
    Avs(AvsId),
    /// An operator.
    Operator(OperatorId),
    /// A group of operators.
    Group(GroupId),
    /// A wrapped asset.
    Asset(AssetId),
    /// A lending reserve.
    Reserve(ReserveId),
}

/// One thing that can fire, at most once a path.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) name: String,
    pub(crate) kind: SourceKind,
    pub(crate) named: Named,
    pub(crate) class: usize,
    pub(crate) key: StreamKey,
    pub(crate) severity_key: StreamKey,
    pub(crate) effect: Effect,
    pub(crate) reach: Vec<Reach>,
}

impl Source {
    /// Name: kind, id where there is one, target.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Kind.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// What it names.
    #[must_use]
    pub fn named(&self) -> Named {
        self.named
    }

    /// What it does.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }
}

/// One of those that a source may hit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) hit: Hit,
    pub(crate) participation_key: StreamKey,
}

/// Sources that share rate, loadings and severity: those of one `[[source]]` entry.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    /// What the entry calls itself; empty where it does not.
    pub(crate) id: String,
    pub(crate) rate: Rate,
    /// Value of the latent variable above which a source of known rate fires within the horizon.
    pub(crate) threshold: Option<f64>,
    /// (factor, loading).
    pub(crate) loadings: Vec<(usize, f64)>,
    /// `sqrt(1 - |a|^2)`.
    pub(crate) residual: f64,
    pub(crate) severity: Severity,
    pub(crate) participation: f64,
    pub(crate) sources: std::ops::Range<usize>,
}
