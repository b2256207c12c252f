//! Dense ids, one type a kind of thing, so that an operator's number never indexes a table of AVSs.

macro_rules! dense_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The first of its table.
            pub const FIRST: Self = Self(0);

            /// The id of the `index`-th element of its table.
            #[must_use]
            pub fn new(index: usize) -> Self {
                Self(u32::try_from(index).expect("a network has fewer than 2^32 rows a table"))
            }

            /// Position in its table, from 0.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

dense_id!(
    /// An asset; base assets first, then wrapped ones after all that backs them.
    AssetId,
    /// An operator (one address or brand of a company), in order of its name.
    OperatorId,
    /// A company, the unit of common cause, in order of its name.
    EntityId,
    /// A service that slashes, in order of its name.
    AvsId,
    /// One (operator, asset) whose stake is restaked: the cell that has a magnitude.
    StakeId,
    /// One (holder, operator, asset) row.
    HoldingId,
    /// One (holder, asset) pair: the sum of its holdings is what enters the holder's backing.
    ColumnId,
    /// One (AVS, operator, asset), wildcards expanded.
    AllocationId,
    /// One (AVS, operator) registration: its allocations over all assets.
    MemberId,
    /// A set of operators with a common cause.
    GroupId,
    /// A lending market.
    MarketId,
    /// A lending reserve, in order of its name.
    ReserveId,
    /// A named portfolio.
    PortfolioId,
);
