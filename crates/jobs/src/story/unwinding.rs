//! How assets came apart on a path: discounts, sales, liquidations, lending, and the queue.

use slashfall_cascade::{AssetFigure, Figure, Happened};
use slashfall_output::DaySums;

use super::Story;
use super::ledger::queued_eth;
use super::words::{NOTHING_ETH, amount, days, list, share, things};
use crate::number::count;

/// A discount worth a word.
const DISCOUNT: f64 = 0.001;
/// A move of utilisation worth a word.
pub(super) const UTILIZATION: f64 = 0.005;
/// Reserves that a paragraph tells of.
const RESERVES: usize = 3;
/// Other assets that are named with the one whose discount is deepest.
const OTHERS: usize = 4;

impl Story<'_> {
    /// The day on which the discount of the `index`-th wrapped asset was deepest.
    pub(super) fn worst_day(&self, index: usize) -> u32 {
        let days = self.path.record.days.iter();
        let worst = days.max_by(|a, b| {
            // Of equal days the first.
            a.assets[index].discount.total_cmp(&b.assets[index].discount).then(b.day.cmp(&a.day))
        });
        worst.map_or(0, |day| day.day)
    }

    /// Discounts, sales and purchases.
    pub(super) fn tell_discounts(&self) -> Vec<String> {
        let worst = |&index: &usize| self.asset_figure(index, AssetFigure::WorstDiscount);
        let mut deep: Vec<usize> =
            (0..self.network.n_wrapped()).filter(|index| worst(index) >= DISCOUNT).collect();
        deep.sort_by(|a, b| worst(b).total_cmp(&worst(a)));
        let mut told = Vec::new();
        if let Some((first, others)) = deep.split_first() {
            let last = self.path.record.days.last().map_or(0.0, |day| day.assets[*first].discount);
            let mut text = format!(
                "The discount of {} to its nav was {} on day {}, the deepest of all, and {} on \
                 the last day",
                self.wrapped_name(*first),
                share(worst(first)),
                self.worst_day(*first),
                share(last)
            );
            let other = |index: &usize| {
                format!("that of {} at most {}", self.wrapped_name(*index), share(worst(index)))
            };
            let others: Vec<String> = others.iter().take(OTHERS).map(other).collect();
            if !others.is_empty() {
                text += &format!("; {}", list(&others));
            }
            told.push(text + ".");
        }
        let sums = DaySums::total(&self.path.record);
        told.extend(match (sums.sold_eth >= NOTHING_ETH, sums.bought_eth >= NOTHING_ETH) {
            (true, true) => Some(format!(
                "Sellers brought units worth {} ETH at nav to the pools, and arbitrage \
                 bought {} ETH out of them to redeem.",
                amount(sums.sold_eth),
                amount(sums.bought_eth)
            )),
            (true, false) => Some(format!(
                "Sellers brought units worth {} ETH at nav to the pools.",
                amount(sums.sold_eth)
            )),
            (false, true) => Some(format!(
                "Arbitrage bought units worth {} ETH at nav out of the pools to redeem.",
                amount(sums.bought_eth)
            )),
            (false, false) => None,
        });
        told
    }

    /// Loans, bad debt and reserves.
    pub(super) fn tell_lending(&self) -> Vec<String> {
        let sums = DaySums::total(&self.path.record);
        let mut told = Vec::new();
        if sums.borrowed_eth >= NOTHING_ETH {
            told.push(format!(
                "Against minted units {} ETH were borrowed.",
                amount(sums.borrowed_eth)
            ));
        }
        told.extend(self.tell_liquidations());
        let realised = self.figure(Figure::BadDebt);
        let open = self.figure(Figure::BadDebtOpen);
        let debts = [
            (realised, "was left without collateral"),
            (open, "of loans still open was beyond their collateral on the last day"),
        ];
        let debts: Vec<String> = debts
            .iter()
            .filter(|(eth, _)| *eth >= NOTHING_ETH)
            .map(|(eth, what)| format!("debt of {} ETH {what}", amount(*eth)))
            .collect();
        if !debts.is_empty() {
            told.push(super::words::capital(&list(&debts)) + ".");
        }
        told.extend(self.tell_reserves());
        if sums.unwound_eth >= NOTHING_ETH {
            told.push(format!(
                "Loops sold collateral and repaid {} ETH of their debt.",
                amount(sums.unwound_eth)
            ));
        }
        told
    }

    fn tell_liquidations(&self) -> Option<String> {
        let (mut n, mut seized, mut repaid) = (0, 0.0, 0.0);
        for step in &self.path.record.steps {
            if let Happened::Liquidated { seized_eth, repaid_eth, .. } = step.happened {
                n += 1;
                seized += seized_eth;
                repaid += repaid_eth;
            }
        }
        (n > 0).then(|| {
            let were = if n == 1 { "was" } else { "were" };
            format!(
                "There {were} {}, which took {} ETH of collateral and repaid {} ETH of debt.",
                things(n, "liquidation"),
                amount(seized),
                amount(repaid)
            )
        })
    }

    /// The reserves whose utilisation moved, by position, the most used first.
    pub(super) fn moved_reserves(&self) -> Vec<usize> {
        let days = &self.path.record.days;
        let range = |index: usize| {
            let of_days = days.iter().map(|day| day.reserves[index].utilization);
            of_days.fold((f64::INFINITY, 0.0_f64), |(low, high), u| (low.min(u), high.max(u)))
        };
        let moved = |index: &usize| {
            let (low, high) = range(*index);
            high - low > UTILIZATION || self.withdrawn(*index) >= NOTHING_ETH
        };
        let mut moved: Vec<usize> = (0..self.network.reserves().len()).filter(moved).collect();
        moved.sort_by(|a, b| range(*b).1.total_cmp(&range(*a).1));
        moved
    }

    /// Cash that suppliers took out of a reserve.
    pub(super) fn withdrawn(&self, index: usize) -> f64 {
        let steps = self.path.record.steps.iter().map(|step| match step.happened {
            Happened::Withdrawn { reserve, eth } if reserve.index() == index => eth,
            _ => 0.0,
        });
        steps.sum()
    }

    fn tell_reserves(&self) -> Vec<String> {
        let days = &self.path.record.days;
        let tell = |&index: &usize| {
            let highest = days.iter().max_by(|a, b| {
                a.reserves[index]
                    .utilization
                    .total_cmp(&b.reserves[index].utilization)
                    .then(b.day.cmp(&a.day))
            })?;
            let name = &self.network.reserves()[index].name;
            let (of_day, withdrawn) = (highest.reserves[index], self.withdrawn(index));
            let start = match withdrawn >= NOTHING_ETH {
                true => format!(
                    "Suppliers took {} ETH out of {name}; its utilisation",
                    amount(withdrawn)
                ),
                false => format!("The utilisation of {name}"),
            };
            Some(format!(
                "{start} was highest on day {}, {} at a borrow rate of {} a year.",
                highest.day,
                share(of_day.utilization),
                share(of_day.rate)
            ))
        };
        self.moved_reserves().iter().take(RESERVES).filter_map(tell).collect()
    }

    /// How long the queue got, how long one waited, and at what discount one could leave at once.
    pub(super) fn tell_queue(&self) -> Option<String> {
        let days_told = &self.path.record.days;
        let longest = days_told
            .iter()
            .max_by(|a, b| queued_eth(a).total_cmp(&queued_eth(b)).then(b.day.cmp(&a.day)))
            .filter(|day| queued_eth(day) >= NOTHING_ETH)?;
        let (index, most) = longest
            .assets
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.queued_eth.total_cmp(&b.1.queued_eth))?;
        let name = self.wrapped_name(index);
        let share_of = most.queued_eth / queued_eth(longest);
        let what = match share_of {
            s if s > 0.9995 => format!("all of it of {name}"),
            s => format!("{} of it of {name}", share((s * 100.0).round() / 100.0)),
        };
        let chain = match longest.exit_queue_eth {
            eth if eth >= NOTHING_ETH => {
                format!(" The exit queue of the chain was {} ETH long.", amount(eth))
            }
            _ => String::new(),
        };
        let has_pool = self.network.asset_pools(self.wrapped_id(index)).next().is_some();
        let leave = match most.discount {
            _ if !has_pool => "it has no pool, so there was no other way out".to_owned(),
            d if d > DISCOUNT / 10.0 => {
                format!("the way out at once was a sale at a discount of {}", share(d))
            }
            _ => "a sale at once cost next to no discount".to_owned(),
        };
        Some(format!(
            "Redemptions worth {} ETH waited on day {}, the most of all days, {what}; a request of \
             that day took {}, and {leave}.{chain}{}",
            amount(queued_eth(longest)),
            longest.day,
            days(most.wait_days),
            self.tell_longest_wait(most.wait_days),
        ))
    }

    /// The longest wait of all, and of what.
    fn tell_longest_wait(&self, told: f64) -> String {
        let mut waits: Vec<(usize, u32, f64)> = Vec::new();
        for day in &self.path.record.days {
            let longest = day
                .assets
                .iter()
                .enumerate()
                .max_by(|a, b| a.1.wait_days.total_cmp(&b.1.wait_days).then(b.0.cmp(&a.0)));
            waits.extend(longest.map(|(index, asset)| (index, day.day, asset.wait_days)));
        }
        let longest = waits.iter().max_by(|a, b| a.2.total_cmp(&b.2).then(b.1.cmp(&a.1)));
        match longest {
            Some(&(index, day, wait)) if wait > told + 0.05 => format!(
                " The longest wait of all was that for {} on day {}, {}.",
                self.wrapped_name(index),
                count(day.into()),
                days(wait)
            ),
            _ => String::new(),
        }
    }
}
