//! Small networks made in memory, a line a row: for tests, benches and examples of every crate.

use std::collections::BTreeMap;

use crate::network::Network;
use crate::problem::Problems;
use crate::spec::{
    AllocationRow, AssetKind, AssetRow, AvsRow, GroupRow, HoldingRow, LoanRow, NetworkSpec,
    OperatorRow, PoolRow, PortfolioItem, PortfolioRow, ReserveRow, Sharing, Yields,
};

/// A network in the making. What a method does not mention is zero, false or absent; the attack
/// threshold is a third.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch(pub NetworkSpec);

impl Default for Sketch {
    fn default() -> Self {
        Self::new()
    }
}

impl Sketch {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let mut spec = NetworkSpec::default();
        spec.meta.name = "sketch".to_owned();
        spec.meta.as_of = "2026-11-20".to_owned();
        Self(spec)
    }

    /// An asset whose supply is what backs it.
    #[must_use]
    pub fn asset(mut self, name: &str, kind: AssetKind) -> Self {
        self.0.assets.rows.push(AssetRow::new(name, kind));
        self
    }

    /// Changes the asset added last.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut AssetRow)) -> Self {
        if let Some(row) = self.0.assets.rows.last_mut() {
            change(row);
        }
        self
    }

    /// What the asset added last earns a year.
    #[must_use]
    pub fn yields(self, yields: Yields) -> Self {
        self.with(|row| row.yields = yields)
    }

    /// An operator and its company.
    #[must_use]
    pub fn operator(mut self, name: &str, entity: &str) -> Self {
        self.0.operators.rows.push(OperatorRow {
            operator: name.to_owned(),
            entity: entity.to_owned(),
            attributes: BTreeMap::new(),
        });
        self
    }

    /// A service.
    #[must_use]
    pub fn avs(mut self, name: &str, sharing: Sharing) -> Self {
        self.0.avs.rows.push(AvsRow {
            avs: name.to_owned(),
            sharing,
            attack_threshold: 1.0 / 3.0,
            profit_from_corruption_eth: None,
            secured_value_eth: 0.0,
            redistributes: false,
        });
        self
    }

    /// Changes the service added last.
    #[must_use]
    pub fn with_avs(mut self, change: impl FnOnce(&mut AvsRow)) -> Self {
        if let Some(row) = self.0.avs.rows.last_mut() {
            change(row);
        }
        self
    }

    /// A holding, idle where the operator is empty.
    #[must_use]
    pub fn holding(mut self, holder: &str, operator: &str, asset: &str, eth: f64) -> Self {
        self.0.holdings.rows.push(HoldingRow {
            holder: holder.to_owned(),
            operator: (!operator.is_empty()).then(|| operator.to_owned()),
            asset: asset.to_owned(),
            amount_eth: eth,
        });
        self
    }

    /// An allocation; operator `*` is every operator so far.
    #[must_use]
    pub fn allocation(mut self, avs: &str, operator: &str, asset: &str, fraction: f64) -> Self {
        let all = self.0.operators.rows.iter().map(|row| row.operator.clone());
        let named: Vec<String> = all.filter(|name| operator == "*" || operator == name).collect();
        self.0.allocations.rows.extend(named.into_iter().map(|operator| AllocationRow {
            avs: avs.to_owned(),
            operator,
            asset: asset.to_owned(),
            fraction,
        }));
        self
    }

    /// A member of a group.
    #[must_use]
    pub fn group(mut self, group: &str, kind: &str, operator: &str, share: f64) -> Self {
        self.0.groups.rows.push(GroupRow {
            group: group.to_owned(),
            kind: kind.to_owned(),
            operator: operator.to_owned(),
            share,
        });
        self
    }

    /// A pool: see [`PoolRow::stableswap`] and [`PoolRow::constant_product`].
    #[must_use]
    pub fn pool(mut self, row: PoolRow) -> Self {
        self.0.pools.rows.push(row);
        self
    }

    /// A loan: see [`LoanRow::new`]; loans of one market must have the same terms.
    #[must_use]
    pub fn loan(mut self, row: LoanRow) -> Self {
        self.0.loans.rows.push(row);
        self
    }

    /// A reserve: see [`ReserveRow::new`]; loans name it.
    #[must_use]
    pub fn reserve(mut self, row: ReserveRow) -> Self {
        self.0.reserves.rows.push(row);
        self
    }

    /// A position of a portfolio.
    #[must_use]
    pub fn portfolio(mut self, portfolio: &str, asset: &str, amount_eth: f64) -> Self {
        self.0.portfolios.rows.push(PortfolioRow {
            portfolio: portfolio.to_owned(),
            holds: PortfolioItem::Asset(asset.to_owned()),
            amount_eth,
        });
        self
    }

    /// A levered position of a portfolio, by the value of its collateral.
    #[must_use]
    pub fn levered(mut self, portfolio: &str, market: &str, amount_eth: f64) -> Self {
        self.0.portfolios.rows.push(PortfolioRow {
            portfolio: portfolio.to_owned(),
            holds: PortfolioItem::Market(market.to_owned()),
            amount_eth,
        });
        self
    }

    /// The network.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn network(&self) -> Result<Network, Problems> {
        crate::resolve(&self.0).map(|resolved| resolved.network)
    }
}
