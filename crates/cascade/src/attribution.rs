//! To what each loss is owed. After every hit the holders are marked again; the fall is booked to
//! the channel and the cause of that hit, so that the entries of a path add up to its loss exactly.

use slashfall_graph::{AvsId, OperatorId};

/// By what way a loss comes. Every figure of a path splits over them without remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// An AVS slashed stake because a source said so.
    AvsSlash,
    /// The beacon chain slashed validators.
    Beacon,
    /// Validators were offline: missed attestations and the inactivity leak.
    Leak,
    /// Backing was stolen.
    Theft,
    /// Units were minted without backing.
    Dilution,
    /// A base asset fell against ETH.
    BasePrice,
    /// Bonds and insurance paid; a negative loss.
    Cover,
    /// The price fell further than the nav; in losses marked at the market only.
    Discount,
}

impl Channel {
    /// All of them, in order of number.
    pub const ALL: [Self; 8] = [
        Self::AvsSlash,
        Self::Beacon,
        Self::Leak,
        Self::Theft,
        Self::Dilution,
        Self::BasePrice,
        Self::Cover,
        Self::Discount,
    ];

    /// Name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AvsSlash => "avs_slash",
            Self::Beacon => "beacon",
            Self::Leak => "leak",
            Self::Theft => "theft",
            Self::Dilution => "dilution",
            Self::BasePrice => "base_price",
            Self::Cover => "cover",
            Self::Discount => "discount",
        }
    }

    /// Position in [`Channel::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// To whom a loss is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// The source that fired; none for the market.
    pub source: Option<u32>,
    /// The AVS that slashed.
    pub avs: Option<AvsId>,
    /// The operator at which it happened.
    pub operator: Option<OperatorId>,
}

/// All falls of the holders' value on a path that share channel and cause.
#[derive(Clone, Debug, PartialEq)]
pub struct LossEntry {
    /// By what way.
    pub channel: Channel,
    /// To whom it is owed.
    pub cause: Cause,
    /// Fall of nav or price in ETH a unit, by asset.
    pub nav_fall: Vec<f64>,
    /// Loss of direct restakers, in ETH.
    pub direct_eth: f64,
}
