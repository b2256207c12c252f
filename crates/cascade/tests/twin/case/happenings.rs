//! Random events: what happens, when, how hard, and to whom.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use slashfall_graph::spec::{AssetKind, NetworkSpec};

use super::{Happening, Hits, OPERATORS, What, share};

/// A severity of 1 is so many epochs: more than a validator can leak before it is ejected.
const EPOCHS: f64 = 6_000.0;

#[derive(Clone, Debug)]
pub(super) struct RawEvent {
    kind: usize,
    which: usize,
    time: f64,
    /// Times on a grid: several events at once, or as far apart as a correlation penalty reaches.
    steps_a_day: Option<f64>,
    severity: f64,
    shares: Vec<Option<f64>>,
    flag: bool,
    background: f64,
    sale_days: u32,
    pledge_share: f64,
    flight: f64,
}

pub(super) fn raw_event() -> impl Strategy<Value = RawEvent> {
    let severity = prop_oneof![1 => Just(0.0), 1 => Just(1.0), 5 => 0.0..1.0, 5 => 0.0..0.1];
    let background = prop_oneof![Just(0.0), 0.0..0.6];
    let grid = prop_oneof![Just(None), Just(Some(4.0)), Just(Some(1.0 / 9.0))];
    // Not 1: the price in a pool without depth hangs on whether rounding left anything sold.
    let flight = prop_oneof![1 => Just(0.0), 6 => 0.0..0.9];
    let pledge_share = prop_oneof![1 => Just(0.0), 1 => Just(1.0), 3 => 0.0..1.0];
    (
        (0usize..8, 0usize..60, 1e-3..1.0, grid, severity),
        (vec(weighted(0.6, share()), OPERATORS.len()), any::<bool>(), background),
        (1u32..9, pledge_share, flight),
    )
        .prop_map(
            |(
                (kind, which, time, steps_a_day, severity),
                (shares, flag, background),
                (sale_days, pledge_share, flight),
            )| RawEvent {
                kind,
                which,
                time,
                steps_a_day,
                severity,
                shares,
                flag,
                background,
                sale_days,
                pledge_share,
                flight,
            },
        )
}

impl RawEvent {
    /// None where the network has nothing that it could hit.
    pub(super) fn happening(&self, spec: &NetworkSpec, horizon_days: u32) -> Option<Happening> {
        let horizon = f64::from(horizon_days);
        let time = self.time * horizon;
        let tau_days = self.steps_a_day.map_or(time, |n| ((time * n).ceil() / n).min(horizon));
        let hits = spec.operators.rows.iter().zip(&self.shares);
        let hits: Hits =
            hits.filter_map(|(row, share)| Some((row.operator.clone(), (*share)?))).collect();
        let wrapped = spec.assets.rows.iter().filter(|row| row.kind != AssetKind::Base);
        let asset = self.pick(wrapped.map(|row| &row.asset))?;
        let background = self.background;
        let what = match self.kind {
            0 => What::SlashByAvs { avs: self.pick(spec.avs.rows.iter().map(|r| &r.avs))?, hits },
            1 => What::SlashOperator { reach_all: self.flag, hits },
            2 => What::SlashValidators { background, hits },
            3 => What::Outage { background, hits },
            4 => What::Exploit { asset, sale_days: self.sale_days },
            5 => What::UnbackedMint { asset, pledge_share: self.pledge_share },
            6 => What::Depeg { asset, flight: self.flight },
            _ => {
                let reserve = self.pick(spec.reserves.rows.iter().map(|row| &row.reserve))?;
                What::WithdrawSupply { reserve }
            }
        };
        let unit = if self.kind == 3 { EPOCHS } else { 1.0 };
        Some(Happening { tau_days, severity: unit * self.severity, what })
    }

    fn pick<'n>(&self, names: impl Iterator<Item = &'n String>) -> Option<String> {
        let names: Vec<&String> = names.collect();
        names.get(self.which % names.len().max(1)).map(|&name| name.clone())
    }
}
