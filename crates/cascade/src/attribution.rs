//! To what each loss is owed. After every hit the holders are marked again; the fall is booked to
//! the channel and the cause of that hit, so that the entries of a path add up to its loss exactly.

use slashfall_graph::{AvsId, OperatorId};

macro_rules! channels {
    ($($variant:ident, $text:literal, $meaning:literal;)+) => {
        /// By what way a loss comes. Every figure of a path splits over them without remainder.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Channel {
            $(#[doc = $meaning] $variant,)+
        }

        impl Channel {
            /// All of them, in order of number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Name in tables.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

channels! {
    AvsSlash, "avs_slash", "An AVS slashed stake because a source said so.";
    AttackSlash, "attack_slash", "An AVS slashed those who attacked it.";
    Beacon, "beacon", "The beacon chain slashed validators.";
    Leak, "leak", "Validators were offline: missed attestations and the inactivity leak.";
    Theft, "theft", "Backing was stolen.";
    Dilution, "dilution", "Units were minted without backing.";
    BasePrice, "base_price", "A base asset fell against ETH.";
    Cover, "cover", "Bonds and insurance paid; a negative loss.";
    BadDebt, "bad_debt", "Loans were left with more debt than collateral.";
    AvsUsers, "avs_users", "Users of an AVS lost what it secured to an attack.";
    Discount, "discount", "The price fell further than the nav; in losses marked at the market only.";
}

impl Channel {
    /// Position in [`Channel::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// To whom a loss is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// The source that fired; none for the market and for what the cascade did.
    pub source: Option<u32>,
    /// The AVS that slashed, or that was attacked.
    pub avs: Option<AvsId>,
    /// The operator at which it happened.
    pub operator: Option<OperatorId>,
}

/// All losses on a path that share channel and cause.
#[derive(Clone, Debug, PartialEq)]
pub struct LossEntry {
    /// By what way.
    pub channel: Channel,
    /// To whom it is owed.
    pub cause: Cause,
    /// Fall of nav or price in ETH a unit, by asset.
    pub nav_fall: Vec<f64>,
    /// Loss in ETH by asset: of those who held units outside when it fell, and bad debt on it.
    pub asset_eth: Vec<f64>,
    /// Loss of direct restakers, in ETH.
    pub direct_eth: f64,
    /// Loss of users of AVSs, in ETH.
    pub users_eth: f64,
}
