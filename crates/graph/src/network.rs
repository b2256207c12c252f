//! The resolved network: dense ids, compressed rows, amounts in units. It cannot be wrong.
//!
//! Only [`crate::resolve`] builds one, so every id in it points at something, the backing graph
//! has no cycle and every fraction is one. All tables are in order of name (assets: base first,
//! then wrapped ones after all that backs them), so the order of rows in files never matters.

use std::ops::Range;

use crate::ids::{
    AllocationId, AssetId, AvsId, ColumnId, EntityId, GroupId, HoldingId, MarketId, MemberId,
    OperatorId, StakeId,
};
use crate::spec::{AssetKind, Sharing, Yields};
use crate::venues::{Market, Pool, Portfolio, Reserve};

/// Whence a network is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkMeta {
    /// Name.
    pub name: String,
    /// The day the amounts are of, `YYYY-MM-DD`.
    pub as_of: String,
    /// Where the figures come from, one line.
    pub source: String,
    /// True where some number had to be made up.
    pub synthetic: bool,
    /// Anything else a reader should know.
    pub notes: String,
}

/// An asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Asset {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: AssetKind,
    /// Units outstanding at day 0 (0 for a base asset).
    pub supply_units: f64,
    /// ETH that is paid out at once; part of the backing.
    pub buffer_eth: f64,
    /// First loss, in ETH; beside the backing.
    pub cover_eth: f64,
    /// Days from request to payment.
    pub redemption_days: f64,
    /// Annual volatility of the price in ETH; base assets only.
    pub vol_annual: f64,
    /// Loading on the market factor, in [-1, 1]; base assets only.
    pub beta_market: f64,
    /// What a unit earns a year at day 0, as fractions of its nav; wrapped assets only.
    pub yields: Yields,
    /// ETH of backing a unit at day 0; 1 for a base asset.
    pub nav_0: f64,
    /// Units owned by nobody inside the network's holdings: supply less what wrapped assets and
    /// direct restakers hold.
    pub outside_units: f64,
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Name.
    pub name: String,
    /// Its company.
    pub entity: EntityId,
}

/// A service.
#[derive(Clone, Debug, PartialEq)]
pub struct Avs {
    /// Name.
    pub name: String,
    /// Unique or shared stake.
    pub sharing: Sharing,
    /// Share of its stake that corrupts it.
    pub attack_threshold: f64,
    /// What corrupting it yields, in ETH.
    pub profit_from_corruption_eth: Option<f64>,
    /// What its users stand to lose, in ETH.
    pub secured_value_eth: f64,
    /// True when slashed stake is handed on.
    pub redistributes: bool,
}

/// Who holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A wrapped asset.
    Wrapped(AssetId),
    /// Restakers without a wrapper.
    Direct,
}

/// One (operator, asset) with restaked stake in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stake {
    /// Where.
    pub operator: OperatorId,
    /// What.
    pub asset: AssetId,
}

/// One (holder, operator, asset).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holding {
    /// Whose.
    pub holder: Holder,
    /// Where; none is idle.
    pub operator: Option<OperatorId>,
    /// What.
    pub asset: AssetId,
    /// How much at day 0, in units of the asset.
    pub units: f64,
    /// The sum it belongs to.
    pub column: ColumnId,
    /// The cell whose magnitude it bears; none when it is idle or not restaked.
    pub stake: Option<StakeId>,
}

impl Holding {
    /// True for ETH at an operator: it bears the operator's beacon factor.
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.operator.is_some() && self.asset == Network::ETH
    }
}

/// One (holder, asset).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Whose.
    pub holder: Holder,
    /// What.
    pub asset: AssetId,
    /// Sum over its holdings at day 0, in units of the asset.
    pub units: f64,
}

/// One (AVS, operator, asset).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allocation {
    /// By whom it may be slashed.
    pub avs: AvsId,
    /// The stake.
    pub stake: StakeId,
    /// Share of the stake, of magnitude 1.
    pub fraction: f64,
}

/// One (AVS, operator) registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The service.
    pub avs: AvsId,
    /// The operator.
    pub operator: OperatorId,
    pub(crate) allocations: Range<usize>,
}

/// A set of operators with a common cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// `entity`, `client`, `cloud`, `region`, `code`, or any other.
    pub kind: String,
    /// Its members in order of name.
    pub members: Vec<GroupMember>,
}

/// One member of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupMember {
    /// Who.
    pub operator: OperatorId,
    /// How much of it is in the group.
    pub share: f64,
}

/// Lists of lists in two arrays: row `i` is `items[starts[i]..starts[i + 1]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Csr<T> {
    starts: Vec<usize>,
    items: Vec<T>,
}

impl<T: Copy> Csr<T> {
    /// Collects `(row, item)` pairs into `n_rows` rows, keeping the order within a row.
    pub(crate) fn new(n_rows: usize, pairs: &[(usize, T)]) -> Self {
        let mut starts = vec![0; n_rows + 1];
        for (row, _) in pairs {
            starts[row + 1] += 1;
        }
        for row in 0..n_rows {
            starts[row + 1] += starts[row];
        }
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by_key(|&i| pairs[i].0);
        Self { starts, items: order.into_iter().map(|i| pairs[i].1).collect() }
    }

    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.items[self.starts[row]..self.starts[row + 1]]
    }
}

/// A network that cannot be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub(crate) meta: NetworkMeta,
    pub(crate) assets: Vec<Asset>,
    pub(crate) n_base: usize,
    pub(crate) operators: Vec<Operator>,
    pub(crate) entities: Vec<String>,
    pub(crate) avss: Vec<Avs>,
    pub(crate) stakes: Vec<Stake>,
    pub(crate) holdings: Vec<Holding>,
    pub(crate) columns: Vec<Column>,
    pub(crate) allocations: Vec<Allocation>,
    pub(crate) members: Vec<Member>,
    pub(crate) groups: Vec<Group>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) markets: Vec<Market>,
    pub(crate) reserves: Vec<Reserve>,
    pub(crate) portfolios: Vec<Portfolio>,
    pub(crate) stake_holdings: Csr<HoldingId>,
    pub(crate) stake_allocations: Csr<AllocationId>,
    pub(crate) operator_stakes: Csr<StakeId>,
    pub(crate) operator_native: Csr<HoldingId>,
    pub(crate) operator_members: Csr<MemberId>,
    pub(crate) avs_members: Csr<MemberId>,
    pub(crate) holder_columns: Csr<ColumnId>,
    pub(crate) holder_holdings: Csr<HoldingId>,
    pub(crate) asset_pools: Csr<usize>,
    pub(crate) asset_markets: Csr<MarketId>,
    pub(crate) reserve_markets: Csr<MarketId>,
}

impl Network {
    /// ETH, the numeraire: always the first asset.
    pub const ETH: AssetId = AssetId::FIRST;

    /// Whence it is.
    #[must_use]
    pub fn meta(&self) -> &NetworkMeta {
        &self.meta
    }

    /// All assets: ETH, the other base assets, then wrapped ones after all that backs them.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// Number of base assets, which come first.
    #[must_use]
    pub fn n_base(&self) -> usize {
        self.n_base
    }

    /// Number of wrapped assets, which come last.
    #[must_use]
    pub fn n_wrapped(&self) -> usize {
        self.assets.len() - self.n_base
    }

    /// Ids of the base assets.
    pub fn base_assets(&self) -> impl Iterator<Item = AssetId> + use<> {
        (0..self.n_base).map(AssetId::new)
    }

    /// Ids of the wrapped assets, each after all that backs it.
    pub fn wrapped_assets(&self) -> impl Iterator<Item = AssetId> + use<> {
        (self.n_base..self.assets.len()).map(AssetId::new)
    }

    /// One asset.
    #[must_use]
    pub fn asset(&self, id: AssetId) -> &Asset {
        &self.assets[id.index()]
    }

    /// Dense number of a holder: wrapped assets from 0 in their order, then `direct`.
    #[must_use]
    pub fn holder_index(&self, holder: Holder) -> usize {
        match holder {
            Holder::Wrapped(asset) => asset.index() - self.n_base,
            Holder::Direct => self.n_wrapped(),
        }
    }

    /// Name of a holder.
    #[must_use]
    pub fn holder_name(&self, holder: Holder) -> &str {
        match holder {
            Holder::Wrapped(asset) => &self.asset(asset).name,
            Holder::Direct => "direct",
        }
    }

    /// All operators.
    #[must_use]
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }

    /// One operator.
    #[must_use]
    pub fn operator(&self, id: OperatorId) -> &Operator {
        &self.operators[id.index()]
    }

    /// Names of all companies.
    #[must_use]
    pub fn entities(&self) -> &[String] {
        &self.entities
    }

    /// All services.
    #[must_use]
    pub fn avss(&self) -> &[Avs] {
        &self.avss
    }

    /// One service.
    #[must_use]
    pub fn avs(&self, id: AvsId) -> &Avs {
        &self.avss[id.index()]
    }

    /// All cells with restaked stake.
    #[must_use]
    pub fn stakes(&self) -> &[Stake] {
        &self.stakes
    }

    /// All holdings.
    #[must_use]
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// One holding.
    #[must_use]
    pub fn holding(&self, id: HoldingId) -> &Holding {
        &self.holdings[id.index()]
    }

    /// All (holder, asset) sums.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// All allocations, in order of AVS, operator, asset.
    #[must_use]
    pub fn allocations(&self) -> &[Allocation] {
        &self.allocations
    }

    /// One allocation.
    #[must_use]
    pub fn allocation(&self, id: AllocationId) -> &Allocation {
        &self.allocations[id.index()]
    }

    /// All (AVS, operator) registrations, in order of AVS, operator.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// One registration.
    #[must_use]
    pub fn member(&self, id: MemberId) -> &Member {
        &self.members[id.index()]
    }

    /// The allocations of a registration, one an asset.
    pub fn member_allocations(&self, id: MemberId) -> impl Iterator<Item = AllocationId> + use<> {
        self.member(id).allocations.clone().map(AllocationId::new)
    }

    /// All groups; those of kind `entity` are there even where no table names them.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// One group.
    #[must_use]
    pub fn group(&self, id: GroupId) -> &Group {
        &self.groups[id.index()]
    }

    /// The holdings that bear a cell's magnitude.
    #[must_use]
    pub fn stake_holdings(&self, id: StakeId) -> &[HoldingId] {
        self.stake_holdings.row(id.index())
    }

    /// The allocations on a cell, in order of AVS.
    #[must_use]
    pub fn stake_allocations(&self, id: StakeId) -> &[AllocationId] {
        self.stake_allocations.row(id.index())
    }

    /// The cells of an operator.
    #[must_use]
    pub fn operator_stakes(&self, id: OperatorId) -> &[StakeId] {
        self.operator_stakes.row(id.index())
    }

    /// The native ETH at an operator, of every holder, restaked or not.
    #[must_use]
    pub fn operator_native(&self, id: OperatorId) -> &[HoldingId] {
        self.operator_native.row(id.index())
    }

    /// The registrations of an operator, in order of AVS.
    #[must_use]
    pub fn operator_members(&self, id: OperatorId) -> &[MemberId] {
        self.operator_members.row(id.index())
    }

    /// The registrations with an AVS, in order of operator.
    #[must_use]
    pub fn avs_members(&self, id: AvsId) -> &[MemberId] {
        self.avs_members.row(id.index())
    }

    /// The (holder, asset) sums that back a holder, in order of asset.
    #[must_use]
    pub fn holder_columns(&self, holder: Holder) -> &[ColumnId] {
        self.holder_columns.row(self.holder_index(holder))
    }

    /// The holdings of a holder.
    #[must_use]
    pub fn holder_holdings(&self, holder: Holder) -> &[HoldingId] {
        self.holder_holdings.row(self.holder_index(holder))
    }

    /// Value of a holding at day 0, in ETH.
    #[must_use]
    pub fn holding_eth(&self, id: HoldingId) -> f64 {
        let holding = self.holding(id);
        holding.units * self.asset(holding.asset).nav_0
    }

    /// Native ETH at all operators at day 0, restaked or not.
    #[must_use]
    pub fn native_eth(&self) -> f64 {
        self.holdings.iter().filter(|holding| holding.is_native()).map(|h| h.units).sum()
    }

    /// Value at day 0 of what is restaked in a cell, in ETH.
    #[must_use]
    pub fn stake_eth(&self, id: StakeId) -> f64 {
        self.stake_holdings(id).iter().map(|&h| self.holding_eth(h)).sum()
    }
}
