//! Small networks for the tests of facts, a line a row.

use std::collections::BTreeMap;

use crate::network::Network;
use crate::spec::{
    AllocationRow, AssetKind, AssetRow, AvsRow, HoldingRow, NetworkSpec, OperatorRow, Sharing,
};

/// A network in the making.
#[derive(Clone, Debug)]
pub(super) struct Fixture(NetworkSpec);

impl Fixture {
    pub(super) fn new() -> Self {
        let mut spec = NetworkSpec::default();
        spec.meta.name = "fixture".to_owned();
        spec.meta.as_of = "2026-11-20".to_owned();
        Self(spec)
    }

    pub(super) fn asset(self, name: &str, kind: AssetKind) -> Self {
        self.asset_with_buffer(name, kind, 0.0)
    }

    pub(super) fn asset_with_buffer(mut self, name: &str, kind: AssetKind, buffer: f64) -> Self {
        self.0.assets.rows.push(AssetRow {
            asset: name.to_owned(),
            kind,
            supply_eth: None,
            buffer_eth: buffer,
            cover_eth: 0.0,
            redemption_days: 0.0,
            vol_annual: 0.0,
            beta_market: 0.0,
        });
        self
    }

    pub(super) fn operator(mut self, name: &str, entity: &str) -> Self {
        self.0.operators.rows.push(OperatorRow {
            operator: name.to_owned(),
            entity: entity.to_owned(),
            attributes: BTreeMap::new(),
        });
        self
    }

    /// An AVS with a threshold of a third.
    pub(super) fn avs(mut self, name: &str, sharing: Sharing, profit_eth: Option<f64>) -> Self {
        self.0.avs.rows.push(AvsRow {
            avs: name.to_owned(),
            sharing,
            attack_threshold: 1.0 / 3.0,
            profit_from_corruption_eth: profit_eth,
            secured_value_eth: 0.0,
            redistributes: false,
        });
        self
    }

    /// A holding, idle where the operator is empty.
    pub(super) fn holding(mut self, holder: &str, operator: &str, asset: &str, eth: f64) -> Self {
        self.0.holdings.rows.push(HoldingRow {
            holder: holder.to_owned(),
            operator: (!operator.is_empty()).then(|| operator.to_owned()),
            asset: asset.to_owned(),
            amount_eth: eth,
        });
        self
    }

    /// An allocation; operator `*` is every operator so far.
    pub(super) fn allocation(mut self, avs: &str, operator: &str, asset: &str, w: f64) -> Self {
        let names: Vec<String> =
            self.0.operators.rows.iter().map(|row| row.operator.clone()).collect();
        for name in names.into_iter().filter(|name| operator == "*" || operator == name) {
            self.0.allocations.rows.push(AllocationRow {
                avs: avs.to_owned(),
                operator: name,
                asset: asset.to_owned(),
                fraction: w,
            });
        }
        self
    }

    pub(super) fn network(self) -> Network {
        crate::resolve(&self.0).unwrap().network
    }
}

/// Asserts that two figures agree to 1e-12 of the larger.
#[track_caller]
pub(super) fn close(found: f64, expected: f64) {
    let tolerance = 1e-12 * expected.abs().max(1.0);
    assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected}");
}
