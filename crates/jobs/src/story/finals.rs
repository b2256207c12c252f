//! The figures of a path at the horizon, as tables.

use std::io::Write;

use slashfall_cascade::{AssetFigure, Channel, Figure, PortfolioFigure};

use super::Story;
use super::words::{NOTHING_ETH, amount, cell, days_cell, share, things};
use crate::table::plain_table;

/// A discount that makes an asset worth a line.
const DISCOUNT: f64 = 0.005;

fn header(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Story<'_> {
    pub(super) fn write_figures(&self, out: &mut impl Write) -> std::io::Result<()> {
        self.write_losses(out)?;
        self.write_assets(out)?;
        self.write_reserves(out)?;
        self.write_portfolios(out)
    }

    fn write_losses(&self, out: &mut impl Write) -> std::io::Result<()> {
        let mut table = plain_table(&header(&["", "ETH"]));
        let total = [
            ("lost in all", Figure::Total),
            ("  direct", Figure::Direct),
            ("  contagion", Figure::Contagion),
        ];
        for (name, figure) in total {
            table.add_row([name.to_owned(), amount(self.figure(figure))]);
        }
        for &channel in Channel::ALL {
            let eth = self.path.figures[self.layout.channel(channel)];
            if eth.abs() >= NOTHING_ETH {
                table.add_row([format!("  by {}", channel.name()), amount(eth)]);
            }
        }
        let others = [
            ("lost by holders at market prices", Figure::MarketLoss),
            ("bad debt realised", Figure::BadDebt),
            ("bad debt open at the horizon", Figure::BadDebtOpen),
            ("bad debt open, at market prices", Figure::BadDebtOpenMarket),
            ("paid by cover", Figure::CoverPaid),
            ("collateral liquidated", Figure::Liquidated),
            ("redeemed", Figure::Redeemed),
        ];
        for (name, figure) in others {
            if self.figure(figure).abs() >= NOTHING_ETH {
                table.add_row([name.to_owned(), amount(self.figure(figure))]);
            }
        }
        writeln!(out, "\n{}", table.trim_fmt())
    }

    fn write_assets(&self, out: &mut impl Write) -> std::io::Result<()> {
        let names = [
            "asset",
            "nav loss",
            "nav loss, ETH",
            "worst discount",
            "on day",
            "price loss",
            "queued of supply",
            "longest wait",
            "cover used",
        ];
        let mut table = plain_table(&header(&names));
        let mut indices: Vec<usize> = (0..self.network.n_wrapped()).collect();
        indices.sort_by(|a, b| self.nav_loss_eth(*b).total_cmp(&self.nav_loss_eth(*a)));
        let (mut n, mut n_others) = (0, 0);
        for index in indices {
            let figure = |figure| self.asset_figure(index, figure);
            let (nav_loss, worst) = (self.nav_loss_eth(index), figure(AssetFigure::WorstDiscount));
            if nav_loss.abs() < NOTHING_ETH && worst < DISCOUNT {
                n_others += 1;
                continue;
            }
            n += 1;
            table.add_row([
                self.wrapped_name(index).to_owned(),
                share(figure(AssetFigure::NavLoss)),
                amount(nav_loss),
                share(worst),
                if worst >= DISCOUNT { self.worst_day(index).to_string() } else { String::new() },
                share(figure(AssetFigure::MarketLoss)),
                share(figure(AssetFigure::Queued)),
                days_cell(figure(AssetFigure::LongestWait)),
                cell(figure(AssetFigure::CoverUsed)),
            ]);
        }
        if n > 0 {
            writeln!(out, "\n{}", table.trim_fmt())?;
        }
        match n_others {
            0 => Ok(()),
            _ if n == 0 => {
                writeln!(out, "\nNo asset lost nav or was {} below it.", share(DISCOUNT))
            }
            _ => {
                let others = things(n_others, "other asset");
                writeln!(out, "{others} lost no nav and never fell {} below it.", share(DISCOUNT))
            }
        }
    }

    fn write_reserves(&self, out: &mut impl Write) -> std::io::Result<()> {
        let names = [
            "reserve",
            "highest utilisation",
            "on day",
            "highest rate",
            "last utilisation",
            "last rate",
            "withdrawn",
        ];
        let mut table = plain_table(&header(&names));
        let moved = self.moved_reserves();
        let days = &self.path.record.days;
        for &index in &moved {
            let of_days = days.iter().map(|day| (day.day, day.reserves[index]));
            let highest = of_days
                .max_by(|a, b| a.1.utilization.total_cmp(&b.1.utilization).then(b.0.cmp(&a.0)));
            let rate = days.iter().map(|day| day.reserves[index].rate).fold(0.0, f64::max);
            let (Some((day, highest)), Some(last)) = (highest, days.last()) else { continue };
            let last = last.reserves[index];
            table.add_row([
                self.network.reserves()[index].name.clone(),
                share(highest.utilization),
                day.to_string(),
                share(rate),
                share(last.utilization),
                share(last.rate),
                amount(self.withdrawn(index)),
            ]);
        }
        if moved.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", table.trim_fmt())
    }

    fn write_portfolios(&self, out: &mut impl Write) -> std::io::Result<()> {
        let portfolios = self.network.portfolios();
        if portfolios.is_empty() {
            return Ok(());
        }
        let mut table = plain_table(&header(&["portfolio", "loss", "carry"]));
        for (index, portfolio) in portfolios.iter().enumerate() {
            let figure = |figure| amount(self.path.figures[self.layout.portfolio(index, figure)]);
            let (loss, carry) = (figure(PortfolioFigure::Loss), figure(PortfolioFigure::Carry));
            table.add_row([portfolio.name.clone(), loss, carry]);
        }
        writeln!(out, "\n{}", table.trim_fmt())
    }
}
