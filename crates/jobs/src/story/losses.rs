//! Who lost how much on a path, by whom it came and by who bears it.

use std::collections::BTreeMap;

use slashfall_cascade::{AssetFigure, Channel, Figure};

use super::Story;
use super::words::{NOTHING_ETH, amount, list, share};

/// Names in a list of a sentence.
const NAMED: usize = 4;
/// Part of the losses below which a bearer is one of the others.
const MINOR: f64 = 0.002;

/// Losses by name, the largest first.
pub(super) type Ranked<'a> = Vec<(&'a str, f64)>;

/// Who bears a path's loss, in ETH.
pub(super) struct Bearers<'a> {
    /// Holders of assets, by asset; a gain is negative.
    pub(super) holders: Ranked<'a>,
    pub(super) direct: f64,
    pub(super) lenders: f64,
    pub(super) users: f64,
}

fn ranked<'a>(sums: BTreeMap<&'a str, f64>) -> Ranked<'a> {
    let mut ranked: Ranked<'a> = sums.into_iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

impl<'a> Story<'a> {
    pub(super) fn bearers(&self) -> Bearers<'a> {
        let mut holders: BTreeMap<&str, f64> = BTreeMap::new();
        let (mut direct, mut users) = (0.0, 0.0);
        for entry in &self.path.record.losses {
            direct += entry.direct_eth;
            users += entry.users_eth;
            if entry.channel == Channel::BadDebt {
                continue; // lenders bear it
            }
            for (asset, eth) in self.network.assets().iter().zip(&entry.asset_eth) {
                *holders.entry(&asset.name).or_default() += eth;
            }
        }
        let lenders = self.figure(Figure::BadDebt) + self.figure(Figure::BadDebtOpen);
        Bearers { holders: ranked(holders), direct, lenders, users }
    }

    /// Losses by operator, company and AVS of their cause.
    pub(super) fn causes(&self) -> [Ranked<'a>; 3] {
        let mut sums: [BTreeMap<&str, f64>; 3] = Default::default();
        let network = self.network;
        for entry in &self.path.record.losses {
            let eth = entry.direct_eth + entry.users_eth + entry.asset_eth.iter().sum::<f64>();
            let [operators, companies, avss] = &mut sums;
            if let Some(id) = entry.cause.operator {
                let operator = network.operator(id);
                *operators.entry(&operator.name).or_default() += eth;
                let company = network.entities()[operator.entity.index()].as_str();
                *companies.entry(company).or_default() += eth;
            }
            if let Some(id) = entry.cause.avs {
                *avss.entry(&network.avs(id).name).or_default() += eth;
            }
        }
        sums.map(ranked)
    }

    /// Who was hit.
    pub(super) fn tell_hit(&self) -> Vec<String> {
        let [operators, companies, avss] = self.causes().map(with_losses);
        let mut told = Vec::new();
        if !operators.is_empty() {
            told.extend(match self.figure(Figure::OperatorsSlashed) {
                n if n > 1.0 => Some(format!("{n:.0} operators were slashed.")),
                n if n > 0.0 => Some("One operator was slashed.".to_owned()),
                _ => None,
            });
            told.push(format!(
                "By operator, losses arose at {}; by company, at {}.",
                named(&operators),
                named(&companies)
            ));
        }
        if !avss.is_empty() {
            told.push(format!("By AVS, losses came from {}.", named(&avss)));
        }
        let mut falls: Vec<usize> = (0..self.network.n_wrapped())
            .filter(|&i| self.nav_loss_eth(i) >= NOTHING_ETH)
            .collect();
        falls.sort_by(|a, b| self.nav_loss_eth(*b).total_cmp(&self.nav_loss_eth(*a)));
        falls.retain(|&i| self.asset_figure(i, AssetFigure::NavLoss) >= 1e-5);
        let fall = |(place, &i): (usize, &usize)| {
            let (lost, nav) = (self.nav_loss_eth(i), self.asset_figure(i, AssetFigure::NavLoss));
            let (verb, of) =
                if place == 0 { (" lost", " over its whole supply") } else { ("", "") };
            format!("{}{verb} {} ({} ETH{of})", self.wrapped_name(i), share(nav), amount(lost))
        };
        let falls: Vec<String> = falls.iter().take(NAMED).enumerate().map(fall).collect();
        if !falls.is_empty() {
            told.push(format!("By nav, {}.", list(&falls)));
        }
        told
    }

    /// Who bore what.
    pub(super) fn tell_bearers(&self) -> String {
        let bearers = self.bearers();
        let total = self.figure(Figure::Total);
        let holders = bearers.holders.iter();
        let holders = holders.map(|(name, eth)| (format!("holders of {name}"), *eth));
        let mut all: Vec<(String, f64)> = holders.collect();
        all.push(("direct restakers".to_owned(), bearers.direct));
        all.push(("lenders".to_owned(), bearers.lenders));
        all.push(("users of AVSs".to_owned(), bearers.users));
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        let gross: f64 = all.iter().map(|(_, eth)| eth.max(0.0)).sum();
        let gains: f64 = all.iter().map(|(_, eth)| eth.min(0.0)).sum();
        if gross < NOTHING_ETH && gains > -NOTHING_ETH {
            return "By nav nobody lost anything.".to_owned();
        }
        let (major, minor): (Vec<_>, Vec<_>) = all
            .into_iter()
            .filter(|(_, eth)| *eth > 0.0)
            .partition(|(_, eth)| *eth >= MINOR * gross);
        let n_told = 2 * NAMED;
        let rest: f64 = major.iter().skip(n_told).chain(&minor).map(|(_, eth)| eth).sum();
        let said = |(index, (who, eth)): (usize, &(String, f64))| {
            format!("{who}{} {} ETH", if index == 0 { " bore" } else { "" }, amount(*eth))
        };
        let mut borne: Vec<String> = major.iter().take(n_told).enumerate().map(said).collect();
        if rest >= NOTHING_ETH {
            borne.push(format!("others {} ETH", amount(rest)));
        }
        let (direct, contagion) = (self.figure(Figure::Direct), self.figure(Figure::Contagion));
        let mut text = match total < -NOTHING_ETH {
            true => format!("In all {} ETH were gained", amount(-total)),
            false => format!("In all {} ETH were lost", amount(total)),
        };
        if contagion >= NOTHING_ETH && direct.abs() < NOTHING_ETH {
            text += ", all by contagion";
        } else if contagion >= NOTHING_ETH && direct < 0.0 {
            text += &format!(
                ", {} ETH by contagion less {} ETH that were gained directly",
                amount(contagion),
                amount(-direct)
            );
        } else if contagion >= NOTHING_ETH {
            text += &format!(
                ", {} ETH of them directly and {} ETH by contagion",
                amount(direct),
                amount(contagion)
            );
        }
        if !borne.is_empty() {
            text += &format!("; {}", list(&borne));
        }
        text += ".";
        if gains <= -NOTHING_ETH {
            text += &format!(" Others gained {} ETH.", amount(-gains));
        }
        text + &self.tell_cover_and_prices()
    }

    fn tell_cover_and_prices(&self) -> String {
        let mut text = String::new();
        let cover = self.figure(Figure::CoverPaid);
        if cover >= NOTHING_ETH {
            text += &format!(
                " Bonds and insurance paid {} ETH, which these amounts are net of.",
                amount(cover)
            );
        }
        let prices = self.path.figures[self.layout.channel(Channel::BasePrice)];
        if prices.abs() >= NOTHING_ETH {
            let (what, verb) = if prices > 0.0 { ("Falls", "took") } else { ("Rises", "gave") };
            text += &format!(
                " {what} of base-asset prices {verb} {} ETH, which is part of them.",
                amount(prices.abs())
            );
        }
        text
    }
}

fn with_losses(ranked: Ranked<'_>) -> Ranked<'_> {
    ranked.into_iter().filter(|(_, eth)| *eth >= NOTHING_ETH).collect()
}

/// "A (12 ETH), B (3 ETH) and 5 others (1 ETH)".
fn named(ranked: &Ranked<'_>) -> String {
    let mut items: Vec<String> = ranked
        .iter()
        .take(NAMED)
        .map(|(name, eth)| format!("{name} ({} ETH)", amount(*eth)))
        .collect();
    let rest = &ranked[NAMED.min(ranked.len())..];
    if !rest.is_empty() {
        let eth: f64 = rest.iter().map(|(_, eth)| eth).sum();
        items.push(format!("{} ({} ETH)", super::words::things(rest.len(), "other"), amount(eth)));
    }
    list(&items)
}
