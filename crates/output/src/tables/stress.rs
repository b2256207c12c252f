//! `stress_days` and `stress_steps`: the ledger of a stress, day by day and step by step.

use std::collections::BTreeMap;

use slashfall_cascade::{AssetFigure, Figure, Happened, Layout, PortfolioFigure};
use slashfall_graph::Network;
use slashfall_sampling::PathRecord;

use crate::happenings::{DaySums, StepRow};
use crate::schema::{Cell, Table};

/// Adds the days of a scenario: ends of days, sums of the steps of each, and on the last day the
/// figures of the path.
pub fn push_stress_days(table: &mut Table, scenario: &str, network: &Network, path: &PathRecord) {
    let mut push = |day: u32, node: (&str, &str), metric: &str, value: f64, unit: &str| {
        table.push([
            Cell::Text(scenario),
            Cell::Count(day.into()),
            Cell::Text(node.0),
            Cell::Text(node.1),
            Cell::Text(metric),
            Cell::Float(value),
            Cell::Text(unit),
        ]);
    };
    let system = ("system", "system");
    let by_market = by_market(path);
    for (day, sums) in path.record.days.iter().zip(DaySums::of(&path.record)) {
        let number = day.day;
        push(number, system, "exit_queue", day.exit_queue_eth, "eth");
        push(number, system, "rounds", f64::from(day.rounds), "count");
        for (metric, value) in sums.by_name() {
            push(number, system, metric, value, "eth");
        }
        for (id, asset) in network.wrapped_assets().zip(&day.assets) {
            let node = ("asset", network.asset(id).name.as_str());
            push(number, node, "nav", asset.nav, "eth");
            push(number, node, "price", asset.price, "eth");
            push(number, node, "discount", asset.discount, "fraction");
            push(number, node, "queued", asset.queued_eth, "eth");
            push(number, node, "wait", asset.wait_days, "days");
        }
        for (reserve, of_day) in network.reserves().iter().zip(&day.reserves) {
            let node = ("reserve", reserve.name.as_str());
            push(number, node, "utilization", of_day.utilization, "fraction");
            push(number, node, "rate", of_day.rate, "fraction");
        }
        for (&(_, market), amounts) in by_market.range((number, 0)..(number + 1, 0)) {
            let node = ("market", network.markets()[market].name.as_str());
            for (metric, value) in ["liquidated", "repaid", "bad_debt"].into_iter().zip(amounts) {
                push(number, node, metric, *value, "eth");
            }
        }
    }
    push_figures(network, path, push);
}

/// What liquidations seized and repaid, and the debt that they and the closing of loops left, by day
/// and number of the market.
fn by_market(path: &PathRecord) -> BTreeMap<(u32, usize), [f64; 3]> {
    let mut by_market: BTreeMap<(u32, usize), [f64; 3]> = BTreeMap::new();
    for step in &path.record.steps {
        let (market, amounts) = match step.happened {
            Happened::Liquidated { market, seized_eth, repaid_eth, bad_debt_eth } => {
                (market, [seized_eth, repaid_eth, bad_debt_eth])
            }
            Happened::Unwound { market, bad_debt_eth, .. } if bad_debt_eth > 0.0 => {
                (market, [0.0, 0.0, bad_debt_eth])
            }
            _ => continue,
        };
        let sums = by_market.entry((step.day, market.index())).or_default();
        sums.iter_mut().zip(amounts).for_each(|(sum, eth)| *sum += eth);
    }
    by_market
}

/// The figures of the path, on its last day.
fn push_figures(
    network: &Network,
    path: &PathRecord,
    mut push: impl FnMut(u32, (&str, &str), &str, f64, &str),
) {
    let layout = Layout::new(network);
    let last = path.record.days.last().map_or(0, |day| day.day);
    for &figure in Figure::ALL {
        // The sums of a day have these two names; over all days they are figures too.
        let name = match figure {
            Figure::BadDebt => "bad_debt_in_all",
            Figure::Liquidated => "liquidated_in_all",
            Figure::Rounds => "rounds_in_all",
            _ => figure.name(),
        };
        let value = path.figures[layout.system(figure)];
        push(last, ("system", "system"), name, value, figure.unit());
    }
    for (index, id) in network.wrapped_assets().enumerate() {
        let node = ("asset", network.asset(id).name.as_str());
        for &figure in AssetFigure::ALL {
            // What waits at the end of a day is in ETH and has this name.
            let name = if figure == AssetFigure::Queued { "queued_share" } else { figure.name() };
            let value = path.figures[layout.asset(index, figure)];
            push(last, node, name, value, figure.unit());
        }
    }
    for (index, portfolio) in network.portfolios().iter().enumerate() {
        for &figure in PortfolioFigure::ALL {
            let value = path.figures[layout.portfolio(index, figure)];
            let node = ("portfolio", portfolio.name.as_str());
            push(last, node, figure.name(), value, figure.unit());
        }
    }
}

/// Adds the steps of a scenario, in order.
pub fn push_stress_steps(table: &mut Table, scenario: &str, steps: &[StepRow]) {
    for row in steps {
        let amounts = &row.amounts;
        table.push([
            Cell::Text(scenario),
            Cell::Count(row.day.into()),
            Cell::Count(row.round.into()),
            Cell::Text(row.step),
            Cell::Text(row.node_kind),
            Cell::Text(&row.node),
            Cell::Maybe(amounts.tau_days),
            Cell::Maybe(amounts.severity),
            Cell::Maybe(amounts.loss_eth),
            Cell::Maybe(amounts.users_eth),
            Cell::Maybe(amounts.eth),
            Cell::Maybe(amounts.repaid_eth),
            Cell::Maybe(amounts.bad_debt_eth),
            Cell::Maybe(amounts.paid_eth),
            Cell::Maybe(amounts.queued_eth),
            Cell::Maybe(amounts.wait_days),
        ]);
    }
}
