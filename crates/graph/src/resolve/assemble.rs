//! Puts checked tables together into a network and makes the lists that say what touches what.

use std::collections::BTreeMap;
use std::ops::Range;

use super::holdings::HeldRow;
use crate::ids::{
    AllocationId, AssetId, AvsId, ColumnId, HoldingId, MarketId, MemberId, OperatorId, StakeId,
};
use crate::network::{
    Allocation, Asset, Avs, Column, Csr, Group, Holder, Holding, Member, Network, NetworkMeta,
    Operator, Stake,
};
use crate::venues::{Market, Pool, Portfolio, Reserve};

/// All tables after the checks; each in its order.
pub(super) struct Parts {
    pub(super) meta: NetworkMeta,
    pub(super) n_base: usize,
    pub(super) assets: Vec<Asset>,
    pub(super) entities: Vec<String>,
    pub(super) operators: Vec<Operator>,
    pub(super) avss: Vec<Avs>,
    pub(super) stakes: Vec<Stake>,
    pub(super) held: Vec<HeldRow>,
    pub(super) allocations: Vec<Allocation>,
    pub(super) groups: Vec<Group>,
    pub(super) pools: Vec<Pool>,
    pub(super) markets: Vec<Market>,
    pub(super) reserves: Vec<Reserve>,
    pub(super) portfolios: Vec<Portfolio>,
}

impl Parts {
    /// The holdings that are restaked, and the cell of each.
    pub(super) fn restaked(&self) -> impl Iterator<Item = (&HeldRow, StakeId)> {
        self.held.iter().filter_map(|row| Some((row, self.stake_of(row)?)))
    }

    /// The cell whose magnitude a holding bears.
    fn stake_of(&self, row: &HeldRow) -> Option<StakeId> {
        let key = (row.operator?, row.asset);
        let found = self.stakes.binary_search_by_key(&key, |s| (s.operator, s.asset)).ok();
        found.filter(|_| row.restaked).map(StakeId::new)
    }

    fn holder_index(&self, holder: Holder) -> usize {
        match holder {
            Holder::Wrapped(asset) => asset.index() - self.n_base,
            Holder::Direct => self.assets.len() - self.n_base,
        }
    }
}

/// Builds the network; `parts` are without fault.
pub(super) fn assemble(parts: Parts) -> Network {
    let (holdings, columns) = holdings(&parts);
    let members = members(&parts);
    let n_holders = parts.assets.len() - parts.n_base + 1;
    let (n_stakes, n_operators) = (parts.stakes.len(), parts.operators.len());
    let list = |of: &dyn Fn(&Holding) -> Option<usize>, n_rows: usize| {
        let pairs = holdings.iter().enumerate();
        let pairs = pairs.filter_map(|(id, held)| Some((of(held)?, HoldingId::new(id))));
        Csr::new(n_rows, &pairs.collect::<Vec<_>>())
    };
    let native = |held: &Holding| held.operator.filter(|_| held.is_native());
    Network {
        stake_holdings: list(&|held| held.stake.map(StakeId::index), n_stakes),
        operator_native: list(&|held| native(held).map(OperatorId::index), n_operators),
        holder_holdings: list(&|held| Some(parts.holder_index(held.holder)), n_holders),
        holder_columns: rows(n_holders, &columns, ColumnId::new, |column| {
            parts.holder_index(column.holder)
        }),
        stake_allocations: rows(n_stakes, &parts.allocations, AllocationId::new, |allocation| {
            allocation.stake.index()
        }),
        operator_stakes: rows(n_operators, &parts.stakes, StakeId::new, |stake| {
            stake.operator.index()
        }),
        operator_members: rows(n_operators, &members, MemberId::new, |member| {
            member.operator.index()
        }),
        asset_pools: rows(parts.assets.len(), &parts.pools, |id| id, |pool| pool.asset.index()),
        asset_markets: rows(parts.assets.len(), &parts.markets, MarketId::new, |market| {
            market.collateral.index()
        }),
        reserve_markets: reserve_markets(&parts),
        avs_members: rows(parts.avss.len(), &members, MemberId::new, |member| member.avs.index()),
        meta: parts.meta,
        assets: parts.assets,
        n_base: parts.n_base,
        operators: parts.operators,
        entities: parts.entities,
        avss: parts.avss,
        stakes: parts.stakes,
        holdings,
        columns,
        allocations: parts.allocations,
        members,
        groups: parts.groups,
        pools: parts.pools,
        markets: parts.markets,
        reserves: parts.reserves,
        portfolios: parts.portfolios,
    }
}

/// Lists the ids of `items` by the row each belongs to.
fn rows<T, I: Copy>(
    n_rows: usize,
    items: &[T],
    id: fn(usize) -> I,
    row: impl Fn(&T) -> usize,
) -> Csr<I> {
    let pairs = items.iter().enumerate().map(|(index, item)| (row(item), id(index)));
    Csr::new(n_rows, &pairs.collect::<Vec<_>>())
}

/// The markets that each reserve lends to; not every market has a reserve.
fn reserve_markets(parts: &Parts) -> Csr<MarketId> {
    let markets = parts.markets.iter().enumerate();
    let pairs =
        markets.filter_map(|(id, market)| Some((market.reserve?.index(), MarketId::new(id))));
    Csr::new(parts.reserves.len(), &pairs.collect::<Vec<_>>())
}

/// Holdings in units, and their sums by (holder, asset).
fn holdings(parts: &Parts) -> (Vec<Holding>, Vec<Column>) {
    let units = |row: &HeldRow| row.amount_eth / parts.assets[row.asset.index()].nav_0;
    let mut sums: BTreeMap<(Holder, AssetId), f64> = BTreeMap::new();
    for row in &parts.held {
        *sums.entry((row.holder, row.asset)).or_insert(0.0) += units(row);
    }
    let keys: Vec<(Holder, AssetId)> = sums.keys().copied().collect();
    let holdings = parts.held.iter().map(|row| {
        let column = keys.partition_point(|&key| key < (row.holder, row.asset));
        Holding {
            holder: row.holder,
            operator: row.operator,
            asset: row.asset,
            units: units(row),
            column: ColumnId::new(column),
            stake: parts.stake_of(row),
        }
    });
    let columns =
        sums.iter().map(|(&(holder, asset), &units)| Column { holder, asset, units }).collect();
    (holdings.collect(), columns)
}

/// Runs of allocations of one AVS on one operator.
fn members(parts: &Parts) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for (index, allocation) in parts.allocations.iter().enumerate() {
        let operator = parts.stakes[allocation.stake.index()].operator;
        match members.last_mut() {
            Some(last) if (last.avs, last.operator) == (allocation.avs, operator) => {
                last.allocations.end = index + 1;
            }
            _ => members.push(new_member(allocation.avs, operator, index..index + 1)),
        }
    }
    members
}

fn new_member(avs: AvsId, operator: OperatorId, allocations: Range<usize>) -> Member {
    Member { avs, operator, allocations }
}
