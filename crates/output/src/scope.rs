//! Whose losses: the system, an asset, a portfolio, a channel; and where each stands in a row.

use serde::{Deserialize, Serialize};
use slashfall_cascade::{
    AssetFigure, Channel, Figure, Layout, PortfolioFigure, Setting, exposures,
};
use slashfall_graph::{AssetId, Holder, Network};
use slashfall_sampling::Batch;

/// Kind of scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKind {
    /// All holders.
    System,
    /// All units of a wrapped asset, by nav.
    Asset,
    /// All units of a wrapped asset, at the market price.
    AssetMarket,
    /// A portfolio, at market prices.
    Portfolio,
    /// What all holders lose through one channel.
    Channel,
}

impl ScopeKind {
    /// Name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Asset => "asset",
            Self::AssetMarket => "asset_market",
            Self::Portfolio => "portfolio",
            Self::Channel => "channel",
        }
    }
}

/// Something that loses, in ETH.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// Kind.
    pub kind: ScopeKind,
    /// Name: `system`, `system_direct`, ..., or that of the asset, portfolio or channel.
    pub name: String,
    /// Positions in the row of a path of the figures that it is the sum of; none where all are 0 on
    /// every path.
    columns: Vec<usize>,
    /// ETH that one unit of the figure is.
    eth: f64,
    /// What it is a scope of: index of the wrapped asset or of the portfolio.
    pub(crate) index: usize,
}

impl Scope {
    /// Its loss on a path, in ETH. Where figures cancel (a slash that cover pays in full), what is
    /// left is rounding and no loss.
    #[must_use]
    pub fn loss_eth(&self, row: &[f64]) -> f64 {
        if let [column] = self.columns[..] {
            return self.eth * row[column];
        }
        self.eth * sum_of_figures(self.columns.iter().map(|&column| row[column]))
    }

    /// What it could lose on day 0, in ETH: of an asset its whole supply, of a portfolio its equity at
    /// market prices, of the system and of channels all that holders have, `system_market` at market
    /// prices.
    #[must_use]
    pub fn value_eth(&self, setting: &Setting<'_>) -> f64 {
        let network = setting.network();
        match self.kind {
            ScopeKind::Asset | ScopeKind::AssetMarket => self.eth,
            ScopeKind::Portfolio => {
                let exposures = exposures(setting, &network.portfolios()[self.index]);
                exposures.iter().map(|(asset, units)| units * setting.price_0(*asset)).sum()
            }
            ScopeKind::System if self.name == MARKET => {
                holders_eth(network, |asset| setting.price_0(asset))
            }
            ScopeKind::System | ScopeKind::Channel => {
                holders_eth(network, |asset| network.asset(asset).nav_0)
            }
        }
    }

    /// Writes its loss on each of the rows of a batch that `rows` names; 0 has no sign.
    pub(crate) fn losses_eth(&self, batch: &Batch, rows: &[usize], losses: &mut Vec<f64>) {
        let Batch { width, figures, .. } = batch;
        losses.clear();
        match self.columns[..] {
            [] => losses.resize(rows.len(), 0.0),
            [column] => {
                let loss = |&at: &usize| self.eth * figures[at * width + column] + 0.0;
                losses.extend(rows.iter().map(loss));
            }
            _ => {
                let loss = |&at: &usize| self.loss_eth(&figures[at * width..][..*width]) + 0.0;
                losses.extend(rows.iter().map(loss));
            }
        }
    }

    /// True when falls of base-asset prices are no loss of this scope.
    pub(crate) fn is_without_prices(&self) -> bool {
        self.kind == ScopeKind::System && self.name == WITHOUT_PRICES
    }

    /// Whether its expected shortfall is split into contributions.
    pub(crate) fn is_split(&self) -> bool {
        match self.kind {
            ScopeKind::System => self.name == "system" || self.is_without_prices(),
            ScopeKind::Asset | ScopeKind::Portfolio => true,
            ScopeKind::AssetMarket | ScopeKind::Channel => false,
        }
    }

    /// The wrapped asset that it is of, by nav or at the market.
    pub(crate) fn asset(&self, network: &Network) -> Option<AssetId> {
        matches!(self.kind, ScopeKind::Asset | ScopeKind::AssetMarket)
            .then(|| AssetId::new(network.n_base() + self.index))
    }

    /// Position of the worst discount of the asset it is of, for assets.
    pub(crate) fn worst_discount(&self, layout: Layout) -> Option<usize> {
        (self.kind == ScopeKind::Asset)
            .then(|| layout.asset(self.index, AssetFigure::WorstDiscount))
    }
}

/// What holders outside the network and direct restakers have, at these prices.
fn holders_eth(network: &Network, price: impl Fn(AssetId) -> f64) -> f64 {
    let outside = network.wrapped_assets().map(|id| network.asset(id).outside_units * price(id));
    let direct = network.holder_columns(Holder::Direct).iter().map(|&id| {
        let column = &network.columns()[id.index()];
        column.units * price(column.asset)
    });
    outside.chain(direct).sum()
}

/// The sum of figures that may cancel: 0 where what is left of them is rounding.
pub(crate) fn sum_of_figures(figures: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut size) = (0.0, 0.0);
    for figure in figures {
        sum += figure;
        size += figure.abs();
    }
    if sum.abs() <= ROUNDING * size { 0.0 } else { sum }
}

/// Sums of this size, relative to what they are of, are rounding.
const ROUNDING: f64 = 1e-12;

/// The system's loss less the fall of base-asset prices: what restaking itself did.
pub const WITHOUT_PRICES: &str = "system_ex_price";

/// The system's loss at market prices.
const MARKET: &str = "system_market";

/// All scopes of a network under a setting, in the order in which tables list them.
#[must_use]
pub fn scopes(setting: &Setting<'_>) -> Vec<Scope> {
    let network = setting.network();
    let layout = Layout::new(network);
    let of_system = |name: &str, figure| Scope {
        kind: ScopeKind::System,
        name: name.to_owned(),
        columns: vec![layout.system(figure)],
        eth: 1.0,
        index: 0,
    };
    let mut scopes = vec![
        of_system("system", Figure::Total),
        of_system("system_direct", Figure::Direct),
        of_system("system_contagion", Figure::Contagion),
        of_system(MARKET, Figure::MarketLoss),
    ];
    let restaking = Channel::ALL.iter().copied().filter(|channel| *channel != Channel::BasePrice);
    scopes.push(Scope {
        columns: restaking.map(|channel| layout.channel(channel)).collect(),
        ..of_system(WITHOUT_PRICES, Figure::Total)
    });
    for (kind, figure) in [
        (ScopeKind::Asset, AssetFigure::NavLoss),
        (ScopeKind::AssetMarket, AssetFigure::MarketLoss),
    ] {
        scopes.extend(network.wrapped_assets().enumerate().map(|(index, id)| {
            let asset = network.asset(id);
            Scope {
                kind,
                name: asset.name.clone(),
                columns: vec![layout.asset(index, figure)],
                eth: asset.supply_units
                    * match kind {
                        ScopeKind::AssetMarket => setting.price_0(id),
                        _ => asset.nav_0,
                    },
                index,
            }
        }));
    }
    scopes.extend(network.portfolios().iter().enumerate().map(|(index, portfolio)| Scope {
        kind: ScopeKind::Portfolio,
        name: portfolio.name.clone(),
        columns: vec![layout.portfolio(index, PortfolioFigure::Loss)],
        eth: 1.0,
        index,
    }));
    let of_holders = Channel::ALL.iter().copied().filter(|channel| *channel != Channel::Discount);
    scopes.extend(of_holders.map(|channel| Scope {
        kind: ScopeKind::Channel,
        name: channel.name().to_owned(),
        columns: vec![layout.channel(channel)],
        eth: 1.0,
        index: channel.index(),
    }));
    for scope in &mut scopes {
        scope.columns.retain(|column| !layout.is_nothing(*column));
    }
    scopes
}
