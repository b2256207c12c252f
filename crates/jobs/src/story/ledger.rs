//! The days of a path as a table: those on which something happened or moved, and the last.

use std::io::Write;

use comfy_table::CellAlignment;
use slashfall_cascade::{Channel, DayRecord, Figure, Happened};
use slashfall_output::DaySums;

use super::Story;
use super::events::{Fired, costliest};
use super::unwinding::UTILIZATION;
use super::words::{NOTHING_ETH, amount, cell, days_cell, list, share, things};
use crate::table::plain_table;

/// A discount that is shown, and a move of one that is worth a line.
const DISCOUNT: f64 = 0.001;
const DISCOUNT_MOVE: f64 = 0.005;
/// Growth or fall of the queue that is worth a line.
const QUEUE_MOVE: f64 = 0.25;
/// The same as a share of the longest queue of the path.
const QUEUE_SHARE: f64 = 0.05;
/// Part of the path's loss that makes a bad debt worth a line.
const MUCH: f64 = 0.01;
/// Discounts in a cell, and events in one.
const IN_A_CELL: usize = 2;

const HEADER: [&str; 11] = [
    "day",
    "lost so far",
    "worst discounts",
    "queued",
    "wait",
    "sold",
    "bought",
    "liquidated",
    "bad debt",
    "utilisation",
    "what happened",
];

/// Columns of text among them.
const TEXT: [&str; 3] = ["worst discounts", "utilisation", "what happened"];

impl Story<'_> {
    pub(super) fn write_days(&self, out: &mut impl Write, all: bool) -> std::io::Result<()> {
        let sums = DaySums::of(&self.path.record);
        let shown = self.shown_days(all);
        let mut so_far = 0.0;
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (day, sums) in self.path.record.days.iter().zip(&sums) {
            so_far += sums.lost_eth;
            if shown.contains(&day.day) {
                rows.push(self.cells(day, sums, so_far));
            }
        }
        let used: Vec<usize> =
            (0..HEADER.len()).filter(|&c| rows.iter().any(|row| !row[c].is_empty())).collect();
        let pick = |row: &[String]| used.iter().map(|&c| row[c].clone()).collect::<Vec<_>>();
        let mut table = plain_table(&pick(&HEADER.map(str::to_owned)));
        for row in &rows {
            table.add_row(pick(row));
        }
        for (column, &which) in table.column_iter_mut().zip(&used) {
            if TEXT.contains(&HEADER[which]) {
                column.set_cell_alignment(CellAlignment::Left);
            }
        }
        writeln!(out, "{}", table.trim_fmt())?;
        let hidden = self.path.record.days.len() - rows.len();
        let more = match hidden {
            0 => String::new(),
            n => format!(" {} left out (--all-days shows all).", left_out(n)),
        };
        writeln!(
            out,
            "In ETH; wait: days that a request takes for the asset of which most is queued. Sold, \
             bought, liquidated and bad debt are of the day, all else is of its end.{}{more}",
            self.not_in_days(),
        )
    }

    /// The losses that no day of the ledger has.
    fn not_in_days(&self) -> String {
        let prices = self.path.figures[self.layout.channel(Channel::BasePrice)];
        let open = self.figure(Figure::BadDebtOpen);
        let moves = match prices < 0.0 {
            true => "gains by base-asset prices",
            false => "falls of base-asset prices",
        };
        let parts = [(prices.abs(), moves), (open, "debt open at the horizon")];
        let parts = parts.iter().filter(|(eth, _)| *eth >= NOTHING_ETH);
        let parts: Vec<String> =
            parts.map(|(eth, what)| format!("{what} ({})", amount(*eth))).collect();
        match parts.is_empty() {
            true => String::new(),
            false => format!(" Lost so far leaves out {}.", list(&parts)),
        }
    }

    fn cells(&self, day: &DayRecord, sums: &DaySums, so_far: f64) -> Vec<String> {
        let queued = queued_eth(day);
        let most = day.assets.iter().max_by(|a, b| a.queued_eth.total_cmp(&b.queued_eth));
        let wait = most.map_or(0.0, |asset| asset.wait_days);
        let utilization = self.moved_reserves();
        let utilization = utilization.iter().take(IN_A_CELL).map(|&index| {
            let (reserve, of_day) = (&self.network.reserves()[index], day.reserves[index]);
            format!("{} {}", reserve.name, share(of_day.utilization))
        });
        vec![
            day.day.to_string(),
            amount(so_far),
            self.discounts(day),
            cell(queued),
            if queued >= NOTHING_ETH { days_cell(wait) } else { String::new() },
            cell(sums.sold_eth),
            cell(sums.bought_eth),
            cell(sums.liquidated_eth),
            cell(sums.bad_debt_eth),
            utilization.collect::<Vec<_>>().join(", "),
            self.happened(day.day, sums),
        ]
    }

    /// The deepest discounts of a day.
    fn discounts(&self, day: &DayRecord) -> String {
        let mut deep: Vec<(usize, f64)> =
            day.assets.iter().map(|asset| asset.discount).enumerate().collect();
        deep.retain(|(_, discount)| *discount >= DISCOUNT);
        deep.sort_by(|a, b| b.1.total_cmp(&a.1));
        let shown = deep.iter().take(IN_A_CELL);
        let shown = shown.map(|(index, d)| format!("{} {}", self.wrapped_name(*index), share(*d)));
        shown.collect::<Vec<_>>().join(", ")
    }

    /// What happened on a day, in few words.
    fn happened(&self, day: u32, sums: &DaySums) -> String {
        let fired: Vec<Fired<'_>> =
            self.fired().into_iter().filter(|event| event.day == day).collect();
        let (shown, rest) = costliest(&fired, IN_A_CELL);
        let mut told: Vec<String> = shown.iter().map(|&index| fired[index].short()).collect();
        if !rest.is_empty() {
            told.push(things(rest.len(), "further event"));
        }
        let steps = self.path.record.steps.iter().filter(|step| step.day == day);
        let (mut penalties, mut attacked) = (0, Vec::new());
        for step in steps {
            match step.happened {
                Happened::Penalty { loss_eth, .. } if loss_eth >= NOTHING_ETH => penalties += 1,
                Happened::Attacked { avs, .. } => attacked.push(self.network.avs(avs).name.clone()),
                _ => {}
            }
        }
        if penalties > 0 {
            told.push(match penalties {
                1 => "1 correlation penalty".to_owned(),
                n => format!("{n} correlation penalties"),
            });
        }
        match attacked.len() {
            0 => {}
            n if n <= IN_A_CELL => told.push(format!("attack on {}", attacked.join(", "))),
            n => told.push(things(n, "attack")),
        }
        for (eth, what) in [
            (sums.borrowed_eth, "borrowed on minted units"),
            (sums.withdrawn_eth, "withdrawn by suppliers"),
            (sums.unwound_eth, "repaid by loops"),
        ] {
            if eth >= NOTHING_ETH {
                told.push(format!("{} {what}", amount(eth)));
            }
        }
        told.join("; ")
    }

    /// Days worth a line.
    fn shown_days(&self, all: bool) -> Vec<u32> {
        let days = &self.path.record.days;
        if all {
            return days.iter().map(|day| day.day).collect();
        }
        let peak = days.iter().map(queued_eth).fold(0.0, f64::max);
        let mut shown = Vec::new();
        let mut before: Option<&DayRecord> = None;
        for day in days {
            let is_last = day.day as usize == days.len();
            if is_last
                || self.is_eventful(day.day)
                || before.is_some_and(|b| has_moved(b, day, peak))
            {
                shown.push(day.day);
                before = Some(day);
            } else if before.is_none() {
                // The first day is what the others are held against, shown or not.
                before = Some(day);
            }
        }
        shown
    }

    /// True when there was more on a day than people who come and go.
    fn is_eventful(&self, day: u32) -> bool {
        let much_eth = (MUCH * self.figure(Figure::Total).abs()).max(NOTHING_ETH);
        self.path.record.steps.iter().any(|step| {
            step.day == day
                && match step.happened {
                    Happened::Fired { .. }
                    | Happened::Attacked { .. }
                    | Happened::Pledged { .. } => true,
                    Happened::Penalty { loss_eth, .. } => loss_eth >= NOTHING_ETH,
                    Happened::Liquidated { bad_debt_eth, .. }
                    | Happened::Unwound { bad_debt_eth, .. } => bad_debt_eth >= much_eth,
                    _ => false,
                }
        })
    }
}

fn left_out(n: usize) -> String {
    let were = if n == 1 { "was" } else { "were" };
    format!("{} {were}", things(n, "further day"))
}

/// What waits for redemption at the end of a day.
pub(super) fn queued_eth(day: &DayRecord) -> f64 {
    day.assets.iter().map(|asset| asset.queued_eth).sum()
}

/// True when discounts, the queue or a reserve stand elsewhere than on an earlier day.
fn has_moved(before: &DayRecord, day: &DayRecord, peak_eth: f64) -> bool {
    let discount = before.assets.iter().zip(&day.assets).any(|(a, b)| {
        let moved = (a.discount - b.discount).abs();
        moved > DISCOUNT_MOVE && moved > 0.2 * a.discount.abs().max(b.discount.abs())
    });
    let (old, new) = (queued_eth(before), queued_eth(day));
    let queue = (old - new).abs() > (QUEUE_MOVE * old).max(QUEUE_SHARE * peak_eth);
    let reserve = before
        .reserves
        .iter()
        .zip(&day.reserves)
        .any(|(a, b)| (a.utilization - b.utilization).abs() > 5.0 * UTILIZATION);
    discount || queue || reserve
}
