//! Cases made of cases: with other names, in another order, of another size, side by side, or with
//! some of what may happen taken away.

use std::collections::BTreeMap;

use slashfall_cascade::{LendingParameters, RedemptionParameters};
use slashfall_graph::spec::{AssetKind, NetworkSpec, PortfolioItem};

use super::{Case, Hits, What};

impl Case {
    /// All names but those of base assets and `direct`, with something in front: their order stays.
    pub(crate) fn renamed(&self, prefix: &str) -> Self {
        let mut case = self.clone();
        let base = |name: &str| ["ETH", "USD", "BTC", "direct", "*"].contains(&name);
        let new = |name: &mut String| {
            if !base(name) {
                *name = format!("{prefix}{name}");
            }
        };
        names_of(&mut case.spec, &new);
        for happening in &mut case.happenings {
            names_of_what(&mut happening.what, &new);
        }
        case.noise = with_keys(case.noise, &new);
        case.redemption = with_keys(case.redemption, &new);
        case.attack_uniform = with_keys(case.attack_uniform, &new);
        case.z = case.z.into_iter().map(|z| with_keys(z, &new)).collect();
        case
    }

    /// The rows of all tables from last to first.
    pub(crate) fn upside_down(&self) -> Self {
        let mut case = self.clone();
        let spec = &mut case.spec;
        spec.assets.rows.reverse();
        spec.operators.rows.reverse();
        spec.avs.rows.reverse();
        spec.holdings.rows.reverse();
        spec.allocations.rows.reverse();
        spec.pools.rows.reverse();
        spec.loans.rows.reverse();
        spec.reserves.rows.reverse();
        case
    }

    /// All amounts times a factor.
    pub(crate) fn scaled(&self, factor: f64) -> Self {
        let mut case = self.clone();
        case.total_active_eth *= factor;
        case.redemption.values_mut().for_each(|how| how.arbitrage_eth_per_day *= factor);
        let spec = &mut case.spec;
        for row in &mut spec.assets.rows {
            row.supply_eth = row.supply_eth.map(|eth| factor * eth);
            row.buffer_eth *= factor;
            row.cover_eth *= factor;
        }
        for row in &mut spec.avs.rows {
            row.secured_value_eth *= factor;
            row.profit_from_corruption_eth = row.profit_from_corruption_eth.map(|x| factor * x);
        }
        spec.holdings.rows.iter_mut().for_each(|row| row.amount_eth *= factor);
        spec.portfolios.rows.iter_mut().for_each(|row| row.amount_eth *= factor);
        spec.loans.rows.iter_mut().for_each(|row| row.collateral_eth *= factor);
        for row in &mut spec.pools.rows {
            row.reserve_asset_eth *= factor;
            row.reserve_eth *= factor;
        }
        for row in &mut spec.reserves.rows {
            row.supplied_eth *= factor;
            row.other_borrowed_eth *= factor;
        }
        case
    }

    /// Both networks side by side, under the scenario of the first and without noise.
    pub(crate) fn beside(&self, other: &Self) -> Self {
        let (mut all, mut other) = (self.renamed("a"), other.renamed("b"));
        let spec = &mut other.spec;
        spec.assets.rows.retain(|row| row.kind != AssetKind::Base);
        all.spec.assets.rows.append(&mut spec.assets.rows);
        all.spec.operators.rows.append(&mut spec.operators.rows);
        all.spec.avs.rows.append(&mut spec.avs.rows);
        all.spec.holdings.rows.append(&mut spec.holdings.rows);
        all.spec.allocations.rows.append(&mut spec.allocations.rows);
        all.spec.pools.rows.append(&mut spec.pools.rows);
        all.spec.loans.rows.append(&mut spec.loans.rows);
        all.spec.reserves.rows.append(&mut spec.reserves.rows);
        all.spec.portfolios.rows.append(&mut spec.portfolios.rows);
        all.happenings.append(&mut other.happenings);
        all.happenings.sort_by(|a, b| a.tau_days.total_cmp(&b.tau_days));
        all.noise.append(&mut other.noise);
        all.redemption.append(&mut other.redemption);
        all.attack_uniform.append(&mut other.attack_uniform);
        all.z.clear();
        all.merge_holdings();
        all
    }

    /// Nobody leaves, buys, borrows or attacks: what sources do is all that happens.
    pub(crate) fn without_contagion(&mut self) {
        self.without_redemptions();
        self.without_attacks();
        self.spec.loans.rows.clear();
        self.spec.portfolios.rows.retain(|row| matches!(row.holds, PortfolioItem::Asset(_)));
    }

    pub(crate) fn without_redemptions(&mut self) {
        self.redemption.values_mut().for_each(|how| *how = RedemptionParameters::ABSENT);
        self.lending = LendingParameters::ABSENT;
    }

    pub(crate) fn without_attacks(&mut self) {
        self.security.attack_prob = 0.0;
    }

    /// Wrapped assets have their ETH idle, and no validators are slashed or offline.
    pub(crate) fn without_the_chain(&mut self) {
        let on_chain =
            |what: &What| matches!(what, What::SlashValidators { .. } | What::Outage { .. });
        self.happenings.retain(|happening| !on_chain(&happening.what));
        self.exit_queue_eth = 0.0;
        for row in &mut self.spec.holdings.rows {
            if row.holder != "direct" && row.asset == "ETH" {
                row.operator = None;
            }
        }
        self.merge_holdings();
    }

    /// One row for what a holder has of an asset in one place.
    fn merge_holdings(&mut self) {
        let rows = std::mem::take(&mut self.spec.holdings.rows);
        for row in rows {
            let same = self.spec.holdings.rows.iter_mut().find(|other| {
                (&other.holder, &other.operator, &other.asset)
                    == (&row.holder, &row.operator, &row.asset)
            });
            match same {
                Some(other) => other.amount_eth += row.amount_eth,
                None => self.spec.holdings.rows.push(row),
            }
        }
    }
}

fn with_keys<T>(map: BTreeMap<String, T>, new: &impl Fn(&mut String)) -> BTreeMap<String, T> {
    let renamed = |(mut name, value)| {
        new(&mut name);
        (name, value)
    };
    map.into_iter().map(renamed).collect()
}

fn names_of(spec: &mut NetworkSpec, new: &impl Fn(&mut String)) {
    spec.assets.rows.iter_mut().for_each(|row| new(&mut row.asset));
    spec.operators.rows.iter_mut().for_each(|row| new(&mut row.operator));
    spec.avs.rows.iter_mut().for_each(|row| new(&mut row.avs));
    for row in &mut spec.holdings.rows {
        new(&mut row.holder);
        row.operator.as_mut().map(new);
        new(&mut row.asset);
    }
    for row in &mut spec.allocations.rows {
        new(&mut row.avs);
        new(&mut row.operator);
        new(&mut row.asset);
    }
    for row in &mut spec.pools.rows {
        new(&mut row.pool);
        new(&mut row.asset);
    }
    for row in &mut spec.loans.rows {
        new(&mut row.market);
        new(&mut row.collateral);
        row.reserve.as_mut().map(new);
    }
    spec.reserves.rows.iter_mut().for_each(|row| new(&mut row.reserve));
    for row in &mut spec.portfolios.rows {
        new(&mut row.portfolio);
        match &mut row.holds {
            PortfolioItem::Asset(name) | PortfolioItem::Market(name) => new(name),
        }
    }
}

fn names_of_what(what: &mut What, new: &impl Fn(&mut String)) {
    let renamed = |hits: &mut Hits| hits.iter_mut().for_each(|(operator, _)| new(operator));
    match what {
        What::SlashByAvs { avs, hits } => {
            new(avs);
            renamed(hits);
        }
        What::SlashOperator { hits, .. }
        | What::SlashValidators { hits, .. }
        | What::Outage { hits, .. } => renamed(hits),
        What::Exploit { asset, .. }
        | What::UnbackedMint { asset, .. }
        | What::Depeg { asset, .. } => new(asset),
        What::WithdrawSupply { reserve } => new(reserve),
    }
}
