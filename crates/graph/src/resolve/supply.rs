//! What each asset is worth at day 0: face amount, nav, and how much of it nobody here holds.

use super::assets::{Assets, Entry};
use super::holdings::Held;
use super::report::{Report, cell};
use crate::ids::AssetId;
use crate::network::{Asset, Holder};
use crate::spec::{AssetRow, NetworkSpec, Table};

/// The nav of a wrapped asset that differs from 1 by more than this is worth a warning.
const NAV_TOLERANCE: f64 = 0.01;

/// What one asset is worth.
#[derive(Clone, Copy)]
pub(super) struct Worth {
    /// Infinite where it is not known because of a problem reported elsewhere.
    pub(super) supply_units: f64,
    pub(super) nav_0: f64,
    pub(super) nested_units: f64,
}

impl Worth {
    const BASE: Self = Self { supply_units: 0.0, nav_0: 1.0, nested_units: 0.0 };
    const UNKNOWN: Self = Self { supply_units: f64::INFINITY, nav_0: 1.0, nested_units: 0.0 };
}

/// The worth of each asset, by id.
pub(super) struct Worths(Vec<Worth>);

impl Worths {
    pub(super) fn of(&self, asset: AssetId) -> Worth {
        self.0[asset.index()]
    }

    /// Value in ETH as units of an asset.
    pub(super) fn units(&self, asset: AssetId, amount_eth: f64) -> f64 {
        amount_eth / self.of(asset).nav_0
    }
}

pub(super) fn resolve(
    spec: &NetworkSpec,
    assets: &Assets<'_>,
    held: &Held,
    report: &mut Report,
) -> Worths {
    let mut backing: Vec<f64> = assets.entries.iter().map(buffer).collect();
    for row in &held.rows {
        if let Holder::Wrapped(holder) = row.holder {
            backing[holder.index()] += row.amount_eth;
        }
    }
    let worths = assets.ids().map(|asset| {
        let (entry, backing_eth) = (&assets.entries[asset.index()], backing[asset.index()]);
        let known = held.complete[asset.index()] && (backing_eth > 0.0 || !held.has_strangers);
        match entry.row {
            _ if assets.is_base(asset) => Worth::BASE,
            Some((index, _)) if known => wrapped_worth(&spec.assets, index, backing_eth, report),
            _ => Worth::UNKNOWN,
        }
    });
    let mut worths = Worths(worths.collect());
    for row in &held.rows {
        let units = worths.units(row.asset, row.amount_eth);
        worths.0[row.asset.index()].nested_units += units;
    }
    worths
}

fn buffer(entry: &Entry<'_>) -> f64 {
    entry.row.map_or(0.0, |(_, row)| row.buffer_eth)
}

fn wrapped_worth(
    table: &Table<AssetRow>,
    index: usize,
    backing_eth: f64,
    report: &mut Report,
) -> Worth {
    let row = &table.rows[index];
    let here = cell(table, index, "supply_eth");
    if backing_eth <= 0.0 {
        let expected = "a row of the table holdings with it as holder was expected, or a buffer: \
                        nothing backs this asset";
        report.problem(cell(table, index, "asset").problem(&row.asset, expected));
        return Worth::UNKNOWN;
    }
    let supply_units = row.supply_eth.unwrap_or(backing_eth);
    let nav_0 = backing_eth / supply_units;
    if (nav_0 - 1.0).abs() > NAV_TOLERANCE {
        let expected = format!(
            "what backs {} is {backing_eth} ETH, so that its nav at day 0 is {nav_0:.4}; a \
             difference of at most 1 % was expected",
            row.asset
        );
        report.warn(here.problem(supply_units, expected));
    }
    Worth { supply_units, nav_0, nested_units: 0.0 }
}

/// The assets as the network has them.
pub(super) fn assets(assets: &Assets<'_>, worths: &Worths) -> Vec<Asset> {
    let asset = |id: AssetId| {
        let entry = &assets.entries[id.index()];
        let worth = worths.of(id);
        let number = |of: fn(&AssetRow) -> f64| entry.row.map_or(0.0, |(_, row)| of(row));
        let outside =
            if assets.is_base(id) { 0.0 } else { worth.supply_units - worth.nested_units };
        Asset {
            name: entry.name.to_owned(),
            kind: entry.kind,
            supply_units: worth.supply_units,
            buffer_eth: number(|row| row.buffer_eth),
            cover_eth: number(|row| row.cover_eth),
            redemption_days: number(|row| row.redemption_days),
            vol_annual: number(|row| row.vol_annual),
            beta_market: number(|row| row.beta_market),
            yields: entry.row.map(|(_, row)| row.yields).unwrap_or_default(),
            nav_0: worth.nav_0,
            outside_units: outside.max(0.0),
        }
    };
    assets.ids().map(asset).collect()
}
