//! `caps`: how much of each position a treasury may hold.

use crate::schema::{Cell, ColumnSchema, ColumnType, Table, TableSchema, columns};

/// `caps.parquet`.
pub static CAPS: TableSchema = TableSchema {
    name: "caps",
    grain: "scenario x rate x position",
    columns: columns! {
        "scenario" Text "" "scenario whose paths say so";
        "rate" MaybeFloat "events/year" "rate of each source that slashes by an AVS; null where it is that of the run";
        "position" Text "" "name of the asset, pool NAME or loop NAME (of a market)";
        "kind" Text "" "asset, pool or loop";
        "held_eth" Float "eth" "held today; of a loop its equity";
        "cap_eth" Float "eth" "most that keeps every limit when all else is ETH, leaving with as much counted as the policy says";
        "cap_binding" Text "" "what stops it there: most (its own), size (of the treasury), es, loss, liquidity, or the name whose failure would cost too much: entity, avs, protocol or bridge NAME";
        "cap_at_market_eth" Float "eth" "the same if leaving cost no more than the market price says";
        "robust_cap_eth" MaybeFloat "eth" "least of cap_eth over the scenarios; of the scenario asked about alone";
        "proposed_eth" MaybeFloat "eth" "part of the largest expected return within all limits; of the scenario asked about alone";
        "certified_eth" MaybeFloat "eth" "what of it keeps every budget on paths of another seed; of the scenario asked about alone";
        "room_eth" MaybeFloat "eth" "by how much it can grow when what else is held stays; of the scenario asked about alone";
        "expected_return" MaybeFloat "fraction" "expected return to the horizon at market prices, after haircuts; of the scenario asked about alone";
        "expected_return_std_err" MaybeFloat "fraction" "standard error of expected_return";
        "marginal_es" MaybeFloat "eth per eth" "what an ETH more adds to the expected shortfall of what is held, to first order (Euler); null without a budget for it; of the scenario asked about alone";
        "marginal_es_std_err" MaybeFloat "eth per eth" "standard error of marginal_es; null where the sample does not support one";
    },
};

/// What is known of one position under one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct CapRow {
    /// Whose paths say so.
    pub scenario: String,
    /// Events a year of each source by which an AVS slashes; none where it is that of the run.
    pub rate: Option<f64>,
    /// Name of the position.
    pub position: String,
    /// `asset`, `pool` or `loop`.
    pub kind: &'static str,
    /// Held today, in ETH.
    pub held_eth: f64,
    /// Most of it by itself, in ETH.
    pub cap_eth: f64,
    /// What stops it there.
    pub cap_binding: String,
    /// The same if leaving cost nothing beside the market price, in ETH.
    pub cap_at_market_eth: f64,
    /// What the scenario that is asked about says beside it.
    pub asked: Option<Asked>,
}

/// What only the scenario says that a proposal is made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Least of the caps over the scenarios, in ETH.
    pub robust_cap_eth: f64,
    /// Part of the optimum, in ETH.
    pub proposed_eth: f64,
    /// What other paths leave of it, in ETH.
    pub certified_eth: f64,
    /// By how much what is held can grow, in ETH.
    pub room_eth: f64,
    /// To the horizon, a fraction.
    pub expected_return: f64,
    /// Its standard error; none where the sample supports none.
    pub expected_return_std_err: Option<f64>,
    /// What an ETH more adds to the expected shortfall, in ETH; none without a budget for it.
    pub marginal_es: Option<f64>,
    /// Its standard error.
    pub marginal_es_std_err: Option<f64>,
}

/// Adds positions.
pub fn push_caps(table: &mut Table, rows: &[CapRow]) {
    for row in rows {
        let asked = |what: fn(&Asked) -> f64| Cell::Maybe(row.asked.as_ref().map(what));
        table.push([
            Cell::Text(&row.scenario),
            Cell::Maybe(row.rate),
            Cell::Text(&row.position),
            Cell::Text(row.kind),
            Cell::Float(row.held_eth),
            Cell::Float(row.cap_eth),
            Cell::Text(&row.cap_binding),
            Cell::Float(row.cap_at_market_eth),
            asked(|own| own.robust_cap_eth),
            asked(|own| own.proposed_eth),
            asked(|own| own.certified_eth),
            asked(|own| own.room_eth),
            asked(|own| own.expected_return),
            Cell::Maybe(row.asked.and_then(|own| own.expected_return_std_err)),
            Cell::Maybe(row.asked.and_then(|own| own.marginal_es)),
            Cell::Maybe(row.asked.and_then(|own| own.marginal_es_std_err)),
        ]);
    }
}
