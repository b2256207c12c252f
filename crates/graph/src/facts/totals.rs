//! How large everything is, the first thing to compare with the outside world.

use super::ranking::Ranking;
use super::worth::{ether_shares, ratio, stake_values};
use crate::ids::AssetId;
use crate::network::{Holder, Network};
use crate::spec::AssetKind;

/// Sizes of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    /// Every asset, in order of id.
    pub assets: Vec<AssetTotals>,
    /// All restaked stake, whatever it is made of.
    pub restaked: Restaked,
    /// The part of it that is ETH once wrapped assets are looked through: without BTC and the like.
    pub restaked_ether: Restaked,
    /// Restaked stake by the asset restaked.
    pub restaked_by_asset: Ranking<AssetId>,
}

/// An amount of restaked stake. A restaked unit of an asset that itself restakes counts once in
/// each layer, as it can be slashed in each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Restaked {
    /// Amount in ETH.
    pub eth: f64,
    /// The part of it held by liquid restaking tokens, in ETH.
    pub lrt_eth: f64,
}

impl Restaked {
    /// The part held by liquid restaking tokens, as a fraction.
    #[must_use]
    pub fn lrt_share(&self) -> f64 {
        ratio(self.lrt_eth, self.eth)
    }
}

/// Size of one asset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssetTotals {
    /// Which.
    pub asset: AssetId,
    /// Kind.
    pub kind: AssetKind,
    /// Units outstanding at their nav, in ETH; 0 of a base asset.
    pub supply_eth: f64,
    /// ETH of backing a unit.
    pub nav_0: f64,
    /// Units owned by nobody inside the network, at their nav, in ETH.
    pub outside_eth: f64,
    /// What backs it; none of a base asset.
    pub backing: Option<Backing>,
}

/// What backs a wrapped asset, in ETH: buffer + idle + restaked + not restaked is all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backing {
    /// Paid out at once.
    pub buffer_eth: f64,
    /// With no operator.
    pub idle_eth: f64,
    /// At operators, where AVSs can slash it.
    pub restaked_eth: f64,
    /// At operators, out of the reach of AVSs.
    pub not_restaked_eth: f64,
    /// The part of the three before that is in wrapped assets.
    pub nested_eth: f64,
    /// First loss beside the backing.
    pub cover_eth: f64,
}

impl Backing {
    /// All of it, in ETH, without the cover.
    #[must_use]
    pub fn total_eth(&self) -> f64 {
        self.buffer_eth + self.idle_eth + self.restaked_eth + self.not_restaked_eth
    }

    /// Share of the backing that is in wrapped assets.
    #[must_use]
    pub fn nested_share(&self) -> f64 {
        ratio(self.nested_eth, self.total_eth())
    }
}

/// Adds up a network.
#[must_use]
pub fn totals(network: &Network) -> Totals {
    let assets = (0..network.assets().len()).map(AssetId::new);
    let stakes = network.stakes().iter().map(|stake| stake.asset).zip(stake_values(network));
    let mut by_asset = vec![0.0; network.assets().len()];
    for (asset, eth) in stakes {
        by_asset[asset.index()] += eth;
    }
    Totals {
        assets: assets.clone().map(|asset| asset_totals(network, asset)).collect(),
        restaked: restaked(network, &vec![1.0; network.assets().len()]),
        restaked_ether: restaked(network, &ether_shares(network)),
        restaked_by_asset: Ranking::new(assets.zip(by_asset)),
    }
}

fn asset_totals(network: &Network, id: AssetId) -> AssetTotals {
    let asset = network.asset(id);
    let backing = (asset.kind != AssetKind::Base).then(|| backing(network, id));
    AssetTotals {
        asset: id,
        kind: asset.kind,
        supply_eth: asset.supply_units * asset.nav_0,
        nav_0: asset.nav_0,
        outside_eth: asset.outside_units * asset.nav_0,
        backing,
    }
}

fn backing(network: &Network, id: AssetId) -> Backing {
    let asset = network.asset(id);
    let mut sum =
        Backing { buffer_eth: asset.buffer_eth, cover_eth: asset.cover_eth, ..Backing::default() };
    for &holding_id in network.holder_holdings(Holder::Wrapped(id)) {
        let holding = network.holding(holding_id);
        let eth = network.holding_eth(holding_id);
        match (holding.operator, holding.stake) {
            (None, _) => sum.idle_eth += eth,
            (Some(_), Some(_)) => sum.restaked_eth += eth,
            (Some(_), None) => sum.not_restaked_eth += eth,
        }
        if network.asset(holding.asset).kind != AssetKind::Base {
            sum.nested_eth += eth;
        }
    }
    sum
}

/// Restaked stake, each asset counted by its `weights`.
fn restaked(network: &Network, weights: &[f64]) -> Restaked {
    let mut sum = Restaked::default();
    for holding in network.holdings().iter().filter(|holding| holding.stake.is_some()) {
        let nav = network.asset(holding.asset).nav_0;
        let eth = weights[holding.asset.index()] * holding.units * nav;
        sum.eth += eth;
        if is_lrt(network, holding.holder) {
            sum.lrt_eth += eth;
        }
    }
    sum
}

fn is_lrt(network: &Network, holder: Holder) -> bool {
    match holder {
        Holder::Wrapped(asset) => network.asset(asset).kind == AssetKind::Lrt,
        Holder::Direct => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;
    use crate::Sketch;

    /// An LST of 80 at one operator and 20 of buffer; an LRT of 50 restaked ETH, 30 restaked LST
    /// and 20 idle; 40 restaked BTC and 10 restaked ETH without a wrapper.
    fn network() -> Network {
        Sketch::new()
            .asset("lst", AssetKind::Lst)
            .with(|asset| asset.buffer_eth = 20.0)
            .asset("lrt", AssetKind::Lrt)
            .asset("BTC", AssetKind::Base)
            .operator("a", "A")
            .holding("lst", "a", "ETH", 80.0)
            .holding("lrt", "a", "ETH", 50.0)
            .holding("lrt", "a", "lst", 30.0)
            .holding("lrt", "", "ETH", 20.0)
            .holding("direct", "a", "BTC", 40.0)
            .holding("direct", "a", "ETH", 10.0)
            .network()
            .unwrap()
    }

    fn of<'a>(network: &Network, totals: &'a Totals, name: &str) -> &'a AssetTotals {
        totals.assets.iter().find(|row| network.asset(row.asset).name == name).unwrap()
    }

    #[test]
    fn backing_is_split_by_where_it_is() {
        let network = network();
        let totals = totals(&network);
        let lrt = of(&network, &totals, "lrt").backing.unwrap();
        assert_eq!((lrt.restaked_eth, lrt.idle_eth, lrt.not_restaked_eth), (80.0, 20.0, 0.0));
        close(lrt.nested_share(), 0.3);
        let lst = of(&network, &totals, "lst");
        let backing = lst.backing.unwrap();
        assert_eq!((backing.not_restaked_eth, backing.buffer_eth), (80.0, 20.0));
        close(backing.total_eth(), 100.0);
        close(lst.supply_eth, 100.0);
        close(lst.outside_eth, 70.0);
        assert_eq!(of(&network, &totals, "BTC").backing, None);
    }

    #[test]
    fn bitcoin_is_restaked_but_not_ether() {
        let totals = totals(&network());
        close(totals.restaked.eth, 130.0);
        close(totals.restaked.lrt_eth, 80.0);
        close(totals.restaked_ether.eth, 90.0);
        close(totals.restaked_ether.lrt_share(), 80.0 / 90.0);
        assert_eq!(
            totals.restaked_by_asset.shares.iter().map(|part| part.eth).collect::<Vec<_>>(),
            [60.0, 40.0, 30.0]
        );
    }
}
